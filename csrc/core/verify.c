#include "verify.h"

#include "alloc.h"
#include "bytes.h"
#include "lock.h"
#include "map.h"
#include "map_table.h"
#include "platform.h"
#include "queue.h"
#include "record.h"
#include "shape.h"
#include "slot.h"
#include "state.h"
#include "stats.h"
#include "str.h"
#include "text.h"
#include "vector.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>

// An operation that another thread has begun but not ended (a word made and not yet stored, an
// object published and not yet counted) shows in the sums and in no slot. Such a thread may have
// been preempted, so sums that do not hold are looked at again before they are a problem.
#define SETTLE_TURNS 15
#define SETTLE_MS 20

typedef struct walk {
  sh_heap *heap;
  sh_verify_report report;
  void *arg;
  uint64_t problems;
  uint64_t objects;
  uint64_t bytes;  // bodies owned by live objects
  uint64_t stamp;  // sum of what changes when anything changes
  uint32_t length; // slots walked
  uint32_t *holds; // by slot index: refs seen; NULL on the second pass
  uint32_t at;     // slot at hand
  bool silent;     // problems are counted, not reported
} walk;

static void problem(walk *w, const char *what) {
  char text[256];
  w->problems++;
  if (!w->silent) {
    (void)snprintf(text, sizeof text, "slot %" PRIu32 ": %s", w->at, what);
    w->report(w->arg, text);
  }
}

static bool check_payload(walk *w, uint64_t offset) {
  if (!shi_in_bodies(w->heap, offset, sizeof(shi_text))) {
    problem(w, "a payload lies outside the bodies");
    return false;
  }
  if (atomic_load_explicit((_Atomic uint32_t *)shi_at(w->heap, offset), memory_order_relaxed) ==
      0) {
    problem(w, "a payload in use has no pin");
    return false;
  }
  return true;
}

static void check_word(walk *w, shi_word word) {
  if (shi_word_is_number(word)) {
    double number = shi_bits_number(word);
    if (number != number && word != SH_NAN_BITS) {
      problem(w, "a NaN is not canonical");
    }
    return;
  }
  uint64_t payload = word & SH_WORD_PAYLOAD;
  switch (shi_word_tag(word)) {
  case SH_TAG_IMMEDIATE:
    if (payload < 1 || payload > 4) {
      problem(w, "an immediate word has no meaning");
    }
    break;
  case SH_TAG_SHORT_TEXT:
    if (payload >> 40 > 5) {
      problem(w, "a short text is too long");
    }
    break;
  case SH_TAG_TEXT:
  case SH_TAG_BIGINT:
    if (check_payload(w, payload)) {
      w->bytes += shi_word_bytes(w->heap, word);
    }
    break;
  case SH_TAG_REF:
    if (payload < SH_FIRST_INDEX || payload >= w->length) {
      if (payload < SH_FIRST_INDEX ||
          payload >= atomic_load_explicit(&w->heap->header->slot_length, memory_order_acquire)) {
        problem(w, "a ref points outside the slot table");
      }
    } else if (w->holds != NULL) {
      w->holds[payload]++;
    }
    break;
  default:
    problem(w, "a word has an unknown tag");
  }
}

// Whether a slot's payload offset is 0 or that of a body of `size` bytes or more: looked at before
// anything behind it is.
static bool check_body(walk *w, const shi_slot *slot, uint64_t before, uint64_t size) {
  uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  if (offset == 0 || (offset >= before && shi_in_bodies(w->heap, offset - before, size))) {
    return true;
  }
  problem(w, "a body lies outside the bodies");
  return false;
}

static void check_map(walk *w, shi_slot *slot) {
  uint32_t used = 0;
  if (!check_body(w, slot, 0, sizeof(shi_table))) {
    return;
  }
  const shi_entry *entries = shi_table_entries(w->heap, slot, &used);
  uint32_t live = shi_table_live(slot);
  if (entries == NULL) {
    if (live != 0) {
      problem(w, "a map without a table counts entries");
    }
    return;
  }
  const shi_table *table = (const shi_table *)(const void *)entries - 1;
  if (!check_body(w, slot, 0, shi_table_bytes(table))) {
    return;
  }
  w->bytes += shi_table_bytes(table);
  if (used > table->capacity || live > used) {
    problem(w, "a map's counts do not add up (M1)");
    return;
  }
  uint32_t seen = 0;
  for (uint32_t i = 0; i < used; i++) {
    const shi_packed *key = &entries[i].key;
    if (shi_entry_is_hole(&entries[i])) {
      continue;
    }
    seen++;
    check_word(w, shi_packed_kind(key) == SHI_KEY_WORD ? key->word[0] : shi_packed_payload(key));
    check_word(w, entries[i].value);
    if (!shi_table_indexed(w->heap, slot, i)) {
      problem(w, "a map's entry is not found by its key (M3)");
    }
  }
  if (seen != live) {
    problem(w, "a map's size is not the number of its entries (M2)");
  }
}

