// Functions of the process that loaded the addon which the addon cannot link to, because not every
// engine that it runs in has them.
#ifndef SHB_SYMBOLS_H
#define SHB_SYMBOLS_H

namespace shared_heap {

// The address of an exported function; nullptr if there is none of that name.
void *find_symbol(const char *name);

// The same as a function of type `Function`; whether there is one.
template <typename Function> bool find_function(const char *name, Function *out) {
  *out = reinterpret_cast<Function>(find_symbol(name));
  return *out != nullptr;
}

// Whether the engine is a V8 whose C++ interface can be reached, as Node's is. Deno's V8 exports
// nothing; Bun exports functions of V8's names, some, which are its own.
bool has_v8_interface();

} // namespace shared_heap

#endif
