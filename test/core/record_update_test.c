// sh_record_update: several fields in one step, all or none, also while other threads read.
#include "support.h"
#include "support_stress.h"

#include <stdio.h>
#include <string.h>

static const char long_text[] = "a text that needs a payload";

enum { NUMBER, TEXT, REF, FLAG, ANY, MAP, FIELDS };

static uint32_t define(sh_env *env) {
  static const struct {
    const char *name;
    sh_field_type type;
    uint32_t detail;
  } all[FIELDS] = {{"number", SH_FIELD_NUMBER, 0}, {"text", SH_FIELD_STRING, 0},
                   {"ref", SH_FIELD_REF, 0},       {"flag", SH_FIELD_BOOLEAN, 0},
                   {"any", SH_FIELD_ANY, 0},       {"map", SH_FIELD_TYPED, SH_TYPE_MAP}};
  sh_field fields[FIELDS];
  uint32_t shape = 0;
  for (uint32_t i = 0; i < FIELDS; i++) {
    fields[i] = (sh_field){
        .name = v_text(all[i].name), .type = (uint8_t)all[i].type, .detail = all[i].detail};
  }
  assert_ok(sh_shape_define(env, fields, FIELDS, &shape));
  return shape;
}

static sh_id make(sh_env *env, uint32_t shape) {
  sh_value values[FIELDS];
  sh_id id = 0;
  for (uint32_t i = 0; i < FIELDS; i++) {
    values[i] = v_undefined();
  }
  assert_ok(sh_record_new(env, shape, values, FIELDS, &id, NULL));
  return id;
}

static sh_value get(fixture *f, sh_id id, uint32_t field) {
  sh_value out;
  assert_ok(sh_record_get(f->env, id, 0, field, SH_BORROW, &out));
  return out;
}

static void sets_what_is_named(void **state) {
  fixture *f = *state;
  uint32_t shape = define(f->env);
  sh_id id = make(f->env, shape);
  sh_id moved = new_string(f, "moved");
  sh_id kept = new_map(f);
  uint32_t version = shi_lock_version(&slot_of(f, id)->lock);
  const uint32_t fields[] = {MAP, NUMBER, TEXT, FLAG, REF};
  const sh_value values[] = {v_ref(kept), v_number(5), v_text(long_text), v_boolean(true),
                             v_move(moved)};
  assert_ok(sh_record_update(f->env, id, shape, fields, values, 5, NULL));
  assert_int_equal(shi_lock_version(&slot_of(f, id)->lock), version + 1);
  assert_value(get(f, id, NUMBER), v_number(5));
  assert_value(get(f, id, TEXT), v_text(long_text));
  assert_value(get(f, id, FLAG), v_boolean(true));
  assert_value(get(f, id, REF), v_ref(moved));
  assert_value(get(f, id, MAP), v_ref(kept));
  assert_value(get(f, id, ANY), v_undefined());
  assert_counts(f, moved, 0, 1);
  assert_counts(f, kept, 1, 1);
  // What falls out is released; of a field named twice the later value stays.
  const uint32_t again[] = {REF, TEXT, REF, NUMBER, NUMBER, MAP};
  const sh_value others[] = {v_ref(kept), v_text(long_text), v_null(),
                             v_number(6), v_number(7),       v_null()};
  assert_ok(sh_record_update(f->env, id, 0, again, others, 6, NULL));
  assert_value(get(f, id, REF), v_null());
  assert_value(get(f, id, NUMBER), v_number(7));
  assert_counts(f, kept, 1, 0);
  assert_int_equal(sh_id_type(f->env, (double)moved, NULL), SH_TYPE_NONE);
  uint64_t before = fingerprint(f);
  assert_ok(sh_record_update(f->env, id, shape, NULL, NULL, 0, NULL));
  assert_true(fingerprint(f) == before);
}

