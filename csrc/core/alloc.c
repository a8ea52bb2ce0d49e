#include "alloc.h"

#include "epoch.h"
#include "lock.h"
#include "platform.h"
#include "slot.h"
#include "slot_free.h"

#include <stdio.h>
#include <string.h>

#include <jemalloc/jemalloc.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
// Bodies that fill their size class, as tables and vectors do, would have no slack to poison.
#define RED_ZONE 16u
#else
#define RED_ZONE 0u
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at))
#endif

#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define TSAN_ACQUIRE(at) __tsan_acquire(at)
#define TSAN_RELEASE(at) __tsan_release(at)
#else
#define TSAN_ACQUIRE(at) ((void)(at))
#define TSAN_RELEASE(at) ((void)(at))
#endif

// jemalloc hands the hooks back to each call; the heap is found behind them.
struct shi_arena_hooks {
  extent_hooks_t hooks;
  sh_heap *heap;
};

// As jemalloc 5.3.0 declares it inside (include/jemalloc/internal/arena_types.h); the mallctl
// checks its size.
typedef struct arena_config {
  extent_hooks_t *extent_hooks;
  bool metadata_use_hooks;
} arena_config;

static sh_heap *hooks_heap(extent_hooks_t *hooks) {
  return ((struct shi_arena_hooks *)(void *)hooks)->heap;
}

bool shi_use_bytes(sh_heap *heap, uint64_t bytes) {
  uint64_t used = atomic_load_explicit(&heap->used_bytes, memory_order_relaxed);
  do {
    // Checked before it is added: a request too large must not make another thread's fail.
    if (bytes > heap->limit || used > heap->limit - bytes) {
      return false;
    }
  } while (!atomic_compare_exchange_weak_explicit(&heap->used_bytes, &used, used + bytes,
                                                  memory_order_relaxed, memory_order_relaxed));
  return true;
}

static void *extent_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
                          bool *zero, bool *commit, unsigned arena) {
  (void)arena;
  sh_heap *heap = hooks_heap(hooks);
  if (new_addr != NULL || size / SH_PAGE > UINT32_MAX || alignment / SH_PAGE > UINT32_MAX) {
    return NULL; // growing in place is left to the page allocator's coalescing
  }
  if (!shi_use_bytes(heap, size)) {
    return NULL;
  }
  uint32_t page = shi_pages_take(&heap->pages, (uint32_t)(size / SH_PAGE),
                                 alignment > SH_PAGE ? (uint32_t)(alignment / SH_PAGE) : 1);
  if (page == 0) {
    atomic_fetch_sub_explicit(&heap->used_bytes, size, memory_order_relaxed);
    return NULL;
  }
  *zero = true;
  *commit = true;
  return shi_at(heap, (uint64_t)page * SH_PAGE);
}

static void give_back(sh_heap *heap, void *addr, size_t size) {
  ASAN_POISON_MEMORY_REGION(addr, size);
  shi_pages_give(&heap->pages, (uint32_t)((uint64_t)((uint8_t *)addr - heap->base) / SH_PAGE),
                 (uint32_t)(size / SH_PAGE));
  atomic_fetch_sub_explicit(&heap->used_bytes, size, memory_order_relaxed);
}

static bool extent_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
                          unsigned arena) {
  (void)committed;
  (void)arena;
  give_back(hooks_heap(hooks), addr, size);
  return false;
}

static void extent_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
                           unsigned arena) {
  (void)committed;
  (void)arena;
  give_back(hooks_heap(hooks), addr, size);
}

static bool extent_purge(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
                         size_t length, unsigned arena) {
  (void)hooks;
  (void)size;
  (void)arena;
  return !shi_os_purge((uint8_t *)addr + offset, length);
}

// Extents are page runs of one table: any part may be given back by itself, any two neighbours
// may be one.
static bool extent_split(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
                         size_t size_b, bool committed, unsigned arena) {
  (void)hooks, (void)addr, (void)size, (void)size_a, (void)size_b, (void)committed, (void)arena;
  return false;
}

