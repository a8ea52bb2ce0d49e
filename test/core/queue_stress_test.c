// Threads on one queue: every value comes out exactly once, those of one producer in its order as
// each consumer sees them, closing included, and an empty heap after each test.
#include "support_stress.h"

#include "lock.h"
#include "number.h"
#include "queue.h"
#include "slot.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRODUCERS 4u
#define CONSUMERS 4u
#define VALUES STRESS_SCALE(60000u) // of each producer

typedef struct shared {
  sh_id queue;
  _Atomic uint32_t producing;
  _Atomic uint32_t popped;
  _Atomic uint8_t seen[PRODUCERS * VALUES];
} shared;

// A value is its producer and its number there: as a number, in a NumberRef, or as a long text.
static sh_value value_of(stress_thread *t, uint32_t number, char *text) {
  uint32_t form = stress_below(t, 4);
  if (form == 0) {
    memset(text, 'x', 64);
    for (uint32_t i = 0, n = number; i < 8; i++, n /= 10) {
      text[i] = (char)('0' + n % 10);
    }
    text[64] = '\0';
    return stress_text(text);
  }
  if (form == 1) {
    sh_id id = 0;
    STRESS_CHECK(sh_number_new(t->env, number, &id) == SH_OK);
    return stress_ref(id, true);
  }
  return stress_number(number);
}

static uint32_t number_of(stress_thread *t, const sh_value *value) {
  double number = value->number;
  if (value->kind == SH_KIND_STRING) {
    const char *text = value->chars;
    STRESS_CHECK(value->length == 64 && !value->wide && text[63] == 'x');
    uint32_t n = 0;
    for (uint32_t i = 8; i > 0; i--) {
      n = n * 10 + (uint32_t)(text[i - 1] - '0');
    }
    STRESS_CHECK(value->pin == 0);
    return n;
  }
  if (value->kind == SH_KIND_REF) {
    STRESS_CHECK(value->type == SH_TYPE_NUMBER);
    STRESS_CHECK(sh_number_get(t->env, value->id, &number) == SH_OK);
    STRESS_CHECK(sh_drop(t->env, value->id) == SH_OK);
  } else {
    STRESS_CHECK(value->kind == SH_KIND_NUMBER);
  }
  return (uint32_t)number;
}

static void produce(stress_thread *t, shared *s) {
  char text[65];
  for (uint32_t i = 0; i < VALUES; i++) {
    sh_value value = value_of(t, t->index * VALUES + i, text);
    bool pushed = false;
    while (!pushed) {
      stress_turn(t);
      STRESS_CHECK(sh_queue_push(t->env, s->queue, &value, &pushed) == SH_OK);
      if (!pushed) {
        sched_yield();
      }
    }
  }
  if (atomic_fetch_sub(&s->producing, 1) == 1) {
    STRESS_CHECK(sh_queue_close(t->env, s->queue) == SH_OK);
  }
}

// How taking one value went.
static sh_queue_end take(stress_thread *t, shared *s, uint32_t *number) {
  sh_queue_end end = SH_QUEUE_EMPTY;
  bool other = true;
  double plain = 0;
  if (stress_below(t, 2) == 0) {
    STRESS_CHECK(sh_queue_pop_number(t->env, s->queue, &plain, &end, &other) == SH_OK);
    *number = (uint32_t)plain;
  }
  if (other) {
    sh_value value;
    STRESS_CHECK(sh_queue_pop(t->env, s->queue, &value, &end) == SH_OK);
    *number = end == SH_QUEUE_TAKEN ? number_of(t, &value) : 0;
  }
  return end;
}

static void consume(stress_thread *t, shared *s) {
  uint32_t last[PRODUCERS] = {0}; // 1 + the last number seen of each producer
  for (;;) {
    uint32_t number = 0;
    stress_turn(t);
    sh_queue_end end = take(t, s, &number);
    if (end == SH_QUEUE_ENDED) {
      return;
    }
    if (end == SH_QUEUE_EMPTY) {
      sched_yield();
      continue;
    }
    STRESS_CHECK(number < PRODUCERS * VALUES);
    STRESS_CHECK(atomic_fetch_add(&s->seen[number], 1) == 0);
    STRESS_CHECK(number % VALUES >= last[number / VALUES]);
    last[number / VALUES] = number % VALUES + 1;
    atomic_fetch_add(&s->popped, 1);
  }
}

static void produce_or_consume(stress_thread *t) {
  if (t->index < PRODUCERS) {
    produce(t, t->arg);
  } else {
    consume(t, t->arg);
  }
}

