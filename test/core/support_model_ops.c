#include "support_model_ops.h"

#include <string.h>

bool model_armed;
uint64_t model_refusals;

model_operand model_operand_of(model *m) {
  model_operand operand = {.value = model_primitive(m)};
  model_object *object = model_chance(m, 40) ? model_pick(m, SH_TYPE_NONE, true) : NULL;
  if (model_chance(m, 2)) {
    object = model_pick(m, SH_TYPE_NONE, false);
  }
  if (object != NULL) {
    operand.value = (model_value){SH_KIND_REF, model_index(m, object)};
    operand.move = model_chance(m, 60);
  }
  operand.in = model_in(m, operand.value);
  operand.in.move = operand.move;
  return operand;
}

model_object *model_target(model *m, sh_type type, sh_status *expected) {
  model_object *object = NULL;
  *expected = SH_OK;
  if (model_chance(m, 2)) {
    object = model_pick(m, SH_TYPE_NONE, false);
    *expected = SH_E_USE_AFTER_FREE;
  } else if (model_chance(m, 2)) {
    object = model_pick(m, SH_TYPE_NONE, true);
    *expected = object != NULL && object->type == type ? SH_OK : SH_E_TYPE_MISMATCH;
  }
  if (object == NULL) {
    object = model_pick(m, type, true);
    *expected = SH_OK;
  }
  m->target = object;
  return object;
}

bool model_settle(model *m, sh_status status, sh_status expected) {
  if (status == SH_E_HEAP_FULL && model_armed) {
    model_refusals++;
    return false;
  }
  MODEL_CHECK(m, status == expected);
  return status == SH_OK;
}

sh_mode model_mode(model *m) {
  static const sh_mode modes[] = {SH_BORROW, SH_BORROW, SH_ACQUIRE, SH_DEREF};
  return modes[model_below(m, 4)];
}

void model_got(model *m, const sh_value *out, model_value value, sh_mode mode) {
  model_expect_mode(m, out, value, mode);
  if (mode == SH_ACQUIRE && value.kind == SH_KIND_REF) {
    m->objects[value.bits].claims++;
  }
}

void model_clear(model *m, model_object *object, sh_status expected) {
  bool map = object->type == SH_TYPE_MAP;
  if (expected != SH_OK) {
    return;
  }
  sh_status status = map ? sh_map_clear(m->env, object->id) : sh_vector_clear(m->env, object->id);
  if (model_settle(m, status, model_writing(m, object, expected))) {
    uint32_t size = object->size;
    if (map && size == 0) {
      object->loose = true; // a table without entries may go
    } else {
      model_changed(m, object);
    }
    object->size = 0;
    for (uint32_t i = 0; i < size; i++) {
      model_release(m, object->pairs[i].value);
    }
  }
}

// --- creating --------------------------------------------------------------------------------

void model_shapes(model *m) {
  static const uint8_t types[MODEL_SHAPES][MODEL_FIELDS + 1] = {
      {3, SH_FIELD_NUMBER, SH_FIELD_BOOLEAN, SH_FIELD_STRING},
      {2, SH_FIELD_NUMBER, SH_FIELD_NUMBER},
      {4, SH_FIELD_ANY, SH_FIELD_REF, SH_FIELD_BIGINT, SH_FIELD_TYPED},
      {5, SH_FIELD_SHAPED, SH_FIELD_NUMBER, SH_FIELD_ANY, SH_FIELD_STRING, SH_FIELD_REF}};
  for (uint32_t s = 0; s < MODEL_SHAPES; s++) {
    model_shape *shape = &m->shapes[s];
    uint32_t length = 0;
    sh_field field;
    shape->length = types[s][0];
    for (uint32_t i = 0; i < shape->length; i++) {
      shape->fields[i].name = model_in(m, (model_value){SH_KIND_STRING, 1 + i});
      shape->fields[i].type = types[s][i + 1];
      shape->fields[i].detail = types[s][i + 1] == SH_FIELD_TYPED    ? (uint32_t)SH_TYPE_MAP
                                : types[s][i + 1] == SH_FIELD_SHAPED ? m->shapes[0].id
                                                                     : 0;
    }
    MODEL_CHECK(m, sh_shape_define(m->env, shape->fields, shape->length, &shape->id) == SH_OK);
    MODEL_CHECK(m, sh_shape_length(m->env, shape->id, &length) == SH_OK && length == shape->length);
    for (uint32_t i = 0; i < length; i++) {
      MODEL_CHECK(m, sh_shape_field(m->env, shape->id, i, &field) == SH_OK);
      MODEL_CHECK(m, field.type == shape->fields[i].type);
      model_expect(m, &field.name, (model_value){SH_KIND_STRING, 1 + i});
    }
  }
}

