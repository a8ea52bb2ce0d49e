// The slot table: ids, generations, claims, holds, types; and destruction.
//
// S1 a slot is in exactly one state: never used, free (global list, an environment's cache or a
//    purged page), alive (type != 0), dying (on a release worklist), in limbo, retired.
// S2 alive => claims + holds >= 1, except between the CAS to 0 and the lock that ends its life.
// S3 word0's generation only grows, by one at each death; a purged page's record remembers the
//    highest (layout.h), so it grows across purges too. At SH_GENERATION_MAX the slot is retired
//    instead.
// S4 number slots return to the numbers list only: a view store can hit no other type.
//
// Core lock order: see lock.h. Destruction takes one slot's lock at a time, with none held.
#ifndef SH_SLOT_H
#define SH_SLOT_H

#include "value.h"

// --- for the binding -----------------------------------------------------------------------

// What an id refers to, without throwing: SH_TYPE_NONE if it is not alive. *shape for a RECORD
// (may be NULL). O(1), takes the lock only for a RECORD's shape.
sh_type sh_id_type(sh_env *env, double id, uint32_t *shape);

// A number from JS as an id. INVALID_ID for anything but an integer below 2^52 whose index lies
// between SH_FIRST_INDEX and the length of the table. O(1).
sh_status sh_id_from_number(sh_env *env, double number, sh_id *out);

// Checks that the id is alive and of this type (SH_TYPE_NONE: of any); *actual (may be NULL) is its
// type. USE_AFTER_FREE, INVALID_ID, TYPE_MISMATCH.
sh_status sh_id_check(sh_env *env, sh_id id, sh_type type, sh_type *actual);

// One more claim. USE_AFTER_FREE, INVALID_ID, TOO_MANY, HEAP_FULL (see shi_claim_add).
sh_status sh_retain(sh_env *env, sh_id id);

// Gives one claim up; destroys the object with the last owner (release.c). NO_CLAIM if only
// containers hold it. O(1), plus the work of destroying all that goes with it.
sh_status sh_drop(sh_env *env, sh_id id);

// Claims and holds of an object, for diagnosis.
sh_status sh_id_counts(sh_env *env, sh_id id, uint32_t *claims, uint32_t *holds);

// Lists alive objects with index >= *index, up to `limit`; *index is where to go on (0: done).
// Not a snapshot.
void sh_walk(sh_env *env, uint32_t *index, uint32_t limit, sh_id *ids, uint32_t *count);

// --- inside the core -----------------------------------------------------------------------

// Makes a taken slot alive with one claim, payload already written; returns its id.
sh_id shi_slot_publish(sh_env *env, uint32_t index, sh_type type, uint32_t flags);

// The slot of an index known to be in the table.
shi_slot *shi_slot_at(const sh_heap *heap, uint32_t index);

// Locks the slot of an id after checking liveness and type (SH_TYPE_NONE: any). On success the
// core lock is held. USE_AFTER_FREE, INVALID_ID, TYPE_MISMATCH.
sh_status shi_slot_lock(sh_env *env, sh_id id, sh_type type, shi_slot **out);

// The same for an operation that will change the object: BUSY if another environment's monitor
// forbids it.
sh_status shi_slot_lock_write(sh_env *env, sh_id id, sh_type type, shi_slot **out);

// Current id of an alive slot kept alive by a hold.
sh_id shi_slot_id(const shi_slot *slot, uint32_t index);

// Count changes on an object that is kept alive by a hold or claim of the caller's (or by the lock
// of its container): no lock needed. TOO_MANY; HEAP_FULL if a scope (scope.h) has no room for the
// claim.
sh_status shi_claim_add(sh_env *env, shi_slot *slot, sh_id id);
sh_status shi_hold_copy(shi_slot *slot);
sh_status shi_claim_to_hold(shi_slot *slot);
sh_status shi_hold_to_claim(shi_slot *slot); // its reverse

// Takes a hold on the object of an id after checking liveness under its lock; with `move`, in
// exchange for one of its claims (NO_CLAIM if there is none).
sh_status shi_hold_add(sh_env *env, sh_id id, bool move, uint32_t *index, sh_type *type);

// Ends the life of an object whose counts have just reached 0, with its lock held: the id is dead
// from here on. Returns the type it had; the caller unlocks with `changed`.
sh_type shi_slot_kill(shi_slot *slot);

#endif
