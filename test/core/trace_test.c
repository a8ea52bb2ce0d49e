// Sites: equal texts are one, an object's is forgotten with it.
#include "support.h"

#include "trace.h"

#include <stdio.h>
#include <string.h>

static uint32_t site(fixture *f, const char *text) {
  return sh_trace_site(f->env, text, strlen(text));
}

static void equal_texts_are_one_site(void **state) {
  fixture *f = *state;
  assert_int_equal(shi_trace_site_count(f->heap), 1);
  assert_null(sh_trace_text(f->env, 1));
  uint32_t a = site(f, "at a (file:1:1)");
  uint32_t b = site(f, "at b (file:2:1)");
  uint32_t none = site(f, "");
  assert_int_equal(a, 1);
  assert_int_equal(b, 2);
  assert_int_equal(none, 3);
  assert_int_equal(site(f, "at a (file:1:1)"), a);
  assert_string_equal(sh_trace_text(f->env, b), "at b (file:2:1)");
  assert_string_equal(sh_trace_text(f->env, none), "");
  assert_null(sh_trace_text(f->env, SH_SITE_UNKNOWN));
  assert_null(sh_trace_text(f->env, 4));
  assert_int_equal(shi_trace_site_count(f->heap), 4);
}

static void thousands_of_sites(void **state) {
  fixture *f = *state;
  char text[32];
  for (int turn = 0; turn < 2; turn++) {
    for (uint32_t i = 1; i <= 5000; i++) {
      (void)snprintf(text, sizeof text, "at f%u", i);
      assert_int_equal(site(f, text), i);
    }
  }
  assert_string_equal(sh_trace_text(f->env, 4321), "at f4321");
}

static void long_texts_are_cut(void **state) {
  fixture *f = *state;
  static char text[SH_SITE_BYTES_MAX + 100];
  memset(text, 'x', sizeof text - 1);
  uint32_t cut = site(f, text);
  assert_int_equal(strlen(sh_trace_text(f->env, cut)), SH_SITE_BYTES_MAX);
  text[SH_SITE_BYTES_MAX + 1] = 'y';
  assert_int_equal(site(f, text), cut);
}

static void an_objects_site_is_its_own(void **state) {
  fixture *f = *state;
  sh_id first = new_string(f, "first");
  uint32_t made = site(f, "at here");
  assert_int_equal(shi_trace_site_of(f->heap, first), SH_SITE_UNKNOWN);
  sh_trace_object(f->env, first, made);
  assert_int_equal(shi_trace_site_of(f->heap, first), made);
  // The next object in the slot was made untraced.
  assert_ok(sh_drop(f->env, first));
  sh_id second = new_string(f, "second");
  assert_int_equal((uint32_t)second, (uint32_t)first);
  assert_int_equal(shi_trace_site_of(f->heap, second), SH_SITE_UNKNOWN);
  sh_id far = 0;
  for (int i = 0; i < 5000; i++) {
    far = new_number(f, i);
  }
  sh_trace_object(f->env, far, made);
  assert_int_equal(shi_trace_site_of(f->heap, far), made);
  assert_int_equal(shi_trace_site_of(f->heap, second), SH_SITE_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(equal_texts_are_one_site),
      unit(thousands_of_sites),
      unit(long_texts_are_cut),
      unit(an_objects_site_is_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
