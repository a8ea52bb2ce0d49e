#include "support_scene.h"

#include <string.h>

static void step_in(void *arg, int place) {
  scene *s = arg;
  if (s->acting) {
    return; // the writer reads as well
  }
  s->seen[place]++;
  if (place == s->place && s->times > 0) {
    s->times--;
    s->acting = true;
    s->act(s);
    s->acting = false;
  }
}

void set_scene(scene *s, void (*act)(scene *s), int place, uint32_t times, uint32_t flaws) {
  memset(s->seen, 0, sizeof s->seen);
  s->act = act;
  s->place = place;
  s->times = times;
  sh_test_peek(s->f->heap, step_in, s, flaws);
}

static void do_nothing(scene *s) { (void)s; }

void watch_scene(scene *s) { set_scene(s, do_nothing, SH_PEEK_BEGUN, 0, 0); }

scene open_scene(fixture *f) {
  scene s = {.f = f};
  assert_ok(sh_env_open(f->heap, &s.writer));
  sh_env_online(f->env);
  return s;
}

void close_scene(scene *s) {
  sh_test_peek(s->f->heap, NULL, NULL, 0);
  sh_env_close(s->writer);
}

sh_value read_key(scene *s, sh_value key, sh_mode mode) {
  sh_value out;
  bool found = false;
  assert_ok(sh_map_get(s->f->env, s->id, &key, mode, &out, &found));
  return out;
}

sh_value read_index(scene *s, uint32_t index) {
  sh_value out;
  bool found = false;
  assert_ok(sh_vector_get(s->f->env, s->id, index, SH_BORROW, &out, &found));
  return out;
}

sh_value read_string(scene *s) {
  sh_value out;
  assert_ok(sh_string_get(s->f->env, s->id, &out));
  return out;
}
