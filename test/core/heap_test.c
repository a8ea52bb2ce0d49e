// The region and its header, environments, the limit, and space that comes back to everybody.
#include "support.h"

#include "platform.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

static void region_is_laid_out_as_written(void **state) {
  fixture *f = *state;
  const shi_header *header = (const shi_header *)(const void *)sh_heap_base(f->heap);
  assert_int_equal(header->magic, SH_MAGIC);
  assert_int_equal(header->layout_version, SH_LAYOUT_VERSION);
  assert_int_equal(header->reserve, 64 * MIB);
  assert_int_equal(sh_heap_reserve(f->heap), 64 * MIB);
  assert_int_equal(header->slots_offset, SH_HEADER_BYTES);
  assert_int_equal(header->slot_capacity, 64 * MIB / 16 / SH_SLOT_BYTES);
  assert_at_most(header->slots_offset + 64 * MIB / 16, header->pages_offset);
  assert_at_most(header->pages_offset + 64 * MIB / 16 / SH_PAGE * 8, header->body_offset);
  assert_int_equal(header->body_offset % SH_PAGE, 0);
  assert_true(header->hash_seed[0] != 0 || header->hash_seed[1] != 0);
  assert_int_equal(header->slot_length, SH_SLOTS_PER_PAGE);
}

static void seeds_differ_between_heaps(void **state) {
  fixture *f = *state;
  sh_heap *other = NULL;
  sh_config config = {.reserve = SH_RESERVE_MIN};
  assert_ok(sh_heap_create(&config, &other));
  assert_true(other->header->hash_seed[0] != f->heap->header->hash_seed[0]);
  assert_true(other->header->hash_seed[1] != f->heap->header->hash_seed[1]);
  sh_heap_destroy(other);
}

static void reserve_is_checked_and_rounded(void **state) {
  (void)state;
  sh_heap *heap = NULL;
  assert_status(sh_heap_create(&(sh_config){.reserve = SH_RESERVE_MIN - 1}, &heap),
                SH_E_OUT_OF_RANGE);
  assert_status(sh_heap_create(&(sh_config){.reserve = SH_RESERVE_MAX + 1}, &heap),
                SH_E_OUT_OF_RANGE);
  assert_null(heap);
  assert_ok(sh_heap_create(&(sh_config){.reserve = SH_RESERVE_MIN + 1}, &heap));
  assert_int_equal(sh_heap_reserve(heap), 32 * MIB);
  sh_heap_destroy(heap);
}

static void environments_are_counted(void **state) {
  fixture *f = *state;
  sh_env *envs[20];
  for (uint32_t i = 0; i < 20; i++) {
    assert_ok(sh_env_open(f->heap, &envs[i]));
    assert_ptr_equal(sh_env_heap(envs[i]), f->heap);
    assert_int_equal(stats_of(f).environments, i + 2);
  }
  // Out of order: ends and middle of the list.
  static const uint32_t order[20] = {19, 0, 10, 9, 11, 1, 18, 2, 17, 3,
                                     16, 4, 15, 5, 14, 6, 13, 7, 12, 8};
  for (uint32_t i = 0; i < 20; i++) {
    sh_env_close(envs[order[i]]);
    assert_int_equal(stats_of(f).environments, 20 - i);
  }
  assert_ptr_equal(f->heap->envs, f->env);
  assert_null(f->env->next);
}

