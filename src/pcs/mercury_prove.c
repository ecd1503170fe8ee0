/* SPDX-License-Identifier: Apache-2.0 */
/* The prover's side of Mercury. */
#include "pcs/mercury.h"

#include <string.h>

#include "base/mem.h"
#include "pcs/kzg.h"

/* The vectors of one opening.  Short ones have C values, zeros above. */
typedef struct opening {
    const zkg_comm *comm;
    const zkg_backend *backend;
    const zkg_srs *srs;
    uint32_t cpu_flags;
    uint32_t low, high; /* c and k - c */
    size_t len;         /* K */
    size_t row_len;     /* C */
    const zkg_fr *g, *u;
    zkg_fr *q; /* K values: q, then H */
    zkg_fr *poly[ZKG_MERCURY_POLYS];
    zkg_fr *sum;     /* C values: W, then W' */
    zkg_fr *scratch; /* 2 C values */
    zkg_mercury_messages m;
} opening;

static zkg_status opening_init(opening *o, uint32_t k)
{
    o->low = zkg_mercury_low(k);
    o->high = k - o->low;
    o->len = (size_t)1 << k;
    o->row_len = (size_t)1 << o->low;
    o->q = zkg_alloc_aligned(o->len, sizeof(zkg_fr));
    o->sum = zkg_alloc_aligned(o->row_len, sizeof(zkg_fr));
    o->scratch = zkg_alloc_aligned(2 * o->row_len, sizeof(zkg_fr));
    if (o->q == NULL || o->sum == NULL || o->scratch == NULL)
        return ZKG_ERR_NOMEM;
    for (int i = 0; i < ZKG_MERCURY_POLYS; i++) {
        o->poly[i] = zkg_alloc_aligned(o->row_len, sizeof(zkg_fr));
        if (o->poly[i] == NULL)
            return ZKG_ERR_NOMEM;
    }
    return ZKG_OK;
}

static void opening_clear(opening *o)
{
    for (int i = 0; i < ZKG_MERCURY_POLYS; i++)
        zkg_free(o->poly[i]);
    zkg_free(o->q);
    zkg_free(o->sum);
    zkg_free(o->scratch);
}

static zkg_status commit(zkg_g1 *out, const opening *o, const zkg_fr *poly,
                         size_t len)
{
    const zkg_kzg_poly one = {poly, len};

    return zkg_kzg_commit_polys(out, o->comm, o->srs, &one, 1, o->cpu_flags);
}

static zkg_status commit_pair(zkg_g1 *a, zkg_g1 *b, const opening *o,
                              zkg_kzg_poly first, zkg_kzg_poly second)
{
    const zkg_kzg_poly polys[2] = {first, second};
    zkg_g1 out[2];

    ZKG_TRY(zkg_kzg_commit_polys(out, o->comm, o->srs, polys, 2, o->cpu_flags));
    *a = out[0];
    *b = out[1];
    return ZKG_OK;
}

/* h_i = <eq(u_lo), row i of g>; ZKG_ERR_WITNESS unless h~(u_hi) = s. */
static zkg_status make_column(opening *o, const zkg_fr *s)
{
    const size_t rows = (size_t)1 << o->high;
    zkg_fr *h = o->poly[ZKG_MERCURY_COLUMN], value;

    ZKG_TRY(o->backend->eq_expand(o->scratch, o->u, o->low, NULL));
    for (size_t i = 0; i < rows; i++)
        ZKG_TRY(o->backend->fr_dot(&h[i], o->scratch, o->g + i * o->row_len,
                                   o->row_len));
    ZKG_TRY(o->backend->eq_expand(o->scratch, o->u + o->low, o->high, NULL));
    ZKG_TRY(o->backend->fr_dot(&value, o->scratch, h, rows));
    return zkg_fr_equal(&value, s) ? ZKG_OK : ZKG_ERR_WITNESS;
}

/* g = q (X^C - alpha) + g': from the top row down, each row of q is g's plus
 * alpha times the row of q above; what the lowest leaves is g'. */
static zkg_status make_division(opening *o)
{
    const size_t row = o->row_len, q_len = o->len - row;
    zkg_fr *rest = o->poly[ZKG_MERCURY_ROW];

    memcpy(o->q, o->g + row, q_len * sizeof(zkg_fr));
    memset(o->q + q_len, 0, row * sizeof(zkg_fr));
    memcpy(rest, o->g, row * sizeof(zkg_fr));
    for (size_t at = q_len; at > row; at -= row)
        ZKG_TRY(o->backend->fr_axpy(o->q + at - 2 * row, &o->m.alpha,
                                    o->q + at - row, row));
    return q_len == 0 ? ZKG_OK
                      : o->backend->fr_axpy(rest, &o->m.alpha, o->q, row);
}