static model_value field_default(const sh_field *field) {
  switch ((sh_field_type)field->type) {
  case SH_FIELD_STRING:
    return (model_value){SH_KIND_STRING, 0};
  case SH_FIELD_NUMBER:
    return (model_value){SH_KIND_NUMBER, 0};
  case SH_FIELD_BOOLEAN:
    return (model_value){SH_KIND_BOOLEAN, 0};
  case SH_FIELD_BIGINT:
    return (model_value){SH_KIND_BIGINT, 0};
  case SH_FIELD_ANY:
    return (model_value){SH_KIND_UNDEFINED, 0};
  default:
    return (model_value){SH_KIND_NULL, 0};
  }
}

// Status of storing a value in a field, apart from its owners.
static sh_status field_status(const sh_field *field, model_value value) {
  static const sh_kind kinds[] = {[SH_FIELD_STRING] = SH_KIND_STRING,
                                  [SH_FIELD_NUMBER] = SH_KIND_NUMBER,
                                  [SH_FIELD_BOOLEAN] = SH_KIND_BOOLEAN,
                                  [SH_FIELD_BIGINT] = SH_KIND_BIGINT};
  if (field->type == SH_FIELD_ANY) {
    return SH_OK;
  }
  if (field->type <= SH_FIELD_BIGINT) {
    return value.kind == kinds[field->type] ? SH_OK : SH_E_INVALID_ARG_TYPE;
  }
  return value.kind == SH_KIND_REF || value.kind == SH_KIND_NULL ? SH_OK : SH_E_INVALID_ARG_TYPE;
}

static sh_status field_ref_status(const model *m, const sh_field *field, model_value value) {
  if (value.kind != SH_KIND_REF) {
    return SH_OK;
  }
  const model_object *object = &m->objects[value.bits];
  bool fits = field->type == SH_FIELD_TYPED ? object->type == SH_TYPE_MAP
              : field->type == SH_FIELD_SHAPED
                  ? object->type == SH_TYPE_RECORD && object->shape == 0
                  : true;
  return fits ? SH_OK : SH_E_TYPE_MISMATCH;
}

// An operand that mostly fits the field.
static model_operand operand_for(model *m, const sh_field *field) {
  model_operand operand = model_operand_of(m);
  for (int i = 0; i < 60 && (field_status(field, operand.value) != SH_OK ||
                             field_ref_status(m, field, operand.value) != SH_OK);
       i++) {
    if (i == 50 && model_chance(m, 5)) {
      break;
    }
    operand = model_operand_of(m);
  }
  return operand;
}

static sh_status take_field(model *m, const sh_field *field, const model_operand *operand) {
  sh_status status = field_status(field, operand->value);
  if (status == SH_OK) {
    status = model_take(m, operand->value, operand->move);
  }
  if (status == SH_OK) {
    status = field_ref_status(m, field, operand->value);
    if (status != SH_OK) {
      model_untake(m, operand->value, operand->move);
    }
  }
  return status;
}

static void new_record(model *m) {
  uint32_t s = model_below(m, MODEL_SHAPES);
  const model_shape *shape = &m->shapes[s];
  model_operand operands[MODEL_FIELDS];
  sh_value values[MODEL_FIELDS];
  sh_id id = 0;
  uint32_t bad = UINT32_MAX;
  sh_status expected = SH_OK;
  uint32_t made = 0;
  for (uint32_t i = 0; i < shape->length; i++) {
    operands[i] = operand_for(m, &shape->fields[i]);
    if (operands[i].value.kind == SH_KIND_UNDEFINED || model_chance(m, 20)) {
      operands[i] = (model_operand){.value = field_default(&shape->fields[i])};
    }
    values[i] = operands[i].in; // UNDEFINED for a default
  }
  for (; made < shape->length && expected == SH_OK; made += expected == SH_OK ? 1 : 0) {
    expected = take_field(m, &shape->fields[made], &operands[made]);
  }
  sh_status status = sh_record_new(m->env, shape->id, values, shape->length, &id, &bad);
  bool done = model_settle(m, status, expected);
  MODEL_CHECK(m, status == SH_OK || status == SH_E_HEAP_FULL || bad == made);
  if (!done) {
    while (made-- > 0) {
      model_untake(m, operands[made].value, operands[made].move);
    }
    return;
  }
  model_object *object = model_add(m, SH_TYPE_RECORD, id);
  object->shape = s;
  object->size = shape->length;
  for (uint32_t i = 0; i < shape->length; i++) {
    object->pairs[i] = (model_pair){.value = operands[i].value};
  }
}

