// Shows that the sanitizers see into the region: each program of misuse/ does one forbidden thing
// and must be stopped with a report. A mode without the sanitizer skips, and says so.
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#else
#define HAS_TSAN 0
#endif

#define OUTPUT_MAX 65536u

// Runs misuse/<name>, built beside this program; what it wrote to stderr, and its wait status.
static int run(const char *name, char *output) {
  char path[4096];
  char *arguments[] = {path, NULL};
  int ends[2];
  pid_t child = 0;
  int status = 0;
  size_t used = 0;
  posix_spawn_file_actions_t actions;
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
  assert_true(length > 0);
  path[length] = 0;
  char *end = strrchr(path, '/');
  assert_non_null(end);
  (void)snprintf(end, 64, "/misuse/%s", name);
  assert_int_equal(access(path, X_OK), 0);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
  assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO), 0);
  assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
  assert_int_equal(posix_spawn(&child, path, &actions, NULL, arguments, environ), 0);
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)close(ends[1]);
  for (ssize_t got = 1; got > 0; used += got > 0 ? (size_t)got : 0) {
    got = read(ends[0], output + used, OUTPUT_MAX - 1 - used);
  }
  output[used] = 0;
  (void)close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

// The program must fail and its report contain both texts.
static void expect_report(const char *name, const char *kind, const char *where) {
  static char output[OUTPUT_MAX];
  int status = run(name, output);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    fail_msg("misuse/%s was not reported:\n%s", name, output);
  }
  if (strstr(output, kind) == NULL || strstr(output, where) == NULL) {
    fail_msg("misuse/%s: no \"%s\" and \"%s\" in:\n%s", name, kind, where, output);
  }
}

static void test_overflow_in_the_region_is_reported(void **state) {
  (void)state;
  if (!HAS_ASAN) {
    print_message("skipped: this mode has no AddressSanitizer\n");
    skip();
  }
  expect_report("overflow", "AddressSanitizer: use-after-poison", "within the body: fine");
}

static void test_use_after_free_in_the_region_is_reported(void **state) {
  (void)state;
  if (!HAS_ASAN) {
    print_message("skipped: this mode has no AddressSanitizer\n");
    skip();
  }
  expect_report("use_after_free", "AddressSanitizer: use-after-poison", "while pinned: fine");
}

static void test_unlocked_write_is_reported(void **state) {
  (void)state;
  if (!HAS_TSAN) {
    print_message("skipped: this mode has no ThreadSanitizer\n");
    skip();
  }
  expect_report("unlocked_write", "ThreadSanitizer: data race", "unlocked_write.c");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_overflow_in_the_region_is_reported),
      cmocka_unit_test(test_use_after_free_in_the_region_is_reported),
      cmocka_unit_test(test_unlocked_write_is_reported),
  };
  return cmocka_run_group_tests_name("sanitizer", tests, NULL, NULL);
}
