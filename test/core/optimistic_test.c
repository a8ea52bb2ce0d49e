// Optimistic reads (csrc/core/optimistic.h), step by step: a second environment changes the object
// at a chosen place inside a section of the first. The reader must notice; one that does not look
// at the lock word again shows what it would have handed out. Where sections end and the lock
// begins is in optimistic_limits_test.c.
#include "support_scene.h"

// --- the writer's acts -----------------------------------------------------------------------

static void set_string(scene *s, const char *text) {
  sh_value value = v_text(text);
  assert_ok(sh_string_set(s->writer, s->id, &value));
}

static void set_short(scene *s) { set_string(s, "bbbbbbbbbbbbbbb"); }

static void set_long(scene *s) { set_string(s, OTHER); }

static void delete_key(scene *s) {
  sh_value key = v_text("key");
  bool found = false;
  assert_ok(sh_map_delete(s->writer, s->id, &key, &found));
  assert_true(found);
}

static void add_keys(scene *s) {
  for (int i = 0; i < 100; i++) {
    sh_value key = v_number(i);
    assert_ok(sh_map_set(s->writer, s->id, &key, &key));
  }
}

static void set_key(scene *s) {
  sh_value key = v_text("key");
  sh_value value = v_number(s->times);
  assert_ok(sh_map_set(s->writer, s->id, &key, &value));
}

static void remove_second(scene *s) {
  bool found = false;
  assert_ok(sh_vector_remove_at(s->writer, s->id, 1, &found));
}

static void clear_vector(scene *s) { assert_ok(sh_vector_clear(s->writer, s->id)); }

static void push_many(scene *s) {
  for (int i = 0; i < 100; i++) {
    sh_value value = v_text(LONG);
    uint32_t length = 0;
    assert_ok(sh_vector_push(s->writer, s->id, &value, 1, &length));
  }
}

static void set_field(scene *s) {
  sh_value value = v_text(OTHER);
  assert_ok(sh_record_set(s->writer, s->id, 0, 0, &value));
}

static void drop_it(scene *s) { assert_ok(sh_drop(s->writer, s->id)); }

static void drop_and_make_another(scene *s) {
  sh_id other = 0;
  sh_value value = v_text("another");
  assert_ok(sh_drop(s->writer, s->id));
  assert_ok(sh_string_new(s->writer, &value, &other));
  assert_int_equal((uint32_t)other, (uint32_t)s->id); // the slot again
}

// --- tests -----------------------------------------------------------------------------------

static void strings_are_one_text(void **state) {
  scene s = open_scene(*state);
  s.id = new_string(s.f, "aaaaaaaaaaaaaaa");
  set_scene(&s, set_short, SH_PEEK_HALF, 1, 0);
  assert_value(read_string(&s), v_text("bbbbbbbbbbbbbbb"));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], 2);
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);

  set_string(&s, "aaaaaaaaaaaaaaa");
  set_scene(&s, set_short, SH_PEEK_HALF, 1, SH_FLAW_UNCHECKED);
  assert_value(read_string(&s), v_text("aaaaaaaabbbbbbb")); // of both

  // From the slot to a body and back: half an offset is never followed, not even by the flawed.
  set_scene(&s, set_long, SH_PEEK_HALF, 1, SH_FLAW_UNCHECKED);
  assert_value(read_string(&s), v_text(OTHER));
  set_scene(&s, set_short, SH_PEEK_HALF, 1, 0);
  assert_value(read_string(&s), v_text("bbbbbbbbbbbbbbb"));
  // These characters are an offset in the region, where nothing is accessible yet.
  uint8_t offset[15] = {[3] = 3};
  sh_value trap = v_latin1(offset, sizeof offset);
  assert_ok(sh_string_set(s.writer, s.id, &trap));
  set_scene(&s, set_long, SH_PEEK_HALF, 1, 0);
  assert_value(read_string(&s), v_text(OTHER));
  set_string(&s, LONG);
  set_scene(&s, set_long, SH_PEEK_HELD, 1, 0);
  assert_value(read_string(&s), v_text(OTHER));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], 2);
  close_scene(&s);
}

