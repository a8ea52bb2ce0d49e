// Structs: shapes kept once, fields of every type, defaults, and what does not fit.
#include "support.h"

#include <math.h>
#include <stdio.h>

static sh_field field(const char *name, sh_field_type type, uint32_t detail) {
  return (sh_field){.name = v_text(name), .type = (uint8_t)type, .detail = detail};
}

static uint32_t define(fixture *f, const sh_field *fields, uint32_t n) {
  uint32_t shape = 0;
  assert_ok(sh_shape_define(f->env, fields, n, &shape));
  assert_int_not_equal(shape, 0);
  return shape;
}

enum { ALL = 10 };

// One field of every type; the last is a record of a one-field shape.
static uint32_t define_all(fixture *f, uint32_t *inner) {
  const sh_field one = field("x", SH_FIELD_NUMBER, 0);
  *inner = define(f, &one, 1);
  const sh_field fields[ALL] = {field("text", SH_FIELD_STRING, 0),
                                field("number", SH_FIELD_NUMBER, 0),
                                field("yes", SH_FIELD_BOOLEAN, 0),
                                field("big", SH_FIELD_BIGINT, 0),
                                field("ref", SH_FIELD_REF, 0),
                                field("any", SH_FIELD_ANY, 0),
                                field("a field with a long name", SH_FIELD_TYPED, SH_TYPE_MAP),
                                field("inner", SH_FIELD_SHAPED, *inner),
                                field("number2", SH_FIELD_NUMBER, 0),
                                field("string", SH_FIELD_TYPED, SH_TYPE_STRING)};
  return define(f, fields, ALL);
}

static void check_fields(fixture *f, sh_id id, uint32_t shape, const sh_value *expected) {
  sh_value out[ALL];
  uint32_t version = 0;
  assert_ok(sh_record_read(f->env, id, shape, SH_BORROW, out, &version));
  for (uint32_t i = 0; i < ALL; i++) {
    assert_value(out[i], expected[i]);
    assert_ok(sh_record_get(f->env, id, shape, i, SH_BORROW, &out[i]));
    assert_value(out[i], expected[i]);
  }
}

static void shapes_are_kept_once(void **state) {
  fixture *f = *state;
  sh_env *other = NULL;
  const sh_field ab[] = {field("a", SH_FIELD_NUMBER, 0), field("b", SH_FIELD_STRING, 0)};
  const sh_field ba[] = {ab[1], ab[0]};
  const sh_field retyped[] = {field("a", SH_FIELD_BOOLEAN, 0), ab[1]};
  const sh_field detail1[] = {field("a", SH_FIELD_TYPED, SH_TYPE_MAP), ab[1]};
  const sh_field detail2[] = {field("a", SH_FIELD_TYPED, SH_TYPE_VECTOR), ab[1]};
  const uint32_t shapes[] = {define(f, ab, 2),      define(f, ba, 2),      define(f, ab, 1),
                             define(f, retyped, 2), define(f, detail1, 2), define(f, detail2, 2),
                             define(f, NULL, 0)};
  for (uint32_t i = 0; i < 7; i++) {
    assert_int_equal(shapes[i], i + 1);
  }
  uint64_t live = stats_of(f).live_bytes;
  uint32_t again = 0;
  assert_ok(sh_env_open(f->heap, &other));
  assert_ok(sh_shape_define(other, ba, 2, &again));
  assert_int_equal(again, shapes[1]);
  sh_env_close(other);
  static const uint16_t wide_a[1] = {'a'};
  sh_field same[] = {ab[0], ab[1]};
  same[0].name = v_wide(wide_a, 1);
  assert_int_equal(define(f, same, 2), shapes[0]);
  assert_int_equal(stats_of(f).live_bytes, live);
  assert_int_equal(stats_of(f).shapes, 7);
}

static void many_shapes_fill_the_chunks(void **state) {
  fixture *f = *state;
  enum { COUNT = 1200 };
  char name[40];
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      (void)snprintf(name, sizeof name, i % 2 == 0 ? "f%u" : "a long name of a field %u", i);
      const sh_field fields[] = {field(name, SH_FIELD_ANY, 0), field("x", SH_FIELD_NUMBER, 0)};
      assert_int_equal(define(f, fields, 2), i + 1);
    }
  }
  for (uint32_t i = 0; i < COUNT; i++) {
    sh_field out;
    uint32_t n = 0;
    (void)snprintf(name, sizeof name, i % 2 == 0 ? "f%u" : "a long name of a field %u", i);
    assert_ok(sh_shape_length(f->env, i + 1, &n));
    assert_int_equal(n, 2);
    assert_ok(sh_shape_field(f->env, i + 1, 0, &out));
    assert_value(out.name, v_text(name));
    assert_int_equal(out.type, SH_FIELD_ANY);
    assert_status(sh_shape_field(f->env, i + 1, 2, &out), SH_E_UNKNOWN_FIELD);
  }
  uint32_t n = 77;
  assert_status(sh_shape_length(f->env, 0, &n), SH_E_INVALID_ID);
  assert_status(sh_shape_length(f->env, COUNT + 1, &n), SH_E_INVALID_ID);
  assert_status(sh_shape_length(f->env, UINT32_MAX, &n), SH_E_INVALID_ID);
  assert_int_equal(n, 77);
}

