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

// Normalises a key (SameValueZero). UNSUPPORTED_VALUE for a ref, OUT_OF_RANGE for too long a text
// or bigint, HEAP_FULL if scratch is refused. Takes no lock.
sh_status shi_map_key_make(sh_env *env, const sh_value *value, shi_map_key *out);

// Whether a stored key is the one at hand. Under the map's lock.
bool shi_map_key_equals(const sh_heap *heap, const shi_map_key *key, const shi_packed *stored);

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
