// The maps' part of the random operations; see support_model_ops.h.
#include "support_model_ops.h"

static void map_set(model *m, model_object *map, model_value key, sh_status expected) {
  model_operand operand = model_operand_of(m);
  sh_value in_key = model_in(m, key);
  sh_status taken = model_take(m, operand.value, operand.move);
  sh_status wanted = taken != SH_OK            ? taken
                     : key.kind == SH_KIND_REF ? SH_E_UNSUPPORTED_VALUE
                                               : model_writing(m, map, expected);
  if (!model_settle(m, sh_map_set(m->env, map->id, &in_key, &operand.in), wanted)) {
    if (taken == SH_OK) {
      model_untake(m, operand.value, operand.move);
    }
    return;
  }
  uint32_t at = model_find(map, key);
  model_changed(m, map);
  if (at == map->size) {
    model_insert(map, at, (model_pair){model_key(key), operand.value});
    return;
  }
  model_value old = map->pairs[at].value;
  map->pairs[at].value = operand.value;
  model_release(m, old);
}

static void map_get_or_insert(model *m, model_object *map, model_value key, sh_status expected) {
  model_operand operand = model_operand_of(m);
  sh_value in_key = model_in(m, key);
  sh_value out;
  bool inserted = false;
  sh_status taken = model_take(m, operand.value, operand.move);
  sh_status wanted = taken != SH_OK ? taken : model_writing(m, map, expected);
  sh_status status = sh_map_get_or_insert(m->env, map->id, &in_key, &operand.in, &out, &inserted);
  bool done = model_settle(m, status, wanted);
  uint32_t at = done ? model_find(map, key) : 0;
  bool absent = done && at == map->size;
  if (taken == SH_OK && !absent) {
    model_untake(m, operand.value, operand.move);
  }
  if (done) {
    MODEL_CHECK(m, inserted == absent);
    if (absent) {
      model_insert(map, at, (model_pair){model_key(key), operand.value});
      model_changed(m, map);
    }
    model_expect(m, &out, map->pairs[at].value);
  }
}

static void map_remove(model *m, model_object *map, model_value key, sh_status expected) {
  sh_value in_key = model_in(m, key);
  sh_value out;
  bool found = false;
  bool hand_over = model_chance(m, 50);
  sh_status status = hand_over ? sh_map_take(m->env, map->id, &in_key, &out, &found)
                               : sh_map_delete(m->env, map->id, &in_key, &found);
  if (!model_settle(m, status, model_writing(m, map, expected))) {
    return;
  }
  uint32_t at = model_find(map, key);
  MODEL_CHECK(m, found == (at < map->size));
  if (!found) {
    MODEL_CHECK(m, !hand_over || out.kind == SH_KIND_UNDEFINED);
    return;
  }
  model_value value = map->pairs[at].value;
  if (hand_over) {
    model_got(m, &out, value, SH_ACQUIRE);
  }
  model_remove(map, at);
  model_changed(m, map);
  model_release(m, value);
}

// A quick look knows nothing, or the same.
static void map_look(model *m, const model_object *map, model_value key) {
  const model_text *text = key.kind == SH_KIND_STRING ? &m->texts[key.bits] : NULL;
  uint32_t at = model_find(map, key);
  double number = 0;
  sh_quick quick = SH_QUICK_NOTHING;
  if (key.kind == SH_KIND_NUMBER) {
    quick = sh_map_look_number(m->env, map->id, shi_bits_number(key.bits), &number);
  } else if (text != NULL && text->latin1 != NULL) {
    quick = sh_map_look_text(m->env, map->id, text->latin1, text->length, &number);
  }
  MODEL_CHECK(m, quick != SH_QUICK_ABSENT || at == map->size);
  if (quick == SH_QUICK_THERE) {
    MODEL_CHECK(m, at < map->size && map->pairs[at].value.kind == SH_KIND_NUMBER);
    MODEL_CHECK(m, shi_number_bits(number) == map->pairs[at].value.bits);
  }
}

static void map_get(model *m, model_object *map, model_value key, sh_status expected) {
  sh_value in_key = model_in(m, key);
  sh_value out;
  bool found = false;
  sh_mode mode = model_mode(m);
  if (!model_settle(m, sh_map_get(m->env, map->id, &in_key, mode, &out, &found), expected)) {
    return;
  }
  uint32_t at = model_find(map, key);
  MODEL_CHECK(m, found == (at < map->size));
  if (found) {
    model_got(m, &out, map->pairs[at].value, mode);
  } else {
    MODEL_CHECK(m, out.kind == SH_KIND_UNDEFINED);
  }
  MODEL_CHECK(m, sh_map_has(m->env, map->id, &in_key, &found) == SH_OK);
  MODEL_CHECK(m, found == (at < map->size));
  map_look(m, map, key);
}

