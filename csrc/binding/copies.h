// Several copies of the package in one process: a bundler's plugins may each bring their own.
#ifndef SHB_COPIES_H
#define SHB_COPIES_H

#include <string>

#include <node_api.h>

namespace shared_heap {

using Init = napi_value (*)(napi_env env, napi_value exports);

// The function that makes the exports of every copy in this process: that of the copy which was
// loaded first, this one's or another's, so that there is one heap. nullptr if they do not fit
// together, and *why says so. Any thread.
Init init_of_process(std::string *why);

// This copy's own. addon.cc.
napi_value init(napi_env env, napi_value exports);

} // namespace shared_heap

#endif
