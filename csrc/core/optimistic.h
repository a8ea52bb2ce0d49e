// Reads without the core lock (design 7.5), for environments that are online (epoch.h):
//
//   shi_peek peek = shi_peek_open(env, id, SH_TYPE_VECTOR);
//   while (shi_peek_begin(&peek)) {
//     if (shi_peek_end(&peek, copy_what_is_wanted(&peek, ...))) {
//       return SH_OK;
//     }
//   }
//   ... the same under the lock ...
//
// What lies between begin and end is a section. The lock word was the same, and not held, at both:
// so what the section has read is the object at one moment (a sequence lock, as H.-J. Boehm, "Can
// Seqlocks Get Along With Programming Language Memory Models?", 2012, has it). After SHI_PEEK_TRIES
// sections, and where a section cannot do it, the lock is taken; that path also finds out what is
// wrong with an id that did not match.
//
// O1 A section writes to nothing but the caller's value (so that is undefined after a read that
//    fails; a copy would cost as much as the lock) and the environment's read buffer, which is
//    rolled back when the section fails. It does not allocate, retire or refresh the epoch.
// O2 What is reached by an offset, or a ref's slot, was reachable when the environment was online
//    already, so it is not reused before the environment refreshes, also if the section is going to
//    fail: tables, bodies, payloads of texts and slots may be looked into (E2).
// O3 Where the meaning of an offset depends on another word (a vector: how many elements are
//    behind it; a string: whether it is one), it is followed only if the words belong together:
//    shi_peek_holds comes first.
// O4 Offsets and indices are checked against the region and the table before they are followed, so
//    that a broken invariant leads nowhere outside. Loops are bounded by what has been checked.
//
// Every load of a section is an acquire, so none can move behind the last look at the lock word,
// and the stores it may see are releases (L4 in lock.h).
#ifndef SH_OPTIMISTIC_H
#define SH_OPTIMISTIC_H

#include "lock.h"
#include "slot.h"
#include "slot_free.h"
#include "words.h"

#define SHI_PEEK_TRIES 8u

typedef struct shi_peek {
  sh_env *env;
  shi_slot *slot;     // of the object, which is alive when a section begins
  uint32_t wanted;    // its word0 but for the flags
  uint32_t lock;      // the lock word that the section began with
  uint32_t read_used; // of the read buffer, before the first section
  uint32_t tries;     // sections left
} shi_peek;

// How a section went, before its end has been checked.
typedef enum shi_peeked {
  SHI_PEEKED,     // what was wanted has been copied
  SHI_PEEK_AGAIN, // the object was seen changing
  SHI_PEEK_LOCK   // this needs the lock: a pin, a claim, an offset that cannot be
} shi_peeked;

#ifdef SH_TEST
// Where a test may step in: within a section, or where the lock is going to be taken instead.
typedef enum sh_peek_place {
  SH_PEEK_BEGUN,
  SH_PEEK_HALF,  // one of the two payload words has been read
  SH_PEEK_HELD,  // they have been found to belong together
  SH_PEEK_FOUND, // an entry has been found, its value not been read
  SH_PEEK_REF,   // a word has been read, the object it names not been looked at
  SH_PEEK_LOCKING,
  SH_PEEK_PLACES
} sh_peek_place;

// What a reader is made to leave out, for tests that show that it would be missed.
#define SH_FLAW_UNCHECKED 1u // does not look at the lock word again
#define SH_FLAW_OFFLINE 2u   // reads without lock though it is not online

// Calls `hook` at each of those places; before threads start. NULL and 0 end it.
static inline void sh_test_peek(sh_heap *heap, void (*hook)(void *arg, int place), void *arg,
                                uint32_t flaws) {
  heap->peek_hook = hook;
  heap->peek_arg = arg;
  heap->peek_flaws = flaws;
}

static inline void shi_peek_step(const sh_env *env, sh_peek_place place) {
  const sh_heap *heap = env->heap;
  if (SHI_UNLIKELY(heap->peek_hook != NULL)) {
    heap->peek_hook(heap->peek_arg, (int)place);
  }
}

static inline bool shi_peek_flawed(const sh_env *env, uint32_t flaw) {
  return (env->heap->peek_flaws & flaw) != 0;
}
#else
#define shi_peek_step(env, place) ((void)0)
#define shi_peek_flawed(env, flaw) false
#endif

// Prepares to read an object; there will be no section if the environment is not online. O(1).
static inline shi_peek shi_peek_open(sh_env *env, sh_id id, sh_type type) {
  shi_peek peek = {.env = env,
                   .wanted = (uint32_t)(id >> 32) << SH_W0_GEN_SHIFT | (uint32_t)type
                                                                           << SH_W0_TYPE_SHIFT,
                   .read_used = env->read_used};
  uint32_t index = (uint32_t)id;
  bool online = atomic_load_explicit(&env->published, memory_order_relaxed) != 0 ||
                shi_peek_flawed(env, SH_FLAW_OFFLINE);
  if (online && index != 0 && index < shi_slots_length(env->heap) && id < SH_ID_LIMIT) {
    peek.slot = shi_slot_at(env->heap, index);
    peek.tries = SHI_PEEK_TRIES;
  }
  return peek;
}

// Begins a section; false: take the lock. While somebody holds the lock this waits for a moment.
static inline bool shi_peek_begin(shi_peek *peek) {
  for (; peek->tries > 0; shi_cpu_pause()) {
    peek->tries--;
    peek->lock = atomic_load_explicit(&peek->slot->lock, memory_order_acquire);
    if (SHI_UNLIKELY((peek->lock & SH_LOCK_HELD) != 0)) {
      continue;
    }
    uint32_t word0 = atomic_load_explicit(&peek->slot->word0, memory_order_acquire);
    if (SHI_UNLIKELY((word0 & ~SH_W0_FLAGS_MASK) != peek->wanted)) {
      break;
    }
    shi_peek_step(peek->env, SH_PEEK_BEGUN);
    return true;
  }
  shi_peek_step(peek->env, SH_PEEK_LOCKING);
  return false;
}

// The payload of the object's slot. Its words may be of two states: see O3.
static inline void shi_peek_payload(const shi_peek *peek, uint64_t *words) {
  words[0] = shi_payload_load(peek->slot, 0);
  shi_peek_step(peek->env, SH_PEEK_HALF);
  words[1] = shi_payload_load(peek->slot, 1);
}

static inline bool shi_peek_unchanged(const shi_peek *peek) {
  return atomic_load_explicit(&peek->slot->lock, memory_order_relaxed) == peek->lock;
}

// Whether what the section has read so far belongs together (O3).
static inline bool shi_peek_holds(const shi_peek *peek) {
  bool holds = shi_peek_unchanged(peek);
  shi_peek_step(peek->env, SH_PEEK_HELD);
  return holds;
}

// Ends a section: whether what it has copied is good.
static inline bool shi_peek_end(shi_peek *peek, shi_peeked how) {
  if (SHI_LIKELY(how == SHI_PEEKED) &&
      SHI_LIKELY(shi_peek_unchanged(peek) || shi_peek_flawed(peek->env, SH_FLAW_UNCHECKED))) {
    return true;
  }
  peek->env->read_used = peek->read_used;
  peek->tries = how == SHI_PEEK_LOCK ? 0 : peek->tries;
  return false;
}

#endif
