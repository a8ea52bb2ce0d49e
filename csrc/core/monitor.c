#include "monitor.h"

#include "alloc.h"
#include "lock.h"
#include "slot.h"
#include "slot_free.h"
#include "state.h"
#include "watch.h"

typedef struct shi_ticket {
  shi_wait wait; // first: a token's wait is its ticket
  struct shi_monitor *monitor;
  sh_lock_want want;
  uint32_t depth; // times entered
  bool waiting;   // in the queue
  bool seen;      // its environment knows that it holds
  bool abandoned;
  struct shi_ticket *previous; // in the queue
  struct shi_ticket *next;
  struct shi_ticket *other_blocked; // in monitors.blocked, or among the environment's nested ones
  uint32_t searched;                // number of the last search that met it
  uint32_t passed;                  // number of the last search that met those behind it
  struct shi_ticket *from;          // that search: how it was met
  struct shi_ticket *to_search;     // that search: the stack
} shi_ticket;

struct shi_monitor {
  shi_id_node node; // first
  shi_ticket *holder;
  shi_ticket *first; // the queue
  shi_ticket *last;
  bool ended; // the object has; out of the table
};

typedef struct shi_monitor monitor;

// --- the slot's words --------------------------------------------------------------------------

static void set_words(shi_slot *slot, uint32_t flags_set, uint32_t flags_cleared, bool held) {
  uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
  atomic_store_explicit(&slot->word0, (word0 & ~flags_cleared) | flags_set, memory_order_seq_cst);
  if (held) {
    atomic_fetch_or_explicit(&slot->lock, SH_LOCK_MONITOR, memory_order_relaxed);
  } else {
    atomic_fetch_and_explicit(&slot->lock, ~SH_LOCK_MONITOR, memory_order_relaxed);
  }
}

// Marks the object as having a monitor, held by a ticket of this kind; *abandoned: the one before
// was, and this ticket is told. Its type is checked.
static sh_status mark(sh_env *env, sh_id id, sh_type type, sh_lock_kind kind, bool *abandoned) {
  shi_slot *slot = NULL;
  sh_status status = shi_slot_lock(env, id, type, &slot);
  if (status == SH_OK) {
    uint32_t word0 = atomic_load_explicit(&slot->word0, memory_order_relaxed);
    *abandoned = kind != SH_LOCK_WRITER && (word0 & SH_FLAG_ABANDONED) != 0;
    set_words(slot, SH_FLAG_LOCKED, *abandoned ? SH_FLAG_ABANDONED : 0, true);
    shi_unlock(&slot->lock, false);
  }
  return status;
}

static void mark_abandoned(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  if (shi_slot_lock(env, id, SH_TYPE_NONE, &slot) == SH_OK) {
    set_words(slot, SH_FLAG_ABANDONED, 0, true);
    shi_unlock(&slot->lock, false);
  }
}

static void unmark(sh_env *env, sh_id id) {
  shi_slot *slot = NULL;
  if (shi_slot_lock(env, id, SH_TYPE_NONE, &slot) == SH_OK) {
    set_words(slot, 0, SH_FLAG_LOCKED, false);
    shi_unlock(&slot->lock, false);
  }
}

// --- tickets -----------------------------------------------------------------------------------

// Whether a ticket has what it wants: the monitor, or, of a change, that its environment owns it.
static bool may_go_on(const shi_ticket *ticket) {
  return !ticket->waiting || (ticket->want.kind == SH_LOCK_WRITER &&
                              ticket->monitor->holder->wait.env == ticket->wait.env);
}

// --- lists of tickets that wait ------------------------------------------------------------------

static bool is_task(const shi_ticket *ticket) { return ticket->want.kind == SH_LOCK_TASK; }

// Where tickets are linked by which a search finds what its holder waits for; NULL: it is not.
static shi_ticket **others_of(shi_ticket *ticket) {
  sh_env *env = ticket->wait.env;
  return !is_task(ticket)      ? &env->heap->monitors.blocked
         : ticket->want.nested ? &env->nested_tickets
                               : NULL;
}

static void begin_waiting(monitor *m, shi_ticket *ticket) {
  ticket->monitor = m;
  ticket->waiting = true;
  ticket->previous = m->last;
  ticket->next = NULL;
  *(m->last == NULL ? &m->first : &m->last->next) = ticket;
  m->last = ticket;
  ticket->wait.env->heap->monitors.queued++;
  shi_ticket **others = others_of(ticket);
  if (others != NULL) {
    ticket->other_blocked = *others;
    *others = ticket;
  }
}

