// A run of operations from an empty heap to an empty heap; see support_model_ops.h. The random
// model test and the fuzz target (test/fuzz/core) both consist of it.
#include "support_model_ops.h"

#include "alloc.h"
#include "state.h"

#include <string.h>

void model_run_open(model_run *run, uint64_t seed) {
  sh_config config = {.reserve = UINT64_C(256) << 20};
  memset(run, 0, sizeof *run);
  run->m = model_new(seed, NULL);
  model *m = run->m;
  MODEL_CHECK(m, sh_heap_create(&config, &run->heap) == SH_OK);
  m->heap = run->heap;
  memcpy(run->heap->header->hash_seed, &seed, sizeof seed); // a run again is the same run
  memset(&run->heap->header->hash_seed[1], 0x5a, sizeof seed);
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    MODEL_CHECK(m, sh_env_open(run->heap, &m->envs[i]) == SH_OK);
  }
  m->env = m->envs[0];
  model_shapes(m);
  sh_heap_stats(m->env, &run->before);
}

// What environments do between calls: going online and offline, trimming, leaving and coming.
static void environment_op(model_run *run) {
  model *m = run->m;
  sh_env **env = &m->envs[model_below(m, MODEL_ENVS)];
  switch (model_below(m, 8)) {
  case 0:
    sh_env_online(*env);
    break;
  case 1:
  case 2:
    sh_env_refresh(*env);
    break;
  case 3:
    sh_env_offline(*env);
    break;
  case 4:
    sh_heap_trim(*env);
    break;
  case 5:
    sh_env_close(*env);
    model_waits_closed(m, *env);
    MODEL_CHECK(m, sh_env_open(run->heap, env) == SH_OK);
    break;
  default:
    break;
  }
  m->env = *env;
}

void model_run_step(model_run *run, bool failing) {
  model *m = run->m;
  uint64_t refused = model_refusals;
  if (model_chance(m, 5)) {
    m->op = "environment";
    environment_op(run);
    return;
  }
  m->env = m->envs[model_below(m, MODEL_ENVS)];
  model_armed = failing && model_chance(m, 30);
  if (model_armed) {
    sh_test_fail_after(m->heap, model_below(m, 4));
  }
  uint32_t choice = model_below(m, 13);
  if (choice < 4) {
    model_object_op(m);
  } else if (choice < 7) {
    model_map_op(m);
  } else if (choice < 10) {
    model_vector_op(m);
  } else if (choice < 11) {
    model_queue_op(m);
  } else {
    model_waits_op(m);
  }
  sh_test_fail_after(m->heap, -1);
  model_armed = false;
  model_compare_waits(m);
  if (model_refusals != refused && model_chance(m, 20)) {
    model_compare(m);
  }
}

// What lives on without claims is held by cycles; this cuts one where it passes through a
// container.
static void cut(model *m, model_object *object, uint32_t at) {
  sh_value null = {.kind = SH_KIND_NULL};
  model_value old = object->pairs[at].value;
  if (object->type == SH_TYPE_QUEUE) {
    model_queue_pop(m, object, SH_OK); // nothing in it can be replaced
    if (old.kind == SH_KIND_REF) {
      MODEL_CHECK(m, sh_drop(m->env, m->objects[old.bits].id) == SH_OK);
      model_drop(m, &m->objects[old.bits]);
    }
    return;
  }
  sh_value key = model_in(m, object->pairs[at].key);
  object->pairs[at].value = (model_value){SH_KIND_NULL, 0};
  sh_status status = object->type == SH_TYPE_MAP ? sh_map_set(m->env, object->id, &key, &null)
                     : object->type == SH_TYPE_VECTOR
                         ? sh_vector_set(m->env, object->id, at, &null)
                         : sh_record_set(m->env, object->id, 0, at, &null);
  MODEL_CHECK(m, status == SH_OK);
  model_release(m, old);
}

static void tear_down(model *m) {
  m->op = "tearing down";
  model_leave_all(m);
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    model_object *object = &m->objects[i];
    while (object->alive && object->claims > 0) {
      MODEL_CHECK(m, sh_drop(m->env, object->id) == SH_OK);
      model_drop(m, object);
    }
  }
  model_compare(m);
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    model_object *object = &m->objects[i];
    while (object->alive && object->type == SH_TYPE_QUEUE && object->size > 0) {
      cut(m, object, 0);
    }
    for (uint32_t at = 0; object->alive && at < object->size; at++) {
      if (object->type != SH_TYPE_BYTES && object->pairs[at].value.kind == SH_KIND_REF) {
        cut(m, object, at);
      }
    }
  }
  model_drop_pins(m);
  model_compare(m);
  MODEL_CHECK(m, m->alive == 0);
}

void model_run_close(model_run *run, sh_stats *after) {
  model *m = run->m;
  sh_stats stats;
  m->env = m->envs[0];
  tear_down(m);
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    sh_env_offline(m->envs[i]);
  }
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    sh_heap_trim(m->envs[i]);
  }
  sh_heap_stats(m->env, &stats);
  MODEL_CHECK(m, stats.objects == 0 && stats.live_bytes == run->before.live_bytes);
  MODEL_CHECK(m, stats.limbo_bytes == 0 && stats.limbo_objects == 0 && stats.pinned_bytes == 0);
  if (after != NULL) {
    *after = stats;
  }
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    sh_env_close(m->envs[i]);
  }
  model_free(m);
  sh_heap_destroy(run->heap);
}
