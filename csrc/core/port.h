// How an environment is told that something it waits for may have come: a monitor, a change of an
// object. What has come is for the waiter to find out; being told twice, or for nothing, is
// harmless.
//
// An environment that blocks sleeps on its bell (sh_env_park), in slices, so that the thread can be
// stopped. One that does not block is sent events: the tokens of its waits are put into a queue,
// and `signal` is called, from whatever thread, when that queue is no longer empty.
//
// P1 places[token] holds a wait of this environment, or is free. The environment's own thread alone
//    reads and changes the array.
// P2 posted waits are linked into the queue, each once, in the order they were posted; a wait is
//    taken out before it is freed. Guarded by the port's lock, which is also held while `signal` is
//    called: after sh_env_on_event(env, NULL, NULL) it is not called any more.
// P3 bell is SHI_RUNG from a ring until the environment has woken for it: a ring is never lost,
//    however late the environment goes to sleep. It is SHI_SLEEPING while it may sleep.
#ifndef SH_PORT_H
#define SH_PORT_H

#include "heap.h"

#define SH_NO_TOKEN 0u

// Longest sleep: a thread that is to stop notices between two of them (design 7.4).
#define SH_PARK_MS 20u

// --- for the binding -----------------------------------------------------------------------

// Says whom to call when events have come, NULL: nobody. `signal` must not call the core.
void sh_env_on_event(sh_env *env, void (*signal)(void *arg), void *arg);

// Takes up to `room` events out of the queue: tokens of waits. How many there were; with less than
// `room` the queue is empty, and the next event will call `signal` again.
uint32_t sh_env_events(sh_env *env, uint32_t *tokens, uint32_t room);

// Sleeps until the bell has rung, or for `ms` milliseconds (at most SH_PARK_MS).
void sh_env_park(sh_env *env, uint32_t ms);

// --- inside the core -----------------------------------------------------------------------

typedef enum shi_wait_kind { SHI_WAIT_TICKET, SHI_WAIT_WATCHER } shi_wait_kind;

// Begins a record of somebody who waits.
typedef struct shi_wait {
  sh_env *env;
  uint32_t token;
  shi_wait_kind kind;
  bool blocks; // its thread sleeps for it
  bool posted; // in the queue
  struct shi_wait *previous;
  struct shi_wait *next;
} shi_wait;

enum { SHI_SILENT, SHI_RUNG, SHI_SLEEPING };

typedef struct shi_place {
  shi_wait *wait;
  uint32_t next_free;
} shi_place;

typedef struct shi_port {
  _Atomic uint32_t bell;
  _Atomic uint32_t lock; // guards the queue and the signal
  shi_wait *first;
  shi_wait *last;
  bool signalled; // since the queue was last found empty
  void (*signal)(void *arg);
  void *signal_arg;
  shi_place *places; // [0] is never used
  uint32_t room;
  uint32_t free; // head of the free places, 0: none
} shi_port;

// Gives a wait its token. HEAP_FULL if process memory is refused.
sh_status shi_port_add(sh_env *env, shi_wait *wait);

// The wait of a token, NULL if there is none of this kind.
shi_wait *shi_port_find(sh_env *env, uint32_t token, shi_wait_kind kind);

// Takes it away again; by the environment's own thread, when nobody can tell it any more.
void shi_port_remove(shi_wait *wait);

// Tells a waiter, from any thread. The caller holds what keeps the wait in being.
void shi_port_tell(shi_wait *wait);

void shi_port_free(sh_env *env);

#endif
