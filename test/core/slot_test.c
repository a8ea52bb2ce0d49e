// Ids and generations: what a slot answers to, for ever.
#include "support.h"

#include <math.h>
#include <stdlib.h>

static const double two32 = 4294967296.0;

static void numbers_that_are_no_ids(void **state) {
  fixture *f = *state;
  double length = f->heap->header->slot_length;
  const double wrong[] = {0,
                          1,
                          -0.0,
                          -1,
                          -2,
                          0.5,
                          2.5,
                          127.99999999999999,
                          NAN,
                          INFINITY,
                          -INFINITY,
                          length,
                          length + 1,
                          4294967295.0,
                          two32,
                          two32 + 1,
                          two32 * 7,
                          two32 * 7 + 1,
                          4503599627370496.0,
                          4503599627370498.0,
                          9007199254740991.0,
                          9007199254740992.0,
                          1e300,
                          5e-324,
                          -4294967298.0};
  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sh_id id = 77;
    sh_status status = sh_id_from_number(f->env, wrong[i], &id);
    if (status != SH_E_INVALID_ID || id != 77) {
      fail_msg("%.17g gave %s and id %llu", wrong[i], sh_status_code(status),
               (unsigned long long)id);
    }
    assert_int_equal(sh_id_type(f->env, wrong[i], NULL), SH_TYPE_NONE);
  }
  sh_id id = 0;
  assert_ok(sh_id_from_number(f->env, 2, &id));
  assert_int_equal(id, 2);
  assert_ok(sh_id_from_number(f->env, length - 1, &id));
  assert_int_equal(id, (uint64_t)length - 1);
  assert_ok(sh_id_from_number(f->env, two32 * SH_GENERATION_MAX + 2, &id));
  assert_int_equal(id, (uint64_t)SH_GENERATION_MAX << 32 | 2);
}

static void forged_ids_are_refused(void **state) {
  fixture *f = *state;
  sh_id id = new_string(f, "real");
  uint32_t length = f->heap->header->slot_length;
  const sh_id wrong[] = {0,
                         id + (UINT64_C(1) << 32), // a generation to come
                         id + (UINT64_C(77) << 32),
                         (uint64_t)SH_GENERATION_MAX << 32 | id,
                         id + 1, // a free slot
                         length,
                         (uint64_t)5 << 32 | length,
                         UINT32_MAX,
                         SH_ID_LIMIT,
                         SH_ID_LIMIT | id,
                         UINT64_MAX};
  sh_value text;
  uint32_t index = 0;
  sh_type type = SH_TYPE_NONE;
  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_status(sh_id_check(f->env, wrong[i], SH_TYPE_NONE, NULL), SH_E_INVALID_ID);
    assert_status(sh_string_get(f->env, wrong[i], &text), SH_E_INVALID_ID);
    assert_status(sh_retain(f->env, wrong[i]), SH_E_INVALID_ID);
    assert_status(sh_drop(f->env, wrong[i]), SH_E_INVALID_ID);
    assert_status(shi_hold_add(f->env, wrong[i], false, &index, &type), SH_E_INVALID_ID);
    assert_status(sh_id_counts(f->env, wrong[i], &index, &index), SH_E_INVALID_ID);
  }
  assert_counts(f, id, 1, 0);
}

static void stale_ids_stay_dead(void **state) {
  fixture *f = *state;
  sh_value text;
  sh_id old[100];
  for (int i = 0; i < 100; i++) { // one slot, a hundred lives
    old[i] = new_string(f, "x");
    assert_ok(sh_drop(f->env, old[i]));
  }
  sh_id alive = new_string(f, "y");
  assert_int_equal((uint32_t)alive, (uint32_t)old[0]);
  for (int i = 0; i < 100; i++) {
    assert_status(sh_id_check(f->env, old[i], SH_TYPE_STRING, NULL), SH_E_USE_AFTER_FREE);
    assert_status(sh_string_get(f->env, old[i], &text), SH_E_USE_AFTER_FREE);
    assert_status(sh_drop(f->env, old[i]), SH_E_USE_AFTER_FREE);
    assert_status(sh_retain(f->env, old[i]), SH_E_USE_AFTER_FREE);
    assert_int_equal(sh_id_type(f->env, (double)old[i], NULL), SH_TYPE_NONE);
  }
  assert_int_equal(sh_id_type(f->env, (double)alive, NULL), SH_TYPE_STRING);
  assert_counts(f, alive, 1, 0);
}

