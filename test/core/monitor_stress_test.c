// Threads and their tasks that fight over the monitors of a few objects, which end and are made
// anew meanwhile. What a monitor guards here is a plain counter: ThreadSanitizer sees whether it
// excludes. A deadlock that is not refused hangs the test. See support_stress.h.
#include "support_stress.h"

#include "map.h"
#include "monitor.h"
#include "number.h"
#include "slot.h"
#include "state.h"
#include "watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PLACES 5u
#define OBJECTS 4000u
#define ROUNDS STRESS_SCALE(3000u)
#define HELD_MAX 3u
#define TASKS 3u

// An object that all know; never freed, so that one that was found in its place stays readable.
typedef struct object {
  sh_id id;
  bool is_map;
  uint64_t counter; // guarded by the monitor
} object;

typedef struct arena {
  object objects[OBJECTS];
  _Atomic uint32_t made;
  _Atomic(object *) places[PLACES];
  _Atomic uint64_t counted; // what the counters should come to
  _Atomic uint64_t deadlocks;
  _Atomic uint64_t writers;
} arena;

// A task of this thread's event loop: holds one object, may ask for a second from within.
typedef struct task {
  object *object[2];
  uint32_t token[2];
  uint32_t count; // tickets; the last one may wait
  bool waiting;
} task;

typedef struct fighter {
  stress_thread *t;
  arena *a;
  task tasks[TASKS];
  uint64_t counted;
  uint32_t watching[4];
} fighter;

static object *make(sh_env *env, arena *a, bool is_map) {
  uint32_t at = atomic_fetch_add(&a->made, 1);
  if (at >= OBJECTS) {
    return NULL;
  }
  object *o = &a->objects[at];
  o->is_map = is_map;
  STRESS_CHECK((is_map ? sh_map_new(env, false, &o->id) : sh_number_new(env, 0, &o->id)) == SH_OK);
  return o;
}

static object *pick(const fighter *f) {
  return atomic_load(&f->a->places[stress_below(f->t, PLACES)]);
}

static void count(fighter *f, object *o) {
  o->counter++;
  f->counted++;
}

static sh_status change(const fighter *f, const object *o) {
  sh_value key = stress_text("count");
  double old = 0;
  return o->is_map ? sh_map_add(f->t->env, o->id, &key, 1, &old)
                   : sh_number_update(f->t->env, o->id, SH_NUMBER_ADD, 1, &old);
}

// --- asking ----------------------------------------------------------------------------------

// Enters and, if it has to, sleeps until it is its turn. False: refused or ended, nothing is left.
static bool enter(const fighter *f, const object *o, sh_lock_kind kind, uint32_t *token) {
  sh_env *env = f->t->env;
  sh_lock_want want = {.kind = kind,
                       .only_free = kind == SH_LOCK_THREAD && stress_below(f->t, 8) == 0};
  sh_lock_answer answer = {0};
  sh_status status = sh_lock_enter(env, o->id, SH_TYPE_NONE, &want, &answer);
  if (status == SH_E_DEADLOCK) {
    STRESS_CHECK(answer.id_count > 0 && answer.ids[0] == o->id);
    atomic_fetch_add(&f->a->deadlocks, 1);
  }
  STRESS_CHECK(status == SH_OK || status == SH_E_DEADLOCK || status == SH_E_USE_AFTER_FREE);
  if (status != SH_OK || answer.state == SH_LOCK_REFUSED) {
    return false;
  }
  uint32_t patience = stress_below(f->t, 16) == 0 ? 2 : UINT32_MAX;
  while (answer.state == SH_LOCK_WAITING) {
    sh_env_refresh(env);
    sh_env_park(env, SH_PARK_MS);
    status = sh_lock_look(env, answer.token, &answer);
    STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
    if (status != SH_OK || (answer.state == SH_LOCK_WAITING && patience-- == 0)) {
      sh_lock_leave(env, answer.token);
      return false;
    }
  }
  STRESS_CHECK(!answer.abandoned);
  *token = answer.token;
  return true;
}

// Several objects in any order, changed and counted while they are held.
static void hold_some(fighter *f) {
  object *held[HELD_MAX];
  uint32_t tokens[HELD_MAX];
  uint32_t n = 0;
  uint32_t wanted = 1 + stress_below(f->t, HELD_MAX);
  for (bool got = true; got && n < wanted;) {
    held[n] = pick(f);
    got = enter(f, held[n], SH_LOCK_THREAD, &tokens[n]);
    n += got ? 1 : 0;
  }
  for (uint32_t i = 0; i < n; i++) {
    count(f, held[i]);
    sh_status status = change(f, held[i]);
    STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
  }
  for (uint32_t i = 0; i < n; i++) {
    sh_lock_leave(f->t->env, tokens[i]);
  }
}

