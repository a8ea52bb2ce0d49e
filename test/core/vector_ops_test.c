// VectorRef: values of every kind, searches, fill, ownership, refusals.
#include "support.h"

#include <math.h>

static const char long_text[] = "a text that needs a payload";

static void elements_of_every_kind(void **state) {
  fixture *f = *state;
  static const uint64_t digits[2] = {7, 8};
  sh_id text = new_string(f, long_text);
  sh_id number = new_number(f, 3);
  const sh_value values[] = {v_undefined(),
                             v_null(),
                             v_boolean(false),
                             v_boolean(true),
                             v_number(1.5),
                             v_number(-0.0),
                             v_text("short"),
                             v_text(long_text),
                             v_bigint(digits, 2, true),
                             v_bigint(NULL, 0, false),
                             v_ref(text),
                             v_ref(number)};
  const uint32_t n = sizeof values / sizeof *values;
  sh_id vector = new_vector(f);
  uint32_t length = 0;
  uint32_t count = 0;
  uint32_t version = 0;
  sh_value out[12];
  assert_ok(sh_vector_push(f->env, vector, values, n, &length));
  assert_int_equal(length, n);
  assert_ok(sh_vector_read(f->env, vector, 0, SH_BORROW, n, out, &count, &version));
  assert_int_equal(count, n);
  for (uint32_t i = 0; i < n; i++) {
    assert_value(out[i], values[i]);
  }
  assert_ok(sh_vector_read(f->env, vector, 0, SH_DEREF, n, out, &count, &version));
  assert_value(out[10], v_text(long_text));
  assert_value(out[11], v_number(3));
  assert_ok(sh_vector_read(f->env, vector, 10, SH_ACQUIRE, 5, out, &count, &version));
  assert_int_equal(count, 2);
  assert_counts(f, text, 2, 1);
  assert_ok(sh_vector_read(f->env, vector, n, SH_BORROW, 5, out, &count, &version));
  assert_int_equal(count, 0);
  assert_ok(sh_vector_read(f->env, vector, UINT32_MAX, SH_BORROW, 5, out, &count, &version));
  assert_int_equal(count, 0);
}

static void searches(void **state) {
  fixture *f = *state;
  static const uint64_t digits[1] = {7};
  sh_id ref = new_string(f, "x");
  sh_id other = new_string(f, "x");
  const sh_value values[] = {v_number(1),    v_number(NAN),     v_text("1"),
                             v_number(-0.0), v_text(long_text), v_bigint(digits, 1, false),
                             v_ref(ref),     v_undefined(),     v_number(1)};
  sh_id vector = new_vector(f);
  uint32_t n = 0;
  assert_ok(sh_vector_push(f->env, vector, values, 9, &n));
  const struct {
    sh_value value;
    int64_t from;
    bool backwards;
    bool zero;
    int at; // -1: not found
  } cases[] = {{v_number(1), 0, false, true, 0},
               {v_number(1), 1, false, true, 8},
               {v_number(1), 9, false, true, -1},
               {v_number(1), INT64_MAX, true, true, 8},
               {v_number(1), INT64_MAX, false, true, -1},
               {v_number(1), -9, true, true, 0},
               {v_number(1), -10, true, true, -1},
               {v_number(1), INT64_MIN, true, true, -1},
               {v_number(1), -1, true, true, 8},
               {v_number(1), -2, true, true, 0},
               {v_number(1), -9, false, true, 0},
               {v_number(1), -8, false, true, 8},
               {v_number(1), INT64_MIN, false, true, 0},
               {v_number(1), 7, true, true, 0},
               {v_number(NAN), 0, false, true, 1},
               {v_number(NAN), 0, false, false, -1},
               {v_number(0), 0, false, false, 3},
               {v_text("1"), 0, false, true, 2},
               {v_text(long_text), 0, false, true, 4},
               {v_text(long_text), 3, true, true, -1},
               {v_bigint(digits, 1, false), 0, false, true, 5},
               {v_bigint(digits, 1, true), 0, false, true, -1},
               {v_ref(ref), 0, false, true, 6},
               {v_ref(other), 0, false, true, -1},
               {v_undefined(), 0, false, true, 7},
               {v_null(), 0, false, true, -1},
               {v_text("not there, and of some length"), 0, false, true, -1}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t index = 99;
    bool found = cases[i].at < 0;
    assert_ok(sh_vector_index_of(f->env, vector, &cases[i].value, cases[i].from, cases[i].backwards,
                                 cases[i].zero, &index, &found));
    int at = found ? (int)index : -1;
    if (at != cases[i].at) {
      fail_msg("case %u: found at %d, expected %d", i, at, cases[i].at);
    }
  }
  sh_id empty = new_vector(f);
  bool found = true;
  for (int64_t from = -1; from <= 1; from++) {
    found = true;
    assert_ok(sh_vector_index_of(f->env, empty, &values[0], from, true, true, &n, &found));
    assert_false(found);
  }
  assert_ok(sh_drop(f->env, other));
  sh_value dead = v_ref(other);
  assert_status(sh_vector_index_of(f->env, vector, &dead, 0, false, true, &n, &found),
                SH_E_USE_AFTER_FREE);
}

