/* SPDX-License-Identifier: Apache-2.0 */
/* The prover's side of HyperKZG. */
#include "pcs/hyperkzg.h"

#include <string.h>

#include "base/mem.h"
#include "pcs/kzg.h"
#include "poly/univariate.h"

/* The vectors of one opening, in one block.  poly[t] is P_t, of 2^(k-t). */
typedef struct opening {
    const zkg_comm *comm;
    const zkg_backend *backend;
    const zkg_srs *srs;
    uint32_t cpu_flags;
    size_t len; /* K */
    const zkg_fr *poly[ZKG_HYPERKZG_MAX_K];
    zkg_fr *block; /* P_1 .. P_{k-1}, at least two values more */
    zkg_fr *sum;   /* K values: W, then W' */
    zkg_fr *high;  /* K/2 + 4 values: what W has from t >= 1 */
    zkg_hyperkzg_messages m;
} opening;

static zkg_status opening_init(opening *o, uint32_t k)
{
    o->cpu_flags = zkg_kzg_cpu_flags(o->backend);
    o->m.k = k;
    o->len = (size_t)1 << k;
    o->block = zkg_alloc_aligned(o->len, sizeof(zkg_fr));
    o->sum = zkg_alloc_aligned(o->len, sizeof(zkg_fr));
    o->high = zkg_alloc_aligned(o->len / 2 + 4, sizeof(zkg_fr));
    return o->block != NULL && o->sum != NULL && o->high != NULL
               ? ZKG_OK
               : ZKG_ERR_NOMEM;
}

static void opening_clear(opening *o)
{
    zkg_free(o->block);
    zkg_free(o->sum);
    zkg_free(o->high);
}

static zkg_status commit(zkg_g1 *out, const opening *o, const zkg_fr *poly,
                         size_t len)
{
    const zkg_kzg_poly one = {poly, len};

    return zkg_kzg_commit_polys(out, o->comm, o->srs, &one, 1, o->cpu_flags);
}

static zkg_status commit_folds(opening *o)
{
    zkg_kzg_poly polys[ZKG_HYPERKZG_MAX_K];

    for (uint32_t t = 1; t < o->m.k; t++)
        polys[t - 1] = (zkg_kzg_poly){o->poly[t], o->len >> t};
    return zkg_kzg_commit_polys(o->m.fold, o->comm, o->srs, polys, o->m.k - 1,
                                o->cpu_flags);
}

/* P_1 .. P_k; ZKG_ERR_WITNESS unless P_k = s. */
static zkg_status fold_all(opening *o, const zkg_fr *g, const zkg_fr *u,
                           const zkg_fr *s)
{
    zkg_fr *next = o->block;

    o->poly[0] = g;
    for (uint32_t t = 0; t < o->m.k; t++) {
        const size_t len = o->len >> (t + 1);

        ZKG_TRY(o->backend->poly_fold(next, o->poly[t], &u[t], len));
        if (t + 1 == o->m.k)
            return zkg_fr_equal(next, s) ? ZKG_OK : ZKG_ERR_WITNESS;
        o->poly[t + 1] = next;
        next += len;
    }
    return ZKG_ERR_INVALID;
}

