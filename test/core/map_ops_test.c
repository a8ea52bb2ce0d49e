// What each operation of MapRef answers, does with ownership, and leaves alone when refused.
#include "support.h"

#include <math.h>
#include <stdio.h>

static void get_has_and_info(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id object = 0;
  bool found = true;
  bool from_object = true;
  uint32_t size = 77;
  sh_value out = v_number(77);
  sh_value key = v_text("absent");
  assert_ok(sh_map_get(f->env, map, &key, SH_BORROW, &out, &found));
  assert_false(found);
  assert_value(out, v_undefined());
  assert_ok(sh_map_has(f->env, map, &key, &found));
  assert_false(found);
  map_set(f, map, key, v_undefined()); // stored undefined is not absence
  assert_ok(sh_map_get(f->env, map, &key, SH_BORROW, &out, &found));
  assert_true(found);
  assert_value(out, v_undefined());
  assert_ok(sh_map_has(f->env, map, &key, &found));
  assert_true(found);
  assert_ok(sh_map_info(f->env, map, &size, &from_object));
  assert_int_equal(size, 1);
  assert_false(from_object);
  assert_ok(sh_map_new(f->env, true, &object));
  assert_ok(sh_map_info(f->env, object, &size, &from_object));
  assert_int_equal(size, 0);
  assert_true(from_object);
}

static void refs_are_no_keys(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_value key = v_ref(map);
  sh_value one = v_number(1);
  sh_value out;
  bool found = false;
  double old = 0;
  sh_cursor cursor;
  uint64_t before = fingerprint(f);
  assert_status(sh_map_set(f->env, map, &key, &one), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_get(f->env, map, &key, SH_BORROW, &out, &found), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_has(f->env, map, &key, &found), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_delete(f->env, map, &key, &found), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_take(f->env, map, &key, &out, &found), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_add(f->env, map, &key, 1, &old), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_find(f->env, map, &key, &cursor, &found), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_get_or_insert(f->env, map, &key, &one, &out, &found),
                SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_compare_exchange(f->env, map, &key, &one, &one, &found, &out),
                SH_E_UNSUPPORTED_VALUE);
  assert_true(fingerprint(f) == before);
}

static void reading_modes(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id ids[3] = {new_string(f, "text"), new_number(f, 4.5), new_vector(f)};
  const sh_value values[3] = {v_text("text"), v_number(4.5), v_ref(ids[2])};
  sh_value out[6];
  bool found = false;
  for (int i = 0; i < 3; i++) {
    sh_value key = v_number(i);
    map_set(f, map, key, v_ref(ids[i]));
    assert_ok(sh_map_get(f->env, map, &key, SH_BORROW, &out[0], &found));
    assert_value(out[0], v_ref(ids[i]));
    assert_counts(f, ids[i], 1, 1);
    assert_ok(sh_map_get(f->env, map, &key, SH_ACQUIRE, &out[0], &found));
    assert_counts(f, ids[i], 2, 1);
    assert_ok(sh_map_get(f->env, map, &key, SH_DEREF, &out[0], &found));
    assert_value(out[0], values[i]);
    assert_counts(f, ids[i], 2, 1); // nothing is kept
  }
  sh_cursor cursor = {0, 0};
  uint32_t count = 0;
  bool moved = false;
  uint32_t version = 0;
  assert_ok(sh_map_read(f->env, map, &cursor, SH_DEREF, 3, out, &count, &moved, &version));
  for (int i = 0; i < 3; i++) {
    assert_value(out[2 * i], v_number(i));
    assert_value(out[2 * i + 1], values[i]);
    assert_counts(f, ids[i], 2, 1);
  }
  cursor = (sh_cursor){0, 0};
  assert_ok(sh_map_read(f->env, map, &cursor, SH_ACQUIRE, 3, out, &count, &moved, &version));
  for (int i = 0; i < 3; i++) {
    assert_value(out[2 * i + 1], v_ref(ids[i]));
    assert_counts(f, ids[i], 3, 1);
  }
}

