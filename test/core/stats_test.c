// Statistics: they add up, and come back to where they started.
#include "support.h"

static void a_new_heap_is_empty(void **state) {
  fixture *f = *state;
  sh_stats stats = stats_of(f);
  assert_int_equal(stats.reserved, 64 * MIB);
  assert_int_equal(stats.limit, 64 * MIB);
  assert_int_equal(stats.used_bytes, SH_PAGE);
  assert_int_equal(stats.live_bytes, 0);
  assert_int_equal(stats.objects, 0);
  assert_int_equal(stats.environments, 1);
  assert_int_equal(stats.shapes, 0);
  assert_int_equal(stats.slots, SH_SLOTS_PER_PAGE);
  assert_at_most(SH_PAGE, stats.resident_bytes);
  assert_at_most(stats.resident_bytes, 256 * 1024);
}

static void every_type_is_counted(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 3; i++) {
    (void)new_string(f, "s");
  }
  for (int i = 0; i < 4; i++) {
    (void)new_number(f, i);
  }
  for (int i = 0; i < 5; i++) {
    (void)new_map(f);
  }
  for (int i = 0; i < 6; i++) {
    (void)new_vector(f);
  }
  for (int i = 0; i < 7; i++) {
    (void)new_box(f, v_null());
  }
  for (int i = 0; i < 8; i++) {
    (void)new_bytes(f, 100);
  }
  for (int i = 0; i < 9; i++) {
    (void)new_queue(f, 10);
  }
  sh_stats stats = stats_of(f);
  for (uint32_t type = SH_TYPE_STRING; type < SH_TYPE_COUNT; type++) {
    assert_int_equal(stats.objects_by_type[type], type + 2);
  }
  assert_int_equal(stats.objects, 42);
  assert_int_equal(stats.objects_by_type[SH_TYPE_NONE], 0);
  assert_int_equal(stats.live_bytes, 7 * 8 + 8 * 116 + 9 * 88 + shi_shape_bytes(f->heap));
}

static void bytes_asked_for_are_live(void **state) {
  fixture *f = *state;
  sh_id small = new_string(f, "in the slot");
  assert_int_equal(stats_of(f).live_bytes, 0);
  sh_id large = new_string(f, "in a body of its own");
  assert_int_equal(stats_of(f).live_bytes, SHI_TEXT_HEADER + 20);
  sh_id vector = new_vector(f);
  vector_push(f, vector, v_number(1));
  assert_int_equal(stats_of(f).live_bytes, SHI_TEXT_HEADER + 20 + 64);
  assert_ok(sh_drop(f->env, vector));
  assert_ok(sh_drop(f->env, large));
  assert_ok(sh_drop(f->env, small));
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void work(sh_env *env, uint64_t seed) {
  static sh_id ids[4000];
  static uint8_t chars[5000];
  uint32_t n = 0;
  uint32_t length = 0;
  for (int i = 0; i < 4000; i++) {
    uint64_t r = next_random(&seed);
    sh_value text = v_latin1(chars, (uint32_t)(r >> 8) % (r % 50 == 0 ? 5000 : 60));
    sh_value key = v_number(i % 1000);
    sh_status status = SH_OK;
    switch (i < 10 ? 1 : r % 5) {
    case 0:
      status = sh_string_new(env, &text, &ids[n++]);
      break;
    case 1:
      status = i % 2 == 0 ? sh_map_new(env, false, &ids[0]) : sh_vector_new(env, &ids[1]);
      n = n < 2 ? 2 : n;
      break;
    case 2:
      status = sh_number_new(env, i, &ids[n++]);
      break;
    case 3:
      status = sh_map_set(env, ids[0], &key, &text);
      break;
    default:
      status = sh_vector_push(env, ids[1], &text, 1, &length);
    }
    assert_status(status, SH_OK);
  }
}

static void everything_comes_back(void **state) {
  fixture *f = *state;
  sh_stats start = stats_of(f);
  for (uint64_t round = 1; round <= 5; round++) {
    sh_env *other = NULL;
    assert_ok(sh_env_open(f->heap, &other));
    work(f->env, round * 3);
    work(other, round * 5);
    sh_stats full = stats_of(f);
    assert_at_most(3000, full.objects);
    assert_at_most(start.used_bytes + MIB, full.used_bytes);
    assert_at_most(full.live_bytes, full.used_bytes);
    assert_at_most(start.resident_bytes + MIB / 2, full.resident_bytes);
    assert_int_equal(full.environments, 2);
    if (round % 2 == 0) {
      sh_env_close(other);
    }
    drop_everything(f);
    if (round % 2 != 0) {
      sh_env_close(other);
    }
    sh_heap_trim(f->env);
    sh_stats end = stats_of(f);
    assert_int_equal(end.objects, 0);
    assert_int_equal(end.live_bytes, 0);
    assert_int_equal(end.limbo_bytes, 0);
    assert_int_equal(end.limbo_objects, 0);
    assert_int_equal(end.pinned_bytes, 0);
    assert_int_equal(end.environments, 1);
    assert_at_most(end.used_bytes, start.used_bytes + SH_PAGE);
    assert_at_most(end.resident_bytes, start.resident_bytes + 128 * 1024);
  }
}

// An object made here and destroyed there counts once, and not below zero.
static void counters_of_two_environments_add_up(void **state) {
  fixture *f = *state;
  sh_env *other = NULL;
  assert_ok(sh_env_open(f->heap, &other));
  for (int i = 0; i < 100; i++) {
    sh_id id = new_string(f, "a text in a body of its own");
    if (i % 2 == 0) {
      assert_ok(sh_drop(other, id));
    }
  }
  assert_int_equal(other->counters.objects[SH_TYPE_STRING], -50);
  assert_int_equal(stats_of(f).objects, 50);
  assert_int_equal(stats_of(f).live_bytes, 50 * (SHI_TEXT_HEADER + 27));
  assert_clean(f->env);
  sh_env_close(other);
  assert_int_equal(stats_of(f).objects, 50);
  assert_int_equal(stats_of(f).live_bytes, 50 * (SHI_TEXT_HEADER + 27));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(a_new_heap_is_empty),
      unit(every_type_is_counted),
      unit(bytes_asked_for_are_live),
      unit(everything_comes_back),
      unit(counters_of_two_environments_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
