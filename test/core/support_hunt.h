// Hunts for torn reads: writers change objects while readers, online and so without lock
// (csrc/core/optimistic.h), check what holds across words in every state. Each hunt is run twice:
// with the core as it is nothing may be caught; with readers that do not look at the lock word
// again (and, where memory must be used again under them, are not online), something must be.
//
// The hook of sh_test_peek gives the processor away now and then inside sections, so that the hunt
// works on one core too. See support_stress.h.
#ifndef SUPPORT_HUNT_H
#define SUPPORT_HUNT_H

#include "support_stress.h"

#include "optimistic.h"

#include <time.h>

typedef struct hunt {
  uint32_t flaws;
  sh_id id;
  uint32_t shape;
  _Atomic uint32_t writers; // that have not finished
  _Atomic uint64_t reads;
  _Atomic uint64_t sections; // of everybody
  _Atomic uint64_t locks;    // taken instead of one more section
  _Atomic uint64_t hits;     // reads of what never was
  _Atomic uint64_t gone;     // reads that found the object dropped
} hunt;

// Counts something that never was; `HUNT_CHECK` does if the condition does not hold.
void hunt_caught(hunt *h, const char *what);
#define HUNT_CHECK(h, cond) ((cond) ? (void)0 : hunt_caught((h), #cond))

// A writer's loop: a fixed number of turns, or until a flawed reader has been caught.
bool hunt_goes_on(hunt *h, uint32_t turn, time_t start);

// Between two changes of a writer: without it readers would hardly end a section.
void let_read(stress_thread *t);

// A reader's loop: turns of an event loop, online, till the writers are done.
bool hunt_turn(stress_thread *t, hunt *h);

// A heap for the hunt.
stress *hunt_begin(hunt *h, uint32_t flaws, uint32_t writers);

// Drops the object of the hunt, closes the heap, and asserts what was to be caught.
void hunt_end(stress *s, hunt *h, const char *name);

#endif
