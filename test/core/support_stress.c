#include "support_stress.h"

#include "alloc.h"
#include "epoch.h"
#include "number.h"
#include "slot.h"
#include "state.h"
#include "stats.h"
#include "str.h"
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void stress_fail(const char *what, const char *file, int line) {
  (void)fprintf(stderr, "stress: not so: %s (%s:%d)\n", what, file, line);
  abort();
}

static void report(void *arg, const char *problem) {
  (void)arg;
  (void)fprintf(stderr, "stress: verify: %s\n", problem);
}

stress *stress_open(void) {
  // On a busy machine a thread may be kept from running while it is online: limbo needs the room.
  sh_config config = {.reserve = UINT64_C(1) << 30};
  stress *s = calloc(1, sizeof *s);
  const char *given = getenv("SEED");
  s->seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  (void)fprintf(stderr, "stress: SEED=%" PRIu64 "\n", s->seed);
  STRESS_CHECK(sh_heap_create(&config, &s->heap) == SH_OK);
  STRESS_CHECK(sh_env_open(s->heap, &s->env) == SH_OK);
  stress_baseline(s);
  return s;
}

void stress_baseline(stress *s) {
  sh_stats stats;
  sh_heap_stats(s->env, &stats);
  s->live_bytes = stats.live_bytes;
}

void stress_check_empty(stress *s) {
  sh_stats stats;
  sh_verify_result result = {0};
  sh_waits waits;
  sh_env_offline(s->env);
  sh_heap_trim(s->env);
  sh_heap_stats(s->env, &stats);
  STRESS_CHECK(stats.objects == 0);
  STRESS_CHECK(stats.limbo_bytes == 0 && stats.limbo_objects == 0 && stats.pinned_bytes == 0);
  STRESS_CHECK(stats.live_bytes == s->live_bytes);
  STRESS_CHECK(stats.environments == 1);
  sh_waits_count(s->env, &waits);
  STRESS_CHECK(waits.monitors == 0 && waits.watched == 0 && waits.own == 0 && waits.queued == 0);
  STRESS_CHECK(sh_heap_verify(s->env, report, NULL, &result) == SH_OK);
  STRESS_CHECK(result.problems == 0 && result.quiescent && result.objects == 0);
}

void stress_close(stress *s) {
  stress_check_empty(s);
  sh_env_close(s->env);
  sh_heap_destroy(s->heap);
  free(s);
}

// --- threads ---------------------------------------------------------------------------------

static void *worker(void *arg) {
  stress_thread *t = arg;
  STRESS_CHECK(sh_env_open(t->stress->heap, &t->env) == SH_OK);
  (void)pthread_barrier_wait(t->barrier);
  t->run(t);
  sh_env_close(t->env);
  return NULL;
}

// A worker that comes, makes and drops a few objects of its own, and leaves.
static void visit(stress *s) {
  sh_env *env = NULL;
  char text[200];
  stress_fill(text, sizeof text - 1, 1);
  sh_value value = stress_text(text);
  STRESS_CHECK(sh_env_open(s->heap, &env) == SH_OK);
  sh_env_online(env);
  for (int i = 0; i < 20; i++) {
    sh_id number = 0;
    sh_id string = 0;
    STRESS_CHECK(sh_number_new(env, i, &number) == SH_OK);
    STRESS_CHECK(sh_string_new(env, &value, &string) == SH_OK);
    STRESS_CHECK(sh_drop(env, number) == SH_OK);
    STRESS_CHECK(sh_drop(env, string) == SH_OK);
  }
  sh_env_close(env); // online: its limbo goes to the heap
}

static void *janitor(void *arg) {
  stress *s = arg;
  sh_env *env = NULL;
  STRESS_CHECK(sh_env_open(s->heap, &env) == SH_OK);
  while (!atomic_load(&s->done)) {
    sh_stats stats;
    sh_verify_result result = {0};
    sh_heap_stats(env, &stats);
    STRESS_CHECK(stats.environments >= 2 && stats.used_bytes <= stats.limit);
    STRESS_CHECK(sh_heap_verify(env, report, NULL, &result) == SH_OK);
    STRESS_CHECK(result.problems == 0);
    sh_heap_trim(env);
    visit(s);
    (void)usleep(500);
  }
  sh_env_close(env);
  return NULL;
}

