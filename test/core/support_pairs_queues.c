// Operations of queues; see support_pairs.h. A queue that is full is emptied by half, one that is
// empty is filled by half, and one that is closed gives way to an open one.
#include "support_pairs.h"

#include "queue.h"

#define CAPACITY 24u

static sh_status queue_close(pairs *p, stress_thread *t, sh_id id);

static sh_status queue_make(pairs *p, sh_env *env, sh_id *out) {
  (void)p;
  return sh_queue_new(env, CAPACITY, out);
}

// What a push may answer as well, if the other threads close the queue.
static sh_status unless_closed(const pairs *p, sh_status status) {
  bool closes = p->ops[0]->run == queue_close || p->ops[1]->run == queue_close;
  return closes && status == SH_E_QUEUE_CLOSED ? SH_OK : status;
}

static sh_status take_half(stress_thread *t, sh_id id) {
  sh_status status = SH_OK;
  sh_queue_end end = SH_QUEUE_TAKEN;
  for (uint32_t i = 0; status == SH_OK && end == SH_QUEUE_TAKEN && i < CAPACITY / 2; i++) {
    sh_value out;
    status = sh_queue_pop(t->env, id, &out, &end);
    if (status == SH_OK) {
      pairs_out(t, &out, true);
    }
  }
  return status;
}

static sh_status fill_half(const pairs *p, stress_thread *t, sh_id id) {
  sh_status status = SH_OK;
  bool pushed = true;
  for (uint32_t i = 0; status == SH_OK && pushed && i < CAPACITY / 2; i++) {
    sh_value value = i % 4 == 0 ? stress_ref(p->child, false) : stress_number(i);
    status = sh_queue_push(t->env, id, &value, &pushed);
  }
  return unless_closed(p, status);
}

static sh_status queue_push(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value value = pairs_value(p, t, text);
  bool pushed = false;
  sh_status status = sh_queue_push(t->env, id, &value, &pushed);
  pairs_stored(t, &value, status == SH_OK && pushed);
  return status == SH_OK && !pushed ? take_half(t, id) : unless_closed(p, status);
}

static sh_status queue_pop(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  sh_queue_end end = SH_QUEUE_EMPTY;
  sh_status status = sh_queue_pop(t->env, id, &out, &end);
  if (status != SH_OK) {
    return status;
  }
  STRESS_CHECK(end == SH_QUEUE_TAKEN || out.kind == SH_KIND_UNDEFINED);
  pairs_out(t, &out, true);
  return end == SH_QUEUE_EMPTY ? fill_half(p, t, id) : SH_OK;
}

static sh_status queue_pop_number(pairs *p, stress_thread *t, sh_id id) {
  sh_value out = stress_number(0);
  sh_queue_end end = SH_QUEUE_EMPTY;
  bool other = false;
  sh_status status = sh_queue_pop_number(t->env, id, &out.number, &end, &other);
  if (status != SH_OK) {
    return status;
  }
  pairs_out(t, &out, false);
  return other                   ? queue_pop(p, t, id) // else nothing would ever come behind it
         : end == SH_QUEUE_EMPTY ? fill_half(p, t, id)
                                 : SH_OK;
}

static sh_status queue_state(pairs *p, stress_thread *t, sh_id id) {
  sh_queue_state state = {.capacity = CAPACITY};
  sh_status status = sh_queue_state_of(t->env, id, &state);
  STRESS_CHECK(state.length <= CAPACITY && state.capacity == CAPACITY);
  STRESS_CHECK(unless_closed(p, SH_E_QUEUE_CLOSED) == SH_OK || !state.closed);
  return status;
}

static sh_status queue_read(pairs *p, stress_thread *t, sh_id id) {
  sh_value out[CAPACITY];
  uint32_t count = 0;
  uint32_t version = 0;
  uint32_t limit = 1 + stress_below(t, CAPACITY);
  sh_mode mode = pairs_mode(t);
  (void)p;
  sh_status status =
      sh_queue_read(t->env, id, stress_below(t, 4), mode, limit, out, &count, &version);
  STRESS_CHECK(count <= limit);
  for (uint32_t i = 0; status == SH_OK && i < count; i++) {
    pairs_out(t, &out[i], mode == SH_ACQUIRE);
  }
  return status;
}

// By turns with putting another queue in its place, so that half of the time there is one that is
// open.
static sh_status queue_close(pairs *p, stress_thread *t, sh_id id) {
  sh_queue_state state = {.closed = false};
  sh_status status = sh_queue_state_of(t->env, id, &state);
  if (status != SH_OK) {
    return status;
  }
  return state.closed ? pairs_replace(p, t, id) : sh_queue_close(t->env, id);
}

static const pairs_op queue_ops[] = {
    {.name = "push", .run = queue_push},
    {.name = "pop", .run = queue_pop},
    {.name = "pop a number", .run = queue_pop_number},
    {.name = "state", .run = queue_state},
    {.name = "read", .run = queue_read},
    {.name = "close", .run = queue_close, .replaces = true},
};
const pairs_type pairs_queues = {"queues", queue_make, queue_ops,
                                 sizeof queue_ops / sizeof *queue_ops};
