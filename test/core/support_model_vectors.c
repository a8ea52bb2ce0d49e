// The vectors' part of the random operations; see support_model_ops.h.
#include "support_model_ops.h"

#include <string.h>

#define MANY 24u // most values of one call

// Values for one call: how many of them the model could take, and the status of the first it could
// not (then it has taken none).
static sh_status operands(model *m, uint32_t n, model_operand *values, sh_value *in) {
  sh_status status = SH_OK;
  uint32_t taken = 0;
  for (uint32_t i = 0; i < n; i++) {
    values[i] = model_operand_of(m);
    in[i] = values[i].in;
  }
  for (; taken < n && status == SH_OK; taken += status == SH_OK ? 1 : 0) {
    status = model_take(m, values[taken].value, values[taken].move);
  }
  while (status != SH_OK && taken-- > 0) {
    model_untake(m, values[taken].value, values[taken].move);
  }
  return status;
}

static void give_up(model *m, uint32_t n, const model_operand *values) {
  for (uint32_t i = 0; i < n; i++) {
    model_untake(m, values[i].value, values[i].move);
  }
}

static void vector_insert(model *m, model_object *vector, sh_status expected) {
  model_operand values[MANY];
  sh_value in[MANY];
  uint32_t n = model_chance(m, 50) ? 1 : model_below(m, MANY);
  uint32_t length = 0;
  bool front = model_chance(m, 40);
  expected = model_writing(m, vector, expected);
  sh_status taken = operands(m, n, values, in);
  sh_status status = front ? sh_vector_unshift(m->env, vector->id, in, n, &length)
                           : sh_vector_push(m->env, vector->id, in, n, &length);
  if (!model_settle(m, status, taken != SH_OK ? taken : expected)) {
    if (taken == SH_OK) {
      give_up(m, n, values);
    }
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    model_insert(vector, front ? i : vector->size, (model_pair){.value = values[i].value});
  }
  MODEL_CHECK(m, length == vector->size);
  if (n > 0) {
    model_changed(m, vector);
  }
}

static void vector_take(model *m, model_object *vector, sh_status expected) {
  uint32_t how = model_below(m, 3);
  expected = model_writing(m, vector, expected);
  uint32_t at = expected == SH_OK ? model_below(m, vector->size + 2) : 0;
  sh_value out;
  bool found = false;
  sh_status status = how == 0   ? sh_vector_pop(m->env, vector->id, &out, &found)
                     : how == 1 ? sh_vector_shift(m->env, vector->id, &out, &found)
                                : sh_vector_remove_at(m->env, vector->id, at, &found);
  if (!model_settle(m, status, expected)) {
    return;
  }
  at = how == 0 ? vector->size - 1 : how == 1 ? 0 : at;
  MODEL_CHECK(m, found == (vector->size > 0 && at < vector->size));
  if (found) {
    model_value value = vector->pairs[at].value;
    if (how != 2) {
      model_got(m, &out, value, SH_ACQUIRE);
    }
    model_remove(vector, at);
    model_changed(m, vector);
    model_release(m, value);
  }
}

static void vector_splice(model *m, model_object *vector, sh_status expected) {
  model_operand values[MANY];
  sh_value in[MANY];
  sh_value out[MODEL_SIZE];
  model_value gone[MODEL_SIZE];
  uint32_t n = model_below(m, MANY / 2);
  expected = model_writing(m, vector, expected);
  uint32_t start = model_below(m, (expected == SH_OK ? vector->size : 3) + 3);
  uint32_t remove = model_below(m, model_chance(m, 10) ? MODEL_SIZE : 10);
  uint32_t removed = 0;
  bool from_end = model_chance(m, 30) && expected == SH_OK && start < vector->size;
  int64_t from = from_end ? (int64_t)start - vector->size : start;
  sh_status taken = operands(m, n, values, in);
  sh_status status = sh_vector_splice(m->env, vector->id, from, remove, in, n, out, &removed);
  if (!model_settle(m, status, taken != SH_OK ? taken : expected)) {
    if (taken == SH_OK) {
      give_up(m, n, values);
    }
    return;
  }
  start = start > vector->size ? vector->size : start;
  remove = remove > vector->size - start ? vector->size - start : remove;
  MODEL_CHECK(m, removed == remove);
  for (uint32_t i = 0; i < removed; i++) {
    gone[i] = vector->pairs[start].value;
    model_got(m, &out[i], gone[i], SH_ACQUIRE);
    model_remove(vector, start);
  }
  for (uint32_t i = 0; i < n; i++) {
    model_insert(vector, start + i, (model_pair){.value = values[i].value});
  }
  if (n > 0 || removed > 0) {
    model_changed(m, vector);
  }
  for (uint32_t i = 0; i < removed; i++) {
    model_release(m, gone[i]);
  }
}

