// Everything that is stored in the mapped region: one place for sizes, tags, bit positions and
// field meanings. TypeScript reads the constants it needs from the addon, never retypes them.
//
//   offset 0            region header            SH_HEADER_BYTES
//   slots_offset        slot table               32 bytes a slot, capacity = reserve / 16 bytes
//   pages_offset        slot page records        8 bytes per 4 KiB page of slots
//   body_offset         bodies                   page runs, jemalloc extents
//   reserve             end
//
// Everything is addressed by byte offset from the start of the region, never by pointer.
#ifndef SH_LAYOUT_H
#define SH_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SH_LAYOUT_VERSION 1u
#define SH_MAGIC UINT64_C(0x7368617265644870) // "sharedHp"
#define SH_PAGE UINT64_C(4096)
#define SH_HEADER_BYTES UINT64_C(65536)

// --- Ids -----------------------------------------------------------------------------------
// An id is a JS safe integer: generation * 2^32 + slot index. Index 0 is never issued.
typedef uint64_t sh_id;
#define SH_GENERATION_BITS 20u
#define SH_GENERATION_MAX ((1u << SH_GENERATION_BITS) - 1u)
#define SH_ID_LIMIT (UINT64_C(1) << (32 + SH_GENERATION_BITS))
// Slot 0 is never used; slot 1 is the map of names. JS may name neither.
#define SH_NAMES_INDEX 1u
#define SH_FIRST_INDEX 2u

// --- Types ---------------------------------------------------------------------------------
#define SH_TYPE_MAP(X)                                                                             \
  X(STRING, 1, "StringRef")                                                                        \
  X(NUMBER, 2, "NumberRef")                                                                        \
  X(MAP, 3, "MapRef")                                                                              \
  X(VECTOR, 4, "VectorRef")                                                                        \
  X(RECORD, 5, "StructRef")                                                                        \
  X(BYTES, 6, "BufferRef")                                                                         \
  X(QUEUE, 7, "QueueRef")

typedef enum sh_type {
  SH_TYPE_NONE = 0,
#define SH_TYPE_ENUM(name, tag, js) SH_TYPE_##name = (tag),
  SH_TYPE_MAP(SH_TYPE_ENUM)
#undef SH_TYPE_ENUM
      SH_TYPE_COUNT
} sh_type;

// --- Slot ----------------------------------------------------------------------------------
// word0  generation 20 | type 6 | flags 6. Type 0 = not alive (free, dying or never used).
//        Written: by the creator (release) and by whoever puts a fresh page on the free list, while
//        no id of it is known to anyone; else only under the core lock. Read without the lock as a
//        hint, re-checked under it (or after the copy).
// lock   bit 0 locked, bit 1 waiters, bit 2 monitor, bit 3 watched, bits 4-31 version. See lock.h.
//        Survives reuse; starts anew only when its page of free slots was purged.
// counts claims 32 (low) | holds 32 (high). CAS only, never from 0 while alive. While a dead slot
//        sits on a release worklist (release.c) the word carries the list link and the dead type.
// payload two words, always accessed as relaxed atomics (an optimistic reader may race):
//   NUMBER  [0] canonical double bits (JS may store here)      [1] unused
//   STRING  see text.h: up to 15 latin1 / 7 UTF-16 units in place, else offset + length
//   MAP     [0] offset of table (0: none)                      [1] live entries | table id << 32
//   VECTOR  [0] offset of element 0 (0: no body)               [1] length (low 32) | start (high)
//   RECORD  [0] offset of the fields body (numbers, booleans) in bits 0-47, 0: none
//           [1] offset of the words body in bits 0-47, 0: none. Shape id: high 16 bits of [0]
//               are bits 0-15, high 16 bits of [1] are bits 16-31.
//   BYTES   [0] offset of payload header                       [1] byte length
//   QUEUE   [0] offset of the ring (queue.h)                   [1] length (low 32) | closed (bit
//   32) free    [0] low 32: next slot in batch, high 32: next batch [1] batch length
typedef struct shi_slot {
  _Atomic uint32_t word0;
  _Atomic uint32_t lock;
  _Atomic uint64_t counts;
  _Atomic uint64_t payload[2];
} shi_slot;
static_assert(sizeof(shi_slot) == 32, "a slot is 32 bytes");

#define SH_SLOT_BYTES UINT64_C(32)
#define SH_SLOTS_PER_PAGE (SH_PAGE / SH_SLOT_BYTES)

#define SH_W0_FLAG_BITS 6u
#define SH_W0_TYPE_SHIFT 6u
#define SH_W0_GEN_SHIFT 12u
#define SH_W0_FLAGS_MASK 0x3fu
#define SH_W0_TYPE_MASK 0x3fu

// Slot flags. Any of them sends view stores to the native path (design 7.6); readers mask them.
#define SH_FLAG_LOCKED 1u     // a monitor is held (monitor.h)
#define SH_FLAG_WATCHED 2u    // somebody waits for changes (watch.h)
#define SH_FLAG_OBJECT 4u     // a map made from a plain object: obtainValue() gives an object back
#define SH_FLAG_RETIRED 8u    // generations used up: never issued again
#define SH_FLAG_VERSIONED 16u // somebody has asked for the version: stores must raise it (watch.h)
#define SH_FLAG_ABANDONED 32u // the last holder of its monitor died (monitor.h)

#define SH_LOCK_HELD 1u
#define SH_LOCK_WAITERS 2u
#define SH_LOCK_MONITOR 4u
#define SH_LOCK_WATCHED 8u
#define SH_LOCK_VERSION_SHIFT 4u
#define SH_LOCK_VERSION_ONE (1u << SH_LOCK_VERSION_SHIFT)

#define SH_SHAPE_CHUNKS 20u
#define SH_SHAPE_CHUNK_FIRST 16u

// Record of a page of slots, under slots_lock: floor 20 | purged 1 | number 1 | next page 32
// (high). `floor` is the highest generation a purged page had; the next issue starts there.
#define SH_PAGE_FLOOR_MASK UINT64_C(0xfffff)
#define SH_PAGE_PURGED (UINT64_C(1) << 20)
#define SH_PAGE_NUMBER (UINT64_C(1) << 21)
#define SH_PAGE_NEXT_SHIFT 32u

// --- Region header -------------------------------------------------------------------------
// Written once by sh_heap_create unless a field says otherwise.
typedef struct shi_header {
  uint64_t magic;
  uint32_t layout_version;
  uint32_t slot_capacity; // slots the table may grow to
  uint64_t reserve;       // bytes of the region
  uint64_t slots_offset;
  uint64_t pages_offset;
  uint64_t body_offset;
  uint64_t hash_seed[2]; // getrandom; keys of the map hash
  _Atomic uint32_t
      slot_length;             // slots that may be named; only grows; slot_free.c, under slots_lock
  _Atomic uint32_t slots_lock; // guards growth of the table and the page records
  _Atomic uint32_t shapes_lock; // guards the making of shapes
  _Atomic uint32_t shape_count; // shapes made; release, after the shape's offset is in its chunk
  // Offsets of the chunks of shape offsets: chunk c holds 16 << c of them. Never moved or freed,
  // so a shape id once seen is followed without a lock.
  _Atomic uint64_t shape_chunks[SH_SHAPE_CHUNKS];
} shi_header;
static_assert(sizeof(shi_header) <= SH_HEADER_BYTES, "header fits its pages");

#endif
