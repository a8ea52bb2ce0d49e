// The core's door, as C++ sees it.
//
// The core's headers are C11 and declare what is stored in the region with _Atomic, which g++ does
// not know. The binding touches no such struct, it only needs the declarations to parse: here, and
// nowhere else, the qualifier is left out. <stdatomic.h> comes first: clang's needs the real one;
// and <atomic> before it, whose functions it would make macros of.
#ifndef SHB_CORE_H
#define SHB_CORE_H

#include <atomic>
#include <stdatomic.h>

#define _Atomic // NOLINT(bugprone-reserved-identifier)
extern "C" {
#include "../core/bytes.h"
#include "../core/error.h"
#include "../core/heap.h"
#include "../core/inspect.h"
#include "../core/map.h"
#include "../core/monitor.h"
#include "../core/names.h"
#include "../core/number.h"
#include "../core/port.h"
#include "../core/queue.h"
#include "../core/record.h"
#include "../core/scope.h"
#include "../core/slot.h"
#include "../core/stats.h"
#include "../core/str.h"
#include "../core/trace.h"
#include "../core/vector.h"
#include "../core/verify.h"
#include "../core/watch.h"
}
#undef _Atomic

#endif
