#include "support_changes.h"

#define OP(name, call)                                                                             \
  static sh_status name(subject *s) {                                                              \
    sh_value k = v_text("k");                                                                      \
    sh_value absent = v_text("absent");                                                            \
    sh_value one = v_number(1);                                                                    \
    sh_value ref = v_ref(s->inner);                                                                \
    (void)k, (void)absent, (void)one, (void)ref;                                                   \
    return (call);                                                                                 \
  }

// --- maps ------------------------------------------------------------------------------------

OP(map_put, sh_map_set(s->env, s->id, &k, &ref))
OP(map_put_same, sh_map_set(s->env, s->id, &k, &one))
OP(map_put_many, sh_map_set_many(s->env, s->id, &k, &ref, 1, &s->n))
OP(map_insert, sh_map_get_or_insert(s->env, s->id, &absent, &ref, s->out, &s->flag))
OP(map_insert_not, sh_map_get_or_insert(s->env, s->id, &k, &ref, s->out, &s->flag))
OP(map_delete, sh_map_delete(s->env, s->id, &k, &s->flag))
OP(map_delete_not, sh_map_delete(s->env, s->id, &absent, &s->flag))
OP(map_take, sh_map_take(s->env, s->id, &k, s->out, &s->flag))
OP(map_take_not, sh_map_take(s->env, s->id, &absent, s->out, &s->flag))
OP(map_add, sh_map_add(s->env, s->id, &k, 1, &s->number))
OP(map_exchange, sh_map_compare_exchange(s->env, s->id, &k, &one, &ref, &s->flag, s->out))
OP(map_exchange_not, sh_map_compare_exchange(s->env, s->id, &k, &k, &ref, &s->flag, s->out))
OP(map_clear, sh_map_clear(s->env, s->id))
OP(map_look, sh_map_get(s->env, s->id, &k, SH_DEREF, s->out, &s->flag))
OP(map_has, sh_map_has(s->env, s->id, &k, &s->flag))
OP(map_info, sh_map_info(s->env, s->id, &s->n, NULL))
OP(map_get_many, sh_map_get_many(s->env, s->id, &k, 1, SH_BORROW, s->out, &s->flag))
OP(map_read,
   sh_map_read(s->env, s->id, &s->cursor, SH_BORROW, 4, s->out, &s->n, &s->flag, &s->version))
OP(map_find, sh_map_find(s->env, s->id, &k, &s->cursor, &s->flag))

// --- vectors ---------------------------------------------------------------------------------

static const uint32_t backwards[] = {2, 1, 0};

OP(vector_set, sh_vector_set(s->env, s->id, 0, &ref))
OP(vector_append, sh_vector_push(s->env, s->id, &ref, 1, &s->n))
OP(vector_append_none, sh_vector_push(s->env, s->id, &ref, 0, &s->n))
OP(vector_unshift, sh_vector_unshift(s->env, s->id, &ref, 1, &s->n))
OP(vector_pop, sh_vector_pop(s->env, s->id, s->out, &s->flag))
OP(vector_shift, sh_vector_shift(s->env, s->id, s->out, &s->flag))
OP(vector_remove, sh_vector_remove_at(s->env, s->id, 1, &s->flag))
OP(vector_remove_not, sh_vector_remove_at(s->env, s->id, 9, &s->flag))
OP(vector_splice, sh_vector_splice(s->env, s->id, 1, 2, &ref, 1, s->out, &s->n))
OP(vector_splice_not, sh_vector_splice(s->env, s->id, 1, 0, NULL, 0, s->out, &s->n))
OP(vector_fill, sh_vector_fill(s->env, s->id, &ref, 0, 3))
OP(vector_reverse, sh_vector_reverse(s->env, s->id))
OP(vector_clear, sh_vector_clear(s->env, s->id))
OP(vector_permute, sh_vector_permute(s->env, s->id, s->version, backwards, 3))
OP(vector_permute_not,
   sh_vector_permute(s->env, s->id, s->version + 1, backwards, 3) == SH_E_CONFLICT ? SH_OK
                                                                                   : SH_E_BUSY)
