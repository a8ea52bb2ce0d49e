// Monitors, watches, versions, sleeping: what ts/wait.ts and ts/lock.ts are made of.
#include "convert.h"

namespace shared_heap {

namespace {

constexpr sh_type kAny = SH_TYPE_NONE;

bool read_token(const Call &call, uint32_t *token) {
  return read_uint(call, 0, "token", UINT32_MAX, token);
}

// --- events and sleeping -------------------------------------------------------------------

napi_value listen(Call &call) {
  Events &events = call.state.events;
  if (!keep_function(call, "dispatch", "a function", &events.dispatch)) {
    return nullptr;
  }
  return events.listen(&call.state, call.env) ? nullptr : fail_node_api(call);
}

napi_value keep_alive(Call &call) {
  bool alive;
  if (read_boolean(call, 0, "alive", &alive)) {
    call.state.events.keep_alive(call.env, alive);
  }
  return nullptr;
}

napi_value park(Call &call) {
  uint32_t ms;
  if (read_uint(call, 0, "ms", UINT32_MAX, &ms)) {
    sh_env_park(call.core, ms);
  }
  return nullptr;
}

napi_value set_label(Call &call) {
  uint32_t label;
  if (read_uint(call, 0, "label", UINT32_MAX, &label)) {
    sh_env_label(call.core, label);
  }
  return nullptr;
}

// --- versions and watches ------------------------------------------------------------------

napi_value version(Call &call) {
  uint32_t version;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_version(call.core, call.id, kAny, &version);
  return status == SH_OK ? to_js_number(call, version) : fail(call, status);
}

napi_value watch(Call &call) {
  bool blocks;
  uint32_t token;
  if (!read_id(call) || !read_boolean(call, 1, "blocks", &blocks)) {
    return nullptr;
  }
  const sh_status status = sh_watch(call.core, call.id, blocks, &token);
  return status == SH_OK ? to_js_number(call, token) : fail(call, status);
}

napi_value watch_settle(Call &call) {
  uint32_t token;
  return read_token(call, &token) ? to_js_boolean(call, sh_watch_settle(call.core, token))
                                  : nullptr;
}

napi_value unwatch(Call &call) {
  uint32_t token;
  if (read_token(call, &token)) {
    sh_unwatch(call.core, token);
  }
  return nullptr;
}

// --- monitors ------------------------------------------------------------------------------

// The answer as native.lockAnswer: token, abandoned, holder, number of ids, ids.
napi_value deliver_answer(const Call &call, const sh_lock_answer &answer) {
  double *out = call.state.lock_answer;
  out[0] = answer.token;
  out[1] = answer.abandoned ? 1 : 0;
  out[2] = answer.holder;
  out[3] = answer.id_count;
  for (uint32_t i = 0; i < answer.id_count; i++) {
    out[4 + i] = static_cast<double>(answer.ids[i]);
  }
  return to_js_number(call, answer.state);
}

napi_value lock_enter(Call &call) {
  sh_lock_want want{};
  sh_lock_answer answer{};
  uint32_t kind;
  uint32_t task;
  if (!read_id(call) || !read_uint(call, 1, "kind", SH_LOCK_WRITER, &kind) ||
      !read_boolean(call, 2, "onlyFree", &want.only_free) ||
      !read_uint(call, 3, "task", UINT32_MAX, &task) ||
      !read_boolean(call, 4, "nested", &want.nested)) {
    return nullptr;
  }
  want.kind = static_cast<sh_lock_kind>(kind);
  want.task = task;
  const sh_status status = sh_lock_enter(call.core, call.id, kAny, &want, &answer);
  if (status == SH_E_DEADLOCK) {
    (void)deliver_answer(call, answer);
    return nullptr; // undefined: the caller knows what was waited for and by whom
  }
  return status == SH_OK ? deliver_answer(call, answer) : fail(call, status);
}

napi_value lock_look(Call &call) {
  uint32_t token;
  sh_lock_answer answer{};
  if (!read_token(call, &token)) {
    return nullptr;
  }
  const sh_status status = sh_lock_look(call.core, token, &answer);
  return status == SH_OK ? deliver_answer(call, answer)
                         : nullptr; // undefined: the object has ended
}

napi_value lock_leave(Call &call) {
  uint32_t token;
  if (call.core != nullptr && read_token(call, &token)) {
    (void)sh_lock_leave(call.core, token);
  }
  return nullptr;
}

napi_value set_busy_handler(Call &call) {
  (void)keep_function(call, "handler", "a function", &call.state.busy_handler);
  return nullptr;
}

// For tests: counts as native.out.
napi_value count_waits(Call &call) {
  sh_waits waits;
  sh_waits_count(call.core, &waits);
  call.state.out[0] = waits.monitors;
  call.state.out[1] = waits.watched;
  call.state.out[2] = waits.own;
  call.state.out[3] = waits.queued;
  return nullptr;
}

constexpr Method kMethods[] = {
    {"listen", "listen", kAny, enter<listen, 1>},
    {"keepAlive", "keepAlive", kAny, enter<keep_alive, 1, Needs::kNothing>},
    {"park", "park", kAny, enter<park, 1>},
    {"setLabel", "setLabel", kAny, enter<set_label, 1>},
    {"version", "version", kAny, enter<version, 1>},
    {"watch", "watch", kAny, enter<watch, 2>},
    {"watchSettle", "watch", kAny, enter<watch_settle, 1>},
    {"unwatch", "unwatch", kAny, enter<unwatch, 1>},
    {"lockEnter", "lock", kAny, enter<lock_enter, 5>},
    {"lockLook", "lock", kAny, enter<lock_look, 1>},
    {"lockLeave", "lock", kAny, enter<lock_leave, 1, Needs::kHeapIfAny>},
    {"countWaits", "countWaits", kAny, enter<count_waits, 0>},
    {"setBusyHandler", "setBusyHandler", kAny, enter<set_busy_handler, 1, Needs::kNothing>},
};

} // namespace

napi_value call_in_turn(Call &call, napi_value (*body)(Call &)) {
  napi_value handler, receiver, id, js_token;
  uint32_t token;
  if (call.state.busy_handler == nullptr) {
    return fail(call, SH_E_BUSY);
  }
  if (napi_get_reference_value(call.env, call.state.busy_handler, &handler) != napi_ok ||
      napi_get_undefined(call.env, &receiver) != napi_ok ||
      napi_create_double(call.env, static_cast<double>(call.id), &id) != napi_ok ||
      napi_call_function(call.env, receiver, handler, 1, &id, &js_token) != napi_ok ||
      napi_get_value_uint32(call.env, js_token, &token) != napi_ok) {
    return fail_node_api(call);
  }
  // The handler's own calls of the addon have opened and closed arena scopes inside this one's; no
  // value of the first attempt is used again.
  call.busy = false;
  const napi_value result = body(call);
  const bool busy = call.busy; // of another object than the one that was waited for
  (void)sh_lock_leave(call.core, token);
  return busy ? fail(call, SH_E_BUSY) : result;
}

MethodList wait_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
