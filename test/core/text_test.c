// Texts as words of containers: every length and width, pins, hashes, scratch.
#include "support.h"

#include <stdlib.h>
#include <string.h>

// Writes `length` units: latin1, or with units above 255 sprinkled in (the last always).
static void make_units(uint16_t *units, uint32_t length, bool wide) {
  for (uint32_t i = 0; i < length; i++) {
    units[i] = (uint16_t)(i * 37 % 256);
    if (wide && (i + 1 == length || i % 97 == 5)) {
      units[i] = (uint16_t)(0xd7ff + i % 0x1000); // lone surrogates among them
    }
  }
}

static void check_lengths(fixture *f, const uint32_t *lengths, uint32_t n) {
  sh_id vector = new_vector(f);
  sh_id map = new_map(f);
  for (uint32_t i = 0; i < n; i++) {
    for (int wide = 0; wide < 2; wide++) {
      uint32_t length = lengths[i];
      uint16_t *units = calloc(length + 1, sizeof *units);
      uint8_t *chars = calloc(length + 1, 1);
      make_units(units, length, wide == 1);
      sh_value text = v_wide(units, length);
      sh_value out;
      uint32_t count = 0;
      bool found = false;
      // As an element, as a key, as a StringRef: the same units, in canonical width.
      vector_push(f, vector, text);
      assert_ok(sh_vector_pop(f->env, vector, &out, &found));
      assert_value(out, text);
      unpin(f, &out);
      map_set(f, map, text, v_number(length));
      assert_value(map_get(f, map, text), v_number(length));
      if (wide == 0 || length == 0) {
        for (uint32_t k = 0; k < length; k++) {
          chars[k] = (uint8_t)units[k];
        }
        // The same text given as latin1 is the same key.
        assert_value(map_get(f, map, v_latin1(chars, length)), v_number(length));
      }
      if (length > 0) { // and one other unit makes it another
        units[length / 2] ^= 1;
        assert_value(map_get(f, map, text), v_undefined());
        units[length / 2] ^= 1;
      }
      sh_cursor cursor = {0, 0};
      sh_value pair[2];
      bool moved = false;
      uint32_t version = 0;
      assert_ok(sh_map_read(f->env, map, &cursor, SH_BORROW, 1, pair, &count, &moved, &version));
      assert_int_equal(count, 1);
      assert_value(pair[0], text);
      unpin(f, &pair[0]);
      sh_id string = 0;
      assert_ok(sh_string_new(f->env, &text, &string));
      assert_ok(sh_string_get(f->env, string, &out));
      assert_value(out, text);
      unpin(f, &out);
      assert_ok(sh_string_length(f->env, string, &count));
      assert_int_equal(count, length);
      assert_ok(sh_drop(f->env, string));
      assert_ok(sh_map_clear(f->env, map));
      free(units);
      free(chars);
    }
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void short_lengths_round_trip(void **state) {
  uint32_t lengths[41];
  for (uint32_t i = 0; i <= 40; i++) {
    lengths[i] = i;
  }
  check_lengths(*state, lengths, 41);
}

static void lengths_around_the_copy_limit_round_trip(void **state) {
  const uint32_t lengths[] = {255, 256, 257, 511, 512, 513, 1022, 1023, 1024, 1025, 1026};
  check_lengths(*state, lengths, sizeof lengths / sizeof *lengths);
}

static void large_lengths_round_trip(void **state) {
  const uint32_t lengths[] = {65535, 65536, 65537, 1u << 24};
  check_lengths(*state, lengths, sizeof lengths / sizeof *lengths);
}

static void any_sequence_of_units_is_a_text(void **state) {
  fixture *f = *state;
  static const uint16_t cases[][8] = {{0},
                                      {0, 0, 0},
                                      {0xd800},
                                      {0xdfff},
                                      {0xdc00, 0xd800},
                                      {0xd83d, 0xde00},
                                      {0xffff, 0xfeff},
                                      {0xff, 0x100},
                                      {0x100, 0xff},
                                      {'a', 0, 'b'},
                                      {0xd83d},
                                      {0xde00},
                                      {0xff, 0xff, 0xff, 0xff}};
  static const uint32_t lengths[] = {1, 3, 1, 1, 2, 2, 2, 2, 2, 3, 1, 1, 4};
  sh_id map = new_map(f);
  for (uint32_t i = 0; i < 13; i++) {
    map_set(f, map, v_wide(cases[i], lengths[i]), v_wide(cases[i], lengths[i]));
  }
  assert_int_equal(map_size(f, map), 13);
  for (uint32_t i = 0; i < 13; i++) {
    sh_value value = map_get(f, map, v_wide(cases[i], lengths[i]));
    assert_value(value, v_wide(cases[i], lengths[i]));
  }
}

static void too_long_a_text_is_refused_unread(void **state) {
  fixture *f = *state;
  sh_value text = v_latin1(NULL, SH_TEXT_MAX + 1); // a read of it would crash
  sh_value number = v_number(1);
  sh_id id = 0;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  uint32_t length = 0;
  bool found = false;
  assert_status(sh_string_new(f->env, &text, &id), SH_E_OUT_OF_RANGE);
  assert_status(sh_vector_push(f->env, vector, &text, 1, &length), SH_E_OUT_OF_RANGE);
  assert_status(sh_map_set(f->env, map, &text, &number), SH_E_OUT_OF_RANGE);
  assert_status(sh_map_has(f->env, map, &text, &found), SH_E_OUT_OF_RANGE);
  sh_value digits = v_bigint(NULL, SH_BIGINT_MAX_WORDS + 1, false);
  assert_status(sh_vector_push(f->env, vector, &digits, 1, &length), SH_E_OUT_OF_RANGE);
  assert_status(sh_map_has(f->env, map, &digits, &found), SH_E_OUT_OF_RANGE);
}

static void pinned_text_outlives_its_owner(void **state) {
  fixture *f = *state;
  uint8_t *chars = malloc(5000);
  memset(chars, 'p', 5000);
  sh_value text = v_latin1(chars, 5000);
  uint64_t size = SHI_TEXT_HEADER + 5000;
  sh_id id = 0;
  sh_value first;
  sh_value second;
  assert_ok(sh_string_new(f->env, &text, &id));
  assert_ok(sh_string_get(f->env, id, &first));
  assert_ok(sh_string_get(f->env, id, &second));
  assert_int_not_equal(first.pin, 0);
  assert_ptr_equal(first.chars, second.chars); // no copy
  assert_int_equal(stats_of(f).pinned_bytes, 0);
  assert_int_equal(stats_of(f).live_bytes, size);
  assert_clean(f->env);
  assert_ok(sh_drop(f->env, id));
  assert_int_equal(stats_of(f).pinned_bytes, size);
  assert_int_equal(stats_of(f).live_bytes, 0);
  for (int i = 0; i < 100; i++) { // somebody else's texts do not land on it
    sh_value other = v_latin1((const uint8_t *)memset(chars, 'a' + i % 15, 5000), 5000);
    assert_ok(sh_string_new(f->env, &other, &id));
  }
  memset(chars, 'p', 5000);
  assert_value(first, text);
  assert_clean(f->env);
  sh_unpin(f->heap, first.pin);
  assert_value(second, text);
  assert_int_equal(stats_of(f).pinned_bytes, size);
  sh_unpin(f->heap, second.pin);
  assert_int_equal(stats_of(f).pinned_bytes, 0);
  free(chars);
}

static void replaced_and_removed_texts_stay_pinned_too(void **state) {
  fixture *f = *state;
  static uint64_t digits[300];
  uint8_t *chars = malloc(2000);
  memset(chars, 'q', 2000);
  for (uint64_t i = 0; i < 300; i++) {
    digits[i] = i * 77 + 1;
  }
  sh_value values[2] = {v_latin1(chars, 2000), v_bigint(digits, 300, true)};
  sh_id map = new_map(f);
  for (int i = 0; i < 2; i++) {
    sh_value key = v_number(i);
    sh_value out;
    bool found = false;
    uint64_t size = i == 0 ? SHI_TEXT_HEADER + 2000 : 8 + 2400;
    map_set(f, map, key, values[i]);
    assert_ok(sh_map_take(f->env, map, &key, &out, &found));
    assert_value(out, values[i]);
    assert_int_equal(stats_of(f).pinned_bytes, size);
    map_set(f, map, key, values[i]);
    sh_value again = map_get(f, map, key);
    map_set(f, map, key, v_null());
    assert_int_equal(stats_of(f).pinned_bytes, 2 * size);
    assert_value(again, values[i]);
    unpin(f, &again);
    unpin(f, &out);
    assert_int_equal(stats_of(f).pinned_bytes, 0);
  }
  free(chars);
}

static void read_buffer_holds_a_whole_call(void **state) {
  fixture *f = *state;
  static sh_value values[SH_READ_MAX];
  static uint8_t chars[SH_READ_MAX][200];
  sh_id vector = new_vector(f);
  for (uint32_t i = 0; i < SH_READ_MAX; i++) { // short in word, in place, copied, pinned when full
    memset(chars[i], 'a' + (int)(i % 26), 200);
    if (i % 3 == 0) {
      sh_value inner = v_latin1(chars[i], 15);
      sh_id id = 0;
      assert_ok(sh_string_new(f->env, &inner, &id));
      vector_push(f, vector, v_move(id));
    } else {
      vector_push(f, vector, v_latin1(chars[i], i % 3 == 1 ? 5 : 200));
    }
  }
  uint32_t count = 0;
  uint32_t version = 0;
  uint32_t pinned = 0;
  assert_ok(
      sh_vector_read(f->env, vector, 0, SH_DEREF, 10 * SH_READ_MAX, values, &count, &version));
  assert_int_equal(count, SH_READ_MAX);
  for (uint32_t i = 0; i < SH_READ_MAX; i++) {
    assert_value(values[i], v_latin1(chars[i], i % 3 == 0 ? 15 : i % 3 == 1 ? 5 : 200));
    pinned += values[i].pin != 0;
    unpin(f, &values[i]);
  }
  assert_at_most(1, pinned);
}

static void hash_depends_on_every_unit_and_the_seed(void **state) {
  fixture *f = *state;
  uint8_t chars[64] = {0};
  for (uint32_t length = 1; length <= 64; length++) {
    uint32_t hash = shi_text_hash(f->heap, chars, length, false);
    uint32_t same = 0;
    for (uint32_t i = 0; i < length; i++) {
      chars[i] = 1;
      same += shi_text_hash(f->heap, chars, length, false) == hash;
      chars[i] = 0;
    }
    assert_int_equal(same, 0); // chance: 64 in 2^32
    assert_true(shi_text_hash(f->heap, chars, length - 1, false) != hash);
  }
  uint32_t before = shi_text_hash(f->heap, "a text", 6, false);
  f->heap->header->hash_seed[0] ^= UINT64_C(0x123456789);
  assert_true(shi_text_hash(f->heap, "a text", 6, false) != before);
  f->heap->header->hash_seed[0] ^= UINT64_C(0x123456789);
}

static void scratch_stays_until_the_reset(void **state) {
  fixture *f = *state;
  uint8_t *rooms[40];
  shi_write_reset(f->env);
  for (int i = 0; i < 40; i++) {
    size_t bytes = i % 7 == 0 ? 300000 : 1000 + (size_t)i;
    rooms[i] = shi_write_room(f->env, bytes);
    assert_non_null(rooms[i]);
    assert_int_equal((uintptr_t)rooms[i] % 8, 0);
    memset(rooms[i], i, bytes);
  }
  for (int i = 0; i < 40; i++) {
    assert_int_equal(rooms[i][0], i);
    assert_int_equal(rooms[i][999], i);
  }
  shi_write_reset(f->env);
  assert_true(f->env->write == NULL ||
              (f->env->write->next == NULL && f->env->write->capacity <= 65536));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(short_lengths_round_trip),
      unit(lengths_around_the_copy_limit_round_trip),
      unit_big(large_lengths_round_trip),
      unit(any_sequence_of_units_is_a_text),
      unit(too_long_a_text_is_refused_unread),
      unit(pinned_text_outlives_its_owner),
      unit(replaced_and_removed_texts_stay_pinned_too),
      unit(read_buffer_holds_a_whole_call),
      unit(hash_depends_on_every_unit_and_the_seed),
      unit(scratch_stays_until_the_reset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
