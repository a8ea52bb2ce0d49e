// What is left of a monitor (monitor.h) when its holder or its object is gone.
#include "support_changes.h"
#include "support_locks.h"

// --- abandoned -------------------------------------------------------------------------------

// Opens another environment that enters and dies. What it leaves behind is for whoever comes next.
static void die_holding(fixture *f, sh_id id, sh_lock_want want) {
  sh_env *env = NULL;
  assert_ok(sh_env_open(f->heap, &env));
  env->thread = 1;
  (void)check_enter(env, id, want, SH_LOCK_HOLDING, __FILE__, __LINE__);
  sh_env_close(env);
}

static void the_next_is_told_once(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  const sh_lock_want wants[] = {by_thread, by_task(1)};
  for (unsigned by = 0; by < 2; by++) {
    for (unsigned next = 0; next < 2; next++) {
      die_holding(f, map, wants[by]);
      assert_false(has_monitor(f, map));
      assert_true(is_abandoned(f, map));
      sh_lock_answer told = enter(f->env, map, wants[next]);
      assert_true(told.abandoned);
      assert_false(is_abandoned(f, map));
      if (next == 0) {
        assert_false(enter(f->env, map, by_thread).abandoned); // the outer one was told
        sh_lock_leave(f->env, told.token);
      }
      sh_lock_leave(f->env, told.token);
      told = enter(f->env, map, wants[next]);
      assert_false(told.abandoned);
      sh_lock_leave(f->env, told.token);
    }
  }
}

static void who_waits_is_told(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 4);
  sh_id map = new_map(f);
  (void)enter(e.env[3], map, by_thread);
  uint32_t first = queue(e.env[0], map, by_thread).token;
  uint32_t second = queue(e.env[1], map, by_task(1)).token;
  sh_env_close(e.env[3]);
  e.env[3] = NULL;
  assert_true(assert_holds(e.env[0], first).abandoned);
  sh_lock_leave(e.env[0], first);
  assert_false(assert_holds(e.env[1], second).abandoned);
  sh_lock_leave(e.env[1], second);
  close_envs(&e);
}

// Who had the monitor and never knew leaves the news to the next, by leaving or by dying.
static void unheard_news_are_passed_on(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 5);
  sh_id map = new_map(f);
  (void)enter(e.env[4], map, by_thread);
  uint32_t gives_up = queue(e.env[1], map, by_thread).token;
  (void)queue(e.env[2], map, by_thread);
  (void)queue(e.env[2], map, by_task(7));
  uint32_t last = queue(e.env[3], map, by_thread).token;
  sh_env_close(e.env[4]);
  sh_lock_leave(e.env[1], gives_up);
  sh_env_close(e.env[2]);
  e.env[4] = e.env[2] = NULL;
  assert_true(assert_holds(e.env[3], last).abandoned);
  sh_lock_leave(e.env[3], last);
  assert_false(is_abandoned(f, map));
  // With nobody behind it: to whoever comes.
  die_holding(f, map, by_thread);
  uint32_t held = enter(e.env[0], map, by_writer).token;
  gives_up = queue(e.env[1], map, by_thread).token;
  sh_lock_leave(e.env[0], held);
  sh_lock_leave(e.env[1], gives_up); // it was told, and did not look
  assert_true(is_abandoned(f, map));
  sh_lock_answer told = enter(e.env[3], map, by_thread);
  assert_true(told.abandoned);
  sh_lock_leave(e.env[3], told.token);
  close_envs(&e);
}

// Changes neither hear of it nor leave anything half-way.
static void writers_leave_the_news_alone(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id map = new_map(f);
  sh_value one = v_number(1);
  die_holding(f, map, by_thread);
  assert_ok(sh_map_set(f->env, map, &one, &one)); // nobody holds it: changes just go on
  sh_lock_answer writer = enter(f->env, map, by_writer);
  assert_false(writer.abandoned);
  uint32_t waiting = queue(e.env[1], map, by_writer).token;
  uint32_t thread = queue(e.env[2], map, by_thread).token;
  sh_lock_leave(f->env, writer.token);
  assert_false(assert_holds(e.env[1], waiting).abandoned);
  sh_lock_leave(e.env[1], waiting);
  assert_true(assert_holds(e.env[2], thread).abandoned);
  sh_lock_leave(e.env[2], thread);
  die_holding(f, map, by_writer);
  assert_false(is_abandoned(f, map));
  close_envs(&e);
}

