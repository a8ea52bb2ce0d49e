// Calls that optimised JavaScript makes without Node-API.
#ifndef SHB_FAST_CALLS_H
#define SHB_FAST_CALLS_H

#include <cstdint>

#include <node_api.h>

struct sh_env;

namespace shared_heap {

// What the fast calls of an environment find of it. Made and destroyed in its thread.
class FastCaller {
public:
  FastCaller() = default;
  FastCaller(const FastCaller &) = delete;
  FastCaller &operator=(const FastCaller &) = delete;
  ~FastCaller();

  // Sets exports.fast (types/native.d.ts), or leaves it out where this engine is not known to do
  // it. False if Node-API fails.
  bool define(napi_env env, napi_value exports);

  sh_env *core = nullptr;   // while the environment has one; without it nothing is done
  double *result = nullptr; // the exported array that says what a call has done

private:
  bool sit_down();

  int32_t seat = INT32_MAX; // none
};

} // namespace shared_heap

#endif
