// Hunts for torn reads of one object that lives on: see support_hunt.h.
#include "support_hunt.h"

#include "map.h"
#include "slot.h"
#include "str.h"
#include "vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- maps ------------------------------------------------------------------------------------

#define KEYS 48u
#define BATCH 24u

// Keys of all kinds; the value under a key names the key, as a number, a text or a StringRef.
static sh_value key_of(uint32_t key, char *text) {
  if (key % 3 == 0) {
    return stress_number(key);
  }
  (void)snprintf(text, 64, key % 3 == 1 ? "k%u" : "key %u, which takes a payload", key);
  return stress_text(text);
}

static void value_text(uint32_t key, char *text) {
  (void)snprintf(text, 64, key % 2 == 0 ? "v%u" : "value %u, which takes a payload", key);
}

static bool is_value(uint32_t key, const sh_value *value) {
  char text[64];
  value_text(key, text);
  return value->kind == SH_KIND_NUMBER
             ? value->number == key
             : value->kind == SH_KIND_STRING && value->length == strlen(text) &&
                   memcmp(value->chars, text, value->length) == 0;
}

static void make_value(stress_thread *t, uint32_t key, char *text, sh_value *out) {
  value_text(key, text);
  uint32_t form = stress_below(t, 3);
  *out = form == 0 ? stress_number(key) : stress_text(text);
  if (form == 2) {
    sh_id id = 0;
    STRESS_CHECK(sh_string_new(t->env, out, &id) == SH_OK);
    *out = stress_ref(id, true);
  }
}

static void set_some(stress_thread *t, hunt *h) {
  char key_texts[BATCH][64];
  char texts[BATCH][64];
  sh_value keys[BATCH];
  sh_value values[BATCH];
  uint32_t done = 0;
  uint32_t n = stress_below(t, 4) == 0 ? BATCH : 1;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t key = stress_below(t, KEYS);
    keys[i] = key_of(key, key_texts[i]);
    make_value(t, key, texts[i], &values[i]);
  }
  if (n == 1) {
    STRESS_CHECK(sh_map_set(t->env, h->id, keys, values) == SH_OK);
  } else {
    STRESS_CHECK(sh_map_set_many(t->env, h->id, keys, values, n, &done) == SH_OK && done == n);
  }
}

static void write_map(stress_thread *t, hunt *h) {
  time_t start = time(NULL);
  for (uint32_t turn = 0; hunt_goes_on(h, turn, start); turn++) {
    char text[64];
    uint32_t key = stress_below(t, KEYS);
    sh_value at = key_of(key, text);
    bool found = false;
    let_read(t);
    switch (stress_below(t, 8)) {
    case 0:
    case 1:
    case 2:
      STRESS_CHECK(sh_map_delete(t->env, h->id, &at, &found) == SH_OK);
      break;
    case 3:
      if (stress_below(t, 32) == 0) {
        STRESS_CHECK(sh_map_clear(t->env, h->id) == SH_OK);
      }
      break;
    default:
      set_some(t, h);
    }
  }
}

static void check_found(stress_thread *t, hunt *h, uint32_t key, const sh_value *value) {
  sh_value text;
  if (value->kind != SH_KIND_REF) {
    HUNT_CHECK(h, is_value(key, value));
    return;
  }
  HUNT_CHECK(h, value->type == SH_TYPE_STRING);
  // It may have been dropped since, but it is no other object.
  sh_status status = sh_string_get(t->env, value->id, &text);
  HUNT_CHECK(h, status == SH_E_USE_AFTER_FREE || (status == SH_OK && is_value(key, &text)));
}

static void check_quick(stress_thread *t, hunt *h, uint32_t key, const sh_value *at) {
  sh_value out = stress_number(0);
  sh_quick quick = at->kind == SH_KIND_NUMBER
                       ? sh_map_look_number(t->env, h->id, at->number, &out.number)
                       : sh_map_look_text(t->env, h->id, at->chars, at->length, &out.number);
  HUNT_CHECK(h, quick != SH_QUICK_THERE || is_value(key, &out));
}

static void read_map(stress_thread *t, hunt *h) {
  while (hunt_turn(t, h)) {
    char texts[BATCH][64];
    sh_value keys[BATCH];
    sh_value out[BATCH];
    bool found[BATCH];
    uint32_t first = stress_below(t, KEYS);
    for (uint32_t i = 0; i < BATCH; i++) {
      keys[i] = key_of((first + i) % KEYS, texts[i]);
    }
    sh_mode mode = stress_below(t, 2) == 0 ? SH_BORROW : SH_DEREF;
    STRESS_CHECK(sh_map_get(t->env, h->id, keys, mode, out, found) == SH_OK);
    if (found[0]) {
      check_found(t, h, first, out);
    }
    check_quick(t, h, first, keys);
    STRESS_CHECK(sh_map_has(t->env, h->id, keys, found) == SH_OK);
    STRESS_CHECK(sh_map_get_many(t->env, h->id, keys, BATCH, SH_DEREF, out, found) == SH_OK);
    for (uint32_t i = 0; i < BATCH; i++) {
      HUNT_CHECK(h, !found[i] || is_value((first + i) % KEYS, &out[i]));
      HUNT_CHECK(h, found[i] || out[i].kind == SH_KIND_UNDEFINED);
    }
    uint32_t size = KEYS + 1;
    STRESS_CHECK(sh_map_info(t->env, h->id, &size, NULL) == SH_OK);
    HUNT_CHECK(h, size <= KEYS);
  }
}

