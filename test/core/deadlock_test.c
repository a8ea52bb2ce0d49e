// Who is refused because they would wait for themselves (monitor.h): cases by hand; random ones are
// in deadlock_search_test.c. Environments here are of threads by name only, so one thread can play
// all of them.
#include "support_locks.h"

#define A (e.env[0])
#define B (e.env[1])
#define C (e.env[2])

// --- cycles ----------------------------------------------------------------------------------

static void two_threads(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  uint32_t ax = enter(A, x, by_thread).token;
  uint32_t by = enter(B, y, by_thread).token;
  uint32_t ay = queue(A, y, by_thread).token;
  sh_lock_answer cycle = assert_deadlock(B, x, by_thread);
  assert_int_equal(cycle.id_count, 2);
  assert_true(cycle.ids[0] == x && cycle.ids[1] == y);
  (void)assert_deadlock(B, x, by_writer);
  sh_lock_leave(B, by);
  (void)assert_holds(A, ay);
  sh_lock_leave(A, ay);
  sh_lock_leave(A, ax);
  close_envs(&e);
}

static void three_threads(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  sh_id z = new_map(f);
  (void)enter(A, x, by_thread);
  (void)enter(B, y, by_thread);
  (void)enter(C, z, by_thread);
  (void)queue(A, y, by_thread);
  (void)queue(B, z, by_writer);
  sh_lock_answer cycle = assert_deadlock(C, x, by_thread);
  assert_int_equal(cycle.id_count, 3);
  assert_true(cycle.ids[0] == x && cycle.ids[1] == y && cycle.ids[2] == z);
  close_envs(&e);
}

// The ids are cut off at the end, not at the beginning.
static void a_long_cycle(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, ENVS_MAX);
  sh_id ids[ENVS_MAX];
  for (uint32_t i = 0; i < ENVS_MAX; i++) {
    ids[i] = new_map(f);
    (void)enter(e.env[i], ids[i], by_thread);
  }
  for (uint32_t i = 1; i < ENVS_MAX; i++) {
    (void)queue(e.env[i], ids[(i + 1) % ENVS_MAX], by_thread);
  }
  sh_lock_answer cycle = assert_deadlock(e.env[0], ids[1], by_thread);
  assert_int_equal(cycle.id_count, SH_DEADLOCK_IDS);
  for (uint32_t i = 0; i < SH_DEADLOCK_IDS; i++) {
    assert_true(cycle.ids[i] == ids[i + 1]);
  }
  close_envs(&e);
}

// A thread blocks for what its own task holds, which cannot go on then.
static void a_thread_and_its_task(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 1);
  sh_id x = new_map(f);
  uint32_t task = enter(A, x, by_task(1)).token;
  sh_lock_answer cycle = assert_deadlock(A, x, by_thread);
  assert_int_equal(cycle.id_count, 1);
  sh_lock_leave(A, task);
  sh_lock_leave(A, enter(A, x, by_thread).token);
  close_envs(&e);
}

// A task that is before a thread in the queue will hold first: with its thread blocked, for ever.
static void a_thread_behind_its_task(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id x = new_map(f);
  uint32_t held = enter(B, x, by_thread).token;
  uint32_t task = queue(A, x, by_task(1)).token;
  (void)assert_deadlock(A, x, by_thread);
  uint32_t writer = queue(A, x, by_writer).token; // goes with the task
  sh_lock_leave(B, held);
  (void)assert_holds(A, writer);
  sh_lock_leave(A, writer);
  sh_lock_leave(A, task);
  close_envs(&e);
}

// The same over two: B will wait for A's task, A waits for B.
static void behind_the_task_of_one_who_waits(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  for (unsigned last = 0; last < 2; last++) {
    uint32_t cx = enter(C, x, by_thread).token;
    uint32_t by = enter(B, y, by_thread).token;
    uint32_t task = queue(A, x, by_task(1)).token;
    uint32_t waits;
    if (last == 0) {
      waits = queue(A, y, by_thread).token;
      (void)assert_deadlock(B, x, by_thread);
      sh_lock_leave(A, waits);
    } else {
      waits = queue(B, x, by_thread).token;
      (void)assert_deadlock(A, y, by_thread);
      sh_lock_leave(B, waits);
    }
    sh_lock_leave(A, task);
    sh_lock_leave(B, by);
    sh_lock_leave(C, cx);
  }
  close_envs(&e);
}

static void tasks_within_tasks(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  // Of one environment.
  uint32_t first = enter(A, x, by_task(1)).token;
  uint32_t second = enter(A, y, by_task(2)).token;
  (void)assert_deadlock(A, x, within_task(1)); // for itself: tasks do not enter again
  uint32_t waits = queue(A, y, within_task(1)).token;
  (void)assert_deadlock(A, x, within_task(2));
  uint32_t outside = queue(A, x, by_task(3)).token; // a third task holds nothing
  sh_lock_leave(A, second);
  (void)assert_holds(A, waits);
  sh_lock_leave(A, waits);
  sh_lock_leave(A, first);
  (void)assert_holds(A, outside);
  sh_lock_leave(A, outside);
  // Of two; a task of the same number in the other is another task.
  first = enter(A, x, by_task(1)).token;
  second = enter(B, y, by_task(1)).token;
  waits = queue(A, y, within_task(1)).token;
  (void)assert_deadlock(B, x, within_task(1));
  uint32_t other = queue(B, x, within_task(2)).token;
  sh_lock_leave(B, other);
  sh_lock_leave(A, waits);
  sh_lock_leave(B, second);
  sh_lock_leave(A, first);
  close_envs(&e);
}