// Of a moved value that would fill no place, or several.
static sh_status status_of_misplaced(model *m, const model_object *vector, model_value value) {
  sh_status status = model_take(m, value, true);
  if (status == SH_OK) {
    model_untake(m, value, true);
    status = model_writing(m, vector, SH_OK);
    status = status == SH_OK ? SH_E_UNSUPPORTED_VALUE : status;
  }
  return status;
}

static void vector_fill(model *m, model_object *vector, sh_status expected) {
  model_operand value = model_operand_of(m);
  uint32_t size = expected == SH_OK ? vector->size : 0;
  uint32_t start = model_below(m, size + 2);
  uint32_t end = start + (value.move && !model_chance(m, 10) ? 1 : model_below(m, 12));
  uint32_t n = end > size ? (start < size ? size - start : 0) : end - start;
  // The same places counted from the end, where they can be.
  bool from_end = model_chance(m, 30);
  int64_t first = from_end && start < size ? (int64_t)start - size : start;
  int64_t last = from_end && end < size ? (int64_t)end - size : end;
  sh_status wanted = expected;
  uint32_t taken = 0;
  if (expected == SH_OK && value.move && n != 1) {
    wanted = status_of_misplaced(m, vector, value.value);
    (void)model_settle(m, sh_vector_fill(m->env, vector->id, &value.in, first, last), wanted);
    return;
  }
  for (; taken < n && wanted == SH_OK; taken += wanted == SH_OK ? 1 : 0) {
    wanted = model_take(m, value.value, value.move);
  }
  wanted = model_writing(m, vector, wanted);
  sh_status status = sh_vector_fill(m->env, vector->id, &value.in, first, last);
  if (!model_settle(m, status, wanted)) {
    while (taken-- > 0) {
      model_untake(m, value.value, value.move);
    }
    return;
  }
  model_value old[MODEL_SIZE];
  for (uint32_t i = 0; i < n; i++) {
    old[i] = vector->pairs[start + i].value;
    vector->pairs[start + i].value = value.value;
  }
  if (n > 0) {
    model_changed(m, vector);
  }
  for (uint32_t i = 0; i < n; i++) {
    model_release(m, old[i]);
  }
}

static void vector_set_or_get(model *m, model_object *vector, sh_status expected) {
  uint32_t at = model_below(m, (expected == SH_OK ? vector->size : 0) + 1);
  bool there = expected == SH_OK && at < vector->size;
  sh_value out;
  bool found = false;
  if (model_chance(m, 50)) {
    sh_mode mode = model_mode(m);
    int64_t index = there && model_chance(m, 30) ? (int64_t)at - vector->size : at;
    if (model_settle(m, sh_vector_get(m->env, vector->id, index, mode, &out, &found), expected)) {
      MODEL_CHECK(m, found == there);
      model_got(m, &out, there ? vector->pairs[at].value : (model_value){SH_KIND_UNDEFINED, 0},
                mode);
    }
    return;
  }
  model_operand value = model_operand_of(m);
  sh_status taken = model_take(m, value.value, value.move);
  sh_status wanted = model_writing(m, vector, expected);
  wanted = taken != SH_OK ? taken : wanted == SH_OK && !there ? SH_E_OUT_OF_RANGE : wanted;
  if (model_settle(m, sh_vector_set(m->env, vector->id, at, &value.in), wanted)) {
    model_value old = vector->pairs[at].value;
    vector->pairs[at].value = value.value;
    model_changed(m, vector);
    model_release(m, old);
  } else if (taken == SH_OK) {
    model_untake(m, value.value, value.move);
  }
}

