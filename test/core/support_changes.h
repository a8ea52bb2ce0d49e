// Every operation of the core on one object, as a table: what it does to a fresh object of its
// type, and whether that is a change. For tests of what changes must obey and who is told of them.
#ifndef SUPPORT_CHANGES_H
#define SUPPORT_CHANGES_H

#include "support.h"

// What an operation works on, and room for what it answers.
typedef struct subject {
  fixture *f;
  sh_env *env; // who does it
  sh_id id;
  sh_id inner; // a string with a claim, for refs
  sh_value out[8];
  sh_cursor cursor;
  double number;
  uint64_t bytes;
  void *data;
  uint64_t pin;
  uint32_t n;
  uint32_t version;
  bool flag;
} subject;

typedef enum effect {
  CHANGES, // the object; other environments' monitors forbid it
  MIGHT,   // it could have changed the object, and did not; they forbid it as well
  READS    // never forbidden
} effect;

typedef struct change {
  const char *name;
  sh_type type;
  effect effect;
  sh_status (*run)(subject *s);
} change;

// The whole table, in no order that matters.
extern const change changes[];
extern const unsigned change_count;

// A fresh object of this type, of known contents: a map {k: 1}, a vector [1, 2, 3], a string
// "text", a number 5, a struct {any: null, number: 1, boolean: false}, a queue [1] with room for
// one more, 16 bytes.
subject new_subject(fixture *f, sh_type type);

// Drops it and what an operation has left pinned.
void drop_subject(subject *s);

#endif
