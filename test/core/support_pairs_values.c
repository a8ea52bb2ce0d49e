// Operations of numbers, strings, structs and byte buffers; see support_pairs.h.
#include "support_pairs.h"

#include "bytes.h"
#include "number.h"
#include "record.h"
#include "str.h"

#define OPS(ops) ops, sizeof ops / sizeof *ops

// --- numbers ---------------------------------------------------------------------------------

// Whole numbers all along: half of another would show.
static void check_number(double n) { STRESS_CHECK(n == (double)(int64_t)n); }

static sh_status number_make(pairs *p, sh_env *env, sh_id *out) {
  (void)p;
  return sh_number_new(env, 1, out);
}

static sh_status number_get(pairs *p, stress_thread *t, sh_id id) {
  double n = 0;
  (void)p;
  sh_status status = sh_number_get(t->env, id, &n);
  check_number(n);
  return status;
}

static sh_status update(stress_thread *t, sh_id id, sh_number_op op) {
  double old = 0;
  sh_status status = sh_number_update(t->env, id, op, stress_below(t, 100), &old);
  check_number(old);
  return status;
}

static sh_status number_set(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return update(t, id, SH_NUMBER_SET);
}

static sh_status number_add(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return update(t, id, SH_NUMBER_ADD);
}

static sh_status number_sub(pairs *p, stress_thread *t, sh_id id) {
  (void)p;
  return update(t, id, SH_NUMBER_SUB);
}

static sh_status number_compare_exchange(pairs *p, stress_thread *t, sh_id id) {
  double old = 0;
  bool exchanged = false;
  (void)p;
  sh_status status =
      sh_number_compare_exchange(t->env, id, 1, stress_below(t, 3), &old, &exchanged);
  check_number(old);
  STRESS_CHECK(status != SH_OK || exchanged == (old == 1));
  return status;
}

// As JavaScript does it, online, without a call; false: it has to call, the object is dead, locked
// or watched.
static bool view_store(stress_thread *t, sh_id id, sh_type type) {
  _Atomic uint64_t *where = NULL;
  sh_env_online(t->env);
  bool can = stress_view_check(t->stress->heap, id, type, &where);
  if (can) {
    stress_view_store(where, stress_below(t, 100));
  }
  return can;
}

static sh_status number_view_store(pairs *p, stress_thread *t, sh_id id) {
  return view_store(t, id, SH_TYPE_NUMBER) ? SH_OK : number_set(p, t, id);
}

static const pairs_op number_ops[] = {
    {.name = "get", .run = number_get},
    {.name = "set", .run = number_set},
    {.name = "add", .run = number_add},
    {.name = "sub", .run = number_sub},
    {.name = "compareExchange", .run = number_compare_exchange},
    {.name = "view store", .run = number_view_store},
};
const pairs_type pairs_numbers = {"numbers", number_make, OPS(number_ops)};

// --- strings ---------------------------------------------------------------------------------

static sh_value some_text(stress_thread *t, char *text) {
  static const uint32_t lengths[] = {0, 5, 15, 16, 300, 1025, PAIRS_TEXT_MAX};
  stress_fill(text, lengths[stress_below(t, 7)], stress_below(t, 3));
  return stress_text(text);
}

static sh_status string_make(pairs *p, sh_env *env, sh_id *out) {
  char text[PAIRS_TEXT_MAX + 1];
  (void)p;
  stress_fill(text, 100, 3);
  sh_value value = stress_text(text);
  return sh_string_new(env, &value, out);
}

static sh_status string_get(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  (void)p;
  sh_status status = sh_string_get(t->env, id, &out);
  if (status == SH_OK) {
    pairs_out(t, &out, false);
  }
  return status;
}

static sh_status string_length(pairs *p, stress_thread *t, sh_id id) {
  uint32_t length = 0;
  (void)p;
  sh_status status = sh_string_length(t->env, id, &length);
  STRESS_CHECK(length <= PAIRS_TEXT_MAX);
  return status;
}

static sh_status string_set(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  (void)p;
  sh_value value = some_text(t, text);
  return sh_string_set(t->env, id, &value);
}

static sh_status string_compare_exchange(pairs *p, stress_thread *t, sh_id id) {
  char texts[2][PAIRS_TEXT_MAX + 1];
  sh_value old;
  bool exchanged = false;
  (void)p;
  sh_value expected = some_text(t, texts[0]);
  sh_value next = some_text(t, texts[1]);
  sh_status status = sh_string_compare_exchange(t->env, id, &expected, &next, &exchanged, &old);
  if (status == SH_OK) {
    STRESS_CHECK(!exchanged || old.length == expected.length);
    pairs_out(t, &old, false);
  }
  return status;
}

static const pairs_op string_ops[] = {
    {.name = "get", .run = string_get},
    {.name = "length", .run = string_length},
    {.name = "set", .run = string_set},
    {.name = "compareExchange", .run = string_compare_exchange},
};
const pairs_type pairs_strings = {"strings", string_make, OPS(string_ops)};

// --- structs ---------------------------------------------------------------------------------

enum { NUMBER_FIELD, ANY_FIELD, TEXT_FIELD, FLAG_FIELD, RECORD_FIELDS };

