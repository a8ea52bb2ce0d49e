// Values: what crosses the core's door (sh_value), and the 8-byte word that containers keep.
//
// A word is NaN-boxed (design 4). A number is its own bits, every NaN canonical. Other values use
// bit patterns no canonical number has, tag in the top 16 bits, payload in the low 48:
//   0xfff9 immediates        1 undefined, 2 null, 3 false, 4 true
//   0xfffa short text        bits 40-47 length 0..5, bits 8*i latin1 character i
//   0xfffb text payload      byte offset, see text.h
//   0xfffc bigint payload    byte offset, see value.c
//   0xfffe ref               low 32: slot index; the word owns one hold of that slot
// A text that fits the short form is always in it, so equal words are equal values, and unequal
// words are unequal values unless both carry payloads of one kind.
//
// A word is written only under the core lock of the object that contains it, and read under it or
// in an optimistic section that the lock word validates (optimistic.h).
#ifndef SH_VALUE_H
#define SH_VALUE_H

#include "heap.h"

typedef uint64_t shi_word;

#define SH_NAN_BITS UINT64_C(0x7ff8000000000000)
#define SH_TAG_SHIFT 48u
#define SH_TAG_IMMEDIATE UINT64_C(0xfff9)
#define SH_TAG_SHORT_TEXT UINT64_C(0xfffa)
#define SH_TAG_TEXT UINT64_C(0xfffb)
#define SH_TAG_BIGINT UINT64_C(0xfffc)
#define SH_TAG_REF UINT64_C(0xfffe)
#define SH_WORD_PAYLOAD ((UINT64_C(1) << SH_TAG_SHIFT) - 1)
#define SH_WORD(tag, payload) (((tag) << SH_TAG_SHIFT) | (payload))
#define SH_WORD_UNDEFINED SH_WORD(SH_TAG_IMMEDIATE, 1)
#define SH_WORD_NULL SH_WORD(SH_TAG_IMMEDIATE, 2)
#define SH_WORD_FALSE SH_WORD(SH_TAG_IMMEDIATE, 3)
#define SH_WORD_TRUE SH_WORD(SH_TAG_IMMEDIATE, 4)

typedef enum sh_kind {
  SH_KIND_UNDEFINED,
  SH_KIND_NULL,
  SH_KIND_BOOLEAN,
  SH_KIND_NUMBER,
  SH_KIND_STRING,
  SH_KIND_BIGINT,
  SH_KIND_REF
} sh_kind;

// How a value is read out of a container.
typedef enum sh_mode {
  SH_BORROW,  // refs as they are
  SH_ACQUIRE, // refs with one more claim, for the caller to give up
  SH_DEREF    // StringRef and NumberRef as their values; other refs as they are
} sh_mode;

// A value at the door.
//   In:  STRING chars need only live during the call; wide text that fits latin1 is narrowed.
//        REF `id`; with `move`, the write takes over one of the object's claims as its hold.
//   Out: STRING chars live in the environment's read buffer until the next core call with that
//        environment, or, if `pin` != 0, until sh_unpin(env's heap, pin). BIGINT likewise.
//        REF carries id, type and (RECORD) shape. After a failure: nothing of use.
typedef struct sh_value {
  uint8_t kind; // sh_kind
  bool boolean;
  bool wide;       // STRING: UTF-16 code units, else latin1
  bool negative;   // BIGINT
  bool move;       // REF, in
  bool unscoped;   // REF, in, with `move`: the claim is none of the scope's (scope.h)
  uint8_t type;    // REF, out: sh_type
  uint32_t length; // STRING: code units; BIGINT: 64-bit words; REF of a RECORD, out: shape id
  union {
    double number;
    sh_id id;
    const void *chars;      // latin1 bytes or uint16_t units
    const uint64_t *digits; // least significant first
  };
  uint64_t pin;
} sh_value;

#define SH_READ_MAX 1024u                       // most values one call hands out
#define SH_TEXT_MAX ((UINT32_C(1) << 29) - 24u) // V8's own limit on 64-bit
#define SH_BIGINT_MAX_WORDS (UINT32_C(1) << 14) // 2^20 bits, V8's own limit on 64-bit

// Gives a pin up; the payload is freed with the last one. Any thread, any time, no environment
// needed (finalizers of external buffers and strings use it at teardown).
void sh_unpin(sh_heap *heap, uint64_t pin);

// A text at hand, not yet stored, in canonical width (latin1 if it fits).
typedef struct shi_units {
  const void *chars;
  uint32_t length;
  bool wide;
} shi_units;

