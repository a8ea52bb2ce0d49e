// Watches: who is told when an object changes or ends. A watcher belongs to an environment and is
// told through its port (port.h); what has changed is for it to find out.
//
// An object that nobody watches pays nothing: the unlock that ends a change looks at the lock word
// anyway, and SH_LOCK_WATCHED in it sends the unlocker here.
//
// Numbers, and number and boolean fields of structs, are also stored to by JS, which knows no lock
// and raises no version. SH_FLAG_WATCHED and SH_FLAG_VERSIONED send such stores into the core, but
// a thread that had looked before the flag was raised may still store at any later moment. So a
// watch of such an object is *unsettled* until every environment has come by (its epoch says so):
// as long, whoever waits compares what the object contains with what it contained (shi_settle), and
// raises the version for a change that nobody announced.
//
// W1 a record of the table is of an object that is alive or was when somebody last looked; it has
//    watchers or is unsettled. SH_LOCK_WATCHED is set in an alive object's lock word if and only if
//    it has a record, changed under the watches' lock and the slot's.
// W2 SH_FLAG_WATCHED is set as long as a number's or struct's record has watchers;
// SH_FLAG_VERSIONED
//    stays for the object's life.
// W3 the table, its records and their lists are guarded by heap->watches.lock.
#ifndef SH_WATCH_H
#define SH_WATCH_H

#include "id_table.h"
#include "port.h"

// --- for the binding -----------------------------------------------------------------------

// A number that is another after each change of the object, for comparing only: it comes round
// after 2^28 changes. From the first call on stores to a number or struct go through the core, for
// its whole life. USE_AFTER_FREE, INVALID_ID, TYPE_MISMATCH, HEAP_FULL (process memory). O(1).
sh_status sh_version(sh_env *env, sh_id id, sh_type type, uint32_t *version);

// From now on the environment is told of changes: by its bell if it `blocks`, else by events.
// USE_AFTER_FREE, INVALID_ID, HEAP_FULL (process memory). O(1).
sh_status sh_watch(sh_env *env, sh_id id, bool blocks, uint32_t *token);

// Looks for stores that were under way when the watch began; true when there can be none any more.
// To be called now and then until it is: by whoever waits. O(environments).
bool sh_watch_settle(sh_env *env, uint32_t token);

// Ends it; a token that is none is ignored. O(watchers of the object).
void sh_unwatch(sh_env *env, uint32_t token);

// --- inside the core -----------------------------------------------------------------------

typedef struct shi_watches {
  _Atomic uint32_t lock;
  shi_id_table table;
  struct shi_watched *first_unsettled; // oldest first
  struct shi_watched *last_unsettled;
} shi_watches;

// An object with SH_LOCK_WATCHED has changed, or ended. No lock held.
void shi_watch_notify(sh_env *env, sh_id id);

// Records there are, but for those few that it settles and finds unused.
uint32_t shi_watches_count(sh_env *env);

void shi_watches_free(sh_heap *heap);

#endif
