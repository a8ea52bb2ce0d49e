// Ports (port.h): tokens, the queue of events and its signal, the bell.
#include "support.h"

#include "port.h"

#include <pthread.h>
#include <sched.h>

#define MANY 100u

typedef struct bells {
  uint32_t count;
} bells;

static void count_signal(void *arg) { ((bells *)arg)->count++; }

static shi_wait waits[MANY];

static void add(fixture *f, uint32_t n, bool blocks) {
  for (uint32_t i = 0; i < n; i++) {
    waits[i] = (shi_wait){.kind = SHI_WAIT_TICKET, .blocks = blocks};
    assert_ok(shi_port_add(f->env, &waits[i]));
  }
}

static void remove_all(uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    shi_port_remove(&waits[i]);
  }
}

static void tokens_name_their_waits(void **state) {
  fixture *f = *state;
  add(f, MANY, false); // grows
  for (uint32_t i = 0; i < MANY; i++) {
    assert_int_not_equal(waits[i].token, SH_NO_TOKEN);
    assert_ptr_equal(shi_port_find(f->env, waits[i].token, SHI_WAIT_TICKET), &waits[i]);
    assert_null(shi_port_find(f->env, waits[i].token, SHI_WAIT_WATCHER)); // of another kind
    for (uint32_t j = 0; j < i; j++) {
      assert_int_not_equal(waits[i].token, waits[j].token);
    }
  }
  assert_null(shi_port_find(f->env, SH_NO_TOKEN, SHI_WAIT_TICKET));
  assert_null(shi_port_find(f->env, MANY * 4, SHI_WAIT_TICKET));
  assert_null(shi_port_find(f->env, UINT32_MAX, SHI_WAIT_TICKET));
  remove_all(MANY);
}

static void tokens_are_used_again(void **state) {
  fixture *f = *state;
  add(f, MANY, false);
  uint32_t room = f->env->port.room;
  for (int round = 0; round < 20; round++) {
    for (uint32_t i = 0; i < MANY; i += 3) {
      uint32_t token = waits[i].token;
      shi_port_remove(&waits[i]);
      assert_null(shi_port_find(f->env, token, SHI_WAIT_TICKET));
    }
    for (uint32_t i = 0; i < MANY; i += 3) {
      assert_ok(shi_port_add(f->env, &waits[i]));
    }
    for (uint32_t i = 0; i < MANY; i++) {
      assert_ptr_equal(shi_port_find(f->env, waits[i].token, SHI_WAIT_TICKET), &waits[i]);
    }
  }
  assert_int_equal(f->env->port.room, room);
  remove_all(MANY);
}

static void a_refused_place_changes_nothing(void **state) {
  fixture *f = *state;
  shi_wait wait = {.kind = SHI_WAIT_TICKET};
  sh_test_fail_local_after(f->heap, 0);
  sh_status status = shi_port_add(f->env, &wait); // the first place
  sh_test_fail_local_after(f->heap, -1);
  assert_status(status, SH_E_HEAP_FULL);
  uint32_t n = 0;
  for (; n < MANY; n++) { // until it would grow
    waits[n] = (shi_wait){.kind = SHI_WAIT_TICKET};
    sh_test_fail_local_after(f->heap, n == 0 ? -1 : 0);
    status = shi_port_add(f->env, &waits[n]);
    sh_test_fail_local_after(f->heap, -1);
    if (status != SH_OK) {
      break;
    }
  }
  assert_status(status, SH_E_HEAP_FULL);
  assert_int_equal(n, f->env->port.room - 1);
  assert_ok(shi_port_add(f->env, &waits[n]));
  for (uint32_t i = 0; i <= n; i++) {
    assert_ptr_equal(shi_port_find(f->env, waits[i].token, SHI_WAIT_TICKET), &waits[i]);
  }
  remove_all(n + 1);
}