static void wrong_shapes_are_refused(void **state) {
  fixture *f = *state;
  uint32_t shape = 77;
  sh_field bad[] = {field("a", SH_FIELD_TYPE_COUNT, 0), field("a", SH_FIELD_TYPED, SH_TYPE_NONE),
                    field("a", SH_FIELD_TYPED, SH_TYPE_COUNT), field("a", SH_FIELD_SHAPED, 0),
                    field("a", SH_FIELD_SHAPED, 1)};
  for (unsigned i = 0; i < 5; i++) {
    assert_status(sh_shape_define(f->env, &bad[i], 1, &shape), SH_E_OUT_OF_RANGE);
  }
  bad[0] = field("a", SH_FIELD_ANY, 0);
  bad[0].name = v_number(1);
  assert_status(sh_shape_define(f->env, bad, 1, &shape), SH_E_INVALID_ARG_TYPE);
  assert_status(sh_shape_define(f->env, NULL, SH_FIELDS_MAX + 1, &shape), SH_E_OUT_OF_RANGE);
  assert_int_equal(shape, 77);
  assert_int_equal(stats_of(f).shapes, 0);
}

static void defaults_are_those_of_the_types(void **state) {
  fixture *f = *state;
  uint32_t inner = 0;
  uint32_t bad = 0;
  uint32_t shape = define_all(f, &inner);
  sh_value none[ALL];
  for (int i = 0; i < ALL; i++) {
    none[i] = v_undefined();
  }
  sh_id id = 0;
  assert_ok(sh_record_new(f->env, shape, none, ALL, &id, &bad));
  const sh_value expected[ALL] = {
      v_text(""),  v_number(0),   v_boolean(false), v_bigint(NULL, 0, false),
      v_null(),    v_undefined(), v_null(),         v_null(),
      v_number(0), v_null()};
  check_fields(f, id, shape, expected);
  uint32_t of = 0;
  assert_ok(sh_record_shape(f->env, id, &of));
  assert_int_equal(of, shape);
  assert_int_equal(sh_id_type(f->env, (double)id, &of), SH_TYPE_RECORD);
}

static void every_field_takes_its_kind_only(void **state) {
  fixture *f = *state;
  static const uint64_t digits[1] = {9};
  uint32_t inner = 0;
  uint32_t shape = define_all(f, &inner);
  sh_id map = new_map(f);
  sh_id string = new_string(f, "s");
  sh_value x = v_number(1);
  sh_id box = 0;
  assert_ok(sh_record_new(f->env, inner, &x, 1, &box, NULL));
  const sh_value values[] = {v_text("a text with a payload"),
                             v_number(1.5),
                             v_boolean(true),
                             v_bigint(digits, 1, true),
                             v_null(),
                             v_undefined(),
                             v_ref(map),
                             v_ref(box),
                             v_ref(string)};
  // By field: which values fit (bit i: values[i]); a ref of another type is a mismatch (second).
  static const unsigned fits[ALL] = {1, 2, 4, 8, 0x1d0, 0x1ff, 0x50, 0x90, 2, 0x110};
  static const unsigned mismatch[ALL] = {0, 0, 0, 0, 0, 0, 0x180, 0x140, 0, 0xc0};
  sh_value none[ALL] = {{0}};
  sh_id id = 0;
  assert_ok(sh_record_new(f->env, shape, none, ALL, &id, NULL));
  for (uint32_t i = 0; i < ALL; i++) {
    for (uint32_t k = 0; k < 9; k++) {
      sh_status expected = (fits[i] >> k & 1) != 0       ? SH_OK
                           : (mismatch[i] >> k & 1) != 0 ? SH_E_TYPE_MISMATCH
                                                         : SH_E_INVALID_ARG_TYPE;
      uint64_t before = fingerprint(f);
      sh_status status = sh_record_set(f->env, id, shape, i, &values[k]);
      if (status != expected) {
        fail_msg("field %u, value %u: %s, expected %s", i, k, sh_status_code(status),
                 sh_status_code(expected));
      }
      sh_value out;
      if (status == SH_OK) {
        assert_ok(sh_record_get(f->env, id, 0, i, SH_BORROW, &out));
        assert_value(out, values[k]);
      } else {
        assert_true(fingerprint(f) == before);
        sh_value all[ALL] = {{0}};
        uint32_t bad = 77;
        all[i] = values[k];
        if (values[k].kind != SH_KIND_UNDEFINED) {
          sh_id other = 77;
          assert_status(sh_record_new(f->env, shape, all, ALL, &other, &bad), expected);
          assert_int_equal(bad, i);
          assert_int_equal(other, 77);
          assert_true(fingerprint(f) == before);
        }
      }
    }
  }
  assert_clean(f->env);
}

