// Scopes: what an environment takes while one is open goes when it closes, whatever way it was
// taken, and nothing else does.
#include "support.h"

#include "scope.h"

// An environment of its own, as a worker has one.
static sh_env *open_env(fixture *f) {
  sh_env *env = NULL;
  assert_ok(sh_env_open(f->heap, &env));
  return env;
}

static bool is_alive(fixture *f, sh_id id) {
  return sh_id_check(f->env, id, SH_TYPE_NONE, NULL) == SH_OK;
}

static void what_is_made_inside_goes_with_the_environment(void **state) {
  fixture *f = *state;
  sh_env *env = open_env(f);
  sh_id before = 0;
  sh_id ids[5];
  sh_value text = v_text("a text that needs a payload of its own");
  assert_ok(sh_number_new(env, 1, &before));
  assert_ok(sh_scope_begin(env));
  assert_ok(sh_number_new(env, 2, &ids[0]));
  assert_ok(sh_string_new(env, &text, &ids[1]));
  assert_ok(sh_map_new(env, false, &ids[2]));
  assert_ok(sh_vector_new(env, &ids[3]));
  assert_ok(sh_bytes_new(env, NULL, 100, &ids[4]));
  sh_env_close(env);
  assert_true(is_alive(f, before));
  for (int i = 0; i < 5; i++) {
    assert_false(is_alive(f, ids[i]));
  }
}

static void every_way_to_take_a_claim_counts(void **state) {
  fixture *f = *state;
  sh_env *env = open_env(f);
  sh_id retained = new_string(f, "retained");
  sh_id adopted = new_string(f, "left behind for the other");
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id taken = new_string(f, "taken");
  sh_id popped = new_string(f, "popped");
  sh_id read = new_string(f, "read");
  map_set(f, map, v_text("take"), v_move(taken));
  map_set(f, map, v_text("read"), v_ref(read));
  vector_push(f, vector, v_move(popped));
  assert_ok(sh_scope_begin(env));
  assert_ok(sh_retain(env, retained));
  assert_ok(sh_retain(env, retained));
  assert_ok(sh_scope_add(env, adopted));
  sh_value value;
  bool found = false;
  sh_value key = v_text("take");
  assert_ok(sh_map_take(env, map, &key, &value, &found));
  key = v_text("read");
  assert_ok(sh_map_get(env, map, &key, SH_ACQUIRE, &value, &found));
  assert_ok(sh_vector_pop(env, vector, &value, &found));
  assert_counts(f, retained, 3, 0);
  assert_counts(f, taken, 1, 0);
  assert_counts(f, popped, 1, 0);
  assert_counts(f, read, 2, 1);
  sh_env_close(env);
  assert_counts(f, retained, 1, 0);
  assert_counts(f, read, 1, 1);
  assert_false(is_alive(f, adopted));
  assert_false(is_alive(f, taken));
  assert_false(is_alive(f, popped));
}

static void what_was_dropped_or_moved_is_not_given_up_again(void **state) {
  fixture *f = *state;
  sh_env *env = open_env(f);
  sh_id shared = new_string(f, "also claimed by the first environment");
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  assert_ok(sh_scope_begin(env));
  assert_ok(sh_retain(env, shared));
  assert_ok(sh_drop(env, shared));
  assert_ok(sh_retain(env, shared));
  sh_value move = v_move(shared);
  sh_value key = v_number(1);
  uint32_t length = 0;
  assert_ok(sh_map_set(env, map, &key, &move));
  assert_ok(sh_retain(env, shared));
  assert_ok(sh_vector_push(env, vector, &move, 1, &length));
  assert_counts(f, shared, 1, 2);
  sh_env_close(env);
  assert_counts(f, shared, 1, 2); // neither the other's claim nor the holds
}

