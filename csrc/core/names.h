// Names: a map of the heap's own from strings to refs; a name holds its object. Takes the core
// lock of that map, nothing else.
#ifndef SH_NAMES_H
#define SH_NAMES_H

#include "value.h"

// Id of the map of names: the binding applies the map operations to it (set, get, acquire,
// get_or_insert, delete, read). Its one claim is the heap's.
sh_id sh_names_id(const sh_heap *heap);

#endif
