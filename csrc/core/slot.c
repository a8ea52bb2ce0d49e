#include "slot.h"

#include "lock.h"
#include "monitor.h"
#include "record.h"
#include "scope_list.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "watch.h"

#define COUNT_ONE_CLAIM UINT64_C(1)
#define COUNT_ONE_HOLD (UINT64_C(1) << 32)
// How often a change looks at monitors that are gone when it asks whose they are, before it is told
// to queue up with all those that come and go.
#define OWNER_TRIES 4

static uint32_t claims_of(uint64_t counts) { return (uint32_t)counts; }

static uint32_t holds_of(uint64_t counts) { return (uint32_t)(counts >> 32); }

shi_slot *shi_slot_at(const sh_heap *heap, uint32_t index) {
  return (shi_slot *)shi_at(heap, heap->header->slots_offset) + index;
}

// --- ids -------------------------------------------------------------------------------------

sh_status sh_id_from_number(sh_env *env, double number, sh_id *out) {
  if (!(number >= (double)SH_FIRST_INDEX && number < (double)SH_ID_LIMIT)) {
    return SH_E_INVALID_ID;
  }
  // By way of a signed integer: one instruction each way, where an unsigned one takes a branch.
  int64_t integer = (int64_t)number;
  sh_id id = (sh_id)integer;
  uint32_t index = (uint32_t)id;
  if ((double)integer != number || index < SH_FIRST_INDEX || index >= shi_slots_length(env->heap)) {
    return SH_E_INVALID_ID;
  }
  *out = id;
  return SH_OK;
}

// Why an id does not match its slot's word: used up, or never issued.
static sh_status mismatch(const sh_heap *heap, sh_id id) {
  uint32_t generation = (uint32_t)(id >> 32);
  _Atomic uint64_t *page = shi_page_record(heap, (uint32_t)id / (uint32_t)SH_SLOTS_PER_PAGE);
  uint64_t record;
  uint32_t word0;
  // The slot's word between two looks at the record: once that no longer says "purged" the slots
  // have their generations back, and before it says so they still have them.
  do {
    record = atomic_load_explicit(page, memory_order_acquire);
    word0 = atomic_load_explicit(&shi_slot_at(heap, (uint32_t)id)->word0, memory_order_acquire);
  } while (atomic_load_explicit(page, memory_order_acquire) != record);
  bool purged = (record & SH_PAGE_PURGED) != 0 && generation < (record & SH_PAGE_FLOOR_MASK);
  bool retired = (word0 & SH_FLAG_RETIRED) != 0 && shi_type_of(word0) == SH_TYPE_NONE;
  return generation < shi_generation_of(word0) || purged || retired ? SH_E_USE_AFTER_FREE
                                                                    : SH_E_INVALID_ID;
}

static bool matches(sh_id id, uint32_t word0) {
  return shi_generation_of(word0) == (uint32_t)(id >> 32) && shi_type_of(word0) != SH_TYPE_NONE;
}

sh_status shi_slot_lock(sh_env *env, sh_id id, sh_type type, shi_slot **out) {
  sh_heap *heap = env->heap;
  uint32_t index = (uint32_t)id;
  if (SHI_UNLIKELY(index == 0 || index >= shi_slots_length(heap) || id >= SH_ID_LIMIT)) {
    return SH_E_INVALID_ID;
  }
  shi_slot *slot = shi_slot_at(heap, index);
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  if (SHI_UNLIKELY(!matches(id, word0))) {
    return mismatch(heap, id); // the lock of a dead slot is not worth taking
  }
  shi_lock(&slot->lock);
  word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
  if (SHI_UNLIKELY(!matches(id, word0))) {
    shi_unlock(&slot->lock, false);
    return mismatch(heap, id);
  }
  if (SHI_UNLIKELY(type != SH_TYPE_NONE && shi_type_of(word0) != (uint32_t)type)) {
    shi_unlock(&slot->lock, false);
    return SH_E_TYPE_MISMATCH;
  }
  *out = slot;
  return SH_OK;
}

