// Many entries of a map in one call, and room for many: the same as one after the other, all or up
// to the first that fails.
#include "support.h"

#include "optimistic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY SH_READ_MAX
#define TEXT_BYTES 64u

// Keys and values of every kind; numbers 0, 16, ... are short texts, and so on.
typedef struct entries {
  char key_texts[MANY][TEXT_BYTES];
  char value_texts[MANY][TEXT_BYTES];
  uint64_t digits[MANY];
  sh_value keys[MANY];
  sh_value values[MANY];
} entries;

static entries *make_entries(uint32_t n, uint32_t salt) {
  entries *e = calloc(1, sizeof *e);
  assert_non_null(e);
  for (uint32_t i = 0; i < n; i++) {
    e->digits[i] = i;
    (void)snprintf(e->key_texts[i], TEXT_BYTES, i % 4 == 0 ? "k%u" : "a key with a payload, %u", i);
    (void)snprintf(e->value_texts[i], TEXT_BYTES, i % 5 == 0 ? "%u" : "a value with a payload, %u",
                   i + salt);
    e->keys[i] = i % 4 < 2    ? v_text(e->key_texts[i])
                 : i % 4 == 2 ? v_number(i)
                              : v_bigint(&e->digits[i], 1, true);
    e->values[i] = i % 3 < 2 ? v_text(e->value_texts[i]) : v_number(i + salt);
  }
  return e;
}

static void check_many(fixture *f, sh_id map, const entries *e, uint32_t n, uint32_t present) {
  static sh_value out[MANY];
  static bool found[MANY];
  assert_ok(sh_map_get_many(f->env, map, e->keys, n, SH_BORROW, out, found));
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(found[i], i < present);
    assert_value(out[i], i < present ? e->values[i] : v_undefined());
    unpin(f, &out[i]);
  }
}

static void as_one_after_the_other(void **state) {
  fixture *f = *state;
  static const uint32_t sizes[] = {0, 1, 7, 15, 16, 17, 100, MANY};
  for (uint32_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    uint32_t n = sizes[k];
    uint32_t done = 77;
    entries *e = make_entries(n, 0);
    entries *again = make_entries(n, 1000);
    sh_id map = new_map(f);
    k % 2 == 0 ? sh_env_online(f->env) : sh_env_offline(f->env);
    check_many(f, map, e, n, 0);
    assert_ok(sh_map_set_many(f->env, map, e->keys, e->values, n / 2, &done));
    assert_int_equal(done, n / 2);
    check_many(f, map, e, n, n / 2);
    assert_ok(sh_map_set_many(f->env, map, e->keys, e->values, n, &done));
    assert_int_equal(done, n);
    assert_int_equal(map_size(f, map), n);
    check_many(f, map, e, n, n);
    for (uint32_t i = 0; i < n; i++) {
      assert_value(map_get(f, map, e->keys[i]), e->values[i]);
    }
    assert_ok(sh_map_set_many(f->env, map, again->keys, again->values, n, &done));
    check_many(f, map, again, n, n);
    assert_int_equal(map_size(f, map), n);
    assert_clean(f->env);
    free(e);
    free(again);
  }
}

