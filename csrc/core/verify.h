// heap.verify(): walks the whole heap and checks the invariants written in the headers.
#ifndef SH_VERIFY_H
#define SH_VERIFY_H

#include "heap.h"

// Called for each broken invariant with one English sentence.
typedef void (*sh_verify_report)(void *arg, const char *problem);

typedef struct sh_verify_result {
  uint64_t objects;  // alive objects walked
  uint64_t problems; // reports made
  bool quiescent;    // nothing changed meanwhile, so the sums over all objects (holds, owners, live
                     // bytes, counts) were checked too; else only each object by itself
} sh_verify_result;

// Locks one object at a time. O(heap). HEAP_FULL if process memory for the walk is refused.
sh_status sh_heap_verify(sh_env *env, sh_verify_report report, void *arg, sh_verify_result *out);

// --- inside the core -----------------------------------------------------------------------

// Sums up, over the first `length` slots, words that change with everything that changes an object:
// two equal stamps, and nothing has changed in between. O(length).
uint64_t shi_heap_stamp(const sh_heap *heap, uint32_t length);

#endif
