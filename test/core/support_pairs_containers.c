// Operations of maps and vectors; see support_pairs.h. Maps have keys of every form that matters to
// the table (packed, with a payload behind them), vectors some hundred elements at most.
#include "support_pairs.h"

#include "map.h"
#include "vector.h"

#include <stdio.h>

#define OPS(ops) ops, sizeof ops / sizeof *ops

// --- maps ------------------------------------------------------------------------------------

#define KEYS 24u // so few that most operations meet, and more than a table without index has
#define MANY 20u // keys of a batch: more than are looked up together
#define KEY_MAX 64u

static sh_value key_of(uint32_t k, char *text) {
  switch (k % 3) {
  case 0:
    return stress_number(k);
  case 1:
    (void)snprintf(text, KEY_MAX, "key %u", k);
    return stress_text(text);
  default:
    (void)snprintf(text, KEY_MAX, "a key that is longer than an entry %u", k);
    return stress_text(text);
  }
}

static sh_value some_key(stress_thread *t, char *text) {
  return key_of(stress_below(t, KEYS), text);
}

static sh_status map_make(pairs *p, sh_env *env, sh_id *out) {
  char text[KEY_MAX];
  (void)p;
  sh_status status = sh_map_new(env, false, out);
  for (uint32_t k = 0; status == SH_OK && k < KEYS; k++) {
    sh_value key = key_of(k, text);
    sh_value value = stress_number(k);
    status = sh_map_set(env, *out, &key, &value);
  }
  return status;
}

static sh_status map_info(pairs *p, stress_thread *t, sh_id id) {
  uint32_t size = 0;
  bool from_object = false;
  (void)p;
  sh_status status = sh_map_info(t->env, id, &size, &from_object);
  STRESS_CHECK(size <= KEYS && !from_object);
  return status;
}

static sh_status map_get(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  sh_value out;
  bool found = false;
  sh_mode mode = pairs_mode(t);
  (void)p;
  sh_status status = sh_map_get(t->env, id, &key, mode, &out, &found);
  if (status == SH_OK) {
    STRESS_CHECK(found || out.kind == SH_KIND_UNDEFINED);
    pairs_out(t, &out, mode == SH_ACQUIRE);
  }
  return status;
}

static sh_status map_has(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  bool found = false;
  (void)p;
  return sh_map_has(t->env, id, &key, &found);
}

// Knows nothing of dead maps: it says so, and the caller asks again.
static sh_status map_look(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  double n = 0;
  (void)p;
  sh_quick quick = key.kind == SH_KIND_NUMBER
                       ? sh_map_look_number(t->env, id, key.number, &n)
                       : sh_map_look_text(t->env, id, key.chars, key.length, &n);
  STRESS_CHECK(quick != SH_QUICK_THERE || n == (double)(uint64_t)n);
  return SH_OK;
}

static sh_status map_get_many(pairs *p, stress_thread *t, sh_id id) {
  char texts[MANY][KEY_MAX];
  sh_value keys[MANY];
  sh_value out[MANY];
  bool found[MANY];
  sh_mode mode = pairs_mode(t);
  (void)p;
  for (uint32_t i = 0; i < MANY; i++) {
    keys[i] = some_key(t, texts[i]);
  }
  sh_status status = sh_map_get_many(t->env, id, keys, MANY, mode, out, found);
  for (uint32_t i = 0; status == SH_OK && i < MANY; i++) {
    STRESS_CHECK(found[i] || out[i].kind == SH_KIND_UNDEFINED);
    pairs_out(t, &out[i], mode == SH_ACQUIRE);
  }
  return status;
}

static sh_status map_set(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  char chars[PAIRS_TEXT_MAX + 1];
  sh_value key = some_key(t, text);
  sh_value value = pairs_value(p, t, chars);
  sh_status status = sh_map_set(t->env, id, &key, &value);
  pairs_stored(t, &value, status == SH_OK);
  return status;
}

