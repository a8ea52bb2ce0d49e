// Watches (watch.h): who is told of what, versions, and stores of JavaScript's that were under way
// when a watch began.
#include "support_changes.h"

#include "slot_free.h"
#include "watch.h"

#define ROOM 16u

// How many events there are; they must all be of this token.
static uint32_t events_of(sh_env *env, uint32_t token) {
  uint32_t tokens[ROOM];
  uint32_t count = sh_env_events(env, tokens, ROOM);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(tokens[i], token);
  }
  return count;
}

static uint32_t watch(sh_env *env, sh_id id) {
  uint32_t token = SH_NO_TOKEN;
  assert_ok(sh_watch(env, id, false, &token));
  return token;
}

static uint32_t version_of(sh_env *env, sh_id id) {
  uint32_t version = UINT32_MAX;
  assert_ok(sh_version(env, id, SH_TYPE_NONE, &version));
  return version;
}

static uint32_t flags_of(fixture *f, sh_id id) {
  return atomic_load(&slot_of(f, id)->word0) & SH_W0_FLAGS_MASK;
}

static bool is_marked(fixture *f, sh_id id) {
  return (atomic_load(&slot_of(f, id)->lock) & SH_LOCK_WATCHED) != 0;
}

static sh_env *other_env(fixture *f) {
  sh_env *env = NULL;
  assert_ok(sh_env_open(f->heap, &env));
  return env;
}

static int close_watched(void **state) {
  fixture *f = *state;
  assert_int_equal(f->heap->watches.table.count, 0);
  assert_null(f->heap->watches.first_unsettled);
  assert_null(f->heap->watches.last_unsettled);
  return close_fixture(state);
}

#define watched_unit(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_watched)

// --- who is told -----------------------------------------------------------------------------

static void told_of_each_change_and_of_nothing_else(void **state) {
  fixture *f = *state;
  sh_env *env = other_env(f);
  for (unsigned i = 0; i < change_count; i++) {
    const change *c = &changes[i];
    subject s = new_subject(f, c->type);
    uint32_t mine = watch(f->env, s.id); // also what its own environment does
    uint32_t theirs = watch(env, s.id);
    uint32_t before = version_of(env, s.id);
    sh_status status = c->run(&s);
    uint32_t told = events_of(env, theirs);
    bool rose = version_of(env, s.id) != before;
    if (status != SH_OK || told != (c->effect == CHANGES ? 1 : 0) || rose != (told == 1) ||
        events_of(f->env, mine) != told) {
      fail_msg("%s: status %d, told %u times, version %s", c->name, status, told,
               rose ? "other" : "same");
    }
    sh_unwatch(env, theirs);
    sh_unwatch(f->env, mine);
    drop_subject(&s);
  }
  sh_env_close(env);
}

static void told_once_until_looked(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  uint32_t token = watch(f->env, map);
  map_set(f, map, v_text("a"), v_number(1));
  map_set(f, map, v_text("b"), v_number(1));
  assert_int_equal(events_of(f->env, token), 1);
  assert_int_equal(events_of(f->env, token), 0);
  map_set(f, map, v_text("c"), v_number(1));
  assert_int_equal(events_of(f->env, token), 1);
  sh_unwatch(f->env, token);
}

static void not_told_after_unwatch(void **state) {
  fixture *f = *state;
  for (unsigned i = 0; i < change_count; i++) {
    subject s = new_subject(f, changes[i].type);
    uint32_t first = watch(f->env, s.id);
    uint32_t token = watch(f->env, s.id);
    uint32_t last = watch(f->env, s.id);
    sh_unwatch(f->env, last);
    sh_unwatch(f->env, token);
    assert_true(is_marked(f, s.id));
    sh_unwatch(f->env, first);
    assert_false(is_marked(f, s.id));
    assert_int_equal(flags_of(f, s.id) & SH_FLAG_WATCHED, 0);
    assert_ok(changes[i].run(&s));
    assert_int_equal(events_of(f->env, token), 0);
    sh_unwatch(f->env, token); // a token that is none
    sh_unwatch(f->env, 12345);
    drop_subject(&s);
  }
}

