// MapRef: growth, deletion, order, keys; every public operation is in map_ops_test.c.
#include "support.h"

#include "map_key.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// The map's entries in order are exactly keys from[0..n) with value = key.
static void check_numbers(fixture *f, sh_id map, const double *from, uint32_t n) {
  static sh_value values[SH_READ_MAX];
  sh_cursor cursor = {0, 0};
  uint32_t at = 0;
  uint32_t count = 1;
  bool moved = false;
  uint32_t version = 0;
  while (count > 0) {
    assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 512, values, &count, &moved, &version));
    assert_false(moved);
    for (uint32_t i = 0; i < count; i++, at++) {
      assert_true(at < n);
      if (values[2 * i].number != from[at] || values[2 * i + 1].number != from[at]) {
        fail_msg("entry %u is %g: %g, expected %g", at, values[2 * i].number,
                 values[2 * i + 1].number, from[at]);
      }
    }
  }
  assert_int_equal(at, n);
  assert_int_equal(map_size(f, map), n);
}

static void grows_through_every_capacity(void **state) {
  fixture *f = *state;
  enum { COUNT = 200000 };
  sh_id map = new_map(f);
  char text[24];
  uint64_t id_changes = 0;
  uint32_t table = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    (void)snprintf(text, sizeof text, i % 2 == 0 ? "%u" : "a longer key %u", i);
    map_set(f, map, v_text(text), v_number(i));
    uint32_t now = shi_table_id(slot_of(f, map));
    id_changes += now != table;
    table = now;
    if ((i & (i + 1)) == 0 || (i & (i - 1)) == 0) { // around each power of two
      assert_clean(f->env);
      assert_int_equal(map_size(f, map), i + 1);
    }
  }
  assert_at_most(id_changes, 20); // by doubling, not by steps
  for (uint32_t i = 0; i < COUNT; i++) {
    (void)snprintf(text, sizeof text, i % 2 == 0 ? "%u" : "a longer key %u", i);
    sh_value value = map_get(f, map, v_text(text));
    if (value.kind != SH_KIND_NUMBER || value.number != i) {
      fail_msg("%s is missing", text);
    }
  }
  assert_value(map_get(f, map, v_text("200000")), v_undefined());
  // Overwriting grows nothing.
  uint64_t live = stats_of(f).live_bytes;
  for (uint32_t i = 0; i < COUNT; i += 2) {
    (void)snprintf(text, sizeof text, "%u", i);
    map_set(f, map, v_text(text), v_number(-1));
  }
  assert_int_equal(stats_of(f).live_bytes, live);
  assert_int_equal(map_size(f, map), COUNT);
}

static void deleting_shrinks_the_table(void **state) {
  fixture *f = *state;
  enum { COUNT = 100000 };
  double *left = calloc(COUNT, sizeof *left);
  sh_id map = new_map(f);
  for (uint32_t i = 0; i < COUNT; i++) {
    map_set(f, map, v_number(i), v_number(i));
  }
  uint64_t full = stats_of(f).live_bytes;
  uint32_t n = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    sh_value key = v_number(i);
    bool found = false;
    if (i % 100 == 7) {
      left[n++] = i;
      continue;
    }
    assert_ok(sh_map_delete(f->env, map, &key, &found));
    assert_true(found);
    assert_ok(sh_map_delete(f->env, map, &key, &found));
    assert_false(found);
  }
  assert_clean(f->env);
  check_numbers(f, map, left, n);
  assert_at_most(stats_of(f).live_bytes, full / 10);
  for (uint32_t i = 0; i < n; i++) {
    sh_value key = v_number(left[i]);
    bool found = false;
    assert_ok(sh_map_delete(f->env, map, &key, &found));
    assert_true(found);
  }
  assert_int_equal(stats_of(f).live_bytes, 0); // an empty map has no table
  free(left);
}

static void holes_are_compacted(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  double queue[64];
  for (uint32_t i = 0; i < 100000; i++) { // a sliding window of 50 keys
    map_set(f, map, v_number(i), v_number(i));
    if (i >= 50) {
      sh_value key = v_number(i - 50);
      bool found = false;
      assert_ok(sh_map_delete(f->env, map, &key, &found));
      assert_true(found);
    }
    if (i % 1000 == 999) {
      for (uint32_t k = 0; k < 50; k++) {
        queue[k] = i - 49 + k;
      }
      check_numbers(f, map, queue, 50);
      assert_clean(f->env);
      assert_at_most(stats_of(f).live_bytes, 256 * 32);
    }
  }
}

