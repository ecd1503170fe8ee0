/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_COMM_DESK_H
#define ZKG_COMM_DESK_H

/**
 * @file
 * A desk: memory through which the ranks of one host hand field elements to
 * each other without a message; private to comm/.  Knows no MPI.
 *
 * Each rank of the host has a seat, and each ordered pair of seats a box that
 * the first alone writes and the second alone reads.  So any group of seats may
 * use the desk at any time, and all communicators of a host have the same one.
 *
 * A step of a group: each member puts one piece, maybe an empty one, into its
 * boxes for the others, then takes one piece from each of them.  So two seats
 * have always put as many pieces for each other; piece k = 1, 2, .. of a box
 * goes to its slot k mod 4, whose flag is k once it is there (put with release,
 * seen with acquire) and beside which it says how long it is.
 *
 * No piece is put over one that is still read.  Who puts piece k + 2 has taken
 * the other's piece k + 1, and that was put after the other had done with piece
 * k.  Two slots would be enough; with four, vectors take half as long
 * (docs/performance.md).
 *
 * Sums are exact and canonical, so they are the same bytes in any order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"
#include "zkgkr/status.h"

/** Seats of a desk, and ranks of a group, at most.  A rank writes to all others
 *  of its group: for many of them a tree of messages is shorter. */
#ifndef ZKG_DESK_SEATS
#define ZKG_DESK_SEATS 128
#endif
#define ZKG_DESK_GROUP 16

/** Elements of a sum or an array above which a message of MPI is as fast: it
 *  copies once. */
#define ZKG_DESK_LONGEST ((uint64_t)1 << 15)

typedef struct zkg_desk zkg_desk;

/** Called now and then: while a seat waits for another, and, waits false, by
 *  one that never has to. */
typedef zkg_status (*zkg_desk_idle_fn)(void *user, bool waits);

/** Bytes of a desk: less than 600 KiB a seat. */
size_t zkg_desk_bytes(uint32_t seats);

/**
 * Sit down.
 *
 * @param mem   zkg_desk_bytes(seats) that all seats share, at a multiple of 64,
 *              zeroed before the first sits down; not owned
 * @param seats 2 .. ZKG_DESK_SEATS
 * @param spins how often a flag is looked at before idle is called: 1 ..
 * @param waited gains the seconds that this seat waits for others; outlives the
 *              desk
 * @return      zkg_desk_free; NULL without memory
 */
zkg_desk *zkg_desk_new(unsigned char *mem, uint32_t seats, uint32_t seat,
                       uint32_t spins, double *waited, zkg_desk_idle_fn idle,
                       void *user);
void zkg_desk_free(zkg_desk *desk);

/** A communicator's ranks at a desk. */
typedef struct zkg_desk_group {
    zkg_desk *desk; /**< not owned; NULL: not all of them sit at one */
    uint32_t rank, size;
    uint32_t seat[ZKG_DESK_GROUP]; /**< of each rank; all differ */
} zkg_desk_group;

/** zkg_comm_sum_fr.  Collective over the group, as are those below.
 *  @return what idle said, if that was not ZKG_OK, or ZKG_ERR_COMM if another
 *          rank's call is not this one's: the desk is then of no use */
ZKG_MUST_CHECK zkg_status zkg_desk_sum(const zkg_desk_group *g, zkg_fr *v,
                                       size_t n);

/** zkg_comm_scatter_sum_fr. */
ZKG_MUST_CHECK zkg_status zkg_desk_scatter_sum(const zkg_desk_group *g,
                                               zkg_fr *v,
                                               const uint64_t *first);

/** zkg_comm_allgather_fr. */
ZKG_MUST_CHECK zkg_status zkg_desk_allgather(const zkg_desk_group *g, zkg_fr *v,
                                             const uint64_t *first);

#endif
