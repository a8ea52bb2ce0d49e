// The survey puts each object where it belongs: claimed, held or in a cycle; by type, size, site.
#include "support.h"

#include "inspect.h"
#include "trace.h"

#include <string.h>

static sh_survey survey_of(fixture *f) {
  sh_survey survey;
  assert_ok(sh_survey_take(f->env, &survey));
  assert_true(survey.quiescent);
  return survey;
}

// How many objects of a site, or of all of them together, are kept by what.
static void check_kept(fixture *f, uint64_t claimed, uint64_t held, uint64_t cycles, int line) {
  uint64_t kept[SH_KEEPER_COUNT] = {0};
  sh_survey survey = survey_of(f);
  for (uint32_t i = 0; i < survey.site_count; i++) {
    for (int keeper = 0; keeper < SH_KEEPER_COUNT; keeper++) {
      kept[keeper] += survey.sites[i].kept[keeper].objects;
    }
  }
  sh_survey_free(&survey);
  if (kept[0] != claimed || kept[1] != held || kept[2] != cycles) {
    print_error("line %d: claimed %u, held %u, cycles %u\n", line, (unsigned)kept[0],
                (unsigned)kept[1], (unsigned)kept[2]);
    fail();
  }
}
#define assert_kept(f, claimed, held, cycles) check_kept((f), (claimed), (held), (cycles), __LINE__)

static void an_empty_heap_has_nothing(void **state) {
  fixture *f = *state;
  sh_survey survey = survey_of(f);
  assert_int_equal(survey.site_count, 0);
  assert_int_equal(survey.biggest[0].id, 0);
  sh_survey_free(&survey);
}

static void claimed_held_and_lost_are_told_apart(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id box = new_box(f, v_move(new_string(f, "held by a struct")));
  map_set(f, map, v_text("vector"), v_move(vector));
  vector_push(f, vector, v_move(box));
  assert_kept(f, 1, 3, 0);
  // Two that hold each other, one of them what a third object needs.
  sh_id a = new_vector(f);
  sh_id b = new_map(f);
  vector_push(f, a, v_ref(b));
  map_set(f, b, v_number(1), v_ref(a));
  vector_push(f, a, v_move(new_string(f, "held by a cycle")));
  assert_kept(f, 3, 4, 0);
  assert_ok(sh_drop(f->env, a));
  assert_kept(f, 2, 5, 0);
  assert_ok(sh_drop(f->env, b));
  assert_kept(f, 1, 3, 3);
  // The cycle is found from a name, and lost again with it.
  bool found = false;
  sh_value name = v_text("the cycle");
  map_set(f, sh_names_id(f->heap), name, v_ref(a));
  assert_kept(f, 1, 6, 0);
  assert_ok(sh_map_delete(f->env, sh_names_id(f->heap), &name, &found));
  assert_kept(f, 1, 3, 3);
  assert_ok(sh_map_clear(f->env, b)); // for the end of the test
}

static void a_vector_that_holds_itself_is_a_cycle(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  vector_push(f, vector, v_ref(vector));
  assert_kept(f, 1, 0, 0);
  assert_ok(sh_drop(f->env, vector));
  sh_survey survey = survey_of(f);
  assert_int_equal(survey.sites[0].site, SH_SITE_UNKNOWN);
  assert_int_equal(survey.sites[0].kept[SH_KEPT_BY_CYCLE].example, vector);
  sh_survey_free(&survey);
  assert_ok(sh_vector_clear(f->env, vector));
}

static void long_chains_are_walked_without_recursion(void **state) {
  enum { LENGTH = 300000 };
  fixture *f = *state;
  sh_id head = new_vector(f);
  for (int i = 1; i < LENGTH; i++) {
    sh_id next = new_vector(f);
    vector_push(f, next, v_move(head));
    head = next;
  }
  assert_kept(f, 1, LENGTH - 1, 0);
  sh_tally tally;
  assert_ok(sh_reach(f->env, &head, 1, &tally));
  assert_int_equal(tally.objects, LENGTH);
}