static void entries_are_of_their_keys(void **state) {
  scene s = open_scene(*state);
  sh_value key = v_text("key");
  s.id = new_map(s.f);
  for (uint32_t flaws = 0; flaws <= SH_FLAW_UNCHECKED; flaws++) {
    sh_value out;
    bool found = true;
    map_set(s.f, s.id, key, v_number(7));
    set_scene(&s, delete_key, SH_PEEK_FOUND, 1, flaws);
    assert_ok(sh_map_get(s.f->env, s.id, &key, SH_BORROW, &out, &found));
    assert_value(out, v_undefined());
    assert_int_equal(found, flaws != 0); // the flawed one hands out an entry that is no more
  }
  map_set(s.f, s.id, key, v_text(LONG));
  set_scene(&s, add_keys, SH_PEEK_FOUND, 1, 0); // another table
  assert_value(read_key(&s, key, SH_BORROW), v_text(LONG));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], 2);
  set_scene(&s, add_keys, SH_PEEK_BEGUN, 1, 0);
  assert_value(read_key(&s, v_number(50), SH_BORROW), v_number(50));
  close_scene(&s);
}

static void elements_are_of_their_places(void **state) {
  scene s = open_scene(*state);
  for (uint32_t flaws = 0; flaws <= SH_FLAW_UNCHECKED; flaws++) {
    s.id = new_vector(s.f);
    for (int i = 0; i < 7; i++) {
      vector_push(s.f, s.id, v_number(i));
    }
    // Element 0 is moved to where element 1 was; at index 1 there are 1 before and 2 after.
    set_scene(&s, remove_second, SH_PEEK_HELD, 1, flaws);
    assert_value(read_index(&s, 1), v_number(flaws == 0 ? 2 : 0));
  }
  set_scene(&s, remove_second, SH_PEEK_HALF, 1, 0); // the start and the length of two states
  assert_value(read_index(&s, 4), v_number(6));
  set_scene(&s, push_many, SH_PEEK_HALF, 1, SH_FLAW_UNCHECKED); // not followed by the flawed either
  assert_value(read_index(&s, 104), v_text(LONG));
  set_scene(&s, push_many, SH_PEEK_HELD, 1, 0);
  assert_value(read_index(&s, 204), v_text(LONG));
  set_scene(&s, clear_vector, SH_PEEK_HELD, 1, 0);
  assert_value(read_index(&s, 3), v_undefined());
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);
  close_scene(&s);
}

static void fields_are_read_whole(void **state) {
  scene s = open_scene(*state);
  sh_value out;
  s.id = new_box(s.f, v_text(LONG));
  for (int place = SH_PEEK_BEGUN; place <= SH_PEEK_HELD; place++) {
    set_scene(&s, set_field, place, 1, 0);
    assert_ok(sh_record_get(s.f->env, s.id, 0, 0, SH_BORROW, &out));
    assert_value(out, v_text(OTHER));
    assert_int_equal(s.seen[SH_PEEK_BEGUN], 2);
  }
  close_scene(&s);
}

// A ref's id is its object's while the container holds it; the flawed reader makes one up from what
// the dead slot says.
static void refs_are_of_the_living(void **state) {
  scene s = open_scene(*state);
  sh_value key = v_text("key");
  s.id = new_map(s.f);
  for (uint32_t flaws = 0; flaws <= SH_FLAW_UNCHECKED; flaws++) {
    sh_id child = new_string(s.f, "child");
    map_set(s.f, s.id, key, v_move(child));
    set_scene(&s, set_key, SH_PEEK_REF, 1, flaws);
    sh_value out = read_key(&s, key, SH_BORROW);
    assert_status(sh_id_check(s.f->env, child, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
    if (flaws == 0) {
      assert_value(out, v_number(0));
    } else {
      assert_int_equal(out.kind, SH_KIND_REF);
      assert_int_equal(out.type, SH_TYPE_NONE);
      assert_true(out.id == child + (UINT64_C(1) << 32));
    }
  }
  close_scene(&s);
}

static void what_refs_stand_for(void **state) {
  scene s = open_scene(*state);
  sh_value key = v_text("key");
  const sh_id ids[] = {new_string(s.f, LONG), new_number(s.f, 4.5), new_vector(s.f)};
  const sh_value plain[] = {v_text(LONG), v_number(4.5), v_ref(ids[2])};
  s.id = new_map(s.f);
  for (int i = 0; i < 3; i++) {
    map_set(s.f, s.id, key, v_ref(ids[i]));
    watch_scene(&s);
    assert_value(read_key(&s, key, SH_BORROW), v_ref(ids[i]));
    assert_value(read_key(&s, key, SH_DEREF), plain[i]);
    assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);
    assert_counts(s.f, ids[i], 1, 1);
    set_scene(&s, set_key, SH_PEEK_REF, 1, 0);
    assert_value(read_key(&s, key, SH_DEREF), v_number(0));
    assert_counts(s.f, ids[i], 1, 0);
  }
  // A claim is a change: that takes the lock.
  map_set(s.f, s.id, key, v_ref(ids[0]));
  watch_scene(&s);
  assert_value(read_key(&s, key, SH_ACQUIRE), v_ref(ids[0]));
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);
  assert_counts(s.f, ids[0], 2, 1);
  map_set(s.f, s.id, key, v_number(1));
  watch_scene(&s);
  assert_value(read_key(&s, key, SH_ACQUIRE), v_number(1));
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);
  close_scene(&s);
}