// A change from outside: waits for its turn if others hold the object.
static void write_one(fighter *f) {
  const object *o = pick(f);
  uint32_t token = SH_NO_TOKEN;
  sh_status status = change(f, o);
  if (status == SH_E_BUSY && enter(f, o, SH_LOCK_WRITER, &token)) {
    status = change(f, o);
    STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
    sh_lock_leave(f->t->env, token);
    atomic_fetch_add(&f->a->writers, 1);
  }
  STRESS_CHECK(status == SH_OK || status == SH_E_BUSY || status == SH_E_USE_AFTER_FREE);
}

// --- tasks -----------------------------------------------------------------------------------

static void ask(fighter *f, task *k, uint32_t number) {
  sh_lock_want want = {.kind = SH_LOCK_TASK, .task = number, .nested = k->count > 0};
  sh_lock_answer answer = {0};
  object *o = pick(f);
  sh_status status = sh_lock_enter(f->t->env, o->id, SH_TYPE_NONE, &want, &answer);
  STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE ||
               (status == SH_E_DEADLOCK && want.nested));
  if (status != SH_OK) {
    return;
  }
  STRESS_CHECK(answer.state != SH_LOCK_REFUSED);
  k->object[k->count] = o;
  k->token[k->count] = answer.token;
  k->count++;
  k->waiting = answer.state == SH_LOCK_WAITING;
}

static void end(const fighter *f, task *k) {
  while (k->count > 0) {
    sh_lock_leave(f->t->env, k->token[--k->count]);
  }
  k->waiting = false;
}

// Goes on with a task that may: counts what it has got, asks for more or ends.
static void go_on(fighter *f, task *k, uint32_t number, bool more) {
  if (k->waiting) {
    return;
  }
  if (k->count > 0) {
    count(f, k->object[k->count - 1]);
  }
  if (more && k->count < 2 && stress_below(f->t, 3) != 0) {
    uint32_t before = k->count;
    ask(f, k, number);
    if (k->count > before) {
      return;
    }
  }
  end(f, k);
}

// One turn of the event loop.
static void turn(fighter *f, bool more) {
  uint32_t tokens[4];
  uint32_t n;
  do {
    n = sh_env_events(f->t->env, tokens, 4);
    for (uint32_t i = 0; i < n; i++) {
      for (uint32_t k = 0; k < TASKS; k++) {
        task *of = &f->tasks[k];
        sh_lock_answer answer = {0};
        if (of->waiting && of->token[of->count - 1] == tokens[i]) {
          sh_status status = sh_lock_look(f->t->env, tokens[i], &answer);
          STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
          STRESS_CHECK(status != SH_OK || answer.state == SH_LOCK_HOLDING); // told for a reason
          of->waiting = false;
          if (status != SH_OK) {
            sh_lock_leave(f->t->env, of->token[--of->count]);
            end(f, of);
          }
        }
      }
    }
  } while (n == 4);
  for (uint32_t k = 0; k < TASKS; k++) {
    go_on(f, &f->tasks[k], k, more);
  }
}

static bool has_tasks(const fighter *f) {
  return f->tasks[0].count + f->tasks[1].count + f->tasks[2].count > 0;
}

// --- the rest --------------------------------------------------------------------------------

static void watch_another(fighter *f) {
  uint32_t *place = &f->watching[stress_below(f->t, 4)];
  const object *o = pick(f);
  uint32_t version = 0;
  sh_unwatch(f->t->env, *place);
  *place = SH_NO_TOKEN;
  sh_status status = sh_watch(f->t->env, o->id, stress_below(f->t, 2) == 0, place);
  STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
  (void)sh_watch_settle(f->t->env, *place);
  status = sh_version(f->t->env, o->id, SH_TYPE_NONE, &version);
  STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
}

// Another object takes a place; who holds the old one or waits for it finds it ended.
static void replace(fighter *f) {
  object *fresh = make(f->t->env, f->a, stress_below(f->t, 2) == 0);
  if (fresh != NULL) {
    const object *old = atomic_exchange(&f->a->places[stress_below(f->t, PLACES)], fresh);
    STRESS_CHECK(sh_drop(f->t->env, old->id) == SH_OK);
  }
}

static void fight(stress_thread *t) {
  fighter f = {.t = t, .a = t->arg};
  for (uint32_t i = 0; i < ROUNDS; i++) {
    stress_turn(t);
    turn(&f, true);
    switch (stress_below(t, 16)) {
    case 0:
      replace(&f);
      break;
    case 1:
    case 2:
      watch_another(&f);
      break;
    case 3:
    case 4:
    case 5:
      write_one(&f);
      break;
    default:
      hold_some(&f);
      break;
    }
  }
  while (has_tasks(&f)) {
    sh_env_refresh(t->env);
    sh_env_park(t->env, 1);
    turn(&f, false);
  }
  for (unsigned i = 0; i < 3; i++) { // the last is left to the environment's end
    sh_unwatch(t->env, f.watching[i]);
  }
  atomic_fetch_add(&f.a->counted, f.counted);
}

static void check_empty(const stress *s) {
  STRESS_CHECK(s->heap->monitors.table.count == 0 && s->heap->monitors.blocked == NULL);
  STRESS_CHECK(s->heap->watches.table.count == 0 && s->heap->watches.first_unsettled == NULL);
}