static void vector_search(model *m, model_object *vector) {
  model_value value = vector->size > 0 && model_chance(m, 70)
                          ? vector->pairs[model_below(m, vector->size)].value
                          : model_primitive(m);
  bool zero = model_chance(m, 50);
  bool backwards = model_chance(m, 50);
  uint32_t from = model_below(m, vector->size + 2);
  sh_value in = model_in(m, value);
  uint32_t index = 0;
  bool found = true;
  bool nan = value.kind == SH_KIND_NUMBER && value.bits == SH_NAN_BITS;
  MODEL_CHECK(m, sh_vector_index_of(m->env, vector->id, &in, from, backwards, zero, &index,
                                    &found) == SH_OK);
  value = model_key(value);
  bool there = false;
  uint32_t at = backwards && from >= vector->size ? vector->size - 1 : from;
  for (; !there && at < vector->size && !(nan && !zero); at += backwards ? UINT32_MAX : 1) {
    model_value element = model_key(vector->pairs[at].value);
    there = element.kind == value.kind && element.bits == value.bits;
    if (there) {
      break;
    }
  }
  MODEL_CHECK(m, found == there && (!found || index == at));
}

static void vector_permute(model *m, model_object *vector) {
  sh_value out;
  uint32_t order[MODEL_SIZE];
  model_pair copy[MODEL_SIZE];
  uint32_t count = 0;
  uint32_t version = 0;
  uint32_t size = vector->size;
  MODEL_CHECK(m, sh_vector_read(m->env, vector->id, size, SH_BORROW, 1, &out, &count, &version) ==
                     SH_OK);
  for (uint32_t i = 0; i < size; i++) {
    uint32_t j = model_below(m, i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  sh_status writing = model_writing(m, vector, SH_OK);
  if (writing != SH_OK) {
    MODEL_CHECK(m, sh_vector_permute(m->env, vector->id, version, order, size) == writing);
    MODEL_CHECK(m, sh_vector_reverse(m->env, vector->id) == writing);
    return;
  }
  MODEL_CHECK(m, sh_vector_permute(m->env, vector->id, version + 1, order, size) == SH_E_CONFLICT);
  MODEL_CHECK(m, sh_vector_permute(m->env, vector->id, version, order, size) == SH_OK);
  model_changed(m, vector);
  memcpy(copy, vector->pairs, size * sizeof *copy);
  for (uint32_t i = 0; i < size; i++) {
    vector->pairs[i] = copy[order[i]];
  }
  MODEL_CHECK(m, sh_vector_reverse(m->env, vector->id) == SH_OK);
  memcpy(copy, vector->pairs, size * sizeof *copy);
  for (uint32_t i = 0; i < size; i++) {
    vector->pairs[i] = copy[size - 1 - i];
  }
}

void model_vector_op(model *m) {
  sh_status expected = SH_OK;
  model_object *vector = model_target(m, SH_TYPE_VECTOR, &expected);
  if (vector == NULL) {
    return;
  }
  uint32_t choice = model_below(m, 12);
  m->op = "vector";
  if (expected == SH_OK && vector->size + 2 * MANY > MODEL_SIZE) {
    choice = m->growing ? 10 : 2;
  }
  if (choice < 2 || (choice == 11 && m->growing)) {
    vector_insert(m, vector, expected);
  } else if (choice < 4 || (choice == 11 && !m->growing)) {
    vector_take(m, vector, expected);
  } else if (choice < 6) {
    vector_splice(m, vector, expected);
  } else if (choice < 7) {
    vector_fill(m, vector, expected);
  } else if (choice < 9) {
    vector_set_or_get(m, vector, expected);
  } else if (expected == SH_OK && choice == 9) {
    vector_search(m, vector);
    vector_permute(m, vector);
  } else if (choice == 10 && model_chance(m, m->growing ? 30 : 10)) {
    model_clear(m, vector, expected);
  }
}
