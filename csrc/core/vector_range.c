// The operations of a vector that take a range of it; see vector.h.
#include "lock.h"
#include "release.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "text.h"
#include "vector.h"
#include "vector_body.h"
#include "words.h"

#include <string.h>

// Elements that were in the vector and are not any more.
static void release_words(sh_env *env, const shi_word *words, uint32_t n) {
  shi_worklist list = {0};
  for (uint32_t i = 0; i < n; i++) {
    shi_release_word(env, &list, words[i]);
  }
  shi_release_run(env, &list);
}

// Replaces `remove` words from `start` on by n others; those removed are in out[0..*read), to be
// given up on failure, and in `taken`. Under the lock; the view is as it was unless OK.
static sh_status replace(sh_env *env, shi_view *v, uint32_t start, uint32_t remove,
                         const shi_word *words, uint32_t n, sh_value *out, uint32_t *read,
                         shi_word *taken, shi_view *retired) {
  sh_status status = SH_OK;
  while (*read < remove && status == SH_OK) {
    status = shi_word_read(env, v->at[start + *read], SH_ACQUIRE, &out[*read]);
    *read += status == SH_OK ? 1 : 0;
  }
  if (status == SH_OK && n > remove) {
    status = shi_view_open(env, v, start + remove, n - remove, retired);
  }
  if (status != SH_OK) {
    return status;
  }
  if (remove > 0) {
    memcpy(taken, v->at + start, (size_t)remove * sizeof(shi_word));
  }
  if (n < remove) {
    shi_view_close(v, start + n, remove - n);
  }
  if (n > 0) {
    shi_words_move(v->at + start, words, n);
  }
  if (n < remove) {
    *retired = shi_view_shrink(env, v);
  }
  return SH_OK;
}

sh_status sh_vector_splice(sh_env *env, sh_id id, int64_t start, uint32_t remove,
                           const sh_value *values, uint32_t n, sh_value *out, uint32_t *removed) {
  shi_slot *slot = NULL;
  shi_word *words = NULL;
  shi_read_reset(env);
  sh_status status = shi_words_make(env, values, n, &words);
  if (status != SH_OK) {
    return status;
  }
  uint32_t room = remove < SH_READ_MAX ? remove : SH_READ_MAX;
  shi_word *taken = shi_write_room(env, (size_t)room * sizeof(shi_word));
  status = taken == NULL ? SH_E_HEAP_FULL : shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    shi_words_unmake(env, values, words, n);
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  shi_view retired = {.at = NULL};
  uint32_t read = 0;
  uint32_t at = shi_position(start, v.length);
  remove = remove < v.length - at ? remove : v.length - at;
  status = SH_E_OUT_OF_RANGE;
  if (remove <= SH_READ_MAX) {
    status = replace(env, &v, at, remove, words, n, out, &read, taken, &retired);
  }
  if (status != SH_OK || (n == 0 && remove == 0)) {
    shi_unlock(&slot->lock, false);
  } else {
    shi_view_finish(env, slot, &v, &retired);
  }
  *removed = remove;
  if (status == SH_OK) {
    release_words(env, taken, remove);
  } else {
    shi_values_discard(env, out, read, SH_ACQUIRE);
    shi_words_unmake(env, values, words, n);
  }
  return status;
}

// How many places [start, end) are in a vector; *first is the first of them.
static uint32_t places(int64_t start, int64_t end, uint32_t length, uint32_t *first) {
  uint32_t last = shi_position(end, length);
  *first = shi_position(start, length);
  return *first < last ? last - *first : 0;
}

// Exchanges the places' words for those given, if there are no more places than words (`move`: if
// there is exactly one). *count says how many places there are.
static sh_status exchange(sh_env *env, sh_id id, int64_t start, int64_t end, bool move,
                          shi_word *words, uint32_t n, uint32_t *count) {
  shi_slot *slot = NULL;
  uint32_t first = 0;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  *count = places(start, end, v.length, &first);
  bool fits = move ? *count == 1 : *count <= n;
  for (uint32_t i = 0; fits && i < *count; i++) {
    shi_word old = v.at[first + i];
    shi_word_store(&v.at[first + i], words[i]);
    words[i] = old;
  }
  shi_slot_unlock(env, slot, fits && *count > 0);
  return fits || !move ? SH_OK : SH_E_UNSUPPORTED_VALUE;
}

// Fills the places if there are at most n of them; *count says how many there are.
static sh_status fill_up_to(sh_env *env, sh_id id, const sh_value *value, int64_t start,
                            int64_t end, uint32_t n, uint32_t *count) {
  // A word of its own for each place, made before the lock.
  shi_write_reset(env);
  shi_word *words = shi_write_room(env, (size_t)n * sizeof(shi_word));
  sh_status status = words == NULL ? SH_E_HEAP_FULL : SH_OK;
  uint32_t made = 0;
  while (made < n && status == SH_OK) {
    status = shi_word_make(env, value, &words[made]);
    made += status == SH_OK ? 1 : 0;
  }
  if (status == SH_OK) {
    bool move = value->kind == SH_KIND_REF && value->move;
    status = exchange(env, id, start, end, move, words, n, count);
  }
  uint32_t filled = status == SH_OK && *count <= n ? *count : 0;
  release_words(env, words, filled);
  for (uint32_t i = filled; i < made; i++) {
    shi_word_unmake(env, value, words[i]);
  }
  return status;
}

sh_status sh_vector_fill(sh_env *env, sh_id id, const sh_value *value, int64_t start, int64_t end) {
  uint32_t first = 0;
  uint32_t count = 0;
  sh_status status = sh_vector_length(env, id, &count);
  if (status != SH_OK) {
    return status;
  }
  bool move = value->kind == SH_KIND_REF && value->move;
  count = places(start, end, count, &first);
  uint32_t n = 0;
  do { // again if the vector has grown meanwhile
    n = move ? 1 : count;
    status = fill_up_to(env, id, value, start, end, n, &count);
  } while (status == SH_OK && count > n);
  return status;
}
