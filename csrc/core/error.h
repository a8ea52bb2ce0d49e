// Status codes of the core: one table gives the enum, the JS `code` and the JS error class.
//
// Every core function that can fail returns sh_status and nothing else; results leave through
// out-parameters, which are untouched on failure, but for an sh_value, which a read that failed may
// have used. A failed operation has changed nothing.
// Corruption found at run time is not a status: see SHI_CHECK in check.h.
#ifndef SH_ERROR_H
#define SH_ERROR_H

// X(enum suffix, JS code, JS class: S = SharedHeapError, T = TypeError, R = RangeError, text)
#define SH_STATUS_MAP(X)                                                                           \
  X(OK, "OK", S, "no error")                                                                       \
  X(USE_AFTER_FREE, "ERR_USE_AFTER_FREE", S, "use after free: the object was destroyed")           \
  X(TYPE_MISMATCH, "ERR_TYPE_MISMATCH", S, "the object is of another type")                        \
  X(INVALID_ID, "ERR_INVALID_ID", S, "not an id of this heap")                                     \
  X(NO_CLAIM, "ERR_NO_CLAIM", S, "no claim is left to give up")                                    \
  X(UNSUPPORTED_VALUE, "ERR_UNSUPPORTED_VALUE", S, "the value cannot be stored")                   \
  X(HEAP_FULL, "ERR_HEAP_FULL", S, "the shared heap is full")                                      \
  X(UNKNOWN_FIELD, "ERR_UNKNOWN_FIELD", S, "the struct has no such field")                         \
  X(CONFLICT, "ERR_CONFLICT", S, "the object was changed by another thread")                       \
  X(BUSY, "ERR_LOCKED", S, "the object is locked by another environment")                          \
  X(DEADLOCK, "ERR_DEADLOCK", S, "waiting for the lock would never end")                           \
  X(QUEUE_CLOSED, "ERR_QUEUE_CLOSED", S, "the queue is closed")                                    \
  X(TOO_MANY, "ERR_TOO_MANY_CLAIMS", S, "the object has too many claims or holds")                 \
  X(ALREADY_CONFIGURED, "ERR_ALREADY_CONFIGURED", S, "the shared heap is already in use")          \
  X(RESERVE_FAILED, "ERR_RESERVE_FAILED", S, "no address space could be reserved")                 \
  X(CORRUPT, "ERR_CORRUPT", S, "the heap is damaged")                                              \
  X(INVALID_ARG_TYPE, "ERR_INVALID_ARG_TYPE", T, "wrong type of argument")                         \
  X(OUT_OF_RANGE, "ERR_OUT_OF_RANGE", R, "argument out of range")

typedef enum sh_status {
#define SH_STATUS_ENUM(name, code, cls, text) SH_E_##name,
  SH_STATUS_MAP(SH_STATUS_ENUM)
#undef SH_STATUS_ENUM
      SH_STATUS_COUNT
} sh_status;

#define SH_OK SH_E_OK

// Name of the JS error code, e.g. "ERR_HEAP_FULL". Never NULL. O(1), thread-safe.
const char *sh_status_code(sh_status status);

// One English clause describing the status. Never NULL. O(1), thread-safe.
const char *sh_status_text(sh_status status);

// 'S' SharedHeapError, 'T' TypeError, 'R' RangeError. O(1), thread-safe.
char sh_status_class(sh_status status);

#endif
