#include "trace.h"

#include "alloc.h"
#include "lock.h"
#include "state.h"

#include <string.h>

#define FIRST_SITES 64u
#define FIRST_OBJECTS 1024u

typedef struct site {
  uint32_t hash;
  uint32_t length;
  char *text; // with a NUL behind it
} site;

// What the object of a slot is: its generation tells whether it is still that one.
typedef struct origin {
  uint32_t generation;
  uint32_t site;
} origin;

struct shi_trace {
  site *sites; // sites[i] has number i; 0 is not used
  uint32_t site_count;
  uint32_t site_room; // a power of two
  uint32_t *index;    // hash table of 2 * site_room site numbers, linear probing; 0: free
  origin *origins;    // by slot index
  uint32_t origin_room;
};

// FNV-1a: texts are compared afterwards, and their author is the program itself.
static uint32_t hash_of(const char *text, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ (uint8_t)text[i]) * 16777619u;
  }
  return hash;
}

// A larger block with the first `used` bytes of the old one, which is freed; NULL if refused.
static void *grow(sh_heap *heap, void *old, size_t used, size_t size) {
  void *block = shi_local_alloc(heap, size);
  if (block != NULL && used > 0) {
    memcpy(block, old, used);
    shi_local_free(old);
  }
  return block;
}

// The place in the index of a text, or the free one where it belongs.
static uint32_t *place_of(const struct shi_trace *trace, uint32_t hash, const char *text,
                          size_t length) {
  uint32_t mask = 2 * trace->site_room - 1;
  uint32_t at = hash & mask;
  for (; trace->index[at] != 0; at = (at + 1) & mask) {
    const site *known = &trace->sites[trace->index[at]];
    if (known->hash == hash && known->length == length && memcmp(known->text, text, length) == 0) {
      break;
    }
  }
  return &trace->index[at];
}

static bool make_site_room(sh_heap *heap, struct shi_trace *trace) {
  if (trace->site_count < trace->site_room) {
    return true;
  }
  uint32_t room = trace->site_room == 0 ? FIRST_SITES : 2 * trace->site_room;
  uint32_t *index = shi_local_alloc(heap, (size_t)2 * room * sizeof *index);
  site *sites = index == NULL
                    ? NULL
                    : grow(heap, trace->sites, trace->site_count * sizeof *sites, room * sizeof *sites);
  if (sites == NULL) {
    shi_local_free(index);
    return false;
  }
  shi_local_free(trace->index);
  trace->index = index;
  trace->sites = sites;
  trace->site_room = room;
  for (uint32_t i = 1; i < trace->site_count; i++) {
    *place_of(trace, sites[i].hash, sites[i].text, sites[i].length) = i;
  }
  if (trace->site_count == 0) {
    trace->site_count = 1; // number 0 is nobody's
  }
  return true;
}

// Under the lock. NULL if memory is refused.
static struct shi_trace *trace_of(sh_heap *heap) {
  if (heap->trace == NULL) {
    heap->trace = shi_local_alloc(heap, sizeof *heap->trace);
  }
  return heap->trace;
}

static uint32_t site_of_text(sh_heap *heap, struct shi_trace *trace, const char *text, size_t length) {
  uint32_t hash = hash_of(text, length);
  if (!make_site_room(heap, trace)) {
    return SH_SITE_UNKNOWN;
  }
  uint32_t *place = place_of(trace, hash, text, length);
  if (*place != 0) {
    return *place;
  }
  char *copy = shi_local_alloc(heap, length + 1);
  if (copy == NULL) {
    return SH_SITE_UNKNOWN;
  }
  memcpy(copy, text, length);
  trace->sites[trace->site_count] = (site){.hash = hash, .length = (uint32_t)length, .text = copy};
  *place = trace->site_count++;
  return *place;
}

uint32_t sh_trace_site(sh_env *env, const char *text, size_t length) {
  sh_heap *heap = env->heap;
  length = length > SH_SITE_BYTES_MAX ? SH_SITE_BYTES_MAX : length;
  shi_lock(&heap->trace_lock);
  struct shi_trace *trace = trace_of(heap);
  uint32_t number = trace == NULL ? SH_SITE_UNKNOWN : site_of_text(heap, trace, text, length);
  shi_unlock(&heap->trace_lock, false);
  return number;
}

static bool make_origin_room(sh_heap *heap, struct shi_trace *trace, uint32_t slot) {
  if (slot < trace->origin_room) {
    return true;
  }
  uint64_t room = trace->origin_room == 0 ? FIRST_OBJECTS : trace->origin_room;
  while (room <= slot) {
    room *= 2;
  }
  origin *origins =
      grow(heap, trace->origins, trace->origin_room * sizeof *origins, (size_t)room * sizeof *origins);
  if (origins == NULL) {
    return false;
  }
  trace->origins = origins;
  trace->origin_room = (uint32_t)room;
  return true;
}

void sh_trace_object(sh_env *env, sh_id id, uint32_t number) {
  sh_heap *heap = env->heap;
  shi_lock(&heap->trace_lock);
  struct shi_trace *trace = trace_of(heap);
  if (trace != NULL && make_origin_room(heap, trace, (uint32_t)id)) {
    trace->origins[(uint32_t)id] = (origin){.generation = (uint32_t)(id >> 32), .site = number};
  }
  shi_unlock(&heap->trace_lock, false);
}

const char *sh_trace_text(sh_env *env, uint32_t number) {
  sh_heap *heap = env->heap;
  const char *text = NULL;
  shi_lock(&heap->trace_lock);
  if (number != SH_SITE_UNKNOWN && heap->trace != NULL && number < heap->trace->site_count) {
    text = heap->trace->sites[number].text;
  }
  shi_unlock(&heap->trace_lock, false);
  return text;
}

uint32_t shi_trace_site_of(sh_heap *heap, sh_id id) {
  uint32_t number = SH_SITE_UNKNOWN;
  shi_lock(&heap->trace_lock);
  if (heap->trace != NULL && (uint32_t)id < heap->trace->origin_room) {
    origin known = heap->trace->origins[(uint32_t)id];
    number = known.generation == (uint32_t)(id >> 32) ? known.site : SH_SITE_UNKNOWN;
  }
  shi_unlock(&heap->trace_lock, false);
  return number;
}

uint32_t shi_trace_site_count(sh_heap *heap) {
  shi_lock(&heap->trace_lock);
  uint32_t count =
      heap->trace == NULL || heap->trace->site_count == 0 ? 1 : heap->trace->site_count;
  shi_unlock(&heap->trace_lock, false);
  return count;
}

void shi_trace_free(sh_heap *heap) {
  struct shi_trace *trace = heap->trace;
  if (trace == NULL) {
    return;
  }
  for (uint32_t i = 1; i < trace->site_count; i++) {
    shi_local_free(trace->sites[i].text);
  }
  shi_local_free(trace->sites);
  shi_local_free(trace->index);
  shi_local_free(trace->origins);
  shi_local_free(trace);
}