static void fill_takes_a_hold_for_each_place(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "filler");
  sh_id old = new_string(f, "old");
  for (int i = 0; i < 5; i++) {
    vector_push(f, vector, i == 2 ? v_move(old) : v_number(i));
  }
  sh_value ref = v_ref(id);
  sh_value move = v_move(id);
  uint64_t before = fingerprint(f);
  assert_status(sh_vector_fill(f->env, vector, &move, 0, 2), SH_E_UNSUPPORTED_VALUE);
  assert_ok(sh_vector_fill(f->env, vector, &ref, 3, 3));
  assert_ok(sh_vector_fill(f->env, vector, &ref, 4, 2));
  assert_ok(sh_vector_fill(f->env, vector, &ref, 9, 12));
  assert_ok(sh_vector_fill(f->env, vector, &ref, INT64_MIN, -5));
  assert_ok(sh_vector_fill(f->env, vector, &ref, -1, -1));
  // A claim that is given must be taken.
  assert_status(sh_vector_fill(f->env, vector, &move, 3, 3), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_vector_fill(f->env, vector, &move, 5, INT64_MAX), SH_E_UNSUPPORTED_VALUE);
  assert_true(fingerprint(f) == before);
  assert_ok(sh_vector_fill(f->env, vector, &ref, -4, -2));
  assert_counts(f, id, 1, 2);
  assert_ok(sh_vector_fill(f->env, vector, &ref, 1, INT64_MAX));
  assert_counts(f, id, 1, 4);
  assert_status(sh_id_check(f->env, old, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
  assert_ok(sh_vector_fill(f->env, vector, &move, -5, -4));
  assert_counts(f, id, 0, 5);
  sh_value text = v_text(long_text);
  assert_ok(sh_vector_fill(f->env, vector, &text, 0, 5)); // a payload for each place
  assert_int_equal(stats_of(f).objects, 1);
  assert_clean(f->env);
}

static void replacing_and_removing_release(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  bool found = false;
  sh_value one = v_number(1);
  for (int i = 0; i < 3; i++) {
    vector_push(f, vector, v_move(new_string(f, long_text)));
  }
  assert_int_equal(stats_of(f).objects, 4);
  assert_ok(sh_vector_set(f->env, vector, 0, &one));
  assert_int_equal(stats_of(f).objects, 3);
  assert_ok(sh_vector_remove_at(f->env, vector, 1, &found));
  assert_true(found);
  assert_int_equal(stats_of(f).objects, 2);
  assert_ok(sh_vector_remove_at(f->env, vector, 2, &found));
  assert_false(found);
  assert_ok(sh_vector_remove_at(f->env, vector, UINT32_MAX, &found));
  assert_false(found);
  assert_ok(sh_vector_remove_at(f->env, vector, UINT32_MAX - 1, &found));
  assert_false(found);
  assert_int_equal(vector_length(f, vector), 2);
  assert_ok(sh_vector_clear(f->env, vector));
  assert_int_equal(stats_of(f).objects, 1);
}

static void splice_hands_over_and_is_bounded(void **state) {
  fixture *f = *state;
  static sh_value out[SH_READ_MAX + 1];
  sh_id vector = new_vector(f);
  sh_id ids[4];
  uint32_t removed = 0;
  for (int i = 0; i < 4; i++) {
    ids[i] = new_string(f, "handed over");
    vector_push(f, vector, v_move(ids[i]));
  }
  sh_value in[2] = {v_text(long_text), v_number(5)};
  assert_ok(sh_vector_splice(f->env, vector, 1, 2, in, 2, out, &removed));
  assert_int_equal(removed, 2);
  assert_counts(f, ids[0], 0, 1);
  assert_counts(f, ids[1], 1, 0);
  assert_counts(f, ids[2], 1, 0);
  uint64_t before = fingerprint(f);
  assert_ok(sh_vector_splice(f->env, vector, 77, 77, NULL, 0, out, &removed));
  assert_int_equal(removed, 0);
  assert_true(fingerprint(f) == before);
  assert_ok(sh_vector_splice(f->env, vector, -1, UINT32_MAX, in, 1, out, &removed));
  assert_int_equal(removed, 1);
  assert_counts(f, ids[3], 1, 0);
  assert_ok(sh_vector_splice(f->env, vector, INT64_MIN, 1, NULL, 0, out, &removed));
  assert_int_equal(removed, 1);
  assert_counts(f, ids[0], 1, 0);
  assert_int_equal(vector_length(f, vector), 3);
  for (uint32_t i = 3; i <= SH_READ_MAX; i++) {
    vector_push(f, vector, v_number(i));
  }
  before = fingerprint(f);
  assert_status(sh_vector_splice(f->env, vector, 0, UINT32_MAX, in, 2, out, &removed),
                SH_E_OUT_OF_RANGE);
  assert_int_equal(removed, SH_READ_MAX + 1);
  assert_true(fingerprint(f) == before);
  assert_ok(sh_vector_splice(f->env, vector, 1, UINT32_MAX, NULL, 0, out, &removed));
  assert_int_equal(removed, SH_READ_MAX);
  assert_int_equal(vector_length(f, vector), 1);
}

static void too_many_elements_are_refused(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  uint32_t length = 77;
  vector_push(f, vector, v_number(1));
  _Atomic uint64_t *extent = &slot_of(f, vector)->payload[1];
  uint32_t *capacity = (uint32_t *)shi_at(f->heap, slot_of(f, vector)->payload[0] - 8);
  uint64_t saved = *extent;
  uint32_t real = *capacity;
  assert_ok(sh_vector_push(f->env, vector, NULL, 0, &length)); // nothing is fine
  assert_int_equal(length, 1);
  *capacity = SH_VECTOR_MAX; // as if it were full
  *extent = SH_VECTOR_MAX;
  sh_value one = v_number(1);
  length = 77;
  assert_status(sh_vector_push(f->env, vector, &one, 1, &length), SH_E_OUT_OF_RANGE);
  assert_status(sh_vector_unshift(f->env, vector, &one, 1, &length), SH_E_OUT_OF_RANGE);
  assert_int_equal(length, 77);
  *capacity = real;
  *extent = saved;
}

// --- refusals --------------------------------------------------------------------------------

typedef struct job {
  sh_id vector;
  sh_id id;
} job;

static sh_status push(fixture *f, void *arg) {
  job *j = arg;
  uint32_t length = 0;
  sh_value in[3] = {v_text(long_text), v_move(j->id), v_text(long_text)};
  return sh_vector_push(f->env, j->vector, in, 3, &length);
}

static sh_status unshift(fixture *f, void *arg) {
  job *j = arg;
  uint32_t length = 0;
  sh_value in[3] = {v_move(j->id), v_text(long_text), v_text(long_text)};
  return sh_vector_unshift(f->env, j->vector, in, 3, &length);
}

static sh_status set(fixture *f, void *arg) {
  job *j = arg;
  sh_value in = v_text(long_text);
  return sh_vector_set(f->env, j->vector, 0, &in);
}

static sh_status splice(fixture *f, void *arg) {
  job *j = arg;
  static sh_value out[4];
  uint32_t removed = 0;
  sh_value in[4] = {v_text(long_text), v_move(j->id), v_number(1), v_text(long_text)};
  sh_status status = sh_vector_splice(f->env, j->vector, 1, 2, in, 4, out, &removed);
  for (uint32_t i = 0; status == SH_OK && i < removed; i++) {
    unpin(f, &out[i]);
  }
  return status;
}

static sh_status fill(fixture *f, void *arg) {
  job *j = arg;
  sh_value in = v_text(long_text);
  return sh_vector_fill(f->env, j->vector, &in, 0, 3);
}

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  static const sweep_op ops[] = {push, unshift, splice, set, fill};
  static const int least[] = {2, 2, 2, 1, 3};
  job j = {.vector = new_vector(f)};
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 5; i++) {
      j.id = i < 3 ? new_string(f, "moved") : 0;
      assert_sweep(f, ops[i], &j, least[i]);
    }
  }
}

