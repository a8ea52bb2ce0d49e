// QueueRef: a bounded first-in first-out queue of words.
//
// The body is 8 bytes of header (capacity in words, unused) and a ring of `capacity` words. It is
// allocated with the queue, never grows and never moves, so a push has no body to allocate. The
// slot keeps its offset and, in the second word, length | head << 32 | SHI_QUEUE_CLOSED, `head`
// being the index of the oldest word: all that changes lies in the line that holds the lock, and
// the header is never written, so two threads pass one line back and forth, and the words. Q1
// length <= capacity   Q2 head < capacity   Q3 the words in use are ring[(head + i) % capacity]
//    for i < length
//
// Everything is written under the queue's core lock. It is read under it as well; length, capacity
// and whether it is closed, by an environment that is online, without it (optimistic.h). Nothing
// here waits: a full or empty queue is an ordinary answer, and waiting is TypeScript's.
#ifndef SH_QUEUE_H
#define SH_QUEUE_H

#include "value.h"

#define SH_QUEUE_MAX UINT32_C(0x7fffffff)

typedef struct sh_queue_state {
  uint32_t length;
  uint32_t capacity;
  bool closed;
} sh_queue_state;

// How taking from a queue went.
typedef enum sh_queue_end {
  SH_QUEUE_TAKEN, // there was a value
  SH_QUEUE_EMPTY, // there is none now
  SH_QUEUE_ENDED  // there is none and the queue is closed: there never will be
} sh_queue_end;

// A new empty queue with one claim. OUT_OF_RANGE unless 1 <= capacity <= SH_QUEUE_MAX; HEAP_FULL.
sh_status sh_queue_new(sh_env *env, uint32_t capacity, sh_id *out);

// Length, capacity and whether it is closed, at one moment. O(1).
sh_status sh_queue_state_of(sh_env *env, sh_id id, sh_queue_state *out);

// Appends a value; *pushed false if the queue is full: then nothing has changed, and a moved ref
// keeps its claim. QUEUE_CLOSED; else as shi_word_make. O(1).
sh_status sh_queue_push(sh_env *env, sh_id id, const sh_value *value, bool *pushed);

// Takes the oldest value and hands it over: a ref's hold becomes the caller's claim. Unless *end
// is TAKEN, *out is undefined. TOO_MANY. O(1).
sh_status sh_queue_pop(sh_env *env, sh_id id, sh_value *out, sh_queue_end *end);

// sh_queue_pop for a queue whose oldest value is a number; *other true, and nothing changed, if it
// is something else or the queue has ended. *end is TAKEN or EMPTY otherwise.
sh_status sh_queue_pop_number(sh_env *env, sh_id id, double *out, sh_queue_end *end, bool *other);

// From here on nothing is pushed; what is there may still be taken. Idempotent.
sh_status sh_queue_close(sh_env *env, sh_id id);

// Reads up to `limit` values from the one `start` places behind the oldest on; they stay. *version
// is the queue's version at that moment.
sh_status sh_queue_read(sh_env *env, sh_id id, uint32_t start, sh_mode mode, uint32_t limit,
                        sh_value *out, uint32_t *count, uint32_t *version);

// --- inside the core -----------------------------------------------------------------------

#define SHI_QUEUE_CLOSED (UINT64_C(1) << 63)

typedef struct shi_ring {
  uint32_t capacity; // never changes
  uint32_t unused;
  shi_word words[];
} shi_ring;
static_assert(sizeof(shi_ring) == 8, "the ring's words follow a header of 8 bytes");

static inline size_t shi_ring_bytes(uint32_t capacity) {
  return sizeof(shi_ring) + (size_t)capacity * sizeof(shi_word);
}

// The parts of the slot's second word.
static inline uint32_t shi_queue_length(uint64_t extent) { return (uint32_t)extent; }
static inline uint32_t shi_queue_head(uint64_t extent) {
  return (uint32_t)(extent >> 32) & SH_QUEUE_MAX;
}

// Where word i from the oldest on is (i < capacity). Under the lock.
static inline shi_word *shi_ring_at(shi_ring *ring, uint64_t extent, uint32_t i) {
  uint32_t at = shi_queue_head(extent) + i; // below 2^32: both are below SH_QUEUE_MAX
  return &ring->words[at < ring->capacity ? at : at - ring->capacity];
}

#endif
