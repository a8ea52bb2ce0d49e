// StringRef: one immutable text at a time, swapped whole. Every function takes the object's core
// lock for O(1) work plus, for short texts, a copy of at most 1 KiB; sh_string_get of such a text
// and sh_string_length take it only if the environment is offline, or while others keep changing
// the object (optimistic.h).
#ifndef SH_STR_H
#define SH_STR_H

#include "value.h"

// A new string with one claim. HEAP_FULL, OUT_OF_RANGE. O(length).
sh_status sh_string_new(sh_env *env, const sh_value *text, sh_id *out);

// Its text. USE_AFTER_FREE, TYPE_MISMATCH, INVALID_ID. O(1) plus the caller's copy.
sh_status sh_string_get(sh_env *env, sh_id id, sh_value *out);

// Its length in UTF-16 code units. O(1).
sh_status sh_string_length(sh_env *env, sh_id id, uint32_t *out);

// Replaces its text. O(length).
sh_status sh_string_set(sh_env *env, sh_id id, const sh_value *text);

// Replaces its text by `next` if it equals `expected`; `*exchanged` tells, `*old` is the text it
// had. O(length).
sh_status sh_string_compare_exchange(sh_env *env, sh_id id, const sh_value *expected,
                                     const sh_value *next, bool *exchanged, sh_value *old);

// sh_string_get that keeps what the read buffer holds already, for reads of several values.
sh_status shi_string_read(sh_env *env, sh_id id, sh_value *out);

// In a section: the text of a StringRef that the object being read holds. False if it changes, or
// has to be pinned.
bool shi_string_peek(sh_env *env, sh_id id, sh_value *out);

// Offset of the slot's payload body, 0 if the text is in the slot.
uint64_t shi_string_body(const shi_slot *slot);

#endif
