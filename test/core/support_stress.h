// Threads for the stress tests: each with an environment of its own, started together, while a
// janitor asks for stats, verifies, trims and opens and closes environments.
//
// A check that fails in a thread ends the program: cmocka's assertions belong to the main thread.
#ifndef SUPPORT_STRESS_H
#define SUPPORT_STRESS_H

#include "heap.h"
#include "value.h"

#include <pthread.h>

#if defined(__SANITIZE_THREAD__)
#define STRESS_SCALE(n) ((n) / 4)
#elif defined(__SANITIZE_ADDRESS__)
#define STRESS_SCALE(n) ((n) / 2)
#else
#define STRESS_SCALE(n) (n)
#endif
#define STRESS_THREADS_MAX 8u

typedef struct stress {
  sh_heap *heap;
  sh_env *env; // the main thread's
  uint64_t seed;
  uint64_t live_bytes; // of an empty heap: its shapes
  bool alone;          // no janitor
  _Atomic bool done;
} stress;

typedef struct stress_thread {
  stress *stress;
  sh_env *env;
  void *arg;
  uint32_t index;
  uint64_t state; // of its random numbers
  void (*run)(struct stress_thread *t);
  pthread_barrier_t *barrier; // of all workers
} stress_thread;

_Noreturn void stress_fail(const char *what, const char *file, int line);
#define STRESS_CHECK(cond) ((cond) ? (void)0 : stress_fail(#cond, __FILE__, __LINE__))

// A heap of 1 GiB and an environment for the main thread. Prints the seed (SEED= or the clock):
// it fixes what each thread does, not how the threads meet.
stress *stress_open(void);

// Takes what is alive now for what an empty heap holds: after defining shapes.
void stress_baseline(stress *s);

// Everything must be gone by now: checks that, see stress_check_empty, and frees the heap.
void stress_close(stress *s);

// That nothing is alive, in limbo, pinned, locked or watched, and the heap consistent, with nobody
// else at work.
void stress_check_empty(stress *s);

// Runs n threads and the janitor, and waits for them.
void stress_run(stress *s, uint32_t n, void (*run)(stress_thread *t), void *arg);

uint64_t stress_random(stress_thread *t);
uint32_t stress_below(stress_thread *t, uint32_t n);

// A turn of an event loop begins: online, refreshed or offline, by chance.
void stress_turn(stress_thread *t);

// What compiled JS does at a number, or the first double of a record: load word 0, compare, (time
// passes), store. A view store needs word 0 without any flag.
bool stress_view_check(const sh_heap *heap, sh_id id, sh_type type, _Atomic uint64_t **where);
void stress_view_store(_Atomic uint64_t *where, double number);

// Values for the door.
sh_value stress_number(double number);
sh_value stress_text(const char *text);
sh_value stress_ref(sh_id id, bool move);

// A text of `length` units that tells its own length: torn or mixed ones do not pass the check.
void stress_fill(char *text, uint32_t length, uint32_t salt);
bool stress_whole(const sh_value *text);

#endif