typedef struct shi_key shi_key;

// --- inside the core -----------------------------------------------------------------------

// Canonical bits of a number: any NaN becomes SH_NAN_BITS.
static inline uint64_t shi_number_bits(double number) {
  union {
    double number;
    uint64_t bits;
  } u = {.number = number};
  return number == number ? u.bits : SH_NAN_BITS;
}

static inline double shi_bits_number(uint64_t bits) {
  union {
    uint64_t bits;
    double number;
  } u = {.bits = bits};
  return u.number;
}

static inline bool shi_word_is_number(shi_word word) { return word < SH_WORD(SH_TAG_IMMEDIATE, 0); }

static inline uint64_t shi_word_tag(shi_word word) { return word >> SH_TAG_SHIFT; }

// Makes a word that owns what it points to: a fresh payload, or a hold on the ref's object (with
// `move`, in exchange for a claim). USE_AFTER_FREE, INVALID_ID, NO_CLAIM, HEAP_FULL, TOO_MANY,
// OUT_OF_RANGE (text or bigint too long). Takes the child's core lock: call it with no lock held.
sh_status shi_word_make(sh_env *env, const sh_value *value, shi_word *out);

// Undoes shi_word_make of this value: payload freed, hold released (a moved claim given back).
// With no lock held.
void shi_word_unmake(sh_env *env, const sh_value *value, shi_word word);

// Releases what a word owns. With no lock held: it may destroy objects.
void shi_word_release(sh_env *env, shi_word word);

// Copies a word out under the lock of its container. Texts are copied into the environment's read
// buffer or pinned; refs get their id, and with SH_ACQUIRE a claim. TOO_MANY from ACQUIRE only.
// SH_DEREF of a StringRef or NumberRef is done by shi_value_deref after the unlock.
sh_status shi_word_read(sh_env *env, shi_word word, sh_mode mode, sh_value *out);

// The same in an optimistic section, SH_DEREF of a StringRef or NumberRef included. False if it
// takes the lock: something has to be pinned or claimed, or the word can be none.
bool shi_word_peek(sh_env *env, shi_word word, sh_mode mode, sh_value *out);

// The second half of SH_DEREF, after the unlock: if shi_word_read left a StringRef or NumberRef in
// *out (it then took a hold for the reader), replaces it by its value and releases the hold.
void shi_value_deref(sh_env *env, sh_value *out);

// Gives back what reading n values took: pins, claims (SH_ACQUIRE), holds (SH_DEREF before
// shi_value_deref). With no lock held.
void shi_values_discard(sh_env *env, const sh_value *values, uint32_t n, sh_mode mode);

// The end of reading several values, after the unlock: finishes SH_DEREF, or, if the read failed
// with `status`, gives back what it took. Returns `status`.
sh_status shi_values_settle(sh_env *env, sh_value *values, uint32_t n, sh_mode mode,
                            sh_status status);

// A value at hand for comparisons with stored words: canonical, not stored. Valid as long as the
// input value and the environment's scratch.
struct shi_key {
  uint8_t kind;           // sh_kind
  bool exact;             // `word` alone decides equality (REF: with `id`)
  bool negative;          // BIGINT
  shi_word word;          // if exact
  sh_id id;               // REF
  shi_units units;        // STRING
  const uint64_t *digits; // BIGINT
  uint32_t digit_count;
};

// Normalises by SameValueZero (-0 becomes 0). A REF matches by id, which is checked to be alive:
// USE_AFTER_FREE, INVALID_ID. OUT_OF_RANGE for too long a text. Takes no lock.
sh_status shi_key_make(sh_env *env, const sh_value *value, shi_key *out);

// Whether a stored word is the key. Under the lock of the word's container.
bool shi_key_equals(const sh_heap *heap, const shi_key *key, shi_word word);

// Whether a bigint payload is this one; also in a section: false if there can be none.
bool shi_bigint_equals(const sh_heap *heap, uint64_t offset, const uint64_t *digits, uint32_t count,
                       bool negative);

// Frees the payload of a word that is not a ref. May be called under a lock.
void shi_payload_release(sh_heap *heap, sh_env *env, shi_word word);

// Bytes of a bigint payload.
size_t shi_bigint_size_of(const sh_heap *heap, uint64_t offset);

// Bytes of the body a word owns, 0 if it owns none: for verify.
size_t shi_word_bytes(const sh_heap *heap, shi_word word);

#endif
