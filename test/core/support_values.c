#include "support.h"

#include <stdio.h>
#include <string.h>

// --- statuses and numbers --------------------------------------------------------------------

void check_status(sh_status actual, sh_status expected, const char *call, const char *file,
                  int line) {
  if (actual != expected) {
    print_error("%s\n  gave %s, expected %s\n", call, sh_status_code(actual),
                sh_status_code(expected));
    _fail(file, line);
  }
}

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

void check_bits(double actual, double expected, const char *file, int line) {
  if (bits_of(actual) != bits_of(expected)) {
    print_error("%.17g (%016llx) is not %.17g (%016llx)\n", actual,
                (unsigned long long)bits_of(actual), expected,
                (unsigned long long)bits_of(expected));
    _fail(file, line);
  }
}

void check_at_most(uint64_t a, uint64_t b, const char *what, const char *file, int line) {
  if (a > b) {
    print_error("not %s: %llu, %llu\n", what, (unsigned long long)a, (unsigned long long)b);
    _fail(file, line);
  }
}

// --- verify ----------------------------------------------------------------------------------

typedef struct reports {
  const char *wanted;
  bool seen;
  int printed;
  char text[2000];
} reports;

static void collect(void *arg, const char *problem) {
  reports *r = arg;
  r->seen = r->seen || (r->wanted != NULL && strstr(problem, r->wanted) != NULL);
  if (r->printed++ < 12) {
    size_t used = strlen(r->text);
    (void)snprintf(r->text + used, sizeof r->text - used, "  %s\n", problem);
  }
}

void check_clean(sh_env *env, const char *file, int line) {
  reports r = {.wanted = NULL};
  sh_verify_result result;
  check_status(sh_heap_verify(env, collect, &r, &result), SH_OK, "verify", file, line);
  if (result.problems != 0 || !result.quiescent) {
    print_error("verify: %llu problems, expected 0; quiescent %d, expected 1\n%s",
                (unsigned long long)result.problems, result.quiescent, r.text);
    _fail(file, line);
  }
}

void check_reported(sh_env *env, const char *text, const char *file, int line) {
  reports r = {.wanted = text};
  sh_verify_result result;
  check_status(sh_heap_verify(env, collect, &r, &result), SH_OK, "verify", file, line);
  if (!r.seen || result.problems == 0) {
    print_error("verify did not report '%s' but (%llu):\n%s", text,
                (unsigned long long)result.problems, r.text);
    _fail(file, line);
  }
}

// --- values ----------------------------------------------------------------------------------

sh_value v_undefined(void) { return (sh_value){.kind = SH_KIND_UNDEFINED}; }

sh_value v_null(void) { return (sh_value){.kind = SH_KIND_NULL}; }

sh_value v_boolean(bool boolean) { return (sh_value){.kind = SH_KIND_BOOLEAN, .boolean = boolean}; }

sh_value v_number(double number) { return (sh_value){.kind = SH_KIND_NUMBER, .number = number}; }

sh_value v_text(const char *text) {
  return (sh_value){.kind = SH_KIND_STRING, .length = (uint32_t)strlen(text), .chars = text};
}

sh_value v_latin1(const uint8_t *chars, uint32_t length) {
  return (sh_value){.kind = SH_KIND_STRING, .length = length, .chars = chars};
}

sh_value v_wide(const uint16_t *units, uint32_t length) {
  return (sh_value){.kind = SH_KIND_STRING, .wide = true, .length = length, .chars = units};
}

sh_value v_bigint(const uint64_t *digits, uint32_t length, bool negative) {
  return (sh_value){
      .kind = SH_KIND_BIGINT, .negative = negative, .length = length, .digits = digits};
}

sh_value v_ref(sh_id id) { return (sh_value){.kind = SH_KIND_REF, .id = id}; }

sh_value v_move(sh_id id) { return (sh_value){.kind = SH_KIND_REF, .id = id, .move = true}; }

static uint32_t unit_at(const sh_value *text, uint32_t i) {
  return text->wide ? ((const uint16_t *)text->chars)[i] : ((const uint8_t *)text->chars)[i];
}

static bool same_text(const sh_value *a, const sh_value *b) {
  bool wide = false;
  if (a->length != b->length) {
    return false;
  }
  for (uint32_t i = 0; i < a->length; i++) {
    if (unit_at(a, i) != unit_at(b, i)) {
      return false;
    }
    wide = wide || unit_at(a, i) > 255;
  }
  return a->wide == wide;
}

static bool same_value(const sh_value *a, const sh_value *b) {
  if (a->kind != b->kind) {
    return false;
  }
  switch ((sh_kind)a->kind) {
  case SH_KIND_BOOLEAN:
    return a->boolean == b->boolean;
  case SH_KIND_NUMBER:
    return bits_of(a->number) == bits_of(b->number);
  case SH_KIND_STRING:
    return same_text(a, b);
  case SH_KIND_BIGINT:
    return a->length == b->length && a->negative == b->negative &&
           (a->length == 0 || memcmp(a->digits, b->digits, (size_t)a->length * 8) == 0);
  case SH_KIND_REF:
    return a->id == b->id;
  case SH_KIND_UNDEFINED:
  case SH_KIND_NULL:
    break;
  }
  return true;
}

static void show(const sh_value *value, char *to, size_t room) {
  static const char *const kinds[] = {"undefined", "null",   "boolean", "number",
                                      "string",    "bigint", "ref"};
  size_t used = (size_t)snprintf(to, room, "%s", kinds[value->kind]);
  if (value->kind == SH_KIND_BOOLEAN) {
    (void)snprintf(to + used, room - used, " %d", value->boolean);
  } else if (value->kind == SH_KIND_NUMBER) {
    (void)snprintf(to + used, room - used, " %.17g", value->number);
  } else if (value->kind == SH_KIND_REF) {
    (void)snprintf(to + used, room - used, " %llu", (unsigned long long)value->id);
  } else if (value->kind == SH_KIND_STRING || value->kind == SH_KIND_BIGINT) {
    used +=
        (size_t)snprintf(to + used, room - used, " length %u wide %d negative %d:", value->length,
                         value->wide, value->negative);
    for (uint32_t i = 0; i < value->length && i < 12 && value->kind == SH_KIND_STRING; i++) {
      used += (size_t)snprintf(to + used, room - used, " %x", unit_at(value, i));
    }
  }
}

void check_value(sh_value actual, sh_value expected, const char *file, int line) {
  if (!same_value(&actual, &expected)) {
    char a[200];
    char b[200];
    show(&actual, a, sizeof a);
    show(&expected, b, sizeof b);
    print_error("%s\n  is not\n%s\n", a, b);
    _fail(file, line);
  }
}

void unpin(fixture *f, const sh_value *value) {
  if (value->pin != 0) {
    sh_unpin(f->heap, value->pin);
  }
}
