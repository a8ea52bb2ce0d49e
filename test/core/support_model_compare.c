// Comparing what comes out of a heap, its objects and all of it with the model; see
// support_model.h.
#include "support_model.h"

#include "stats.h"
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool same_text(const sh_value *out, const model_text *text) {
  if (out->length != text->length || out->wide != (text->latin1 == NULL)) {
    return false;
  }
  size_t bytes = (size_t)text->length << (out->wide ? 1 : 0);
  return memcmp(out->chars, out->wide ? (const void *)text->units : text->latin1, bytes) == 0;
}

static bool same_bigint(const sh_value *out, const model_bigint *bigint) {
  return out->length == bigint->count && out->negative == bigint->negative &&
         memcmp(out->digits, bigint->digits, bigint->count * sizeof(uint64_t)) == 0;
}

// Looks at the value only; its pin stays as it is.
static void expect(model *m, const sh_value *out, model_value expected) {
  const model_object *object;
  MODEL_CHECK(m, out->kind == expected.kind);
  switch (expected.kind) {
  case SH_KIND_BOOLEAN:
    MODEL_CHECK(m, out->boolean == (expected.bits != 0));
    break;
  case SH_KIND_NUMBER:
    MODEL_CHECK(m, shi_number_bits(out->number) == expected.bits);
    break;
  case SH_KIND_STRING:
    MODEL_CHECK(m, same_text(out, &m->texts[expected.bits]));
    break;
  case SH_KIND_BIGINT:
    MODEL_CHECK(m, same_bigint(out, &m->bigints[expected.bits]));
    break;
  case SH_KIND_REF:
    object = &m->objects[expected.bits];
    MODEL_CHECK(m, out->id == object->id && out->type == object->type);
    MODEL_CHECK(m, object->type != SH_TYPE_RECORD || out->length == m->shapes[object->shape].id);
    MODEL_CHECK(m, out->pin == 0);
    break;
  case SH_KIND_UNDEFINED:
  case SH_KIND_NULL:
    break;
  }
}

static void drop_pin(model *m, model_pin *pin) {
  if (pin->value.pin != 0) {
    expect(m, &pin->value, pin->expected); // whatever has become of its owner meanwhile
    sh_unpin(m->heap, pin->value.pin);
    pin->value.pin = 0;
  }
}

void model_expect(model *m, const sh_value *out, model_value expected) {
  expect(m, out, expected);
  if ((out->kind == SH_KIND_STRING || out->kind == SH_KIND_BIGINT) && out->pin != 0) {
    model_pin *pin = &m->pins[model_below(m, MODEL_PINS)];
    drop_pin(m, pin);
    *pin = (model_pin){*out, expected};
    if (model_chance(m, 70)) {
      drop_pin(m, pin);
    }
  }
}

void model_expect_mode(model *m, const sh_value *out, model_value expected, sh_mode mode) {
  if (mode == SH_DEREF && expected.kind == SH_KIND_REF) {
    const model_object *object = &m->objects[expected.bits];
    if (object->type == SH_TYPE_STRING || object->type == SH_TYPE_NUMBER) {
      expected = object->content;
    }
  }
  model_expect(m, out, expected);
}

void model_drop_pins(model *m) {
  for (uint32_t i = 0; i < MODEL_PINS; i++) {
    drop_pin(m, &m->pins[i]);
  }
}

static void compare_map(model *m, model_object *object) {
  sh_value out[SH_READ_MAX];
  sh_cursor cursor = {0, 0};
  uint32_t seen = 0;
  uint32_t size = 0;
  uint32_t version = 0;
  bool flag = false;
  MODEL_CHECK(m, sh_map_info(m->env, object->id, &size, &flag) == SH_OK);
  MODEL_CHECK(m, size == object->size && flag == object->from_object);
  for (uint32_t count = 1; count > 0; seen += count) {
    bool moved = true;
    uint32_t limit = 1 + model_below(m, 100);
    MODEL_CHECK(m, sh_map_read(m->env, object->id, &cursor, SH_BORROW, limit, out, &count, &moved,
                               &version) == SH_OK);
    MODEL_CHECK(m, !moved && count <= limit && seen + count <= object->size);
    for (uint32_t i = 0; i < count; i++) {
      model_expect(m, &out[2 * i], object->pairs[seen + i].key);
      model_expect(m, &out[2 * i + 1], object->pairs[seen + i].value);
    }
  }
  MODEL_CHECK(m, seen == object->size);
}

