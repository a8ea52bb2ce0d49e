// Threads that fight over owners: one winner for a name, retain against drop on the same ids, the
// last hold given up by several containers at once. See support_stress.h.
#include "support_stress.h"

#include "map.h"
#include "names.h"
#include "number.h"
#include "slot.h"
#include "str.h"
#include "vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- names -----------------------------------------------------------------------------------

#define NAME_ROUNDS STRESS_SCALE(8000u)

typedef struct election {
  _Atomic uint64_t winner;
  _Atomic uint32_t winners;
} election;

static void elect(stress_thread *t) {
  election *e = t->arg;
  sh_id names = sh_names_id(t->stress->heap);
  sh_value name = stress_text("the name that every thread wants");
  for (uint32_t round = 0; round < NAME_ROUNDS; round++) {
    sh_id mine = 0;
    sh_value out;
    bool inserted = false;
    bool found = false;
    stress_turn(t);
    STRESS_CHECK(sh_map_new(t->env, false, &mine) == SH_OK);
    sh_value value = stress_ref(mine, true);
    (void)pthread_barrier_wait(t->barrier);
    STRESS_CHECK(sh_map_get_or_insert(t->env, names, &name, &value, &out, &inserted) == SH_OK);
    STRESS_CHECK(out.kind == SH_KIND_REF && out.type == SH_TYPE_MAP);
    if (inserted) {
      STRESS_CHECK(out.id == mine);
      atomic_store(&e->winner, mine);
      atomic_fetch_add(&e->winners, 1);
    } else {
      STRESS_CHECK(out.id != mine && sh_drop(t->env, mine) == SH_OK); // the claim stayed
    }
    (void)pthread_barrier_wait(t->barrier);
    STRESS_CHECK(atomic_load(&e->winners) == round + 1 && atomic_load(&e->winner) == out.id);
    STRESS_CHECK(sh_map_get(t->env, names, &name, SH_ACQUIRE, &out, &found) == SH_OK);
    STRESS_CHECK(found && out.id == atomic_load(&e->winner));
    (void)pthread_barrier_wait(t->barrier);
    if (inserted) {
      STRESS_CHECK(sh_map_delete(t->env, names, &name, &found) == SH_OK && found);
    }
    STRESS_CHECK(sh_drop(t->env, out.id) == SH_OK);
    (void)pthread_barrier_wait(t->barrier); // the name is free again
  }
}

static void test_a_name_has_one_winner(void **state) {
  (void)state;
  stress *s = stress_open();
  election e = {0};
  stress_run(s, 4, elect, &e);
  stress_close(s);
}

// --- retain and drop -------------------------------------------------------------------------

#define POOL 8u
#define RETAIN_TURNS STRESS_SCALE(160000u)

// Ids that every thread knows; each owns one claim, given up by whoever takes the id out.
typedef struct pool {
  _Atomic uint64_t ids[POOL];
} pool;

// What the number of this id holds: no other id has the same.
static double mark_of(sh_id id) { return (double)id + 0.5; }

static sh_id make_marked(sh_env *env) {
  sh_id id = 0;
  STRESS_CHECK(sh_number_new(env, 0, &id) == SH_OK);
  STRESS_CHECK(sh_number_update(env, id, SH_NUMBER_SET, mark_of(id), NULL) == SH_OK);
  return id;
}

static void fight_for_claims(stress_thread *t) {
  pool *p = t->arg;
  for (uint32_t i = 0; i < RETAIN_TURNS; i++) {
    stress_turn(t);
    _Atomic uint64_t *place = &p->ids[stress_below(t, POOL)];
    sh_id id = atomic_load(place);
    double n = 0;
    uint32_t claims = 0;
    uint32_t holds = 0;
    sh_status status = SH_OK;
    switch (stress_below(t, 4)) {
    case 0: // the owner changes its mind, while others borrow and retain
      id = atomic_exchange(place, make_marked(t->env));
      STRESS_CHECK(sh_number_get(t->env, id, &n) == SH_OK && n == mark_of(id));
      STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
      break;
    case 1: // borrowed: alive with its own value, or dead
      status = sh_number_get(t->env, id, &n);
      STRESS_CHECK(status == SH_E_USE_AFTER_FREE || (status == SH_OK && n == mark_of(id)));
      status = sh_id_counts(t->env, id, &claims, &holds);
      STRESS_CHECK(status == SH_E_USE_AFTER_FREE || (status == SH_OK && claims >= 1));
      break;
    default:
      status = sh_retain(t->env, id);
      STRESS_CHECK(status == SH_OK || status == SH_E_USE_AFTER_FREE);
      if (status == SH_OK) {
        STRESS_CHECK(sh_number_get(t->env, id, &n) == SH_OK && n == mark_of(id));
        STRESS_CHECK(sh_number_update(t->env, id, SH_NUMBER_ADD, 0, &n) == SH_OK);
        STRESS_CHECK(n == mark_of(id) && sh_drop(t->env, id) == SH_OK);
      }
      break;
    }
  }
}

