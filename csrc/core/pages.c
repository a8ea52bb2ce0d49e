#include "pages.h"

#include "check.h"
#include "lock.h"
#include "platform.h"

#include <string.h>

#define COMMIT_STEP_MIN 256u   // pages: 1 MiB
#define COMMIT_STEP_MAX 16384u // pages: 64 MiB
#define SCAN_MAX 16            // runs of a size range looked at before a larger range is taken

static shi_page_run *run_at(shi_pages *pages, uint32_t page) {
  return &pages->runs[page - pages->first];
}

// Bin of a run of n pages: exact below 64, then four per power of two.
static uint32_t bin_of(uint32_t n) {
  if (n < 64) {
    return n;
  }
  uint32_t log2 = 31u - (uint32_t)__builtin_clz(n);
  return 64 + (log2 - 6) * 4 + ((n >> (log2 - 2)) & 3u);
}

static void bin_insert(shi_pages *pages, uint32_t page, uint32_t n) {
  uint32_t bin = bin_of(n);
  shi_page_run *run = run_at(pages, page);
  uint32_t head = pages->bins[bin];
  run->size = n;
  run_at(pages, page + n - 1)->size_end = n;
  run->next = head;
  run->previous = 0;
  if (head != 0) {
    run_at(pages, head)->previous = page;
  }
  pages->bins[bin] = page;
  pages->bitmap[bin / 64] |= UINT64_C(1) << (bin % 64);
}

static void bin_remove(shi_pages *pages, uint32_t page) {
  shi_page_run *run = run_at(pages, page);
  uint32_t n = run->size;
  uint32_t bin = bin_of(n);
  if (run->previous != 0) {
    run_at(pages, run->previous)->next = run->next;
  } else {
    pages->bins[bin] = run->next;
    if (run->next == 0) {
      pages->bitmap[bin / 64] &= ~(UINT64_C(1) << (bin % 64));
    }
  }
  if (run->next != 0) {
    run_at(pages, run->next)->previous = run->previous;
  }
  run->size = 0;
  run_at(pages, page + n - 1)->size_end = 0;
}

// A free run of at least n pages, or 0. When nothing is left above top, every run of the size range
// is looked at: full means that no run fits.
static uint32_t find_run(shi_pages *pages, uint32_t n) {
  uint32_t bin = bin_of(n);
  uint32_t most = pages->end - pages->top < n ? UINT32_MAX : SCAN_MAX;
  uint32_t scanned = 0;
  for (uint32_t page = pages->bins[bin]; page != 0 && scanned < most;
       page = run_at(pages, page)->next, scanned++) {
    if (run_at(pages, page)->size >= n) {
      return page;
    }
  }
  for (uint32_t word = (bin + 1) / 64, shift = (bin + 1) % 64; word < SHI_PAGE_BINS / 64;
       word++, shift = 0) {
    uint64_t bits = pages->bitmap[word] >> shift << shift;
    if (bits != 0) {
      return pages->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)];
    }
  }
  return 0;
}

// Makes pages and their records accessible up to `page`; false if the system refuses.
static bool commit_to(shi_pages *pages, uint32_t page) {
  if (page <= pages->committed) {
    return true;
  }
  uint32_t step = (pages->committed - pages->first) / 4;
  step = step < COMMIT_STEP_MIN ? COMMIT_STEP_MIN : step > COMMIT_STEP_MAX ? COMMIT_STEP_MAX : step;
  uint32_t to = page - pages->committed < step ? pages->committed + step : page;
  to = to > pages->end || to < page ? pages->end : to;
  uint64_t records =
      ((uint64_t)(to - pages->first) * sizeof(shi_page_run) + SH_PAGE - 1) & ~(SH_PAGE - 1);
  if (records > pages->runs_committed) {
    if (!shi_os_commit((uint8_t *)pages->runs + pages->runs_committed,
                       records - pages->runs_committed)) {
      return false;
    }
    pages->runs_committed = records;
  }
  if (!shi_os_commit(pages->base + (uint64_t)pages->committed * SH_PAGE,
                     (uint64_t)(to - pages->committed) * SH_PAGE)) {
    return false;
  }
  pages->committed = to;
  return true;
}

