#include "map_key.h"

#include "state.h"

#include <string.h>

#define INLINE_WIDE 7u

uint32_t shi_packed_hash(const sh_heap *heap, const shi_packed *key) {
  uint32_t kind = shi_packed_kind(key);
  return kind == SHI_KEY_TEXT || kind == SHI_KEY_BIGINT ? (uint32_t)key->word[1]
                                                        : shi_hash_packed(heap, key);
}

static void exact(const sh_heap *heap, shi_map_key *out) {
  out->payload = false;
  out->hash = shi_hash_packed(heap, &out->packed);
}

static void with_payload(uint32_t kind, uint32_t hash, shi_map_key *out) {
  out->payload = true;
  out->hash = hash;
  out->packed = (shi_packed){.word = {0, shi_kind_word(kind) | hash}};
}

static inline uint64_t load_units(const uint16_t *units) {
  uint64_t four;
  memcpy(&four, units, sizeof four);
  return four;
}

// Four units of at most 255 as four bytes.
static inline uint64_t narrow_four(uint64_t units) {
  units = (units | units >> 8) & UINT64_C(0x0000ffff0000ffff);
  return (units | units >> 16) & UINT64_C(0xffffffff);
}

// Wide input that fits latin1, in registers as in shi_pack_bytes.
static bool pack_latin1(const uint16_t *units, uint32_t length, shi_packed *out) {
  uint64_t low = 0, high = 0, seen;
  if (length >= 8) {
    uint64_t a = load_units(units), b = load_units(units + 4);
    uint64_t c = load_units(units + length - 8), d = load_units(units + length - 4);
    seen = a | b | c | d;
    low = narrow_four(a) | narrow_four(b) << 32;
    high = narrow_four(c) | narrow_four(d) << 32; // units length - 8 on: drop those in `low`
    high = length == 8 ? 0 : high >> (8 * (16 - length));
  } else if (length >= 4) {
    uint64_t a = load_units(units), b = load_units(units + length - 4);
    seen = a | b;
    low = narrow_four(a) | narrow_four(b) << (8 * (length - 4));
  } else {
    seen = 0;
    for (uint32_t i = 0; i < length; i++) {
      seen |= units[i];
      low |= (uint64_t)units[i] << (8 * i);
    }
  }
  if ((seen & UINT64_C(0xff00ff00ff00ff00)) != 0) {
    return false;
  }
  out->word[0] = low;
  out->word[1] = high | shi_kind_word(length);
  return true;
}

// A text of at most 15 latin1 or 7 wide units, in place; false if it does not fit.
static bool pack_text(const sh_value *value, shi_packed *out) {
  uint32_t length = value->length;
  if (length > SHI_KEY_LATIN1_MAX) {
    return false;
  }
  if (!value->wide) {
    *out = shi_pack_bytes(value->chars, length);
    return true;
  }
  if (pack_latin1(value->chars, length, out)) {
    return true;
  }
  if (length > INLINE_WIDE) {
    return false;
  }
  uint16_t units[8] = {0};
  memcpy(units, value->chars, (size_t)length * 2);
  memcpy(out, units, sizeof *out);
  out->word[1] |= shi_kind_word(SHI_KEY_WIDE | length);
  return true;
}

sh_status shi_map_key_make(sh_env *env, const sh_value *value, shi_map_key *out) {
  const sh_heap *heap = env->heap;
  shi_key scalar;
  sh_status status;
  switch ((sh_kind)value->kind) {
  case SH_KIND_STRING:
    if (pack_text(value, &out->packed)) {
      exact(heap, out);
      return SH_OK;
    }
    status = shi_units_of(env, value, &out->units);
    if (status == SH_OK) {
      with_payload(SHI_KEY_TEXT,
                   shi_text_hash(heap, out->units.chars, out->units.length, out->units.wide), out);
    }
    return status;
  case SH_KIND_BIGINT:
    if (value->length > SH_BIGINT_MAX_WORDS) {
      return SH_E_OUT_OF_RANGE;
    }
    out->bigint = value;
    with_payload(SHI_KEY_BIGINT,
                 shi_text_hash(heap, value->digits, value->length * 4, true) ^
                     (value->negative ? 1u : 0u),
                 out);
    return SH_OK;
  case SH_KIND_NUMBER:
  case SH_KIND_BOOLEAN:
  case SH_KIND_NULL:
  case SH_KIND_UNDEFINED:
    status = shi_key_make(env, value, &scalar);
    out->packed = (shi_packed){.word = {scalar.word, shi_kind_word(SHI_KEY_WORD)}};
    exact(heap, out);
    return status;
  case SH_KIND_REF:
    break;
  }
  return SH_E_UNSUPPORTED_VALUE;
}

bool shi_map_key_is_at(const sh_heap *heap, const shi_map_key *key, uint64_t offset) {
  if (shi_packed_kind(&key->packed) == SHI_KEY_TEXT) {
    return shi_text_equals(heap, offset, &key->units);
  }
  return shi_bigint_equals(heap, offset, key->bigint->digits, key->bigint->length,
                           key->bigint->negative);
}

sh_status shi_map_key_store(sh_env *env, const shi_map_key *key, shi_packed *out) {
  shi_word word = 0;
  if (!key->payload) {
    *out = key->packed;
    return SH_OK;
  }
  sh_status status = SH_OK;
  uint64_t offset = 0;
  if (shi_packed_kind(&key->packed) == SHI_KEY_TEXT) {
    status = shi_text_new(env, &key->units, &offset);
  } else {
    status = shi_word_make(env, key->bigint, &word);
    offset = word & SH_WORD_PAYLOAD;
  }
  if (status == SH_OK) {
    *out = (shi_packed){.word = {offset, key->packed.word[1]}};
  }
  return status;
}

shi_word shi_packed_payload(const shi_packed *key) {
  switch (shi_packed_kind(key)) {
  case SHI_KEY_TEXT:
    return SH_WORD(SH_TAG_TEXT, key->word[0]);
  case SHI_KEY_BIGINT:
    return SH_WORD(SH_TAG_BIGINT, key->word[0]);
  default:
    return SH_WORD_UNDEFINED;
  }
}

void shi_packed_release(sh_heap *heap, sh_env *env, const shi_packed *key) {
  shi_payload_release(heap, env, shi_packed_payload(key));
}

void shi_packed_read(sh_env *env, const shi_packed *key, sh_value *out) {
  uint32_t kind = shi_packed_kind(key);
  if (kind < SHI_KEY_TEXT) {
    out->kind = SH_KIND_STRING;
    out->wide = (kind & SHI_KEY_WIDE) != 0;
    out->length = kind & 0xfu;
    shi_copy_in_place(env, key, out);
    return;
  }
  sh_status status = shi_word_read(
      env, kind == SHI_KEY_WORD ? key->word[0] : shi_packed_payload(key), SH_BORROW, out);
  SHI_CHECK(status == SH_OK); // primitives can always be read
}