static void records_of_another_shape_are_told_apart(void **state) {
  fixture *f = *state;
  const sh_field a = field("a", SH_FIELD_NUMBER, 0);
  const sh_field b = field("b", SH_FIELD_NUMBER, 0);
  uint32_t shape_a = define(f, &a, 1);
  uint32_t shape_b = define(f, &b, 1);
  sh_value one = v_number(1);
  sh_value out = v_number(77);
  uint32_t version = 0;
  sh_id id = 0;
  assert_ok(sh_record_new(f->env, shape_a, &one, 1, &id, NULL));
  assert_status(sh_record_get(f->env, id, shape_b, 0, SH_BORROW, &out), SH_E_TYPE_MISMATCH);
  assert_status(sh_record_set(f->env, id, shape_b, 0, &one), SH_E_TYPE_MISMATCH);
  assert_status(sh_record_read(f->env, id, shape_b, SH_BORROW, &out, &version), SH_E_TYPE_MISMATCH);
  assert_status(sh_record_get(f->env, id, shape_a, 1, SH_BORROW, &out), SH_E_UNKNOWN_FIELD);
  assert_status(sh_record_set(f->env, id, 0, UINT32_MAX, &one), SH_E_UNKNOWN_FIELD);
  assert_value(out, v_number(77));
  assert_ok(sh_record_get(f->env, id, 0, 0, SH_BORROW, &out));
  assert_value(out, one);
  sh_id other = 77;
  assert_status(sh_record_new(f->env, 99, &one, 1, &other, NULL), SH_E_INVALID_ID);
  assert_status(sh_record_new(f->env, 0, &one, 1, &other, NULL), SH_E_INVALID_ID);
  assert_status(sh_record_new(f->env, shape_a, &one, 0, &other, NULL), SH_E_OUT_OF_RANGE);
  assert_int_equal(other, 77);
}

static void doubles_are_raw_and_canonical(void **state) {
  fixture *f = *state;
  const sh_field fields[] = {field("n", SH_FIELD_NUMBER, 0), field("b", SH_FIELD_BOOLEAN, 0)};
  uint32_t shape = define(f, fields, 2);
  sh_value values[] = {v_number(shi_bits_number(UINT64_C(0xfff9000000000001))), v_boolean(true)};
  sh_id id = 0;
  assert_ok(sh_record_new(f->env, shape, values, 2, &id, NULL));
  uint64_t at = 0;
  uint64_t words = 0;
  uint32_t n = 0;
  uint32_t m = 0;
  shi_record_bodies(f->heap, slot_of(f, id), &at, &n, &words, &m);
  assert_int_equal(n, 2);
  assert_int_equal(m, 0);
  assert_int_equal(words, 0);
  const uint64_t *doubles = shi_at(f->heap, at);
  assert_true(doubles[0] == SH_NAN_BITS);
  assert_true(doubles[1] == shi_number_bits(1.0));
  values[0] = v_number(-NAN);
  assert_ok(sh_record_set(f->env, id, shape, 0, &values[0]));
  assert_true(doubles[0] == SH_NAN_BITS);
  values[0] = v_number(-0.0);
  sh_value out;
  assert_ok(sh_record_set(f->env, id, shape, 0, &values[0]));
  assert_ok(sh_record_get(f->env, id, shape, 0, SH_BORROW, &out));
  assert_value(out, v_number(-0.0));
}

