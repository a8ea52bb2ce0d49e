// Where objects were made: for each slot the place in the program ("site") that its object came
// from, in process memory. Filled only while tracing is on (SHARED_HEAP_TRACE=1 in the binding);
// nothing in the core asks for it but surveys.
//
// A site is a text, a stack in the binding, numbered from 1 in the order of first use and kept as
// long as the heap. 0 is "unknown". All of it is guarded by `trace_lock`, under which nothing is
// locked but the process's allocator.
#ifndef SH_TRACE_H
#define SH_TRACE_H

#include "heap.h"

#include <stddef.h>

#define SH_SITE_UNKNOWN 0u
#define SH_SITE_BYTES_MAX 8192u // a longer text is cut

// --- for the binding -----------------------------------------------------------------------

// The number of a site, the same for equal texts. SH_SITE_UNKNOWN if process memory is refused.
// Expected O(length).
uint32_t sh_trace_site(sh_env *env, const char *text, size_t length);

// Remembers where an object was made, until its slot has another one that is traced. Best effort:
// without process memory the object's site stays unknown. O(1), amortised.
void sh_trace_object(sh_env *env, sh_id id, uint32_t site);

// The text of a site, NULL for SH_SITE_UNKNOWN or a number never given. Valid as long as the heap.
const char *sh_trace_text(sh_env *env, uint32_t site);

// --- inside the core -----------------------------------------------------------------------

// The site of an object, SH_SITE_UNKNOWN if none is known. O(1).
uint32_t shi_trace_site_of(sh_heap *heap, sh_id id);

// Sites are numbered below this.
uint32_t shi_trace_site_count(sh_heap *heap);

void shi_trace_free(sh_heap *heap);

#endif
