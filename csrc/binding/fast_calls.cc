// V8's fast API calls: optimised code calls a C function with the numbers and texts themselves, no
// handles and no scopes. 7 ns instead of Node-API's 47 for an id and a key in, a number out; the
// benchmark's cases map.* and vector.push stand on it. How V8 is told of them: fast_v8.cc.
//
// A function of `exports.fast` does the usual case of a function of the addon and says so in the
// array `result`, or it does nothing, and TypeScript calls the ordinary function, which does the
// work or throws. Nothing is what comes of calls from code that is not optimised and of arguments
// of other types too: they end in `slow` (fast_v8.cc).
//
// What a fast call must not do: call V8 or Node-API, allocate in V8's heap, throw. It calls the
// core, which knows neither. A text's characters lie in V8's heap, which does not move during the
// call.
#include "fast_calls.h"

#include <pthread.h>

#include <atomic>
#include <cmath>

#include "environment.h"
#include "fast_v8.h"

namespace shared_heap {

namespace {

// --- what the calls do ---------------------------------------------------------------------

// result[0]; what is not written there has not been done. result[1] is the number asked for.
constexpr double kDone = 1;
constexpr double kAbsent = 2; // done: the key was not there

// Where environments wait for their calls: a call brings the number of its environment's seat. Only
// the thread that has a seat may look behind it, and a number may come from anywhere, so the thread
// is looked at first.
struct Seat {
  std::atomic<uintptr_t> thread{0}; // 0: free
  const FastCaller *caller{nullptr};
};
constexpr int32_t kSeats = 4096; // environments beyond have no fast calls
Seat seats[kSeats];

uintptr_t this_thread() { return static_cast<uintptr_t>(pthread_self()); }

// What every call starts with: the core, and the result's place; NULL: nothing is to be done.
struct Entry {
  sh_env *core = nullptr;
  double *result = nullptr;
  sh_id id = 0;

  explicit Entry(int32_t seat) {
    const auto i = static_cast<uint32_t>(seat);
    if (i < kSeats && seats[i].thread.load(std::memory_order_relaxed) == this_thread()) {
      core = seats[i].caller->core;
      result = seats[i].caller->result;
    }
    if (core != nullptr) {
      sh_env_refresh(core);
    }
  }
  Entry(int32_t seat, double object) : Entry(seat) {
    if (core != nullptr && sh_id_from_number(core, object, &id) != SH_OK) {
      core = nullptr;
    }
  }

