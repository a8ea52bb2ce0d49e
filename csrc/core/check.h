// Three kinds of checks: SHI_CHECK always (cheap, guards memory safety; corruption aborts with a
// message), SHI_ASSERT in debug builds (SH_DEBUG=1), static_assert at compile time.
#ifndef SH_CHECK_H
#define SH_CHECK_H

#ifndef SH_DEBUG
#define SH_DEBUG 0
#endif

// Reports a broken invariant on stderr and aborts: nothing can be trusted after it.
_Noreturn void shi_corrupt(const char *what, const char *file, int line);

#define SHI_CHECK(cond) ((cond) ? (void)0 : shi_corrupt(#cond, __FILE__, __LINE__))
#if SH_DEBUG
#define SHI_ASSERT(cond) SHI_CHECK(cond)
#else
#define SHI_ASSERT(cond) ((void)0)
#endif

#define SHI_LIKELY(x) __builtin_expect(!!(x), 1)
#define SHI_UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
