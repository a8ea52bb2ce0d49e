#include "error.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace shared_heap {

namespace {

const char *hint(sh_status status) {
  switch (status) {
  case SH_E_USE_AFTER_FREE:
    return "make a new one, or keep it alive with retain() or acquire()";
  case SH_E_TYPE_MISMATCH:
    return "use the class of its type, or refFromId(id)";
  case SH_E_INVALID_ID:
    return "create an object with `new X()` or pass an id that came from `.id`";
  case SH_E_NO_CLAIM:
    return "containers hold it: take it out of them, or clear them";
  case SH_E_HEAP_FULL:
    return "drop() what is no longer needed, or configure({ reserve, limit }) with more";
  case SH_E_UNKNOWN_FIELD:
    return "use a field of its StructFactory's shape";
  case SH_E_CONFLICT:
    return "try again";
  case SH_E_BUSY:
    return "try again when it is unlocked";
  case SH_E_QUEUE_CLOSED:
    return "push before close(), or make a new queue";
  case SH_E_TOO_MANY:
    return "drop() some of them";
  case SH_E_ALREADY_CONFIGURED:
    return "call configure() before the first object is made";
  case SH_E_RESERVE_FAILED:
    return "ask for less by SHARED_HEAP_RESERVE or configure({ reserve }), or raise `ulimit -v`";
  case SH_E_CORRUPT:
    return "heap.verify() tells more; please report it";
  default:
    return nullptr;
  }
}

// ", id 342 (MapRef)". A dead object's type is no longer known: then what the function works on.
std::string subject(const Call &call, sh_id id, sh_type otherwise) {
  if (id == 0 || call.core == nullptr || id == sh_names_id(sh_env_heap(call.core))) {
    return "";
  }
  sh_type type = sh_id_type(call.core, static_cast<double>(id), nullptr);
  if (type == SH_TYPE_NONE) {
    type = otherwise;
  }
  return ", id " + std::to_string(id) + " (" + type_name(type) + ")";
}

// The ref among `values` that `status` is about, or NULL if it is about the object itself.
const sh_value *culprit(const Call &call, sh_status status, const sh_value *values,
                        uint32_t count) {
  if (count == 0) {
    return nullptr;
  }
  if (call.id != 0 && call.id != sh_names_id(sh_env_heap(call.core)) &&
      sh_id_check(call.core, call.id, call.method.type, nullptr) != SH_OK) {
    return nullptr;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (values[i].kind != SH_KIND_REF) {
      continue;
    }
    uint32_t claims = 0, holds = 0;
    switch (status) {
    case SH_E_USE_AFTER_FREE:
    case SH_E_INVALID_ID:
      if (sh_id_check(call.core, values[i].id, SH_TYPE_NONE, nullptr) == status) {
        return &values[i];
      }
      break;
    case SH_E_NO_CLAIM:
      if (values[i].move && sh_id_counts(call.core, values[i].id, &claims, &holds) == SH_OK &&
          claims == 0) {
        return &values[i];
      }
      break;
    case SH_E_TOO_MANY:
      return &values[i];
    default:
      return nullptr;
    }
  }
  return nullptr;
}

// An error of the registered class; nullptr if none is registered or it cannot be made.
napi_value make_registered(const Call &call, napi_value code, napi_value message) {
  napi_value constructor, error;
  const napi_value arguments[] = {code, message};
  if (call.state.error_class == nullptr ||
      napi_get_reference_value(call.env, call.state.error_class, &constructor) != napi_ok ||
      napi_new_instance(call.env, constructor, 2, arguments, &error) != napi_ok) {
    return nullptr;
  }
  return error;
}

// Not Napi::Error: it keeps a reference to the error, and where napi_throw fails, as it does in a
// worker being terminated, it has paths that abort the process. Here a failure is just a failure.
napi_value throw_error(const Call &call, const char *code, char error_class,
                       const std::string &what) {
  const napi_env env = call.env;
  const std::string message = std::string(call.api) + ": " + what;
  napi_value js_code, js_message;
  if (napi_create_string_latin1(env, code, NAPI_AUTO_LENGTH, &js_code) != napi_ok ||
      napi_create_string_utf8(env, message.data(), message.size(), &js_message) != napi_ok) {
    return nullptr;
  }
  napi_value error = nullptr;
  if (error_class == 'S') {
    error = make_registered(call, js_code, js_message);
  }
  if (error == nullptr) {
    bool pending = true; // the constructor threw, or the worker is being terminated
    if (napi_is_exception_pending(env, &pending) != napi_ok || pending) {
      return nullptr;
    }
    const auto create = error_class == 'T'   ? napi_create_type_error
                        : error_class == 'R' ? napi_create_range_error
                                             : napi_create_error;
    if (create(env, js_code, js_message, &error) != napi_ok) {
      return nullptr;
    }
  }
  (void)napi_throw(env, error);
  return nullptr;
}

napi_value throw_status(const Call &call, sh_status status, const std::string &what) {
  return throw_error(call, sh_status_code(status), sh_status_class(status), what);
}

std::string number_text(double number) {
  if (std::isnan(number)) {
    return "NaN";
  }
  if (std::isinf(number)) {
    return number < 0 ? "-Infinity" : "Infinity";
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", number);
  if (std::strtod(text, nullptr) != number) {
    std::snprintf(text, sizeof text, "%.17g", number);
  }
  return text;
}

std::string quoted(napi_env env, napi_value value) {
  constexpr size_t kShown = 32;
  char text[kShown * 3 + 1];
  size_t bytes = 0, units = 0;
  if (napi_get_value_string_utf8(env, value, text, sizeof text, &bytes) != napi_ok ||
      napi_get_value_string_utf16(env, value, nullptr, 0, &units) != napi_ok) {
    return "a string";
  }
  if (units <= kShown) {
    return "string \"" + std::string(text, bytes) + "\"";
  }
  return "a string of " + std::to_string(units) + " characters";
}

// What an object is, and how a value of that kind gets into the heap.
struct ObjectKind {
  const char *what;
  const char *way;
};

ObjectKind object_kind(napi_env env, napi_value value) {
  bool is = false;
  if (napi_is_date(env, value, &is) == napi_ok && is) {
    return {"a Date", "store its `.getTime()`"};
  }
  if ((napi_is_arraybuffer(env, value, &is) == napi_ok && is) ||
      (napi_is_typedarray(env, value, &is) == napi_ok && is) ||
      (napi_is_dataview(env, value, &is) == napi_ok && is)) {
    return {"binary data", "store `BufferRef.from(bytes)`"};
  }
  if (napi_is_array(env, value, &is) == napi_ok && is) {
    return {"an array", "store `share(value)`, or VectorRef.from(array)"};
  }
  if (napi_is_promise(env, value, &is) == napi_ok && is) {
    return {"a Promise", "await it and store its result"};
  }
  return {"an object", "store `share(value)`, or a ref"};
}

} // namespace

const char *type_name(sh_type type) {
  switch (type) {
#define SHB_NAME(name, tag, js)                                                                    \
  case SH_TYPE_##name:                                                                             \
    return js;
    SH_TYPE_MAP(SHB_NAME)
#undef SHB_NAME
  default:
    return "dead";
  }
}

std::string describe(napi_env env, napi_value value) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) {
    return "something else";
  }
  double number;
  bool boolean;
  switch (type) {
  case napi_undefined:
    return "undefined";
  case napi_null:
    return "null";
  case napi_boolean:
    if (napi_get_value_bool(env, value, &boolean) != napi_ok) {
      return "a boolean";
    }
    return boolean ? "true" : "false";
  case napi_number:
    if (napi_get_value_double(env, value, &number) != napi_ok) {
      return "a number";
    }
    return "number " + number_text(number);
  case napi_string:
    return quoted(env, value);
  case napi_symbol:
    return "a symbol";
  case napi_bigint:
    return "a bigint";
  case napi_function:
    return "a function";
  case napi_object:
    return object_kind(env, value).what;
  default:
    return "something else";
  }
}

