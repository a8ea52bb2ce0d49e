#include "support_pairs.h"

#include "inspect.h"
#include "number.h"
#include "scope.h"
#include "stats.h"
#include "str.h"
#include "verify.h"

#include <stdio.h>

// --- values ----------------------------------------------------------------------------------

#define NUMBERS 1000u // every number stored is an integer below this

sh_value pairs_value(pairs *p, stress_thread *t, char *text) {
  static const uint32_t lengths[] = {0, 3, 5, 6, 15, 16, 200, 1024, 1025, PAIRS_TEXT_MAX};
  sh_id id = 0;
  stress_fill(text, lengths[stress_below(t, 10)], stress_below(t, 26));
  sh_value value = stress_text(text);
  switch (stress_below(t, 8)) {
  case 0:
    STRESS_CHECK(sh_string_new(t->env, &value, &id) == SH_OK);
    return stress_ref(id, true);
  case 1:
    STRESS_CHECK(sh_number_new(t->env, 1, &id) == SH_OK);
    return stress_ref(id, true);
  case 2:
    return stress_ref(p->child, false);
  case 3:
  case 4:
    return value;
  default:
    return stress_number(stress_below(t, NUMBERS));
  }
}

void pairs_stored(stress_thread *t, const sh_value *value, bool taken) {
  if (value->kind == SH_KIND_REF && value->move && !taken) {
    STRESS_CHECK(sh_drop(t->env, value->id) == SH_OK);
  }
}

void pairs_out(stress_thread *t, const sh_value *out, bool owned) {
  sh_type type = SH_TYPE_NONE;
  switch ((sh_kind)out->kind) {
  case SH_KIND_NUMBER: // sums of map_add grow beyond what is stored
    STRESS_CHECK(out->number >= 0 && out->number == (double)(uint64_t)out->number);
    break;
  case SH_KIND_STRING:
    STRESS_CHECK(stress_whole(out));
    if (out->pin != 0) {
      sh_unpin(t->stress->heap, out->pin);
    }
    break;
  case SH_KIND_REF:
    STRESS_CHECK(out->type == SH_TYPE_STRING || out->type == SH_TYPE_NUMBER);
    if (owned) {
      STRESS_CHECK(sh_id_check(t->env, out->id, SH_TYPE_NONE, &type) == SH_OK);
      STRESS_CHECK((uint8_t)type == out->type && sh_drop(t->env, out->id) == SH_OK);
    }
    break;
  default:
    STRESS_CHECK(out->kind != SH_KIND_BIGINT);
  }
}

sh_mode pairs_mode(stress_thread *t) {
  static const sh_mode modes[] = {SH_BORROW, SH_ACQUIRE, SH_DEREF};
  return modes[stress_below(t, 3)];
}

// --- operations of every type ----------------------------------------------------------------

static sh_status retain_drop(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  sh_status status = sh_retain(t->env, id);
  if (status == SH_OK) {
    STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
  }
  return status;
}

static sh_status counts(pairs *p, stress_thread *t, sh_id id) {
  uint32_t claims = 0;
  uint32_t holds = 0;
  (void)p;
  sh_status status = sh_id_counts(t->env, id, &claims, &holds);
  STRESS_CHECK(status != SH_OK || (claims <= 1 + STRESS_THREADS_MAX && holds == 0));
  return status;
}

static sh_status check(pairs *p, stress_thread *t, sh_id id) {
  uint32_t shape = 0;
  sh_type type = SH_TYPE_NONE;
  sh_type seen = sh_id_type(t->env, (double)id, &shape);
  sh_status status = sh_id_check(t->env, id, SH_TYPE_NONE, &type);
  STRESS_CHECK(status != SH_OK || (seen == type && (type != SH_TYPE_RECORD || shape == p->shape)));
  return status;
}

bool pairs_are_replaced(const pairs *p) { return p->ops[0]->replaces || p->ops[1]->replaces; }

bool pairs_are_locked(const pairs *p) { return p->ops[0]->locks || p->ops[1]->locks; }

sh_status pairs_replace(pairs *p, stress_thread *t, sh_id id) {
  sh_id next = 0;
  (void)id;
  STRESS_CHECK(p->type->make(p, t->env, &next) == SH_OK);
  id = atomic_exchange(&p->target, next);
  STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
  return SH_OK;
}

static sh_status walk(pairs *p, stress_thread *t, sh_id id) {
  sh_id ids[64];
  uint32_t index = 0;
  uint32_t count = 0;
  (void)p;
  (void)id;
  do {
    sh_walk(t->env, &index, 64, ids, &count);
    STRESS_CHECK(count <= 64);
  } while (index != 0);
  return SH_OK;
}

static void report(void *arg, const char *problem) {
  const pairs *p = arg;
  (void)fprintf(stderr, "pairs: %s, %s beside %s: verify: %s\n", p->type->name, p->ops[0]->name,
                p->ops[1]->name, problem);
}

static sh_status verify(pairs *p, stress_thread *t, sh_id id) {
  sh_verify_result result = {0};
  (void)id;
  STRESS_CHECK(sh_heap_verify(t->env, report, p, &result) == SH_OK && result.problems == 0);
  return SH_OK;
}

static sh_status trim(pairs *p, stress_thread *t, sh_id id) {
  sh_stats stats;
  (void)p;
  (void)id;
  sh_heap_trim(t->env);
  sh_heap_stats(t->env, &stats);
  STRESS_CHECK(stats.used_bytes <= stats.limit);
  return SH_OK;
}

static sh_status survey(pairs *p, stress_thread *t, sh_id id) {
  sh_survey result;
  sh_tally tally = {0};
  STRESS_CHECK(sh_survey_take(t->env, &result) == SH_OK);
  STRESS_CHECK(result.types[SH_TYPE_STRING].objects > 0); // the child
  sh_survey_free(&result);
  STRESS_CHECK(sh_reach(t->env, &id, 1, &tally) == SH_OK);
  STRESS_CHECK(tally.objects > 0 || pairs_are_replaced(p));
  return SH_OK;
}

// A claim that the end of the scope gives up.
static sh_status scope(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  STRESS_CHECK(sh_scope_begin(t->env) == SH_OK);
  sh_status status = sh_retain(t->env, id);
  sh_scope_end(t->env);
  return status;
}

// Another environment comes, uses the object and leaves while it is online, has the monitor and
// watches.
static sh_status visit(pairs *p, stress_thread *t, sh_id id) {
  stress_thread other = *t;
  STRESS_CHECK(sh_env_open(t->stress->heap, &other.env) == SH_OK);
  sh_env_online(other.env);
  sh_status status = check(p, &other, id);
  (void)retain_drop(p, &other, id);
  (void)pairs_leave_waits(&other, id);
  sh_env_close(other.env);
  return status;
}

static const pairs_op common_ops[] = {
    {.name = "retain and drop", .run = retain_drop},
    {.name = "counts", .run = counts},
    {.name = "check", .run = check},
    {.name = "replace", .run = pairs_replace, .replaces = true},
    {.name = "walk", .run = walk},
    {.name = "verify", .run = verify},
    {.name = "trim", .run = trim},
    {.name = "survey", .run = survey},
    {.name = "scope", .run = scope},
    {.name = "lock", .run = pairs_lock, .locks = true},
    {.name = "tryLock", .run = pairs_try_lock, .locks = true},
    {.name = "version", .run = pairs_version},
    {.name = "watch", .run = pairs_watch},
    {.name = "visit", .run = visit, .locks = true},
};
const pairs_type pairs_common = {"common", NULL, common_ops,
                                 sizeof common_ops / sizeof *common_ops};
