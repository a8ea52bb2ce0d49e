// Claims and holds: who keeps an object, and how ownership passes on.
#include "support.h"

static void claims_rise_and_fall(void **state) {
  fixture *f = *state;
  sh_id id = new_string(f, "c");
  for (uint32_t i = 2; i <= 50; i++) {
    assert_ok(sh_retain(f->env, id));
    assert_counts(f, id, i, 0);
  }
  for (uint32_t i = 50; i > 1; i--) {
    assert_ok(sh_drop(f->env, id));
    assert_counts(f, id, i - 1, 0);
  }
  assert_ok(sh_drop(f->env, id));
  assert_status(sh_drop(f->env, id), SH_E_USE_AFTER_FREE);
}

static void drop_never_takes_a_containers_hold(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "held");
  map_set(f, map, v_text("key"), v_ref(id));
  vector_push(f, vector, v_ref(id));
  vector_push(f, vector, v_ref(id));
  assert_counts(f, id, 1, 3);
  assert_ok(sh_drop(f->env, id));
  assert_counts(f, id, 0, 3);
  assert_status(sh_drop(f->env, id), SH_E_NO_CLAIM);
  assert_counts(f, id, 0, 3);
  assert_value(map_get(f, map, v_text("key")), v_ref(id));
  assert_ok(sh_drop(f->env, vector));
  assert_counts(f, id, 0, 1);
  assert_ok(sh_drop(f->env, map));
  assert_status(sh_id_check(f->env, id, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
}

static void move_turns_a_claim_into_a_hold(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "moved");
  assert_ok(sh_retain(f->env, id));
  map_set(f, map, v_number(1), v_move(id));
  assert_counts(f, id, 1, 1);
  vector_push(f, vector, v_move(id));
  assert_counts(f, id, 0, 2);
  // No claim left: refused, nothing changed.
  uint64_t before = fingerprint(f);
  sh_value move = v_move(id);
  sh_value key = v_number(2);
  uint32_t length = 0;
  assert_status(sh_map_set(f->env, map, &key, &move), SH_E_NO_CLAIM);
  assert_status(sh_vector_push(f->env, vector, &move, 1, &length), SH_E_NO_CLAIM);
  assert_status(sh_vector_set(f->env, vector, 0, &move), SH_E_NO_CLAIM);
  assert_true(fingerprint(f) == before);
  assert_ok(sh_drop(f->env, map));
  assert_ok(sh_drop(f->env, vector));
  assert_int_equal(stats_of(f).objects, 0);
}

static void failed_write_gives_a_moved_claim_back(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id box = new_box(f, v_null());
  sh_id id = new_string(f, "stays mine");
  sh_value move = v_move(id);
  sh_value bad_key = v_ref(map);
  bool inserted = false;
  uint32_t length = 0;
  sh_value out;
  uint64_t before = fingerprint(f);
  assert_status(sh_map_set(f->env, map, &bad_key, &move), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_set(f->env, vector, &bad_key, &move), SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_map_get_or_insert(f->env, map, &bad_key, &move, &out, &inserted),
                SH_E_UNSUPPORTED_VALUE);
  assert_status(sh_vector_set(f->env, vector, 0, &move), SH_E_OUT_OF_RANGE);
  assert_status(sh_vector_push(f->env, map, &move, 1, &length), SH_E_TYPE_MISMATCH);
  assert_status(sh_record_set(f->env, box, 0, 9, &move), SH_E_UNKNOWN_FIELD);
  assert_status(sh_record_set(f->env, box, 99, 0, &move), SH_E_TYPE_MISMATCH);
  assert_counts(f, id, 1, 0);
  assert_true(fingerprint(f) == before);
  sh_value two[2] = {move, v_ref(id + (UINT64_C(1) << 32))}; // the second is refused
  assert_status(sh_vector_push(f->env, vector, two, 2, &length), SH_E_INVALID_ID);
  assert_counts(f, id, 1, 0);
  assert_true(fingerprint(f) == before);
}

