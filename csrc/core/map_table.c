#include "map_table.h"

#include "alloc.h"
#include "epoch.h"
#include "map.h"
#include "slot.h"

#include <string.h>

#define FIRST_CAPACITY 3u
#define LAST_CAPACITY ((UINT32_C(1) << 30) - 1)
#define AHEAD 32u // entries whose buckets are asked for before they are written

static void put_live(shi_slot *slot, uint32_t live, uint32_t id) {
  shi_payload_store(slot, 1, (uint64_t)id << 32 | live);
}

void shi_table_init(shi_slot *slot) {
  shi_payload_store(slot, 0, 0);
  put_live(slot, 0, 1);
}

uint32_t shi_table_live(const shi_slot *slot) { return (uint32_t)shi_payload_load(slot, 1); }

uint32_t shi_table_id(const shi_slot *slot) { return (uint32_t)(shi_payload_load(slot, 1) >> 32); }

static uint32_t next_id(const shi_slot *slot) {
  uint32_t id = shi_table_id(slot) + 1;
  return id == 0 ? 1 : id;
}

static shi_table *table_of(const sh_heap *heap, const shi_slot *slot) {
  uint64_t offset = shi_payload_load(slot, 0);
  return offset == 0 ? NULL : shi_at(heap, offset);
}

shi_entry *shi_table_entries(const sh_heap *heap, const shi_slot *slot, uint32_t *used) {
  shi_table *table = table_of(heap, slot);
  *used = table == NULL ? 0 : table->used;
  return table == NULL ? NULL : table->entries;
}

// Few entries have no buckets; one that is added meanwhile is counted last.
static shi_entry *scan(const sh_heap *heap, shi_table *table, const shi_map_key *key) {
  uint32_t used = shi_half_load(&table->used);
  for (uint32_t i = 0; i < used && i < table->capacity; i++) {
    if (shi_map_key_equals(heap, key, &table->entries[i].key)) {
      return &table->entries[i];
    }
  }
  return NULL;
}

static shi_entry *find_payload(const sh_heap *heap, shi_table *table, const shi_map_key *key) {
  shi_search s = shi_search_start(table, key->hash);
  shi_entry *entry = shi_search_next(table, key->hash, &s);
  while (entry != NULL && !shi_map_key_equals(heap, key, &entry->key)) {
    entry = shi_search_next(table, key->hash, &s);
  }
  return entry;
}

shi_entry *shi_table_lookup(const sh_heap *heap, shi_table *table, const shi_map_key *key) {
  if (table == NULL) {
    return NULL;
  }
  if (table->mask == 0) {
    return scan(heap, table, key);
  }
  return key->payload ? find_payload(heap, table, key)
                      : shi_table_find_exact(table, &key->packed, key->hash);
}

shi_entry *shi_table_find(const sh_heap *heap, const shi_slot *slot, const shi_map_key *key) {
  return shi_table_lookup(heap, table_of(heap, slot), key);
}

static void prefetch_payload(const sh_heap *heap, shi_word word) {
  uint64_t tag = shi_word_tag(word);
  if (tag == SH_TAG_TEXT || tag == SH_TAG_BIGINT) {
    __builtin_prefetch(shi_at(heap, word & SH_WORD_PAYLOAD));
  } else if (tag == SH_TAG_REF) {
    __builtin_prefetch(shi_slot_at(heap, (uint32_t)word));
  }
}

void shi_table_prefetch(const sh_heap *heap, shi_table *table, const shi_map_key *keys,
                        uint32_t n) {
  const shi_entry *entries[SHI_TABLE_GROUP];
  if (table == NULL || table->mask == 0) {
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    __builtin_prefetch(&shi_table_buckets(table)[keys[i].hash & table->mask]);
  }
  for (uint32_t i = 0; i < n; i++) {
    shi_search s = shi_search_start(table, keys[i].hash);
    entries[i] = shi_search_next(table, keys[i].hash, &s);
    __builtin_prefetch(entries[i]);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (entries[i] != NULL) {
      if (keys[i].payload) {
        __builtin_prefetch(shi_at(heap, shi_word_load(&entries[i]->key.word[0])));
      }
      prefetch_payload(heap, shi_word_load(&entries[i]->value));
    }
  }
}

bool shi_table_indexed(const sh_heap *heap, const shi_slot *slot, uint32_t i) {
  shi_table *table = table_of(heap, slot);
  if (table->mask == 0) {
    return true;
  }
  uint32_t hash = shi_packed_hash(heap, &table->entries[i].key);
  uint32_t wanted = (hash & ~table->entry_mask) | (i + 1);
  const uint32_t *buckets = shi_table_buckets(table);
  uint32_t at = hash & table->mask;
  while (buckets[at] != 0 && buckets[at] != wanted) {
    at = (at + 1) & table->mask;
  }
  return buckets[at] == wanted;
}

static void index_entry(shi_table *table, uint32_t entry, uint32_t hash) {
  uint32_t *buckets = shi_table_buckets(table);
  uint32_t at = hash & table->mask;
  while (buckets[at] != 0) {
    at = (at + 1) & table->mask;
  }
  // Whoever sees the bucket sees the entry.
  shi_half_store(&buckets[at], (hash & ~table->entry_mask) | (entry + 1));
}

// Appends the live entries of `from`, in the same order, to a new table, which nobody sees yet.
static void copy_live(const sh_heap *heap, shi_table *to, const shi_table *from) {
  uint32_t hashes[AHEAD];
  for (uint32_t i = 0; i < from->used;) {
    uint32_t n = 0;
    for (; i < from->used && n < AHEAD; i++) {
      if (shi_entry_is_hole(&from->entries[i])) {
        continue;
      }
      to->entries[to->used + n] = from->entries[i];
      if (to->mask != 0) {
        hashes[n] = shi_packed_hash(heap, &from->entries[i].key);
        __builtin_prefetch(&shi_table_buckets(to)[hashes[n] & to->mask], 1);
      }
      n++;
    }
    for (uint32_t k = 0; to->mask != 0 && k < n; k++) {
      index_entry(to, to->used + k, hashes[k]);
    }
    to->used += n;
  }
}

