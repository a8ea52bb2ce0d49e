#include "id_table.h"

#include "alloc.h"

#define FIRST_BUCKETS 64u

static shi_id_node **bucket_of(const shi_id_table *table, sh_id id) {
  // Indices are dense and ids of one slot seldom meet: the index alone spreads well.
  return &table->buckets[((uint32_t)id * 2654435761u >> 8) & table->mask];
}

bool shi_ids_reserve(sh_heap *heap, shi_id_table *table) {
  uint32_t buckets = table->buckets == NULL ? 0 : table->mask + 1;
  if (table->count < buckets) {
    return true;
  }
  uint32_t more = buckets == 0 ? FIRST_BUCKETS : buckets * 2;
  shi_id_table larger = {.buckets =
                             (shi_id_node **)shi_local_alloc(heap, more * sizeof(shi_id_node *)),
                         .mask = more - 1};
  if (larger.buckets == NULL) {
    return buckets != 0; // longer chains will do
  }
  for (uint32_t i = 0; i < buckets; i++) {
    while (table->buckets[i] != NULL) {
      shi_id_node *node = table->buckets[i];
      table->buckets[i] = node->next;
      shi_ids_add(&larger, node);
    }
  }
  shi_local_free((void *)table->buckets);
  *table = larger;
  return true;
}

void shi_ids_add(shi_id_table *table, shi_id_node *node) {
  shi_id_node **bucket = bucket_of(table, node->id);
  node->next = *bucket;
  *bucket = node;
  table->count++;
}

shi_id_node *shi_ids_find(const shi_id_table *table, sh_id id) {
  if (table->buckets == NULL) {
    return NULL;
  }
  shi_id_node *node = *bucket_of(table, id);
  while (node != NULL && node->id != id) {
    node = node->next;
  }
  return node;
}

void shi_ids_remove(shi_id_table *table, shi_id_node *node) {
  shi_id_node **at = bucket_of(table, node->id);
  while (*at != node) {
    at = &(*at)->next;
  }
  *at = node->next;
  table->count--;
}

void shi_ids_free(shi_id_table *table) {
  shi_local_free((void *)table->buckets);
  *table = (shi_id_table){0};
}
