#include "release.h"

#include "epoch.h"
#include "lock.h"
#include "scope_list.h"
#include "slot_lock.h"

// Ends the life of a slot whose counts this thread has brought to 0, with its lock held, and puts
// it on the list.
static void kill_locked(sh_env *env, shi_worklist *list, shi_slot *slot, uint32_t index) {
  sh_type type = shi_slot_kill(slot);
  shi_count(&env->counters.objects[type], -1);
  // Nobody can name the slot any more, so the counts word is the list's.
  atomic_store_explicit(&slot->counts, (uint64_t)type << 32 | list->head, memory_order_relaxed);
  list->head = index;
}

static void release_hold(sh_env *env, shi_worklist *list, uint32_t index) {
  shi_slot *slot = shi_slot_at(env->heap, index);
  uint64_t one = UINT64_C(1) << 32;
  uint64_t before = atomic_fetch_sub_explicit(&slot->counts, one, memory_order_acq_rel);
  SHI_CHECK(before >= one);
  if (before == one) {
    shi_lock(&slot->lock);
    kill_locked(env, list, slot, index);
    shi_slot_unlock(env, slot, true);
  }
}

void shi_release_word(sh_env *env, shi_worklist *list, shi_word word) {
  if (shi_word_is_number(word)) {
    return;
  }
  if (shi_word_tag(word) == SH_TAG_REF) {
    release_hold(env, list, (uint32_t)(word & SH_WORD_PAYLOAD));
  } else {
    shi_payload_release(env->heap, env, word);
  }
}

void shi_release_run(sh_env *env, shi_worklist *list) {
  while (list->head != 0) {
    uint32_t index = list->head;
    shi_slot *slot = shi_slot_at(env->heap, index);
    uint64_t link = atomic_load_explicit(&slot->counts, memory_order_relaxed);
    sh_type type = (sh_type)(link >> 32);
    list->head = (uint32_t)link;
    atomic_store_explicit(&slot->counts, 0, memory_order_relaxed);
    switch (type) {
    case SH_TYPE_STRING:
      shi_string_dispose(env, slot);
      break;
    case SH_TYPE_MAP:
      shi_map_dispose(env, list, slot);
      break;
    case SH_TYPE_VECTOR:
      shi_vector_dispose(env, list, slot);
      break;
    case SH_TYPE_RECORD:
      shi_record_dispose(env, list, slot);
      break;
    case SH_TYPE_QUEUE:
      shi_queue_dispose(env, list, slot);
      break;
    case SH_TYPE_BYTES:
      shi_bytes_dispose(env, slot);
      break;
    case SH_TYPE_NUMBER:
      break;
    case SH_TYPE_NONE:
    case SH_TYPE_COUNT:
      SHI_CHECK(type != SH_TYPE_NONE && type != SH_TYPE_COUNT);
    }
    shi_retire(env->heap, env, type == SH_TYPE_NUMBER ? SHI_RETIRED_NUMBER_SLOT : SHI_RETIRED_SLOT,
               index, 0);
  }
}

sh_status sh_drop(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_NONE, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_worklist list = {0};
  uint64_t seen = atomic_load_explicit(&slot->counts, memory_order_relaxed);
  do {
    if ((uint32_t)seen == 0) {
      shi_unlock(&slot->lock, false);
      return seen == 0 ? SH_E_USE_AFTER_FREE : SH_E_NO_CLAIM;
    }
  } while (!atomic_compare_exchange_weak_explicit(&slot->counts, &seen, seen - 1,
                                                  memory_order_acq_rel, memory_order_relaxed));
  shi_scope_forget(env, id);
  bool dead = seen == 1;
  if (dead) {
    kill_locked(env, &list, slot, (uint32_t)id);
  }
  shi_slot_unlock(env, slot, dead);
  shi_release_run(env, &list);
  return SH_OK;
}