static void a_key_twice_takes_the_last(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id first = new_string(f, "the first");
  uint32_t done = 0;
  sh_value keys[] = {v_text("k"), v_text("l"), v_text("k")};
  sh_value values[] = {v_move(first), v_number(1), v_text("a text that takes a payload")};
  assert_ok(sh_map_set_many(f->env, map, keys, values, 3, &done));
  assert_int_equal(map_size(f, map), 2);
  assert_value(map_get(f, map, keys[0]), values[2]);
  assert_status(sh_id_check(f->env, first, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
}

static void modes_of_reading(void **state) {
  fixture *f = *state;
  enum { COUNT = 40 };
  sh_id map = new_map(f);
  sh_id ids[COUNT];
  sh_value keys[COUNT];
  sh_value out[COUNT];
  for (int i = 0; i < COUNT; i++) {
    keys[i] = v_number(i);
    ids[i] = i % 2 == 0 ? new_number(f, i) : new_string(f, "a text that takes a payload");
    map_set(f, map, keys[i], v_ref(ids[i]));
  }
  for (int online = 0; online < 2; online++) {
    online == 1 ? sh_env_online(f->env) : sh_env_offline(f->env);
    assert_ok(sh_map_get_many(f->env, map, keys, COUNT, SH_BORROW, out, NULL));
    for (int i = 0; i < COUNT; i++) {
      assert_value(out[i], v_ref(ids[i]));
      assert_counts(f, ids[i], 1, 1);
    }
    assert_ok(sh_map_get_many(f->env, map, keys, COUNT, SH_DEREF, out, NULL));
    for (int i = 0; i < COUNT; i++) {
      assert_value(out[i], i % 2 == 0 ? v_number(i) : v_text("a text that takes a payload"));
      assert_counts(f, ids[i], 1, 1);
    }
    assert_ok(sh_map_get_many(f->env, map, keys, COUNT, SH_ACQUIRE, out, NULL));
    for (int i = 0; i < COUNT; i++) {
      assert_value(out[i], v_ref(ids[i]));
      assert_counts(f, ids[i], 2, 1);
      assert_ok(sh_drop(f->env, ids[i]));
    }
  }
}

// What finds the read buffer full leaves with a pin, online or not.
static void more_text_than_the_buffer_holds(void **state) {
  fixture *f = *state;
  static char chars[SHI_COPY_MAX + 1];
  static sh_value keys[MANY];
  static sh_value out[MANY];
  memset(chars, 'x', SHI_COPY_MAX);
  sh_id map = new_map(f);
  for (uint32_t i = 0; i < MANY; i++) {
    keys[i] = v_number(i);
    map_set(f, map, keys[i], i % 100 == 99 ? v_text("word") : v_text(chars));
  }
  for (int online = 0; online < 2; online++) {
    uint32_t pinned = 0;
    online == 1 ? sh_env_online(f->env) : sh_env_offline(f->env);
    assert_ok(sh_map_get_many(f->env, map, keys, MANY, SH_BORROW, out, NULL));
    for (uint32_t i = 0; i < MANY; i++) {
      pinned += out[i].pin != 0;
      assert_value(out[i], i % 100 == 99 ? v_text("word") : v_text(chars));
      unpin(f, &out[i]);
    }
    assert_int_equal(pinned, MANY - MANY / 100 - (SHI_READ_BUFFER - SHI_READ_SHORT) / SHI_COPY_MAX);
  }
}

static void failed_reads_keep_nothing(void **state) {
  fixture *f = *state;
  enum { COUNT = 40 };
  static char chars[5000];
  memset(chars, 'x', sizeof chars - 1);
  sh_id map = new_map(f);
  sh_id text = new_string(f, "text");
  sh_value keys[COUNT];
  sh_value out[COUNT];
  for (int i = 0; i < COUNT; i++) {
    keys[i] = v_number(i);
    map_set(f, map, keys[i], i % 2 == 0 ? v_ref(text) : v_text(chars)); // a claim, or a pin
  }
  uint64_t before = fingerprint(f);
  keys[COUNT - 1] = v_ref(map); // no key
  assert_status(sh_map_get_many(f->env, map, keys, COUNT, SH_ACQUIRE, out, NULL),
                SH_E_UNSUPPORTED_VALUE);
  assert_true(fingerprint(f) == before);
  keys[COUNT - 1] = v_number(0);
  // No more claims are to be had for the second group.
  atomic_fetch_add(&slot_of(f, text)->counts, UINT32_MAX - 1 - 10);
  assert_status(sh_map_get_many(f->env, map, keys, COUNT, SH_ACQUIRE, out, NULL), SH_E_TOO_MANY);
  atomic_fetch_sub(&slot_of(f, text)->counts, UINT32_MAX - 1 - 10);
  assert_true(fingerprint(f) == before);
  assert_status(sh_map_get_many(f->env, map, keys, MANY + 1, SH_BORROW, out, NULL),
                SH_E_OUT_OF_RANGE);
  assert_ok(sh_drop(f->env, map));
  for (int online = 0; online < 2; online++) {
    online == 1 ? sh_env_online(f->env) : sh_env_offline(f->env);
    assert_status(sh_map_get_many(f->env, map, keys, COUNT, SH_BORROW, out, NULL),
                  SH_E_USE_AFTER_FREE);
    assert_status(sh_map_get_many(f->env, map, NULL, 0, SH_BORROW, NULL, NULL),
                  SH_E_USE_AFTER_FREE);
    assert_status(sh_map_get_many(f->env, text, keys, 1, SH_BORROW, out, NULL), SH_E_TYPE_MISMATCH);
  }
}

// Entry `bad` of 40 cannot be set: those before it are in, all else is as it was.
static void writing_stops_at_the_first_that_fails(void **state) {
  fixture *f = *state;
  enum { COUNT = 40 };
  static const uint32_t bads[] = {0, 1, 15, 16, 17, 39};
  sh_id dead = new_map(f);
  assert_ok(sh_drop(f->env, dead));
  for (uint32_t k = 0; k < 2 * sizeof bads / sizeof *bads; k++) {
    uint32_t bad = bads[k / 2];
    uint32_t done = 77;
    sh_id map = new_map(f);
    sh_id moved[COUNT];
    sh_value keys[COUNT];
    sh_value values[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
      moved[i] = new_number(f, i);
      keys[i] = v_number(i);
      values[i] = v_move(moved[i]);
    }
    sh_status expected = k % 2 == 0 ? SH_E_UNSUPPORTED_VALUE : SH_E_USE_AFTER_FREE;
    if (k % 2 == 0) {
      keys[bad] = v_ref(map);
    } else {
      values[bad] = v_ref(dead);
    }
    assert_status(sh_map_set_many(f->env, map, keys, values, COUNT, &done), expected);
    assert_int_equal(done, bad);
    assert_int_equal(map_size(f, map), bad);
    for (uint32_t i = 0; i < COUNT; i++) {
      assert_counts(f, moved[i], i < bad ? 0 : 1, i < bad ? 1 : 0);
    }
    assert_clean(f->env);
  }
}

static void refused_writers_change_nothing(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id moved = new_number(f, 1);
  sh_value keys[] = {v_text("a"), v_text("b")};
  sh_value values[] = {v_move(moved), v_text("a text that takes a payload")};
  uint32_t done = 77;
  uint64_t before = fingerprint(f);
  assert_status(sh_map_set_many(f->env, map, keys, values, MANY + 1, &done), SH_E_OUT_OF_RANGE);
  assert_int_equal(done, 0);
  sh_env *env = NULL;
  sh_lock_want want = {.kind = SH_LOCK_THREAD};
  sh_lock_answer held;
  assert_ok(sh_env_open(f->heap, &env));
  assert_ok(sh_lock_enter(env, map, SH_TYPE_MAP, &want, &held));
  assert_status(sh_map_set_many(f->env, map, keys, values, 2, &done), SH_E_BUSY);
  sh_env_close(env);
  assert_status(sh_map_set_many(f->env, moved, keys, values, 2, &done), SH_E_TYPE_MISMATCH);
  assert_true(fingerprint(f) == before);
  assert_ok(sh_drop(f->env, map));
  assert_status(sh_map_set_many(f->env, map, keys, values, 2, &done), SH_E_USE_AFTER_FREE);
  assert_status(sh_map_set_many(f->env, map, NULL, NULL, 0, &done), SH_E_USE_AFTER_FREE);
  assert_int_equal(done, 0);
  assert_counts(f, moved, 1, 0);
}

// Each allocation of a batch refused in turn: what is said to be in is in, the rest is undone.
static void a_full_heap_stops_a_batch(void **state) {
  fixture *f = *state;
  enum { COUNT = 40 };
  entries *e = make_entries(COUNT, 0);
  uint32_t done = 0;
  int refusals = 0;
  for (int64_t n = 0; done < COUNT; n++) {
    sh_id map = new_map(f);
    sh_test_fail_after(f->heap, n);
    sh_status status = sh_map_set_many(f->env, map, e->keys, e->values, COUNT, &done);
    sh_test_fail_after(f->heap, -1);
    assert_status(status, done < COUNT ? SH_E_HEAP_FULL : SH_OK);
    refusals += status != SH_OK;
    check_many(f, map, e, COUNT, done);
    assert_int_equal(map_size(f, map), done);
    assert_clean(f->env);
    assert_ok(sh_drop(f->env, map));
    assert_int_equal(stats_of(f).live_bytes, 0);
  }
  assert_true(refusals > COUNT);
  free(e);
}

// Another environment's changes between two sections, and inside one, of a batch.
typedef struct meddler {
  sh_env *env;
  sh_id map;
  uint32_t times;
  uint32_t locks;
} meddler;

static void meddle(void *arg, int place) {
  meddler *m = arg;
  sh_value key = v_number(m->times % 40);
  sh_value value = v_number(m->times % 40);
  bool found = false;
  m->locks += place == SH_PEEK_LOCKING;
  if (place == SH_PEEK_FOUND && m->times > 0) {
    m->times--;
    assert_ok(m->times % 2 == 0 ? sh_map_set(m->env, m->map, &key, &value)
                                : sh_map_delete(m->env, m->map, &key, &found));
  }
}

static void changes_in_the_middle(void **state) {
  fixture *f = *state;
  meddler m = {.map = new_map(f)};
  sh_value keys[40];
  sh_value out[40];
  bool found[40];
  assert_ok(sh_env_open(f->heap, &m.env));
  sh_env_online(f->env);
  for (uint32_t i = 0; i < 40; i++) {
    keys[i] = v_number(i);
    map_set(f, m.map, keys[i], keys[i]);
  }
  for (uint32_t times = 1; times <= 1024; times *= 2) {
    m.times = times;
    m.locks = 0;
    sh_test_peek(f->heap, meddle, &m, 0);
    assert_ok(sh_map_get_many(f->env, m.map, keys, 40, SH_BORROW, out, found));
    sh_test_peek(f->heap, NULL, NULL, 0);
    // Each section lets it change the map up to 16 times, and one change spoils it.
    assert_true(times >= SHI_PEEK_TRIES || m.locks == 0);
    assert_true(times < 16 * SHI_PEEK_TRIES || m.locks > 0);
    for (uint32_t i = 0; i < 40; i++) {
      assert_value(out[i], found[i] ? keys[i] : v_undefined());
    }
  }
  sh_env_close(m.env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(as_one_after_the_other),
      unit(a_key_twice_takes_the_last),
      unit(modes_of_reading),
      unit(more_text_than_the_buffer_holds),
      unit(failed_reads_keep_nothing),
      unit(writing_stops_at_the_first_that_fails),
      unit(refused_writers_change_nothing),
      unit(a_full_heap_stops_a_batch),
      unit(changes_in_the_middle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
