// How JavaScript learns of what its environment waits for (core/port.h): one thread-safe function
// for each environment, made when it is first needed.
//
// It owns nothing but its queue, so that whatever comes late, from any thread, finds nothing to do:
// the tokens stay in the core until the function runs in the environment's own thread.
#ifndef SHB_EVENTS_H
#define SHB_EVENTS_H

#include <cstdint>

#include <node_api.h>

namespace shared_heap {

class Environment;

// Most tokens for one call of the dispatcher.
constexpr uint32_t kEvents = 256;

class Events {
public:
  Events() = default;
  Events(const Events &) = delete;
  Events &operator=(const Events &) = delete;

  // From now on `dispatch(count)` is called when events have come, with their tokens in `tokens`.
  // False if Node-API fails.
  bool listen(Environment *environment, napi_env env);

  // Whether the environment stays alive for events that may come. No effect before listen().
  void keep_alive(napi_env env, bool alive);

  // Ends it, while the environment is still there.
  void close();

  uint32_t *tokens = nullptr; // an exported array
  napi_ref dispatch = nullptr;

private:
  static void signal(void *self);
  static void deliver(napi_env env, napi_value unused, void *self, void *none);
  static void cleanup(void *self);

  Environment *environment_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
};

} // namespace shared_heap

#endif
