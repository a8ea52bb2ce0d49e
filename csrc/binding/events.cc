#include "events.h"

#include "environment.h"

namespace shared_heap {

bool Events::listen(Environment *environment, napi_env env) {
  napi_value name;
  if (function_ != nullptr) {
    return true;
  }
  environment_ = environment;
  if (napi_create_string_latin1(env, "shared-heap", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                      deliver, &function_) != napi_ok) {
    return false;
  }
  // Made after the function, so it runs before the function's own: from then on no thread calls it.
  if (napi_unref_threadsafe_function(env, function_) != napi_ok ||
      napi_add_env_cleanup_hook(env, cleanup, this) != napi_ok) {
    (void)napi_release_threadsafe_function(function_, napi_tsfn_abort);
    function_ = nullptr;
    return false;
  }
  sh_env_on_event(environment->core, signal, this);
  return true;
}

void Events::keep_alive(napi_env env, bool alive) {
  if (function_ != nullptr) {
    (void)(alive ? napi_ref_threadsafe_function(env, function_)
                 : napi_unref_threadsafe_function(env, function_));
  }
}

void Events::close() {
  if (function_ == nullptr) {
    return;
  }
  if (environment_->core != nullptr) {
    sh_env_on_event(environment_->core, nullptr, nullptr);
  }
  (void)napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

void Events::cleanup(void *self) { static_cast<Events *>(self)->close(); }

// In any thread, under the port's lock (no core lock is held): the one function of Node-API that is
// meant to be called so. It runs no JavaScript.
void Events::signal(void *self) {
  (void)napi_call_threadsafe_function(static_cast<Events *>(self)->function_, nullptr,
                                      napi_tsfn_nonblocking);
}

void Events::deliver(napi_env env, napi_value /*unused*/, void *self, void * /*none*/) {
  auto *events = static_cast<Events *>(self);
  if (env == nullptr || events->function_ == nullptr) {
    return; // the environment is being torn down
  }
  uint32_t count;
  do {
    sh_env *core = events->environment_->core;
    if (core == nullptr) {
      return;
    }
    sh_env_refresh(core);
    count = sh_env_events(core, events->tokens, kEvents);
    napi_handle_scope scope;
    napi_value function, receiver, number;
    if (count == 0 || napi_open_handle_scope(env, &scope) != napi_ok) {
      return;
    }
    const bool called = napi_get_reference_value(env, events->dispatch, &function) == napi_ok &&
                        napi_get_undefined(env, &receiver) == napi_ok &&
                        napi_create_uint32(env, count, &number) == napi_ok &&
                        napi_call_function(env, receiver, function, 1, &number, nullptr) == napi_ok;
    (void)napi_close_handle_scope(env, scope);
    if (!called) {
      return; // the worker is being terminated: the dispatcher itself throws nothing
    }
  } while (count == kEvents);
}

} // namespace shared_heap