static void check_vector(walk *w, shi_slot *slot) {
  uint32_t length = 0;
  uint64_t start = atomic_load_explicit(&slot->payload[1], memory_order_relaxed) >> 32;
  bool no_body = atomic_load_explicit(&slot->payload[0], memory_order_relaxed) == 0;
  if (no_body && atomic_load_explicit(&slot->payload[1], memory_order_relaxed) != 0) {
    problem(w, "a vector without a body counts elements");
    return;
  }
  if (no_body || !check_body(w, slot, 8 * start + 8, 8)) {
    return;
  }
  const shi_word *words = shi_vector_words(w->heap, slot, &length);
  size_t bytes = shi_vector_body_bytes(w->heap, slot);
  w->bytes += bytes;
  if (!shi_vector_fits(w->heap, slot) || !check_body(w, slot, 8 * start + 8, bytes)) {
    problem(w, "a vector's elements reach beyond its body (V1)");
    return;
  }
  for (uint32_t i = 0; i < length; i++) {
    check_word(w, words[i]);
  }
}

static void check_queue(walk *w, const shi_slot *slot) {
  uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  uint64_t extent = atomic_load_explicit(&slot->payload[1], memory_order_relaxed);
  shi_ring *ring = shi_at(w->heap, offset);
  if (!shi_in_bodies(w->heap, offset, sizeof(shi_ring)) ||
      !shi_in_bodies(w->heap, offset, shi_ring_bytes(ring->capacity))) {
    problem(w, "a queue's ring lies outside the bodies");
    return;
  }
  w->bytes += shi_ring_bytes(ring->capacity);
  uint32_t length = shi_queue_length(extent);
  if (length > ring->capacity) {
    problem(w, "a queue is longer than its capacity (Q1)");
    return;
  }
  if (shi_queue_head(extent) >= ring->capacity) {
    problem(w, "a queue's head lies outside its ring (Q2)");
    return;
  }
  for (uint32_t i = 0; i < length; i++) {
    check_word(w, *shi_ring_at(ring, extent, i));
  }
}

static void check_record(walk *w, shi_slot *slot) {
  uint64_t fields = 0;
  uint64_t words = 0;
  uint32_t field_count = 0;
  uint32_t word_count = 0;
  if (shi_shape_at(w->heap, shi_record_shape_of(slot)) == NULL) {
    problem(w, "a struct has no shape");
    return;
  }
  shi_record_bodies(w->heap, slot, &fields, &field_count, &words, &word_count);
  if ((fields == 0) != (field_count == 0) || (words == 0) != (word_count == 0) ||
      (fields != 0 && !shi_in_bodies(w->heap, fields, (uint64_t)field_count * 8)) ||
      (words != 0 && !shi_in_bodies(w->heap, words, (uint64_t)word_count * 8))) {
    problem(w, "a struct's bodies do not fit its shape");
    return;
  }
  w->bytes += ((uint64_t)field_count + word_count) * 8;
  const shi_word *at = shi_at(w->heap, words);
  for (uint32_t i = 0; i < word_count; i++) {
    check_word(w, at[i]);
  }
}

static void check_bytes(walk *w, const shi_slot *slot) {
  uint64_t offset = atomic_load_explicit(&slot->payload[0], memory_order_relaxed);
  uint64_t length = atomic_load_explicit(&slot->payload[1], memory_order_relaxed);
  if (!shi_in_bodies(w->heap, offset, sizeof(shi_bytes) + length) || offset % 16 != 0 ||
      ((const shi_bytes *)shi_at(w->heap, offset))->length != length) {
    problem(w, "a buffer's payload does not match its slot");
  } else if (check_payload(w, offset)) {
    w->bytes += sizeof(shi_bytes) + length;
  }
}

static void check_object(walk *w, shi_slot *slot, sh_type type) {
  uint64_t offset = 0;
  switch (type) {
  case SH_TYPE_STRING:
    offset = shi_string_body(slot);
    if (offset != 0 && check_payload(w, offset)) {
      w->bytes += shi_text_size_of(w->heap, offset);
    }
    break;
  case SH_TYPE_NUMBER:
    check_word(w, atomic_load_explicit(&slot->payload[0], memory_order_relaxed));
    break;
  case SH_TYPE_MAP:
    check_map(w, slot);
    break;
  case SH_TYPE_VECTOR:
    check_vector(w, slot);
    break;
  case SH_TYPE_RECORD:
    check_record(w, slot);
    break;
  case SH_TYPE_BYTES:
    check_bytes(w, slot);
    break;
  case SH_TYPE_QUEUE:
    check_queue(w, slot);
    break;
  case SH_TYPE_NONE:
  case SH_TYPE_COUNT:
  default: // the word is not to be trusted
    problem(w, "an object has an unknown type");
  }
}

