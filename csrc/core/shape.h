// Shapes as they lie in the region: immutable once their offset is in its chunk, never freed.
#ifndef SH_SHAPE_H
#define SH_SHAPE_H

#include "record.h"
#include "state.h"

typedef struct shi_field {
  shi_word name;     // text
  uint32_t detail;   // sh_type or shape id, by type
  uint16_t place;    // index in the fields body or in the words body
  uint8_t type;      // sh_field_type
  uint8_t is_double; // in the fields body
} shi_field;

typedef struct shi_shape {
  uint32_t hash; // of all names and types, to tell shapes apart quickly
  uint32_t length;
  uint32_t doubles; // fields in the fields body
  uint32_t words;   // fields in the words body
  shi_field fields[];
} shi_shape;

// The shape of an id, NULL if there is none. O(1), takes no lock.
const shi_shape *shi_shape_at(const sh_heap *heap, uint32_t shape);

#endif
