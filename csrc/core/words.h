// Words of bodies that readers without the core lock may look at (optimistic.h) while the lock's
// holder stores to them: stores are releases, such readers' loads are acquires (L4 in lock.h). On
// x86 both are plain moves.
//
// A body that is not published yet may be filled by plain stores: the release of its offset covers
// them. The holder of the lock may load plainly: nobody else stores.
#ifndef SH_WORDS_H
#define SH_WORDS_H

#include "state.h"

static inline shi_word shi_word_load(const shi_word *at) {
  return atomic_load_explicit((const _Atomic shi_word *)at, memory_order_acquire);
}

static inline void shi_word_store(shi_word *at, shi_word word) {
  atomic_store_explicit((_Atomic shi_word *)at, word, memory_order_release);
}

// The same for 32 bits: counts and buckets.
static inline uint32_t shi_half_load(const uint32_t *at) {
  return atomic_load_explicit((const _Atomic uint32_t *)at, memory_order_acquire);
}

static inline void shi_half_store(uint32_t *at, uint32_t half) {
  atomic_store_explicit((_Atomic uint32_t *)at, half, memory_order_release);
}

// memmove of n words, one at a time: a reader sees each of them whole, the old or the new one.
static inline void shi_words_move(shi_word *to, const shi_word *from, size_t n) {
  if ((uintptr_t)to < (uintptr_t)from) {
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
      shi_word_store(&to[i], from[i]);
    }
  } else {
#pragma GCC unroll 8
    for (size_t i = n; i > 0; i--) {
      shi_word_store(&to[i - 1], from[i - 1]);
    }
  }
}

// The payload words of a slot.
static inline uint64_t shi_payload_load(const shi_slot *slot, unsigned i) {
  return atomic_load_explicit(&slot->payload[i], memory_order_acquire);
}

static inline void shi_payload_store(shi_slot *slot, unsigned i, uint64_t word) {
  atomic_store_explicit(&slot->payload[i], word, memory_order_release);
}

// Whether [offset, offset + size) can be a body, or a part of one: looked at before an offset that
// was read without the lock is followed.
static inline bool shi_in_bodies(const sh_heap *heap, uint64_t offset, uint64_t size) {
  uint64_t bodies = heap->header->reserve - heap->header->body_offset;
  uint64_t at = offset - heap->header->body_offset; // wraps below it
  return at < bodies && size <= bodies - at && offset % 8 == 0;
}

#endif