// Puts a run that nobody uses where it belongs: merged with its neighbours, or back above top.
static void release_run(shi_pages *pages, uint32_t page, uint32_t n) {
  if (page > pages->first) {
    uint32_t before = run_at(pages, page - 1)->size_end;
    if (before != 0) {
      page -= before;
      n += before;
      bin_remove(pages, page);
    }
  }
  if (page + n == pages->top) {
    pages->top = page;
    return;
  }
  uint32_t after = run_at(pages, page + n)->size;
  if (after != 0) {
    bin_remove(pages, page + n);
    n += after;
  }
  bin_insert(pages, page, n);
}

bool shi_pages_init(shi_pages *pages, uint8_t *base, uint32_t first, uint32_t end) {
  *pages = (shi_pages){.base = base, .first = first, .top = first, .end = end, .committed = first};
  pages->runs_bytes =
      ((uint64_t)(end - first) * sizeof(shi_page_run) + SH_PAGE - 1) & ~(SH_PAGE - 1);
  pages->runs = shi_os_reserve(pages->runs_bytes);
  return pages->runs != NULL;
}

void shi_pages_destroy(shi_pages *pages) { shi_os_release(pages->runs, pages->runs_bytes); }

uint32_t shi_pages_take(shi_pages *pages, uint32_t n, uint32_t align) {
  uint32_t padded = n + align - 1;
  if (padded < n || padded > pages->end - pages->first) {
    return 0;
  }
  shi_lock(&pages->lock);
  uint32_t page = find_run(pages, padded);
  uint32_t size;
  if (page != 0) {
    size = run_at(pages, page)->size;
    bin_remove(pages, page);
  } else {
    page = pages->top;
    size = padded;
    if (pages->end - page < size || !commit_to(pages, page + size)) {
      shi_unlock(&pages->lock, false);
      return 0;
    }
    pages->top += size;
  }
  uint32_t start = (page + align - 1) & ~(align - 1);
  pages->taken += n;
  if (start > page) {
    release_run(pages, page, start - page);
  }
  if (start + n < page + size) {
    release_run(pages, start + n, page + size - start - n);
  }
  shi_unlock(&pages->lock, false);
  return start;
}

void shi_pages_give(shi_pages *pages, uint32_t page, uint32_t n) {
  SHI_CHECK(page >= pages->first && n > 0);
  // Outside the lock: the run is still the caller's, and madvise is the slow part.
  uint8_t *at = pages->base + (uint64_t)page * SH_PAGE;
  if (!shi_os_purge(at, (uint64_t)n * SH_PAGE)) {
    memset(at, 0, (uint64_t)n * SH_PAGE); // locked into memory (mlockall): zero all the same
  }
  shi_lock(&pages->lock);
  SHI_CHECK(page + n <= pages->top && pages->taken >= n);
  pages->taken -= n;
  release_run(pages, page, n);
  shi_unlock(&pages->lock, false);
}

static const char *check_runs(shi_pages *pages) {
  uint64_t free_pages = 0;
  for (uint32_t bin = 0; bin < SHI_PAGE_BINS; bin++) {
    uint32_t previous = 0;
    for (uint32_t page = pages->bins[bin]; page != 0; page = run_at(pages, page)->next) {
      const shi_page_run *run = run_at(pages, page);
      if (run->size == 0 || bin_of(run->size) != bin || run->previous != previous) {
        return "a free run of pages is in the wrong list";
      }
      if (page < pages->first || page + run->size >= pages->top) {
        return "a free run of pages reaches outside the taken part of the region";
      }
      if (run_at(pages, page + run->size - 1)->size_end != run->size ||
          run_at(pages, page + run->size)->size != 0) {
        return "a free run of pages is not coalesced with its neighbour";
      }
      free_pages += run->size;
      previous = page;
    }
  }
  return free_pages + pages->taken == pages->top - pages->first
             ? NULL
             : "taken and free pages do not add up";
}

const char *shi_pages_check(shi_pages *pages) {
  shi_lock(&pages->lock);
  const char *problem = check_runs(pages);
  shi_unlock(&pages->lock, false);
  return problem;
}
