/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_COMM_COMM_H
#define ZKG_COMM_COMM_H

/**
 * @file
 * Collectives of field elements and bytes, subgroups, tokens.
 *
 * A communicator is one rank alone (no MPI), or an MPI communicator.  Sums of
 * field elements are exact and canonical, so every rank holds the same bytes
 * afterwards, in any order of reduction.  "Collective": all ranks of the
 * communicator call it, in the same order, with the same n and root.
 *
 * Every function returns ZKG_ERR_COMM when MPI says so (one rank may see it
 * alone: end the job with zkg_comm_abort), ZKG_ERR_NOMEM without memory.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"
#include "zkgkr/comm.h"

/** v[i] = sum over ranks of v[i], on all ranks, in place.  Collective. */
ZKG_MUST_CHECK zkg_status zkg_comm_sum_fr(const zkg_comm *c, zkg_fr *v,
                                          size_t n);

/**
 * v's sum over ranks, dealt out: afterwards v[first[r] .. first[r+1]) has it on
 * rank r, and the rest of v is used up.  Collective.
 *
 * @param first size + 1 ascending offsets, equal on all ranks, first[0] = 0
 */
ZKG_MUST_CHECK zkg_status zkg_comm_scatter_sum_fr(const zkg_comm *c, zkg_fr *v,
                                                  const uint64_t *first);

/**
 * Every rank gets all of v; rank r brings [first[r], first[r+1]).  Collective.
 *
 * @param first size + 1 ascending offsets, equal on all ranks, first[0] = 0
 */
ZKG_MUST_CHECK zkg_status zkg_comm_allgather_fr(const zkg_comm *c, zkg_fr *v,
                                                const uint64_t *first);

/**
 * Every rank's bytes, on all ranks, one after the other.  Collective.
 *
 * @param[out] all  the bytes in rank order; free()
 * @param[out] lens one length a rank; free()
 */
ZKG_MUST_CHECK zkg_status zkg_comm_allgather_bytes(const zkg_comm *c,
                                                   const void *mine, size_t len,
                                                   uint8_t **all,
                                                   size_t **lens);

/** The same on root only; *all and *lens are NULL elsewhere.  Collective. */
ZKG_MUST_CHECK zkg_status zkg_comm_gather_bytes(const zkg_comm *c,
                                                const void *mine, size_t len,
                                                uint8_t **all, size_t **lens,
                                                uint32_t root);

/** root's bytes to all.  Collective. */
ZKG_MUST_CHECK zkg_status zkg_comm_broadcast(const zkg_comm *c, void *bytes,
                                             size_t len, uint32_t root);

/** *v = the least of all ranks' *v.  Takes no memory.  Collective. */
ZKG_MUST_CHECK zkg_status zkg_comm_min_u64(const zkg_comm *c, uint64_t *v);

/**
 * A communicator of some ranks of world.  Collective over those ranks only.
 *
 * @param[out] out   zkg_comm_free; its rank i is world rank ranks[i]
 * @param      ranks n distinct world ranks, the same list on each of them; the
 *                   caller is one of them
 * @param      tag   tells two groups that share ranks and are made at the same
 *                   time apart
 */
ZKG_MUST_CHECK zkg_status zkg_comm_subgroup(zkg_comm **out,
                                            const zkg_comm *world,
                                            const uint32_t *ranks, uint32_t n,
                                            uint32_t tag);

/** The ranks of c that are on this rank's host and can share memory, in c's
 *  order; zkg_comm_free it.  Collective over c. */
ZKG_MUST_CHECK zkg_status zkg_comm_host(zkg_comm **out, const zkg_comm *c);

/** Communicators made and freed by this rank, world included.  Not
 *  collective. */
void zkg_comm_counts(const zkg_comm *world, uint64_t *made, uint64_t *freed);

/** The MPI library and its version, cut to size bytes.  Not collective. */
void zkg_comm_library(char *out, size_t size);

/** What this rank spent so far in messages and waiting for others, in all
 *  communicators, and the bytes that it handed over there.  Not collective. */
void zkg_comm_traffic(const zkg_comm *world, double *seconds, uint64_t *bytes);

/**
 * Send a number to a rank of world; returns at once.  Not collective.  To
 * oneself is allowed.
 */
ZKG_MUST_CHECK zkg_status zkg_comm_send_token(zkg_comm *world, uint32_t dest,
                                              uint64_t value);

/** Wait for a token from any rank.  Not collective.
 *  @retval ZKG_ERR_INTERNAL one rank alone waits for a token nobody sent */
ZKG_MUST_CHECK zkg_status zkg_comm_recv_token(zkg_comm *world, uint64_t *value);

/**
 * Parcels: bytes that a rank of world sends another while both have other work
 * to do.  Two parcels from one rank arrive in the order in which they were
 * sent; their lengths are known to both sides.
 *
 * Send one; returns at once.
 *
 * @param bytes from zkg_alloc; freed when they have left, and on failure
 */
ZKG_MUST_CHECK zkg_status zkg_comm_send_parcel(zkg_comm *world, uint32_t dest,
                                               void *bytes, size_t len);

/** Has a parcel arrived, and from whom?  With wait: until one has. */
ZKG_MUST_CHECK zkg_status zkg_comm_next_parcel(zkg_comm *world, bool *found,
                                               uint32_t *source, bool wait);

/** Take the first parcel that source sent: exactly len bytes. */
ZKG_MUST_CHECK zkg_status zkg_comm_recv_parcel(zkg_comm *world, uint32_t source,
                                               void *bytes, size_t len);

/** Wait until all parcels that this rank sent have left. */
ZKG_MUST_CHECK zkg_status zkg_comm_flush_parcels(zkg_comm *world);

/**
 * A count that changes with every call of this rank that may wait for others,
 * on any communicator of the world; odd while it is inside one.  For a
 * watchdog: lock-free, may be read in a signal handler.  NULL: never waits.
 */
const atomic_uint *zkg_comm_pulse(const zkg_comm *world);

#endif
