#include "vector.h"

#include "lock.h"
#include "optimistic.h"
#include "release.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "text.h"
#include "vector_body.h"

#include <string.h>

sh_status sh_vector_new(sh_env *env, sh_id *out) {
  uint32_t index = 0;
  sh_status status = shi_slot_take(env, false, &index);
  if (status == SH_OK) {
    shi_view_store(env->heap, shi_slot_at(env->heap, index), &(shi_view){.at = NULL});
    *out = shi_slot_publish(env, index, SH_TYPE_VECTOR, 0);
  }
  return status;
}

sh_status sh_vector_length(sh_env *env, sh_id id, uint32_t *out) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_VECTOR);
  while (shi_peek_begin(&peek)) {
    uint32_t length = (uint32_t)shi_payload_load(peek.slot, 1);
    if (shi_peek_end(&peek, SHI_PEEKED)) {
      *out = length;
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_VECTOR, &slot);
  if (status == SH_OK) {
    *out = shi_view_load(env->heap, slot).length;
    shi_unlock(&slot->lock, false);
  }
  return status;
}

static shi_peeked peek_element(const shi_peek *peek, int64_t index, sh_mode mode, sh_value *out,
                               bool *found) {
  uint64_t payload[2];
  shi_peek_payload(peek, payload);
  if (!shi_peek_holds(peek)) {
    return SHI_PEEK_AGAIN;
  }
  uint64_t offset = payload[0];
  uint32_t length = (uint32_t)payload[1];
  uint32_t place = shi_index(index, length);
  *found = place < length;
  if (place >= length) {
    out->kind = SH_KIND_UNDEFINED;
    return SHI_PEEKED;
  }
  uint64_t at = offset + (uint64_t)place * sizeof(shi_word);
  if (!shi_in_bodies(peek->env->heap, offset, 0) ||
      !shi_in_bodies(peek->env->heap, at, sizeof(shi_word))) {
    return SHI_PEEK_LOCK;
  }
  shi_word word = shi_word_load(shi_at(peek->env->heap, at));
  return shi_word_peek(peek->env, word, mode, out) ? SHI_PEEKED : SHI_PEEK_LOCK;
}

sh_status sh_vector_get(sh_env *env, sh_id id, int64_t index, sh_mode mode, sh_value *out,
                        bool *found) {
  shi_slot *slot = NULL;
  shi_read_reset(env);
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_VECTOR);
  while (shi_peek_begin(&peek)) {
    bool there = false;
    if (shi_peek_end(&peek, peek_element(&peek, index, mode, out, &there))) {
      *found = there;
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  uint32_t place = shi_index(index, v.length);
  if (place < v.length) {
    status = shi_word_read(env, v.at[place], mode, &value);
  }
  shi_unlock(&slot->lock, false);
  if (status == SH_OK) {
    shi_value_deref(env, &value);
    *out = value;
    *found = place < v.length;
  }
  return status;
}

sh_status sh_vector_set(sh_env *env, sh_id id, uint32_t index, const sh_value *value) {
  shi_slot *slot = NULL;
  shi_word word = 0;
  shi_word old = SH_WORD_UNDEFINED;
  sh_status status = shi_word_make(env, value, &word);
  if (status != SH_OK) {
    return status;
  }
  status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status == SH_OK) {
    shi_view v = shi_view_load(env->heap, slot);
    if (index < v.length) {
      old = v.at[index];
      shi_word_store(&v.at[index], word);
    } else {
      status = SH_E_OUT_OF_RANGE;
    }
    shi_slot_unlock(env, slot, status == SH_OK);
  }
  if (status == SH_OK) {
    shi_word_release(env, old);
  } else {
    shi_word_unmake(env, value, word);
  }
  return status;
}