static void objects_outlive_their_environment(void **state) {
  fixture *f = *state;
  sh_env *other = NULL;
  sh_id id = 0;
  sh_value text = v_text("made by another environment, now closed");
  sh_value read;
  assert_ok(sh_env_open(f->heap, &other));
  assert_ok(sh_string_new(other, &text, &id));
  sh_env_close(other);
  assert_ok(sh_string_get(f->env, id, &read));
  assert_value(read, text);
  assert_int_equal(stats_of(f).objects_by_type[SH_TYPE_STRING], 1);
  assert_ok(sh_drop(f->env, id));
  assert_int_equal(stats_of(f).objects_by_type[SH_TYPE_STRING], 0);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

// Memory of a destroyed heap is ordinary memory again: under ASan nothing of it stays poisoned.
static void destroyed_region_is_usable_memory(void **state) {
  (void)state;
  sh_heap *heap = NULL;
  sh_env *env = NULL;
  sh_id id = 0;
  assert_ok(sh_heap_create(&(sh_config){.reserve = SH_RESERVE_MIN}, &heap));
  assert_ok(sh_env_open(heap, &env));
  assert_ok(sh_bytes_new(env, NULL, 100000, &id));
  assert_ok(sh_drop(env, id));
  sh_env_close(env);
  uint8_t *base = sh_heap_base(heap);
  sh_heap_destroy(heap);
  uint8_t *again = mmap(base, SH_RESERVE_MIN, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (again == MAP_FAILED) {
    skip(); // somebody took the address range meanwhile
  }
  uint64_t sum = 0;
  for (uint64_t i = 0; i < SH_RESERVE_MIN; i += 512) {
    again[i] = 1;
    sum += again[i];
  }
  assert_int_equal(sum, SH_RESERVE_MIN / 512);
  assert_int_equal(munmap(again, SH_RESERVE_MIN), 0);
}

static void limit_bounds_the_bytes_in_use(void **state) {
  (void)state;
  sh_heap *heap = NULL;
  fixture f = {NULL, NULL, {0}};
  assert_ok(sh_heap_create(&(sh_config){.reserve = 256 * MIB, .limit = 8 * MIB}, &heap));
  f.heap = heap;
  assert_ok(sh_env_open(heap, &f.env));
  sh_id ids[64];
  uint32_t n = 0;
  sh_status status = SH_OK;
  while (n < 64 && (status = sh_bytes_new(f.env, NULL, 256 * 1024, &ids[n])) == SH_OK) {
    n++;
    assert_at_most(stats_of(&f).used_bytes, 8 * MIB);
  }
  assert_status(status, SH_E_HEAP_FULL);
  assert_at_most(20, n);
  assert_at_most(n, 32);
  assert_clean(f.env);
  // Usable after a drop.
  assert_ok(sh_drop(f.env, ids[--n]));
  assert_ok(sh_bytes_new(f.env, NULL, 256 * 1024, &ids[n++]));
  while (n > 0) {
    assert_ok(sh_drop(f.env, ids[--n]));
  }
  sh_env_close(f.env);
  sh_heap_destroy(heap);
}

// What slots took under a limit can be had for bodies once they are free, and the other way round.
static void slots_and_bodies_share_the_limit(void **state) {
  (void)state;
  fixture f = {NULL, NULL, {0}};
  assert_ok(sh_heap_create(&(sh_config){.reserve = 256 * MIB, .limit = 4 * MIB}, &f.heap));
  assert_ok(sh_env_open(f.heap, &f.env));
  static sh_id ids[200000];
  for (int round = 0; round < 3; round++) {
    uint32_t n = 0;
    sh_status status = SH_OK;
    while (n < 200000 && (status = sh_number_new(f.env, n, &ids[n])) == SH_OK) {
      n++;
    }
    assert_status(status, SH_E_HEAP_FULL);
    assert_at_most(100000, n); // 4 MiB / 32 = 131072
    for (uint32_t i = 0; i < n; i++) {
      assert_ok(sh_drop(f.env, ids[i]));
    }
    sh_id bytes = 0;
    assert_ok(sh_bytes_new(f.env, NULL, 3 * MIB, &bytes));
    assert_ok(sh_drop(f.env, bytes));
  }
  assert_clean(f.env);
  sh_env_close(f.env);
  sh_heap_destroy(f.heap);
}

// --- environments in turn --------------------------------------------------------------------

typedef struct turn {
  sh_heap *heap;
  uint64_t seed;
  sh_status status;
  uint32_t objects;
} turn;

// Fills 60 % of the region with texts of mixed sizes, frees it all.
static void *fill_and_free(void *arg) {
  turn *t = arg;
  static __thread sh_id ids[20000];
  static uint8_t chars[70000];
  sh_env *env = NULL;
  uint64_t used = 0;
  uint64_t wanted = t->heap->header->reserve / 10 * 6;
  t->objects = 0;
  t->status = sh_env_open(t->heap, &env);
  while (t->status == SH_OK && used < wanted && t->objects < 20000) {
    uint64_t r = next_random(&t->seed);
    uint32_t length = (uint32_t)(r % 8 == 0 ? 1000 + r / 8 % 69000 : 16 + r / 8 % 2000);
    sh_value value = v_latin1(chars, length);
    t->status = sh_string_new(env, &value, &ids[t->objects]);
    t->objects += t->status == SH_OK ? 1 : 0;
    used += length;
  }
  for (uint32_t i = 0; i < t->objects; i++) {
    sh_status status = sh_drop(env, ids[i]);
    t->status = t->status == SH_OK ? status : t->status;
  }
  if (env != NULL) {
    sh_env_close(env);
  }
  return NULL;
}

static void five_hundred_environments_in_turn(void **state) {
  fixture *f = *state;
  for (uint64_t i = 1; i <= 500; i++) {
    turn t = {.heap = f->heap, .seed = i * 7919};
    if (i % 5 == 0) {
      pthread_t thread;
      assert_int_equal(pthread_create(&thread, NULL, fill_and_free, &t), 0);
      assert_int_equal(pthread_join(thread, NULL), 0);
    } else {
      (void)fill_and_free(&t);
    }
    assert_status(t.status, SH_OK);
    assert_at_most(200, t.objects);
  }
  assert_int_equal(stats_of(f).live_bytes, 0);
}

// --- the platform ----------------------------------------------------------------------------

static void platform_commits_and_purges(void **state) {
  (void)state;
  uint8_t *base = shi_os_reserve(1 * MIB);
  assert_non_null(base);
  assert_true(shi_os_commit(base, 64 * SH_PAGE));
  assert_int_equal(shi_os_resident(base, 64 * SH_PAGE), 0);
  memset(base, 7, 32 * SH_PAGE);
  assert_int_equal(shi_os_resident(base, 64 * SH_PAGE), 32 * SH_PAGE);
  assert_true(shi_os_purge(base, 16 * SH_PAGE));
  assert_int_equal(shi_os_resident(base, 64 * SH_PAGE), 16 * SH_PAGE);
  assert_int_equal(base[0], 0);
  assert_int_equal(base[16 * SH_PAGE], 7);
  assert_true(shi_os_cores() >= 1);
  uint64_t random[2] = {0, 0};
  shi_os_random(random, sizeof random);
  assert_true(random[0] != random[1]);
  shi_os_release(base, 1 * MIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(region_is_laid_out_as_written),
      unit(seeds_differ_between_heaps),
      cmocka_unit_test(reserve_is_checked_and_rounded),
      unit(environments_are_counted),
      unit(objects_outlive_their_environment),
      cmocka_unit_test(destroyed_region_is_usable_memory),
      cmocka_unit_test(limit_bounds_the_bytes_in_use),
      cmocka_unit_test(slots_and_bodies_share_the_limit),
      unit_small(five_hundred_environments_in_turn),
      cmocka_unit_test(platform_commits_and_purges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
