// BufferRef: a fixed number of bytes, zeroed at creation, 16-byte aligned, mutable and shared;
// races on the bytes are the user's, as with SharedArrayBuffer. A view pins the payload, so that
// dropping the object leaves existing views valid. The slot's payload never changes after
// creation.
#ifndef SH_BYTES_H
#define SH_BYTES_H

#include "value.h"

typedef struct shi_bytes {
  _Atomic uint32_t pins; // the object (1) and every view; never rises from 0
  uint32_t reserved;
  uint64_t length;
  // bytes follow at byte 16
} shi_bytes;
static_assert(sizeof(shi_bytes) == 16, "payload stays 16-byte aligned");

#define SH_BYTES_MAX (UINT64_C(1) << 32)

// A new buffer of `length` bytes, copied from `data` or zeroed if data is NULL. One claim.
// HEAP_FULL, OUT_OF_RANGE above SH_BYTES_MAX. O(length).
sh_status sh_bytes_new(sh_env *env, const void *data, uint64_t length, sh_id *out);

// Its length. Takes no lock if the environment is online. O(1).
sh_status sh_bytes_length(sh_env *env, sh_id id, uint64_t *length);

// Pins the payload and tells where it is; give the pin up by sh_unpin. O(1).
sh_status sh_bytes_pin(sh_env *env, sh_id id, void **data, uint64_t *length, uint64_t *pin);

#endif
