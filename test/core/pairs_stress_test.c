// Every pair of operations of each type, and each of them beside what is done to objects of every
// type, on one object at the same time: 2, 4, 6 and 8 threads in turn, half of them at one
// operation and half at the other, each through an environment of its own. Afterwards the heap
// verifies itself, and when the object has been dropped nothing may be left: no claim, hold, pin,
// byte or slot. ThreadSanitizer and AddressSanitizer look on. The tables are in support_pairs*.c.
#include "support_pairs.h"

#include "record.h"
#include "str.h"
#include "verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

// Some 1,300 pairs in all; a thread does some thousand operations in this time, a hundred of the
// dearest in the slowest build.
#define PAIR_NS UINT64_C(6000000)
#define TURNS_BETWEEN_LOOKS 4u // at the clock

static uint64_t now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void repeat(stress_thread *t) {
  pairs *p = t->arg;
  const pairs_op *op = p->ops[t->index % 2];
  if (t->index % 4 < 2) {
    sh_env_online(t->env); // and leaves and comes back by chance
  }
  do {
    for (uint32_t i = 0; i < TURNS_BETWEEN_LOOKS; i++) {
      stress_turn(t);
      sh_id id = atomic_load(&p->target);
      sh_status status = op->run(p, t, id);
      if (status == SH_E_BUSY && pairs_are_locked(p)) {
        status = pairs_as_writer(p, t, op, id);
      }
      STRESS_CHECK(status == SH_OK || (status == SH_E_USE_AFTER_FREE && pairs_are_replaced(p)));
    }
  } while (now() < p->end);
}

static void report(void *arg, const char *problem) {
  const pairs *p = arg;
  (void)fprintf(stderr, "pairs: %s, after %s beside %s: %s\n", p->type->name, p->ops[0]->name,
                p->ops[1]->name, problem);
}

static void run_pair(pairs *p, uint32_t threads) {
  stress *s = p->stress;
  sh_verify_result result = {0};
  char text[PAIRS_TEXT_MAX + 1];
  sh_id id = 0;
  stress_fill(text, PAIRS_TEXT_MAX, 5);
  sh_value value = stress_text(text);
  assert_int_equal(sh_string_new(s->env, &value, &p->child), SH_OK);
  assert_int_equal(p->type->make(p, s->env, &id), SH_OK);
  atomic_store(&p->target, id);
  p->end = now() + PAIR_NS;
  stress_run(s, threads, repeat, p);
  assert_int_equal(sh_heap_verify(s->env, report, p, &result), SH_OK);
  assert_int_equal(result.problems, 0);
  assert_true(result.quiescent);
  assert_int_equal(sh_drop(s->env, atomic_load(&p->target)), SH_OK);
  assert_int_equal(sh_drop(s->env, p->child), SH_OK);
  stress_check_empty(s);
}

static uint32_t run_pairs(pairs *p, const pairs_type *others, bool symmetric) {
  uint32_t pairs_run = 0;
  for (uint32_t i = 0; i < p->type->count; i++) {
    for (uint32_t j = symmetric ? i : 0; j < others->count; j++) {
      p->ops[0] = &p->type->ops[i];
      p->ops[1] = &others->ops[j];
      run_pair(p, 2 + 2 * (pairs_run++ % 4));
    }
  }
  return pairs_run;
}

static uint32_t define_shape(sh_env *env) {
  sh_field fields[] = {{.name = stress_text("number"), .type = SH_FIELD_NUMBER},
                       {.name = stress_text("any"), .type = SH_FIELD_ANY},
                       {.name = stress_text("text"), .type = SH_FIELD_STRING},
                       {.name = stress_text("flag"), .type = SH_FIELD_BOOLEAN}};
  uint32_t shape = 0;
  assert_int_equal(sh_shape_define(env, fields, 4, &shape), SH_OK);
  return shape;
}

static void run_type(const pairs_type *type) {
  pairs p = {.stress = stress_open(), .type = type};
  p.stress->alone = true; // the janitor's work is among the operations
  p.shape = define_shape(p.stress->env);
  stress_baseline(p.stress);
  uint32_t own = run_pairs(&p, type, true);
  uint32_t common = run_pairs(&p, &pairs_common, false);
  print_message("pairs: %s: %u, and %u beside what all types share\n", type->name, own, common);
  stress_close(p.stress);
}

static void test_numbers(void **state) {
  (void)state;
  run_type(&pairs_numbers);
}

static void test_strings(void **state) {
  (void)state;
  run_type(&pairs_strings);
}

static void test_records(void **state) {
  (void)state;
  run_type(&pairs_records);
}

static void test_bytes(void **state) {
  (void)state;
  run_type(&pairs_bytes);
}

static void test_maps(void **state) {
  (void)state;
  run_type(&pairs_maps);
}

static void test_vectors(void **state) {
  (void)state;
  run_type(&pairs_vectors);
}

static void test_queues(void **state) {
  (void)state;
  run_type(&pairs_queues);
}

// What all types share beside itself: once is enough, it does not look into the object.
static void test_common(void **state) {
  (void)state;
  pairs_type type = pairs_common;
  type.make = pairs_vectors.make;
  pairs p = {.stress = stress_open(), .type = &type};
  p.stress->alone = true;
  uint32_t count = run_pairs(&p, &type, true);
  print_message("pairs: common: %u\n", count);
  stress_close(p.stress);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers), cmocka_unit_test(test_strings),
      cmocka_unit_test(test_records), cmocka_unit_test(test_bytes),
      cmocka_unit_test(test_maps),    cmocka_unit_test(test_vectors),
      cmocka_unit_test(test_queues),  cmocka_unit_test(test_common),
  };
  return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
