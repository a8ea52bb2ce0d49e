// Environments, epochs and limbo: when memory may be reused (epoch-based reclamation, K. Fraser
// 2004, as design 5 adapts it).
//
// Memory that somebody outside the core lock may still look at (a JS check-then-store, an
// optimistic read) is retired, not freed. It is stamped with the global epoch and reused only when
// every *online* environment has published a later one. An environment is online from before its
// first view access until the end of its turn; native code under core locks needs no epoch, and
// reads without them (optimistic.h) only while it is online.
//
// E1 online = number of environments with published != 0
// E2 the retirer has unlinked the memory (generation or offset changed), then a full fence, before
//    it reads `online` and the epoch; an environment stores `published`, then a full fence, before
//    it looks at the heap. So either the retirer sees it online, or it sees the memory unlinked.
// E3 limbo is a queue of chunks in process memory, stamped with the epoch of their newest entry;
//    `published` and the epoch are read and written sequentially consistent.
#ifndef SH_EPOCH_H
#define SH_EPOCH_H

#include "state.h"

typedef enum shi_retired {
  SHI_RETIRED_SLOT,
  SHI_RETIRED_NUMBER_SLOT,
  SHI_RETIRED_DATA,
  SHI_RETIRED_DATA16, // 16-byte aligned
  SHI_RETIRED_FIELDS
} shi_retired;

// Retires a slot (what = index, size ignored) or a body (what = offset). Frees at once if nobody
// is online. Never fails: if process memory for the queue is refused, the memory is lost, not
// reused early. `env` may be NULL for a body (a finalizer): its limbo is the heap's.
void shi_retire(sh_heap *heap, sh_env *env, shi_retired kind, uint64_t what, size_t size);

// Frees what may go, of this environment and of closed ones.
void shi_reclaim(sh_env *env);

// Hands an environment's limbo and counters to the heap (its last act).
void shi_limbo_orphan(sh_env *env);

// Forgets the limbo of a heap that is being destroyed, bodies and all.
void shi_limbo_free(sh_heap *heap);

#endif
