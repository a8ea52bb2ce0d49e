// What one environment keeps: one load of the addon by a thread, or by a vm context of a thread.
//
// Only the heap is process-wide (heap.cc). An Environment is the instance data of its napi_env and
// is used by that thread alone. Its sh_env is opened at the first call that needs the heap and
// closed by a cleanup hook, before Node destroys the napi_env. Finalizers may run after that; they
// get what they need by themselves and never see an Environment.
#ifndef SHB_ENVIRONMENT_H
#define SHB_ENVIRONMENT_H

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#ifndef NAPI_DISABLE_CPP_EXCEPTIONS
#define NAPI_DISABLE_CPP_EXCEPTIONS
#endif
// In a worker that is being terminated every Node-API call fails; without this, Napi::Error then
// aborts the process.
#ifndef NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#endif
#include <napi.h>

#include "arena.h"
#include "core.h"
#include "events.h"
#include "external_string.h"
#include "fast_calls.h"

namespace shared_heap {

// Most values one call takes or returns.
constexpr uint32_t kBatch = 1024;
constexpr uint32_t kOut = 4;
constexpr uint32_t kLockAnswer = 4 + SH_DEADLOCK_IDS;
// In ref_moves: the claim that moves is none of a scope's (csrc/core/scope.h).
constexpr uint8_t kMoveUnscoped = 2;
constexpr size_t kFewArguments = 16;
static_assert(SH_FIELDS_MAX <= kBatch, "a record is read in one batch");
static_assert(kBatch == SH_READ_MAX, "the core hands out a batch, and no more");

class Environment;
struct Call;

// A function of the addon, described once per process.
struct Method {
  const char *name; // property of the addon
  const char *api;  // what the user called, for messages
  sh_type type;     // of the object named by the first argument; NONE: any, or no object
  napi_callback callback;
};

struct MethodList {
  const Method *methods;
  size_t count;
};

// Callback data: a function of the addon in one environment.
struct Bound {
  Environment *environment;
  const Method *method;
};

class Environment {
public:
  // Makes the environment of `env` and everything the addon exports; nullptr with an exception
  // pending, or in a worker being terminated.
  static Environment *create(napi_env env, napi_value exports);
  ~Environment();

  // The core environment, opened now if it is not yet open. On failure NULL, and *status and *why
  // (a message of its own, or empty) say what went wrong.
  sh_env *open(sh_status *status, std::string *why);

  // Room for kBatch values on their way in, and for as many on their way out. NULL if memory is
  // refused.
  sh_value *values_in();
  sh_value *values_out();

  sh_env *core = nullptr;
  Arena arena;

  // Data of the typed arrays that the addon exports; the references keep their buffers.
  double *ref_ids = nullptr;
  uint8_t *ref_types = nullptr;
  uint32_t *ref_shapes = nullptr;
  uint8_t *ref_moves = nullptr;
  double *numbers = nullptr;
  double *out = nullptr;
  int32_t *absence = nullptr; // 0 while `core` is online, else 1

  double *lock_answer = nullptr; // see waits.cc

  FastCaller fast;
  Events events;

  bool views_allowed = false; // see may_view

  ExternalStrings *strings = nullptr; // from the first one on

  napi_ref ref_mark = nullptr;
  // (...a) => a: builds an array of up to kBatch handles in one call, ten times as fast as one
  // napi_set_element per element (5.5 against 65 ns an element, Node 20).
  napi_ref collect = nullptr;
  // n => new ArrayBuffer(n): throws when memory is refused, where napi_create_arraybuffer ends the
  // process.
  napi_ref new_buffer = nullptr;
  // A Uint8Array over a SharedArrayBuffer, which Node-API 8 knows nothing of; else undefined.
  napi_ref over_shared = nullptr;
  // Given by setErrorClass; NULL: none.
  napi_ref error_class = nullptr;
  // Given by setBusyHandler; NULL: none.
  napi_ref busy_handler = nullptr;

private:
  explicit Environment(napi_env env) : env_(env) {}
  Environment(const Environment &) = delete;
  Environment &operator=(const Environment &) = delete;

