// BufferRef.
#include <cmath>
#include <cstring>
#include <new>

#include "convert.h"
#include "foreign_buffer.h"

namespace shared_heap {

namespace {

napi_value deliver_bytes(const Call &call, const void *data, uint64_t length) {
  sh_id id;
  const sh_status status = sh_bytes_new(call.core, data, length, &id);
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value bytes_new(Call &call) {
  constexpr auto kMax = static_cast<double>(SH_BYTES_MAX);
  double length;
  if (!read_number(call, 0, "length", &length)) {
    return nullptr;
  }
  if (!(length >= 0 && length <= kMax) || length != std::trunc(length)) {
    return fail_range(call, "length", "an integer from 0 to " + std::to_string(SH_BYTES_MAX),
                      call.args[0]);
  }
  return deliver_bytes(call, nullptr, static_cast<uint64_t>(length));
}

// --- bytesFrom -----------------------------------------------------------------------------

struct Span {
  void *data;
  size_t length; // bytes
};

constexpr auto kUnknownArray = static_cast<napi_typedarray_type>(15);

// 0 for a type that is not known here.
size_t element_size(int type) {
  constexpr int kFloat16Array = 11; // of newer headers than those of Node-API 8
  switch (type) {
  case napi_int8_array:
  case napi_uint8_array:
  case napi_uint8_clamped_array:
    return 1;
  case napi_int16_array:
  case napi_uint16_array:
  case kFloat16Array:
    return 2;
  case napi_int32_array:
  case napi_uint32_array:
  case napi_float32_array:
    return 4;
  case napi_float64_array:
  case napi_bigint64_array:
  case napi_biguint64_array:
    return 8;
  default:
    return 0;
  }
}

// The bytes of a typed array, DataView or ArrayBuffer, and its buffer; false if `value` is none.
bool bytes_of(napi_env env, napi_value value, Span *out, napi_value *buffer) {
  auto type = kUnknownArray; // left alone for a type that Node-API does not know
  size_t offset;
  if (napi_get_typedarray_info(env, value, &type, &out->length, &out->data, buffer, &offset) ==
      napi_ok) {
    const size_t size = element_size(type);
    out->length *= size;
    return size != 0;
  }
  if (napi_get_dataview_info(env, value, &out->length, &out->data, buffer, &offset) == napi_ok) {
    return true;
  }
  *buffer = value;
  return napi_get_arraybuffer_info(env, value, &out->data, &out->length) == napi_ok;
}

// A Uint8Array over a SharedArrayBuffer; undefined if `value` is none.
bool view_of_shared(const Call &call, napi_value value, napi_value *out) {
  napi_value undefined = nullptr, function = nullptr;
  return (napi_get_undefined(call.env, &undefined) == napi_ok &&
          napi_get_reference_value(call.env, call.state.over_shared, &function) == napi_ok &&
          napi_call_function(call.env, undefined, function, 1, &value, out) == napi_ok) ||
         fail_node_api(call);
}

napi_value bytes_from(Call &call) {
  napi_value buffer, view = nullptr;
  Span span{};
  if (!bytes_of(call.env, call.args[0], &span, &buffer)) {
    if (!view_of_shared(call, call.args[0], &view)) {
      return nullptr;
    }
    if (!bytes_of(call.env, view, &span, &buffer)) {
      return fail_type(call, "data", "an ArrayBuffer, a typed array or a DataView", call.args[0]);
    }
  }
  bool detached = false;
  if (napi_is_detached_arraybuffer(call.env, buffer, &detached) == napi_ok && detached) {
    return fail_type(call, "data", "bytes of a buffer that is not detached", call.args[0]);
  }
  return deliver_bytes(call, span.length == 0 ? nullptr : span.data, span.length);
}

// --- views and copies ----------------------------------------------------------------------

napi_value bytes_length(Call &call) {
  uint64_t length;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_bytes_length(call.core, call.id, &length);
  return status == SH_OK ? to_js_number(call, static_cast<double>(length)) : fail(call, status);
}

napi_value new_buffer(const Call &call, uint64_t length) {
  napi_value undefined, function, argument, buffer;
  if (napi_get_undefined(call.env, &undefined) != napi_ok ||
      napi_get_reference_value(call.env, call.state.new_buffer, &function) != napi_ok ||
      napi_create_double(call.env, static_cast<double>(length), &argument) != napi_ok ||
      napi_call_function(call.env, undefined, function, 1, &argument, &buffer) != napi_ok) {
    return fail_node_api(call);
  }
  return buffer;
}

// The pin of a view, given up when the last buffer over its memory is gone.
struct ViewPin {
  sh_heap *heap;
  uint64_t pin;
};

void release_view(void * /*data*/, size_t /*length*/, void *arg) {
  auto *pin = static_cast<ViewPin *>(arg);
  sh_unpin(pin->heap, pin->pin);
  delete pin;
}

// Asks the engine once.
bool may_view(const Call &call) {
  Environment &state = call.state;
  if (!state.views_allowed) {
    const napi_status status = foreign_buffers(call.env);
    if (status == napi_no_external_buffers_allowed) {
      fail_code(call, "ERR_NO_EXTERNAL_BUFFERS",
                "this JS engine allows no buffers over memory outside its own, "
                "use obtainValue()");
      return false;
    }
    if (status != napi_ok) {
      return fail_node_api(call);
    }
    state.views_allowed = true;
  }
  return true;
}

napi_value bytes_view(Call &call) {
  void *data;
  uint64_t length, pin;
  if (!read_id(call) || !may_view(call)) {
    return nullptr;
  }
  const sh_status status = sh_bytes_pin(call.core, call.id, &data, &length, &pin);
  if (status != SH_OK) {
    return fail(call, status);
  }
  sh_heap *heap = sh_env_heap(call.core);
  if (length == 0) {
    sh_unpin(heap, pin);
    return new_buffer(call, 0);
  }
  auto *view_pin = new (std::nothrow) ViewPin{heap, pin};
  if (view_pin == nullptr) {
    sh_unpin(heap, pin);
    return fail_memory(call);
  }
  napi_value buffer;
  if (make_foreign_buffer(call.env, data, length, release_view, view_pin, &buffer) != napi_ok) {
    release_view(data, length, view_pin);
    return fail_node_api(call);
  }
  return buffer;
}

napi_value bytes_copy(Call &call) {
  void *data, *copy;
  uint64_t length, pin;
  size_t copied;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_bytes_pin(call.core, call.id, &data, &length, &pin);
  if (status != SH_OK) {
    return fail(call, status);
  }
  napi_value buffer = new_buffer(call, length);
  if (buffer != nullptr &&
      (napi_get_arraybuffer_info(call.env, buffer, &copy, &copied) != napi_ok || copied < length)) {
    buffer = fail_node_api(call);
  }
  if (buffer != nullptr && length != 0) {
    std::memcpy(copy, data, length);
  }
  sh_unpin(sh_env_heap(call.core), pin);
  return buffer;
}

constexpr sh_type kType = SH_TYPE_BYTES;
constexpr Method kMethods[] = {
    {"bytesNew", "BufferRef.alloc", SH_TYPE_NONE, enter<bytes_new, 1>},
    {"bytesFrom", "BufferRef.from", SH_TYPE_NONE, enter<bytes_from, 1>},
    {"bytesLength", "BufferRef.byteLength", kType, enter<bytes_length, 1>},
    {"bytesView", "BufferRef.view", kType, enter<bytes_view, 1>},
    {"bytesCopy", "BufferRef.obtainValue", kType, enter<bytes_copy, 1>},
};

} // namespace

MethodList bytes_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