/* The evaluations, in the order of the tape. */
static zkg_status evaluate_all(opening *o)
{
    zkg_fr minus;

    zkg_fr_neg(&minus, &o->m.r);
    for (uint32_t t = 0; t < o->m.k; t++) {
        const zkg_fr *x[3] = {&o->m.r, &minus, &o->m.r2};

        for (uint32_t i = 0; i < (t == 0 ? 2u : 3u); i++)
            ZKG_TRY(
                o->backend->poly_eval(&o->m.at[zkg_hyperkzg_at(o->m.k, t, i)],
                                      o->poly[t], o->len >> t, x[i]));
    }
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

/* sum = sum_t beta^t (P_t - r_t) / Z_{S_t} */
static zkg_status make_w(opening *o)
{
    const size_t half = o->len / 2 + 4;
    zkg_fr minus, factor = zkg_fr_one;

    zkg_fr_neg(&minus, &o->m.r);
    memset(o->high, 0, half * sizeof(zkg_fr));
    memcpy(o->sum, o->poly[0], o->len * sizeof(zkg_fr));
    for (uint32_t t = 0; t < o->m.k; t++) {
        zkg_fr *to = t == 0 ? o->sum : o->high;
        zkg_fr c[3];

        if (t > 0)
            ZKG_TRY(o->backend->fr_axpy(to, &factor, o->poly[t], o->len >> t));
        zkg_hyperkzg_interpolate(c, &o->m, t);
        for (uint32_t i = 0; i < (t == 0 ? 2u : 3u); i++) {
            zkg_fr_mul(&c[i], &c[i], &factor);
            zkg_fr_sub(&to[i], &to[i], &c[i]);
        }
        zkg_fr_mul(&factor, &factor, &o->m.beta);
    }
    ZKG_TRY(divide(o, o->sum, o->len, &o->m.r));
    ZKG_TRY(divide(o, o->sum, o->len, &minus));
    if (o->m.k == 1)
        return ZKG_OK;
    ZKG_TRY(divide(o, o->high, half, &o->m.r));
    ZKG_TRY(divide(o, o->high, half, &minus));
    ZKG_TRY(divide(o, o->high, half, &o->m.r2));
    return o->backend->fr_axpy(o->sum, &zkg_fr_one, o->high, o->len / 2);
}

/* sum = L / (X - z); L's constant term is what makes it divisible, so the
 * values r_t(z) need not be computed: the remainder is dropped instead. */
static zkg_status make_w2(opening *o)
{
    zkg_fr v[2], factor, minus;

    zkg_hyperkzg_vanish(v, &o->m);
    zkg_fr_mul(&minus, &v[0], &v[1]);
    zkg_fr_neg(&minus, &minus);
    for (size_t i = 0; i < o->len; i++)
        zkg_fr_mul(&o->sum[i], &o->sum[i], &minus);
    ZKG_TRY(o->backend->fr_axpy(o->sum, &v[1], o->poly[0], o->len));
    factor = o->m.beta;
    for (uint32_t t = 1; t < o->m.k; t++) {
        ZKG_TRY(o->backend->fr_axpy(o->sum, &factor, o->poly[t], o->len >> t));
        zkg_fr_mul(&factor, &factor, &o->m.beta);
    }
    return divide(o, o->sum, o->len, &o->m.z);
}

static zkg_status run(opening *o, zkg_tape *tape, const zkg_fr *g,
                      const zkg_fr *u, const zkg_fr *s, const zkg_hooks *hooks)
{
    ZKG_TRY(fold_all(o, g, u, s));
    ZKG_TRY(commit_folds(o));
    ZKG_TRY(zkg_hyperkzg_wire_folds(tape, &o->m));
    ZKG_TRY(evaluate_all(o));
    if (zkg_hooks_want(hooks, ZKG_CHEAT_WRONG_BATCH_VALUE, -1))
        zkg_fr_add(&o->m.at[0], &o->m.at[0], &zkg_fr_one);
    ZKG_TRY(zkg_hyperkzg_wire_values(tape, &o->m));
    ZKG_TRY(make_w(o));
    ZKG_TRY(commit(&o->m.w, o, o->sum, o->len));
    ZKG_TRY(zkg_hyperkzg_wire_w(tape, &o->m));
    ZKG_TRY(make_w2(o));
    ZKG_TRY(commit(&o->m.w2, o, o->sum, o->len));
    if (zkg_hooks_want(hooks, ZKG_CHEAT_WRONG_OPENING, -1))
        o->m.w2 = zkg_g1_generator;
    return zkg_hyperkzg_wire_w2(tape, &o->m);
}

zkg_status zkg_hyperkzg_open(zkg_tape *tape, const zkg_comm *comm,
                             const zkg_backend *backend, const zkg_srs *srs,
                             uint32_t k, const zkg_fr *g, const zkg_fr *u,
                             const zkg_fr *s, const zkg_hooks *hooks)
{
    opening o = {.comm = comm, .backend = backend, .srs = srs};
    zkg_status status;

    if (k == 0 || k > srs->power)
        return ZKG_ERR_INVALID;
    status = opening_init(&o, k);
    if (status == ZKG_OK)
        status = run(&o, tape, g, u, s, hooks);
    opening_clear(&o);
    return status;
}
