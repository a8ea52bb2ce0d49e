// The direct view: buffers over windows of the region, for ts/view.ts alone, and the epoch that
// makes looking through them safe (core/epoch.h). What each access there relies on is in
// docs/view.md.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "convert.h"
#include "foreign_buffer.h"

namespace shared_heap {

namespace {

// The largest buffer that every supported Node takes is 4 GiB (20), and indices of 4-byte words
// stay small integers far above this.
constexpr uint64_t kWindowBytes = UINT64_C(1) << 30;

constexpr uint64_t kWindows = SH_RESERVE_MAX / kWindowBytes;

// All reads through the view rely on the order of two loads, which x86-64 keeps. For others none
// was measured.
#if defined(__x86_64__)
constexpr bool kLoadsKeepOrder = true;
#else
constexpr bool kLoadsKeepOrder = false;
#endif

// Window number n of the region as an ArrayBuffer, or undefined: none there, or none allowed.
// Buffers of the same window may be made in every environment; the region is never unmapped.
napi_value view_window(Call &call) {
  uint32_t window;
  if (!read_uint(call, 0, "window", UINT32_MAX, &window)) {
    return nullptr;
  }
  sh_heap *heap = sh_env_heap(call.core);
  const uint64_t reserve = sh_heap_reserve(heap);
  const uint64_t start = window * kWindowBytes;
  if (!kLoadsKeepOrder || view_is_off() || start >= reserve ||
      foreign_buffers(call.env) != napi_ok) {
    return nullptr;
  }
  napi_value buffer;
  const uint64_t length = std::min<uint64_t>(kWindowBytes, reserve - start);
  return make_permanent_buffer(call.env, sh_heap_base(heap) + start, length, &buffer) == napi_ok
             ? buffer
             : nullptr;
}

napi_value go_online(Call &call) {
  sh_env_online(call.core);
  *call.state.absence = 0;
  return nullptr;
}

napi_value go_offline(Call &call) {
  *call.state.absence = 1;
  if (call.core != nullptr) {
    sh_env_offline(call.core);
  }
  return nullptr;
}

constexpr Method kMethods[] = {
    {"viewWindow", "the view", SH_TYPE_NONE, enter<view_window, 1>},
    {"goOnline", "the view", SH_TYPE_NONE, enter<go_online, 0>},
    {"goOffline", "the view", SH_TYPE_NONE, enter<go_offline, 0, Needs::kNothing>},
};

} // namespace

bool view_is_off() {
  const char *text = std::getenv("SHARED_HEAP_NO_VIEW"); // NOLINT(concurrency-mt-unsafe)
  return text != nullptr && std::strcmp(text, "1") == 0;
}

MethodList view_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

bool define_view_layout(napi_env env, napi_value object) {
  struct Constant {
    const char *name;
    double value;
  };
  // Places in words of 4 bytes, from the start of the region or of a slot.
  static const Constant constants[] = {
      {"windowBytes", static_cast<double>(kWindowBytes)},
      {"windows", static_cast<double>(kWindows)},
      {"slotLength", offsetof(shi_header, slot_length) / 4},
      {"slots", SH_HEADER_BYTES / 4},
      {"firstIndex", SH_FIRST_INDEX},
      {"slotWords", SH_SLOT_BYTES / 4},
      {"lock", offsetof(shi_slot, lock) / 4},
      {"payload", offsetof(shi_slot, payload) / 4},
      {"typeShift", SH_W0_TYPE_SHIFT},
      {"typeMask", SH_W0_TYPE_MASK},
      {"generationShift", SH_W0_GEN_SHIFT},
      {"flagsMask", SH_W0_FLAGS_MASK},
      {"lockBits", SH_LOCK_HELD | SH_LOCK_WAITERS},
      {"lockNever", SH_LOCK_WAITERS}, // waiters, but not held (lock.h, L1)
      {"booleanHigh", static_cast<int32_t>(SH_WORD_TRUE >> 32)},
      {"trueLow", static_cast<int32_t>(SH_WORD_TRUE & UINT32_MAX)},
      {"falseLow", static_cast<int32_t>(SH_WORD_FALSE & UINT32_MAX)},
  };
  for (const Constant &constant : constants) {
    napi_value value;
    if (napi_create_double(env, constant.value, &value) != napi_ok ||
        napi_set_named_property(env, object, constant.name, value) != napi_ok) {
      return false;
    }
  }
  return napi_object_freeze(env, object) == napi_ok;
}

} // namespace shared_heap
