// Buffers made by V8's own functions. Node-API's external buffers cannot do this: they call their
// finalizer when the environment that made them ends, but ArrayBuffer.prototype.transfer() and byte
// streams move the memory into buffers that Node-API knows nothing of, and these may have been
// posted to another thread (docs/decisions.md 39).
//
// The functions are looked up by their mangled names, as those of the fast calls are, and no header
// of V8 or of its C++ library is used: the addon brings its own C++ library (decision 45), loads in
// engines that have no such functions, and there makes no buffers. Relied on, in Node 20 to 26:
// - A Local is one pointer; returned as such.
// - V8's C++ library is libstdc++: see shared_store.h.
#include "foreign_buffer.h"

#include <new>

#include "shared_store.h"
#include "symbols.h"

namespace shared_heap {

namespace {

// std::unique_ptr<v8::BackingStore>, emptied as soon as it is there.
struct UniqueStore {
  void *store;

  UniqueStore(const UniqueStore &) = delete;
  UniqueStore &operator=(const UniqueStore &) = delete;
  // Not trivial, so that it is returned as a unique_ptr is.
  ~UniqueStore() {} // NOLINT(modernize-use-equals-default)
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

void destroy_store(void *store) {
  v8().destroy_store(store);
  ::operator delete(store); // as v8::BackingStore's own, which is inline, does
}

} // namespace

napi_value make_foreign_buffer(void *data, size_t length, ReleaseMemory release, void *arg) {
  const UniqueStore made = v8().new_store(data, length, release, arg);
  // V8 gives it up with the last buffer.
  auto *count = new StoreCount(made.store, destroy_store);
  // What Node-API does itself: a napi_value is the address in a Local.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): see count
  return static_cast<napi_value>(v8().new_buffer(v8().isolate(), SharedStore{made.store, count}));
}

napi_value make_permanent_buffer(void *data, size_t length) {
  return make_foreign_buffer(data, length, v8().release_nothing, nullptr);
}

napi_status foreign_buffers(napi_env env) {
  static char byte;
  napi_value buffer;
  return v8().is_complete
             ? napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer)
             : napi_no_external_buffers_allowed;
}

} // namespace shared_heap