// An event that was posted and not fetched goes with its watch.
static void unwatch_takes_the_event_along(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  uint32_t token = watch(f->env, map);
  map_set(f, map, v_text("a"), v_number(1));
  sh_unwatch(f->env, token);
  assert_int_equal(events_of(f->env, token), 0);
}

static void who_blocks_is_told_by_the_bell(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  uint32_t token = SH_NO_TOKEN;
  assert_ok(sh_watch(f->env, map, true, &token));
  sh_env_park(f->env, 0);
  assert_int_equal(atomic_load(&f->env->port.bell), SHI_SILENT);
  map_set(f, map, v_text("a"), v_number(1));
  assert_int_equal(atomic_load(&f->env->port.bell), SHI_RUNG);
  assert_int_equal(events_of(f->env, token), 0);
  sh_unwatch(f->env, token);
}

static void told_when_the_object_ends(void **state) {
  fixture *f = *state;
  sh_env *env = other_env(f);
  for (int type = SH_TYPE_NONE + 1; type < SH_TYPE_COUNT; type++) {
    subject s = new_subject(f, (sh_type)type);
    uint32_t token = watch(env, s.id);
    uint32_t version = 0;
    drop_subject(&s);
    assert_int_equal(events_of(env, token), 1);
    assert_status(sh_version(env, s.id, SH_TYPE_NONE, &version), SH_E_USE_AFTER_FREE);
    assert_true(sh_watch_settle(env, token)); // there is nothing left to wait for
    sh_unwatch(env, token);
  }
  // By its last hold, in the course of a container's end.
  sh_id inner = new_map(f);
  sh_id vector = new_vector(f);
  vector_push(f, vector, v_move(inner));
  uint32_t token = watch(env, inner);
  assert_ok(sh_drop(f->env, vector));
  assert_int_equal(events_of(env, token), 1);
  sh_unwatch(env, token);
  sh_env_close(env);
}

static void reuse_inherits_nothing(void **state) {
  fixture *f = *state;
  sh_env *env = other_env(f);
  for (int type = SH_TYPE_NONE + 1; type < SH_TYPE_COUNT; type++) {
    subject old = new_subject(f, (sh_type)type);
    uint32_t token = watch(env, old.id);
    drop_subject(&old);
    assert_int_equal(events_of(env, token), 1);
    subject s = new_subject(f, (sh_type)type);
    if ((uint32_t)s.id != (uint32_t)old.id) { // the two slots come back in turn
      subject again = new_subject(f, (sh_type)type);
      drop_subject(&s);
      s = again;
    }
    assert_false(is_marked(f, s.id));
    assert_int_equal(flags_of(f, s.id) & (SH_FLAG_WATCHED | SH_FLAG_VERSIONED), 0);
    for (unsigned i = 0; i < change_count; i++) {
      if (changes[i].type == (sh_type)type && changes[i].effect == CHANGES) {
        assert_ok(changes[i].run(&s));
        break;
      }
    }
    assert_int_equal(events_of(env, token), 0); // of the dead object, not told again
    uint32_t fresh = watch(env, s.id);
    sh_unwatch(env, token); // leaves the new object's watch alone
    assert_true(is_marked(f, s.id));
    sh_unwatch(env, fresh);
    assert_false(is_marked(f, s.id));
    drop_subject(&s);
  }
  sh_env_close(env);
}

static void bad_ids_are_refused(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id dead = new_map(f);
  uint32_t n = 77;
  assert_ok(sh_drop(f->env, dead));
  assert_status(sh_watch(f->env, dead, false, &n), SH_E_USE_AFTER_FREE);
  assert_status(sh_watch(f->env, UINT32_C(1) << 30, false, &n), SH_E_INVALID_ID);
  assert_status(sh_watch(f->env, 0, false, &n), SH_E_INVALID_ID);
  assert_status(sh_version(f->env, dead, SH_TYPE_NONE, &n), SH_E_USE_AFTER_FREE);
  assert_status(sh_version(f->env, UINT32_C(1) << 30, SH_TYPE_NONE, &n), SH_E_INVALID_ID);
  assert_status(sh_version(f->env, map, SH_TYPE_NUMBER, &n), SH_E_TYPE_MISMATCH);
  assert_int_equal(n, 77);
  assert_true(sh_watch_settle(f->env, 5)); // no such watch
  assert_int_equal(f->env->port.room == 0 || f->env->port.free != 0, 1);
}

