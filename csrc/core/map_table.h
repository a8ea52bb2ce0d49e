// The table behind a MapRef; its layout and invariants M1-M5 are in map.h. Every function is
// called under the core lock of the map's slot, unless it says otherwise.
#ifndef SH_MAP_TABLE_H
#define SH_MAP_TABLE_H

#include "map.h"
#include "map_key.h"
#include "release.h"
#include "words.h"

typedef struct shi_entry {
  shi_packed key;
  shi_word value;
} shi_entry;

typedef struct shi_table {
  uint32_t capacity;   // entries, 2^k - 1
  uint32_t used;       // entry places taken, holes included
  uint32_t mask;       // buckets - 1; 0: no index
  uint32_t entry_mask; // low bits of a bucket that hold entry + 1; the rest is hash
  uint64_t unused;
  shi_entry entries[];
} shi_table;
static_assert(sizeof(shi_table) == sizeof(shi_entry), "the header takes one entry's place");

#define SHI_TABLE_GROUP 16u // most keys that are looked up together

// An empty map's payload, before it is published.
void shi_table_init(shi_slot *slot);

uint32_t shi_table_live(const shi_slot *slot);

// Changes at each rebuild and clear, never 0: tells whether positions are still comparable.
uint32_t shi_table_id(const shi_slot *slot);

// The entries and how many places are taken (0 and NULL for no table).
shi_entry *shi_table_entries(const sh_heap *heap, const shi_slot *slot, uint32_t *used);

static inline bool shi_entry_is_hole(const shi_entry *entry) {
  return shi_packed_kind(&entry->key) == SHI_KEY_HOLE;
}

static inline size_t shi_table_bytes_for(uint32_t capacity) {
  size_t entries = (size_t)capacity + 1; // the header counts as one
  size_t index = capacity > SHI_MAP_LINEAR ? entries * 2 * sizeof(uint32_t) : 0;
  return entries * sizeof(shi_entry) + index;
}

static inline size_t shi_table_bytes(const shi_table *table) {
  return shi_table_bytes_for(table->capacity);
}

// The table of a map (NULL: it has none). Under its lock or in an optimistic section: false, and
// only there, if the offset can be that of none.
static inline bool shi_table_at(const sh_heap *heap, const shi_slot *slot, shi_table **out) {
  uint64_t offset = shi_payload_load(slot, 0);
  *out = offset == 0 ? NULL : shi_at(heap, offset);
  return offset == 0 || (shi_in_bodies(heap, offset, sizeof(shi_table)) &&
                         shi_in_bodies(heap, offset, shi_table_bytes(*out)));
}

// The entry of a key, or NULL; `table` may be NULL. Expected O(1). Under the map's lock or in a
// section, as what follows.
shi_entry *shi_table_lookup(const sh_heap *heap, shi_table *table, const shi_map_key *key);

static inline uint32_t *shi_table_buckets(shi_table *table) {
  return (uint32_t *)(void *)(table->entries + table->capacity);
}

// Where the search for a key's bucket stands, in a table that has buckets. A table that is written
// to meanwhile only gets more buckets, so the search ends; that it does in a damaged one, `left`
// sees to.
typedef struct shi_search {
  uint32_t at;
  uint32_t left; // buckets not looked at
} shi_search;

static inline shi_search shi_search_start(const shi_table *table, uint32_t hash) {
  return (shi_search){.at = hash & table->mask, .left = table->mask + 1};
}

// The next entry whose bucket has the hash bits wanted, NULL if there is none.
static inline shi_entry *shi_search_next(shi_table *table, uint32_t hash, shi_search *s) {
  const uint32_t *buckets = shi_table_buckets(table);
  uint32_t tag = hash & ~table->entry_mask;
  for (; s->left > 0; s->left--) {
    uint32_t bucket = shi_half_load(&buckets[s->at]);
    uint32_t entry = (bucket & table->entry_mask) - 1;
    s->at = (s->at + 1) & table->mask;
    if (bucket == 0) {
      return NULL;
    }
    if ((bucket & ~table->entry_mask) == tag && entry < table->capacity) {
      s->left--;
      return &table->entries[entry];
    }
  }
  return NULL;
}

// The entry of a key that is complete in its 16 bytes: calls nothing.
static inline shi_entry *shi_table_find_exact(shi_table *table, const shi_packed *key,
                                              uint32_t hash) {
  shi_search s = shi_search_start(table, hash);
  shi_entry *entry = shi_search_next(table, hash, &s);
  while (entry != NULL && !shi_packed_equals(key, &entry->key)) {
    entry = shi_search_next(table, hash, &s);
  }
  return entry;
}

// Asks the processor for what looking these keys up will touch, all of them at once: buckets, then
// entries, then the payloads of keys and values. Under the map's lock or in a section.
void shi_table_prefetch(const sh_heap *heap, shi_table *table, const shi_map_key *keys, uint32_t n);

// Both steps at once, under the lock.
shi_entry *shi_table_find(const sh_heap *heap, const shi_slot *slot, const shi_map_key *key);

// Appends an entry for a key that is absent; the table takes the value's word over. HEAP_FULL
// (nothing changed). Amortised O(1), O(live) when it rebuilds.
sh_status shi_table_add(sh_env *env, shi_slot *slot, const shi_map_key *key, shi_word value);

// Sets a key, there or not; *old is the word that falls out (undefined if none). As shi_table_add.
sh_status shi_table_put(sh_env *env, shi_slot *slot, const shi_map_key *key, shi_word value,
                        shi_word *old);

// Removes an entry: frees its key, leaves its value word to the caller. May rebuild smaller.
void shi_table_remove(sh_env *env, shi_slot *slot, shi_entry *entry);

// Leaves the map empty and hands its table over (0: none).
uint64_t shi_table_detach(shi_slot *slot);

// Releases a detached table, its keys and its values. With no lock held.
void shi_table_dispose(sh_env *env, shi_worklist *list, uint64_t table);

// Whether entry i is the one found by its key's hash, for verify.
bool shi_table_indexed(const sh_heap *heap, const shi_slot *slot, uint32_t i);

#endif
