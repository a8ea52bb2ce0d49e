#include "contents.h"

#include "bytes.h"
#include "map.h"
#include "map_table.h"
#include "queue.h"
#include "record.h"
#include "str.h"
#include "text.h"
#include "vector.h"
#include "words.h"

typedef struct walk {
  const sh_heap *heap;
  shi_on_word on_word;
  void *arg;
  uint64_t bytes;
} walk;

static void see_word(walk *w, shi_word word) {
  if (!shi_word_is_number(word)) {
    w->bytes += shi_word_bytes(w->heap, word);
    w->on_word(w->arg, word);
  }
}

static void walk_map(walk *w, const shi_slot *slot) {
  uint32_t used = 0;
  const shi_entry *entries = shi_table_entries(w->heap, slot, &used);
  if (entries == NULL) {
    return;
  }
  w->bytes += shi_table_bytes((const shi_table *)(const void *)entries - 1);
  for (uint32_t i = 0; i < used; i++) {
    if (!shi_entry_is_hole(&entries[i])) {
      see_word(w,
               shi_packed_payload(&entries[i].key)); // of keys only payloads matter: none is a ref
      see_word(w, entries[i].value);
    }
  }
}

static void walk_vector(walk *w, const shi_slot *slot) {
  uint32_t length = 0;
  const shi_word *words = shi_vector_words(w->heap, slot, &length);
  w->bytes += shi_vector_body_bytes(w->heap, slot);
  for (uint32_t i = 0; i < length; i++) {
    see_word(w, words[i]);
  }
}

static void walk_record(walk *w, const shi_slot *slot) {
  uint64_t fields = 0;
  uint64_t words = 0;
  uint32_t field_count = 0;
  uint32_t word_count = 0;
  shi_record_bodies(w->heap, slot, &fields, &field_count, &words, &word_count);
  w->bytes += ((uint64_t)field_count + word_count) * 8;
  const shi_word *at = shi_at(w->heap, words);
  for (uint32_t i = 0; i < word_count; i++) {
    see_word(w, at[i]);
  }
}

static void walk_queue(walk *w, const shi_slot *slot) {
  shi_ring *ring = shi_at(w->heap, shi_payload_load(slot, 0));
  uint64_t extent = shi_payload_load(slot, 1);
  w->bytes += shi_ring_bytes(ring->capacity);
  for (uint32_t i = 0; i < shi_queue_length(extent); i++) {
    see_word(w, *shi_ring_at(ring, extent, i));
  }
}

uint64_t shi_contents_walk(const sh_heap *heap, shi_slot *slot, sh_type type, shi_on_word on_word,
                           void *arg) {
  walk w = {.heap = heap, .on_word = on_word, .arg = arg};
  uint64_t offset = 0;
  switch (type) {
  case SH_TYPE_STRING:
    offset = shi_string_body(slot);
    w.bytes = offset == 0 ? 0 : shi_text_size_of(heap, offset);
    break;
  case SH_TYPE_MAP:
    walk_map(&w, slot);
    break;
  case SH_TYPE_VECTOR:
    walk_vector(&w, slot);
    break;
  case SH_TYPE_RECORD:
    walk_record(&w, slot);
    break;
  case SH_TYPE_QUEUE:
    walk_queue(&w, slot);
    break;
  case SH_TYPE_BYTES:
    w.bytes = sizeof(shi_bytes) + shi_payload_load(slot, 1);
    break;
  case SH_TYPE_NUMBER:
    break;
  case SH_TYPE_NONE:
  case SH_TYPE_COUNT:
    SHI_CHECK(type != SH_TYPE_NONE && type != SH_TYPE_COUNT);
  }
  return w.bytes;
}
