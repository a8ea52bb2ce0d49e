// Watches under threads: changes and ends that must be heard of, without a look at the clock, and
// stores of JavaScript's that were under way when the flag rose. See support_stress.h.
#include "support_stress.h"

#include "map.h"
#include "number.h"
#include "record.h"
#include "slot.h"
#include "state.h"
#include "watch.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_empty(const stress *s) {
  STRESS_CHECK(s->heap->watches.table.count == 0 && s->heap->watches.first_unsettled == NULL);
}

// --- nothing is missed -----------------------------------------------------------------------

#define WRITERS 2u
#define CHANGES STRESS_SCALE(8000u)

typedef struct news {
  sh_id map;
  sh_id doomed; // dropped when the changes are over
  _Atomic uint32_t looks;
} news;

// Looks only when told: what is not told is never seen, and the test hangs.
static void follow_news(stress_thread *t, news *n) {
  sh_value key = stress_text("count");
  uint32_t tokens[2];
  uint32_t map = SH_NO_TOKEN;
  uint32_t doomed = SH_NO_TOKEN;
  bool ended = false;
  double seen = -1;
  STRESS_CHECK(sh_watch(t->env, n->map, false, &map) == SH_OK);
  STRESS_CHECK(sh_watch(t->env, n->doomed, false, &doomed) == SH_OK);
  (void)pthread_barrier_wait(t->barrier);
  while (seen < WRITERS * CHANGES || !ended) {
    uint32_t count = sh_env_events(t->env, tokens, 2);
    stress_turn(t);
    for (uint32_t i = 0; i < count; i++) {
      sh_value value;
      bool found = false;
      STRESS_CHECK(tokens[i] == map || tokens[i] == doomed);
      if (tokens[i] == doomed) {
        ended = true;
        STRESS_CHECK(sh_id_check(t->env, n->doomed, SH_TYPE_NONE, NULL) == SH_E_USE_AFTER_FREE);
        continue;
      }
      STRESS_CHECK(sh_map_get(t->env, n->map, &key, SH_BORROW, &value, &found) == SH_OK && found);
      STRESS_CHECK(value.number >= seen);
      seen = value.number;
      atomic_fetch_add(&n->looks, 1);
    }
    if (count == 0) {
      (void)sched_yield();
    }
  }
  if (t->index % 2 == 0) { // else by the environment's end
    sh_unwatch(t->env, map);
    sh_unwatch(t->env, doomed);
  }
}

static void make_news(stress_thread *t, news *n) {
  sh_value key = stress_text("count");
  (void)pthread_barrier_wait(t->barrier);
  for (uint32_t i = 0; i < CHANGES; i++) {
    double old = 0;
    stress_turn(t);
    STRESS_CHECK(sh_map_add(t->env, n->map, &key, 1, &old) == SH_OK);
    if (stress_below(t, 64) == 0) {
      (void)sched_yield();
    }
  }
  STRESS_CHECK(sh_drop(t->env, n->doomed) == SH_OK); // the last claim with the last writer
}

static void news_thread(stress_thread *t) {
  if (t->index < WRITERS) {
    make_news(t, t->arg);
  } else {
    follow_news(t, t->arg);
  }
}

static void test_every_change_is_heard_of(void **state) {
  (void)state;
  stress *s = stress_open();
  news n = {0};
  STRESS_CHECK(sh_map_new(s->env, false, &n.map) == SH_OK);
  STRESS_CHECK(sh_number_new(s->env, 0, &n.doomed) == SH_OK);
  for (uint32_t i = 1; i < WRITERS; i++) {
    STRESS_CHECK(sh_retain(s->env, n.doomed) == SH_OK);
  }
  stress_run(s, WRITERS + 3, news_thread, &n);
  print_message("%u looks at %u changes\n", atomic_load(&n.looks), WRITERS * CHANGES);
  STRESS_CHECK(sh_drop(s->env, n.map) == SH_OK);
  check_empty(s);
  stress_close(s);
}

// --- stores under way ------------------------------------------------------------------------

#define STORE_ROUNDS STRESS_SCALE(3000u)

typedef struct stores {
  sh_id id;
  _Atomic uint32_t direct; // that passed the flag
  _Atomic uint32_t risen;  // versions that settling raised or storing did
} stores;

static uint64_t value_of(stress_thread *t, sh_id id) {
  double number = 0;
  STRESS_CHECK(sh_number_get(t->env, id, &number) == SH_OK);
  return shi_number_bits(number);
}

// As JavaScript stores: looks at the flags, and some time later stores by itself if there are none.
static void store_some(stress_thread *t, stores *s) {
  shi_slot *slot = shi_slot_at(t->stress->heap, (uint32_t)s->id);
  for (uint32_t i = stress_below(t, 3); i < 3; i++) { // the last may be the one that is under way
    sh_env_online(t->env);
    uint32_t word0 = atomic_load(&slot->word0);
    double number = stress_below(t, 3); // often what is there
    for (uint32_t wait = stress_below(t, 5); wait > 0; wait--) {
      (void)sched_yield();
    }
    if ((word0 & SH_W0_FLAGS_MASK) == 0) {
      atomic_store_explicit(&slot->payload[0], shi_number_bits(number), memory_order_relaxed);
      atomic_fetch_add(&s->direct, 1);
    } else {
      sh_env_refresh(t->env);
      STRESS_CHECK(sh_number_update(t->env, s->id, SH_NUMBER_SET, number, NULL) == SH_OK);
    }
    if (stress_below(t, 4) == 0) {
      sh_env_offline(t->env);
    }
  }
  sh_env_offline(t->env);
}

