// Every operation that must work when there is no memory at all, neither of the region nor of the
// process: reading, numbers, and what takes out, gives back or releases. An operation that is added
// to the core gets its line here or in refusal_test.c.
#include "support.h"

#include "alloc.h"

typedef struct job {
  object_set of;
  sh_id dropped;
  sh_value out; // results
  uint32_t n;
  bool flag;
} job;

static void set_up(fixture *f, job *j) {
  j->of = object_set_new(f);
  j->dropped = new_string(f, "dropped");
}

static sh_status op_number_get(fixture *f, void *arg) {
  job *j = arg;
  double value = 0;
  return sh_number_get(f->env, j->of.number, &value);
}

static sh_status op_number_set(fixture *f, void *arg) {
  job *j = arg;
  return sh_number_update(f->env, j->of.number, SH_NUMBER_SET, 2, NULL);
}

static sh_status op_number_add(fixture *f, void *arg) {
  job *j = arg;
  return sh_number_update(f->env, j->of.number, SH_NUMBER_ADD, 2, NULL);
}

static sh_status op_number_compare_exchange(fixture *f, void *arg) {
  job *j = arg;
  double old = 0;
  return sh_number_compare_exchange(f->env, j->of.number, 2, 3, &old, &j->flag);
}

static sh_status op_string_get(fixture *f, void *arg) {
  job *j = arg;
  sh_status status = sh_string_get(f->env, j->of.string, &j->out);
  return give_up(f, status, &j->out);
}

static sh_status op_string_length(fixture *f, void *arg) {
  job *j = arg;
  return sh_string_length(f->env, j->of.string, &j->n);
}

static sh_status op_string_set_short(fixture *f, void *arg) {
  job *j = arg;
  sh_value text = v_text("fifteen at most");
  return sh_string_set(f->env, j->of.string, &text);
}

static sh_status op_map_info(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_info(f->env, j->of.map, &j->n, NULL);
}

static sh_status op_map_get_short(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(3);
  return sh_map_get(f->env, j->of.map, &key, SH_ACQUIRE, &j->out, &j->flag);
}

static sh_status op_map_set_there(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(3);
  sh_value value = v_number(4);
  return sh_map_set(f->env, j->of.map, &key, &value);
}

static sh_status op_map_add_there(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(4);
  double old = 0;
  return sh_map_add(f->env, j->of.map, &key, 4, &old);
}

static sh_status op_map_delete_short(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(5);
  return sh_map_delete(f->env, j->of.map, &key, &j->flag);
}

static sh_status op_map_take_short(fixture *f, void *arg) {
  job *j = arg;
  sh_value key = v_number(6);
  return sh_map_take(f->env, j->of.map, &key, &j->out, &j->flag);
}

static sh_status op_map_read(fixture *f, void *arg) {
  job *j = arg;
  sh_value outs[40];
  sh_cursor cursor = {0, 0};
  uint32_t version = 0;
  return sh_map_read(f->env, j->of.map, &cursor, SH_DEREF, 20, outs, &j->n, &j->flag, &version);
}

static sh_status op_map_clear(fixture *f, void *arg) {
  job *j = arg;
  return sh_map_clear(f->env, j->of.map);
}

static sh_status op_vector_length(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_length(f->env, j->of.vector, &j->n);
}

static sh_status op_vector_get(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_get(f->env, j->of.vector, 1, SH_ACQUIRE, &j->out, &j->flag);
}

static sh_status op_vector_set_number(fixture *f, void *arg) {
  job *j = arg;
  sh_value value = v_number(4);
  return sh_vector_set(f->env, j->of.vector, 1, &value);
}

static sh_status op_vector_pop(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_pop(f->env, j->of.vector, &j->out, &j->flag);
}

static sh_status op_vector_shift(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_shift(f->env, j->of.vector, &j->out, &j->flag);
}

static sh_status op_vector_remove_at(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_remove_at(f->env, j->of.vector, 3, &j->flag);
}

static sh_status op_vector_splice_out(fixture *f, void *arg) {
  job *j = arg;
  sh_value outs[5];
  return sh_vector_splice(f->env, j->of.vector, 3, 5, NULL, 0, outs, &j->n);
}

static sh_status op_vector_reverse(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_reverse(f->env, j->of.vector);
}

static sh_status op_vector_read(fixture *f, void *arg) {
  job *j = arg;
  sh_value outs[8];
  uint32_t version = 0;
  return sh_vector_read(f->env, j->of.vector, 0, SH_DEREF, 8, outs, &j->n, &version);
}

static sh_status op_vector_permute(fixture *f, void *arg) {
  job *j = arg;
  uint32_t order[40];
  uint32_t version = 0;
  uint32_t length = 0;
  assert_ok(sh_vector_length(f->env, j->of.vector, &length));
  assert_ok(sh_vector_read(f->env, j->of.vector, length, SH_BORROW, 1, &j->out, &j->n, &version));
  for (uint32_t i = 0; i < length; i++) {
    order[i] = length - 1 - i;
  }

  return sh_vector_permute(f->env, j->of.vector, version, order, length);
}
static sh_status op_vector_clear(fixture *f, void *arg) {
  job *j = arg;
  return sh_vector_clear(f->env, j->of.vector);
}