static sh_status map_set_many(pairs *p, stress_thread *t, sh_id id) {
  char texts[MANY][KEY_MAX];
  sh_value keys[MANY];
  sh_value values[MANY];
  char chars[PAIRS_TEXT_MAX + 1];
  uint32_t done = 0;
  for (uint32_t i = 0; i < MANY; i++) {
    keys[i] = some_key(t, texts[i]);
    values[i] = i == 0 ? pairs_value(p, t, chars) : stress_number(i);
  }
  sh_status status = sh_map_set_many(t->env, id, keys, values, MANY, &done);
  pairs_stored(t, &values[0], done > 0); // the map may have died after the first of them
  return status;
}

static sh_status map_get_or_insert(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  char chars[PAIRS_TEXT_MAX + 1];
  sh_value key = some_key(t, text);
  sh_value value = pairs_value(p, t, chars);
  sh_value out;
  bool inserted = false;
  sh_status status = sh_map_get_or_insert(t->env, id, &key, &value, &out, &inserted);
  if (status == SH_OK) {
    pairs_out(t, &out, false);
  }
  pairs_stored(t, &value, inserted);
  return status;
}

// A key that was gone is put back, so that there is something to delete.
static sh_status put_back(stress_thread *t, sh_id id, const sh_value *key) {
  sh_value value = stress_number(1);
  return sh_map_set(t->env, id, key, &value);
}

static sh_status map_delete(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  bool found = false;
  (void)p;
  sh_status status = sh_map_delete(t->env, id, &key, &found);
  return status == SH_OK && !found ? put_back(t, id, &key) : status;
}

static sh_status map_take(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  sh_value out;
  bool found = false;
  (void)p;
  sh_status status = sh_map_take(t->env, id, &key, &out, &found);
  if (status == SH_OK && found) {
    pairs_out(t, &out, true);
  }
  return status == SH_OK && !found ? put_back(t, id, &key) : status;
}

static sh_status map_add(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  double old = 0;
  (void)p;
  sh_status status = sh_map_add(t->env, id, &key, 1, &old);
  STRESS_CHECK(old >= 0 && old == (double)(uint64_t)old);
  return status == SH_E_TYPE_MISMATCH ? SH_OK : status;
}

static sh_status map_compare_exchange(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  char chars[PAIRS_TEXT_MAX + 1];
  sh_value key = some_key(t, text);
  sh_value expected = stress_below(t, 2) == 0 ? stress_number(1) : stress_ref(p->child, false);
  sh_value next = pairs_value(p, t, chars);
  sh_value current;
  bool exchanged = false;
  sh_status status =
      sh_map_compare_exchange(t->env, id, &key, &expected, &next, &exchanged, &current);
  if (status == SH_OK && !exchanged) {
    pairs_out(t, &current, false);
  }
  pairs_stored(t, &next, exchanged);
  return status;
}

static sh_status map_clear(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return sh_map_clear(t->env, id);
}

static sh_status map_read(pairs *p, stress_thread *t, sh_id id) {
  sh_value out[16];
  sh_cursor cursor = {0, 0};
  uint32_t count = 1;
  uint32_t version = 0;
  bool moved = false;
  sh_status status = SH_OK;
  sh_mode mode = pairs_mode(t);
  (void)p;
  while (status == SH_OK && count > 0 && !moved) {
    status = sh_map_read(t->env, id, &cursor, mode, 8, out, &count, &moved, &version);
    for (uint32_t i = 0; status == SH_OK && !moved && i < count; i++) {
      STRESS_CHECK(out[2 * i].kind == SH_KIND_NUMBER || out[2 * i].kind == SH_KIND_STRING);
      STRESS_CHECK(out[2 * i].pin == 0); // keys are short
      pairs_out(t, &out[2 * i + 1], mode == SH_ACQUIRE);
    }
  }
  return status;
}

static sh_status map_find(pairs *p, stress_thread *t, sh_id id) {
  char text[KEY_MAX];
  sh_value key = some_key(t, text);
  sh_cursor cursor = {0, 0};
  bool found = false;
  (void)p;
  return sh_map_find(t->env, id, &key, &cursor, &found);
}

