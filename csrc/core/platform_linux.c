// Linux: mmap, mprotect, madvise, futex, getrandom.
#include "platform.h"

#include "check.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES UINT64_C(4096) // SH_PAGE: what callers align to

void *shi_os_reserve(uint64_t bytes) {
  if (sysconf(_SC_PAGESIZE) > (long)PAGE_BYTES) { // some kernels for arm64 have 16 or 64 KiB
    return NULL;
  }
  void *base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return NULL;
  }
  // Advice only: a kernel without it costs memory in core dumps and forks, not correctness.
  (void)madvise(base, bytes, MADV_DONTDUMP);
  (void)madvise(base, bytes, MADV_DONTFORK);
  return base;
}

void shi_os_release(void *base, uint64_t bytes) { SHI_CHECK(munmap(base, bytes) == 0); }

bool shi_os_commit(void *base, uint64_t bytes) {
  return mprotect(base, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool shi_os_purge(void *base, uint64_t bytes) { return madvise(base, bytes, MADV_DONTNEED) == 0; }

uint64_t shi_os_address_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return UINT64_MAX;
  }
  return limit.rlim_cur;
}

unsigned shi_os_cores(void) {
  cpu_set_t set;
  int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return cores < 1 ? 1u : (unsigned)cores;
}

void shi_os_random(void *out, size_t bytes) {
  uint8_t *to = out;
  while (bytes > 0) {
    ssize_t got = getrandom(to, bytes, 0);
    if (got < 0) {
      SHI_CHECK(errno == EINTR);
      continue;
    }
    to += got;
    bytes -= (size_t)got;
  }
}

void shi_os_wait(_Atomic uint32_t *word, uint32_t expected, unsigned ms) {
  struct timespec bound = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
  // EAGAIN (the word changed), EINTR, time-outs and spurious returns all mean: look again.
  (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &bound, NULL, 0);
}

void shi_os_wake_one(_Atomic uint32_t *word) {
  (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

uint64_t shi_os_thread(void) { return (uint64_t)syscall(SYS_gettid); }

uint64_t shi_os_resident(void *base, uint64_t bytes) {
  unsigned char map[4096];
  uint64_t resident = 0;
  for (uint64_t done = 0; done < bytes; done += sizeof map * PAGE_BYTES) {
    uint64_t step = bytes - done < sizeof map * PAGE_BYTES ? bytes - done : sizeof map * PAGE_BYTES;
    if (mincore((uint8_t *)base + done, step, map) == 0) {
      for (uint64_t i = 0; i < step / PAGE_BYTES; i++) {
        resident += map[i] & 1u;
      }
    }
  }
  return resident * PAGE_BYTES;
}