static void a_thousand_fields(void **state) {
  fixture *f = *state;
  static sh_field fields[SH_FIELDS_MAX];
  static char names[SH_FIELDS_MAX][8];
  static sh_value values[SH_FIELDS_MAX];
  static sh_value out[SH_FIELDS_MAX];
  static const sh_field_type types[] = {SH_FIELD_NUMBER, SH_FIELD_STRING, SH_FIELD_BOOLEAN,
                                        SH_FIELD_ANY};
  for (uint32_t i = 0; i < SH_FIELDS_MAX; i++) {
    (void)snprintf(names[i], sizeof names[i], "f%u", i);
    fields[i] = field(names[i], types[i % 4], 0);
    values[i] = i % 4 == 0   ? v_number(i)
                : i % 4 == 1 ? v_text(names[i])
                : i % 4 == 2 ? v_boolean(i % 8 == 2)
                             : v_text("any value with a payload");
  }
  uint32_t shape = define(f, fields, SH_FIELDS_MAX);
  sh_id id = 0;
  uint32_t version = 0;
  assert_ok(sh_record_new(f->env, shape, values, SH_FIELDS_MAX, &id, NULL));
  assert_ok(sh_record_read(f->env, id, shape, SH_BORROW, out, &version));
  for (uint32_t i = 0; i < SH_FIELDS_MAX; i++) {
    assert_value(out[i], values[i]);
  }
}

static void reading_modes_and_release(void **state) {
  fixture *f = *state;
  sh_id text = new_string(f, "text");
  sh_id box = new_box(f, v_ref(text));
  sh_value out;
  uint32_t version = 0;
  assert_ok(sh_record_get(f->env, box, 0, 0, SH_DEREF, &out));
  assert_value(out, v_text("text"));
  assert_ok(sh_record_read(f->env, box, 0, SH_DEREF, &out, &version));
  assert_value(out, v_text("text"));
  assert_counts(f, text, 1, 1);
  assert_ok(sh_record_read(f->env, box, 0, SH_ACQUIRE, &out, &version));
  assert_counts(f, text, 2, 1);
  sh_value next = v_move(text);
  assert_ok(sh_record_set(f->env, box, 0, 0, &next)); // over itself
  assert_counts(f, text, 1, 1);
  next = v_text("something else");
  assert_ok(sh_record_set(f->env, box, 0, 0, &next));
  assert_counts(f, text, 1, 0);
}

// --- refusals --------------------------------------------------------------------------------

typedef struct job {
  uint32_t shape;
  sh_id id;
  sh_id moved;
} job;

static sh_status make(fixture *f, void *arg) {
  static const uint64_t digits[1] = {9};
  job *j = arg;
  sh_value values[ALL] = {
      v_text("a text with a payload"), v_number(1),      v_boolean(true),
      v_bigint(digits, 1, true),       v_move(j->moved), v_text("any text with a payload")};
  uint32_t bad = 0;
  return sh_record_new(f->env, j->shape, values, ALL, &j->id, &bad);
}

static sh_status set(fixture *f, void *arg) {
  job *j = arg;
  sh_value text = v_text("the next text with a payload");
  return sh_record_set(f->env, j->id, j->shape, 0, &text);
}

static sh_status define_one(fixture *f, void *arg) {
  char name[50];
  (void)snprintf(name, sizeof name, "the long name of field %d", ++*(int *)arg);
  const sh_field fields[] = {field("first long name of a field", SH_FIELD_ANY, 0),
                             field(name, SH_FIELD_NUMBER, 0)};
  uint32_t shape = 0;
  return sh_shape_define(f->env, fields, 2, &shape);
}

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  uint32_t inner = 0;
  job j = {.shape = define_all(f, &inner)};
  for (int i = 0; i < 3; i++) {
    j.moved = new_string(f, "moved");
    assert_sweep(f, make, &j, 5);
    assert_sweep(f, set, &j, 1);
  }
  drained d = drain_slots(f, false);
  uint64_t before = fingerprint(f);
  assert_status(make(f, &j), SH_E_HEAP_FULL);
  assert_true(fingerprint(f) == before);
  refill_slots(f, &d);
}

static void refused_shapes_leave_nothing(void **state) {
  fixture *f = *state;
  int n = 0;
  sh_test_fail_after(f->heap, 0);
  assert_status(define_one(f, &n), SH_E_HEAP_FULL);
  sh_test_fail_after(f->heap, -1);
  assert_ok(define_one(f, &n)); // makes the first chunk, which a refusal may leave
  for (int i = 0; i < 10; i++) {
    assert_sweep(f, define_one, &n, 3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(shapes_are_kept_once),
      unit(many_shapes_fill_the_chunks),
      unit(wrong_shapes_are_refused),
      unit(defaults_are_those_of_the_types),
      unit(every_field_takes_its_kind_only),
      unit(records_of_another_shape_are_told_apart),
      unit(doubles_are_raw_and_canonical),
      unit(a_thousand_fields),
      unit(reading_modes_and_release),
      unit(refusals_change_nothing),
      unit(refused_shapes_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