static const pairs_op map_ops[] = {
    {.name = "size", .run = map_info},
    {.name = "get", .run = map_get},
    {.name = "has", .run = map_has},
    {.name = "quick look", .run = map_look},
    {.name = "getMany", .run = map_get_many},
    {.name = "set", .run = map_set},
    {.name = "setMany", .run = map_set_many},
    {.name = "getOrInsert", .run = map_get_or_insert},
    {.name = "delete", .run = map_delete},
    {.name = "take", .run = map_take},
    {.name = "add", .run = map_add},
    {.name = "compareExchange", .run = map_compare_exchange},
    {.name = "clear", .run = map_clear},
    {.name = "read", .run = map_read},
    {.name = "find", .run = map_find},
};
const pairs_type pairs_maps = {"maps", map_make, OPS(map_ops)};

// --- vectors ---------------------------------------------------------------------------------

#define LONG 300u // no longer, but for what several threads add at once
#define FIRST 40u

static sh_status vector_make(pairs *p, sh_env *env, sh_id *out) {
  sh_value values[FIRST];
  uint32_t length = 0;
  for (uint32_t i = 0; i < FIRST; i++) {
    values[i] = i % 4 == 0 ? stress_ref(p->child, false) : stress_number(i);
  }
  sh_status status = sh_vector_new(env, out);
  return status == SH_OK ? sh_vector_push(env, *out, values, FIRST, &length) : status;
}

static sh_status vector_length(pairs *p, stress_thread *t, sh_id id) {
  uint32_t length = 0;
  (void)p;
  return sh_vector_length(t->env, id, &length);
}

static sh_status vector_get(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  bool found = false;
  sh_mode mode = pairs_mode(t);
  (void)p;
  sh_status status = sh_vector_get(t->env, id, stress_below(t, FIRST + 3), mode, &out, &found);
  if (status == SH_OK) {
    STRESS_CHECK(found || out.kind == SH_KIND_UNDEFINED);
    pairs_out(t, &out, mode == SH_ACQUIRE);
  }
  return status;
}

static sh_status vector_set(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value value = pairs_value(p, t, text);
  sh_status status = sh_vector_set(t->env, id, stress_below(t, FIRST), &value);
  pairs_stored(t, &value, status == SH_OK);
  return status == SH_E_OUT_OF_RANGE ? SH_OK : status;
}

// Takes elements out of a vector that has become too long.
static sh_status shorten(stress_thread *t, sh_id id) {
  sh_value out[LONG / 2];
  uint32_t removed = 0;
  sh_status status = sh_vector_splice(t->env, id, 0, LONG / 2, NULL, 0, out, &removed);
  for (uint32_t i = 0; status == SH_OK && i < removed; i++) {
    pairs_out(t, &out[i], true);
  }
  return status;
}

static sh_status add(pairs *p, stress_thread *t, sh_id id, bool front) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value values[3] = {pairs_value(p, t, text), stress_ref(p->child, false), stress_number(7)};
  uint32_t n = 1 + stress_below(t, 3);
  uint32_t length = 0;
  sh_status status = front ? sh_vector_unshift(t->env, id, values, n, &length)
                           : sh_vector_push(t->env, id, values, n, &length);
  pairs_stored(t, &values[0], status == SH_OK);
  return status == SH_OK && length > LONG ? shorten(t, id) : status;
}

static sh_status vector_push(pairs *p, stress_thread *t, sh_id id) { return add(p, t, id, false); }

static sh_status vector_unshift(pairs *p, stress_thread *t, sh_id id) {
  return add(p, t, id, true);
}

static sh_status refill(pairs *p, stress_thread *t, sh_id id) {
  sh_value values[FIRST];
  uint32_t length = 0;
  for (uint32_t i = 0; i < FIRST; i++) {
    values[i] = i % 4 == 0 ? stress_ref(p->child, false) : stress_number(i);
  }
  return sh_vector_push(t->env, id, values, FIRST, &length);
}

static sh_status took(pairs *p, stress_thread *t, sh_id id, sh_status status, bool found,
                      const sh_value *out) {
  if (status != SH_OK) {
    return status;
  }
  if (!found) {
    return refill(p, t, id);
  }
  if (out != NULL) {
    pairs_out(t, out, true);
  }
  return SH_OK;
}

static sh_status vector_pop(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  bool found = false;
  sh_status status = sh_vector_pop(t->env, id, &out, &found);
  return took(p, t, id, status, found, &out);
}