static void new_object(model *m) {
  uint8_t bytes[3000];
  sh_id id = 0;
  sh_status status = SH_OK;
  sh_type type = (sh_type)(1 + model_below(m, SH_TYPE_COUNT - 1));
  model_value content = {SH_KIND_NUMBER, shi_number_bits(model_below(m, 1000))};
  bool flag = model_chance(m, 50);
  uint32_t size = 0;
  sh_value in;
  switch (type) {
  case SH_TYPE_NUMBER:
    status = sh_number_new(m->env, shi_bits_number(content.bits), &id);
    break;
  case SH_TYPE_STRING:
    content = (model_value){SH_KIND_STRING, model_below(m, MODEL_TEXTS)};
    in = model_in(m, content);
    status = sh_string_new(m->env, &in, &id);
    break;
  case SH_TYPE_MAP:
    status = sh_map_new(m->env, flag, &id);
    break;
  case SH_TYPE_VECTOR:
    status = sh_vector_new(m->env, &id);
    break;
  case SH_TYPE_BYTES:
    content.bits = model_random(m) & (flag ? 0xff : 0);
    size = model_below(m, sizeof bytes);
    for (uint32_t i = 0; i < size; i++) {
      bytes[i] = (uint8_t)(content.bits * (i + 1));
    }
    status = sh_bytes_new(m->env, content.bits == 0 ? NULL : bytes, size, &id);
    break;
  case SH_TYPE_QUEUE:
    model_queue_new(m);
    return;
  default:
    new_record(m);
    return;
  }
  if (model_settle(m, status, SH_OK)) {
    model_object *object = model_add(m, type, id);
    object->content = content;
    object->size = size;
    object->from_object = type == SH_TYPE_MAP && flag;
  }
}

// --- objects that are not containers ---------------------------------------------------------

static void number_op(model *m, model_object *object, sh_status expected) {
  sh_number_op op = (sh_number_op)model_below(m, 3);
  double operand = model_below(m, 2000);
  double old = 0;
  double before = shi_bits_number(object->content.bits);
  bool exchanged = false;
  expected = model_writing(m, object, expected);
  if (model_chance(m, 30)) {
    double wanted = model_chance(m, 70) ? before : operand;
    sh_status status =
        sh_number_compare_exchange(m->env, object->id, wanted, operand, &old, &exchanged);
    if (model_settle(m, status, expected)) {
      MODEL_CHECK(m, old == before && exchanged == (wanted == before));
      if (exchanged) {
        object->content.bits = shi_number_bits(operand);
        model_changed(m, object);
      }
    }
  } else if (model_settle(m, sh_number_update(m->env, object->id, op, operand, &old), expected)) {
    MODEL_CHECK(m, old == before);
    double after = op == SH_NUMBER_SET   ? operand
                   : op == SH_NUMBER_ADD ? before + operand
                                         : before - operand;
    object->content.bits = shi_number_bits(after);
    model_changed(m, object);
  }
}

static void string_op(model *m, model_object *object, sh_status expected) {
  model_value next = {SH_KIND_STRING, model_below(m, MODEL_TEXTS)};
  model_value wanted = model_chance(m, 60) ? object->content : next;
  wanted.kind = SH_KIND_STRING; // of a target that must be refused: any text
  wanted.bits %= MODEL_TEXTS;
  sh_value in = model_in(m, next);
  sh_value with = model_in(m, wanted);
  sh_value old;
  bool exchanged = false;
  uint32_t length = 0;
  sh_status writing = model_writing(m, object, expected);
  if (model_chance(m, 20)) {
    if (model_settle(m, sh_string_length(m->env, object->id, &length), expected)) {
      MODEL_CHECK(m, length == m->texts[object->content.bits].length);
    }
  } else if (model_chance(m, 40)) {
    sh_status status = sh_string_compare_exchange(m->env, object->id, &with, &in, &exchanged, &old);
    if (model_settle(m, status, writing)) {
      model_expect(m, &old, object->content);
      MODEL_CHECK(m, exchanged == (wanted.bits == object->content.bits));
      if (exchanged) {
        object->content = next;
        model_changed(m, object);
      }
    }
  } else if (model_settle(m, sh_string_set(m->env, object->id, &in), writing)) {
    object->content = next;
    model_changed(m, object);
  }
}

// Several fields in one step, perhaps the same one twice.
static void record_update(model *m, model_object *object) {
  const model_shape *shape = &m->shapes[object->shape];
  model_operand operands[MODEL_FIELDS];
  sh_value values[MODEL_FIELDS];
  uint32_t fields[MODEL_FIELDS];
  model_value olds[MODEL_FIELDS];
  uint32_t n = model_below(m, MODEL_FIELDS / 2);
  uint32_t bad = UINT32_MAX;
  uint32_t made = 0;
  sh_status expected = SH_OK;
  for (uint32_t i = 0; i < n; i++) {
    fields[i] = model_below(m, shape->length);
    operands[i] = operand_for(m, &shape->fields[fields[i]]);
    values[i] = operands[i].in;
  }
  for (; made < n && expected == SH_OK; made += expected == SH_OK ? 1 : 0) {
    expected = take_field(m, &shape->fields[fields[made]], &operands[made]);
  }
  expected = model_writing(m, object, expected);
  sh_status status = sh_record_update(m->env, object->id, shape->id, fields, values, n, &bad);
  bool done = model_settle(m, status, expected);
  MODEL_CHECK(m, status == SH_E_HEAP_FULL || bad == (done ? UINT32_MAX : made));
  if (!done) {
    while (made-- > 0) {
      model_untake(m, operands[made].value, operands[made].move);
    }
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    olds[i] = object->pairs[fields[i]].value;
    object->pairs[fields[i]].value = operands[i].value;
  }
  if (n > 0) {
    model_changed(m, object);
  }
  for (uint32_t i = 0; i < n; i++) {
    model_release(m, olds[i]);
  }
}

