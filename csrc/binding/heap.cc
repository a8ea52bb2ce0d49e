// The process-wide heap, its settings, and what concerns every object or the heap as a whole.
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "convert.h"

namespace shared_heap {

namespace {

// The one heap of the process, made at first use so that configure() can come before, and never
// destroyed: finalizers of views may run after every environment is gone.
std::mutex heap_mutex; // guards the making of the heap, and `settings`
std::atomic<sh_heap *> heap_of_process{nullptr};
sh_config settings{};
constexpr uint32_t kLockTimeout = 5000; // milliseconds
std::atomic<uint32_t> lock_timeout{kLockTimeout};

constexpr char kReserveVariable[] = "SHARED_HEAP_RESERVE";

// Bytes, with a suffix K, M or G for powers of 1024.
bool parse_bytes(const char *text, uint64_t *out) {
  if (*text < '0' || *text > '9') {
    return false;
  }
  char *end;
  errno = 0;
  const unsigned long long number = std::strtoull(text, &end, 10);
  if (errno != 0) {
    return false;
  }
  unsigned shift = 0;
  switch (*end) {
  case 'K':
  case 'k':
    shift = 10;
    break;
  case 'M':
  case 'm':
    shift = 20;
    break;
  case 'G':
  case 'g':
    shift = 30;
    break;
  default:
    break;
  }
  if (shift != 0) {
    end++;
  }
  if (*end != '\0' || number > (UINT64_MAX >> shift)) {
    return false;
  }
  *out = number << shift;
  return true;
}

bool reserve_from_environment(uint64_t *reserve, std::string *why) {
  // Node changes the environment under a lock that addons cannot take; this is read once.
  const char *text = std::getenv(kReserveVariable); // NOLINT(concurrency-mt-unsafe)
  if (text == nullptr || *text == '\0') {
    return true;
  }
  if (parse_bytes(text, reserve) && *reserve >= SH_RESERVE_MIN && *reserve <= SH_RESERVE_MAX) {
    return true;
  }
  *why = std::string("the environment variable ") + kReserveVariable +
         " must be a number of bytes from 16M to 1024G, such as 4G, got \"" + text + "\"";
  return false;
}

} // namespace

sh_heap *process_heap(sh_status *status, std::string *why) {
  sh_heap *heap = heap_of_process.load(std::memory_order_acquire);
  if (heap != nullptr) {
    return heap;
  }
  const std::lock_guard<std::mutex> guard(heap_mutex);
  heap = heap_of_process.load(std::memory_order_relaxed);
  if (heap != nullptr) {
    return heap;
  }
  sh_config config = settings;
  if (config.reserve == 0 && !reserve_from_environment(&config.reserve, why)) {
    *status = SH_E_OUT_OF_RANGE;
    return nullptr;
  }
  *status = sh_heap_create(&config, &heap);
  if (*status != SH_OK) {
    return nullptr;
  }
  heap_of_process.store(heap, std::memory_order_release);
  return heap;
}

namespace {

// --- settings ------------------------------------------------------------------------------

// An optional whole number, of bytes or milliseconds; 0 if it is undefined.
bool read_setting(const Call &call, size_t arg, const char *name, uint64_t min, uint64_t max,
                  uint64_t *out) {
  napi_valuetype type;
  if (napi_typeof(call.env, call.args[arg], &type) != napi_ok) {
    return fail_node_api(call);
  }
  *out = 0;
  if (type == napi_undefined) {
    return true;
  }
  double number;
  if (!read_number(call, arg, name, &number)) {
    return false;
  }
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) ||
      number != std::trunc(number)) {
    return fail_range(call, name,
                      "an integer from " + std::to_string(min) + " to " + std::to_string(max),
                      call.args[arg]);
  }
  *out = static_cast<uint64_t>(number);
  return true;
}