static void replaced_values_are_released(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id id = new_string(f, "a text that is longer than fifteen");
  sh_value key = v_text("k");
  map_set(f, map, key, v_move(id));
  map_set(f, map, key, v_text("another text that needs a payload"));
  assert_status(sh_id_check(f->env, id, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
  uint64_t live = stats_of(f).live_bytes;
  for (int i = 0; i < 100; i++) {
    map_set(f, map, key, v_text("another text that needs a payload"));
  }
  assert_int_equal(stats_of(f).live_bytes, live);
}

static void get_or_insert_inserts_once(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_value key = v_text("k");
  sh_value first = v_text("the first text of them all");
  sh_value second = v_text("the second text of them all");
  sh_value out;
  bool inserted = false;
  assert_ok(sh_map_get_or_insert(f->env, map, &key, &first, &out, &inserted));
  assert_true(inserted);
  assert_value(out, first);
  uint32_t version = shi_lock_version(&slot_of(f, map)->lock);
  assert_ok(sh_map_get_or_insert(f->env, map, &key, &second, &out, &inserted));
  assert_false(inserted);
  assert_value(out, first);
  assert_int_equal(shi_lock_version(&slot_of(f, map)->lock), version);
  sh_id id = new_vector(f);
  sh_value move = v_move(id);
  assert_ok(sh_map_get_or_insert(f->env, map, &key, &move, &out, &inserted));
  assert_false(inserted);
  assert_counts(f, id, 1, 0);
}

static void take_hands_primitives_over(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_value key = v_text("a key that is longer than fifteen");
  sh_value value = v_text("a value that is longer than fifteen");
  sh_value out = v_number(77);
  bool found = true;
  assert_ok(sh_map_take(f->env, map, &key, &out, &found));
  assert_false(found);
  assert_value(out, v_undefined());
  map_set(f, map, key, value);
  assert_ok(sh_map_take(f->env, map, &key, &out, &found));
  assert_true(found);
  assert_value(out, value);
  assert_int_equal(map_size(f, map), 0);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void add_counts(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_value key = v_text("hits");
  double old = 77;
  assert_ok(sh_map_add(f->env, map, &key, 2, &old));
  assert_number(old, 0);
  assert_ok(sh_map_add(f->env, map, &key, -0.5, &old));
  assert_number(old, 2);
  assert_value(map_get(f, map, key), v_number(1.5));
  assert_ok(sh_map_add(f->env, map, &key, NAN, &old));
  assert_value(map_get(f, map, key), v_number(shi_bits_number(SH_NAN_BITS)));
  const sh_value wrong[] = {v_text("1"), v_null(), v_undefined(), v_boolean(true), v_ref(map)};
  for (int i = 0; i < 5; i++) {
    old = 77;
    map_set(f, map, key, wrong[i]);
    uint64_t before = fingerprint(f);
    assert_status(sh_map_add(f->env, map, &key, 1, &old), SH_E_TYPE_MISMATCH);
    assert_number(old, 77);
    assert_true(fingerprint(f) == before);
  }
  map_set(f, map, key, v_null()); // ends the cycle
}

static void compare_exchange(void **state) {
  fixture *f = *state;
  static const uint64_t digits[2] = {5, 6};
  sh_id map = new_map(f);
  sh_id one = new_string(f, "equal texts");
  sh_id two = new_string(f, "equal texts");
  const sh_value values[] = {v_number(0),
                             v_number(1),
                             v_number(NAN),
                             v_text("1"),
                             v_text("a text that is longer than fifteen"),
                             v_text("b text that is longer than fifteen"),
                             v_bigint(digits, 1, false),
                             v_bigint(digits, 2, false),
                             v_null(),
                             v_undefined(),
                             v_boolean(true),
                             v_ref(one),
                             v_ref(two)};
  const uint32_t n = sizeof values / sizeof *values;
  sh_value key = v_text("k");
  sh_value next = v_text("installed, with a payload of its own");
  for (uint32_t stored = 0; stored <= n; stored++) { // n: absent
    for (uint32_t expected = 0; expected < n; expected++) {
      bool equal = stored == expected || (stored == n && values[expected].kind == 0);
      bool exchanged = !equal;
      sh_value current;
      assert_ok(sh_map_clear(f->env, map));
      if (stored < n) {
        map_set(f, map, key, values[stored]);
      }
      assert_ok(sh_map_compare_exchange(f->env, map, &key, &values[expected], &next, &exchanged,
                                        &current));
      if (exchanged != equal) {
        fail_msg("stored %u, expected %u: exchanged %d", stored, expected, exchanged);
      }
      if (!equal && stored < n && stored != 2) {
        assert_value(current, values[stored]);
      }
      sh_value now = map_get(f, map, key);
      if (equal) {
        assert_value(now, next);
      } else if (stored != 2) {
        assert_value(now, stored < n ? values[stored] : v_undefined());
      }
    }
  }
  // -0 equals 0; a stale ref is an error, before anything changes.
  bool exchanged = false;
  sh_value current;
  sh_value minus = v_number(-0.0);
  map_set(f, map, key, v_number(0));
  assert_ok(sh_map_compare_exchange(f->env, map, &key, &minus, &minus, &exchanged, &current));
  assert_true(exchanged);
  sh_value zero = v_number(0);
  assert_ok(sh_map_compare_exchange(f->env, map, &key, &zero, &next, &exchanged, &current));
  assert_true(exchanged);
  assert_ok(sh_drop(f->env, two));
  uint64_t before = fingerprint(f);
  sh_value move = v_move(one);
  assert_status(
      sh_map_compare_exchange(f->env, map, &key, &values[12], &move, &exchanged, &current),
      SH_E_USE_AFTER_FREE);
  assert_true(fingerprint(f) == before);
  assert_counts(f, one, 1, 0);
}

static void dead_values_are_refused(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id dead = new_string(f, "dead");
  assert_ok(sh_drop(f->env, dead));
  sh_value key = v_text("k");
  sh_value value = v_ref(dead);
  sh_value none = v_undefined();
  sh_value out;
  bool done = false;
  uint64_t before = fingerprint(f);
  assert_status(sh_map_set(f->env, map, &key, &value), SH_E_USE_AFTER_FREE);
  assert_status(sh_map_get_or_insert(f->env, map, &key, &value, &out, &done), SH_E_USE_AFTER_FREE);
  assert_status(sh_map_compare_exchange(f->env, map, &key, &none, &value, &done, &out),
                SH_E_USE_AFTER_FREE);
  assert_true(fingerprint(f) == before);
}

// --- refusals --------------------------------------------------------------------------------

typedef struct job {
  sh_id map;
  sh_id id;
  int key;
} job;

static char key_text[40];

static sh_value job_key(const job *j) {
  (void)snprintf(key_text, sizeof key_text, "a key that needs a payload %d", j->key);
  return v_text(key_text);
}

static const char value_text[] = "a value that needs a payload of its own";

static sh_status set_text(fixture *f, void *arg) {
  sh_value key = job_key(arg);
  sh_value value = v_text(value_text);
  return sh_map_set(f->env, ((job *)arg)->map, &key, &value);
}

static sh_status set_moved(fixture *f, void *arg) {
  sh_value key = job_key(arg);
  sh_value value = v_move(((job *)arg)->id);
  return sh_map_set(f->env, ((job *)arg)->map, &key, &value);
}

static sh_status insert(fixture *f, void *arg) {
  sh_value key = job_key(arg);
  sh_value value = v_text(value_text);
  sh_value out;
  bool inserted = false;
  return sh_map_get_or_insert(f->env, ((job *)arg)->map, &key, &value, &out, &inserted);
}

static sh_status add(fixture *f, void *arg) {
  sh_value key = job_key(arg);
  double old = 0;
  return sh_map_add(f->env, ((job *)arg)->map, &key, 1, &old);
}

static sh_status exchange(fixture *f, void *arg) {
  sh_value key = job_key(arg);
  sh_value none = v_undefined();
  sh_value value = v_text(value_text);
  sh_value out;
  bool done = false;
  return sh_map_compare_exchange(f->env, ((job *)arg)->map, &key, &none, &value, &done, &out);
}

static sh_status set_bigint(fixture *f, void *arg) {
  static const uint64_t digits[2] = {1, 2};
  uint64_t key_digits[1] = {(uint64_t)((job *)arg)->key};
  sh_value key = v_bigint(key_digits, 1, false);
  sh_value value = v_bigint(digits, 2, true);
  return sh_map_set(f->env, ((job *)arg)->map, &key, &value);
}

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  static const sweep_op ops[] = {set_text, insert, add, exchange, set_bigint, set_moved};
  job j = {.map = new_map(f)};
  for (int round = 0; round < 20; round++) { // through several growths
    for (unsigned i = 0; i < 6; i++, j.key++) {
      j.id = ops[i] == set_moved ? new_string(f, "moved") : 0;
      assert_sweep(f, ops[i], &j, 1);
      assert_int_equal(map_size(f, j.map), j.key + 1);
    }
  }
  j.key = 0;
  assert_sweep(f, set_text, &j, 1); // over a text that is there
}

static void deleting_needs_no_memory(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  for (int i = 0; i < 1000; i++) {
    map_set(f, map, v_number(i), v_number(i));
  }
  sh_test_fail_after(f->heap, 0);
  for (int i = 0; i < 999; i++) {
    sh_value key = v_number(i);
    bool found = false;
    assert_ok(sh_map_delete(f->env, map, &key, &found));
    assert_true(found);
  }
  assert_value(map_get(f, map, v_number(999)), v_number(999));
  assert_clean(f->env);
  assert_ok(sh_map_clear(f->env, map));
  sh_test_fail_after(f->heap, -1);
}

static void refused_map_changes_nothing(void **state) {
  fixture *f = *state;
  drained d = drain_slots(f, false);
  uint64_t before = fingerprint(f);
  sh_id id = 77;
  assert_status(sh_map_new(f->env, false, &id), SH_E_HEAP_FULL);
  assert_int_equal(id, 77);
  assert_true(fingerprint(f) == before);
  refill_slots(f, &d);
  assert_ok(sh_map_new(f->env, false, &id));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(get_has_and_info),
      unit(refs_are_no_keys),
      unit(reading_modes),
      unit(replaced_values_are_released),
      unit(get_or_insert_inserts_once),
      unit(take_hands_primitives_over),
      unit(add_counts),
      unit(compare_exchange),
      unit(dead_values_are_refused),
      unit(refusals_change_nothing),
      unit(deleting_needs_no_memory),
      unit(refused_map_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
