// What the model knows of monitors, versions and watches, and their part of the random operations;
// see support_model_ops.h.
//
// Numbers and structs are stored to by JavaScript without the core's knowing, and as long as such a
// store may be under way a watch tells of a change too many rather than of one too few (watch.h):
// then the object is `loose`, and an event or a new version may come without a change.
#include "support_model_ops.h"

#include "monitor.h"
#include "watch.h"

static bool is_stored_to(const model_object *object) {
  return object->type == SH_TYPE_NUMBER || object->type == SH_TYPE_RECORD;
}

static model_object *object_of(model *m, const model_wait *wait) {
  model_object *object = &m->objects[wait->object];
  return object->id == wait->id && object->alive ? object : NULL;
}

static bool is_of(const model_wait *wait, const model *m, const model_object *object) {
  return wait->env != NULL && wait->object == model_index(m, object) && wait->id == object->id;
}

static model_wait *find_token(model_wait *waits, const sh_env *env, uint32_t token) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    if (waits[i].env == env && waits[i].token == token) {
      return &waits[i];
    }
  }
  return NULL;
}

static model_wait *find_object(model *m, model_wait *waits, const model_object *object) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    if (is_of(&waits[i], m, object)) {
      return &waits[i];
    }
  }
  return NULL;
}

static model_wait *free_place(model_wait *waits) {
  uint32_t at = 0;
  while (at < MODEL_WAITS && waits[at].env != NULL) {
    at++;
  }
  return at < MODEL_WAITS ? &waits[at] : NULL;
}

static model_wait *pick(model *m, model_wait *waits) {
  uint32_t at = model_below(m, MODEL_WAITS);
  for (uint32_t i = 0; i < MODEL_WAITS; i++, at = (at + 1) % MODEL_WAITS) {
    if (waits[at].env != NULL) {
      return &waits[at];
    }
  }
  return NULL;
}

sh_status model_writing(model *m, const model_object *object, sh_status expected) {
  const model_wait *holder = find_object(m, m->tickets, object);
  return expected == SH_OK && holder != NULL && holder->env != m->env ? SH_E_BUSY : expected;
}

static void tell(model *m, const model_object *object) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    model_wait *w = &m->watchers[i];
    w->told = w->told || is_of(w, m, object);
  }
}

void model_changed(model *m, model_object *object) {
  object->changed = true;
  object->loose = object->loose || (is_stored_to(object) && !object->settled);
  tell(m, object);
}

void model_ended(model *m, const model_object *object) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    model_wait *w = &m->watchers[i];
    if (is_of(w, m, object)) {
      w->told = true;
      w->loose = is_stored_to(object) && !object->settled;
    }
  }
}

// --- comparing -------------------------------------------------------------------------------

// Every event is of a watcher that has something to be told, and no other is left out.
static void compare_events(model *m, sh_env *env) {
  uint32_t tokens[2 * MODEL_WAITS];
  uint32_t count = sh_env_events(env, tokens, 2 * MODEL_WAITS);
  for (uint32_t i = 0; i < count; i++) {
    model_wait *w = find_token(m->watchers, env, tokens[i]);
    MODEL_CHECK(m, w != NULL);
    const model_object *object = object_of(m, w);
    MODEL_CHECK(m, w->told || w->loose || (object != NULL && object->loose));
    w->told = false;
  }
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    MODEL_CHECK(m, m->watchers[i].env != env || !m->watchers[i].told);
  }
}

// Asking for the version of a number or struct changes how it is stored to: not without need.
void model_compare_version(model *m, model_object *object) {
  uint32_t version = 0;
  if (!object->alive || (is_stored_to(object) && !object->versioned)) {
    return;
  }
  MODEL_CHECK(m, sh_version(m->env, object->id, object->type, &version) == SH_OK);
  if (object->versioned) {
    MODEL_CHECK(m, !object->changed || version != object->version);
    MODEL_CHECK(m, object->changed || object->loose || version == object->version);
  }
  object->version = version;
  object->versioned = true;
  object->changed = false;
  object->loose = object->loose && is_stored_to(object);
}

void model_compare_waits(model *m) {
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    compare_events(m, m->envs[i]);
  }
  if (m->target != NULL) {
    model_compare_version(m, m->target);
    m->target = NULL;
  }
}