// What a slot adds to the stamp; `counts` and `lock` change with every operation that changes
// anything.
static uint64_t stamp_of(const shi_slot *slot) {
  return atomic_load_explicit(&slot->word0, memory_order_relaxed) * UINT64_C(31) +
         atomic_load_explicit(&slot->counts, memory_order_relaxed) * UINT64_C(131) +
         (atomic_load_explicit(&slot->lock, memory_order_relaxed) >> SH_LOCK_VERSION_SHIFT);
}

uint64_t shi_heap_stamp(const sh_heap *heap, uint32_t length) {
  uint64_t sum = 0;
  for (uint32_t at = SH_NAMES_INDEX; at < length; at++) {
    sum += stamp_of(shi_slot_at(heap, at));
  }
  return sum;
}

static void walk_slots(walk *w) {
  for (w->at = SH_NAMES_INDEX; w->at < w->length; w->at++) {
    shi_slot *slot = shi_slot_at(w->heap, w->at);
    if (((atomic_load_explicit(&slot->word0, memory_order_relaxed) >> SH_W0_TYPE_SHIFT) &
         SH_W0_TYPE_MASK) == SH_TYPE_NONE) {
      w->stamp += stamp_of(slot);
      continue;
    }
    shi_lock(&slot->lock);
    uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_acquire);
    sh_type type = (sh_type)((word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK);
    if (type != SH_TYPE_NONE) {
      w->objects++;
      check_object(w, slot, type);
    }
    shi_unlock(&slot->lock, false);
    w->stamp += stamp_of(slot);
  }
}

// What only holds between all objects: checked when nothing changed during the walk.
static void check_sums(walk *w) {
  uint64_t counted = 0;
  for (w->at = SH_NAMES_INDEX; w->at < w->length; w->at++) {
    shi_slot *slot = shi_slot_at(w->heap, w->at);
    uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
    uint64_t counts = atomic_load_explicit(&slot->counts, memory_order_relaxed);
    bool alive = ((word0 >> SH_W0_TYPE_SHIFT) & SH_W0_TYPE_MASK) != SH_TYPE_NONE;
    counted += alive && w->at != SH_NAMES_INDEX ? 1 : 0;
    if (alive && counts == 0) {
      problem(w, "a live object has no owner (S2)");
    }
    if (!alive && counts != 0) {
      problem(w, "a dead slot has an owner");
    }
    if (w->holds[w->at] != (alive ? (uint32_t)(counts >> 32) : 0)) {
      problem(w, "holds are not the refs that containers keep");
    }
  }
  shi_counters sum;
  shi_counters_sum(w->heap, &sum);
  int64_t objects = 0;
  for (unsigned type = 0; type < SH_TYPE_COUNT; type++) {
    objects += sum.objects[type];
  }
  int64_t limbo = sum.limbo_bytes;
  int64_t pinned = atomic_load_explicit(&w->heap->pinned_bytes, memory_order_relaxed);
  w->at = 0;
  if (objects != (int64_t)counted) {
    problem(w, "the count of objects is not the number of live slots");
  }
  if (sum.allocated - limbo - pinned != (int64_t)(w->bytes + shi_shape_bytes(w->heap))) {
    problem(w, "allocated bytes are not what live objects, limbo and pins own");
  }
}

static bool sums_hold(walk *w) {
  uint64_t problems = w->problems;
  w->silent = true;
  check_sums(w);
  w->silent = false;
  bool hold = w->problems == problems;
  w->problems = problems;
  return hold;
}

// Checks the sums; false if the heap turns out not to be quiet after all.
static bool check_settled_sums(walk *w, uint64_t stamp) {
  _Atomic uint32_t nobody_wakes = 0;
  for (int turn = 0; !sums_hold(w); turn++) {
    if (turn == SETTLE_TURNS) {
      check_sums(w);
      return true;
    }
    shi_os_wait(&nobody_wakes, 0, SETTLE_MS);
    if (shi_heap_stamp(w->heap, w->length) != stamp) {
      return false;
    }
  }
  return true;
}

sh_status sh_heap_verify(sh_env *env, sh_verify_report report, void *arg, sh_verify_result *out) {
  sh_heap *heap = env->heap;
  walk w = {.heap = heap, .report = report, .arg = arg};
  w.length = atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
  w.holds = shi_local_alloc(heap, (size_t)w.length * sizeof *w.holds);
  if (w.holds == NULL) {
    return SH_E_HEAP_FULL;
  }
  uint64_t before = shi_heap_stamp(heap, w.length);
  walk_slots(&w);
  bool quiescent =
      w.stamp == before && shi_heap_stamp(heap, w.length) == before &&
      w.length == atomic_load_explicit(&heap->header->slot_length, memory_order_acquire);
  quiescent = quiescent && check_settled_sums(&w, before);
  const char *pages = shi_pages_check(&heap->pages);
  if (pages != NULL) {
    w.at = 0;
    problem(&w, pages);
  }
  shi_local_free(w.holds);
  *out = (sh_verify_result){
      .objects = w.objects - 1, .problems = w.problems, .quiescent = quiescent}; // without names
  return SH_OK;
}