napi_value configure(Call &call) {
  sh_config config{};
  uint64_t timeout;
  if (!read_setting(call, 0, "reserve", SH_RESERVE_MIN, SH_RESERVE_MAX, &config.reserve) ||
      !read_setting(call, 1, "limit", 1, SH_RESERVE_MAX, &config.limit) ||
      !read_setting(call, 2, "lockTimeout", 1, UINT32_MAX, &timeout)) {
    return nullptr;
  }
  {
    const std::lock_guard<std::mutex> guard(heap_mutex);
    if (heap_of_process.load(std::memory_order_relaxed) == nullptr) {
      settings = config;
      lock_timeout.store(timeout == 0 ? kLockTimeout : static_cast<uint32_t>(timeout),
                         std::memory_order_relaxed);
      return nullptr;
    }
  }
  return fail(call, SH_E_ALREADY_CONFIGURED);
}

napi_value get_lock_timeout(Call &call) {
  return to_js_number(call, lock_timeout.load(std::memory_order_relaxed));
}

napi_value set_error_class(Call &call) {
  (void)keep_function(call, "cls", "a class", &call.state.error_class);
  return nullptr;
}

// --- ids -----------------------------------------------------------------------------------

const char *attach_api(uint32_t type) {
  switch (type) {
#define SHB_API(name, tag, js)                                                                     \
  case tag:                                                                                        \
    return "new " js "(id)";
    SH_TYPE_MAP(SHB_API)
#undef SHB_API
  default:
    return "refFromId";
  }
}

napi_value type_of(Call &call) {
  double number;
  uint32_t shape = 0;
  sh_type type = SH_TYPE_NONE;
  if (call.core != nullptr && napi_get_value_double(call.env, call.args[0], &number) == napi_ok) {
    type = sh_id_type(call.core, number, &shape);
  }
  call.state.ref_shapes[0] = type == SH_TYPE_RECORD ? shape : 0;
  return to_js_number(call, type);
}

napi_value attach(Call &call) {
  uint32_t type;
  if (!read_uint(call, 1, "type", SH_TYPE_COUNT - 1, &type)) {
    return nullptr;
  }
  call.api = attach_api(type);
  if (!read_id(call)) {
    return nullptr;
  }
  sh_type actual = SH_TYPE_NONE;
  uint32_t shape = 0;
  sh_status status = sh_id_check(call.core, call.id, static_cast<sh_type>(type), &actual);
  if (status == SH_OK && actual == SH_TYPE_RECORD) {
    status = sh_record_shape(call.core, call.id, &shape);
  }
  if (status != SH_OK) {
    return fail(call, status);
  }
  call.state.ref_shapes[0] = shape;
  return to_js_number(call, actual);
}

