/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_ARENA_H
#define ZKGKR_BASE_ARENA_H

/**
 * @file
 * An arena: one block of memory, taken from upward and given back downward, so
 * that what one table leaves the next one finds in the caches, and its pages
 * are cleared by the kernel once.
 *
 *   mark = a->used;  p = zkg_arena_take(a, n);  ..  zkg_arena_release(a, mark);
 *
 * Memory is neither zeroed nor touched before its user does so.  Under
 * AddressSanitizer what is not taken is poisoned.
 */

#include <stdbool.h>
#include <stddef.h>

#include "zkgkr/status.h"

/** Everything taken lies at multiples of this. */
#define ZKG_ARENA_ALIGN ((size_t)64)

/** Zeroed: an arena of nothing. */
typedef struct zkg_arena {
    unsigned char *memory; /**< owned, unless it is a part of another */
    size_t bytes, used;
    size_t most; /**< that was ever taken at a time, parts as a whole */
    bool is_part;
} zkg_arena;

/** bytes, rounded up as zkg_arena_take() does; SIZE_MAX stays. */
size_t zkg_arena_round(size_t bytes);

/** Make an arena of which nothing is taken at least this large.
 *  @retval ZKG_ERR_NOMEM    or more is asked of a part than it has
 *  @retval ZKG_ERR_INTERNAL something is taken: it stays where it is */
ZKG_MUST_CHECK zkg_status zkg_arena_reserve(zkg_arena *a, size_t bytes);

/** NULL: less than that is left. */
ZKG_MUST_CHECK void *zkg_arena_take(zkg_arena *a, size_t bytes);

/** Take bytes as an arena of its own, which needs no clearing.
 *  @retval ZKG_ERR_NOMEM less than that is left */
ZKG_MUST_CHECK zkg_status zkg_arena_part(zkg_arena *part, zkg_arena *from,
                                         size_t bytes);

/** Give back all that was taken since used was mark. */
void zkg_arena_release(zkg_arena *a, size_t mark);

/** Free; a zeroed struct is allowed. */
void zkg_arena_clear(zkg_arena *a);

#endif