static void test_retain_and_drop(void **state) {
  (void)state;
  stress *s = stress_open();
  pool p;
  for (uint32_t i = 0; i < POOL; i++) {
    atomic_store(&p.ids[i], make_marked(s->env));
  }
  stress_run(s, 6, fight_for_claims, &p);
  for (uint32_t i = 0; i < POOL; i++) {
    assert_int_equal(sh_drop(s->env, p.ids[i]), SH_OK);
    assert_int_equal(sh_drop(s->env, p.ids[i]), SH_E_USE_AFTER_FREE);
  }
  stress_close(s);
}

// --- holds -----------------------------------------------------------------------------------

#define HOLD_THREADS 4u
#define HOLD_ROUNDS STRESS_SCALE(4000u)
#define CHILDREN 6u
#define DEPTH 10u

typedef struct family {
  sh_id containers[HOLD_THREADS];
  sh_id children[CHILDREN];
} family;

// A number at the bottom of a chain of vectors, held by nobody else.
static sh_id make_chain(sh_env *env, uint32_t depth) {
  sh_id id = make_marked(env);
  for (uint32_t i = 0; i < depth; i++) {
    sh_id vector = 0;
    uint32_t length = 0;
    sh_value value = stress_ref(id, true);
    STRESS_CHECK(sh_vector_new(env, &vector) == SH_OK);
    STRESS_CHECK(sh_vector_push(env, vector, &value, 1, &length) == SH_OK && length == 1);
    id = vector;
  }
  return id;
}

// A map and vectors that hold the same children, and nothing else does.
static void make_family(sh_env *env, family *f) {
  uint32_t length = 0;
  for (uint32_t i = 0; i < HOLD_THREADS; i++) {
    STRESS_CHECK((i == 0 ? sh_map_new(env, false, &f->containers[i])
                         : sh_vector_new(env, &f->containers[i])) == SH_OK);
  }
  for (uint32_t c = 0; c < CHILDREN; c++) {
    f->children[c] = make_chain(env, c % 2 == 0 ? 0 : DEPTH);
    sh_value child = stress_ref(f->children[c], false);
    for (uint32_t i = 0; i < HOLD_THREADS; i++) {
      sh_value key = stress_number(c);
      STRESS_CHECK((i == 0 ? sh_map_set(env, f->containers[i], &key, &child)
                           : sh_vector_push(env, f->containers[i], &child, 1, &length)) == SH_OK);
    }
    STRESS_CHECK(sh_drop(env, f->children[c]) == SH_OK);
  }
}

static void release_together(stress_thread *t) {
  family *f = t->arg;
  for (uint32_t round = 0; round < HOLD_ROUNDS; round++) {
    stress_turn(t);
    if (t->index == 0) {
      make_family(t->env, f);
    }
    (void)pthread_barrier_wait(t->barrier);
    sh_id child = f->children[stress_below(t, CHILDREN)];
    sh_status status = SH_OK;
    bool mine = false;
    switch (stress_below(t, 3)) {
    case 0: // becomes an owner in the middle of it, or comes too late
      status = sh_retain(t->env, child);
      mine = status == SH_OK;
      STRESS_CHECK(mine || status == SH_E_USE_AFTER_FREE);
      break;
    case 1:
      STRESS_CHECK(sh_vector_clear(t->env, f->containers[t->index]) ==
                   (t->index == 0 ? SH_E_TYPE_MISMATCH : SH_OK));
      break;
    default:
      status = sh_drop(t->env, child); // no claim there, unless another thread retained it
      STRESS_CHECK(status == SH_E_NO_CLAIM || status == SH_E_USE_AFTER_FREE || status == SH_OK);
      if (status == SH_OK) {
        STRESS_CHECK(sh_retain(t->env, child) != SH_E_TOO_MANY);
      }
      break;
    }
    STRESS_CHECK(sh_drop(t->env, f->containers[t->index]) == SH_OK);
    if (mine) {
      (void)sh_drop(t->env, child); // its claim may have been given up by another's drop by id
    }
    (void)pthread_barrier_wait(t->barrier);
    // A drop by id may have taken another's claim, and the retain after it may have left one.
    for (uint32_t c = t->index; c < CHILDREN; c += HOLD_THREADS) {
      while (sh_drop(t->env, f->children[c]) == SH_OK) {
      }
      STRESS_CHECK(sh_id_check(t->env, f->children[c], SH_TYPE_NONE, NULL) == SH_E_USE_AFTER_FREE);
    }
    (void)pthread_barrier_wait(t->barrier);
  }
}

static void test_the_last_hold(void **state) {
  (void)state;
  stress *s = stress_open();
  family f;
  stress_run(s, HOLD_THREADS, release_together, &f);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_name_has_one_winner),
      cmocka_unit_test(test_retain_and_drop),
      cmocka_unit_test(test_the_last_hold),
  };
  return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
