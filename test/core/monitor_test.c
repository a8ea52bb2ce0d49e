// Monitors (monitor.h): who holds, who waits, and what a monitor keeps others from. What is left of
// one when its holder or its object is gone is in monitor_end_test.c, deadlocks in deadlock_test.c.
#include "support_changes.h"
#include "support_locks.h"

#include "watch.h"

#include <pthread.h>

// --- holding ---------------------------------------------------------------------------------

static void a_thread_enters_again(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_lock_answer first = enter(f->env, map, by_thread);
  assert_true(has_monitor(f, map));
  for (int i = 0; i < 3; i++) {
    sh_lock_answer again = enter(f->env, map, by_thread);
    assert_int_equal(again.token, first.token);
  }
  assert_int_equal(enter(f->env, map, by_writer).token, first.token);
  for (int i = 0; i < 4; i++) {
    sh_lock_leave(f->env, first.token);
    assert_true(has_monitor(f, map));
  }
  sh_lock_leave(f->env, first.token);
  assert_false(has_monitor(f, map));
  sh_lock_leave(f->env, first.token); // a token that is none
  sh_lock_leave(f->env, SH_NO_TOKEN);
  sh_lock_leave(f->env, 999);
}

static void a_task_queues_behind_itself_and_others(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  uint32_t events[4];
  sh_lock_answer first = enter(f->env, map, by_task(1));
  sh_lock_answer second = queue(f->env, map, by_task(2));
  sh_lock_answer third = queue(f->env, map, by_task(1)); // not from within
  assert_int_not_equal(first.token, second.token);
  sh_lock_leave(f->env, first.token);
  assert_int_equal(sh_env_events(f->env, events, 4), 1);
  assert_int_equal(events[0], second.token);
  (void)assert_holds(f->env, second.token);
  (void)assert_waits(f->env, third.token);
  sh_lock_leave(f->env, second.token);
  assert_int_equal(sh_env_events(f->env, events, 4), 1);
  assert_int_equal(events[0], third.token);
  sh_lock_leave(f->env, third.token);
  assert_false(has_monitor(f, map));
}

// A thread's section and a task of one environment exclude each other.
static void a_task_waits_for_the_thread(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  uint32_t events[4];
  sh_lock_answer thread = enter(f->env, map, by_thread);
  sh_lock_answer task = queue(f->env, map, by_task(1));
  sh_lock_leave(f->env, thread.token);
  assert_int_equal(sh_env_events(f->env, events, 4), 1);
  assert_int_equal(events[0], task.token);
  (void)assert_holds(f->env, task.token);
  sh_lock_leave(f->env, task.token);
}

static void first_come_first_served(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 5);
  sh_id map = new_map(f);
  uint32_t tokens[5];
  tokens[0] = enter(e.env[0], map, by_thread).token;
  for (uint32_t i = 1; i < 5; i++) {
    sh_lock_answer answer = queue(e.env[i], map, i % 2 == 0 ? by_thread : by_task(i));
    assert_int_equal(answer.holder, 1);
    tokens[i] = answer.token;
  }
  sh_lock_leave(e.env[2], tokens[2]); // gives up
  for (uint32_t i = 0; i < 5; i++) {
    if (i == 2) {
      continue;
    }
    sh_lock_answer answer = assert_holds(e.env[i], tokens[i]);
    assert_int_equal(answer.holder, i + 1);
    for (uint32_t j = i + 1; j < 5; j++) {
      if (j != 2) {
        assert_int_equal(assert_waits(e.env[j], tokens[j]).holder, i + 1);
      }
    }
    sh_lock_leave(e.env[i], tokens[i]);
  }
  assert_false(has_monitor(f, map));
  close_envs(&e);
}

static void a_thread_that_waits_is_rung(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id map = new_map(f);
  uint32_t events[4];
  sh_lock_answer held = enter(e.env[0], map, by_thread);
  sh_lock_answer waiting = queue(e.env[1], map, by_thread);
  assert_int_equal(atomic_load(&e.env[1]->port.bell), SHI_SILENT);
  sh_lock_leave(e.env[0], held.token);
  assert_int_equal(atomic_load(&e.env[1]->port.bell), SHI_RUNG);
  assert_int_equal(sh_env_events(e.env[1], events, 4), 0);
  (void)assert_holds(e.env[1], waiting.token);
  sh_lock_leave(e.env[1], waiting.token);
  close_envs(&e);
}