static void taking_out_hands_over(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "handed over");
  sh_value out;
  bool found = false;
  uint32_t removed = 0;
  sh_value key = v_text("k");
  map_set(f, map, key, v_move(id));
  assert_ok(sh_map_take(f->env, map, &key, &out, &found));
  assert_true(found);
  assert_value(out, v_ref(id));
  assert_counts(f, id, 1, 0);
  for (int how = 0; how < 3; how++) {
    vector_push(f, vector, v_move(id));
    assert_counts(f, id, 0, 1);
    if (how < 2) {
      assert_ok(how == 0 ? sh_vector_pop(f->env, vector, &out, &found)
                         : sh_vector_shift(f->env, vector, &out, &found));
    } else {
      assert_ok(sh_vector_splice(f->env, vector, 0, 1, NULL, 0, &out, &removed));
      assert_int_equal(removed, 1);
    }
    assert_value(out, v_ref(id));
    assert_counts(f, id, 1, 0);
  }
  assert_ok(sh_drop(f->env, id));
  assert_int_equal(stats_of(f).objects_by_type[SH_TYPE_STRING], 0);
}

static void acquire_adds_a_claim(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "acquired");
  sh_id box = new_box(f, v_ref(id));
  sh_value out;
  bool found = false;
  sh_value key = v_text("k");
  map_set(f, map, key, v_ref(id));
  vector_push(f, vector, v_ref(id));
  assert_ok(sh_map_get(f->env, map, &key, SH_ACQUIRE, &out, &found));
  assert_counts(f, id, 2, 3);
  assert_ok(sh_vector_get(f->env, vector, 0, SH_ACQUIRE, &out, &found));
  assert_counts(f, id, 3, 3);
  assert_ok(sh_record_get(f->env, box, 0, 0, SH_ACQUIRE, &out));
  assert_counts(f, id, 4, 3);
  assert_ok(sh_map_get(f->env, map, &key, SH_BORROW, &out, &found));
  assert_counts(f, id, 4, 3);
}

static void cycles_are_the_users(void **state) {
  fixture *f = *state;
  sh_id a = new_map(f);
  sh_id b = new_vector(f);
  map_set(f, a, v_text("b"), v_ref(b));
  vector_push(f, b, v_ref(a));
  map_set(f, a, v_text("self"), v_ref(a));
  assert_counts(f, a, 1, 2);
  assert_ok(sh_drop(f->env, b));
  assert_ok(sh_drop(f->env, a));
  assert_counts(f, a, 0, 2); // they hold each other
  assert_int_equal(stats_of(f).objects, 2);
  assert_clean(f->env);
  assert_ok(sh_retain(f->env, a)); // while it is cut, as a JS ref would keep it
  assert_ok(sh_map_clear(f->env, a));
  assert_counts(f, a, 1, 0);
  assert_int_equal(stats_of(f).objects, 1); // b went with its last hold
  assert_ok(sh_drop(f->env, a));
  assert_int_equal(stats_of(f).objects, 0);
}

