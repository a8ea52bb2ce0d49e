#include "epoch.h"

#include "alloc.h"
#include "lock.h"
#include "slot.h"
#include "slot_free.h"

#define CHUNK_ENTRIES 254u
#define RECLAIM_BYTES (UINT64_C(1) << 20)

typedef struct limbo_entry {
  uint64_t what; // slot index or body offset
  uint32_t kind; // shi_retired
  uint64_t size;
} limbo_entry;

struct shi_limbo_chunk {
  struct shi_limbo_chunk *next;
  uint64_t epoch;
  uint32_t count;
  bool sealed; // nothing is appended any more, so its epoch stays
  limbo_entry entries[CHUNK_ENTRIES];
};

// gcc makes this a locked instruction on x86-64, clang an mfence, with which making and dropping an
// object takes 2.5 times as long.
static inline void full_fence(void) {
#if defined(__clang__) && defined(__x86_64__)
  __asm__ volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
  atomic_thread_fence(memory_order_seq_cst);
#endif
}

// A full fence between unlinking memory and looking for readers (E2). ThreadSanitizer does not
// model fences: there, a read-modify-write of the word that is looked at has the same effect.
static uint32_t fence_and_count_online(sh_heap *heap) {
#if defined(__SANITIZE_THREAD__)
  return atomic_fetch_add_explicit(&heap->online, 0, memory_order_seq_cst);
#else
  full_fence();
  return atomic_load_explicit(&heap->online, memory_order_seq_cst);
#endif
}

void sh_env_online(sh_env *env) {
  if (atomic_load_explicit(&env->published, memory_order_relaxed) != 0) {
    return;
  }
  sh_heap *heap = env->heap;
  atomic_store_explicit(&env->published, atomic_load(&heap->epoch), memory_order_seq_cst);
  // The increment is the full fence of E2.
  atomic_fetch_add_explicit(&heap->online, 1, memory_order_seq_cst);
#if !defined(__SANITIZE_THREAD__)
  full_fence();
#endif
}

static void refresh(sh_env *env) {
  uint64_t published = atomic_load_explicit(&env->published, memory_order_relaxed);
  if (published == 0) {
    return;
  }
  // Every native entry comes through here, the epoch seldom moves: the fence is paid when it has.
  uint64_t epoch = atomic_load(&env->heap->epoch);
  if (epoch != published) {
    atomic_store_explicit(&env->published, epoch, memory_order_seq_cst);
  }
}

void sh_env_refresh(sh_env *env) {
  refresh(env);
  // What finalizers retire has nobody else to look after it.
  if (atomic_load_explicit(&env->heap->orphan_bytes, memory_order_relaxed) >= RECLAIM_BYTES) {
    shi_reclaim(env);
  }
}

void sh_env_offline(sh_env *env) {
  if (atomic_load_explicit(&env->published, memory_order_relaxed) != 0) {
    atomic_store_explicit(&env->published, 0, memory_order_seq_cst);
    atomic_fetch_sub_explicit(&env->heap->online, 1, memory_order_seq_cst);
  }
}

static void free_retired(sh_heap *heap, sh_env *env, shi_retired kind, uint64_t what,
                         uint64_t size) {
  switch (kind) {
  case SHI_RETIRED_SLOT:
  case SHI_RETIRED_NUMBER_SLOT:
    shi_slot_untake(env, kind == SHI_RETIRED_NUMBER_SLOT, (uint32_t)what);
    break;
  case SHI_RETIRED_DATA:
  case SHI_RETIRED_DATA16:
    shi_free(heap, env, what, size, SHI_CLASS_DATA, kind == SHI_RETIRED_DATA16);
    break;
  case SHI_RETIRED_FIELDS:
    shi_free(heap, env, what, size, SHI_CLASS_FIELDS, false);
    break;
  }
}

// Bytes of bodies only, so that they add up with `allocated`; a slot counts as an object.
static uint64_t limbo_size(shi_retired kind, uint64_t size) {
  return kind <= SHI_RETIRED_NUMBER_SLOT ? 0 : size;
}

static int64_t limbo_slots(shi_retired kind) { return kind <= SHI_RETIRED_NUMBER_SLOT ? 1 : 0; }

static void count_limbo(sh_env *env, shi_retired kind, uint64_t size, int sign) {
  shi_count(&env->counters.limbo_bytes, sign * (int64_t)limbo_size(kind, size));
  shi_count(&env->counters.limbo_objects, sign * limbo_slots(kind));
}

// What is retired from here on must not make the entries before it wait for a newer epoch: a chunk
// of large bodies would otherwise stay until it is full.
static void seal(shi_limbo *limbo) {
  if (limbo->tail != NULL) {
    limbo->tail->sealed = true;
  }
}

// Frees every chunk at the head of the queue that is older than `before`.
static void free_older(sh_env *env, shi_limbo *limbo, uint64_t before) {
  while (limbo->head != NULL && limbo->head->epoch < before) {
    struct shi_limbo_chunk *chunk = limbo->head;
    limbo->head = chunk->next;
    if (limbo->head == NULL) {
      limbo->tail = NULL;
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
      limbo_entry *entry = &chunk->entries[i];
      count_limbo(env, (shi_retired)entry->kind, entry->size, -1);
      free_retired(env->heap, env, (shi_retired)entry->kind, entry->what, entry->size);
    }
    shi_local_free(chunk);
  }
}

