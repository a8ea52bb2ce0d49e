// JS strings that read their text where it lies, in the heap (docs/decisions.md 40).
//
// Such a string owns a pin of the text's payload, which never changes while it is pinned. The pin
// goes when V8 collects the string or when its isolate ends, whatever has become by then of the
// object or container that the text came from, and of the environment that made the string.
#ifndef SHB_EXTERNAL_STRING_H
#define SHB_EXTERNAL_STRING_H

#include <node_api.h>

struct sh_heap;
struct sh_value;

namespace shared_heap {

struct Call;

// Makes a JS string over the payload of a text. True: it owns the text's pin now. False: it is
// better copied, or there are no such strings here; nothing has changed.
bool make_external_string(const Call &call, sh_value *text, napi_value *out);

// All external strings of one environment: what V8 must know about them.
class ExternalStrings;

// Tells V8 if the memory that waits for strings to be collected has changed, and may let it collect
// garbage. Mostly a few comparisons.
void report_external_strings(ExternalStrings *strings, napi_env env, const sh_heap *heap);

// The environment ends; its strings may live on.
void release_external_strings(ExternalStrings *strings);

} // namespace shared_heap

#endif
