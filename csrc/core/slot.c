#include "slot.h"

#include "alloc.h"
#include "lock.h"
#include "platform.h"
#include "record.h"

#include <string.h>

#define COMMIT_STEP (UINT64_C(1) << 20) // bytes of slot table made accessible at once
#define COUNT_ONE_CLAIM UINT64_C(1)
#define COUNT_ONE_HOLD (UINT64_C(1) << 32)

static uint32_t claims_of(uint64_t counts) {
  return (uint32_t)counts;
}

static uint32_t holds_of(uint64_t counts) {
  return (uint32_t)(counts >> 32);
}

static uint32_t type_of(uint32_t word0) {
  return (word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK;
}

static uint32_t generation_of(uint32_t word0) {
  return word0 >> SH_W0_GEN_SHIFT;
}

shi_slot *shi_slot_at(const sh_heap *heap, uint32_t index) {
  return (shi_slot *)shi_at(heap, heap->header->slots_offset) + index;
}

static uint32_t table_length(const sh_heap *heap) {
  return atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
}

static _Atomic uint64_t *page_record(const sh_heap *heap, uint32_t page) {
  return (_Atomic uint64_t *)shi_at(heap, heap->header->pages_offset) + page;
}

// --- free slots ------------------------------------------------------------------------------
//
// A batch is a chain of slots linked through the low half of payload[0]; batches are linked
// through the high half of the first slot's payload[0], its payload[1] holding the batch's length.
// The heads are Treiber stacks with a tag against ABA; the link of a head that another thread is
// just taking is read as a relaxed atomic and thrown away when the CAS fails.

static void push_batch(sh_heap *heap, bool number, uint32_t first, uint32_t count) {
  shi_slot *slot = shi_slot_at(heap, first);
  uint32_t link = (uint32_t)atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  atomic_store_explicit(&slot->payload[1], count, memory_order_relaxed);
  uint64_t head = atomic_load_explicit(&heap->free_slots[number], memory_order_relaxed);
  uint64_t next;
  do {
    atomic_store_explicit(&slot->payload[0], (head & UINT32_MAX) << 32 | link,
                          memory_order_relaxed);
    next = ((head >> 32) + 1) << 32 | first;
  } while (!atomic_compare_exchange_weak_explicit(&heap->free_slots[number], &head, next,
                                                  memory_order_acq_rel, memory_order_relaxed));
}

// First slot of a batch taken off the list, 0 if the list is empty.
static uint32_t pop_batch(sh_heap *heap, bool number) {
  uint64_t head = atomic_load_explicit(&heap->free_slots[number], memory_order_acquire);
  for (;;) {
    uint32_t first = (uint32_t)head;
    if (first == 0) {
      return 0;
    }
    uint64_t links =
        atomic_load_explicit(&shi_slot_at(heap, first)->payload[0], memory_order_relaxed);
    uint64_t next = ((head >> 32) + 1) << 32 | links >> 32;
    if (atomic_compare_exchange_weak_explicit(&heap->free_slots[number], &head, next,
                                              memory_order_acq_rel, memory_order_acquire)) {
      return first;
    }
  }
}

// Links indices into a batch and pushes it.
static void push_indices(sh_heap *heap, bool number, const uint32_t *indices, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    atomic_store_explicit(&shi_slot_at(heap, indices[i])->payload[0],
                          i + 1 < count ? indices[i + 1] : 0, memory_order_relaxed);
  }
  push_batch(heap, number, indices[0], count);
}

// Copies a popped batch out; its length.
static uint32_t batch_indices(const sh_heap *heap, uint32_t first, uint32_t *indices) {
  uint32_t count = (uint32_t)atomic_load_explicit(&shi_slot_at(heap, first)->payload[1],
                                                  memory_order_relaxed);
  SHI_CHECK(count >= 1 && count <= SH_SLOTS_PER_PAGE);
  for (uint32_t i = 0; i < count; i++) {
    indices[i] = first;
    first = (uint32_t)atomic_load_explicit(&shi_slot_at(heap, first)->payload[0],
                                           memory_order_relaxed);
  }
  return count;
}

