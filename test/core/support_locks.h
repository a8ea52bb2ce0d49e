// Monitors in tests: asking and looking, each with the answer that is expected.
#ifndef SUPPORT_LOCKS_H
#define SUPPORT_LOCKS_H

#include "support.h"

#include "monitor.h"

// A thread's wish, a change's, a task's from outside of and from within it.
extern const sh_lock_want by_thread;
extern const sh_lock_want by_writer;
sh_lock_want by_task(uint64_t task);
sh_lock_want within_task(uint64_t task);

// Asks; the answer must be of this state. Returns it.
sh_lock_answer check_enter(sh_env *env, sh_id id, sh_lock_want want, sh_lock_state state,
                           const char *file, int line);
#define enter(env, id, want) check_enter((env), (id), (want), SH_LOCK_HOLDING, __FILE__, __LINE__)
#define queue(env, id, want) check_enter((env), (id), (want), SH_LOCK_WAITING, __FILE__, __LINE__)

// Looks at a ticket, which must be in this state.
sh_lock_answer check_look(sh_env *env, uint32_t token, sh_lock_state state, const char *file,
                          int line);
#define assert_holds(env, token) check_look((env), (token), SH_LOCK_HOLDING, __FILE__, __LINE__)
#define assert_waits(env, token) check_look((env), (token), SH_LOCK_WAITING, __FILE__, __LINE__)

// Asks and must be refused, and nothing left behind. Returns the ids.
sh_lock_answer check_deadlock(sh_env *env, sh_id id, sh_lock_want want, const char *file, int line);
#define assert_deadlock(env, id, want) check_deadlock((env), (id), (want), __FILE__, __LINE__)

// What an object's slot says: whether it has a monitor (both its words must agree), and whether the
// last one was abandoned.
bool has_monitor(fixture *f, sh_id id);
bool is_abandoned(fixture *f, sh_id id);

// Further environments of a fixture's heap, each as if of a thread of its own, labels from 2 on
// (the fixture's own: 1).
#define ENVS_MAX 16u
typedef struct envs {
  fixture *f;
  sh_env *env[ENVS_MAX]; // [0]: the fixture's
  uint32_t count;
} envs;
envs open_envs(fixture *f, uint32_t count);
// Closes them; the fixture's own only leaves what it holds and waits for.
void close_envs(envs *e);

// As close_fixture, and no monitor is left.
int close_unlocked(void **state);
#define locks_unit(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_unlocked)

#endif