// Inserts n values at the end (or the front).
static sh_status insert(sh_env *env, sh_id id, bool front, const sh_value *values, uint32_t n,
                        uint32_t *length) {
  shi_slot *slot = NULL;
  shi_word *words = NULL;
  shi_view retired;
  sh_status status = shi_words_make(env, values, n, &words);
  if (status != SH_OK) {
    return status;
  }
  status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status == SH_OK) {
    shi_view v = shi_view_load(env->heap, slot);
    uint32_t at = front ? 0 : v.length;
    status = n == 0 ? SH_OK : shi_view_open(env, &v, at, n, &retired);
    if (status != SH_OK || n == 0) {
      *length = status == SH_OK ? v.length : *length;
      shi_unlock(&slot->lock, false);
    } else {
      shi_words_move(v.at + at, words, n);
      *length = v.length;
      shi_view_finish(env, slot, &v, &retired);
    }
  }
  if (status != SH_OK) {
    shi_words_unmake(env, values, words, n);
  }
  return status;
}

sh_status sh_vector_push(sh_env *env, sh_id id, const sh_value *values, uint32_t n,
                         uint32_t *length) {
  return insert(env, id, false, values, n, length);
}

sh_status sh_vector_unshift(sh_env *env, sh_id id, const sh_value *values, uint32_t n,
                            uint32_t *length) {
  return insert(env, id, true, values, n, length);
}

// Takes one element out: handed over in *out, or released if out is NULL. Index UINT32_MAX means
// the last.
static sh_status take(sh_env *env, sh_id id, uint32_t index, sh_value *out, bool *found) {
  shi_slot *slot = NULL;
  shi_read_reset(env);
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  if (index == UINT32_MAX && v.length > 0) {
    index = v.length - 1;
  }
  bool there = index < v.length;
  if (there && out != NULL) {
    // The claim is taken first: if it cannot be had, nothing has changed.
    status = shi_word_read(env, v.at[index], SH_ACQUIRE, &value);
  }
  if (!there || status != SH_OK) {
    shi_unlock(&slot->lock, false);
  } else {
    shi_word word = v.at[index];
    shi_view_close(&v, index, 1);
    shi_view retired = shi_view_shrink(env, &v);
    shi_view_finish(env, slot, &v, &retired);
    shi_word_release(env, word);
  }
  if (status == SH_OK) {
    *found = there;
    if (out != NULL) {
      *out = value;
    }
  }
  return status;
}

sh_status sh_vector_pop(sh_env *env, sh_id id, sh_value *out, bool *found) {
  return take(env, id, UINT32_MAX, out, found);
}

sh_status sh_vector_shift(sh_env *env, sh_id id, sh_value *out, bool *found) {
  return take(env, id, 0, out, found);
}

sh_status sh_vector_remove_at(sh_env *env, sh_id id, uint32_t index, bool *found) {
  if (index == UINT32_MAX) {
    index--; // out of range in any vector, and not "the last"
  }
  return take(env, id, index, NULL, found);
}

sh_status sh_vector_reverse(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status == SH_OK) {
    shi_view v = shi_view_load(env->heap, slot);
    for (uint32_t i = 0; i < v.length / 2; i++) {
      shi_word word = v.at[i];
      shi_word_store(&v.at[i], v.at[v.length - 1 - i]);
      shi_word_store(&v.at[v.length - 1 - i], word);
    }
    shi_slot_unlock(env, slot, true);
  }
  return status;
}

static void dispose_body(sh_env *env, shi_worklist *list, const shi_view *v) {
  for (uint32_t i = 0; i < v->length; i++) {
    shi_release_word(env, list, v->at[i]);
  }
  shi_view_retire(env, v);
}

sh_status sh_vector_clear(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  shi_view_store(env->heap, slot, &(shi_view){.at = NULL});
  shi_slot_unlock(env, slot, true);
  shi_worklist list = {0};
  dispose_body(env, &list, &v);
  shi_release_run(env, &list);
  return SH_OK;
}

