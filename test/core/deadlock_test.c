// Who is refused because they would wait for themselves (monitor.h): cases by hand, then random
// ones against a reduction of the whole state. Environments here are of threads by name only, so
// one thread can play all of them.
#include "support_locks.h"

#include <string.h>

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

// --- against the oracle ----------------------------------------------------------------------

#define OBJECTS 5u
#define TASKS 3u // of each environment
#define TICKETS 64u

// What the test knows of a ticket; `token` 0: none.
typedef struct entry {
  uint32_t env;
  uint32_t token;
  uint32_t object;
  sh_lock_want want;
  uint64_t order; // of its asking: the queue
  bool waiting;
} entry;

typedef struct world {
  envs e;
  sh_id ids[OBJECTS];
  entry entries[TICKETS];
  uint64_t order;
  uint64_t random;
  uint32_t refused;
  uint32_t waited;
} world;

static uint32_t below(world *w, uint32_t n) {
  return (uint32_t)(next_random(&w->random) >> 33) % n;
}

static bool is_task(const entry *t) { return t->want.kind == SH_LOCK_TASK; }

static entry *holder_of(entry *entries, uint32_t object) {
  for (uint32_t i = 0; i < TICKETS; i++) {
    if (entries[i].token != 0 && entries[i].object == object && !entries[i].waiting) {
      return &entries[i];
    }
  }
  return NULL;
}

// Whether a ticket still has to wait: a change only until its environment holds.
static bool is_stuck(entry *entries, const entry *t) {
  const entry *holder = holder_of(entries, t->object);
  return t->waiting && (t->want.kind != SH_LOCK_WRITER || holder == NULL || holder->env != t->env);
}

// The ticket for which a thread sleeps, or has not yet woken.
static entry *sleeps_for(const world *w, entry *entries, uint64_t thread) {
  for (uint32_t i = 0; i < TICKETS; i++) {
    entry *t = &entries[i];
    if (t->token != 0 && t->waiting && !is_task(t) && w->e.env[t->env]->thread == thread) {
      return t;
    }
  }
  return NULL;
}

static bool goes_on(const world *w, entry *entries, const entry *holder) {
  if (sleeps_for(w, entries, w->e.env[holder->env]->thread) != NULL) {
    return false;
  }
  for (uint32_t i = 0; is_task(holder) && i < TICKETS; i++) {
    const entry *t = &entries[i];
    if (t->token != 0 && t->waiting && t->want.nested && t->env == holder->env &&
        t->want.task == holder->want.task) {
      return false;
    }
  }
  return true;
}

static void pass_on(entry *entries, uint32_t object) {
  entry *first = NULL;
  for (uint32_t i = 0; i < TICKETS; i++) {
    entry *t = &entries[i];
    if (t->token != 0 && t->object == object && t->waiting &&
        (first == NULL || t->order < first->order)) {
      first = t;
    }
  }
  if (first != NULL) {
    first->waiting = false;
  }
}

// Whether everybody gets through in the end if all who can go on do, and leave.
static bool reduces(const world *w) {
  entry entries[TICKETS];
  memcpy(entries, w->entries, sizeof entries);
  for (bool any = true; any;) {
    any = false;
    for (uint32_t i = 0; i < TICKETS; i++) {
      entry *t = &entries[i];
      if (t->token == 0) {
        continue;
      }
      if (!t->waiting && goes_on(w, entries, t)) {
        t->token = 0;
        pass_on(entries, t->object);
        any = true;
      } else if (t->waiting && !is_stuck(entries, t)) {
        t->token = 0; // a change, done in its environment's turn
        any = true;
      }
    }
  }
  for (uint32_t i = 0; i < TICKETS; i++) {
    if (entries[i].token != 0) {
      return false;
    }
  }
  return true;
}

// What the core says of every ticket is what the test thinks.
static void compare(world *w) {
  for (uint32_t i = 0; i < TICKETS; i++) {
    const entry *t = &w->entries[i];
    if (t->token != 0) {
      bool waits = is_stuck(w->entries, t);
      (void)check_look(w->e.env[t->env], t->token, waits ? SH_LOCK_WAITING : SH_LOCK_HOLDING,
                       __FILE__, __LINE__);
    }
  }
}

static void leave(world *w, entry *t) {
  sh_lock_leave(w->e.env[t->env], t->token);
  t->token = 0;
  if (!t->waiting) {
    pass_on(w->entries, t->object);
  }
}

