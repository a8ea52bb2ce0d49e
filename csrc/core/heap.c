#include "heap.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "map_table.h"
#include "monitor.h"
#include "names.h"
#include "platform.h"
#include "scope.h"
#include "slot.h"
#include "slot_free.h"
#include "text.h"
#include "trace.h"
#include "watch.h"

#define RESERVE_STEP SH_RESERVE_MIN

static uint64_t round_up(uint64_t n, uint64_t step) { return (n + step - 1) / step * step; }

// Reserves what was asked for; a default is halved until the system grants it (an address space
// limit, as `ulimit -v` sets it, is left room for the rest of the process).
static sh_status reserve_region(sh_heap *heap, uint64_t wanted, uint64_t *granted) {
  bool fixed = wanted != 0;
  uint64_t bytes = fixed ? wanted : SH_RESERVE_DEFAULT;
  uint64_t most = shi_os_address_limit() / 4;
  if (!fixed) {
    while (bytes > most && bytes > SH_RESERVE_MIN) {
      bytes /= 2;
    }
  }
  bytes = round_up(bytes, RESERVE_STEP);
  heap->base = shi_os_reserve(bytes);
  while (heap->base == NULL && !fixed && bytes > SH_RESERVE_MIN) {
    bytes /= 2;
    heap->base = shi_os_reserve(bytes);
  }
  if (heap->base == NULL) {
    return SH_E_RESERVE_FAILED;
  }
  *granted = bytes;
  return SH_OK;
}

// Writes the header and makes its part of the region, and the first page of slots, accessible.
static bool lay_out(sh_heap *heap, uint64_t reserve) {
  uint64_t slots_bytes = reserve / 16;
  uint64_t slot_pages = slots_bytes / SH_PAGE;
  uint64_t slots_offset = SH_HEADER_BYTES;
  uint64_t pages_offset = slots_offset + slots_bytes;
  uint64_t records_bytes = round_up(slot_pages * sizeof(uint64_t), SH_PAGE);
  uint64_t body_offset = pages_offset + records_bytes;
  if (!shi_os_commit(heap->base, SH_HEADER_BYTES) ||
      !shi_os_commit(heap->base + pages_offset, records_bytes) ||
      !shi_os_commit(heap->base + slots_offset, SH_PAGE)) {
    return false;
  }
  shi_header *header = (shi_header *)(void *)heap->base;
  heap->header = header;
  heap->slots_committed = SH_PAGE;
  header->magic = SH_MAGIC;
  header->layout_version = SH_LAYOUT_VERSION;
  header->slot_capacity = (uint32_t)(slots_bytes / SH_SLOT_BYTES);
  header->reserve = reserve;
  header->slots_offset = slots_offset;
  header->pages_offset = pages_offset;
  header->body_offset = body_offset;
  shi_os_random(header->hash_seed, sizeof header->hash_seed);
  atomic_store_explicit(&header->slot_length, (uint32_t)SH_SLOTS_PER_PAGE, memory_order_relaxed);
  atomic_store_explicit(&heap->used_bytes, SH_PAGE, memory_order_relaxed);
  return shi_pages_init(&heap->pages, heap->base, (uint32_t)(body_offset / SH_PAGE),
                        (uint32_t)(reserve / SH_PAGE));
}

// The map of names is slot 1; the rest of the first page is free.
static void make_first_slots(sh_heap *heap) {
  shi_slot *names = shi_slot_at(heap, SH_NAMES_INDEX);
  shi_table_init(names);
  atomic_store_explicit(&names->counts, 1, memory_order_relaxed);
  atomic_store_explicit(&names->word0, (uint32_t)SH_TYPE_MAP << SH_W0_TYPE_SHIFT,
                        memory_order_relaxed);
  shi_slot_seed(heap);
}

sh_status sh_heap_create(const sh_config *config, sh_heap **out) {
  uint64_t reserve = 0;
  if (config->reserve != 0 &&
      (config->reserve < SH_RESERVE_MIN || config->reserve > SH_RESERVE_MAX)) {
    return SH_E_OUT_OF_RANGE;
  }
  sh_heap *heap = shi_local_alloc(NULL, sizeof *heap);
  if (heap == NULL) {
    return SH_E_HEAP_FULL;
  }
  sh_status status = reserve_region(heap, config->reserve, &reserve);
  if (status != SH_OK) {
    shi_local_free(heap);
    return status;
  }
  if (!lay_out(heap, reserve)) {
    shi_os_release(heap->base, reserve);
    shi_local_free(heap);
    return SH_E_RESERVE_FAILED;
  }
  heap->limit = config->limit == 0 || config->limit > reserve ? reserve : config->limit;
  atomic_store_explicit(&heap->epoch, 1, memory_order_relaxed);
#ifdef SH_TEST
  atomic_store_explicit(&heap->fail_after, -1, memory_order_relaxed);
  atomic_store_explicit(&heap->fail_local_after, -1, memory_order_relaxed);
#endif
  make_first_slots(heap);
  if (!shi_alloc_init(heap)) {
    sh_heap_destroy(heap);
    return SH_E_HEAP_FULL;
  }
  *out = heap;
  return SH_OK;
}

void sh_heap_destroy(sh_heap *heap) {
  shi_watches_free(heap);
  shi_monitors_free(heap);
  shi_trace_free(heap);
  shi_limbo_free(heap);
  shi_alloc_destroy(heap);
  shi_pages_destroy(&heap->pages);
  shi_os_release(heap->base, heap->header->reserve);
  shi_local_free(heap);
}

sh_status sh_env_open(sh_heap *heap, sh_env **out) {
  sh_env *env = shi_local_alloc(heap, sizeof *env);
  if (env == NULL) {
    return SH_E_HEAP_FULL;
  }
  env->read_buffer = shi_local_alloc(heap, SHI_READ_BUFFER);
  if (env->read_buffer == NULL) {
    shi_local_free(env);
    return SH_E_HEAP_FULL;
  }
  env->heap = heap;
  env->thread = shi_os_thread();
  shi_alloc_open(env);
  shi_lock(&heap->envs_lock);
  env->next = heap->envs;
  if (heap->envs != NULL) {
    heap->envs->previous = env;
  }
  heap->envs = env;
  heap->env_count++;
  shi_unlock(&heap->envs_lock, false);
  *out = env;
  return SH_OK;
}

void sh_env_close(sh_env *env) {
  sh_heap *heap = env->heap;
  sh_scope_end(env);
  shi_waits_close(env);
  shi_limbo_orphan(env);
  shi_slot_flush(env);
  shi_alloc_close(env);
  shi_lock(&heap->envs_lock);
  if (env->previous != NULL) {
    env->previous->next = env->next;
  } else {
    heap->envs = env->next;
  }
  if (env->next != NULL) {
    env->next->previous = env->previous;
  }
  heap->env_count--;
  shi_unlock(&heap->envs_lock, false);
  shi_write_free(env);
  shi_local_free(env->read_buffer);
  shi_local_free(env);
}

sh_heap *sh_env_heap(const sh_env *env) { return env->heap; }

uint8_t *sh_heap_base(const sh_heap *heap) { return heap->base; }

uint64_t sh_heap_reserve(const sh_heap *heap) { return heap->header->reserve; }