static void a_closing_environment_unwatches(void **state) {
  fixture *f = *state;
  sh_env *env = other_env(f);
  sh_id map = new_map(f);
  sh_id number = new_number(f, 1);
  uint32_t mine = watch(f->env, map);
  for (int i = 0; i < 40; i++) {
    (void)watch(env, map);
    (void)watch(env, number);
  }
  map_set(f, map, v_text("k"), v_number(1)); // all of them have an event to fetch
  sh_env_close(env);
  assert_false(is_marked(f, number));
  assert_int_equal(flags_of(f, number), 0);
  assert_int_equal(events_of(f->env, mine), 1);
  map_set(f, map, v_text("k"), v_number(2));
  assert_int_equal(events_of(f->env, mine), 1);
  sh_unwatch(f->env, mine);
  assert_false(is_marked(f, map));
}

// --- versions --------------------------------------------------------------------------------

static void versions_of_what_javascript_stores_to_are_kept(void **state) {
  fixture *f = *state;
  const sh_type stored[] = {SH_TYPE_NUMBER, SH_TYPE_RECORD};
  for (unsigned i = 0; i < 2; i++) {
    subject s = new_subject(f, stored[i]);
    assert_int_equal(flags_of(f, s.id), 0);
    uint32_t version = version_of(f->env, s.id);
    assert_int_equal(flags_of(f, s.id), SH_FLAG_VERSIONED); // stores come to the core from now on
    assert_int_equal(version_of(f->env, s.id), version);
    uint32_t token = watch(f->env, s.id);
    assert_int_equal(flags_of(f, s.id), SH_FLAG_VERSIONED | SH_FLAG_WATCHED);
    sh_unwatch(f->env, token);
    assert_int_equal(flags_of(f, s.id), SH_FLAG_VERSIONED);
    assert_int_equal(version_of(f->env, s.id), version);
    drop_subject(&s);
  }
  subject map = new_subject(f, SH_TYPE_MAP);
  (void)version_of(f->env, map.id);
  assert_int_equal(flags_of(f, map.id), 0);
  drop_subject(&map);
}

// --- stores under way ------------------------------------------------------------------------

// The word that JavaScript stores to.
static _Atomic uint64_t *word_of(fixture *f, sh_id id) {
  uint64_t fields = 0;
  uint64_t words = 0;
  uint32_t field_count = 0;
  uint32_t word_count = 0;
  shi_slot *slot = slot_of(f, id);
  if (shi_type_of(atomic_load(&slot->word0)) == SH_TYPE_NUMBER) {
    return &slot->payload[0];
  }
  shi_record_bodies(f->heap, slot, &fields, &field_count, &words, &word_count);
  assert_int_equal(field_count, 2);
  return shi_at(f->heap, fields);
}

// A store without lock, flag or version: as JavaScript makes it.
static void store(fixture *f, sh_id id, double number) {
  atomic_store_explicit(word_of(f, id), shi_number_bits(number), memory_order_relaxed);
}

// Both kinds of objects that JavaScript stores to.
static void each_stored(fixture *f, void (*test)(fixture *f, sh_env *env, subject *s)) {
  const sh_type stored[] = {SH_TYPE_NUMBER, SH_TYPE_RECORD};
  for (unsigned i = 0; i < 2; i++) {
    sh_env *env = other_env(f);
    subject s = new_subject(f, stored[i]);
    test(f, env, &s);
    drop_subject(&s);
    sh_env_close(env);
  }
}

// `env` has looked at the flags before the watch began, and stores at any moment after.
static void find_late_store(fixture *f, sh_env *env, subject *s) {
  sh_env_online(env);
  uint32_t token = watch(f->env, s->id);
  uint32_t version = version_of(f->env, s->id);
  assert_false(sh_watch_settle(f->env, token));
  assert_int_equal(version_of(f->env, s->id), version);
  assert_int_equal(events_of(f->env, token), 0);
  store(f, s->id, 42);
  assert_false(sh_watch_settle(f->env, token)); // there may be more
  assert_int_not_equal(version_of(f->env, s->id), version);
  assert_int_equal(events_of(f->env, token), 1);
  version = version_of(f->env, s->id);
  store(f, s->id, 43);
  sh_env_refresh(env); // that was the last
  assert_true(sh_watch_settle(f->env, token));
  assert_int_not_equal(version_of(f->env, s->id), version);
  assert_int_equal(events_of(f->env, token), 1);
  version = version_of(f->env, s->id);
  assert_true(sh_watch_settle(f->env, token));
  assert_int_equal(version_of(f->env, s->id), version);
  assert_int_equal(events_of(f->env, token), 0);
  sh_unwatch(f->env, token);
}