// Random sets and deletes against an ordered list.
static void order_is_that_of_insertion(void **state) {
  fixture *f = *state;
  static double order[400];
  uint32_t n = 0;
  uint64_t seed = 99;
  sh_id map = new_map(f);
  for (int step = 0; step < 20000; step++) {
    double key = (double)(next_random(&seed) % 400);
    uint32_t at = 0;
    while (at < n && order[at] != key) {
      at++;
    }
    if (next_random(&seed) % 100 < (step / 2000 % 2 == 0 ? 60 : 40)) {
      map_set(f, map, v_number(key), v_number(key));
      if (at == n) {
        order[n++] = key;
      }
    } else {
      sh_value v = v_number(key);
      bool found = false;
      assert_ok(sh_map_delete(f->env, map, &v, &found));
      assert_int_equal(found, at < n);
      if (at < n) {
        n--;
        for (; at < n; at++) {
          order[at] = order[at + 1];
        }
      }
    }
    if (step % 100 == 0) {
      check_numbers(f, map, order, n);
    }
    if (step % 2000 == 0) {
      assert_clean(f->env);
    }
  }
}

static void keys_of_every_kind_are_distinct(void **state) {
  fixture *f = *state;
  static const uint64_t one[1] = {1};
  static const uint64_t two[2] = {1, 1};
  static const uint16_t wide_one[1] = {0x131};
  sh_id map = new_map(f);
  const sh_value keys[] = {v_undefined(),
                           v_null(),
                           v_boolean(false),
                           v_boolean(true),
                           v_number(0),
                           v_number(1),
                           v_number(-1),
                           v_number(NAN),
                           v_number(INFINITY),
                           v_number(1.5),
                           v_text(""),
                           v_text("1"),
                           v_text("0"),
                           v_text("true"),
                           v_text("null"),
                           v_text("undefined"),
                           v_text("NaN"),
                           v_wide(wide_one, 1),
                           v_bigint(NULL, 0, false),
                           v_bigint(one, 1, false),
                           v_bigint(one, 1, true),
                           v_bigint(two, 2, false),
                           v_text("a text that is longer than fifteen")};
  const uint32_t n = sizeof keys / sizeof *keys;
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < n; i++) {
      map_set(f, map, keys[i], v_number(i + 100.0 * round));
    }
    assert_int_equal(map_size(f, map), n);
    for (uint32_t i = 0; i < n; i++) {
      assert_value(map_get(f, map, keys[i]), v_number(i + 100.0 * round));
    }
  }
  // -0 is 0, any NaN is NaN.
  assert_value(map_get(f, map, v_number(-0.0)), v_number(104));
  assert_value(map_get(f, map, v_number(shi_bits_number(UINT64_C(0xfffb000000000001)))),
               v_number(107));
  sh_id other = new_map(f);
  map_set(f, other, v_number(-0.0), v_number(1));
  sh_cursor cursor = {0, 0};
  sh_value pair[2];
  uint32_t count = 0;
  bool moved = false;
  uint32_t version = 0;
  assert_ok(sh_map_read(f->env, other, &cursor, SH_BORROW, 1, pair, &count, &moved, &version));
  assert_value(pair[0], v_number(0)); // as Map does
}

// A text is one key however it comes: packed from latin1 input and from wide input, both in words
// that overlap. Each of its units counts.
static void latin1_and_wide_input_make_one_key(void **state) {
  fixture *f = *state;
  enum { LONGEST = 18 };
  sh_id map = new_map(f);
  for (uint32_t length = 0; length <= LONGEST; length++) {
    uint8_t chars[LONGEST];
    uint16_t units[LONGEST];
    for (uint32_t i = 0; i < length; i++) {
      chars[i] = i % 5 == 1 ? 0 : (uint8_t)(0xff - 7 * i);
      units[i] = chars[i];
    }
    map_set(f, map, v_latin1(chars, length), v_number(length));
    assert_value(map_get(f, map, v_wide(units, length)), v_number(length));
    for (uint32_t i = 0; i < length; i++) {
      chars[i] ^= 0x20;
      assert_value(map_get(f, map, v_latin1(chars, length)), v_undefined());
      chars[i] ^= 0x20;
    }
    assert_value(map_get(f, map, v_latin1(chars, length)), v_number(length));
  }
  assert_int_equal(map_size(f, map), LONGEST + 1);
}

