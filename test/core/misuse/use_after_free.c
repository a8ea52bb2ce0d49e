// Reads a body inside the region after its object was dropped: AddressSanitizer must report it.
#include "bytes.h"
#include "slot.h"

#include <stdio.h>

int main(void) {
  sh_config config = {.reserve = SH_RESERVE_MIN};
  sh_heap *heap = NULL;
  sh_env *env = NULL;
  sh_id id = 0;
  void *data = NULL;
  uint64_t length = 0;
  uint64_t pin = 0;
  if (sh_heap_create(&config, &heap) != SH_OK || sh_env_open(heap, &env) != SH_OK ||
      sh_bytes_new(env, NULL, 100, &id) != SH_OK ||
      sh_bytes_pin(env, id, &data, &length, &pin) != SH_OK || sh_drop(env, id) != SH_OK) {
    return 0; // the caller expects a report and a failure
  }
  const volatile uint8_t *bytes = data;
  int sum = bytes[50]; // pinned still
  (void)fprintf(stderr, "while pinned: fine\n");
  sh_unpin(heap, pin);
  sum += bytes[50];
  (void)fprintf(stderr, "not reported %d\n", sum);
  return 0;
}
