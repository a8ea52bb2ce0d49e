#include "record.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "optimistic.h"
#include "release.h"
#include "shape.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "text.h"

#include <string.h>

#define OFFSET_BITS 48u
#define OFFSET_MASK ((UINT64_C(1) << OFFSET_BITS) - 1)

static uint64_t fields_of(const shi_slot *slot) { return shi_payload_load(slot, 0) & OFFSET_MASK; }

static uint64_t words_of(const shi_slot *slot) { return shi_payload_load(slot, 1) & OFFSET_MASK; }

// The shape id that the two words of a payload have between them.
static uint32_t shape_in(uint64_t first, uint64_t second) {
  return (uint32_t)(first >> OFFSET_BITS) | (uint32_t)(second >> OFFSET_BITS) << 16;
}

uint32_t shi_record_shape_of(const shi_slot *slot) {
  return shape_in(shi_payload_load(slot, 0), shi_payload_load(slot, 1));
}

void shi_record_bodies(const sh_heap *heap, const shi_slot *slot, uint64_t *fields,
                       uint32_t *field_count, uint64_t *words, uint32_t *word_count) {
  const shi_shape *shape = shi_shape_at(heap, shi_record_shape_of(slot));
  *fields = fields_of(slot);
  *field_count = shape->doubles;
  *words = words_of(slot);
  *word_count = shape->words;
}

// Whether a value may be stored in a field; a ref's type is known once its hold is taken.
static sh_status check_kind(const shi_field *field, const sh_value *value) {
  bool nullable = value->kind == SH_KIND_REF || value->kind == SH_KIND_NULL;
  bool fits = false;
  switch ((sh_field_type)field->type) {
  case SH_FIELD_STRING:
    fits = value->kind == SH_KIND_STRING;
    break;
  case SH_FIELD_NUMBER:
    fits = value->kind == SH_KIND_NUMBER;
    break;
  case SH_FIELD_BOOLEAN:
    fits = value->kind == SH_KIND_BOOLEAN;
    break;
  case SH_FIELD_BIGINT:
    fits = value->kind == SH_KIND_BIGINT;
    break;
  case SH_FIELD_ANY:
    fits = true;
    break;
  case SH_FIELD_REF:
  case SH_FIELD_TYPED:
  case SH_FIELD_SHAPED:
    fits = nullable;
    break;
  case SH_FIELD_TYPE_COUNT:
    break;
  }
  return fits ? SH_OK : SH_E_INVALID_ARG_TYPE;
}

