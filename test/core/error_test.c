// The status table: every code has a name, a text and a class, and nothing reads beyond it.
#include "support.h"

#include <string.h>

static void every_status_is_described(void **state) {
  (void)state;
  for (int i = 0; i < SH_STATUS_COUNT; i++) {
    sh_status status = (sh_status)i;
    const char *code = sh_status_code(status);
    assert_true(i == SH_OK ? strcmp(code, "OK") == 0 : strncmp(code, "ERR_", 4) == 0);
    assert_true(strlen(sh_status_text(status)) > 4);
    assert_non_null(strchr("STR", sh_status_class(status)));
    for (int other = 0; other < i; other++) {
      assert_string_not_equal(code, sh_status_code((sh_status)other));
    }
  }
}

static void classes_are_those_of_the_design(void **state) {
  (void)state;
  assert_int_equal(sh_status_class(SH_E_INVALID_ARG_TYPE), 'T');
  assert_int_equal(sh_status_class(SH_E_OUT_OF_RANGE), 'R');
  assert_int_equal(sh_status_class(SH_E_HEAP_FULL), 'S');
  assert_string_equal(sh_status_code(SH_E_USE_AFTER_FREE), "ERR_USE_AFTER_FREE");
  assert_non_null(strstr(sh_status_text(SH_E_USE_AFTER_FREE), "use after free"));
}

static void unknown_status_is_corruption(void **state) {
  (void)state;
  assert_string_equal(sh_status_code(SH_STATUS_COUNT), "ERR_CORRUPT");
  assert_string_equal(sh_status_code((sh_status)-1), "ERR_CORRUPT");
  assert_string_equal(sh_status_text((sh_status)12345), sh_status_text(SH_E_CORRUPT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_is_described),
      cmocka_unit_test(classes_are_those_of_the_design),
      cmocka_unit_test(unknown_status_is_corruption),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