napi_value fail(const Call &call, sh_status status, const sh_value *values, uint32_t count) {
  if (status == SH_E_BUSY && !call.busy) {
    call.busy = true;
    return nullptr;
  }
  std::string what = sh_status_text(status);
  const sh_value *value = culprit(call, status, values, count);
  if (value != nullptr) {
    what = "the ref given as value: " + what + subject(call, value->id, SH_TYPE_NONE);
  } else {
    what += subject(call, call.id, call.method.type);
  }
  if (const char *way = hint(status)) {
    what += std::string(", ") + way;
  }
  return throw_status(call, status, what);
}

napi_value fail_with(const Call &call, sh_status status, const std::string &what) {
  return throw_status(call, status, what + subject(call, call.id, call.method.type));
}

napi_value fail_type(const Call &call, const char *name, const char *expected, napi_value got) {
  return fail_with(call, SH_E_INVALID_ARG_TYPE,
                   std::string(name) + " must be " + expected + ", got " + describe(call.env, got));
}

napi_value fail_range(const Call &call, const char *name, const std::string &expected,
                      napi_value got) {
  return fail_with(call, SH_E_OUT_OF_RANGE,
                   std::string(name) + " must be " + expected + ", got " + describe(call.env, got));
}

napi_value fail_id(const Call &call, napi_value got) {
  return throw_status(call, SH_E_INVALID_ID,
                      describe(call.env, got) + " is " + sh_status_text(SH_E_INVALID_ID) + ", " +
                          hint(SH_E_INVALID_ID));
}

napi_value fail_unsupported(const Call &call, const char *name, napi_value got) {
  napi_valuetype type;
  if (napi_typeof(call.env, got, &type) != napi_ok) {
    return fail_node_api(call);
  }
  const bool key = std::strcmp(name, "key") == 0;
  std::string what =
      describe(call.env, got) + " cannot be a " + name + subject(call, call.id, call.method.type);
  if (key) {
    what += ", use a string, number, boolean, bigint, null or undefined";
  } else if (type == napi_object) {
    what += std::string(", ") + object_kind(call.env, got).way;
  } else {
    what += ", store data: a primitive, a ref or `share(value)`";
  }
  return throw_status(call, SH_E_UNSUPPORTED_VALUE, what);
}

napi_value fail_code(const Call &call, const char *code, const std::string &what) {
  return throw_error(call, code, 'S', what + subject(call, call.id, call.method.type));
}

napi_value fail_node_api(const Call &call) {
  const napi_extended_error_info *info = nullptr;
  const char *reason = nullptr;
  if (napi_get_last_error_info(call.env, &info) == napi_ok) {
    reason = info->error_message;
  }
  bool pending = true;
  if (napi_is_exception_pending(call.env, &pending) != napi_ok || pending) {
    return nullptr;
  }
  return throw_error(call, "ERR_NODE_API", 'S',
                     std::string("a Node-API call failed: ") + (reason ? reason : "no reason"));
}

napi_value fail_memory(const Call &call) {
  return fail_with(call, SH_E_HEAP_FULL, "the process is out of memory");
}

napi_value fail_open(const Call &call, sh_status status, const std::string &why) {
  return why.empty() ? fail(call, status) : throw_status(call, status, why);
}

} // namespace shared_heap