static sh_status check_ref(const sh_heap *heap, const shi_field *field, shi_word word) {
  if (shi_word_is_number(word) || shi_word_tag(word) != SH_TAG_REF) {
    return SH_OK;
  }
  const shi_slot *slot = shi_slot_at(heap, (uint32_t)(word & SH_WORD_PAYLOAD));
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
  uint32_t type = (word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK;
  bool fits = true;
  if (field->type == SH_FIELD_TYPED) {
    fits = type == field->detail;
  } else if (field->type == SH_FIELD_SHAPED) {
    fits = type == SH_TYPE_RECORD && shi_record_shape_of(slot) == field->detail;
  }
  return fits ? SH_OK : SH_E_TYPE_MISMATCH;
}

static uint64_t double_bits(const sh_value *value) {
  return value->kind == SH_KIND_BOOLEAN ? shi_number_bits(value->boolean ? 1.0 : 0.0)
                                        : shi_number_bits(value->number);
}

// The word of a value for a field of the words body, owned by the caller.
static sh_status make_word(sh_env *env, const shi_field *field, const sh_value *value,
                           shi_word *out) {
  sh_status status = shi_word_make(env, value, out);
  if (status == SH_OK) {
    status = check_ref(env->heap, field, *out);
    if (status != SH_OK) {
      shi_word_unmake(env, value, *out);
    }
  }
  return status;
}

static sh_value default_of(const shi_field *field) {
  static const uint64_t no_digits[1] = {0};
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  switch ((sh_field_type)field->type) {
  case SH_FIELD_STRING:
    value.kind = SH_KIND_STRING;
    value.chars = "";
    break;
  case SH_FIELD_NUMBER:
    value.kind = SH_KIND_NUMBER;
    value.number = 0;
    break;
  case SH_FIELD_BOOLEAN:
    value.kind = SH_KIND_BOOLEAN;
    break;
  case SH_FIELD_BIGINT:
    value.kind = SH_KIND_BIGINT;
    value.digits = no_digits;
    break;
  case SH_FIELD_REF:
  case SH_FIELD_TYPED:
  case SH_FIELD_SHAPED:
    value.kind = SH_KIND_NULL;
    break;
  case SH_FIELD_ANY:
  case SH_FIELD_TYPE_COUNT:
    break;
  }
  return value;
}

static void free_bodies(sh_env *env, const shi_shape *shape, uint64_t fields, uint64_t words) {
  if (fields != 0) {
    shi_retire(env->heap, env, SHI_RETIRED_FIELDS, fields, (size_t)shape->doubles * 8);
  }
  if (words != 0) {
    shi_retire(env->heap, env, SHI_RETIRED_DATA, words, (size_t)shape->words * 8);
  }
}

static sh_status allocate(sh_env *env, const shi_shape *shape, uint32_t *index, uint64_t *fields,
                          uint64_t *words) {
  *fields = 0;
  *words = 0;
  sh_status status = shi_slot_take(env, false, index);
  if (status != SH_OK) {
    return status;
  }
  if (shape->doubles > 0) {
    *fields = shi_alloc(env, (size_t)shape->doubles * 8, SHI_CLASS_FIELDS, false);
  }
  if (shape->words > 0) {
    *words = shi_alloc(env, (size_t)shape->words * 8, SHI_CLASS_DATA, false);
  }
  if ((shape->doubles > 0 && *fields == 0) || (shape->words > 0 && *words == 0)) {
    free_bodies(env, shape, *fields, *words);
    shi_slot_untake(env, false, *index);
    return SH_E_HEAP_FULL;
  }
  return SH_OK;
}

// Writes the first `n` fields' values into unpublished bodies; on failure those before are undone.
static sh_status fill(sh_env *env, const shi_shape *shape, const sh_value *values,
                      _Atomic uint64_t *doubles, shi_word *words, uint32_t *bad) {
  for (uint32_t i = 0; i < shape->length; i++) {
    const shi_field *field = &shape->fields[i];
    sh_value fallback = default_of(field);
    const sh_value *value = values[i].kind == SH_KIND_UNDEFINED ? &fallback : &values[i];
    sh_status status = check_kind(field, value);
    if (status == SH_OK && field->is_double) {
      atomic_store_explicit(&doubles[field->place], double_bits(value), memory_order_relaxed);
    } else if (status == SH_OK) {
      status = make_word(env, field, value, &words[field->place]);
    }
    if (status != SH_OK) {
      while (i-- > 0) {
        if (!shape->fields[i].is_double) {
          shi_word_unmake(env, &values[i], words[shape->fields[i].place]);
        }
      }
      return status;
    }
    if (bad != NULL) {
      *bad = i + 1;
    }
  }
  return SH_OK;
}

sh_status sh_record_new(sh_env *env, uint32_t shape_id, const sh_value *values, uint32_t n,
                        sh_id *out, uint32_t *bad) {
  const shi_shape *shape = shi_shape_at(env->heap, shape_id);
  uint32_t index = 0;
  uint32_t done = 0;
  uint64_t fields = 0;
  uint64_t words = 0;
  if (shape == NULL) {
    return SH_E_INVALID_ID;
  }
  if (n != shape->length) {
    return SH_E_OUT_OF_RANGE;
  }
  sh_status status = allocate(env, shape, &index, &fields, &words);
  if (status != SH_OK) {
    return status;
  }
  status = fill(env, shape, values, shi_at(env->heap, fields), shi_at(env->heap, words), &done);
  if (status != SH_OK) {
    free_bodies(env, shape, fields, words);
    shi_slot_untake(env, false, index);
    if (bad != NULL) {
      *bad = done;
    }
    return status;
  }
  shi_slot *slot = shi_slot_at(env->heap, index);
  atomic_store_explicit(&slot->payload[0], fields | (uint64_t)(shape_id & 0xffffu) << OFFSET_BITS,
                        memory_order_relaxed);
  atomic_store_explicit(&slot->payload[1], words | (uint64_t)(shape_id >> 16) << OFFSET_BITS,
                        memory_order_relaxed);
  *out = shi_slot_publish(env, index, SH_TYPE_RECORD, 0);
  return SH_OK;
}

sh_status sh_record_shape(sh_env *env, sh_id id, uint32_t *shape) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_RECORD);
  while (shi_peek_begin(&peek)) {
    uint32_t actual = shi_record_shape_of(peek.slot);
    if (shi_peek_end(&peek, SHI_PEEKED)) {
      *shape = actual;
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_RECORD, &slot);
  if (status == SH_OK) {
    *shape = shi_record_shape_of(slot);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

// Locks a record and finds its shape; `wanted` 0: any.
static sh_status lock_record(sh_env *env, sh_id id, uint32_t wanted, bool write, shi_slot **slot,
                             const shi_shape **shape) {
  shi_slot *at = NULL;
  sh_status status = write ? shi_slot_lock_write(env, id, SH_TYPE_RECORD, &at)
                           : shi_slot_lock(env, id, SH_TYPE_RECORD, &at);
  if (status != SH_OK) {
    return status;
  }
  uint32_t actual = shi_record_shape_of(at);
  if (wanted != 0 && wanted != actual) {
    shi_unlock(&at->lock, false);
    return SH_E_TYPE_MISMATCH;
  }
  *slot = at;
  *shape = shi_shape_at(env->heap, actual);
  return SH_OK;
}

// The word of the payload that says where the body with a field is.
static unsigned body_of(const shi_field *field) { return field->is_double ? 0 : 1; }

// Where a field's double or word lies, given that word.
static uint64_t place_of(uint64_t body, const shi_field *field) {
  return (body & OFFSET_MASK) + (uint64_t)field->place * sizeof(shi_word);
}

static shi_word *locked_place(const sh_heap *heap, const shi_slot *slot, const shi_field *field) {
  return shi_at(heap, place_of(shi_payload_load(slot, body_of(field)), field));
}

static sh_value double_value(const shi_field *field, uint64_t bits) {
  double number = shi_bits_number(bits);
  if (field->type == SH_FIELD_BOOLEAN) {
    return (sh_value){.kind = SH_KIND_BOOLEAN, .boolean = number != 0};
  }
  return (sh_value){.kind = SH_KIND_NUMBER, .number = number};
}

static sh_status read_field(sh_env *env, const shi_slot *slot, const shi_field *field, sh_mode mode,
                            sh_value *out) {
  shi_word word = shi_word_load(locked_place(env->heap, slot, field));
  if (!field->is_double) {
    return shi_word_read(env, word, mode, out);
  }
  *out = double_value(field, word);
  return SH_OK;
}

static shi_peeked peek_field(const shi_peek *peek, uint32_t wanted, uint32_t i, sh_mode mode,
                             sh_value *out) {
  sh_heap *heap = peek->env->heap;
  uint64_t payload[2];
  shi_peek_payload(peek, payload);
  if (!shi_peek_holds(peek)) {
    return SHI_PEEK_AGAIN;
  }
  uint32_t actual = shape_in(payload[0], payload[1]);
  const shi_shape *shape = shi_shape_at(heap, actual);
  if (shape == NULL || (wanted != 0 && wanted != actual) || i >= shape->length) {
    return SHI_PEEK_LOCK; // says what is wrong
  }
  const shi_field *field = &shape->fields[i];
  uint64_t at = place_of(payload[body_of(field)], field);
  if (!shi_in_bodies(heap, at, sizeof(shi_word))) {
    return SHI_PEEK_LOCK;
  }
  shi_word word = shi_word_load(shi_at(heap, at));
  if (field->is_double) {
    *out = double_value(field, word);
    return SHI_PEEKED;
  }
  return shi_word_peek(peek->env, word, mode, out) ? SHI_PEEKED : SHI_PEEK_LOCK;
}

sh_status sh_record_get(sh_env *env, sh_id id, uint32_t shape_id, uint32_t i, sh_mode mode,
                        sh_value *out) {
  shi_slot *slot = NULL;
  const shi_shape *shape = NULL;
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  shi_read_reset(env);
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_RECORD);
  while (shi_peek_begin(&peek)) {
    if (shi_peek_end(&peek, peek_field(&peek, shape_id, i, mode, out))) {
      return SH_OK;
    }
  }
  sh_status status = lock_record(env, id, shape_id, false, &slot, &shape);
  if (status != SH_OK) {
    return status;
  }
  status = i < shape->length ? read_field(env, slot, &shape->fields[i], mode, &value)
                             : SH_E_UNKNOWN_FIELD;
  shi_unlock(&slot->lock, false);
  if (status == SH_OK) {
    shi_value_deref(env, &value);
    *out = value;
  }
  return status;
}

// What is to be stored for a value in field i: a double's bits, or a word that the caller owns.
static sh_status make_field(sh_env *env, const shi_shape *shape, uint32_t i, const sh_value *value,
                            shi_word *out) {
  if (i >= shape->length) {
    return SH_E_UNKNOWN_FIELD;
  }
  const shi_field *field = &shape->fields[i];
  sh_status status = check_kind(field, value);
  if (status == SH_OK && field->is_double) {
    *out = double_bits(value);
  } else if (status == SH_OK) {
    status = make_word(env, field, value, out);
  }
  return status;
}

// Stores words where they belong; words[i] is then the former one of field fields[i]. Doubles may
// be stored to without the lock, and their former ones are nobody's.
static void swap_fields(const sh_heap *heap, const shi_slot *slot, const shi_shape *shape,
                        const uint32_t *fields, shi_word *words, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const shi_field *field = &shape->fields[fields[i]];
    shi_word *at = locked_place(heap, slot, field);
    shi_word old = field->is_double ? SH_WORD_UNDEFINED : *at;
    shi_word_store(at, words[i]);
    words[i] = old;
  }
}

