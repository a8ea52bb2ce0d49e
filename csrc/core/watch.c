#include "watch.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "record.h"
#include "slot.h"
#include "slot_free.h"
#include "state.h"
#include "words.h"

typedef struct watcher {
  shi_wait wait; // first: a token's wait is its watcher
  struct shi_watched *object;
  struct watcher *previous;
  struct watcher *next;
} watcher;

struct shi_watched {
  shi_id_node node; // first
  watcher *watchers;
  // For unsettled ones:
  bool unsettled;
  uint64_t stamp;   // settled when every environment has published this epoch
  uint64_t content; // when it was last looked at
  uint32_t version;
  struct shi_watched *previous;
  struct shi_watched *next;
};

typedef struct shi_watched watched;

// --- records -----------------------------------------------------------------------------------

static void link_unsettled(shi_watches *watches, watched *object) {
  object->unsettled = true;
  object->previous = watches->last_unsettled;
  object->next = NULL;
  *(object->previous == NULL ? &watches->first_unsettled : &object->previous->next) = object;
  watches->last_unsettled = object;
}

static void unlink_unsettled(shi_watches *watches, watched *object) {
  *(object->previous == NULL ? &watches->first_unsettled : &object->previous->next) = object->next;
  *(object->next == NULL ? &watches->last_unsettled : &object->next->previous) = object->previous;
  object->unsettled = false;
}

// Whether JS stores to objects of this type by itself.
static bool is_stored_to(uint32_t type) { return type == SH_TYPE_NUMBER || type == SH_TYPE_RECORD; }

// What JS may have stored, all of it in one number. Under the slot's lock.
static uint64_t content_of(const sh_heap *heap, const shi_slot *slot) {
  uint64_t fields = 0;
  uint64_t words = 0;
  uint32_t count = 0;
  uint32_t word_count = 0;
  uint32_t type = shi_type_of(atomic_load_explicit(&slot->word0, memory_order_relaxed));
  if (type == SH_TYPE_NUMBER) {
    return atomic_load_explicit(&slot->payload[0], memory_order_acquire);
  }
  shi_record_bodies(heap, slot, &fields, &count, &words, &word_count);
  const shi_word *at = shi_at(heap, fields);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) {
    // An odd factor and a shift: no single change is lost, and two cancel out only by chance.
    sum = (sum ^ shi_word_load(&at[i])) * UINT64_C(0x9e3779b97f4a7c15);
    sum ^= sum >> 29;
  }
  return sum;
}

static void set_flags(shi_slot *slot, uint32_t set, uint32_t clear) {
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  atomic_store_explicit(&slot->word0, (word0 & ~clear) | set, memory_order_seq_cst);
}

// Frees a record that has neither watchers nor anything to settle. Under the watches' lock.
static void drop_if_unused(sh_env *env, watched *object) {
  sh_heap *heap = env->heap;
  shi_slot *slot = NULL;
  if (shi_slot_lock(env, object->node.id, SH_TYPE_NONE, &slot) == SH_OK) {
    if (object->watchers == NULL) {
      set_flags(slot, 0, SH_FLAG_WATCHED);
    }
    if (object->watchers == NULL && !object->unsettled) {
      atomic_fetch_and_explicit(&slot->lock, ~SH_LOCK_WATCHED, memory_order_relaxed);
    }
    shi_unlock(&slot->lock, false);
  } else if (object->unsettled) {
    unlink_unsettled(&heap->watches, object); // it has ended
  }
  if (object->watchers == NULL && !object->unsettled) {
    shi_ids_remove(&heap->watches.table, &object->node);
    shi_local_free(object);
  }
}

static void tell_watchers(const watched *object) {
  for (watcher *w = object->watchers; w != NULL; w = w->next) {
    shi_port_tell(&w->wait);
  }
}

// Whether every environment has come by since the epoch began. The one that asks has: inside the
// core no store of its own is under way.
static bool is_past(const sh_env *env, uint64_t stamp) {
  sh_heap *heap = env->heap;
  bool past = true;
  shi_lock(&heap->envs_lock);
  for (const sh_env *other = heap->envs; other != NULL && past; other = other->next) {
    uint64_t seen = atomic_load_explicit(&other->published, memory_order_seq_cst);
    past = other == env || seen == 0 || seen >= stamp;
  }
  shi_unlock(&heap->envs_lock, false);
  return past;
}

