#include "text.h"

#include "alloc.h"
#include "bytes.h"
#include "epoch.h"
#include "words.h"

#include <string.h>

#define BLOCK_KEEP (64u * 1024u) // scratch kept between calls

bool shi_fits_latin1(const uint16_t *units, uint32_t length) {
  uint32_t seen = 0; // an OR over a stretch vectorises; a wide text mostly shows in its first one
  for (uint32_t i = 0; i < length && seen < 256;) {
    uint32_t end = length - i < 256 ? length : i + 256;
    for (; i < end; i++) {
      seen |= units[i];
    }
  }
  return seen < 256;
}

static void narrow(uint8_t *to, const uint16_t *from, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    to[i] = (uint8_t)from[i];
  }
}

void *shi_write_room(sh_env *env, size_t bytes) {
  bytes = (bytes + 7) & ~(size_t)7;
  shi_block *block = env->write;
  if (block == NULL || block->capacity - block->used < bytes) {
    size_t capacity = bytes < 4096 ? 4096 : bytes;
    block = shi_local_alloc(env->heap, sizeof *block + capacity);
    if (block == NULL) {
      return NULL;
    }
    block->capacity = capacity;
    block->next = env->write;
    env->write = block;
  }
  void *room = block->bytes + block->used;
  block->used += bytes;
  return room;
}

void shi_write_reset(sh_env *env) {
  shi_block *block = env->write;
  while (block != NULL && (block->next != NULL || block->capacity > BLOCK_KEEP)) {
    env->write = block->next;
    shi_local_free(block);
    block = env->write;
  }
  if (block != NULL) {
    block->used = 0;
  }
}

void shi_write_free(sh_env *env) {
  while (env->write != NULL) {
    shi_block *block = env->write;
    env->write = block->next;
    shi_local_free(block);
  }
}