static sh_status vector_shift(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  bool found = false;
  sh_status status = sh_vector_shift(t->env, id, &out, &found);
  return took(p, t, id, status, found, &out);
}

static sh_status vector_remove_at(pairs *p, stress_thread *t, sh_id id) {
  bool found = false;
  sh_status status = sh_vector_remove_at(t->env, id, stress_below(t, FIRST / 2), &found);
  return took(p, t, id, status, found, NULL);
}

static sh_status vector_splice(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value values[2] = {pairs_value(p, t, text), stress_number(9)};
  sh_value out[5];
  uint32_t removed = 0;
  sh_status status = sh_vector_splice(t->env, id, stress_below(t, FIRST), stress_below(t, 6),
                                      values, 2, out, &removed);
  for (uint32_t i = 0; status == SH_OK && i < removed; i++) {
    pairs_out(t, &out[i], true);
  }
  pairs_stored(t, &values[0], status == SH_OK);
  return status == SH_OK && removed < 2 && stress_below(t, 50) == 0 ? shorten(t, id) : status;
}

static sh_status vector_fill(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value value = pairs_value(p, t, text);
  value.move = false;
  uint32_t start = stress_below(t, FIRST);
  sh_status status = sh_vector_fill(t->env, id, &value, start, start + stress_below(t, 9));
  if (value.kind == SH_KIND_REF && value.id != p->child) {
    STRESS_CHECK(sh_drop(t->env, value.id) == SH_OK); // the thread's own
  }
  return status;
}

static sh_status vector_reverse(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return sh_vector_reverse(t->env, id);
}

static sh_status vector_clear(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return sh_vector_clear(t->env, id);
}

static sh_status vector_index_of(pairs *p, stress_thread *t, sh_id id) {
  sh_value value = stress_below(t, 2) == 0 ? stress_number(7) : stress_ref(p->child, false);
  uint32_t index = 0;
  bool found = false;
  return sh_vector_index_of(t->env, id, &value, 0, false, true, &index, &found);
}

static sh_status vector_read(pairs *p, stress_thread *t, sh_id id) {
  sh_value out[FIRST];
  uint32_t count = 0;
  uint32_t version = 0;
  sh_mode mode = pairs_mode(t);
  (void)p;
  sh_status status = sh_vector_read(t->env, id, 0, mode, FIRST, out, &count, &version);
  for (uint32_t i = 0; status == SH_OK && i < count; i++) {
    pairs_out(t, &out[i], mode == SH_ACQUIRE);
  }
  return status;
}

// Sorting a snapshot: installed only if nothing has changed since.
static sh_status vector_permute(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  uint32_t order[4 * LONG];
  uint32_t length = 0;
  uint32_t count = 0;
  uint32_t version = 0;
  (void)p;
  sh_status status = sh_vector_length(t->env, id, &length);
  if (status == SH_OK) {
    status = sh_vector_read(t->env, id, length, SH_BORROW, 1, &out, &count, &version);
  }
  if (status != SH_OK || count > 0 || length > 4 * LONG) {
    if (status == SH_OK && count > 0) {
      pairs_out(t, &out, false);
    }
    return status;
  }
  for (uint32_t i = 0; i < length; i++) {
    order[i] = length - 1 - i;
  }
  status = sh_vector_permute(t->env, id, version, order, length);
  return status == SH_E_CONFLICT || status == SH_E_OUT_OF_RANGE ? SH_OK : status;
}

static const pairs_op vector_ops[] = {
    {.name = "length", .run = vector_length},    {.name = "get", .run = vector_get},
    {.name = "set", .run = vector_set},          {.name = "push", .run = vector_push},
    {.name = "unshift", .run = vector_unshift},  {.name = "pop", .run = vector_pop},
    {.name = "shift", .run = vector_shift},      {.name = "removeAt", .run = vector_remove_at},
    {.name = "splice", .run = vector_splice},    {.name = "fill", .run = vector_fill},
    {.name = "reverse", .run = vector_reverse},  {.name = "clear", .run = vector_clear},
    {.name = "indexOf", .run = vector_index_of}, {.name = "read", .run = vector_read},
    {.name = "permute", .run = vector_permute},
};
const pairs_type pairs_vectors = {"vectors", vector_make, OPS(vector_ops)};
