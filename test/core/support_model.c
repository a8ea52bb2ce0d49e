#include "support_model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void model_fail(const model *m, const char *what, const char *file, int line) {
  (void)fprintf(stderr, "model: SEED=%" PRIu64 " step %" PRIu64 " %s: not so: %s (%s:%d)\n",
                m->seed, m->step, m->op, what, file, line);
  abort();
}

uint64_t model_seed(void) {
  const char *given = getenv("SEED");
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return given != NULL ? strtoull(given, NULL, 10)
                       : ((uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec) % 1000000000u;
}

// splitmix64 (S. Vigna, public domain).
uint64_t model_random(model *m) {
  uint64_t z = (m->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint32_t next_byte(model *m) {
  if (m->left == 0) {
    return 0;
  }
  m->left--;
  return *m->input++;
}

uint32_t model_below(model *m, uint32_t n) {
  if (m->input == NULL) {
    return (uint32_t)(model_random(m) % n);
  }
  uint32_t choice = next_byte(m);
  return (n <= 256 ? choice : choice << 8 | next_byte(m)) % n;
}

bool model_chance(model *m, uint32_t percent) { return model_below(m, 100) < percent; }

// Texts of every form the core keeps: in a word, in a slot, latin1 and UTF-16 payloads, copied and
// pinned; all different.
static void make_texts(model *m) {
  static const uint32_t lengths[] = {0,  1,  2,  5,   6,   7,    8,    12,
                                     15, 16, 17, 100, 511, 1024, 1025, 6000};
  uint32_t count = sizeof lengths / sizeof *lengths;
  for (uint32_t i = 0; i < MODEL_TEXTS; i++) {
    model_text *text = &m->texts[i];
    uint32_t form = i / count; // 0 ASCII, 1 latin1, 2 UTF-16 with lone surrogates
    text->length = lengths[i % count];
    if (text->length == 0 && form > 0) {
      text->length = 3; // the empty text once only
    }
    text->units = calloc(text->length + 1, sizeof *text->units);
    text->latin1 = form < 2 ? calloc(text->length + 1, 1) : NULL;
    for (uint32_t u = 0; u < text->length; u++) {
      uint32_t unit = 'a' + (uint32_t)(model_random(m) % 26);
      if (u + 1 == text->length && form > 0) {
        unit = form == 1 ? 0xe4 + (uint32_t)(model_random(m) % 20) : 0xd800 + (i + u) % 0x700;
      }
      text->units[u] = (uint16_t)unit;
      if (text->latin1 != NULL) {
        text->latin1[u] = (uint8_t)unit;
      }
    }
  }
}

static void make_bigints(model *m) {
  static const uint32_t counts[MODEL_BIGINTS] = {0, 1, 1, 2, 2, 20, 160, 160};
  for (uint32_t i = 0; i < MODEL_BIGINTS; i++) {
    model_bigint *bigint = &m->bigints[i];
    bigint->count = counts[i];
    bigint->negative = i % 2 == 0 && i > 0;
    for (uint32_t d = 0; d < bigint->count; d++) {
      bigint->digits[d] = model_random(m) | 1;
    }
  }
}

model *model_new(uint64_t seed, sh_heap *heap) {
  model *m = calloc(1, sizeof *m);
  m->seed = seed;
  m->state = seed;
  m->heap = heap;
  m->op = "start";
  make_texts(m);
  make_bigints(m);
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    m->objects[i].pairs = calloc(MODEL_SIZE, sizeof(model_pair));
  }
  return m;
}

void model_free(model *m) {
  for (uint32_t i = 0; i < MODEL_TEXTS; i++) {
    free(m->texts[i].units);
    free(m->texts[i].latin1);
  }
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    free(m->objects[i].pairs);
  }
  free(m);
}

// --- values ----------------------------------------------------------------------------------

model_value model_primitive(model *m) {
  static const double numbers[] = {0.0,   -0.0,       1.0,     -1.0,     0.5,
                                   1e300, 4294967295, -1e-310, INFINITY, NAN};
  switch (model_below(m, 10)) {
  case 0:
    return (model_value){SH_KIND_UNDEFINED, 0};
  case 1:
    return (model_value){SH_KIND_NULL, 0};
  case 2:
    return (model_value){SH_KIND_BOOLEAN, model_below(m, 2)};
  case 3:
    return (model_value){SH_KIND_NUMBER,
                         shi_number_bits(numbers[model_below(m, sizeof numbers / 8)])};
  case 4:
    return (model_value){SH_KIND_BIGINT, model_below(m, MODEL_BIGINTS)};
  case 5:
  case 6:
    return (model_value){SH_KIND_STRING, model_below(m, MODEL_TEXTS)};
  default:
    return (model_value){SH_KIND_NUMBER, shi_number_bits(model_below(m, 300))};
  }
}

sh_value model_in(model *m, model_value value) {
  sh_value in = {.kind = (uint8_t)value.kind};
  const model_text *text;
  switch (value.kind) {
  case SH_KIND_BOOLEAN:
    in.boolean = value.bits != 0;
    break;
  case SH_KIND_NUMBER:
    in.number = shi_bits_number(value.bits);
    if (in.number != in.number) {
      in.number = shi_bits_number(UINT64_C(0xfff0000000000001) | model_random(m) >> 14);
    }
    break;
  case SH_KIND_STRING:
    text = &m->texts[value.bits];
    in.length = text->length;
    in.wide = text->latin1 == NULL || model_chance(m, 30);
    in.chars = in.wide ? (const void *)text->units : text->latin1;
    break;
  case SH_KIND_BIGINT:
    in.digits = m->bigints[value.bits].digits;
    in.length = m->bigints[value.bits].count;
    in.negative = m->bigints[value.bits].negative;
    break;
  case SH_KIND_REF:
    in.id = m->objects[value.bits].id;
    break;
  case SH_KIND_UNDEFINED:
  case SH_KIND_NULL:
    break;
  }
  return in;
}

model_value model_key(model_value value) {
  if (value.kind == SH_KIND_NUMBER && shi_bits_number(value.bits) == 0) {
    value.bits = 0;
  }
  return value;
}

// --- objects ---------------------------------------------------------------------------------

uint32_t model_index(const model *m, const model_object *object) {
  return (uint32_t)(object - m->objects);
}

model_object *model_add(model *m, sh_type type, sh_id id) {
  uint32_t at = model_below(m, MODEL_OBJECTS);
  while (m->objects[at].alive) {
    at = (at + 1) % MODEL_OBJECTS;
  }
  model_pair *pairs = m->objects[at].pairs;
  m->objects[at] =
      (model_object){.id = id, .alive = true, .type = type, .claims = 1, .pairs = pairs};
  m->alive++;
  return &m->objects[at];
}

model_object *model_pick(model *m, sh_type type, bool alive) {
  uint32_t at = model_below(m, MODEL_OBJECTS);
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++, at = (at + 1) % MODEL_OBJECTS) {
    model_object *object = &m->objects[at];
    if (object->id != 0 && object->alive == alive &&
        (type == SH_TYPE_NONE || object->type == type)) {
      return object;
    }
  }
  return NULL;
}

