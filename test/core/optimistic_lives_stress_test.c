// Hunts for reads of objects that have been dropped, and of what came in their place: see
// support_hunt.h.
#include "support_hunt.h"

#include "map.h"
#include "record.h"
#include "slot.h"
#include "str.h"
#include "vector.h"

#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// An owner makes objects, tells one id, then drops it and makes others of the same type, which take
// its slot and its bodies as soon as they may. Each object's contents name its own id; a new one is
// empty for a moment.
#define OTHERS 6u

typedef struct lives {
  hunt h;
  sh_type type;
  _Atomic sh_id target;
} lives;

static sh_id make_empty(stress_thread *t, const lives *l) {
  sh_id id = 0;
  sh_value text = stress_text("new");
  sh_value nothing[2] = {{.kind = SH_KIND_UNDEFINED}, {.kind = SH_KIND_UNDEFINED}};
  sh_status status;
  switch (l->type) {
  case SH_TYPE_STRING:
    status = sh_string_new(t->env, &text, &id);
    break;
  case SH_TYPE_MAP:
    status = sh_map_new(t->env, false, &id);
    break;
  case SH_TYPE_VECTOR:
    status = sh_vector_new(t->env, &id);
    break;
  default:
    status = sh_record_new(t->env, l->h.shape, nothing, 2, &id, NULL);
    break;
  }
  STRESS_CHECK(status == SH_OK);
  return id;
}

// At most 13 hexadecimal digits: in the slot of a string.
static void name_of(sh_id id, char *text) { (void)snprintf(text, 64, "%" PRIx64, id); }

static void fill_in(stress_thread *t, const lives *l, sh_id id) {
  char text[64];
  uint32_t length = 0;
  name_of(id, text);
  sh_value name = stress_text(text);
  sh_value key = stress_text("a key of the object that has a payload");
  sh_status status;
  switch (l->type) {
  case SH_TYPE_STRING:
    status = sh_string_set(t->env, id, &name);
    break;
  case SH_TYPE_MAP:
    status = sh_map_set(t->env, id, &key, &name);
    break;
  case SH_TYPE_VECTOR:
    status = sh_vector_push(t->env, id, &name, 1, &length);
    break;
  default:
    status = sh_record_set(t->env, id, l->h.shape, 1, &name);
    break;
  }
  STRESS_CHECK(status == SH_OK);
}

static bool is_name(sh_id id, const sh_value *out, bool found) {
  char text[64];
  name_of(id, text);
  if (!found ||
      (out->kind == SH_KIND_STRING && out->length == 3 && memcmp(out->chars, "new", 3) == 0) ||
      (out->kind == SH_KIND_STRING && out->length == 0)) {
    return true; // before it was filled in
  }
  return out->kind == SH_KIND_STRING && out->length == strlen(text) &&
         memcmp(out->chars, text, out->length) == 0;
}

static void look(stress_thread *t, lives *l) {
  sh_id id = atomic_load(&l->target);
  sh_value key = stress_text("a key of the object that has a payload");
  sh_value out = {.kind = SH_KIND_UNDEFINED};
  bool found = true;
  sh_status status;
  if (id == 0) {
    return;
  }
  switch (l->type) {
  case SH_TYPE_STRING:
    status = sh_string_get(t->env, id, &out);
    break;
  case SH_TYPE_MAP:
    status = sh_map_get(t->env, id, &key, SH_BORROW, &out, &found);
    break;
  case SH_TYPE_VECTOR:
    status = sh_vector_get(t->env, id, 0, SH_BORROW, &out, &found);
    break;
  default:
    status = sh_record_get(t->env, id, l->h.shape, 1, SH_BORROW, &out);
    break;
  }
  if (status == SH_E_USE_AFTER_FREE) {
    atomic_fetch_add_explicit(&l->h.gone, 1, memory_order_relaxed);
  } else {
    HUNT_CHECK(&l->h, status == SH_OK && is_name(id, &out, found));
  }
}

static void live_and_die(stress_thread *t, lives *l) {
  time_t start = time(NULL);
  for (uint32_t turn = 0; hunt_goes_on(&l->h, 4 * turn, start); turn++) {
    sh_id others[OTHERS];
    sh_id id = make_empty(t, l);
    fill_in(t, l, id);
    atomic_store(&l->target, id);
    if (turn % 4 == 0) {
      (void)sched_yield();
    }
    STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
    for (uint32_t i = 0; i < OTHERS; i++) {
      others[i] = make_empty(t, l);
      fill_in(t, l, others[i]);
    }
    for (uint32_t i = 0; i < OTHERS; i++) {
      STRESS_CHECK(sh_drop(t->env, others[i]) == SH_OK);
    }
  }
}

static void life_worker(stress_thread *t) {
  lives *l = t->arg;
  if (t->index == 0) {
    live_and_die(t, l);
    atomic_fetch_sub(&l->h.writers, 1);
    return;
  }
  while (hunt_turn(t, &l->h)) {
    look(t, l);
  }
}

static void hunt_lives(sh_type type, uint32_t flaws, const char *name) {
  lives l = {.type = type};
  stress *s = hunt_begin(&l.h, flaws, 1);
  sh_field fields[] = {{.name = stress_text("n"), .type = SH_FIELD_NUMBER},
                       {.name = stress_text("text"), .type = SH_FIELD_STRING}};
  STRESS_CHECK(sh_shape_define(s->env, fields, 2, &l.h.shape) == SH_OK);
  stress_baseline(s);
  stress_run(s, 3, life_worker, &l);
  hunt_end(s, &l.h, name);
  assert_true(l.h.flaws != 0 || l.h.gone > 0); // the case was there to be seen
}

static void test_the_dropped_are_no_other_objects(void **state) {
  (void)state;
  hunt_lives(SH_TYPE_STRING, 0, "dropped strings");
  hunt_lives(SH_TYPE_MAP, 0, "dropped maps");
  hunt_lives(SH_TYPE_VECTOR, 0, "dropped vectors");
  hunt_lives(SH_TYPE_RECORD, 0, "dropped records");
}

// Strings only: their texts are in the slot, and no body that has been freed is looked into.
static void test_flawed_readers_of_the_dropped_are_caught(void **state) {
  (void)state;
  hunt_lives(SH_TYPE_STRING, SH_FLAW_UNCHECKED | SH_FLAW_OFFLINE, "dropped strings");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_dropped_are_no_other_objects),
      cmocka_unit_test(test_flawed_readers_of_the_dropped_are_caught),
  };
  return cmocka_run_group_tests_name("optimistic_lives", tests, NULL, NULL);
}