// The words of an object's slot say whether there is a monitor, and a watcher for whom stores to a
// number or struct go through the core.
static void compare_words(model *m, const model_object *object) {
  shi_slot *slot = shi_slot_at(m->heap, (uint32_t)object->id);
  uint32_t word0 = atomic_load(&slot->word0);
  uint32_t lock = atomic_load(&slot->lock);
  bool held = find_object(m, m->tickets, object) != NULL;
  bool watched = find_object(m, m->watchers, object) != NULL;
  MODEL_CHECK(m, ((word0 & SH_FLAG_LOCKED) != 0) == held);
  MODEL_CHECK(m, ((lock & SH_LOCK_MONITOR) != 0) == held);
  MODEL_CHECK(m, ((word0 & SH_FLAG_WATCHED) != 0) == (watched && is_stored_to(object)));
  MODEL_CHECK(m, (lock & SH_LOCK_WATCHED) != 0 || !watched);
}

void model_compare_all_waits(model *m) {
  sh_waits waits;
  uint32_t own = 0;
  uint32_t held = 0;
  uint32_t watched = 0;
  sh_waits_count(m->env, &waits);
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    const model_wait *w = &m->watchers[i];
    own += m->tickets[i].env == m->env ? 1 : 0;
    own += w->env == m->env ? 1 : 0;
    held += m->tickets[i].env != NULL && object_of(m, &m->tickets[i]) != NULL ? 1 : 0;
    bool first = w->env != NULL;
    for (uint32_t j = 0; j < i; j++) {
      first = first && (m->watchers[j].env == NULL || m->watchers[j].id != w->id);
    }
    watched += first ? 1 : 0;
  }
  for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
    if (m->objects[i].alive) {
      compare_words(m, &m->objects[i]);
    }
  }
  MODEL_CHECK(m, waits.own == own && waits.monitors == held && waits.queued == 0);
  MODEL_CHECK(m, waits.watched >= watched && (m->alive > 0 || waits.watched == watched));
}

// --- operations ------------------------------------------------------------------------------

static void enter(model *m, model_object *object, sh_status expected) {
  sh_lock_want want = {.kind = (sh_lock_kind)model_below(m, 3), .only_free = true};
  sh_lock_answer answer = {.token = 0};
  model_wait *holder = object->alive ? find_object(m, m->tickets, object) : NULL;
  model_wait *place = free_place(m->tickets);
  if (place == NULL) {
    return;
  }
  sh_status status = sh_lock_enter(m->env, object->id, SH_TYPE_NONE, &want, &answer);
  if (!model_settle(m, status, expected)) {
    return;
  }
  bool again = holder != NULL && holder->env == m->env && want.kind != SH_LOCK_TASK &&
               (want.kind == SH_LOCK_WRITER || holder->kind != SH_LOCK_TASK);
  MODEL_CHECK(m, answer.state == (holder == NULL || again ? SH_LOCK_HOLDING : SH_LOCK_REFUSED));
  if (again) {
    MODEL_CHECK(m, answer.token == holder->token && !answer.abandoned);
    holder->depth++;
  } else if (holder == NULL) {
    bool told = want.kind != SH_LOCK_WRITER && object->abandoned;
    MODEL_CHECK(m, answer.abandoned == told && answer.token != SH_NO_TOKEN);
    MODEL_CHECK(m, find_token(m->tickets, m->env, answer.token) == NULL);
    MODEL_CHECK(m, find_token(m->watchers, m->env, answer.token) == NULL);
    object->abandoned = object->abandoned && !told;
    *place = (model_wait){.env = m->env,
                          .object = model_index(m, object),
                          .id = object->id,
                          .token = answer.token,
                          .kind = want.kind,
                          .depth = 1};
  }
}

static void leave(model *m, sh_env *env, uint32_t token) {
  model_wait *ticket = find_token(m->tickets, env, token);
  MODEL_CHECK(m, sh_lock_leave(env, token) == (ticket != NULL));
  if (ticket != NULL && --ticket->depth == 0) {
    ticket->env = NULL;
  }
}

static void look(model *m, sh_env *env, uint32_t token) {
  sh_lock_answer answer = {.token = 0};
  bool there = find_token(m->tickets, env, token) != NULL;
  MODEL_CHECK(m, sh_lock_look(env, token, &answer) == (there ? SH_OK : SH_E_INVALID_ID));
  MODEL_CHECK(m, !there || (answer.state == SH_LOCK_HOLDING && answer.token == token));
}