static sh_status record_define(pairs *p, stress_thread *t, sh_id id) {
  uint32_t shape = 0;
  sh_field fields[RECORD_FIELDS] = {{.name = stress_text("number"), .type = SH_FIELD_NUMBER},
                                    {.name = stress_text("any"), .type = SH_FIELD_ANY},
                                    {.name = stress_text("text"), .type = SH_FIELD_STRING},
                                    {.name = stress_text("flag"), .type = SH_FIELD_BOOLEAN}};
  (void)id;
  sh_status status = sh_shape_define(t->env, fields, RECORD_FIELDS, &shape);
  STRESS_CHECK(status == SH_OK && shape == p->shape);
  return status;
}

static sh_status record_make(pairs *p, sh_env *env, sh_id *out) {
  sh_value values[RECORD_FIELDS] = {{0}};
  return sh_record_new(env, p->shape, values, RECORD_FIELDS, out, NULL);
}

static sh_status record_shape(pairs *p, stress_thread *t, sh_id id) {
  uint32_t shape = 0;
  sh_status status = sh_record_shape(t->env, id, &shape);
  STRESS_CHECK(status != SH_OK || shape == p->shape);
  return status;
}

static sh_status record_get(pairs *p, stress_thread *t, sh_id id) {
  sh_value out;
  sh_mode mode = pairs_mode(t);
  sh_status status =
      sh_record_get(t->env, id, p->shape, stress_below(t, RECORD_FIELDS), mode, &out);
  if (status == SH_OK) {
    pairs_out(t, &out, mode == SH_ACQUIRE);
  }
  return status;
}

static sh_status record_set(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value value = pairs_value(p, t, text);
  sh_status status = sh_record_set(t->env, id, p->shape, ANY_FIELD, &value);
  pairs_stored(t, &value, status == SH_OK);
  return status;
}

static sh_status record_set_text(pairs *p, stress_thread *t, sh_id id) {
  char text[PAIRS_TEXT_MAX + 1];
  sh_value value = some_text(t, text);
  return sh_record_set(t->env, id, p->shape, TEXT_FIELD, &value);
}

static sh_status record_set_number(pairs *p, stress_thread *t, sh_id id) {
  sh_value value = stress_number(stress_below(t, 100));
  return sh_record_set(t->env, id, p->shape, NUMBER_FIELD, &value);
}

static sh_status record_read(pairs *p, stress_thread *t, sh_id id) {
  sh_value out[RECORD_FIELDS];
  uint32_t version = 0;
  sh_mode mode = pairs_mode(t);
  sh_status status = sh_record_read(t->env, id, p->shape, mode, out, &version);
  for (uint32_t i = 0; status == SH_OK && i < RECORD_FIELDS; i++) {
    pairs_out(t, &out[i], mode == SH_ACQUIRE);
  }
  return status;
}

static sh_status record_view_store(pairs *p, stress_thread *t, sh_id id) {
  return view_store(t, id, SH_TYPE_RECORD) ? SH_OK : record_set_number(p, t, id);
}

// Every field in one step.
static sh_status record_update(pairs *p, stress_thread *t, sh_id id) {
  char texts[2][PAIRS_TEXT_MAX + 1];
  static const uint32_t fields[RECORD_FIELDS] = {FLAG_FIELD, TEXT_FIELD, NUMBER_FIELD, ANY_FIELD};
  uint32_t bad = 0;
  sh_value values[RECORD_FIELDS] = {{.kind = SH_KIND_BOOLEAN, .boolean = stress_below(t, 2) == 0},
                                    some_text(t, texts[0]),
                                    stress_number(stress_below(t, 100)),
                                    pairs_value(p, t, texts[1])};
  sh_status status = sh_record_update(t->env, id, p->shape, fields, values, RECORD_FIELDS, &bad);
  pairs_stored(t, &values[3], status == SH_OK);
  return status;
}

static const pairs_op record_ops[] = {
    {.name = "define", .run = record_define},
    {.name = "shape", .run = record_shape},
    {.name = "get", .run = record_get},
    {.name = "set", .run = record_set},
    {.name = "set text", .run = record_set_text},
    {.name = "set number", .run = record_set_number},
    {.name = "update", .run = record_update},
    {.name = "read", .run = record_read},
    {.name = "view store", .run = record_view_store},
};
const pairs_type pairs_records = {"structs", record_make, OPS(record_ops)};

// --- bytes -----------------------------------------------------------------------------------

#define BYTES 4096u

static sh_status bytes_make(pairs *p, sh_env *env, sh_id *out) {
  (void)p;
  return sh_bytes_new(env, NULL, BYTES, out);
}

static sh_status bytes_length(pairs *p, stress_thread *t, sh_id id) {
  uint64_t length = BYTES;
  (void)p;
  sh_status status = sh_bytes_length(t->env, id, &length);
  STRESS_CHECK(length == BYTES);
  return status;
}

// A view that stays for a while; races on the bytes are the users', who here use atomics.
static sh_status bytes_view(pairs *p, stress_thread *t, sh_id id) {
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  sh_status status = sh_bytes_pin(t->env, id, &data, &length, &pin);
  if (status == SH_OK) {
    _Atomic uint32_t *words = data;
    STRESS_CHECK(length == BYTES);
    for (uint32_t i = 0; i < BYTES / 4; i += 64) {
      atomic_fetch_add_explicit(&words[i], 1, memory_order_relaxed);
    }
    stress_turn(t);
    STRESS_CHECK(atomic_load_explicit(&words[0], memory_order_relaxed) > 0);
    sh_unpin(p->stress->heap, pin);
  }
  return status;
}

static const pairs_op bytes_ops[] = {
    {.name = "length", .run = bytes_length},
    {.name = "view", .run = bytes_view},
};
const pairs_type pairs_bytes = {"bytes", bytes_make, OPS(bytes_ops)};
