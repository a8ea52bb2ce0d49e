// What is relied on, in V8 11 to 14 (Node 20 to 26), and how it is checked before anything is made:
// - The symbols in `V8`, found by their mangled names, which contain their parameters' types. Bun
//   and Deno do not have them. No header of V8 is used: what those inline differs between versions.
//   That is why nothing is returned: `slow` could not return the like without it, and V8 13 ends
//   the process if it does not.
// - A Local is one pointer; passed and returned as such.
// - CFunction and CFunctionInfo are made by V8's own constructors, in room to spare.
// - CTypeInfo is a few bytes, the type first, of which the others may be 0. How many is asked of V8
//   (CFunctionInfo::ArgumentInfo); 2 and 3 are known.
// - The types' numbers, and that a one-byte text is passed as OneByteText. Not checked but by the
//   version; test/js/fast-calls.test.ts runs every function from optimised code.
#include "fast_v8.h"

#include <cstdlib>
#include <new>

#include "symbols.h"

namespace shared_heap {

constexpr size_t kTypeBytes = 8;   // more than a CTypeInfo has
constexpr size_t kSpareBytes = 64; // more than a CFunction or CFunctionInfo has

// What V8 keeps pointers to: lives as long as the process.
struct Description {
  alignas(16) uint8_t function[kSpareBytes];
  alignas(16) uint8_t info[kSpareBytes];
  uint8_t types[(1 + kMaxArguments) * kTypeBytes];
};

namespace {

using Slow = void (*)(const void *info);

// What the ordinary call of a fast function comes to: nothing. Not even `info` is looked at: how it
// is laid out is known to V8's headers alone.
void slow(const void * /*info*/) {}

struct V8 {
  const char *(*version)();
  void *(*isolate)();
  void *(*context)(void *isolate);
  // data and signature are empty Locals; the last three are 0 but for objects of the embedder.
  void *(*new_template)(void *isolate, Slow callback, void *data, void *signature, int length,
                        int constructor_behavior, int side_effect_type, const void *c_function,
                        uint16_t type, uint16_t range_start, uint16_t range_end);
  void *(*get_function)(void *function_template, void *context);
  void (*make_function)(void *self, const void *address, const void *info);
  // V8 12 added the last argument, by which 64-bit integers would come: 0, as numbers. V8 11 does
  // not look at it.
  void (*make_info)(void *self, const void *result, unsigned count, const void *arguments,
                    uint8_t int64_representation);
  const void *(*argument)(const void *info, unsigned index);

  bool find();
};

bool V8::find() {
  return find_function("_ZN2v82V810GetVersionEv", &version) &&
         find_function("_ZN2v87Isolate10GetCurrentEv", &isolate) &&
         find_function("_ZN2v87Isolate17GetCurrentContextEv", &context) &&
         find_function("_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoI"
                       "NS_5ValueEEEENS_5LocalIS4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorE"
                       "NS_14SideEffectTypeEPKNS_9CFunctionEttt",
                       &new_template) &&
         find_function("_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE",
                       &get_function) &&
         find_function("_ZN2v89CFunctionC1EPKvPKNS_13CFunctionInfoE", &make_function) &&
         (find_function("_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE",
                        &make_info) ||
          find_function("_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_", &make_info)) &&
         find_function("_ZNK2v813CFunctionInfo12ArgumentInfoEj", &argument);
}

bool is_known_version(const V8 &v8) {
  constexpr long kFirst = 11, kLast = 14;
  const long major = std::strtol(v8.version(), nullptr, 10);
  return major >= kFirst && major <= kLast;
}

// Bytes of a CTypeInfo, 0 if they are none that we know.
size_t type_bytes(const V8 &v8) {
  Description probe{};
  v8.make_info(probe.info, probe.types, 2, probe.types, 0);
  const auto *first = static_cast<const uint8_t *>(v8.argument(probe.info, 0));
  const auto *second = static_cast<const uint8_t *>(v8.argument(probe.info, 1));
  const bool known = first == probe.types && (second == first + 2 || second == first + 3);
  return known ? static_cast<size_t>(second - first) : 0;
}

void describe_to_v8(const V8 &v8, const FastMethod &method, size_t stride, Description *out) {
  for (uint32_t i = 0; i <= method.arguments; i++) {
    out->types[i * stride] = method.types[i];
  }
  v8.make_info(out->info, out->types, method.arguments, out->types + stride, 0);
  v8.make_function(out->function, method.function, out->info);
}

// The V8 of this process; `stride` 0: it is none that we know.
struct Known {
  V8 v8{};
  size_t stride;

  Known() : stride(v8.find() && is_known_version(v8) ? type_bytes(v8) : 0) {}
};

const Known &v8_of_process() {
  static const Known known;
  return known;
}

bool define_function(napi_env env, napi_value object, const FastMethod &method,
                     const Description &description) {
  constexpr int kThrows = 0; // ConstructorBehavior: no `new`
  constexpr int kHasSideEffect = 0;
  const V8 &v8 = v8_of_process().v8;
  void *isolate = v8.isolate();
  void *made =
      v8.new_template(isolate, slow, nullptr, nullptr, static_cast<int>(method.arguments) - 1,
                      kThrows, kHasSideEffect, description.function, 0, 0, 0);
  void *function = made == nullptr ? nullptr : v8.get_function(made, v8.context(isolate));
  // What Node-API does itself: a napi_value is the address in a Local.
  return function != nullptr &&
         napi_set_named_property(env, object, method.name, static_cast<napi_value>(function)) ==
             napi_ok;
}

} // namespace

FastFunctions::FastFunctions(const FastMethod *methods, size_t count)
    : methods_(methods), count_(count) {
  if (v8_of_process().stride == 0) {
    return;
  }
  descriptions_ = new (std::nothrow) Description[count]();
  for (size_t i = 0; descriptions_ != nullptr && i < count; i++) {
    describe_to_v8(v8_of_process().v8, methods[i], v8_of_process().stride, &descriptions_[i]);
  }
}

bool FastFunctions::define(napi_env env, napi_value object) const {
  for (size_t i = 0; descriptions_ != nullptr && i < count_; i++) {
    if (!define_function(env, object, methods_[i], descriptions_[i])) {
      return false;
    }
  }
  return true;
}

} // namespace shared_heap
