// MapRef: insertion-ordered hash map from primitives to values.
//
// One table body per map, replaced whole when it grows, compacts or shrinks:
//   shi_table header | entries: capacity x {16-byte key, value word} | index: buckets x uint32
// The index is open addressing with linear probing; a bucket is 0 (empty) or entry + 1 in its low
// `entry_bits` bits and as many bits of the key's hash as fit above. Entries are appended; a
// deleted one keeps its place as a hole until the next rebuild, and its bucket stays, so
// probing needs no tombstones. Up to SHI_MAP_LINEAR entries there is no index and lookup scans.
// Capacities are 2^k - 1, the header taking one entry's place: a table of 32 * 2^k bytes fills its
// size class. (Layout after
// CPython's compact dict, R. Hettinger 2012, and V8's OrderedHashTable.)
//
// M1 live <= used <= capacity          M2 live = entries whose key is not a hole
// M3 every live entry is found by its key, and by it alone
// M4 buckets = 0 (capacity <= SHI_MAP_LINEAR) or 2 * (capacity + 1): an empty bucket always exists
// M5 in a table that the slot has named, places are filled and buckets are set once, an entry's key
//    may become a hole once, and a value word changes; what is behind them was there before, so a
//    reader without the lock finds its way in whatever it sees
//
// Keys: numbers (-0 becomes 0, all NaN equal), booleans, strings, bigints, null, undefined.
// Everything is written under the map's core lock. It is read under it as well; sh_map_info, get,
// has and get_many, by an environment that is online, without it (optimistic.h), unless texts have
// to be pinned, refs acquired, or others keep changing the map. Cost: expected O(1) a key plus the
// key's length; an insert that rebuilds is O(live), amortised O(1). All functions may be called by
// any number of threads, each with its own environment.
#ifndef SH_MAP_H
#define SH_MAP_H

#include "value.h"

#define SHI_MAP_LINEAR 7u

// A new empty map with one claim; `from_object` marks it as made from a plain object. HEAP_FULL.
sh_status sh_map_new(sh_env *env, bool from_object, sh_id *out);

// Number of entries; whether it was made from an object (out-pointers may be NULL). O(1).
sh_status sh_map_info(sh_env *env, sh_id id, uint32_t *size, bool *from_object);

// The value of a key. `*found` false leaves *out as undefined.
sh_status sh_map_get(sh_env *env, sh_id id, const sh_value *key, sh_mode mode, sh_value *out,
                     bool *found);

sh_status sh_map_has(sh_env *env, sh_id id, const sh_value *key, bool *found);

// What a quick look has found.
typedef enum sh_quick {
  SH_QUICK_NOTHING, // not known: ask again by sh_map_get or sh_map_has
  SH_QUICK_THERE,
  SH_QUICK_ABSENT
} sh_quick;

// sh_map_get for what most calls are: online, a key that is a number or a latin1 text of at most 15
// units, a value that is a number (any value if `out` is NULL), a map of more than 7 entries that
// nobody is writing to. Takes no lock, writes to nothing but *out, and is so few instructions that
// the processor is at the next look while it waits for memory at this one.
sh_quick sh_map_look_text(sh_env *env, sh_id id, const void *latin1, uint32_t length, double *out);
sh_quick sh_map_look_number(sh_env *env, sh_id id, double key, double *out);

// Sets key to value. UNSUPPORTED_VALUE for a ref as key; else as shi_word_make.
sh_status sh_map_set(sh_env *env, sh_id id, const sh_value *key, const sh_value *value);

// Sets key to value if it is absent; *inserted tells, *out is what the key maps to afterwards
// (a borrowed ref). A value that was not inserted keeps its claim.
sh_status sh_map_get_or_insert(sh_env *env, sh_id id, const sh_value *key, const sh_value *value,
                               sh_value *out, bool *inserted);

// The values of n keys: out[i] for keys[i], undefined if it is absent, which found[i] tells
// (`found` may be NULL). Up to 16 keys at a time are looked up together, in one step to other
// threads, and their cache misses overlap. OUT_OF_RANGE for n > SH_READ_MAX; else as sh_map_get,
// for all keys: on failure nothing is kept, and `out` and `found` hold nothing of use. O(n) plus
// the lengths.
sh_status sh_map_get_many(sh_env *env, sh_id id, const sh_value *keys, uint32_t n, sh_mode mode,
                          sh_value *out, bool *found);

// Sets n keys to values, in order, as sh_map_set does each; up to 16 of them at a time in one step
// to other threads, whose values are all made before the first is set, and whose old values are
// released after the last is. Stops at the first entry that fails and returns its status: *done
// entries are in, in any case; of those behind, nothing is kept (moved claims are given back).
// OUT_OF_RANGE, and *done 0, for n > SH_READ_MAX. Amortised O(n) plus the lengths.
sh_status sh_map_set_many(sh_env *env, sh_id id, const sh_value *keys, const sh_value *values,
                          uint32_t n, uint32_t *done);

// Removes a key and releases its value.
sh_status sh_map_delete(sh_env *env, sh_id id, const sh_value *key, bool *found);

// Removes a key and hands its value over: the hold of a ref becomes a claim of the caller.
sh_status sh_map_take(sh_env *env, sh_id id, const sh_value *key, sh_value *out, bool *found);

// Adds n to the number under key (absent counts as 0); *old is the number before.
// TYPE_MISMATCH if the value is not a number.
sh_status sh_map_add(sh_env *env, sh_id id, const sh_value *key, double n, double *old);

// Installs `next` if the value under key is `expected` (SameValueZero, refs by id; undefined also
// matches an absent key). *exchanged tells; if not, *current is the value it has (borrowed).
sh_status sh_map_compare_exchange(sh_env *env, sh_id id, const sh_value *key,
                                  const sh_value *expected, const sh_value *next, bool *exchanged,
                                  sh_value *current);

// Removes every entry and releases the values. O(size).
sh_status sh_map_clear(sh_env *env, sh_id id);

// Where an iteration stands: `position` counts entry places of the table that `table` names.
// {0, 0} starts at the first entry.
typedef struct sh_cursor {
  uint32_t position;
  uint32_t table;
} sh_cursor;

// Reads up to `limit` entries from the cursor on, key and value alternating in out[0..2*limit),
// and advances the cursor. *moved is true, and nothing is read, if the table was rebuilt since the
// cursor was made (then find a place again by sh_map_find). *version is the map's version.
// O(limit + holes passed).
sh_status sh_map_read(sh_env *env, sh_id id, sh_cursor *cursor, sh_mode mode, uint32_t limit,
                      sh_value *out, uint32_t *count, bool *moved, uint32_t *version);

// The cursor just behind a key. *found tells whether the key is there; if not the cursor is at
// the first entry.
sh_status sh_map_find(sh_env *env, sh_id id, const sh_value *key, sh_cursor *cursor, bool *found);

#endif
