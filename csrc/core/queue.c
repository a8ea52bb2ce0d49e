#include "queue.h"

#include "alloc.h"
#include "epoch.h"
#include "lock.h"
#include "optimistic.h"
#include "release.h"
#include "slot_free.h"
#include "slot_lock.h"

static shi_ring *ring_of(const sh_heap *heap, const shi_slot *slot) {
  return shi_at(heap, shi_payload_load(slot, 0));
}

static bool closed_in(uint64_t extent) { return (extent & SHI_QUEUE_CLOSED) != 0; }

sh_status sh_queue_new(sh_env *env, uint32_t capacity, sh_id *out) {
  uint32_t index = 0;
  if (capacity == 0 || capacity > SH_QUEUE_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  sh_status status = shi_slot_take(env, false, &index);
  if (status != SH_OK) {
    return status;
  }
  uint64_t offset = shi_alloc(env, shi_ring_bytes(capacity), SHI_CLASS_DATA, false);
  if (offset == 0) {
    shi_slot_untake(env, false, index);
    return SH_E_HEAP_FULL;
  }
  shi_ring *ring = shi_at(env->heap, offset);
  *ring = (shi_ring){.capacity = capacity};
  shi_slot *slot = shi_slot_at(env->heap, index);
  shi_payload_store(slot, 0, offset);
  shi_payload_store(slot, 1, 0);
  *out = shi_slot_publish(env, index, SH_TYPE_QUEUE, 0);
  return SH_OK;
}

static shi_peeked peek_state(const shi_peek *peek, sh_queue_state *out) {
  uint64_t payload[2];
  shi_peek_payload(peek, payload);
  if (!shi_peek_holds(peek)) {
    return SHI_PEEK_AGAIN;
  }
  if (!shi_in_bodies(peek->env->heap, payload[0], sizeof(shi_ring))) {
    return SHI_PEEK_LOCK;
  }
  const shi_ring *ring = shi_at(peek->env->heap, payload[0]);
  *out = (sh_queue_state){.length = shi_queue_length(payload[1]),
                          .capacity = ring->capacity,
                          .closed = closed_in(payload[1])};
  return SHI_PEEKED;
}

sh_status sh_queue_state_of(sh_env *env, sh_id id, sh_queue_state *out) {
  shi_slot *slot = NULL;
  sh_queue_state state;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_QUEUE);
  while (shi_peek_begin(&peek)) {
    if (shi_peek_end(&peek, peek_state(&peek, &state))) {
      *out = state;
      return SH_OK;
    }
  }
  sh_status status = shi_slot_lock(env, id, SH_TYPE_QUEUE, &slot);
  if (status == SH_OK) {
    uint64_t extent = shi_payload_load(slot, 1);
    *out = (sh_queue_state){.length = shi_queue_length(extent),
                            .capacity = ring_of(env->heap, slot)->capacity,
                            .closed = closed_in(extent)};
    shi_unlock(&slot->lock, false);
  }
  return status;
}

// Whether the queue is full, before a long text is copied for it: who waits for room tries again
// and again.
static sh_status look_for_room(sh_env *env, sh_id id, const sh_value *value, bool *full) {
  sh_queue_state state;
  *full = false;
  if (value->kind != SH_KIND_STRING || value->length <= SHI_COPY_MAX) {
    return SH_OK;
  }
  sh_status status = sh_queue_state_of(env, id, &state);
  if (status == SH_OK && state.closed) {
    status = SH_E_QUEUE_CLOSED;
  }
  *full = status == SH_OK && state.length == state.capacity;
  return status;
}

// Stores a word behind the newest one; *pushed false if there is no room.
static sh_status append(sh_env *env, sh_id id, shi_word word, bool *pushed) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_QUEUE, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_ring *ring = ring_of(env->heap, slot);
  uint64_t extent = shi_payload_load(slot, 1);
  uint32_t length = shi_queue_length(extent);
  status = closed_in(extent) ? SH_E_QUEUE_CLOSED : SH_OK;
  bool room = status == SH_OK && length < ring->capacity;
  if (room) {
    *shi_ring_at(ring, extent, length) = word;
    shi_payload_store(slot, 1, extent + 1);
  }
  shi_slot_unlock(env, slot, room);
  *pushed = room;
  return status;
}

sh_status sh_queue_push(sh_env *env, sh_id id, const sh_value *value, bool *pushed) {
  shi_word word = 0;
  bool full = false;
  bool appended = false;
  sh_status status = look_for_room(env, id, value, &full);
  if (status == SH_OK && !full) {
    status = shi_word_make(env, value, &word);
    if (status != SH_OK) {
      return status;
    }
    status = append(env, id, word, &appended);
    if (!appended) {
      shi_word_unmake(env, value, word);
    }
  }
  if (status == SH_OK) {
    *pushed = appended;
  }
  return status;
}

