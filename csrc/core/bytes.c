#include "bytes.h"

#include "alloc.h"
#include "lock.h"
#include "optimistic.h"
#include "release.h"
#include "slot.h"
#include "slot_free.h"
#include "text.h"

#include <string.h>

static shi_bytes *payload_of(const sh_heap *heap, const shi_slot *slot) {
  return shi_at(heap, atomic_load_explicit(&slot->payload[0], memory_order_relaxed));
}

sh_status sh_bytes_new(sh_env *env, const void *data, uint64_t length, sh_id *out) {
  uint32_t index = 0;
  if (length > SH_BYTES_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  sh_status status = shi_slot_take(env, false, &index);
  if (status != SH_OK) {
    return status;
  }
  uint64_t offset = shi_alloc(env, sizeof(shi_bytes) + length, SHI_CLASS_DATA, true);
  if (offset == 0) {
    shi_slot_untake(env, false, index);
    return SH_E_HEAP_FULL;
  }
  shi_bytes *bytes = shi_at(env->heap, offset);
  atomic_store_explicit(&bytes->pins, 1, memory_order_relaxed);
  bytes->reserved = 0;
  bytes->length = length;
  if (data == NULL) {
    memset(bytes + 1, 0, length);
  } else {
    memcpy(bytes + 1, data, length);
  }
  shi_slot *slot = shi_slot_at(env->heap, index);
  atomic_store_explicit(&slot->payload[0], offset, memory_order_relaxed);
  atomic_store_explicit(&slot->payload[1], length, memory_order_relaxed);
  *out = shi_slot_publish(env, index, SH_TYPE_BYTES, 0);
  return SH_OK;
}

sh_status sh_bytes_length(sh_env *env, sh_id id, uint64_t *length) {
  shi_slot *slot = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_BYTES);
  while (shi_peek_begin(&peek)) {
    uint64_t bytes = shi_payload_load(peek.slot, 1);
    if (shi_peek_end(&peek, SHI_PEEKED)) {
      *length = bytes;
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_BYTES, &slot);
  if (status == SH_OK) {
    *length = payload_of(env->heap, slot)->length;
    shi_unlock(&slot->lock, false);
  }
  return status;
}

sh_status sh_bytes_pin(sh_env *env, sh_id id, void **data, uint64_t *length, uint64_t *pin) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, SH_TYPE_BYTES, &slot);
  if (status == SH_OK) {
    shi_bytes *bytes = payload_of(env->heap, slot);
    atomic_fetch_add_explicit(&bytes->pins, 1, memory_order_relaxed);
    *data = bytes + 1;
    *length = bytes->length;
    *pin = atomic_load_explicit(&slot->payload[0], memory_order_relaxed) | SHI_PIN_BYTES;
    shi_unlock(&slot->lock, false);
  }
  return status;
}

void shi_bytes_dispose(sh_env *env, shi_slot *slot) {
  uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  shi_pin_drop(env->heap, env, offset | SHI_PIN_BYTES, true);
}
