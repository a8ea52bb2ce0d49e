// Keys of maps: 16 bytes each, kept in the table itself, so that a lookup touches the bucket and
// the entry and nothing else, and a rebuild reads no other memory.
//
//   byte 15, the kind:
//     0x00-0x0f  a text of that many latin1 units, in bytes 0..14
//     0x10-0x17  a text of that many (low 4 bits) UTF-16 units, in bytes 0..13
//     0x20       a longer text: word 0 its payload's offset, word 1 low 32 its hash
//     0x40       a number, boolean, null or undefined: word 0 its value word
//     0x60       a bigint: word 0 its payload's offset, word 1 low 32 its hash
//     0x80       a hole: a deleted entry
// Texts that fit are always in place and numbers are normalised, so keys without a payload are
// equal exactly if their 16 bytes are; keys with one need equal kinds and hashes first.
#ifndef SH_MAP_KEY_H
#define SH_MAP_KEY_H

#include "text.h"
#include "value.h"
#include "words.h"

#include <string.h>

#define SHI_KEY_LATIN1_MAX 15u
#define SHI_KEY_KIND_SHIFT 56u
#define SHI_KEY_WIDE 0x10u
#define SHI_KEY_TEXT 0x20u
#define SHI_KEY_WORD 0x40u
#define SHI_KEY_BIGINT 0x60u
#define SHI_KEY_HOLE 0x80u

// A key as it is stored.
typedef struct shi_packed {
  uint64_t word[2];
} shi_packed;

// A key at hand: packed, but for the payload it may need.
typedef struct shi_map_key {
  shi_packed packed; // word[0] is 0 if it needs a payload
  uint32_t hash;
  bool payload; // TEXT or BIGINT: compare, and store, what follows
  shi_units units;
  const sh_value *bigint;
} shi_map_key;

static inline uint32_t shi_packed_kind(const shi_packed *key) {
  return (uint32_t)(key->word[1] >> SHI_KEY_KIND_SHIFT);
}

static inline uint64_t shi_kind_word(uint32_t kind) { return (uint64_t)kind << SHI_KEY_KIND_SHIFT; }

// The hash of a key that needs no payload: both words mixed by one 64 x 64 -> 128 bit
// multiplication, keyed by the region's seed (as shi_text_hash does for longer texts).
static inline uint32_t shi_hash_packed(const sh_heap *heap, const shi_packed *key) {
  const uint64_t *seed = heap->header->hash_seed;
  unsigned __int128 product =
      (unsigned __int128)(key->word[0] ^ seed[0]) * (key->word[1] ^ seed[1]);
  uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);
  folded *= UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(folded >> 32);
}

static inline uint64_t shi_load_bytes(const uint8_t *bytes, size_t n) {
  uint64_t word = 0;
  memcpy(&word, bytes, n);
  return word;
}

// A latin1 text of at most 15 units. Words are loaded whole, the last ones overlapping, and put
// together in registers: bytes gathered in memory and loaded again as words stall on store
// forwarding.
static inline shi_packed shi_pack_bytes(const uint8_t *bytes, uint32_t length) {
  uint64_t low = 0, high = 0;
  if (length >= 8) {
    low = shi_load_bytes(bytes, 8);
    high = length == 8 ? 0 : shi_load_bytes(bytes + length - 8, 8) >> (8 * (16 - length));
  } else if (length >= 4) {
    low = shi_load_bytes(bytes, 4) | shi_load_bytes(bytes + length - 4, 4) << (8 * (length - 4));
  } else {
    for (uint32_t i = 0; i < length; i++) {
      low |= (uint64_t)bytes[i] << (8 * i);
    }
  }
  return (shi_packed){.word = {low, high | shi_kind_word(length)}};
}

// Normalises a key (SameValueZero). UNSUPPORTED_VALUE for a ref, OUT_OF_RANGE for too long a text
// or bigint, HEAP_FULL if scratch is refused. Takes no lock.
sh_status shi_map_key_make(sh_env *env, const sh_value *value, shi_map_key *out);

// Whether the payload at an offset is that of the key at hand, which needs one.
bool shi_map_key_is_at(const sh_heap *heap, const shi_map_key *key, uint64_t offset);

// Whether a stored key is one that needs no payload. Under the map's lock or in an optimistic
// section, as what follows.
static inline bool shi_packed_equals(const shi_packed *key, const shi_packed *stored) {
  return shi_word_load(&stored->word[1]) == key->word[1] &&
         shi_word_load(&stored->word[0]) == key->word[0];
}

// Whether a stored key is the one at hand.
static inline bool shi_map_key_equals(const sh_heap *heap, const shi_map_key *key,
                                      const shi_packed *stored) {
  if (!key->payload) {
    return shi_packed_equals(&key->packed, stored);
  }
  return shi_word_load(&stored->word[1]) == key->packed.word[1] &&
         shi_map_key_is_at(heap, key, shi_word_load(&stored->word[0]));
}

// The stored form, with a payload of its own if it needs one. HEAP_FULL. May be called under a
// lock.
sh_status shi_map_key_store(sh_env *env, const shi_map_key *key, shi_packed *out);

// The hash that shi_map_key_make gave. O(1), reads nothing but the key.
uint32_t shi_packed_hash(const sh_heap *heap, const shi_packed *key);

// Copies a stored key out; cannot fail. Under the map's lock.
void shi_packed_read(sh_env *env, const shi_packed *key, sh_value *out);

// Frees the payload a stored key owns, if any. May be called under a lock.
void shi_packed_release(sh_heap *heap, sh_env *env, const shi_packed *key);

// The word of the payload a stored key owns, SH_WORD_UNDEFINED if none: for verify.
shi_word shi_packed_payload(const shi_packed *key);

#endif
