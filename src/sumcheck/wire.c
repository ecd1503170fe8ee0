/* SPDX-License-Identifier: Apache-2.0
 * What a round looks like on the tape, for both sides. */
#include "sumcheck/sumcheck.h"

zkg_status zkg_sumcheck_check_shape(const zkg_sumcheck_shape *shape)
{
    if (shape->vars > ZKG_MAX_VARS || shape->eq_from > shape->vars)
        return ZKG_ERR_INVALID;
    for (uint32_t t = 0; t < shape->vars; t++) {
        if (shape->degree[t] < 1 || shape->degree[t] > ZKG_SUMCHECK_MAX_DEGREE)
            return ZKG_ERR_INVALID;
    }
    return ZKG_OK;
}

/* v /= k, of 1 to 3 */
static void divide(zkg_fr *v, uint32_t k)
{
    zkg_fr third;

    if (k == 2)
        zkg_fr_half(v, v);
    if (k == 3) {
        zkg_fr_from_u64(&third, 3);
        zkg_fr_inv(&third, &third);
        zkg_fr_mul(v, v, &third);
    }
}

/* p(r) of degree d <= 3 from p(0) .. p(d), in Newton's form, D_k the
 * differences: p(0) + r (D_1 + (r-1) / 2 (D_2 + (r-2) / 3 D_3)). */
static void eval_plain(zkg_fr *out, const zkg_fr *at, uint32_t d,
                       const zkg_fr *r)
{
    zkg_fr diff[4], less[4]; /* less: r - k */

    less[0] = *r;
    for (uint32_t k = 0; k <= d; k++)
        diff[k] = at[k];
    for (uint32_t k = 1; k <= d; k++) {
        for (uint32_t j = d; j >= k; j--)
            zkg_fr_sub(&diff[j], &diff[j], &diff[j - 1]);
        zkg_fr_sub(&less[k], &less[k - 1], &zkg_fr_one);
    }
    *out = diff[d];
    for (uint32_t k = d; k >= 1; k--) {
        zkg_fr_mul(out, out, &less[k - 1]);
        divide(out, k);
        zkg_fr_add(out, out, &diff[k - 1]);
    }
}

/* x_t without eq: p(0), p(2) .. p(d); p(1) = claim - p(0). */
static void next_plain(const zkg_fr *message, uint32_t d, zkg_fr *claim,
                       const zkg_fr *r)
{
    zkg_fr at[4];

    at[0] = message[0];
    zkg_fr_sub(&at[1], claim, &at[0]);
    for (uint32_t k = 2; k <= d; k++)
        at[k] = message[k - 1];
    eval_plain(claim, at, d, r);
}

/* x_t with eq: delta = q(1) - q(0), then coefficients 2 .. d of q.
 * claim = (1 - u) q(0) + u q(1), so q(0) = claim - u delta. */
static void next_eq(const zkg_fr *message, uint32_t d, const zkg_fr *u,
                    zkg_fr *claim, const zkg_fr *r)
{
    zkg_fr c1 = message[0], value = zkg_fr_zero, at0;

    zkg_fr_mul(&at0, u, &message[0]);
    zkg_fr_sub(&at0, claim, &at0);
    for (uint32_t k = d; k >= 2; k--) {
        zkg_fr_sub(&c1, &c1, &message[k - 1]);
        zkg_fr_add(&value, &value, &message[k - 1]);
        zkg_fr_mul(&value, &value, r);
    }
    zkg_fr_add(&value, &value, &c1);
    zkg_fr_mul(&value, &value, r);
    zkg_fr_add(claim, &value, &at0);
}

zkg_status zkg_sumcheck_wire_round(zkg_tape *tape,
                                   const zkg_sumcheck_shape *shape, uint32_t t,
                                   zkg_fr *message, zkg_fr *claim,
                                   zkg_fr *point)
{
    const uint32_t d = shape->degree[t];

    ZKG_TRY(zkg_tape_fr(tape, ZKG_TAG_ROUND, message, d));
    zkg_tape_challenge(tape, ZKG_TAG_ROUND_POINT, &point[t], 1);
    if (tape->sizing) /* of zeros: nobody asks what they come to */
        return ZKG_OK;
    if (t < shape->eq_from)
        next_plain(message, d, claim, &point[t]);
    else
        next_eq(message, d, &shape->eq_point[t - shape->eq_from], claim,
                &point[t]);
    return ZKG_OK;
}
