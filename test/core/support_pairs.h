// Tables of operations for pairs_stress_test.c, which runs every pair of operations of a type on
// one object at the same time. A new operation is a function and its line in a table; a new type is
// a table of its own.
//
// An operation does one call of the core (and what keeps it possible: a list that is empty is
// filled again), checks whatever comes out, gives up what it was handed, and returns the call's
// status. It may find the object dead only beside one that replaces it, and another environment's
// monitor only beside one that locks it: then it is run again with a writer's ticket.
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
  _Atomic uint32_t inside; // threads that lock it
  sh_id child;    // a StringRef that every thread may store; its claim is the main thread's
  uint32_t shape; // of records
  uint64_t end;   // of this pair, in ns of the monotonic clock
} pairs;

typedef struct pairs_op {
  const char *name;
  sh_status (*run)(pairs *p, stress_thread *t, sh_id id);
  bool replaces; // puts another object in the place of this one, which then ends
  bool locks;    // has its monitor at times
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
extern const pairs_type pairs_queues;

// What is done to objects of every type, and to the heap around them.
extern const pairs_type pairs_common;

// Whether one of the two operations at hand replaces (locks) the object.
bool pairs_are_replaced(const pairs *p);
bool pairs_are_locked(const pairs *p);

// Makes another object and drops the one that was.
sh_status pairs_replace(pairs *p, stress_thread *t, sh_id id);

// Operations on monitors, versions and watches (support_pairs_waits.c).
sh_status pairs_lock(pairs *p, stress_thread *t, sh_id id);
sh_status pairs_try_lock(pairs *p, stress_thread *t, sh_id id);
sh_status pairs_version(pairs *p, stress_thread *t, sh_id id);
sh_status pairs_watch(pairs *p, stress_thread *t, sh_id id);

// Takes the monitor if it is free, and watches: for an environment that closes with both.
sh_status pairs_leave_waits(stress_thread *t, sh_id id);

// An operation that met another environment's monitor, run by one that owns it, as the binding
// does.
sh_status pairs_as_writer(pairs *p, stress_thread *t, const pairs_op *op, sh_id id);

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
