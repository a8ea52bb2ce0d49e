// BufferRef: zeroed, aligned, pinned by views.
#include "support.h"

#include <pthread.h>
#include <string.h>

static void buffers_are_zeroed_and_aligned(void **state) {
  fixture *f = *state;
  static const uint64_t lengths[] = {0, 1, 7, 8, 15, 16, 17, 100, 4095, 4096, 65536, 3000000};
  for (int round = 0; round < 3; round++) {
    sh_id ids[12];
    for (int i = 0; i < 12; i++) {
      void *data = NULL;
      uint64_t length = 77;
      uint64_t pin = 0;
      ids[i] = new_bytes(f, lengths[i]);
      assert_ok(sh_bytes_length(f->env, ids[i], &length));
      assert_int_equal(length, lengths[i]);
      assert_ok(sh_bytes_pin(f->env, ids[i], &data, &length, &pin));
      assert_int_equal(length, lengths[i]);
      assert_int_equal((uintptr_t)data % 16, 0);
      uint8_t *at = data;
      for (uint64_t k = 0; k < length; k++) {
        if (at[k] != 0) {
          fail_msg("byte %llu of %llu is %u, expected 0", (unsigned long long)k,
                   (unsigned long long)length, at[k]);
        }
      }
      memset(data, 0xff, length); // for the next round to find
      sh_unpin(f->heap, pin);
    }
    for (int i = 0; i < 12; i++) {
      assert_ok(sh_drop(f->env, ids[i]));
    }
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void data_is_copied_in(void **state) {
  fixture *f = *state;
  uint8_t from[1000];
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  sh_id id = 0;
  for (unsigned i = 0; i < sizeof from; i++) {
    from[i] = (uint8_t)(i * 7);
  }
  assert_ok(sh_bytes_new(f->env, from, sizeof from, &id));
  assert_ok(sh_bytes_pin(f->env, id, &data, &length, &pin));
  assert_memory_equal(data, from, sizeof from);
  sh_unpin(f->heap, pin);
}

static void views_keep_the_payload(void **state) {
  fixture *f = *state;
  sh_id id = new_bytes(f, 1000);
  void *data[3];
  uint64_t pins[3];
  uint64_t length = 0;
  for (int i = 0; i < 3; i++) {
    assert_ok(sh_bytes_pin(f->env, id, &data[i], &length, &pins[i]));
  }
  assert_ptr_equal(data[0], data[2]); // one payload
  memset(data[0], 9, 1000);
  assert_ok(sh_drop(f->env, id));
  assert_status(sh_bytes_pin(f->env, id, &data[0], &length, &pins[0]), SH_E_USE_AFTER_FREE);
  assert_int_equal(stats_of(f).pinned_bytes, 1016);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(((uint8_t *)data[0])[999], 9);
    (void)new_bytes(f, 1000);
    assert_clean(f->env);
    sh_unpin(f->heap, pins[i]);
  }
  assert_int_equal(stats_of(f).pinned_bytes, 0);
}

static void *unpin_elsewhere(void *arg) {
  uint64_t *job = arg;
  sh_unpin((sh_heap *)(uintptr_t)job[0], job[1]);
  return NULL;
}

static void any_thread_may_unpin(void **state) {
  fixture *f = *state;
  sh_id id = new_bytes(f, 100000);
  void *data = NULL;
  uint64_t length = 0;
  uint64_t job[2] = {(uintptr_t)f->heap, 0};
  pthread_t thread;
  assert_ok(sh_bytes_pin(f->env, id, &data, &length, &job[1]));
  assert_ok(sh_drop(f->env, id));
  assert_int_equal(pthread_create(&thread, NULL, unpin_elsewhere, job), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(stats_of(f).pinned_bytes, 0);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void sizes_beyond_the_limits_are_refused(void **state) {
  fixture *f = *state;
  sh_id id = 77;
  uint64_t before = fingerprint(f);
  assert_status(sh_bytes_new(f->env, NULL, SH_BYTES_MAX + 1, &id), SH_E_OUT_OF_RANGE);
  assert_status(sh_bytes_new(f->env, NULL, UINT64_MAX, &id), SH_E_OUT_OF_RANGE);
  assert_status(sh_bytes_new(f->env, NULL, SH_BYTES_MAX, &id), SH_E_HEAP_FULL);
  assert_status(sh_bytes_new(f->env, NULL, 64 * MIB, &id), SH_E_HEAP_FULL);
  assert_int_equal(id, 77);
  assert_true(fingerprint(f) == before);
}

static sh_status make_one(fixture *f, void *arg) { return sh_bytes_new(f->env, NULL, 100, arg); }

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  sh_id id = 0;
  assert_sweep(f, make_one, &id, 1);
  drained d = drain_slots(f, false);
  uint64_t before = fingerprint(f);
  assert_status(make_one(f, &id), SH_E_HEAP_FULL);
  assert_true(fingerprint(f) == before);
  refill_slots(f, &d);
  assert_ok(make_one(f, &id));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(buffers_are_zeroed_and_aligned),
      unit(data_is_copied_in),
      unit(views_keep_the_payload),
      unit(any_thread_may_unpin),
      unit(sizes_beyond_the_limits_are_refused),
      unit(refusals_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
