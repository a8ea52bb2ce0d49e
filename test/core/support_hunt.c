#include "support_hunt.h"

#include "epoch.h"

#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TURNS STRESS_SCALE(80000u) // of a writer
#define SECONDS_MAX 60             // for a flawed reader to be caught

static void give_way(void *arg, int place) {
  static _Thread_local uint32_t turn = 0;
  hunt *h = arg;
  if (place == SH_PEEK_BEGUN || place == SH_PEEK_LOCKING) {
    atomic_fetch_add_explicit(place == SH_PEEK_BEGUN ? &h->sections : &h->locks, 1,
                              memory_order_relaxed);
  }
  if (++turn % (h->flaws != 0 ? 61 : 1021) == 0) {
    (void)sched_yield();
  }
}

void let_read(stress_thread *t) {
  for (uint32_t i = stress_below(t, 200); i > 0; i--) {
    shi_cpu_pause();
  }
}

void hunt_caught(hunt *h, const char *what) {
  if (h->flaws == 0) {
    (void)fprintf(stderr, "hunt: %s\n", what);
  }
  atomic_fetch_add(&h->hits, 1);
}

bool hunt_goes_on(hunt *h, uint32_t turn, time_t start) {
  if (h->flaws == 0) {
    return turn < TURNS;
  }
  STRESS_CHECK(time(NULL) - start < SECONDS_MAX);
  return atomic_load(&h->hits) == 0;
}

bool hunt_turn(stress_thread *t, hunt *h) {
  if ((h->flaws & SH_FLAW_OFFLINE) == 0) {
    sh_env_online(t->env);
    sh_env_refresh(t->env);
  }
  atomic_fetch_add_explicit(&h->reads, 1, memory_order_relaxed);
  return atomic_load(&h->writers) > 0;
}

stress *hunt_begin(hunt *h, uint32_t flaws, uint32_t writers) {
  stress *s = stress_open();
  memset(h, 0, sizeof *h);
  h->flaws = flaws;
  h->writers = writers;
  sh_test_peek(s->heap, give_way, h, flaws);
  s->alone = flaws != 0; // the janitor's objects have nothing to do with flawed readers
  return s;
}

void hunt_end(stress *s, hunt *h, const char *name) {
  sh_test_peek(s->heap, NULL, NULL, 0);
  if (h->id != 0) {
    STRESS_CHECK(sh_drop(s->env, h->id) == SH_OK);
  }
  stress_close(s);
  print_message("%s%s: %" PRIu64 " rounds of reads, %" PRIu64 " of the dead, %" PRIu64
                " sections, %" PRIu64 " locks, %" PRIu64 " caught\n",
                name, h->flaws != 0 ? ", flawed" : "", h->reads, h->gone, h->sections, h->locks,
                h->hits);
  if (h->flaws == 0) {
    assert_int_equal(h->hits, 0);
    assert_true(h->sections > 1000);
  } else {
    assert_true(h->hits > 0);
  }
}