// With this seed every number key has one and the same hash.
static void colliding_keys_are_told_apart(void **state) {
  fixture *f = *state;
  enum { COUNT = 1500 };
  static double order[COUNT];
  uint64_t *seed = f->heap->header->hash_seed;
  uint64_t saved = seed[1];
  seed[1] = (uint64_t)SHI_KEY_WORD << SHI_KEY_KIND_SHIFT;
  sh_id map = new_map(f);
  shi_map_key a;
  shi_map_key b;
  sh_value one = v_number(1);
  sh_value two = v_number(2);
  assert_ok(shi_map_key_make(f->env, &one, &a));
  assert_ok(shi_map_key_make(f->env, &two, &b));
  assert_int_equal(a.hash, b.hash);
  for (uint32_t i = 0; i < COUNT; i++) {
    map_set(f, map, v_number(i), v_number(i));
    order[i] = i;
  }
  check_numbers(f, map, order, COUNT);
  assert_clean(f->env);
  uint32_t n = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    sh_value key = v_number(i);
    bool found = false;
    if (i % 3 != 0) {
      assert_ok(sh_map_delete(f->env, map, &key, &found));
      assert_true(found);
    } else {
      order[n++] = i;
    }
  }
  for (uint32_t i = 0; i < COUNT; i++) {
    assert_value(map_get(f, map, v_number(i)), i % 3 == 0 ? v_number(i) : v_undefined());
  }
  check_numbers(f, map, order, n);
  assert_clean(f->env);
  assert_ok(sh_map_clear(f->env, map));
  seed[1] = saved;
}

static void clear_leaves_an_empty_map(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  for (int round = 0; round < 3; round++) {
    uint32_t version = shi_lock_version(&slot_of(f, map)->lock);
    assert_ok(sh_map_clear(f->env, map)); // of an empty map: no change
    assert_int_equal(shi_lock_version(&slot_of(f, map)->lock), version);
    for (int i = 0; i < 1000; i++) {
      sh_id text = new_string(f, "a text that is longer than fifteen");
      map_set(f, map, v_number(i), v_move(text));
    }
    assert_int_equal(stats_of(f).objects, 1001);
    assert_ok(sh_map_clear(f->env, map));
    assert_int_equal(map_size(f, map), 0);
    assert_int_equal(stats_of(f).objects, 1);
    assert_int_equal(stats_of(f).live_bytes, 0);
  }
}

static void cursors_notice_a_rebuilt_table(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_value out[20];
  sh_cursor cursor = {0, 0};
  uint32_t count = 0;
  bool moved = true;
  bool found = false;
  uint32_t version = 0;
  for (int i = 0; i < 7; i++) {
    map_set(f, map, v_number(i), v_number(i));
  }
  assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 3, out, &count, &moved, &version));
  assert_int_equal(count, 3);
  assert_false(moved);
  sh_value key = v_number(3); // a deletion moves nothing
  assert_ok(sh_map_delete(f->env, map, &key, &found));
  assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 1, out, &count, &moved, &version));
  assert_false(moved);
  assert_value(out[0], v_number(4));
  for (int i = 7; i < 20; i++) {
    map_set(f, map, v_number(i), v_number(i)); // growth does
  }
  sh_cursor before = cursor;
  count = 77;
  assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 3, out, &count, &moved, &version));
  assert_true(moved);
  assert_int_equal(count, 0);
  key = v_number(4);
  assert_ok(sh_map_find(f->env, map, &key, &cursor, &found));
  assert_true(found);
  assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 10, out, &count, &moved, &version));
  assert_false(moved);
  assert_int_equal(count, 10);
  assert_value(out[0], v_number(5));
  assert_value(out[18], v_number(14));
  key = v_number(3);
  assert_ok(sh_map_find(f->env, map, &key, &cursor, &found));
  assert_false(found);
  assert_int_equal(cursor.position, 0);
  assert_ok(sh_map_clear(f->env, map));
  assert_ok(sh_map_read(f->env, map, &before, SH_BORROW, 3, out, &count, &moved, &version));
  assert_true(moved);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit_big(grows_through_every_capacity),
      unit(deleting_shrinks_the_table),
      unit(holes_are_compacted),
      unit(order_is_that_of_insertion),
      unit(keys_of_every_kind_are_distinct),
      unit(latin1_and_wide_input_make_one_key),
      unit(colliding_keys_are_told_apart),
      unit(clear_leaves_an_empty_map),
      unit(cursors_notice_a_rebuilt_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
