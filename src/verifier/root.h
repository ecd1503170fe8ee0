/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_VERIFIER_ROOT_H
#define ZKG_VERIFIER_ROOT_H

/**
 * @file
 * The root sequence: what prover and verifier do around the children.
 *
 *   begin     statement, fixed commitments, public tensors
 *   start     commitments of the private tensors; hardening; seed; alpha, beta
 *             of each table
 *   children  tasks in index order, then tables, each on a tape of its own
 *   finish    end states of all children, their claims, sums of fractions,
 *             and the list of claims that the batch opening shows
 *
 * Both sides call the functions of this file in this order; the tape says
 * which side it is.  docs/protocol.md, section 3.  The items, byte for byte:
 *
 *   PROTOCOL  "zkgkr gkr bn254"; then the version as u64
 *   FEATURES  u32 flags (1: development SRS), u32 PCS kind (1: HyperKZG,
 *             2: Mercury), u32 k
 *   SRS       the SRS digest (32 bytes)
 *   GRAPH     the graph digest (32 bytes)
 *   KEY       all fixed commitments, compressed, one item
 *   PUBLIC    an item a public tensor, in graph order, as the proof holds it
 *   COMMIT    a message a private tensor, in graph order: its chunks
 *   PADDING   |C| zero bytes; ratchet max(1000, 4 layers) times
 *   squeeze   the seed; then for each table challenges ALPHA, BETA
 *   CHILD     an item a child: its tape's state (64 bytes) at its end, behind
 *             its last message and challenge
 *   CLAIM     three items a claim: tensor id as u64; the point; the value
 *
 * Children in index order, tasks then tables; a table's tape begins with its
 * number among the tables.  A child's claims in the order in which its
 * relations made them, those on virtual tensors being gone.  The fractions
 * stand in the children's end states already.
 */

#include <stddef.h>
#include <stdint.h>

#include "curve/g1.h"
#include "graph/proof.h"
#include "graph/statement.h"
#include "pcs/batch.h"
#include "pcs/srs.h"
#include "relation/relation.h"
#include "tape/tape.h"
#include "tensor/array.h"
#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

#define ZKG_PROTOCOL_VERSION 1

/** Sizes that follow from the statement, k and the PCS kind alone. */
typedef struct zkg_root_layout {
    uint32_t children;       /**< tasks + tables */
    uint64_t *first_chunk;   /**< tensors+1: chunks of tensor t among those of
                                  its visibility start here; owned */
    uint64_t fixed_points;   /**< commitments in the key */
    uint64_t private_points; /**< commitments in the proof */
    size_t public_bytes;     /**< public tensors, unpadded */
    size_t commit_bytes;
    size_t *segment_bytes; /**< one a child; owned */
    size_t segments_bytes; /**< their sum */
    size_t claims;         /**< that the opening shows */
    size_t opening_bytes;
} zkg_root_layout;

/**
 * @param[out] out zkg_root_layout_clear
 * @retval ZKG_ERR_UNSUPPORTED sizes that this machine cannot hold
 */
ZKG_MUST_CHECK zkg_status zkg_root_layout_init(zkg_root_layout *out,
                                               const zkg_statement *st,
                                               const zkg_srs_key *srs,
                                               zkg_error *err);
void zkg_root_layout_clear(zkg_root_layout *layout);

/** The parts of a proof file. */
void zkg_root_proof_sizes(zkg_proof_sizes *out, const zkg_root_layout *layout);

/** What start leaves for the children. */
typedef struct zkg_root_seed {
    uint8_t seed[64];
    zkg_lookup_challenges *challenge; /**< one a table; owned */
} zkg_root_seed;

/**
 * The sequence up to what the private tensors change: it may be done before
 * there is any commitment.
 *
 * @param[in,out] tape   just begun
 * @param[in]     fixed  layout->fixed_points points
 * @param[in]     arrays one a tensor; the public ones are read
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status
zkg_root_begin(zkg_tape *tape, const zkg_statement *st, const zkg_srs_key *srs,
               const zkg_root_layout *layout, const zkg_g1 *fixed,
               const zkg_array *const *arrays, zkg_error *err);

/**
 * The sequence from there up to the seed.
 *
 * @param[out]    out         zkg_root_seed_clear
 * @param[in,out] commitments layout->private_points; proving: in; verifying:
 *                            out, decompressed and on the curve
 * @retval ZKG_ERR_MALFORMED  a commitment is no point
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_root_start(zkg_root_seed *out, zkg_tape *tape,
                                         const zkg_statement *st, uint32_t k,
                                         const zkg_root_layout *layout,
                                         zkg_g1 *commitments, zkg_error *err);
void zkg_root_seed_clear(zkg_root_seed *seed);

/** Begin the tape of child c; bytes as in zkg_tape_init_child. */
void zkg_root_child_tape(zkg_tape *child, const zkg_root_seed *seed,
                         const zkg_statement *st, uint32_t c,
                         const uint8_t *bytes, size_t len);

/** How a child ended. */
typedef struct zkg_child_end {
    uint8_t state[64];
    zkg_claim *claim;
    size_t claims;
    zkg_fraction *fraction;
    uint32_t fractions;
} zkg_child_end;

/**
 * The sequence from the children's ends to the opening: absorbs, checks the
 * fractions, and lists what is to be opened.
 *
 * @param[in]  ends        one a child; outlive *claims
 * @param[in]  arrays      prover: one a tensor; verifier: NULL
 * @param[in]  fixed, commitments verifier: points; prover: NULL
 * @param[out] claims      *count entries; zkg_free
 * @param      verdict     NULL: a cheating prover, fractions are not checked
 * @retval ZKG_ERR_REJECT  verdict says which check failed: lookup_zero,
 *                         lookup_sum or ledger
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_root_finish(
    zkg_open_claim **claims, size_t *count, zkg_tape *tape,
    const zkg_statement *st, const zkg_root_layout *layout, uint32_t k,
    const zkg_child_end *ends, const zkg_array *const *arrays,
    const zkg_g1 *fixed, const zkg_g1 *commitments, zkg_verdict *verdict,
    zkg_error *err);

#endif
