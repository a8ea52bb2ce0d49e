// Threads on the same maps and vectors: values that check themselves, each value taken out exactly
// once, every claim accounted for, and an empty heap after each test. See support_stress.h.
#include "support_stress.h"

#include "map.h"
#include "number.h"
#include "slot.h"
#include "str.h"
#include "vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void drop_out(stress_thread *t, const sh_value *out) {
  if (out->kind == SH_KIND_REF) {
    STRESS_CHECK(sh_drop(t->env, out->id) == SH_OK);
  } else if (out->pin != 0) {
    sh_unpin(t->stress->heap, out->pin);
  }
}

// --- maps ------------------------------------------------------------------------------------

#define MAP_TURNS STRESS_SCALE(320000u)

// Every value names its key: as a number, as a text, or as a StringRef.
static void key_text(char *text, uint32_t key) {
  (void)snprintf(text, 64, "key %u of the maps, rather long", key);
}

static void check_entry(stress_thread *t, uint32_t key, const sh_value *value) {
  char text[64];
  sh_value out = *value;
  key_text(text, key);
  if (value->kind == SH_KIND_NUMBER) {
    STRESS_CHECK(value->number == key);
    return;
  }
  if (value->kind == SH_KIND_REF) {
    STRESS_CHECK(value->type == SH_TYPE_STRING);
    STRESS_CHECK(sh_string_get(t->env, value->id, &out) == SH_OK);
  }
  STRESS_CHECK(out.kind == SH_KIND_STRING && out.length == strlen(text));
  STRESS_CHECK(memcmp(out.chars, text, out.length) == 0);
}

static void set_entry(stress_thread *t, sh_id map, const sh_value *at, uint32_t key) {
  char text[64];
  key_text(text, key);
  sh_value value = stress_number(key);
  uint32_t form = stress_below(t, 3);
  if (form > 0) {
    value = stress_text(text);
  }
  if (form == 2) {
    sh_id id = 0;
    STRESS_CHECK(sh_string_new(t->env, &value, &id) == SH_OK);
    value = stress_ref(id, true);
  }
  STRESS_CHECK(sh_map_set(t->env, map, at, &value) == SH_OK);
}

static void read_map(stress_thread *t, sh_id map) {
  sh_value out[128];
  sh_cursor cursor = {0, 0};
  uint32_t count = 1;
  uint32_t version = 0;
  bool moved = false;
  while (count > 0 && !moved) {
    STRESS_CHECK(sh_map_read(t->env, map, &cursor, SH_DEREF, 64, out, &count, &moved, &version) ==
                 SH_OK);
    for (uint32_t i = 0; !moved && i < count; i++) {
      STRESS_CHECK(out[2 * i].kind == SH_KIND_STRING && out[2 * i].length >= 2);
      char number[16] = {0};
      memcpy(number, (const char *)out[2 * i].chars + 1, out[2 * i].length - 1);
      check_entry(t, (uint32_t)strtoul(number, NULL, 10), &out[2 * i + 1]);
    }
  }
}

static void churn_maps(stress_thread *t) {
  const sh_id *maps = t->arg;
  for (uint32_t i = 0; i < MAP_TURNS; i++) {
    stress_turn(t);
    sh_id map = maps[stress_below(t, 2)];
    // A few keys that all threads fight for, and many that let the table grow and shrink.
    uint32_t key = stress_below(t, stress_below(t, 4) == 0 ? 400 : 10);
    char text[16];
    (void)snprintf(text, sizeof text, "k%u", key);
    sh_value at = stress_text(text);
    sh_value out = {.kind = SH_KIND_UNDEFINED};
    bool found = false;
    switch (stress_below(t, 8)) {
    case 0:
    case 1:
      STRESS_CHECK(sh_map_get(t->env, map, &at, SH_ACQUIRE, &out, &found) == SH_OK);
      break;
    case 2:
      STRESS_CHECK(sh_map_take(t->env, map, &at, &out, &found) == SH_OK);
      break;
    case 3:
      STRESS_CHECK(sh_map_delete(t->env, map, &at, &found) == SH_OK);
      found = false;
      break;
    case 4:
      STRESS_CHECK(sh_map_get(t->env, map, &at, SH_DEREF, &out, &found) == SH_OK);
      break;
    case 5:
      if (stress_below(t, 100) == 0) {
        STRESS_CHECK(sh_map_clear(t->env, map) == SH_OK);
      } else if (stress_below(t, 20) == 0) {
        read_map(t, map);
      }
      break;
    default:
      set_entry(t, map, &at, key);
      break;
    }
    if (found) {
      check_entry(t, key, &out);
      drop_out(t, &out);
    }
  }
}

