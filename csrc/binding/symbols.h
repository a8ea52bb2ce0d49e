// Functions of the process that loaded the addon which the addon cannot link to, because not every
// engine that it runs in has them. The only file of the binding with calls of the platform.
#ifndef SHB_SYMBOLS_H
#define SHB_SYMBOLS_H

namespace shared_heap {

// The address of an exported function; nullptr if there is none of that name.
void *find_symbol(const char *name);

} // namespace shared_heap

#endif