static void compare_vector(model *m, model_object *object) {
  sh_value out[SH_READ_MAX];
  uint32_t count = 0;
  uint32_t version = 0;
  MODEL_CHECK(m, sh_vector_read(m->env, object->id, 0, SH_BORROW, SH_READ_MAX, out, &count,
                                &version) == SH_OK);
  MODEL_CHECK(m, count == object->size);
  for (uint32_t i = 0; i < count; i++) {
    model_expect(m, &out[i], object->pairs[i].value);
  }
}

static void compare_queue(model *m, model_object *object) {
  sh_value out[SH_READ_MAX];
  sh_queue_state state;
  uint32_t count = 0;
  uint32_t version = 0;
  MODEL_CHECK(m, sh_queue_state_of(m->env, object->id, &state) == SH_OK);
  MODEL_CHECK(m, state.length == object->size && state.capacity == object->capacity);
  MODEL_CHECK(m, state.closed == object->closed);
  MODEL_CHECK(m, sh_queue_read(m->env, object->id, 0, SH_BORROW, SH_READ_MAX, out, &count,
                               &version) == SH_OK);
  MODEL_CHECK(m, count == object->size);
  for (uint32_t i = 0; i < count; i++) {
    model_expect(m, &out[i], object->pairs[i].value);
  }
}

static void compare_record(model *m, model_object *object) {
  sh_value out[MODEL_FIELDS];
  uint32_t version = 0;
  uint32_t shape = m->shapes[object->shape].id;
  MODEL_CHECK(m, sh_record_read(m->env, object->id, shape, SH_BORROW, out, &version) == SH_OK);
  for (uint32_t i = 0; i < object->size; i++) {
    model_expect(m, &out[i], object->pairs[i].value);
  }
}

static void compare_bytes(model *m, model_object *object) {
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  MODEL_CHECK(m, sh_bytes_pin(m->env, object->id, &data, &length, &pin) == SH_OK);
  MODEL_CHECK(m, length == object->size && (uintptr_t)data % 16 == 0);
  const uint8_t *bytes = data;
  for (uint32_t i = 0; i < object->size; i++) {
    MODEL_CHECK(m, bytes[i] == (uint8_t)(object->content.bits * (i + 1)));
  }
  sh_unpin(m->heap, pin);
}

void model_compare_object(model *m, model_object *object) {
  uint32_t claims = 0;
  uint32_t holds = 0;
  sh_value out = {.kind = SH_KIND_UNDEFINED};
  double number = 0;
  sh_status status = sh_id_counts(m->env, object->id, &claims, &holds);
  if (!object->alive) {
    MODEL_CHECK(m, status == SH_E_USE_AFTER_FREE);
    MODEL_CHECK(m, sh_id_type(m->env, (double)object->id, NULL) == SH_TYPE_NONE);
    return;
  }
  MODEL_CHECK(m, status == SH_OK && claims == object->claims && holds == object->holds);
  MODEL_CHECK(m, sh_id_type(m->env, (double)object->id, NULL) == object->type);
  switch (object->type) {
  case SH_TYPE_NUMBER:
    MODEL_CHECK(m, sh_number_get(m->env, object->id, &number) == SH_OK);
    MODEL_CHECK(m, shi_number_bits(number) == object->content.bits);
    break;
  case SH_TYPE_STRING:
    MODEL_CHECK(m, sh_string_get(m->env, object->id, &out) == SH_OK);
    model_expect(m, &out, object->content);
    break;
  case SH_TYPE_MAP:
    compare_map(m, object);
    break;
  case SH_TYPE_VECTOR:
    compare_vector(m, object);
    break;
  case SH_TYPE_RECORD:
    compare_record(m, object);
    break;
  case SH_TYPE_BYTES:
    compare_bytes(m, object);
    break;
  case SH_TYPE_QUEUE:
    compare_queue(m, object);
    break;
  case SH_TYPE_NONE:
  case SH_TYPE_COUNT:
    MODEL_CHECK(m, false);
  }
}

static void report(void *arg, const char *problem) {
  const model *m = arg;
  (void)fprintf(stderr, "model: SEED=%" PRIu64 " step %" PRIu64 ": verify: %s\n", m->seed, m->step,
                problem);
}

void model_compare(model *m) {
  sh_verify_result result = {0};
  sh_stats stats;
  const char *op = m->op;
  m->op = "comparison";
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    if (m->objects[i].id != 0) {
      model_compare_object(m, &m->objects[i]);
      model_compare_version(m, &m->objects[i]);
    }
  }
  MODEL_CHECK(m, sh_heap_verify(m->env, report, m, &result) == SH_OK);
  MODEL_CHECK(m, result.problems == 0 && result.quiescent && result.objects == m->alive);
  sh_heap_stats(m->env, &stats);
  MODEL_CHECK(m, stats.objects == m->alive);
  model_compare_all_waits(m);
  m->op = op;
}
