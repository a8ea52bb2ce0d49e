// QueueRef: order, bounds, closing, ownership, refusals.
#include "support.h"

#include <math.h>
#include <stdlib.h>

static const char long_text[] = "a text that needs a payload";

static void check_state(fixture *f, sh_id queue, uint32_t length, uint32_t capacity, bool closed) {
  for (int online = 0; online < 2; online++) {
    sh_queue_state state;
    if (online == 1) {
      sh_env_online(f->env);
    }
    assert_ok(sh_queue_state_of(f->env, queue, &state));
    sh_env_offline(f->env);
    assert_int_equal(state.length, length);
    assert_int_equal(state.capacity, capacity);
    assert_int_equal(state.closed, closed);
  }
}

static void check_push(fixture *f, sh_id queue, sh_value value, sh_status status, bool pushed) {
  bool actual = !pushed;
  assert_status(sh_queue_push(f->env, queue, &value, &actual), status);
  if (status == SH_OK) {
    assert_int_equal(actual, pushed);
  }
}

static void check_end(fixture *f, sh_id queue, sh_queue_end expected) {
  sh_value value;
  sh_queue_end end = SH_QUEUE_TAKEN;
  assert_ok(sh_queue_pop(f->env, queue, &value, &end));
  assert_int_equal(end, expected);
  assert_int_equal(value.kind, SH_KIND_UNDEFINED);
}

static void values_of_every_kind(void **state) {
  fixture *f = *state;
  static const uint64_t digits[2] = {7, 8};
  sh_id text = new_string(f, long_text);
  const sh_value values[] = {
      v_undefined(),  v_null(),      v_boolean(false), v_boolean(true),   v_number(1.5),
      v_number(-0.0), v_number(NAN), v_text("short"),  v_text(long_text), v_bigint(digits, 2, true),
      v_ref(text)};
  const uint32_t n = sizeof values / sizeof *values;
  sh_id queue = new_queue(f, n);
  sh_value out[16];
  uint32_t count = 0;
  uint32_t version = 0;
  for (uint32_t i = 0; i < n; i++) {
    queue_push(f, queue, values[i]);
  }
  check_state(f, queue, n, n, false);
  assert_ok(sh_queue_read(f->env, queue, 0, SH_BORROW, 16, out, &count, &version));
  assert_int_equal(count, n);
  for (uint32_t i = 0; i < n; i++) {
    assert_value(out[i], values[i]);
  }
  assert_ok(sh_queue_read(f->env, queue, n - 1, SH_DEREF, 16, out, &count, &version));
  assert_int_equal(count, 1);
  assert_value(out[0], v_text(long_text));
  assert_ok(sh_queue_read(f->env, queue, UINT32_MAX, SH_BORROW, 16, out, &count, &version));
  assert_int_equal(count, 0);
  assert_counts(f, text, 1, 1);
  for (uint32_t i = 0; i < n; i++) {
    assert_value(queue_pop(f, queue), values[i]);
  }
  assert_counts(f, text, 2, 0);
  check_state(f, queue, 0, n, false);
}

// Every fill level at every place of the head, in queues of 1 to 5 places.
static void the_ring_wraps_anywhere(void **state) {
  fixture *f = *state;
  for (uint32_t capacity = 1; capacity <= 5; capacity++) {
    sh_id queue = new_queue(f, capacity);
    double next = 0;
    double expected = 0;
    for (uint32_t head = 0; head < 2 * capacity; head++) {
      for (uint32_t fill = 0; fill <= capacity; fill++) {
        for (uint32_t i = 0; i < fill; i++) {
          queue_push(f, queue, v_number(next++));
        }
        check_state(f, queue, fill, capacity, false);
        if (fill == capacity) {
          check_push(f, queue, v_number(-1), SH_OK, false);
        }
        for (uint32_t i = 0; i < fill; i++) {
          assert_value(queue_pop(f, queue), v_number(expected++));
        }
        check_end(f, queue, SH_QUEUE_EMPTY);
      }
      queue_push(f, queue, v_number(next++));
      assert_value(queue_pop(f, queue), v_number(expected++));
    }
    assert_clean(f->env);
  }
}

