// StringRef: texts in place and in bodies, swapped whole.
#include "support.h"

static void set_replaces_the_text(void **state) {
  fixture *f = *state;
  static const uint16_t wide[8] = {0x4e00, 0xd800, 3, 4, 5, 6, 7, 8};
  const sh_value texts[] = {v_text(""),      v_text("123456789012345"), v_text("1234567890123456"),
                            v_wide(wide, 7), v_wide(wide, 8),           v_text("back in place")};
  sh_id id = new_string(f, "start");
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 6; i++) {
      sh_value out;
      uint32_t length = 0;
      assert_ok(sh_string_set(f->env, id, &texts[i]));
      assert_ok(sh_string_get(f->env, id, &out));
      assert_value(out, texts[i]);
      assert_ok(sh_string_length(f->env, id, &length));
      assert_int_equal(length, texts[i].length);
      bool body = i == 2 || i == 4;
      assert_int_equal(shi_string_body(slot_of(f, id)) != 0, body);
      assert_int_equal(stats_of(f).live_bytes, body ? SHI_TEXT_HEADER + 16 : 0);
    }
  }
}

static void wide_input_that_fits_is_narrowed(void **state) {
  fixture *f = *state;
  uint16_t units[40];
  for (uint16_t i = 0; i < 40; i++) {
    units[i] = (uint16_t)(200 + i);
  }
  for (uint32_t length = 0; length <= 40; length++) {
    sh_value text = v_wide(units, length);
    sh_value out;
    sh_id id = 0;
    assert_ok(sh_string_new(f->env, &text, &id));
    assert_ok(sh_string_get(f->env, id, &out));
    assert_false(out.wide);
    assert_value(out, text);
    assert_int_equal(stats_of(f).live_bytes, length > 15 ? SHI_TEXT_HEADER + length : 0);
    assert_ok(sh_drop(f->env, id));
  }
}

static void compare_exchange_swaps_only_equals(void **state) {
  fixture *f = *state;
  static const uint16_t narrow_a[1] = {'a'};
  static const uint16_t wide[20] = {0x2028, 1, 2, 3};
  const sh_value texts[] = {v_text(""),
                            v_text("a"),
                            v_text("b"),
                            v_text("123456789012345"),
                            v_text("1234567890123456"),
                            v_text("1234567890123457"),
                            v_wide(wide, 7),
                            v_wide(wide, 8),
                            v_wide(wide, 20)};
  const unsigned n = sizeof texts / sizeof *texts;
  for (unsigned stored = 0; stored < n; stored++) {
    for (unsigned expected = 0; expected < n; expected++) {
      sh_id id = 0;
      bool exchanged = stored != expected;
      sh_value old;
      sh_value now;
      sh_value next = v_text("the next text, of some length");
      assert_ok(sh_string_new(f->env, &texts[stored], &id));
      assert_ok(sh_string_compare_exchange(f->env, id, &texts[expected], &next, &exchanged, &old));
      assert_int_equal(exchanged, stored == expected);
      assert_value(old, texts[stored]);
      assert_ok(sh_string_get(f->env, id, &now));
      assert_value(now, stored == expected ? next : texts[stored]);
      assert_ok(sh_drop(f->env, id));
    }
  }
  sh_id id = new_string(f, "a");
  sh_value expected = v_wide(narrow_a, 1); // the same text in another width
  sh_value next = v_text("b");
  sh_value old;
  bool exchanged = false;
  assert_ok(sh_string_compare_exchange(f->env, id, &expected, &next, &exchanged, &old));
  assert_true(exchanged);
}

static void only_texts_are_taken(void **state) {
  fixture *f = *state;
  sh_id id = new_string(f, "a");
  sh_value good = v_text("a");
  sh_value old;
  bool exchanged = false;
  const sh_value wrong[] = {v_undefined(), v_null(), v_number(1), v_boolean(true), v_ref(id)};
  uint64_t before = fingerprint(f);
  for (unsigned i = 0; i < 5; i++) {
    sh_id other = 77;
    assert_status(sh_string_new(f->env, &wrong[i], &other), SH_E_INVALID_ARG_TYPE);
    assert_int_equal(other, 77);
    assert_status(sh_string_set(f->env, id, &wrong[i]), SH_E_INVALID_ARG_TYPE);
    assert_status(sh_string_compare_exchange(f->env, id, &wrong[i], &good, &exchanged, &old),
                  SH_E_INVALID_ARG_TYPE);
    assert_status(sh_string_compare_exchange(f->env, id, &good, &wrong[i], &exchanged, &old),
                  SH_E_INVALID_ARG_TYPE);
  }
  assert_true(fingerprint(f) == before);
}

static const char long_text[] = "a text that does not fit in its slot";

static sh_status make_one(fixture *f, void *arg) {
  sh_value text = v_text(long_text);
  return sh_string_new(f->env, &text, arg);
}

static sh_status set_one(fixture *f, void *arg) {
  sh_value text = v_text(long_text);
  return sh_string_set(f->env, *(sh_id *)arg, &text);
}

static sh_status exchange_one(fixture *f, void *arg) {
  sh_value expected = v_text(long_text);
  sh_value next = v_text("another text that does not fit");
  sh_value old;
  bool exchanged = false;
  sh_status status =
      sh_string_compare_exchange(f->env, *(sh_id *)arg, &expected, &next, &exchanged, &old);
  if (status == SH_OK) {
    assert_true(exchanged);
  }
  return status;
}

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  sh_id id = new_string(f, "first");
  sh_id made = 0;
  assert_sweep(f, make_one, &made, 1);
  assert_sweep(f, set_one, &id, 1);
  assert_sweep(f, exchange_one, &id, 1);
  drained d = drain_slots(f, false);
  f->heap->limit = d.limit; // bodies can be had, slots cannot
  f->heap->header->slot_capacity = f->heap->header->slot_length;
  uint64_t before = fingerprint(f);
  assert_status(make_one(f, &made), SH_E_HEAP_FULL);
  assert_true(fingerprint(f) == before);
  f->heap->header->slot_capacity = 64 * MIB / 16 / SH_SLOT_BYTES;
  refill_slots(f, &d);
  assert_ok(make_one(f, &made));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(set_replaces_the_text),
      unit(wide_input_that_fits_is_narrowed),
      unit(compare_exchange_swaps_only_equals),
      unit(only_texts_are_taken),
      unit(refusals_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
