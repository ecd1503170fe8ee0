/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's side of HyperKZG. */
#include "pcs/hyperkzg.h"

#include "curve/msm.h"
#include "curve/pairing.h"
#include "poly/univariate.h"

/* 2 r P_{t+1}(r^2) = r (1-u_t) (P_t(r) + P_t(-r)) + u_t (P_t(r) - P_t(-r)) */
static bool value_equation_holds(const zkg_hyperkzg_messages *m, uint32_t t,
                                 const zkg_fr *u, const zkg_fr *next)
{
    const zkg_fr *plus = &m->at[zkg_hyperkzg_at(m->k, t, 0)];
    const zkg_fr *minus = &m->at[zkg_hyperkzg_at(m->k, t, 1)];
    zkg_fr left, right, term, rest;

    zkg_fr_mul(&left, &m->r, next);
    zkg_fr_double(&left, &left);
    zkg_fr_sub(&rest, &zkg_fr_one, u);
    zkg_fr_mul(&rest, &rest, &m->r);
    zkg_fr_add(&right, plus, minus);
    zkg_fr_mul(&right, &right, &rest);
    zkg_fr_sub(&term, plus, minus);
    zkg_fr_mul(&term, &term, u);
    zkg_fr_add(&right, &right, &term);
    return zkg_fr_equal(&left, &right);
}

/* A wire function failed on our side: name the check. */
static zkg_status name_failure(zkg_verdict *verdict, zkg_status s)
{
    if (s == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(verdict, ZKG_CHECK_MALFORMED, -1, -1,
                                "the opening is malformed");
    if (s == ZKG_ERR_REJECT)
        return zkg_verdict_fail(verdict, ZKG_CHECK_BATCH, -1, -1,
                                "a challenge of the opening is degenerate");
    return s;
}

#define TRY_WIRE(expr)                                                         \
    do {                                                                       \
        const zkg_status wire_status_ = (expr);                                \
        if (wire_status_ != ZKG_OK)                                            \
            return name_failure(verdict, wire_status_);                        \
    } while (0)

/* [L] + z [W'], as terms after those of [g]. */
static void add_terms(zkg_g1 *points, zkg_fr *weights, size_t count,
                      const zkg_hyperkzg_messages *m)
{
    zkg_fr v[2], factor = zkg_fr_one, constant = zkg_fr_zero;
    size_t at = count;

    zkg_hyperkzg_vanish(v, m);
    for (size_t i = 0; i < count; i++)
        zkg_fr_mul(&weights[i], &weights[i], &v[1]);
    for (uint32_t t = 0; t < m->k; t++) {
        zkg_fr c[3], value;
        const zkg_fr *weight = t == 0 ? &v[1] : &factor;

        zkg_hyperkzg_interpolate(c, m, t);
        zkg_univariate_eval(&value, c, 3, &m->z);
        zkg_fr_mul(&value, &value, weight);
        zkg_fr_sub(&constant, &constant, &value);
        if (t > 0) {
            points[at] = m->fold[t - 1];
            weights[at++] = factor;
        }
        zkg_fr_mul(&factor, &factor, &m->beta);
    }
    points[at] = zkg_g1_generator;
    weights[at++] = constant;
    points[at] = m->w;
    zkg_fr_mul(&weights[at], &v[0], &v[1]);
    zkg_fr_neg(&weights[at], &weights[at]);
    at++;
    points[at] = m->w2;
    weights[at] = m->z;
}

zkg_status zkg_hyperkzg_verify(zkg_tape *tape, const zkg_srs_key *key,
                               zkg_g1 *points, zkg_fr *weights, size_t count,
                               const zkg_fr *u, const zkg_fr *s,
                               uint32_t cpu_flags, zkg_verdict *verdict)
{
    zkg_hyperkzg_messages m = {.k = key->k};
    zkg_g1 left[2];
    zkg_g2 right[2];

    if (m.k == 0 || m.k > ZKG_HYPERKZG_MAX_K)
        return ZKG_ERR_INVALID;
    TRY_WIRE(zkg_hyperkzg_wire_folds(tape, &m));
    TRY_WIRE(zkg_hyperkzg_wire_values(tape, &m));
    for (uint32_t t = 0; t < m.k; t++) {
        const zkg_fr *next =
            t + 1 < m.k ? &m.at[zkg_hyperkzg_at(m.k, t + 1, 2)] : s;

        if (!value_equation_holds(&m, t, &u[t], next))
            return zkg_verdict_fail(verdict, ZKG_CHECK_BATCH, -1, -1,
                                    "value equation %u of %u of the opening "
                                    "does not hold",
                                    t + 1, m.k);
    }
    TRY_WIRE(zkg_hyperkzg_wire_w(tape, &m));
    TRY_WIRE(zkg_hyperkzg_wire_w2(tape, &m));

    add_terms(points, weights, count, &m);
    ZKG_TRY(zkg_msm_g1(&left[0], points, weights, ZKG_SCALAR_FR,
                       count + ZKG_HYPERKZG_TERMS(m.k), cpu_flags));
    zkg_g1_neg(&left[1], &m.w2);
    right[0] = zkg_g2_generator;
    right[1] = key->tau_g2;
    if (!zkg_pairing_check(left, right, 2, cpu_flags))
        return zkg_verdict_fail(verdict, ZKG_CHECK_PAIRING, -1, -1,
                                "the pairing equation of the opening does not "
                                "hold");
    return ZKG_OK;
}