static bool use_page(sh_heap *heap) {
  uint64_t used = atomic_fetch_add_explicit(&heap->used_bytes, SH_PAGE, memory_order_relaxed);
  if (used + SH_PAGE <= heap->limit) {
    return true;
  }
  atomic_fetch_sub_explicit(&heap->used_bytes, SH_PAGE, memory_order_relaxed);
  return false;
}

// Makes slots [index, ...) of a fresh page accessible. Under slots_lock.
static bool commit_slots(sh_heap *heap, uint32_t length) {
  uint64_t need = (uint64_t)length * SH_SLOT_BYTES;
  if (need <= heap->slots_committed) {
    return true;
  }
  uint64_t capacity = (uint64_t)heap->header->slot_capacity * SH_SLOT_BYTES;
  uint64_t to = (need + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
  to = to > capacity ? capacity : to;
  uint8_t *slots = shi_at(heap, heap->header->slots_offset);
  if (!shi_os_commit(slots + heap->slots_committed, to - heap->slots_committed)) {
    return false;
  }
  heap->slots_committed = to;
  return true;
}

// A whole page of slots for the list of this kind: a purged one, or the table grows. 0 if full.
static uint32_t take_page(sh_heap *heap, bool number, uint32_t *floor) {
  uint32_t page = 0;
  *floor = 0;
  if (!use_page(heap)) {
    return 0;
  }
  shi_lock(&heap->header->slots_lock);
  if (heap->purged_pages[number] != 0) {
    page = heap->purged_pages[number];
    uint64_t record = atomic_load_explicit(page_record(heap, page), memory_order_relaxed);
    heap->purged_pages[number] = (uint32_t)(record >> SH_PAGE_NEXT_SHIFT);
    *floor = (uint32_t)(record & SH_PAGE_FLOOR_MASK);
  } else {
    uint32_t length = table_length(heap);
    uint32_t next = length + (uint32_t)SH_SLOTS_PER_PAGE;
    if (next <= heap->header->slot_capacity && commit_slots(heap, next)) {
      page = length / (uint32_t)SH_SLOTS_PER_PAGE;
      atomic_store_explicit(&heap->header->slot_length, next, memory_order_release);
    }
  }
  shi_unlock(&heap->header->slots_lock, false);
  if (page == 0) {
    atomic_fetch_sub_explicit(&heap->used_bytes, SH_PAGE, memory_order_relaxed);
  }
  return page;
}

static bool refill(sh_env *env, bool number) {
  sh_heap *heap = env->heap;
  uint32_t first = pop_batch(heap, number);
  if (first != 0) {
    env->slots[number].count = batch_indices(heap, first, env->slots[number].index);
    return true;
  }
  uint32_t floor = 0;
  uint32_t page = take_page(heap, number, &floor);
  if (page == 0) {
    return false;
  }
  uint32_t base = page * (uint32_t)SH_SLOTS_PER_PAGE;
  uint32_t indices[SH_SLOTS_PER_PAGE];
  for (uint32_t i = 0; i < SH_SLOTS_PER_PAGE; i++) {
    // Highest index first, so that the cache hands them out from the lowest on.
    indices[i] = base + (uint32_t)SH_SLOTS_PER_PAGE - 1 - i;
    atomic_store_explicit(&shi_slot_at(heap, indices[i])->word0, floor << SH_W0_GEN_SHIFT,
                          memory_order_relaxed);
  }
  // From here on the slots' own generations tell a stale id (mismatch), no longer the record.
  atomic_store_explicit(page_record(heap, page), number ? SH_PAGE_NUMBER : 0,
                        memory_order_release);
  push_indices(heap, number, indices, SHI_SLOT_BATCH);
  env->slots[number].count = (uint32_t)SH_SLOTS_PER_PAGE - SHI_SLOT_BATCH;
  for (uint32_t i = 0; i < env->slots[number].count; i++) {
    env->slots[number].index[i] = indices[SHI_SLOT_BATCH + i];
  }
  return true;
}

sh_status shi_slot_take(sh_env *env, bool number, uint32_t *index) {
  if (SHI_UNLIKELY(env->slots[number].count == 0) && !refill(env, number)) {
    shi_make_room(env);
    if (env->slots[number].count == 0 && !refill(env, number)) {
      return SH_E_HEAP_FULL;
    }
  }
  *index = env->slots[number].index[--env->slots[number].count];
  return SH_OK;
}

void shi_slot_untake(sh_env *env, bool number, uint32_t index) {
  uint32_t *cached = env->slots[number].index;
  if (generation_of(atomic_load_explicit(&shi_slot_at(env->heap, index)->word0,
                                         memory_order_relaxed)) == SH_GENERATION_MAX) {
    return; // retired (S3)
  }
  if (env->slots[number].count == SHI_SLOT_CACHE) {
    push_indices(env->heap, number, cached, SHI_SLOT_BATCH);
    env->slots[number].count -= SHI_SLOT_BATCH;
    for (uint32_t i = 0; i < env->slots[number].count; i++) {
      cached[i] = cached[i + SHI_SLOT_BATCH];
    }
  }
  cached[env->slots[number].count++] = index;
}

void shi_slot_seed(sh_heap *heap) {
  uint32_t indices[SH_SLOTS_PER_PAGE];
  uint32_t count = 0;
  for (uint32_t index = (uint32_t)SH_SLOTS_PER_PAGE - 1; index >= SH_FIRST_INDEX; index--) {
    indices[count++] = index;
  }
  push_indices(heap, false, indices, count);
}

void shi_slot_flush(sh_env *env) {
  for (unsigned number = 0; number < 2; number++) {
    if (env->slots[number].count > 0) {
      push_indices(env->heap, number, env->slots[number].index, env->slots[number].count);
      env->slots[number].count = 0;
    }
  }
}

// --- purging ---------------------------------------------------------------------------------

// Gives whole pages of free slots back: their highest generation is kept in the page record.
static void purge_page(sh_heap *heap, bool number, uint32_t page) {
  uint32_t floor = 0;
  uint32_t base = page * (uint32_t)SH_SLOTS_PER_PAGE;
  for (uint32_t i = 0; i < SH_SLOTS_PER_PAGE; i++) {
    uint32_t word0 = atomic_load_explicit(&shi_slot_at(heap, base + i)->word0,
                                          memory_order_relaxed);
    floor = generation_of(word0) > floor ? generation_of(word0) : floor;
  }
  shi_lock(&heap->header->slots_lock);
  // A thread with a stale id may be about to check it under the slot's lock. All locks of the page
  // are taken here, so nobody holds one while the words are zeroed, which frees them. Whoever
  // queued up meanwhile finds that out when its bounded sleep ends (lock.c).
  for (uint32_t i = 0; i < SH_SLOTS_PER_PAGE; i++) {
    shi_lock(&shi_slot_at(heap, base + i)->lock);
  }
  // The record is written before the memory goes, so that an id of this page is never taken for
  // one that was not issued yet.
  atomic_store_explicit(page_record(heap, page),
                        floor | SH_PAGE_PURGED | (number ? SH_PAGE_NUMBER : 0) |
                            (uint64_t)heap->purged_pages[number] << SH_PAGE_NEXT_SHIFT,
                        memory_order_release);
  heap->purged_pages[number] = page;
  if (!shi_os_purge(shi_slot_at(heap, base), SH_PAGE)) {
    memset(shi_slot_at(heap, base), 0, SH_PAGE); // locked into memory (mlockall)
  }
  shi_unlock(&heap->header->slots_lock, false);
  atomic_fetch_sub_explicit(&heap->used_bytes, SH_PAGE, memory_order_relaxed);
}

void shi_slot_purge(sh_env *env) {
  sh_heap *heap = env->heap;
  shi_slot_flush(env);
  uint32_t pages = table_length(heap) / (uint32_t)SH_SLOTS_PER_PAGE;
  uint8_t *counts = shi_local_alloc(pages);
  if (counts == NULL) {
    return; // purging is a favour
  }
  for (unsigned number = 0; number < 2; number++) {
    memset(counts, 0, pages);
    // The whole list comes off at once; meanwhile other threads grow the table.
    uint64_t head = atomic_load_explicit(&heap->free_slots[number], memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&heap->free_slots[number], &head,
                                                  ((head >> 32) + 1) << 32, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
    }
    uint32_t indices[SH_SLOTS_PER_PAGE];
    for (uint32_t batch = (uint32_t)head; batch != 0;) {
      uint32_t count = batch_indices(heap, batch, indices);
      for (uint32_t i = 0; i < count; i++) {
        uint32_t page = indices[i] / (uint32_t)SH_SLOTS_PER_PAGE;
        if (page < pages) {
          counts[page]++;
        }
      }
      batch = (uint32_t)(atomic_load_explicit(&shi_slot_at(heap, batch)->payload[0],
                                              memory_order_relaxed) >>
                         32);
    }
    uint32_t kept[SHI_SLOT_BATCH];
    uint32_t kept_count = 0;
    for (uint32_t batch = (uint32_t)head; batch != 0;) {
      uint32_t count = batch_indices(heap, batch, indices);
      batch = (uint32_t)(atomic_load_explicit(&shi_slot_at(heap, batch)->payload[0],
                                              memory_order_relaxed) >>
                         32);
      for (uint32_t i = 0; i < count; i++) {
        uint32_t page = indices[i] / (uint32_t)SH_SLOTS_PER_PAGE;
        if (page < pages && counts[page] == SH_SLOTS_PER_PAGE) {
          continue;
        }
        kept[kept_count++] = indices[i];
        if (kept_count == SHI_SLOT_BATCH) {
          push_indices(heap, number, kept, kept_count);
          kept_count = 0;
        }
      }
    }
    if (kept_count > 0) {
      push_indices(heap, number, kept, kept_count);
    }
    for (uint32_t page = 0; page < pages; page++) {
      if (counts[page] == SH_SLOTS_PER_PAGE) {
        purge_page(heap, number, page);
      }
    }
  }
  shi_local_free(counts);
}

// --- ids -------------------------------------------------------------------------------------

sh_status sh_id_from_number(sh_env *env, double number, sh_id *out) {
  if (!(number >= (double)SH_FIRST_INDEX && number < (double)SH_ID_LIMIT)) {
    return SH_E_INVALID_ID;
  }
  sh_id id = (sh_id)number;
  uint32_t index = (uint32_t)id;
  if ((double)id != number || index < SH_FIRST_INDEX || index >= table_length(env->heap)) {
    return SH_E_INVALID_ID;
  }
  *out = id;
  return SH_OK;
}

// Why an id does not match its slot's word: used up, or never issued.
static sh_status mismatch(const sh_heap *heap, sh_id id) {
  uint32_t generation = (uint32_t)(id >> 32);
  uint64_t record = atomic_load_explicit(
      page_record(heap, (uint32_t)id / (uint32_t)SH_SLOTS_PER_PAGE), memory_order_acquire);
  // After the record: once it no longer says "purged", the slots have their generations back.
  uint32_t word0 =
      atomic_load_explicit(&shi_slot_at(heap, (uint32_t)id)->word0, memory_order_acquire);
  bool purged = (record & SH_PAGE_PURGED) != 0 && generation < (record & SH_PAGE_FLOOR_MASK);
  bool retired = (word0 & SH_FLAG_RETIRED) != 0 && type_of(word0) == SH_TYPE_NONE;
  return generation < generation_of(word0) || purged || retired ? SH_E_USE_AFTER_FREE
                                                                : SH_E_INVALID_ID;
}

static bool matches(sh_id id, uint32_t word0) {
  return generation_of(word0) == (uint32_t)(id >> 32) && type_of(word0) != SH_TYPE_NONE;
}

sh_status shi_slot_lock(sh_env *env, sh_id id, sh_type type, shi_slot **out) {
  sh_heap *heap = env->heap;
  uint32_t index = (uint32_t)id;
  if (SHI_UNLIKELY(index == 0 || index >= table_length(heap) || id >= SH_ID_LIMIT)) {
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
  if (SHI_UNLIKELY(type != SH_TYPE_NONE && type_of(word0) != (uint32_t)type)) {
    shi_unlock(&slot->lock, false);
    return SH_E_TYPE_MISMATCH;
  }
  *out = slot;
  return SH_OK;
}

sh_status shi_slot_lock_write(sh_env *env, sh_id id, sh_type type, shi_slot **out) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, type, &slot);
  if (status != SH_OK) {
    return status;
  }
  if (SHI_UNLIKELY((atomic_load_explicit(&slot->lock, memory_order_relaxed) & SH_LOCK_MONITOR) !=
                   0)) {
    shi_unlock(&slot->lock, false);
    return SH_E_BUSY;
  }
  *out = slot;
  return SH_OK;
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
  sh_type type = (sh_type)type_of(word0);
  if (type == SH_TYPE_RECORD && shape != NULL && sh_record_shape(env, id, shape) != SH_OK) {
    return SH_TYPE_NONE;
  }
  return type;
}

