// Writes a map's entry without the core lock while another thread sets it: ThreadSanitizer must
// report it.
#include "map.h"
#include "map_table.h"
#include "slot.h"

#include <pthread.h>
#include <stdio.h>

#define TURNS 2000

typedef struct shared {
  sh_heap *heap;
  sh_id map;
  pthread_barrier_t barrier;
} shared;

static void *set(void *arg) {
  shared *s = arg;
  sh_env *env = NULL;
  sh_value key = {.kind = SH_KIND_NUMBER, .number = 1};
  (void)pthread_barrier_wait(&s->barrier);
  if (sh_env_open(s->heap, &env) == SH_OK) {
    for (int i = 0; i < TURNS; i++) {
      sh_value value = {.kind = SH_KIND_NUMBER, .number = i};
      (void)sh_map_set(env, s->map, &key, &value);
    }
    sh_env_close(env);
  }
  return NULL;
}

int main(void) {
  sh_config config = {.reserve = SH_RESERVE_MIN};
  shared s;
  sh_env *env = NULL;
  pthread_t thread;
  double old = 0;
  uint32_t used = 0;
  sh_value key = {.kind = SH_KIND_NUMBER, .number = 1};
  if (sh_heap_create(&config, &s.heap) != SH_OK || sh_env_open(s.heap, &env) != SH_OK ||
      sh_map_new(env, false, &s.map) != SH_OK || sh_map_add(env, s.map, &key, 1, &old) != SH_OK ||
      pthread_barrier_init(&s.barrier, NULL, 2) != 0 ||
      pthread_create(&thread, NULL, set, &s) != 0) {
    return 0; // the caller expects a report and a failure
  }
  shi_entry *entries = shi_table_entries(s.heap, shi_slot_at(s.heap, (uint32_t)s.map), &used);
  (void)pthread_barrier_wait(&s.barrier);
  for (int i = 0; i < TURNS; i++) {
    ((volatile shi_entry *)entries)[0].value = shi_number_bits(i);
  }
  (void)pthread_join(thread, NULL);
  (void)fprintf(stderr, "the end\n");
  return 0;
}
