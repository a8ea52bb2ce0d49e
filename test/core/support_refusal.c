#include "support.h"

#include "slot_free.h"

#include <stdlib.h>
#include <string.h>

// --- refusals --------------------------------------------------------------------------------

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const void *from, uint64_t bytes) {
  const uint8_t *at = from;
  for (uint64_t i = 0; i < bytes; i++) {
    hash = mix(hash, at[i]);
  }
  return hash;
}

static uint64_t mix_value(fixture *f, uint64_t hash, const sh_value *value) {
  hash = mix(hash, value->kind);
  switch ((sh_kind)value->kind) {
  case SH_KIND_BOOLEAN:
    return mix(hash, value->boolean);
  case SH_KIND_NUMBER:
    return mix(hash, bits_of(value->number));
  case SH_KIND_STRING:
    hash = mix_bytes(hash, value->chars, (uint64_t)value->length << value->wide);
    break;
  case SH_KIND_BIGINT:
    hash = mix_bytes(mix(hash, value->negative), value->digits, (uint64_t)value->length * 8);
    break;
  case SH_KIND_REF:
    return mix(hash, value->id);
  case SH_KIND_UNDEFINED:
  case SH_KIND_NULL:
    return hash;
  }
  unpin(f, value);
  return mix(hash, value->length);
}

static uint64_t mix_map(fixture *f, uint64_t hash, sh_id id) {
  static sh_value values[SH_READ_MAX];
  sh_cursor cursor = {0, 0};
  uint32_t count = 1;
  bool moved = false;
  uint32_t version = 0;
  while (count > 0) {
    assert_ok(sh_map_read(f->env, id, &cursor, SH_BORROW, SH_READ_MAX / 2, values, &count, &moved,
                          &version));
    assert_false(moved);
    for (uint32_t i = 0; i < 2 * count; i++) {
      hash = mix_value(f, hash, &values[i]);
    }
  }
  return mix(hash, (uint64_t)cursor.table << 32 | cursor.position);
}

static uint64_t mix_vector(fixture *f, uint64_t hash, sh_id id) {
  static sh_value values[SH_READ_MAX];
  uint32_t count = 1;
  uint32_t version = 0;
  for (uint32_t start = 0; count > 0; start += count) {
    assert_ok(sh_vector_read(f->env, id, start, SH_BORROW, SH_READ_MAX, values, &count, &version));
    for (uint32_t i = 0; i < count; i++) {
      hash = mix_value(f, hash, &values[i]);
    }
  }
  return hash;
}

static uint64_t mix_queue(fixture *f, uint64_t hash, sh_id id) {
  static sh_value values[SH_READ_MAX];
  uint32_t count = 1;
  uint32_t version = 0;
  sh_queue_state queue;
  for (uint32_t start = 0; count > 0; start += count) {
    assert_ok(sh_queue_read(f->env, id, start, SH_BORROW, SH_READ_MAX, values, &count, &version));
    for (uint32_t i = 0; i < count; i++) {
      hash = mix_value(f, hash, &values[i]);
    }
  }
  assert_ok(sh_queue_state_of(f->env, id, &queue));
  return mix(hash, (uint64_t)queue.capacity << 1 | queue.closed);
}

static uint64_t mix_record(fixture *f, uint64_t hash, sh_id id) {
  static sh_value values[SH_FIELDS_MAX];
  uint32_t shape = 0;
  uint32_t length = 0;
  uint32_t version = 0;
  assert_ok(sh_record_shape(f->env, id, &shape));
  assert_ok(sh_shape_length(f->env, shape, &length));
  assert_ok(sh_record_read(f->env, id, shape, SH_BORROW, values, &version));
  for (uint32_t i = 0; i < length; i++) {
    hash = mix_value(f, hash, &values[i]);
  }
  return mix(hash, shape);
}

