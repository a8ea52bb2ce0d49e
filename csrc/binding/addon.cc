// The addon's entry point, and what it makes for each environment that loads it.
#include "copies.h"
#include "environment.h"

#include <new>

namespace shared_heap {

namespace {

bool set(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  return napi_create_double(env, number, &value) == napi_ok &&
         napi_set_named_property(env, object, name, value) == napi_ok;
}

template <typename T> struct TypedArray;
template <> struct TypedArray<double> {
  static constexpr napi_typedarray_type type = napi_float64_array;
};
template <> struct TypedArray<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
};
template <> struct TypedArray<uint32_t> {
  static constexpr napi_typedarray_type type = napi_uint32_array;
};
template <> struct TypedArray<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
};

// A typed array as a property, kept for as long as the environment lives: *data points into it.
template <typename T>
bool define_array(napi_env env, napi_value exports, const char *name, size_t length, T **data) {
  void *bytes;
  napi_value buffer, array;
  napi_ref keep; // never released: the reference goes with the environment
  if (napi_create_arraybuffer(env, length * sizeof(T), &bytes, &buffer) != napi_ok ||
      napi_create_typedarray(env, TypedArray<T>::type, length, buffer, 0, &array) != napi_ok ||
      napi_create_reference(env, array, 1, &keep) != napi_ok ||
      napi_set_named_property(env, exports, name, array) != napi_ok) {
    return false;
  }
  *data = static_cast<T *>(bytes);
  return true;
}

bool evaluate(napi_env env, const char *source, napi_ref *out) {
  napi_value script, result;
  return napi_create_string_latin1(env, source, NAPI_AUTO_LENGTH, &script) == napi_ok &&
         napi_run_script(env, script, &result) == napi_ok &&
         napi_create_reference(env, result, 1, out) == napi_ok;
}

} // namespace

Environment *Environment::create(napi_env env, napi_value exports) {
  auto *self = new (std::nothrow) Environment(env);
  if (self == nullptr) {
    return nullptr;
  }
  // From here on Node owns it: functions already defined keep their data if a later step fails.
  Napi::Env(env).SetInstanceData(self);
  const bool defined = self->define_arrays(exports) && self->define_constants(exports) &&
                       self->define_helpers() && self->define_methods(exports) &&
                       self->fast.define(env, exports);
  return defined ? self : nullptr;
}

Environment::~Environment() {
  if (core != nullptr) {
    (void)napi_remove_env_cleanup_hook(env_, cleanup, this);
    close();
  }
  if (strings != nullptr) {
    release_external_strings(strings);
  }
  delete[] bound_;
  std::free(values_);
}

sh_env *Environment::open(sh_status *status, std::string *why) {
  if (core != nullptr) {
    return core;
  }
  sh_heap *heap = process_heap(status, why);
  if (heap == nullptr) {
    return nullptr;
  }
  sh_env *opened;
  *status = sh_env_open(heap, &opened);
  if (*status != SH_OK) {
    return nullptr;
  }
  if (napi_add_env_cleanup_hook(env_, cleanup, this) != napi_ok) {
    sh_env_close(opened);
    *status = SH_E_HEAP_FULL;
    *why = "the environment takes no cleanup hook";
    return nullptr;
  }
  core = opened;
  fast.core = core;
  return core;
}

void Environment::close() {
  events.close();
  fast.core = nullptr;
  sh_env_close(core);
  core = nullptr;
}

void Environment::cleanup(void *self) { static_cast<Environment *>(self)->close(); }

sh_value *Environment::values_in() {
  if (values_ == nullptr) {
    values_ = static_cast<sh_value *>(std::calloc(2 * kBatch, sizeof(sh_value)));
  }
  return values_;
}

sh_value *Environment::values_out() {
  sh_value *values = values_in();
  return values == nullptr ? nullptr : values + kBatch;
}

bool Environment::define_arrays(napi_value exports) {
  napi_value mark;
  const bool defined = napi_create_object(env_, &mark) == napi_ok &&
                       napi_object_freeze(env_, mark) == napi_ok &&
                       napi_create_reference(env_, mark, 1, &ref_mark) == napi_ok &&
                       napi_set_named_property(env_, exports, "REF", mark) == napi_ok &&
                       define_array(env_, exports, "refIds", kBatch, &ref_ids) &&
                       define_array(env_, exports, "refTypes", kBatch, &ref_types) &&
                       define_array(env_, exports, "refShapes", kBatch, &ref_shapes) &&
                       define_array(env_, exports, "refMoves", kBatch, &ref_moves) &&
                       define_array(env_, exports, "numbers", kBatch, &numbers) &&
                       define_array(env_, exports, "out", kOut, &out) &&
                       define_array(env_, exports, "absence", 1, &absence) &&
                       define_array(env_, exports, "lockAnswer", kLockAnswer, &lock_answer) &&
                       define_array(env_, exports, "tokens", kEvents, &events.tokens) &&
                       define_array(env_, exports, "fastResult", 2, &fast.result);
  if (defined) {
    *absence = 1;
  }
  return defined;
}