static void events_come_in_order_and_once(void **state) {
  fixture *f = *state;
  uint32_t tokens[MANY];
  add(f, 5, false);
  shi_port_tell(&waits[3]);
  shi_port_tell(&waits[1]);
  shi_port_tell(&waits[3]); // still there: once
  shi_port_tell(&waits[4]);
  assert_int_equal(sh_env_events(f->env, tokens, MANY), 3);
  assert_int_equal(tokens[0], waits[3].token);
  assert_int_equal(tokens[1], waits[1].token);
  assert_int_equal(tokens[2], waits[4].token);
  assert_int_equal(sh_env_events(f->env, tokens, MANY), 0);
  shi_port_tell(&waits[3]); // taken out, so it may come again
  assert_int_equal(sh_env_events(f->env, tokens, MANY), 1);
  assert_int_equal(tokens[0], waits[3].token);
  remove_all(5);
}

static void one_signal_for_each_time_the_queue_fills(void **state) {
  fixture *f = *state;
  bells b = {0};
  uint32_t tokens[MANY];
  add(f, 5, false);
  sh_env_on_event(f->env, count_signal, &b);
  assert_int_equal(b.count, 0);
  shi_port_tell(&waits[0]);
  shi_port_tell(&waits[1]);
  shi_port_tell(&waits[2]);
  assert_int_equal(b.count, 1);
  assert_int_equal(sh_env_events(f->env, tokens, 2), 2); // not known to be empty: more to fetch
  shi_port_tell(&waits[3]);
  assert_int_equal(b.count, 1);
  assert_int_equal(sh_env_events(f->env, tokens, 2), 2);
  assert_int_equal(sh_env_events(f->env, tokens, 2), 0);
  shi_port_tell(&waits[4]);
  assert_int_equal(b.count, 2);
  assert_int_equal(sh_env_events(f->env, tokens, 2), 1);
  sh_env_on_event(f->env, NULL, NULL);
  remove_all(5);
}

static void no_signal_after_it_was_taken_back(void **state) {
  fixture *f = *state;
  bells b = {0};
  bells other = {0};
  uint32_t tokens[MANY];
  add(f, 3, false);
  sh_env_on_event(f->env, count_signal, &b);
  sh_env_on_event(f->env, NULL, NULL);
  shi_port_tell(&waits[0]);
  shi_port_tell(&waits[1]);
  assert_int_equal(b.count, 0);
  sh_env_on_event(f->env, count_signal, &other); // what came meanwhile is there
  assert_int_equal(other.count, 1);
  shi_port_tell(&waits[2]);
  assert_int_equal(other.count, 1);
  assert_int_equal(sh_env_events(f->env, tokens, MANY), 3);
  sh_env_on_event(f->env, NULL, NULL);
  assert_int_equal(b.count, 0);
  remove_all(3);
}

// What is removed comes from the front, the middle or the end of the queue, or is not in it.
static void a_wait_that_is_gone_is_no_event(void **state) {
  fixture *f = *state;
  uint32_t tokens[MANY];
  for (uint32_t gone = 0; gone < 16; gone++) {
    add(f, 4, false);
    for (uint32_t i = 0; i < 4; i++) {
      shi_port_tell(&waits[i]);
    }
    uint32_t left = 0;
    for (uint32_t i = 0; i < 4; i++) {
      if ((gone >> i & 1) != 0) {
        shi_port_remove(&waits[i]);
      } else {
        left++;
      }
    }
    assert_int_equal(sh_env_events(f->env, tokens, MANY), left);
    uint32_t at = 0;
    for (uint32_t i = 0; i < 4; i++) {
      if ((gone >> i & 1) == 0) {
        assert_int_equal(tokens[at++], waits[i].token);
        shi_port_remove(&waits[i]);
      }
    }
    assert_null(f->env->port.first);
    assert_null(f->env->port.last);
  }
}

static void who_blocks_gets_no_events(void **state) {
  fixture *f = *state;
  bells b = {0};
  uint32_t tokens[MANY];
  add(f, 1, true);
  sh_env_on_event(f->env, count_signal, &b);
  shi_port_tell(&waits[0]);
  assert_int_equal(b.count, 0);
  assert_int_equal(sh_env_events(f->env, tokens, MANY), 0);
  assert_int_equal(atomic_load(&f->env->port.bell), SHI_RUNG);
  sh_env_on_event(f->env, NULL, NULL);
  remove_all(1);
}

