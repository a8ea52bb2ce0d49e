// QueueRef.
#include "convert.h"

namespace shared_heap {

namespace {

napi_value queue_new(Call &call) {
  uint32_t capacity;
  sh_id id;
  if (!read_uint(call, 0, "capacity", SH_QUEUE_MAX, &capacity)) {
    return nullptr;
  }
  const sh_status status = sh_queue_new(call.core, capacity, &id);
  if (status == SH_E_OUT_OF_RANGE) {
    return fail_range(call, "capacity", "at least 1", call.args[0]);
  }
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value push(Call &call) {
  sh_value value;
  bool pushed;
  if (!read_id(call) || !read_value(call, 1, 0, &value)) {
    return nullptr;
  }
  const sh_status status = sh_queue_push(call.core, call.id, &value, &pushed);
  return status == SH_OK ? to_js_boolean(call, pushed) : fail(call, status, &value, 1);
}

napi_value pop(Call &call) {
  sh_value value{};
  sh_queue_end end;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_queue_pop(call.core, call.id, &value, &end);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = end == SH_QUEUE_TAKEN ? 1 : 0;
  call.state.out[1] = end == SH_QUEUE_ENDED ? 1 : 0;
  return deliver(call, &value, Claims::kOwned);
}

napi_value close(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_queue_close(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value state(Call &call) {
  sh_queue_state queue;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_queue_state_of(call.core, call.id, &queue);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = queue.length;
  call.state.out[1] = queue.capacity;
  call.state.out[2] = queue.closed ? 1 : 0;
  return nullptr;
}

napi_value read_elements(Call &call) { return read_sequence(call, sh_queue_read); }

constexpr sh_type kType = SH_TYPE_QUEUE;
constexpr Method kMethods[] = {
    {"queueNew", "QueueRef.withCapacity", SH_TYPE_NONE, enter<queue_new, 1>},
    {"queuePush", "QueueRef.push", kType, enter<push, 2>},
    {"queuePop", "QueueRef.pop", kType, enter<pop, 1>},
    {"queueClose", "QueueRef.close", kType, enter<close, 1>},
    {"queueState", "QueueRef.length", kType, enter<state, 1>},
    {"queueRead", "QueueRef.obtainValue", kType, enter<read_elements, 4>},
};

} // namespace

MethodList queue_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
