// NumberRef: canonical bits, and read-modify-write that loses nothing.
#include "support.h"

#include <math.h>
#include <pthread.h>

static double number_of(fixture *f, sh_id id) {
  double value = 0;
  assert_ok(sh_number_get(f->env, id, &value));
  return value;
}

static void values_are_kept_exactly(void **state) {
  fixture *f = *state;
  const double values[] = {0,
                           -0.0,
                           1,
                           -1,
                           0.1,
                           5e-324,
                           1.7976931348623157e308,
                           INFINITY,
                           -INFINITY,
                           9007199254740993.0,
                           4294967296.0};
  sh_id id = new_number(f, 7);
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    double old = 0;
    double before = number_of(f, id);
    sh_id other = new_number(f, values[i]);
    assert_number(number_of(f, other), values[i]);
    assert_ok(sh_number_update(f->env, id, SH_NUMBER_SET, values[i], &old));
    assert_number(old, before);
    assert_number(number_of(f, id), values[i]);
  }
}

static void every_nan_becomes_the_canonical_one(void **state) {
  fixture *f = *state;
  sh_id id = new_number(f, 0);
  sh_id vector = new_vector(f);
  vector_push(f, vector, v_number(0));
  for (uint64_t i = 0; i < 65536; i++) {
    // Each of the 32 top halves a NaN can have, our tags among them, with 2048 lower parts.
    uint64_t top = 0x7ff0 | (i & 15) | (i & 16) << 11;
    uint64_t bits = top << 48 | ((i >> 5) * UINT64_C(0x10000001) + 1);
    double nan = shi_bits_number(bits);
    assert_true(nan != nan);
    assert_ok(sh_number_update(f->env, id, SH_NUMBER_SET, nan, NULL));
    uint64_t stored = atomic_load(&slot_of(f, id)->payload[0]);
    sh_value value = v_number(nan);
    assert_ok(sh_vector_set(f->env, vector, 0, &value));
    uint32_t length = 0;
    shi_word word = *shi_vector_words(f->heap, slot_of(f, vector), &length);
    if (stored != SH_NAN_BITS || word != SH_NAN_BITS) {
      fail_msg("NaN %016llx stored as %016llx and %016llx", (unsigned long long)bits,
               (unsigned long long)stored, (unsigned long long)word);
    }
  }
  sh_id nan = new_number(f, shi_bits_number(UINT64_C(0xfffe000000000007)));
  assert_true(atomic_load(&slot_of(f, nan)->payload[0]) == SH_NAN_BITS);
  // Results of arithmetic too: x86 makes a negative NaN of inf - inf.
  sh_id infinite = new_number(f, INFINITY);
  assert_ok(sh_number_update(f->env, infinite, SH_NUMBER_SUB, INFINITY, NULL));
  assert_true(atomic_load(&slot_of(f, infinite)->payload[0]) == SH_NAN_BITS);
}

static void updates_return_the_value_before(void **state) {
  fixture *f = *state;
  sh_id id = new_number(f, 10);
  double old = 0;
  assert_ok(sh_number_update(f->env, id, SH_NUMBER_ADD, 2.5, &old));
  assert_number(old, 10);
  assert_ok(sh_number_update(f->env, id, SH_NUMBER_SUB, 0.5, &old));
  assert_number(old, 12.5);
  assert_ok(sh_number_update(f->env, id, SH_NUMBER_SET, -1, &old));
  assert_number(old, 12);
  assert_number(number_of(f, id), -1);
}

static void compare_exchange_is_same_value_zero(void **state) {
  fixture *f = *state;
  static const struct {
    double stored;
    double expected;
    bool equal;
  } cases[] = {{1, 1, true},    {1, 2, false},      {0, -0.0, true},
               {-0.0, 0, true}, {-0.0, -0.0, true}, {NAN, NAN, true},
               {NAN, 1, false}, {1, NAN, false},    {INFINITY, -INFINITY, false}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    sh_id id = new_number(f, cases[i].stored);
    double old = 77;
    bool exchanged = !cases[i].equal;
    uint32_t version = shi_lock_version(&slot_of(f, id)->lock);
    assert_ok(sh_number_compare_exchange(f->env, id, cases[i].expected, 42, &old, &exchanged));
    assert_int_equal(exchanged, cases[i].equal);
    assert_true(shi_number_bits(old) == shi_number_bits(cases[i].stored));
    assert_true(shi_number_bits(number_of(f, id)) ==
                shi_number_bits(cases[i].equal ? 42 : cases[i].stored));
    assert_int_equal(shi_lock_version(&slot_of(f, id)->lock), version + cases[i].equal);
  }
}

typedef struct adder {
  sh_heap *heap;
  sh_id id;
  _Atomic uint32_t failures;
} adder;

enum { THREADS = 4, ADDS = 25000 };

static void *add_concurrently(void *arg) {
  adder *a = arg;
  sh_env *env = NULL;
  if (sh_env_open(a->heap, &env) != SH_OK) {
    atomic_fetch_add(&a->failures, 1);
    return NULL;
  }
  for (int i = 0; i < ADDS; i++) {
    double old = 0;
    bool done = false;
    sh_status status = sh_number_update(env, a->id, SH_NUMBER_ADD, 1, &old);
    while (status == SH_OK && !done) {
      status = sh_number_compare_exchange(env, a->id, old, old + 1, &old, &done);
    }
    if (status != SH_OK) {
      atomic_fetch_add(&a->failures, 1);
    }
  }
  sh_env_close(env);
  return NULL;
}

static void concurrent_adds_lose_nothing(void **state) {
  fixture *f = *state;
  adder a = {.heap = f->heap, .id = new_number(f, 0)};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, add_concurrently, &a), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_int_equal(a.failures, 0);
  assert_number(number_of(f, a.id), 2.0 * THREADS * ADDS);
}

// A view stores without the lock: an update in between must build on what it stored.
static void view_stores_and_updates_meet(void **state) {
  fixture *f = *state;
  sh_id id = new_number(f, 1);
  atomic_store(&slot_of(f, id)->payload[0], shi_number_bits(100));
  assert_number(number_of(f, id), 100);
  double old = 0;
  assert_ok(sh_number_update(f->env, id, SH_NUMBER_ADD, 1, &old));
  assert_number(old, 100);
}

static void refused_number_changes_nothing(void **state) {
  fixture *f = *state;
  drained d = drain_slots(f, true);
  uint64_t before = fingerprint(f);
  sh_id id = 77;
  assert_status(sh_number_new(f->env, 1, &id), SH_E_HEAP_FULL);
  assert_int_equal(id, 77);
  assert_true(fingerprint(f) == before);
  refill_slots(f, &d);
  assert_ok(sh_number_new(f->env, 1, &id));
  double value = 77;
  assert_status(sh_number_get(f->env, id + 1, &value), SH_E_INVALID_ID);
  assert_number(value, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(values_are_kept_exactly),         unit(every_nan_becomes_the_canonical_one),
      unit(updates_return_the_value_before), unit(compare_exchange_is_same_value_zero),
      unit(concurrent_adds_lose_nothing),    unit(view_stores_and_updates_meet),
      unit(refused_number_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
