// The region-wide page allocator: runs of 4 KiB pages of the body area. All arenas draw from it
// and return to it, so space freed in one serves every other.
//
// Free runs are kept in segregated lists by size (exact below 64 pages, then four lists per power
// of two; the idea of TLSF, Masmano et al. 2004) with boundary tags for coalescing. Pages at and
// above `top` have never been handed out, or have come back whole. Runs handed out read as zero:
// fresh ones are, freed ones are purged first. The tables live outside the region.
//
// P1 no two free runs touch each other or `top`     P2 free runs lie in [first, top)
// P3 taken pages + free pages = top - first
// Threads: every function takes the allocator's own lock, which is a leaf: nothing is locked and
// no allocator is called while it is held.
#ifndef SH_PAGES_H
#define SH_PAGES_H

#include "layout.h"

#define SHI_PAGE_BINS 192u

typedef struct shi_page_run {
  uint32_t size;     // on the first page of a free run: its pages, else 0
  uint32_t size_end; // on the last page of a free run: its pages, else 0
  uint32_t next;     // list links, on the first page; 0: none
  uint32_t previous;
} shi_page_run;

typedef struct shi_pages {
  uint8_t *base;  // of the region
  uint32_t first; // page numbers, from the start of the region
  uint32_t top;
  uint32_t end;
  uint32_t committed;      // pages below it are accessible
  shi_page_run *runs;      // indexed by page number - first
  uint64_t runs_committed; // bytes of `runs` made accessible
  uint64_t runs_bytes;
  uint32_t bins[SHI_PAGE_BINS];
  uint64_t bitmap[SHI_PAGE_BINS / 64];
  uint32_t taken; // pages handed out
  _Atomic uint32_t lock;
} shi_pages;

// Manages pages [first, end) of the region at base. False if the tables cannot be reserved.
bool shi_pages_init(shi_pages *pages, uint8_t *base, uint32_t first, uint32_t end);

void shi_pages_destroy(shi_pages *pages);

// A run of n pages aligned to `align` pages (a power of two), zeroed, or 0. O(1) but for a short
// list scan.
uint32_t shi_pages_take(shi_pages *pages, uint32_t n, uint32_t align);

// Gives pages [page, page + n) back, purged: any part of what was taken. O(1).
void shi_pages_give(shi_pages *pages, uint32_t page, uint32_t n);

// Checks P1-P3; NULL or one sentence on what is broken. O(free runs).
const char *shi_pages_check(shi_pages *pages);

#endif
