// Quick looks at maps: what they find is what sh_map_get finds, or they find nothing out.
#include "support_scene.h"

#include <math.h>
#include <string.h>

static sh_quick look(scene *s, const sh_value *key, double *out) {
  return key->kind == SH_KIND_NUMBER
             ? sh_map_look_number(s->f->env, s->id, key->number, out)
             : sh_map_look_text(s->f->env, s->id, key->chars, key->length, out);
}

static void check_look(scene *s, sh_value key, sh_quick expected) {
  double number = -7;
  assert_int_equal(look(s, &key, &number), expected);
  if (expected == SH_QUICK_THERE) {
    assert_value(v_number(number), map_get(s->f, s->id, key));
  } else {
    assert_number(number, -7);
  }
}

static void fill(scene *s) {
  s->id = new_map(s->f);
  for (int i = 0; i < 20; i++) {
    map_set(s->f, s->id, v_number(1000 + i), v_number(i + 0.5));
  }
}

static void what_is_found_is_what_get_finds(void **state) {
  scene s = open_scene(*state);
  const double numbers[] = {0, 1, -1, 0.5, NAN, INFINITY, -INFINITY, 0x1p53, 5e-324, 1e308};
  fill(&s);
  for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    check_look(&s, v_number(numbers[i]), SH_QUICK_ABSENT);
    map_set(s.f, s.id, v_number(numbers[i]), v_number(-numbers[i]));
    check_look(&s, v_number(numbers[i]), SH_QUICK_THERE);
  }
  check_look(&s, v_number(-0.0), SH_QUICK_THERE);
  check_look(&s, v_number(shi_bits_number(UINT64_C(0xfffb000000000001))), SH_QUICK_THERE);
  for (uint32_t length = 0; length <= 20; length++) {
    uint8_t chars[20];
    memset(chars, 0xe9, sizeof chars);
    check_look(&s, v_latin1(chars, length), length <= 15 ? SH_QUICK_ABSENT : SH_QUICK_NOTHING);
    map_set(s.f, s.id, v_latin1(chars, length), v_number(length));
    check_look(&s, v_latin1(chars, length), length <= 15 ? SH_QUICK_THERE : SH_QUICK_NOTHING);
  }
  assert_int_equal(sh_map_look_text(s.f->env, s.id, NULL, SH_TEXT_MAX, NULL), SH_QUICK_NOTHING);
  close_scene(&s);
}

static void other_values_are_there_but_not_read(void **state) {
  scene s = open_scene(*state);
  fill(&s);
  const sh_value values[] = {v_undefined(),   v_null(),
                             v_boolean(true), v_text("text"),
                             v_text(LONG),    v_bigint(NULL, 0, false),
                             v_number(3),     v_ref(new_number(s.f, 1))};
  sh_value key = v_text("key");
  for (uint32_t i = 0; i < sizeof values / sizeof *values; i++) {
    bool number = values[i].kind == SH_KIND_NUMBER;
    map_set(s.f, s.id, key, values[i]);
    check_look(&s, key, number ? SH_QUICK_THERE : SH_QUICK_NOTHING);
    assert_int_equal(look(&s, &key, NULL), SH_QUICK_THERE);
  }
  close_scene(&s);
}

static void nothing_is_found_where_get_is_needed(void **state) {
  scene s = open_scene(*state);
  sh_value key = v_number(1003);
  fill(&s);
  check_look(&s, key, SH_QUICK_THERE);
  sh_env_offline(s.f->env);
  check_look(&s, key, SH_QUICK_NOTHING);
  sh_env_online(s.f->env);
  shi_lock(&slot_of(s.f, s.id)->lock);
  check_look(&s, key, SH_QUICK_NOTHING);
  shi_unlock(&slot_of(s.f, s.id)->lock, false);
  sh_id map = s.id;
  const sh_id others[] = {
      0,           1, UINT32_MAX, map | UINT64_C(1) << 32, map | UINT64_C(1) << 52, new_vector(s.f),
      new_map(s.f)}; // the last has no table
  for (uint32_t i = 0; i < sizeof others / sizeof *others; i++) {
    s.id = others[i];
    check_look(&s, key, SH_QUICK_NOTHING);
  }
  map_set(s.f, s.id, key, v_number(1)); // one without buckets
  check_look(&s, key, SH_QUICK_NOTHING);
  s.id = map;
  check_look(&s, key, SH_QUICK_THERE);
  assert_ok(sh_drop(s.f->env, map));
  check_look(&s, key, SH_QUICK_NOTHING);
  close_scene(&s);
}

static void delete_key(scene *s) {
  sh_value key = v_number(1003);
  bool found = false;
  assert_ok(sh_map_delete(s->writer, s->id, &key, &found));
}

static void clear_map(scene *s) { assert_ok(sh_map_clear(s->writer, s->id)); }

static void drop_map(scene *s) { assert_ok(sh_drop(s->writer, s->id)); }

static void changes_meanwhile_are_noticed(void **state) {
  scene s = open_scene(*state);
  void (*const acts[])(scene *) = {delete_key, clear_map, drop_map};
  for (uint32_t i = 0; i < sizeof acts / sizeof *acts; i++) {
    for (uint32_t place = SH_PEEK_BEGUN; place <= SH_PEEK_FOUND; place++) {
      sh_value key = v_number(1003);
      double number = 0;
      fill(&s);
      set_scene(&s, acts[i], (int)place, 1, 0);
      sh_quick found = look(&s, &key, &number);
      assert_int_equal(found, s.times == 0 ? SH_QUICK_NOTHING : SH_QUICK_THERE);
      // A reader that does not look at the lock word again hands out what is no more.
      fill(&s);
      set_scene(&s, acts[i], SH_PEEK_FOUND, 1, SH_FLAW_UNCHECKED);
      assert_int_equal(look(&s, &key, NULL), SH_QUICK_THERE);
    }
  }
  close_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(what_is_found_is_what_get_finds),
      unit(other_values_are_there_but_not_read),
      unit(nothing_is_found_where_get_is_needed),
      unit(changes_meanwhile_are_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
