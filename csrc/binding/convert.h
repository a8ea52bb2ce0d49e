// Arguments in, results out.
//
// Every reader returns false with an exception pending. What it reads lives until the call returns
// (see arena.h). Every writer takes over the pins of the values it is given, and the claims if they
// came with some: if JS does not get them, they are given up.
#ifndef SHB_CONVERT_H
#define SHB_CONVERT_H

#include "environment.h"
#include "error.h"

namespace shared_heap {

// --- in ------------------------------------------------------------------------------------

// Argument 0 as call.id: an integer that may be an id. Whether it is alive, the core tells.
bool read_id(Call &call);

bool read_number(const Call &call, size_t arg, const char *name, double *out);
bool read_boolean(const Call &call, size_t arg, const char *name, bool *out);
bool read_text(const Call &call, size_t arg, const char *name, sh_value *out);

// A primitive.
bool read_key(const Call &call, size_t arg, sh_value *out);

// A primitive or a ref; `number` says where the ref's id is.
bool read_value(const Call &call, size_t arg, uint32_t number, sh_value *out);

// All arguments from `first` on as values 0, 1, ...
bool read_values(const Call &call, size_t first, sh_value **out, uint32_t *count);

// An index: anything that is not an integer below 2^32 - 1 becomes kNoIndex, which no object has.
constexpr uint32_t kNoIndex = UINT32_MAX;
bool read_index(const Call &call, size_t arg, const char *name, uint32_t *out);

// A whole number, negative if it counts from the end; anything else becomes kNoPosition, which is
// behind the end of every object.
constexpr int64_t kNoPosition = INT64_MAX;
bool read_position(const Call &call, size_t arg, const char *name, int64_t *out);

// An integer from 0 on; what is above 2^32 - 1 becomes that.
bool read_clamped(const Call &call, size_t arg, const char *name, uint32_t *out);

// An integer from 0 to max.
bool read_uint(const Call &call, size_t arg, const char *name, uint32_t max, uint32_t *out);

// Argument 0, a function that is kept in *place instead of the one before.
bool keep_function(const Call &call, const char *name, const char *expected, napi_ref *place);

bool read_mode(const Call &call, size_t arg, sh_mode *out);

// Whether a call has at most kBatch arguments from `first` on.
bool check_batch(const Call &call, size_t first);

// --- out -----------------------------------------------------------------------------------

enum class Claims { kNone, kOwned };

inline Claims claims_of(sh_mode mode) {
  return mode == SH_ACQUIRE ? Claims::kOwned : Claims::kNone;
}

// A value as result number `number`; *out nullptr stands for undefined. Gives up the pin, not
// claims.
bool to_js(const Call &call, sh_value *value, uint32_t number, napi_value *out);

// One value as the result.
napi_value deliver(const Call &call, sh_value *value, Claims claims);

// `count` values as results from number `number` on, as to_js does each. If it fails, gives up the
// pins of all, and their claims.
bool to_js_each(const Call &call, sh_value *values, uint32_t count, uint32_t number,
                napi_value *handles, Claims claims);

// `count` (<= kBatch) values as an array.
napi_value deliver_array(const Call &call, sh_value *values, uint32_t count, Claims claims);

// `count` (<= kBatch) handles as an array; nullptr among them stands for undefined.
napi_value collect_array(const Call &call, napi_value *handles, uint32_t count);

// Gives up the claims that came with refs.
void give_up_claims(const Call &call, const sh_value *values, uint32_t count, Claims claims);

// Elements of a vector or queue: arguments id, start, limit, mode; out[3] is the object's version.
using SequenceReader = sh_status (*)(sh_env *env, sh_id id, uint32_t start, sh_mode mode,
                                     uint32_t limit, sh_value *out, uint32_t *count,
                                     uint32_t *version);
napi_value read_sequence(Call &call, SequenceReader read);

napi_value to_js_boolean(const Call &call, bool value);
napi_value to_js_number(const Call &call, double value);

// The id of a new object, with its claim.
napi_value deliver_id(const Call &call, sh_id id);

} // namespace shared_heap

#endif