static void a_move_that_fails_leaves_the_claim_in_the_scope(void **state) {
  fixture *f = *state;
  sh_env *env = open_env(f);
  sh_id map = new_map(f);
  sh_id dead = new_string(f, "dead");
  assert_ok(sh_drop(f->env, dead));
  sh_id outside = 0;
  sh_id inside = 0;
  sh_value text = v_text("made by the other environment");
  assert_ok(sh_string_new(env, &text, &outside));
  assert_ok(sh_retain(f->env, outside)); // a stranger's: must be there in the end
  assert_ok(sh_scope_begin(env));
  assert_ok(sh_string_new(env, &text, &inside));
  // The second value is none, so the first one's move is undone.
  sh_value values[2] = {v_move(inside), v_ref(dead)};
  uint32_t length = 0;
  sh_id vector = new_vector(f);
  assert_status(sh_vector_push(env, vector, values, 2, &length), SH_E_USE_AFTER_FREE);
  values[0] = v_move(outside);
  values[0].unscoped = true;
  assert_status(sh_vector_push(env, vector, values, 2, &length), SH_E_USE_AFTER_FREE);
  // An unscoped move takes nothing off the list, though the object is on it.
  assert_ok(sh_retain(env, outside));
  assert_ok(sh_vector_push(env, vector, values, 1, &length));
  assert_counts(f, outside, 2, 1);
  assert_counts(f, inside, 1, 0);
  sh_env_close(env);
  assert_counts(f, outside, 1, 1);
  assert_false(is_alive(f, inside));
  assert_ok(sh_drop(f->env, map));
}

static void kept_claims_outlive_the_scope(void **state) {
  fixture *f = *state;
  sh_id kept = 0;
  sh_id twice = 0;
  sh_id left = 0;
  assert_ok(sh_scope_begin(f->env));
  kept = new_number(f, 1);
  twice = new_number(f, 2);
  left = new_number(f, 3);
  assert_ok(sh_retain(f->env, twice));
  sh_scope_remove(f->env, kept);
  sh_scope_remove(f->env, kept); // no longer there
  sh_scope_remove(f->env, twice);
  sh_scope_end(f->env);
  assert_counts(f, kept, 1, 0);
  assert_counts(f, twice, 1, 0);
  assert_false(is_alive(f, left));
  sh_scope_end(f->env); // none is open
  sh_scope_remove(f->env, kept);
  assert_ok(sh_scope_add(f->env, kept));
  assert_counts(f, kept, 1, 0);
}

// Against a plain count of each object: thousands come and go, so the table grows and gaps close.
static void the_list_keeps_count(void **state) {
  enum { OBJECTS = 3000, STEPS = 60000 };
  fixture *f = *state;
  sh_env *env = open_env(f);
  static sh_id ids[OBJECTS];
  static uint32_t taken[OBJECTS];
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < OBJECTS; i++) {
    ids[i] = new_number(f, i);
    taken[i] = 0;
  }
  assert_ok(sh_scope_begin(env));
  for (int step = 0; step < STEPS; step++) {
    uint32_t at = (uint32_t)(next_random(&random) % OBJECTS);
    if (taken[at] > 0 && next_random(&random) % 2 == 0) {
      assert_ok(sh_drop(env, ids[at]));
      taken[at]--;
    } else {
      assert_ok(sh_retain(env, ids[at]));
      taken[at]++;
    }
  }
  for (int i = 0; i < OBJECTS; i++) {
    assert_counts(f, ids[i], 1 + taken[i], 0);
  }
  sh_env_close(env);
  for (int i = 0; i < OBJECTS; i++) {
    assert_counts(f, ids[i], 1, 0);
  }
}

static void a_scope_gives_up_what_contains_much(void **state) {
  fixture *f = *state;
  sh_env *env = open_env(f);
  sh_id head = 0;
  uint32_t length = 0;
  assert_ok(sh_scope_begin(env));
  assert_ok(sh_vector_new(env, &head));
  for (int i = 0; i < 20000; i++) {
    sh_id next = 0;
    sh_value inner = v_move(head);
    assert_ok(sh_vector_new(env, &next));
    assert_ok(sh_vector_push(env, next, &inner, 1, &length));
    head = next;
  }
  assert_int_equal(stats_of(f).objects, 20001);
  sh_env_close(env);
  assert_int_equal(stats_of(f).objects, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(what_is_made_inside_goes_with_the_environment),
      unit(every_way_to_take_a_claim_counts),
      unit(what_was_dropped_or_moved_is_not_given_up_again),
      unit(a_move_that_fails_leaves_the_claim_in_the_scope),
      unit(kept_claims_outlive_the_scope),
      unit(the_list_keeps_count),
      unit(a_scope_gives_up_what_contains_much),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