OP(vector_size, sh_vector_length(s->env, s->id, &s->n))
OP(vector_get, sh_vector_get(s->env, s->id, 0, SH_BORROW, s->out, &s->flag))
OP(vector_index_of, sh_vector_index_of(s->env, s->id, &one, 0, false, true, &s->n, &s->flag))
OP(vector_read, sh_vector_read(s->env, s->id, 0, SH_BORROW, 3, s->out, &s->n, &s->version))

// --- strings and numbers ---------------------------------------------------------------------

static sh_status string_exchange(subject *s) {
  sh_value text = v_text("text");
  sh_value next = v_text("next");
  return sh_string_compare_exchange(s->env, s->id, &text, &next, &s->flag, s->out);
}

OP(string_set, sh_string_set(s->env, s->id, &k))
OP(string_exchange_not, sh_string_compare_exchange(s->env, s->id, &k, &k, &s->flag, s->out))
OP(string_get, sh_string_get(s->env, s->id, s->out))
OP(string_length, sh_string_length(s->env, s->id, &s->n))
OP(number_set, sh_number_update(s->env, s->id, SH_NUMBER_SET, 5, &s->number))
OP(number_add, sh_number_update(s->env, s->id, SH_NUMBER_ADD, 2, NULL))
OP(number_sub, sh_number_update(s->env, s->id, SH_NUMBER_SUB, 2, NULL))
OP(number_exchange, sh_number_compare_exchange(s->env, s->id, 5, 6, &s->number, &s->flag))
OP(number_exchange_not, sh_number_compare_exchange(s->env, s->id, 6, 7, &s->number, &s->flag))
OP(number_get, sh_number_get(s->env, s->id, &s->number))

// --- queues ----------------------------------------------------------------------------------

static sh_status queue_take(subject *s) {
  sh_queue_end end = SH_QUEUE_EMPTY;
  return sh_queue_pop(s->env, s->id, s->out, &end);
}

static sh_status queue_take_number(subject *s) {
  sh_queue_end end = SH_QUEUE_EMPTY;
  return sh_queue_pop_number(s->env, s->id, &s->number, &end, &s->flag);
}

static sh_status queue_state(subject *s) {
  sh_queue_state state;
  return sh_queue_state_of(s->env, s->id, &state);
}

OP(queue_append, sh_queue_push(s->env, s->id, &ref, &s->flag))
OP(queue_close, sh_queue_close(s->env, s->id))
OP(queue_read, sh_queue_read(s->env, s->id, 0, SH_BORROW, 4, s->out, &s->n, &s->version))

// --- structs and bytes -----------------------------------------------------------------------

static sh_status record_set_boolean(subject *s) {
  sh_value yes = v_boolean(true);
  return sh_record_set(s->env, s->id, 0, 2, &yes);
}

OP(record_set_any, sh_record_set(s->env, s->id, 0, 0, &ref))
OP(record_set_number, sh_record_set(s->env, s->id, 0, 1, &one))
static const uint32_t first_two[] = {0, 1};

static sh_status record_update(subject *s) {
  sh_value values[] = {v_ref(s->inner), v_number(2)};
  return sh_record_update(s->env, s->id, 0, first_two, values, 2, &s->n);
}

OP(record_update_none, sh_record_update(s->env, s->id, 0, first_two, &one, 0, &s->n))
OP(record_get, sh_record_get(s->env, s->id, 0, 0, SH_BORROW, s->out))
OP(record_shape, sh_record_shape(s->env, s->id, &s->n))
OP(record_read, sh_record_read(s->env, s->id, 0, SH_BORROW, s->out, &s->version))
OP(bytes_length, sh_bytes_length(s->env, s->id, &s->bytes))
OP(bytes_pin, sh_bytes_pin(s->env, s->id, &s->data, &s->bytes, &s->pin))

// --- ownership: no change of the object --------------------------------------------------------

static sh_status retain_and_drop(subject *s) {
  sh_status status = sh_retain(s->env, s->id);
  return status == SH_OK ? sh_drop(s->env, s->id) : status;
}

