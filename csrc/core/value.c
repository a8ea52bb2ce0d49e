#include "value.h"

#include "alloc.h"
#include "epoch.h"
#include "number.h"
#include "optimistic.h"
#include "record.h"
#include "release.h"
#include "scope_list.h"
#include "slot.h"
#include "slot_free.h"
#include "str.h"
#include "text.h"
#include "words.h"

#include <string.h>

// A bigint payload: sign and magnitude. Small ones are payloads too: they are rare in data, and
// one form keeps equality simple.
typedef struct shi_bigint {
  _Atomic uint32_t pins;
  uint32_t count_negative; // words << 1 | negative
  uint64_t digits[];
} shi_bigint;

static shi_bigint *bigint_at(const sh_heap *heap, uint64_t offset) { return shi_at(heap, offset); }

static size_t bigint_bytes(uint32_t count) { return sizeof(shi_bigint) + (size_t)count * 8; }

size_t shi_bigint_size_of(const sh_heap *heap, uint64_t offset) {
  return bigint_bytes(bigint_at(heap, offset)->count_negative >> 1);
}

static uint64_t payload_of(shi_word word) { return word & SH_WORD_PAYLOAD; }

static uint64_t bigint_new(sh_env *env, const uint64_t *digits, uint32_t count, bool negative) {
  uint64_t at = shi_alloc(env, bigint_bytes(count), SHI_CLASS_DATA, false);
  if (at != 0) {
    shi_bigint *bigint = bigint_at(env->heap, at);
    atomic_store_explicit(&bigint->pins, 1, memory_order_relaxed);
    bigint->count_negative = count << 1 | (negative ? 1u : 0u);
    if (count > 0) { // digits of 0n may be NULL
      memcpy(bigint->digits, digits, (size_t)count * 8);
    }
  }
  return at;
}

// --- storing ---------------------------------------------------------------------------------

static sh_status text_word(sh_env *env, const sh_value *value, shi_word *out) {
  uint64_t offset = 0;
  if (shi_short_word(value, out)) {
    return SH_OK;
  }
  sh_status status = shi_text_from(env, value, &offset);
  if (status == SH_OK) {
    *out = SH_WORD(SH_TAG_TEXT, offset);
  }
  return status;
}

static sh_status bigint_word(sh_env *env, const sh_value *value, shi_word *out) {
  if (value->length > SH_BIGINT_MAX_WORDS) {
    return SH_E_OUT_OF_RANGE;
  }
  uint64_t offset = bigint_new(env, value->digits, value->length, value->negative);
  if (offset == 0) {
    return SH_E_HEAP_FULL;
  }
  *out = SH_WORD(SH_TAG_BIGINT, offset);
  return SH_OK;
}

sh_status shi_word_make(sh_env *env, const sh_value *value, shi_word *out) {
  uint32_t index = 0;
  sh_type type = SH_TYPE_NONE;
  sh_status status;
  switch ((sh_kind)value->kind) {
  case SH_KIND_UNDEFINED:
    *out = SH_WORD_UNDEFINED;
    return SH_OK;
  case SH_KIND_NULL:
    *out = SH_WORD_NULL;
    return SH_OK;
  case SH_KIND_BOOLEAN:
    *out = value->boolean ? SH_WORD_TRUE : SH_WORD_FALSE;
    return SH_OK;
  case SH_KIND_NUMBER:
    *out = shi_number_bits(value->number);
    return SH_OK;
  case SH_KIND_STRING:
    return text_word(env, value, out);
  case SH_KIND_BIGINT:
    return bigint_word(env, value, out);
  case SH_KIND_REF:
    status = shi_hold_add(env, value->id, value->move, &index, &type);
    if (status == SH_OK) {
      if (value->move && !value->unscoped) {
        shi_scope_forget(env, value->id);
      }
      *out = SH_WORD(SH_TAG_REF, index);
    }
    return status;
  }
  return SH_E_UNSUPPORTED_VALUE;
}