// Where a search backwards begins; UINT32_MAX: before the first element.
static uint32_t last_place(int64_t from, uint32_t length) {
  if (from >= length) {
    from = (int64_t)length - 1;
  } else if (from < 0) {
    from += length;
  }
  return from < 0 ? UINT32_MAX : (uint32_t)from;
}

sh_status sh_vector_index_of(sh_env *env, sh_id id, const sh_value *value, int64_t from,
                             bool backwards, bool same_value_zero, uint32_t *index, bool *found) {
  shi_slot *slot = NULL;
  shi_key key;
  shi_read_reset(env);
  shi_write_reset(env);
  sh_status status = shi_key_make(env, value, &key);
  if (status == SH_OK) {
    status = shi_slot_lock(env, id, SH_TYPE_VECTOR, &slot);
  }
  if (status != SH_OK) {
    return status;
  }
  *found = false;
  shi_view v = shi_view_load(env->heap, slot);
  bool never = !same_value_zero && value->kind == SH_KIND_NUMBER && value->number != value->number;
  uint32_t i = backwards ? last_place(from, v.length) : shi_position(from, v.length);
  for (; !never && i < v.length; i += backwards ? UINT32_MAX : 1) {
    if (shi_key_equals(env->heap, &key, v.at[i])) {
      *index = i;
      *found = true;
      break;
    }
  }
  shi_unlock(&slot->lock, false);
  return SH_OK;
}

sh_status sh_vector_read(sh_env *env, sh_id id, uint32_t start, sh_mode mode, uint32_t limit,
                         sh_value *out, uint32_t *count, uint32_t *version) {
  shi_slot *slot = NULL;
  shi_read_reset(env);
  sh_status status = shi_slot_lock(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  uint32_t n = start < v.length ? v.length - start : 0;
  n = n > limit ? limit : n;
  n = n > SH_READ_MAX ? SH_READ_MAX : n;
  uint32_t read = 0;
  while (read < n && status == SH_OK) {
    status = shi_word_read(env, v.at[start + read], mode, &out[read]);
    read += status == SH_OK ? 1 : 0;
  }
  *version = shi_lock_version(&slot->lock);
  shi_unlock(&slot->lock, false);
  status = shi_values_settle(env, out, read, mode, status);
  if (status == SH_OK) {
    *count = read;
  }
  return status;
}

// Whether order is a permutation of [0, n): `seen` has a bit for each.
static bool is_permutation(const uint32_t *order, uint32_t n, uint64_t *seen) {
  memset(seen, 0, ((size_t)n + 63) / 64 * 8);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t bit = UINT64_C(1) << (order[i] % 64);
    if (order[i] >= n || (seen[order[i] / 64] & bit) != 0) {
      return false;
    }
    seen[order[i] / 64] |= bit;
  }
  return true;
}

sh_status sh_vector_permute(sh_env *env, sh_id id, uint32_t version, const uint32_t *order,
                            uint32_t n) {
  shi_slot *slot = NULL;
  shi_write_reset(env);
  shi_word *words = shi_write_room(env, ((size_t)n + 1) * sizeof(shi_word));
  if (words == NULL) {
    return SH_E_HEAP_FULL;
  }
  if (!is_permutation(order, n, words)) {
    return SH_E_OUT_OF_RANGE;
  }
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_VECTOR, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_view v = shi_view_load(env->heap, slot);
  if (shi_lock_version(&slot->lock) != version) {
    status = SH_E_CONFLICT;
  } else if (n != v.length) {
    status = SH_E_OUT_OF_RANGE;
  } else {
    for (uint32_t i = 0; i < n; i++) {
      words[i] = v.at[order[i]];
    }
    if (n > 0) { // an empty vector has no body
      shi_words_move(v.at, words, n);
    }
  }
  shi_slot_unlock(env, slot, status == SH_OK);
  return status;
}

void shi_vector_dispose(sh_env *env, shi_worklist *list, shi_slot *slot) {
  shi_view v = shi_view_load(env->heap, slot);
  dispose_body(env, list, &v);
}