napi_value retain(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_retain(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value drop(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_drop(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value dispose(Call &call) {
  double number;
  const bool dropped = call.core != nullptr &&
                       napi_get_value_double(call.env, call.args[0], &number) == napi_ok &&
                       sh_id_from_number(call.core, number, &call.id) == SH_OK &&
                       sh_drop(call.core, call.id) == SH_OK;
  return to_js_boolean(call, dropped);
}

sh_value number_value(double number) {
  sh_value value{};
  value.kind = SH_KIND_NUMBER;
  value.number = number;
  return value;
}

napi_value counts(Call &call) {
  uint32_t claims, holds;
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_id_counts(call.core, call.id, &claims, &holds);
  if (status != SH_OK) {
    return fail(call, status);
  }
  sh_value values[] = {number_value(claims), number_value(holds)};
  return deliver_array(call, values, 2, Claims::kNone);
}

napi_value walk(Call &call) {
  uint32_t index, count = 0;
  sh_id ids[kBatch];
  if (!read_uint(call, 0, "from", UINT32_MAX, &index)) {
    return nullptr;
  }
  sh_value *values = call.state.values_out();
  if (values == nullptr) {
    return fail_memory(call);
  }
  sh_walk(call.core, &index, kBatch, ids, &count);
  for (uint32_t i = 0; i < count; i++) {
    values[i] = number_value(static_cast<double>(ids[i]));
  }
  call.state.out[0] = index;
  return deliver_array(call, values, count, Claims::kNone);
}

// --- the heap as a whole -------------------------------------------------------------------

napi_value stats(Call &call) {
  sh_stats stats;
  sh_heap_stats(call.core, &stats);
  const Napi::Env env(call.env);
  const auto number = [env](uint64_t value) {
    return Napi::Number::New(env, static_cast<double>(value));
  };
  Napi::Object types = Napi::Object::New(env);
#define SHB_COUNT(name, tag, js) types.Set(js, number(stats.objects_by_type[tag]));
  SH_TYPE_MAP(SHB_COUNT)
#undef SHB_COUNT
  Napi::Object result = Napi::Object::New(env);
  result.Set("reserved", number(stats.reserved));
  result.Set("limit", number(stats.limit));
  result.Set("usedBytes", number(stats.used_bytes));
  result.Set("liveBytes", number(stats.live_bytes));
  result.Set("residentBytes", number(stats.resident_bytes));
  result.Set("limboBytes", number(stats.limbo_bytes));
  result.Set("limboObjects", number(stats.limbo_objects));
  result.Set("pinnedBytes", number(stats.pinned_bytes));
  result.Set("slots", number(stats.slots));
  result.Set("objects", number(stats.objects));
  result.Set("objectsByType", types);
  result.Set("environments", number(stats.environments));
  result.Set("shapes", number(stats.shapes));
  result.Set("epoch", number(stats.epoch));
  return result;
}

napi_value trim(Call &call) {
  sh_heap_trim(call.core);
  return nullptr;
}

// Keeps the first problems: the walk reports them while it runs, where JS must not be called.
void collect_problem(void *arg, const char *problem) {
  constexpr size_t kMostProblems = 1000;
  auto *problems = static_cast<std::vector<std::string> *>(arg);
  if (problems->size() < kMostProblems) {
    problems->emplace_back(problem);
  }
}

napi_value verify(Call &call) {
  std::vector<std::string> problems;
  sh_verify_result outcome{};
  const sh_status status = sh_heap_verify(call.core, collect_problem, &problems, &outcome);
  if (status != SH_OK) {
    return fail(call, status);
  }
  const Napi::Env env(call.env);
  Napi::Array list = Napi::Array::New(env, problems.size());
  for (uint32_t i = 0; i < problems.size(); i++) {
    const Napi::HandleScope scope(env);
    list.Set(i, Napi::String::New(env, problems[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("ok", Napi::Boolean::New(env, outcome.problems == 0));
  result.Set("quiescent", Napi::Boolean::New(env, outcome.quiescent));
  result.Set("objects", Napi::Number::New(env, static_cast<double>(outcome.objects)));
  result.Set("problems", list);
  return result;
}

constexpr Method kMethods[] = {
    {"setErrorClass", "setErrorClass", SH_TYPE_NONE, enter<set_error_class, 1, Needs::kNothing>},
    {"configure", "configure", SH_TYPE_NONE, enter<configure, 3, Needs::kNothing>},
    {"lockTimeout", "lockTimeout", SH_TYPE_NONE, enter<get_lock_timeout, 0, Needs::kNothing>},
    {"typeOf", "typeOf", SH_TYPE_NONE, enter<type_of, 1, Needs::kHeapIfAny>},
    {"attach", "refFromId", SH_TYPE_NONE, enter<attach, 2>},
    {"retain", "retain", SH_TYPE_NONE, enter<retain, 1>},
    {"drop", "drop", SH_TYPE_NONE, enter<drop, 1>},
    {"dispose", "[Symbol.dispose]", SH_TYPE_NONE, enter<dispose, 1, Needs::kHeapIfAny>},
    {"counts", "counts", SH_TYPE_NONE, enter<counts, 1>},
    {"walk", "walk", SH_TYPE_NONE, enter<walk, 1>},
    {"stats", "heap.stats", SH_TYPE_NONE, enter<stats, 0>},
    {"trim", "heap.trim", SH_TYPE_NONE, enter<trim, 0>},
    {"verify", "heap.verify", SH_TYPE_NONE, enter<verify, 0>},
};

} // namespace

MethodList heap_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
