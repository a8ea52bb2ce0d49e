// The end of a section under a slot's core lock that may have changed the object.
#ifndef SH_SLOT_LOCK_H
#define SH_SLOT_LOCK_H

#include "lock.h"
#include "slot.h"
#include "state.h"

// Of an object that is watched or has a monitor: tells those who want to know of the change, or of
// its having ended. Takes the locks of the watches and of the monitors, after the slot's.
void shi_slot_unlock_noted(sh_env *env, shi_slot *slot);

// Ends what shi_slot_lock or shi_slot_lock_write began.
static inline void shi_slot_unlock(sh_env *env, shi_slot *slot, bool changed) {
  uint32_t word = atomic_load_explicit(&slot->lock, memory_order_relaxed);
  if (SHI_UNLIKELY((word & (SH_LOCK_MONITOR | SH_LOCK_WATCHED)) != 0) && changed) {
    shi_slot_unlock_noted(env, slot);
  } else {
    shi_unlock(&slot->lock, changed);
  }
}

#endif
