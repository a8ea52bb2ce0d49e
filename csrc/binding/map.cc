// MapRef, and the names of the heap, which are a map of its own.
#include "convert.h"

namespace shared_heap {

namespace {

// A method's object is the map its first argument names, or the map of names.
enum class Target { kMap, kNames };

template <Target target> bool read_target(Call &call) {
  if (target == Target::kMap) {
    return read_id(call);
  }
  call.id = sh_names_id(sh_env_heap(call.core));
  return true;
}

// Number of the first argument behind the target; the key.
template <Target target> constexpr size_t kKey = target == Target::kMap ? 1 : 0;

template <Target target> bool read_entry_key(Call &call, sh_value *key) {
  if (!read_target<target>(call)) {
    return false;
  }
  if (target == Target::kMap) {
    return read_key(call, kKey<target>, key);
  }
  return read_text(call, kKey<target>, "name", key);
}

// The value behind the key: of a name only a ref.
template <Target target> bool read_entry_value(Call &call, sh_value *value) {
  constexpr size_t arg = kKey<target> + 1;
  if (!read_value(call, arg, 0, value)) {
    return false;
  }
  if (target == Target::kMap || value->kind == SH_KIND_REF) {
    return true;
  }
  return fail_type(call, "value", "a ref", call.args[arg]);
}

napi_value map_new(Call &call) {
  bool from_object;
  sh_id id;
  if (!read_boolean(call, 0, "fromObject", &from_object)) {
    return nullptr;
  }
  const sh_status status = sh_map_new(call.core, from_object, &id);
  return status == SH_OK ? deliver_id(call, id) : fail(call, status);
}

napi_value map_size(Call &call) {
  uint32_t size;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_map_info(call.core, call.id, &size, nullptr);
  return status == SH_OK ? to_js_number(call, size) : fail(call, status);
}

napi_value map_from_object(Call &call) {
  bool from_object;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_map_info(call.core, call.id, nullptr, &from_object);
  return status == SH_OK ? to_js_boolean(call, from_object) : fail(call, status);
}

template <Target target, sh_mode mode> napi_value get(Call &call) {
  sh_value key, value{};
  bool found;
  if (!read_entry_key<target>(call, &key)) {
    return nullptr;
  }
  const sh_status status = sh_map_get(call.core, call.id, &key, mode, &value, &found);
  return status == SH_OK ? deliver(call, &value, claims_of(mode)) : fail(call, status);
}

napi_value has(Call &call) {
  sh_value key;
  bool found;
  if (!read_entry_key<Target::kMap>(call, &key)) {
    return nullptr;
  }
  const sh_status status = sh_map_has(call.core, call.id, &key, &found);
  return status == SH_OK ? to_js_boolean(call, found) : fail(call, status);
}

template <Target target> napi_value set(Call &call) {
  sh_value key, value;
  if (!read_entry_key<target>(call, &key) || !read_entry_value<target>(call, &value)) {
    return nullptr;
  }
  const sh_status status = sh_map_set(call.core, call.id, &key, &value);
  return status == SH_OK ? nullptr : fail(call, status, &value, 1);
}

template <Target target> napi_value get_or_insert(Call &call) {
  sh_value key, value, result{};
  bool inserted = false;
  if (!read_entry_key<target>(call, &key) || !read_entry_value<target>(call, &value)) {
    return nullptr;
  }
  const sh_status status =
      sh_map_get_or_insert(call.core, call.id, &key, &value, &result, &inserted);
  if (status != SH_OK) {
    return fail(call, status, &value, 1);
  }
  call.state.out[0] = inserted ? 1 : 0;
  return deliver(call, &result, Claims::kNone);
}

template <Target target> napi_value remove(Call &call) {
  sh_value key;
  bool found;
  if (!read_entry_key<target>(call, &key)) {
    return nullptr;
  }
  const sh_status status = sh_map_delete(call.core, call.id, &key, &found);
  return status == SH_OK ? to_js_boolean(call, found) : fail(call, status);
}

napi_value take(Call &call) {
  sh_value key, value{};
  bool found = false;
  if (!read_entry_key<Target::kMap>(call, &key)) {
    return nullptr;
  }
  const sh_status status = sh_map_take(call.core, call.id, &key, &value, &found);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = found ? 1 : 0;
  return deliver(call, &value, Claims::kOwned);
}

napi_value add(Call &call) {
  sh_value key;
  double n, old;
  if (!read_entry_key<Target::kMap>(call, &key) || !read_number(call, 2, "n", &n)) {
    return nullptr;
  }
  const sh_status status = sh_map_add(call.core, call.id, &key, n, &old);
  if (status == SH_OK) {
    return to_js_number(call, old);
  }
  if (status == SH_E_TYPE_MISMATCH &&
      sh_id_check(call.core, call.id, SH_TYPE_MAP, nullptr) == SH_OK) {
    return fail_with(call, status, "the value under the key is not a number");
  }
  return fail(call, status);
}

napi_value compare_exchange(Call &call) {
  sh_value key, values[2], current{};
  bool exchanged = false;
  if (!read_entry_key<Target::kMap>(call, &key) || !read_value(call, 2, 0, &values[0]) ||
      !read_value(call, 3, 1, &values[1])) {
    return nullptr;
  }
  const sh_status status = sh_map_compare_exchange(call.core, call.id, &key, &values[0], &values[1],
                                                   &exchanged, &current);
  if (status != SH_OK) {
    return fail(call, status, values, 2);
  }
  call.state.out[0] = exchanged ? 1 : 0;
  return exchanged ? nullptr : deliver(call, &current, Claims::kNone);
}

napi_value clear(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_map_clear(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

// --- many ----------------------------------------------------------------------------------

// Entries that are handed to the core at once: it looks up as many together, and no more texts are
// in memory twice.
constexpr uint32_t kGroup = 16;

uint32_t group_size(uint32_t left) { return left < kGroup ? left : kGroup; }

// Some values of getMany, as results from number `first` on: those of the `n` keys from argument
// `arg` on. If it fails, with their claims given up.
bool get_group(const Call &call, size_t arg, sh_mode mode, uint32_t first, uint32_t n,
               napi_value *handles) {
  const Arena::Scope scope(call.state.arena);
  sh_value *keys = call.state.values_in();
  sh_value *values = call.state.values_out() + first;
  for (uint32_t i = 0; i < n; i++) {
    if (!read_key(call, arg + i, &keys[i])) {
      return false;
    }
  }
  const sh_status status = sh_map_get_many(call.core, call.id, keys, n, mode, values, nullptr);
  if (status != SH_OK) {
    return fail(call, status);
  }
  // To JS at once: the next core call may overwrite texts.
  return to_js_each(call, values, n, first, handles, claims_of(mode));
}

napi_value get_many(Call &call) {
  constexpr size_t kFirst = 2;
  sh_mode mode;
  if (!read_id(call) || !read_mode(call, 1, &mode) || !check_batch(call, kFirst)) {
    return nullptr;
  }
  const auto n = static_cast<uint32_t>(call.argc > kFirst ? call.argc - kFirst : 0);
  if (call.state.values_in() == nullptr) {
    return fail_memory(call);
  }
  napi_value handles[kBatch];
  napi_value result = nullptr;
  uint32_t done = 0;
  while (done < n &&
         get_group(call, kFirst + done, mode, done, group_size(n - done), handles + done)) {
    done += group_size(n - done);
  }
  if (done == n) {
    result = collect_array(call, handles, n);
  }
  if (result == nullptr) {
    give_up_claims(call, call.state.values_out(), done, claims_of(mode));
  }
  return result;
}

// Sets the `n` entries from argument `arg` on, the first of whose values is number `number`; adds
// to *done how many are in, if it fails too.
bool set_group(const Call &call, size_t arg, uint32_t number, uint32_t n, uint32_t *done) {
  const Arena::Scope scope(call.state.arena);
  sh_value *keys = call.state.values_in();
  sh_value *values = call.state.values_out();
  for (uint32_t i = 0; i < n; i++) {
    if (!read_key(call, arg + 2 * i, &keys[i]) ||
        !read_value(call, arg + 2 * i + 1, number + 2 * i, &values[i])) {
      return false;
    }
  }
  uint32_t set = 0;
  const sh_status status = sh_map_set_many(call.core, call.id, keys, values, n, &set);
  *done += set;
  return status == SH_OK || fail(call, status, &values[set], set < n ? 1 : 0);
}

napi_value set_many(Call &call) {
  constexpr uint32_t kFirst = 1;
  call.state.out[0] = 0;
  if (!read_id(call)) {
    return nullptr;
  }
  const size_t given = call.argc > kFirst ? call.argc - kFirst : 0;
  if (given > kBatch || given % 2 != 0) {
    return fail_with(call, SH_E_OUT_OF_RANGE,
                     "keys and values must alternate, at most " + std::to_string(kBatch) +
                         " in one call, got " + std::to_string(given));
  }
  if (call.state.values_in() == nullptr) {
    return fail_memory(call);
  }
  const auto n = static_cast<uint32_t>(given / 2);
  uint32_t done = call.resume;
  while (done < n &&
         set_group(call, kFirst + 2 * done, 2 * done + 1, group_size(n - done), &done)) {
  }
  call.state.out[0] = done;
  call.resume = done;
  return nullptr;
}

// --- iteration -----------------------------------------------------------------------------

template <Target target> napi_value read(Call &call) {
  constexpr size_t first = kKey<target>;
  sh_cursor cursor;
  uint32_t limit, count = 0, version = 0;
  sh_mode mode = SH_BORROW;
  bool moved = false;
  if (!read_target<target>(call) ||
      !read_uint(call, first, "position", UINT32_MAX, &cursor.position) ||
      !read_uint(call, first + 1, "table", UINT32_MAX, &cursor.table) ||
      !read_uint(call, first + 2, "limit", kBatch / 2, &limit) ||
      (target == Target::kMap && !read_mode(call, first + 3, &mode))) {
    return nullptr;
  }
  sh_value *values = call.state.values_out();
  if (values == nullptr) {
    return fail_memory(call);
  }
  const sh_status status =
      sh_map_read(call.core, call.id, &cursor, mode, limit, values, &count, &moved, &version);
  if (status != SH_OK) {
    return fail(call, status);
  }
  double *out = call.state.out;
  out[0] = cursor.position;
  out[1] = cursor.table;
  out[2] = moved ? 1 : 0;
  out[3] = version;
  return deliver_array(call, values, moved ? 0 : 2 * count, claims_of(mode));
}

napi_value find(Call &call) {
  sh_value key;
  sh_cursor cursor;
  bool found;
  if (!read_entry_key<Target::kMap>(call, &key)) {
    return nullptr;
  }
  const sh_status status = sh_map_find(call.core, call.id, &key, &cursor, &found);
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.out[0] = found ? cursor.position : 0;
  call.state.out[1] = cursor.table;
  return to_js_boolean(call, found);
}

constexpr sh_type kType = SH_TYPE_MAP;
constexpr Target kMap = Target::kMap;
constexpr Target kNames = Target::kNames;
constexpr Method kMethods[] = {
    {"mapNew", "new MapRef", SH_TYPE_NONE, enter<map_new, 1>},
    {"mapSize", "MapRef.size", kType, enter<map_size, 1>},
    {"mapFromObject", "MapRef.obtainValue", kType, enter<map_from_object, 1>},
    {"mapGet", "MapRef.get", kType, enter<get<kMap, SH_BORROW>, 2>},
    {"mapAcquire", "MapRef.acquire", kType, enter<get<kMap, SH_ACQUIRE>, 2>},
    {"mapGetValue", "MapRef.getValue", kType, enter<get<kMap, SH_DEREF>, 2>},
    {"mapHas", "MapRef.has", kType, enter<has, 2>},
    {"mapSet", "MapRef.set", kType, enter<set<kMap>, 3>},
    {"mapGetOrInsert", "MapRef.getOrInsert", kType, enter<get_or_insert<kMap>, 3>},
    {"mapDelete", "MapRef.delete", kType, enter<remove<kMap>, 2>},
    {"mapTake", "MapRef.take", kType, enter<take, 2>},
    {"mapAdd", "MapRef.add", kType, enter<add, 3>},
    {"mapCompareExchange", "MapRef.compareExchange", kType, enter<compare_exchange, 4>},
    {"mapClear", "MapRef.clear", kType, enter<clear, 1>},
    {"mapGetMany", "MapRef.getMany", kType, enter<get_many, kBatch + 2>},
    {"mapSetMany", "MapRef.setMany", kType, enter<set_many, kBatch + 1>},
    {"mapRead", "MapRef iteration", kType, enter<read<kMap>, 5>},
    {"mapFind", "MapRef iteration", kType, enter<find, 2>},
    {"namesGet", "names.get", SH_TYPE_NONE, enter<get<kNames, SH_BORROW>, 1>},
    {"namesAcquire", "names.acquire", SH_TYPE_NONE, enter<get<kNames, SH_ACQUIRE>, 1>},
    {"namesSet", "names.set", SH_TYPE_NONE, enter<set<kNames>, 2>},
    {"namesGetOrInsert", "named", SH_TYPE_NONE, enter<get_or_insert<kNames>, 2>},
    {"namesDelete", "names.delete", SH_TYPE_NONE, enter<remove<kNames>, 1>},
    {"namesRead", "names.keys", SH_TYPE_NONE, enter<read<kNames>, 3>},
};

} // namespace

MethodList map_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