/*
 * a, of 2^vars values and as many zeros, becomes a(X) X^(2^vars - 1) P(1/X),
 * where P belongs to u: the factor of u_t is u_t + (1 - u_t) X^(2^t).
 */
static void times_mirrored_eq(zkg_fr *a, const zkg_fr *u, uint32_t vars)
{
    size_t len = (size_t)1 << vars;

    for (uint32_t t = 0; t < vars; t++) {
        const size_t shift = (size_t)1 << t;

        len += shift;
        for (size_t i = len; i-- > 0;) {
            const zkg_fr below = i >= shift ? a[i - shift] : zkg_fr_zero;
            zkg_fr d;

            zkg_fr_sub(&d, &a[i], &below);
            zkg_fr_mul(&d, &d, &u[t]);
            zkg_fr_add(&a[i], &below, &d);
        }
    }
}

/* S += weight times the terms beside the constant one of p(X) P(1/X) +
 * p(1/X) P(X), which are the same on both sides of it. */
static void add_cross(opening *o, const zkg_fr *p, const zkg_fr *u,
                      uint32_t vars, const zkg_fr *weight)
{
    const size_t len = (size_t)1 << vars;
    zkg_fr *to = o->poly[ZKG_MERCURY_CROSS];

    memcpy(o->scratch, p, len * sizeof(zkg_fr));
    memset(o->scratch + len, 0, len * sizeof(zkg_fr));
    times_mirrored_eq(o->scratch, u, vars);
    for (size_t j = 1; j < len; j++) {
        zkg_fr both;

        zkg_fr_add(&both, &o->scratch[len - 1 + j], &o->scratch[len - 1 - j]);
        zkg_fr_mul(&both, &both, weight);
        zkg_fr_add(&to[j - 1], &to[j - 1], &both);
    }
}

static void make_cross(opening *o)
{
    const zkg_fr *row = o->poly[ZKG_MERCURY_ROW];
    zkg_fr *mirror = o->poly[ZKG_MERCURY_MIRROR];

    memset(o->poly[ZKG_MERCURY_CROSS], 0, o->row_len * sizeof(zkg_fr));
    add_cross(o, row, o->u, o->low, &zkg_fr_one);
    add_cross(o, o->poly[ZKG_MERCURY_COLUMN], o->u + o->low, o->high,
              &o->m.gamma);
    for (size_t i = 0; i < o->row_len; i++)
        mirror[i] = row[o->row_len - 1 - i];
}

static zkg_status evaluate_all(opening *o)
{
    for (uint32_t i = 0; i < 6; i++)
        ZKG_TRY(o->backend->poly_eval(&o->m.at[i], o->poly[i / 2], o->row_len,
                                      &o->m.node[i % 2]));
    return ZKG_OK;
}

/* p /= (X - x), the remainder dropped; what was p's top is 0 afterwards. */
static zkg_status divide(const opening *o, zkg_fr *p, size_t len,
                         const zkg_fr *x)
{
    zkg_fr rest;

    ZKG_TRY(o->backend->poly_divide_linear(p, &rest, p, len, x));
    p[len - 1] = zkg_fr_zero;
    return ZKG_OK;
}

/* q becomes H = (g - (zeta^C - alpha) q) / (X - zeta) without remainder. */
static zkg_status make_quotient(opening *o)
{
    zkg_fr factor;

    zkg_mercury_modulus(&factor, &o->m, o->low + o->high);
    zkg_fr_add(&factor, &factor, &zkg_fr_one);
    zkg_fr_neg(&factor, &factor);
    ZKG_TRY(o->backend->fr_axpy(o->q, &factor, o->q, o->len));
    ZKG_TRY(o->backend->fr_axpy(o->q, &zkg_fr_one, o->g, o->len));
    return divide(o, o->q, o->len, &o->m.node[0]);
}

/* sum = sum_i beta^i (f_i - r_i) / Z_{S_i}: dividing by one node after the
 * other and dropping remainders takes r_i off. */
