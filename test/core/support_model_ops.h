// Random operations applied to heap and model alike; see support_model.h. Each picks its operands
// (now and then a dead id, an id of another type, a dead ref), predicts the status from the model,
// applies the operation to the heap, and to the model exactly if the heap says OK.
#ifndef SUPPORT_MODEL_OPS_H
#define SUPPORT_MODEL_OPS_H

#include "stats.h"
#include "support_model.h"

typedef struct model_operand {
  model_value value;
  bool move;
  sh_value in;
} model_operand;

// What the operation at hand may do: `armed` while allocations are made to fail.
extern bool model_armed;
extern uint64_t model_refusals;

// A value to store: a primitive, or a ref, sometimes moved, sometimes dead.
model_operand model_operand_of(model *m);

// A target of this type, or in a few cases one that must be refused; *expected is the status.
model_object *model_target(model *m, sh_type type, sh_status *expected);

// The status of an operation that changes it: as expected, or its monitor belongs to another
// environment.
sh_status model_writing(model *m, const model_object *object, sh_status expected);

// Whether the operation was done; refused for want of memory only if armed, else as expected.
bool model_settle(model *m, sh_status status, sh_status expected);

sh_mode model_mode(model *m);

// After reading a value in a mode: an acquired ref is one claim more.
void model_got(model *m, const sh_value *out, model_value value, sh_mode mode);

// Clears a map or vector.
void model_clear(model *m, model_object *object, sh_status expected);

// A batch of reads or writes of a map, or room for many entries.
void model_map_many(model *m, model_object *map, sh_status expected);

void model_map_op(model *m);
void model_vector_op(model *m);
void model_queue_op(model *m);
void model_queue_new(model *m);
void model_queue_pop(model *m, model_object *queue, sh_status expected);
void model_object_op(model *m); // create, drop, retain, numbers, strings, records, bytes
void model_shapes(model *m);    // defines the shapes the records have

// Enters and leaves monitors, watches, asks for versions.
void model_waits_op(model *m);

// After each operation: the events of all environments, the version of the target.
void model_compare_waits(model *m);

// An environment has closed; everything is left.
void model_waits_closed(model *m, const sh_env *env);
void model_leave_all(model *m);

// A heap of its own with environments, and the model of it.
typedef struct model_run {
  sh_heap *heap;
  sh_stats before;
  model *m;
} model_run;

void model_run_open(model_run *run, uint64_t seed);

// One operation on any object, or of an environment; if `failing`, some of its allocations fail.
void model_run_step(model_run *run, bool failing);

// Breaks every tie between objects, gives up every claim and checks that nothing is left; `after`
// (may be NULL) is what the heap then uses.
void model_run_close(model_run *run, sh_stats *after);

#endif
