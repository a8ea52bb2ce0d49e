// How V8 is told of functions that optimised JavaScript calls without Node-API: by symbols that are
// looked up at run time. This file and fast_v8.cc alone know of it.
#ifndef SHB_FAST_V8_H
#define SHB_FAST_V8_H

#include <cstddef>
#include <cstdint>

#include <node_api.h>

namespace shared_heap {

// A text as V8 passes it: latin1, in V8's heap.
struct OneByteText {
  const char *data;
  uint32_t length;
};

// V8 passes the receiver first.
using Receiver = void *;

// v8::CTypeInfo::Type.
constexpr uint8_t kVoid = 0;
template <typename T> inline constexpr uint8_t kTypeCode = 0;
template <> inline constexpr uint8_t kTypeCode<int32_t> = 3;
template <> inline constexpr uint8_t kTypeCode<double> = 8;
template <> inline constexpr uint8_t kTypeCode<Receiver> = 10;
template <> inline constexpr uint8_t kTypeCode<const OneByteText &> = 11;

constexpr uint32_t kMaxArguments = 5;

struct FastMethod {
  const char *name;
  const void *function;
  uint32_t arguments; // with the receiver
  uint8_t types[1 + kMaxArguments];
};

template <typename... Arguments>
FastMethod describe(const char *name, void (*function)(Arguments...)) noexcept {
  static_assert(sizeof...(Arguments) <= kMaxArguments, "types has room");
  static_assert(((kTypeCode<Arguments> != 0) && ...), "V8 takes it");
  return {name,
          reinterpret_cast<const void *>(function),
          sizeof...(Arguments),
          {kVoid, kTypeCode<Arguments>...}};
}

// The functions as the process's V8 knows them; described once, and kept as long as it lives. Any
// thread.
class FastFunctions {
public:
  FastFunctions(const FastMethod *methods, size_t count);
  FastFunctions(const FastFunctions &) = delete;
  FastFunctions &operator=(const FastFunctions &) = delete;

  // Whether this is a V8 that can be told of them.
  bool are_known() const { return descriptions_ != nullptr; }

  // Sets a property of the object for each, if they are known. False if that fails.
  bool define(napi_env env, napi_value object) const;

private:
  const FastMethod *methods_;
  size_t count_;
  struct Description *descriptions_ = nullptr; // what V8 keeps pointers to
};

} // namespace shared_heap

#endif