void shi_reclaim(sh_env *env) {
  sh_heap *heap = env->heap;
  refresh(env); // inside the core an environment holds nothing it saw from outside
  env->limbo_since = 0;
  // Everything retired so far is stamped at most with the epoch that ends here.
  uint64_t before = atomic_fetch_add(&heap->epoch, 1) + 1;
  refresh(env);
  shi_lock(&heap->envs_lock);
  for (sh_env *other = heap->envs; other != NULL; other = other->next) {
    uint64_t seen = atomic_load_explicit(&other->published, memory_order_seq_cst);
    if (seen != 0 && seen < before) {
      before = seen;
    }
  }
  shi_limbo orphans = heap->orphans;
  heap->orphans = (shi_limbo){NULL, NULL};
  atomic_store_explicit(&heap->orphan_bytes, 0, memory_order_relaxed);
  shi_unlock(&heap->envs_lock, false);
  free_older(env, &env->limbo, before);
  free_older(env, &orphans, before);
  seal(&env->limbo);
  seal(&orphans);
  if (orphans.head != NULL) {
    shi_lock(&heap->envs_lock);
    orphans.tail->next = heap->orphans.head;
    if (heap->orphans.head == NULL) {
      heap->orphans.tail = orphans.tail;
    }
    heap->orphans.head = orphans.head;
    shi_unlock(&heap->envs_lock, false);
  }
}

// The chunk to append to, a new one if the last is full; NULL if process memory is refused.
static struct shi_limbo_chunk *tail_chunk(sh_heap *heap, shi_limbo *limbo) {
  struct shi_limbo_chunk *tail = limbo->tail;
  if (tail != NULL && tail->count < CHUNK_ENTRIES && !tail->sealed) {
    return tail;
  }
  struct shi_limbo_chunk *chunk = shi_local_alloc(heap, sizeof *chunk);
  if (chunk == NULL) {
    return NULL;
  }
  if (tail != NULL) {
    tail->next = chunk;
  } else {
    limbo->head = chunk;
  }
  limbo->tail = chunk;
  return chunk;
}

// False if a chunk was filled or none could be had: time to reclaim.
static bool append(sh_heap *heap, shi_limbo *limbo, limbo_entry entry) {
  struct shi_limbo_chunk *chunk = tail_chunk(heap, limbo);
  if (chunk == NULL) {
    return false; // stays counted as limbo, never reused
  }
  chunk->entries[chunk->count++] = entry;
  chunk->epoch = atomic_load_explicit(&heap->epoch, memory_order_seq_cst);
  return chunk->count < CHUNK_ENTRIES;
}

// A finalizer's: it has no environment, so the heap keeps the entry for whoever reclaims next.
static void retire_orphan(sh_heap *heap, limbo_entry entry) {
  shi_lock(&heap->envs_lock);
  (void)append(heap, &heap->orphans, entry);
  atomic_fetch_add_explicit(&heap->orphan_bytes, entry.size, memory_order_relaxed);
  shi_unlock(&heap->envs_lock, false);
  atomic_fetch_add_explicit(&heap->closed.limbo_bytes,
                            (int64_t)limbo_size((shi_retired)entry.kind, entry.size),
                            memory_order_relaxed);
}

void shi_retire(sh_heap *heap, sh_env *env, shi_retired kind, uint64_t what, size_t size) {
  if (fence_and_count_online(heap) == 0) {
    free_retired(heap, env, kind, what, size);
    return;
  }
  limbo_entry entry = {.what = what, .kind = kind, .size = size};
  if (env == NULL) {
    retire_orphan(heap, entry);
    return;
  }
  count_limbo(env, kind, size, 1);
  env->limbo_since += limbo_size(kind, size);
  if (!append(heap, &env->limbo, entry) || env->limbo_since >= RECLAIM_BYTES) {
    shi_reclaim(env);
  }
}

// Moves the counts over; under envs_lock, so that no sum sees them twice or not at all.
static void move_counters(shi_counters *to, shi_counters *from) {
  for (unsigned i = 0; i < SH_TYPE_COUNT; i++) {
    atomic_fetch_add_explicit(&to->objects[i], from->objects[i], memory_order_relaxed);
  }
  atomic_fetch_add_explicit(&to->allocated, from->allocated, memory_order_relaxed);
  atomic_fetch_add_explicit(&to->limbo_bytes, from->limbo_bytes, memory_order_relaxed);
  atomic_fetch_add_explicit(&to->limbo_objects, from->limbo_objects, memory_order_relaxed);
  *from = (shi_counters){.allocated = 0};
}

void shi_limbo_orphan(sh_env *env) {
  sh_heap *heap = env->heap;
  sh_env_offline(env);
  shi_reclaim(env);
  shi_lock(&heap->envs_lock);
  if (env->limbo.head != NULL) {
    if (heap->orphans.tail != NULL) {
      heap->orphans.tail->next = env->limbo.head;
    } else {
      heap->orphans.head = env->limbo.head;
    }
    heap->orphans.tail = env->limbo.tail;
  }
  move_counters(&heap->closed, &env->counters);
  shi_unlock(&heap->envs_lock, false);
}

void shi_limbo_free(sh_heap *heap) {
  while (heap->orphans.head != NULL) {
    struct shi_limbo_chunk *chunk = heap->orphans.head;
    heap->orphans.head = chunk->next;
    shi_local_free(chunk);
  }
}
