// Random sequences of operations on objects of every type, applied to a heap through its public
// functions and to a simple reference model; see support_model.h. After each stretch of operations
// everything is compared, owners and contents, and the heap verifies itself. In the second test
// random allocations fail: an operation that says so must have changed nothing.
//   SEED=123 build/core-asan/test/model_test     replays a run
#include "support_model_ops.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__)
#define STEPS 8000u
#elif defined(__SANITIZE_ADDRESS__)
#define STEPS 20000u
#else
#define STEPS 30000u
#endif
#define ROUNDS 3u

static void run(uint64_t seed, bool failing) {
  sh_stats after;
  model_run run;
  model_run_open(&run, seed);
  model *m = run.m;
  model_refusals = 0;
  for (m->step = 1; m->step <= STEPS; m->step++) {
    m->growing = m->step / 1500 % 2 == 0;
    model_run_step(&run, failing);
    if (m->step % 250 == 0) {
      model_compare(m);
    }
  }
  MODEL_CHECK(m, !failing || model_refusals > STEPS / 100);
  model_run_close(&run, &after);
  print_message("model: seed %" PRIu64 ", %u operations, %" PRIu64 " refused, %" PRIu64
                " bytes used at the end\n",
                seed, STEPS, model_refusals, after.used_bytes);
}

static void run_rounds(bool failing) {
  uint64_t seed = model_seed();
  uint32_t rounds = getenv("SEED") != NULL ? 1 : ROUNDS;
  for (uint32_t i = 0; i < rounds; i++) {
    print_message("model: SEED=%" PRIu64 "\n", seed + i);
    run(seed + i, failing);
  }
}

static void test_random_operations(void **state) {
  (void)state;
  run_rounds(false);
}

static void test_random_operations_with_refused_allocations(void **state) {
  (void)state;
  run_rounds(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_operations),
      cmocka_unit_test(test_random_operations_with_refused_allocations),
  };
  return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
