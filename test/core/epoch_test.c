// Epochs and limbo: what is retired while somebody is online waits, and for no longer than that.
#include "support.h"

#include <pthread.h>
#include <sched.h>

#define LIMBO_1000 (1000 * (SHI_TEXT_HEADER + 100))

static void drop_string(sh_env *env, uint32_t length) {
  static uint8_t chars[100000];
  sh_value text = v_latin1(chars, length);
  sh_id id = 0;
  assert_ok(sh_string_new(env, &text, &id));
  assert_ok(sh_drop(env, id));
}

static void nobody_online_frees_at_once(void **state) {
  fixture *f = *state;
  sh_id first = new_string(f, "a text that is longer than fifteen");
  assert_ok(sh_drop(f->env, first));
  sh_stats stats = stats_of(f);
  assert_int_equal(stats.limbo_bytes, 0);
  assert_int_equal(stats.limbo_objects, 0);
  sh_id second = new_string(f, "b");
  assert_int_equal((uint32_t)second, (uint32_t)first); // the slot is used again, with
  assert_int_equal(second >> 32, (first >> 32) + 1);   // the next generation
}

static void online_environment_keeps_slots_and_bodies(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  assert_ok(sh_env_open(f->heap, &reader));
  sh_env_online(reader);
  assert_int_equal(atomic_load(&f->heap->online), 1);
  sh_env_online(reader); // idempotent
  assert_int_equal(atomic_load(&f->heap->online), 1);

  sh_id id = new_string(f, "a text that is longer than fifteen");
  uint64_t body = shi_string_body(slot_of(f, id));
  assert_ok(sh_drop(f->env, id));
  sh_stats stats = stats_of(f);
  assert_int_equal(stats.limbo_objects, 1);
  assert_int_equal(stats.limbo_bytes, SHI_TEXT_HEADER + 34);
  assert_int_equal(stats.live_bytes, 0);
  assert_clean(f->env);
  // Not reused, however hard the owner tries.
  for (int i = 0; i < 3; i++) {
    shi_reclaim(f->env);
    sh_heap_trim(f->env);
  }
  for (int i = 0; i < 500; i++) {
    sh_id other = new_string(f, "b text that is longer than fifteen");
    assert_int_not_equal((uint32_t)other, (uint32_t)id);
    assert_int_not_equal(shi_string_body(slot_of(f, other)), body);
  }
  assert_int_equal(stats_of(f).limbo_objects, 1);
  // A refresh lets it go at the next reclaim.
  sh_env_refresh(reader);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_objects, 0);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  sh_env_close(reader);
  assert_int_equal(atomic_load(&f->heap->online), 0);
}

static void going_offline_lets_limbo_go(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  assert_ok(sh_env_open(f->heap, &reader));
  sh_env_online(reader);
  drop_string(f->env, 5000);
  assert_int_equal(stats_of(f).limbo_bytes, SHI_TEXT_HEADER + 5000);
  sh_env_offline(reader);
  sh_env_offline(reader); // idempotent
  assert_int_equal(atomic_load(&f->heap->online), 0);
  sh_env_refresh(reader); // of no effect offline
  assert_int_equal(atomic_load(&reader->published), 0);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  sh_env_close(reader);
}

// One environment after another goes online, before and after a retirement: only those that were
// online at it matter.
static void only_earlier_readers_are_waited_for(void **state) {
  fixture *f = *state;
  sh_env *early = NULL;
  sh_env *late = NULL;
  assert_ok(sh_env_open(f->heap, &early));
  assert_ok(sh_env_open(f->heap, &late));
  sh_env_online(early);
  drop_string(f->env, 3000);
  shi_reclaim(f->env); // the epoch moves on
  sh_env_online(late);
  sh_env_offline(early);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  sh_env_close(early);
  sh_env_close(late);
}

