// What objects of every type have besides their contents: monitors, versions and watches; see
// support_pairs.h.
#include "support_pairs.h"

#include "monitor.h"
#include "watch.h"

// Until the ticket holds, or its object has ended.
static sh_status wait_for(stress_thread *t, sh_lock_answer *answer) {
  sh_status status = SH_OK;
  while (status == SH_OK && answer->state == SH_LOCK_WAITING) {
    sh_env_park(t->env, SH_PARK_MS);
    sh_env_refresh(t->env);
    status = sh_lock_look(t->env, answer->token, answer);
  }
  return status;
}

sh_status pairs_as_writer(pairs *p, stress_thread *t, const pairs_op *op, sh_id id) {
  sh_lock_want want = {.kind = SH_LOCK_WRITER};
  sh_lock_answer answer;
  sh_status status = sh_lock_enter(t->env, id, SH_TYPE_NONE, &want, &answer);
  if (status != SH_OK) {
    return status;
  }
  status = wait_for(t, &answer);
  if (status == SH_OK) {
    status = op->run(p, t, id);
    STRESS_CHECK(status != SH_E_BUSY);
  }
  STRESS_CHECK(sh_lock_leave(t->env, answer.token));
  return status;
}

// Alone with the object, unless there is more than one; and in again, as a thread may.
static void inside(pairs *p, stress_thread *t, sh_id id, uint32_t token) {
  sh_lock_want want = {.kind = SH_LOCK_THREAD};
  sh_lock_answer again = {.token = 0};
  STRESS_CHECK(atomic_fetch_add(&p->inside, 1) == 0 || pairs_are_replaced(p));
  sh_status status = sh_lock_enter(t->env, id, SH_TYPE_NONE, &want, &again);
  if (status == SH_OK) {
    STRESS_CHECK(again.state == SH_LOCK_HOLDING && again.token == token);
    STRESS_CHECK(sh_lock_leave(t->env, token));
  }
  STRESS_CHECK(status == SH_OK || (status == SH_E_USE_AFTER_FREE && pairs_are_replaced(p)));
  atomic_fetch_sub(&p->inside, 1);
}

static sh_status lock(pairs *p, stress_thread *t, sh_id id, bool only_free) {
  sh_lock_want want = {.kind = SH_LOCK_THREAD, .only_free = only_free};
  sh_lock_answer answer;
  sh_status status = sh_lock_enter(t->env, id, SH_TYPE_NONE, &want, &answer);
  if (status != SH_OK || answer.state == SH_LOCK_REFUSED) {
    return status;
  }
  status = wait_for(t, &answer);
  if (status == SH_OK) {
    inside(p, t, id, answer.token);
  }
  STRESS_CHECK(sh_lock_leave(t->env, answer.token) && !sh_lock_leave(t->env, answer.token));
  return status;
}

sh_status pairs_lock(pairs *p, stress_thread *t, sh_id id) { return lock(p, t, id, false); }

sh_status pairs_try_lock(pairs *p, stress_thread *t, sh_id id) { return lock(p, t, id, true); }

sh_status pairs_version(pairs *p, stress_thread *t, sh_id id) {
  uint32_t version = 0;
  (void)p;
  sh_status status = sh_version(t->env, id, SH_TYPE_NONE, &version);
  STRESS_CHECK(version <= UINT32_MAX >> SH_LOCK_VERSION_SHIFT);
  return status;
}

sh_status pairs_watch(pairs *p, stress_thread *t, sh_id id) {
  uint32_t token = 0;
  uint32_t told[2] = {0};
  bool blocks = stress_below(t, 2) == 0;
  (void)p;
  sh_status status = sh_watch(t->env, id, blocks, &token);
  if (status == SH_OK) {
    (void)sh_watch_settle(t->env, token);
    uint32_t count = sh_env_events(t->env, told, 2);
    STRESS_CHECK(count == 0 || (count == 1 && !blocks && told[0] == token));
    sh_unwatch(t->env, token);
    STRESS_CHECK(sh_env_events(t->env, told, 2) == 0);
  }
  return status;
}

sh_status pairs_leave_waits(stress_thread *t, sh_id id) {
  sh_lock_want want = {.kind = SH_LOCK_THREAD, .only_free = true};
  sh_lock_answer answer;
  uint32_t token = 0;
  sh_status status = sh_lock_enter(t->env, id, SH_TYPE_NONE, &want, &answer);
  return status == SH_OK ? sh_watch(t->env, id, false, &token) : status;
}
