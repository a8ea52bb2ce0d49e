// The claims of a scope: those that an environment takes while JavaScript has a scope open, and has
// not given up yet. JavaScript cannot run when its worker dies, so the core keeps the list, and the
// environment gives up what is on it when it closes.
//
// The list is a multiset of ids in process memory, its environment's alone. It is kept up by the
// functions that add a claim or give one up, in the same call, so that nobody can be killed between
// the two.
//
// C1 A claim on the list is one that this environment took while the list was open: a new object's
//    (shi_slot_publish), one more (shi_claim_add, which is also the hand-over of what is taken out
//    of a container), one it adopted (sh_scope_add).
// C2 Claims of one object are alike. One that the environment gives up (sh_drop, a moved value that
//    is not `unscoped`) leaves the list if the object is on it. So the list never has more claims
//    of an object than the environment's scopes own, and nobody else's is ever given up.
//
// With no scope open the list is NULL, and keeping it up is one branch (scope_list.h).
#ifndef SH_SCOPE_H
#define SH_SCOPE_H

#include "heap.h"

// Opens the list. HEAP_FULL if process memory is refused. Once until sh_scope_end: scopes inside
// scopes share it.
sh_status sh_scope_begin(sh_env *env);

// Closes the list and gives up what is still on it: claims that no ref has come to own.
// O(claims left), plus the work of destroying objects.
void sh_scope_end(sh_env *env);

// Puts a claim on the list that the environment has taken over: `adopt`. HEAP_FULL.
sh_status sh_scope_add(sh_env *env, sh_id id);

// Takes one off that is to outlive the scope; no effect if there is none.
void sh_scope_remove(sh_env *env, sh_id id);

#endif