static void another_types_id_is_told_apart(void **state) {
  fixture *f = *state;
  sh_id ids[SH_TYPE_COUNT] = {0,
                              new_string(f, "s"),
                              new_number(f, 1),
                              new_map(f),
                              new_vector(f),
                              new_box(f, v_null()),
                              new_bytes(f, 8),
                              new_queue(f, 8)};
  for (int type = SH_TYPE_STRING; type < SH_TYPE_COUNT; type++) {
    for (int other = SH_TYPE_STRING; other < SH_TYPE_COUNT; other++) {
      sh_type actual = SH_TYPE_NONE;
      sh_status status = sh_id_check(f->env, ids[type], (sh_type)other, &actual);
      assert_int_equal(actual, type);
      assert_status(status, type == other ? SH_OK : SH_E_TYPE_MISMATCH);
    }
    assert_int_equal(sh_id_type(f->env, (double)ids[type], NULL), type);
  }
  sh_value v;
  double number = 0;
  uint32_t n = 0;
  uint64_t length = 0;
  assert_status(sh_string_get(f->env, ids[SH_TYPE_NUMBER], &v), SH_E_TYPE_MISMATCH);
  assert_status(sh_number_get(f->env, ids[SH_TYPE_STRING], &number), SH_E_TYPE_MISMATCH);
  assert_status(sh_map_clear(f->env, ids[SH_TYPE_VECTOR]), SH_E_TYPE_MISMATCH);
  assert_status(sh_vector_length(f->env, ids[SH_TYPE_MAP], &n), SH_E_TYPE_MISMATCH);
  assert_status(sh_record_shape(f->env, ids[SH_TYPE_BYTES], &n), SH_E_TYPE_MISMATCH);
  assert_status(sh_bytes_length(f->env, ids[SH_TYPE_RECORD], &length), SH_E_TYPE_MISMATCH);
}

static void used_up_generations_retire_the_slot(void **state) {
  fixture *f = *state;
  sh_id first = new_number(f, 1);
  uint32_t index = (uint32_t)first;
  assert_int_equal(first >> 32, 0);
  assert_ok(sh_drop(f->env, first));
  for (uint32_t generation = 1; generation < SH_GENERATION_MAX; generation++) {
    sh_id id = new_number(f, generation);
    if (id != ((uint64_t)generation << 32 | index)) {
      fail_msg("life %u of slot %u has id %llu", generation, index, (unsigned long long)id);
    }
    assert_ok(sh_drop(f->env, id));
  }
  assert_int_equal(slot_of(f, index)->word0 >> SH_W0_GEN_SHIFT, SH_GENERATION_MAX);
  for (int i = 0; i < 1000; i++) {
    assert_int_not_equal((uint32_t)new_number(f, i), index);
  }
  sh_heap_trim(f->env);
  for (uint64_t generation = 0; generation <= SH_GENERATION_MAX; generation += 333) {
    assert_status(sh_id_check(f->env, generation << 32 | index, SH_TYPE_NONE, NULL),
                  SH_E_USE_AFTER_FREE);
  }
  assert_int_equal(sh_id_type(f->env, two32 * SH_GENERATION_MAX + index, NULL), SH_TYPE_NONE);
}

enum { MANY = 40000 };

