// The queues' part of the random operations; see support_model_ops.h.
#include "support_model_ops.h"

#define LONGEST 1024u // a longer text is not copied before there is room for it

static sh_status closed(const model_object *queue, sh_status expected) {
  return expected == SH_OK && queue->closed ? SH_E_QUEUE_CLOSED : expected;
}

static void queue_push(model *m, model_object *queue, sh_status expected) {
  model_operand operand = model_operand_of(m);
  bool looks = operand.in.kind == SH_KIND_STRING && operand.in.length > LONGEST;
  bool full = expected == SH_OK && queue->size == queue->capacity;
  bool pushed = false;
  sh_status taken = model_take(m, operand.value, operand.move);
  sh_status wanted = model_writing(m, queue, expected);
  if (looks && expected == SH_OK && (full || queue->closed)) {
    wanted = SH_OK; // it says so before it comes to a lock
  }
  wanted = taken != SH_OK ? taken : closed(queue, wanted);
  sh_status status = sh_queue_push(m->env, queue->id, &operand.in, &pushed);
  bool done = model_settle(m, status, wanted);
  MODEL_CHECK(m, pushed == (done && !full));
  if (pushed) {
    model_insert(queue, queue->size, (model_pair){.value = operand.value});
    model_changed(m, queue);
  } else if (taken == SH_OK) {
    model_untake(m, operand.value, operand.move);
  }
}

static sh_queue_end end_of(const model_object *queue) {
  return queue->size > 0 ? SH_QUEUE_TAKEN : queue->closed ? SH_QUEUE_ENDED : SH_QUEUE_EMPTY;
}

void model_queue_pop(model *m, model_object *queue, sh_status expected) {
  sh_value out;
  sh_queue_end end = SH_QUEUE_EMPTY;
  sh_status status = sh_queue_pop(m->env, queue->id, &out, &end);
  if (!model_settle(m, status, model_writing(m, queue, expected))) {
    return;
  }
  MODEL_CHECK(m, end == end_of(queue));
  if (end != SH_QUEUE_TAKEN) {
    MODEL_CHECK(m, out.kind == SH_KIND_UNDEFINED);
    return;
  }
  model_value value = queue->pairs[0].value;
  model_got(m, &out, value, SH_ACQUIRE);
  model_remove(queue, 0);
  model_changed(m, queue);
  model_release(m, value);
}

static void queue_pop_number(model *m, model_object *queue, sh_status expected) {
  double number = 0;
  sh_queue_end end = SH_QUEUE_EMPTY;
  bool other = false;
  sh_status status = sh_queue_pop_number(m->env, queue->id, &number, &end, &other);
  if (!model_settle(m, status, model_writing(m, queue, expected))) {
    return;
  }
  model_value first = queue->pairs[0].value;
  bool takes = queue->size > 0 && first.kind == SH_KIND_NUMBER;
  MODEL_CHECK(m, other == (!takes && end_of(queue) != SH_QUEUE_EMPTY));
  MODEL_CHECK(m, other || end == end_of(queue));
  if (takes) {
    MODEL_CHECK(m, shi_number_bits(number) == first.bits);
    model_remove(queue, 0);
    model_changed(m, queue);
  }
}

static void queue_close(model *m, model_object *queue, sh_status expected) {
  sh_status status = sh_queue_close(m->env, queue->id);
  if (model_settle(m, status, model_writing(m, queue, expected)) && !queue->closed) {
    queue->closed = true;
    model_changed(m, queue);
  }
}

static void queue_read(model *m, model_object *queue, sh_status expected) {
  sh_value out[MODEL_SIZE];
  uint32_t start = model_below(m, expected == SH_OK ? queue->size + 2 : 3);
  uint32_t limit = model_below(m, MODEL_SIZE);
  uint32_t count = 0;
  uint32_t version = 0;
  sh_mode mode = model_mode(m);
  sh_status status = sh_queue_read(m->env, queue->id, start, mode, limit, out, &count, &version);
  if (!model_settle(m, status, expected)) {
    return;
  }
  uint32_t there = start < queue->size ? queue->size - start : 0;
  MODEL_CHECK(m, count == (there < limit ? there : limit));
  for (uint32_t i = 0; i < count; i++) {
    model_got(m, &out[i], queue->pairs[start + i].value, mode);
  }
}

static void queue_state(model *m, const model_object *queue, sh_status expected) {
  sh_queue_state state;
  if (model_settle(m, sh_queue_state_of(m->env, queue->id, &state), expected)) {
    MODEL_CHECK(m, state.length == queue->size && state.capacity == queue->capacity);
    MODEL_CHECK(m, state.closed == queue->closed);
  }
}

void model_queue_new(model *m) {
  sh_id id = 0;
  uint32_t capacity = model_below(m, model_chance(m, 50) ? 5 : MODEL_SIZE);
  sh_status expected = capacity == 0 ? SH_E_OUT_OF_RANGE : SH_OK;
  if (model_settle(m, sh_queue_new(m->env, capacity, &id), expected)) {
    model_add(m, SH_TYPE_QUEUE, id)->capacity = capacity;
  }
}

void model_queue_op(model *m) {
  sh_status expected = SH_OK;
  model_object *queue = model_target(m, SH_TYPE_QUEUE, &expected);
  if (queue == NULL) {
    return;
  }
  m->op = "queue";
  for (uint32_t turns = 1 + model_below(m, 6); turns > 0 && queue->alive; turns--) {
    uint32_t choice = model_below(m, 16);
    if (choice < 5 || (choice < 8 && m->growing)) {
      queue_push(m, queue, expected);
    } else if (choice < 10) {
      model_queue_pop(m, queue, expected);
    } else if (choice < 12) {
      queue_pop_number(m, queue, expected);
    } else if (choice < 13) {
      queue_state(m, queue, expected);
    } else if (choice < 15) {
      queue_read(m, queue, expected);
    } else if (model_chance(m, 20)) {
      queue_close(m, queue, expected);
    }
  }
}