static void bytes_add_up_to_live_bytes(void **state) {
  fixture *f = *state;
  static const uint64_t digits[3] = {1, 2, 3};
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  map_set(f, map, v_text("a key that is too long for its entry"), v_text("and a value likewise"));
  map_set(f, map, v_bigint(digits, 3, false), v_bigint(digits, 2, true));
  for (int i = 0; i < 100; i++) {
    map_set(f, map, v_number(i), v_number(i));
    vector_push(f, vector, i % 2 == 0 ? v_number(i) : v_text("a text of its own"));
  }
  (void)new_bytes(f, 12345);
  (void)new_string(f, "a text that does not fit a slot");
  (void)new_string(f, "fits");
  (void)new_box(f, v_text("in a struct, with a payload"));
  sh_survey survey = survey_of(f);
  uint64_t bytes = 0;
  sh_stats stats = stats_of(f);
  for (int type = 0; type < SH_TYPE_COUNT; type++) {
    assert_int_equal(survey.types[type].objects, stats.objects_by_type[type]);
    bytes += survey.types[type].bytes;
  }
  assert_int_equal(bytes, stats.live_bytes - shi_shape_bytes(f->heap) + 32 * stats.objects);
  assert_int_equal(survey.types[SH_TYPE_BYTES].bytes, 12345 + 16 + 32);
  sh_survey_free(&survey);
}

static void the_biggest_come_first(void **state) {
  fixture *f = *state;
  sh_id ids[30];
  for (uint64_t i = 0; i < 30; i++) {
    ids[i] = new_bytes(f, 1000 * ((i * 7) % 30 + 1)); // each size once, in no order
  }
  sh_survey survey = survey_of(f);
  for (uint64_t i = 0; i < SH_BIGGEST; i++) {
    assert_int_equal(survey.biggest[i].bytes, 1000 * (30 - i) + 16 + 32);
    assert_int_equal(survey.biggest[i].type, SH_TYPE_BYTES);
  }
  assert_int_equal(survey.biggest[0].id, ids[17]); // 17 * 7 % 30 = 29
  sh_survey_free(&survey);
}

static void objects_are_counted_at_their_sites(void **state) {
  fixture *f = *state;
  uint32_t here = sh_trace_site(f->env, "here", 4);
  uint32_t nowhere = sh_trace_site(f->env, "nowhere", 7);
  uint32_t there = sh_trace_site(f->env, "there", 5);
  sh_id map = new_map(f);
  sh_trace_object(f->env, map, there);
  for (int i = 0; i < 3; i++) {
    sh_id number = new_number(f, i);
    sh_trace_object(f->env, number, here);
    map_set(f, map, v_number(i), i == 0 ? v_ref(number) : v_move(number));
  }
  (void)new_string(f, "untraced");
  sh_survey survey = survey_of(f);
  assert_int_equal(survey.site_count, 3);
  assert_int_equal(survey.sites[0].site, SH_SITE_UNKNOWN);
  assert_int_equal(survey.sites[0].kept[SH_KEPT_BY_CLAIM].objects, 1);
  assert_int_equal(survey.sites[1].site, here);
  assert_int_equal(survey.sites[1].kept[SH_KEPT_BY_CLAIM].objects, 1);
  assert_int_equal(survey.sites[1].kept[SH_KEPT_BY_HOLD].objects, 2);
  assert_int_equal(survey.sites[1].kept[SH_KEPT_BY_HOLD].bytes, 64);
  assert_int_equal(survey.sites[2].site, there);
  assert_int_equal(survey.sites[2].kept[SH_KEPT_BY_CLAIM].example, map);
  assert_true(nowhere < there);
  sh_survey_free(&survey);
}

static void reach_counts_each_object_once_for_each_root(void **state) {
  fixture *f = *state;
  sh_id shared = new_string(f, "held by both");
  sh_id a = new_vector(f);
  sh_id b = new_map(f);
  sh_id dead = new_number(f, 1);
  vector_push(f, a, v_ref(shared));
  vector_push(f, a, v_ref(shared));
  vector_push(f, a, v_ref(b));
  map_set(f, b, v_number(1), v_ref(shared));
  assert_ok(sh_drop(f->env, dead));
  sh_id ids[4] = {a, b, dead, shared};
  sh_tally tallies[4];
  assert_ok(sh_reach(f->env, ids, 4, tallies));
  assert_int_equal(tallies[0].objects, 3);
  assert_int_equal(tallies[1].objects, 2);
  assert_int_equal(tallies[2].objects, 0);
  assert_int_equal(tallies[2].bytes, 0);
  assert_int_equal(tallies[3].objects, 1);
  assert_true(tallies[0].bytes > tallies[1].bytes && tallies[1].bytes > tallies[3].bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(an_empty_heap_has_nothing),
      unit(claimed_held_and_lost_are_told_apart),
      unit(a_vector_that_holds_itself_is_a_cycle),
      unit_big(long_chains_are_walked_without_recursion),
      unit(bytes_add_up_to_live_bytes),
      unit(the_biggest_come_first),
      unit(objects_are_counted_at_their_sites),
      unit(reach_counts_each_object_once_for_each_root),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
