// Value words: each value has one word, each word one value, and keys match what they should.
#include "support.h"

#include <math.h>

static shi_word word_of(fixture *f, sh_value value) {
  shi_word word = 0;
  assert_ok(shi_word_make(f->env, &value, &word));
  return word;
}

static void immediates_and_numbers(void **state) {
  fixture *f = *state;
  assert_true(word_of(f, v_undefined()) == SH_WORD_UNDEFINED);
  assert_true(word_of(f, v_null()) == SH_WORD_NULL);
  assert_true(word_of(f, v_boolean(false)) == SH_WORD_FALSE);
  assert_true(word_of(f, v_boolean(true)) == SH_WORD_TRUE);
  assert_true(word_of(f, v_number(0)) == 0);
  assert_true(word_of(f, v_number(-0.0)) == UINT64_C(0x8000000000000000));
  assert_true(word_of(f, v_number(NAN)) == SH_NAN_BITS);
  const double numbers[] = {0, -0.0, 1, -1, NAN, INFINITY, -INFINITY, 5e-324, -1.79e308};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    shi_word word = word_of(f, v_number(numbers[i]));
    sh_value out;
    assert_true(shi_word_is_number(word));
    assert_ok(shi_word_read(f->env, word, SH_BORROW, &out));
    assert_int_equal(out.kind, SH_KIND_NUMBER);
    assert_true(shi_number_bits(out.number) == shi_number_bits(numbers[i]));
  }
  for (shi_word word = SH_WORD_UNDEFINED; word <= SH_WORD_TRUE; word++) {
    assert_false(shi_word_is_number(word));
  }
}

