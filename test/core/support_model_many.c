// The batches' part of the random operations on maps; see support_model_ops.h.
#include "support_model_ops.h"

#define MANY 40u // entries of a batch of reads: more than are looked up together
#define FEW 12u  // of writes: fewer, so that all values are made before the first is set

static model_value some_key(model *m, const model_object *map, sh_status expected) {
  if (expected == SH_OK && map->size > 0 && model_chance(m, 50)) {
    return map->pairs[model_below(m, map->size)].key;
  }
  return model_primitive(m);
}

static void get_many(model *m, model_object *map, sh_status expected) {
  model_value keys[MANY];
  sh_value in[MANY];
  sh_value out[MANY];
  bool found[MANY];
  uint32_t n = model_below(m, MANY + 1);
  sh_mode mode = model_mode(m);
  for (uint32_t i = 0; i < n; i++) {
    keys[i] = some_key(m, map, expected);
    in[i] = model_in(m, keys[i]);
  }
  sh_status status = sh_map_get_many(m->env, map->id, in, n, mode, out, found);
  if (!model_settle(m, status, expected)) {
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = model_find(map, keys[i]);
    MODEL_CHECK(m, found[i] == (at < map->size));
    if (found[i]) {
      model_got(m, &out[i], map->pairs[at].value, mode);
    } else {
      MODEL_CHECK(m, out[i].kind == SH_KIND_UNDEFINED);
    }
  }
}

static void set_many(model *m, model_object *map, sh_status expected) {
  model_operand operands[FEW];
  model_value keys[FEW];
  model_value olds[FEW];
  sh_value in_keys[FEW];
  sh_value in[FEW];
  uint32_t n = model_below(m, FEW + 1);
  uint32_t taken = 0;
  uint32_t done = 77;
  sh_status stopped = SH_OK;
  expected = model_writing(m, map, expected);
  for (uint32_t i = 0; i < n; i++) {
    keys[i] = some_key(m, map, expected);
    operands[i] = model_operand_of(m);
    in_keys[i] = model_in(m, keys[i]);
    in[i] = operands[i].in;
  }
  for (; taken < n && stopped == SH_OK; taken += stopped == SH_OK ? 1 : 0) {
    stopped = model_take(m, operands[taken].value, operands[taken].move);
  }
  sh_status wanted = expected != SH_OK && (taken > 0 || n == 0) ? expected : stopped;
  bool ok = model_settle(m, sh_map_set_many(m->env, map->id, in_keys, in, n, &done), wanted);
  MODEL_CHECK(m, ok ? done == n : done <= taken);
  MODEL_CHECK(m, expected == SH_OK || done == 0);
  MODEL_CHECK(m, expected != SH_OK || model_armed || done == taken);
  for (uint32_t i = 0; i < done; i++) {
    uint32_t at = model_find(map, keys[i]);
    olds[i] = (model_value){SH_KIND_UNDEFINED, 0};
    if (at == map->size) {
      model_insert(map, at, (model_pair){model_key(keys[i]), operands[i].value});
    } else {
      olds[i] = map->pairs[at].value;
      map->pairs[at].value = operands[i].value;
    }
  }
  if (done > 0) {
    model_changed(m, map);
  }
  for (uint32_t i = 0; i < done; i++) {
    model_release(m, olds[i]);
  }
  for (uint32_t i = done; i < taken; i++) {
    if (operands[i].move) {
      model_untake(m, operands[i].value, true);
    } else {
      model_release(m, operands[i].value);
    }
  }
}

void model_map_many(model *m, model_object *map, sh_status expected) {
  switch (model_below(m, 4)) {
  case 0:
  case 1:
    m->op = "map, many read";
    get_many(m, map, expected);
    break;
  default:
    if (expected != SH_OK || map->size + FEW < MODEL_SIZE) {
      m->op = "map, many set";
      set_many(m, map, expected);
    }
  }
}