// What a task holds and whether it waits: a task does one thing at a time.
static bool task_waits(const world *w, uint32_t env, uint64_t task, bool *holds) {
  bool waits = false;
  *holds = false;
  for (uint32_t i = 0; i < TICKETS; i++) {
    const entry *t = &w->entries[i];
    if (t->token != 0 && t->env == env && is_task(t) && t->want.task == task) {
      waits = waits || t->waiting;
      *holds = *holds || !t->waiting;
    }
  }
  return waits;
}

static void ask(world *w, uint32_t env, uint32_t object) {
  entry t = {.env = env, .object = object, .order = ++w->order, .token = UINT32_MAX};
  sh_lock_answer answer = {0};
  bool holds = false;
  uint32_t kind = below(w, 6);
  t.want.kind = kind == 0 ? SH_LOCK_WRITER : kind < 3 ? SH_LOCK_THREAD : SH_LOCK_TASK;
  if (is_task(&t)) {
    t.want.task = below(w, TASKS);
    if (task_waits(w, env, t.want.task, &holds)) {
      return;
    }
    t.want.nested = holds;
  }
  const entry *holder = holder_of(w->entries, object);
  uint32_t place = 0;
  while (place < TICKETS && w->entries[place].token != 0) {
    place++;
  }
  bool again = holder != NULL && holder->env == env && !is_task(&t) &&
               (!is_task(holder) || t.want.kind == SH_LOCK_WRITER);
  if (again || place == TICKETS) {
    return; // monitor_test enters again
  }
  t.waiting = holder != NULL;
  w->entries[place] = t;
  bool expected = !reduces(w);
  sh_status status = sh_lock_enter(w->e.env[env], w->ids[object], SH_TYPE_NONE, &t.want, &answer);
  if (status != (expected ? SH_E_DEADLOCK : SH_OK)) {
    fail_msg("order %llu: status %d, a deadlock expected: %d", (unsigned long long)w->order, status,
             expected);
  }
  w->entries[place].token = expected ? 0 : answer.token;
  w->refused += expected ? 1 : 0;
  w->waited += t.waiting ? 1 : 0;
  if (expected) {
    // The cycle begins with the object asked for, and each object in it has a holder.
    assert_true(answer.id_count > 0 && answer.ids[0] == w->ids[object]);
    for (uint32_t i = 0; i < answer.id_count; i++) {
      uint32_t which = 0;
      while (which < OBJECTS && w->ids[which] != answer.ids[i]) {
        which++;
      }
      assert_non_null(holder_of(w->entries, which));
    }
  }
}

// One step of an environment: a thread that sleeps can only wake, or give up.
static void step(world *w) {
  uint32_t env = below(w, w->e.count);
  entry *sleeps = sleeps_for(w, w->entries, w->e.env[env]->thread);
  uint32_t at = below(w, TICKETS);
  bool holds = false;
  if (sleeps != NULL) {
    if (!is_stuck(w->entries, sleeps) || below(w, 12) == 0) {
      leave(w, sleeps);
    }
    return;
  }
  for (uint32_t i = 0; i < TICKETS; i++) {
    entry *t = &w->entries[(at + i) % TICKETS];
    if (t->token != 0 && t->env == env && below(w, 3) == 0) {
      // A task that waits within its section does not end that section.
      if (t->waiting || !is_task(t) || !task_waits(w, env, t->want.task, &holds)) {
        leave(w, t);
      }
      return;
    }
  }
  ask(w, env, below(w, OBJECTS));
}

#define STEPS 4000u

static void random_worlds(void **state) {
  fixture *f = *state;
  uint32_t refused = 0;
  uint32_t waited = 0;
  for (uint32_t round = 0; round < 12; round++) {
    world w = {.e = open_envs(f, 3 + round % 4), .random = 88172645463325252u + round};
    if (round % 3 == 2) {
      w.e.env[1]->thread = w.e.env[0]->thread; // two environments of one thread
    }
    for (uint32_t i = 0; i < OBJECTS; i++) {
      w.ids[i] = new_map(f);
    }
    for (uint32_t i = 0; i < STEPS; i++) {
      step(&w);
      compare(&w);
      assert_true(reduces(&w)); // nobody has come to wait for ever, by handing over either
    }
    for (uint32_t i = 0; i < TICKETS; i++) {
      if (w.entries[i].token != 0) {
        leave(&w, &w.entries[i]);
      }
    }
    close_envs(&w.e);
    refused += w.refused;
    waited += w.waited;
  }
  print_message("%u asked and had to wait, %u of them refused\n", waited, refused);
  assert_at_most(500, refused);
  assert_at_most(2 * refused, waited);
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
      locks_unit(random_worlds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
