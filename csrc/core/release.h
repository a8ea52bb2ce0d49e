// Giving up what a word or an owner holds, and destroying what nobody owns any more.
//
// Destruction is iterative: a dying slot is on a worklist that runs through the `counts` words of
// its members (low 32: next index, high 32: the type it had), so a chain of any length is dropped
// in constant stack and without allocating. A slot gets on the list by the one CAS that brought
// its counts to 0; its generation has been raised under its lock before, so no id reaches it.
#ifndef SH_RELEASE_H
#define SH_RELEASE_H

#include "state.h"
#include "value.h"

typedef struct shi_worklist {
  uint32_t head; // slot index; 0: empty
} shi_worklist;

// Releases what a word owns; objects that die join the list. Takes a dying object's lock: with no
// lock held.
void shi_release_word(sh_env *env, shi_worklist *list, shi_word word);

// Destroys the objects on the list and what goes with them.
void shi_release_run(sh_env *env, shi_worklist *list);

// Each type's part: releases the contents of a dying slot's payload.
void shi_string_dispose(sh_env *env, shi_slot *slot);
void shi_map_dispose(sh_env *env, shi_worklist *list, shi_slot *slot);
void shi_vector_dispose(sh_env *env, shi_worklist *list, shi_slot *slot);
void shi_queue_dispose(sh_env *env, shi_worklist *list, shi_slot *slot);
void shi_record_dispose(sh_env *env, shi_worklist *list, shi_slot *slot);
void shi_bytes_dispose(sh_env *env, shi_slot *slot);

#endif
