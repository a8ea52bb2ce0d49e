// Functions of the process that loaded the addon which the addon cannot link to, because not every
// engine that it runs in has them. The only file of the binding with calls of the platform.
#ifndef SHB_SYMBOLS_H
#define SHB_SYMBOLS_H

namespace shared_heap {

// The address of an exported function; nullptr if there is none of that name.
void *find_symbol(const char *name);

// Whether the engine is a V8 whose C++ interface can be reached, as Node's is. Deno's V8 exports
// nothing; Bun exports some functions of that name, which are its own.
bool has_v8_interface();

} // namespace shared_heap

#endif
