// Every operation with each of its allocations refused in turn, of the region and of the process
// alike: it says HEAP_FULL and has changed nothing. An operation that is added to the core gets its
// line here or, if it needs no memory, in no_memory_test.c. (sh_map_set_many, which may
// have done a part, is in map_many_test.c; calls without a slot to be had are beside each type's
// tests.)
#include "support.h"

#include <stdlib.h>

#define LONG 70000u // characters: scratch memory for them is not kept between calls

// Objects that the operations of a table are done to. Texts are given wide and stored narrow: keys
// and what is compared take scratch memory for it.
typedef struct job {
  object_set of;
  sh_id moved;
  uint16_t *texts[2]; // LONG units each, that fit latin1
  sh_value a;         // the same as values
  sh_value b;
  sh_value out; // results
  sh_id id;
  uint32_t n;
  bool flag;
} job;

static void set_up(fixture *f, job *j) {
  for (uint32_t i = 0; i < 2; i++) {
    j->texts[i] = calloc(LONG, sizeof(uint16_t));
    for (uint32_t u = 0; u < LONG; u++) {
      j->texts[i][u] = (uint16_t)('a' + (u + i) % 26);
    }
  }
  j->a = v_wide(j->texts[0], LONG);
  j->b = v_wide(j->texts[1], LONG);
  j->of = object_set_new(f);
  j->moved = new_string(f, "moved");
}

static void tear_down(job *j) {
  for (uint32_t i = 0; i < 2; i++) {
    free(j->texts[i]);
  }
}

// --- what needs memory -----------------------------------------------------------------------

static sh_status op_string_new(fixture *f, void *arg) {
  job *j = arg;
  return sh_string_new(f->env, &j->a, &j->id);
}

static sh_status op_string_set(fixture *f, void *arg) {
  job *j = arg;
  return sh_string_set(f->env, j->of.string, &j->a);
}

static sh_status op_string_compare_exchange(fixture *f, void *arg) {
  job *j = arg;
  sh_status status =
      sh_string_compare_exchange(f->env, j->of.string, &j->b, &j->a, &j->flag, &j->out);
  return give_up(f, status, &j->out);
}

static sh_status op_bytes_new(fixture *f, void *arg) {
  job *j = arg;
  return sh_bytes_new(f->env, NULL, LONG, &j->id);
}

static sh_status op_map_get(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_get(f->env, j->of.map, &j->a, SH_BORROW, &j->out, &j->flag);
}

static sh_status op_map_has(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_has(f->env, j->of.map, &j->a, &j->flag);
}

static sh_status op_map_get_many(fixture *f, void *arg) {
  job *j = arg;
  sh_value keys[2] = {j->a, j->b};
  sh_value outs[2];
  return sh_map_get_many(f->env, j->of.map, keys, 2, SH_DEREF, outs, NULL);
}

static sh_status op_map_find(fixture *f, void *arg) {
  job *j = arg;
  sh_cursor cursor = {0, 0};
  return sh_map_find(f->env, j->of.map, &j->a, &cursor, &j->flag);
}

static sh_status op_map_set(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_set(f->env, j->of.map, &j->a, &j->b);
}

static sh_status op_map_set_moved(fixture *f, void *arg) {
  job *j = arg;
  sh_value moved = v_move(j->moved);
  return sh_map_set(f->env, j->of.map, &j->a, &moved);
}

static sh_status op_map_get_or_insert(fixture *f, void *arg) {
  job *j = arg;
  sh_status status = sh_map_get_or_insert(f->env, j->of.map, &j->a, &j->b, &j->out, &j->flag);
  return give_up(f, status, &j->out);
}

static sh_status op_map_compare_exchange(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(3);
  sh_value three = v_number(3);
  return sh_map_compare_exchange(f->env, j->of.map, &key, &three, &j->a, &j->flag, &j->out);
}

static sh_status op_map_add(fixture *f, void *arg) {
  job *j = arg;
  double old = 0;
  return sh_map_add(f->env, j->of.map, &j->a, 1, &old);
}

static sh_status op_map_delete(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_delete(f->env, j->of.map, &j->a, &j->flag);
}

static sh_status op_map_take(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_take(f->env, j->of.map, &j->a, &j->out, &j->flag);
}

static sh_status op_vector_push(fixture *f, void *arg) {
  job *j = arg;
  sh_value values[3] = {j->a, v_move(j->moved), j->b};
  return sh_vector_push(f->env, j->of.vector, values, 3, &j->n);
}

static sh_status op_vector_unshift(fixture *f, void *arg) {
  job *j = arg;
  sh_value values[2] = {j->a, v_number(1)};
  return sh_vector_unshift(f->env, j->of.vector, values, 2, &j->n);
}

static sh_status op_vector_splice(fixture *f, void *arg) {
  job *j = arg;
  sh_value values[2] = {j->a, j->b};
  sh_value outs[1];
  return sh_vector_splice(f->env, j->of.vector, 1, 1, values, 2, outs, &j->n);
}