static void end_waiting(shi_ticket *ticket) {
  monitor *m = ticket->monitor;
  *(ticket->previous == NULL ? &m->first : &ticket->previous->next) = ticket->next;
  *(ticket->next == NULL ? &m->last : &ticket->next->previous) = ticket->previous;
  ticket->waiting = false;
  ticket->wait.env->heap->monitors.queued--;
  shi_ticket **others = others_of(ticket);
  if (others != NULL) {
    while (*others != ticket) {
      others = &(*others)->other_blocked;
    }
    *others = ticket->other_blocked;
  }
}

// --- deadlock ----------------------------------------------------------------------------------

typedef struct search {
  const shi_ticket *target;
  shi_ticket *stack;
  uint32_t number;
  shi_ticket *last; // before the target, once that is met
} search;

static void meet(search *s, shi_ticket *ticket, shi_ticket *from) {
  if (ticket == s->target) {
    s->last = from;
  } else if (ticket->searched != s->number) {
    ticket->searched = s->number;
    ticket->from = from;
    ticket->to_search = s->stack;
    s->stack = ticket;
  }
}

// Meets the tickets for which the thread of an environment blocks.
static void meet_blocked(search *s, const sh_env *env, shi_ticket *from) {
  for (shi_ticket *t = env->heap->monitors.blocked; t != NULL; t = t->other_blocked) {
    if (t->wait.env->thread == env->thread) {
      meet(s, t, from);
    }
  }
}

// The ticket behind which one waits, NULL: the holder.
static shi_ticket *before(const shi_ticket *ticket) {
  const shi_ticket *turn = ticket;
  if (ticket->want.kind == SH_LOCK_WRITER) {
    // Its turn comes with the first of its environment.
    turn = ticket->monitor->first;
    while (turn->wait.env != ticket->wait.env) {
      turn = turn->next;
    }
  }
  return turn->previous;
}

// Meets the tickets that keep from going on whoever holds what `ticket` waits for, or will hold it
// before. Of the latter, a thread will go on once it holds; a task may not: its thread may block.
static void follow(search *s, shi_ticket *ticket) {
  const shi_ticket *holder = ticket->monitor->holder;
  const sh_env *env = holder->wait.env;
  if (may_go_on(ticket)) {
    return; // has only to wake up
  }
  for (shi_ticket *t = before(ticket); t != NULL && t->passed != s->number; t = t->previous) {
    t->passed = s->number;
    if (is_task(t)) {
      meet_blocked(s, t->wait.env, ticket);
    }
  }
  meet_blocked(s, env, ticket);
  if (is_task(holder)) {
    for (shi_ticket *t = env->nested_tickets; t != NULL; t = t->other_blocked) {
      if (t->want.task == holder->want.task) {
        meet(s, t, ticket);
      }
    }
  }
}

// Whether a ticket that has begun to wait waits for itself.
static bool is_deadlock(shi_ticket *ticket, sh_lock_answer *answer) {
  if (others_of(ticket) == NULL) {
    return false; // nothing waits for this task yet
  }
  search s = {.target = ticket, .number = ++ticket->wait.env->heap->monitors.search};
  ticket->from = NULL;
  follow(&s, ticket);
  while (s.last == NULL && s.stack != NULL) {
    shi_ticket *next = s.stack;
    s.stack = next->to_search;
    follow(&s, next);
  }
  if (s.last == NULL) {
    return false;
  }
  uint32_t length = 0;
  for (const shi_ticket *t = s.last; t != NULL; t = t->from) {
    length++;
  }
  // The way back ends at the asker, whose object comes first.
  answer->id_count = length < SH_DEADLOCK_IDS ? length : SH_DEADLOCK_IDS;
  for (const shi_ticket *t = s.last; t != NULL; t = t->from) {
    if (--length < SH_DEADLOCK_IDS) {
      answer->ids[length] = t->monitor->node.id;
    }
  }
  return true;
}

// --- monitors ----------------------------------------------------------------------------------

static monitor *find(sh_heap *heap, sh_id id) {
  return (monitor *)shi_ids_find(&heap->monitors.table, id);
}

static void hold(monitor *m, shi_ticket *ticket, bool abandoned) {
  ticket->monitor = m;
  ticket->depth = 1;
  ticket->abandoned = abandoned;
  m->holder = ticket;
}