static void taking_out_needs_no_memory(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  for (int i = 0; i < 2000; i++) {
    vector_push(f, vector, v_number(i));
  }
  sh_test_fail_after(f->heap, 0);
  for (int i = 0; i < 1000; i++) {
    sh_value out;
    bool found = false;
    assert_ok(sh_vector_shift(f->env, vector, &out, &found));
    assert_value(out, v_number(i));
    assert_ok(sh_vector_pop(f->env, vector, &out, &found));
    assert_value(out, v_number(1999 - i));
  }
  sh_test_fail_after(f->heap, -1);
  assert_int_equal(vector_length(f, vector), 0);
}

static void refused_vector_changes_nothing(void **state) {
  fixture *f = *state;
  drained d = drain_slots(f, false);
  uint64_t before = fingerprint(f);
  sh_id id = 77;
  assert_status(sh_vector_new(f->env, &id), SH_E_HEAP_FULL);
  assert_int_equal(id, 77);
  assert_true(fingerprint(f) == before);
  refill_slots(f, &d);
  assert_ok(sh_vector_new(f->env, &id));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(elements_of_every_kind),           unit(searches),
      unit(fill_takes_a_hold_for_each_place), unit(replacing_and_removing_release),
      unit(splice_hands_over_and_is_bounded), unit(too_many_elements_are_refused),
      unit(refusals_change_nothing),          unit(taking_out_needs_no_memory),
      unit(refused_vector_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
