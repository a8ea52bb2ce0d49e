// Free slots: lists, growth of the table by pages, purging. Invariants S1, S3 and S4 of slot.h.
//
// A batch is a chain of slots linked through the low half of payload[0]; batches are linked
// through the high half of the first slot's payload[0], its payload[1] holding the batch's length.
// The heads are Treiber stacks (R. K. Treiber 1986) with a tag against ABA; the link of a head that
// another thread is just taking is read as a relaxed atomic and thrown away when the CAS fails.
// Each environment keeps up to SHI_SLOT_CACHE free slots of each kind for itself.
#ifndef SH_SLOT_FREE_H
#define SH_SLOT_FREE_H

#include "state.h"

// Index of a free slot, not yet visible. HEAP_FULL. `number`: from the numbers list.
sh_status shi_slot_take(sh_env *env, bool number, uint32_t *index);

// Puts an unpublished or dead slot back; one whose generations are used up stays retired.
void shi_slot_untake(sh_env *env, bool number, uint32_t index);

// Puts the slots of the table's first page, but for the map of names, on the free list.
void shi_slot_seed(sh_heap *heap);

// Hands this environment's cached free slots to the global lists.
void shi_slot_flush(sh_env *env);

// Gives whole pages of free slots back to the system. O(free slots + pages).
void shi_slot_purge(sh_env *env);

// --- shared by slot.c and slot_free.c --------------------------------------------------------

static inline uint32_t shi_type_of(uint32_t word0) {
  return (word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK;
}

static inline uint32_t shi_generation_of(uint32_t word0) { return word0 >> SH_W0_GEN_SHIFT; }

static inline uint32_t shi_slots_length(const sh_heap *heap) {
  return atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
}

static inline _Atomic uint64_t *shi_page_record(const sh_heap *heap, uint32_t page) {
  return (_Atomic uint64_t *)shi_at(heap, heap->header->pages_offset) + page;
}

#endif
