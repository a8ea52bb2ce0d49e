// Quick looks at maps: see map.h. One optimistic section, everything inlined into it.
#include "map.h"
#include "map_table.h"
#include "optimistic.h"

static inline sh_quick look(sh_env *env, sh_id id, const shi_packed *key, double *out) {
  sh_heap *heap = env->heap;
  uint32_t hash = shi_hash_packed(heap, key);
  shi_table *table = NULL;
  shi_peek peek = shi_peek_open(env, id, SH_TYPE_MAP);
  if (!shi_peek_begin(&peek) || !shi_table_at(heap, peek.slot, &table) || table == NULL ||
      table->mask == 0) {
    return SH_QUICK_NOTHING;
  }
  const shi_entry *entry = shi_table_find_exact(table, key, hash);
  shi_peek_step(env, SH_PEEK_FOUND);
  shi_word word = entry == NULL ? SH_WORD_UNDEFINED : shi_word_load(&entry->value);
  if (!shi_peek_end(&peek, SHI_PEEKED)) {
    return SH_QUICK_NOTHING;
  }
  if (entry == NULL) {
    return SH_QUICK_ABSENT;
  }
  if (out != NULL) {
    if (!shi_word_is_number(word)) {
      return SH_QUICK_NOTHING;
    }
    *out = shi_bits_number(word);
  }
  return SH_QUICK_THERE;
}

sh_quick sh_map_look_text(sh_env *env, sh_id id, const void *latin1, uint32_t length, double *out) {
  if (length > SHI_KEY_LATIN1_MAX) {
    return SH_QUICK_NOTHING;
  }
  shi_packed key = shi_pack_bytes(latin1, length);
  return look(env, id, &key, out);
}

sh_quick sh_map_look_number(sh_env *env, sh_id id, double key, double *out) {
  // + 0.0 turns -0 into 0, as SameValueZero has it.
  shi_packed packed = {.word = {shi_number_bits(key + 0.0), shi_kind_word(SHI_KEY_WORD)}};
  return look(env, id, &packed, out);
}