void shi_payload_release(sh_heap *heap, sh_env *env, shi_word word) {
  if (shi_word_tag(word) == SH_TAG_TEXT) {
    shi_text_release(heap, env, payload_of(word));
  } else if (shi_word_tag(word) == SH_TAG_BIGINT) {
    shi_pin_drop(heap, env, payload_of(word) | SHI_PIN_BIGINT, true);
  }
}

void shi_word_unmake(sh_env *env, const sh_value *value, shi_word word) {
  if (value->kind == SH_KIND_REF && value->move) {
    // Cannot fail: a claim was given up for this hold, so there is room for one.
    (void)shi_hold_to_claim(shi_slot_at(env->heap, (uint32_t)payload_of(word)));
    if (!value->unscoped && shi_scope_ready(env)) {
      shi_scope_note(env, value->id);
    }
    return;
  }
  shi_word_release(env, word);
}

void shi_word_release(sh_env *env, shi_word word) {
  shi_worklist list = {0};
  shi_release_word(env, &list, word);
  shi_release_run(env, &list);
}

size_t shi_word_bytes(const sh_heap *heap, shi_word word) {
  if (shi_word_tag(word) == SH_TAG_TEXT) {
    return shi_text_size_of(heap, payload_of(word));
  }
  return shi_word_tag(word) == SH_TAG_BIGINT ? shi_bigint_size_of(heap, payload_of(word)) : 0;
}

// --- reading ---------------------------------------------------------------------------------

static void read_short(sh_env *env, shi_word word, sh_value *out) {
  uint8_t chars[5];
  uint32_t length = (uint32_t)(word >> 40) & 7u;
  for (uint32_t i = 0; i < 5; i++) {
    chars[i] = (uint8_t)(word >> (8 * i));
  }
  out->kind = SH_KIND_STRING;
  out->wide = false;
  out->length = length;
  shi_copy_in_place(env, chars, out);
}

// Copies the digits into the read buffer; out->chars is NULL if they are too many or it is full.
static void copy_bigint(sh_env *env, const shi_bigint *bigint, sh_value *out) {
  out->kind = SH_KIND_BIGINT;
  out->length = bigint->count_negative >> 1;
  out->negative = (bigint->count_negative & 1) != 0;
  shi_copy_out(env, bigint->digits, (size_t)out->length * 8, out);
}

static void read_bigint(sh_env *env, uint64_t offset, sh_value *out) {
  shi_bigint *bigint = bigint_at(env->heap, offset);
  copy_bigint(env, bigint, out);
  if (out->chars == NULL) {
    atomic_fetch_add_explicit(&bigint->pins, 1, memory_order_relaxed);
    out->digits = bigint->digits;
    out->pin = offset | SHI_PIN_BIGINT;
  }
}

static bool peek_bigint(sh_env *env, uint64_t offset, sh_value *out) {
  if (!shi_in_bodies(env->heap, offset, sizeof(shi_bigint)) ||
      !shi_in_bodies(env->heap, offset, shi_bigint_size_of(env->heap, offset))) {
    return false;
  }
  copy_bigint(env, bigint_at(env->heap, offset), out);
  return out->chars != NULL;
}

