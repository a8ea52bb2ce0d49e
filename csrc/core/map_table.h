// The table behind a MapRef; its layout and invariants M1-M4 are in map.h. Every function is
// called under the core lock of the map's slot, unless it says otherwise.
#ifndef SH_MAP_TABLE_H
#define SH_MAP_TABLE_H

#include "map_key.h"
#include "release.h"
#include "state.h"

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

// The entry of a key, or NULL. Expected O(1).
shi_entry *shi_table_find(const sh_heap *heap, const shi_slot *slot, const shi_map_key *key);

// Appends an entry for a key that is absent; the table takes the value's word over. HEAP_FULL
// (nothing changed). Amortised O(1), O(live) when it rebuilds.
sh_status shi_table_add(sh_env *env, shi_slot *slot, const shi_map_key *key, shi_word value);

// Removes an entry: frees its key, leaves its value word to the caller. May rebuild smaller.
void shi_table_remove(sh_env *env, shi_slot *slot, shi_entry *entry);

// Leaves the map empty and hands its table over (0: none).
uint64_t shi_table_detach(shi_slot *slot);

// Releases a detached table, its keys and its values. With no lock held.
void shi_table_dispose(sh_env *env, shi_worklist *list, uint64_t table);

// Whether entry i is the one found by its key's hash, for verify.
bool shi_table_indexed(const sh_heap *heap, const shi_slot *slot, uint32_t i);

// Bytes of a table, for verify.
size_t shi_table_bytes(const shi_table *table);

#endif