static void purged_pages_keep_their_generations(void **state) {
  fixture *f = *state;
  sh_id *old = calloc(3 * MANY, sizeof *old);
  for (int round = 0; round < 3; round++) {
    sh_id *ids = old + round * MANY;
    for (int i = 0; i < MANY; i++) {
      ids[i] = i % 2 == 0 ? new_number(f, i) : new_string(f, "s");
    }
    for (int i = 0; i < round * MANY; i++) { // none of the dead came back
      assert_status(sh_id_check(f->env, old[i], SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
    }
    for (int i = 0; i < MANY; i++) {
      assert_ok(sh_id_check(f->env, ids[i], i % 2 == 0 ? SH_TYPE_NUMBER : SH_TYPE_STRING, NULL));
      assert_ok(sh_drop(f->env, ids[i]));
    }
    uint64_t resident = stats_of(f).resident_bytes;
    sh_heap_trim(f->env);
    assert_at_most(stats_of(f).resident_bytes + 1000000, resident); // the pages did go
    assert_at_most(stats_of(f).used_bytes, f->start.used_bytes + 2 * SH_PAGE);
    for (int i = 0; i < (round + 1) * MANY; i++) {
      assert_status(sh_id_check(f->env, old[i], SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
      assert_status(sh_drop(f->env, old[i]), SH_E_USE_AFTER_FREE);
    }
  }
  assert_at_most(f->heap->header->slot_length, MANY + 1024); // the table did not grow again
  free(old);
}

static void purging_spares_pages_in_use(void **state) {
  fixture *f = *state;
  static sh_id ids[10000];
  for (int i = 0; i < 10000; i++) {
    ids[i] = new_number(f, i);
  }
  for (int i = 0; i < 10000; i++) {
    if (i % 1000 != 0) {
      assert_ok(sh_drop(f->env, ids[i]));
    }
  }
  sh_heap_trim(f->env);
  for (int i = 0; i < 10000; i += 1000) {
    double value = -1;
    assert_ok(sh_number_get(f->env, ids[i], &value));
    assert_number(value, i);
  }
  assert_at_most(stats_of(f).used_bytes, f->start.used_bytes + 13 * SH_PAGE);
}

static void number_slots_stay_numbers(void **state) {
  fixture *f = *state;
  static uint8_t was_number[100000];
  static sh_id ids[3000];
  uint64_t seed = 5;
  for (int round = 0; round < 30; round++) {
    for (int i = 0; i < 3000; i++) {
      bool number = next_random(&seed) % 2 == 0;
      ids[i] = number ? new_number(f, i) : new_string(f, "t");
      uint32_t index = (uint32_t)ids[i];
      assert_true(index < 100000);
      assert_true(was_number[index] == 0 || was_number[index] == (number ? 1 : 2));
      was_number[index] = number ? 1 : 2;
    }
    for (int i = 0; i < 3000; i++) {
      assert_ok(sh_drop(f->env, ids[i]));
    }
    if (round % 10 == 9) {
      sh_heap_trim(f->env);
    }
  }
}

static void walk_lists_every_live_object_once(void **state) {
  fixture *f = *state;
  sh_id ids[300];
  for (int i = 0; i < 300; i++) {
    ids[i] = new_string(f, "w");
  }
  for (int i = 0; i < 300; i += 3) {
    assert_ok(sh_drop(f->env, ids[i]));
  }
  uint32_t index = 0;
  uint32_t seen = 0;
  sh_id last = 0;
  do {
    sh_id some[7];
    uint32_t count = 0;
    sh_walk(f->env, &index, 7, some, &count);
    for (uint32_t i = 0; i < count; i++) {
      assert_true((uint32_t)some[i] > (uint32_t)last);
      assert_ok(sh_id_check(f->env, some[i], SH_TYPE_STRING, NULL));
      last = some[i];
      seen++;
    }
  } while (index != 0);
  assert_int_equal(seen, 200);
}

static void slots_run_out_and_come_back(void **state) {
  fixture *f = *state; // 16 MiB: a table of 32768 slots
  static sh_id ids[40000];
  for (int kind = 0; kind < 2; kind++) {
    uint32_t n = 0;
    sh_status status = SH_OK;
    sh_value text = v_text("t");
    while (n < 40000 && (status = kind == 0 ? sh_number_new(f->env, n, &ids[n])
                                            : sh_string_new(f->env, &text, &ids[n])) == SH_OK) {
      n++;
    }
    assert_status(status, SH_E_HEAP_FULL);
    assert_at_most(32000 - 32000 * (uint32_t)kind, n);
    assert_at_most(n, 32768);
    assert_clean(f->env);
    while (n > 0) {
      assert_ok(sh_drop(f->env, ids[--n]));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(numbers_that_are_no_ids),
      unit(forged_ids_are_refused),
      unit(stale_ids_stay_dead),
      unit(another_types_id_is_told_apart),
      unit(used_up_generations_retire_the_slot),
      unit(purged_pages_keep_their_generations),
      unit(purging_spares_pages_in_use),
      unit(number_slots_stay_numbers),
      unit(walk_lists_every_live_object_once),
      unit_small(slots_run_out_and_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
