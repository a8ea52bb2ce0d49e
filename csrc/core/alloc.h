// The one allocation interface of the core; jemalloc arenas with extent hooks behind it.
//
// Bodies lie inside the region and are named by offset; jemalloc's own metadata lies outside it
// (metadata_use_hooks = false). A fixed pool of min(cores, 8) arenas per class, one explicit
// thread cache per environment and class. Under ASan freed bodies and slack are poisoned, under
// TSan a free happens before the next allocation of the same address: the tools see nothing of
// jemalloc by themselves.
//
// Threads: with env, by env's thread; with env NULL (finalizers), by any.
#ifndef SH_ALLOC_H
#define SH_ALLOC_H

#include "state.h"

// Makes the heap's arenas / destroys them. False if jemalloc refuses.
bool shi_alloc_init(sh_heap *heap);
void shi_alloc_destroy(sh_heap *heap);

// Picks arenas and makes the thread caches of an environment; flushes and destroys them.
void shi_alloc_open(sh_env *env);
void shi_alloc_close(sh_env *env);

// Offset of `size` (> 0) uninitialised bytes, 8-byte aligned (16 if `align16`), or 0: the heap is
// full even after limbo, caches and free slot pages were emptied.
uint64_t shi_alloc(sh_env *env, size_t size, shi_class cls, bool align16);

// Frees it; size, class and alignment as given to shi_alloc. `env` may be NULL.
void shi_free(sh_heap *heap, sh_env *env, uint64_t offset, size_t size, shi_class cls,
              bool align16);

// Empties this environment's caches and gives jemalloc's unused extents back.
void shi_alloc_trim(sh_env *env);

// Counts bytes of the region as used; false, and nothing counted, beyond the heap's limit.
bool shi_use_bytes(sh_heap *heap, uint64_t bytes);

// What is tried before an allocation gives up: frees what limbo may free, trims, and gives pages of
// free slots back. May be called under a slot's core lock: the locks of free slots that purging
// takes have no holder that waits for another lock.
void shi_make_room(sh_env *env);

// Memory of the process, outside the region: zeroed, or NULL. `heap` is what it is for (NULL: the
// heap's own record), which is what a test refuses it by.
void *shi_local_alloc(sh_heap *heap, size_t size);
void shi_local_free(void *memory);

#ifdef SH_TEST
// The n-th allocation from now (0: the next) fails; n < 0 switches this off.
void sh_test_fail_after(sh_heap *heap, int64_t n);

// The same for memory of the process.
void sh_test_fail_local_after(sh_heap *heap, int64_t n);
#endif

#endif