static void the_dropped_are_dead(void **state) {
  scene s = open_scene(*state);
  sh_value out;
  bool found = false;
  uint32_t n = 0;
  sh_value key = v_text("key");
  s.id = new_string(s.f, LONG);
  set_scene(&s, drop_it, SH_PEEK_HELD, 1, 0);
  assert_status(sh_string_get(s.f->env, s.id, &out), SH_E_USE_AFTER_FREE);
  s.id = new_vector(s.f);
  vector_push(s.f, s.id, v_text(LONG));
  set_scene(&s, drop_it, SH_PEEK_HELD, 1, 0);
  assert_status(sh_vector_get(s.f->env, s.id, 0, SH_BORROW, &out, &found), SH_E_USE_AFTER_FREE);
  s.id = new_map(s.f);
  map_set(s.f, s.id, key, v_text(LONG));
  set_scene(&s, drop_it, SH_PEEK_FOUND, 1, 0);
  assert_status(sh_map_get(s.f->env, s.id, &key, SH_BORROW, &out, &found), SH_E_USE_AFTER_FREE);
  s.id = new_box(s.f, v_text(LONG));
  set_scene(&s, drop_it, SH_PEEK_HELD, 1, 0);
  assert_status(sh_record_get(s.f->env, s.id, 0, 0, SH_BORROW, &out), SH_E_USE_AFTER_FREE);
  // Statuses are those of the locked path.
  watch_scene(&s);
  s.id = new_string(s.f, LONG);
  assert_status(sh_vector_length(s.f->env, s.id, &n), SH_E_TYPE_MISMATCH);
  assert_status(sh_string_length(s.f->env, s.id + (UINT64_C(5) << 32), &n), SH_E_INVALID_ID);
  assert_status(sh_string_length(s.f->env, s.id | UINT64_C(1) << 52, &n), SH_E_INVALID_ID);
  assert_status(sh_string_length(s.f->env, UINT32_MAX, &n), SH_E_INVALID_ID);
  assert_status(sh_record_get(s.f->env, new_box(s.f, v_null()), 0, 1, SH_BORROW, &out),
                SH_E_UNKNOWN_FIELD);
  assert_status(sh_record_get(s.f->env, new_box(s.f, v_null()), 77, 0, SH_BORROW, &out),
                SH_E_TYPE_MISMATCH);
  close_scene(&s);
}

// The slot is not used again while the reader is online. If it were not online, it would be, and
// without the second look the text would be another object's.
static void the_reused_are_not_read(void **state) {
  scene s = open_scene(*state);
  sh_value out;
  sh_env_offline(s.f->env);
  for (uint32_t flaws = SH_FLAW_OFFLINE; flaws <= (SH_FLAW_OFFLINE | SH_FLAW_UNCHECKED); flaws++) {
    sh_value value = v_text("the first");
    assert_ok(sh_string_new(s.writer, &value, &s.id)); // of the writer's cache
    set_scene(&s, drop_and_make_another, SH_PEEK_BEGUN, 1, flaws);
    sh_status status = sh_string_get(s.f->env, s.id, &out);
    if (flaws == SH_FLAW_OFFLINE) {
      assert_status(status, SH_E_USE_AFTER_FREE);
    } else {
      assert_ok(status);
      assert_value(out, v_text("another"));
    }
  }
  close_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(strings_are_one_text),         unit(entries_are_of_their_keys),
      unit(elements_are_of_their_places), unit(fields_are_read_whole),
      unit(refs_are_of_the_living),       unit(what_refs_stand_for),
      unit(the_dropped_are_dead),         unit(the_reused_are_not_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