static void all_or_none(void **state) {
  fixture *f = *state;
  uint32_t shape = define(f->env);
  sh_id id = make(f->env, shape);
  sh_id moved = new_string(f, "moved");
  sh_id dead = new_string(f, "dead");
  assert_ok(sh_drop(f->env, dead));
  const struct {
    uint32_t field;
    sh_value value;
    sh_status status;
  } cases[] = {{NUMBER, v_text("1"), SH_E_INVALID_ARG_TYPE},
               {TEXT, v_undefined(), SH_E_INVALID_ARG_TYPE},
               {FLAG, v_number(1), SH_E_INVALID_ARG_TYPE},
               {REF, v_ref(dead), SH_E_USE_AFTER_FREE},
               {MAP, v_ref(moved), SH_E_TYPE_MISMATCH},
               {MAP, v_move(moved), SH_E_NO_CLAIM}, // a second time in one call
               {FIELDS, v_number(1), SH_E_UNKNOWN_FIELD},
               {UINT32_MAX, v_number(1), SH_E_UNKNOWN_FIELD}};
  uint64_t before = fingerprint(f);
  for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const uint32_t fields[] = {NUMBER, TEXT, REF, cases[i].field, FLAG};
    const sh_value values[] = {v_number(9), v_text(long_text), v_move(moved), cases[i].value,
                               v_boolean(true)};
    uint32_t bad = 77;
    assert_status(sh_record_update(f->env, id, shape, fields, values, 5, &bad), cases[i].status);
    assert_int_equal(bad, 3);
    assert_true(fingerprint(f) == before);
  }
  const uint32_t field = NUMBER;
  const sh_value value = v_number(9);
  uint32_t bad = 77;
  assert_status(sh_record_update(f->env, id, shape + 1, &field, &value, 1, &bad),
                SH_E_TYPE_MISMATCH);
  assert_int_equal(bad, 1);
  atomic_fetch_or(&slot_of(f, id)->lock, SH_LOCK_MONITOR);
  assert_status(sh_record_update(f->env, id, shape, &field, &value, 1, &bad), SH_E_BUSY);
  assert_int_equal(bad, 1);
  atomic_fetch_and(&slot_of(f, id)->lock, ~SH_LOCK_MONITOR);
  assert_true(fingerprint(f) == before);
  assert_status(sh_record_update(f->env, dead, shape, &field, &value, 1, &bad),
                SH_E_USE_AFTER_FREE);
}

typedef struct job {
  sh_id id;
  sh_id moved;
} job;

static sh_status update(fixture *f, void *arg) {
  job *j = arg;
  const uint32_t fields[] = {TEXT, REF, ANY};
  const sh_value values[] = {v_text(long_text), v_move(j->moved), v_text(long_text)};
  return sh_record_update(f->env, j->id, 0, fields, values, 3, NULL);
}

static void refusals_change_nothing(void **state) {
  fixture *f = *state;
  job j = {.id = make(f->env, define(f->env)), .moved = new_string(f, "moved")};
  assert_sweep(f, update, &j, 2);
  assert_counts(f, j.moved, 0, 1);
}

// --- threads ---------------------------------------------------------------------------------

#define TURNS STRESS_SCALE(60000u)

// Three fields that always tell the same number; doubles are read with the words, in one step.
static void update_and_read(stress_thread *t) {
  sh_id id = *(const sh_id *)t->arg;
  char text[64];
  sh_value out[FIELDS];
  for (uint32_t i = 0; i < TURNS; i++) {
    stress_turn(t);
    if (stress_below(t, 2) == 0) {
      uint32_t number = stress_below(t, 1000000);
      (void)snprintf(text, sizeof text, "%u is the number of this text", number);
      sh_id ref = 0;
      STRESS_CHECK(sh_number_new(t->env, number, &ref) == SH_OK);
      const uint32_t fields[] = {REF, NUMBER, TEXT};
      const sh_value values[] = {stress_ref(ref, true), stress_number(number), stress_text(text)};
      STRESS_CHECK(sh_record_update(t->env, id, 0, fields, values, 3, NULL) == SH_OK);
      continue;
    }
    uint32_t version = 0;
    STRESS_CHECK(sh_record_read(t->env, id, 0, SH_DEREF, out, &version) == SH_OK);
    if (out[REF].kind == SH_KIND_NULL) {
      continue; // nobody has updated it yet
    }
    (void)snprintf(text, sizeof text, "%u is the number of this text",
                   (uint32_t)out[NUMBER].number);
    STRESS_CHECK(out[REF].kind == SH_KIND_NUMBER && out[REF].number == out[NUMBER].number);
    STRESS_CHECK(out[TEXT].length == strlen(text));
    STRESS_CHECK(memcmp(out[TEXT].chars, text, out[TEXT].length) == 0);
  }
}

static void readers_see_all_or_nothing(void **state) {
  (void)state;
  stress *s = stress_open();
  uint32_t shape = define(s->env);
  stress_baseline(s);
  sh_id id = make(s->env, shape);
  stress_run(s, 4, update_and_read, &id);
  assert_int_equal(sh_drop(s->env, id), SH_OK);
  stress_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(sets_what_is_named),
      unit(all_or_none),
      unit(refusals_change_nothing),
      cmocka_unit_test(readers_see_all_or_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
