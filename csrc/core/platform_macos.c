// macOS 14.4 and later: mmap, mprotect, os_sync_wait_on_address. Compiled for arm64 in CI, never
// run. Its pages have 16 KiB there, SH_PAGE has 4: what is given or taken back is whole pages, and
// the rest is zeroed.
#include "platform.h"

#include "check.h"

#include <mach/vm_inherit.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#if __has_include(<os/os_sync_wait_on_address.h>)
#include <os/os_sync_wait_on_address.h>
#else // an older SDK, which may build for a newer system
int os_sync_wait_on_address_with_timeout(void *addr, uint64_t value, size_t size, uint32_t flags,
                                         uint32_t clock, uint64_t timeout_ns);
int os_sync_wake_by_address_any(void *addr, size_t size, uint32_t flags);
int os_sync_wake_by_address_all(void *addr, size_t size, uint32_t flags);
#define OS_SYNC_WAIT_ON_ADDRESS_NONE 0u
#define OS_SYNC_WAKE_BY_ADDRESS_NONE 0u
#define OS_CLOCK_MACH_ABSOLUTE_TIME 32u
#endif

static uintptr_t page_bytes(void) { return (uintptr_t)getpagesize(); }

void *shi_os_reserve(uint64_t bytes) {
  void *base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return NULL;
  }
  (void)minherit(base, bytes, VM_INHERIT_NONE); // advice only: not inherited by fork
  return base;
}

void shi_os_release(void *base, uint64_t bytes) { SHI_CHECK(munmap(base, bytes) == 0); }

bool shi_os_commit(void *base, uint64_t bytes) {
  // Around what was asked for: neighbours in the same pages lie in the reservation too.
  uintptr_t mask = page_bytes() - 1;
  uintptr_t from = (uintptr_t)base & ~mask;
  uintptr_t to = ((uintptr_t)base + bytes + mask) & ~mask;
  return mprotect((void *)from, to - from, PROT_READ | PROT_WRITE) == 0;
}

bool shi_os_purge(void *base, uint64_t bytes) {
  uintptr_t mask = page_bytes() - 1;
  uintptr_t start = (uintptr_t)base;
  uintptr_t end = start + bytes;
  uintptr_t from = (start + mask) & ~mask;
  uintptr_t to = end & ~mask;
  if (from >= to) {
    memset(base, 0, bytes);
    return true;
  }
  memset(base, 0, from - start);
  memset((void *)to, 0, end - to);
  // No advice of this system's promises zeros; fresh pages in place of the old ones do.
  return mmap((void *)from, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED,
              -1, 0) != MAP_FAILED;
}

uint64_t shi_os_address_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return UINT64_MAX;
  }
  return limit.rlim_cur;
}

unsigned shi_os_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores < 1 ? 1u : (unsigned)cores;
}

void shi_os_random(void *out, size_t bytes) { arc4random_buf(out, bytes); }

void shi_os_wait(_Atomic uint32_t *word, uint32_t expected, unsigned ms) {
  if (ms > 0) {
    (void)os_sync_wait_on_address_with_timeout((void *)word, expected, sizeof *word,
                                               OS_SYNC_WAIT_ON_ADDRESS_NONE,
                                               OS_CLOCK_MACH_ABSOLUTE_TIME, (uint64_t)ms * 1000000);
  }
}

void shi_os_wake_one(_Atomic uint32_t *word) {
  (void)os_sync_wake_by_address_any((void *)word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_NONE);
}

uint64_t shi_os_thread(void) {
  uint64_t thread;
  SHI_CHECK(pthread_threadid_np(NULL, &thread) == 0);
  return thread;
}

uint64_t shi_os_resident(void *base, uint64_t bytes) {
  uint64_t page = page_bytes();
  char map[4096];
  uint64_t resident = 0;
  for (uint64_t done = 0; done < bytes; done += sizeof map * page) {
    uint64_t step = bytes - done < sizeof map * page ? bytes - done : sizeof map * page;
    if (mincore((uint8_t *)base + done, step, map) == 0) {
      for (uint64_t i = 0; i < (step + page - 1) / page; i++) {
        resident += (map[i] & MINCORE_INCORE) != 0;
      }
    }
  }
  uint64_t found = resident * page;
  return found < bytes ? found : bytes;
}