static void random_operations_match_an_array(void **state) {
  fixture *f = *state;
  enum { CAPACITY = 37, STEPS = 40000 };
  static double plain[STEPS];
  uint64_t random = 4711;
  uint32_t pushed = 0;
  uint32_t popped = 0;
  sh_id queue = new_queue(f, CAPACITY);
  for (uint32_t step = 0; step < STEPS; step++) {
    uint64_t r = next_random(&random);
    // Runs of mostly pushes and mostly pops, so that it is full and empty often.
    bool push = (r >> 8) % 4 != (step / 100) % 2 * 3;
    if (r % 64 == 0) {
      sh_value out[8];
      uint32_t count = 0;
      uint32_t version = 0;
      uint32_t start = (uint32_t)(r >> 16) % (CAPACITY + 1);
      assert_ok(sh_queue_read(f->env, queue, start, SH_BORROW, 8, out, &count, &version));
      uint32_t length = pushed - popped;
      uint32_t rest = start < length ? length - start : 0;
      assert_int_equal(count, rest > 8 ? 8 : rest);
      for (uint32_t i = 0; i < count; i++) {
        assert_value(out[i], v_number(plain[popped + start + i]));
      }
    } else if (push) {
      bool room = pushed - popped < CAPACITY;
      check_push(f, queue, v_number(step), SH_OK, room);
      if (room) {
        plain[pushed++] = step;
      }
    } else if (popped < pushed) {
      assert_value(queue_pop(f, queue), v_number(plain[popped++]));
    } else {
      check_end(f, queue, SH_QUEUE_EMPTY);
    }
  }
  check_state(f, queue, pushed - popped, CAPACITY, false);
}

static void capacity_is_checked(void **state) {
  fixture *f = *state;
  sh_id queue = 77;
  assert_status(sh_queue_new(f->env, 0, &queue), SH_E_OUT_OF_RANGE);
  assert_status(sh_queue_new(f->env, SH_QUEUE_MAX + 1, &queue), SH_E_OUT_OF_RANGE);
  assert_status(sh_queue_new(f->env, UINT32_MAX, &queue), SH_E_OUT_OF_RANGE);
  assert_status(sh_queue_new(f->env, SH_QUEUE_MAX, &queue), SH_E_HEAP_FULL);
  assert_int_equal(queue, 77);
  assert_int_equal(stats_of(f).objects, 0);
}

static void a_closed_queue_is_drained(void **state) {
  fixture *f = *state;
  static uint8_t chars[5000];
  sh_id queue = new_queue(f, 3);
  sh_id text = new_string(f, long_text);
  queue_push(f, queue, v_number(1));
  queue_push(f, queue, v_number(2));
  assert_ok(sh_queue_close(f->env, queue));
  check_state(f, queue, 2, 3, true);
  uint64_t before = fingerprint(f);
  assert_ok(sh_queue_close(f->env, queue)); // changes nothing, not even the version
  check_push(f, queue, v_number(3), SH_E_QUEUE_CLOSED, false);
  check_push(f, queue, v_text(long_text), SH_E_QUEUE_CLOSED, false);
  check_push(f, queue, v_latin1(chars, sizeof chars), SH_E_QUEUE_CLOSED, false);
  check_push(f, queue, v_ref(text), SH_E_QUEUE_CLOSED, false);
  check_push(f, queue, v_move(text), SH_E_QUEUE_CLOSED, false);
  assert_true(fingerprint(f) == before);
  assert_counts(f, text, 1, 0);
  assert_value(queue_pop(f, queue), v_number(1));
  assert_value(queue_pop(f, queue), v_number(2));
  before = fingerprint(f);
  check_end(f, queue, SH_QUEUE_ENDED);
  check_state(f, queue, 0, 3, true);
  assert_true(fingerprint(f) == before);
}

static void a_full_queue_changes_nothing(void **state) {
  fixture *f = *state;
  static const uint64_t digits[2] = {7, 8};
  static uint8_t chars[5000];
  sh_id queue = new_queue(f, 1);
  sh_id text = new_string(f, long_text);
  queue_push(f, queue, v_number(1));
  uint64_t before = fingerprint(f);
  const sh_value values[] = {v_number(2),
                             v_text("short"),
                             v_text(long_text),
                             v_latin1(chars, sizeof chars),
                             v_bigint(digits, 2, false),
                             v_ref(text),
                             v_move(text)};
  for (uint32_t i = 0; i < sizeof values / sizeof *values; i++) {
    check_push(f, queue, values[i], SH_OK, false);
    assert_true(fingerprint(f) == before);
  }
  assert_counts(f, text, 1, 0);
}

