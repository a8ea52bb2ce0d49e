// The core lock: one 32-bit word, bit 0 held, bit 1 waiters, bit 2 monitor, bit 3 watched, bits
// 4-31 a version that rises at each unlock after a change. (The three-state futex mutex of U.
// Drepper, "Futexes Are Tricky", with the version above it.)
//
// L1 Only the holder writes bits 0 and 2-31; others only set bit 1, by CAS, while it is held.
//    Purging a page of free slots zeroes its words while it holds all of them (slot_free.c).
// L2 A core lock is held for bounded C work, never across Node-API, JS or a wait for JS.
// L3 Two locks of live objects at once only in rising slot order; no code does so today. What may
//    be taken while another is held, outermost first: the lock of the monitors, the lock of the
//    watches, a live object's slot lock or shapes_lock, envs_lock, an environment's port lock,
//    slots_lock, the slot locks of one free page (purging), jemalloc's own, the lock of the page
//    allocator.
// L4 Readers without the lock (optimistic.h) compare the word before and after. Whoever has seen a
//    store of a holder must see the lock held or its version risen: so stores that they may see are
//    releases (also those of the thread that disposes of a dead object, after its unlock), their
//    loads acquires (words.h). And such a store comes with `changed`, for else the word would be
//    what it was before.
// Lock is an acquire, unlock a release, on the word.
#ifndef SH_LOCK_H
#define SH_LOCK_H

#include "layout.h"

// Tells the processor that this thread waits for another one's store.
static inline void shi_cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void shi_lock_slow(_Atomic uint32_t *word);
void shi_lock_wake(_Atomic uint32_t *word);

static inline void shi_lock(_Atomic uint32_t *word) {
  uint32_t seen = atomic_load_explicit(word, memory_order_relaxed);
  if ((seen & (SH_LOCK_HELD | SH_LOCK_WAITERS)) == 0 &&
      atomic_compare_exchange_strong_explicit(word, &seen, seen | SH_LOCK_HELD,
                                              memory_order_acquire, memory_order_relaxed)) {
    return;
  }
  shi_lock_slow(word);
}

static inline void shi_unlock(_Atomic uint32_t *word, bool changed) {
  uint32_t next = atomic_load_explicit(word, memory_order_relaxed) &
                  ~(uint32_t)(SH_LOCK_HELD | SH_LOCK_WAITERS);
  if (changed) {
    next += SH_LOCK_VERSION_ONE;
  }
  uint32_t seen = atomic_exchange_explicit(word, next, memory_order_release);
  if ((seen & SH_LOCK_WAITERS) != 0) {
    shi_lock_wake(word);
  }
}

// The version of a held lock's object.
static inline uint32_t shi_lock_version(_Atomic uint32_t *word) {
  return atomic_load_explicit(word, memory_order_relaxed) >> SH_LOCK_VERSION_SHIFT;
}

#endif
