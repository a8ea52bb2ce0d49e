// The allocation interface: where bodies lie, that they never overlap, and what comes back.
#include "support.h"

#include <stdio.h>
#include <string.h>

#include <jemalloc/jemalloc.h>

#define BODIES 3000u

typedef struct body {
  uint64_t offset;
  size_t size;
  shi_class cls;
  bool align16;
} body;

static body make_body(fixture *f, uint64_t *seed) {
  uint64_t r = next_random(seed);
  body b = {.size = 1 + (r >> 8) % (r % 16 == 0  ? 60000
                                    : r % 4 == 0 ? 4000
                                                 : 300),
            .cls = (r >> 40) % 4 == 0 ? SHI_CLASS_FIELDS : SHI_CLASS_DATA,
            .align16 = (r >> 44) % 4 == 0};
  b.offset = shi_alloc(f->env, b.size, b.cls, b.align16);
  return b;
}

static void free_body(fixture *f, const body *b) {
  shi_free(f->heap, f->env, b->offset, b->size, b->cls, b->align16);
}

static void bodies_lie_inside_the_region(void **state) {
  fixture *f = *state;
  static body bodies[BODIES];
  uint64_t seed = 7;
  uint64_t asked = 0;
  for (uint32_t i = 0; i < BODIES; i++) {
    body *b = &bodies[i];
    *b = make_body(f, &seed);
    assert_int_not_equal(b->offset, 0);
    assert_at_most(f->heap->header->body_offset, b->offset);
    assert_at_most(b->offset + b->size, f->heap->header->reserve);
    assert_int_equal(b->offset % (b->align16 ? 16 : 8), 0);
    memset(shi_at(f->heap, b->offset), (int)(i % 251), b->size);
    asked += b->size;
  }
  assert_int_equal(f->env->counters.allocated, asked);
  for (uint32_t i = 0; i < BODIES; i++) { // nobody wrote into another's bytes
    const uint8_t *at = shi_at(f->heap, bodies[i].offset);
    for (size_t k = 0; k < bodies[i].size; k++) {
      if (at[k] != i % 251) {
        fail_msg("body %u byte %zu is %u, expected %u", i, k, at[k], i % 251);
      }
    }
    free_body(f, &bodies[i]);
  }
  assert_int_equal(f->env->counters.allocated, 0);
}

enum { LARGE = 200 };

// Large bodies have an extent each: their pages, and at most one for jemalloc's random start. What
// is taken from the region is these extents and nothing else, so jemalloc's records are elsewhere:
// their smallest block, as the next test sees, is larger than all of that one page.
static void metadata_lies_outside_the_region(void **state) {
  fixture *f = *state;
  uint64_t at[LARGE];
  uint64_t usable = 0;
  assert_true(f->heap->arena_count > 0);
  assert_int_equal(f->heap->pages.taken, 0); // the arenas exist
  for (int i = 0; i < LARGE; i++) {
    at[i] = shi_alloc(f->env, 65536, SHI_CLASS_DATA, false);
    assert_int_not_equal(at[i], 0);
    usable += je_sallocx(shi_at(f->heap, at[i]), 0) / SH_PAGE;
  }
  assert_at_most(usable, f->heap->pages.taken);
  assert_at_most(f->heap->pages.taken, usable + LARGE);
  assert_int_equal(atomic_load(&f->heap->used_bytes), SH_PAGE + f->heap->pages.taken * SH_PAGE);
  for (int i = 0; i < LARGE; i++) {
    shi_free(f->heap, f->env, at[i], 65536, SHI_CLASS_DATA, false);
  }
}

// The control of the test above: an arena told to keep its records with its extents is seen to.
static void metadata_in_the_region_would_show(void **state) {
  fixture *f = *state;
  struct {
    void *hooks;
    bool metadata_use_hooks;
  } config = {f->heap->hooks, true};
  unsigned arena = 0;
  size_t size = sizeof arena;
  assert_int_equal(
      je_mallctl("experimental.arenas_create_ext", &arena, &size, &config, sizeof config), 0);
  assert_at_most(LARGE + 1, f->heap->pages.taken);
  char name[40];
  (void)snprintf(name, sizeof name, "arena.%u.destroy", arena);
  assert_int_equal(je_mallctl(name, NULL, NULL, NULL, 0), 0);
}

static void trim_returns_every_page(void **state) {
  fixture *f = *state;
  static body bodies[BODIES];
  uint64_t seed = 13;
  for (int round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < BODIES; i++) {
      bodies[i] = make_body(f, &seed);
    }
    assert_at_most(1000, f->heap->pages.taken);
    for (uint32_t i = 0; i < BODIES; i++) {
      free_body(f, &bodies[(i * 7) % BODIES]);
    }
    sh_heap_trim(f->env);
    assert_int_equal(f->heap->pages.taken, 0);
    assert_int_equal(f->heap->pages.top, f->heap->pages.first);
    assert_int_equal(stats_of(f).used_bytes, f->start.used_bytes);
    assert_at_most(stats_of(f).resident_bytes, f->start.resident_bytes + 64 * 1024);
  }
}

