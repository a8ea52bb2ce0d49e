#include "map_table.h"

#include "alloc.h"
#include "epoch.h"
#include "map.h"

#include <string.h>

#define FIRST_CAPACITY 3u

static void put_live(shi_slot *slot, uint32_t live, uint32_t id) {
  atomic_store_explicit(&slot->payload[1], (uint64_t)id << 32 | live, memory_order_relaxed);
}

void shi_table_init(shi_slot *slot) {
  atomic_store_explicit(&slot->payload[0], 0, memory_order_relaxed);
  put_live(slot, 0, 1);
}

uint32_t shi_table_live(const shi_slot *slot) {
  return (uint32_t)atomic_load_explicit(&slot->payload[1], memory_order_relaxed);
}

uint32_t shi_table_id(const shi_slot *slot) {
  return (uint32_t)(atomic_load_explicit(&slot->payload[1], memory_order_relaxed) >> 32);
}

static uint32_t next_id(const shi_slot *slot) {
  uint32_t id = shi_table_id(slot) + 1;
  return id == 0 ? 1 : id;
}

static shi_table *table_of(const sh_heap *heap, const shi_slot *slot) {
  uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  return offset == 0 ? NULL : shi_at(heap, offset);
}

static uint32_t *buckets_of(shi_table *table) {
  return (uint32_t *)(void *)(table->entries + table->capacity);
}

static size_t bytes_for(uint32_t capacity) {
  size_t entries = (size_t)capacity + 1; // the header counts as one
  size_t index = capacity > SHI_MAP_LINEAR ? entries * 2 * sizeof(uint32_t) : 0;
  return entries * sizeof(shi_entry) + index;
}

size_t shi_table_bytes(const shi_table *table) { return bytes_for(table->capacity); }

shi_entry *shi_table_entries(const sh_heap *heap, const shi_slot *slot, uint32_t *used) {
  shi_table *table = table_of(heap, slot);
  *used = table == NULL ? 0 : table->used;
  return table == NULL ? NULL : table->entries;
}

shi_entry *shi_table_find(const sh_heap *heap, const shi_slot *slot, const shi_map_key *key) {
  shi_table *table = table_of(heap, slot);
  if (table == NULL) {
    return NULL;
  }
  if (table->mask == 0) {
    for (uint32_t i = 0; i < table->used; i++) {
      if (shi_map_key_equals(heap, key, &table->entries[i].key)) {
        return &table->entries[i];
      }
    }
    return NULL;
  }
  const uint32_t *buckets = buckets_of(table);
  uint32_t tag = key->hash & ~table->entry_mask;
  for (uint32_t at = key->hash & table->mask;; at = (at + 1) & table->mask) {
    uint32_t bucket = buckets[at];
    if (bucket == 0) {
      return NULL;
    }
    if ((bucket & ~table->entry_mask) == tag) {
      shi_entry *entry = &table->entries[(bucket & table->entry_mask) - 1];
      if (shi_map_key_equals(heap, key, &entry->key)) {
        return entry;
      }
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
  const uint32_t *buckets = buckets_of(table);
  uint32_t at = hash & table->mask;
  while (buckets[at] != 0 && buckets[at] != wanted) {
    at = (at + 1) & table->mask;
  }
  return buckets[at] == wanted;
}

static void index_entry(shi_table *table, uint32_t entry, uint32_t hash) {
  uint32_t *buckets = buckets_of(table);
  uint32_t at = hash & table->mask;
  while (buckets[at] != 0) {
    at = (at + 1) & table->mask;
  }
  buckets[at] = (hash & ~table->entry_mask) | (entry + 1);
}

// Replaces the table by one of `capacity` with the same live entries in the same order.
static sh_status rebuild(sh_env *env, shi_slot *slot, uint32_t capacity) {
  sh_heap *heap = env->heap;
  uint64_t offset = shi_alloc(env, bytes_for(capacity), SHI_CLASS_DATA, false);
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
    memset(buckets_of(to), 0, ((size_t)to->mask + 1) * sizeof(uint32_t));
  }
  uint32_t used = from == NULL ? 0 : from->used;
  for (uint32_t i = 0; i < used; i++) {
    if (shi_entry_is_hole(&from->entries[i])) {
      continue;
    }
    to->entries[to->used] = from->entries[i];
    if (to->mask != 0) {
      index_entry(to, to->used, shi_packed_hash(heap, &from->entries[i].key));
    }
    to->used++;
  }
  SHI_CHECK(to->used == live);
  uint64_t old = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  atomic_store_explicit(&slot->payload[0], offset, memory_order_relaxed);
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
  if (table->capacity >= UINT32_C(1) << 29) {
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
  uint32_t at = table->used++;
  table->entries[at] = (shi_entry){.key = packed, .value = value};
  if (table->mask != 0) {
    index_entry(table, at, key->hash);
  }
  put_live(slot, shi_table_live(slot) + 1, shi_table_id(slot));
  return SH_OK;
}

void shi_table_remove(sh_env *env, shi_slot *slot, shi_entry *entry) {
  shi_table *table = table_of(env->heap, slot);
  uint32_t live = shi_table_live(slot) - 1;
  shi_packed_release(env->heap, env, &entry->key);
  entry->key = (shi_packed){.word = {0, (uint64_t)SHI_KEY_HOLE << SHI_KEY_KIND_SHIFT}};
  entry->value = SH_WORD_UNDEFINED;
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
  uint64_t table = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  atomic_store_explicit(&slot->payload[0], 0, memory_order_relaxed);
  put_live(slot, 0, next_id(slot));
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