// A monitor for a ticket, of an object that has none.
static sh_status take(sh_env *env, sh_id id, sh_type type, shi_ticket *ticket) {
  sh_heap *heap = env->heap;
  bool abandoned = false;
  monitor *m = shi_local_alloc(heap, sizeof *m);
  if (m == NULL || !shi_ids_reserve(heap, &heap->monitors.table)) {
    shi_local_free(m);
    return SH_E_HEAP_FULL;
  }
  sh_status status = mark(env, id, type, ticket->want.kind, &abandoned);
  if (status != SH_OK) {
    shi_local_free(m);
    return status;
  }
  m->node.id = id;
  shi_ids_add(&heap->monitors.table, &m->node);
  hold(m, ticket, abandoned);
  ticket->seen = true;
  return SH_OK;
}

// A thread that waits to change the object may do so when a task of its environment has the
// monitor.
static void tell_writers(const monitor *m) {
  const sh_env *env = m->holder->wait.env;
  for (shi_ticket *t = env->heap->monitors.blocked; t != NULL; t = t->other_blocked) {
    if (t->monitor == m && may_go_on(t)) {
      shi_port_tell(&t->wait);
    }
  }
}

// The ticket that holds a monitor leaves it: the first in the queue has it, or nobody.
static void pass_on(sh_env *env, shi_ticket *ticket, bool abandoned) {
  monitor *m = ticket->monitor;
  shi_ticket *next = m->first;
  // Whoever was to be told and never heard of it leaves that to the next.
  if (abandoned || (ticket->abandoned && !ticket->seen)) {
    mark_abandoned(env, m->node.id);
  }
  m->holder = NULL;
  if (next != NULL) {
    bool told = false;
    end_waiting(next);
    (void)mark(env, m->node.id, SH_TYPE_NONE, next->want.kind, &told);
    hold(m, next, told);
    shi_port_tell(&next->wait);
    tell_writers(m);
    return;
  }
  if (!m->ended) {
    unmark(env, m->node.id);
    shi_ids_remove(&env->heap->monitors.table, &m->node);
  }
  shi_local_free(m);
}

// Leaves a ticket for good, under the monitors' lock.
static void leave(sh_env *env, shi_ticket *ticket, bool abandoned) {
  if (ticket->waiting) {
    end_waiting(ticket);
  } else if (ticket->monitor != NULL) {
    // A change is done or not done: it leaves nothing half-way.
    pass_on(env, ticket, abandoned && ticket->seen && ticket->want.kind != SH_LOCK_WRITER);
  }
}

static shi_ticket *ticket_of(sh_env *env, uint32_t token) {
  return (shi_ticket *)shi_port_find(env, token, SHI_WAIT_TICKET);
}

static shi_ticket *new_ticket(sh_env *env, const sh_lock_want *want) {
  shi_ticket *ticket = shi_local_alloc(env->heap, sizeof *ticket);
  if (ticket == NULL) {
    return NULL;
  }
  ticket->want = *want;
  ticket->wait.kind = SHI_WAIT_TICKET;
  ticket->wait.blocks = want->kind != SH_LOCK_TASK;
  if (shi_port_add(env, &ticket->wait) != SH_OK) {
    shi_local_free(ticket);
    return NULL;
  }
  return ticket;
}

static void free_ticket(shi_ticket *ticket) {
  shi_port_remove(&ticket->wait);
  shi_local_free(ticket);
}

// Under the monitors' lock, of an object with a monitor.
static sh_status queue_up(monitor *m, shi_ticket *ticket, sh_lock_answer *answer) {
  begin_waiting(m, ticket);
  if (is_deadlock(ticket, answer)) {
    end_waiting(ticket);
    return SH_E_DEADLOCK;
  }
  return SH_OK;
}

static void answer_for(const shi_ticket *ticket, sh_lock_answer *answer) {
  const shi_ticket *holder = ticket->monitor->holder;
  answer->token = ticket->wait.token;
  answer->state = may_go_on(ticket) ? SH_LOCK_HOLDING : SH_LOCK_WAITING;
  answer->abandoned = !ticket->waiting && ticket->abandoned;
  answer->holder = holder->wait.env->label;
}

// Whether an environment's wish is met by the ticket that holds: a thread's by one of its own, a
// change by any.
static bool is_entered_again(const shi_ticket *holder, const sh_env *env, sh_lock_kind kind) {
  return holder->wait.env == env && kind != SH_LOCK_TASK &&
         (kind == SH_LOCK_WRITER || !is_task(holder));
}

