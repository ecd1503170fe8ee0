/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_COMM_OPS_H
#define ZKG_COMM_OPS_H

/**
 * @file
 * What a kind of communicator implements; private to comm/.  Arguments are
 * those of comm.h, which has the meaning; ranks are checked before.
 */

#include "comm/comm.h"
#include "comm/desk.h"

typedef struct zkg_comm_ops {
    zkg_status (*sum_fr)(const zkg_comm *c, zkg_fr *v, size_t n);
    zkg_status (*scatter_sum_fr)(const zkg_comm *c, zkg_fr *v,
                                 const uint64_t *first);
    zkg_status (*allgather_fr)(const zkg_comm *c, zkg_fr *v,
                               const uint64_t *first);
    /* lens has one entry a rank; NULL root: to all */
    zkg_status (*gather_lens)(const zkg_comm *c, size_t len, size_t *lens);
    zkg_status (*gather_bytes)(const zkg_comm *c, const void *mine, size_t len,
                               uint8_t *all, const size_t *lens,
                               const uint32_t *root);
    zkg_status (*broadcast)(const zkg_comm *c, void *bytes, size_t len,
                            uint32_t root);
    zkg_status (*min_u64)(const zkg_comm *c, uint64_t *v);
    zkg_status (*subgroup)(zkg_comm **out, const zkg_comm *world,
                           const uint32_t *ranks, uint32_t n, uint32_t tag);
    zkg_status (*host)(zkg_comm **out, const zkg_comm *c);
    zkg_status (*send_token)(zkg_comm *world, uint32_t dest, uint64_t value);
    zkg_status (*recv_token)(zkg_comm *world, uint64_t *value);
    zkg_status (*send_parcel)(zkg_comm *world, uint32_t dest, void *bytes,
                              size_t len);
    zkg_status (*next_parcel)(zkg_comm *world, bool *found, uint32_t *source,
                              bool wait);
    zkg_status (*recv_parcel)(zkg_comm *world, uint32_t source, void *bytes,
                              size_t len);
    zkg_status (*flush_parcels)(zkg_comm *world);
    void (*abort)(const zkg_comm *c, int code);
    void (*free)(zkg_comm *c);
} zkg_comm_ops;

/** Communicators of this rank, its traffic, and its pulse. */
typedef struct zkg_comm_tally {
    uint64_t made, freed;
    double seconds, since; /* in messages and waiting; when a call began */
    uint64_t bytes;        /* handed over to be sent or summed */
    atomic_uint pulse;
} zkg_comm_tally;

/** The head of every communicator. */
struct zkg_comm {
    const zkg_comm_ops *ops;
    uint32_t rank, size;
    zkg_desk_group desk;   /**< of all its ranks, if they have one */
    zkg_comm_tally *tally; /**< the world's; NULL for zkg_comm_self() */
};

/** One rank alone, with a queue of tokens to itself; tally NULL: a world that
 *  counts for itself.  NULL without memory. */
zkg_comm *zkg_comm_alone_new(zkg_comm_tally *tally);

/** Start MPI. */
ZKG_MUST_CHECK zkg_status zkg_comm_mpi_init(zkg_comm **world, int *argc,
                                            char ***argv, zkg_error *err);

#endif
