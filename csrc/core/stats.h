// What the heap holds and uses, and giving memory back.
#ifndef SH_STATS_H
#define SH_STATS_H

#include "heap.h"

typedef struct sh_stats {
  uint64_t reserved;       // bytes of address space
  uint64_t limit;          // bound of used_bytes
  uint64_t used_bytes;     // slot pages and body extents taken from the region (>= live)
  uint64_t live_bytes;     // bytes asked for by live objects' bodies and by shapes
  uint64_t resident_bytes; // physical memory of the region
  uint64_t limbo_bytes;    // bodies that wait for an epoch
  uint64_t limbo_objects;  // slots that wait for an epoch
  uint64_t pinned_bytes;   // payloads of dead owners that a reader still pins
  uint64_t slots;          // slots the table has grown to
  uint64_t objects;        // alive
  uint64_t objects_by_type[SH_TYPE_COUNT];
  uint32_t environments; // open
  uint32_t shapes;
  uint64_t epoch;
} sh_stats;

// O(reserved pages in use) for resident_bytes, else O(environments). Sums of counters that other
// threads change meanwhile: exact when they are quiet.
void sh_heap_stats(sh_env *env, sh_stats *out);

// Payloads of dead owners that a reader still pins. Any thread, O(1).
uint64_t sh_heap_pinned(const sh_heap *heap);

// The bound of used_bytes. Any thread, O(1).
uint64_t sh_heap_limit(const sh_heap *heap);

// Gives free memory back to the system: limbo that may go, this environment's caches, jemalloc's
// unused extents, whole pages of free slots. O(free memory).
void sh_heap_trim(sh_env *env);

// Sums a counter over open and closed environments.
struct shi_counters;
void shi_counters_sum(sh_heap *heap, struct shi_counters *out);

#endif
