// The one use of V8's own interface. Node-API's external buffers cannot do this: they call their
// finalizer when the environment that made them ends, but ArrayBuffer.prototype.transfer() and byte
// streams move the memory into buffers that Node-API knows nothing of, and these may have been
// posted to another thread (docs/decisions.md). Node keeps these functions' symbols from 20 to 26.
#include "foreign_buffer.h"

#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wshadow"
#include <v8.h>
#pragma GCC diagnostic pop

namespace shared_heap {

napi_value make_foreign_buffer(void *data, size_t length, ReleaseMemory release, void *arg) {
  std::shared_ptr<v8::BackingStore> store(
      v8::ArrayBuffer::NewBackingStore(data, length, release, arg).release());
  const v8::Local<v8::ArrayBuffer> buffer =
      v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), std::move(store));
  // What Node-API does itself: a napi_value is the address in a Local.
  return reinterpret_cast<napi_value>(*buffer);
}

// V8 adds the length of a buffer to the memory that it plans its collections by, unless the deleter
// is this one.
napi_value make_permanent_buffer(void *data, size_t length) {
  return make_foreign_buffer(data, length, v8::BackingStore::EmptyDeleter, nullptr);
}

napi_status foreign_buffers(napi_env env) {
  static char byte;
  napi_value buffer;
  return napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer);
}

} // namespace shared_heap