static void late_stores_are_found(void **state) { each_stored(*state, find_late_store); }

static void settle_by_going(fixture *f, sh_env *env, subject *s) {
  sh_env_online(env);
  uint32_t token = watch(f->env, s->id);
  assert_false(sh_watch_settle(f->env, token));
  sh_env_offline(env);
  assert_true(sh_watch_settle(f->env, token));
  sh_env_online(env); // sees the flag
  assert_true(sh_watch_settle(f->env, token));
  assert_int_equal(events_of(f->env, token), 0);
  sh_unwatch(f->env, token);
}

static void settled_when_all_are_offline(void **state) { each_stored(*state, settle_by_going); }

// The environment that watches has no store of its own under way, and need not come by.
static void watch_online(fixture *f, sh_env *env, subject *s) {
  (void)env;
  sh_env_online(f->env);
  uint32_t token = watch(f->env, s->id);
  assert_true(sh_watch_settle(f->env, token));
  sh_unwatch(f->env, token);
  subject other = new_subject(f, SH_TYPE_NUMBER);
  (void)version_of(f->env, other.id);
  assert_false(is_marked(f, other.id)); // nothing stays behind
  drop_subject(&other);
  sh_env_offline(f->env);
}

static void watching_while_online_settles(void **state) { each_stored(*state, watch_online); }

// A store that puts back what was there, behind a change that was announced and seen: it would be
// found by the contents alone only if somebody had looked in between.
static void put_back(fixture *f, sh_env *env, subject *s) {
  _Atomic uint64_t *word = word_of(f, s->id);
  uint64_t before = atomic_load(word);
  sh_env_online(env);
  uint32_t token = watch(f->env, s->id);
  assert_false(sh_watch_settle(f->env, token));
  // Announced: version and event.
  shi_lock(&slot_of(f, s->id)->lock);
  atomic_store(word, shi_number_bits(1234));
  shi_slot_unlock(f->env, slot_of(f, s->id), true);
  assert_int_equal(events_of(f->env, token), 1);
  uint32_t seen = shi_lock_version(&slot_of(f, s->id)->lock); // and the contents with it
  atomic_store(word, before);                                 // the store that was under way
  for (int i = 0; i < 3; i++) { // however often it is looked at before all have come by
    assert_false(sh_watch_settle(f->env, token));
  }
  sh_env_refresh(env);
  assert_true(sh_watch_settle(f->env, token));
  assert_int_not_equal(version_of(f->env, s->id), seen);
  assert_int_equal(events_of(f->env, token), 1);
  sh_unwatch(f->env, token);
}

static void a_store_that_puts_back_is_found(void **state) { each_stored(*state, put_back); }

static void ask_versions(fixture *f, sh_env *env, subject *s) {
  sh_env_online(env);
  uint32_t version = version_of(f->env, s->id);
  store(f, s->id, 77);
  assert_int_not_equal(version_of(f->env, s->id), version); // each question looks
  version = version_of(f->env, s->id);
  assert_int_equal(version_of(f->env, s->id), version);
  assert_true(is_marked(f, s->id)); // unsettled
  store(f, s->id, 78);
  sh_env_refresh(env);
  assert_int_not_equal(version_of(f->env, s->id), version);
  assert_false(is_marked(f, s->id));
}

static void versions_find_late_stores(void **state) { each_stored(*state, ask_versions); }