static void pop_of_numbers_alone(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 4);
  double number = 0;
  sh_queue_end end = SH_QUEUE_ENDED;
  bool other = true;
  assert_ok(sh_queue_pop_number(f->env, queue, &number, &end, &other));
  assert_int_equal(end, SH_QUEUE_EMPTY);
  assert_false(other);
  queue_push(f, queue, v_number(5));
  queue_push(f, queue, v_text("x"));
  assert_ok(sh_queue_pop_number(f->env, queue, &number, &end, &other));
  assert_int_equal(end, SH_QUEUE_TAKEN);
  assert_false(other);
  assert_number(number, 5);
  uint64_t before = fingerprint(f);
  assert_ok(sh_queue_pop_number(f->env, queue, &number, &end, &other));
  assert_true(other);
  assert_true(fingerprint(f) == before);
  assert_value(queue_pop(f, queue), v_text("x"));
  assert_ok(sh_queue_close(f->env, queue));
  assert_ok(sh_queue_pop_number(f->env, queue, &number, &end, &other));
  assert_true(other); // the general function says that it has ended
}

static void refs_are_handed_over(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 8);
  sh_id kept = new_string(f, "kept");
  sh_id moved = new_string(f, "moved");
  queue_push(f, queue, v_ref(kept));
  queue_push(f, queue, v_move(moved));
  assert_counts(f, kept, 1, 1);
  assert_counts(f, moved, 0, 1);
  assert_value(queue_pop(f, queue), v_ref(kept));
  assert_value(queue_pop(f, queue), v_ref(moved));
  assert_counts(f, kept, 2, 0);
  assert_counts(f, moved, 1, 0);
  assert_ok(sh_drop(f->env, moved));
  check_push(f, queue, v_ref(moved), SH_E_USE_AFTER_FREE, false);
  queue_push(f, queue, v_ref(kept));
  assert_ok(sh_drop(f->env, kept));
  assert_ok(sh_drop(f->env, kept));
  assert_status(sh_drop(f->env, kept), SH_E_NO_CLAIM);
  check_push(f, queue, v_move(kept), SH_E_NO_CLAIM, false);
  check_state(f, queue, 1, 8, false);
}

// A claim that cannot be had: nothing is popped.
static void too_many_claims(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 2);
  sh_id text = new_string(f, "x");
  queue_push(f, queue, v_ref(text));
  shi_slot *slot = slot_of(f, text);
  uint64_t counts = atomic_load(&slot->counts);
  atomic_store(&slot->counts, counts | UINT32_MAX);
  uint64_t before = fingerprint(f);
  sh_value value;
  sh_queue_end end = SH_QUEUE_TAKEN;
  assert_status(sh_queue_pop(f->env, queue, &value, &end), SH_E_TOO_MANY);
  assert_true(fingerprint(f) == before);
  atomic_store(&slot->counts, counts);
}

static void dropping_releases_what_is_in_it(void **state) {
  fixture *f = *state;
  for (uint32_t head = 0; head < 4; head++) {
    sh_id queue = new_queue(f, 4);
    sh_id kept = new_string(f, long_text);
    sh_id inner = new_queue(f, 4);
    for (uint32_t i = 0; i < head; i++) {
      queue_push(f, queue, v_number(i));
      (void)queue_pop(f, queue);
    }
    queue_push(f, queue, v_ref(kept));
    queue_push(f, queue, v_text(long_text));
    queue_push(f, inner, v_move(new_string(f, "goes too")));
    queue_push(f, queue, v_move(inner));
    assert_ok(sh_drop(f->env, queue));
    assert_counts(f, kept, 1, 0);
    assert_int_equal(stats_of(f).objects_by_type[SH_TYPE_QUEUE], 0);
    assert_int_equal(stats_of(f).objects, 1);
    assert_ok(sh_drop(f->env, kept));
    assert_int_equal(stats_of(f).live_bytes, 0);
    assert_status(sh_queue_close(f->env, queue), SH_E_USE_AFTER_FREE);
  }
}

static void ids_are_checked(void **state) {
  fixture *f = *state;
  static uint8_t chars[5000];
  sh_id dead = new_queue(f, 1);
  assert_ok(sh_drop(f->env, dead));
  const struct {
    sh_id id;
    sh_status status;
  } cases[] = {{new_vector(f), SH_E_TYPE_MISMATCH},
               {dead, SH_E_USE_AFTER_FREE},
               {0, SH_E_INVALID_ID},
               {99999, SH_E_INVALID_ID},
               {SH_ID_LIMIT, SH_E_INVALID_ID}};
  for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sh_id id = cases[i].id;
    sh_queue_state queue = {.length = 77};
    sh_value value;
    sh_queue_end end = SH_QUEUE_TAKEN;
    uint32_t count = 77;
    uint32_t version = 0;
    double number = 0;
    bool other = false;
    check_push(f, id, v_number(1), cases[i].status, false);
    check_push(f, id, v_latin1(chars, sizeof chars), cases[i].status, false);
    assert_status(sh_queue_pop(f->env, id, &value, &end), cases[i].status);
    assert_status(sh_queue_pop_number(f->env, id, &number, &end, &other), cases[i].status);
    assert_status(sh_queue_close(f->env, id), cases[i].status);
    assert_status(sh_queue_state_of(f->env, id, &queue), cases[i].status);
    assert_status(sh_queue_read(f->env, id, 0, SH_BORROW, 8, &value, &count, &version),
                  cases[i].status);
    assert_int_equal(queue.length, 77);
    assert_int_equal(count, 77);
  }
}

