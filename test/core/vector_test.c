// VectorRef against a plain array, and what its patterns of use cost.
#include "support.h"

#include <string.h>

#define MOST 3000u

typedef struct plain {
  double at[MOST + 64];
  uint32_t length;
} plain;

static plain model; // static: too large for a thread's stack under sanitizers

static void check_same(fixture *f, sh_id vector) {
  static sh_value out[SH_READ_MAX];
  uint32_t count = 1;
  uint32_t version = 0;
  assert_int_equal(vector_length(f, vector), model.length);
  for (uint32_t start = 0; start < model.length; start += count) {
    assert_ok(sh_vector_read(f->env, vector, start, SH_BORROW, SH_READ_MAX, out, &count, &version));
    for (uint32_t i = 0; i < count; i++) {
      if (out[i].kind != SH_KIND_NUMBER || out[i].number != model.at[start + i]) {
        fail_msg("element %u is %g, expected %g", start + i, out[i].number, model.at[start + i]);
      }
    }
  }
}

static void model_splice(uint32_t start, uint32_t remove, const double *values, uint32_t n) {
  memmove(model.at + start + n, model.at + start + remove,
          (model.length - start - remove) * sizeof *model.at);
  for (uint32_t i = 0; i < n; i++) {
    model.at[start + i] = values[i];
  }
  model.length = model.length - remove + n;
}

static void splice_both(fixture *f, sh_id vector, uint32_t start, uint32_t remove,
                        const double *values, uint32_t n) {
  static sh_value in[64];
  static sh_value out[SH_READ_MAX];
  uint32_t removed = 77;
  for (uint32_t i = 0; i < n; i++) {
    in[i] = v_number(values[i]);
  }
  assert_ok(sh_vector_splice(f->env, vector, start, remove, in, n, out, &removed));
  start = start > model.length ? model.length : start;
  remove = remove > model.length - start ? model.length - start : remove;
  assert_int_equal(removed, remove);
  for (uint32_t i = 0; i < removed; i++) {
    assert_value(out[i], v_number(model.at[start + i]));
  }
  model_splice(start, remove, values, n);
}

static void one_random_step(fixture *f, sh_id vector, uint64_t r, double fresh) {
  sh_value out;
  bool found = false;
  uint32_t length = 0;
  uint32_t n = 1 + (uint32_t)(r >> 16) % 20;
  uint32_t at = (uint32_t)(r >> 24) % (model.length + 1);
  double values[64];
  sh_value in[64];
  for (uint32_t i = 0; i < n; i++) {
    values[i] = fresh + i / 64.0;
    in[i] = v_number(values[i]);
  }
  bool room = model.length + n < MOST;
  switch (r % 8) {
  case 0:
  case 1:
    if (room) {
      assert_ok(r % 8 == 0 ? sh_vector_push(f->env, vector, in, n, &length)
                           : sh_vector_unshift(f->env, vector, in, n, &length));
      model_splice(r % 8 == 0 ? model.length : 0, 0, values, n);
      assert_int_equal(length, model.length);
    }
    break;
  case 2:
  case 3:
    for (uint32_t i = 0; i < n; i++) {
      assert_ok(r % 8 == 2 ? sh_vector_pop(f->env, vector, &out, &found)
                           : sh_vector_shift(f->env, vector, &out, &found));
      assert_int_equal(found, model.length > 0);
      if (found) {
        uint32_t from = r % 8 == 2 ? model.length - 1 : 0;
        assert_value(out, v_number(model.at[from]));
        model_splice(from, 1, NULL, 0);
      }
    }
    break;
  case 4:
    splice_both(f, vector, at, (uint32_t)(r >> 40) % 30, values, room ? n : 0);
    break;
  case 5:
    assert_ok(sh_vector_remove_at(f->env, vector, at, &found));
    assert_int_equal(found, at < model.length);
    if (found) {
      model_splice(at, 1, NULL, 0);
    }
    break;
  case 6:
    assert_status(sh_vector_set(f->env, vector, at, in),
                  at < model.length ? SH_OK : SH_E_OUT_OF_RANGE);
    if (at < model.length) {
      model.at[at] = values[0];
    }
    break;
  default:
    assert_ok(sh_vector_get(f->env, vector, at, SH_BORROW, &out, &found));
    assert_int_equal(found, at < model.length);
    assert_value(out, found ? v_number(model.at[at]) : v_undefined());
  }
}