static bool extent_merge(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
                         size_t size_b, bool committed, unsigned arena) {
  (void)hooks, (void)addr_a, (void)size_a, (void)addr_b, (void)size_b, (void)committed, (void)arena;
  return false;
}

#ifdef SH_TEST
// Whether the allocation at hand is one that a test wants refused, now and from then on.
static bool is_refused(_Atomic int64_t *fail_after) {
  int64_t left = atomic_load_explicit(fail_after, memory_order_relaxed);
  if (left > 0) {
    atomic_fetch_sub_explicit(fail_after, 1, memory_order_relaxed);
  }
  return left == 0;
}
#endif

void *shi_local_alloc(sh_heap *heap, size_t size) {
#ifdef SH_TEST
  if (heap != NULL && is_refused(&heap->fail_local_after)) {
    return NULL;
  }
#else
  (void)heap;
#endif
  return je_calloc(1, size);
}

void shi_local_free(void *memory) { je_free(memory); }

static void arena_command(unsigned arena, const char *command) {
  char name[64];
  (void)snprintf(name, sizeof name, "arena.%u.%s", arena, command);
  SHI_CHECK(je_mallctl(name, NULL, NULL, NULL, 0) == 0);
}

static unsigned arena_at(const sh_heap *heap, unsigned i) {
  return heap->arenas[i % SHI_CLASS_COUNT][i / SHI_CLASS_COUNT];
}

bool shi_alloc_init(sh_heap *heap) {
  heap->hooks = shi_local_alloc(NULL, sizeof *heap->hooks);
  if (heap->hooks == NULL) {
    return false;
  }
  heap->hooks->heap = heap;
  heap->hooks->hooks = (extent_hooks_t){.alloc = extent_alloc,
                                        .dalloc = extent_dalloc,
                                        .destroy = extent_destroy,
                                        .purge_forced = extent_purge,
                                        .split = extent_split,
                                        .merge = extent_merge};
  arena_config config = {.extent_hooks = &heap->hooks->hooks, .metadata_use_hooks = false};
  unsigned cores = shi_os_cores();
  unsigned wanted = cores < SHI_ARENAS_MAX ? cores : SHI_ARENAS_MAX;
  for (unsigned i = 0; i < wanted * SHI_CLASS_COUNT; i++) {
    unsigned arena = 0;
    size_t size = sizeof arena;
    if (je_mallctl("experimental.arenas_create_ext", &arena, &size, &config, sizeof config) != 0) {
      // The arenas made so far are destroyed with the heap.
      return false;
    }
    heap->arenas[i % SHI_CLASS_COUNT][i / SHI_CLASS_COUNT] = arena;
    heap->arenas_made = i + 1;
  }
  heap->arena_count = wanted;
  return true;
}

void shi_alloc_destroy(sh_heap *heap) {
  for (unsigned i = 0; i < heap->arenas_made; i++) {
    arena_command(arena_at(heap, i), "destroy");
  }
  shi_local_free(heap->hooks);
  // The addresses will be somebody else's, and munmap does not tell ASan.
  ASAN_UNPOISON_MEMORY_REGION(shi_at(heap, (uint64_t)heap->pages.first * SH_PAGE),
                              (uint64_t)(heap->pages.committed - heap->pages.first) * SH_PAGE);
}

void shi_alloc_open(sh_env *env) {
  sh_heap *heap = env->heap;
  uint32_t turn = atomic_fetch_add_explicit(&heap->next_arena, 1, memory_order_relaxed);
  for (unsigned cls = 0; cls < SHI_CLASS_COUNT; cls++) {
    size_t size = sizeof env->tcache[cls];
    env->arena[cls] = heap->arenas[cls][turn % heap->arena_count];
    // jemalloc has room for some 4000 explicit caches; an environment beyond that works without.
    env->has_tcache[cls] = je_mallctl("tcache.create", &env->tcache[cls], &size, NULL, 0) == 0;
    env->tcache_flags[cls] =
        env->has_tcache[cls] ? (int)MALLOCX_TCACHE(env->tcache[cls]) : (int)MALLOCX_TCACHE_NONE;
  }
}