sh_status sh_id_check(sh_env *env, sh_id id, sh_type type, sh_type *actual) {
  uint32_t index = (uint32_t)id;
  if (index == 0 || index >= table_length(env->heap) || id >= SH_ID_LIMIT) {
    return SH_E_INVALID_ID;
  }
  uint32_t word0 =
      atomic_load_explicit(&shi_slot_at(env->heap, index)->word0, memory_order_acquire);
  if (!matches(id, word0)) {
    return mismatch(env->heap, id);
  }
  if (actual != NULL) {
    *actual = (sh_type)type_of(word0);
  }
  return type == SH_TYPE_NONE || type_of(word0) == (uint32_t)type ? SH_OK : SH_E_TYPE_MISMATCH;
}

sh_id shi_slot_publish(sh_env *env, uint32_t index, sh_type type, uint32_t flags) {
  shi_slot *slot = shi_slot_at(env->heap, index);
  uint32_t generation =
      generation_of(atomic_load_explicit(&slot->word0, memory_order_relaxed));
  atomic_store_explicit(&slot->counts, COUNT_ONE_CLAIM, memory_order_relaxed);
  atomic_store_explicit(&slot->word0,
                        generation << SH_W0_GEN_SHIFT | (uint32_t)type << SH_W0_TYPE_SHIFT | flags,
                        memory_order_release);
  shi_count(&env->counters.objects[type], 1);
  return (sh_id)generation << 32 | index;
}