static zkg_status make_w(opening *o)
{
    zkg_fr factor = zkg_fr_one;

    memset(o->sum, 0, o->row_len * sizeof(zkg_fr));
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        memcpy(o->scratch, o->poly[i], o->row_len * sizeof(zkg_fr));
        for (uint32_t j = 0; j < zkg_mercury_nodes(i); j++)
            ZKG_TRY(divide(o, o->scratch, o->row_len, &o->m.node[j]));
        ZKG_TRY(o->backend->fr_axpy(o->sum, &factor, o->scratch, o->row_len));
        zkg_fr_mul(&factor, &factor, &o->m.beta);
    }
    return ZKG_OK;
}

/* sum = L / (X - z); the constants r_i(z) are in the remainder. */
static zkg_status make_w2(opening *o)
{
    zkg_fr rest[ZKG_MERCURY_POLYS], all, factor = zkg_fr_one;

    zkg_mercury_vanish(rest, &all, &o->m);
    zkg_fr_neg(&all, &all);
    zkg_fr_sub(&all, &all, &zkg_fr_one);
    ZKG_TRY(o->backend->fr_axpy(o->sum, &all, o->sum, o->row_len));
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        zkg_fr_mul(&rest[i], &rest[i], &factor);
        ZKG_TRY(o->backend->fr_axpy(o->sum, &rest[i], o->poly[i], o->row_len));
        zkg_fr_mul(&factor, &factor, &o->m.beta);
    }
    return divide(o, o->sum, o->row_len, &o->m.z);
}

/* Up to zeta: what fixes all polynomials. */
static zkg_status fix(opening *o, zkg_tape *tape, const zkg_fr *s)
{
    const size_t rows = (size_t)1 << o->high;
    zkg_mercury_messages *m = &o->m;

    ZKG_TRY(make_column(o, s));
    ZKG_TRY(commit(&m->h, o, o->poly[ZKG_MERCURY_COLUMN], rows));
    ZKG_TRY(zkg_mercury_wire_column(tape, m));
    ZKG_TRY(make_division(o));
    ZKG_TRY(commit_pair(&m->q, &m->row, o,
                        (zkg_kzg_poly){o->q, o->len - o->row_len},
                        (zkg_kzg_poly){o->poly[ZKG_MERCURY_ROW], o->row_len}));
    ZKG_TRY(zkg_mercury_wire_division(tape, m));
    make_cross(o);
    ZKG_TRY(
        commit_pair(&m->cross, &m->mirror, o,
                    (zkg_kzg_poly){o->poly[ZKG_MERCURY_CROSS], o->row_len - 1},
                    (zkg_kzg_poly){o->poly[ZKG_MERCURY_MIRROR], o->row_len}));
    return zkg_mercury_wire_cross(tape, m);
}

static zkg_status run(opening *o, zkg_tape *tape, const zkg_fr *s,
                      const zkg_hooks *hooks)
{
    zkg_mercury_messages *m = &o->m;

    ZKG_TRY(fix(o, tape, s));
    ZKG_TRY(evaluate_all(o));
    ZKG_TRY(make_quotient(o));
    ZKG_TRY(commit(&m->quotient, o, o->q, o->len - 1));
    if (zkg_hooks_want(hooks, ZKG_CHEAT_WRONG_BATCH_VALUE, -1))
        zkg_fr_add(&m->at[0], &m->at[0], &zkg_fr_one);
    ZKG_TRY(zkg_mercury_wire_values(tape, m));
    ZKG_TRY(make_w(o));
    ZKG_TRY(commit(&m->w, o, o->sum, o->row_len));
    ZKG_TRY(zkg_mercury_wire_w(tape, m));
    ZKG_TRY(make_w2(o));
    ZKG_TRY(commit(&m->w2, o, o->sum, o->row_len));
    if (zkg_hooks_want(hooks, ZKG_CHEAT_WRONG_OPENING, -1))
        m->w2 = zkg_g1_generator;
    return zkg_mercury_wire_w2(tape, m);
}

zkg_status zkg_mercury_open(zkg_tape *tape, const zkg_comm *comm,
                            const zkg_backend *backend, const zkg_srs *srs,
                            uint32_t k, const zkg_fr *g, const zkg_fr *u,
                            const zkg_fr *s, const zkg_hooks *hooks)
{
    opening o = {.comm = comm, .backend = backend, .srs = srs, .g = g, .u = u};
    zkg_status status;

    if (k == 0 || k > srs->power)
        return ZKG_ERR_INVALID;
    o.cpu_flags = zkg_kzg_cpu_flags(backend);
    status = opening_init(&o, k);
    if (status == ZKG_OK)
        status = run(&o, tape, s, hooks);
    opening_clear(&o);
    return status;
}
