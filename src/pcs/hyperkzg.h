/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_HYPERKZG_H
#define ZKGKR_PCS_HYPERKZG_H

/**
 * @file
 * HyperKZG (Gemini's folding, ePrint 2022/420, 2.4.2, of values): g~(u) = s for
 * one vector g of K = 2^k values, k >= 1, committed as the polynomial
 * g(X) = sum_i g[i] X^i.
 *
 * Fold, lowest bit first: P_0 = g,
 *
 *     P_{t+1}[i] = (1 - u_t) P_t[2i] + u_t P_t[2i+1],   P_k = s.
 *
 * Messages and challenges, one line one item:
 *
 *     [P_1] .. [P_{k-1}]                              (no item when k = 1)
 *     challenge r, not 0, 1 or -1
 *     P_0(r), P_0(-r), .., P_{k-1}(r), P_{k-1}(-r),
 *         then P_1(r^2), .., P_{k-1}(r^2)             (3k - 1 elements)
 *     challenge beta
 *     [W]
 *     challenge z, not r, -r or r^2
 *     [W']
 *
 * Value equations, t = 0 .. k-1, with P_k(r^2) = s:
 *
 *     2 r P_{t+1}(r^2) = r (1 - u_t) (P_t(r) + P_t(-r))
 *                        + u_t (P_t(r) - P_t(-r)).
 *
 * Shplonk (ePrint 2020/081) with S_0 = {r, -r}, S_t = {r, -r, r^2} for t >= 1,
 * T = S_1 (S_0 when k = 1 is padded to T = {r, -r, r^2} all the same), r_t the
 * interpolation of P_t on S_t:
 *
 *     W  = sum_t beta^t (P_t - r_t) / Z_{S_t}
 *     L  = sum_t beta^t Z_{T\S_t}(z) (P_t - r_t(z)) - Z_T(z) W
 *     W' = L / (X - z)
 *     e([L] + z [W'], [1]_2) = e([W'], [tau]_2).
 *
 * docs/protocol.md, section 8.
 */

#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/hooks.h"
#include "comm/comm.h"
#include "curve/g1.h"
#include "field/fr.h"
#include "pcs/srs.h"
#include "tape/tape.h"
#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

#define ZKG_HYPERKZG_MAX_K ZKG_SRS_MAX_POWER

/**
 * Open g at u.  Collective over comm: sums of points are shared out, all else
 * every rank does, and all tapes hold the same.
 *
 * @param g 2^k values, the same on all ranks; kept
 * @param u k coordinates
 * @param s g~(u), which both sides have already
 *
 * @retval ZKG_ERR_INVALID k is 0 or more than srs serves   (all ranks)
 * @retval ZKG_ERR_WITNESS g~(u) is not s                   (all ranks)
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_COMM                      (one rank)
 */
ZKG_MUST_CHECK zkg_status zkg_hyperkzg_open(
    zkg_tape *tape, const zkg_comm *comm, const zkg_backend *backend,
    const zkg_srs *srs, uint32_t k, const zkg_fr *g, const zkg_fr *u,
    const zkg_fr *s, const zkg_hooks *hooks);

/**
 * Replay an opening of [g] = sum_i weight[i] point[i].
 *
 * @param[in,out] points, weights count terms, with room for
 *                ZKG_HYPERKZG_TERMS(k) more, which the call fills in
 * @param[in,out] verdict names the check that failed; may be NULL
 *
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element is malformed
 * @retval ZKG_ERR_REJECT    check batch: r, z or a value equation; check
 *                           pairing: the pairing equation
 * @retval ZKG_ERR_INVALID   the key's k is out of range
 * @retval ZKG_ERR_NOMEM     the MSM has no memory
 */
ZKG_MUST_CHECK zkg_status
zkg_hyperkzg_verify(zkg_tape *tape, const zkg_srs_key *key, zkg_g1 *points,
                    zkg_fr *weights, size_t count, const zkg_fr *u,
                    const zkg_fr *s, uint32_t cpu_flags, zkg_verdict *verdict);

/** Terms beyond [g]: [P_1]..[P_{k-1}], [1]_1, [W], [W']. */
#define ZKG_HYPERKZG_TERMS(k) ((size_t)(k) + 2)

/** The exact number of bytes that an opening appends. */
size_t zkg_hyperkzg_bytes(uint32_t k);

/* Shared by the two sides (hyperkzg_wire.c). */

/** What is on the tape, and the challenges between. */
typedef struct zkg_hyperkzg_messages {
    uint32_t k;
    zkg_g1 fold[ZKG_HYPERKZG_MAX_K];   /**< [P_1] .. [P_{k-1}] */
    zkg_fr r, r2;                      /**< r and r^2 */
    zkg_fr at[3 * ZKG_HYPERKZG_MAX_K]; /**< the evaluations, as sent */
    zkg_fr beta, z;
    zkg_g1 w, w2; /**< [W], [W'] */
} zkg_hyperkzg_messages;

/** Where P_t(r), P_t(-r) and (t >= 1) P_t(r^2) stand in at. */
static inline size_t zkg_hyperkzg_at(uint32_t k, uint32_t t, uint32_t which)
{
    return which < 2 ? 2 * (size_t)t + which : 2 * (size_t)k + t - 1;
}

/** [P_1] .. [P_{k-1}], then r; ZKG_ERR_REJECT for r in {0, 1, -1}. */
ZKG_MUST_CHECK zkg_status zkg_hyperkzg_wire_folds(zkg_tape *tape,
                                                  zkg_hyperkzg_messages *m);

/** The evaluations, then beta. */
ZKG_MUST_CHECK zkg_status zkg_hyperkzg_wire_values(zkg_tape *tape,
                                                   zkg_hyperkzg_messages *m);

/** [W], then z; ZKG_ERR_REJECT for z in {r, -r, r^2}. */
ZKG_MUST_CHECK zkg_status zkg_hyperkzg_wire_w(zkg_tape *tape,
                                              zkg_hyperkzg_messages *m);

/** [W']. */
ZKG_MUST_CHECK zkg_status zkg_hyperkzg_wire_w2(zkg_tape *tape,
                                               zkg_hyperkzg_messages *m);

/** The coefficients of r_t, two for t = 0 and three above; c[2] = 0 then. */
void zkg_hyperkzg_interpolate(zkg_fr c[3], const zkg_hyperkzg_messages *m,
                              uint32_t t);

/** v[0] = z^2 - r^2 and v[1] = z - r^2: Z_T(z) = v[0] v[1]. */
void zkg_hyperkzg_vanish(zkg_fr v[2], const zkg_hyperkzg_messages *m);

#endif