static void only_if_it_is_free(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id map = new_map(f);
  sh_lock_want thread = {.kind = SH_LOCK_THREAD, .only_free = true};
  sh_lock_want task = {.kind = SH_LOCK_TASK, .task = 3, .only_free = true};
  sh_lock_answer held = enter(e.env[0], map, thread);
  assert_int_equal(enter(e.env[0], map, thread).token, held.token); // its own
  sh_lock_answer refused = {0};
  assert_ok(sh_lock_enter(e.env[1], map, SH_TYPE_MAP, &thread, &refused));
  assert_int_equal(refused.state, SH_LOCK_REFUSED);
  assert_int_equal(refused.holder, 1);
  assert_ok(sh_lock_enter(e.env[0], map, SH_TYPE_MAP, &task, &refused));
  assert_int_equal(refused.state, SH_LOCK_REFUSED);
  assert_null(f->heap->monitors.blocked);
  sh_lock_leave(e.env[0], held.token);
  sh_lock_leave(e.env[0], held.token);
  sh_lock_leave(e.env[1], enter(e.env[1], map, task).token);
  close_envs(&e);
}

static void labels_name_the_holder(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id map = new_map(f);
  sh_lock_answer held = enter(e.env[0], map, by_thread);
  sh_lock_answer waiting = queue(e.env[1], map, by_thread);
  assert_int_equal(held.holder, 1);
  assert_int_equal(waiting.holder, 1);
  sh_env_label(e.env[0], 1234);
  assert_int_equal(assert_waits(e.env[1], waiting.token).holder, 1234);
  sh_lock_leave(e.env[1], waiting.token);
  sh_lock_leave(e.env[0], held.token);
  close_envs(&e);
}

static void bad_ids_are_refused(void **state) {
  fixture *f = *state;
  sh_lock_answer answer;
  sh_id map = new_map(f);
  sh_id dead = new_map(f);
  assert_ok(sh_drop(f->env, dead));
  assert_status(sh_lock_enter(f->env, dead, SH_TYPE_NONE, &by_thread, &answer),
                SH_E_USE_AFTER_FREE);
  assert_status(sh_lock_enter(f->env, 1u << 30, SH_TYPE_NONE, &by_thread, &answer),
                SH_E_INVALID_ID);
  assert_status(sh_lock_enter(f->env, 0, SH_TYPE_NONE, &by_thread, &answer), SH_E_INVALID_ID);
  assert_status(sh_lock_enter(f->env, map, SH_TYPE_VECTOR, &by_thread, &answer),
                SH_E_TYPE_MISMATCH);
  assert_status(sh_lock_look(f->env, 5, &answer), SH_E_INVALID_ID);
  assert_status(sh_lock_look(f->env, SH_NO_TOKEN, &answer), SH_E_INVALID_ID);
  uint32_t watching = SH_NO_TOKEN;
  assert_ok(sh_watch(f->env, map, false, &watching)); // a token, but not of a lock
  assert_status(sh_lock_look(f->env, watching, &answer), SH_E_INVALID_ID);
  sh_lock_leave(f->env, watching);
  sh_unwatch(f->env, watching);
}

// --- what it excludes ------------------------------------------------------------------------

static void others_changes_are_refused(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  const sh_lock_want wants[] = {by_thread, by_task(1), by_writer};
  for (unsigned i = 0; i < change_count; i++) {
    for (unsigned kind = 0; kind < 3; kind++) {
      const change *c = &changes[i];
      subject s = new_subject(f, c->type);
      uint32_t watching = SH_NO_TOKEN;
      assert_ok(sh_watch(f->env, s.id, false, &watching));
      sh_lock_answer held = enter(e.env[1], s.id, wants[kind]);
      uint64_t before = fingerprint(f);
      sh_status status = c->run(&s);
      sh_status expected = c->effect == READS ? SH_OK : SH_E_BUSY;
      uint32_t token;
      if (status != expected || sh_env_events(f->env, &token, 1) != 0 ||
          (c->effect != READS && fingerprint(f) != before)) {
        fail_msg("%s: status %d, expected %d", c->name, status, expected);
      }
      sh_lock_leave(e.env[1], held.token);
      sh_unwatch(f->env, watching);
      drop_subject(&s);
    }
  }
  close_envs(&e);
}