static sh_status counts(subject *s) { return sh_id_counts(s->env, s->id, &s->n, &s->version); }

const change changes[] = {
    {"map set", SH_TYPE_MAP, CHANGES, map_put},
    {"map set, same value", SH_TYPE_MAP, CHANGES, map_put_same},
    {"map set_many", SH_TYPE_MAP, CHANGES, map_put_many},
    {"map get_or_insert", SH_TYPE_MAP, CHANGES, map_insert},
    {"map get_or_insert, present", SH_TYPE_MAP, MIGHT, map_insert_not},
    {"map delete", SH_TYPE_MAP, CHANGES, map_delete},
    {"map delete, absent", SH_TYPE_MAP, MIGHT, map_delete_not},
    {"map take", SH_TYPE_MAP, CHANGES, map_take},
    {"map take, absent", SH_TYPE_MAP, MIGHT, map_take_not},
    {"map add", SH_TYPE_MAP, CHANGES, map_add},
    {"map compare_exchange", SH_TYPE_MAP, CHANGES, map_exchange},
    {"map compare_exchange, other", SH_TYPE_MAP, MIGHT, map_exchange_not},
    {"map clear", SH_TYPE_MAP, CHANGES, map_clear},
    {"map get", SH_TYPE_MAP, READS, map_look},
    {"map has", SH_TYPE_MAP, READS, map_has},
    {"map info", SH_TYPE_MAP, READS, map_info},
    {"map get_many", SH_TYPE_MAP, READS, map_get_many},
    {"map read", SH_TYPE_MAP, READS, map_read},
    {"map find", SH_TYPE_MAP, READS, map_find},
    {"vector set", SH_TYPE_VECTOR, CHANGES, vector_set},
    {"vector push", SH_TYPE_VECTOR, CHANGES, vector_append},
    {"vector push, nothing", SH_TYPE_VECTOR, MIGHT, vector_append_none},
    {"vector unshift", SH_TYPE_VECTOR, CHANGES, vector_unshift},
    {"vector pop", SH_TYPE_VECTOR, CHANGES, vector_pop},
    {"vector shift", SH_TYPE_VECTOR, CHANGES, vector_shift},
    {"vector remove_at", SH_TYPE_VECTOR, CHANGES, vector_remove},
    {"vector remove_at, none", SH_TYPE_VECTOR, MIGHT, vector_remove_not},
    {"vector splice", SH_TYPE_VECTOR, CHANGES, vector_splice},
    {"vector splice, nothing", SH_TYPE_VECTOR, MIGHT, vector_splice_not},
    {"vector fill", SH_TYPE_VECTOR, CHANGES, vector_fill},
    {"vector reverse", SH_TYPE_VECTOR, CHANGES, vector_reverse},
    {"vector clear", SH_TYPE_VECTOR, CHANGES, vector_clear},
    {"vector permute", SH_TYPE_VECTOR, CHANGES, vector_permute},
    {"vector permute, late", SH_TYPE_VECTOR, MIGHT, vector_permute_not},
    {"vector length", SH_TYPE_VECTOR, READS, vector_size},
    {"vector get", SH_TYPE_VECTOR, READS, vector_get},
    {"vector index_of", SH_TYPE_VECTOR, READS, vector_index_of},
    {"vector read", SH_TYPE_VECTOR, READS, vector_read},
    {"string set", SH_TYPE_STRING, CHANGES, string_set},
    {"string compare_exchange", SH_TYPE_STRING, CHANGES, string_exchange},
    {"string compare_exchange, other", SH_TYPE_STRING, MIGHT, string_exchange_not},
    {"string get", SH_TYPE_STRING, READS, string_get},
    {"string length", SH_TYPE_STRING, READS, string_length},
    {"number set, same value", SH_TYPE_NUMBER, CHANGES, number_set},
    {"number add", SH_TYPE_NUMBER, CHANGES, number_add},
    {"number sub", SH_TYPE_NUMBER, CHANGES, number_sub},
    {"number compare_exchange", SH_TYPE_NUMBER, CHANGES, number_exchange},
    {"number compare_exchange, other", SH_TYPE_NUMBER, MIGHT, number_exchange_not},
    {"number get", SH_TYPE_NUMBER, READS, number_get},
    {"record set, any", SH_TYPE_RECORD, CHANGES, record_set_any},
    {"record set, number", SH_TYPE_RECORD, CHANGES, record_set_number},
    {"record set, boolean", SH_TYPE_RECORD, CHANGES, record_set_boolean},
    {"record update", SH_TYPE_RECORD, CHANGES, record_update},
    {"record update, nothing", SH_TYPE_RECORD, MIGHT, record_update_none},
    {"record get", SH_TYPE_RECORD, READS, record_get},
    {"record shape", SH_TYPE_RECORD, READS, record_shape},
    {"record read", SH_TYPE_RECORD, READS, record_read},
    {"queue push", SH_TYPE_QUEUE, CHANGES, queue_append},
    {"queue pop", SH_TYPE_QUEUE, CHANGES, queue_take},
    {"queue pop_number", SH_TYPE_QUEUE, CHANGES, queue_take_number},
    {"queue close", SH_TYPE_QUEUE, CHANGES, queue_close},
    {"queue state_of", SH_TYPE_QUEUE, READS, queue_state},
    {"queue read", SH_TYPE_QUEUE, READS, queue_read},
    {"bytes length", SH_TYPE_BYTES, READS, bytes_length},
    {"bytes pin", SH_TYPE_BYTES, READS, bytes_pin},
    {"retain and drop", SH_TYPE_MAP, READS, retain_and_drop},
    {"id_counts", SH_TYPE_NUMBER, READS, counts},
};
const unsigned change_count = sizeof changes / sizeof *changes;

