#include "inspect.h"

#include "alloc.h"
#include "contents.h"
#include "lock.h"
#include "slot.h"
#include "slot_free.h"
#include "trace.h"
#include "verify.h"

// Marking follows holds from root to root with a stack of its own: each slot is pushed at most once
// a run, so it cannot overflow, and a chain of any length is no recursion.
typedef struct marking {
  sh_heap *heap;
  uint32_t length; // slots
  uint32_t run;    // from 1 on
  uint32_t *marks; // by slot: the last run that reached it, 0: none
  uint32_t *stack;
  uint32_t depth;
} marking;

static bool marking_open(marking *m, sh_heap *heap) {
  *m = (marking){.heap = heap,
                 .length = atomic_load_explicit(&heap->header->slot_length, memory_order_acquire)};
  m->marks = shi_local_alloc(m->heap, (size_t)m->length * sizeof *m->marks);
  m->stack = shi_local_alloc(m->heap, (size_t)m->length * sizeof *m->stack);
  return m->marks != NULL && m->stack != NULL;
}

static void marking_close(marking *m) {
  shi_local_free(m->marks);
  shi_local_free(m->stack);
}

static void reach_slot(marking *m, uint32_t index) {
  if (index < m->length && m->marks[index] != m->run) { // beyond: made since
    m->marks[index] = m->run;
    m->stack[m->depth++] = index;
  }
}

static void reach_word(void *arg, shi_word word) {
  if (shi_word_tag(word) == SH_TAG_REF) {
    reach_slot(arg, (uint32_t)(word & SH_WORD_PAYLOAD));
  }
}

static void ignore_word(void *arg, shi_word word) {
  (void)arg;
  (void)word;
}

typedef struct object {
  sh_id id;
  sh_type type;
  bool claimed;
  uint64_t bytes; // slot and bodies
} object;

// Looks at the object of a slot under its lock; false if it is not alive.
static bool look(sh_heap *heap, uint32_t index, shi_on_word on_word, void *arg, object *out) {
  shi_slot *slot = shi_slot_at(heap, index);
  if (shi_type_of(atomic_load_explicit(&slot->word0, memory_order_relaxed)) == SH_TYPE_NONE) {
    return false;
  }
  shi_lock(&slot->lock);
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
  bool alive = shi_type_of(word0) != SH_TYPE_NONE;
  if (alive) {
    out->id = shi_slot_id(slot, index);
    out->type = (sh_type)shi_type_of(word0);
    out->claimed = (uint32_t)atomic_load_explicit(&slot->counts, memory_order_relaxed) != 0;
    out->bytes = SH_SLOT_BYTES + shi_contents_walk(heap, slot, out->type, on_word, arg);
  }
  shi_unlock(&slot->lock, false);
  return alive;
}

// Marks all that is reached from what is on the stack; the tally may be NULL.
static void mark_reached(marking *m, sh_tally *tally) {
  object seen;
  while (m->depth > 0) {
    uint32_t index = m->stack[--m->depth];
    if (look(m->heap, index, reach_word, m, &seen) && tally != NULL) {
      tally->objects++;
      tally->bytes += seen.bytes;
    }
  }
}

// One run over the whole heap, from all objects with claims and from the names.
static void mark_owned(marking *m) {
  m->run++;
  for (uint32_t index = SH_NAMES_INDEX; index < m->length; index++) {
    const shi_slot *slot = shi_slot_at(m->heap, index);
    if (shi_type_of(atomic_load_explicit(&slot->word0, memory_order_acquire)) != SH_TYPE_NONE &&
        (uint32_t)atomic_load_explicit(&slot->counts, memory_order_relaxed) != 0) {
      reach_slot(m, index);
      mark_reached(m, NULL);
    }
  }
}

// --- the survey ------------------------------------------------------------------------------

typedef struct survey {
  marking marking;
  uint32_t *alive; // by slot: the object that was there at the start; 0: none
  sh_survey *out;
  uint32_t site_count;
} survey;

// Generation and type of the object in a slot, 0 if there is none.
static uint32_t object_in(const sh_heap *heap, uint32_t index) {
  uint32_t word0 = atomic_load_explicit(&shi_slot_at(heap, index)->word0, memory_order_acquire);
  return shi_type_of(word0) == SH_TYPE_NONE ? 0 : word0 >> SH_W0_TYPE_SHIFT;
}

static void note_alive(survey *s) {
  for (uint32_t index = SH_FIRST_INDEX; index < s->marking.length; index++) {
    s->alive[index] = object_in(s->marking.heap, index);
  }
}

// An object is in a cycle only if it was there before marking began: what was made since was owned
// by its maker, who may have stored it where marking had been.
static bool is_lost(const survey *s, uint32_t index, const object *seen) {
  return !seen->claimed && s->marking.marks[index] == 0 &&
         s->alive[index] == object_in(s->marking.heap, index);
}