static void own_changes_pass(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  const sh_lock_want wants[] = {by_thread, by_task(1), by_writer};
  for (unsigned i = 0; i < change_count; i++) {
    for (unsigned kind = 0; kind < 3; kind++) {
      subject s = new_subject(f, changes[i].type);
      sh_lock_answer held = enter(f->env, s.id, wants[kind]);
      sh_lock_answer waiting = queue(e.env[1], s.id, by_thread); // who waits keeps nobody out
      sh_status status = changes[i].run(&s);
      if (status != SH_OK) {
        fail_msg("%s: status %d", changes[i].name, status);
      }
      assert_true(has_monitor(f, s.id));
      sh_lock_leave(e.env[1], waiting.token);
      sh_lock_leave(f->env, held.token);
      assert_false(has_monitor(f, s.id));
      drop_subject(&s);
    }
  }
  close_envs(&e);
}

// The monitors of a map of names, and of an object that others hold, claim and drop meanwhile.
static void names_have_a_monitor(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id names = sh_names_id(f->heap);
  sh_id map = new_map(f);
  sh_value name = v_text("name");
  sh_value value = v_ref(map);
  sh_lock_answer held = enter(e.env[1], names, by_thread);
  assert_status(sh_map_set(f->env, names, &name, &value), SH_E_BUSY);
  sh_lock_leave(e.env[1], held.token);
  assert_ok(sh_map_set(f->env, names, &name, &value));
  close_envs(&e);
}

// --- writers ---------------------------------------------------------------------------------

// A change of an environment behind its own task's wish: it may be done in the task's turn.
static void a_writer_goes_with_its_environment(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id map = new_map(f);
  uint32_t events[4];
  sh_lock_answer held = enter(e.env[0], map, by_thread);
  sh_lock_answer task = queue(e.env[1], map, by_task(1));
  sh_lock_answer other = queue(e.env[2], map, by_thread);
  sh_lock_answer writer = queue(e.env[1], map, by_writer);
  sh_lock_leave(e.env[0], held.token);
  assert_int_equal(atomic_load(&e.env[1]->port.bell), SHI_RUNG);
  assert_int_equal(atomic_load(&e.env[2]->port.bell), SHI_SILENT);
  assert_int_equal(sh_env_events(e.env[1], events, 4), 1);
  assert_int_equal(events[0], task.token);
  (void)assert_holds(e.env[1], writer.token);
  (void)assert_waits(e.env[2], other.token);
  sh_value one = v_number(1);
  assert_ok(sh_map_set(e.env[1], map, &one, &one));
  sh_lock_leave(e.env[1], writer.token);
  (void)assert_holds(e.env[1], task.token);
  sh_lock_answer again = enter(e.env[1], map, by_writer); // and at once, had it asked now
  assert_int_equal(again.token, task.token);
  sh_lock_leave(e.env[1], again.token);
  (void)assert_waits(e.env[2], other.token);
  sh_lock_leave(e.env[1], task.token);
  (void)assert_holds(e.env[2], other.token);
  sh_lock_leave(e.env[2], other.token);
  close_envs(&e);
}

// --- refusals --------------------------------------------------------------------------------

