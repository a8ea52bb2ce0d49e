// NumberRef: one double in the slot's first payload word. JS may store to that word without the
// core lock (design 7.6), so read-modify-write is a CAS loop on the word; the lock is taken as
// well, for liveness and for the version.
#ifndef SH_NUMBER_H
#define SH_NUMBER_H

#include "value.h"

typedef enum sh_number_op { SH_NUMBER_SET, SH_NUMBER_ADD, SH_NUMBER_SUB } sh_number_op;

// A new number with one claim. HEAP_FULL. O(1).
sh_status sh_number_new(sh_env *env, double value, sh_id *out);

// Its value; takes no lock (the generation is checked before and after the load). O(1).
sh_status sh_number_get(sh_env *env, sh_id id, double *out);

// Sets, adds or subtracts; `*old` (may be NULL) is the value before. O(1).
sh_status sh_number_update(sh_env *env, sh_id id, sh_number_op op, double operand, double *old);

// Sets `next` if the value is `expected` (SameValueZero); `*old` is the value before. O(1).
sh_status sh_number_compare_exchange(sh_env *env, sh_id id, double expected, double next,
                                     double *old, bool *exchanged);

#endif