// The flag was lowered and stores passed by: the next watch begins anew.
static void watch_twice(fixture *f, sh_env *env, subject *s) {
  sh_env_online(env);
  uint32_t token = watch(f->env, s->id);
  sh_unwatch(f->env, token); // unsettled, so the record stays
  assert_int_equal(f->heap->watches.table.count, 1);
  assert_true(is_marked(f, s->id));
  assert_int_equal(flags_of(f, s->id), 0);
  sh_env_refresh(env); // settled, had anybody looked
  store(f, s->id, 9);  // allowed: nobody watches
  token = watch(f->env, s->id);
  uint32_t version = shi_lock_version(&slot_of(f, s->id)->lock);
  assert_false(sh_watch_settle(f->env, token));
  store(f, s->id, 10);
  assert_false(sh_watch_settle(f->env, token));
  assert_int_not_equal(shi_lock_version(&slot_of(f, s->id)->lock), version);
  sh_env_refresh(env);
  assert_true(sh_watch_settle(f->env, token));
  sh_unwatch(f->env, token);
}

static void a_second_watch_begins_anew(void **state) { each_stored(*state, watch_twice); }

static void end_unsettled(fixture *f, sh_env *env, subject *s) {
  sh_env_online(env);
  subject other = new_subject(f, SH_TYPE_RECORD);
  uint32_t token = watch(f->env, other.id);
  (void)version_of(f->env, s->id);
  (void)version_of(f->env, other.id);
  assert_int_equal(f->heap->watches.table.count, 2);
  drop_subject(&other);
  assert_int_equal(events_of(f->env, token), 1);
  assert_true(sh_watch_settle(f->env, token));
  sh_unwatch(f->env, token);
  assert_int_equal(f->heap->watches.table.count, 1);
  // Without watchers: its record goes with it.
  other = new_subject(f, SH_TYPE_NUMBER);
  (void)version_of(f->env, other.id);
  assert_int_equal(f->heap->watches.table.count, 2);
  drop_subject(&other);
  assert_int_equal(f->heap->watches.table.count, 1);
  sh_env_offline(env);
  (void)version_of(f->env, s->id);
  assert_int_equal(f->heap->watches.table.count, 0);
}

static void unsettled_objects_end(void **state) { each_stored(*state, end_unsettled); }

// Versions asked for once, while somebody is online, and never again: the records go when other
// versions are asked for, or with the next change.
static void records_of_one_question_go(void **state) {
  fixture *f = *state;
  sh_env *env = other_env(f);
  sh_id ids[100];
  sh_env_online(env);
  for (unsigned i = 0; i < 100; i++) {
    ids[i] = new_number(f, i);
    (void)version_of(f->env, ids[i]);
  }
  assert_int_equal(f->heap->watches.table.count, 100);
  sh_env_refresh(env);
  assert_ok(sh_number_update(f->env, ids[70], SH_NUMBER_ADD, 1, NULL));
  assert_false(is_marked(f, ids[70])); // changes do not come by any more
  assert_int_equal(f->heap->watches.table.count, 99);
  for (unsigned i = 0; i < 50; i++) {
    sh_id id = new_number(f, i);
    (void)version_of(f->env, id);
    assert_ok(sh_drop(f->env, id));
  }
  sh_env_offline(env);
  (void)version_of(f->env, ids[99]);
  assert_int_equal(f->heap->watches.table.count, 0);
  for (unsigned i = 0; i < 100; i++) {
    assert_false(is_marked(f, ids[i]));
  }
  sh_env_close(env);
}

// --- refusals --------------------------------------------------------------------------------

typedef struct ask {
  sh_id id;
  uint32_t token;
  uint32_t version;
  bool watch;
} ask;

static sh_status ask_once(fixture *f, ask *a) {
  return a->watch ? sh_watch(f->env, a->id, false, &a->token)
                  : sh_version(f->env, a->id, SH_TYPE_NONE, &a->version);
}

// Each allocation of process memory refused in turn; returns how many there were.
static int sweep_ask(fixture *f, ask *a) {
  uint64_t before = fingerprint(f);
  uint32_t count = f->heap->watches.table.count;
  int refused = 0;
  for (;; refused++) {
    sh_test_fail_local_after(f->heap, refused);
    sh_status status = ask_once(f, a);
    sh_test_fail_local_after(f->heap, -1);
    if (status == SH_OK) {
      return refused;
    }
    assert_status(status, SH_E_HEAP_FULL);
    assert_true(fingerprint(f) == before);
    assert_int_equal(f->heap->watches.table.count, count);
  }
}

