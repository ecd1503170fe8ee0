/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_MERCURY_H
#define ZKGKR_PCS_MERCURY_H

/**
 * @file
 * Mercury (ePrint 2025/385): g~(u) = s for one vector g of K = 2^k values,
 * k >= 1, committed as the polynomial g(X) = sum_i g[i] X^i, by two sums of K
 * points and O(sqrt K) work beside, in 8 points and 6 elements for every k.
 *
 * c = ceil(k/2), C = 2^c, R = 2^(k-c): g is R rows of C values,
 * g(X) = sum_i X^(iC) g_i(X). u_lo = u_0 .. u_{c-1}, u_hi = u_c .. u_{k-1};
 *
 *     P_lo(X) = prod_{t<c} (1 - u_t + u_t X^(2^t)) = sum_j eq(u_lo, j) X^j,
 *
 * P_hi likewise of u_hi. Messages and challenges, one line one item:
 *
 *     [h]          h_i = <eq(u_lo), g_i>
 *     challenge alpha
 *     [q], [g']    g = q (X^C - alpha) + g', so g' = sum_i alpha^i g_i
 *     challenge gamma
 *     [S], [D]     D = X^(C-1) g'(1/X), and, as Laurent polynomials,
 *                      g'(X) P_lo(1/X) + g'(1/X) P_lo(X)
 *                      + gamma (h(X) P_hi(1/X) + h(1/X) P_hi(X))
 *                      = 2 (h(alpha) + gamma s) + X S(X) + S(1/X) / X    (1)
 *     challenge zeta, not 0, 1, -1, alpha or 1/alpha
 *     g'(zeta), g'(1/zeta), h(zeta), h(1/zeta), S(zeta), S(1/zeta)
 *     [H]          H = (g - (zeta^C - alpha) q - g'(zeta)) / (X - zeta)
 *     challenge beta
 *     [W]
 *     challenge z, not zeta, 1/zeta or alpha
 *     [W']
 *     challenge d
 *
 * Not sent: h(alpha), which is what (1) at zeta leaves for it, and
 * D(zeta) = zeta^(C-1) g'(1/zeta). So there is no value equation: values that
 * do not fit are not the polynomials', and the pairing says so.
 *
 * Why it holds. The constant terms of (1) say <eq(u_lo), g'> = h(alpha) and
 * <eq(u_hi), h> = s, separately because gamma comes after g' and h. g' is the
 * rows' combination because D exists only for deg g' < C, and the remainder is
 * unique then; h is sum_i <eq(u_lo), g_i> X^i because alpha comes after it.
 *
 * Shplonk (ePrint 2020/081) over f = (g', h, S, D) on nodes (zeta, 1/zeta,
 * alpha): the first 2, 3, 2, 1 of them; T is all three, r_i the interpolation:
 *
 *     W  = sum_i beta^i (f_i - r_i) / Z_{S_i}
 *     L  = sum_i beta^i Z_{T\S_i}(z) (f_i - r_i(z)) - Z_T(z) W
 *     W' = L / (X - z).
 *
 * Both pairing equations at once:
 *
 *     e([g] - (zeta^C - alpha) [q] - g'(zeta) [1] + zeta [H]
 *       + d ([L] + z [W']), [1]_2) = e([H] + d [W'], [tau]_2).
 *
 * docs/protocol.md, section 8.
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
#include "tape/tape.h"
#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

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
ZKG_MUST_CHECK zkg_status zkg_mercury_open(zkg_tape *tape, const zkg_comm *comm,
                                           const zkg_backend *backend,
                                           const zkg_srs *srs, uint32_t k,
                                           const zkg_fr *g, const zkg_fr *u,
                                           const zkg_fr *s,
                                           const zkg_hooks *hooks);

/** Terms beyond [g]: the eight points sent, and [1]_1. */
#define ZKG_MERCURY_TERMS 9