static void test_maps(void **state) {
  (void)state;
  stress *s = stress_open();
  sh_id maps[2];
  assert_int_equal(sh_map_new(s->env, false, &maps[0]), SH_OK);
  assert_int_equal(sh_map_new(s->env, false, &maps[1]), SH_OK);
  stress_run(s, 4, churn_maps, maps);
  assert_int_equal(sh_drop(s->env, maps[0]), SH_OK);
  assert_int_equal(sh_drop(s->env, maps[1]), SH_OK);
  stress_close(s);
}

// --- vectors ---------------------------------------------------------------------------------

#define QUEUE_THREADS 6u
#define QUEUE_TURNS STRESS_SCALE(160000u)
#define QUEUE_BATCH 4u

typedef struct queue {
  sh_id vector;
  _Atomic uint8_t seen[QUEUE_THREADS * QUEUE_TURNS]; // each value comes out exactly once
} queue;

static void seen(stress_thread *t, queue *q, const sh_value *value) {
  double n = value->number;
  if (value->kind == SH_KIND_REF) {
    STRESS_CHECK(value->type == SH_TYPE_NUMBER);
    STRESS_CHECK(sh_number_get(t->env, value->id, &n) == SH_OK);
    drop_out(t, value);
  } else {
    STRESS_CHECK(value->kind == SH_KIND_NUMBER);
  }
  STRESS_CHECK(n >= 0 && n < QUEUE_THREADS * QUEUE_TURNS);
  STRESS_CHECK(atomic_fetch_add(&q->seen[(uint32_t)n], 1) == 0);
}

static void produce(stress_thread *t, queue *q, uint32_t from, uint32_t n) {
  sh_value values[QUEUE_BATCH];
  uint32_t length = 0;
  for (uint32_t i = 0; i < n; i++) {
    double number = t->index * QUEUE_TURNS + from + i;
    values[i] = stress_number(number);
    if (stress_below(t, 2) == 0) {
      sh_id id = 0;
      STRESS_CHECK(sh_number_new(t->env, number, &id) == SH_OK);
      values[i] = stress_ref(id, true);
    }
  }
  sh_status status;
  uint32_t removed = 0;
  switch (stress_below(t, 3)) {
  case 0:
    status = sh_vector_push(t->env, q->vector, values, n, &length);
    break;
  case 1:
    status = sh_vector_unshift(t->env, q->vector, values, n, &length);
    break;
  default:
    status = sh_vector_splice(t->env, q->vector, stress_below(t, 20), 0, values, n, NULL, &removed);
    break;
  }
  STRESS_CHECK(status == SH_OK);
}

// False if the vector was found empty.
static bool consume(stress_thread *t, queue *q) {
  sh_value out[8];
  bool found = false;
  uint32_t count = 0;
  switch (stress_below(t, 4)) {
  case 0:
    STRESS_CHECK(sh_vector_pop(t->env, q->vector, out, &found) == SH_OK);
    count = found ? 1 : 0;
    break;
  case 1:
    STRESS_CHECK(sh_vector_shift(t->env, q->vector, out, &found) == SH_OK);
    count = found ? 1 : 0;
    break;
  case 2:
    STRESS_CHECK(sh_vector_splice(t->env, q->vector, 0, 8, NULL, 0, out, &count) == SH_OK);
    break;
  default:
    STRESS_CHECK(sh_vector_reverse(t->env, q->vector) == SH_OK);
    return true;
  }
  for (uint32_t i = 0; i < count; i++) {
    seen(t, q, &out[i]);
  }
  return count > 0;
}

