// A hash table of records by id, in process memory: what the heap knows of some objects beside what
// the region says (monitors, watches). Intrusive: a record begins with its node.
//
// Threads: none of its own; the caller holds the lock that guards the table.
#ifndef SH_ID_TABLE_H
#define SH_ID_TABLE_H

#include "heap.h"

typedef struct shi_id_node {
  struct shi_id_node *next;
  sh_id id;
} shi_id_node;

typedef struct shi_id_table {
  shi_id_node **buckets; // NULL: none yet
  uint32_t mask;
  uint32_t count;
} shi_id_table;

// Makes room for one more; false if process memory is refused. O(1) on average.
bool shi_ids_reserve(sh_heap *heap, shi_id_table *table);

// After shi_ids_reserve. The id is not in the table.
void shi_ids_add(shi_id_table *table, shi_id_node *node);

// NULL if it is not there. O(1).
shi_id_node *shi_ids_find(const shi_id_table *table, sh_id id);

void shi_ids_remove(shi_id_table *table, shi_id_node *node);

// Frees the table, not the records.
void shi_ids_free(shi_id_table *table);

#endif
