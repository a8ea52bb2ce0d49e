#include "scope.h"

#include "alloc.h"
#include "scope_list.h"
#include "slot.h"

// A hash table with linear probing. An entry is removed by closing the gap behind it, so there are
// no traces of what was there: the table grows by what it holds at once, not by what has gone
// through it.
#define FIRST_ENTRIES 64u

typedef struct scope_entry {
  sh_id id; // 0: free
  uint32_t claims;
} scope_entry;

struct shi_scope {
  uint32_t count;       // of ids
  uint32_t mask;        // entries - 1
  scope_entry *entries; // at most three quarters of them are used
};

static scope_entry *new_entries(sh_env *env, uint32_t n) {
  return shi_local_alloc(env->heap, (size_t)n * sizeof(scope_entry));
}

static uint32_t home_of(const struct shi_scope *scope, sh_id id) {
  return (uint32_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & scope->mask;
}

// The entry of an id, or the free one where it belongs.
static scope_entry *find(struct shi_scope *scope, sh_id id) {
  uint32_t at = home_of(scope, id);
  while (scope->entries[at].id != 0 && scope->entries[at].id != id) {
    at = (at + 1) & scope->mask;
  }
  return &scope->entries[at];
}

static bool is_full(const struct shi_scope *scope) {
  return (scope->count + 1) > scope->mask - scope->mask / 4;
}

bool shi_scope_room(sh_env *env) {
  struct shi_scope *scope = env->scope;
  if (!is_full(scope)) {
    return true;
  }
  scope_entry *old = scope->entries;
  uint32_t old_mask = scope->mask;
  scope_entry *entries = old_mask < UINT32_MAX / 2 ? new_entries(env, 2 * (old_mask + 1)) : NULL;
  if (entries == NULL) {
    return false;
  }
  scope->entries = entries;
  scope->mask = 2 * old_mask + 1;
  for (uint32_t i = 0; i <= old_mask; i++) {
    if (old[i].id != 0) {
      *find(scope, old[i].id) = old[i];
    }
  }
  shi_local_free(old);
  return true;
}

void shi_scope_put(sh_env *env, sh_id id) {
  struct shi_scope *scope = env->scope;
  scope_entry *entry = find(scope, id);
  if (entry->id == 0) {
    SHI_CHECK(!is_full(scope));
    entry->id = id;
    scope->count++;
  }
  entry->claims++;
}

sh_status sh_scope_begin(sh_env *env) {
  SHI_CHECK(env->scope == NULL);
  struct shi_scope *scope = shi_local_alloc(env->heap, sizeof *scope);
  scope_entry *entries = new_entries(env, FIRST_ENTRIES);
  if (scope == NULL || entries == NULL) {
    shi_local_free(scope);
    shi_local_free(entries);
    return SH_E_HEAP_FULL;
  }
  *scope = (struct shi_scope){.mask = FIRST_ENTRIES - 1, .entries = entries};
  env->scope = scope;
  return SH_OK;
}

sh_status sh_scope_add(sh_env *env, sh_id id) {
  if (!shi_scope_ready(env)) {
    return SH_E_HEAP_FULL;
  }
  shi_scope_note(env, id);
  return SH_OK;
}

void sh_scope_remove(sh_env *env, sh_id id) {
  struct shi_scope *scope = env->scope;
  if (scope == NULL) {
    return;
  }
  scope_entry *entry = find(scope, id);
  if (entry->id == 0 || --entry->claims > 0) {
    return;
  }
  // Entries behind the gap move into it, unless they would come to lie before their home.
  uint32_t gap = (uint32_t)(entry - scope->entries);
  for (uint32_t at = (gap + 1) & scope->mask; scope->entries[at].id != 0;
       at = (at + 1) & scope->mask) {
    uint32_t home = home_of(scope, scope->entries[at].id);
    if (((at - home) & scope->mask) >= ((at - gap) & scope->mask)) {
      scope->entries[gap] = scope->entries[at];
      gap = at;
    }
  }
  scope->entries[gap] = (scope_entry){.id = 0};
  scope->count--;
}

void sh_scope_end(sh_env *env) {
  struct shi_scope *scope = env->scope;
  if (scope == NULL) {
    return;
  }
  env->scope = NULL; // from here on drops change nothing in it
  for (uint32_t i = 0; i <= scope->mask; i++) {
    for (uint32_t n = scope->entries[i].claims; n > 0; n--) {
      // Another thread may have given the claim up by id: its fault.
      (void)sh_drop(env, scope->entries[i].id);
    }
  }
  shi_local_free(scope->entries);
  shi_local_free(scope);
}