static void queue_worker(stress_thread *t) {
  queue *q = t->arg;
  for (uint32_t i = 0; i < QUEUE_TURNS;) {
    stress_turn(t);
    uint32_t n = 1 + stress_below(t, QUEUE_BATCH);
    n = n > QUEUE_TURNS - i ? QUEUE_TURNS - i : n;
    produce(t, q, i, n);
    i += n;
    (void)consume(t, q);
  }
  while (consume(t, q)) {
  }
}

static void test_vector_as_queue(void **state) {
  (void)state;
  stress *s = stress_open();
  queue *q = calloc(1, sizeof *q);
  uint32_t length = 1;
  assert_int_equal(sh_vector_new(s->env, &q->vector), SH_OK);
  stress_run(s, QUEUE_THREADS, queue_worker, q);
  assert_int_equal(sh_vector_length(s->env, q->vector, &length), SH_OK);
  assert_int_equal(length, 0);
  for (uint32_t i = 0; i < QUEUE_THREADS * QUEUE_TURNS; i++) {
    assert_int_equal(q->seen[i], 1);
  }
  assert_int_equal(sh_drop(s->env, q->vector), SH_OK);
  free(q);
  stress_close(s);
}

// Elements that are replaced where they stand: element i is i, as a number or in a NumberRef.
#define PLACES 16u
#define PLACE_TURNS STRESS_SCALE(160000u)

static void check_place(stress_thread *t, uint32_t i, const sh_value *out, bool acquired) {
  double n = out->number;
  if (out->kind == SH_KIND_REF) {
    STRESS_CHECK(out->type == SH_TYPE_NUMBER);
    STRESS_CHECK(!acquired || sh_number_get(t->env, out->id, &n) == SH_OK);
    n = acquired ? n : i;
    STRESS_CHECK(!acquired || sh_drop(t->env, out->id) == SH_OK);
  }
  STRESS_CHECK(n == i);
}

static void replace(stress_thread *t) {
  sh_id vector = *(const sh_id *)t->arg;
  sh_value out[PLACES];
  bool found = false;
  uint32_t count = 0;
  uint32_t version = 0;
  for (uint32_t turn = 0; turn < PLACE_TURNS; turn++) {
    stress_turn(t);
    uint32_t i = stress_below(t, PLACES);
    sh_value value = stress_number(i);
    sh_id id = 0;
    switch (stress_below(t, 5)) {
    case 0:
      STRESS_CHECK(sh_number_new(t->env, i, &id) == SH_OK);
      value = stress_ref(id, true);
      STRESS_CHECK(sh_vector_set(t->env, vector, i, &value) == SH_OK);
      break;
    case 1:
      STRESS_CHECK(sh_vector_fill(t->env, vector, &value, i, i + 1) == SH_OK);
      break;
    case 2:
      STRESS_CHECK(sh_vector_get(t->env, vector, i, SH_ACQUIRE, out, &found) == SH_OK && found);
      check_place(t, i, out, true);
      break;
    default:
      STRESS_CHECK(sh_vector_read(t->env, vector, 0, turn % 2 == 0 ? SH_DEREF : SH_BORROW, PLACES,
                                  out, &count, &version) == SH_OK);
      STRESS_CHECK(count == PLACES);
      for (i = 0; i < PLACES; i++) {
        check_place(t, i, &out[i], false);
      }
      break;
    }
  }
}

static void test_vector_in_place(void **state) {
  (void)state;
  stress *s = stress_open();
  sh_id vector = 0;
  assert_int_equal(sh_vector_new(s->env, &vector), SH_OK);
  for (uint32_t i = 0; i < PLACES; i++) {
    sh_value value = stress_number(i);
    uint32_t length = 0;
    assert_int_equal(sh_vector_push(s->env, vector, &value, 1, &length), SH_OK);
  }
  stress_run(s, 4, replace, &vector);
  assert_int_equal(sh_drop(s->env, vector), SH_OK);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_maps),
      cmocka_unit_test(test_vector_as_queue),
      cmocka_unit_test(test_vector_in_place),
  };
  return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