// Looks at version and value while others store; afterwards, if the version is that of its last
// look, so must the value be.
static void look_at_stores(stress_thread *t, stores *s) {
  uint32_t token = SH_NO_TOKEN;
  uint32_t version = 0;
  uint32_t before = 0;
  if (stress_below(t, 2) == 0) {
    STRESS_CHECK(sh_watch(t->env, s->id, false, &token) == SH_OK);
  }
  STRESS_CHECK(sh_version(t->env, s->id, SH_TYPE_NUMBER, &version) == SH_OK);
  before = version;
  uint64_t value = value_of(t, s->id);
  for (uint32_t i = stress_below(t, 6); i > 0; i--) {
    (void)sh_watch_settle(t->env, token);
    STRESS_CHECK(sh_version(t->env, s->id, SH_TYPE_NUMBER, &version) == SH_OK);
    value = value_of(t, s->id);
    if (stress_below(t, 2) == 0) {
      (void)sched_yield();
    }
  }
  (void)pthread_barrier_wait(t->barrier); // the stores are over
  uint32_t last = 0;
  STRESS_CHECK(sh_version(t->env, s->id, SH_TYPE_NUMBER, &last) == SH_OK);
  STRESS_CHECK(sh_watch_settle(t->env, token));
  STRESS_CHECK(last != version || value_of(t, s->id) == value);
  atomic_fetch_add(&s->risen, last != before ? 1 : 0);
  sh_unwatch(t->env, token);
}

static void store_thread(stress_thread *t) {
  stores *s = t->arg;
  for (uint32_t i = 0; i < STORE_ROUNDS; i++) {
    if (t->index == 0) {
      STRESS_CHECK(sh_number_new(t->env, 0, &s->id) == SH_OK);
    }
    (void)pthread_barrier_wait(t->barrier);
    if (t->index < 2) {
      store_some(t, s);
      (void)pthread_barrier_wait(t->barrier);
    } else {
      look_at_stores(t, s);
    }
    (void)pthread_barrier_wait(t->barrier);
    if (t->index == 0) {
      STRESS_CHECK(sh_drop(t->env, s->id) == SH_OK);
    }
  }
}

static void test_stores_under_way_are_found(void **state) {
  (void)state;
  stress *s = stress_open();
  stores all = {0};
  s->alone = true; // its visitors are online now and then
  stress_run(s, 4, store_thread, &all);
  print_message("%u stores passed the flag, %u of %u lookers saw the version rise\n",
                atomic_load(&all.direct), atomic_load(&all.risen), 2 * STORE_ROUNDS);
  STRESS_CHECK(atomic_load(&all.direct) > 0 && atomic_load(&all.risen) > 0);
  check_empty(s);
  stress_close(s);
}

// --- coming and going ------------------------------------------------------------------------

#define PLACES 6u
#define TURNS STRESS_SCALE(12000u)
#define WATCHES 5u

typedef struct crowd {
  _Atomic uint64_t places[PLACES];
} crowd;

static sh_id make(sh_env *env, bool is_map) {
  sh_id id = 0;
  STRESS_CHECK((is_map ? sh_map_new(env, false, &id) : sh_number_new(env, 0, &id)) == SH_OK);
  return id;
}

static void come_and_go(stress_thread *t) {
  crowd *c = t->arg;
  uint32_t watching[WATCHES] = {0};
  uint32_t tokens[WATCHES];
  for (uint32_t i = 0; i < TURNS; i++) {
    stress_turn(t);
    _Atomic uint64_t *place = &c->places[stress_below(t, PLACES)];
    uint32_t *token = &watching[stress_below(t, WATCHES)];
    sh_id id = atomic_load(place);
    sh_status status = SH_OK;
    uint32_t version = 0;
    double old = 0;
    sh_value key = stress_number(1);
    switch (stress_below(t, 12)) {
    case 0:
      id = atomic_exchange(place, make(t->env, stress_below(t, 2) == 0));
      STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
      break;
    case 1:
    case 2:
    case 3:
      sh_unwatch(t->env, *token);
      *token = SH_NO_TOKEN;
      status = sh_watch(t->env, id, stress_below(t, 3) == 0, token);
      break;
    case 4:
      (void)sh_watch_settle(t->env, *token);
      break;
    case 5:
    case 6:
      status = sh_version(t->env, id, SH_TYPE_NONE, &version);
      break;
    case 7:
      (void)sh_env_events(t->env, tokens, WATCHES);
      break;
    default:
      status = sh_map_add(t->env, id, &key, 1, &old);
      if (status == SH_E_TYPE_MISMATCH) {
        status = sh_number_update(t->env, id, SH_NUMBER_ADD, 1, &old);
      }
      break;
    }
    STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
  }
}

static void test_watchers_and_objects_come_and_go(void **state) {
  (void)state;
  stress *s = stress_open();
  crowd c = {0};
  for (uint32_t i = 0; i < PLACES; i++) {
    atomic_store(&c.places[i], make(s->env, i % 2 == 0));
  }
  stress_run(s, 6, come_and_go, &c);
  for (uint32_t i = 0; i < PLACES; i++) {
    STRESS_CHECK(sh_drop(s->env, atomic_load(&c.places[i])) == SH_OK);
  }
  check_empty(s);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_change_is_heard_of),
      cmocka_unit_test(test_stores_under_way_are_found),
      cmocka_unit_test(test_watchers_and_objects_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
