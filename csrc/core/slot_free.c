#include "slot_free.h"

#include "alloc.h"
#include "lock.h"
#include "platform.h"
#include "scope_list.h"
#include "slot.h"

#include <string.h>

#define COMMIT_STEP (UINT64_C(1) << 20) // bytes of slot table made accessible at once

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
  uint32_t count =
      (uint32_t)atomic_load_explicit(&shi_slot_at(heap, first)->payload[1], memory_order_relaxed);
  SHI_CHECK(count >= 1 && count <= SH_SLOTS_PER_PAGE);
  for (uint32_t i = 0; i < count; i++) {
    indices[i] = first;
    first =
        (uint32_t)atomic_load_explicit(&shi_slot_at(heap, first)->payload[0], memory_order_relaxed);
  }
  return count;
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
  if (!shi_use_bytes(heap, SH_PAGE)) {
    return 0;
  }
  shi_lock(&heap->header->slots_lock);
  if (heap->purged_pages[number] != 0) {
    page = heap->purged_pages[number];
    uint64_t record = atomic_load_explicit(shi_page_record(heap, page), memory_order_relaxed);
    heap->purged_pages[number] = (uint32_t)(record >> SH_PAGE_NEXT_SHIFT);
    *floor = (uint32_t)(record & SH_PAGE_FLOOR_MASK);
  } else {
    uint32_t length = shi_slots_length(heap);
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
  atomic_store_explicit(shi_page_record(heap, page), number ? SH_PAGE_NUMBER : 0,
                        memory_order_release);
  push_indices(heap, number, indices, SHI_SLOT_BATCH);
  env->slots[number].count = (uint32_t)SH_SLOTS_PER_PAGE - SHI_SLOT_BATCH;
  for (uint32_t i = 0; i < env->slots[number].count; i++) {
    env->slots[number].index[i] = indices[SHI_SLOT_BATCH + i];
  }
  return true;
}

sh_status shi_slot_take(sh_env *env, bool number, uint32_t *index) {
  if (!shi_scope_ready(env)) {
    return SH_E_HEAP_FULL;
  }
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
  if (shi_generation_of(atomic_load_explicit(&shi_slot_at(env->heap, index)->word0,
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

// Gives whole pages of free slots back: their highest generation is kept in the page record.
static void purge_page(sh_heap *heap, bool number, uint32_t page) {
  uint32_t floor = 0;
  uint32_t base = page * (uint32_t)SH_SLOTS_PER_PAGE;
  for (uint32_t i = 0; i < SH_SLOTS_PER_PAGE; i++) {
    uint32_t word0 =
        atomic_load_explicit(&shi_slot_at(heap, base + i)->word0, memory_order_relaxed);
    floor = shi_generation_of(word0) > floor ? shi_generation_of(word0) : floor;
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
  atomic_store_explicit(shi_page_record(heap, page),
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
  uint32_t pages = shi_slots_length(heap) / (uint32_t)SH_SLOTS_PER_PAGE;
  uint8_t *counts = shi_local_alloc(heap, pages);
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
