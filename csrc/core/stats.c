#include "stats.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "platform.h"
#include "slot.h"
#include "slot_free.h"
#include "state.h"

static void add(shi_counters *to, shi_counters *from) {
  for (unsigned i = 0; i < SH_TYPE_COUNT; i++) {
    to->objects[i] += atomic_load_explicit(&from->objects[i], memory_order_relaxed);
  }
  to->allocated += atomic_load_explicit(&from->allocated, memory_order_relaxed);
  to->limbo_bytes += atomic_load_explicit(&from->limbo_bytes, memory_order_relaxed);
  to->limbo_objects += atomic_load_explicit(&from->limbo_objects, memory_order_relaxed);
}

void shi_counters_sum(sh_heap *heap, shi_counters *out) {
  *out = (shi_counters){.allocated = 0};
  shi_lock(&heap->envs_lock);
  add(out, &heap->closed);
  for (sh_env *env = heap->envs; env != NULL; env = env->next) {
    add(out, &env->counters);
  }
  shi_unlock(&heap->envs_lock, false);
}

// Sums of counters that change meanwhile may come out below zero for a moment.
static uint64_t at_least_zero(int64_t n) { return n < 0 ? 0 : (uint64_t)n; }

static uint64_t resident(sh_heap *heap) {
  shi_header *header = heap->header;
  shi_lock(&header->slots_lock);
  uint64_t slots_end = header->slots_offset + heap->slots_committed;
  shi_unlock(&header->slots_lock, false);
  shi_lock(&heap->pages.lock);
  uint64_t bodies = ((uint64_t)heap->pages.committed - heap->pages.first) * SH_PAGE;
  shi_unlock(&heap->pages.lock, false);
  return shi_os_resident(heap->base, slots_end) +
         shi_os_resident(heap->base + header->pages_offset,
                         header->body_offset - header->pages_offset) +
         shi_os_resident(heap->base + header->body_offset, bodies);
}

void sh_heap_stats(sh_env *env, sh_stats *out) {
  sh_heap *heap = env->heap;
  shi_counters sum;
  shi_counters_sum(heap, &sum);
  *out = (sh_stats){.reserved = heap->header->reserve, .limit = heap->limit};
  uint64_t pinned = sh_heap_pinned(heap);
  uint64_t limbo_bodies = at_least_zero(sum.limbo_bytes);
  out->used_bytes = atomic_load_explicit(&heap->used_bytes, memory_order_relaxed);
  out->limbo_bytes = limbo_bodies;
  out->limbo_objects = at_least_zero(sum.limbo_objects);
  out->pinned_bytes = pinned;
  out->live_bytes = at_least_zero(sum.allocated - (int64_t)limbo_bodies - (int64_t)pinned);
  out->resident_bytes = resident(heap);
  out->slots = atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
  for (unsigned type = 0; type < SH_TYPE_COUNT; type++) {
    out->objects_by_type[type] = at_least_zero(sum.objects[type]);
    out->objects += out->objects_by_type[type];
  }
  shi_lock(&heap->envs_lock);
  out->environments = heap->env_count;
  shi_unlock(&heap->envs_lock, false);
  out->shapes = atomic_load_explicit(&heap->header->shape_count, memory_order_acquire);
  out->epoch = atomic_load_explicit(&heap->epoch, memory_order_relaxed);
}

uint64_t sh_heap_pinned(const sh_heap *heap) {
  return at_least_zero(atomic_load_explicit(&heap->pinned_bytes, memory_order_relaxed));
}

uint64_t sh_heap_limit(const sh_heap *heap) { return heap->limit; }

void sh_heap_trim(sh_env *env) {
  shi_reclaim(env);
  shi_alloc_trim(env);
  shi_slot_purge(env);
}
