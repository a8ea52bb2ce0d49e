#include "convert.h"

#include <algorithm>
#include <cmath>

#include "external_string.h"

namespace shared_heap {

namespace {

// Units that one call reads at least; most strings are shorter.
constexpr size_t kOneCallUnits = 512;
constexpr double kTwo32 = 4294967296.0;

// Reads a string, or tells that it is none by *is_string. napi_get_value_string_utf16 says how much
// it wrote, not how much there is: a buffer filled to its end may hold a cut string, and only then
// the length is asked for. Units stay UTF-16 here; the core narrows what fits latin1, and only it.
bool try_text(const Call &call, napi_value value, sh_value *out, bool *is_string) {
  Arena &arena = call.state.arena;
  size_t room, length;
  auto *units = static_cast<char16_t *>(arena.reserve(kOneCallUnits * sizeof(char16_t), &room));
  if (units == nullptr) {
    return fail_memory(call);
  }
  size_t capacity = room / sizeof(char16_t);
  napi_status status = napi_get_value_string_utf16(call.env, value, units, capacity, &length);
  *is_string = status != napi_string_expected;
  if (!*is_string) {
    return true;
  }
  if (status == napi_ok && length + 1 >= capacity) {
    status = napi_get_value_string_utf16(call.env, value, nullptr, 0, &length);
    if (status == napi_ok) {
      capacity = length + 1; // for the terminator
      units = static_cast<char16_t *>(arena.reserve(capacity * sizeof(char16_t), &room));
      if (units == nullptr) {
        return fail_memory(call);
      }
      status = napi_get_value_string_utf16(call.env, value, units, capacity, &length);
    }
  }
  if (status != napi_ok) {
    return fail_node_api(call);
  }
  arena.commit(length * sizeof(char16_t));
  *out = sh_value{};
  out->kind = SH_KIND_STRING;
  out->wide = true;
  out->length = static_cast<uint32_t>(length);
  out->chars = units;
  return true;
}

bool read_bigint(const Call &call, napi_value value, sh_value *out) {
  constexpr size_t kUsualWords = 4;
  int negative = 0;
  size_t count = kUsualWords;
  auto *digits = call.state.arena.take<uint64_t>(count);
  if (digits == nullptr) {
    return fail_memory(call);
  }
  napi_status status = napi_get_value_bigint_words(call.env, value, &negative, &count, digits);
  if (status == napi_ok && count >= kUsualWords) {
    // How many there are; Deno (2.9) said only how many of them there was room for.
    status = napi_get_value_bigint_words(call.env, value, nullptr, &count, nullptr);
  }
  if (status == napi_ok && count > kUsualWords) {
    digits = call.state.arena.take<uint64_t>(count);
    if (digits == nullptr) {
      return fail_memory(call);
    }
    status = napi_get_value_bigint_words(call.env, value, &negative, &count, digits);
  }
  if (status != napi_ok) {
    return fail_node_api(call);
  }
  *out = sh_value{};
  out->kind = SH_KIND_BIGINT;
  out->negative = negative != 0;
  out->length = static_cast<uint32_t>(count);
  out->digits = digits;
  return true;
}

bool read_ref(const Call &call, napi_value value, uint32_t number, const char *name,
              sh_value *out) {
  napi_value mark;
  bool same = false;
  if (napi_get_reference_value(call.env, call.state.ref_mark, &mark) != napi_ok ||
      napi_strict_equals(call.env, value, mark, &same) != napi_ok) {
    return fail_node_api(call);
  }
  if (!same) {
    return fail_unsupported(call, name, value);
  }
  sh_id id;
  const sh_status status = sh_id_from_number(call.core, call.state.ref_ids[number], &id);
  if (status != SH_OK) {
    return fail_with(call, status, "the ref given as value has no valid id");
  }
  *out = sh_value{};
  out->kind = SH_KIND_REF;
  out->move = call.state.ref_moves[number] != 0;
  out->unscoped = call.state.ref_moves[number] == kMoveUnscoped;
  out->id = id;
  return true;
}

// Any value; no ref if `refs` is false.
bool read_any(const Call &call, napi_value value, const char *name, bool refs, uint32_t number,
              sh_value *out) {
  napi_valuetype type;
  if (napi_typeof(call.env, value, &type) != napi_ok) {
    return fail_node_api(call);
  }
  switch (type) {
  case napi_number:
    *out = sh_value{};
    out->kind = SH_KIND_NUMBER;
    return napi_get_value_double(call.env, value, &out->number) == napi_ok || fail_node_api(call);
  case napi_string: {
    bool is_string;
    return try_text(call, value, out, &is_string);
  }
  case napi_boolean:
    *out = sh_value{};
    out->kind = SH_KIND_BOOLEAN;
    return napi_get_value_bool(call.env, value, &out->boolean) == napi_ok || fail_node_api(call);
  case napi_undefined:
  case napi_null:
    *out = sh_value{};
    out->kind = type == napi_null ? SH_KIND_NULL : SH_KIND_UNDEFINED;
    return true;
  case napi_bigint:
    return read_bigint(call, value, out);
  case napi_object:
    if (refs) {
      return read_ref(call, value, number, name, out);
    }
    break;
  default:
    break;
  }
  return fail_unsupported(call, name, value);
}

} // namespace

// --- in ------------------------------------------------------------------------------------

bool read_id(Call &call) {
  double number;
  if (napi_get_value_double(call.env, call.args[0], &number) != napi_ok ||
      sh_id_from_number(call.core, number, &call.id) != SH_OK) {
    return fail_id(call, call.args[0]);
  }
  return true;
}

bool read_number(const Call &call, size_t arg, const char *name, double *out) {
  return napi_get_value_double(call.env, call.args[arg], out) == napi_ok ||
         fail_type(call, name, "a number", call.args[arg]);
}

bool read_boolean(const Call &call, size_t arg, const char *name, bool *out) {
  return napi_get_value_bool(call.env, call.args[arg], out) == napi_ok ||
         fail_type(call, name, "a boolean", call.args[arg]);
}

bool read_text(const Call &call, size_t arg, const char *name, sh_value *out) {
  bool is_string;
  if (!try_text(call, call.args[arg], out, &is_string)) {
    return false;
  }
  return is_string || fail_type(call, name, "a string", call.args[arg]);
}

bool read_key(const Call &call, size_t arg, sh_value *out) {
  // Most keys are strings: asking for the text first saves the call that asks for the type.
  bool is_string;
  if (!try_text(call, call.args[arg], out, &is_string)) {
    return false;
  }
  return is_string || read_any(call, call.args[arg], "key", false, 0, out);
}

bool read_value(const Call &call, size_t arg, uint32_t number, sh_value *out) {
  return read_any(call, call.args[arg], "value", true, number, out);
}

bool read_values(const Call &call, size_t first, sh_value **out, uint32_t *count) {
  if (!check_batch(call, first)) {
    return false;
  }
  const auto n = static_cast<uint32_t>(call.argc > first ? call.argc - first : 0);
  sh_value *values = call.state.values_in();
  if (values == nullptr) {
    return fail_memory(call);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (!read_value(call, first + i, i, &values[i])) {
      return false;
    }
  }
  *out = values;
  *count = n;
  return true;
}

bool read_index(const Call &call, size_t arg, const char *name, uint32_t *out) {
  double number;
  if (!read_number(call, arg, name, &number)) {
    return false;
  }
  const bool integer = number >= 0 && number < kTwo32 - 1 && number == std::trunc(number);
  *out = integer ? static_cast<uint32_t>(number) : kNoIndex;
  return true;
}

bool read_position(const Call &call, size_t arg, const char *name, int64_t *out) {
  double number;
  if (!read_number(call, arg, name, &number)) {
    return false;
  }
  // Beyond 2^32 either way there is nothing but the ends.
  const bool whole = number == std::trunc(number);
  *out = whole ? static_cast<int64_t>(std::clamp(number, -kTwo32, kTwo32)) : kNoPosition;
  return true;
}

bool read_clamped(const Call &call, size_t arg, const char *name, uint32_t *out) {
  double number;
  if (!read_number(call, arg, name, &number)) {
    return false;
  }
  if (!(number >= 0) || number != std::trunc(number)) {
    return fail_range(call, name, "an integer from 0 on", call.args[arg]);
  }
  *out = number < kTwo32 ? static_cast<uint32_t>(number) : UINT32_MAX;
  return true;
}

bool read_uint(const Call &call, size_t arg, const char *name, uint32_t max, uint32_t *out) {
  double number;
  if (!read_number(call, arg, name, &number)) {
    return false;
  }
  if (!(number >= 0 && number <= max) || number != std::trunc(number)) {
    return fail_range(call, name, "an integer from 0 to " + std::to_string(max), call.args[arg]);
  }
  *out = static_cast<uint32_t>(number);
  return true;
}

bool keep_function(const Call &call, const char *name, const char *expected, napi_ref *place) {
  napi_valuetype type;
  napi_ref reference;
  if (napi_typeof(call.env, call.args[0], &type) != napi_ok) {
    return fail_node_api(call);
  }
  if (type != napi_function) {
    return fail_type(call, name, expected, call.args[0]);
  }
  if (napi_create_reference(call.env, call.args[0], 1, &reference) != napi_ok) {
    return fail_node_api(call);
  }
  if (*place != nullptr) {
    (void)napi_delete_reference(call.env, *place);
  }
  *place = reference;
  return true;
}

bool read_mode(const Call &call, size_t arg, sh_mode *out) {
  uint32_t mode;
  if (!read_uint(call, arg, "mode", SH_DEREF, &mode)) {
    return false;
  }
  *out = static_cast<sh_mode>(mode);
  return true;
}

bool check_batch(const Call &call, size_t first) {
  if (call.argc <= first + kBatch) {
    return true;
  }
  return fail_with(call, SH_E_OUT_OF_RANGE,
                   "at most " + std::to_string(kBatch) + " values in one call, got " +
                       std::to_string(call.argc - first));
}

// --- out -----------------------------------------------------------------------------------

namespace {

// Long texts are not copied: then the string takes the pin.
napi_status text_to_js(const Call &call, sh_value *value, napi_value *out) {
  if (make_external_string(call, value, out)) {
    return napi_ok;
  }
  if (value->wide) {
    return napi_create_string_utf16(call.env, static_cast<const char16_t *>(value->chars),
                                    value->length, out);
  }
  return napi_create_string_latin1(call.env, static_cast<const char *>(value->chars), value->length,
                                   out);
}

napi_status bigint_to_js(const Call &call, const sh_value &value, napi_value *out) {
  const uint64_t none = 0; // Node-API refuses NULL, also for no words
  return napi_create_bigint_words(call.env, value.negative ? 1 : 0, value.length,
                                  value.length == 0 ? &none : value.digits, out);
}

napi_status ref_to_js(const Call &call, const sh_value &value, uint32_t number, napi_value *out) {
  call.state.ref_ids[number] = static_cast<double>(value.id);
  call.state.ref_types[number] = value.type;
  call.state.ref_shapes[number] = value.type == SH_TYPE_RECORD ? value.length : 0;
  return napi_get_reference_value(call.env, call.state.ref_mark, out);
}

void unpin(const Call &call, sh_value *value) {
  if (value->pin == 0) {
    return;
  }
  sh_unpin(sh_env_heap(call.core), value->pin);
  value->pin = 0;
}

} // namespace

bool to_js(const Call &call, sh_value *value, uint32_t number, napi_value *out) {
  napi_status status = napi_ok;
  *out = nullptr;
  switch (static_cast<sh_kind>(value->kind)) {
  case SH_KIND_UNDEFINED:
    return true;
  case SH_KIND_NULL:
    status = napi_get_null(call.env, out);
    break;
  case SH_KIND_BOOLEAN:
    status = napi_get_boolean(call.env, value->boolean, out);
    break;
  case SH_KIND_NUMBER:
    status = napi_create_double(call.env, value->number, out);
    break;
  case SH_KIND_STRING:
    status = text_to_js(call, value, out);
    break;
  case SH_KIND_BIGINT:
    status = bigint_to_js(call, *value, out);
    break;
  case SH_KIND_REF:
    status = ref_to_js(call, *value, number, out);
    break;
  }
  unpin(call, value);
  return status == napi_ok || fail_node_api(call);
}

napi_value deliver(const Call &call, sh_value *value, Claims claims) {
  napi_value result;
  if (to_js(call, value, 0, &result)) {
    return result;
  }
  give_up_claims(call, value, 1, claims);
  return nullptr;
}

bool to_js_each(const Call &call, sh_value *values, uint32_t count, uint32_t number,
                napi_value *handles, Claims claims) {
  uint32_t done = 0;
  while (done < count && to_js(call, &values[done], number + done, &handles[done])) {
    done++;
  }
  if (done == count) {
    return true;
  }
  for (uint32_t i = done; i < count; i++) {
    unpin(call, &values[i]);
  }
  give_up_claims(call, values, count, claims);
  return false;
}

napi_value deliver_array(const Call &call, sh_value *values, uint32_t count, Claims claims) {
  napi_value handles[kBatch];
  if (!to_js_each(call, values, count, 0, handles, claims)) {
    return nullptr;
  }
  napi_value result = collect_array(call, handles, count);
  if (result == nullptr) {
    give_up_claims(call, values, count, claims);
  }
  return result;
}

napi_value collect_array(const Call &call, napi_value *handles, uint32_t count) {
  napi_value undefined, function, result;
  if (napi_get_undefined(call.env, &undefined) != napi_ok ||
      napi_get_reference_value(call.env, call.state.collect, &function) != napi_ok) {
    return fail_node_api(call);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (handles[i] == nullptr) {
      handles[i] = undefined;
    }
  }
  if (napi_call_function(call.env, undefined, function, count, handles, &result) != napi_ok) {
    return fail_node_api(call);
  }
  return result;
}

void give_up_claims(const Call &call, const sh_value *values, uint32_t count, Claims claims) {
  if (claims == Claims::kNone) {
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    // Another thread may have dropped this very claim by id: then there is nothing to give up.
    if (values[i].kind == SH_KIND_REF) {
      (void)sh_drop(call.core, values[i].id);
    }
  }
}

napi_value read_sequence(Call &call, SequenceReader read) {
  uint32_t start, limit, count = 0, version = 0;
  sh_mode mode;
  if (!read_id(call) || !read_clamped(call, 1, "start", &start) ||
      !read_uint(call, 2, "limit", kBatch, &limit) || !read_mode(call, 3, &mode)) {
    return nullptr;
  }
  sh_value *values = call.state.values_out();
  if (values == nullptr) {
    return fail_memory(call);
  }
  const sh_status status = read(call.core, call.id, start, mode, limit, values, &count, &version);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[3] = version;
  return deliver_array(call, values, count, claims_of(mode));
}

napi_value to_js_boolean(const Call &call, bool value) {
  napi_value result;
  return napi_get_boolean(call.env, value, &result) == napi_ok ? result : fail_node_api(call);
}

napi_value to_js_number(const Call &call, double value) {
  napi_value result;
  return napi_create_double(call.env, value, &result) == napi_ok ? result : fail_node_api(call);
}

napi_value deliver_id(const Call &call, sh_id id) {
  napi_value result = to_js_number(call, static_cast<double>(id));
  if (result == nullptr) {
    (void)sh_drop(call.core, id);
  }
  return result;
}

} // namespace shared_heap
