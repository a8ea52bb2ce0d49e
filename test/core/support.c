#include "support.h"

#include <stdlib.h>
#include <time.h>

// --- fixture ---------------------------------------------------------------------------------

static int open_heap(void **state, uint64_t reserve) {
  fixture *f = calloc(1, sizeof *f);
  sh_config config = {.reserve = reserve};
  if (f == NULL || sh_heap_create(&config, &f->heap) != SH_OK ||
      sh_env_open(f->heap, &f->env) != SH_OK) {
    free(f);
    return -1;
  }
  sh_heap_stats(f->env, &f->start);
  *state = f;
  return 0;
}

int open_fixture(void **state) { return open_heap(state, 64 * MIB); }

int open_small(void **state) { return open_heap(state, 16 * MIB); }

int open_big(void **state) { return open_heap(state, 1024 * MIB); }

void drop_everything(fixture *f) {
  static sh_id ids[1024];
  uint32_t index = 0;
  uint32_t count = 0;
  assert_ok(sh_map_clear(f->env, sh_names_id(f->heap)));
  do {
    sh_walk(f->env, &index, 1024, ids, &count);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t claims = 0;
      uint32_t holds = 0;
      if (sh_id_counts(f->env, ids[i], &claims, &holds) == SH_OK) {
        for (; claims > 0; claims--) {
          assert_ok(sh_drop(f->env, ids[i]));
        }
      }
    }
  } while (index != 0);
}

int close_fixture(void **state) {
  fixture *f = *state;
  sh_test_fail_after(f->heap, -1);
  sh_test_fail_local_after(f->heap, -1);
  assert_clean(f->env);
  drop_everything(f);
  sh_env_offline(f->env);
  sh_heap_trim(f->env);
  assert_clean(f->env);
  sh_stats end = stats_of(f);
  assert_int_equal(end.objects, 0);
  assert_int_equal(end.pinned_bytes, 0);
  assert_int_equal(end.limbo_bytes, 0);
  assert_int_equal(end.limbo_objects, 0);
  assert_int_equal(end.live_bytes, shi_shape_bytes(f->heap));
  sh_env_close(f->env);
  sh_heap_destroy(f->heap);
  free(f);
  return 0;
}

sh_stats stats_of(fixture *f) {
  sh_stats stats;
  sh_heap_stats(f->env, &stats);
  return stats;
}

// --- objects ---------------------------------------------------------------------------------

sh_id new_string(fixture *f, const char *text) {
  sh_id id = 0;
  sh_value value = v_text(text);
  assert_ok(sh_string_new(f->env, &value, &id));
  return id;
}

sh_id new_number(fixture *f, double number) {
  sh_id id = 0;
  assert_ok(sh_number_new(f->env, number, &id));
  return id;
}

sh_id new_map(fixture *f) {
  sh_id id = 0;
  assert_ok(sh_map_new(f->env, false, &id));
  return id;
}

sh_id new_vector(fixture *f) {
  sh_id id = 0;
  assert_ok(sh_vector_new(f->env, &id));
  return id;
}

sh_id new_bytes(fixture *f, uint64_t length) {
  sh_id id = 0;
  assert_ok(sh_bytes_new(f->env, NULL, length, &id));
  return id;
}

sh_id new_queue(fixture *f, uint32_t capacity) {
  sh_id id = 0;
  assert_ok(sh_queue_new(f->env, capacity, &id));
  return id;
}

sh_id new_box(fixture *f, sh_value inner) {
  sh_field field = {.name = v_text("inner"), .type = SH_FIELD_ANY};
  uint32_t shape = 0;
  uint32_t bad = 0;
  sh_id id = 0;
  assert_ok(sh_shape_define(f->env, &field, 1, &shape));
  assert_ok(sh_record_new(f->env, shape, &inner, 1, &id, &bad));
  return id;
}

void map_set(fixture *f, sh_id map, sh_value key, sh_value value) {
  assert_ok(sh_map_set(f->env, map, &key, &value));
}

sh_value map_get(fixture *f, sh_id map, sh_value key) {
  sh_value value;
  bool found = false;
  assert_ok(sh_map_get(f->env, map, &key, SH_BORROW, &value, &found));
  return value;
}

uint32_t map_size(fixture *f, sh_id map) {
  uint32_t size = UINT32_MAX;
  assert_ok(sh_map_info(f->env, map, &size, NULL));
  return size;
}

void vector_push(fixture *f, sh_id vector, sh_value value) {
  uint32_t length = 0;
  assert_ok(sh_vector_push(f->env, vector, &value, 1, &length));
}

uint32_t vector_length(fixture *f, sh_id vector) {
  uint32_t length = UINT32_MAX;
  assert_ok(sh_vector_length(f->env, vector, &length));
  return length;
}

void queue_push(fixture *f, sh_id queue, sh_value value) {
  bool pushed = false;
  assert_ok(sh_queue_push(f->env, queue, &value, &pushed));
  assert_true(pushed);
}

sh_value queue_pop(fixture *f, sh_id queue) {
  sh_value value;
  sh_queue_end end = SH_QUEUE_EMPTY;
  assert_ok(sh_queue_pop(f->env, queue, &value, &end));
  assert_int_equal(end, SH_QUEUE_TAKEN);
  return value;
}

void check_counts(fixture *f, sh_id id, uint32_t claims, uint32_t holds, const char *file,
                  int line) {
  uint32_t c = 0;
  uint32_t h = 0;
  check_status(sh_id_counts(f->env, id, &c, &h), SH_OK, "sh_id_counts", file, line);
  if (c != claims || h != holds) {
    print_error("%u claims and %u holds, expected %u and %u\n", c, h, claims, holds);
    _fail(file, line);
  }
}

shi_slot *slot_of(fixture *f, sh_id id) { return shi_slot_at(f->heap, (uint32_t)id); }

// --- the rest --------------------------------------------------------------------------------

uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