static void random_operations_match_an_array(void **state) {
  fixture *f = *state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    uint64_t random = seed * 12345;
    sh_id vector = new_vector(f);
    model.length = 0;
    for (int step = 0; step < 6000; step++) {
      one_random_step(f, vector, next_random(&random), step);
      if (step % 50 == 0) {
        check_same(f, vector);
      }
    }
    check_same(f, vector);
    assert_clean(f->env);
    assert_ok(sh_drop(f->env, vector));
  }
}

// Every splice of a vector of 0..20 elements, from every start, with every pair of sizes; from
// bodies with free words in front, behind, both and none.
static void every_small_splice(void **state) {
  fixture *f = *state;
  double fresh[16];
  for (uint32_t i = 0; i < 16; i++) {
    fresh[i] = 1000 + i;
  }
  for (uint32_t length = 0; length <= 20; length += length < 4 ? 1 : 4) {
    for (uint32_t start = 0; start <= length + 1; start++) {
      for (uint32_t remove = 0; remove <= length + 1; remove++) {
        for (uint32_t n = 0; n <= 9; n += 3) {
          sh_id vector = new_vector(f);
          uint32_t front = (start + remove + n) % 3;
          uint32_t now = 0;
          sh_value junk = v_number(-1);
          bool found = false;
          for (uint32_t i = 0; i < front; i++) {
            vector_push(f, vector, junk);
          }
          model.length = 0;
          for (uint32_t i = 0; i < length; i++) {
            vector_push(f, vector, v_number(i));
            model.at[model.length++] = i;
          }
          for (uint32_t i = 0; i < front; i++) {
            assert_ok(sh_vector_shift(f->env, vector, &junk, &found));
          }
          splice_both(f, vector, start, remove, fresh, n);
          check_same(f, vector);
          assert_ok(sh_vector_length(f->env, vector, &now));
          assert_ok(sh_drop(f->env, vector));
        }
      }
    }
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

// A queue stays small and costs O(1) an element.
static void queue_stays_small(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  static const uint32_t depths[] = {1, 10, 1000};
  for (int d = 0; d < 3; d++) {
    uint64_t most = 0;
    uint64_t start = now_ms();
    for (uint32_t i = 0; i < 1000000 / 3; i++) {
      vector_push(f, vector, v_number(i));
      if (i >= depths[d]) {
        sh_value out;
        bool found = false;
        assert_ok(sh_vector_shift(f->env, vector, &out, &found));
        if (!found || out.number != i - depths[d]) {
          fail_msg("shifted %g, expected %u", out.number, i - depths[d]);
        }
      }
      uint64_t live = (uint64_t)atomic_load(&f->env->counters.allocated);
      most = live > most ? live : most;
    }
    assert_at_most(most, 8 * (4 * depths[d] + 16));
    assert_at_most(now_ms() - start, 8000); // O(n) an element would take minutes
    assert_clean(f->env);
    assert_ok(sh_vector_clear(f->env, vector));
  }
}

static void unshift_and_pop_stay_small(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  uint64_t most = 0;
  uint64_t start = now_ms();
  for (uint32_t i = 0; i < 300000; i++) {
    sh_value value = v_number(i);
    sh_value out;
    bool found = false;
    uint32_t length = 0;
    assert_ok(sh_vector_unshift(f->env, vector, &value, 1, &length));
    if (i >= 100) {
      assert_ok(sh_vector_pop(f->env, vector, &out, &found));
      assert_number(out.number, i - 100);
    }
    uint64_t live = (uint64_t)atomic_load(&f->env->counters.allocated);
    most = live > most ? live : most;
  }
  assert_at_most(most, 8 * 512);
  assert_at_most(now_ms() - start, 8000);
}

static void growth_is_amortised_both_ways(void **state) {
  fixture *f = *state;
  enum { COUNT = 300000 };
  for (int front = 0; front < 2; front++) {
    sh_id vector = new_vector(f);
    uint32_t length = 0;
    uint64_t start = now_ms();
    for (uint32_t i = 0; i < COUNT; i++) {
      sh_value value = v_number(i);
      assert_ok(front ? sh_vector_unshift(f->env, vector, &value, 1, &length)
                      : sh_vector_push(f->env, vector, &value, 1, &length));
    }
    assert_at_most(now_ms() - start, 8000);
    assert_int_equal(length, COUNT);
    assert_at_most(stats_of(f).live_bytes, 2 * 8 * 524288);
    for (uint32_t i = 0; i < COUNT; i += 999) {
      sh_value out;
      bool found = false;
      assert_ok(sh_vector_get(f->env, vector, i, SH_BORROW, &out, &found));
      assert_value(out, v_number(front ? COUNT - 1 - i : i));
    }
    // Shrinks again as it empties.
    for (uint32_t i = 0; i < COUNT - 10; i++) {
      bool found = false;
      sh_value out;
      assert_ok(sh_vector_pop(f->env, vector, &out, &found));
    }
    assert_at_most(stats_of(f).live_bytes, 8 * 256);
    assert_ok(sh_drop(f->env, vector));
  }
}

static void reverse_and_clear(void **state) {
  fixture *f = *state;
  for (uint32_t n = 0; n < 12; n++) {
    sh_id vector = new_vector(f);
    model.length = n;
    for (uint32_t i = 0; i < n; i++) {
      vector_push(f, vector, v_number(i));
      model.at[n - 1 - i] = i;
    }
    assert_ok(sh_vector_reverse(f->env, vector));
    check_same(f, vector);
    assert_ok(sh_vector_clear(f->env, vector));
    assert_int_equal(vector_length(f, vector), 0);
    assert_ok(sh_drop(f->env, vector));
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void permute_checks_order_and_version(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  uint32_t order[100];
  model.length = 100;
  for (uint32_t i = 0; i < 100; i++) {
    vector_push(f, vector, v_number(i));
    order[i] = (i * 37 + 11) % 100;
    model.at[i] = order[i];
  }
  uint32_t version = shi_lock_version(&slot_of(f, vector)->lock);
  uint64_t before = fingerprint(f);
  assert_status(sh_vector_permute(f->env, vector, version - 1, order, 100), SH_E_CONFLICT);
  assert_status(sh_vector_permute(f->env, vector, version, order, 99), SH_E_OUT_OF_RANGE);
  assert_status(sh_vector_permute(f->env, vector, version, order, 0), SH_E_OUT_OF_RANGE);
  static const uint32_t wrong[] = {0, 100, 101, UINT32_MAX};
  uint32_t saved = order[7];
  for (int i = 0; i < 4; i++) { // twice the same, out of range
    order[7] = wrong[i];
    assert_status(sh_vector_permute(f->env, vector, version, order, 100), SH_E_OUT_OF_RANGE);
  }
  order[7] = saved;
  assert_true(fingerprint(f) == before);
  assert_ok(sh_vector_permute(f->env, vector, version, order, 100));
  check_same(f, vector);
  assert_status(sh_vector_permute(f->env, vector, version, order, 100), SH_E_CONFLICT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(random_operations_match_an_array),
      unit(every_small_splice),
      unit(queue_stays_small),
      unit(unshift_and_pop_stay_small),
      unit(growth_is_amortised_both_ways),
      unit(reverse_and_clear),
      unit(permute_checks_order_and_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
