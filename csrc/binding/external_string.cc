#include "external_string.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "environment.h"
#include "symbols.h"

namespace shared_heap {

// Lives as long as the environment and every one of its strings. Node-API is told by the
// environment's thread only.
class ExternalStrings {
public:
  // A string is made, and when it is gone.
  void add(int64_t bytes);
  void remove(int64_t bytes);

  // Gives up the environment's share of this; every string has one of its own.
  void release();

  void report(napi_env env, const sh_heap *heap);

  // The same in the middle of a garbage collection: only if there is less of it.
  void report_less(napi_env env, const sh_heap *heap);

private:
  int64_t waiting(const sh_heap *heap) const;
  void tell(napi_env env, int64_t change);

  std::atomic<int64_t> bytes_{0};
  std::atomic<uint32_t> shares_{1};
  int64_t told_ = 0;      // bytes that V8 has been told of
  int64_t collected_ = 0; // least bytes that waited since collect_now
};

namespace {

// Shorter texts are copied: making and collecting an external string takes some 120 ns, as copying
// 1 KiB does (docs/decisions.md 40 has the measurements).
constexpr int64_t kExternalBytes = 2048;

// From here on V8 would have to put a copy into a memory mapping of its own, which costs more than
// a garbage collection now and then.
constexpr int64_t kLargeBytes = 128 << 10;

// Texts that are not large are copied while strings keep more than this from being freed: external
// ones let V8 collect all of its garbage every 64 MiB, copies only the young.
constexpr uint64_t kWaitingBytes = 16 << 20;

// V8 plans a collection whenever external memory has grown by this much.
constexpr int64_t kV8Step = 64 << 20;

// V8 is told of changes no smaller than this.
constexpr int64_t kToldStep = 1 << 20;

// What strings may keep from being freed, so that a heap with a low limit is not full of it.
uint64_t waiting_limit(const sh_heap *heap) { return sh_heap_limit(heap) / 16; }

// --- Node-API ------------------------------------------------------------------------------

// Functions of a later version than ours, experimental in Node 20. Not used in Bun and Deno: those
// finalize strings only between two turns, Bun never those of a worker that has ended, so that
// memory would pile up (4,000 texts of 1 MiB in one turn kept 4 GiB).
template <typename Unit>
using CreateString = napi_status (*)(napi_env, Unit *, size_t, napi_finalize, void *, napi_value *,
                                     bool *);

struct Creators {
  CreateString<char> latin1;
  CreateString<char16_t> utf16;
};

const Creators &creators() {
  static const Creators none{nullptr, nullptr};
  static const Creators found{
      reinterpret_cast<CreateString<char>>(find_symbol("node_api_create_external_string_latin1")),
      reinterpret_cast<CreateString<char16_t>>(
          find_symbol("node_api_create_external_string_utf16"))};
  return has_v8_interface() ? found : none;
}

bool adjust(napi_env env, int64_t change) {
  int64_t total;
  return napi_adjust_external_memory(env, change, &total) == napi_ok;
}

// V8 collects all garbage at once when external memory exceeds what its own heap may grow to.
void collect_now(napi_env env) {
  constexpr auto kTooMuch = int64_t{1} << 40;
  if (adjust(env, kTooMuch)) {
    (void)adjust(env, -kTooMuch);
  }
}

// --- the strings ---------------------------------------------------------------------------

// What a string owns.
struct TextPin {
  sh_heap *heap;
  uint64_t pin;
  int64_t bytes;
  ExternalStrings *strings;
};

// V8 calls this in the middle of a garbage collection: nothing here may start one, run JS or make a
// handle. At the end of the isolate env is NULL, and the instance data are gone.
void release_text(napi_env env, void * /*data*/, void *hint) {
  auto *pin = static_cast<TextPin *>(hint);
  sh_unpin(pin->heap, pin->pin);
  pin->strings->remove(pin->bytes);
  if (env != nullptr) {
    pin->strings->report_less(env, pin->heap);
  }
  pin->strings->release();
  delete pin;
}

template <typename Unit>
bool create(CreateString<Unit> make, const Call &call, const sh_value &text, TextPin *pin,
            napi_value *out) {
  auto *units = static_cast<Unit *>(const_cast<void *>(text.chars)); // which are only read
  bool copied = false; // then release_text has been called, as for a string that is collected
  return make != nullptr &&
         make(call.env, units, text.length, release_text, pin, out, &copied) == napi_ok;
}

} // namespace

void ExternalStrings::add(int64_t bytes) {
  shares_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

void ExternalStrings::remove(int64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

void ExternalStrings::release() {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete this;
  }
}

// Bytes that would be free without the strings. A payload that its object or container owns would
// not: how many of these are among the strings' is not known, but how many payloads of the whole
// process nobody but a reader owns.
int64_t ExternalStrings::waiting(const sh_heap *heap) const {
  return std::min(bytes_.load(std::memory_order_relaxed),
                  static_cast<int64_t>(sh_heap_pinned(heap)));
}

void ExternalStrings::tell(napi_env env, int64_t change) {
  // Before, because the call may collect garbage and come back here. V8 ends the process when it is
  // told to take away more than it was told to add.
  told_ += change;
  if (!adjust(env, change)) {
    told_ -= change;
  }
}

void ExternalStrings::report(napi_env env, const sh_heap *heap) {
  const int64_t now = waiting(heap);
  const int64_t change = now - told_;
  if (change >= kToldStep || change <= -kToldStep) {
    tell(env, change);
  }
  collected_ = std::min(collected_, now);
  const auto step = static_cast<int64_t>(waiting_limit(heap));
  if (step < kV8Step && now - collected_ > step) {
    collect_now(env);
    collected_ = waiting(heap);
  }
}

void ExternalStrings::report_less(napi_env env, const sh_heap *heap) {
  const int64_t change = waiting(heap) - told_;
  if (change <= -kToldStep) {
    tell(env, change);
  }
}

void report_external_strings(ExternalStrings *strings, napi_env env, const sh_heap *heap) {
  strings->report(env, heap);
}

void release_external_strings(ExternalStrings *strings) { strings->release(); }

bool make_external_string(const Call &call, sh_value *text, napi_value *out) {
  const int64_t bytes = int64_t{text->length} << (text->wide ? 1 : 0);
  if (text->pin == 0 || bytes < kExternalBytes) {
    return false;
  }
  sh_heap *heap = sh_env_heap(call.core);
  const uint64_t most = waiting_limit(heap);
  if (sh_heap_pinned(heap) > (bytes < kLargeBytes ? std::min(most, kWaitingBytes) : most)) {
    return false;
  }
  ExternalStrings *&strings = call.state.strings;
  if (strings == nullptr) {
    strings = new (std::nothrow) ExternalStrings;
    if (strings == nullptr) {
      return false;
    }
  }
  auto *pin = new (std::nothrow) TextPin{heap, text->pin, bytes, strings};
  if (pin == nullptr) {
    return false;
  }
  strings->add(bytes);
  strings->report(call.env, heap);
  const bool made = text->wide ? create(creators().utf16, call, *text, pin, out)
                               : create(creators().latin1, call, *text, pin, out);
  if (!made) { // release_text has not been called and will not be (Node 20 to 26)
    strings->remove(bytes);
    strings->release();
    delete pin;
    return false;
  }
  text->pin = 0;
  return true;
}

} // namespace shared_heap
