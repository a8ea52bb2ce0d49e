// Many entries of a map in one call, and room for many: see map.h.
//
// A call goes in groups. All that needs no lock is done for a whole group first (keys packed and
// hashed, words of values made); then its entries are asked for together, so that the cache misses
// of one do not wait for those of another; then they are resolved, in one optimistic section or
// under one lock.
#include "map.h"

#include "map_table.h"
#include "optimistic.h"
#include "release.h"
#include "slot_lock.h"
#include "text.h"

static uint32_t group_size(uint32_t left) {
  return left < SHI_TABLE_GROUP ? left : SHI_TABLE_GROUP;
}

// --- reading ---------------------------------------------------------------------------------

typedef struct reading {
  sh_env *env;
  sh_id id;
  sh_mode mode;
  bool lock; // sections would not do: some value takes the lock
} reading;

static sh_status make_keys(sh_env *env, const sh_value *values, uint32_t n, shi_map_key *out) {
  sh_status status = SH_OK;
  shi_write_reset(env);
  for (uint32_t i = 0; i < n && status == SH_OK; i++) {
    status = shi_map_key_make(env, &values[i], &out[i]);
  }
  return status;
}

static shi_peeked peek_group(const shi_peek *peek, const shi_map_key *keys, uint32_t n,
                             sh_mode mode, sh_value *out, bool *found) {
  sh_heap *heap = peek->env->heap;
  shi_table *table = NULL;
  if (!shi_table_at(heap, peek->slot, &table)) {
    return SHI_PEEK_LOCK;
  }
  shi_table_prefetch(heap, table, keys, n);
  for (uint32_t i = 0; i < n; i++) {
    const shi_entry *entry = shi_table_lookup(heap, table, &keys[i]);
    shi_word word = SH_WORD_UNDEFINED;
    found[i] = entry != NULL;
    if (entry != NULL) {
      shi_peek_step(peek->env, SH_PEEK_FOUND);
      word = shi_word_load(&entry->value);
    }
    if (!shi_word_peek(peek->env, word, mode, &out[i])) {
      return SHI_PEEK_LOCK;
    }
  }
  return SHI_PEEKED;
}

static sh_status get_group_locked(const reading *r, const shi_map_key *keys, uint32_t n,
                                  sh_value *out, bool *found) {
  shi_slot *slot = NULL;
  shi_table *table = NULL;
  sh_heap *heap = r->env->heap;
  sh_status status = shi_slot_lock(r->env, r->id, SH_TYPE_MAP, &slot);
  if (status != SH_OK) {
    return status;
  }
  SHI_CHECK(shi_table_at(heap, slot, &table));
  shi_table_prefetch(heap, table, keys, n);
  uint32_t read = 0;
  while (read < n && status == SH_OK) {
    const shi_entry *entry = shi_table_lookup(heap, table, &keys[read]);
    found[read] = entry != NULL;
    status = shi_word_read(r->env, entry != NULL ? entry->value : SH_WORD_UNDEFINED, r->mode,
                           &out[read]);
    read += status == SH_OK ? 1 : 0;
  }
  shi_unlock(&slot->lock, false);
  return shi_values_settle(r->env, out, read, r->mode, status);
}

static sh_status get_group(reading *r, const sh_value *keys, uint32_t n, sh_value *out,
                           bool *found) {
  shi_map_key at_hand[SHI_TABLE_GROUP];
  sh_status status = make_keys(r->env, keys, n, at_hand);
  if (status != SH_OK) {
    return status;
  }
  if (!r->lock) {
    shi_peek peek = shi_peek_open(r->env, r->id, SH_TYPE_MAP);
    while (shi_peek_begin(&peek)) {
      if (shi_peek_end(&peek, peek_group(&peek, at_hand, n, r->mode, out, found))) {
        return SH_OK;
      }
    }
    r->lock = true;
  }
  return get_group_locked(r, at_hand, n, out, found);
}

sh_status sh_map_get_many(sh_env *env, sh_id id, const sh_value *keys, uint32_t n, sh_mode mode,
                          sh_value *out, bool *found) {
  if (n > SH_READ_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  reading r = {.env = env, .id = id, .mode = mode};
  bool nobody_asks[SHI_TABLE_GROUP];
  uint32_t done = 0;
  shi_read_reset(env);
  do { // once also for no keys: the id is looked at
    uint32_t group = group_size(n - done);
    sh_status status =
        get_group(&r, keys + done, group, out + done, found != NULL ? found + done : nobody_asks);
    if (status != SH_OK) {
      shi_values_discard(env, out, done, mode);
      return status;
    }
    done += group;
  } while (done < n);
  return SH_OK;
}

// --- writing ---------------------------------------------------------------------------------

// Entries made and not yet set.
typedef struct entries {
  shi_map_key keys[SHI_TABLE_GROUP];
  shi_word words[SHI_TABLE_GROUP]; // once an entry is set: what fell out
  uint32_t n;
} entries;

// Makes entries up to the first that fails; its status.
static sh_status make_entries(sh_env *env, const sh_value *keys, const sh_value *values, uint32_t n,
                              entries *out) {
  shi_write_reset(env);
  for (out->n = 0; out->n < n; out->n++) {
    uint32_t i = out->n;
    sh_status status = shi_word_make(env, &values[i], &out->words[i]);
    if (status != SH_OK) {
      return status;
    }
    status = shi_map_key_make(env, &keys[i], &out->keys[i]);
    if (status != SH_OK) {
      shi_word_unmake(env, &values[i], out->words[i]);
      return status;
    }
  }
  return SH_OK;
}

// Puts the entries in, up to the first that fails.
static sh_status put_entries(sh_env *env, sh_id id, entries *e, uint32_t *put) {
  shi_slot *slot = NULL;
  shi_table *table = NULL;
  *put = 0;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_MAP, &slot);
  if (status != SH_OK) {
    return status;
  }
  SHI_CHECK(shi_table_at(env->heap, slot, &table));
  shi_table_prefetch(env->heap, table, e->keys, e->n);
  while (*put < e->n && status == SH_OK) {
    shi_word old = SH_WORD_UNDEFINED;
    status = shi_table_put(env, slot, &e->keys[*put], e->words[*put], &old);
    if (status == SH_OK) {
      e->words[(*put)++] = old;
    }
  }
  shi_slot_unlock(env, slot, *put > 0);
  return status;
}

static sh_status set_group(sh_env *env, sh_id id, const sh_value *keys, const sh_value *values,
                           uint32_t n, uint32_t *done) {
  entries e;
  uint32_t put = 0;
  sh_status made = make_entries(env, keys, values, n, &e);
  sh_status status = e.n == 0 && made != SH_OK ? made : put_entries(env, id, &e, &put);
  shi_worklist list = {0};
  for (uint32_t i = 0; i < put; i++) {
    shi_release_word(env, &list, e.words[i]);
  }
  shi_release_run(env, &list);
  for (uint32_t i = put; i < e.n; i++) {
    shi_word_unmake(env, &values[i], e.words[i]);
  }
  *done += put;
  return status != SH_OK ? status : made;
}

sh_status sh_map_set_many(sh_env *env, sh_id id, const sh_value *keys, const sh_value *values,
                          uint32_t n, uint32_t *done) {
  sh_status status = SH_OK;
  *done = 0;
  if (n > SH_READ_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  shi_read_reset(env);
  do {
    status = set_group(env, id, keys + *done, values + *done, group_size(n - *done), done);
  } while (status == SH_OK && *done < n);
  return status;
}
