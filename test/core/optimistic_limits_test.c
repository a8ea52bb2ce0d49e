// Where optimistic reads end (csrc/core/optimistic.h): what takes the lock, that sections write to
// nothing, and that they follow nothing that leads outside.
#include "support_scene.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

static void swap_texts(scene *s) {
  sh_value value = v_text(s->times % 2 == 0 ? "even" : LONG);
  assert_ok(sh_string_set(s->writer, s->id, &value));
}

static void set_key(scene *s) {
  sh_value key = v_text("key");
  sh_value value = v_number(s->times);
  assert_ok(sh_map_set(s->writer, s->id, &key, &value));
}

static void set_text(scene *s) {
  sh_value key = v_text("key");
  sh_value value = v_text(s->times % 2 == 0 ? LONG : OTHER);
  assert_ok(sh_map_set(s->writer, s->id, &key, &value));
}

static void after_eight_tries_comes_the_lock(void **state) {
  scene s = open_scene(*state);
  s.id = new_string(s.f, LONG);
  set_scene(&s, swap_texts, SH_PEEK_HALF, 1000, 0);
  (void)read_string(&s);
  assert_int_equal(s.seen[SH_PEEK_BEGUN], SHI_PEEK_TRIES);
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);

  // Failed sections leave nothing in the read buffer.
  s.id = new_map(s.f);
  map_set(s.f, s.id, v_text("key"), v_text(LONG));
  set_scene(&s, set_text, SH_PEEK_FOUND, SHI_PEEK_TRIES - 1, 0);
  assert_value(read_key(&s, v_text("key"), SH_BORROW), v_text(LONG));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], SHI_PEEK_TRIES);
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);
  assert_at_most(s.f->env->read_used, sizeof LONG + 7);

  set_scene(&s, set_key, SH_PEEK_FOUND, 1000, 0);
  sh_value out = read_key(&s, v_text("key"), SH_BORROW);
  assert_value(out, v_number(s.times));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], SHI_PEEK_TRIES);
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);
  close_scene(&s);
}

static void offline_means_the_lock(void **state) {
  scene s = open_scene(*state);
  sh_env_offline(s.f->env);
  s.id = new_string(s.f, LONG);
  watch_scene(&s);
  assert_value(read_string(&s), v_text(LONG));
  assert_int_equal(s.seen[SH_PEEK_BEGUN], 0);
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);
  close_scene(&s);
}

static void what_does_not_fit_is_pinned(void **state) {
  scene s = open_scene(*state);
  static char chars[SHI_COPY_MAX + 2];
  memset(chars, 'x', sizeof chars - 1);
  s.id = new_map(s.f);
  watch_scene(&s);
  map_set(s.f, s.id, v_number(1), v_text(chars));
  map_set(s.f, s.id, v_number(2), v_text(chars + 1));
  sh_value out = read_key(&s, v_number(1), SH_BORROW);
  assert_true(out.pin != 0);
  assert_value(out, v_text(chars));
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);
  unpin(s.f, &out);
  out = read_key(&s, v_number(2), SH_BORROW);
  assert_true(out.pin == 0);
  assert_value(out, v_text(chars + 1));
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 1);
  // So is a bigint of many digits, and any text for which the buffer has no room left.
  static uint64_t digits[SHI_COPY_MAX / 8 + 1] = {[SHI_COPY_MAX / 8] = 1};
  map_set(s.f, s.id, v_number(3), v_bigint(digits, SHI_COPY_MAX / 8 + 1, true));
  out = read_key(&s, v_number(3), SH_BORROW);
  assert_true(out.pin != 0);
  assert_value(out, v_bigint(digits, SHI_COPY_MAX / 8 + 1, true));
  unpin(s.f, &out);
  map_set(s.f, s.id, v_number(4), v_bigint(digits, 3, false));
  out = read_key(&s, v_number(4), SH_BORROW);
  assert_value(out, v_bigint(digits, 3, false));
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 2);
  s.f->env->read_used = SHI_READ_BUFFER - SHI_READ_SHORT - 8;
  assert_false(shi_word_peek(s.f->env, SH_WORD(SH_TAG_TEXT, 0), SH_BORROW, &out));
  uint32_t length = 0;
  sh_id vector = new_vector(s.f);
  vector_push(s.f, vector, v_text(LONG));
  shi_word word = *shi_vector_words(s.f->heap, slot_of(s.f, vector), &length);
  assert_false(shi_word_peek(s.f->env, word, SH_BORROW, &out));
  s.f->env->read_used = 0;
  assert_true(shi_word_peek(s.f->env, word, SH_BORROW, &out));
  assert_value(out, v_text(LONG));
  close_scene(&s);
}

// --- a held lock -----------------------------------------------------------------------------

typedef struct waiter {
  fixture *f;
  sh_id id;
  sh_value out;
  sh_status status;
} waiter;