// Takes the oldest word off, with the lock held.
static void advance(shi_slot *slot, const shi_ring *ring, uint64_t extent) {
  uint32_t next = shi_queue_head(extent) + 1;
  uint64_t head = next == ring->capacity ? 0 : next;
  uint64_t length = shi_queue_length(extent) - 1;
  shi_payload_store(slot, 1, (extent & SHI_QUEUE_CLOSED) | head << 32 | length);
}

static sh_queue_end end_in(uint64_t extent) {
  return shi_queue_length(extent) > 0 ? SH_QUEUE_TAKEN
         : closed_in(extent)          ? SH_QUEUE_ENDED
                                      : SH_QUEUE_EMPTY;
}

sh_status sh_queue_pop(sh_env *env, sh_id id, sh_value *out, sh_queue_end *end) {
  shi_slot *slot = NULL;
  sh_value value = {.kind = SH_KIND_UNDEFINED};
  shi_word word = SH_WORD_UNDEFINED;
  shi_read_reset(env);
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_QUEUE, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_ring *ring = ring_of(env->heap, slot);
  uint64_t extent = shi_payload_load(slot, 1);
  sh_queue_end found = end_in(extent);
  if (found == SH_QUEUE_TAKEN) {
    // The claim is taken first: if it cannot be had, nothing has changed.
    word = *shi_ring_at(ring, extent, 0);
    status = shi_word_read(env, word, SH_ACQUIRE, &value);
    if (status == SH_OK) {
      advance(slot, ring, extent);
    }
  }
  shi_slot_unlock(env, slot, status == SH_OK && found == SH_QUEUE_TAKEN);
  if (status == SH_OK) {
    shi_word_release(env, word);
    *out = value;
    *end = found;
  }
  return status;
}

sh_status sh_queue_pop_number(sh_env *env, sh_id id, double *out, sh_queue_end *end, bool *other) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_QUEUE, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_ring *ring = ring_of(env->heap, slot);
  uint64_t extent = shi_payload_load(slot, 1);
  sh_queue_end found = end_in(extent);
  bool taken = false;
  if (found == SH_QUEUE_TAKEN) {
    shi_word word = *shi_ring_at(ring, extent, 0);
    taken = shi_word_is_number(word);
    if (taken) {
      *out = shi_bits_number(word);
      advance(slot, ring, extent);
    }
  }
  shi_slot_unlock(env, slot, taken);
  *end = found;
  *other = !taken && found != SH_QUEUE_EMPTY;
  return SH_OK;
}

sh_status sh_queue_close(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_QUEUE, &slot);
  if (status == SH_OK) {
    uint64_t extent = shi_payload_load(slot, 1);
    shi_payload_store(slot, 1, extent | SHI_QUEUE_CLOSED);
    shi_slot_unlock(env, slot, !closed_in(extent));
  }
  return status;
}

sh_status sh_queue_read(sh_env *env, sh_id id, uint32_t start, sh_mode mode, uint32_t limit,
                        sh_value *out, uint32_t *count, uint32_t *version) {
  shi_slot *slot = NULL;
  shi_read_reset(env);
  sh_status status = shi_slot_lock(env, id, SH_TYPE_QUEUE, &slot);
  if (status != SH_OK) {
    return status;
  }
  shi_ring *ring = ring_of(env->heap, slot);
  uint64_t extent = shi_payload_load(slot, 1);
  uint32_t length = shi_queue_length(extent);
  uint32_t n = start < length ? length - start : 0;
  n = n > limit ? limit : n;
  n = n > SH_READ_MAX ? SH_READ_MAX : n;
  uint32_t read = 0;
  while (read < n && status == SH_OK) {
    status = shi_word_read(env, *shi_ring_at(ring, extent, start + read), mode, &out[read]);
    read += status == SH_OK ? 1 : 0;
  }
  *version = shi_lock_version(&slot->lock);
  shi_unlock(&slot->lock, false);
  status = shi_values_settle(env, out, read, mode, status);
  if (status == SH_OK) {
    *count = read;
  }
  return status;
}

void shi_queue_dispose(sh_env *env, shi_worklist *list, shi_slot *slot) {
  uint64_t offset = shi_payload_load(slot, 0);
  shi_ring *ring = ring_of(env->heap, slot);
  uint64_t extent = shi_payload_load(slot, 1);
  for (uint32_t i = 0; i < shi_queue_length(extent); i++) {
    shi_release_word(env, list, *shi_ring_at(ring, extent, i));
  }
  shi_retire(env->heap, env, SHI_RETIRED_DATA, offset, shi_ring_bytes(ring->capacity));
}
