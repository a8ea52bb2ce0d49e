// Windows 8 and later: VirtualAlloc, WaitOnAddress. Compiled for x64 in CI, never run.
#include "platform.h"

#include "check.h"

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
// After windows.h, which they need.
#include <bcrypt.h>
#include <psapi.h>

void *shi_os_reserve(uint64_t bytes) {
  return VirtualAlloc(NULL, bytes, MEM_RESERVE, PAGE_NOACCESS);
}

void shi_os_release(void *base, uint64_t bytes) {
  (void)bytes; // a reservation is released whole
  SHI_CHECK(VirtualFree(base, 0, MEM_RELEASE) != 0);
}

bool shi_os_commit(void *base, uint64_t bytes) {
  return VirtualAlloc(base, bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

bool shi_os_purge(void *base, uint64_t bytes) {
  // Readers without lock may look at these pages at any time, so they are not decommitted: zeroed
  // they leave the working set, and the system's copy of them compresses to nothing.
  memset(base, 0, bytes);
  (void)VirtualUnlock(base, bytes); // on pages that are not locked it does just that, and "fails"
  return true;
}

uint64_t shi_os_address_limit(void) { return UINT64_MAX; }

unsigned shi_os_cores(void) {
  DWORD cores = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  return cores < 1 ? 1u : (unsigned)cores;
}

void shi_os_random(void *out, size_t bytes) {
  uint8_t *to = out;
  while (bytes > 0) {
    ULONG step = bytes < 1u << 20 ? (ULONG)bytes : 1u << 20;
    SHI_CHECK(BCryptGenRandom(NULL, to, step, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0);
    to += step;
    bytes -= step;
  }
}

void shi_os_wait(_Atomic uint32_t *word, uint32_t expected, unsigned ms) {
  (void)WaitOnAddress((volatile VOID *)word, &expected, sizeof expected, ms);
}

void shi_os_wake_one(_Atomic uint32_t *word) { WakeByAddressSingle((PVOID)word); }

uint64_t shi_os_thread(void) { return GetCurrentThreadId(); }

uint64_t shi_os_resident(void *base, uint64_t bytes) {
  PSAPI_WORKING_SET_EX_INFORMATION pages[512];
  const uint64_t page = 4096;
  const size_t most = sizeof pages / sizeof *pages;
  uint64_t resident = 0;
  for (uint64_t done = 0; done < bytes;) {
    size_t count = 0;
    for (; count < most && done < bytes; count++, done += page) {
      pages[count].VirtualAddress = (uint8_t *)base + done;
    }
    if (QueryWorkingSetEx(GetCurrentProcess(), pages, (DWORD)(count * sizeof *pages)) != 0) {
      for (size_t i = 0; i < count; i++) {
        resident += pages[i].VirtualAttributes.Valid;
      }
    }
  }
  return resident * page;
}
