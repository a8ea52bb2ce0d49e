#include "map.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "map_table.h"
#include "optimistic.h"
#include "release.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "text.h"

// Every public function below has the same shape: make the key and the value's word with no lock
// held, lock, find, change, unlock, release what fell out. Single reads try optimistic sections
// before the lock.

sh_status sh_map_new(sh_env *env, bool from_object, sh_id *out) {
  uint32_t index = 0;
  sh_status status = shi_slot_take(env, false, &index);
  if (status == SH_OK) {
    shi_table_init(shi_slot_at(env->heap, index));
    *out = shi_slot_publish(env, index, SH_TYPE_MAP, from_object ? SH_FLAG_OBJECT : 0);
  }
  return status;
}

static sh_status make_key(sh_env *env, const sh_value *key, shi_map_key *out) {
  shi_read_reset(env);
  shi_write_reset(env);
  return shi_map_key_make(env, key, out);
}

// The key of a call, then the map's lock.
static sh_status begin(sh_env *env, sh_id id, const sh_value *key, bool write, shi_map_key *out,
                       shi_slot **slot) {
  sh_status status = make_key(env, key, out);
  if (status != SH_OK) {
    return status;
  }
  return write ? shi_slot_lock_write(env, id, SH_TYPE_MAP, slot)
               : shi_slot_lock(env, id, SH_TYPE_MAP, slot);
}

static void put_info(uint32_t live, const shi_slot *slot, uint32_t *size, bool *from_object) {
  if (size != NULL) {
    *size = live;
  }
  if (from_object != NULL) { // never changes
    *from_object = (atomic_load_explicit(&slot->word0, memory_order_relaxed) & SH_FLAG_OBJECT) != 0;
  }
}

sh_status sh_map_info(sh_env *env, sh_id id, uint32_t *size, bool *from_object) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_MAP);
  while (shi_peek_begin(&peek)) {
    uint32_t live = shi_table_live(peek.slot);
    if (shi_peek_end(&peek, SHI_PEEKED)) {
      put_info(live, peek.slot, size, from_object);
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_MAP, &slot);
  if (status == SH_OK) {
    put_info(shi_table_live(slot), slot, size, from_object);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

// The entry of a key in a section; its value, if `out` is not NULL.
static shi_peeked peek_entry(const shi_peek *peek, const shi_map_key *key, sh_mode mode,
                             sh_value *out, bool *found) {
  sh_heap *heap = peek->env->heap;
  shi_table *table = NULL;
  if (!shi_table_at(heap, peek->slot, &table)) {
    return SHI_PEEK_LOCK;
  }
  const shi_entry *entry = shi_table_lookup(heap, table, key);
  *found = entry != NULL;
  if (out == NULL) {
    return SHI_PEEKED;
  }
  if (entry == NULL) {
    out->kind = SH_KIND_UNDEFINED;
    return SHI_PEEKED;
  }
  shi_peek_step(peek->env, SH_PEEK_FOUND);
  return shi_word_peek(peek->env, shi_word_load(&entry->value), mode, out) ? SHI_PEEKED
                                                                           : SHI_PEEK_LOCK;
}

static sh_status look_locked(sh_env *env, sh_id id, const shi_map_key *key, sh_mode mode,
                             sh_value *out, bool *found) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_MAP, &slot);
  if (status != SH_OK) {
    return status;
  }
  const shi_entry *entry = shi_table_find(env->heap, slot, key);
  if (out != NULL) {
    status = shi_word_read(env, entry == NULL ? SH_WORD_UNDEFINED : entry->value, mode, out);
  }
  shi_unlock(&slot->lock, false);
  if (status == SH_OK) {
    if (out != NULL) {
      shi_value_deref(env, out);
    }
    *found = entry != NULL;
  }
  return status;
}

// Looks for a key and, if `out` is not NULL, at its value.
static sh_status look(sh_env *env, sh_id id, const sh_value *key, sh_mode mode, sh_value *out,
                      bool *found) {
  shi_map_key at_hand;
  sh_status status = make_key(env, key, &at_hand);
  if (status != SH_OK) {
    return status;
  }
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_MAP);
  while (shi_peek_begin(&peek)) {
    bool there = false;
    if (shi_peek_end(&peek, peek_entry(&peek, &at_hand, mode, out, &there))) {
      *found = there;
      return SH_OK;
    }
  }
  return look_locked(env, id, &at_hand, mode, out, found);
}

