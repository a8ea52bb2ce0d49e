#include "str.h"

#include "lock.h"
#include "optimistic.h"
#include "release.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "text.h"

#include <string.h>

#define INLINE_BYTES 15u
#define META_WIDE 0x10u
#define META_EXTERNAL 0x20u

// The slot's 16 payload bytes as one value: copied in and out by two words, which a reader without
// the lock may find to be of two texts.
typedef union payload {
  uint64_t words[2];
  uint8_t bytes[16];
  uint16_t units[8];
} payload;

static payload load(const shi_slot *slot) {
  payload at;
  at.words[0] = shi_payload_load(slot, 0);
  at.words[1] = shi_payload_load(slot, 1);
  return at;
}

static void store(shi_slot *slot, const payload *at) {
  shi_payload_store(slot, 0, at->words[0]);
  shi_payload_store(slot, 1, at->words[1]);
}

static bool is_external(const payload *at) { return (at->bytes[15] & META_EXTERNAL) != 0; }

static uint32_t length_of(const payload *at) {
  return is_external(at) ? (uint32_t)at->words[1] : at->bytes[15] & 0xfu;
}

// A payload for the text: in place if it fits, else a body.
static sh_status make(sh_env *env, const sh_value *text, payload *out) {
  if (text->kind != SH_KIND_STRING) {
    return SH_E_INVALID_ARG_TYPE;
  }
  *out = (payload){.words = {0, 0}};
  if (text->length <= INLINE_BYTES) {
    bool wide = text->wide && !shi_fits_latin1(text->chars, text->length);
    if (!wide || text->length * 2 <= INLINE_BYTES) {
      for (uint32_t i = 0; i < text->length; i++) {
        if (wide) {
          out->units[i] = ((const uint16_t *)text->chars)[i];
        } else {
          out->bytes[i] = text->wide ? (uint8_t)((const uint16_t *)text->chars)[i]
                                     : ((const uint8_t *)text->chars)[i];
        }
      }
      out->bytes[15] = (uint8_t)(text->length | (wide ? META_WIDE : 0));
      return SH_OK;
    }
  }
  uint64_t offset = 0;
  sh_status status = shi_text_from(env, text, &offset);
  if (status == SH_OK) {
    out->words[0] = offset;
    out->words[1] = text->length;
    out->bytes[15] = META_EXTERNAL;
  }
  return status;
}

static void release(sh_env *env, const payload *at) {
  if (is_external(at)) {
    shi_text_release(env->heap, env, at->words[0]);
  }
}

static void read_in_place(sh_env *env, const payload *at, sh_value *out) {
  out->kind = SH_KIND_STRING;
  out->wide = (at->bytes[15] & META_WIDE) != 0;
  out->length = at->bytes[15] & (out->wide ? 0x7u : 0xfu);
  shi_copy_in_place(env, at->bytes, out);
}

// Under the lock.
static void read_payload(sh_env *env, const payload *at, sh_value *out) {
  if (is_external(at)) {
    shi_text_read(env, at->words[0], out);
  } else {
    read_in_place(env, at, out);
  }
}

static shi_peeked peek_text(const shi_peek *peek, sh_value *out) {
  payload at;
  shi_peek_payload(peek, at.words);
  if (!is_external(&at)) {
    read_in_place(peek->env, &at, out);
    return SHI_PEEKED;
  }
  if (!shi_peek_holds(peek)) {
    return SHI_PEEK_AGAIN;
  }
  return shi_text_peek(peek->env, at.words[0], out) ? SHI_PEEKED : SHI_PEEK_LOCK;
}

static bool payload_equals(const sh_heap *heap, const payload *at, const shi_units *units) {
  if (is_external(at)) {
    return shi_text_equals(heap, at->words[0], units);
  }
  return (at->bytes[15] & 0xfu) == units->length &&
         ((at->bytes[15] & META_WIDE) != 0) == units->wide &&
         memcmp(at->bytes, units->chars, (size_t)units->length << (units->wide ? 1 : 0)) == 0;
}

sh_status sh_string_new(sh_env *env, const sh_value *text, sh_id *out) {
  payload at = {.words = {0, 0}};
  uint32_t index = 0;
  sh_status status = make(env, text, &at);
  if (status != SH_OK) {
    return status;
  }
  status = shi_slot_take(env, false, &index);
  if (status != SH_OK) {
    release(env, &at);
    return status;
  }
  store(shi_slot_at(env->heap, index), &at);
  *out = shi_slot_publish(env, index, SH_TYPE_STRING, 0);
  return SH_OK;
}

sh_status shi_string_read(sh_env *env, sh_id id, sh_value *out) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_STRING);
  while (shi_peek_begin(&peek)) {
    if (shi_peek_end(&peek, peek_text(&peek, out))) {
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_STRING, &slot);
  if (status == SH_OK) {
    payload at = load(slot);
    read_payload(env, &at, out);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

sh_status sh_string_get(sh_env *env, sh_id id, sh_value *out) {
  shi_read_reset(env);
  return shi_string_read(env, id, out);
}

bool shi_string_peek(sh_env *env, sh_id id, sh_value *out) {
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_STRING);
  return shi_peek_begin(&peek) && shi_peek_end(&peek, peek_text(&peek, out));
}

sh_status sh_string_length(sh_env *env, sh_id id, uint32_t *out) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_STRING);
  while (shi_peek_begin(&peek)) {
    payload at = load(peek.slot);
    if (shi_peek_end(&peek, SHI_PEEKED)) {
      *out = length_of(&at);
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_STRING, &slot);
  if (status == SH_OK) {
    payload at = load(slot);
    *out = length_of(&at);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

sh_status sh_string_set(sh_env *env, sh_id id, const sh_value *text) {
  payload at = {.words = {0, 0}};
  shi_slot *slot = NULL;
  sh_status status = make(env, text, &at);
  if (status != SH_OK) {
    return status;
  }
  status = shi_slot_lock_write(env, id, SH_TYPE_STRING, &slot);
  if (status != SH_OK) {
    release(env, &at);
    return status;
  }
  payload old = load(slot);
  store(slot, &at);
  shi_slot_unlock(env, slot, true);
  release(env, &old);
  return SH_OK;
}

sh_status sh_string_compare_exchange(sh_env *env, sh_id id, const sh_value *expected,
                                     const sh_value *next, bool *exchanged, sh_value *old) {
  shi_units units;
  payload at = {.words = {0, 0}};
  shi_slot *slot = NULL;
  shi_read_reset(env);
  shi_write_reset(env);
  if (expected->kind != SH_KIND_STRING) {
    return SH_E_INVALID_ARG_TYPE;
  }
  sh_status status = shi_units_of(env, expected, &units);
  if (status == SH_OK) {
    status = make(env, next, &at);
  }
  if (status != SH_OK) {
    return status;
  }
  status = shi_slot_lock_write(env, id, SH_TYPE_STRING, &slot);
  if (status != SH_OK) {
    release(env, &at);
    return status;
  }
  payload before = load(slot);
  read_payload(env, &before, old);
  *exchanged = payload_equals(env->heap, &before, &units);
  if (*exchanged) {
    store(slot, &at);
  }
  shi_slot_unlock(env, slot, *exchanged);
  release(env, *exchanged ? &before : &at);
  return SH_OK;
}

uint64_t shi_string_body(const shi_slot *slot) {
  payload at = load(slot);
  return is_external(&at) ? at.words[0] : 0;
}

void shi_string_dispose(sh_env *env, shi_slot *slot) {
  payload at = load(slot);
  release(env, &at);
}
