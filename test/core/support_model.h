// The reference model of the model test: objects, owners, contents, monitors and watches as plain C
// data, kept equal to a heap that the same operations are applied to. Nothing clever: linear
// searches, whole copies.
//
// A model value is a kind and 64 bits: a number's canonical bits, 0/1, an index into the tables of
// texts and bigints, or an index into the table of objects. Values of one kind are equal exactly if
// the bits are (numbers: Object.is).
#ifndef SUPPORT_MODEL_H
#define SUPPORT_MODEL_H

#include "bytes.h"
#include "map.h"
#include "monitor.h"
#include "number.h"
#include "queue.h"
#include "record.h"
#include "slot.h"
#include "str.h"
#include "vector.h"

#define MODEL_OBJECTS 256u // places for objects, alive or remembered dead
#define MODEL_ALIVE 120u   // most that are alive at once
#define MODEL_SIZE 200u    // most entries of a container
#define MODEL_TEXTS 48u
#define MODEL_BIGINTS 8u
#define MODEL_SHAPES 4u
#define MODEL_FIELDS 12u
#define MODEL_PINS 16u
#define MODEL_WAITS 16u // most monitors that are held, and most watches
#define MODEL_ENVS 3u

typedef struct model_value {
  sh_kind kind;
  uint64_t bits;
} model_value;

typedef struct model_pair {
  model_value key; // maps only
  model_value value;
} model_pair;

typedef struct model_object {
  sh_id id; // 0: the place is free
  bool alive;
  sh_type type;
  bool from_object; // MAP
  uint32_t claims;
  uint32_t holds;
  model_value content; // NUMBER, STRING; BYTES: bits = seed of the bytes
  uint32_t shape;      // RECORD: index into model.shapes
  uint32_t capacity;   // QUEUE
  bool closed;         // QUEUE
  uint32_t size;       // MAP, VECTOR, RECORD, QUEUE: pairs in use; BYTES: bytes
  model_pair *pairs;   // MODEL_SIZE of them
  bool abandoned;      // its monitor
  uint32_t version;    // if `versioned`: when it was last asked for
  bool versioned;
  bool changed; // since then
  bool loose;   // version and watchers may say so without a change
  bool settled; // NUMBER, RECORD: they will not, as long as it is followed
} model_object;

// A ticket that holds, or a watcher.
typedef struct model_wait {
  sh_env *env; // NULL: the place is free
  uint32_t object;
  sh_id id; // of the object that was at this place
  uint32_t token;
  sh_lock_kind kind;
  uint32_t depth;
  bool told;  // watcher: there has to be an event
  bool loose; // and there may be one: its object ended unsettled
} model_wait;

typedef struct model_text {
  uint16_t *units;
  uint8_t *latin1; // NULL if a unit does not fit
  uint32_t length;
} model_text;

typedef struct model_bigint {
  uint64_t digits[160];
  uint32_t count;
  bool negative;
} model_bigint;

typedef struct model_shape {
  uint32_t id;
  uint32_t length;
  sh_field fields[MODEL_FIELDS];
} model_shape;

typedef struct model_pin {
  sh_value value; // pin 0: the place is free
  model_value expected;
} model_pin;

typedef struct model {
  uint64_t seed;
  uint64_t state;       // of the random numbers
  const uint8_t *input; // choices to be made, instead of random ones; NULL: random
  size_t left;          // bytes of it
  uint64_t step;
  bool growing;   // containers grow large, or shrink
  const char *op; // at hand
  sh_heap *heap;
  sh_env *env;              // of the current operation
  sh_env *envs[MODEL_ENVS]; // all there are
  model_object *target;     // of the current operation, NULL: none
  model_wait tickets[MODEL_WAITS];
  model_wait watchers[MODEL_WAITS];
  model_object objects[MODEL_OBJECTS];
  uint32_t alive;
  model_text texts[MODEL_TEXTS];
  model_bigint bigints[MODEL_BIGINTS];
  model_shape shapes[MODEL_SHAPES];
  model_pin pins[MODEL_PINS];
} model;

// Ends the program's test with seed, step and operation; usable in expressions.
void model_fail(const model *m, const char *what, const char *file, int line);
#define MODEL_CHECK(m, cond) ((cond) ? (void)0 : model_fail((m), #cond, __FILE__, __LINE__))

// The seed of a run: SEED= of the environment, else from the clock. Printed by the caller.
uint64_t model_seed(void);

model *model_new(uint64_t seed, sh_heap *heap);
void model_free(model *m);

// Random bits for what needs no choice: characters, digits, payloads of NaN.
uint64_t model_random(model *m);

// Choices, at random or by the next one or two bytes of the input; 0 when it is used up.
uint32_t model_below(model *m, uint32_t n); // 0 <= result < n
bool model_chance(model *m, uint32_t percent);

// A random number, boolean, text, bigint, null or undefined.
model_value model_primitive(model *m);

// The value as the core takes it in: a text that fits latin1 is sometimes given wide, a NaN gets
// random bits.
sh_value model_in(model *m, model_value value);

// A place for a new object, dead ones forgotten in turn; the object that the operation has made.
model_object *model_add(model *m, sh_type type, sh_id id);

// A random object that is alive (dead), of a type (SH_TYPE_NONE: any), or NULL.
model_object *model_pick(model *m, sh_type type, bool alive);
uint32_t model_index(const model *m, const model_object *object);

// What storing a value does to the owners: a hold more, with `move` a claim less. Undoing it.
sh_status model_take(model *m, model_value value, bool move);
void model_untake(model *m, model_value value, bool move);

// Gives up a hold (a claim); objects nobody owns die and give up theirs.
void model_release(model *m, model_value value);
void model_drop(model *m, model_object *object);

// SameValueZero, and the form of a key in a map.
model_value model_key(model_value value);

// Position of a key among the pairs, `size` if absent.
uint32_t model_find(const model_object *map, model_value key);
void model_remove(model_object *object, uint32_t at);
void model_insert(model_object *object, uint32_t at, model_pair pair);

// Whether what came out is the value; gives its pin up (or keeps it for later).
void model_expect(model *m, const sh_value *out, model_value expected);
void model_expect_mode(model *m, const sh_value *out, model_value expected, sh_mode mode);
void model_drop_pins(model *m);

// An object has changed, or ended: who is to be told (support_model_waits.c).
void model_changed(model *m, model_object *object);
void model_ended(model *m, const model_object *object);

// Compares one object, and the whole heap, with the model.
void model_compare_object(model *m, model_object *object);
void model_compare(model *m);

// Parts of it: a version, once it was asked for, and all monitors and watches.
void model_compare_version(model *m, model_object *object);
void model_compare_all_waits(model *m);

#endif