/**
 * Replay an opening of [g] = sum_i weight[i] point[i].
 *
 * @param[in,out] points, weights count terms, with room for ZKG_MERCURY_TERMS
 *                more, which the call fills in
 * @param[in,out] verdict names the check that failed; may be NULL
 *
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element is malformed
 * @retval ZKG_ERR_REJECT    check batch: zeta or z; check pairing: the pairing
 *                           equation
 * @retval ZKG_ERR_INVALID   the key's k is out of range
 * @retval ZKG_ERR_NOMEM     the MSM has no memory
 */
ZKG_MUST_CHECK zkg_status
zkg_mercury_verify(zkg_tape *tape, const zkg_srs_key *key, zkg_g1 *points,
                   zkg_fr *weights, size_t count, const zkg_fr *u,
                   const zkg_fr *s, uint32_t cpu_flags, zkg_verdict *verdict);

/** The exact number of bytes that an opening appends, whatever k. */
size_t zkg_mercury_bytes(void);

/* Shared by the two sides (mercury_wire.c). */

/** The polynomials of Shplonk, in its order. */
enum {
    ZKG_MERCURY_ROW,    /**< g' */
    ZKG_MERCURY_COLUMN, /**< h */
    ZKG_MERCURY_CROSS,  /**< S */
    ZKG_MERCURY_MIRROR, /**< D */
    ZKG_MERCURY_POLYS
};

/** What is on the tape, and the challenges between. */
typedef struct zkg_mercury_messages {
    zkg_g1 h;
    zkg_fr alpha;
    zkg_g1 q, row; /**< [q], [g'] */
    zkg_fr gamma;
    zkg_g1 cross, mirror; /**< [S], [D] */
    zkg_fr node[3];       /**< zeta, 1/zeta, alpha */
    zkg_fr at[6];         /**< g', h, S at node[0] and node[1] */
    zkg_g1 quotient;      /**< [H] */
    zkg_fr beta;
    zkg_g1 w;
    zkg_fr z;
    zkg_g1 w2;
    zkg_fr d;
} zkg_mercury_messages;

/** c = ceil(k/2). */
static inline uint32_t zkg_mercury_low(uint32_t k)
{
    return k - k / 2;
}

/** On how many of the nodes Shplonk opens polynomial i. */
static inline uint32_t zkg_mercury_nodes(uint32_t i)
{
    return i == ZKG_MERCURY_COLUMN ? 3 : i == ZKG_MERCURY_MIRROR ? 1 : 2;
}

/** [h], then alpha. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_column(zkg_tape *tape,
                                                  zkg_mercury_messages *m);

/** [q], [g'], then gamma. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_division(zkg_tape *tape,
                                                    zkg_mercury_messages *m);

/** [S], [D], then zeta, which makes node; ZKG_ERR_REJECT if degenerate. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_cross(zkg_tape *tape,
                                                 zkg_mercury_messages *m);

/** The values; then [H]; then beta. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_values(zkg_tape *tape,
                                                  zkg_mercury_messages *m);

/** [W], then z; ZKG_ERR_REJECT for a z among the nodes. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_w(zkg_tape *tape,
                                             zkg_mercury_messages *m);

/** [W'], then d. */
ZKG_MUST_CHECK zkg_status zkg_mercury_wire_w2(zkg_tape *tape,
                                              zkg_mercury_messages *m);

/** zeta is 0, 1, -1, alpha or 1/alpha: the nodes would not be distinct. */
bool zkg_mercury_zeta_is_degenerate(const zkg_fr *zeta, const zkg_fr *alpha);

/** z is one of the nodes. */
bool zkg_mercury_z_is_degenerate(const zkg_fr *z, const zkg_fr node[3]);

/** rest[i] = Z_{T\S_i}(z), and all = Z_T(z). */
void zkg_mercury_vanish(zkg_fr rest[ZKG_MERCURY_POLYS], zkg_fr *all,
                        const zkg_mercury_messages *m);

/** zeta^C - alpha. */
void zkg_mercury_modulus(zkg_fr *out, const zkg_mercury_messages *m,
                         uint32_t k);

#endif
