// libFuzzer's door to the reference model (test/core/support_model.h): its bytes are the choices
// that the random test leaves to chance: which operation, on which object, with which operands, in
// which environment, and which allocation fails. After the last one, and now and then before, heap
// and model are compared; then everything is dropped, and nothing may be left. `npm run fuzz` runs
// it.
#include "support_model_ops.h"

#define STEPS_MAX 1500u
#define STEPS_COMPARED 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first byte decides about the whole run, each further one or two about something in it.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  model_run run;
  if (size == 0) {
    return 0;
  }
  model_run_open(&run, 1);
  model *m = run.m;
  bool failing = (data[0] & 1) != 0;
  m->growing = true;
  m->input = data + 1;
  m->left = size - 1;
  for (m->step = 1; m->left > 0 && m->step <= STEPS_MAX; m->step++) {
    m->growing = model_chance(m, 1) != m->growing;
    model_run_step(&run, failing);
    if (m->step % STEPS_COMPARED == 0) {
      model_compare(m);
    }
  }
  m->input = NULL;
  model_run_close(&run, NULL);
  return 0;
}
