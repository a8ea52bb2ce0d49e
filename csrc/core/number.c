#include "number.h"

#include "lock.h"
#include "slot_free.h"
#include "slot_lock.h"
#include "state.h"

sh_status sh_number_new(sh_env *env, double value, sh_id *out) {
  uint32_t index = 0;
  sh_status status = shi_slot_take(env, true, &index);
  if (status != SH_OK) {
    return status;
  }
  shi_slot *slot = shi_slot_at(env->heap, index);
  atomic_store_explicit(&slot->payload[0], shi_number_bits(value), memory_order_relaxed);
  atomic_store_explicit(&slot->payload[1], 0, memory_order_relaxed);
  *out = shi_slot_publish(env, index, SH_TYPE_NUMBER, 0);
  return SH_OK;
}

sh_status sh_number_get(sh_env *env, sh_id id, double *out) {
  sh_status status = sh_id_check(env, id, SH_TYPE_NUMBER, NULL);
  if (status != SH_OK) {
    return status;
  }
  const shi_slot *slot = shi_slot_at(env->heap, (uint32_t)id);
  // Acquire: the check below must not move before this load. A number slot's word is only ever a
  // number, and if the id is still alive after the load, it was this number's.
  uint64_t bits = atomic_load_explicit(&slot->payload[0], memory_order_acquire);
  status = sh_id_check(env, id, SH_TYPE_NUMBER, NULL);
  if (status == SH_OK) {
    *out = shi_bits_number(bits);
  }
  return status;
}

static double apply(sh_number_op op, double value, double operand) {
  return op == SH_NUMBER_SET ? operand : op == SH_NUMBER_ADD ? value + operand : value - operand;
}

sh_status sh_number_update(sh_env *env, sh_id id, sh_number_op op, double operand, double *old) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_NUMBER, &slot);
  if (status != SH_OK) {
    return status;
  }
  uint64_t seen = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(
      &slot->payload[0], &seen, shi_number_bits(apply(op, shi_bits_number(seen), operand)),
      memory_order_acq_rel, memory_order_relaxed)) {
  }
  shi_slot_unlock(env, slot, true);
  if (old != NULL) {
    *old = shi_bits_number(seen);
  }
  return SH_OK;
}

sh_status sh_number_compare_exchange(sh_env *env, sh_id id, double expected, double next,
                                     double *old, bool *exchanged) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock_write(env, id, SH_TYPE_NUMBER, &slot);
  if (status != SH_OK) {
    return status;
  }
  // + 0.0 turns -0 into 0: SameValueZero. NaN is canonical already.
  uint64_t wanted = shi_number_bits(expected + 0.0);
  uint64_t seen = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  bool done = false;
  while (!done && shi_number_bits(shi_bits_number(seen) + 0.0) == wanted) {
    done = atomic_compare_exchange_weak_explicit(&slot->payload[0], &seen, shi_number_bits(next),
                                                 memory_order_acq_rel, memory_order_relaxed);
  }
  shi_slot_unlock(env, slot, done);
  *old = shi_bits_number(seen);
  *exchanged = done;
  return SH_OK;
}
