// Scopes and surveys while others write. Each thread opens environments that build, share and lose
// things inside a scope and then close in the middle of it, as workers do that are terminated; one
// thread takes surveys. In the end nothing is left but what was there before.
#include "support_stress.h"

#include "inspect.h"
#include "map.h"
#include "names.h"
#include "number.h"
#include "scope.h"
#include "slot.h"
#include "str.h"
#include "trace.h"
#include "vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 4u
#define LIVES STRESS_SCALE(400u)
#define STEPS 200u

typedef struct shared {
  sh_id map;
  sh_id vector;
} shared;

// One thing that a worker does; everything may be met by another thread half way.
static void step(stress_thread *t, sh_env *env, const shared *s) {
  sh_id id = 0;
  uint32_t length = 0;
  bool found = false;
  sh_value out;
  sh_value key = stress_number(stress_below(t, 20));
  sh_value text = stress_text("a text that lies outside its slot");
  switch (stress_below(t, 7)) {
  case 0:
    STRESS_CHECK(sh_string_new(env, &text, &id) == SH_OK);
    sh_trace_object(env, id, sh_trace_site(env, "string", 6));
    break;
  case 1:
    STRESS_CHECK(sh_number_new(env, 1, &id) == SH_OK);
    STRESS_CHECK(sh_drop(env, id) == SH_OK);
    break;
  case 2:
    STRESS_CHECK(sh_vector_new(env, &id) == SH_OK);
    out = stress_ref(id, true);
    STRESS_CHECK(sh_map_set(env, s->map, &key, &out) == SH_OK);
    break;
  case 3:
    STRESS_CHECK(sh_map_take(env, s->map, &key, &out, &found) == SH_OK);
    break;
  case 4:
    STRESS_CHECK(sh_string_new(env, &text, &id) == SH_OK);
    out = stress_ref(id, true);
    STRESS_CHECK(sh_vector_push(env, s->vector, &out, 1, &length) == SH_OK);
    break;
  case 5:
    STRESS_CHECK(sh_vector_pop(env, s->vector, &out, &found) == SH_OK);
    break;
  default:
    STRESS_CHECK(sh_map_get(env, s->map, &key, SH_ACQUIRE, &out, &found) == SH_OK);
  }
}

static void live_and_die(stress_thread *t) {
  for (uint32_t life = 0; life < LIVES; life++) {
    sh_env *env = NULL;
    STRESS_CHECK(sh_env_open(t->stress->heap, &env) == SH_OK);
    STRESS_CHECK(sh_scope_begin(env) == SH_OK);
    uint32_t steps = stress_below(t, STEPS);
    for (uint32_t i = 0; i < steps; i++) {
      step(t, env, t->arg);
    }
    sh_env_close(env);
    if (t->index == 0 && life % 8 == 0) {
      sh_survey survey;
      sh_tally tally;
      const shared *s = t->arg;
      STRESS_CHECK(sh_survey_take(t->env, &survey) == SH_OK);
      sh_survey_free(&survey);
      STRESS_CHECK(sh_reach(t->env, &s->map, 1, &tally) == SH_OK && tally.objects >= 1);
    }
  }
}

static void closing_environments_give_up_what_they_took(void **state) {
  (void)state;
  stress *s = stress_open();
  shared ids;
  STRESS_CHECK(sh_map_new(s->env, false, &ids.map) == SH_OK);
  STRESS_CHECK(sh_vector_new(s->env, &ids.vector) == SH_OK);
  stress_run(s, THREADS, live_and_die, &ids);
  STRESS_CHECK(sh_map_clear(s->env, ids.map) == SH_OK);
  STRESS_CHECK(sh_vector_clear(s->env, ids.vector) == SH_OK);
  STRESS_CHECK(sh_drop(s->env, ids.map) == SH_OK && sh_drop(s->env, ids.vector) == SH_OK);
  stress_close(s); // nothing is alive
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closing_environments_give_up_what_they_took),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