static void fight_with(uint32_t threads) {
  stress *s = stress_open();
  arena *a = calloc(1, sizeof *a);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < PLACES; i++) {
    atomic_store(&a->places[i], make(s->env, a, i % 2 == 0));
  }
  stress_run(s, threads, fight, a);
  for (uint32_t i = 0; i < PLACES; i++) {
    STRESS_CHECK(sh_drop(s->env, atomic_load(&a->places[i])->id) == SH_OK);
  }
  for (uint32_t i = 0; i < OBJECTS; i++) {
    sum += a->objects[i].counter;
  }
  print_message("%llu sections, %llu changes that waited, %llu deadlocks refused\n",
                (unsigned long long)sum, (unsigned long long)atomic_load(&a->writers),
                (unsigned long long)atomic_load(&a->deadlocks));
  STRESS_CHECK(sum == atomic_load(&a->counted) && sum > 0);
  check_empty(s);
  free(a);
  stress_close(s);
}

static void test_four_threads_exclude_each_other(void **state) {
  (void)state;
  fight_with(4);
}

static void test_eight_threads_exclude_each_other(void **state) {
  (void)state;
  fight_with(8);
}

// --- deaths ----------------------------------------------------------------------------------

#define LIVES STRESS_SCALE(600u)

typedef struct deaths {
  sh_id id;
  uint64_t counter; // guarded by the monitor
  _Atomic uint64_t counted;
  _Atomic uint32_t died; // knowing that they held it
  _Atomic uint32_t told;
} deaths;

// A life: waits for the monitor or gives up, holds it, dies with it or leaves.
static void live(stress_thread *t, deaths *d) {
  sh_env *env = NULL;
  sh_lock_answer answer = {0};
  sh_lock_want want = {.kind = stress_below(t, 4) == 0 ? SH_LOCK_TASK : SH_LOCK_THREAD};
  uint32_t patience = stress_below(t, 4) == 0 ? stress_below(t, 3) : UINT32_MAX;
  STRESS_CHECK(sh_env_open(t->stress->heap, &env) == SH_OK);
  STRESS_CHECK(sh_lock_enter(env, d->id, SH_TYPE_NONE, &want, &answer) == SH_OK);
  while (answer.state == SH_LOCK_WAITING && patience-- > 0) {
    sh_env_park(env, 1);
    STRESS_CHECK(sh_lock_look(env, answer.token, &answer) == SH_OK);
  }
  if (answer.state == SH_LOCK_HOLDING) {
    d->counter++;
    atomic_fetch_add(&d->counted, 1);
    atomic_fetch_add(&d->told, answer.abandoned ? 1 : 0);
    if (stress_below(t, 3) != 0) {
      sh_lock_leave(env, answer.token);
    } else {
      atomic_fetch_add(&d->died, 1);
    }
  } else if (stress_below(t, 2) == 0) {
    sh_lock_leave(env, answer.token); // perhaps handed to it just now
  }
  sh_env_close(env);
}

static void live_and_die(stress_thread *t) {
  deaths *d = t->arg;
  for (uint32_t i = 0; i < LIVES; i++) {
    double old = 0;
    uint32_t token = SH_NO_TOKEN;
    fighter f = {.t = t};
    object o = {.id = d->id};
    live(t, d);
    // Changes, waiting or not, hear nothing of it.
    if (sh_number_update(t->env, d->id, SH_NUMBER_ADD, 1, &old) == SH_E_BUSY &&
        enter(&f, &o, SH_LOCK_WRITER, &token)) {
      STRESS_CHECK(sh_number_update(t->env, d->id, SH_NUMBER_ADD, 1, &old) == SH_OK);
      sh_lock_leave(t->env, token);
    }
  }
}

static void test_each_death_is_told_once(void **state) {
  (void)state;
  stress *s = stress_open();
  deaths d = {0};
  sh_lock_want want = {.kind = SH_LOCK_THREAD};
  sh_lock_answer answer = {0};
  STRESS_CHECK(sh_number_new(s->env, 0, &d.id) == SH_OK);
  stress_run(s, 4, live_and_die, &d);
  STRESS_CHECK(sh_lock_enter(s->env, d.id, SH_TYPE_NUMBER, &want, &answer) == SH_OK);
  STRESS_CHECK(answer.state == SH_LOCK_HOLDING);
  uint32_t told = atomic_load(&d.told) + (answer.abandoned ? 1 : 0);
  sh_lock_leave(s->env, answer.token);
  print_message("%u died\n", told);
  STRESS_CHECK(told == atomic_load(&d.died) && told > 0);
  STRESS_CHECK(d.counter == atomic_load(&d.counted));
  STRESS_CHECK(sh_drop(s->env, d.id) == SH_OK);
  check_empty(s);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_four_threads_exclude_each_other),
      cmocka_unit_test(test_eight_threads_exclude_each_other),
      cmocka_unit_test(test_each_death_is_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
