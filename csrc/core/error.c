#include "error.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
  const char *code;
  const char *text;
  char cls;
} statuses[SH_STATUS_COUNT] = {
#define STATUS_CLASS_S 'S'
#define STATUS_CLASS_T 'T'
#define STATUS_CLASS_R 'R'
#define STATUS_ROW(name, code, cls, text) {code, text, STATUS_CLASS_##cls},
    SH_STATUS_MAP(STATUS_ROW)};

static unsigned row(sh_status status) {
  return (unsigned)status < SH_STATUS_COUNT ? (unsigned)status : (unsigned)SH_E_CORRUPT;
}

const char *sh_status_code(sh_status status) { return statuses[row(status)].code; }

const char *sh_status_text(sh_status status) { return statuses[row(status)].text; }

char sh_status_class(sh_status status) { return statuses[row(status)].cls; }

void shi_corrupt(const char *what, const char *file, int line) {
  (void)fprintf(stderr, "shared-heap: broken invariant: %s (%s:%d)\n", what, file, line);
  abort();
}
