// Errors: one place makes messages and throws.
//
//   <API name>: <what>, id <id> (<type>), <hint>
//
// Every function returns nullptr with an exception pending, so that a throw is `return fail(...)`.
// The throw is the last thing a call does: constructors of errors are JS and may run anything.
#ifndef SHB_ERROR_H
#define SHB_ERROR_H

#include <string>

#include "environment.h"

namespace shared_heap {

// A status of the core; BUSY is only noted, see Call. `values` are those the call was given: a ref
// among them may be the culprit.
napi_value fail(const Call &call, sh_status status, const sh_value *values = nullptr,
                uint32_t count = 0);

// The same with a message of its own: "<API name>: <what>, id ...".
napi_value fail_with(const Call &call, sh_status status, const std::string &what);

// ERR_INVALID_ARG_TYPE: `name` should be `expected`, but `got` arrived.
napi_value fail_type(const Call &call, const char *name, const char *expected, napi_value got);

// ERR_OUT_OF_RANGE, likewise.
napi_value fail_range(const Call &call, const char *name, const std::string &expected,
                      napi_value got);

// ERR_INVALID_ID for something that is no id at all.
napi_value fail_id(const Call &call, napi_value got);

// ERR_UNSUPPORTED_VALUE for an object, function or symbol, naming the way to store it.
napi_value fail_unsupported(const Call &call, const char *name, napi_value got);

// A code that only the binding knows.
napi_value fail_code(const Call &call, const char *code, const std::string &what);

// A Node-API call failed: throws unless an exception is pending already.
napi_value fail_node_api(const Call &call);

// Process memory was refused.
napi_value fail_memory(const Call &call);

// "StringRef", ...; "dead" for SH_TYPE_NONE.
const char *type_name(sh_type type);

// What arrived, in a few words, without running any JS: `number 1.5`, `string "abc"`, `a function`.
std::string describe(napi_env env, napi_value value);

} // namespace shared_heap

#endif
