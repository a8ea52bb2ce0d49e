// Tables of operations for pairs_stress_test.c, which runs every pair of operations of a type on
// one object at the same time. A new operation is a function and its line in a table; a new type is
// a table of its own.
//
// An operation does one call of the core (and what keeps it possible: a list that is empty is
// filled again), checks whatever comes out, gives up what it was handed, and returns the call's
// status. It may find the object dead only while it is paired with `replace`.
#ifndef SUPPORT_PAIRS_H
#define SUPPORT_PAIRS_H

#include "support_stress.h"

#include "slot.h"

#define PAIRS_TEXT_MAX 1500u

typedef struct pairs {
  stress *stress;
  const struct pairs_type *type;
  const struct pairs_op *ops[2];
  _Atomic sh_id target;
  sh_id child;    // a StringRef that every thread may store; its claim is the main thread's
  uint32_t shape; // of records
  uint64_t end;   // of this pair, in ns of the monotonic clock
} pairs;

typedef struct pairs_op {
  const char *name;
  sh_status (*run)(pairs *p, stress_thread *t, sh_id id);
} pairs_op;

typedef struct pairs_type {
  const char *name;
  sh_status (*make)(pairs *p, sh_env *env, sh_id *out);
  const pairs_op *ops;
  uint32_t count;
} pairs_type;

extern const pairs_type pairs_numbers;
extern const pairs_type pairs_strings;
extern const pairs_type pairs_records;
extern const pairs_type pairs_bytes;
extern const pairs_type pairs_maps;
extern const pairs_type pairs_vectors;

// What is done to objects of every type, and to the heap around them.
extern const pairs_type pairs_common;
extern const pairs_op pairs_replace; // makes another object and drops the one that was

// A value to store: a number, a text that checks itself (in `text`), the child, or an object of the
// thread's own that is moved.
sh_value pairs_value(pairs *p, stress_thread *t, char *text);

// After storing it: an object of the thread's own that was not taken in is dropped again.
void pairs_stored(stress_thread *t, const sh_value *value, bool taken);

// Checks what came out, and gives up its pin, or (`owned`) its claim.
void pairs_out(stress_thread *t, const sh_value *out, bool owned);

// A way of reading, and whether what comes out is then owned.
sh_mode pairs_mode(stress_thread *t);

#endif