// A's task holds x and waits for y, which B's thread holds.
static void a_task_and_a_thread(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 2);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  (void)enter(A, x, by_task(1));
  uint32_t by = enter(B, y, by_thread).token;
  uint32_t waits = queue(A, y, within_task(1)).token;
  (void)assert_deadlock(B, x, by_thread);
  sh_lock_leave(A, waits);
  // A's thread blocks for y instead, and with it the task.
  waits = queue(A, y, by_thread).token;
  (void)assert_deadlock(B, x, by_thread);
  sh_lock_leave(A, waits);
  waits = queue(B, x, by_thread).token;
  (void)assert_deadlock(A, y, by_thread);
  (void)assert_deadlock(A, y, within_task(1));
  uint32_t outside = queue(A, y, by_task(2)).token; // keeps nobody
  sh_lock_leave(A, outside);
  sh_lock_leave(B, waits);
  sh_lock_leave(B, by);
  close_envs(&e);
}

static void one_thread_with_two_environments(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  B->thread = A->thread;
  uint32_t ax = enter(A, x, by_thread).token;
  (void)assert_deadlock(B, x, by_thread);
  (void)assert_deadlock(B, x, by_writer);
  uint32_t task = queue(B, x, by_task(1)).token; // does not block
  sh_lock_leave(B, task);
  uint32_t cy = enter(C, y, by_thread).token;
  uint32_t waits = queue(B, y, by_thread).token; // so A, which holds x, does not go on either
  (void)assert_deadlock(C, x, by_thread);
  sh_lock_leave(B, waits);
  sh_lock_leave(C, cy);
  sh_lock_leave(A, ax);
  close_envs(&e);
}

// --- no cycles -------------------------------------------------------------------------------

static void waiting_in_line_is_none(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  uint32_t ax = enter(A, x, by_thread).token;
  uint32_t ay = enter(A, y, by_thread).token;
  uint32_t bx = queue(B, x, by_thread).token;
  uint32_t cx = queue(C, x, by_thread).token;
  sh_lock_leave(C, cx);
  uint32_t cy = queue(C, y, by_thread).token;
  sh_lock_leave(A, ax); // B has x
  ax = queue(A, x, by_thread).token;
  (void)assert_waits(C, cy);
  (void)assert_deadlock(B, y, by_thread); // while A waits for it
  sh_lock_leave(B, bx);
  (void)assert_holds(A, ax);
  sh_lock_leave(A, ax);
  sh_lock_leave(A, ay);
  sh_lock_leave(C, cy);
  close_envs(&e);
}

// The edges of who gave up, left or ended are gone.
static void what_is_over_is_none(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  (void)enter(A, x, by_thread);
  uint32_t by = enter(B, y, by_thread).token;
  uint32_t ay = queue(A, y, by_thread).token;
  sh_lock_leave(A, ay); // gave up
  uint32_t bx = queue(B, x, by_thread).token;
  (void)assert_deadlock(A, y, by_thread);
  sh_lock_leave(B, bx);
  ay = queue(A, y, by_thread).token;
  assert_ok(sh_drop(f->env, y)); // ended: A no longer waits
  bx = queue(B, x, by_thread).token;
  sh_lock_leave(B, bx);
  sh_lock_leave(B, by);
  sh_lock_leave(A, ay);
  // C waits for A, who dies.
  sh_id z = new_map(f);
  (void)enter(C, z, by_thread);
  (void)enter(B, x = new_map(f), by_thread);
  (void)queue(B, z, by_thread);
  (void)assert_deadlock(C, x, by_thread);
  sh_env_close(B);
  e.env[1] = NULL;
  sh_lock_answer told = enter(C, x, by_thread);
  assert_true(told.abandoned);
  close_envs(&e);
}

// A task that waits before a thread, of an environment whose thread is free, goes on.
static void behind_a_task_is_none(void **state) {
  fixture *f = *state;
  envs e = open_envs(f, 3);
  sh_id x = new_map(f);
  sh_id y = new_map(f);
  (void)enter(A, x, by_thread);
  (void)enter(B, y, by_thread);
  (void)queue(C, x, by_task(1));
  (void)queue(B, x, by_thread);
  (void)queue(C, y, by_task(2));
  (void)assert_deadlock(C, y, by_thread); // this would keep task 1 from ending
  close_envs(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      locks_unit(two_threads),
      locks_unit(three_threads),
      locks_unit(a_long_cycle),
      locks_unit(a_thread_and_its_task),
      locks_unit(a_thread_behind_its_task),
      locks_unit(behind_the_task_of_one_who_waits),
      locks_unit(tasks_within_tasks),
      locks_unit(a_task_and_a_thread),
      locks_unit(one_thread_with_two_environments),
      locks_unit(waiting_in_line_is_none),
      locks_unit(what_is_over_is_none),
      locks_unit(behind_a_task_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