static void a_ring_before_the_sleep_is_not_lost(void **state) {
  fixture *f = *state;
  add(f, 1, true);
  shi_port_tell(&waits[0]);
  shi_port_tell(&waits[0]);
  sh_env_park(f->env, 0); // takes the ring, however often it rang
  assert_int_equal(atomic_load(&f->env->port.bell), SHI_SILENT);
  sh_env_park(f->env, 0);
  sh_env_park(f->env, UINT32_MAX); // a slice, not 49 days
  sh_env_park(f->env, 1);
  assert_int_equal(atomic_load(&f->env->port.bell), SHI_SILENT);
  remove_all(1);
}

// --- threads ---------------------------------------------------------------------------------

#define RINGS 2000u

typedef struct ringer {
  _Atomic uint32_t asked;    // by who sleeps
  _Atomic uint32_t answered; // by who rings, before it rings
} ringer;

static void *answer_each(void *arg) {
  ringer *r = arg;
  for (uint32_t i = 1; i <= RINGS; i++) {
    while (atomic_load(&r->asked) < i) {
      (void)sched_yield();
    }
    atomic_store(&r->answered, i);
    shi_port_tell(&waits[0]);
  }
  return NULL;
}

// Each answer is followed by a ring, so whoever looks, sleeps and looks again finds it. A ring that
// is lost costs a whole slice: were they lost as a rule, there would be more turns than this.
static void the_bell_wakes(void **state) {
  fixture *f = *state;
  ringer r = {0};
  pthread_t thread;
  uint64_t turns = 0;
  add(f, 1, true);
  assert_int_equal(pthread_create(&thread, NULL, answer_each, &r), 0);
  for (uint32_t i = 1; i <= RINGS; i++) {
    atomic_store(&r.asked, i);
    while (atomic_load(&r.answered) < i) {
      sh_env_park(f->env, SH_PARK_MS);
      turns++;
    }
  }
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_at_most(turns, UINT64_C(20) * RINGS);
  remove_all(1);
}

typedef struct crowd {
  fixture *f;
  _Atomic uint32_t signals;
  _Atomic uint32_t told;
} crowd;

#define TELLS 20000u
#define TELLERS 3u

static void count_crowd(void *arg) { atomic_fetch_add(&((crowd *)arg)->signals, 1); }

static void *tell_all(void *arg) {
  crowd *c = arg;
  for (uint32_t i = 0; i < TELLS; i++) {
    shi_port_tell(&waits[i % 4]);
  }
  atomic_fetch_add(&c->told, 1);
  return NULL;
}

// Whoever only fetches when signalled misses nothing: the queue is empty at the end.
static void signals_of_many_tellers(void **state) {
  fixture *f = *state;
  crowd c = {.f = f};
  pthread_t threads[TELLERS];
  uint32_t tokens[3];
  uint32_t seen = 0;
  bool last = false;
  add(f, 4, false);
  sh_env_on_event(f->env, count_crowd, &c);
  for (unsigned i = 0; i < TELLERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, tell_all, &c), 0);
  }
  while (!last) {
    last = atomic_load(&c.told) == TELLERS;
    uint32_t signals = atomic_load(&c.signals);
    if (signals == seen) {
      (void)sched_yield();
      continue;
    }
    assert_int_equal(signals, seen + 1); // the next comes only after the queue was found empty
    seen = signals;
    while (sh_env_events(f->env, tokens, 3) == 3) {
    }
    last = false;
  }
  assert_null(f->env->port.first);
  for (unsigned i = 0; i < TELLERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_null(f->env->port.first);
  sh_env_on_event(f->env, NULL, NULL);
  remove_all(4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(tokens_name_their_waits),
      unit(tokens_are_used_again),
      unit(a_refused_place_changes_nothing),
      unit(events_come_in_order_and_once),
      unit(one_signal_for_each_time_the_queue_fills),
      unit(no_signal_after_it_was_taken_back),
      unit(a_wait_that_is_gone_is_no_event),
      unit(who_blocks_gets_no_events),
      unit(a_ring_before_the_sleep_is_not_lost),
      unit(the_bell_wakes),
      unit(signals_of_many_tellers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