static void add_to(sh_tally *tally, const object *seen) {
  tally->objects++;
  tally->bytes += seen->bytes;
  if (tally->example == 0) {
    tally->example = seen->id;
  }
}

static void add_to_biggest(sh_big *biggest, const object *seen) {
  uint32_t at = SH_BIGGEST;
  while (at > 0 && biggest[at - 1].bytes < seen->bytes) {
    if (at < SH_BIGGEST) {
      biggest[at] = biggest[at - 1];
    }
    at--;
  }
  if (at < SH_BIGGEST) {
    biggest[at] = (sh_big){.id = seen->id, .type = seen->type, .bytes = seen->bytes};
  }
}

static bool find_lost(survey *s) {
  object seen;
  for (uint32_t index = SH_FIRST_INDEX; index < s->marking.length; index++) {
    if (s->alive[index] != 0 && s->marking.marks[index] == 0 &&
        look(s->marking.heap, index, ignore_word, NULL, &seen) && is_lost(s, index, &seen)) {
      return true;
    }
  }
  return false;
}

static void tally_objects(survey *s) {
  object seen;
  for (uint32_t index = SH_FIRST_INDEX; index < s->marking.length; index++) {
    if (!look(s->marking.heap, index, ignore_word, NULL, &seen)) {
      continue;
    }
    sh_keeper keeper = seen.claimed               ? SH_KEPT_BY_CLAIM
                       : is_lost(s, index, &seen) ? SH_KEPT_BY_CYCLE
                                                  : SH_KEPT_BY_HOLD;
    uint32_t site = shi_trace_site_of(s->marking.heap, seen.id);
    site = site < s->site_count ? site : SH_SITE_UNKNOWN; // traced since the count was taken
    add_to(&s->out->sites[site].kept[keeper], &seen);
    add_to(&s->out->types[seen.type], &seen);
    add_to_biggest(s->out->biggest, &seen);
  }
}

// Leaves out the sites that have no live objects.
static void pack_sites(survey *s) {
  sh_site_tally *sites = s->out->sites;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < s->site_count; i++) {
    const sh_tally *tally = sites[i].kept;
    if (tally[SH_KEPT_BY_CLAIM].objects + tally[SH_KEPT_BY_HOLD].objects +
            tally[SH_KEPT_BY_CYCLE].objects >
        0) {
      sites[kept] = sites[i];
      sites[kept++].site = i;
    }
  }
  s->out->site_count = kept;
}

sh_status sh_survey_take(sh_env *env, sh_survey *out) {
  sh_heap *heap = env->heap;
  survey s = {.out = out, .site_count = shi_trace_site_count(heap)};
  *out = (sh_survey){.sites = shi_local_alloc(env->heap, s.site_count * sizeof *out->sites)};
  bool ready = marking_open(&s.marking, heap) && out->sites != NULL;
  s.alive = ready ? shi_local_alloc(env->heap, s.marking.length * sizeof *s.alive) : NULL;
  if (s.alive != NULL) {
    uint64_t before = shi_heap_stamp(heap, s.marking.length);
    note_alive(&s);
    mark_owned(&s.marking);
    // While others write, an object may slip from where marking has not been to where it has. It is
    // not lost unless two runs miss it.
    if (shi_heap_stamp(heap, s.marking.length) != before && find_lost(&s)) {
      mark_owned(&s.marking);
    }
    tally_objects(&s);
    pack_sites(&s);
    out->quiescent =
        shi_heap_stamp(heap, s.marking.length) == before &&
        s.marking.length == atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
  }
  marking_close(&s.marking);
  if (s.alive == NULL) {
    sh_survey_free(out);
    return SH_E_HEAP_FULL;
  }
  shi_local_free(s.alive);
  return SH_OK;
}

void sh_survey_free(sh_survey *taken) {
  shi_local_free(taken->sites);
  *taken = (sh_survey){.sites = NULL};
}

// --- what objects reach ----------------------------------------------------------------------

sh_status sh_reach(sh_env *env, const sh_id *ids, uint32_t n, sh_tally *out) {
  marking m;
  if (!marking_open(&m, env->heap)) {
    marking_close(&m);
    return SH_E_HEAP_FULL;
  }
  for (uint32_t i = 0; i < n; i++) {
    out[i] = (sh_tally){.objects = 0};
    m.run++;
    if (sh_id_check(env, ids[i], SH_TYPE_NONE, NULL) == SH_OK) {
      out[i].example = ids[i];
      reach_slot(&m, (uint32_t)ids[i]);
      mark_reached(&m, &out[i]);
    }
  }
  marking_close(&m);
  return SH_OK;
}