static uint64_t mix_object(fixture *f, uint64_t hash, sh_id id) {
  sh_type type = SH_TYPE_NONE;
  sh_value text;
  double number = 0;
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  assert_ok(sh_id_check(f->env, id, SH_TYPE_NONE, &type));
  switch (type) {
  case SH_TYPE_STRING:
    assert_ok(sh_string_get(f->env, id, &text));
    return mix_value(f, hash, &text);
  case SH_TYPE_NUMBER:
    assert_ok(sh_number_get(f->env, id, &number));
    return mix(hash, bits_of(number));
  case SH_TYPE_MAP:
    return mix_map(f, hash, id);
  case SH_TYPE_VECTOR:
    return mix_vector(f, hash, id);
  case SH_TYPE_RECORD:
    return mix_record(f, hash, id);
  case SH_TYPE_QUEUE:
    return mix_queue(f, hash, id);
  case SH_TYPE_BYTES:
    assert_ok(sh_bytes_pin(f->env, id, &data, &length, &pin));
    hash = mix_bytes(hash, data, length);
    sh_unpin(f->heap, pin);
    return hash;
  case SH_TYPE_NONE:
  case SH_TYPE_COUNT:
    fail_msg("type %d of a live object", type);
  }
  return hash;
}

uint64_t fingerprint(fixture *f) {
  static sh_id ids[1024];
  uint64_t hash = mix_map(f, 1, sh_names_id(f->heap));
  uint32_t index = 0;
  uint32_t count = 0;
  do {
    sh_walk(f->env, &index, 1024, ids, &count);
    for (uint32_t i = 0; i < count; i++) {
      const shi_slot *slot = slot_of(f, ids[i]);
      hash = mix(mix(hash, ids[i]), slot->counts);
      hash = mix_object(f, mix(hash, slot->lock), ids[i]);
    }
  } while (index != 0);
  sh_stats stats = stats_of(f);
  hash = mix(mix(hash, stats.objects), stats.pinned_bytes);
  return mix(mix(hash, stats.live_bytes), stats.shapes);
}

void check_sweep(fixture *f, void (*fail_after)(sh_heap *heap, int64_t n), sweep_op op, void *arg,
                 int least, const char *file, int line) {
  uint64_t before = fingerprint(f);
  int refused = 0;
  for (;; refused++) {
    fail_after(f->heap, refused);
    sh_status status = op(f, arg);
    fail_after(f->heap, -1);
    if (status == SH_OK) {
      break;
    }
    check_status(status, SH_E_HEAP_FULL, "swept operation", file, line);
    if (fingerprint(f) != before) {
      print_error("the refusal of allocation %d changed something\n", refused);
      _fail(file, line);
    }
    check_clean(f->env, file, line);
    if (refused > 10000) {
      print_error("still refused after %d allocations\n", refused);
      _fail(file, line);
    }
  }
  if (refused < least) {
    print_error("%d refusals, expected at least %d\n", refused, least);
    _fail(file, line);
  }
  check_clean(f->env, file, line);
}

drained drain_slots(fixture *f, bool number) {
  drained d = {.indices = calloc(1u << 20, sizeof(uint32_t)), .number = number};
  d.limit = f->heap->limit;
  f->heap->limit = atomic_load(&f->heap->used_bytes);
  while (d.count < 1u << 20 && shi_slot_take(f->env, number, &d.indices[d.count]) == SH_OK) {
    d.count++;
  }
  return d;
}

void refill_slots(fixture *f, drained *d) {
  f->heap->limit = d->limit;
  for (uint32_t i = 0; i < d->count; i++) {
    shi_slot_untake(f->env, d->number, d->indices[i]);
  }
  free(d->indices);
}

object_set object_set_new(fixture *f) {
  object_set of;
  sh_field fields[] = {{.name = v_text("text"), .type = SH_FIELD_STRING},
                       {.name = v_text("number"), .type = SH_FIELD_NUMBER},
                       {.name = v_text("any"), .type = SH_FIELD_ANY}};
  sh_value values[] = {v_text("a text with a payload"), v_number(1), v_number(2)};
  assert_ok(sh_shape_define(f->env, fields, 3, &of.shape));
  assert_ok(sh_record_new(f->env, of.shape, values, 3, &of.record, NULL));
  of.string = new_string(f, "a text that does not fit in its slot");
  of.number = new_number(f, 1);
  of.map = new_map(f);
  of.vector = new_vector(f);
  of.bytes = new_bytes(f, 100);
  for (int i = 0; i < 40; i++) {
    map_set(f, of.map, v_number(i), v_number(i));
    vector_push(f, of.vector, v_number(i));
  }
  return of;
}

sh_status give_up(fixture *f, sh_status status, const sh_value *value) {
  if (status == SH_OK) {
    unpin(f, value);
  }
  return status;
}
