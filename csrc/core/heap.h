// The heap handle: what ties region, allocator, slots, epochs and names together. It lives in
// process memory (never in the region) and is passed through the core; there is no global.
//
// Threads: sh_heap_create/destroy by one thread; everything else takes an sh_env, and an sh_env is
// used by one thread at a time (the JS thread that opened it).
#ifndef SH_HEAP_H
#define SH_HEAP_H

#include "error.h"
#include "layout.h"

typedef struct sh_heap sh_heap;
typedef struct sh_env sh_env;

#define SH_RESERVE_DEFAULT (UINT64_C(64) << 30)
#define SH_RESERVE_MIN (UINT64_C(16) << 20)
#define SH_RESERVE_MAX (UINT64_C(1) << 40)

typedef struct sh_config {
  uint64_t reserve; // bytes of address space wanted; 0: SH_RESERVE_DEFAULT. Halved until granted
                    // when 0, taken as it is otherwise. Rounded up to 16 MiB.
  uint64_t limit;   // bound of the bytes in use (slot pages + body extents); 0, or more than the
                    // reserve: the reserve
} sh_config;

// Reserves the region, makes the arenas and the map of names. OUT_OF_RANGE for a reserve outside
// [SH_RESERVE_MIN, SH_RESERVE_MAX], RESERVE_FAILED when the system refuses.
sh_status sh_heap_create(const sh_config *config, sh_heap **out);

// Unmaps everything. For embedders and tests that own every environment of the heap and have
// closed them all; the Node binding never calls it (finalizers may outlive every environment).
void sh_heap_destroy(sh_heap *heap);

// Opens an environment: one thread's door to the heap, with its caches, its limbo and its epoch.
// HEAP_FULL if process memory is refused. O(1).
sh_status sh_env_open(sh_heap *heap, sh_env **out);

// Closes it: gives up the claims of its scopes, flushes the caches, hands limbo to the heap, frees
// the record. The caller makes no further call with env. O(cached entries + claims of scopes).
void sh_env_close(sh_env *env);

sh_heap *sh_env_heap(const sh_env *env);

// Epochs (epoch.h says what they are for). Each by the environment's own thread, O(1).
//
// Goes online, before the first view store or optimistic read of a turn. Idempotent.
void sh_env_online(sh_env *env);

// At each native entry: what the environment saw before may go. No effect when offline.
void sh_env_refresh(sh_env *env);

// Goes offline: it looks at nothing until it is online again. Idempotent.
void sh_env_offline(sh_env *env);

// First byte and length of the region: for tests and for the direct view. O(1).
uint8_t *sh_heap_base(const sh_heap *heap);
uint64_t sh_heap_reserve(const sh_heap *heap);

#endif