// The hash mixes 64 bits of input a step by a 64 x 64 -> 128 bit multiplication and folds the
// halves, as wyhash (Wang Yi, 2019) and its relatives do; keyed by the region's seed, so that keys
// chosen by an outsider do not collide on purpose.
static inline uint64_t fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t load64(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static inline uint32_t load32(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

uint32_t shi_text_hash(const sh_heap *heap, const void *chars, uint32_t length, bool wide) {
  const uint8_t *at = chars;
  size_t bytes = (size_t)length << (wide ? 1 : 0);
  uint64_t seed = heap->header->hash_seed[0];
  uint64_t key = heap->header->hash_seed[1];
  uint64_t a = 0;
  uint64_t b = 0;
  uint64_t state = seed ^ bytes ^ (wide ? UINT64_C(0x8000000000000000) : 0);
  if (bytes > 16) {
    size_t left = bytes;
    for (; left > 16; left -= 16, at += 16) {
      state = fold(load64(at) ^ key, load64(at + 8) ^ state);
    }
    a = load64(at + left - 16);
    b = load64(at + left - 8);
  } else if (bytes >= 8) {
    a = load64(at);
    b = load64(at + bytes - 8);
  } else if (bytes >= 4) {
    a = load32(at);
    b = load32(at + bytes - 4);
  } else if (bytes > 0) {
    a = (uint64_t)at[0] << 16 | (uint64_t)at[bytes / 2] << 8 | at[bytes - 1];
  }
  uint64_t hash = fold(a ^ key, b ^ state);
  hash = fold(hash ^ seed, UINT64_C(0x9e3779b97f4a7c15) ^ key);
  return (uint32_t)(hash ^ hash >> 32);
}

sh_status shi_units_of(sh_env *env, const sh_value *value, shi_units *out) {
  if (value->length > SH_TEXT_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  out->chars = value->chars;
  out->length = value->length;
  out->wide = value->wide;
  if (value->wide && shi_fits_latin1(value->chars, value->length)) {
    uint8_t *to = shi_write_room(env, value->length);
    if (to == NULL) {
      return SH_E_HEAP_FULL;
    }
    narrow(to, value->chars, value->length);
    out->chars = to;
    out->wide = false;
  }
  return SH_OK;
}

static shi_text *text_at(const sh_heap *heap, uint64_t offset) { return shi_at(heap, offset); }

static uint8_t *units_at(shi_text *text) { return (uint8_t *)text + SHI_TEXT_HEADER; }

// Bytes of a payload of this length, before the allocator rounds.
static size_t text_bytes(uint32_t length, bool wide) {
  return SHI_TEXT_HEADER + ((size_t)length << (wide ? 1 : 0));
}

static uint64_t new_text(sh_env *env, uint32_t length, bool wide) {
  uint64_t at = shi_alloc(env, text_bytes(length, wide), SHI_CLASS_DATA, false);
  if (at != 0) {
    shi_text *text = text_at(env->heap, at);
    atomic_store_explicit(&text->pins, 1, memory_order_relaxed);
    text->length_wide = length << 1 | (wide ? 1u : 0u);
  }
  return at;
}

sh_status shi_text_new(sh_env *env, const shi_units *units, uint64_t *offset) {
  uint64_t at = new_text(env, units->length, units->wide);
  if (at == 0) {
    return SH_E_HEAP_FULL;
  }
  memcpy(units_at(text_at(env->heap, at)), units->chars,
         (size_t)units->length << (units->wide ? 1 : 0));
  *offset = at;
  return SH_OK;
}

sh_status shi_text_from(sh_env *env, const sh_value *value, uint64_t *offset) {
  if (value->length > SH_TEXT_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  bool wide = value->wide && !shi_fits_latin1(value->chars, value->length);
  uint64_t at = new_text(env, value->length, wide);
  if (at == 0) {
    return SH_E_HEAP_FULL;
  }
  uint8_t *to = units_at(text_at(env->heap, at));
  if (value->wide && !wide) {
    narrow(to, value->chars, value->length);
  } else {
    memcpy(to, value->chars, (size_t)value->length << (wide ? 1 : 0));
  }
  *offset = at;
  return SH_OK;
}

bool shi_short_word(const sh_value *value, shi_word *out) {
  if (value->length > 5) {
    return false;
  }
  uint64_t payload = (uint64_t)value->length << 40;
  for (uint32_t i = 0; i < value->length; i++) {
    uint32_t unit =
        value->wide ? ((const uint16_t *)value->chars)[i] : ((const uint8_t *)value->chars)[i];
    if (unit > 255) {
      return false;
    }
    payload |= (uint64_t)unit << (8 * i);
  }
  *out = SH_WORD(SH_TAG_SHORT_TEXT, payload);
  return true;
}

bool shi_text_equals(const sh_heap *heap, uint64_t offset, const shi_units *units) {
  if (!shi_in_bodies(heap, offset, text_bytes(units->length, units->wide))) {
    return false;
  }
  shi_text *text = text_at(heap, offset);
  return text->length_wide == (units->length << 1 | (units->wide ? 1u : 0u)) &&
         memcmp(units_at(text), units->chars, (size_t)units->length << (units->wide ? 1 : 0)) == 0;
}

size_t shi_text_size_of(const sh_heap *heap, uint64_t offset) {
  uint32_t length_wide = text_at(heap, offset)->length_wide;
  return text_bytes(length_wide >> 1, (length_wide & 1) != 0);
}

// Copies a text into the read buffer; out->chars is NULL if it is too long or the buffer full.
static void copy_text(sh_env *env, shi_text *text, sh_value *out) {
  out->kind = SH_KIND_STRING;
  out->wide = (text->length_wide & 1) != 0;
  out->length = text->length_wide >> 1;
  shi_copy_out(env, units_at(text), (size_t)out->length << (out->wide ? 1 : 0), out);
}

void shi_text_read(sh_env *env, uint64_t offset, sh_value *out) {
  shi_text *text = text_at(env->heap, offset);
  copy_text(env, text, out);
  if (out->chars == NULL) {
    atomic_fetch_add_explicit(&text->pins, 1, memory_order_relaxed);
    out->chars = units_at(text);
    out->pin = offset | SHI_PIN_TEXT;
  }
}

bool shi_text_peek(sh_env *env, uint64_t offset, sh_value *out) {
  if (!shi_in_bodies(env->heap, offset, SHI_TEXT_HEADER) ||
      !shi_in_bodies(env->heap, offset, shi_text_size_of(env->heap, offset))) {
    return false;
  }
  copy_text(env, text_at(env->heap, offset), out);
  return out->chars != NULL;
}

static void copy_to_buffer(sh_env *env, const void *from, size_t bytes, sh_value *out) {
  uint8_t *to = env->read_buffer + env->read_used;
  memcpy(to, from, bytes);
  env->read_used += ((uint32_t)bytes + 7) & ~7u;
  out->pin = 0;
  out->chars = to;
}

void shi_copy_out(sh_env *env, const void *from, size_t bytes, sh_value *out) {
  out->pin = 0;
  out->chars = NULL;
  if (bytes <= SHI_COPY_MAX && env->read_used + bytes <= SHI_READ_BUFFER - SHI_READ_SHORT) {
    copy_to_buffer(env, from, bytes, out);
  }
}

void shi_copy_in_place(sh_env *env, const void *from, sh_value *out) {
  // Cannot fail: one call hands out at most SH_READ_MAX values, 16 bytes each.
  SHI_CHECK(env->read_used + 16 <= SHI_READ_BUFFER);
  copy_to_buffer(env, from, (size_t)out->length << (out->wide ? 1 : 0), out);
}

void shi_text_release(sh_heap *heap, sh_env *env, uint64_t offset) {
  shi_pin_drop(heap, env, offset | SHI_PIN_TEXT, true);
}

void shi_pin_drop(sh_heap *heap, sh_env *env, uint64_t pin, bool owner) {
  uint64_t offset = pin & ~SHI_PIN_KINDS;
  _Atomic uint32_t *pins = shi_at(heap, offset);
  shi_retired kind = SHI_RETIRED_DATA;
  size_t size;
  switch (pin & SHI_PIN_KINDS) {
  case SHI_PIN_BYTES:
    size = sizeof(shi_bytes) + ((const shi_bytes *)shi_at(heap, offset))->length;
    kind = SHI_RETIRED_DATA16;
    break;
  case SHI_PIN_BIGINT:
    size = shi_bigint_size_of(heap, offset);
    break;
  default:
    size = shi_text_size_of(heap, offset);
    break;
  }
  uint32_t before = atomic_fetch_sub_explicit(pins, 1, memory_order_acq_rel);
  SHI_CHECK(before != 0);
  if (owner && before > 1) {
    atomic_fetch_add_explicit(&heap->pinned_bytes, (int64_t)size, memory_order_relaxed);
  }
  if (before == 1) {
    if (!owner) {
      atomic_fetch_sub_explicit(&heap->pinned_bytes, (int64_t)size, memory_order_relaxed);
    }
    shi_retire(heap, env, kind, offset, size);
  }
}