bool Environment::define_constants(napi_value exports) {
  struct Constant {
    const char *name;
    double value;
  };
  static const Constant modes[] = {
      {"borrow", SH_BORROW}, {"acquire", SH_ACQUIRE}, {"deref", SH_DEREF}};
  static const Constant types[] = {
#define SHB_TYPE(name, tag, js) {js, tag},
      SH_TYPE_MAP(SHB_TYPE)
#undef SHB_TYPE
  };
  static const Constant field_types[] = {
      {"string", SH_FIELD_STRING}, {"number", SH_FIELD_NUMBER}, {"boolean", SH_FIELD_BOOLEAN},
      {"bigint", SH_FIELD_BIGINT}, {"ref", SH_FIELD_REF},       {"any", SH_FIELD_ANY},
      {"typed", SH_FIELD_TYPED},   {"shaped", SH_FIELD_SHAPED}};
  static_assert(sizeof field_types / sizeof *field_types == SH_FIELD_TYPE_COUNT,
                "every field type has a name");
  static const Constant lock_kinds[] = {
      {"thread", SH_LOCK_THREAD}, {"task", SH_LOCK_TASK}, {"writer", SH_LOCK_WRITER}};
  static const Constant lock_states[] = {
      {"waiting", SH_LOCK_WAITING}, {"holding", SH_LOCK_HOLDING}, {"refused", SH_LOCK_REFUSED}};
  static const Constant limits[] = {{"textMax", SH_TEXT_MAX},
                                    {"fieldsMax", SH_FIELDS_MAX},
                                    {"bytesMax", static_cast<double>(SH_BYTES_MAX)},
                                    {"idLimit", static_cast<double>(SH_ID_LIMIT)}};
  const auto define = [this, exports](const char *name, const auto &constants) {
    napi_value object;
    if (napi_create_object(env_, &object) != napi_ok) {
      return false;
    }
    for (const Constant &constant : constants) {
      if (!set(env_, object, constant.name, constant.value)) {
        return false;
      }
    }
    return napi_object_freeze(env_, object) == napi_ok &&
           napi_set_named_property(env_, exports, name, object) == napi_ok;
  };
  napi_value layout;
  return set(env_, exports, "batch", kBatch) && define("modes", modes) && define("types", types) &&
         define("fieldTypes", field_types) && define("limits", limits) &&
         define("lockKinds", lock_kinds) && define("lockStates", lock_states) &&
         napi_create_object(env_, &layout) == napi_ok && define_view_layout(env_, layout) &&
         napi_set_named_property(env_, exports, "layout", layout) == napi_ok;
}

// Built-ins are looked up now: a script may replace the globals later.
bool Environment::define_helpers() {
  return evaluate(env_, "((...a) => a)", &collect) &&
         evaluate(env_, "((B) => (n) => new B(n))(ArrayBuffer)", &new_buffer) &&
         evaluate(env_,
                  "((length, apply, U) => (b) => {"
                  "  try { apply(length, b, []); } catch { return undefined; }"
                  "  return new U(b);"
                  "})(Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')"
                  ".get, Reflect.apply, Uint8Array)",
                  &over_shared);
}

bool Environment::define_methods(napi_value exports) {
  const MethodList lists[] = {heap_methods(),   string_number_methods(), map_methods(),
                              vector_methods(), record_methods(),        bytes_methods(),
                              queue_methods(),  view_methods(),          wait_methods(),
                              inspect_methods()};
  size_t count = 0;
  for (const MethodList &list : lists) {
    count += list.count;
  }
  bound_ = new (std::nothrow) Bound[count];
  if (bound_ == nullptr) {
    return false;
  }
  Bound *bound = bound_;
  for (const MethodList &list : lists) {
    for (size_t i = 0; i < list.count; i++, bound++) {
      const Method &method = list.methods[i];
      *bound = {this, &method};
      napi_value function;
      if (napi_create_function(env_, method.name, NAPI_AUTO_LENGTH, method.callback, bound,
                               &function) != napi_ok ||
          napi_set_named_property(env_, exports, method.name, function) != napi_ok) {
        return false;
      }
    }
  }
  return true;
}

napi_value init(napi_env env, napi_value exports) {
  if (Environment::create(env, exports) == nullptr) {
    bool pending = true;
    if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
      (void)napi_throw_error(env, "ERR_NODE_API", "shared-heap: the addon cannot be set up");
    }
  }
  return exports;
}

} // namespace shared_heap

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  std::string why;
  const shared_heap::Init init = shared_heap::init_of_process(&why);
  if (init == nullptr) {
    (void)napi_throw_error(env, "ERR_INCOMPATIBLE_COPY", why.c_str());
    return exports;
  }
  return init(env, exports);
}