void stress_run(stress *s, uint32_t n, void (*run)(stress_thread *t), void *arg) {
  stress_thread threads[STRESS_THREADS_MAX];
  pthread_t handles[STRESS_THREADS_MAX];
  pthread_t keeper = pthread_self();
  pthread_barrier_t barrier;
  STRESS_CHECK(n <= STRESS_THREADS_MAX && pthread_barrier_init(&barrier, NULL, n) == 0);
  atomic_store(&s->done, false);
  STRESS_CHECK(s->alone || pthread_create(&keeper, NULL, janitor, s) == 0);
  for (uint32_t i = 0; i < n; i++) {
    threads[i] = (stress_thread){.stress = s, .arg = arg, .index = i, .run = run};
    threads[i].state = (s->seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    threads[i].barrier = &barrier;
    STRESS_CHECK(pthread_create(&handles[i], NULL, worker, &threads[i]) == 0);
  }
  for (uint32_t i = 0; i < n; i++) {
    STRESS_CHECK(pthread_join(handles[i], NULL) == 0);
  }
  atomic_store(&s->done, true);
  STRESS_CHECK(s->alone || pthread_join(keeper, NULL) == 0);
  (void)pthread_barrier_destroy(&barrier);
}

uint64_t stress_random(stress_thread *t) {
  t->state ^= t->state << 13;
  t->state ^= t->state >> 7;
  t->state ^= t->state << 17;
  return t->state;
}

uint32_t stress_below(stress_thread *t, uint32_t n) {
  return (uint32_t)((stress_random(t) >> 20) % n);
}

void stress_turn(stress_thread *t) {
  switch (stress_below(t, 64)) {
  case 0:
  case 1:
    sh_env_online(t->env);
    break;
  case 2:
    sh_env_offline(t->env);
    break;
  default:
    sh_env_refresh(t->env);
    break;
  }
}

bool stress_view_check(const sh_heap *heap, sh_id id, sh_type type, _Atomic uint64_t **where) {
  static const uint64_t offset_mask = (UINT64_C(1) << 48) - 1; // of a record's bodies: layout.h
  uint32_t word0 = (uint32_t)(id >> 32) << SH_W0_GEN_SHIFT | (uint32_t)type << SH_W0_TYPE_SHIFT;
  shi_slot *slot = shi_slot_at(heap, (uint32_t)id);
  if (atomic_load_explicit(&slot->word0, memory_order_relaxed) != word0) {
    return false;
  }
  *where = &slot->payload[0];
  if (type == SH_TYPE_RECORD) {
    uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed) & offset_mask;
    *where = shi_at(heap, offset);
  }
  return true;
}

void stress_view_store(_Atomic uint64_t *where, double number) {
  atomic_store_explicit(where, shi_number_bits(number), memory_order_relaxed);
}

// --- values ----------------------------------------------------------------------------------

sh_value stress_number(double number) {
  return (sh_value){.kind = SH_KIND_NUMBER, .number = number};
}

sh_value stress_text(const char *text) {
  return (sh_value){.kind = SH_KIND_STRING, .chars = text, .length = (uint32_t)strlen(text)};
}

sh_value stress_ref(sh_id id, bool move) {
  return (sh_value){.kind = SH_KIND_REF, .id = id, .move = move};
}

void stress_fill(char *text, uint32_t length, uint32_t salt) {
  memset(text, 'a' + (int)((length * 7 + salt) % 26), length);
  if (length > 0) {
    text[length - 1] = (char)('A' + (int)(salt % 26));
  }
  text[length] = 0;
}

bool stress_whole(const sh_value *text) {
  const char *chars = text->chars;
  if (text->kind != SH_KIND_STRING || text->wide) {
    return false;
  }
  if (text->length == 0) {
    return true;
  }
  uint32_t salt = (uint32_t)(chars[text->length - 1] - 'A');
  for (uint32_t i = 0; i + 1 < text->length; i++) {
    if (chars[i] != (char)('a' + (int)((text->length * 7 + salt) % 26))) {
      return false;
    }
  }
  return salt < 26;
}
