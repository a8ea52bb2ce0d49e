#include "shape.h"

#include "alloc.h"
#include "lock.h"
#include "text.h"

#include <string.h>

// Shape ids start at 1; number n = id - 1 is entry n - first of chunk c, where chunk c holds
// SH_SHAPE_CHUNK_FIRST << c entries and first is the sum of the chunks before.
static void locate(uint32_t number, uint32_t *chunk, uint32_t *entry) {
  uint32_t scaled = number / SH_SHAPE_CHUNK_FIRST + 1;
  *chunk = 31u - (uint32_t)__builtin_clz(scaled);
  *entry = number - ((1u << *chunk) - 1) * SH_SHAPE_CHUNK_FIRST;
}

static size_t chunk_bytes(uint32_t chunk) {
  return ((size_t)SH_SHAPE_CHUNK_FIRST << chunk) * sizeof(uint64_t);
}

static size_t shape_bytes(uint32_t fields) {
  return sizeof(shi_shape) + (size_t)fields * sizeof(shi_field);
}

const shi_shape *shi_shape_at(const sh_heap *heap, uint32_t shape) {
  uint32_t chunk = 0;
  uint32_t entry = 0;
  if (shape == 0 ||
      shape > atomic_load_explicit(&heap->header->shape_count, memory_order_acquire)) {
    return NULL;
  }
  locate(shape - 1, &chunk, &entry);
  // Relaxed: the acquire above orders everything up to this shape's publication.
  uint64_t at = atomic_load_explicit(&heap->header->shape_chunks[chunk], memory_order_relaxed);
  _Atomic uint64_t *offsets = shi_at(heap, at);
  return shi_at(heap, atomic_load_explicit(&offsets[entry], memory_order_relaxed));
}

static bool is_double(uint8_t type) { return type == SH_FIELD_NUMBER || type == SH_FIELD_BOOLEAN; }

static sh_status check_field(const sh_heap *heap, const sh_field *field) {
  if (field->name.kind != SH_KIND_STRING) {
    return SH_E_INVALID_ARG_TYPE;
  }
  bool known = field->type < SH_FIELD_TYPE_COUNT;
  if (field->type == SH_FIELD_TYPED) {
    known = field->detail > SH_TYPE_NONE && field->detail < SH_TYPE_COUNT;
  } else if (field->type == SH_FIELD_SHAPED) {
    known = shi_shape_at(heap, field->detail) != NULL;
  }
  return known ? SH_OK : SH_E_OUT_OF_RANGE;
}

static uint32_t detail_of(const sh_field *field) {
  return field->type == SH_FIELD_TYPED || field->type == SH_FIELD_SHAPED ? field->detail : 0;
}

// Whether a shape has these fields; keys[i] is the name of field i.
static bool same(const sh_heap *heap, const shi_shape *shape, const sh_field *fields,
                 const shi_key *keys, uint32_t n) {
  if (shape->length != n) {
    return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    const shi_field *field = &shape->fields[i];
    if (field->type != fields[i].type || field->detail != detail_of(&fields[i]) ||
        !shi_key_equals(heap, &keys[i], field->name)) {
      return false;
    }
  }
  return true;
}

// Writes the shape's fields; names stored before a failure are freed again.
static sh_status fill(sh_env *env, shi_shape *shape, const sh_field *fields, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    shi_field *field = &shape->fields[i];
    sh_status status = shi_word_make(env, &fields[i].name, &field->name); // a text: takes no lock
    if (status != SH_OK) {
      while (i-- > 0) {
        shi_payload_release(env->heap, env, shape->fields[i].name);
      }
      return status;
    }
    field->type = fields[i].type;
    field->detail = detail_of(&fields[i]);
    field->is_double = is_double(field->type);
    field->place = (uint16_t)(field->is_double ? shape->doubles++ : shape->words++);
  }
  return SH_OK;
}

