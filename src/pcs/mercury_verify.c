/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's side of Mercury. */
#include "pcs/mercury.h"

#include <string.h>

#include "curve/msm.h"
#include "curve/pairing.h"
#include "poly/univariate.h"

/* prod_t (1 - u_t + u_t x^(2^t)) */
static void eq_at(zkg_fr *out, const zkg_fr *u, uint32_t vars, const zkg_fr *x)
{
    zkg_fr power = *x;

    *out = zkg_fr_one;
    for (uint32_t t = 0; t < vars; t++) {
        zkg_fr factor;

        zkg_fr_sub(&factor, &power, &zkg_fr_one);
        zkg_fr_mul(&factor, &factor, &u[t]);
        zkg_fr_add(&factor, &factor, &zkg_fr_one);
        zkg_fr_mul(out, out, &factor);
        zkg_fr_sqr(&power, &power);
    }
}

/* p(zeta) P(1/zeta) + p(1/zeta) P(zeta), at: p at both */
static void symmetric(zkg_fr *out, const zkg_fr at[2], const zkg_fr *u,
                      uint32_t vars, const zkg_fr node[2])
{
    zkg_fr value;

    eq_at(out, u, vars, &node[1]);
    zkg_fr_mul(out, out, &at[0]);
    eq_at(&value, u, vars, &node[0]);
    zkg_fr_mul(&value, &value, &at[1]);
    zkg_fr_add(out, out, &value);
}

/* What equation (1) at zeta leaves for h(alpha). */
static void implied_column(zkg_fr *out, const zkg_mercury_messages *m,
                           uint32_t k, const zkg_fr *u, const zkg_fr *s)
{
    const uint32_t low = zkg_mercury_low(k);
    zkg_fr term, two;

    symmetric(out, &m->at[0], u, low, m->node);
    symmetric(&term, &m->at[2], u + low, k - low, m->node);
    zkg_fr_mul(&term, &term, &m->gamma);
    zkg_fr_add(out, out, &term);
    for (uint32_t i = 0; i < 2; i++) {
        zkg_fr_mul(&term, &m->at[4 + i], &m->node[i]);
        zkg_fr_sub(out, out, &term);
    }
    zkg_fr_from_u64(&two, 2);
    zkg_fr_inv(&two, &two);
    zkg_fr_mul(out, out, &two);
    zkg_fr_mul(&term, &m->gamma, s);
    zkg_fr_sub(out, out, &term);
}

/* zeta^(C-1) g'(1/zeta) */
static void implied_mirror(zkg_fr *out, const zkg_mercury_messages *m,
                           uint32_t k)
{
    zkg_fr power;

    zkg_mercury_modulus(&power, m, k);
    zkg_fr_add(&power, &power, &m->alpha);
    zkg_fr_mul(&power, &power, &m->node[1]);
    zkg_fr_mul(out, &power, &m->at[1]);
}

/* out = r_i(z) */
static void interpolated(zkg_fr *out, const zkg_mercury_messages *m, uint32_t i,
                         const zkg_fr *values)
{
    const uint32_t n = zkg_mercury_nodes(i);
    zkg_fr c[3];

    zkg_univariate_interpolate(c, m->node, values, n);
    zkg_univariate_eval(out, c, n, &m->z);
}

/* [L] without its [W]: the weights of the four polynomials, and of [1]. */
static void batch_weights(zkg_fr weight[ZKG_MERCURY_POLYS], zkg_fr *one,
                          zkg_fr *all, const zkg_mercury_messages *m,
                          uint32_t k, const zkg_fr *u, const zkg_fr *s)
{
    const zkg_fr *at = m->at;
    zkg_fr values[ZKG_MERCURY_POLYS][3] = {
        {at[0], at[1]}, {at[2], at[3]}, {at[4], at[5]}};
    zkg_fr factor = zkg_fr_one;

    implied_column(&values[ZKG_MERCURY_COLUMN][2], m, k, u, s);
    implied_mirror(&values[ZKG_MERCURY_MIRROR][0], m, k);
    zkg_mercury_vanish(weight, all, m);
    *one = zkg_fr_zero;
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        zkg_fr r;

        zkg_fr_mul(&weight[i], &weight[i], &factor);
        interpolated(&r, m, i, values[i]);
        zkg_fr_mul(&r, &r, &weight[i]);
        zkg_fr_sub(one, one, &r);
        zkg_fr_mul(&factor, &factor, &m->beta);
    }
}

/* The left side of the pairing equation, as terms after those of [g]. */
static void add_terms(zkg_g1 *points, zkg_fr *weights,
                      const zkg_mercury_messages *m, uint32_t k,
                      const zkg_fr *u, const zkg_fr *s)
{
    const zkg_g1 batched[] = {m->row, m->h,  m->cross,        m->mirror,
                              m->w,   m->w2, zkg_g1_generator};
    zkg_fr weight[7], all;

    batch_weights(weight, &weight[6], &all, m, k, u, s);
    zkg_fr_neg(&weight[4], &all);
    weight[5] = m->z;
    for (uint32_t i = 0; i < 7; i++) {
        points[i] = batched[i];
        zkg_fr_mul(&weights[i], &weight[i], &m->d);
    }
    zkg_fr_sub(&weights[6], &weights[6], &m->at[0]);
    points[7] = m->q;
    zkg_mercury_modulus(&weights[7], m, k);
    zkg_fr_neg(&weights[7], &weights[7]);
    points[8] = m->quotient;
    weights[8] = m->node[0];
}

static zkg_status wire_all(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(zkg_mercury_wire_column(tape, m));
    ZKG_TRY(zkg_mercury_wire_division(tape, m));
    ZKG_TRY(zkg_mercury_wire_cross(tape, m));
    ZKG_TRY(zkg_mercury_wire_values(tape, m));
    ZKG_TRY(zkg_mercury_wire_w(tape, m));
    return zkg_mercury_wire_w2(tape, m);
}

zkg_status zkg_mercury_verify(zkg_tape *tape, const zkg_srs_key *key,
                              zkg_g1 *points, zkg_fr *weights, size_t count,
                              const zkg_fr *u, const zkg_fr *s,
                              uint32_t cpu_flags, zkg_verdict *verdict)
{
    zkg_mercury_messages m;
    zkg_g1 left[2];
    zkg_g2 right[2];
    zkg_status status;

    if (key->k == 0 || key->k > ZKG_SRS_MAX_POWER)
        return ZKG_ERR_INVALID;
    memset(&m, 0, sizeof(m));
    status = wire_all(tape, &m);
    if (status == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(verdict, ZKG_CHECK_MALFORMED, -1, -1,
                                "the opening is malformed");
    if (status == ZKG_ERR_REJECT)
        return zkg_verdict_fail(verdict, ZKG_CHECK_BATCH, -1, -1,
                                "a challenge of the opening is degenerate");
    ZKG_TRY(status);
    add_terms(points + count, weights + count, &m, key->k, u, s);
    ZKG_TRY(zkg_msm_g1(&left[0], points, weights, ZKG_SCALAR_FR,
                       count + ZKG_MERCURY_TERMS, cpu_flags));
    zkg_g1_mul(&left[1], &m.w2, &m.d);
    zkg_g1_add(&left[1], &left[1], &m.quotient);
    zkg_g1_neg(&left[1], &left[1]);
    right[0] = zkg_g2_generator;
    right[1] = key->tau_g2;
    if (!zkg_pairing_check(left, right, 2, cpu_flags))
        return zkg_verdict_fail(verdict, ZKG_CHECK_PAIRING, -1, -1,
                                "the pairing equation of the opening does not "
                                "hold");
    return ZKG_OK;
}
