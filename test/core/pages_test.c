// The page allocator by itself, against a map of which pages are taken.
#include "support.h"

#include "platform.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 16u
#define END 2064u // 2048 pages, 8 MiB

typedef struct pool {
  shi_pages pages;
  uint8_t *base;
  uint8_t taken[END];
} pool;

static int open_pool(void **state) {
  pool *p = calloc(1, sizeof *p);
  p->base = shi_os_reserve(END * SH_PAGE);
  *state = p;
  return p->base != NULL && shi_pages_init(&p->pages, p->base, FIRST, END) ? 0 : -1;
}

static int close_pool(void **state) {
  pool *p = *state;
  shi_pages_destroy(&p->pages);
  shi_os_release(p->base, END * SH_PAGE);
  free(p);
  return 0;
}

#define unit_pool(test) cmocka_unit_test_setup_teardown(test, open_pool, close_pool)

static void check_pool(pool *p) {
  const char *problem = shi_pages_check(&p->pages);
  if (problem != NULL) {
    fail_msg("shi_pages_check: %s", problem);
  }
}

// Takes a run, checks that it is inside, aligned, free and zero, and fills it.
static uint32_t take(pool *p, uint32_t n, uint32_t align) {
  uint32_t page = shi_pages_take(&p->pages, n, align);
  if (page == 0) {
    return 0;
  }
  assert_at_most(FIRST, page);
  assert_at_most(page + n, END);
  assert_int_equal(page % align, 0);
  for (uint32_t i = page; i < page + n; i++) {
    assert_int_equal(p->taken[i], 0);
    p->taken[i] = 1;
    uint64_t *first = (uint64_t *)(void *)(p->base + i * SH_PAGE);
    assert_int_equal(first[0], 0);
    assert_int_equal(first[511], 0);
    first[0] = first[511] = UINT64_MAX;
  }
  return page;
}

static void give(pool *p, uint32_t page, uint32_t n) {
  memset(p->taken + page, 0, n);
  shi_pages_give(&p->pages, page, n);
}

static void random_runs_never_overlap(void **state) {
  pool *p = *state;
  struct {
    uint32_t page;
    uint32_t n;
  } runs[200] = {{0, 0}};
  uint64_t seed = 42;
  uint32_t held = 0;
  for (int step = 0; step < 20000; step++) {
    uint64_t r = next_random(&seed);
    uint32_t at = (uint32_t)(r % 200);
    if (runs[at].page != 0) {
      give(p, runs[at].page, runs[at].n);
      held -= runs[at].n;
      runs[at].page = 0;
    } else {
      uint32_t n = 1 + (uint32_t)(r >> 8) % ((r >> 20) % 10 == 0 ? 100 : 12);
      uint32_t align = 1u << ((r >> 40) % 4);
      runs[at].page = take(p, n, align);
      runs[at].n = n;
      held += runs[at].page != 0 ? n : 0;
    }
    assert_int_equal(p->pages.taken, held);
    if (step % 64 == 0) {
      check_pool(p);
    }
  }
  for (int i = 0; i < 200; i++) {
    if (runs[i].page != 0) {
      give(p, runs[i].page, runs[i].n);
    }
  }
  check_pool(p);
  assert_int_equal(p->pages.top, FIRST); // all of it has come back above top
}

static void whole_pool_can_be_had(void **state) {
  pool *p = *state;
  uint32_t page = take(p, END - FIRST, 1);
  assert_int_equal(page, FIRST);
  assert_int_equal(shi_pages_take(&p->pages, 1, 1), 0);
  give(p, page, END - FIRST);
  assert_int_equal(shi_pages_take(&p->pages, END - FIRST + 1, 1), 0);
  assert_int_equal(shi_pages_take(&p->pages, UINT32_MAX, 1), 0);
  assert_int_equal(shi_pages_take(&p->pages, UINT32_MAX, 1u << 20), 0);
  check_pool(p);
}

static void parts_coalesce_in_any_order(void **state) {
  pool *p = *state;
  static const uint32_t order[6] = {1, 4, 0, 3, 5, 2};
  uint32_t page = take(p, 60, 1);
  uint32_t guard = take(p, 1, 1);
  for (int i = 0; i < 6; i++) {
    give(p, page + order[i] * 10, 10);
    check_pool(p);
  }
  assert_int_equal(take(p, 60, 1), page); // one run again
  give(p, page, 60);
  give(p, guard, 1);
  assert_int_equal(p->pages.top, FIRST);
}

static void given_pages_leave_memory(void **state) {
  pool *p = *state;
  uint32_t page = take(p, 100, 1);
  assert_int_equal(shi_os_resident(p->base + page * SH_PAGE, 100 * SH_PAGE), 100 * SH_PAGE);
  give(p, page, 100);
  assert_int_equal(shi_os_resident(p->base + page * SH_PAGE, 100 * SH_PAGE), 0);
}

// Twenty runs of one size class, the only one that is large enough the last in the list: it must
// be found when nothing else is left.
static void last_fitting_run_is_found(void **state) {
  pool *p = *state;
  uint32_t large = take(p, 79, 1);
  assert_int_not_equal(take(p, 1, 1), 0);
  uint32_t small[20];
  for (int i = 0; i < 20; i++) {
    small[i] = take(p, 64, 1);
    assert_int_not_equal(take(p, 1, 1), 0);
  }
  uint32_t rest = END - p->pages.top;
  assert_int_not_equal(take(p, rest, 1), 0);
  give(p, large, 79);
  for (int i = 0; i < 20; i++) {
    give(p, small[i], 64);
  }
  assert_int_equal(take(p, 79, 1), large);
  check_pool(p);
}

static void check_finds_planted_damage(void **state) {
  pool *p = *state;
  uint32_t a = take(p, 10, 1);
  uint32_t b = take(p, 10, 1);
  uint32_t c = take(p, 10, 1);
  give(p, b, 10);
  check_pool(p);
  shi_page_run *run = &p->pages.runs[b - FIRST];
  run->size = 9;
  assert_non_null(shi_pages_check(&p->pages)); // wrong list
  run->size = 10;
  run[9].size_end = 3;
  assert_non_null(shi_pages_check(&p->pages)); // wrong boundary tag
  run[9].size_end = 10;
  p->pages.taken++;
  assert_non_null(shi_pages_check(&p->pages)); // wrong sum
  p->pages.taken--;
  check_pool(p);
  give(p, a, 10);
  give(p, c, 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit_pool(random_runs_never_overlap),   unit_pool(whole_pool_can_be_had),
      unit_pool(parts_coalesce_in_any_order), unit_pool(given_pages_leave_memory),
      unit_pool(last_fitting_run_is_found),   unit_pool(check_finds_planted_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
