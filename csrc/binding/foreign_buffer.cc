// Buffers made by V8's own functions. Node-API's external buffers cannot do this: they call their
// finalizer when the environment that made them ends, but ArrayBuffer.prototype.transfer() and byte
// streams move the memory into buffers that Node-API knows nothing of, and these may have been
// posted to another thread (docs/decisions.md 39).
//
// The functions are looked up by their mangled names, as those of the fast calls are, and no header
// of V8 or of its C++ library is used: the addon brings its own C++ library (decision 45), loads in
// engines that have no such functions, and there makes no buffers. Relied on, in Node 20 to 26:
// - A Local is one pointer; returned as such.
// - V8 is built with libstdc++. The name of `new_buffer` has its shared_ptr in it, so that with
//   another library it is not found; what a shared_ptr is there, is written down below and part of
//   the binary interface that libstdc++ keeps.
#include "foreign_buffer.h"

#include <atomic>
#include <new>
#include <typeinfo>

#include "symbols.h"

namespace shared_heap {

namespace {

using DestroyStore = void (*)(void *store);

// std::unique_ptr<v8::BackingStore>, emptied as soon as it is there.
struct UniqueStore {
  void *store;

  UniqueStore(const UniqueStore &) = delete;
  UniqueStore &operator=(const UniqueStore &) = delete;
  // Not trivial, so that it is returned as a unique_ptr is.
  ~UniqueStore() {} // NOLINT(modernize-use-equals-default)
};

// libstdc++'s std::_Sp_counted_base, the counts behind a shared_ptr: the order of virtual functions
// and data is what V8's code, which counts inline, relies on.
class StoreCount {
public:
  StoreCount(void *store, DestroyStore destroy_store)
      : store_(store), destroy_store_(destroy_store) {}
  StoreCount(const StoreCount &) = delete;
  StoreCount &operator=(const StoreCount &) = delete;

  virtual ~StoreCount() = default;
  virtual void dispose() noexcept {
    destroy_store_(store_);
    ::operator delete(store_); // as v8::BackingStore's operator delete, which is inline, does
  }
  virtual void destroy() noexcept { delete this; }
  virtual void *deleter(const std::type_info & /*type*/) noexcept { return nullptr; }

  void release() noexcept {
    if (uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      dispose();
      if (weak_uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        destroy();
      }
    }
  }

private:
  std::atomic<int32_t> uses_{1};
  std::atomic<int32_t> weak_uses_{1};
  void *store_;
  DestroyStore destroy_store_;
};

// std::shared_ptr<v8::BackingStore>, as an argument: V8 moves out of it.
struct SharedStore {
  void *store;
  StoreCount *count;

  SharedStore(const SharedStore &) = delete;
  SharedStore &operator=(const SharedStore &) = delete;
  ~SharedStore() {
    if (count != nullptr) {
      count->release();
    }
  }
};

struct V8 {
  void *(*isolate)();
  UniqueStore (*new_store)(void *data, size_t length, ReleaseMemory release, void *arg);
  DestroyStore destroy_store;
  void *(*new_buffer)(void *isolate, SharedStore store);
  // V8 adds the length of a buffer to the memory that it plans its collections by, unless the
  // deleter is this one.
  ReleaseMemory release_nothing;
  bool is_complete;

  V8()
      : is_complete(
            find_function("_ZN2v87Isolate10GetCurrentEv", &isolate) &&
            find_function("_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_", &new_store) &&
            find_function("_ZN2v812BackingStoreD1Ev", &destroy_store) &&
            find_function("_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE",
                 &new_buffer) &&
            find_function("_ZN2v812BackingStore12EmptyDeleterEPvmS1_", &release_nothing)) {}
};

const V8 &v8() {
  static const V8 found;
  return found;
}

} // namespace

napi_value make_foreign_buffer(void *data, size_t length, ReleaseMemory release, void *arg) {
  const UniqueStore made = v8().new_store(data, length, release, arg);
  auto *count = new StoreCount(made.store, v8().destroy_store);
  // What Node-API does itself: a napi_value is the address in a Local.
  return static_cast<napi_value>(
      v8().new_buffer(v8().isolate(), SharedStore{made.store, count}));
}

napi_value make_permanent_buffer(void *data, size_t length) {
  return make_foreign_buffer(data, length, v8().release_nothing, nullptr);
}

napi_status foreign_buffers(napi_env env) {
  static char byte;
  napi_value buffer;
  return v8().is_complete ? napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer)
                          : napi_no_external_buffers_allowed;
}

} // namespace shared_heap
