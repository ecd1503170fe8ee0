/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BASE_POOL_H
#define ZKG_BASE_POOL_H

/**
 * @file
 * Blocks side by side in pieces: many blocks that are each filled once, and go
 * about in the order in which they came.  The pages of a piece are made
 * resident by one call: the faults of one after the other would take as long as
 * what is computed there.  They are no huge pages: where a virtual machine
 * gives free memory back to its host, these have to be fetched again
 * (docs/performance.md, Circuits).
 *
 * A block below ZKG_POOL_LEAST, or of 2 MiB and more, has memory of its own.
 * The others share pieces: a new one has room for eight of the block that asks
 * for it, and at least 2 MiB.  So what ends of pieces waste is less than an
 * eighth of all pieces.
 */

#include <stddef.h>

/** Blocks of fewer bytes are alone. */
#define ZKG_POOL_LEAST ((size_t)64 << 10)

/** Zeroed: empty.  Not to be freed, once every block was given back. */
typedef struct zkg_pool {
    struct zkg_pool_piece *newest;
} zkg_pool;

/** A block at a multiple of 64, not zeroed; NULL without memory. */
void *zkg_pool_take(zkg_pool *pool, size_t bytes);

/** Give a block back, in any order; a piece of which all are is freed.  NULL is
 *  allowed. */
void zkg_pool_give(zkg_pool *pool, void *block);

/** Bytes that a block takes at most, on the average over a pool. */
double zkg_pool_bytes(double bytes);

/** Bytes that a pool takes beside that, where its largest block in a piece has
 *  so many: the piece that is not full. */
double zkg_pool_slack(double bytes);

#endif
