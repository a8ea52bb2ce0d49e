// ArrayBuffers are made through V8's own interface where it is there. Node-API's external buffers
// cannot do the same on Node: they call their finalizer when the environment that made them ends,
// but ArrayBuffer.prototype.transfer() and byte streams move the memory into buffers that Node-API
// knows nothing of, and these may have been posted to another thread (docs/decisions.md 39).
//
// V8's functions are looked up by name, as in fast_calls.cc: Node has them from 20 to 26. Bun and
// Deno have not, and there Node-API makes the buffers. In Deno the finalizer belongs to the memory and
// runs with the last buffer over it; Bun finalizes as Node does, see `keep` (docs/runtimes.md).
//
// What is relied on where they are found: the C++ library is GNU's, as that which Node is built
// with, because a shared_ptr's count is touched by both sides; a Local is one pointer.
#include "foreign_buffer.h"

#include <memory>
#include <new>

#include "symbols.h"

namespace shared_heap {

namespace {

// v8::BackingStore, of which only the address matters here.
struct BackingStore;

// Stands for std::unique_ptr<v8::BackingStore>: one pointer, but returned in memory, as everything
// with a destructor is.
struct UniqueStore {
  BackingStore *store;
  // NOLINTNEXTLINE(modernize-use-equals-default): it is what makes the type non-trivial
  ~UniqueStore() {}
};

using NewBackingStore = UniqueStore (*)(void *data, size_t length, ReleaseMemory release,
                                        void *arg);
using DestroyStore = void (*)(BackingStore *store);
using CurrentIsolate = void *(*)();
using NewBuffer = napi_value (*)(void *isolate, std::shared_ptr<BackingStore> store);

struct V8 {
  NewBackingStore new_store;
  DestroyStore destroy_store;
  ReleaseMemory empty_deleter;
  CurrentIsolate isolate;
  NewBuffer new_buffer;

  bool is_complete() const {
    return new_store != nullptr && destroy_store != nullptr && empty_deleter != nullptr &&
           isolate != nullptr && new_buffer != nullptr;
  }
};

// The functions of this process; none if one is missing.
const V8 &v8() {
  static const V8 found = [] {
    V8 all{};
#ifdef __GLIBCXX__
    all.new_store = reinterpret_cast<NewBackingStore>(
        find_symbol("_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_"));
    all.destroy_store = reinterpret_cast<DestroyStore>(find_symbol("_ZN2v812BackingStoreD1Ev"));
    all.empty_deleter =
        reinterpret_cast<ReleaseMemory>(find_symbol("_ZN2v812BackingStore12EmptyDeleterEPvmS1_"));
    all.isolate = reinterpret_cast<CurrentIsolate>(find_symbol("_ZN2v87Isolate10GetCurrentEv"));
    all.new_buffer = reinterpret_cast<NewBuffer>(find_symbol(
        "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE"));
#endif
    return has_v8_interface() && all.is_complete() ? all : V8{};
  }();
  return found;
}

void destroy(BackingStore *store) {
  v8().destroy_store(store);
  ::operator delete(static_cast<void *>(store));
}

napi_value make_with_v8(void *data, size_t length, ReleaseMemory release, void *arg) {
  std::shared_ptr<BackingStore> store(v8().new_store(data, length, release, arg).store, destroy);
  // What Node-API does itself: a napi_value is the address in a Local.
  return v8().new_buffer(v8().isolate(), std::move(store));
}

// What a finalizer of Node-API needs to know.
struct Foreign {
  size_t length;
  ReleaseMemory release;
  void *arg;
  bool ends_with_environment;
  bool is_kept;
};

// Bun finalizes all buffers that are there when their environment ends, and the memory of one may by
// then be that of another, in another thread. So it is never released: a worker that ends with
// buffers alive leaves their memory behind.
void keep(void *foreign) { static_cast<Foreign *>(foreign)->is_kept = true; }

// In any thread, and whatever has become of the environment: `env` may only be used in Bun.
void finalize(napi_env env, void *data, void *hint) {
  auto *foreign = static_cast<Foreign *>(hint);
  if (!foreign->is_kept) {
    if (foreign->ends_with_environment) {
      (void)napi_remove_env_cleanup_hook(env, keep, foreign);
    }
    foreign->release(data, foreign->length, foreign->arg);
  }
  delete foreign;
}

bool is_bun(napi_env env) {
  napi_value global, process, versions;
  bool is = false;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, "process", &process) == napi_ok &&
         napi_get_named_property(env, process, "versions", &versions) == napi_ok &&
         napi_has_named_property(env, versions, "bun", &is) == napi_ok && is;
}

} // namespace

napi_status make_foreign_buffer(napi_env env, void *data, size_t length, ReleaseMemory release,
                                void *arg, napi_value *out) {
  if (v8().is_complete()) {
    *out = make_with_v8(data, length, release, arg);
    return napi_ok;
  }
  auto *foreign = new (std::nothrow) Foreign{length, release, arg, is_bun(env), false};
  if (foreign == nullptr) {
    return napi_generic_failure;
  }
  napi_status status = napi_ok;
  if (foreign->ends_with_environment) {
    status = napi_add_env_cleanup_hook(env, keep, foreign);
    if (status != napi_ok) {
      delete foreign;
      return status;
    }
  }
  status = napi_create_external_arraybuffer(env, data, length, finalize, foreign, out);
  if (status != napi_ok) {
    if (foreign->ends_with_environment) {
      (void)napi_remove_env_cleanup_hook(env, keep, foreign);
    }
    delete foreign;
  }
  return status;
}

// V8 adds the length of a buffer to the memory that it plans its collections by, unless the deleter
// is its empty one.
napi_status make_permanent_buffer(napi_env env, void *data, size_t length, napi_value *out) {
  if (v8().is_complete()) {
    *out = make_with_v8(data, length, v8().empty_deleter, nullptr);
    return napi_ok;
  }
  return napi_create_external_arraybuffer(env, data, length, nullptr, nullptr, out);
}

napi_status foreign_buffers(napi_env env) {
  static char byte;
  napi_value buffer;
  return napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer);
}

} // namespace shared_heap
