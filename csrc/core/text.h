// Text payloads: every JS string exactly, latin1 when every unit fits, else UTF-16.
//
// A payload is immutable once its offset is published. `pins` counts the owner (1) and every
// reader that left the owner's lock with it; the payload is freed when it reaches 0. A pin is
// taken only under the lock of the object whose word or slot owns the payload, or by a holder of a
// pin, so it never rises from 0.
//
// A STRING slot keeps texts of up to 15 latin1 or 7 UTF-16 units in its own 16 payload bytes:
//   byte 15: bits 0-3 length in units, bit 4 wide, bit 5 external
//   external: payload[0] = offset of a payload, payload[1] low 32 = length
#ifndef SH_TEXT_H
#define SH_TEXT_H

#include "value.h"

typedef struct shi_text {
  _Atomic uint32_t pins;
  uint32_t length_wide; // units << 1 | wide
  // units follow at byte 8
} shi_text;
#define SHI_TEXT_HEADER 8u
static_assert(sizeof(shi_text) == SHI_TEXT_HEADER, "text header is 8 bytes");

// Scratch memory that stays where it is until shi_write_reset; NULL if process memory is refused.
void *shi_write_room(sh_env *env, size_t bytes);

// Starts a call that takes keys: forgets the scratch of the call before.
void shi_write_reset(sh_env *env);

// Frees all scratch, at the environment's end.
void shi_write_free(sh_env *env);

// Narrows wide input that fits latin1 into scratch. OUT_OF_RANGE above
// SH_TEXT_MAX, HEAP_FULL if there is no scratch.
sh_status shi_units_of(sh_env *env, const sh_value *value, shi_units *out);

// Seeded 32-bit hash of a text. O(length).
uint32_t shi_text_hash(const sh_heap *heap, const void *chars, uint32_t length, bool wide);

// Stores units at hand as a payload with one pin (the owner's). HEAP_FULL.
sh_status shi_text_new(sh_env *env, const shi_units *units, uint64_t *offset);

// Stores an input value as a payload, narrowing as it copies. OUT_OF_RANGE, HEAP_FULL.
sh_status shi_text_from(sh_env *env, const sh_value *value, uint64_t *offset);

// Whether every unit of a wide text is below 256.
bool shi_fits_latin1(const uint16_t *units, uint32_t length);

// The short word of a text of at most 5 latin1 units; false if it does not fit.
bool shi_short_word(const sh_value *value, shi_word *out);

// Equality of a stored payload and a text at hand; also in an optimistic section: false if there
// can be no such payload at the offset. O(length), O(1) if the lengths differ.
bool shi_text_equals(const sh_heap *heap, uint64_t offset, const shi_units *units);

// Bytes of a payload, before the allocator rounds.
size_t shi_text_size_of(const sh_heap *heap, uint64_t offset);

// Copies a payload's text out: into the environment's read buffer, or by a pin. Under the owner's
// lock.
void shi_text_read(sh_env *env, uint64_t offset, sh_value *out);

// The same in an optimistic section: false if it would have to be pinned, or if there can be no
// payload at the offset.
bool shi_text_peek(sh_env *env, uint64_t offset, sh_value *out);

// Copies bytes into the read buffer if they are few and it has room: out->chars, else NULL there.
void shi_copy_out(sh_env *env, const void *from, size_t bytes, sh_value *out);

// Copies a text kept in a slot or word (at most 15 bytes) into the read buffer: always fits.
void shi_copy_in_place(sh_env *env, const void *from, sh_value *out);

// Gives the owner's pin up. The payload is retired with the last pin; until then its bytes count
// as pinned. `env` may be NULL.
void shi_text_release(sh_heap *heap, sh_env *env, uint64_t offset);

// --- pins of any payload ---------------------------------------------------------------------

// A pin handle is the payload's offset (a multiple of 8) and its kind.
#define SHI_PIN_TEXT UINT64_C(0)
#define SHI_PIN_BYTES UINT64_C(1)
#define SHI_PIN_BIGINT UINT64_C(2)
#define SHI_PIN_KINDS UINT64_C(7)

// Gives one pin up, the owner's or a reader's.
void shi_pin_drop(sh_heap *heap, sh_env *env, uint64_t pin, bool owner);

#endif