sh_status sh_lock_enter(sh_env *env, sh_id id, sh_type type, const sh_lock_want *want,
                        sh_lock_answer *answer) {
  shi_monitors *monitors = &env->heap->monitors;
  sh_status status = sh_id_check(env, id, type, NULL);
  if (status != SH_OK) {
    return status;
  }
  shi_lock(&monitors->lock);
  monitor *m = find(env->heap, id);
  shi_ticket *ticket = NULL;
  if (m != NULL && is_entered_again(m->holder, env, want->kind)) {
    m->holder->depth++;
    answer_for(m->holder, answer);
    answer->abandoned = false; // the outer one was told
  } else if (m != NULL && want->only_free) {
    answer->state = SH_LOCK_REFUSED;
    answer->holder = m->holder->wait.env->label;
  } else if ((ticket = new_ticket(env, want)) == NULL) {
    status = SH_E_HEAP_FULL;
  } else {
    status = m == NULL ? take(env, id, type, ticket) : queue_up(m, ticket, answer);
    if (status == SH_OK) {
      answer_for(ticket, answer);
    } else {
      free_ticket(ticket);
    }
  }
  shi_unlock(&monitors->lock, false);
  return status;
}

sh_status sh_lock_look(sh_env *env, uint32_t token, sh_lock_answer *answer) {
  shi_ticket *ticket = ticket_of(env, token);
  if (ticket == NULL) {
    return SH_E_INVALID_ID;
  }
  sh_status status = SH_OK;
  shi_lock(&env->heap->monitors.lock);
  if (ticket->monitor == NULL) {
    status = SH_E_USE_AFTER_FREE;
  } else {
    answer_for(ticket, answer);
    ticket->seen = !ticket->waiting;
  }
  shi_unlock(&env->heap->monitors.lock, false);
  return status;
}

bool sh_lock_leave(sh_env *env, uint32_t token) {
  shi_ticket *ticket = ticket_of(env, token);
  if (ticket == NULL) {
    return false;
  }
  shi_lock(&env->heap->monitors.lock);
  bool last = ticket->waiting || ticket->depth <= 1;
  if (last) {
    leave(env, ticket, false);
  } else {
    ticket->depth--;
  }
  shi_unlock(&env->heap->monitors.lock, false);
  if (last) {
    free_ticket(ticket);
  }
  return true;
}

void sh_env_label(sh_env *env, uint32_t label) {
  shi_lock(&env->heap->monitors.lock);
  env->label = label;
  shi_unlock(&env->heap->monitors.lock, false);
}

const sh_env *shi_monitor_owner(sh_heap *heap, sh_id id) {
  shi_lock(&heap->monitors.lock);
  const monitor *m = find(heap, id);
  const sh_env *owner = m == NULL ? NULL : m->holder->wait.env;
  shi_unlock(&heap->monitors.lock, false);
  return owner;
}

void shi_monitor_end(sh_heap *heap, sh_id id) {
  shi_lock(&heap->monitors.lock);
  monitor *m = find(heap, id);
  if (m != NULL) {
    shi_ids_remove(&heap->monitors.table, &m->node);
    m->ended = true;
    while (m->first != NULL) {
      shi_ticket *ticket = m->first;
      end_waiting(ticket);
      ticket->monitor = NULL;
      shi_port_tell(&ticket->wait);
    }
  }
  shi_unlock(&heap->monitors.lock, false);
}

void shi_waits_close(sh_env *env) {
  sh_env_on_event(env, NULL, NULL); // its own tickets are handed on from one to the next
  for (uint32_t token = 1; token < env->port.room; token++) {
    sh_unwatch(env, token);
    shi_ticket *ticket = ticket_of(env, token);
    if (ticket != NULL) {
      shi_lock(&env->heap->monitors.lock);
      leave(env, ticket, true);
      shi_unlock(&env->heap->monitors.lock, false);
      free_ticket(ticket);
    }
  }
  shi_port_free(env);
}

void sh_waits_count(sh_env *env, sh_waits *out) {
  shi_monitors *monitors = &env->heap->monitors;
  *out = (sh_waits){.watched = shi_watches_count(env)};
  shi_lock(&monitors->lock);
  out->monitors = monitors->table.count;
  out->queued = monitors->queued;
  shi_unlock(&monitors->lock, false);
  for (uint32_t token = 1; token < env->port.room; token++) {
    out->own += env->port.places[token].wait != NULL ? 1 : 0;
  }
}

void shi_monitors_free(sh_heap *heap) { shi_ids_free(&heap->monitors.table); }