static void clearing_the_last_hold_on_itself_is_safe(void **state) {
  fixture *f = *state;
  sh_id a = new_map(f);
  map_set(f, a, v_text("self"), v_move(a));
  assert_counts(f, a, 0, 1);
  sh_value key = v_text("self");
  bool found = false;
  assert_ok(sh_map_delete(f->env, a, &key, &found)); // destroys the map it works on
  assert_true(found);
  assert_status(sh_id_check(f->env, a, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
  sh_id v = new_vector(f);
  vector_push(f, v, v_move(v));
  assert_ok(sh_vector_clear(f->env, v));
  assert_status(sh_id_check(f->env, v, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
}

static void counts_never_overflow(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "popular");
  sh_value out;
  sh_value key = v_text("k");
  sh_value ref = v_ref(id);
  bool found = false;
  uint32_t n = 0;
  map_set(f, map, key, ref);
  vector_push(f, vector, ref);
  shi_slot *slot = slot_of(f, id);
  uint64_t counts = atomic_load(&slot->counts);
  assert_true(counts == (UINT64_C(2) << 32 | 1));

  atomic_store(&slot->counts, UINT64_C(2) << 32 | UINT32_MAX);
  uint64_t before = fingerprint(f);
  assert_status(sh_retain(f->env, id), SH_E_TOO_MANY);
  assert_status(sh_map_get(f->env, map, &key, SH_ACQUIRE, &out, &found), SH_E_TOO_MANY);
  assert_status(sh_map_take(f->env, map, &key, &out, &found), SH_E_TOO_MANY);
  assert_status(sh_vector_pop(f->env, vector, &out, &found), SH_E_TOO_MANY);
  assert_status(sh_vector_shift(f->env, vector, &out, &found), SH_E_TOO_MANY);
  assert_status(sh_vector_splice(f->env, vector, 0, 1, NULL, 0, &out, &n), SH_E_TOO_MANY);
  assert_true(fingerprint(f) == before);

  atomic_store(&slot->counts, (uint64_t)UINT32_MAX << 32 | 1);
  before = fingerprint(f);
  sh_value two[2] = {v_number(7), ref};
  sh_value other = v_text("other");
  sh_value move = v_move(id);
  assert_status(sh_map_set(f->env, map, &other, &ref), SH_E_TOO_MANY);
  assert_status(sh_map_set(f->env, map, &other, &move), SH_E_TOO_MANY);
  assert_status(sh_vector_push(f->env, vector, two, 2, &n), SH_E_TOO_MANY);
  assert_status(sh_vector_fill(f->env, vector, &ref, 0, 1), SH_E_TOO_MANY);
  assert_true(fingerprint(f) == before);
  // Reading by value needs a hold of its own: it must not fail for want of one, or say so.
  sh_status status = sh_map_get(f->env, map, &key, SH_DEREF, &out, &found);
  assert_true(status == SH_OK || status == SH_E_TOO_MANY);
  atomic_store(&slot->counts, counts);
}

static void partial_acquire_is_undone(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id map = new_map(f);
  sh_id first = new_string(f, "first");
  sh_id full = new_string(f, "full");
  vector_push(f, vector, v_ref(first));
  vector_push(f, vector, v_ref(full));
  map_set(f, map, v_number(1), v_ref(first));
  map_set(f, map, v_number(2), v_ref(full));
  shi_slot *slot = slot_of(f, full);
  uint64_t counts = atomic_load(&slot->counts);
  atomic_store(&slot->counts, counts | UINT32_MAX);
  sh_value out[4];
  uint32_t count = 0;
  uint32_t version = 0;
  bool moved = false;
  sh_cursor cursor = {0, 0};
  assert_status(sh_vector_read(f->env, vector, 0, SH_ACQUIRE, 2, out, &count, &version),
                SH_E_TOO_MANY);
  assert_status(sh_map_read(f->env, map, &cursor, SH_ACQUIRE, 2, out, &count, &moved, &version),
                SH_E_TOO_MANY);
  assert_status(sh_vector_splice(f->env, vector, 0, 2, NULL, 0, out, &count), SH_E_TOO_MANY);
  assert_int_equal(cursor.position, 0);
  atomic_store(&slot->counts, counts);
  assert_counts(f, first, 1, 2);
  assert_int_equal(vector_length(f, vector), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(claims_rise_and_fall),           unit(drop_never_takes_a_containers_hold),
      unit(move_turns_a_claim_into_a_hold), unit(failed_write_gives_a_moved_claim_back),
      unit(taking_out_hands_over),          unit(acquire_adds_a_claim),
      unit(cycles_are_the_users),           unit(clearing_the_last_hold_on_itself_is_safe),
      unit(counts_never_overflow),          unit(partial_acquire_is_undone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