static void owner_online_does_not_block_itself_for_long(void **state) {
  fixture *f = *state;
  sh_env_online(f->env);
  drop_string(f->env, 3000);
  assert_int_equal(stats_of(f).limbo_bytes,
                   SHI_TEXT_HEADER + 3000); // this turn may still look at it
  sh_heap_trim(f->env);                     // a native entry: it refreshes
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  assert_int_not_equal(atomic_load(&f->env->published), 0);
}

static void limbo_is_bounded_while_readers_refresh(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  assert_ok(sh_env_open(f->heap, &reader));
  sh_env_online(reader);
  uint64_t most = 0;
  for (int i = 0; i < 5000; i++) { // 250 MB through 64 MiB
    drop_string(f->env, 50000);
    sh_env_refresh(reader);
    most = stats_of(f).limbo_bytes > most && i % 50 == 0 ? stats_of(f).limbo_bytes : most;
  }
  assert_at_most(100000, most); // it was in limbo at all
  assert_at_most(most, 4 * MIB);
  sh_env_close(reader);
}

static void full_heap_frees_limbo_first(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  assert_ok(sh_env_open(f->heap, &reader));
  sh_env_online(reader);
  // The environment itself keeps chunks unreclaimed: below its threshold of 1 MiB.
  f->heap->limit = 4 * MIB;
  sh_id big = new_bytes(f, 900 * 1024);
  assert_ok(sh_drop(f->env, big));
  sh_id small = new_bytes(f, 100 * 1024);
  assert_ok(sh_drop(f->env, small));
  assert_at_most(900 * 1024, stats_of(f).limbo_bytes);
  // The reader does not let go: refused, and nothing lost.
  sh_id id = 0;
  assert_status(sh_bytes_new(f->env, NULL, 3500 * 1024, &id), SH_E_HEAP_FULL);
  assert_at_most(900 * 1024, stats_of(f).limbo_bytes);
  assert_clean(f->env);
  // It does: the same allocation succeeds by itself.
  sh_env_refresh(reader);
  assert_ok(sh_bytes_new(f->env, NULL, 3500 * 1024, &id));
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  assert_ok(sh_drop(f->env, id));
  f->heap->limit = 64 * MIB;
  sh_env_close(reader);
}

static void limbo_of_a_closed_environment_is_everybodys(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  sh_env *dying = NULL;
  assert_ok(sh_env_open(f->heap, &reader));
  assert_ok(sh_env_open(f->heap, &dying));
  sh_env_online(reader);
  for (int i = 0; i < 1000; i++) { // several chunks
    drop_string(dying, 100);
  }
  sh_env_online(dying);
  sh_env_close(dying); // online to the end
  assert_int_equal(atomic_load(&f->heap->online), 1);
  assert_int_equal(stats_of(f).limbo_bytes, LIMBO_1000);
  assert_int_equal(stats_of(f).limbo_objects, 1000);
  assert_clean(f->env);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, LIMBO_1000); // the reader still looks
  sh_env_close(reader);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  assert_int_equal(stats_of(f).limbo_objects, 0);
  assert_null(f->heap->orphans.head);
  assert_null(f->heap->orphans.tail);
}

static void unpinned_payload_without_environment_waits_too(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  assert_ok(sh_env_open(f->heap, &reader));
  sh_id id = new_bytes(f, 5000);
  assert_ok(sh_bytes_pin(f->env, id, &data, &length, &pin));
  assert_ok(sh_drop(f->env, id));
  assert_int_equal(stats_of(f).pinned_bytes, 5016);
  sh_env_online(reader);
  sh_unpin(f->heap, pin);
  assert_int_equal(stats_of(f).pinned_bytes, 0);
  assert_int_equal(stats_of(f).limbo_bytes, 5016);
  assert_clean(f->env);
  sh_env_close(reader);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
}

