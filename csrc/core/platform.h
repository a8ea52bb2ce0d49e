// The platform seam: memory mapping, futex, randomness, cores. One implementation file per system
// (platform_linux.c; platform_macos.c and platform_windows.c are compiled, but have never run); no
// other core source includes an OS header. "true" is success.
#ifndef SH_PLATFORM_H
#define SH_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reserves `bytes` of inaccessible address space (no commit charge), page aligned, not inherited
// by fork, not in core dumps. NULL if refused, or if the system's pages are too large to be given
// back by SH_PAGE.
void *shi_os_reserve(uint64_t bytes);

// Gives a reservation back whole.
void shi_os_release(void *base, uint64_t bytes);

// Makes [base, base + bytes) readable and writable (zero on first touch). Page aligned.
bool shi_os_commit(void *base, uint64_t bytes);

// Drops the physical pages of [base, base + bytes): they read as zero afterwards. Page aligned.
bool shi_os_purge(void *base, uint64_t bytes);

// Most bytes a reservation may take under the process's address space limit
// (UINT64_MAX if there is none).
uint64_t shi_os_address_limit(void);

// Cores this process may run on, at least 1.
unsigned shi_os_cores(void);

// Fills `bytes` from the system's entropy source. Aborts if there is none.
void shi_os_random(void *out, size_t bytes);

// Sleeps while *word == expected, until woken or for at most `ms` milliseconds (spurious wake-ups
// happen).
void shi_os_wait(_Atomic uint32_t *word, uint32_t expected, unsigned ms);

// Wakes at most one thread sleeping on word.
void shi_os_wake_one(_Atomic uint32_t *word);

// The calling thread, never 0; another thread may have the same number once this one has ended.
uint64_t shi_os_thread(void);

// Resident bytes of [base, base + bytes). Page aligned. O(pages).
uint64_t shi_os_resident(void *base, uint64_t bytes);

#endif
