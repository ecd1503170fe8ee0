/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_BATCH_H
#define ZKGKR_PCS_BATCH_H

/**
 * @file
 * One opening for all claims  P_j~(z_j) = v_j  on committed tensors.
 *
 *     F_j = sum_c eq(z_j_hi, c) P_{j,c},    F_j~(z_j_lo) = v_j.
 *
 * After gamma, a sumcheck over k variables of
 *
 *     sum_x sum_j gamma^j eq(z_j_lo, x) F_j(x) = sum_j gamma^j v_j,
 *
 * degree 2, x_0 bound first, F_j of fewer than k variables extended by zeros
 * and z_j_lo padded by zeros, leaves g~(rho) = s for
 *
 *     g = sum_j c_j F_j,   c_j = gamma^j eq(z_j_lo, rho),
 *     [g] = sum_j sum_c c_j eq(z_j_hi, c) C_{j,c},
 *
 * which pcs/mercury.h or pcs/hyperkzg.h opens.  s is the claim that the
 * sumcheck leaves; it is not sent.  No claims, no messages.  docs/protocol.md,
 * section 8.
 *
 * Points, values and commitments are on the tape before either call: the root
 * absorbs them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/hooks.h"
#include "comm/comm.h"
#include "curve/g1.h"
#include "field/fr.h"
#include "pcs/srs.h"
#include "sumcheck/sumcheck.h"
#include "tape/tape.h"
#include "tensor/array.h"
#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

/** A claim on a committed tensor; nothing in it is owned. */
typedef struct zkg_open_claim {
    const zkg_array *array;   /**< the prover's; NULL to verify */
    const zkg_g1 *commitment; /**< chunks points; NULL to prove */
    uint64_t chunks;          /**< zkg_kzg_chunks(vars, k) */
    uint32_t vars;
    const zkg_fr *point; /**< vars coordinates, lowest first */
    zkg_fr value;
} zkg_open_claim;

/**
 * Prove all claims.  Collective over comm.  Folds and rounds are shared out by
 * columns: a rank reads its own of all chunks.  A round sums two scalars over
 * the ranks; then every rank gets g.  Every rank's tape holds the proof.
 *
 * @retval ZKG_ERR_INVALID a claim's shape does not fit k       (all ranks)
 * @retval ZKG_ERR_WITNESS a claim is false                     (all ranks)
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM end the job (one rank)
 */
ZKG_MUST_CHECK zkg_status zkg_batch_open(zkg_tape *tape, const zkg_comm *comm,
                                         const zkg_backend *backend,
                                         const zkg_srs *srs, zkg_pcs pcs,
                                         uint32_t k,
                                         const zkg_open_claim *claims,
                                         size_t count, const zkg_hooks *hooks);

/**
 * Replay the opening.  Not collective.
 *
 * @param         key       checked by zkg_srs_key_check
 * @param         cpu_flags see base/cpu.h
 * @param[in,out] verdict   on failure names the check: malformed, batch (a
 *                          degenerate challenge, a value equation) or pairing;
 *                          may be NULL
 * @retval ZKG_ERR_MALFORMED, ZKG_ERR_REJECT
 * @retval ZKG_ERR_INVALID a claim's shape does not fit the key's k
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_batch_verify(zkg_tape *tape,
                                           const zkg_srs_key *key,
                                           const zkg_open_claim *claims,
                                           size_t count, uint32_t cpu_flags,
                                           zkg_verdict *verdict);

/** The exact number of bytes that an opening of count claims appends. */
size_t zkg_batch_bytes(zkg_pcs pcs, uint32_t k, size_t count);

/* Shared by the two sides (batch_wire.c). */

/** Draw gamma; *claim = sum_j gamma^j v_j; power[j] = gamma^j. */
void zkg_batch_wire_start(zkg_tape *tape, zkg_fr *power, zkg_fr *claim,
                          const zkg_open_claim *claims, size_t count);

/** The sumcheck's shape for chunks of 2^k values. */
void zkg_batch_shape(zkg_sumcheck_shape *out, uint32_t k);

/** Whether vars and chunks of every claim fit each other and k. */
bool zkg_batch_shapes_fit(const zkg_open_claim *claims, size_t count,
                          uint32_t k);

/** weight = power * eq(z_lo padded by zeros, rho), rho of k coordinates. */
void zkg_batch_weight(zkg_fr *weight, const zkg_fr *power,
                      const zkg_open_claim *claim, const zkg_fr *rho,
                      uint32_t k);

#endif