sh_status sh_map_get(sh_env *env, sh_id id, const sh_value *key, sh_mode mode, sh_value *out,
                     bool *found) {
  return look(env, id, key, mode, out, found);
}

sh_status sh_map_has(sh_env *env, sh_id id, const sh_value *key, bool *found) {
  return look(env, id, key, SH_BORROW, NULL, found);
}

sh_status sh_map_set(sh_env *env, sh_id id, const sh_value *key, const sh_value *value) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  shi_word word = 0;
  sh_status status = shi_word_make(env, value, &word);
  if (status != SH_OK) {
    return status;
  }
  status = begin(env, id, key, true, &at_hand, &slot);
  if (status != SH_OK) {
    shi_word_unmake(env, value, word);
    return status;
  }
  shi_word old = SH_WORD_UNDEFINED;
  status = shi_table_put(env, slot, &at_hand, word, &old);
  shi_slot_unlock(env, slot, status == SH_OK);
  if (status == SH_OK) {
    shi_word_release(env, old);
  } else {
    shi_word_unmake(env, value, word);
  }
  return status;
}

sh_status sh_map_get_or_insert(sh_env *env, sh_id id, const sh_value *key, const sh_value *value,
                               sh_value *out, bool *inserted) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  shi_word word = 0;
  sh_value result = {.kind = SH_KIND_UNDEFINED};
  sh_status status = shi_word_make(env, value, &word);
  if (status != SH_OK) {
    return status;
  }
  status = begin(env, id, key, true, &at_hand, &slot);
  if (status != SH_OK) {
    shi_word_unmake(env, value, word);
    return status;
  }
  shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  if (entry == NULL) {
    status = shi_table_add(env, slot, &at_hand, word);
  }
  bool added = entry == NULL && status == SH_OK;
  if (status == SH_OK) {
    status = shi_word_read(env, entry != NULL ? entry->value : word, SH_BORROW, &result);
  }
  shi_slot_unlock(env, slot, added);
  if (!added) {
    shi_word_unmake(env, value, word);
  }
  if (status == SH_OK) {
    *out = result;
    *inserted = added;
  }
  return status;
}

sh_status sh_map_delete(sh_env *env, sh_id id, const sh_value *key, bool *found) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  sh_status status = begin(env, id, key, true, &at_hand, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_word old = SH_WORD_UNDEFINED;
  shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  if (entry != NULL) {
    old = entry->value;
    shi_table_remove(env, slot, entry);
  }
  shi_slot_unlock(env, slot, entry != NULL);
  shi_word_release(env, old);
  *found = entry != NULL;
  return SH_OK;
}

sh_status sh_map_take(sh_env *env, sh_id id, const sh_value *key, sh_value *out, bool *found) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  sh_status status = begin(env, id, key, true, &at_hand, &slot);
  if (status != SH_OK) {
    return status;
  }
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  shi_word old = SH_WORD_UNDEFINED;
  shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  if (entry != NULL) {
    old = entry->value;
    // The claim is taken first: if it cannot be had, nothing has changed.
    status = shi_word_read(env, old, SH_ACQUIRE, &value);
    if (status == SH_OK) {
      shi_table_remove(env, slot, entry);
    }
  }
  shi_slot_unlock(env, slot, entry != NULL && status == SH_OK);
  if (status == SH_OK) {
    shi_word_release(env, old);
    *out = value;
    *found = entry != NULL;
  }
  return status;
}

sh_status sh_map_add(sh_env *env, sh_id id, const sh_value *key, double n, double *old) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  sh_status status = begin(env, id, key, true, &at_hand, &slot);
  if (status != SH_OK) {
    return status;
  }
  double before = 0;
  shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  if (entry == NULL) {
    status = shi_table_add(env, slot, &at_hand, shi_number_bits(before + n));
  } else if (shi_word_is_number(entry->value)) {
    before = shi_bits_number(entry->value);
    shi_word_store(&entry->value, shi_number_bits(before + n));
  } else {
    status = SH_E_TYPE_MISMATCH;
  }
  shi_slot_unlock(env, slot, status == SH_OK);
  if (status == SH_OK) {
    *old = before;
  }
  return status;
}