static void map_worker(stress_thread *t) {
  hunt *h = t->arg;
  if (t->index < 2) {
    write_map(t, h);
    atomic_fetch_sub(&h->writers, 1);
  } else {
    read_map(t, h);
  }
}

static void hunt_maps(uint32_t flaws) {
  hunt h;
  stress *s = hunt_begin(&h, flaws, 2);
  STRESS_CHECK(sh_map_new(s->env, false, &h.id) == SH_OK);
  stress_run(s, 4, map_worker, &h);
  hunt_end(s, &h, "maps");
}

static void test_values_belong_to_their_keys(void **state) {
  (void)state;
  hunt_maps(0);
}

static void test_flawed_readers_of_maps_are_caught(void **state) {
  (void)state;
  hunt_maps(SH_FLAW_UNCHECKED);
}

// --- strings ---------------------------------------------------------------------------------

#define TEXT_MAX 1500u // some are pinned

static void string_worker(stress_thread *t) {
  hunt *h = t->arg;
  time_t start = time(NULL);
  for (uint32_t turn = 0; t->index == 0 && hunt_goes_on(h, turn, start); turn++) {
    char text[TEXT_MAX + 1];
    stress_fill(text, 1 + stress_below(t, stress_below(t, 8) == 0 ? TEXT_MAX : 30),
                stress_below(t, 26));
    sh_value value = stress_text(text);
    let_read(t);
    STRESS_CHECK(sh_string_set(t->env, h->id, &value) == SH_OK);
  }
  if (t->index == 0) {
    atomic_fetch_sub(&h->writers, 1);
    return;
  }
  while (hunt_turn(t, h)) {
    sh_value out;
    uint32_t length = 0;
    STRESS_CHECK(sh_string_get(t->env, h->id, &out) == SH_OK);
    HUNT_CHECK(h, stress_whole(&out));
    if (out.pin != 0) {
      sh_unpin(t->stress->heap, out.pin);
    }
    STRESS_CHECK(sh_string_length(t->env, h->id, &length) == SH_OK);
    HUNT_CHECK(h, length >= 1 && length <= TEXT_MAX);
  }
}

static void hunt_strings(uint32_t flaws) {
  hunt h;
  sh_value first = stress_text("A");
  stress *s = hunt_begin(&h, flaws, 1);
  STRESS_CHECK(sh_string_new(s->env, &first, &h.id) == SH_OK);
  stress_run(s, 3, string_worker, &h);
  hunt_end(s, &h, "strings");
}

static void test_texts_are_whole(void **state) {
  (void)state;
  hunt_strings(0);
}

static void test_flawed_readers_of_strings_are_caught(void **state) {
  (void)state;
  hunt_strings(SH_FLAW_UNCHECKED);
}

// --- vectors ---------------------------------------------------------------------------------

// One writer keeps the elements in a row, element i being base + i, but for one that it may have
// taken out of the middle. It tells which states there have been, so a reader knows between which
// two it was: what it has read must be the element of one of them.
#define STATES 4096u // remembered
#define LENGTH_MAX 300u

typedef struct row {
  int64_t base;
  uint32_t length;
  uint32_t missing; // the index of the element that is out; UINT32_MAX: none
} row;

typedef struct rows {
  hunt h;
  _Atomic int64_t states[STATES][3]; // as rows
  _Atomic uint64_t begun;            // states that there may have been
  _Atomic uint64_t done;             // states that have been reached for sure
} rows;

static rows *the_rows;

static void remember(uint64_t n, const row *r) {
  atomic_store(&the_rows->states[n % STATES][0], r->base);
  atomic_store(&the_rows->states[n % STATES][1], r->length);
  atomic_store(&the_rows->states[n % STATES][2], r->missing);
}

// The number at index i, or NAN if there is none.
static bool element_in(uint64_t n, uint32_t i, int64_t *out) {
  int64_t base = atomic_load(&the_rows->states[n % STATES][0]);
  int64_t length = atomic_load(&the_rows->states[n % STATES][1]);
  int64_t missing = atomic_load(&the_rows->states[n % STATES][2]);
  *out = base + i + (i >= missing ? 1 : 0);
  return i < length;
}

static void push_numbers(stress_thread *t, sh_id id, bool front, int64_t from, uint32_t n) {
  sh_value values[8];
  uint32_t length = 0;
  for (uint32_t i = 0; i < n; i++) {
    values[i] = stress_number((double)(from + i));
  }
  STRESS_CHECK((front ? sh_vector_unshift(t->env, id, values, n, &length)
                      : sh_vector_push(t->env, id, values, n, &length)) == SH_OK);
}