static void refused_memory_changes_nothing(void **state) {
  fixture *f = *state;
  for (int type = SH_TYPE_NONE + 1; type < SH_TYPE_COUNT; type++) {
    sh_env *env = other_env(f);
    fixture in_env = {.heap = f->heap, .env = env};
    subject s = new_subject(f, (sh_type)type);
    ask watching = {.id = s.id, .watch = true};
    ask asking = {.id = s.id};
    shi_wait wait = {.kind = SHI_WAIT_WATCHER};
    assert_ok(shi_port_add(env, &wait)); // the port keeps its places, which port_test refuses
    shi_port_remove(&wait);
    // The watcher and the record; for the first of all, the table too.
    assert_int_equal(sweep_ask(&in_env, &watching), type == SH_TYPE_NONE + 1 ? 3 : 2);
    sh_unwatch(env, watching.token);
    bool stored = type == SH_TYPE_NUMBER || type == SH_TYPE_RECORD;
    assert_int_equal(sweep_ask(&in_env, &asking), stored ? 1 : 0);
    drop_subject(&s);
    sh_env_close(env);
  }
}

// A table that cannot grow goes on with longer chains.
static void many_watches(void **state) {
  fixture *f = *state;
  static sh_id ids[1000];
  static uint32_t tokens[1000];
  for (unsigned i = 0; i < 1000; i++) {
    ids[i] = i % 2 == 0 ? new_map(f) : new_number(f, i);
    tokens[i] = watch(f->env, ids[i]);
  }
  assert_int_equal(f->heap->watches.table.count, 1000);
  for (unsigned i = 1; i < 1000; i += 2) {
    assert_ok(sh_number_update(f->env, ids[i], SH_NUMBER_ADD, 1, NULL));
    assert_int_equal(events_of(f->env, tokens[i]), 1);
  }
  for (unsigned i = 0; i < 1000; i++) {
    sh_unwatch(f->env, tokens[(i * 7) % 1000]);
  }
}

static void a_table_need_not_grow(void **state) {
  fixture *f = *state;
  shi_id_node nodes[200];
  shi_id_table table = {0};
  sh_test_fail_local_after(f->heap, 0);
  assert_false(shi_ids_reserve(f->heap, &table));
  sh_test_fail_local_after(f->heap, -1);
  assert_true(shi_ids_reserve(f->heap, &table));
  sh_test_fail_local_after(f->heap, 0);
  for (uint32_t i = 0; i < 200; i++) {
    assert_true(shi_ids_reserve(f->heap, &table));
    nodes[i].id = (sh_id)(i % 3) << 32 | i / 3; // several generations of one slot
    shi_ids_add(&table, &nodes[i]);
  }
  sh_test_fail_local_after(f->heap, -1);
  assert_int_equal(table.mask, 63);
  assert_true(shi_ids_reserve(f->heap, &table));
  assert_int_equal(table.mask, 127);
  for (uint32_t i = 0; i < 200; i++) {
    assert_ptr_equal(shi_ids_find(&table, nodes[i].id), &nodes[i]);
  }
  for (uint32_t i = 0; i < 200; i++) {
    shi_ids_remove(&table, &nodes[i]);
    assert_null(shi_ids_find(&table, nodes[i].id));
  }
  assert_int_equal(table.count, 0);
  shi_ids_free(&table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      watched_unit(told_of_each_change_and_of_nothing_else),
      watched_unit(told_once_until_looked),
      watched_unit(not_told_after_unwatch),
      watched_unit(unwatch_takes_the_event_along),
      watched_unit(who_blocks_is_told_by_the_bell),
      watched_unit(told_when_the_object_ends),
      watched_unit(reuse_inherits_nothing),
      watched_unit(bad_ids_are_refused),
      watched_unit(a_closing_environment_unwatches),
      watched_unit(versions_of_what_javascript_stores_to_are_kept),
      watched_unit(late_stores_are_found),
      watched_unit(settled_when_all_are_offline),
      watched_unit(watching_while_online_settles),
      watched_unit(a_store_that_puts_back_is_found),
      watched_unit(versions_find_late_stores),
      watched_unit(a_second_watch_begins_anew),
      watched_unit(unsettled_objects_end),
      watched_unit(records_of_one_question_go),
      watched_unit(refused_memory_changes_nothing),
      watched_unit(many_watches),
      watched_unit(a_table_need_not_grow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
