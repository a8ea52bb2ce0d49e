// The process-local records behind the opaque sh_heap and sh_env. Nothing here is in the region
// and nothing in the region points here.
//
// Threads: fields of sh_env are its owner's alone, but for those marked atomic, which others read.
#ifndef SH_STATE_H
#define SH_STATE_H

#include "check.h"
#include "heap.h"
#include "monitor.h"
#include "pages.h"
#include "value.h"
#include "watch.h"

#define SHI_ARENAS_MAX 8u
#define SHI_SLOT_CACHE 128u
#define SHI_SLOT_BATCH 64u
#define SHI_READ_BUFFER (64u * 1024u)
#define SHI_READ_SHORT (16u * SH_READ_MAX) // of the read buffer, kept for texts stored in place
#define SHI_COPY_MAX 1024u                 // longer texts are pinned, not copied

// Arenas by what their memory may hold (design 4): JS may store to bodies of FIELDS, so these
// never share pages with offsets, headers or text.
typedef enum shi_class { SHI_CLASS_DATA, SHI_CLASS_FIELDS, SHI_CLASS_COUNT } shi_class;

struct shi_limbo_chunk;
struct shi_arena_hooks;
struct shi_scope;
struct shi_trace;

// A queue of retired memory, oldest first; see epoch.h.
typedef struct shi_limbo {
  struct shi_limbo_chunk *head;
  struct shi_limbo_chunk *tail;
} shi_limbo;

// Signed sums; one writer each (the owner), any reader. An object made by one environment and
// destroyed by another leaves +1 here and -1 there.
typedef struct shi_counters {
  _Atomic int64_t objects[SH_TYPE_COUNT];
  _Atomic int64_t allocated; // bytes asked for, all bodies
  _Atomic int64_t limbo_bytes;
  _Atomic int64_t limbo_objects;
} shi_counters;

struct sh_heap {
  uint8_t *base;
  shi_header *header;
  uint64_t limit;
  shi_pages pages;                // guarded by its own lock
  _Atomic uint64_t used_bytes;    // slot pages + body extents
  uint64_t slots_committed;       // bytes of the slot table made accessible; slots_lock
  uint32_t purged_pages[2];       // heads of the lists of purged slot pages; slots_lock; 0: none
  _Atomic uint64_t free_slots[2]; // Treiber stacks of batches: tag << 32 | index; [1]: numbers

  struct shi_arena_hooks *hooks;
  unsigned arena_count; // of each class
  unsigned arenas_made; // of all classes
  unsigned arenas[SHI_CLASS_COUNT][SHI_ARENAS_MAX];
  _Atomic uint32_t next_arena;

  _Atomic uint64_t epoch;        // starts at 1; only grows
  _Atomic uint32_t online;       // environments that are online
  _Atomic uint64_t orphan_bytes; // that finalizers have retired since the last reclaim

  _Atomic uint32_t envs_lock; // guards the list, orphans, and reading others' `published`
  sh_env *envs;
  uint32_t env_count;
  shi_limbo orphans;   // limbo of closed environments
  shi_counters closed; // counters of closed environments (under envs_lock) and of finalizers
                       // (atomic adds)
  _Atomic int64_t pinned_bytes;

  shi_watches watches;
  shi_monitors monitors;
  _Atomic uint32_t trace_lock; // guards what `trace` points to
  struct shi_trace *trace;     // trace.h; NULL: nothing has been traced
#ifdef SH_TEST
  _Atomic int64_t fail_after;              // the n-th allocation from now fails; < 0: never
  _Atomic int64_t fail_local_after;        // the same for memory of the process
  void (*peek_hook)(void *arg, int place); // sh_test_peek in optimistic.h
  void *peek_arg;
  uint32_t peek_flaws;
#endif
};

struct sh_env {
  sh_heap *heap;
  sh_env *previous;
  sh_env *next;
  _Atomic uint64_t published; // 0: offline; else the epoch it was last refreshed at
  unsigned arena[SHI_CLASS_COUNT];
  int tcache_flags[SHI_CLASS_COUNT]; // MALLOCX_TCACHE(...) or MALLOCX_TCACHE_NONE
  unsigned tcache[SHI_CLASS_COUNT];
  bool has_tcache[SHI_CLASS_COUNT];
  struct {
    uint32_t count;
    uint32_t index[SHI_SLOT_CACHE];
  } slots[2];
  shi_limbo limbo;
  uint64_t limbo_since; // bytes retired since the last attempt to reclaim
  shi_counters counters;
  uint8_t *read_buffer; // SHI_READ_BUFFER bytes: texts handed out by the last call
  uint32_t read_used;
  shi_port port;                     // what it is told
  struct shi_ticket *nested_tickets; // monitor.c, under the monitors' lock
  uint64_t thread;                   // the system's name for it
  uint32_t label;                    // JavaScript's; under the monitors' lock
  struct shi_scope *scope; // scope.h; NULL: JavaScript has no scope open
  struct shi_block *write; // narrowed input of the current call; see shi_write_room
};

// A block of scratch memory; the newest first.
typedef struct shi_block {
  struct shi_block *next;
  size_t capacity;
  size_t used;
  uint8_t bytes[];
} shi_block;

static inline void shi_count(_Atomic int64_t *counter, int64_t n) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                        memory_order_relaxed);
}

static inline void *shi_at(const sh_heap *heap, uint64_t offset) { return heap->base + offset; }

// Starts a call that hands out values: the texts of the call before are forgotten.
static inline void shi_read_reset(sh_env *env) { env->read_used = 0; }

#endif
