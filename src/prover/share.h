/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_PROVER_SHARE_H
#define ZKG_PROVER_SHARE_H

/**
 * @file
 * The witness once per host: one rank of each host computes it, the others map
 * it.  Across hosts nothing travels: a witness is the same on every machine.
 */

#include "base/shared.h"
#include "comm/comm.h"
#include "graph/witness.h"

/** Computes a witness on this rank.  Not collective. */
typedef zkg_status (*zkg_witness_fn)(zkg_witness *out, void *user,
                                     zkg_error *err);

/**
 * Compute a witness on the first rank of each host and give it to that host's
 * others.  Where a rank cannot map another's memory, the ranks of its host
 * compute it each.  Collective over c.
 *
 * @param[out] out    zkg_witness_clear, before mem
 * @param[out] mem    what backs it; zkg_shared_clear
 * @param[in]  g      the same on all ranks
 * @param      make   all arrays that it leaves are of their tensors' shapes
 *
 * @return what the first rank that failed said, on all ranks
 */
ZKG_MUST_CHECK zkg_status zkg_witness_once_a_host(
    zkg_witness *out, zkg_shared *mem, const zkg_comm *c, const zkg_graph *g,
    zkg_witness_fn make, void *user, zkg_error *err);

#endif