static void *read_when_free(void *arg) {
  waiter *w = arg;
  sh_env *env = NULL;
  w->status = sh_env_open(w->f->heap, &env);
  sh_env_online(env);
  w->status = sh_string_get(env, w->id, &w->out);
  w->out.number = w->out.length; // its characters go with the environment
  sh_env_close(env);
  return NULL;
}

static void a_held_lock_is_waited_for(void **state) {
  scene s = open_scene(*state);
  pthread_t thread;
  s.id = new_string(s.f, LONG);
  waiter w = {.f = s.f, .id = s.id};
  shi_slot *slot = slot_of(s.f, s.id);
  shi_lock(&slot->lock);
  assert_int_equal(pthread_create(&thread, NULL, read_when_free, &w), 0);
  while ((atomic_load(&slot->lock) & SH_LOCK_WAITERS) == 0) {
    (void)sched_yield(); // till it sleeps
  }
  shi_unlock(&slot->lock, false);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_ok(w.status);
  assert_number(w.out.number, sizeof LONG - 1);
  close_scene(&s);
}

// --- nothing is written ----------------------------------------------------------------------

static void protect(const fixture *f, int protection) {
  const sh_heap *heap = f->heap;
  const shi_header *header = heap->header;
  assert_int_equal(mprotect(heap->base + header->slots_offset, heap->slots_committed, protection),
                   0);
  assert_int_equal(mprotect(heap->base + header->body_offset,
                            (uint64_t)heap->pages.committed * SH_PAGE - header->body_offset,
                            protection),
                   0);
}

// With the slots and all bodies made read-only, every read that claims to need no lock must go
// through. (A test of the processor's, so to speak: a write would be a crash.)
static void reading_writes_nothing(void **state) {
  scene s = open_scene(*state);
  sh_env *env = s.f->env;
  sh_value keys[] = {v_text("key"), v_text(LONG), v_number(3), v_text("absent")};
  sh_value out[4];
  bool found[4];
  bool flag = false;
  uint32_t n = 0;
  uint64_t bytes = 0;
  double number = 0;
  sh_id text = new_string(s.f, LONG);
  sh_id box = new_box(s.f, v_ref(text));
  sh_id vector = new_vector(s.f);
  sh_id buffer = new_bytes(s.f, 100);
  sh_id map = new_map(s.f);
  sh_id names = sh_names_id(s.f->heap);
  vector_push(s.f, vector, v_ref(text));
  map_set(s.f, map, keys[0], v_ref(text));
  map_set(s.f, map, keys[1], v_ref(box));
  map_set(s.f, map, keys[2], v_text(LONG));
  map_set(s.f, names, keys[0], v_ref(map));
  watch_scene(&s);
  protect(s.f, PROT_READ);
  sh_status statuses[] = {
      sh_map_get(env, map, &keys[0], SH_BORROW, &out[0], &flag),
      sh_map_get(env, map, &keys[0], SH_DEREF, &out[0], &flag),
      sh_map_get(env, map, &keys[1], SH_DEREF, &out[0], &flag),
      sh_map_get(env, names, &keys[0], SH_BORROW, &out[0], &flag),
      sh_map_has(env, map, &keys[1], &flag),
      sh_map_has(env, map, &keys[3], &flag),
      sh_map_info(env, map, &n, &flag),
      sh_map_get_many(env, map, keys, 4, SH_DEREF, out, found),
      sh_vector_length(env, vector, &n),
      sh_vector_get(env, vector, 0, SH_BORROW, &out[0], &flag),
      sh_vector_get(env, vector, 0, SH_DEREF, &out[0], &flag),
      sh_vector_get(env, vector, 1, SH_BORROW, &out[0], &flag),
      sh_string_get(env, text, &out[0]),
      sh_string_length(env, text, &n),
      sh_record_get(env, box, 0, 0, SH_BORROW, &out[0]),
      sh_record_get(env, box, 0, 0, SH_DEREF, &out[0]),
      sh_record_shape(env, box, &n),
      sh_bytes_length(env, buffer, &bytes),
      sh_id_type(env, (double)box, &n) == SH_TYPE_RECORD ? SH_OK : SH_E_CORRUPT,
      sh_number_get(env, text, &number) == SH_E_TYPE_MISMATCH ? SH_OK : SH_E_CORRUPT,
  };
  protect(s.f, PROT_READ | PROT_WRITE);
  for (unsigned i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    assert_status(statuses[i], SH_OK);
  }
  assert_int_equal(s.seen[SH_PEEK_LOCKING], 0);
  assert_number((double)bytes, 100);
  close_scene(&s);
}

// --- broken invariants -----------------------------------------------------------------------

// What the slot's payload is changed to inside a section, and back before the lock is taken.
typedef struct forgery {
  scene scene; // first: step_in takes it for one
  unsigned which;
  uint64_t bad;
  uint64_t good;
} forgery;

