// The body of a vector: what vector.h says of its layout, as code. A shi_view is a vector as its
// slot describes it; the functions change the view, and the caller stores it. All under the
// vector's core lock.
//
// Readers without the lock (optimistic.h) may look at the elements of the body that the slot names,
// so those are stored and moved word by word (words.h); a body that shi_view_open has just made is
// nobody's yet.
#ifndef SH_VECTOR_BODY_H
#define SH_VECTOR_BODY_H

#include "value.h"

// An index that counts from the end if it is negative: the element's place, or `length` if there is
// none.
static inline uint32_t shi_index(int64_t index, uint32_t length) {
  index += index < 0 ? length : 0;
  return index >= 0 && index < length ? (uint32_t)index : length;
}

// The same for a place between elements: the nearest there is.
static inline uint32_t shi_position(int64_t at, uint32_t length) {
  at += at < 0 ? length : 0;
  return at < 0 ? 0 : at < length ? (uint32_t)at : length;
}

// `at` is NULL for no body.
typedef struct shi_view {
  shi_word *at; // element 0
  uint32_t length;
  uint32_t start; // free words before element 0
  uint32_t capacity;
} shi_view;

shi_view shi_view_load(const sh_heap *heap, const shi_slot *slot);
void shi_view_store(const sh_heap *heap, shi_slot *slot, const shi_view *v);

// Makes n words of room at index `index` (<= length), moving the shorter side; the words keep what
// was there. *retired is the body to retire once the view is stored (at NULL: none).
// OUT_OF_RANGE, HEAP_FULL: the view is as it was. Amortised O(1) a word at either end, else
// O(length).
sh_status shi_view_open(sh_env *env, shi_view *v, uint32_t index, uint32_t n, shi_view *retired);

// Takes n words out at index `index`, moving the shorter side.
void shi_view_close(shi_view *v, uint32_t index, uint32_t n);

// Gives memory back after elements went: an empty body at once, a mostly empty one by halves.
// Returns the body to retire. Without memory for a smaller one the vector stays as it is.
shi_view shi_view_shrink(sh_env *env, shi_view *v);

// Retires a body; nothing for at NULL.
void shi_view_retire(sh_env *env, const shi_view *v);

// Ends a change: stores the vector, unlocks it, retires the body that it no longer uses.
void shi_view_finish(sh_env *env, shi_slot *slot, const shi_view *v, const shi_view *retired);

// --- words of a call, made before the lock -----------------------------------------------------

// Words of n values in scratch memory (shi_write_room); nothing is kept on failure.
sh_status shi_words_make(sh_env *env, const sh_value *values, uint32_t n, shi_word **out);
void shi_words_unmake(sh_env *env, const sh_value *values, const shi_word *words, uint32_t n);

#endif