sh_status model_take(model *m, model_value value, bool move) {
  if (value.kind != SH_KIND_REF) {
    return SH_OK;
  }
  model_object *object = &m->objects[value.bits];
  if (!object->alive) {
    return SH_E_USE_AFTER_FREE;
  }
  if (move && object->claims == 0) {
    return SH_E_NO_CLAIM;
  }
  object->claims -= move ? 1 : 0;
  object->holds++;
  return SH_OK;
}

void model_untake(model *m, model_value value, bool move) {
  if (value.kind == SH_KIND_REF) {
    m->objects[value.bits].holds--;
    m->objects[value.bits].claims += move ? 1 : 0;
  }
}

static void die_if_unowned(model *m, model_object *object) {
  if (object->claims != 0 || object->holds != 0) {
    return;
  }
  object->alive = false;
  m->alive--;
  model_ended(m, object);
  bool container = object->type == SH_TYPE_MAP || object->type == SH_TYPE_VECTOR ||
                   object->type == SH_TYPE_RECORD || object->type == SH_TYPE_QUEUE;
  uint32_t size = container ? object->size : 0;
  object->size = 0;
  for (uint32_t i = 0; i < size; i++) {
    model_release(m, object->pairs[i].value);
  }
}

void model_release(model *m, model_value value) {
  if (value.kind == SH_KIND_REF) {
    model_object *object = &m->objects[value.bits];
    MODEL_CHECK(m, object->alive && object->holds > 0);
    object->holds--;
    die_if_unowned(m, object);
  }
}

void model_drop(model *m, model_object *object) {
  object->claims--;
  die_if_unowned(m, object);
}

uint32_t model_find(const model_object *map, model_value key) {
  uint32_t at = 0;
  key = model_key(key);
  while (at < map->size &&
         (map->pairs[at].key.kind != key.kind || map->pairs[at].key.bits != key.bits)) {
    at++;
  }
  return at;
}

void model_remove(model_object *object, uint32_t at) {
  object->size--;
  memmove(&object->pairs[at], &object->pairs[at + 1], (object->size - at) * sizeof(model_pair));
}

void model_insert(model_object *object, uint32_t at, model_pair pair) {
  memmove(&object->pairs[at + 1], &object->pairs[at], (object->size - at) * sizeof(model_pair));
  object->pairs[at] = pair;
  object->size++;
}
