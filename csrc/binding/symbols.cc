#include "symbols.h"

#include <dlfcn.h>

namespace shared_heap {

void *find_symbol(const char *name) { return dlsym(RTLD_DEFAULT, name); }

} // namespace shared_heap
