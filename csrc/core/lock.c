#include "lock.h"

#include "platform.h"

// Long enough for the bounded work of a holder that runs, short enough not to burn a time slice
// when the holder has been preempted.
#define SPINS 100

// A sleep is bounded because a page of free slots may be purged, lock words and all, under a thread
// that came with a stale id (slot_free.c): nobody wakes it.
#define SLEEP_MS 20

void shi_lock_slow(_Atomic uint32_t *word) {
  uint32_t seen;
  for (int i = 0; i < SPINS; i++) {
    seen = atomic_load_explicit(word, memory_order_relaxed);
    if ((seen & SH_LOCK_HELD) == 0 &&
        atomic_compare_exchange_weak_explicit(word, &seen, seen | SH_LOCK_HELD,
                                              memory_order_acquire, memory_order_relaxed)) {
      return;
    }
    shi_cpu_pause();
  }
  // From here on the bit for waiters is set with the lock: others may still sleep.
  seen = atomic_load_explicit(word, memory_order_relaxed);
  for (;;) {
    if ((seen & SH_LOCK_HELD) == 0) {
      if (atomic_compare_exchange_weak_explicit(word, &seen, seen | SH_LOCK_HELD | SH_LOCK_WAITERS,
                                                memory_order_acquire, memory_order_relaxed)) {
        return;
      }
      continue;
    }
    if ((seen & SH_LOCK_WAITERS) == 0 &&
        !atomic_compare_exchange_weak_explicit(word, &seen, seen | SH_LOCK_WAITERS,
                                               memory_order_relaxed, memory_order_relaxed)) {
      continue;
    }
    shi_os_wait(word, seen | SH_LOCK_WAITERS, SLEEP_MS);
    seen = atomic_load_explicit(word, memory_order_relaxed);
  }
}

void shi_lock_wake(_Atomic uint32_t *word) { shi_os_wake_one(word); }