sh_status shi_slot_lock_write(sh_env *env, sh_id id, sh_type type, shi_slot **out) {
  const sh_env *owner = NULL;
  for (int i = 0; i < OWNER_TRIES; i++) {
    sh_status status = shi_slot_lock(env, id, type, out);
    if (status != SH_OK) {
      return status;
    }
    uint32_t lock = atomic_load_explicit(&(*out)->lock, memory_order_relaxed);
    if (SHI_LIKELY((lock & SH_LOCK_MONITOR) == 0) || owner == env) {
      return SH_OK;
    }
    // The monitors' lock comes before a slot's (L3). Nobody but this thread can end a monitor that
    // is its own; one that has ended meanwhile, perhaps with its object, is looked at again.
    shi_unlock(&(*out)->lock, false);
    owner = shi_monitor_owner(env->heap, id);
    if (owner != NULL && owner != env) {
      break;
    }
  }
  return SH_E_BUSY;
}

void shi_slot_unlock_noted(sh_env *env, shi_slot *slot) {
  uint32_t index = (uint32_t)(slot - shi_slot_at(env->heap, 0));
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  uint32_t noted = atomic_load_explicit(&slot->lock, memory_order_relaxed);
  bool ended = shi_type_of(word0) == SH_TYPE_NONE;
  sh_id id = (sh_id)(shi_generation_of(word0) - (ended ? 1 : 0)) << 32 | index;
  if (ended) {
    atomic_fetch_and_explicit(&slot->lock, ~(SH_LOCK_MONITOR | SH_LOCK_WATCHED),
                              memory_order_relaxed);
  }
  shi_unlock(&slot->lock, true);
  if ((noted & SH_LOCK_WATCHED) != 0) {
    shi_watch_notify(env, id);
  }
  if (ended && (noted & SH_LOCK_MONITOR) != 0) {
    shi_monitor_end(env->heap, id);
  }
}

sh_type sh_id_type(sh_env *env, double number, uint32_t *shape) {
  sh_id id = 0;
  if (sh_id_from_number(env, number, &id) != SH_OK) {
    return SH_TYPE_NONE;
  }
  uint32_t word0 =
      atomic_load_explicit(&shi_slot_at(env->heap, (uint32_t)id)->word0, memory_order_acquire);
  if (!matches(id, word0)) {
    return SH_TYPE_NONE;
  }
  sh_type type = (sh_type)shi_type_of(word0);
  if (type == SH_TYPE_RECORD && shape != NULL && sh_record_shape(env, id, shape) != SH_OK) {
    return SH_TYPE_NONE;
  }
  return type;
}

sh_status sh_id_check(sh_env *env, sh_id id, sh_type type, sh_type *actual) {
  uint32_t index = (uint32_t)id;
  if (index == 0 || index >= shi_slots_length(env->heap) || id >= SH_ID_LIMIT) {
    return SH_E_INVALID_ID;
  }
  uint32_t word0 =
      atomic_load_explicit(&shi_slot_at(env->heap, index)->word0, memory_order_acquire);
  if (!matches(id, word0)) {
    return mismatch(env->heap, id);
  }
  if (actual != NULL) {
    *actual = (sh_type)shi_type_of(word0);
  }
  return type == SH_TYPE_NONE || shi_type_of(word0) == (uint32_t)type ? SH_OK : SH_E_TYPE_MISMATCH;
}

sh_id shi_slot_publish(sh_env *env, uint32_t index, sh_type type, uint32_t flags) {
  shi_slot *slot = shi_slot_at(env->heap, index);
  uint32_t generation = shi_generation_of(atomic_load_explicit(&slot->word0, memory_order_relaxed));
  atomic_store_explicit(&slot->counts, COUNT_ONE_CLAIM, memory_order_relaxed);
  atomic_store_explicit(&slot->word0,
                        generation << SH_W0_GEN_SHIFT | (uint32_t)type << SH_W0_TYPE_SHIFT | flags,
                        memory_order_release);
  shi_count(&env->counters.objects[type], 1);
  sh_id id = (sh_id)generation << 32 | index;
  shi_scope_note(env, id); // shi_slot_take has made room
  return id;
}