// Looks for a store that nobody announced. Under the watches' lock.
static void settle(sh_env *env, watched *object) {
  sh_heap *heap = env->heap;
  shi_slot *slot = NULL;
  bool past = is_past(env, object->stamp); // before the content is looked at
  if (shi_slot_lock(env, object->node.id, SH_TYPE_NONE, &slot) != SH_OK) {
    unlink_unsettled(&heap->watches, object);
    tell_watchers(object);
    return;
  }
  uint64_t content = content_of(heap, slot);
  uint32_t version = shi_lock_version(&slot->lock);
  // Behind an announced change, which has moved the version, such a store may have put back what
  // was there before it. So the last look takes a version that is not the one remembered, however
  // often it was looked at in between, for such a store: one rise too many rather than one too few.
  bool changed = content != object->content || (past && version != object->version);
  if (changed) {
    object->content = content;
    object->version = (version + 1) & (UINT32_MAX >> SH_LOCK_VERSION_SHIFT);
  }
  shi_unlock(&slot->lock, changed);
  if (past) {
    unlink_unsettled(&heap->watches, object);
  }
  if (changed) {
    tell_watchers(object);
  }
}

// Keeps a record only as long as there is need for it.
static void settle_or_drop(sh_env *env, watched *object) {
  if (object->unsettled) {
    settle(env, object);
  }
  drop_if_unused(env, object);
}

// Records whose objects nobody asked about again are looked at when new ones are made.
static void settle_oldest(sh_env *env) {
  for (int i = 0; i < 2; i++) {
    watched *object = env->heap->watches.first_unsettled;
    if (object == NULL) {
      return;
    }
    settle(env, object);
    if (object->unsettled) {
      return; // those behind it are younger
    }
    drop_if_unused(env, object);
  }
}

// The record of an object, made if there is none, with a flag raised that sends stores into the
// core. Under the watches' lock.
static sh_status record_of(sh_env *env, sh_id id, sh_type type, uint32_t flag, watched **out) {
  sh_heap *heap = env->heap;
  shi_slot *slot = NULL;
  settle_oldest(env);
  watched *object = (watched *)shi_ids_find(&heap->watches.table, id);
  if (object == NULL) {
    object = shi_local_alloc(heap, sizeof *object);
    if (object == NULL || !shi_ids_reserve(heap, &heap->watches.table)) {
      shi_local_free(object);
      return SH_E_HEAP_FULL;
    }
    object->node.id = id;
    shi_ids_add(&heap->watches.table, &object->node);
  }
  sh_status status = shi_slot_lock(env, id, type, &slot);
  if (status != SH_OK) {
    drop_if_unused(env, object);
    return status;
  }
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  atomic_fetch_or_explicit(&slot->lock, SH_LOCK_WATCHED, memory_order_relaxed);
  if (is_stored_to(shi_type_of(word0))) {
    bool raised = (word0 & (SH_FLAG_WATCHED | SH_FLAG_VERSIONED)) != 0;
    set_flags(slot, flag, 0);
    if (!raised) {
      // The addition is the fence between raising the flag and looking who may have missed it.
      object->stamp = atomic_fetch_add(&heap->epoch, 1) + 1;
      object->content = content_of(heap, slot);
      object->version = shi_lock_version(&slot->lock);
      if (object->unsettled) {
        unlink_unsettled(&heap->watches, object); // it is the youngest again
      }
      link_unsettled(&heap->watches, object);
    }
  }
  shi_unlock(&slot->lock, false);
  *out = object;
  return SH_OK;
}

// --- the interface -----------------------------------------------------------------------------

// The version of an object that needs nothing done first; false: ask record_of.
static bool look_at_version(sh_env *env, sh_id id, sh_type type, uint32_t *version,
                            sh_status *status) {
  sh_type actual = SH_TYPE_NONE;
  *status = sh_id_check(env, id, type, &actual);
  if (*status != SH_OK) {
    return true;
  }
  shi_slot *slot = shi_slot_at(env->heap, (uint32_t)id);
  uint32_t lock = atomic_load_explicit(&slot->lock, memory_order_acquire);
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
  *status = sh_id_check(env, id, type, NULL);
  if (*status != SH_OK) {
    return true;
  }
  *version = lock >> SH_LOCK_VERSION_SHIFT;
  return !is_stored_to(actual) ||
         ((word0 & SH_FLAG_VERSIONED) != 0 && (lock & SH_LOCK_WATCHED) == 0);
}

