// Threads on the same and on different objects, each through its own environment: exact totals,
// texts that check themselves, and an empty heap after each test. See support_stress.h for what
// goes on beside the workers, containers_stress_test.c and owners_stress_test.c for the rest.
#include "support_stress.h"

#include "map.h"
#include "number.h"
#include "record.h"
#include "slot.h"
#include "str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX 2000u

static void drop_out(stress_thread *t, const sh_value *out) {
  if (out->kind == SH_KIND_REF) {
    STRESS_CHECK(sh_drop(t->env, out->id) == SH_OK);
  } else if (out->pin != 0) {
    sh_unpin(t->stress->heap, out->pin);
  }
}

// --- totals ----------------------------------------------------------------------------------

#define TOTAL_THREADS 4u
#define TOTAL_TURNS STRESS_SCALE(120000u)

typedef struct totals {
  sh_id numbers[2];
  sh_id map;
  sh_id string;
} totals;

static void add_to_string(stress_thread *t, sh_id id) {
  char text[32];
  bool exchanged = false;
  while (!exchanged) {
    sh_value old;
    STRESS_CHECK(sh_string_get(t->env, id, &old) == SH_OK && old.pin == 0 && old.length < 16);
    char was[17] = {0};
    memcpy(was, old.chars, old.length);
    (void)snprintf(text, sizeof text, "%lu", strtoul(was, NULL, 10) + 1);
    sh_value expected = stress_text(was);
    sh_value next = stress_text(text);
    STRESS_CHECK(sh_string_compare_exchange(t->env, id, &expected, &next, &exchanged, &old) ==
                 SH_OK);
  }
}

static void add_to_map(stress_thread *t, sh_id map) {
  sh_value key = stress_text("a key of a counter");
  sh_value current = {.kind = SH_KIND_UNDEFINED};
  bool exchanged = false;
  while (!exchanged) {
    sh_value next = stress_number(current.kind == SH_KIND_NUMBER ? current.number + 1 : 1);
    sh_value expected = current;
    STRESS_CHECK(sh_map_compare_exchange(t->env, map, &key, &expected, &next, &exchanged,
                                         &current) == SH_OK);
  }
}

static void add(stress_thread *t) {
  const totals *sum = t->arg;
  double old = 0;
  bool exchanged = false;
  for (uint32_t i = 0; i < TOTAL_TURNS; i++) {
    stress_turn(t);
    STRESS_CHECK(sh_number_update(t->env, sum->numbers[0], SH_NUMBER_ADD, 3, &old) == SH_OK);
    STRESS_CHECK(sh_number_update(t->env, sum->numbers[0], SH_NUMBER_SUB, 1, NULL) == SH_OK);
    STRESS_CHECK(sh_number_get(t->env, sum->numbers[1], &old) == SH_OK);
    do {
      STRESS_CHECK(sh_number_compare_exchange(t->env, sum->numbers[1], old, old + 1, &old,
                                              &exchanged) == SH_OK);
    } while (!exchanged);
    sh_value key = stress_number(i % 50);
    STRESS_CHECK(sh_map_add(t->env, sum->map, &key, 1, &old) == SH_OK);
    if (i % 4 == 0) {
      add_to_map(t, sum->map);
      add_to_string(t, sum->string);
    }
  }
}

static void test_totals_are_exact(void **state) {
  (void)state;
  stress *s = stress_open();
  totals sum;
  sh_value zero = stress_text("0");
  sh_value out;
  bool found = false;
  double n = 0;
  assert_int_equal(sh_number_new(s->env, 0, &sum.numbers[0]), SH_OK);
  assert_int_equal(sh_number_new(s->env, 0, &sum.numbers[1]), SH_OK);
  assert_int_equal(sh_map_new(s->env, false, &sum.map), SH_OK);
  assert_int_equal(sh_string_new(s->env, &zero, &sum.string), SH_OK);
  stress_run(s, TOTAL_THREADS, add, &sum);
  uint32_t turns = TOTAL_THREADS * TOTAL_TURNS;
  assert_int_equal(sh_number_get(s->env, sum.numbers[0], &n), SH_OK);
  assert_int_equal(n, 2 * turns);
  assert_int_equal(sh_number_get(s->env, sum.numbers[1], &n), SH_OK);
  assert_int_equal(n, turns);
  for (uint32_t i = 0; i < 50; i++) {
    sh_value key = stress_number(i);
    assert_int_equal(sh_map_get(s->env, sum.map, &key, SH_BORROW, &out, &found), SH_OK);
    assert_int_equal(out.number, turns / 50);
  }
  sh_value key = stress_text("a key of a counter");
  assert_int_equal(sh_map_get(s->env, sum.map, &key, SH_BORROW, &out, &found), SH_OK);
  assert_int_equal(out.number, turns / 4);
  char text[32];
  (void)snprintf(text, sizeof text, "%u", turns / 4);
  assert_int_equal(sh_string_get(s->env, sum.string, &out), SH_OK);
  assert_int_equal(out.length, strlen(text));
  assert_memory_equal(out.chars, text, out.length);
  assert_int_equal(sh_drop(s->env, sum.numbers[0]), SH_OK);
  assert_int_equal(sh_drop(s->env, sum.numbers[1]), SH_OK);
  assert_int_equal(sh_drop(s->env, sum.map), SH_OK);
  assert_int_equal(sh_drop(s->env, sum.string), SH_OK);
  stress_close(s);
}