sh_status sh_map_compare_exchange(sh_env *env, sh_id id, const sh_value *key,
                                  const sh_value *expected, const sh_value *next, bool *exchanged,
                                  sh_value *current) {
  shi_map_key at_hand;
  shi_key wanted;
  shi_slot *slot = NULL;
  shi_word word = 0;
  sh_status status = shi_word_make(env, next, &word);
  if (status != SH_OK) {
    return status;
  }
  shi_read_reset(env);
  shi_write_reset(env);
  status = shi_map_key_make(env, key, &at_hand);
  if (status == SH_OK) {
    status = shi_key_make(env, expected, &wanted);
  }
  if (status == SH_OK) {
    status = shi_slot_lock_write(env, id, SH_TYPE_MAP, &slot);
  }
  if (status != SH_OK) {
    shi_word_unmake(env, next, word);
    return status;
  }
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  shi_word old = SH_WORD_UNDEFINED;
  bool done = false;
  shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  if (entry == NULL && expected->kind == SH_KIND_UNDEFINED) {
    status = shi_table_add(env, slot, &at_hand, word);
    done = status == SH_OK;
  } else if (entry != NULL && shi_key_equals(env->heap, &wanted, entry->value)) {
    old = entry->value;
    shi_word_store(&entry->value, word);
    done = true;
  } else if (entry != NULL) {
    status = shi_word_read(env, entry->value, SH_BORROW, &value);
  }
  shi_slot_unlock(env, slot, done);
  if (done) {
    shi_word_release(env, old);
  } else {
    shi_word_unmake(env, next, word);
  }
  if (status == SH_OK) {
    *exchanged = done;
    *current = value;
  }
  return status;
}

sh_status sh_map_clear(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_MAP, &slot);
  if (status != SH_OK) {
    return status;
  }
  uint64_t table = shi_table_detach(slot);
  shi_slot_unlock(env, slot, table != 0);
  shi_worklist list = {0};
  shi_table_dispose(env, &list, table);
  shi_release_run(env, &list);
  return SH_OK;
}

sh_status sh_map_read(sh_env *env, sh_id id, sh_cursor *cursor, sh_mode mode, uint32_t limit,
                      sh_value *out, uint32_t *count, bool *moved, uint32_t *version) {
  shi_slot *slot = NULL;
  shi_read_reset(env);
  sh_status status = shi_slot_lock(env, id, SH_TYPE_MAP, &slot);
  if (status != SH_OK) {
    return status;
  }
  uint32_t read = 0;
  uint32_t table = shi_table_id(slot);
  uint32_t position = cursor->position;
  *moved = cursor->table != 0 && cursor->table != table;
  *version = shi_lock_version(&slot->lock);
  limit = limit > SH_READ_MAX / 2 ? SH_READ_MAX / 2 : limit;
  if (!*moved) {
    uint32_t used = 0;
    shi_entry *entries = shi_table_entries(env->heap, slot, &used);
    for (; position < used && read < limit && status == SH_OK; position++) {
      const shi_entry *entry = &entries[position];
      if (shi_entry_is_hole(entry)) {
        continue;
      }
      status = shi_word_read(env, entry->value, mode, &out[2 * read + 1]);
      if (status == SH_OK) {
        shi_packed_read(env, &entry->key, &out[2 * read]);
        read++;
      }
    }
  }
  shi_unlock(&slot->lock, false);
  status = shi_values_settle(env, out, 2 * read, mode, status);
  if (status != SH_OK) {
    return status;
  }
  *cursor = (sh_cursor){.position = position, .table = table};
  *count = read;
  return SH_OK;
}

sh_status sh_map_find(sh_env *env, sh_id id, const sh_value *key, sh_cursor *cursor, bool *found) {
  shi_map_key at_hand;
  shi_slot *slot = NULL;
  sh_status status = begin(env, id, key, false, &at_hand, &slot);
  if (status != SH_OK) {
    return status;
  }
  uint32_t used = 0;
  const shi_entry *entry = shi_table_find(env->heap, slot, &at_hand);
  const shi_entry *entries = shi_table_entries(env->heap, slot, &used);
  cursor->table = shi_table_id(slot);
  cursor->position = entry != NULL ? (uint32_t)(entry - entries) + 1 : 0;
  shi_unlock(&slot->lock, false);
  *found = entry != NULL;
  return SH_OK;
}

void shi_map_dispose(sh_env *env, shi_worklist *list, shi_slot *slot) {
  shi_table_dispose(env, list, shi_table_detach(slot));
}