static void hand_over(uint32_t capacity) {
  stress *s = stress_open();
  shared *all = calloc(1, sizeof *all);
  sh_queue_state end;
  assert_non_null(all);
  all->producing = PRODUCERS;
  assert_int_equal(sh_queue_new(s->env, capacity, &all->queue), SH_OK);
  stress_run(s, PRODUCERS + CONSUMERS, produce_or_consume, all);
  assert_int_equal(all->popped, PRODUCERS * VALUES);
  for (uint32_t i = 0; i < PRODUCERS * VALUES; i++) {
    assert_int_equal(all->seen[i], 1);
  }
  assert_int_equal(sh_queue_state_of(s->env, all->queue, &end), SH_OK);
  assert_int_equal(end.length, 0);
  assert_true(end.closed);
  assert_int_equal(sh_drop(s->env, all->queue), SH_OK);
  free(all);
  stress_close(s);
}

static void test_one_place(void **state) {
  (void)state;
  hand_over(1);
}

static void test_some_places(void **state) {
  (void)state;
  hand_over(7);
}

static void test_many_places(void **state) {
  (void)state;
  hand_over(1000);
}

// --- queues that are dropped, closed and read while others push and pop -----------------------

#define PLACES 4u
#define TURNS STRESS_SCALE(80000u)

typedef struct places {
  _Atomic uint64_t queue[PLACES]; // an id, 0: none
} places;

static bool is_gone(sh_status status) { return status == SH_E_USE_AFTER_FREE; }

static void churn(stress_thread *t) {
  places *all = t->arg;
  sh_value out[8];
  for (uint32_t i = 0; i < TURNS; i++) {
    stress_turn(t);
    _Atomic uint64_t *place = &all->queue[stress_below(t, PLACES)];
    sh_id id = atomic_load(place);
    sh_value value = stress_number(1);
    sh_queue_state queue;
    sh_queue_end end = SH_QUEUE_EMPTY;
    uint32_t count = 0;
    uint32_t version = 0;
    bool pushed = false;
    sh_status status;
    if (id == 0) {
      uint64_t none = 0;
      STRESS_CHECK(sh_queue_new(t->env, 1 + stress_below(t, 6), &id) == SH_OK);
      if (!atomic_compare_exchange_strong(place, &none, id)) {
        STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
      }
      continue;
    }
    switch (stress_below(t, 40)) {
    case 0: // whoever takes the id out drops the queue
      if (atomic_compare_exchange_strong(place, &id, 0)) {
        STRESS_CHECK(sh_drop(t->env, id) == SH_OK);
      }
      break;
    case 1:
      status = sh_queue_close(t->env, id);
      STRESS_CHECK(status == SH_OK || is_gone(status));
      break;
    case 2:
    case 3:
    case 4:
      status = sh_queue_state_of(t->env, id, &queue);
      STRESS_CHECK(is_gone(status) || (status == SH_OK && queue.capacity >= 1 &&
                                       queue.capacity <= 6 && queue.length <= queue.capacity));
      break;
    case 5:
    case 6:
      status = sh_queue_read(t->env, id, stress_below(t, 3), SH_ACQUIRE, 8, out, &count, &version);
      STRESS_CHECK(is_gone(status) || (status == SH_OK && count <= 6));
      for (uint32_t k = 0; k < count; k++) {
        (void)number_of(t, &out[k]);
      }
      break;
    default:
      if (stress_below(t, 2) == 0) {
        status = sh_queue_pop(t->env, id, &value, &end);
        STRESS_CHECK(status == SH_OK || is_gone(status));
        if (status == SH_OK && end == SH_QUEUE_TAKEN) {
          (void)number_of(t, &value);
        }
      } else {
        char text[65];
        value = value_of(t, i, text);
        status = sh_queue_push(t->env, id, &value, &pushed);
        STRESS_CHECK(status == SH_OK || status == SH_E_QUEUE_CLOSED || is_gone(status));
        if (!pushed && value.kind == SH_KIND_REF) {
          STRESS_CHECK(sh_drop(t->env, value.id) == SH_OK); // the claim is still ours
        }
      }
    }
  }
}

static void test_lives(void **state) {
  (void)state;
  stress *s = stress_open();
  places all = {.queue = {0}};
  stress_run(s, 6, churn, &all);
  for (uint32_t i = 0; i < PLACES; i++) {
    if (all.queue[i] != 0) {
      assert_int_equal(sh_drop(s->env, all.queue[i]), SH_OK);
    }
  }
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_place),
      cmocka_unit_test(test_some_places),
      cmocka_unit_test(test_many_places),
      cmocka_unit_test(test_lives),
  };
  return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
