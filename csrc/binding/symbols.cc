#include "symbols.h"

#include <dlfcn.h>

namespace shared_heap {

void *find_symbol(const char *name) { return dlsym(RTLD_DEFAULT, name); }

bool has_v8_interface() {
  static const bool has = find_symbol("_ZN2v82V810GetVersionEv") != nullptr;
  return has;
}

} // namespace shared_heap
