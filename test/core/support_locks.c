#include "support_locks.h"

const sh_lock_want by_thread = {.kind = SH_LOCK_THREAD};
const sh_lock_want by_writer = {.kind = SH_LOCK_WRITER};

sh_lock_want by_task(uint64_t task) { return (sh_lock_want){.kind = SH_LOCK_TASK, .task = task}; }

sh_lock_want within_task(uint64_t task) {
  return (sh_lock_want){.kind = SH_LOCK_TASK, .task = task, .nested = true};
}

static void check_state(const sh_lock_answer *answer, sh_lock_state state, const char *file,
                        int line) {
  static const char *const names[] = {"waiting", "holding", "refused"};
  if (answer->state != state) {
    print_error("%s, expected %s\n", names[answer->state], names[state]);
    _fail(file, line);
  }
}

sh_lock_answer check_enter(sh_env *env, sh_id id, sh_lock_want want, sh_lock_state state,
                           const char *file, int line) {
  sh_lock_answer answer = {0};
  check_status(sh_lock_enter(env, id, SH_TYPE_NONE, &want, &answer), SH_OK, "sh_lock_enter", file,
               line);
  check_state(&answer, state, file, line);
  return answer;
}

sh_lock_answer check_look(sh_env *env, uint32_t token, sh_lock_state state, const char *file,
                          int line) {
  sh_lock_answer answer = {0};
  check_status(sh_lock_look(env, token, &answer), SH_OK, "sh_lock_look", file, line);
  check_state(&answer, state, file, line);
  return answer;
}

sh_lock_answer check_deadlock(sh_env *env, sh_id id, sh_lock_want want, const char *file,
                              int line) {
  sh_lock_answer answer = {0};
  uint32_t free = env->port.free;
  check_status(sh_lock_enter(env, id, SH_TYPE_NONE, &want, &answer), SH_E_DEADLOCK, "sh_lock_enter",
               file, line);
  if (answer.id_count == 0 || answer.id_count > SH_DEADLOCK_IDS || answer.ids[0] != id ||
      (free != 0 && env->port.free != free)) {
    print_error("a deadlock of %u objects; a ticket may be left\n", answer.id_count);
    _fail(file, line);
  }
  return answer;
}

envs open_envs(fixture *f, uint32_t count) {
  envs e = {.f = f, .count = count};
  e.env[0] = f->env;
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) {
      assert_ok(sh_env_open(f->heap, &e.env[i]));
    }
    e.env[i]->thread = UINT64_MAX - i;
    sh_env_label(e.env[i], i + 1);
  }
  return e;
}

void close_envs(envs *e) {
  shi_waits_close(e->f->env);
  for (uint32_t i = 1; i < e->count; i++) {
    if (e->env[i] != NULL) {
      sh_env_close(e->env[i]);
    }
  }
}

int close_unlocked(void **state) {
  fixture *f = *state;
  assert_int_equal(f->heap->monitors.table.count, 0);
  assert_null(f->heap->monitors.blocked);
  assert_int_equal(f->heap->watches.table.count, 0);
  return close_fixture(state);
}

bool has_monitor(fixture *f, sh_id id) {
  bool bit = (atomic_load(&slot_of(f, id)->lock) & SH_LOCK_MONITOR) != 0;
  bool flag = (atomic_load(&slot_of(f, id)->word0) & SH_FLAG_LOCKED) != 0;
  assert_int_equal(bit, flag);
  return bit;
}

bool is_abandoned(fixture *f, sh_id id) {
  return (atomic_load(&slot_of(f, id)->word0) & SH_FLAG_ABANDONED) != 0;
}
