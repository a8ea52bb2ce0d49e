// verify finds every kind of damage it claims to look for, and nothing in a heap that is well.
// Each test plants one wrong word, sees it reported, and puts the right one back.
#include "support.h"

// Plants `wrong` at *at, expects the report, mends.
static void expect(fixture *f, _Atomic uint64_t *at, uint64_t wrong, const char *report) {
  uint64_t right = atomic_load(at);
  atomic_store(at, wrong);
  check_reported(f->env, report, __FILE__, __LINE__);
  atomic_store(at, right);
  assert_clean(f->env);
}

static void expect32(fixture *f, uint32_t *at, uint32_t wrong, const char *report) {
  uint32_t right = *at;
  *at = wrong;
  check_reported(f->env, report, __FILE__, __LINE__);
  *at = right;
  assert_clean(f->env);
}

static _Atomic uint64_t *words_of(fixture *f, sh_id vector) {
  uint32_t length = 0;
  return (_Atomic uint64_t *)shi_vector_words(f->heap, slot_of(f, vector), &length);
}

static void a_full_heap_is_clean(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  static const uint64_t digits[2] = {1, 2};
  for (int i = 0; i < 500; i++) {
    map_set(f, map, v_number(i), v_move(new_string(f, "a text that needs a payload")));
    vector_push(f, vector, i % 2 == 0 ? v_bigint(digits, 2, true) : v_move(new_box(f, v_null())));
    (void)new_bytes(f, 100);
    (void)new_number(f, i);
  }
  map_set(f, map, v_text("the vector, under a long key"), v_ref(vector));
  sh_verify_result result;
  assert_clean(f->env);
  assert_ok(sh_heap_verify(f->env, NULL, NULL, &result)); // nothing to report: not called
  assert_int_equal(result.objects, 500 + 250 + 500 + 500 + 2);
  assert_int_equal(result.problems, 0);
  assert_true(result.quiescent);
}

static void wrong_words_are_reported(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id number = new_number(f, 1);
  vector_push(f, vector, v_number(1));
  _Atomic uint64_t *word = words_of(f, vector);
  expect(f, word, UINT64_C(0x7ff0000000000001), "NaN is not canonical");
  expect(f, word, UINT64_C(0x7ff8000000000001), "NaN is not canonical");
  expect(f, word, UINT64_C(0xfff8000000000000), "NaN is not canonical");
  expect(f, &slot_of(f, number)->payload[0], UINT64_C(0x7ff8000000000001), "NaN is not canonical");
  expect(f, word, SH_WORD(SH_TAG_IMMEDIATE, 0), "immediate word has no meaning");
  expect(f, word, SH_WORD(SH_TAG_IMMEDIATE, 5), "immediate word has no meaning");
  expect(f, word, SH_WORD(SH_TAG_SHORT_TEXT, UINT64_C(6) << 40), "short text is too long");
  expect(f, word, SH_WORD(UINT64_C(0xfffd), 0), "unknown tag");
  expect(f, word, SH_WORD(UINT64_C(0xffff), 7), "unknown tag");
  expect(f, word, SH_WORD(SH_TAG_REF, 0), "outside the slot table");
  expect(f, word, SH_WORD(SH_TAG_REF, 1), "outside the slot table");
  expect(f, word, SH_WORD(SH_TAG_REF, f->heap->header->slot_length), "outside the slot table");
  expect(f, word, SH_WORD(SH_TAG_TEXT, 8), "outside the bodies");
  expect(f, word, SH_WORD(SH_TAG_BIGINT, 64 * MIB), "outside the bodies");
  expect(f, word, SH_WORD(SH_TAG_TEXT, f->heap->header->body_offset + 4), "outside the bodies");
}

static void wrong_counts_are_reported(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id held = new_string(f, "held");
  sh_id other = new_string(f, "other");
  vector_push(f, vector, v_ref(held));
  shi_slot *slot = slot_of(f, held);
  expect(f, &slot->counts, UINT64_C(2) << 32 | 1, "holds are not the refs");
  expect(f, &slot->counts, 1, "holds are not the refs");
  expect(f, &slot_of(f, other)->counts, 0, "no owner (S2)");
  expect(f, words_of(f, vector), SH_WORD(SH_TAG_REF, (uint32_t)other), "holds are not the refs");
  expect(f, words_of(f, vector), SH_WORD_NULL, "holds are not the refs");
  sh_id dead = new_string(f, "dead");
  assert_ok(sh_drop(f->env, dead));
  expect(f, &slot_of(f, dead)->counts, 1, "dead slot has an owner");
  // A ref to a dead slot: whoever wrote it holds nothing.
  expect(f, words_of(f, vector), SH_WORD(SH_TAG_REF, (uint32_t)dead), "holds are not the refs");
}

static void wrong_totals_are_reported(void **state) {
  fixture *f = *state;
  (void)new_string(f, "a text that needs a payload");
  _Atomic uint64_t *objects = (_Atomic uint64_t *)&f->env->counters.objects[SH_TYPE_MAP];
  expect(f, objects, 1, "count of objects");
  _Atomic uint64_t *allocated = (_Atomic uint64_t *)&f->env->counters.allocated;
  expect(f, allocated, *allocated + 8, "allocated bytes are not");
  expect(f, (_Atomic uint64_t *)&f->heap->pinned_bytes, 8, "allocated bytes are not");
  expect(f, (_Atomic uint64_t *)&f->env->counters.limbo_bytes, 8, "allocated bytes are not");
  expect32(f, &f->heap->pages.taken, f->heap->pages.taken + 1, "do not add up");
}

