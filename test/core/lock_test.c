// The core lock, the version above it and the monitor bit.
#include "support.h"

#include <pthread.h>
#include <sched.h>

enum { THREADS = 4, TURNS = 50000 };

typedef struct contest {
  _Atomic uint32_t word;
  uint64_t plain; // guarded by the lock and by nothing else
  _Atomic uint32_t inside;
  _Atomic uint32_t overlaps;
} contest;

static void *contend(void *arg) {
  contest *c = arg;
  for (int i = 0; i < TURNS; i++) {
    shi_lock(&c->word);
    if (atomic_fetch_add(&c->inside, 1) != 0) {
      atomic_fetch_add(&c->overlaps, 1);
    }
    c->plain++;
    if (i % 1000 == 0) {
      (void)sched_yield(); // hold it across a switch: others come to sleep on it
    }
    atomic_fetch_sub(&c->inside, 1);
    shi_unlock(&c->word, i % 2 == 0);
  }
  return NULL;
}

static void one_at_a_time_and_everybody_wakes(void **state) {
  (void)state;
  contest c = {0};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, contend, &c), 0);
  }
  for (int i = 0; i < THREADS; i++) { // a waiter that is not woken hangs here
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_int_equal(c.plain, THREADS * TURNS);
  assert_int_equal(c.overlaps, 0);
  assert_int_equal(c.word & (SH_LOCK_HELD | SH_LOCK_WAITERS), 0);
  assert_int_equal(shi_lock_version(&c.word), THREADS * TURNS / 2);
}

static void version_rises_only_after_a_change(void **state) {
  (void)state;
  _Atomic uint32_t word = 0;
  for (uint32_t i = 0; i < 10; i++) {
    shi_lock(&word);
    assert_int_equal(word & SH_LOCK_HELD, SH_LOCK_HELD);
    assert_int_equal(shi_lock_version(&word), i);
    shi_unlock(&word, false);
    assert_int_equal(shi_lock_version(&word), i);
    shi_lock(&word);
    shi_unlock(&word, true);
    assert_int_equal(shi_lock_version(&word), i + 1);
  }
  word = UINT32_MAX & ~(SH_LOCK_VERSION_ONE - 1);
  shi_lock(&word);
  shi_unlock(&word, true);
  assert_int_equal(word, 0); // wraps around without touching the bits below
}

typedef struct sleeper {
  _Atomic uint32_t word;
  _Atomic bool done;
} sleeper;

static void *sleep_on(void *arg) {
  sleeper *s = arg;
  shi_lock(&s->word);
  atomic_store(&s->done, true);
  shi_unlock(&s->word, false);
  return NULL;
}