static void classes_never_share_pages(void **state) {
  fixture *f = *state;
  static uint8_t owner[64 * MIB / SH_PAGE];
  static body bodies[BODIES];
  uint64_t seed = 17;
  memset(owner, 0, sizeof owner);
  for (int round = 0; round < 4; round++) {
    for (uint32_t i = 0; i < BODIES; i++) {
      if (bodies[i].size == 0 || i % 3 == 0) {
        if (bodies[i].size != 0) {
          free_body(f, &bodies[i]);
        }
        bodies[i] = make_body(f, &seed);
      }
    }
    memset(owner, 0, sizeof owner);
    for (uint32_t i = 0; i < BODIES; i++) {
      for (uint64_t page = bodies[i].offset / SH_PAGE;
           page <= (bodies[i].offset + bodies[i].size - 1) / SH_PAGE; page++) {
        assert_true(owner[page] == 0 || owner[page] == bodies[i].cls + 1);
        owner[page] = (uint8_t)(bodies[i].cls + 1);
      }
    }
  }
  for (uint32_t i = 0; i < BODIES; i++) {
    free_body(f, &bodies[i]);
    bodies[i].size = 0;
  }
}

static void too_large_is_refused(void **state) {
  fixture *f = *state;
  assert_int_equal(shi_alloc(f->env, 65 * MIB, SHI_CLASS_DATA, false), 0);
  assert_int_equal(shi_alloc(f->env, UINT64_C(1) << 45, SHI_CLASS_DATA, true), 0);
  assert_int_equal(f->env->counters.allocated, 0);
  assert_int_equal(f->heap->pages.taken, 0);
  uint64_t most = shi_alloc(f->env, 55 * MIB, SHI_CLASS_DATA, false);
  assert_int_not_equal(most, 0);
  shi_free(f->heap, f->env, most, 55 * MIB, SHI_CLASS_DATA, false);
  // Space that one class freed serves the other.
  most = shi_alloc(f->env, 55 * MIB, SHI_CLASS_FIELDS, false);
  assert_int_not_equal(most, 0);
  shi_free(f->heap, f->env, most, 55 * MIB, SHI_CLASS_FIELDS, false);
}

static void planned_refusal_counts_down(void **state) {
  fixture *f = *state;
  sh_test_fail_after(f->heap, 2);
  uint64_t a = shi_alloc(f->env, 8, SHI_CLASS_DATA, false);
  uint64_t b = shi_alloc(f->env, 8, SHI_CLASS_DATA, false);
  assert_int_not_equal(a, 0);
  assert_int_not_equal(b, 0);
  assert_int_equal(shi_alloc(f->env, 8, SHI_CLASS_DATA, false), 0);
  assert_int_equal(shi_alloc(f->env, 8, SHI_CLASS_DATA, false), 0);
  sh_test_fail_after(f->heap, -1);
  shi_free(f->heap, f->env, a, 8, SHI_CLASS_DATA, false);
  shi_free(f->heap, f->env, b, 8, SHI_CLASS_DATA, false);
}

static void bodies_can_be_freed_without_an_environment(void **state) {
  fixture *f = *state;
  uint64_t at = shi_alloc(f->env, 5000, SHI_CLASS_DATA, true);
  assert_int_not_equal(at, 0);
  assert_int_equal(stats_of(f).live_bytes, 5000);
  shi_free(f->heap, NULL, at, 5000, SHI_CLASS_DATA, true);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

static void many_environments_share_the_arenas(void **state) {
  fixture *f = *state;
  enum { COUNT = 40 };
  sh_env *envs[COUNT];
  uint64_t at[COUNT];
  for (int i = 0; i < COUNT; i++) {
    assert_ok(sh_env_open(f->heap, &envs[i]));
    at[i] = shi_alloc(envs[i], 1000, SHI_CLASS_DATA, false);
    assert_int_not_equal(at[i], 0);
  }
  for (int i = 0; i < COUNT; i++) { // each frees another's
    shi_free(f->heap, envs[i], at[(i + 7) % COUNT], 1000, SHI_CLASS_DATA, false);
  }
  for (int i = 0; i < COUNT; i++) {
    sh_env_close(envs[i]);
  }
  sh_heap_trim(f->env);
  assert_int_equal(f->heap->pages.taken, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(bodies_lie_inside_the_region),       unit(metadata_lies_outside_the_region),
      unit(metadata_in_the_region_would_show),  unit(trim_returns_every_page),
      unit(classes_never_share_pages),          unit(too_large_is_refused),
      unit(planned_refusal_counts_down),        unit(bodies_can_be_freed_without_an_environment),
      unit(many_environments_share_the_arenas),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