static void five_latin1_units_fit_in_a_word(void **state) {
  fixture *f = *state;
  static const uint8_t chars[6] = {0, 255, 'a', 0, 128, 'x'};
  static const uint16_t wide[5] = {0, 255, 'a', 0, 128};
  for (uint32_t length = 0; length <= 5; length++) {
    sh_value text = v_latin1(chars, length);
    sh_value same = v_wide(wide, length);
    sh_value out;
    shi_word word = word_of(f, text);
    assert_int_equal(shi_word_tag(word), SH_TAG_SHORT_TEXT);
    assert_true(word == word_of(f, same)); // equal texts, equal words
    shi_read_reset(f->env);
    assert_ok(shi_word_read(f->env, word, SH_BORROW, &out));
    assert_value(out, text);
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
  shi_word long_word = word_of(f, v_latin1(chars, 6));
  assert_int_equal(shi_word_tag(long_word), SH_TAG_TEXT);
  assert_int_equal(shi_word_bytes(f->heap, long_word), SHI_TEXT_HEADER + 6);
  shi_word_release(f->env, long_word);
  static const uint16_t one_wide[1] = {256};
  shi_word wide_word = word_of(f, v_wide(one_wide, 1));
  assert_int_equal(shi_word_tag(wide_word), SH_TAG_TEXT);
  shi_word_release(f->env, wide_word);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void bigints_round_trip(void **state) {
  fixture *f = *state;
  static uint64_t digits[SH_BIGINT_MAX_WORDS];
  static const uint32_t lengths[] = {0, 1, 2, 127, 128, 129, SH_BIGINT_MAX_WORDS};
  for (uint32_t i = 0; i < SH_BIGINT_MAX_WORDS; i++) {
    digits[i] = i * UINT64_C(0x9e3779b97f4a7c15) + 1;
  }
  for (int i = 0; i < 7; i++) {
    for (int negative = 0; negative < 2; negative++) {
      sh_value big = v_bigint(digits, lengths[i], negative == 1);
      sh_value out;
      shi_word word = word_of(f, big);
      assert_int_equal(shi_word_tag(word), SH_TAG_BIGINT);
      shi_read_reset(f->env);
      assert_ok(shi_word_read(f->env, word, SH_BORROW, &out));
      assert_value(out, big);
      assert_int_equal(out.pin != 0, lengths[i] > 128);
      shi_word_release(f->env, word);
      assert_value(out, big); // copied or pinned
      unpin(f, &out);
    }
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void refs_carry_id_type_and_shape(void **state) {
  fixture *f = *state;
  sh_id box = new_box(f, v_null());
  shi_word word = word_of(f, v_ref(box));
  sh_value out;
  uint32_t shape = 0;
  assert_counts(f, box, 1, 1);
  assert_ok(sh_record_shape(f->env, box, &shape));
  assert_ok(shi_word_read(f->env, word, SH_BORROW, &out));
  assert_value(out, v_ref(box));
  assert_int_equal(out.type, SH_TYPE_RECORD);
  assert_int_equal(out.length, shape);
  shi_word_release(f->env, word);
  assert_counts(f, box, 1, 0);
  word = word_of(f, v_move(box));
  assert_counts(f, box, 0, 1);
  sh_value move = v_move(box);
  shi_word_unmake(f->env, &move, word);
  assert_counts(f, box, 1, 0);
}

static void unknown_words_and_kinds_are_refused(void **state) {
  fixture *f = *state;
  sh_value out;
  sh_value strange = {.kind = 99};
  shi_word word = 77;
  shi_key key;
  assert_status(shi_word_make(f->env, &strange, &word), SH_E_UNSUPPORTED_VALUE);
  assert_status(shi_key_make(f->env, &strange, &key), SH_E_UNSUPPORTED_VALUE);
  assert_true(word == 77);
  assert_status(shi_word_read(f->env, SH_WORD(UINT64_C(0xfffd), 1), SH_BORROW, &out), SH_E_CORRUPT);
  assert_status(shi_word_read(f->env, SH_WORD(UINT64_C(0xffff), 1), SH_BORROW, &out), SH_E_CORRUPT);
}

static void keys_equal_their_own_words_only(void **state) {
  fixture *f = *state;
  static const uint64_t digits[2] = {1, 1};
  static const uint16_t wide[8] = {'l', 'o', 'n', 'g', 'e', 'r', '1', 0x100};
  const sh_value values[] = {v_undefined(),
                             v_null(),
                             v_boolean(false),
                             v_boolean(true),
                             v_number(0),
                             v_number(1),
                             v_number(NAN),
                             v_text(""),
                             v_text("1"),
                             v_text("longer1"),
                             v_text("longer2"),
                             v_wide(wide, 8),
                             v_bigint(NULL, 0, false),
                             v_bigint(digits, 1, false),
                             v_bigint(digits, 1, true),
                             v_bigint(digits, 2, false)};
  enum { N = sizeof values / sizeof *values };
  shi_word words[N];
  for (int i = 0; i < N; i++) {
    words[i] = word_of(f, values[i]);
  }
  for (int i = 0; i < N; i++) {
    for (int k = 0; k < N; k++) {
      shi_key key;
      assert_ok(shi_key_make(f->env, &values[i], &key));
      if (shi_key_equals(f->heap, &key, words[k]) != (i == k)) {
        fail_msg("key %d and word %d", i, k);
      }
    }
  }
  shi_key zero;
  sh_value minus = v_number(-0.0);
  assert_ok(shi_key_make(f->env, &minus, &zero));
  assert_true(shi_key_equals(f->heap, &zero, words[4]));
  sh_value plus = v_number(0);
  assert_ok(shi_key_make(f->env, &plus, &zero));
  assert_true(shi_key_equals(f->heap, &zero, UINT64_C(0x8000000000000000)));
  for (int i = 0; i < N; i++) {
    shi_word_release(f->env, words[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(immediates_and_numbers),
      unit(five_latin1_units_fit_in_a_word),
      unit(bigints_round_trip),
      unit(refs_carry_id_type_and_shape),
      unit(unknown_words_and_kinds_are_refused),
      unit(keys_equal_their_own_words_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