// Adds a shape. Under shapes_lock.
static sh_status add(sh_env *env, const sh_field *fields, uint32_t n, uint32_t hash,
                     uint32_t *out) {
  sh_heap *heap = env->heap;
  uint32_t number = atomic_load_explicit(&heap->header->shape_count, memory_order_relaxed);
  uint32_t chunk = 0;
  uint32_t entry = 0;
  locate(number, &chunk, &entry);
  if (chunk >= SH_SHAPE_CHUNKS) {
    return SH_E_OUT_OF_RANGE;
  }
  uint64_t offsets = atomic_load_explicit(&heap->header->shape_chunks[chunk], memory_order_relaxed);
  if (offsets == 0) {
    offsets = shi_alloc(env, chunk_bytes(chunk), SHI_CLASS_DATA, false);
    if (offsets == 0) {
      return SH_E_HEAP_FULL;
    }
    atomic_store_explicit(&heap->header->shape_chunks[chunk], offsets, memory_order_relaxed);
  }
  uint64_t offset = shi_alloc(env, shape_bytes(n), SHI_CLASS_DATA, false);
  if (offset == 0) {
    return SH_E_HEAP_FULL; // a chunk made above stays, for the next shape
  }
  shi_shape *shape = shi_at(heap, offset);
  *shape = (shi_shape){.hash = hash, .length = n};
  sh_status status = fill(env, shape, fields, n);
  if (status != SH_OK) {
    shi_free(heap, env, offset, shape_bytes(n), SHI_CLASS_DATA, false);
    return status;
  }
  _Atomic uint64_t *entries = shi_at(heap, offsets);
  atomic_store_explicit(&entries[entry], offset, memory_order_relaxed);
  atomic_store_explicit(&heap->header->shape_count, number + 1, memory_order_release);
  *out = number + 1;
  return SH_OK;
}

sh_status sh_shape_define(sh_env *env, const sh_field *fields, uint32_t n, uint32_t *shape) {
  sh_heap *heap = env->heap;
  uint32_t hash = n;
  if (n > SH_FIELDS_MAX) {
    return SH_E_OUT_OF_RANGE;
  }
  shi_write_reset(env);
  shi_key *keys = shi_write_room(env, ((size_t)n + 1) * sizeof(shi_key));
  if (keys == NULL) {
    return SH_E_HEAP_FULL;
  }
  for (uint32_t i = 0; i < n; i++) {
    sh_status status = check_field(heap, &fields[i]);
    if (status == SH_OK) {
      status = shi_key_make(env, &fields[i].name, &keys[i]);
    }
    if (status != SH_OK) {
      return status;
    }
    uint32_t name = keys[i].exact ? (uint32_t)(keys[i].word ^ keys[i].word >> 17)
                                  : shi_text_hash(heap, keys[i].units.chars, keys[i].units.length,
                                                  keys[i].units.wide);
    hash = (hash * 31 + name) * 31 + fields[i].type * 7u + detail_of(&fields[i]);
  }
  shi_lock(&heap->header->shapes_lock);
  uint32_t count = atomic_load_explicit(&heap->header->shape_count, memory_order_relaxed);
  sh_status status = SH_OK;
  uint32_t found = 0;
  for (uint32_t id = 1; id <= count && found == 0; id++) {
    const shi_shape *known = shi_shape_at(heap, id);
    if (known->hash == hash && same(heap, known, fields, keys, n)) {
      found = id;
    }
  }
  if (found == 0) {
    status = add(env, fields, n, hash, &found);
  }
  shi_unlock(&heap->header->shapes_lock, false);
  if (status == SH_OK) {
    *shape = found;
  }
  return status;
}

sh_status sh_shape_length(sh_env *env, uint32_t shape, uint32_t *n) {
  const shi_shape *at = shi_shape_at(env->heap, shape);
  if (at == NULL) {
    return SH_E_INVALID_ID;
  }
  *n = at->length;
  return SH_OK;
}

sh_status sh_shape_field(sh_env *env, uint32_t shape, uint32_t i, sh_field *out) {
  const shi_shape *at = shi_shape_at(env->heap, shape);
  if (at == NULL) {
    return SH_E_INVALID_ID;
  }
  if (i >= at->length) {
    return SH_E_UNKNOWN_FIELD;
  }
  shi_read_reset(env);
  out->type = at->fields[i].type;
  out->detail = at->fields[i].detail;
  out->place = at->fields[i].is_double ? at->fields[i].place : -1;
  return shi_word_read(env, at->fields[i].name, SH_BORROW, &out->name);
}

uint64_t shi_shape_bytes(const sh_heap *heap) {
  uint64_t bytes = 0;
  uint32_t count = atomic_load_explicit(&heap->header->shape_count, memory_order_acquire);
  for (uint32_t chunk = 0; chunk < SH_SHAPE_CHUNKS; chunk++) {
    if (atomic_load_explicit(&heap->header->shape_chunks[chunk], memory_order_relaxed) != 0) {
      bytes += chunk_bytes(chunk);
    }
  }
  for (uint32_t id = 1; id <= count; id++) {
    const shi_shape *shape = shi_shape_at(heap, id);
    bytes += shape_bytes(shape->length);
    for (uint32_t i = 0; i < shape->length; i++) {
      bytes += shi_word_bytes(heap, shape->fields[i].name);
    }
  }
  return bytes;
}
