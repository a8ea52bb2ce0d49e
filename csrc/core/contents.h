// What an object owns, for those who look at objects of all types alike: its words and their bytes.
// A new type is one more case in contents.c.
#ifndef SH_CONTENTS_H
#define SH_CONTENTS_H

#include "state.h"

typedef void (*shi_on_word)(void *arg, shi_word word);

// Calls `on_word` with each word of an object (keys and values, elements, fields) and returns the
// bytes of its bodies, payloads of its words included. Under the object's lock; the object must be
// sound (verify.c looks at objects that may not be). O(words).
uint64_t shi_contents_walk(const sh_heap *heap, shi_slot *slot, sh_type type, shi_on_word on_word,
                           void *arg);

#endif