static void wrong_payloads_are_reported(void **state) {
  fixture *f = *state;
  sh_id text = new_string(f, "a text that needs a payload");
  sh_id bytes = new_bytes(f, 100);
  _Atomic uint64_t *payload = slot_of(f, text)->payload;
  uint64_t offset = payload[0];
  expect32(f, shi_at(f->heap, offset), 0, "has no pin");
  expect(f, &payload[0], SH_PAGE, "outside the bodies");
  expect(f, &payload[0], offset + 64 * MIB, "outside the bodies");
  payload = slot_of(f, bytes)->payload;
  offset = payload[0];
  expect(f, &payload[1], 101, "does not match its slot");
  expect(f, &payload[0], offset + 8, "does not match its slot");
  expect(f, &payload[0], 0, "does not match its slot");
  expect32(f, shi_at(f->heap, offset), 0, "has no pin");
}

static void wrong_maps_are_reported(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  sh_id empty = new_map(f);
  for (int i = 0; i < 100; i++) {
    map_set(f, map, v_number(i), v_number(i));
  }
  shi_slot *slot = slot_of(f, map);
  uint32_t used = 0;
  shi_entry *entries = shi_table_entries(f->heap, slot, &used);
  shi_table *table = (shi_table *)(void *)entries - 1;
  uint64_t counts = slot->payload[1];
  expect(f, &slot->payload[1], counts - 1, "not the number of its entries (M2)");
  expect(f, &slot->payload[1], (counts & ~UINT64_C(0xffffffff)) | (used + 1), "(M1)");
  expect32(f, &table->used, table->capacity + 1, "(M1)");
  expect(f, &slot_of(f, empty)->payload[1], UINT64_C(1) << 32 | 1, "without a table");
  expect(f, &slot->payload[0], 4096, "outside the bodies");
  expect(f, &slot->payload[0], 64 * MIB - 8, "outside the bodies");
  expect32(f, &table->capacity, UINT32_MAX >> 1, "outside the bodies");
  // An entry that its key does not find: another key in its place, or its bucket emptied.
  _Atomic uint64_t *key = (_Atomic uint64_t *)(void *)&entries[50];
  expect(f, key, shi_number_bits(12345.5), "not found by its key (M3)");
  expect(f, key, UINT64_C(0x7ff8000000000001), "NaN is not canonical");
  uint32_t *buckets = (uint32_t *)(void *)(table->entries + table->capacity);
  for (uint32_t i = 0, seen = 0; i <= table->mask && seen < 5; i++) {
    if (buckets[i] != 0) {
      expect32(f, &buckets[i], 0, "not found by its key (M3)");
      seen++;
    }
  }
}

static void wrong_vectors_are_reported(void **state) {
  fixture *f = *state;
  sh_id vector = new_vector(f);
  sh_id empty = new_vector(f);
  for (int i = 0; i < 5; i++) {
    vector_push(f, vector, v_number(i));
  }
  shi_slot *slot = slot_of(f, vector);
  expect(f, &slot->payload[1], 8, "reach beyond its body (V1)");
  expect(f, &slot->payload[1], UINT32_MAX, "reach beyond its body (V1)");
  expect(f, &slot->payload[1], UINT64_C(1) << 63 | 5, "outside the bodies");
  expect(f, &slot_of(f, empty)->payload[1], 1, "without a body");
  expect(f, &slot->payload[0], 16, "outside the bodies");
  expect(f, &slot->payload[0], 64 * MIB + 8, "outside the bodies");
  uint32_t *capacity = (uint32_t *)shi_at(f->heap, slot->payload[0] - 8);
  expect32(f, capacity, 4, "reach beyond its body (V1)");
  expect32(f, capacity, UINT32_MAX, "outside the bodies");
}

static void wrong_records_are_reported(void **state) {
  fixture *f = *state;
  sh_id box = new_box(f, v_number(1));
  shi_slot *slot = slot_of(f, box);
  uint64_t fields = slot->payload[0];
  uint64_t words = slot->payload[1];
  expect(f, &slot->payload[0], UINT64_C(77) << 48, "has no shape");
  expect(f, &slot->payload[0], 0, "has no shape");
  expect(f, &slot->payload[1], 0, "do not fit its shape");
  expect(f, &slot->payload[1], words + 1, "do not fit its shape");
  expect(f, &slot->payload[0], fields | 4096, "do not fit its shape");
  _Atomic uint64_t *word = shi_at(f->heap, words);
  expect(f, word, UINT64_C(0x7ff8000000000001), "NaN is not canonical");
}

static void unknown_types_are_reported(void **state) {
  fixture *f = *state;
  sh_id id = new_string(f, "s");
  shi_slot *slot = slot_of(f, id);
  uint32_t right = slot->word0;
  atomic_store(&slot->word0, (right & ~(0x3fu << SH_W0_TYPE_SHIFT)) | 9u << SH_W0_TYPE_SHIFT);
  assert_reported(f->env, "unknown type");
  atomic_store(&slot->word0, right);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(a_full_heap_is_clean),        unit(wrong_words_are_reported),
      unit(wrong_counts_are_reported),   unit(wrong_totals_are_reported),
      unit(wrong_payloads_are_reported), unit(wrong_maps_are_reported),
      unit(wrong_vectors_are_reported),  unit(wrong_records_are_reported),
      unit(unknown_types_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
