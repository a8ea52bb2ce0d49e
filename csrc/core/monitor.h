// Monitors: the locks that JS code holds (design 7.3), one for each object that is asked for. They
// have nothing to do with the core lock, which they outlive by any amount of time.
//
// Whoever wants a monitor has a *ticket*: of a thread (synchronous; the thread blocks until it is
// its turn; re-entrant), or of a task (asynchronous; not re-entrant). A free monitor is given at
// once; else tickets queue, first come first served, and the holder's leaving hands the monitor to
// the first. An environment owns a monitor while one of its tickets holds it: then changes of the
// object by other environments get SH_E_BUSY (shi_slot_lock_write), and wait for a ticket of their
// own. Reading never does.
//
// Deadlock: a thread or task that would wait for itself, over any number of holders, is refused
// with SH_E_DEADLOCK when it asks. Tickets that wait point to the ticket that holds, and to those
// before them in the queue, who will hold first; such a ticket leads to what keeps its owner from
// going on: the ticket for which its thread blocks, and, of a task that holds, the tickets that
// were asked for from within it. (The wait-for graph of R. C. Holt, "Some Deadlock Properties of
// Computer Systems", 1972, for single-unit resources: a cycle is a deadlock.)
//
// An environment that closes leaves its monitors; one that a ticket held is *abandoned*: whoever
// gets it next is told, once.
//
// N1 a monitor is in the table while a ticket holds it, and only then; tickets wait only for such.
//    SH_LOCK_MONITOR and SH_FLAG_LOCKED are set in an alive object's slot if and only if it has a
//    monitor; changed under the monitors' lock and the slot's.
// N2 an object that ends with a monitor takes it out of its slot's words; its tickets that wait are
//    told, and find SH_E_USE_AFTER_FREE. The one that holds stays valid until it leaves.
// N3 the table, monitors and tickets are guarded by heap->monitors.lock; a ticket is freed by the
//    thread of its environment.
// N4 SH_FLAG_ABANDONED is set when a monitor is freed that was abandoned; cleared when it is taken.
#ifndef SH_MONITOR_H
#define SH_MONITOR_H

#include "id_table.h"
#include "port.h"

#define SH_DEADLOCK_IDS 8u

typedef enum sh_lock_kind {
  SH_LOCK_THREAD, // blocks: told by the bell
  SH_LOCK_TASK,   // told by events
  SH_LOCK_WRITER  // blocks; a change that waits until its environment owns the monitor, by this
                  // or any other ticket. Leaves SH_FLAG_ABANDONED alone
} sh_lock_kind;

typedef struct sh_lock_want {
  sh_lock_kind kind;
  uint64_t task;  // of a TASK: which; any number that the environment chooses
  bool nested;    // it is asked for from within that task, which may hold monitors
  bool only_free; // do not wait
} sh_lock_want;

typedef enum sh_lock_state { SH_LOCK_WAITING, SH_LOCK_HOLDING, SH_LOCK_REFUSED } sh_lock_state;

typedef struct sh_lock_answer {
  sh_lock_state state; // REFUSED: only_free, and it is not
  uint32_t token;      // unless REFUSED
  bool abandoned;      // HOLDING: the holder before died with it
  uint32_t holder;     // WAITING, REFUSED: label of the environment that holds it
  uint32_t id_count;   // DEADLOCK: the objects of the cycle, as many as fit, this one first
  sh_id ids[SH_DEADLOCK_IDS];
} sh_lock_answer;

// Asks for an object's monitor. DEADLOCK (nothing is left behind), USE_AFTER_FREE, INVALID_ID,
// TYPE_MISMATCH, HEAP_FULL (process memory). O(1) if nobody has to wait, else the number of tickets
// that the deadlock search meets.
sh_status sh_lock_enter(sh_env *env, sh_id id, sh_type type, const sh_lock_want *want,
                        sh_lock_answer *answer);

// How a ticket that waits is doing. USE_AFTER_FREE: the object has ended; leave it. INVALID_ID: no
// such ticket. O(1).
sh_status sh_lock_look(sh_env *env, uint32_t token, sh_lock_answer *answer);

// Leaves a monitor, once for each time it was entered, or gives up waiting for it. False for a
// token that is none: nothing is done. O(1).
bool sh_lock_leave(sh_env *env, uint32_t token);

typedef struct sh_waits {
  uint32_t monitors; // objects with a monitor
  uint32_t watched;  // objects with watches, or with one that could not be settled before it ended
  uint32_t own;      // tickets and watches of this environment
  uint32_t queued;   // tickets of any environment that wait
} sh_waits;

// What there is of all this: for tests, which want nothing left. O(waits of this environment).
void sh_waits_count(sh_env *env, sh_waits *out);

// What other threads' errors call this environment: the number of its thread.
void sh_env_label(sh_env *env, uint32_t label);

// --- inside the core -----------------------------------------------------------------------

typedef struct shi_monitors {
  _Atomic uint32_t lock;
  shi_id_table table;
  struct shi_ticket *blocked; // tickets for which threads sleep
  uint32_t queued;            // tickets that wait
  uint32_t search;            // number of the last deadlock search
} shi_monitors;

// The environment that owns an object's monitor, to be compared only; NULL: it has none (any more).
// Takes the monitors' lock.
const sh_env *shi_monitor_owner(sh_heap *heap, sh_id id);

// An object that had a monitor has ended. No lock held.
void shi_monitor_end(sh_heap *heap, sh_id id);

// Leaves all that an environment holds or waits for, watches included: it is about to close.
void shi_waits_close(sh_env *env);

void shi_monitors_free(sh_heap *heap);

#endif
