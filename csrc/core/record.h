// Structs: shapes (the list of fields, kept once per heap) and records (instances).
//
// A shape is immutable and lives as long as the heap; equal lists of names and types give the same
// shape id in every environment. Numbers and booleans live as raw doubles (boolean = 0.0 or 1.0)
// in a fields body from the arenas of SHI_CLASS_FIELDS, where JS may store; all other fields are
// words in a words body. Field i of the shape has a slot number in one of the two bodies.
// Everything is written under the record's core lock, but for the doubles, which JS may also store
// to without it (design 7.6): they are atomics. It is read under the lock as well; single
// fields and the shape, by an environment that is online, without it (optimistic.h).
#ifndef SH_RECORD_H
#define SH_RECORD_H

#include "value.h"

typedef enum sh_field_type {
  SH_FIELD_STRING,
  SH_FIELD_NUMBER,
  SH_FIELD_BOOLEAN,
  SH_FIELD_BIGINT,
  SH_FIELD_REF,    // any ref, or null
  SH_FIELD_ANY,    // any primitive or ref
  SH_FIELD_TYPED,  // a ref of type `detail` (sh_type), or null
  SH_FIELD_SHAPED, // a record of shape `detail`, or null
  SH_FIELD_TYPE_COUNT
} sh_field_type;

typedef struct sh_field {
  sh_value name;   // STRING
  uint8_t type;    // sh_field_type
  uint32_t detail; // sh_type or shape id
  int32_t place;   // out: among the doubles of the fields body, -1 for a word
} sh_field;

#define SH_FIELDS_MAX 1024u

// The id of the shape with these fields, made if it is new. Ids start at 1. OUT_OF_RANGE above
// SH_FIELDS_MAX fields or for a detail that does not exist; HEAP_FULL.
sh_status sh_shape_define(sh_env *env, const sh_field *fields, uint32_t n, uint32_t *shape);

// Number of fields of a shape; INVALID_ID if there is no such shape.
sh_status sh_shape_length(sh_env *env, uint32_t shape, uint32_t *n);

// Field i of a shape (its name as an out value).
sh_status sh_shape_field(sh_env *env, uint32_t shape, uint32_t i, sh_field *out);

// A new record; values[i] for field i, SH_KIND_UNDEFINED meaning its default. One claim.
// INVALID_ARG_TYPE (value of another kind) and TYPE_MISMATCH (ref of another type) name the field
// in *bad (may be NULL).
sh_status sh_record_new(sh_env *env, uint32_t shape, const sh_value *values, uint32_t n, sh_id *out,
                        uint32_t *bad);

// Shape of a record.
sh_status sh_record_shape(sh_env *env, sh_id id, uint32_t *shape);

// Field i. UNKNOWN_FIELD if the shape has fewer; TYPE_MISMATCH if the record is of another shape
// (`shape` 0: any).
sh_status sh_record_get(sh_env *env, sh_id id, uint32_t shape, uint32_t i, sh_mode mode,
                        sh_value *out);

sh_status sh_record_set(sh_env *env, sh_id id, uint32_t shape, uint32_t i, const sh_value *value);

// Sets fields[i] to values[i] for i < n, all of them in one step or none. With statuses as of
// sh_record_set; *bad (may be NULL) is the i that failed, n if it was none in particular. A field
// named twice gets the later value.
sh_status sh_record_update(sh_env *env, sh_id id, uint32_t shape, const uint32_t *fields,
                           const sh_value *values, uint32_t n, uint32_t *bad);

// All fields in one step; out has room for the shape's number of fields.
sh_status sh_record_read(sh_env *env, sh_id id, uint32_t shape, sh_mode mode, sh_value *out,
                         uint32_t *version);

// Shape of a record that is kept alive by the caller; its payload's shape never changes.
uint32_t shi_record_shape_of(const shi_slot *slot);

// Bodies of a record: offsets (0: none) and number of 8-byte places, for verify.
void shi_record_bodies(const sh_heap *heap, const shi_slot *slot, uint64_t *fields,
                       uint32_t *field_count, uint64_t *words, uint32_t *word_count);

// Bytes of all shapes and their chunks, for verify.
uint64_t shi_shape_bytes(const sh_heap *heap);

#endif
