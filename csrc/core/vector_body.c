#include "vector_body.h"

#include "alloc.h"
#include "epoch.h"
#include "slot_lock.h"
#include "text.h"
#include "vector.h"
#include "words.h"

#include <string.h>

#define HEADER_BYTES 8u
#define FIRST_CAPACITY 7u // with the header, 64 bytes

static uint32_t *capacity_of(shi_word *at, uint32_t start) {
  return (uint32_t *)(void *)((uint8_t *)(at - start) - HEADER_BYTES);
}

shi_view shi_view_load(const sh_heap *heap, const shi_slot *slot) {
  uint64_t offset = shi_payload_load(slot, 0);
  uint64_t extent = shi_payload_load(slot, 1);
  shi_view v = {.length = (uint32_t)extent, .start = (uint32_t)(extent >> 32)};
  if (offset != 0) {
    v.at = shi_at(heap, offset);
    v.capacity = *capacity_of(v.at, v.start);
  }
  SHI_ASSERT(v.at != NULL || v.length == 0);
  return v;
}

void shi_view_store(const sh_heap *heap, shi_slot *slot, const shi_view *v) {
  uint64_t offset = v->at == NULL ? 0 : (uint64_t)((uint8_t *)v->at - heap->base);
  shi_payload_store(slot, 0, offset);
  shi_payload_store(slot, 1, (uint64_t)v->start << 32 | v->length);
}

static size_t body_bytes(uint32_t capacity) {
  return HEADER_BYTES + (size_t)capacity * sizeof(shi_word);
}

void shi_view_retire(sh_env *env, const shi_view *v) {
  if (v->at != NULL) {
    uint64_t offset = (uint64_t)((uint8_t *)(v->at - v->start) - HEADER_BYTES - env->heap->base);
    shi_retire(env->heap, env, SHI_RETIRED_DATA, offset, body_bytes(v->capacity));
  }
}

// A body with room for `front` words before and `back` words behind the elements, which it holds
// already. Capacities are 2^k - 1: the header takes one word's place in the size class.
static sh_status grow(sh_env *env, shi_view *v, uint32_t front, uint32_t back) {
  uint64_t need = (uint64_t)v->length + front + back;
  if (need > SH_VECTOR_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  uint64_t capacity = FIRST_CAPACITY;
  while (capacity < need) {
    capacity = capacity * 2 + 1;
  }
  uint64_t offset = shi_alloc(env, body_bytes((uint32_t)capacity), SHI_CLASS_DATA, false);
  if (offset == 0) {
    return SH_E_HEAP_FULL;
  }
  // Free words that are not asked for go behind, unless the growth was for the front.
  uint32_t start = back == 0 ? (uint32_t)(capacity - v->length) : front;
  shi_word *at = (shi_word *)(void *)((uint8_t *)shi_at(env->heap, offset) + HEADER_BYTES) + start;
  if (v->length > 0) {
    memcpy(at, v->at, (size_t)v->length * sizeof(shi_word));
  }
  *v = (shi_view){.at = at, .length = v->length, .start = start, .capacity = (uint32_t)capacity};
  *capacity_of(at, start) = (uint32_t)capacity;
  return SH_OK;
}

// Moves the elements within the body so that `start` words are free before them.
static void slide(shi_view *v, uint32_t start) {
  shi_word *to = v->at - v->start + start;
  shi_words_move(to, v->at, v->length);
  v->at = to;
  v->start = start;
}

sh_status shi_view_open(sh_env *env, shi_view *v, uint32_t index, uint32_t n, shi_view *retired) {
  bool front = index < v->length - index;
  uint32_t behind = v->capacity - v->start - v->length;
  *retired = (shi_view){.at = NULL};
  if (front && v->start < n && behind >= n) {
    if (index > 0) {
      front = false; // inside, either side costs O(length)
    } else if (behind >= v->capacity / 2) {
      slide(v, v->start + behind); // pays for as many insertions as it moves elements
    }
  } else if (!front && behind < n && v->start >= n) {
    if (index < v->length) {
      front = true;
    } else if (v->start >= v->capacity / 2) {
      slide(v, 0); // a queue: what shift() has freed is used again
    }
  }
  behind = v->capacity - v->start - v->length;
  if (front ? v->start < n : behind < n) {
    shi_view old = *v;
    // Room for as much again, so that a run of insertions is amortised.
    uint32_t room = n > v->length ? n : v->length;
    sh_status status = grow(env, v, front ? room : 0, front ? 0 : room);
    if (status != SH_OK) {
      status = grow(env, v, front ? n : 0, front ? 0 : n);
    }
    if (status != SH_OK) {
      return status;
    }
    *retired = old;
  }
  if (front) {
    shi_words_move(v->at - n, v->at, index);
    v->at -= n;
    v->start -= n;
  } else {
    shi_words_move(v->at + index + n, v->at + index, v->length - index);
  }
  v->length += n;
  return SH_OK;
}

void shi_view_close(shi_view *v, uint32_t index, uint32_t n) {
  if (index < v->length - index - n) {
    shi_words_move(v->at + n, v->at, index);
    v->at += n;
    v->start += n;
  } else {
    shi_words_move(v->at + index, v->at + index + n, v->length - index - n);
  }
  v->length -= n;
}

shi_view shi_view_shrink(sh_env *env, shi_view *v) {
  shi_view old = *v;
  if (v->length == 0) {
    *v = (shi_view){.at = NULL};
    return old;
  }
  if (v->capacity > 8 * FIRST_CAPACITY && v->length < v->capacity / 8 &&
      grow(env, v, 0, v->length) == SH_OK) {
    return old;
  }
  return (shi_view){.at = NULL};
}

size_t shi_vector_body_bytes(const sh_heap *heap, const shi_slot *slot) {
  shi_view v = shi_view_load(heap, slot);
  return v.at == NULL ? 0 : body_bytes(v.capacity);
}

shi_word *shi_vector_words(const sh_heap *heap, const shi_slot *slot, uint32_t *length) {
  shi_view v = shi_view_load(heap, slot);
  *length = v.length;
  return v.at;
}

bool shi_vector_fits(const sh_heap *heap, const shi_slot *slot) {
  shi_view v = shi_view_load(heap, slot);
  return (uint64_t)v.start + v.length <= v.capacity;
}

void shi_view_finish(sh_env *env, shi_slot *slot, const shi_view *v, const shi_view *retired) {
  shi_view_store(env->heap, slot, v);
  shi_slot_unlock(env, slot, true);
  shi_view_retire(env, retired);
}

// --- words of a call -------------------------------------------------------------------------

void shi_words_unmake(sh_env *env, const sh_value *values, const shi_word *words, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    shi_word_unmake(env, &values[i], words[i]);
  }
}

sh_status shi_words_make(sh_env *env, const sh_value *values, uint32_t n, shi_word **out) {
  shi_write_reset(env);
  shi_word *words = shi_write_room(env, (size_t)n * sizeof(shi_word));
  if (words == NULL) {
    return SH_E_HEAP_FULL;
  }
  for (uint32_t i = 0; i < n; i++) {
    sh_status status = shi_word_make(env, &values[i], &words[i]);
    if (status != SH_OK) {
      shi_words_unmake(env, values, words, i);
      return status;
    }
  }
  *out = words;
  return SH_OK;
}
