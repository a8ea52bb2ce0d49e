// The floor for StringRef.obtainValue(): a Node-API function that returns a latin1 string of 20
// characters from static memory and does nothing else, not even look at its argument.
#define _POSIX_C_SOURCE 199309L
#include <node_api.h>
#include <time.h>

static const char TEXT[] = "twenty characters ok";

static napi_value text(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result = NULL;
  napi_create_string_latin1(env, TEXT, sizeof TEXT - 1, &result);
  return result;
}

// Takes a number and returns it: the floor for calls such as NumberRef.obtainValue().
static napi_value number(napi_env env, napi_callback_info info) {
  napi_value argument, result = NULL;
  size_t count = 1;
  double value;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok ||
      napi_get_value_double(env, argument, &value) != napi_ok ||
      napi_create_double(env, value, &result) != napi_ok) {
    return NULL;
  }
  return result;
}

// Takes a number and a string as a map lookup does, copies the string out and returns a number.
static napi_value lookup(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result = NULL;
  size_t count = 2, length;
  double value;
  char16_t units[64];
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok ||
      napi_get_value_double(env, arguments[0], &value) != napi_ok ||
      napi_get_value_string_utf16(env, arguments[1], units, 64, &length) != napi_ok ||
      napi_create_double(env, value + (double)length, &result) != napi_ok) {
    return NULL;
  }
  return result;
}

// Nanoseconds that this thread has run: no peer, but the harness's second clock.
static napi_value thread_time(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec now;
  napi_value result = NULL;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  napi_create_double(env, (double)now.tv_sec * 1e9 + (double)now.tv_nsec, &result);
  return result;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback callback;
  } functions[] = {{"text", text},
                   {"number", number},
                   {"lookup", lookup},
                   {"threadTime", thread_time}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].callback, NULL,
                             &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}