static sh_status op_record_shape(fixture *f, void *arg) {
  job *j = arg;
  return sh_record_shape(f->env, j->of.record, &j->n);
}

static sh_status op_record_get(fixture *f, void *arg) {
  job *j = arg;
  sh_status status = sh_record_get(f->env, j->of.record, j->of.shape, 0, SH_DEREF, &j->out);
  return give_up(f, status, &j->out);
}

static sh_status op_record_set_number(fixture *f, void *arg) {
  job *j = arg;
  sh_value value = v_number(4);
  return sh_record_set(f->env, j->of.record, j->of.shape, 1, &value);
}

static sh_status op_record_read(fixture *f, void *arg) {
  job *j = arg;
  sh_value outs[3];
  uint32_t version = 0;
  sh_status status = sh_record_read(f->env, j->of.record, j->of.shape, SH_DEREF, outs, &version);
  return give_up(f, status, &outs[0]);
}

static sh_status op_bytes_view(fixture *f, void *arg) {
  job *j = arg;
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  sh_status status = sh_bytes_pin(f->env, j->of.bytes, &data, &length, &pin);
  sh_unpin(f->heap, pin);
  return status;
}

static sh_status op_bytes_length(fixture *f, void *arg) {
  job *j = arg;
  uint64_t length = 0;
  return sh_bytes_length(f->env, j->of.bytes, &length);
}

static sh_status op_retain_and_drop(fixture *f, void *arg) {
  job *j = arg;
  assert_ok(sh_retain(f->env, j->of.map));
  return sh_drop(f->env, j->of.map);
}

static sh_status op_counts(fixture *f, void *arg) {
  job *j = arg;
  uint32_t holds = 0;
  return sh_id_counts(f->env, j->of.map, &j->n, &holds);
}

static sh_status op_check(fixture *f, void *arg) {
  job *j = arg;
  return sh_id_check(f->env, j->of.map, SH_TYPE_MAP, NULL);
}

static sh_status op_stats_and_trim(fixture *f, void *arg) {
  (void)arg;
  sh_stats stats;
  sh_heap_trim(f->env); // purging pages of slots is a favour
  sh_heap_stats(f->env, &stats);
  return stats.objects == 7 ? SH_OK : SH_E_CORRUPT;
}

static sh_status op_drop(fixture *f, void *arg) {
  job *j = arg;
  return sh_drop(f->env, j->dropped);
}

static sh_status op_drop_container(fixture *f, void *arg) {
  job *j = arg;
  return sh_drop(f->env, j->of.vector);
}

static const struct {
  const char *name;
  sweep_op run;
} operations[] = {
    {"stats and trim", op_stats_and_trim},
    {"number get", op_number_get},
    {"number set", op_number_set},
    {"number add", op_number_add},
    {"number compareExchange", op_number_compare_exchange},
    {"string get", op_string_get},
    {"string length", op_string_length},
    {"string set, short", op_string_set_short},
    {"map size", op_map_info},
    {"map get", op_map_get_short},
    {"map set of a key that is there", op_map_set_there},
    {"map add to a number that is there", op_map_add_there},
    {"map delete", op_map_delete_short},
    {"map take", op_map_take_short},
    {"map read", op_map_read},
    {"map clear", op_map_clear},
    {"vector length", op_vector_length},
    {"vector get", op_vector_get},
    {"vector set of a number", op_vector_set_number},
    {"vector pop", op_vector_pop},
    {"vector shift", op_vector_shift},
    {"vector removeAt", op_vector_remove_at},
    {"vector splice that only removes", op_vector_splice_out},
    {"vector reverse", op_vector_reverse},
    {"vector read", op_vector_read},
    {"vector permute", op_vector_permute},
    {"vector clear", op_vector_clear},
    {"struct shape", op_record_shape},
    {"struct get", op_record_get},
    {"struct set of a number", op_record_set_number},
    {"struct read", op_record_read},
    {"bytes view", op_bytes_view},
    {"bytes length", op_bytes_length},
    {"retain and drop", op_retain_and_drop},
    {"counts", op_counts},
    {"check", op_check},
    {"drop", op_drop},
    {"drop of a container", op_drop_container},
};

static void what_gives_back_needs_no_memory(void **state) {
  fixture *f = *state;
  job j = {0};
  set_up(f, &j);
  for (uint32_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    sh_test_fail_after(f->heap, 0);
    sh_test_fail_local_after(f->heap, 0);
    sh_status status = operations[i].run(f, &j);
    sh_test_fail_after(f->heap, -1);
    sh_test_fail_local_after(f->heap, -1);
    assert_status(status, SH_OK);
    assert_clean(f->env);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {unit(what_gives_back_needs_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
