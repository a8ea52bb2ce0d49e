// Destruction: what goes with an object, in constant stack, however long the chain.
#include "support.h"

#include <pthread.h>

enum { CHAIN = 1000000 };

typedef struct chain {
  fixture *f;
  sh_id head;
  const char *problem;
} chain;

static void *drop_on_a_small_stack(void *arg) {
  chain *c = arg;
  if (sh_drop(c->f->env, c->head) != SH_OK) {
    c->problem = "the drop failed";
  }
  return NULL;
}

// One link holding `inner`; what it cannot do itself leaves 0.
static sh_id wrap(fixture *f, int kind, uint32_t shape, sh_value inner) {
  sh_id id = 0;
  sh_value key = v_text("next");
  uint32_t length = 0;
  sh_status status = SH_OK;
  switch (kind) {
  case 0:
    status = sh_map_new(f->env, false, &id);
    status = status == SH_OK ? sh_map_set(f->env, id, &key, &inner) : status;
    break;
  case 1:
    status = sh_vector_new(f->env, &id);
    status = status == SH_OK ? sh_vector_push(f->env, id, &inner, 1, &length) : status;
    break;
  default:
    status = sh_record_new(f->env, shape, &inner, 1, &id, NULL);
  }
  assert_status(status, SH_OK);
  return id;
}

static void drop_a_chain(fixture *f, int kinds, int kind, uint32_t count) {
  sh_field field = {.name = v_text("next"), .type = SH_FIELD_REF};
  uint32_t shape = 0;
  assert_ok(sh_shape_define(f->env, &field, 1, &shape));
  sh_id id = wrap(f, 1, shape, v_null());
  for (uint32_t i = 1; i < count; i++) {
    id = wrap(f, kinds == 1 ? kind : (int)(i % 3), shape, v_move(id));
  }
  assert_int_equal(stats_of(f).objects, count);
  chain c = {.f = f, .head = id};
  pthread_attr_t attributes;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
  assert_int_equal(pthread_create(&thread, &attributes, drop_on_a_small_stack, &c), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  (void)pthread_attr_destroy(&attributes);
  assert_null(c.problem);
  assert_int_equal(stats_of(f).objects, 0);
  assert_int_equal(stats_of(f).live_bytes, shi_shape_bytes(f->heap));
}

static void million_maps_go_in_one_drop(void **state) { drop_a_chain(*state, 1, 0, CHAIN); }

static void million_vectors_go_in_one_drop(void **state) { drop_a_chain(*state, 1, 1, CHAIN); }

static void million_records_go_in_one_drop(void **state) { drop_a_chain(*state, 1, 2, CHAIN); }

static void mixed_chain_goes_without_memory(void **state) {
  fixture *f = *state;
  sh_env *reader = NULL;
  drop_a_chain(f, 3, 0, 10000);
  // The same while somebody is online: all of it waits in limbo, then goes.
  assert_ok(sh_env_open(f->heap, &reader));
  sh_env_online(reader);
  drop_a_chain(f, 3, 0, 10000);
  assert_at_most(9000, stats_of(f).limbo_objects);
  sh_env_close(reader);
}

static void elements_with_claims_live_on(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id kept = new_string(f, "kept");
  sh_id gone = new_string(f, "gone");
  sh_id shared = new_vector(f);
  sh_id box = new_box(f, v_ref(shared));
  vector_push(f, shared, v_ref(kept));
  map_set(f, map, v_number(1), v_ref(kept));
  map_set(f, map, v_number(2), v_move(gone));
  map_set(f, map, v_number(3), v_move(shared));
  assert_ok(sh_drop(f->env, map));
  assert_counts(f, kept, 1, 1);
  assert_counts(f, shared, 0, 1); // the box holds it
  assert_status(sh_id_check(f->env, gone, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
  assert_ok(sh_drop(f->env, box));
  assert_status(sh_id_check(f->env, shared, SH_TYPE_NONE, NULL), SH_E_USE_AFTER_FREE);
  assert_counts(f, kept, 1, 0);
}

static void one_object_in_many_places_dies_once(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id id = new_string(f, "everywhere");
  for (int i = 0; i < 1000; i++) {
    vector_push(f, vector, v_ref(id));
  }
  assert_ok(sh_drop(f->env, id));
  assert_counts(f, id, 0, 1000);
  assert_ok(sh_drop(f->env, vector));
  assert_int_equal(stats_of(f).objects, 0);
}

static void wide_containers_release_everything(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_value key = v_text("a key that needs a payload of its own");
  for (int i = 0; i < 5000; i++) {
    sh_id text = new_string(f, "a text that needs a payload");
    vector_push(f, vector, v_move(text));
    map_set(f, map, v_number(i), v_move(new_number(f, i)));
  }
  map_set(f, map, key, v_move(vector));
  assert_int_equal(stats_of(f).objects, 10002);
  assert_ok(sh_drop(f->env, map));
  assert_int_equal(stats_of(f).objects, 0);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

// --- the last owner among threads ------------------------------------------------------------

typedef struct rivals {
  sh_heap *heap;
  sh_id *ids;
  uint32_t count;
  _Atomic uint32_t wrong;
} rivals;

static void *drop_each(void *arg) {
  rivals *r = arg;
  sh_env *env = NULL;
  if (sh_env_open(r->heap, &env) != SH_OK) {
    atomic_fetch_add(&r->wrong, 1);
    return NULL;
  }
  for (uint32_t i = 0; i < r->count; i++) {
    if (sh_drop(env, r->ids[i]) != SH_OK) {
      atomic_fetch_add(&r->wrong, 1);
    }
  }
  sh_env_close(env);
  return NULL;
}

static void one_destroyer_among_threads(void **state) {
  fixture *f = *state;
  static sh_id ids[20000];
  rivals r = {.heap = f->heap, .ids = ids, .count = 20000};
  pthread_t threads[4];
  for (uint32_t i = 0; i < r.count; i++) {
    ids[i] = new_string(f, "a text that needs a payload");
    for (int k = 0; k < 3; k++) {
      assert_ok(sh_retain(f->env, ids[i]));
    }
  }
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, drop_each, &r), 0);
  }
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_int_equal(r.wrong, 0);
  assert_int_equal(stats_of(f).objects, 0);
  assert_int_equal(stats_of(f).live_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit_big(million_maps_go_in_one_drop),    unit_big(million_vectors_go_in_one_drop),
      unit_big(million_records_go_in_one_drop), unit(mixed_chain_goes_without_memory),
      unit(elements_with_claims_live_on),       unit(one_object_in_many_places_dies_once),
      unit(wide_containers_release_everything), unit(one_destroyer_among_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
