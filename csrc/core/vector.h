// VectorRef: a growable array of words.
//
// The body is 8 bytes of header (capacity in words, unused) and the words. The slot keeps the
// offset of element 0 and, in its second word, length | start << 32, `start` being the number of
// free words before element 0: shift() moves the start, so a vector is a queue at O(1).
// V1 start + length <= capacity   V2 body offset = offset of element 0 - 8 * start - 8
//
// An `int64_t` index or position counts from the end if it is negative, in the same step as the
// operation; positions beyond either end are that end.
//
// Everything is written under the vector's core lock. It is read under it as well; single elements
// and the length, by an environment that is online, without it (optimistic.h). Push, pop, shift,
// unshift at amortised O(1) an element; removing or inserting inside moves the shorter tail,
// O(length).
#ifndef SH_VECTOR_H
#define SH_VECTOR_H

#include "value.h"

#define SH_VECTOR_MAX UINT32_C(0x7fffffff)

// A new empty vector with one claim. HEAP_FULL.
sh_status sh_vector_new(sh_env *env, sh_id *out);

sh_status sh_vector_length(sh_env *env, sh_id id, uint32_t *out);

// Element `index`; *found false (out of range) leaves *out undefined.
sh_status sh_vector_get(sh_env *env, sh_id id, int64_t index, sh_mode mode, sh_value *out,
                        bool *found);

// Replaces element `index`. OUT_OF_RANGE if there is none.
sh_status sh_vector_set(sh_env *env, sh_id id, uint32_t index, const sh_value *value);

// Appends (or prepends) n values, all or none. *length is the new length.
sh_status sh_vector_push(sh_env *env, sh_id id, const sh_value *values, uint32_t n,
                         uint32_t *length);
sh_status sh_vector_unshift(sh_env *env, sh_id id, const sh_value *values, uint32_t n,
                            uint32_t *length);

// Takes the last (first) element and hands it over: a ref's hold becomes the caller's claim.
sh_status sh_vector_pop(sh_env *env, sh_id id, sh_value *out, bool *found);
sh_status sh_vector_shift(sh_env *env, sh_id id, sh_value *out, bool *found);

// Removes element `index` and releases it; *found false if out of range.
sh_status sh_vector_remove_at(sh_env *env, sh_id id, uint32_t index, bool *found);

// Replaces `remove` elements from `start` on, or as many as there are, by n values, all or nothing,
// and hands the removed elements over in out[0..*removed). OUT_OF_RANGE, and how many they would be
// in *removed, if there are more than SH_READ_MAX.
sh_status sh_vector_splice(sh_env *env, sh_id id, int64_t start, uint32_t remove,
                           const sh_value *values, uint32_t n, sh_value *out, uint32_t *removed);

// Sets [start, end) to one value; each place takes its own hold. `move` is refused
// (UNSUPPORTED_VALUE) unless exactly one place is filled. O(places).
sh_status sh_vector_fill(sh_env *env, sh_id id, const sh_value *value, int64_t start, int64_t end);

sh_status sh_vector_reverse(sh_env *env, sh_id id);

// Removes every element and releases it. O(length).
sh_status sh_vector_clear(sh_env *env, sh_id id);

// First index from `from` on (or, backwards, last index up to it) of an element equal to the value;
// *found false if none. `same_value_zero`: NaN equals NaN. O(length).
sh_status sh_vector_index_of(sh_env *env, sh_id id, const sh_value *value, int64_t from,
                             bool backwards, bool same_value_zero, uint32_t *index, bool *found);

// Reads up to `limit` elements from `start` on. *version is the vector's version at that moment.
sh_status sh_vector_read(sh_env *env, sh_id id, uint32_t start, sh_mode mode, uint32_t limit,
                         sh_value *out, uint32_t *count, uint32_t *version);

// Reorders: element i becomes the one at order[i]; only if the version is still `version` and
// order (n entries) is a permutation of the length, else CONFLICT (resp. OUT_OF_RANGE).
sh_status sh_vector_permute(sh_env *env, sh_id id, uint32_t version, const uint32_t *order,
                            uint32_t n);

// The elements and the bytes of the body, under the lock, for verify.
shi_word *shi_vector_words(const sh_heap *heap, const shi_slot *slot, uint32_t *length);
bool shi_vector_fits(const sh_heap *heap, const shi_slot *slot); // V1
size_t shi_vector_body_bytes(const sh_heap *heap, const shi_slot *slot);

#endif
