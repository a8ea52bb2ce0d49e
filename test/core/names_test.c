// The map of names: there from the start, out of reach of ids from JS, holding what it names.
#include "support.h"

static void names_are_out_of_reach(void **state) {
  fixture *f = *state;
  sh_id id = 77;
  sh_id names = sh_names_id(f->heap);
  assert_int_equal(names, SH_NAMES_INDEX);
  assert_status(sh_id_from_number(f->env, (double)names, &id), SH_E_INVALID_ID);
  assert_status(sh_id_from_number(f->env, 4294967296.0 + (double)names, &id), SH_E_INVALID_ID);
  assert_int_equal(sh_id_type(f->env, (double)names, NULL), SH_TYPE_NONE);
  assert_int_equal(id, 77);
  uint32_t index = 0;
  uint32_t count = 7;
  sh_walk(f->env, &index, 1, &id, &count);
  assert_int_equal(count, 0);
  assert_int_equal(stats_of(f).objects, 0); // nobody's object
  assert_counts(f, names, 1, 0);
}

static void a_name_holds_its_object(void **state) {
  fixture *f = *state;
  sh_id names = sh_names_id(f->heap);
  sh_id id = new_map(f);
  sh_env *other = NULL;
  sh_value out;
  bool found = false;
  sh_value name = v_text("config");
  map_set(f, names, name, v_move(id));
  assert_counts(f, id, 0, 1);
  assert_ok(sh_env_open(f->heap, &other));
  assert_ok(sh_map_get(other, names, &name, SH_ACQUIRE, &out, &found));
  assert_true(found);
  assert_value(out, v_ref(id));
  assert_int_equal(out.type, SH_TYPE_MAP);
  assert_ok(sh_map_delete(other, names, &name, &found));
  assert_counts(f, id, 1, 0);
  assert_ok(sh_drop(other, id));
  assert_int_equal(stats_of(f).objects, 0);
  sh_env_close(other);
}

static void one_winner_of_a_name(void **state) {
  fixture *f = *state;
  sh_id names = sh_names_id(f->heap);
  sh_id first = new_vector(f);
  sh_id second = new_vector(f);
  sh_value name = v_text("queue");
  sh_value move = v_move(first);
  sh_value out;
  bool inserted = false;
  assert_ok(sh_map_get_or_insert(f->env, names, &name, &move, &out, &inserted));
  assert_true(inserted);
  assert_value(out, v_ref(first));
  move = v_move(second);
  assert_ok(sh_map_get_or_insert(f->env, names, &name, &move, &out, &inserted));
  assert_false(inserted);
  assert_value(out, v_ref(first));
  assert_counts(f, first, 0, 1);
  assert_counts(f, second, 1, 0); // the loser keeps its claim
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(names_are_out_of_reach),
      unit(a_name_holds_its_object),
      unit(one_winner_of_a_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