sh_status sh_version(sh_env *env, sh_id id, sh_type type, uint32_t *version) {
  sh_heap *heap = env->heap;
  sh_status status = SH_OK;
  watched *object = NULL;
  if (look_at_version(env, id, type, version, &status)) {
    return status;
  }
  shi_lock(&heap->watches.lock);
  status = record_of(env, id, type, SH_FLAG_VERSIONED, &object);
  if (status == SH_OK) {
    settle_or_drop(env, object);
    (void)look_at_version(env, id, type, version, &status);
  }
  shi_unlock(&heap->watches.lock, false);
  return status;
}

sh_status sh_watch(sh_env *env, sh_id id, bool blocks, uint32_t *token) {
  sh_heap *heap = env->heap;
  watched *object = NULL;
  watcher *w = shi_local_alloc(heap, sizeof *w);
  if (w == NULL) {
    return SH_E_HEAP_FULL;
  }
  w->wait.kind = SHI_WAIT_WATCHER;
  w->wait.blocks = blocks;
  sh_status status = shi_port_add(env, &w->wait);
  if (status != SH_OK) {
    shi_local_free(w);
    return status;
  }
  shi_lock(&heap->watches.lock);
  status = record_of(env, id, SH_TYPE_NONE, SH_FLAG_WATCHED, &object);
  if (status == SH_OK) {
    w->object = object;
    w->next = object->watchers;
    if (w->next != NULL) {
      w->next->previous = w;
    }
    object->watchers = w;
  }
  shi_unlock(&heap->watches.lock, false);
  if (status != SH_OK) {
    shi_port_remove(&w->wait);
    shi_local_free(w);
    return status;
  }
  *token = w->wait.token;
  return SH_OK;
}

static watcher *watcher_of(sh_env *env, uint32_t token) {
  return (watcher *)shi_port_find(env, token, SHI_WAIT_WATCHER);
}

bool sh_watch_settle(sh_env *env, uint32_t token) {
  watcher *w = watcher_of(env, token);
  if (w == NULL) {
    return true;
  }
  shi_watches *watches = &env->heap->watches;
  shi_lock(&watches->lock);
  if (w->object->unsettled) {
    settle(env, w->object);
  }
  bool settled = !w->object->unsettled;
  shi_unlock(&watches->lock, false);
  return settled;
}

void sh_unwatch(sh_env *env, uint32_t token) {
  watcher *w = watcher_of(env, token);
  if (w == NULL) {
    return;
  }
  shi_watches *watches = &env->heap->watches;
  watched *object = w->object;
  shi_lock(&watches->lock);
  *(w->previous == NULL ? &object->watchers : &w->previous->next) = w->next;
  if (w->next != NULL) {
    w->next->previous = w->previous;
  }
  if (object->watchers == NULL) {
    settle_or_drop(env, object);
  }
  shi_unlock(&watches->lock, false);
  shi_port_remove(&w->wait);
  shi_local_free(w);
}

void shi_watch_notify(sh_env *env, sh_id id) {
  shi_watches *watches = &env->heap->watches;
  shi_lock(&watches->lock);
  watched *object = (watched *)shi_ids_find(&watches->table, id);
  if (object != NULL && object->watchers != NULL) {
    tell_watchers(object);
  } else if (object != NULL) {
    // Nobody else may ever ask for it again, and as long as it is there each change comes here.
    settle_or_drop(env, object);
  }
  shi_unlock(&watches->lock, false);
}

uint32_t shi_watches_count(sh_env *env) {
  shi_watches *watches = &env->heap->watches;
  shi_lock(&watches->lock);
  settle_oldest(env);
  uint32_t count = watches->table.count;
  shi_unlock(&watches->lock, false);
  return count;
}

void shi_watches_free(sh_heap *heap) {
  shi_watches *watches = &heap->watches;
  while (watches->first_unsettled != NULL) {
    watched *object = watches->first_unsettled;
    unlink_unsettled(watches, object);
    shi_local_free(object);
  }
  shi_ids_free(&watches->table);
}