// --- strings and records ---------------------------------------------------------------------

#define TEXT_TURNS STRESS_SCALE(240000u)

typedef struct texts {
  sh_id string;
  sh_id record;
  uint32_t shape;
} texts;

static uint32_t define(sh_env *env) {
  sh_field fields[] = {{.name = stress_text("text"), .type = SH_FIELD_STRING},
                       {.name = stress_text("number"), .type = SH_FIELD_NUMBER},
                       {.name = stress_text("any"), .type = SH_FIELD_ANY},
                       {.name = stress_text("flag"), .type = SH_FIELD_BOOLEAN}};
  uint32_t shape = 0;
  STRESS_CHECK(sh_shape_define(env, fields, 4, &shape) == SH_OK);
  return shape;
}

static void check_text(stress_thread *t, const sh_value *out) {
  STRESS_CHECK(stress_whole(out));
  drop_out(t, out);
}

static void write_texts(stress_thread *t) {
  const texts *at = t->arg;
  static const uint32_t lengths[] = {0, 1, 5, 6, 15, 16, 60, 1024, 1025, TEXT_MAX};
  char text[TEXT_MAX + 1];
  sh_value out[4];
  sh_value kept = {.pin = 0};
  uint32_t version = 0;
  STRESS_CHECK(define(t->env) == at->shape);
  for (uint32_t i = 0; i < TEXT_TURNS; i++) {
    stress_turn(t);
    stress_fill(text, lengths[stress_below(t, 10)], stress_below(t, 26));
    sh_value in = stress_text(text);
    sh_value number = stress_number(TEXT_MAX + t->index);
    switch (stress_below(t, 6)) {
    case 0:
      STRESS_CHECK(sh_string_set(t->env, at->string, &in) == SH_OK);
      break;
    case 1:
      STRESS_CHECK(sh_record_set(t->env, at->record, at->shape, 0, &in) == SH_OK);
      STRESS_CHECK(sh_record_set(t->env, at->record, at->shape, 1, &number) == SH_OK);
      break;
    case 2:
      in = stress_below(t, 2) == 0 ? stress_ref(at->string, false) : in;
      STRESS_CHECK(sh_record_set(t->env, at->record, 0, 2, &in) == SH_OK);
      break;
    case 3:
      STRESS_CHECK(sh_record_read(t->env, at->record, at->shape, SH_DEREF, out, &version) == SH_OK);
      check_text(t, &out[0]);
      STRESS_CHECK(out[1].number == 0 ||
                   (out[1].number >= TEXT_MAX && out[1].number < 2 * TEXT_MAX));
      check_text(t, &out[2]);
      STRESS_CHECK(out[3].kind == SH_KIND_BOOLEAN && !out[3].boolean);
      break;
    default:
      if (kept.pin != 0) { // still whole, though others have replaced it
        check_text(t, &kept);
      }
      STRESS_CHECK(sh_string_get(t->env, at->string, &kept) == SH_OK);
      STRESS_CHECK(stress_whole(&kept));
      break;
    }
  }
  if (kept.pin != 0) {
    check_text(t, &kept);
  }
}

static void test_strings_and_records(void **state) {
  (void)state;
  stress *s = stress_open();
  texts at;
  sh_value empty = stress_text("");
  sh_value values[4] = {{.kind = SH_KIND_UNDEFINED},
                        {.kind = SH_KIND_UNDEFINED},
                        {.kind = SH_KIND_STRING, .chars = ""},
                        {.kind = SH_KIND_UNDEFINED}};
  at.shape = define(s->env);
  stress_baseline(s); // a shape stays
  assert_int_equal(sh_string_new(s->env, &empty, &at.string), SH_OK);
  assert_int_equal(sh_record_new(s->env, at.shape, values, 4, &at.record, NULL), SH_OK);
  stress_run(s, 4, write_texts, &at);
  assert_int_equal(sh_drop(s->env, at.record), SH_OK);
  assert_int_equal(sh_drop(s->env, at.string), SH_OK);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_totals_are_exact),
      cmocka_unit_test(test_strings_and_records),
  };
  return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