sh_id shi_slot_id(const shi_slot *slot, uint32_t index) {
  return (sh_id)generation_of(atomic_load_explicit(&slot->word0, memory_order_acquire)) << 32 |
         index;
}

sh_type shi_slot_kill(shi_slot *slot) {
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  uint32_t generation = generation_of(word0) + 1;
  atomic_store_explicit(&slot->word0,
                        generation << SH_W0_GEN_SHIFT |
                            (generation == SH_GENERATION_MAX ? SH_FLAG_RETIRED : 0),
                        memory_order_release);
  return (sh_type)type_of(word0);
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

sh_status shi_claim_add(shi_slot *slot) {
  return change_counts(slot, COUNT_ONE_CLAIM, 0);
}

sh_status shi_hold_copy(shi_slot *slot) {
  return change_counts(slot, COUNT_ONE_HOLD, 0);
}

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
  *type = (sh_type)type_of(atomic_load_explicit(&slot->word0, memory_order_relaxed));
  shi_unlock(&slot->lock, false);
  *index = (uint32_t)id;
  return status;
}

sh_status sh_retain(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_NONE, &slot);
  if (status == SH_OK) {
    status = shi_claim_add(slot);
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
  uint32_t length = table_length(env->heap);
  uint32_t at = *index < SH_FIRST_INDEX ? SH_FIRST_INDEX : *index;
  *count = 0;
  for (; at < length && *count < limit; at++) {
    const shi_slot *slot = shi_slot_at(env->heap, at);
    if (type_of(atomic_load_explicit(&slot->word0, memory_order_acquire)) != SH_TYPE_NONE) {
      ids[(*count)++] = shi_slot_id(slot, at);
    }
  }
  *index = at < length ? at : 0;
}
