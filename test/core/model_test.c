// Random sequences of operations on objects of every type, applied to a heap through its public
// functions and to a simple reference model; see support_model.h. After each stretch of operations
// everything is compared, owners and contents, and the heap verifies itself. In the second test
// random allocations fail: an operation that says so must have changed nothing.
//   SEED=123 build/core-asan/test/model_test     replays a run
#include "support_model_ops.h"

#include "alloc.h"
#include "epoch.h"
#include "names.h"
#include "stats.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__)
#define STEPS 8000u
#elif defined(__SANITIZE_ADDRESS__)
#define STEPS 20000u
#else
#define STEPS 30000u
#endif
#define ROUNDS 3u
#define ENVS 3u

static void refuse_some(model *m, bool failing) {
  model_armed = failing && model_chance(m, 30);
  if (model_armed) {
    sh_test_fail_after(m->heap, model_below(m, 4));
  }
}

// What environments do between calls: going online and offline, trimming, leaving and coming.
static void environment_op(model *m, sh_env **envs) {
  uint32_t which = model_below(m, ENVS);
  switch (model_below(m, 8)) {
  case 0:
    sh_env_online(envs[which]);
    break;
  case 1:
  case 2:
    sh_env_refresh(envs[which]);
    break;
  case 3:
    sh_env_offline(envs[which]);
    break;
  case 4:
    sh_heap_trim(envs[which]);
    break;
  case 5:
    sh_env_close(envs[which]);
    MODEL_CHECK(m, sh_env_open(m->heap, &envs[which]) == SH_OK);
    break;
  default:
    break;
  }
  m->env = envs[which];
}

static void step(model *m, sh_env **envs, bool failing) {
  uint64_t refused = model_refusals;
  if (model_chance(m, 5)) {
    m->op = "environment";
    environment_op(m, envs);
    return;
  }
  m->env = envs[model_below(m, ENVS)];
  refuse_some(m, failing);
  uint32_t choice = model_below(m, 10);
  if (choice < 4) {
    model_object_op(m);
  } else if (choice < 7) {
    model_map_op(m);
  } else {
    model_vector_op(m);
  }
  sh_test_fail_after(m->heap, -1);
  model_armed = false;
  if (model_refusals != refused && model_chance(m, 20)) {
    model_compare(m);
  }
}

// Breaks every tie between objects, gives up every claim: nothing may be left.
static void tear_down(model *m) {
  sh_value null = {.kind = SH_KIND_NULL};
  m->op = "tearing down";
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    model_object *object = &m->objects[i];
    while (object->alive && object->claims > 0) {
      MODEL_CHECK(m, sh_drop(m->env, object->id) == SH_OK);
      model_drop(m, object);
    }
  }
  model_compare(m);
  // What lives on is held by cycles; they are cut where they pass through a container.
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    model_object *object = &m->objects[i];
    for (uint32_t at = 0; object->alive && at < object->size; at++) {
      if (object->type == SH_TYPE_BYTES || object->pairs[at].value.kind != SH_KIND_REF) {
        continue;
      }
      model_value old = object->pairs[at].value;
      object->pairs[at].value = (model_value){SH_KIND_NULL, 0};
      sh_value key = model_in(m, object->pairs[at].key);
      sh_status status = object->type == SH_TYPE_MAP ? sh_map_set(m->env, object->id, &key, &null)
                         : object->type == SH_TYPE_VECTOR
                             ? sh_vector_set(m->env, object->id, at, &null)
                             : sh_record_set(m->env, object->id, 0, at, &null);
      if (object->type == SH_TYPE_RECORD &&
          m->shapes[object->shape].fields[at].type == SH_FIELD_ANY) {
        MODEL_CHECK(m, status == SH_OK);
      }
      MODEL_CHECK(m, status == SH_OK);
      model_release(m, old);
    }
  }
  model_drop_pins(m);
  model_compare(m);
  MODEL_CHECK(m, m->alive == 0);
}

static void run(uint64_t seed, bool failing) {
  sh_config config = {.reserve = UINT64_C(256) << 20};
  sh_heap *heap = NULL;
  sh_env *envs[ENVS];
  sh_stats before;
  sh_stats after;
  assert_int_equal(sh_heap_create(&config, &heap), SH_OK);
  for (uint32_t i = 0; i < ENVS; i++) {
    assert_int_equal(sh_env_open(heap, &envs[i]), SH_OK);
  }
  model *m = model_new(seed, heap);
  m->env = envs[0];
  model_shapes(m);
  sh_heap_stats(m->env, &before);
  model_refusals = 0;
  for (m->step = 1; m->step <= STEPS; m->step++) {
    step(m, envs, failing);
    if (m->step % 250 == 0) {
      model_compare(m);
    }
  }
  m->env = envs[0];
  tear_down(m);
  for (uint32_t i = 0; i < ENVS; i++) {
    sh_env_offline(envs[i]);
  }
  for (uint32_t i = 0; i < ENVS; i++) {
    sh_heap_trim(envs[i]);
  }
  sh_heap_stats(m->env, &after);
  MODEL_CHECK(m, after.objects == 0 && after.live_bytes == before.live_bytes);
  MODEL_CHECK(m, after.limbo_bytes == 0 && after.limbo_objects == 0 && after.pinned_bytes == 0);
  MODEL_CHECK(m, !failing || model_refusals > STEPS / 100);
  print_message("model: seed %" PRIu64 ", %u operations, %" PRIu64 " refused, %" PRIu64
                " bytes used at the end\n",
                seed, STEPS, model_refusals, after.used_bytes);
  model_free(m);
  for (uint32_t i = 0; i < ENVS; i++) {
    sh_env_close(envs[i]);
  }
  sh_heap_destroy(heap);
}

static void run_rounds(bool failing) {
  uint64_t seed = model_seed();
  uint32_t rounds = getenv("SEED") != NULL ? 1 : ROUNDS;
  for (uint32_t i = 0; i < rounds; i++) {
    print_message("model: SEED=%" PRIu64 "\n", seed + i);
    run(seed + i, failing);
  }
}

static void test_random_operations(void **state) {
  (void)state;
  run_rounds(false);
}

static void test_random_operations_with_refused_allocations(void **state) {
  (void)state;
  run_rounds(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_operations),
      cmocka_unit_test(test_random_operations_with_refused_allocations),
  };
  return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