// --- subjects --------------------------------------------------------------------------------

static sh_id new_record(fixture *f) {
  sh_field fields[] = {{.name = v_text("any"), .type = SH_FIELD_ANY},
                       {.name = v_text("number"), .type = SH_FIELD_NUMBER},
                       {.name = v_text("boolean"), .type = SH_FIELD_BOOLEAN}};
  sh_value values[] = {v_null(), v_number(1), v_boolean(false)};
  uint32_t shape = 0;
  uint32_t bad = 0;
  sh_id id = 0;
  assert_ok(sh_shape_define(f->env, fields, 3, &shape));
  assert_ok(sh_record_new(f->env, shape, values, 3, &id, &bad));
  return id;
}

subject new_subject(fixture *f, sh_type type) {
  subject s = {.f = f, .env = f->env, .inner = new_string(f, "inner")};
  switch (type) {
  case SH_TYPE_STRING:
    s.id = new_string(f, "text");
    break;
  case SH_TYPE_NUMBER:
    s.id = new_number(f, 5);
    break;
  case SH_TYPE_MAP:
    s.id = new_map(f);
    map_set(f, s.id, v_text("k"), v_number(1));
    break;
  case SH_TYPE_VECTOR:
    s.id = new_vector(f);
    vector_push(f, s.id, v_number(1));
    vector_push(f, s.id, v_number(2));
    vector_push(f, s.id, v_number(3));
    break;
  case SH_TYPE_RECORD:
    s.id = new_record(f);
    break;
  case SH_TYPE_BYTES:
    s.id = new_bytes(f, 16);
    break;
  case SH_TYPE_QUEUE:
    s.id = new_queue(f, 2);
    queue_push(f, s.id, v_number(1));
    break;
  case SH_TYPE_NONE:
  case SH_TYPE_COUNT:
    fail_msg("no objects of type %d", type);
  }
  s.version = shi_lock_version(&slot_of(f, s.id)->lock);
  return s;
}

void drop_subject(subject *s) {
  if (s->pin != 0) {
    sh_unpin(s->f->heap, s->pin);
  }
  assert_ok(sh_drop(s->f->env, s->id));
  assert_ok(sh_drop(s->f->env, s->inner));
}