// --- the object ends -------------------------------------------------------------------------

static void the_object_ends_while_held(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  for (int type = SH_TYPE_NONE + 1; type < SH_TYPE_COUNT; type++) {
    subject s = new_subject(f, (sh_type)type);
    sh_lock_answer answer;
    sh_lock_answer held = enter(e.env[0], s.id, by_thread);
    uint32_t thread = queue(e.env[1], s.id, by_thread).token;
    uint32_t task = queue(e.env[1], s.id, by_task(1)).token;
    uint32_t events[4];
    shi_slot *slot = slot_of(f, s.id);
    sh_env_park(e.env[1], 0);
    drop_subject(&s);
    assert_int_equal(atomic_load(&slot->lock) & SH_LOCK_MONITOR, 0);
    assert_int_equal(f->heap->monitors.table.count, 0);
    assert_int_equal(atomic_load(&e.env[1]->port.bell), SHI_RUNG);
    assert_int_equal(sh_env_events(e.env[1], events, 4), 1);
    assert_int_equal(events[0], task);
    assert_status(sh_lock_look(e.env[1], thread, &answer), SH_E_USE_AFTER_FREE);
    assert_status(sh_lock_look(e.env[1], task, &answer), SH_E_USE_AFTER_FREE);
    assert_status(sh_lock_enter(e.env[0], s.id, SH_TYPE_NONE, &by_thread, &answer),
                  SH_E_USE_AFTER_FREE);
    subject next = new_subject(f, (sh_type)type); // in the same slot: it has no monitor
    assert_false(has_monitor(f, next.id));
    sh_lock_answer fresh = enter(e.env[1], next.id, by_thread);
    (void)assert_holds(e.env[0], held.token);
    sh_lock_leave(e.env[0], held.token);
    assert_true(has_monitor(f, next.id));
    sh_lock_leave(e.env[1], fresh.token);
    sh_lock_leave(e.env[1], thread);
    sh_lock_leave(e.env[1], task);
    drop_subject(&next);
  }
  close_envs(&e);
}

// In all orders: who holds, who waits, and the object.
static void environments_and_objects_end_in_any_order(void **state) {
  fixture *f = *state;
  for (unsigned order = 0; order < 6; order++) {
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    envs e = open_envs(f, 3);
    sh_id map = new_map(f);
    (void)enter(e.env[1], map, by_thread);
    (void)enter(e.env[1], map, by_thread); // twice
    (void)queue(e.env[2], map, by_thread);
    (void)queue(e.env[2], map, by_task(1));
    (void)queue(e.env[1], map, by_task(2));
    for (unsigned i = 0; i < 3; i++) {
      unsigned which = orders[order][i];
      if (which == 0) {
        assert_ok(sh_drop(f->env, map));
      } else {
        sh_env_close(e.env[which]);
        e.env[which] = NULL;
      }
    }
    assert_int_equal(f->heap->monitors.table.count, 0);
    assert_null(f->heap->monitors.blocked);
  }
}

static void count_signal(void *arg) { (*(uint32_t *)arg)++; }

// What it hands on from one of its tickets to another is no event any more.
static void a_closing_environment_signals_nothing(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id map = new_map(f);
  uint32_t signals = 0;
  sh_env_on_event(e.env[1], count_signal, &signals);
  (void)enter(e.env[1], map, by_task(1));
  (void)queue(e.env[1], map, by_task(2));
  (void)queue(e.env[1], map, by_task(3));
  sh_env_close(e.env[1]);
  assert_int_equal(signals, 0);
  assert_true(is_abandoned(f, map));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      locks_unit(the_next_is_told_once),
      locks_unit(who_waits_is_told),
      locks_unit(unheard_news_are_passed_on),
      locks_unit(writers_leave_the_news_alone),
      locks_unit(the_object_ends_while_held),
      locks_unit(environments_and_objects_end_in_any_order),
      locks_unit(a_closing_environment_signals_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
