// How the list of scope.h is kept up by whatever adds a claim or gives one up.
#ifndef SH_SCOPE_LIST_H
#define SH_SCOPE_LIST_H

#include "scope.h"
#include "state.h"

// Makes room for one more claim; false if process memory is refused. May be called under a lock.
bool shi_scope_room(sh_env *env);

// Puts a claim on the list, for which there is room.
void shi_scope_put(sh_env *env, sh_id id);

static inline bool shi_scope_ready(sh_env *env) {
  return SHI_LIKELY(env->scope == NULL) || shi_scope_room(env);
}

static inline void shi_scope_note(sh_env *env, sh_id id) {
  if (SHI_UNLIKELY(env->scope != NULL)) {
    shi_scope_put(env, id);
  }
}

static inline void shi_scope_forget(sh_env *env, sh_id id) {
  if (SHI_UNLIKELY(env->scope != NULL)) {
    sh_scope_remove(env, id);
  }
}

#endif