static void record_op(model *m, model_object *object, sh_status expected) {
  const model_shape *shape = &m->shapes[object->shape];
  uint32_t named = model_chance(m, 50) ? shape->id : 0;
  uint32_t i = model_below(m, expected == SH_OK ? shape->length : 2);
  sh_mode mode = model_mode(m);
  sh_value out;
  if (model_chance(m, 40)) {
    if (model_settle(m, sh_record_get(m->env, object->id, named, i, mode, &out), expected)) {
      model_got(m, &out, object->pairs[i].value, mode);
    }
    return;
  }
  if (expected == SH_OK && model_chance(m, 30)) {
    record_update(m, object);
    return;
  }
  if (model_chance(m, 3)) {
    (void)model_settle(m, sh_record_get(m->env, object->id, 0, MODEL_FIELDS, mode, &out),
                       expected == SH_OK ? SH_E_UNKNOWN_FIELD : expected);
  }
  model_operand operand = operand_for(m, &shape->fields[i]);
  bool taken = expected == SH_OK;
  if (taken) {
    expected = take_field(m, &shape->fields[i], &operand);
    taken = expected == SH_OK;
  }
  sh_status status = sh_record_set(m->env, object->id, named, i, &operand.in);
  if (model_settle(m, status, model_writing(m, object, expected))) {
    model_value old = object->pairs[i].value;
    object->pairs[i].value = operand.value;
    model_changed(m, object);
    model_release(m, old);
  } else if (taken) {
    model_untake(m, operand.value, operand.move);
  }
}

static void bytes_op(model *m, model_object *object, sh_status expected) {
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  if (model_settle(m, sh_bytes_length(m->env, object->id, &length), expected)) {
    MODEL_CHECK(m, length == object->size);
  }
  if (model_settle(m, sh_bytes_pin(m->env, object->id, &data, &length, &pin), expected)) {
    object->content.bits = model_random(m) & 0xff;
    for (uint32_t i = 0; i < object->size; i++) {
      ((uint8_t *)data)[i] = (uint8_t)(object->content.bits * (i + 1));
    }
    sh_unpin(m->heap, pin);
  }
}

void model_object_op(model *m) {
  sh_status expected = SH_OK;
  uint32_t choice = model_below(m, 10);
  if (choice < 3 && m->alive < MODEL_ALIVE) {
    m->op = "new";
    new_object(m);
    return;
  }
  if (choice < 5) {
    m->op = "drop or retain";
    model_object *object = model_pick(m, SH_TYPE_NONE, !model_chance(m, 3));
    if (object == NULL) {
      return;
    }
    m->target = object;
    if (model_chance(m, m->alive > MODEL_ALIVE / 2 ? 75 : 45)) {
      expected = !object->alive ? SH_E_USE_AFTER_FREE : object->claims == 0 ? SH_E_NO_CLAIM : SH_OK;
      if (model_settle(m, sh_drop(m->env, object->id), expected)) {
        model_drop(m, object);
      }
    } else if (model_settle(m, sh_retain(m->env, object->id),
                            object->alive ? SH_OK : SH_E_USE_AFTER_FREE)) {
      object->claims++;
    }
    return;
  }
  static const sh_type types[] = {SH_TYPE_NUMBER, SH_TYPE_STRING, SH_TYPE_RECORD, SH_TYPE_RECORD,
                                  SH_TYPE_BYTES};
  sh_type type = types[choice - 5];
  model_object *object = model_target(m, type, &expected);
  if (object == NULL) {
    return;
  }
  switch (type) {
  case SH_TYPE_NUMBER:
    m->op = "number";
    number_op(m, object, expected);
    break;
  case SH_TYPE_STRING:
    m->op = "string";
    string_op(m, object, expected);
    break;
  case SH_TYPE_RECORD:
    m->op = "record";
    record_op(m, object, expected);
    break;
  default:
    m->op = "bytes";
    bytes_op(m, object, expected);
    break;
  }
  if (expected != SH_OK || object->alive) {
    return;
  }
  model_compare_object(m, object); // it replaced its own last owner
}