static void forge(void *arg, int place) {
  forgery *g = arg;
  shi_slot *slot = slot_of(g->scene.f, g->scene.id);
  g->scene.seen[place]++;
  if (place == SH_PEEK_BEGUN) {
    g->good = atomic_load(&slot->payload[g->which]);
    atomic_store(&slot->payload[g->which], g->bad);
  } else if (place == SH_PEEK_LOCKING) {
    atomic_store(&slot->payload[g->which], g->good);
  }
}

static void set_forgery(forgery *g, sh_id id, unsigned which, uint64_t bad) {
  memset(g->scene.seen, 0, sizeof g->scene.seen);
  g->scene.id = id;
  g->which = which;
  g->bad = bad;
  sh_test_peek(g->scene.f->heap, forge, g, 0);
}

// Offsets outside the bodies lead to the lock, not out of the region (which follows them: so they
// are put right in between).
static void offsets_outside_are_not_followed(void **state) {
  fixture *f = *state;
  forgery g = {.scene = open_scene(f)};
  const shi_header *header = f->heap->header;
  const uint64_t outside[] = {8,
                              header->body_offset - 8,
                              header->body_offset + 4,
                              header->reserve - 4,
                              header->reserve,
                              (UINT64_C(1) << 48) - 8};
  sh_id map = new_map(f);
  sh_id vector = new_vector(f);
  sh_id text = new_string(f, LONG);
  sh_id box = new_box(f, v_text(LONG));
  map_set(f, map, v_number(1), v_text(LONG));
  vector_push(f, vector, v_text(LONG));
  for (unsigned i = 0; i < sizeof outside / sizeof *outside; i++) {
    sh_value out;
    uint64_t at = outside[i];
    set_forgery(&g, map, 0, at);
    assert_value(map_get(f, map, v_number(1)), v_text(LONG));
    assert_int_equal(g.scene.seen[SH_PEEK_LOCKING], 1);
    set_forgery(&g, vector, 0, at);
    assert_value(read_index(&g.scene, 0), v_text(LONG));
    assert_int_equal(g.scene.seen[SH_PEEK_LOCKING], 1);
    set_forgery(&g, text, 0, at);
    assert_value(read_string(&g.scene), v_text(LONG));
    assert_int_equal(g.scene.seen[SH_PEEK_LOCKING], 1);
    set_forgery(&g, box, 1, at); // shape 1: its id's upper half is 0
    assert_ok(sh_record_get(f->env, box, 0, 0, SH_BORROW, &out));
    assert_value(out, v_text(LONG));
    assert_int_equal(g.scene.seen[SH_PEEK_LOCKING], 1);
    assert_false(shi_word_peek(f->env, SH_WORD(SH_TAG_TEXT, at), SH_BORROW, &out));
    assert_false(shi_word_peek(f->env, SH_WORD(SH_TAG_BIGINT, at), SH_BORROW, &out));
  }
  sh_value out;
  sh_test_peek(f->heap, NULL, NULL, 0);
  assert_false(shi_word_peek(f->env, SH_WORD(SH_TAG_REF, header->slot_length), SH_BORROW, &out));
  assert_false(shi_word_peek(f->env, SH_WORD(SH_TAG_REF, UINT32_MAX), SH_DEREF, &out));
  // The index of a vector's last element is checked with it.
  set_forgery(&g, vector, 1, UINT32_MAX);
  bool found = true;
  assert_ok(sh_vector_get(f->env, vector, UINT32_MAX - 1, SH_BORROW, &out, &found));
  assert_false(found);
  close_scene(&g.scene);
}

// A lookup in a damaged index comes to an end and leaves the table alone.
static void a_damaged_index_is_left(void **state) {
  fixture *f = *state;
  sh_id map = new_map(f);
  for (int i = 0; i < 20; i++) {
    map_set(f, map, v_number(i), v_number(i));
  }
  shi_table *table = NULL;
  shi_map_key key;
  sh_value absent = v_text("absent");
  assert_true(shi_table_at(f->heap, slot_of(f, map), &table));
  assert_ok(shi_map_key_make(f->env, &absent, &key));
  uint32_t *buckets = (uint32_t *)(void *)(table->entries + table->capacity);
  uint32_t saved[64];
  assert_int_equal(table->mask, 63);
  memcpy(saved, buckets, sizeof saved);
  for (int i = 0; i < 64; i++) {
    buckets[i] = (key.hash & ~table->entry_mask) | (i % 2 == 0 ? 0 : 31); // never empty
    buckets[i] = buckets[i] == 0 ? 31 : buckets[i];
  }
  assert_null(shi_table_lookup(f->heap, table, &key));
  memcpy(buckets, saved, sizeof saved);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      unit(after_eight_tries_comes_the_lock), unit(offline_means_the_lock),
      unit(what_does_not_fit_is_pinned),      unit(a_held_lock_is_waited_for),
      unit(reading_writes_nothing),           unit(offsets_outside_are_not_followed),
      unit(a_damaged_index_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