static void a_foreign_monitor_forbids_changes(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 2);
  queue_push(f, queue, v_number(1));
  shi_slot *slot = slot_of(f, queue);
  atomic_fetch_or(&slot->lock, SH_LOCK_MONITOR);
  uint64_t before = fingerprint(f);
  sh_value value;
  sh_queue_end end = SH_QUEUE_TAKEN;
  check_push(f, queue, v_number(2), SH_E_BUSY, false);
  check_push(f, queue, v_text(long_text), SH_E_BUSY, false);
  assert_status(sh_queue_pop(f->env, queue, &value, &end), SH_E_BUSY);
  assert_status(sh_queue_close(f->env, queue), SH_E_BUSY);
  check_state(f, queue, 1, 2, false);
  assert_true(fingerprint(f) == before);
  atomic_fetch_and(&slot->lock, ~SH_LOCK_MONITOR);
}

// --- refused allocations ---------------------------------------------------------------------

static sh_status make_and_drop(fixture *f, void *arg) {
  (void)arg;
  sh_id id = 0;
  sh_status status = sh_queue_new(f->env, 100, &id);
  if (status == SH_OK) {
    assert_ok(sh_drop(f->env, id));
  }
  return status;
}

static sh_status push_text(fixture *f, void *arg) {
  sh_value value = v_text(long_text);
  bool pushed = false;
  sh_status status = sh_queue_push(f->env, *(sh_id *)arg, &value, &pushed);
  assert_int_equal(status == SH_OK, pushed);
  return status;
}

static void refused_allocations_change_nothing(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 4);
  queue_push(f, queue, v_number(1));
  assert_sweep(f, make_and_drop, NULL, 1);
  assert_sweep(f, push_text, &queue, 1);
  // Numbers and short texts need no memory.
  sh_test_fail_after(f->heap, 0);
  queue_push(f, queue, v_number(2));
  queue_push(f, queue, v_text("short"));
  sh_test_fail_after(f->heap, -1);
  drained slots = drain_slots(f, false);
  sh_id id = 77;
  assert_status(sh_queue_new(f->env, 4, &id), SH_E_HEAP_FULL);
  refill_slots(f, &slots);
}

// --- what verify sees ------------------------------------------------------------------------

static void verify_finds_damage(void **state) {
  fixture *f = *state;
  sh_id queue = new_queue(f, 2);
  queue_push(f, queue, v_number(1));
  shi_slot *slot = slot_of(f, queue);
  shi_ring *ring = shi_at(f->heap, atomic_load(&slot->payload[0]));
  uint64_t extent = atomic_load(&slot->payload[1]);
  uint64_t offset = atomic_load(&slot->payload[0]);
  atomic_store(&slot->payload[1], 3);
  assert_reported(f->env, "(Q1)");
  atomic_store(&slot->payload[1], extent);
  atomic_store(&slot->payload[1], UINT64_C(2) << 32 | 1);
  assert_reported(f->env, "(Q2)");
  atomic_store(&slot->payload[1], extent);
  shi_word word = ring->words[0];
  ring->words[0] = SH_WORD(SH_TAG_IMMEDIATE, 9);
  assert_reported(f->env, "no meaning");
  ring->words[0] = word;
  atomic_store(&slot->payload[0], 8);
  assert_reported(f->env, "a queue's ring lies outside");
  atomic_store(&slot->payload[0], offset);
  assert_clean(f->env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(values_of_every_kind),
      unit(the_ring_wraps_anywhere),
      unit(random_operations_match_an_array),
      unit(capacity_is_checked),
      unit(a_closed_queue_is_drained),
      unit(a_full_queue_changes_nothing),
      unit(pop_of_numbers_alone),
      unit(refs_are_handed_over),
      unit(too_many_claims),
      unit(dropping_releases_what_is_in_it),
      unit(ids_are_checked),
      unit(a_foreign_monitor_forbids_changes),
      unit(refused_allocations_change_nothing),
      unit(verify_finds_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