// A version that is asked for, or a watch, begins to follow stores anew if nobody did.
static void begin_following(model *m, model_object *object) {
  bool followed =
      find_object(m, m->watchers, object) != NULL || (is_stored_to(object) && object->versioned);
  if (!followed) {
    object->loose = false;
    object->settled = false;
  }
}

static void watch(model *m, model_object *object, sh_status expected) {
  uint32_t token = SH_NO_TOKEN;
  model_wait *place = free_place(m->watchers);
  if (place == NULL || !model_settle(m, sh_watch(m->env, object->id, false, &token), expected)) {
    return;
  }
  MODEL_CHECK(m, token != SH_NO_TOKEN && find_token(m->tickets, m->env, token) == NULL);
  MODEL_CHECK(m, find_token(m->watchers, m->env, token) == NULL);
  begin_following(m, object);
  *place = (model_wait){
      .env = m->env, .object = model_index(m, object), .id = object->id, .token = token};
}

static void unwatch(model *m, sh_env *env, uint32_t token) {
  model_wait *watcher = find_token(m->watchers, env, token);
  sh_unwatch(env, token);
  if (watcher != NULL) {
    watcher->env = NULL;
  }
}

// Once every environment has come by, no store can be under way.
static void settle(model *m, const model_wait *watcher) {
  model_object *object = object_of(m, watcher);
  for (uint32_t i = 0; i < MODEL_ENVS; i++) {
    sh_env_refresh(m->envs[i]);
  }
  MODEL_CHECK(m, sh_watch_settle(watcher->env, watcher->token));
  model_compare_waits(m);
  if (object != NULL) {
    model_compare_version(m, object);
    object->settled = true;
    object->loose = false;
  }
}

static void version(model *m, model_object *object, sh_status expected) {
  uint32_t number = 0;
  if (object->alive && object->versioned) {
    model_compare_version(m, object);
  } else if (model_settle(m, sh_version(m->env, object->id, SH_TYPE_NONE, &number), expected)) {
    begin_following(m, object);
    object->version = number;
    object->versioned = true;
    object->changed = false;
  }
}

void model_waits_op(model *m) {
  uint32_t choice = model_below(m, 12);
  bool alive = !model_chance(m, 3);
  sh_status expected = alive ? SH_OK : SH_E_USE_AFTER_FREE;
  bool forged = model_chance(m, 20);
  const model_wait *wait = forged ? NULL : pick(m, choice < 6 ? m->tickets : m->watchers);
  sh_env *env = wait != NULL ? wait->env : m->env;
  uint32_t token = wait != NULL ? wait->token : model_below(m, 40);
  model_object *object = model_pick(m, SH_TYPE_NONE, alive);
  m->op = "waits";
  if (choice == 0 && wait != NULL && object_of(m, wait) != NULL) {
    object = object_of(m, wait); // in again
    m->env = env;
  }
  if (object == NULL) {
    return;
  }
  if (choice < 3) {
    enter(m, object, object->alive ? SH_OK : SH_E_USE_AFTER_FREE);
  } else if (choice < 5) {
    leave(m, env, token);
  } else if (choice < 6) {
    look(m, env, token);
  } else if (choice < 9) {
    watch(m, object, expected);
  } else if (choice < 10) {
    unwatch(m, env, token);
  } else if (choice < 11 && wait != NULL) {
    settle(m, wait);
  } else if (choice == 11) {
    version(m, object, expected);
  }
}

void model_waits_closed(model *m, const sh_env *env) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    model_wait *ticket = &m->tickets[i];
    model_object *object = object_of(m, ticket);
    if (ticket->env == env) {
      if (object != NULL && ticket->kind != SH_LOCK_WRITER) {
        object->abandoned = true;
      }
      ticket->env = NULL;
    }
    if (m->watchers[i].env == env) {
      m->watchers[i].env = NULL;
    }
  }
}

void model_leave_all(model *m) {
  for (uint32_t i = 0; i < MODEL_WAITS; i++) {
    while (m->tickets[i].env != NULL) {
      leave(m, m->tickets[i].env, m->tickets[i].token);
    }
    if (m->watchers[i].env != NULL) {
      unwatch(m, m->watchers[i].env, m->watchers[i].token);
    }
  }
}