static void waiter_sleeps_until_the_unlock(void **state) {
  (void)state;
  sleeper s = {0};
  pthread_t thread;
  shi_lock(&s.word);
  assert_int_equal(pthread_create(&thread, NULL, sleep_on, &s), 0);
  while ((atomic_load(&s.word) & SH_LOCK_WAITERS) == 0) {
    (void)sched_yield();
  }
  assert_false(atomic_load(&s.done));
  shi_unlock(&s.word, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(atomic_load(&s.done));
  assert_int_equal(s.word, SH_LOCK_VERSION_ONE);
}

static uint32_t version_of(fixture *f, sh_id id) { return shi_lock_version(&slot_of(f, id)->lock); }

static void objects_versions_follow_their_changes(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id text = new_string(f, "a");
  sh_value key = v_text("k");
  sh_value out;
  bool found = false;
  uint32_t version = version_of(f, map);
  map_set(f, map, key, v_number(1));
  assert_int_equal(version_of(f, map), version + 1);
  (void)map_get(f, map, key);
  assert_ok(sh_map_has(f->env, map, &key, &found));
  (void)map_size(f, map);
  assert_int_equal(version_of(f, map), version + 1);
  sh_value absent = v_text("absent");
  assert_ok(sh_map_delete(f->env, map, &absent, &found));
  assert_ok(sh_map_take(f->env, map, &absent, &out, &found));
  assert_int_equal(version_of(f, map), version + 1);
  assert_ok(sh_map_delete(f->env, map, &key, &found));
  assert_int_equal(version_of(f, map), version + 2);

  version = version_of(f, vector);
  vector_push(f, vector, v_number(1));
  assert_int_equal(version_of(f, vector), version + 1);
  assert_ok(sh_vector_get(f->env, vector, 0, SH_BORROW, &out, &found));
  assert_int_equal(version_of(f, vector), version + 1);
  assert_ok(sh_vector_pop(f->env, vector, &out, &found));
  assert_ok(sh_vector_pop(f->env, vector, &out, &found)); // empty: no change
  assert_int_equal(version_of(f, vector), version + 2);

  version = version_of(f, text);
  assert_ok(sh_string_get(f->env, text, &out));
  assert_ok(sh_retain(f->env, text));
  assert_int_equal(version_of(f, text), version);
  assert_ok(sh_string_set(f->env, text, &key));
  assert_int_equal(version_of(f, text), version + 1);
}

static void reuse_keeps_the_version(void **state) {
  fixture *f = *state;
  sh_id old = new_string(f, "a");
  uint32_t version = version_of(f, old);
  assert_ok(sh_drop(f->env, old));
  sh_id id = new_string(f, "b");
  assert_int_equal((uint32_t)id, (uint32_t)old);
  assert_int_equal(version_of(f, id), version + 1);
}

// Under somebody else's monitor writers are told, readers go on, and what was to be moved stays.
static void monitor_refuses_writers(void **state) {
  fixture *f = *state;
  sh_env *env = NULL;
  sh_lock_want want = {.kind = SH_LOCK_THREAD};
  sh_lock_answer held[5];
  assert_ok(sh_env_open(f->heap, &env));
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id text = new_string(f, "text");
  sh_id number = new_number(f, 5);
  sh_id inner = new_string(f, "inner");
  sh_id box = new_box(f, v_ref(inner));
  const sh_id all[] = {map, vector, text, number, box};
  sh_value key = v_text("k");
  sh_value one = v_number(1);
  sh_value move = v_move(inner);
  sh_value out;
  bool flag = false;
  uint32_t n = 0;
  double old = 0;
  map_set(f, map, key, one);
  vector_push(f, vector, one);
  for (unsigned i = 0; i < 5; i++) {
    assert_ok(sh_lock_enter(env, all[i], SH_TYPE_NONE, &want, &held[i]));
  }
  uint64_t before = fingerprint(f); // reads everything under the monitors
  assert_status(sh_map_set(f->env, map, &key, &move), SH_E_BUSY);
  assert_status(sh_map_get_or_insert(f->env, map, &key, &move, &out, &flag), SH_E_BUSY);
  assert_status(sh_map_delete(f->env, map, &key, &flag), SH_E_BUSY);
  assert_status(sh_map_take(f->env, map, &key, &out, &flag), SH_E_BUSY);
  assert_status(sh_map_add(f->env, map, &key, 1, &old), SH_E_BUSY);
  assert_status(sh_map_compare_exchange(f->env, map, &key, &one, &move, &flag, &out), SH_E_BUSY);
  assert_status(sh_map_clear(f->env, map), SH_E_BUSY);
  assert_status(sh_vector_push(f->env, vector, &move, 1, &n), SH_E_BUSY);
  assert_status(sh_vector_unshift(f->env, vector, &move, 1, &n), SH_E_BUSY);
  assert_status(sh_vector_set(f->env, vector, 0, &move), SH_E_BUSY);
  assert_status(sh_vector_pop(f->env, vector, &out, &flag), SH_E_BUSY);
  assert_status(sh_vector_shift(f->env, vector, &out, &flag), SH_E_BUSY);
  assert_status(sh_vector_remove_at(f->env, vector, 0, &flag), SH_E_BUSY);
  assert_status(sh_vector_splice(f->env, vector, 0, 1, &move, 1, &out, &n), SH_E_BUSY);
  assert_status(sh_vector_fill(f->env, vector, &move, 0, 1), SH_E_BUSY);
  assert_status(sh_vector_reverse(f->env, vector), SH_E_BUSY);
  assert_status(sh_vector_clear(f->env, vector), SH_E_BUSY);
  assert_status(sh_vector_permute(f->env, vector, version_of(f, vector), (uint32_t[]){0}, 1),
                SH_E_BUSY);
  assert_status(sh_string_set(f->env, text, &key), SH_E_BUSY);
  assert_status(sh_string_compare_exchange(f->env, text, &key, &key, &flag, &out), SH_E_BUSY);
  assert_status(sh_number_update(f->env, number, SH_NUMBER_ADD, 1, &old), SH_E_BUSY);
  assert_status(sh_number_compare_exchange(f->env, number, 5, 6, &old, &flag), SH_E_BUSY);
  assert_status(sh_record_set(f->env, box, 0, 0, &move), SH_E_BUSY);
  assert_true(fingerprint(f) == before);
  assert_counts(f, inner, 1, 1);
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(slot_of(f, all[i])->lock & SH_LOCK_MONITOR, SH_LOCK_MONITOR);
    sh_lock_leave(env, held[i].token);
  }
  assert_ok(sh_map_set(f->env, map, &key, &move));
  sh_env_close(env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_at_a_time_and_everybody_wakes),
      cmocka_unit_test(version_rises_only_after_a_change),
      cmocka_unit_test(waiter_sleeps_until_the_unlock),
      unit(objects_versions_follow_their_changes),
      unit(reuse_keeps_the_version),
      unit(monitor_refuses_writers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
