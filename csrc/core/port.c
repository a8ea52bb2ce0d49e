#include "port.h"

#include "alloc.h"
#include "lock.h"
#include "platform.h"
#include "state.h"

#include <string.h>

#define FIRST_ROOM 16u
// Rounds of looking at the bell before going to sleep: waking a thread takes longer than most
// waits for one that is running.
#define SPINS 400u

void sh_env_on_event(sh_env *env, void (*signal)(void *arg), void *arg) {
  shi_port *port = &env->port;
  shi_lock(&port->lock);
  port->signal = signal;
  port->signal_arg = arg;
  port->signalled = false;
  if (signal != NULL && port->first != NULL) {
    port->signalled = true;
    signal(arg);
  }
  shi_unlock(&port->lock, false);
}

static void unlink_posted(shi_port *port, shi_wait *wait) {
  *(wait->previous == NULL ? &port->first : &wait->previous->next) = wait->next;
  *(wait->next == NULL ? &port->last : &wait->next->previous) = wait->previous;
  wait->posted = false;
}

uint32_t sh_env_events(sh_env *env, uint32_t *tokens, uint32_t room) {
  shi_port *port = &env->port;
  uint32_t count = 0;
  shi_lock(&port->lock);
  while (count < room && port->first != NULL) {
    tokens[count++] = port->first->token;
    unlink_posted(port, port->first);
  }
  if (count < room) {
    port->signalled = false;
  }
  shi_unlock(&port->lock, false);
  return count;
}

void sh_env_park(sh_env *env, uint32_t ms) {
  _Atomic uint32_t *bell = &env->port.bell;
  uint32_t silent = SHI_SILENT;
  for (unsigned i = 0; i < SPINS && atomic_load_explicit(bell, memory_order_relaxed) == silent;
       i++) {
    shi_cpu_pause();
  }
  if (ms > 0 && atomic_compare_exchange_strong_explicit(
                    bell, &silent, SHI_SLEEPING, memory_order_acq_rel, memory_order_acquire)) {
    shi_os_wait(bell, SHI_SLEEPING, ms < SH_PARK_MS ? ms : SH_PARK_MS);
  }
  atomic_exchange_explicit(bell, SHI_SILENT, memory_order_acq_rel);
}

static bool grow(sh_env *env) {
  shi_port *port = &env->port;
  uint32_t room = port->room == 0 ? FIRST_ROOM : port->room * 2;
  shi_place *places = shi_local_alloc(env->heap, room * sizeof *places);
  if (places == NULL) {
    return false;
  }
  if (port->room > 0) {
    memcpy(places, port->places, port->room * sizeof *places);
  }
  for (uint32_t i = room - 1; i >= (port->room == 0 ? 1 : port->room); i--) {
    places[i].next_free = port->free;
    port->free = i;
  }
  shi_local_free(port->places);
  port->places = places;
  port->room = room;
  return true;
}

sh_status shi_port_add(sh_env *env, shi_wait *wait) {
  shi_port *port = &env->port;
  if (port->free == SH_NO_TOKEN && !grow(env)) {
    return SH_E_HEAP_FULL;
  }
  wait->env = env;
  wait->token = port->free;
  port->free = port->places[wait->token].next_free;
  port->places[wait->token].wait = wait;
  return SH_OK;
}

shi_wait *shi_port_find(sh_env *env, uint32_t token, shi_wait_kind kind) {
  const shi_port *port = &env->port;
  shi_wait *wait = token < port->room ? port->places[token].wait : NULL;
  return wait != NULL && wait->kind == kind ? wait : NULL;
}

void shi_port_remove(shi_wait *wait) {
  shi_port *port = &wait->env->port;
  shi_lock(&port->lock);
  if (wait->posted) {
    unlink_posted(port, wait);
  }
  shi_unlock(&port->lock, false);
  port->places[wait->token] = (shi_place){.next_free = port->free};
  port->free = wait->token;
}

void shi_port_tell(shi_wait *wait) {
  shi_port *port = &wait->env->port;
  if (wait->blocks) {
    if (atomic_exchange_explicit(&port->bell, SHI_RUNG, memory_order_acq_rel) == SHI_SLEEPING) {
      shi_os_wake_one(&port->bell);
    }
    return;
  }
  shi_lock(&port->lock);
  if (!wait->posted) {
    wait->posted = true;
    wait->previous = port->last;
    wait->next = NULL;
    *(port->last == NULL ? &port->first : &port->last->next) = wait;
    port->last = wait;
    if (!port->signalled && port->signal != NULL) {
      port->signalled = true;
      port->signal(port->signal_arg);
    }
  }
  shi_unlock(&port->lock, false);
}

void shi_port_free(sh_env *env) {
  shi_local_free(env->port.places);
  env->port = (shi_port){0};
}