static void refused_memory_changes_nothing(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id map = new_map(f);
  sh_lock_answer answer;
  for (unsigned held = 0; held < 2; held++) {
    uint32_t token = held == 1 ? enter(e.env[0], map, by_thread).token : SH_NO_TOKEN;
    uint64_t before = fingerprint(f);
    int refused = 0;
    for (;; refused++) {
      sh_test_fail_local_after(f->heap, refused);
      sh_status status = sh_lock_enter(e.env[1], map, SH_TYPE_MAP, &by_thread, &answer);
      sh_test_fail_local_after(f->heap, -1);
      if (status == SH_OK) {
        break;
      }
      assert_status(status, SH_E_HEAP_FULL);
      assert_true(fingerprint(f) == before);
      assert_int_equal(f->heap->monitors.table.count, held);
      assert_null(f->heap->monitors.blocked);
    }
    // The ticket, the first places of the port, then the monitor (with them there), the table.
    assert_int_equal(refused, held == 0 ? 3 : 1);
    sh_lock_leave(e.env[1], answer.token);
    sh_lock_leave(e.env[0], token);
  }
  // Entering again takes no memory, nor does leaving, nor being handed it.
  uint32_t token = enter(e.env[0], map, by_thread).token;
  uint32_t waiting = queue(e.env[1], map, by_thread).token;
  sh_test_fail_local_after(f->heap, 0);
  (void)enter(e.env[0], map, by_thread);
  sh_lock_leave(e.env[0], token);
  sh_lock_leave(e.env[0], token);
  (void)assert_holds(e.env[1], waiting);
  sh_lock_leave(e.env[1], waiting);
  sh_test_fail_local_after(f->heap, -1);
  close_envs(&e);
}

// --- threads ---------------------------------------------------------------------------------

#define LINE_THREADS 4u

typedef struct line {
  sh_heap *heap;
  sh_id id;
  _Atomic uint32_t queued; // how many are in the queue, in order
  _Atomic uint32_t served;
  _Atomic bool wrong;
} line;

typedef struct line_thread {
  line *l;
  uint32_t index;
} line_thread;

static void *stand_in_line(void *arg) {
  const line_thread *t = arg;
  line *l = t->l;
  sh_env *env = NULL;
  sh_lock_answer answer;
  bool fine = sh_env_open(l->heap, &env) == SH_OK;
  while (fine && atomic_load(&l->queued) != t->index) {
    sh_env_park(env, 1);
  }
  fine = fine && sh_lock_enter(env, l->id, SH_TYPE_MAP, &by_thread, &answer) == SH_OK &&
         answer.state == SH_LOCK_WAITING;
  atomic_store(&l->queued, t->index + 1);
  while (fine && answer.state == SH_LOCK_WAITING) {
    sh_env_park(env, SH_PARK_MS);
    fine = sh_lock_look(env, answer.token, &answer) == SH_OK;
  }
  if (!fine || atomic_fetch_add(&l->served, 1) != t->index) {
    atomic_store(&l->wrong, true);
  }
  if (t->index % 2 == 0) {
    sh_lock_leave(env, answer.token);
  }
  sh_env_close(env); // every second one dies with it
  return NULL;
}

static void threads_are_served_in_order(void **state) {
  fixture *f = *state;
  line l = {.heap = f->heap, .id = new_map(f)};
  line_thread threads[LINE_THREADS];
  pthread_t handles[LINE_THREADS];
  sh_lock_answer held = enter(f->env, l.id, by_thread);
  for (uint32_t i = 0; i < LINE_THREADS; i++) {
    threads[i] = (line_thread){.l = &l, .index = i};
    assert_int_equal(pthread_create(&handles[i], NULL, stand_in_line, &threads[i]), 0);
  }
  while (atomic_load(&l.queued) < LINE_THREADS) {
    sh_env_park(f->env, 1);
  }
  assert_int_equal(atomic_load(&l.served), 0);
  sh_lock_leave(f->env, held.token);
  for (uint32_t i = 0; i < LINE_THREADS; i++) {
    assert_int_equal(pthread_join(handles[i], NULL), 0);
  }
  assert_int_equal(atomic_load(&l.served), LINE_THREADS);
  assert_false(atomic_load(&l.wrong));
  held = enter(f->env, l.id, by_thread);
  assert_true(held.abandoned);
  sh_lock_leave(f->env, held.token);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      locks_unit(a_thread_enters_again),
      locks_unit(a_task_queues_behind_itself_and_others),
      locks_unit(a_task_waits_for_the_thread),
      locks_unit(first_come_first_served),
      locks_unit(a_thread_that_waits_is_rung),
      locks_unit(only_if_it_is_free),
      locks_unit(labels_name_the_holder),
      locks_unit(bad_ids_are_refused),
      locks_unit(others_changes_are_refused),
      locks_unit(own_changes_pass),
      locks_unit(names_have_a_monitor),
      locks_unit(a_writer_goes_with_its_environment),
      locks_unit(refused_memory_changes_nothing),
      locks_unit(threads_are_served_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