// Replaces the table by one of `capacity` with the same live entries in the same order.
static sh_status rebuild(sh_env *env, shi_slot *slot, uint32_t capacity) {
  sh_heap *heap = env->heap;
  uint64_t offset = shi_alloc(env, shi_table_bytes_for(capacity), SHI_CLASS_DATA, false);
  if (offset == 0) {
    return SH_E_HEAP_FULL;
  }
  shi_table *to = shi_at(heap, offset);
  shi_table *from = table_of(heap, slot);
  uint32_t live = shi_table_live(slot);
  to->capacity = capacity;
  to->used = 0;
  to->mask = capacity > SHI_MAP_LINEAR ? 2 * (capacity + 1) - 1 : 0;
  to->entry_mask = capacity; // 2^k - 1 holds entry + 1 up to capacity
  if (to->mask != 0) {
    memset(shi_table_buckets(to), 0, ((size_t)to->mask + 1) * sizeof(uint32_t));
  }
  if (from != NULL) {
    copy_live(heap, to, from);
  }
  SHI_CHECK(to->used == live);
  uint64_t old = shi_payload_load(slot, 0);
  shi_payload_store(slot, 0, offset);
  put_live(slot, live, next_id(slot));
  if (from != NULL) {
    shi_retire(heap, env, SHI_RETIRED_DATA, old, shi_table_bytes(from));
  }
  return SH_OK;
}

// Room for one more entry: twice the places if most are live, the same number if many are holes.
static sh_status make_room(sh_env *env, shi_slot *slot, const shi_table *table) {
  if (table == NULL) {
    return rebuild(env, slot, FIRST_CAPACITY);
  }
  if (table->used < table->capacity) {
    return SH_OK;
  }
  if (shi_table_live(slot) <= table->capacity / 2) {
    return rebuild(env, slot, table->capacity);
  }
  if (table->capacity >= LAST_CAPACITY) {
    return SH_E_OUT_OF_RANGE;
  }
  return rebuild(env, slot, table->capacity * 2 + 1);
}

sh_status shi_table_add(sh_env *env, shi_slot *slot, const shi_map_key *key, shi_word value) {
  shi_packed packed;
  // The key first: if its payload is refused, the table has not moved under cursors.
  sh_status status = shi_map_key_store(env, key, &packed);
  if (status != SH_OK) {
    return status;
  }
  status = make_room(env, slot, table_of(env->heap, slot));
  if (status != SH_OK) {
    shi_packed_release(env->heap, env, &packed);
    return status;
  }
  shi_table *table = table_of(env->heap, slot);
  uint32_t at = table->used;
  // Plain stores: nobody looks at a place that is not counted and has no bucket.
  table->entries[at] = (shi_entry){.key = packed, .value = value};
  shi_half_store(&table->used, at + 1);
  if (table->mask != 0) {
    index_entry(table, at, key->hash);
  }
  put_live(slot, shi_table_live(slot) + 1, shi_table_id(slot));
  return SH_OK;
}

sh_status shi_table_put(sh_env *env, shi_slot *slot, const shi_map_key *key, shi_word value,
                        shi_word *old) {
  shi_entry *entry = shi_table_find(env->heap, slot, key);
  if (entry == NULL) {
    *old = SH_WORD_UNDEFINED;
    return shi_table_add(env, slot, key, value);
  }
  *old = entry->value;
  shi_word_store(&entry->value, value);
  return SH_OK;
}

void shi_table_remove(sh_env *env, shi_slot *slot, shi_entry *entry) {
  shi_table *table = table_of(env->heap, slot);
  uint32_t live = shi_table_live(slot) - 1;
  shi_packed key = entry->key;
  shi_word_store(&entry->key.word[1], (uint64_t)SHI_KEY_HOLE << SHI_KEY_KIND_SHIFT);
  shi_word_store(&entry->key.word[0], 0);
  shi_word_store(&entry->value, SH_WORD_UNDEFINED);
  // Behind the stores: what is released must not be found any more (E2).
  shi_packed_release(env->heap, env, &key);
  put_live(slot, live, shi_table_id(slot));
  if (live == 0) {
    uint64_t empty = shi_table_detach(slot);
    shi_retire(env->heap, env, SHI_RETIRED_DATA, empty, shi_table_bytes(table));
  } else if (table->capacity > 8 * SHI_MAP_LINEAR && live < table->capacity / 8) {
    // Shrinking is a favour: without memory for it the map stays as it is.
    (void)rebuild(env, slot, table->capacity / 4);
  }
}

uint64_t shi_table_detach(shi_slot *slot) {
  uint64_t table = shi_payload_load(slot, 0);
  if (table != 0) {
    shi_payload_store(slot, 0, 0);
    put_live(slot, 0, next_id(slot));
  }
  return table;
}

void shi_table_dispose(sh_env *env, shi_worklist *list, uint64_t offset) {
  if (offset == 0) {
    return;
  }
  const shi_table *table = shi_at(env->heap, offset);
  for (uint32_t i = 0; i < table->used; i++) {
    if (!shi_entry_is_hole(&table->entries[i])) {
      shi_packed_release(env->heap, env, &table->entries[i].key);
      shi_release_word(env, list, table->entries[i].value);
    }
  }
  shi_retire(env->heap, env, SHI_RETIRED_DATA, offset, shi_table_bytes(table));
}