// sh_record_update with room for n words.
static sh_status store_fields(sh_env *env, sh_id id, uint32_t shape_id, const uint32_t *fields,
                              const sh_value *values, uint32_t n, shi_word *words, uint32_t *bad) {
  shi_slot *slot = NULL;
  const shi_shape *shape = NULL;
  uint32_t made = 0;
  // The shape first, without keeping the lock: the fields' types say what words to make. A record
  // keeps its shape for life.
  sh_status status = lock_record(env, id, shape_id, false, &slot, &shape);
  *bad = n;
  if (status != SH_OK) {
    return status;
  }
  shi_unlock(&slot->lock, false);
  while (made < n && status == SH_OK) {
    status = make_field(env, shape, fields[made], &values[made], &words[made]);
    made += status == SH_OK ? 1 : 0;
  }
  *bad = made;
  if (status == SH_OK) {
    status = lock_record(env, id, shape_id, true, &slot, &shape);
  }
  if (status != SH_OK) {
    for (uint32_t i = 0; i < made; i++) {
      if (!shape->fields[fields[i]].is_double) {
        shi_word_unmake(env, &values[i], words[i]);
      }
    }
    return status;
  }
  swap_fields(env->heap, slot, shape, fields, words, n);
  shi_slot_unlock(env, slot, n > 0);
  shi_worklist list = {0};
  for (uint32_t i = 0; i < n; i++) {
    shi_release_word(env, &list, words[i]);
  }
  shi_release_run(env, &list);
  return SH_OK;
}

