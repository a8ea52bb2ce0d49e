// Optimistic reads (csrc/core/optimistic.h) step by step: the test's environment reads, and at a
// chosen place inside its sections something else happens, by a second environment or by hand.
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "support.h"

#include "optimistic.h"

#define LONG "a text that is longer than fifteen units"
#define OTHER "quite another text, as long as the other"

typedef struct scene {
  fixture *f;     // its environment reads, and is online
  sh_env *writer; // offline
  sh_id id;       // of the object at hand
  void (*act)(struct scene *s);
  int place;      // where `act` is done
  uint32_t times; // how often it is still to be done
  bool acting;
  uint32_t seen[SH_PEEK_PLACES]; // how often the reader came by
} scene;

scene open_scene(fixture *f);
void close_scene(scene *s);

// The reader's next calls meet `act` at `place`, `times` times; counts anew.
void set_scene(scene *s, void (*act)(scene *s), int place, uint32_t times, uint32_t flaws);

// The reader's next calls are only counted.
void watch_scene(scene *s);

// Reads of the object at hand, which must succeed.
sh_value read_key(scene *s, sh_value key, sh_mode mode);
sh_value read_index(scene *s, uint32_t index);
sh_value read_string(scene *s);

#endif