sh_id shi_slot_id(const shi_slot *slot, uint32_t index) {
  return (sh_id)shi_generation_of(atomic_load_explicit(&slot->word0, memory_order_acquire)) << 32 |
         index;
}

sh_type shi_slot_kill(shi_slot *slot) {
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  uint32_t generation = shi_generation_of(word0) + 1;
  atomic_store_explicit(&slot->word0,
                        generation << SH_W0_GEN_SHIFT |
                            (generation == SH_GENERATION_MAX ? SH_FLAG_RETIRED : 0),
                        memory_order_release);
  return (sh_type)shi_type_of(word0);
}

// --- counts ----------------------------------------------------------------------------------

// counts += add, then -= sub, by CAS; never from 0.
static sh_status change_counts(shi_slot *slot, uint64_t add, uint64_t sub) {
  uint64_t seen = atomic_load_explicit(&slot->counts, memory_order_relaxed);
  for (;;) {
    if (seen == 0) {
      return SH_E_USE_AFTER_FREE;
    }
    if ((add == COUNT_ONE_CLAIM && claims_of(seen) == UINT32_MAX) ||
        (add == COUNT_ONE_HOLD && holds_of(seen) == UINT32_MAX)) {
      return SH_E_TOO_MANY;
    }
    if (atomic_compare_exchange_weak_explicit(&slot->counts, &seen, seen + add - sub,
                                              memory_order_acq_rel, memory_order_relaxed)) {
      return SH_OK;
    }
  }
}

sh_status shi_claim_add(sh_env *env, shi_slot *slot, sh_id id) {
  if (!shi_scope_ready(env)) {
    return SH_E_HEAP_FULL;
  }
  sh_status status = change_counts(slot, COUNT_ONE_CLAIM, 0);
  if (status == SH_OK) {
    shi_scope_note(env, id);
  }
  return status;
}

sh_status shi_hold_copy(shi_slot *slot) { return change_counts(slot, COUNT_ONE_HOLD, 0); }

sh_status shi_hold_to_claim(shi_slot *slot) {
  return change_counts(slot, COUNT_ONE_CLAIM, COUNT_ONE_HOLD);
}

sh_status shi_claim_to_hold(shi_slot *slot) {
  return change_counts(slot, COUNT_ONE_HOLD, COUNT_ONE_CLAIM);
}

sh_status shi_hold_add(sh_env *env, sh_id id, bool move, uint32_t *index, sh_type *type) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_NONE, &slot);
  if (status != SH_OK) {
    return status;
  }
  if (move) {
    // Claims fall by drop() under this lock, or by another move under it.
    status = claims_of(atomic_load_explicit(&slot->counts, memory_order_relaxed)) == 0
                 ? SH_E_NO_CLAIM
                 : shi_claim_to_hold(slot);
  } else {
    status = shi_hold_copy(slot);
  }
  *type = (sh_type)shi_type_of(atomic_load_explicit(&slot->word0, memory_order_relaxed));
  shi_unlock(&slot->lock, false);
  *index = (uint32_t)id;
  return status;
}

sh_status sh_retain(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_NONE, &slot);
  if (status == SH_OK) {
    status = shi_claim_add(env, slot, id);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

sh_status sh_id_counts(sh_env *env, sh_id id, uint32_t *claims, uint32_t *holds) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_NONE, &slot);
  if (status == SH_OK) {
    uint64_t counts = atomic_load_explicit(&slot->counts, memory_order_relaxed);
    *claims = claims_of(counts);
    *holds = holds_of(counts);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

void sh_walk(sh_env *env, uint32_t *index, uint32_t limit, sh_id *ids, uint32_t *count) {
  uint32_t length = shi_slots_length(env->heap);
  uint32_t at = *index < SH_FIRST_INDEX ? SH_FIRST_INDEX : *index;
  *count = 0;
  for (; at < length && *count < limit; at++) {
    uint32_t word0 = atomic_load_explicit(&shi_slot_at(env->heap, at)->word0, memory_order_acquire);
    if (shi_type_of(word0) != SH_TYPE_NONE) {
      ids[(*count)++] = (sh_id)shi_generation_of(word0) << 32 | at;
    }
  }
  *index = at < length ? at : 0;
}