static sh_status op_vector_set(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_set(f->env, j->of.vector, 1, &j->a);
}

static sh_status op_vector_fill(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_fill(f->env, j->of.vector, &j->a, 0, 3);
}

static sh_status op_vector_index_of(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_index_of(f->env, j->of.vector, &j->a, 0, false, true, &j->n, &j->flag);
}

static sh_status op_record_new(fixture *f, void *arg) {
  job *j = arg;
  sh_value values[3] = {j->a, v_number(1), j->b};
  return sh_record_new(f->env, j->of.shape, values, 3, &j->id, NULL);
}

static sh_status op_record_set(fixture *f, void *arg) {
  job *j = arg;
  return sh_record_set(f->env, j->of.record, j->of.shape, 0, &j->a);
}

static sh_status op_shape_define(fixture *f, void *arg) {
  job *j = arg;
  sh_field fields[] = {{.name = j->a, .type = SH_FIELD_NUMBER},
                       {.name = j->b, .type = SH_FIELD_ANY}};
  return sh_shape_define(f->env, fields, 2, &j->n);
}

static sh_status op_env_open(fixture *f, void *arg) {
  (void)arg;
  sh_env *env = NULL;
  sh_status status = sh_env_open(f->heap, &env);
  if (status == SH_OK) {
    sh_env_close(env);
  }

  return status;
}
static sh_status op_verify(fixture *f, void *arg) {
  (void)arg;
  sh_verify_result result;
  return sh_heap_verify(f->env, NULL, NULL, &result);
}

// How often each is refused at least, by the region and by the process.
static const struct {
  const char *name;
  sweep_op run;
  int region;
  int local;
} operations[] = {
    {"string new", op_string_new, 1, 0},
    {"string set", op_string_set, 1, 0},
    {"string compareExchange", op_string_compare_exchange, 1, 1},
    {"bytes new", op_bytes_new, 1, 0},
    {"map get", op_map_get, 0, 1},
    {"map has", op_map_has, 0, 1},
    {"map get many", op_map_get_many, 0, 2},
    {"map find", op_map_find, 0, 1},
    {"map set", op_map_set, 2, 1},
    {"map set moved", op_map_set_moved, 1, 1},
    {"map getOrInsert", op_map_get_or_insert, 2, 1},
    {"map compareExchange", op_map_compare_exchange, 1, 0},
    {"map add", op_map_add, 1, 1},
    {"map delete", op_map_delete, 0, 1},
    {"map take", op_map_take, 0, 1},
    {"vector push", op_vector_push, 2, 0},
    {"vector unshift", op_vector_unshift, 2, 0},
    {"vector splice", op_vector_splice, 2, 0},
    {"vector set", op_vector_set, 1, 0},
    {"vector fill", op_vector_fill, 3, 0},
    {"vector indexOf", op_vector_index_of, 0, 1},
    {"struct new", op_record_new, 4, 0},
    {"struct set", op_record_set, 1, 0},
    {"shape define", op_shape_define, 3, 2},
    {"environment open", op_env_open, 0, 2},
    {"verify", op_verify, 0, 1},
};

static void refusals_change_nothing(void **state) {
  for (uint32_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    for (int local = 0; local < 2; local++) {
      fixture *f = *state;
      job j = {0};
      set_up(f, &j);
      if (local) {
        assert_local_sweep(f, operations[i].run, &j, operations[i].local);
      } else {
        assert_sweep(f, operations[i].run, &j, operations[i].region);
      }
      tear_down(&j);
      assert_int_equal(close_fixture(state), 0); // nothing of it is left
      assert_int_equal(open_fixture(state), 0);
    }
  }
}

// Memory that cannot be put on the limbo queue is lost, never used early: it stays counted.
static void limbo_without_memory_stays_limbo(void **state) {
  (void)state;
  fixture *f = NULL;
  void *own = NULL;
  assert_int_equal(open_fixture(&own), 0);
  f = own;
  sh_id vector = new_vector(f);
  vector_push(f, vector, v_text("a text with a payload"));
  sh_env_online(f->env);
  sh_test_fail_local_after(f->heap, 0);
  assert_ok(sh_drop(f->env, vector));
  sh_test_fail_local_after(f->heap, -1);
  assert_status(sh_retain(f->env, vector), SH_E_USE_AFTER_FREE);
  sh_env_offline(f->env);
  sh_heap_trim(f->env);
  sh_stats stats = stats_of(f);
  assert_int_equal(stats.objects, 0);
  assert_int_equal(stats.limbo_objects, 1);
  assert_true(stats.limbo_bytes > 0);
  assert_clean(f->env);
  sh_env_close(f->env);
  sh_heap_destroy(f->heap);
  free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(refusals_change_nothing),
      cmocka_unit_test(limbo_without_memory_stays_limbo),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