// Chooses the next state, tells it, then makes it so.
static void change_row(stress_thread *t, sh_id id, row *r, bool growing) {
  row next = *r;
  sh_value out;
  bool found = false;
  uint32_t removed = 0;
  uint32_t n = 1 + stress_below(t, 8);
  uint32_t kind = stress_below(t, growing ? 4 : 8);
  kind = r->missing != UINT32_MAX ? 9 : r->length < 2 ? kind % 2 : kind;
  bool front = kind % 2 == 0;
  if (kind == 9) { // put the missing element back
    next.missing = UINT32_MAX;
    next.length++;
  } else if (kind < 2 && r->length + n <= LENGTH_MAX) { // more, at the front or at the end
    next.base -= front ? n : 0;
    next.length += n;
  } else if (kind < 4) { // take one out of the middle
    next.missing = stress_below(t, r->length);
    next.length--;
  } else { // one less at the front or the end
    next.base += front ? 1 : 0;
    next.length--;
  }
  uint64_t state = atomic_load(&the_rows->begun);
  remember(state, &next);
  atomic_store(&the_rows->begun, state + 1);
  if (kind == 9) {
    sh_value back = stress_number((double)(r->base + r->missing));
    STRESS_CHECK(sh_vector_splice(t->env, id, r->missing, 0, &back, 1, NULL, &removed) == SH_OK);
  } else if (next.length > r->length) {
    push_numbers(t, id, front, front ? next.base : r->base + r->length, n);
  } else if (next.missing != UINT32_MAX) {
    STRESS_CHECK(sh_vector_remove_at(t->env, id, next.missing, &found) == SH_OK && found);
  } else {
    STRESS_CHECK((front ? sh_vector_shift(t->env, id, &out, &found)
                        : sh_vector_pop(t->env, id, &out, &found)) == SH_OK);
    STRESS_CHECK(found);
  }
  atomic_store(&the_rows->done, state);
  *r = next;
}

static void write_row(stress_thread *t) {
  row r = {.missing = UINT32_MAX};
  time_t start = time(NULL);
  for (uint32_t turn = 0; hunt_goes_on(&the_rows->h, turn, start); turn++) {
    let_read(t);
    change_row(t, the_rows->h.id, &r, turn / 512 % 2 == 0);
  }
}

static void read_row(stress_thread *t) {
  hunt *h = &the_rows->h;
  while (hunt_turn(t, h)) {
    uint64_t from = atomic_load(&the_rows->done);
    uint32_t i = stress_below(t, stress_below(t, 2) == 0 ? 12 : LENGTH_MAX);
    sh_value out;
    bool found = false;
    STRESS_CHECK(sh_vector_get(t->env, h->id, i, SH_BORROW, &out, &found) == SH_OK);
    STRESS_CHECK(!found || out.kind == SH_KIND_NUMBER);
    uint64_t to = atomic_load(&the_rows->begun);
    if (to - from > STATES / 2) {
      continue; // the states have been written over meanwhile
    }
    bool right = false;
    for (uint64_t state = from; state < to && !right; state++) {
      int64_t expected = 0;
      bool there = element_in(state, i, &expected);
      right = there == found && (!found || out.number == (double)expected);
    }
    if (atomic_load(&the_rows->begun) - from <= STATES / 2) {
      HUNT_CHECK(h, right);
    }
  }
}

static void row_worker(stress_thread *t) {
  if (t->index == 0) {
    write_row(t);
    atomic_fetch_sub(&the_rows->h.writers, 1);
  } else {
    read_row(t);
  }
}

static void hunt_vectors(uint32_t flaws) {
  the_rows = calloc(1, sizeof *the_rows);
  STRESS_CHECK(the_rows != NULL);
  stress *s = hunt_begin(&the_rows->h, flaws, 1);
  STRESS_CHECK(sh_vector_new(s->env, &the_rows->h.id) == SH_OK);
  remember(0, &(row){.missing = UINT32_MAX});
  atomic_store(&the_rows->begun, 1);
  stress_run(s, 3, row_worker, NULL);
  hunt_end(s, &the_rows->h, "vectors");
  free(the_rows);
}

static void test_elements_are_where_they_were(void **state) {
  (void)state;
  hunt_vectors(0);
}

static void test_flawed_readers_of_vectors_are_caught(void **state) {
  (void)state;
  hunt_vectors(SH_FLAW_UNCHECKED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_belong_to_their_keys),
      cmocka_unit_test(test_flawed_readers_of_maps_are_caught),
      cmocka_unit_test(test_texts_are_whole),
      cmocka_unit_test(test_flawed_readers_of_strings_are_caught),
      cmocka_unit_test(test_elements_are_where_they_were),
      cmocka_unit_test(test_flawed_readers_of_vectors_are_caught),
  };
  return cmocka_run_group_tests_name("optimistic", tests, NULL, NULL);
}
