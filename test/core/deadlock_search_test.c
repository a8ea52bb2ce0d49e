// Who is refused because they would wait for themselves (monitor.h), in random states, against a
// reduction of the whole state. Cases by hand are in deadlock_test.c. Environments here are of
// threads by name only, so one thread can play all of them.
#include "support_locks.h"

#include <string.h>

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
  const struct CMUnitTest tests[] = {locks_unit(random_worlds)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