  bool define_arrays(napi_value exports);
  bool define_constants(napi_value exports);
  bool define_helpers();
  bool define_methods(napi_value exports);
  void close();
  static void cleanup(void *self);

  napi_env env_;
  Bound *bound_ = nullptr;
  sh_value *values_ = nullptr;
};

// One call of a function of the addon.
struct Call {
  napi_env env;
  Environment &state;
  const Method &method;
  const char *api; // method.api unless the function knows better
  sh_env *core;
  size_t argc; // arguments given; of the first kFewArguments those missing are undefined in args
  napi_value *args;
  sh_id id; // the object named by the first argument, once read; 0: none
  // The object has another environment's monitor (fail() notes it and throws nothing): `enter`
  // waits for its own turn and starts the function over.
  mutable bool busy = false;
  uint32_t resume = 0; // how much of its work a function that starts over has done
};

// After a function has found its object busy: waits in JavaScript, calls it again, and lets the
// object go.
napi_value call_in_turn(Call &call, napi_value (*body)(Call &));

// Throws what open() reported.
napi_value fail_open(const Call &call, sh_status status, const std::string &why);

enum class Needs {
  kNothing,   // works without the heap
  kHeap,      // throws if the heap cannot be opened
  kHeapIfAny, // call.core is NULL if it cannot be opened: for functions that never throw
};

// The callback of a function of the addon that takes up to `args` arguments.
//
// Raw Node-API: Napi::CallbackInfo would allocate for more than six arguments, take `this` and
// new.target too, and get the instance data by a second call. One napi_get_cb_info gives arguments,
// environment and method here.
template <napi_value (*body)(Call &), size_t args, Needs needs = Needs::kHeap>
napi_value enter(napi_env env, napi_callback_info info) {
  // It sets every place it is given that has no argument to undefined: with room for a batch that
  // would take longer than the call. So a few are asked for first, all only if there are more.
  constexpr size_t few = args < kFewArguments ? args : kFewArguments;
  napi_value values[args == 0 ? 1 : args];
  size_t argc = few;
  void *data;
  if (napi_get_cb_info(env, info, &argc, values, nullptr, &data) != napi_ok) {
    return nullptr;
  }
  if (few < args && argc > few) {
    argc = args;
    if (napi_get_cb_info(env, info, &argc, values, nullptr, &data) != napi_ok) {
      return nullptr;
    }
  }
  const auto *bound = static_cast<const Bound *>(data);
  Environment &state = *bound->environment;
  Call call{env, state, *bound->method, bound->method->api, state.core, argc, values, 0};
  if (needs != Needs::kNothing) {
    if (call.core == nullptr) {
      sh_status status;
      std::string why;
      call.core = state.open(&status, &why);
      if (call.core == nullptr && needs == Needs::kHeap) {
        return fail_open(call, status, why);
      }
    }
    // No view access is under way here: JS makes them without calling anything in between.
    if (call.core != nullptr) {
      sh_env_refresh(call.core);
      if (state.strings != nullptr) {
        report_external_strings(state.strings, env, sh_env_heap(call.core));
      }
    }
  }
  const Arena::Scope scope(state.arena);
  const napi_value result = body(call);
  return call.busy ? call_in_turn(call, body) : result;
}

// The heap of the process, made now if it is not yet made (heap.cc); on failure NULL as open().
sh_heap *process_heap(sh_status *status, std::string *why);

MethodList heap_methods();
MethodList string_number_methods();
MethodList map_methods();
MethodList vector_methods();
MethodList record_methods();
MethodList queue_methods();
MethodList bytes_methods();
MethodList view_methods();
MethodList wait_methods();
MethodList inspect_methods();

// SHARED_HEAP_NO_VIEW=1: neither views nor fast calls, everything through Node-API. For tests, and
// for engines whose handling of outside memory is in doubt.
bool view_is_off();

// What ts/view.ts must know of the region's layout, as properties of `object`.
bool define_view_layout(napi_env env, napi_value object);

} // namespace shared_heap

#endif
