// What the core's test programs share: a heap for each test that must be empty again at its end,
// values in and out, a fingerprint of everything a heap holds, and the sweep of refused
// allocations.
//
// Every check prints both values. Assertions jump out of the test, so only the test's own thread
// may use them: other threads report through their arguments.
#ifndef SH_TEST_SUPPORT_H
#define SH_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc.h"
#include "bytes.h"
#include "epoch.h"
#include "heap.h"
#include "lock.h"
#include "map.h"
#include "map_table.h"
#include "names.h"
#include "number.h"
#include "queue.h"
#include "record.h"
#include "shape.h"
#include "slot.h"
#include "slot_lock.h"
#include "state.h"
#include "stats.h"
#include "str.h"
#include "text.h"
#include "value.h"
#include "vector.h"
#include "verify.h"

#define MIB (UINT64_C(1) << 20)

typedef struct fixture {
  sh_heap *heap;
  sh_env *env;
  sh_stats start;
} fixture;

// A heap of 64 MiB (small: 16 MiB, big: 1 GiB) with one environment. At the end the test's objects
// are dropped, and what stays, or what verify finds, fails the test.
int open_fixture(void **state);
int open_small(void **state);
int open_big(void **state);
int close_fixture(void **state);

#define unit(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
#define unit_small(test) cmocka_unit_test_setup_teardown(test, open_small, close_fixture)
#define unit_big(test) cmocka_unit_test_setup_teardown(test, open_big, close_fixture)

// Gives up every claim of every object and forgets all names; shapes stay.
void drop_everything(fixture *f);

sh_stats stats_of(fixture *f);

// --- statuses ------------------------------------------------------------------------------

void check_status(sh_status actual, sh_status expected, const char *call, const char *file,
                  int line);
#define assert_status(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)
#define assert_ok(call) assert_status(call, SH_OK)

// Exact equality of doubles, bit by bit.
void check_bits(double actual, double expected, const char *file, int line);
#define assert_number(actual, expected) check_bits((actual), (expected), __FILE__, __LINE__)

// a <= b, both printed.
void check_at_most(uint64_t a, uint64_t b, const char *what, const char *file, int line);
#define assert_at_most(a, b) check_at_most((a), (b), #a " <= " #b, __FILE__, __LINE__)

// --- verify --------------------------------------------------------------------------------

// Nothing wrong, and the sums were checked too.
void check_clean(sh_env *env, const char *file, int line);
#define assert_clean(env) check_clean((env), __FILE__, __LINE__)

// Some report contains the text.
void check_reported(sh_env *env, const char *text, const char *file, int line);
#define assert_reported(env, text) check_reported((env), (text), __FILE__, __LINE__)

// --- values --------------------------------------------------------------------------------

sh_value v_undefined(void);
sh_value v_null(void);
sh_value v_boolean(bool boolean);
sh_value v_number(double number);
sh_value v_text(const char *text); // latin1, to its NUL
sh_value v_latin1(const uint8_t *chars, uint32_t length);
sh_value v_wide(const uint16_t *units, uint32_t length);
sh_value v_bigint(const uint64_t *digits, uint32_t length, bool negative);
sh_value v_ref(sh_id id);
sh_value v_move(sh_id id);

// Same kind and contents. A text that came out must be in canonical width.
void check_value(sh_value actual, sh_value expected, const char *file, int line);
#define assert_value(actual, expected) check_value((actual), (expected), __FILE__, __LINE__)

// Gives a value's pin back.
void unpin(fixture *f, const sh_value *value);

// --- objects -------------------------------------------------------------------------------

sh_id new_string(fixture *f, const char *text);
sh_id new_number(fixture *f, double number);
sh_id new_map(fixture *f);
sh_id new_vector(fixture *f);
sh_id new_bytes(fixture *f, uint64_t length);
sh_id new_queue(fixture *f, uint32_t capacity);
// A record of a shape with one `any` field, `inner` in it.
sh_id new_box(fixture *f, sh_value inner);

void map_set(fixture *f, sh_id map, sh_value key, sh_value value);
sh_value map_get(fixture *f, sh_id map, sh_value key); // undefined if absent
uint32_t map_size(fixture *f, sh_id map);
void vector_push(fixture *f, sh_id vector, sh_value value);
uint32_t vector_length(fixture *f, sh_id vector);
void queue_push(fixture *f, sh_id queue, sh_value value); // there must be room
sh_value queue_pop(fixture *f, sh_id queue);              // there must be a value

void check_counts(fixture *f, sh_id id, uint32_t claims, uint32_t holds, const char *file,
                  int line);
#define assert_counts(f, id, claims, holds)                                                        \
  check_counts((f), (id), (claims), (holds), __FILE__, __LINE__)

shi_slot *slot_of(fixture *f, sh_id id);

// --- refusals ------------------------------------------------------------------------------

// A number that changes with anything that can be seen of the heap: ids, counts, versions,
// contents, live and pinned bytes.
uint64_t fingerprint(fixture *f);

// Runs `op` with the first, second, ... allocation refused until it succeeds: each refusal must
// say HEAP_FULL, change nothing and leave a clean heap. Fails unless `least` or more refusals
// were seen.
typedef sh_status (*sweep_op)(fixture *f, void *arg);
void check_sweep(fixture *f, void (*fail_after)(sh_heap *heap, int64_t n), sweep_op op, void *arg,
                 int least, const char *file, int line);
#define assert_sweep(f, op, arg, least)                                                            \
  check_sweep((f), sh_test_fail_after, (op), (arg), (least), __FILE__, __LINE__)
// The same with memory of the process.
#define assert_local_sweep(f, op, arg, least)                                                      \
  check_sweep((f), sh_test_fail_local_after, (op), (arg), (least), __FILE__, __LINE__)

// One object of each type, for tables of operations; the map and the vector hold 40 numbers.
typedef struct object_set {
  sh_id string;
  sh_id number;
  sh_id map;
  sh_id vector;
  sh_id record; // text, number, any
  sh_id bytes;
  uint32_t shape;
} object_set;

object_set object_set_new(fixture *f);

// Gives up what an operation has returned, if it has succeeded.
sh_status give_up(fixture *f, sh_status status, const sh_value *value);

// Takes every free slot of a kind out of reach, so that a new object is refused; gives them back.
typedef struct drained {
  uint32_t *indices;
  uint32_t count;
  uint64_t limit;
  bool number;
} drained;
drained drain_slots(fixture *f, bool number);
void refill_slots(fixture *f, drained *d);

// --- the rest ------------------------------------------------------------------------------

// A fixed sequence of pseudo-random numbers (xorshift64*), printed seeds not needed.
uint64_t next_random(uint64_t *state);

uint64_t now_ms(void);

#endif
