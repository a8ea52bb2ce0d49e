// StringRef and NumberRef.
#include "convert.h"

namespace shared_heap {

namespace {

// --- StringRef -----------------------------------------------------------------------------

napi_value string_new(Call &call) {
  sh_value text;
  sh_id id;
  if (!read_text(call, 0, "text", &text)) {
    return nullptr;
  }
  const sh_status status = sh_string_new(call.core, &text, &id);
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value string_get(Call &call) {
  sh_value text{};
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_string_get(call.core, call.id, &text);
  return status == SH_OK ? deliver(call, &text, Claims::kNone) : fail(call, status);
}

napi_value string_length(Call &call) {
  uint32_t length;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_string_length(call.core, call.id, &length);
  return status == SH_OK ? to_js_number(call, length) : fail(call, status);
}

napi_value string_set(Call &call) {
  sh_value text;
  if (!read_id(call) || !read_text(call, 1, "text", &text)) {
    return nullptr;
  }
  const sh_status status = sh_string_set(call.core, call.id, &text);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value string_compare_exchange(Call &call) {
  sh_value expected, next, old{};
  bool exchanged = false;
  if (!read_id(call) || !read_text(call, 1, "expected", &expected) ||
      !read_text(call, 2, "next", &next)) {
    return nullptr;
  }
  const sh_status status =
      sh_string_compare_exchange(call.core, call.id, &expected, &next, &exchanged, &old);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = exchanged ? 1 : 0;
  return deliver(call, &old, Claims::kNone);
}

// --- NumberRef -----------------------------------------------------------------------------

napi_value number_new(Call &call) {
  double value;
  sh_id id;
  if (!read_number(call, 0, "value", &value)) {
    return nullptr;
  }
  const sh_status status = sh_number_new(call.core, value, &id);
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value number_get(Call &call) {
  double value;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_number_get(call.core, call.id, &value);
  return status == SH_OK ? to_js_number(call, value) : fail(call, status);
}

bool update(Call &call, const char *name, sh_number_op op, double *old) {
  double operand;
  if (!read_id(call) || !read_number(call, 1, name, &operand)) {
    return false;
  }
  const sh_status status = sh_number_update(call.core, call.id, op, operand, old);
  return status == SH_OK || fail(call, status);
}

napi_value number_set(Call &call) {
  (void)update(call, "value", SH_NUMBER_SET, nullptr);
  return nullptr;
}

template <sh_number_op op> napi_value number_update(Call &call) {
  double old;
  const char *name = op == SH_NUMBER_SET ? "next" : "n";
  return update(call, name, op, &old) ? to_js_number(call, old) : nullptr;
}

napi_value number_compare_exchange(Call &call) {
  double expected, next, old;
  bool exchanged;
  if (!read_id(call) || !read_number(call, 1, "expected", &expected) ||
      !read_number(call, 2, "next", &next)) {
    return nullptr;
  }
  const sh_status status =
      sh_number_compare_exchange(call.core, call.id, expected, next, &old, &exchanged);
  return status == SH_OK ? to_js_number(call, old) : fail(call, status);
}

constexpr sh_type kString = SH_TYPE_STRING;
constexpr sh_type kNumber = SH_TYPE_NUMBER;
constexpr Method kMethods[] = {
    {"stringNew", "StringRef.from", SH_TYPE_NONE, enter<string_new, 1>},
    {"stringGet", "StringRef.obtainValue", kString, enter<string_get, 1>},
    {"stringLength", "StringRef.length", kString, enter<string_length, 1>},
    {"stringSet", "StringRef.setValue", kString, enter<string_set, 2>},
    {"stringCompareExchange", "StringRef.compareExchange", kString,
     enter<string_compare_exchange, 3>},
    {"numberNew", "NumberRef.from", SH_TYPE_NONE, enter<number_new, 1>},
    {"numberGet", "NumberRef.obtainValue", kNumber, enter<number_get, 1>},
    {"numberSet", "NumberRef.setValue", kNumber, enter<number_set, 2>},
    {"numberAdd", "NumberRef.add", kNumber, enter<number_update<SH_NUMBER_ADD>, 2>},
    {"numberSub", "NumberRef.sub", kNumber, enter<number_update<SH_NUMBER_SUB>, 2>},
    {"numberExchange", "NumberRef.exchange", kNumber, enter<number_update<SH_NUMBER_SET>, 2>},
    {"numberCompareExchange", "NumberRef.compareExchange", kNumber,
     enter<number_compare_exchange, 3>},
};

} // namespace

MethodList string_number_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
