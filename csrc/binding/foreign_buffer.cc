// Buffers made by V8's own functions where there are any. Node-API's external buffers cannot do the
// same on Node: they call their finalizer when the environment that made them ends, but
// ArrayBuffer.prototype.transfer() and byte streams move the memory into buffers that Node-API
// knows nothing of, and these may have been posted to another thread (docs/decisions.md 39).
//
// The functions are looked up by their mangled names, as those of the fast calls are, and no header
// of V8 or of its C++ library is used. Relied on, in Node 20 to 26:
// - A Local is one pointer; returned as such.
// - V8's C++ library is libstdc++: see shared_store.h.
//
// Bun and Deno have no such functions, and there Node-API makes the buffers. In Deno the finalizer
// belongs to the memory and runs with the last buffer over it; Bun finalizes as Node does: see
// `keep` and docs/runtimes.md.
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
            has_v8_interface() && find_function("_ZN2v87Isolate10GetCurrentEv", &isolate) &&
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

napi_value make_with_v8(void *data, size_t length, ReleaseMemory release, void *arg) {
  const UniqueStore made = v8().new_store(data, length, release, arg);
  // V8 gives it up with the last buffer.
  auto *count = new StoreCount(made.store, destroy_store);
  // What Node-API does itself: a napi_value is the address in a Local.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): see count
  return static_cast<napi_value>(v8().new_buffer(v8().isolate(), SharedStore{made.store, count}));
}

// --- by Node-API -----------------------------------------------------------------------------

// What a finalizer of Node-API needs to know.
struct Foreign {
  size_t length;
  ReleaseMemory release;
  void *arg;
  bool ends_with_environment;
  bool is_kept;
};

// Bun finalizes all buffers that are there when their environment ends, and the memory of one may
// by then be that of another, in another thread. So it is never released: a worker that ends with
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
  if (v8().is_complete) {
    *out = make_with_v8(data, length, release, arg);
    return napi_ok;
  }
  const bool ends_with_environment = is_bun(env);
  auto *foreign = new (std::nothrow) Foreign{length, release, arg, ends_with_environment, false};
  if (foreign == nullptr) {
    return napi_generic_failure;
  }
  napi_status status = napi_ok;
  if (ends_with_environment) {
    status = napi_add_env_cleanup_hook(env, keep, foreign);
    if (status != napi_ok) {
      delete foreign;
      return status;
    }
  }
  status = napi_create_external_arraybuffer(env, data, length, finalize, foreign, out);
  if (status != napi_ok) {
    if (ends_with_environment) {
      (void)napi_remove_env_cleanup_hook(env, keep, foreign);
    }
    delete foreign;
  }
  return status;
}

napi_status make_permanent_buffer(napi_env env, void *data, size_t length, napi_value *out) {
  if (v8().is_complete) {
    *out = make_with_v8(data, length, v8().release_nothing, nullptr);
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
