// ArrayBuffers over memory outside V8 that know when the memory is no longer used by anybody.
#ifndef SHB_FOREIGN_BUFFER_H
#define SHB_FOREIGN_BUFFER_H

#include <cstddef>

#include <node_api.h>

namespace shared_heap {

using ReleaseMemory = void (*)(void *data, size_t length, void *arg);

// An ArrayBuffer over `length` (> 0) bytes at `data`. `release` is called once, when the last
// buffer over the memory is gone, in whichever thread that is and whatever environments have ended;
// not at all on failure.
napi_status make_foreign_buffer(napi_env env, void *data, size_t length, ReleaseMemory release,
                                void *arg, napi_value *out);

// An ArrayBuffer over memory that stays for as long as the process does. On Node it does not count
// as memory that a garbage collection could give back.
napi_status make_permanent_buffer(napi_env env, void *data, size_t length, napi_value *out);

// Whether this engine lets buffers lie outside its own memory. Electron's does not
// (napi_no_external_buffers_allowed), and ends the process where Node-API refuses.
napi_status foreign_buffers(napi_env env);

} // namespace shared_heap

#endif
