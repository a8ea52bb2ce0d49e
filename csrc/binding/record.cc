// Shapes, and StructRef.
#include <string>

#include "convert.h"

namespace shared_heap {

namespace {

// --- shapes --------------------------------------------------------------------------------

bool read_element(const Call &call, size_t arg, uint32_t index, napi_value *out) {
  return napi_get_element(call.env, call.args[arg], index, out) == napi_ok || fail_node_api(call);
}

// Element `index` of a list as an integer from 0 to max. Reads it as an argument of its own, so
// that the ordinary reader checks it.
bool read_uint_element(const Call &call, size_t arg, uint32_t index, const char *name, uint32_t max,
                       uint32_t *out) {
  napi_value element;
  if (!read_element(call, arg, index, &element)) {
    return false;
  }
  Call inner = call;
  inner.args = &element;
  return read_uint(inner, 0, name, max, out);
}

bool read_text_element(const Call &call, size_t arg, uint32_t index, const char *name,
                       sh_value *out) {
  napi_value element;
  if (!read_element(call, arg, index, &element)) {
    return false;
  }
  Call inner = call;
  inner.args = &element;
  return read_text(inner, 0, name, out);
}

bool read_list_length(const Call &call, size_t arg, const char *name, uint32_t *out) {
  return napi_get_array_length(call.env, call.args[arg], out) == napi_ok ||
         fail_type(call, name, "an array", call.args[arg]);
}

napi_value shape_define(Call &call) {
  uint32_t n, types, details, shape;
  if (!read_list_length(call, 0, "names", &n) || !read_list_length(call, 1, "types", &types) ||
      !read_list_length(call, 2, "details", &details)) {
    return nullptr;
  }
  if (n != types || n != details || n > SH_FIELDS_MAX) {
    return fail_with(call, SH_E_OUT_OF_RANGE,
                     "a shape has at most " + std::to_string(SH_FIELDS_MAX) + " fields, got " +
                         std::to_string(n) + " names, " + std::to_string(types) + " types and " +
                         std::to_string(details) + " details");
  }
  auto *fields = call.state.arena.take<sh_field>(n);
  if (fields == nullptr) {
    return fail_memory(call);
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t type;
    if (!read_text_element(call, 0, i, "a field's name", &fields[i].name) ||
        !read_uint_element(call, 1, i, "a field's type", SH_FIELD_TYPE_COUNT - 1, &type) ||
        !read_uint_element(call, 2, i, "a field's detail", UINT32_MAX, &fields[i].detail)) {
      return nullptr;
    }
    fields[i].type = static_cast<uint8_t>(type);
  }
  const sh_status status = sh_shape_define(call.core, fields, n, &shape);
  return status == SH_OK ? to_js_number(call, shape) : fail(call, status);
}

bool set_number(const Call &call, napi_value list, uint32_t index, double number) {
  napi_value value;
  return (napi_create_double(call.env, number, &value) == napi_ok &&
          napi_set_element(call.env, list, index, value) == napi_ok) ||
         fail_node_api(call);
}

napi_value shape_info(Call &call) {
  const napi_env env = call.env;
  uint32_t shape, n;
  if (!read_uint(call, 0, "shape", UINT32_MAX, &shape)) {
    return nullptr;
  }
  sh_status status = sh_shape_length(call.core, shape, &n);
  if (status != SH_OK) {
    return fail_with(call, status, "there is no such shape");
  }
  napi_value names, types, details, places, result, name;
  if (napi_create_array_with_length(env, n, &names) != napi_ok ||
      napi_create_array_with_length(env, n, &types) != napi_ok ||
      napi_create_array_with_length(env, n, &details) != napi_ok ||
      napi_create_array_with_length(env, n, &places) != napi_ok) {
    return fail_node_api(call);
  }
  for (uint32_t i = 0; i < n; i++) {
    sh_field field{};
    status = sh_shape_field(call.core, shape, i, &field);
    if (status != SH_OK) {
      return fail(call, status);
    }
    if (!to_js(call, &field.name, 0, &name)) {
      return nullptr;
    }
    if (napi_set_element(env, names, i, name) != napi_ok) {
      return fail_node_api(call);
    }
    if (!set_number(call, types, i, field.type) || !set_number(call, details, i, field.detail) ||
        !set_number(call, places, i, field.place)) {
      return nullptr;
    }
  }
  if (napi_create_object(env, &result) != napi_ok ||
      napi_set_named_property(env, result, "names", names) != napi_ok ||
      napi_set_named_property(env, result, "types", types) != napi_ok ||
      napi_set_named_property(env, result, "details", details) != napi_ok ||
      napi_set_named_property(env, result, "places", places) != napi_ok) {
    return fail_node_api(call);
  }
  return result;
}

// --- errors that name a field --------------------------------------------------------------

std::string expectation(const sh_field &field) {
  switch (static_cast<sh_field_type>(field.type)) {
  case SH_FIELD_STRING:
    return "a string";
  case SH_FIELD_NUMBER:
    return "a number";
  case SH_FIELD_BOOLEAN:
    return "a boolean";
  case SH_FIELD_BIGINT:
    return "a bigint";
  case SH_FIELD_TYPED:
    return std::string("a ") + type_name(static_cast<sh_type>(field.detail)) + " or null";
  case SH_FIELD_SHAPED:
    return "a struct of its own shape or null";
  default:
    return "a ref or null";
  }
}

std::string field_name(const Call &call, sh_value *name) {
  char text[128];
  size_t length;
  napi_value value;
  if (!to_js(call, name, 0, &value) ||
      napi_get_value_string_utf8(call.env, value, text, sizeof text, &length) != napi_ok) {
    return "?";
  }
  return std::string(text, length);
}

std::string describe_value(const Call &call, const sh_value &value, napi_value got) {
  if (value.kind != SH_KIND_REF) {
    return describe(call.env, got);
  }
  const sh_type type = sh_id_type(call.core, static_cast<double>(value.id), nullptr);
  return type == SH_TYPE_NONE ? "a ref to an object that is gone"
                              : std::string("a ") + type_name(type);
}

// A status of an operation on a record that must be of `shape`.
napi_value fail_record(const Call &call, sh_status status, uint32_t shape,
                       const sh_value *values = nullptr, uint32_t count = 0) {
  uint32_t actual = shape;
  if (status == SH_E_TYPE_MISMATCH && call.id != 0 &&
      sh_record_shape(call.core, call.id, &actual) == SH_OK && actual != shape) {
    return fail_with(call, status, "the struct was made by a StructFactory of another shape");
  }
  return fail(call, status, values, count);
}

// A status of writing `value`, argument `got`, to a field.
napi_value fail_field(const Call &call, sh_status status, uint32_t shape, uint32_t index,
                      const sh_value &value, napi_value got) {
  uint32_t actual = shape;
  sh_field field{};
  const bool about_value = status == SH_E_INVALID_ARG_TYPE || status == SH_E_TYPE_MISMATCH;
  const bool right_record =
      call.id == 0 || (sh_record_shape(call.core, call.id, &actual) == SH_OK && actual == shape);
  if (!about_value || !right_record || sh_shape_field(call.core, shape, index, &field) != SH_OK) {
    return fail_record(call, status, shape, &value, 1);
  }
  const std::string name = field_name(call, &field.name); // before the next core call
  return fail_with(call, status,
                   "field '" + name + "' must be " + expectation(field) + ", got " +
                       describe_value(call, value, got));
}

// --- StructRef -----------------------------------------------------------------------------

// Reads a shape and how many fields it has.
bool read_shape(const Call &call, size_t arg, uint32_t *shape, uint32_t *fields) {
  if (!read_uint(call, arg, "shape", UINT32_MAX, shape)) {
    return false;
  }
  const sh_status status = sh_shape_length(call.core, *shape, fields);
  return status == SH_OK || fail_with(call, status, "there is no such shape");
}

napi_value fail_count(const Call &call, uint64_t expected, uint32_t got) {
  return fail_with(call, SH_E_OUT_OF_RANGE,
                   "expected " + std::to_string(expected) + " values, got " + std::to_string(got));
}

napi_value record_new(Call &call) {
  constexpr size_t kFirst = 1;
  uint32_t shape, fields, count, bad = UINT32_MAX;
  sh_value *values;
  sh_id id;
  if (!read_shape(call, 0, &shape, &fields) || !read_values(call, kFirst, &values, &count)) {
    return nullptr;
  }
  if (count != fields) {
    return fail_count(call, fields, count);
  }
  const sh_status status = sh_record_new(call.core, shape, values, count, &id, &bad);
  if (status == SH_OK) {
    return deliver_id(call, id);
  }
  if (bad >= count) {
    return fail(call, status, values, count);
  }
  return fail_field(call, status, shape, bad, values[bad], call.args[kFirst + bad]);
}

// Undoes records made by newMany: claims that a move turned into holds are claims again before the
// record goes.
void unmake_records(const Call &call, const sh_value *ids, uint32_t made, const sh_value *values,
                    uint32_t fields) {
  for (uint32_t i = 0; i < made; i++) {
    for (uint32_t j = 0; j < fields; j++) {
      const sh_value &value = values[i * fields + j];
      if (value.kind == SH_KIND_REF && value.move) {
        (void)sh_retain(call.core, value.id);
      }
    }
    (void)sh_drop(call.core, static_cast<sh_id>(ids[i].number));
  }
}

napi_value record_new_many(Call &call) {
  constexpr size_t kFirst = 2;
  uint32_t shape, fields, records, count, bad = UINT32_MAX;
  sh_value *values;
  if (!read_shape(call, 0, &shape, &fields) || !read_uint(call, 1, "count", kBatch, &records) ||
      !read_values(call, kFirst, &values, &count)) {
    return nullptr;
  }
  const uint64_t expected = static_cast<uint64_t>(records) * fields;
  if (count != expected) {
    return fail_count(call, expected, count);
  }
  sh_value *ids = call.state.values_out();
  uint32_t made = 0;
  sh_status status = SH_OK;
  for (; made < records; made++) {
    sh_id id;
    status = sh_record_new(call.core, shape, values + made * fields, fields, &id, &bad);
    if (status != SH_OK) {
      break;
    }
    ids[made] = sh_value{};
    ids[made].kind = SH_KIND_NUMBER;
    ids[made].number = static_cast<double>(id);
  }
  napi_value result = nullptr;
  if (status == SH_OK) {
    result = deliver_array(call, ids, records, Claims::kNone);
  }
  if (result != nullptr) {
    return result;
  }
  unmake_records(call, ids, made, values, fields);
  if (status == SH_OK) {
    return nullptr; // Node-API failed and has thrown
  }
  if (bad >= fields) {
    return fail(call, status, values + made * fields, fields);
  }
  const uint32_t index = made * fields + bad;
  return fail_field(call, status, shape, bad, values[index], call.args[kFirst + index]);
}

// The record, the shape it must have and a field. Any number that is no index is no field either.
bool read_field(Call &call, uint32_t *shape, uint32_t *field) {
  return read_id(call) && read_uint(call, 1, "shape", UINT32_MAX, shape) &&
         read_index(call, 2, "field", field);
}

template <sh_mode mode> napi_value record_get(Call &call) {
  uint32_t shape, field;
  sh_value value{};
  if (!read_field(call, &shape, &field)) {
    return nullptr;
  }
  const sh_status status = sh_record_get(call.core, call.id, shape, field, mode, &value);
  return status == SH_OK ? deliver(call, &value, claims_of(mode))
                         : fail_record(call, status, shape);
}

napi_value record_set(Call &call) {
  uint32_t shape, field;
  sh_value value;
  if (!read_field(call, &shape, &field) || !read_value(call, 3, 0, &value)) {
    return nullptr;
  }
  const sh_status status = sh_record_set(call.core, call.id, shape, field, &value);
  if (status == SH_OK) {
    return nullptr;
  }
  return fail_field(call, status, shape, field, value, call.args[3]);
}

napi_value record_update(Call &call) {
  constexpr size_t kFirst = 2;
  uint32_t shape, n, bad;
  sh_value *values;
  if (!read_id(call) || !read_uint(call, 1, "shape", UINT32_MAX, &shape) ||
      !read_values(call, kFirst, &values, &n)) {
    return nullptr;
  }
  auto *fields = call.state.arena.take<uint32_t>(n);
  if (fields == nullptr) {
    return fail_memory(call);
  }
  for (uint32_t i = 0; i < n; i++) {
    const double field = call.state.numbers[i];
    fields[i] = field >= 0 && field < SH_FIELDS_MAX ? static_cast<uint32_t>(field) : SH_FIELDS_MAX;
  }
  const sh_status status = sh_record_update(call.core, call.id, shape, fields, values, n, &bad);
  if (status == SH_OK) {
    return nullptr;
  }
  return bad < n
             ? fail_field(call, status, shape, fields[bad], values[bad], call.args[kFirst + bad])
             : fail_record(call, status, shape, values, n);
}

napi_value record_read(Call &call) {
  uint32_t shape, fields, version = 0;
  sh_mode mode;
  if (!read_id(call) || !read_shape(call, 1, &shape, &fields) || !read_mode(call, 2, &mode)) {
    return nullptr;
  }
  sh_value *values = call.state.values_out();
  if (values == nullptr) {
    return fail_memory(call);
  }
  const sh_status status = sh_record_read(call.core, call.id, shape, mode, values, &version);
  if (status != SH_OK) {
    return fail_record(call, status, shape);
  }
  call.state.out[3] = version;
  return deliver_array(call, values, fields, claims_of(mode));
}

constexpr sh_type kType = SH_TYPE_RECORD;
constexpr Method kMethods[] = {
    {"shapeDefine", "StructFactory", SH_TYPE_NONE, enter<shape_define, 3>},
    {"shapeInfo", "StructFactory", SH_TYPE_NONE, enter<shape_info, 1>},
    {"recordNew", "StructFactory.new", SH_TYPE_NONE, enter<record_new, kBatch + 1>},
    {"recordNewMany", "StructFactory.newMany", SH_TYPE_NONE, enter<record_new_many, kBatch + 2>},
    {"recordGet", "StructRef.getKey", kType, enter<record_get<SH_BORROW>, 3>},
    {"recordAcquire", "StructRef.acquire", kType, enter<record_get<SH_ACQUIRE>, 3>},
    {"recordGetValue", "StructRef.getValue", kType, enter<record_get<SH_DEREF>, 3>},
    {"recordSet", "StructRef.setKey", kType, enter<record_set, 4>},
    {"recordUpdate", "StructRef.update", kType, enter<record_update, kBatch + 2>},
    {"recordRead", "StructRef.obtainValue", kType, enter<record_read, 3>},
};

} // namespace

MethodList record_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