static sh_status read_ref(sh_env *env, uint32_t index, sh_mode mode, sh_value *out) {
  shi_slot *slot = shi_slot_at(env->heap, index);
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
  sh_type type = (sh_type)((word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK);
  sh_status status = SH_OK;
  if (mode == SH_ACQUIRE) {
    status = shi_claim_add(env, slot, shi_slot_id(slot, index));
  } else if (mode == SH_DEREF && (type == SH_TYPE_STRING || type == SH_TYPE_NUMBER)) {
    status = shi_hold_copy(slot); // until shi_value_deref
    out->move = true;
  }
  if (status != SH_OK) {
    return status;
  }
  out->kind = SH_KIND_REF;
  out->id = shi_slot_id(slot, index);
  out->type = (uint8_t)type;
  out->length = type == SH_TYPE_RECORD ? shi_record_shape_of(slot) : 0;
  return SH_OK;
}

sh_status shi_word_read(sh_env *env, shi_word word, sh_mode mode, sh_value *out) {
  out->pin = 0;
  out->move = false;
  if (shi_word_is_number(word)) {
    out->kind = SH_KIND_NUMBER;
    out->number = shi_bits_number(word);
    return SH_OK;
  }
  switch (shi_word_tag(word)) {
  case SH_TAG_IMMEDIATE:
    out->kind = word == SH_WORD_NULL                            ? SH_KIND_NULL
                : word == SH_WORD_TRUE || word == SH_WORD_FALSE ? SH_KIND_BOOLEAN
                                                                : SH_KIND_UNDEFINED;
    out->boolean = word == SH_WORD_TRUE;
    return SH_OK;
  case SH_TAG_SHORT_TEXT:
    read_short(env, word, out);
    return SH_OK;
  case SH_TAG_TEXT:
    shi_text_read(env, payload_of(word), out);
    return SH_OK;
  case SH_TAG_BIGINT:
    read_bigint(env, payload_of(word), out);
    return SH_OK;
  case SH_TAG_REF:
    return read_ref(env, (uint32_t)payload_of(word), mode, out);
  default:
    return SH_E_CORRUPT;
  }
}

static bool peek_ref(sh_env *env, uint64_t index, sh_mode mode, sh_value *out) {
  if (mode == SH_ACQUIRE || index >= shi_slots_length(env->heap)) {
    return false;
  }
  // If the section is good, the object was alive all the time: the word it was reached by holds it.
  shi_peek_step(env, SH_PEEK_REF);
  (void)read_ref(env, (uint32_t)index, SH_BORROW, out);
  if (mode == SH_DEREF && out->type == SH_TYPE_STRING) {
    return shi_string_peek(env, out->id, out);
  }
  if (mode == SH_DEREF && out->type == SH_TYPE_NUMBER) {
    out->kind = SH_KIND_NUMBER;
    out->number = shi_bits_number(shi_payload_load(shi_slot_at(env->heap, (uint32_t)index), 0));
  }
  return true;
}

bool shi_word_peek(sh_env *env, shi_word word, sh_mode mode, sh_value *out) {
  out->pin = 0;
  out->move = false;
  if (shi_word_is_number(word)) {
    out->kind = SH_KIND_NUMBER;
    out->number = shi_bits_number(word);
    return true;
  }
  switch (shi_word_tag(word)) {
  case SH_TAG_TEXT:
    return shi_text_peek(env, payload_of(word), out);
  case SH_TAG_BIGINT:
    return peek_bigint(env, payload_of(word), out);
  case SH_TAG_REF:
    return peek_ref(env, payload_of(word), mode, out);
  default: // complete in the word
    return shi_word_read(env, word, mode, out) == SH_OK;
  }
}

void shi_value_deref(sh_env *env, sh_value *out) {
  if (out->kind != SH_KIND_REF || !out->move) {
    return;
  }
  sh_id id = out->id;
  double number = 0;
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  // The hold keeps the object alive, so neither can fail.
  if (out->type == SH_TYPE_NUMBER) {
    SHI_CHECK(sh_number_get(env, id, &number) == SH_OK);
    value.kind = SH_KIND_NUMBER;
    value.number = number;
  } else {
    SHI_CHECK(shi_string_read(env, id, &value) == SH_OK);
  }
  *out = value;
  shi_word_release(env, SH_WORD(SH_TAG_REF, (uint32_t)id));
}

void shi_values_discard(sh_env *env, const sh_value *values, uint32_t n, sh_mode mode) {
  for (uint32_t i = 0; i < n; i++) {
    const sh_value *value = &values[i];
    if (value->kind != SH_KIND_REF) {
      if (value->pin != 0) {
        sh_unpin(env->heap, value->pin);
      }
    } else if (mode == SH_ACQUIRE) {
      (void)sh_drop(env, value->id); // another thread may have given the claim up: its fault
    } else if (value->move) {
      shi_word_release(env, SH_WORD(SH_TAG_REF, (uint32_t)value->id));
    }
  }
}

sh_status shi_values_settle(sh_env *env, sh_value *values, uint32_t n, sh_mode mode,
                            sh_status status) {
  if (status != SH_OK) {
    shi_values_discard(env, values, n, mode);
    return status;
  }
  for (uint32_t i = 0; mode == SH_DEREF && i < n; i++) {
    shi_value_deref(env, &values[i]);
  }
  return SH_OK;
}

void sh_unpin(sh_heap *heap, uint64_t pin) { shi_pin_drop(heap, NULL, pin, false); }

// --- keys ------------------------------------------------------------------------------------

static void exact_key(shi_word word, shi_key *out) {
  out->exact = true;
  out->word = word;
}

static sh_status text_key(sh_env *env, const sh_value *value, shi_key *out) {
  shi_word word;
  if (shi_short_word(value, &word)) {
    exact_key(word, out);
    return SH_OK;
  }
  out->exact = false;
  return shi_units_of(env, value, &out->units);
}

sh_status shi_key_make(sh_env *env, const sh_value *value, shi_key *out) {
  sh_status status;
  shi_word word = 0;
  out->kind = value->kind;
  switch ((sh_kind)value->kind) {
  case SH_KIND_STRING:
    return text_key(env, value, out);
  case SH_KIND_BIGINT:
    if (value->length > SH_BIGINT_MAX_WORDS) {
      return SH_E_OUT_OF_RANGE;
    }
    out->exact = false;
    out->digits = value->digits;
    out->digit_count = value->length;
    out->negative = value->negative;
    return SH_OK;
  case SH_KIND_NUMBER:
    // + 0.0 turns -0 into 0
    exact_key(shi_number_bits(value->number + 0.0), out);
    return SH_OK;
  case SH_KIND_REF:
    status = sh_id_check(env, value->id, SH_TYPE_NONE, NULL);
    exact_key(SH_WORD(SH_TAG_REF, (uint32_t)value->id), out);
    out->id = value->id;
    return status;
  case SH_KIND_UNDEFINED:
  case SH_KIND_NULL:
  case SH_KIND_BOOLEAN:
    status = shi_word_make(env, value, &word);
    exact_key(word, out);
    return status;
  }
  return SH_E_UNSUPPORTED_VALUE;
}

bool shi_key_equals(const sh_heap *heap, const shi_key *key, shi_word word) {
  if (key->exact) {
    if (key->kind == SH_KIND_REF) {
      // The slot may have a new owner since the id was checked; the container's hold keeps the one
      // that the word names.
      return word == key->word &&
             shi_slot_id(shi_slot_at(heap, (uint32_t)key->id), (uint32_t)key->id) == key->id;
    }
    // Keys are stored normalised; element words of vectors and maps may hold -0.
    return word == key->word ||
           (key->kind == SH_KIND_NUMBER && key->word == 0 && word == UINT64_C(0x8000000000000000));
  }
  if (key->kind == SH_KIND_STRING) {
    return shi_word_tag(word) == SH_TAG_TEXT &&
           shi_text_equals(heap, payload_of(word), &key->units);
  }
  if (shi_word_tag(word) != SH_TAG_BIGINT) {
    return false;
  }
  return shi_bigint_equals(heap, payload_of(word), key->digits, key->digit_count, key->negative);
}

bool shi_bigint_equals(const sh_heap *heap, uint64_t offset, const uint64_t *digits, uint32_t count,
                       bool negative) {
  if (!shi_in_bodies(heap, offset, bigint_bytes(count))) {
    return false;
  }
  const shi_bigint *bigint = bigint_at(heap, offset);
  return bigint->count_negative == (count << 1 | (negative ? 1u : 0u)) &&
         (count == 0 || memcmp(bigint->digits, digits, (size_t)count * 8) == 0);
}
