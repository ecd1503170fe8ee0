/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUMCHECK_SUMCHECK_H
#define ZKG_SUMCHECK_SUMCHECK_H

/**
 * @file
 * Sumcheck of a sum of products of tables (docs/protocol.md 2b).
 *
 *   sum over x in {0,1}^n of  E(x) * sum_j coeff_j f_j(x)  =  claim
 *
 * E(x) = prod over t >= eq_from of (u_t x_t + (1 - u_t)(1 - x_t)); f_j is
 * a product (zkg_form_kind) of multilinear tables of n_j <= n variables, the
 * lowest, extended to n.  A run reduces the claim to the f_j's tables at one
 * random point; nothing is proved before the caller discharges these.  Their
 * values are NOT sent: the caller wires them and holds them to the claim left
 * over,
 *
 *   claim = sum_j coeff_j f_j(point)           (E of the point left out).
 *
 * x_0 is the lowest index bit and is bound first.  Round t sends degree[t]
 * elements: p(0), p(2), .., p(d) where x_t carries no eq, p(1) being the claim
 * less p(0); where it does, for q with p = eq q: q(1) - q(0), then q's
 * coefficients of X^2 .. X^d, q(0) being the claim less u_t (q(1) - q(0))
 * (Gruen, ePrint 2024/108).
 *
 * Neither slices, nor ranks, nor the backend change a byte of the proof.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"
#include "poly/eq.h"
#include "tape/tape.h"
#include "zkgkr/status.h"

#define ZKG_SUMCHECK_MAX_DEGREE 3

/** What prover and verifier both know of a sumcheck. */
typedef struct zkg_sumcheck_shape {
    uint32_t vars;                /**< n */
    uint8_t degree[ZKG_MAX_VARS]; /**< of the summand in x_t, without eq */
    uint32_t eq_from;             /**< n: no eq; 0: in all variables */
    const zkg_fr *eq_point;       /**< n - eq_from elements: of x_t at
                                       t - eq_from; not owned */
} zkg_sumcheck_shape;

/** @retval ZKG_ERR_INVALID n > ZKG_MAX_VARS, eq_from > n, a degree not in 1..3
 */
ZKG_MUST_CHECK zkg_status
zkg_sumcheck_check_shape(const zkg_sumcheck_shape *shape);

/**
 * Replay the rounds from a verifying tape.  Allocates nothing; safe on any
 * bytes.
 *
 * @param[in,out] claim in: the sum; out: what the end must equal
 * @param[out]    point n coordinates
 *
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element is not reduced
 * @retval ZKG_ERR_INVALID   zkg_sumcheck_check_shape()
 */
ZKG_MUST_CHECK zkg_status zkg_sumcheck_verify(zkg_tape *tape,
                                              const zkg_sumcheck_shape *shape,
                                              zkg_fr *claim, zkg_fr *point);

/**
 * One round on the tape, either way; for zkg_sumcheck_prove and _verify.
 *
 * @param[in,out] message degree[t] elements; prover: in; verifier: out
 * @param[in,out] claim   in: before the round; out: behind it
 * @param[out]    point   point[t] is drawn
 *
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element is not reduced
 * @retval ZKG_ERR_NOMEM     the proving tape cannot grow
 */
ZKG_MUST_CHECK zkg_status zkg_sumcheck_wire_round(
    zkg_tape *tape, const zkg_sumcheck_shape *shape, uint32_t t,
    zkg_fr *message, zkg_fr *claim, zkg_fr *point);

#endif