static void what_finalizers_retire_goes_at_a_later_entry(void **state) {
  fixture *f = *state;
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  sh_env_online(f->env);
  for (unsigned i = 0; i < 100; i++) {
    sh_id id = new_bytes(f, 400000);
    assert_ok(sh_bytes_pin(f->env, id, &data, &length, &pin));
    assert_ok(sh_drop(f->env, id));
    sh_unpin(f->heap, pin); // as in a garbage collection: without environment
    sh_env_refresh(f->env); // as at a native entry: nobody reclaims otherwise
    assert_true(stats_of(f).limbo_bytes < 1500000);
  }
  sh_env_offline(f->env);
  shi_reclaim(f->env);
  assert_int_equal(stats_of(f).limbo_bytes, 0);
  assert_int_equal(stats_of(f).pinned_bytes, 0);
}

// --- E2 with threads -------------------------------------------------------------------------

// A reader goes online, looks an id up, and stores into its number as a view does; the writer
// drops and makes numbers. A store must never land in another number's life.
typedef struct race {
  sh_heap *heap;
  _Atomic uint64_t id;
  _Atomic bool stop;
  _Atomic uint64_t stores;
} race;

static void *store_as_a_view(void *arg) {
  race *r = arg;
  sh_env *env = NULL;
  if (sh_env_open(r->heap, &env) != SH_OK) {
    return "no environment";
  }
  while (!atomic_load(&r->stop)) {
    sh_env_online(env);
    for (int i = 0; i < 64; i++) {
      sh_id id = atomic_load(&r->id);
      shi_slot *slot = shi_slot_at(r->heap, (uint32_t)id);
      uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
      if (word0 >> SH_W0_GEN_SHIFT == id >> 32 &&
          (word0 >> SH_W0_TYPE_SHIFT & SH_W0_TYPE_MASK) == SH_TYPE_NUMBER) {
        for (volatile int spin = 0; spin < i; spin++) { // widen check-then-store
        }
        atomic_store_explicit(&slot->payload[0], shi_number_bits((double)id), memory_order_relaxed);
        atomic_fetch_add(&r->stores, 1);
      }
    }
    sh_env_offline(env);
  }
  sh_env_close(env);
  return NULL;
}

static void check_then_store_never_hits_another_life(void **state) {
  fixture *f = *state;
  race r = {.heap = f->heap};
  pthread_t thread;
  atomic_store(&r.id, new_number(f, 0));
  assert_int_equal(pthread_create(&thread, NULL, store_as_a_view, &r), 0);
  uint64_t foreign = 0;
  uint64_t reused = 0;
  uint64_t end = now_ms() + 20000; // on a busy machine the reader may not run for a while
  for (int i = 0;
       i < 100000 || ((reused < 1000 || atomic_load(&r.stores) < 1000) && now_ms() < end); i++) {
    sh_id old = atomic_load(&r.id);
    sh_id id = 0;
    double value = 0;
    sh_status status = sh_number_new(f->env, 0, &id);
    if (status == SH_E_HEAP_FULL) { // the reader sleeps while it is online: all slots are in limbo
      (void)sched_yield();
      continue;
    }
    assert_status(status, SH_OK);
    atomic_store(&r.id, id);
    assert_ok(sh_drop(f->env, old));
    reused += id >> 32 != 0;
    for (volatile int spin = 0; spin < 50; spin++) {
    }
    assert_ok(sh_number_get(f->env, id, &value));
    foreign += value != 0 && value != (double)id;
  }
  atomic_store(&r.stop, true);
  void *problem = NULL;
  assert_int_equal(pthread_join(thread, &problem), 0);
  assert_null(problem);
  assert_int_equal(foreign, 0);
  assert_at_most(1000, atomic_load(&r.stores));
  assert_at_most(1000, reused);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(nobody_online_frees_at_once),
      unit(online_environment_keeps_slots_and_bodies),
      unit(going_offline_lets_limbo_go),
      unit(only_earlier_readers_are_waited_for),
      unit(owner_online_does_not_block_itself_for_long),
      unit(limbo_is_bounded_while_readers_refresh),
      unit(full_heap_frees_limbo_first),
      unit(limbo_of_a_closed_environment_is_everybodys),
      unit(unpinned_payload_without_environment_waits_too),
      unit(what_finalizers_retire_goes_at_a_later_entry),
      unit(check_then_store_never_hits_another_life),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
