// Who keeps what alive, and what takes the memory: a survey of all live objects. For people who
// look for leaks; nothing is changed or collected.
//
// Objects are looked at one at a time, each under its lock. While other threads write the survey
// sees no single moment: an object that is moved from one container to another during the walk may
// be counted at the wrong place, or not at all. `quiescent` tells.
#ifndef SH_INSPECT_H
#define SH_INSPECT_H

#include "heap.h"

#define SH_BIGGEST 10u

// Why an object is alive.
typedef enum sh_keeper {
  SH_KEPT_BY_CLAIM, // it has an owner in JavaScript
  SH_KEPT_BY_HOLD,  // none, but it is reached from such an object or from a name
  SH_KEPT_BY_CYCLE, // only held, and reached from neither: containers that hold each other
  SH_KEEPER_COUNT
} sh_keeper;

typedef struct sh_tally {
  uint64_t objects;
  uint64_t bytes; // slots and bodies
  sh_id example;  // one of them, 0: none
} sh_tally;

typedef struct sh_site_tally {
  uint32_t site; // trace.h
  sh_tally kept[SH_KEEPER_COUNT];
} sh_site_tally;

typedef struct sh_big {
  sh_id id;
  sh_type type;
  uint64_t bytes;
} sh_big;

typedef struct sh_survey {
  bool quiescent; // nothing changed meanwhile
  sh_tally types[SH_TYPE_COUNT];
  sh_big biggest[SH_BIGGEST]; // the largest first; id 0: there are no more
  uint32_t site_count;
  sh_site_tally *sites; // sites with live objects, in the order of their numbers
} sh_survey;

// All live objects but the map of names. HEAP_FULL if process memory for the walk is refused (12
// bytes a slot). O(heap), twice if it looks as if there were cycles while others write.
sh_status sh_survey_take(sh_env *env, sh_survey *out);
void sh_survey_free(sh_survey *survey);

// What can be reached from each of these objects, itself included; nothing for ids that are not
// alive. What two of them reach counts for both. HEAP_FULL as above. O(slots + all that is
// reached).
sh_status sh_reach(sh_env *env, const sh_id *ids, uint32_t n, sh_tally *out);

#endif