  void done() const { result[0] = kDone; }
  void done(double value) const {
    result[1] = value;
    result[0] = kDone;
  }
  void done_if_found(bool found) const { result[0] = found ? kDone : kAbsent; }
};

sh_value value_of(double number) {
  sh_value value{};
  value.kind = SH_KIND_NUMBER;
  value.number = number;
  return value;
}

sh_value value_of(const OneByteText &text) {
  sh_value value{};
  value.kind = SH_KIND_STRING;
  value.length = text.length;
  value.chars = text.data;
  return value;
}

// A key is a text or a number: each function of maps is made for both.
sh_quick look(const Entry &entry, const OneByteText &key, double *out) {
  return sh_map_look_text(entry.core, entry.id, key.data, key.length, out);
}

sh_quick look(const Entry &entry, double key, double *out) {
  return sh_map_look_number(entry.core, entry.id, key, out);
}

template <typename Key> void get_number(const Entry &entry, Key key) {
  bool found;
  sh_value value{};
  const sh_value at = value_of(key);
  if (sh_map_get(entry.core, entry.id, &at, SH_BORROW, &value, &found) != SH_OK) {
    return;
  }
  if (!found) {
    entry.done_if_found(false);
  } else if (value.kind == SH_KIND_NUMBER) {
    entry.done(value.number);
  } else if (value.pin != 0) {
    sh_unpin(sh_env_heap(entry.core), value.pin);
  }
}

template <typename Key> void map_get(Receiver /*unused*/, int32_t seat, double map, Key key) {
  const Entry entry(seat, map);
  if (entry.core == nullptr) {
    return;
  }
  const sh_quick quick = look(entry, key, &entry.result[1]);
  if (quick == SH_QUICK_NOTHING) {
    get_number<Key>(entry, key);
  } else {
    entry.done_if_found(quick == SH_QUICK_THERE);
  }
}

template <typename Key> void map_has(Receiver /*unused*/, int32_t seat, double map, Key key) {
  const Entry entry(seat, map);
  if (entry.core == nullptr) {
    return;
  }
  const sh_quick quick = look(entry, key, nullptr);
  bool found = quick == SH_QUICK_THERE;
  const sh_value at = value_of(key);
  if (quick != SH_QUICK_NOTHING || sh_map_has(entry.core, entry.id, &at, &found) == SH_OK) {
    entry.done_if_found(found);
  }
}

template <typename Key>
void map_set(Receiver /*unused*/, int32_t seat, double map, Key key, double number) {
  const sh_value at = value_of(key);
  const sh_value value = value_of(number);
  const Entry entry(seat, map);
  if (entry.core != nullptr && sh_map_set(entry.core, entry.id, &at, &value) == SH_OK) {
    entry.done();
  }
}

template <typename Key> void map_delete(Receiver /*unused*/, int32_t seat, double map, Key key) {
  bool found;
  const sh_value at = value_of(key);
  const Entry entry(seat, map);
  if (entry.core != nullptr && sh_map_delete(entry.core, entry.id, &at, &found) == SH_OK) {
    entry.done_if_found(found);
  }
}

template <typename Key>
void map_add(Receiver /*unused*/, int32_t seat, double map, Key key, double n) {
  double old;
  const sh_value at = value_of(key);
  const Entry entry(seat, map);
  if (entry.core != nullptr && sh_map_add(entry.core, entry.id, &at, n, &old) == SH_OK) {
    entry.done(old);
  }
}

void number_new(Receiver /*unused*/, int32_t seat, double value) {
  sh_id id;
  const Entry entry(seat);
  if (entry.core != nullptr && sh_number_new(entry.core, value, &id) == SH_OK) {
    entry.done(static_cast<double>(id));
  }
}

template <sh_number_op op>
void number_update(Receiver /*unused*/, int32_t seat, double number, double n) {
  double old;
  const Entry entry(seat, number);
  if (entry.core != nullptr && sh_number_update(entry.core, entry.id, op, n, &old) == SH_OK) {
    entry.done(old);
  }
}

void number_compare_exchange(Receiver /*unused*/, int32_t seat, double number, double expected,
                             double next) {
  double old;
  bool exchanged;
  const Entry entry(seat, number);
  if (entry.core != nullptr &&
      sh_number_compare_exchange(entry.core, entry.id, expected, next, &old, &exchanged) == SH_OK) {
    entry.done(old);
  }
}

void vector_push(Receiver /*unused*/, int32_t seat, double vector, double number) {
  uint32_t length;
  const sh_value value = value_of(number);
  const Entry entry(seat, vector);
  if (entry.core != nullptr && sh_vector_push(entry.core, entry.id, &value, 1, &length) == SH_OK) {
    entry.done(length);
  }
}

void vector_set(Receiver /*unused*/, int32_t seat, double vector, double index, double number) {
  const sh_value value = value_of(number);
  const Entry entry(seat, vector);
  if (entry.core != nullptr && index >= 0 && index < SH_VECTOR_MAX && index == std::trunc(index) &&
      sh_vector_set(entry.core, entry.id, static_cast<uint32_t>(index), &value) == SH_OK) {
    entry.done();
  }
}

// "Absent" is said of a queue that is full or empty: what is asked for can be done later.
void queue_push(Receiver /*unused*/, int32_t seat, double queue, double number) {
  bool pushed;
  const sh_value value = value_of(number);
  const Entry entry(seat, queue);
  if (entry.core != nullptr && sh_queue_push(entry.core, entry.id, &value, &pushed) == SH_OK) {
    entry.done_if_found(pushed);
  }
}

void queue_pop(Receiver /*unused*/, int32_t seat, double queue) {
  sh_queue_end end;
  bool other;
  double number;
  const Entry entry(seat, queue);
  if (entry.core == nullptr ||
      sh_queue_pop_number(entry.core, entry.id, &number, &end, &other) != SH_OK || other) {
    return;
  }
  if (end == SH_QUEUE_TAKEN) {
    entry.done(number);
  } else {
    entry.done_if_found(false);
  }
}

// A monitor that is free, or this thread's already: its token. "Absent": it was abandoned.
void lock_enter(Receiver /*unused*/, int32_t seat, double object) {
  const Entry entry(seat, object);
  const sh_lock_want want = {SH_LOCK_THREAD, 0, false, true};
  sh_lock_answer answer{};
  if (entry.core != nullptr &&
      sh_lock_enter(entry.core, entry.id, SH_TYPE_NONE, &want, &answer) == SH_OK &&
      answer.state == SH_LOCK_HOLDING) {
    entry.done(answer.token);
    entry.done_if_found(!answer.abandoned);
  }
}

void lock_leave(Receiver /*unused*/, int32_t seat, double number) {
  const Entry entry(seat);
  const bool is_token = number >= 1 && number <= UINT32_MAX;
  const uint32_t token = is_token ? static_cast<uint32_t>(number) : SH_NO_TOKEN;
  if (entry.core != nullptr && token == number && sh_lock_leave(entry.core, token)) {
    entry.done();
  }
}

template <sh_status (*change)(sh_env *, sh_id)>
void change_claims(Receiver /*unused*/, int32_t seat, double object) {
  const Entry entry(seat, object);
  if (entry.core != nullptr && change(entry.core, entry.id) == SH_OK) {
    entry.done();
  }
}

const FastMethod kFastMethods[] = {
    describe("mapGet", map_get<const OneByteText &>),
    describe("mapGetNumberKey", map_get<double>),
    describe("mapHas", map_has<const OneByteText &>),
    describe("mapHasNumberKey", map_has<double>),
    describe("mapSet", map_set<const OneByteText &>),
    describe("mapSetNumberKey", map_set<double>),
    describe("mapDelete", map_delete<const OneByteText &>),
    describe("mapDeleteNumberKey", map_delete<double>),
    describe("mapAdd", map_add<const OneByteText &>),
    describe("mapAddNumberKey", map_add<double>),
    describe("numberNew", number_new),
    describe("numberAdd", number_update<SH_NUMBER_ADD>),
    describe("numberSub", number_update<SH_NUMBER_SUB>),
    describe("numberExchange", number_update<SH_NUMBER_SET>),
    describe("numberCompareExchange", number_compare_exchange),
    describe("vectorPush", vector_push),
    describe("vectorSet", vector_set),
    describe("queuePush", queue_push),
    describe("queuePop", queue_pop),
    describe("lockEnter", lock_enter),
    describe("lockLeave", lock_leave),
    describe("retain", change_claims<sh_retain>),
    describe("drop", change_claims<sh_drop>),
};

const FastFunctions &functions() {
  static const FastFunctions all(kFastMethods, sizeof kFastMethods / sizeof *kFastMethods);
  return all;
}

bool define_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  return napi_create_double(env, number, &value) == napi_ok &&
         napi_set_named_property(env, object, name, value) == napi_ok;
}

} // namespace

bool FastCaller::sit_down() {
  for (seat = 0; seat < kSeats; seat++) {
    uintptr_t nobody = 0;
    if (seats[seat].thread.compare_exchange_strong(nobody, this_thread())) {
      seats[seat].caller = this;
      return true;
    }
  }
  return false;
}

FastCaller::~FastCaller() {
  if (seat < kSeats) {
    seats[seat].thread.store(0);
  }
}

bool FastCaller::define(napi_env env, napi_value exports) {
  napi_value object;
  if (!functions().are_known() || view_is_off() || !sit_down()) {
    return true;
  }
  if (napi_create_object(env, &object) != napi_ok || !define_number(env, object, "seat", seat) ||
      !define_number(env, object, "done", kDone) ||
      !define_number(env, object, "absent", kAbsent) || !functions().define(env, object)) {
    return false;
  }
  return napi_object_freeze(env, object) == napi_ok &&
         napi_set_named_property(env, exports, "fast", object) == napi_ok;
}

} // namespace shared_heap