sh_status sh_record_set(sh_env *env, sh_id id, uint32_t shape_id, uint32_t i,
                        const sh_value *value) {
  shi_word word = 0;
  uint32_t bad = 0;
  return store_fields(env, id, shape_id, &i, value, 1, &word, &bad);
}

sh_status sh_record_update(sh_env *env, sh_id id, uint32_t shape_id, const uint32_t *fields,
                           const sh_value *values, uint32_t n, uint32_t *bad) {
  uint32_t failed = n;
  shi_write_reset(env);
  shi_word *words = shi_write_room(env, ((size_t)n + 1) * sizeof(shi_word));
  sh_status status = words == NULL
                         ? SH_E_HEAP_FULL
                         : store_fields(env, id, shape_id, fields, values, n, words, &failed);
  if (status != SH_OK && bad != NULL) {
    *bad = failed;
  }
  return status;
}

sh_status sh_record_read(sh_env *env, sh_id id, uint32_t shape_id, sh_mode mode, sh_value *out,
                         uint32_t *version) {
  shi_slot *slot = NULL;
  const shi_shape *shape = NULL;
  shi_read_reset(env);
  sh_status status = lock_record(env, id, shape_id, false, &slot, &shape);
  if (status != SH_OK) {
    return status;
  }
  uint32_t read = 0;
  while (read < shape->length && status == SH_OK) {
    status = read_field(env, slot, &shape->fields[read], mode, &out[read]);
    read += status == SH_OK ? 1 : 0;
  }
  *version = shi_lock_version(&slot->lock);
  shi_unlock(&slot->lock, false);
  return shi_values_settle(env, out, read, mode, status);
}

void shi_record_dispose(sh_env *env, shi_worklist *list, shi_slot *slot) {
  const shi_shape *shape = shi_shape_at(env->heap, shi_record_shape_of(slot));
  const shi_word *words = shi_at(env->heap, words_of(slot));
  for (uint32_t i = 0; i < shape->words; i++) {
    shi_release_word(env, list, words[i]);
  }
  free_bodies(env, shape, fields_of(slot), words_of(slot));
}