static void tcache_command(sh_env *env, unsigned cls, const char *command) {
  if (env->has_tcache[cls]) {
    SHI_CHECK(je_mallctl(command, NULL, NULL, &env->tcache[cls], sizeof env->tcache[cls]) == 0);
  }
}

void shi_alloc_close(sh_env *env) {
  for (unsigned cls = 0; cls < SHI_CLASS_COUNT; cls++) {
    tcache_command(env, cls, "tcache.destroy");
  }
}

void shi_alloc_trim(sh_env *env) {
  for (unsigned cls = 0; cls < SHI_CLASS_COUNT; cls++) {
    tcache_command(env, cls, "tcache.flush");
  }
  for (unsigned i = 0; i < env->heap->arenas_made; i++) {
    arena_command(arena_at(env->heap, i), "purge");
  }
}

void shi_make_room(sh_env *env) {
  shi_reclaim(env);
  shi_alloc_trim(env);
  shi_slot_purge(env); // under a limit, pages of free slots are room for bodies
}

static void *try_alloc(sh_env *env, size_t size, shi_class cls, int align) {
#ifdef SH_TEST
  if (is_refused(&env->heap->fail_after)) {
    return NULL;
  }
#endif
  return je_mallocx(size + RED_ZONE,
                    (int)MALLOCX_ARENA(env->arena[cls]) | env->tcache_flags[cls] | align);
}

uint64_t shi_alloc(sh_env *env, size_t size, shi_class cls, bool align16) {
  int align = align16 ? MALLOCX_LG_ALIGN(4) : 0;
  void *body = try_alloc(env, size, cls, align);
  if (SHI_UNLIKELY(body == NULL)) {
    shi_make_room(env);
    body = try_alloc(env, size, cls, align);
    if (body == NULL) {
      return 0;
    }
  }
  TSAN_ACQUIRE(body);
  ASAN_POISON_MEMORY_REGION(body, je_nallocx(size + RED_ZONE, align)); // fresh memory: the slack
  ASAN_UNPOISON_MEMORY_REGION(body, size);
  shi_count(&env->counters.allocated, (int64_t)size);
  return (uint64_t)((uint8_t *)body - env->heap->base);
}

void shi_free(sh_heap *heap, sh_env *env, uint64_t offset, size_t size, shi_class cls,
              bool align16) {
  int align = align16 ? MALLOCX_LG_ALIGN(4) : 0;
  void *body = shi_at(heap, offset);
  SHI_ASSERT(offset >= heap->header->body_offset && offset + size <= heap->header->reserve);
  TSAN_RELEASE(body);
  ASAN_POISON_MEMORY_REGION(body, je_nallocx(size + RED_ZONE, align));
  if (env != NULL) {
    shi_count(&env->counters.allocated, -(int64_t)size);
    je_sdallocx(body, size + RED_ZONE, env->tcache_flags[cls] | align);
  } else {
    atomic_fetch_sub_explicit(&heap->closed.allocated, (int64_t)size, memory_order_relaxed);
    je_sdallocx(body, size + RED_ZONE, (int)MALLOCX_TCACHE_NONE | align);
  }
}

#ifdef SH_TEST
void sh_test_fail_after(sh_heap *heap, int64_t n) {
  atomic_store_explicit(&heap->fail_after, n, memory_order_relaxed);
}

void sh_test_fail_local_after(sh_heap *heap, int64_t n) {
  atomic_store_explicit(&heap->fail_local_after, n, memory_order_relaxed);
}
#endif
