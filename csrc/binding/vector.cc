// VectorRef.
#include <cstring>

#include "convert.h"

namespace shared_heap {

namespace {

napi_value vector_new(Call &call) {
  sh_id id;
  const sh_status status = sh_vector_new(call.core, &id);
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value length(Call &call) {
  uint32_t n;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_vector_length(call.core, call.id, &n);
  return status == SH_OK ? to_js_number(call, n) : fail(call, status);
}

template <sh_mode mode> napi_value get(Call &call) {
  int64_t index;
  sh_value value{};
  bool found;
  if (!read_id(call) || !read_position(call, 1, "index", &index)) {
    return nullptr;
  }
  const sh_status status = sh_vector_get(call.core, call.id, index, mode, &value, &found);
  return status == SH_OK ? deliver(call, &value, claims_of(mode)) : fail(call, status);
}

napi_value set(Call &call) {
  uint32_t index;
  sh_value value;
  if (!read_id(call) || !read_index(call, 1, "index", &index) || !read_value(call, 2, 0, &value)) {
    return nullptr;
  }
  const sh_status status = sh_vector_set(call.core, call.id, index, &value);
  if (status == SH_OK) {
    return nullptr;
  }
  uint32_t n;
  if (status == SH_E_OUT_OF_RANGE && sh_vector_length(call.core, call.id, &n) == SH_OK &&
      index >= n) {
    return fail_range(call, "index", "below the length, " + std::to_string(n), call.args[1]);
  }
  return fail(call, status, &value, 1);
}

template <sh_status (*insert)(sh_env *, sh_id, const sh_value *, uint32_t, uint32_t *)>
napi_value insert_at_end(Call &call) {
  sh_value *values;
  uint32_t count, n;
  if (!read_id(call) || !read_values(call, 1, &values, &count)) {
    return nullptr;
  }
  const sh_status status = insert(call.core, call.id, values, count, &n);
  return status == SH_OK ? to_js_number(call, n) : fail(call, status, values, count);
}

napi_value push_numbers(Call &call) {
  uint32_t count, n;
  if (!read_id(call) || !read_uint(call, 1, "count", kBatch, &count)) {
    return nullptr;
  }
  sh_value *values = call.state.values_in();
  if (values == nullptr) {
    return fail_memory(call);
  }
  for (uint32_t i = 0; i < count; i++) {
    values[i] = sh_value{};
    values[i].kind = SH_KIND_NUMBER;
    values[i].number = call.state.numbers[i];
  }
  const sh_status status = sh_vector_push(call.core, call.id, values, count, &n);
  return status == SH_OK ? to_js_number(call, n) : fail(call, status);
}

template <sh_status (*take)(sh_env *, sh_id, sh_value *, bool *)>
napi_value take_from_end(Call &call) {
  sh_value value{};
  bool found = false;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = take(call.core, call.id, &value, &found);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = found ? 1 : 0;
  return deliver(call, &value, Claims::kOwned);
}

napi_value remove_at(Call &call) {
  uint32_t index;
  bool found;
  if (!read_id(call) || !read_index(call, 1, "index", &index)) {
    return nullptr;
  }
  const sh_status status = sh_vector_remove_at(call.core, call.id, index, &found);
  return status == SH_OK ? to_js_boolean(call, found) : fail(call, status);
}

napi_value splice(Call &call) {
  int64_t start;
  uint32_t remove, count, removed = 0;
  sh_value *values;
  if (!read_id(call) || !read_position(call, 1, "start", &start) ||
      !read_clamped(call, 2, "remove", &remove) || !read_values(call, 3, &values, &count)) {
    return nullptr;
  }
  sh_value *out = call.state.values_out();
  if (out == nullptr) {
    return fail_memory(call);
  }
  const sh_status status =
      sh_vector_splice(call.core, call.id, start, remove, values, count, out, &removed);
  if (status == SH_E_OUT_OF_RANGE && removed > kBatch) {
    return nullptr;
  }
  if (status != SH_OK) {
    return fail(call, status, values, count);
  }
  return deliver_array(call, out, removed, Claims::kOwned);
}

napi_value take_many(Call &call) {
  uint32_t limit, removed = 0;
  if (!read_id(call) || !read_uint(call, 1, "limit", kBatch, &limit)) {
    return nullptr;
  }
  sh_value *out = call.state.values_out();
  if (out == nullptr) {
    return fail_memory(call);
  }
  const sh_status status =
      sh_vector_splice(call.core, call.id, 0, limit, nullptr, 0, out, &removed);
  return status == SH_OK ? deliver_array(call, out, removed, Claims::kOwned) : fail(call, status);
}

napi_value fill(Call &call) {
  sh_value value;
  int64_t start, end;
  if (!read_id(call) || !read_value(call, 1, 0, &value) ||
      !read_position(call, 2, "start", &start) || !read_position(call, 3, "end", &end)) {
    return nullptr;
  }
  const sh_status status = sh_vector_fill(call.core, call.id, &value, start, end);
  if (status == SH_E_UNSUPPORTED_VALUE && value.move) {
    return fail_with(call, status, "a moved ref fills exactly one place");
  }
  return status == SH_OK ? nullptr : fail(call, status, &value, 1);
}

template <sh_status (*change)(sh_env *, sh_id)> napi_value change_all(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = change(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value index_of(Call &call) {
  sh_value value;
  int64_t from;
  uint32_t index;
  bool backwards, same_value_zero, found;
  if (!read_id(call) || !read_value(call, 1, 0, &value) || !read_position(call, 2, "from", &from) ||
      !read_boolean(call, 3, "backwards", &backwards) ||
      !read_boolean(call, 4, "sameValueZero", &same_value_zero)) {
    return nullptr;
  }
  const sh_status status = sh_vector_index_of(call.core, call.id, &value, from, backwards,
                                              same_value_zero, &index, &found);
  if (status != SH_OK) {
    return fail(call, status, &value, 1);
  }
  return to_js_number(call, found ? static_cast<double>(index) : -1);
}

napi_value permute(Call &call) {
  uint32_t version;
  napi_typedarray_type type;
  size_t n;
  void *data;
  if (!read_id(call) || !read_uint(call, 1, "version", UINT32_MAX, &version)) {
    return nullptr;
  }
  if (napi_get_typedarray_info(call.env, call.args[2], &type, &n, &data, nullptr, nullptr) !=
          napi_ok ||
      type != napi_uint32_array) {
    return fail_type(call, "order", "a Uint32Array", call.args[2]);
  }
  if (n > SH_VECTOR_MAX) {
    return fail_range(call, "order", "a permutation", call.args[2]);
  }
  // The core checks the order and then uses it: it must not change in between, as an array over
  // shared memory might.
  auto *order = call.state.arena.take<uint32_t>(n);
  if (order == nullptr) {
    return fail_memory(call);
  }
  if (n != 0) {
    std::memcpy(order, data, n * sizeof *order);
  }
  const sh_status status =
      sh_vector_permute(call.core, call.id, version, order, static_cast<uint32_t>(n));
  if (status == SH_E_OUT_OF_RANGE) {
    return fail_with(call, status, "order is not a permutation of the vector's indices");
  }
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value read_elements(Call &call) { return read_sequence(call, sh_vector_read); }

constexpr sh_type kType = SH_TYPE_VECTOR;
constexpr Method kMethods[] = {
    {"vectorNew", "new VectorRef", SH_TYPE_NONE, enter<vector_new, 0>},
    {"vectorLength", "VectorRef.length", kType, enter<length, 1>},
    {"vectorGet", "VectorRef.at", kType, enter<get<SH_BORROW>, 2>},
    {"vectorAcquire", "VectorRef.acquire", kType, enter<get<SH_ACQUIRE>, 2>},
    {"vectorGetValue", "VectorRef.valueAt", kType, enter<get<SH_DEREF>, 2>},
    {"vectorSet", "VectorRef.setAt", kType, enter<set, 3>},
    {"vectorPush", "VectorRef.push", kType, enter<insert_at_end<sh_vector_push>, kBatch + 1>},
    {"vectorUnshift", "VectorRef.unshift", kType,
     enter<insert_at_end<sh_vector_unshift>, kBatch + 1>},
    {"vectorPushNumbers", "VectorRef.push", kType, enter<push_numbers, 2>},
    {"vectorPop", "VectorRef.pop", kType, enter<take_from_end<sh_vector_pop>, 1>},
    {"vectorShift", "VectorRef.shift", kType, enter<take_from_end<sh_vector_shift>, 1>},
    {"vectorRemoveAt", "VectorRef.removeAt", kType, enter<remove_at, 2>},
    {"vectorSplice", "VectorRef.splice", kType, enter<splice, kBatch + 3>},
    {"vectorTakeMany", "VectorRef.takeMany", kType, enter<take_many, 2>},
    {"vectorFill", "VectorRef.fill", kType, enter<fill, 4>},
    {"vectorReverse", "VectorRef.reverse", kType, enter<change_all<sh_vector_reverse>, 1>},
    {"vectorClear", "VectorRef.clear", kType, enter<change_all<sh_vector_clear>, 1>},
    {"vectorIndexOf", "VectorRef.indexOf", kType, enter<index_of, 5>},
    {"vectorRead", "VectorRef iteration", kType, enter<read_elements, 4>},
    {"vectorPermute", "VectorRef.sort", kType, enter<permute, 3>},
};

} // namespace

MethodList vector_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