static void map_add(model *m, model_object *map, model_value key, sh_status expected) {
  sh_value in_key = model_in(m, key);
  double n = model_below(m, 9) == 0 ? -0.0 : model_below(m, 100);
  double old = 0;
  expected = model_writing(m, map, expected);
  uint32_t at = expected == SH_OK ? model_find(map, key) : 0;
  bool there = expected == SH_OK && at < map->size;
  if (there && map->pairs[at].value.kind != SH_KIND_NUMBER) {
    expected = SH_E_TYPE_MISMATCH;
  }
  if (!model_settle(m, sh_map_add(m->env, map->id, &in_key, n, &old), expected)) {
    return;
  }
  double before = there ? shi_bits_number(map->pairs[at].value.bits) : 0;
  model_value sum = {SH_KIND_NUMBER, shi_number_bits(before + n)};
  MODEL_CHECK(m, shi_number_bits(old) == shi_number_bits(before));
  model_changed(m, map);
  if (there) {
    map->pairs[at].value = sum;
  } else {
    model_insert(map, at, (model_pair){model_key(key), sum});
  }
}

static void map_compare_exchange(model *m, model_object *map, model_value key, sh_status expected) {
  model_operand next = model_operand_of(m);
  sh_value in_key = model_in(m, key);
  expected = model_writing(m, map, expected);
  uint32_t at = expected == SH_OK ? model_find(map, key) : 0;
  bool there = expected == SH_OK && at < map->size;
  model_value current = {SH_KIND_UNDEFINED, 0};
  if (there) {
    current = map->pairs[at].value;
  }
  model_value wanted = model_chance(m, 70) ? model_key(current) : model_primitive(m);
  sh_value in_wanted = model_in(m, wanted);
  sh_value out;
  bool exchanged = false;
  sh_status taken = model_take(m, next.value, next.move);
  sh_status status =
      sh_map_compare_exchange(m->env, map->id, &in_key, &in_wanted, &next.in, &exchanged, &out);
  bool done = model_settle(m, status, taken != SH_OK ? taken : expected);
  wanted = model_key(wanted);
  bool equal = wanted.kind == model_key(current).kind && wanted.bits == model_key(current).bits;
  if (taken == SH_OK && !(done && equal)) {
    model_untake(m, next.value, next.move);
  }
  if (!done) {
    return;
  }
  MODEL_CHECK(m, exchanged == equal);
  if (equal) {
    model_changed(m, map);
  }
  if (!equal) {
    model_expect(m, &out, current);
  } else if (there) {
    map->pairs[at].value = next.value;
    model_release(m, current);
  } else {
    model_insert(map, at, (model_pair){model_key(key), next.value});
  }
}

// The entry behind a key, as an iteration finds its place again.
static void map_find(model *m, model_object *map, model_value key, sh_status expected) {
  sh_value in_key = model_in(m, key);
  sh_value out[2];
  sh_cursor cursor = {7, 7};
  uint32_t count = 0;
  uint32_t version = 0;
  bool found = false;
  bool moved = false;
  if (!model_settle(m, sh_map_find(m->env, map->id, &in_key, &cursor, &found), expected)) {
    return;
  }
  uint32_t at = model_find(map, key);
  MODEL_CHECK(m, found == (at < map->size));
  at = found ? at + 1 : 0;
  MODEL_CHECK(m, sh_map_read(m->env, map->id, &cursor, SH_BORROW, 1, out, &count, &moved,
                             &version) == SH_OK);
  MODEL_CHECK(m, !moved && count == (at < map->size ? 1 : 0));
  if (count == 1) {
    model_expect(m, &out[0], map->pairs[at].key);
    model_expect(m, &out[1], map->pairs[at].value);
  }
}

void model_map_op(model *m) {
  sh_status expected = SH_OK;
  model_object *map = model_target(m, SH_TYPE_MAP, &expected);
  if (map == NULL) {
    return;
  }
  for (uint32_t turns = 1 + model_below(m, 12); turns > 0 && map->alive; turns--) {
    model_value key = model_primitive(m);
    uint32_t choice = model_below(m, 16);
    if (expected == SH_OK && map->size + 2 >= MODEL_SIZE) {
      choice = 4;
    }
    if (expected == SH_OK && map->size > 0 &&
        (model_chance(m, 40) || (choice == 4 && !m->growing))) {
      key = map->pairs[model_below(m, map->size)].key;
    }
    m->op = "map";
    switch (choice) {
    case 0:
    case 1:
      map_get(m, map, key, expected);
      break;
    case 2:
      map_get_or_insert(m, map, key, expected);
      break;
    case 3:
    case 4:
      map_remove(m, map, key, expected);
      break;
    case 5:
      map_add(m, map, key, expected);
      break;
    case 6:
      map_compare_exchange(m, map, key, expected);
      break;
    case 7:
      map_find(m, map, key, expected);
      break;
    case 8:
      if (model_chance(m, m->growing ? 3 : 10)) {
        model_clear(m, map, expected);
      }
      break;
    case 9:
      if (model_chance(m, 40)) {
        model_map_many(m, map, expected);
        break;
      }
      if (model_chance(m, 30)) {
        key = (model_value){SH_KIND_REF, model_index(m, map)};
        map_set(m, map, key, expected);
        break;
      }
      map_remove(m, map, key, expected);
      break;
    default:
      if (m->growing) {
        map_set(m, map, key, expected);
      } else {
        map_remove(m, map, key, expected);
      }
      break;
    }
  }
}
