/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of batch_add.h for AVX-512 IFMA: eight points in a pack, and two
 * packs at a time, whose products take turns, so that neither waits for its
 * own.
 *
 * With d = xb - xa, s = (yb - ya) / d:  x = s^2 - xa - xb, y = s (xa - x) - ya.
 * Even packs share one running product of denominators, odd ones another.
 *
 * Coordinates are those of fr.h's form, c 2^256, below p.  A product takes
 * 2^-260 in.  Inverses are c 2^262: then slopes are c 2^258, their squares c
 * 2^256 again, and their products with 4 c 2^256 too.
 */
#ifndef ZKG_CURVE_BATCH_ADD_IFMA_TMPL_H
#define ZKG_CURVE_BATCH_ADD_IFMA_TMPL_H

#include "field/ifma.h"

enum { LOG_LANES = 3, LANES = 1 << LOG_LANES, BATCH = 256 };

/* Infinity is x = y = 0; x = 0 is no point of the curve. */
typedef struct pack {
    zkg_x8 x, y;
} pack;

typedef struct queue {
    pack *a[BATCH];
    const pack *b[BATCH];
    size_t n;
    coming coming;
    zkg_x8 den[BATCH], prefix[BATCH]; /* factors */
    __mmask8 done[BATCH];             /* lanes of a that are sums already */
    pack spare[2];                    /* all infinite */
    zkg_x8 one;
    zkg_x8_mod mod;
} queue;

static void queue_init(queue *q)
{
    q->n = 0;
    q->coming = (coming){0};
    zkg_x8_set1(&q->one, zkg_fp_one.l);
    zkg_x8_mod_init(&q->mod, &zkg_fp_mod_);
    memset(q->spare, 0, sizeof(q->spare));
}

/* Lanes where all limbs are 0. */
static inline __mmask8 zero_lanes(const zkg_x8 *a)
{
    __m512i any = a->l[0];

    for (int i = 1; i < 5; i++)
        any = _mm512_or_si512(any, a->l[i]);
    return _mm512_testn_epi64_mask(any, any);
}

/* Lanes where the lowest limbs are equal, or one of them is 0: where a + b may
 * be no sum of two different points. */
static inline __mmask8 suspects(const zkg_x8 *a, const zkg_x8 *b)
{
    return _mm512_cmpeq_epi64_mask(a->l[0], b->l[0]) |
           _mm512_testn_epi64_mask(a->l[0], a->l[0]) |
           _mm512_testn_epi64_mask(b->l[0], b->l[0]);
}

static inline void blend(zkg_x8 *r, __mmask8 lanes, const zkg_x8 *a)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_mov_epi64(r->l[i], lanes, a->l[i]);
}

static inline void pack_load(pack *to, const zkg_g1 *const p[LANES],
                             uint32_t minus, const queue *q)
{
    __m512i w[8], any;
    __mmask8 lanes;

    for (int i = 0; i < 8; i++)
        w[i] = _mm512_loadu_si512(p[i]);
    zkg_x8_transpose(w);
    any = _mm512_or_si512(_mm512_or_si512(w[0], w[1]),
                          _mm512_or_si512(w[2], w[3]));
    zkg_x8_from_64(&to->x, w);
    zkg_x8_from_64(&to->y, w + 4);
    lanes = _mm512_mask_test_epi64_mask((__mmask8)minus, any, any);
    for (int i = 0; i < 5; i++)
        to->y.l[i] =
            _mm512_mask_sub_epi64(to->y.l[i], lanes, q->mod.p[i], to->y.l[i]);
    zkg_x8_carry(&to->y);
}

static inline void pack_store(zkg_g1 *const p[LANES], const pack *from)
{
    __m512i w[8];

    zkg_x8_to_64(w, &from->x);
    zkg_x8_to_64(w + 4, &from->y);
    zkg_x8_transpose(w);
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(p[i], w[i]);
}

static inline bool pack_is_infinity(const pack *a)
{
    /* no lane, mostly, and seen at once */
    return _mm512_test_epi64_mask(a->x.l[0], a->x.l[0]) == 0 &&
           zero_lanes(&a->x) == 0xff;
}

static void packs_map(pack *p, size_t n, const queue *q)
{
    zkg_x8 beta[2], x[2];

    zkg_x8_set1(&beta[0], zkg_glv_beta.l);
    zkg_x8_shift(&beta[0], 4);
    zkg_x8_carry(&beta[0]); /* < 16 p */
    beta[1] = beta[0];
    for (size_t i = 0; i < n; i += 2) {
        pack *next = &p[i + 1 < n ? i + 1 : i];

        x[0] = p[i].x;
        x[1] = next->x;
        zkg_x8_mul2(x, x, beta, &q->mod); /* < 1.2 p */
        zkg_x8_reduce4(&p[i].x, &x[0], &q->mod);
        zkg_x8_reduce4(&next->x, &x[1], &q->mod);
    }
}

static zkg_g1 lane_of(const pack *a, int lane)
{
    zkg_g1 all[LANES], *p[LANES];

    for (int i = 0; i < LANES; i++)
        p[i] = &all[i];
    pack_store(p, a);
    return all[lane];
}

/* Pair i: of suspicious lanes those whose sum takes no slope get it at once,
 * and 1 for a denominator. */
static void set_aside(queue *q, size_t i, __mmask8 lanes)
{
    pack *a = q->a[i];
    const pack *b = q->b[i];
    const __mmask8 no_a = zero_lanes(&a->x), no_b = zero_lanes(&b->x);
    __mmask8 same = lanes & (__mmask8) ~(no_a | no_b);
    pack sum;

    for (int k = 0; k < 5; k++)
        same &= _mm512_cmpeq_epi64_mask(a->x.l[k], b->x.l[k]);
    for (int lane = 0; lane < LANES; lane++) {
        zkg_g1 pa, pb;
        const zkg_g1 *every[LANES] = {&pa, &pa, &pa, &pa, &pa, &pa, &pa, &pa};

        if (!(same >> lane & 1))
            continue;
        pa = lane_of(a, lane);
        pb = lane_of(b, lane);
        zkg_g1_add(&pa, &pa, &pb);
        pack_load(&sum, every, 0, q);
        blend(&a->x, (__mmask8)(1u << lane), &sum.x);
        blend(&a->y, (__mmask8)(1u << lane), &sum.y);
    }
    blend(&a->x, no_a, &b->x);
    blend(&a->y, no_a, &b->y);
    q->done[i] = no_a | no_b | same;
    blend(&q->den[i], q->done[i], &q->one);
}

/* Pair i: xb - xa + p. */
static inline void denominators(queue *q, size_t i)
{
    const zkg_x8 *xa = &q->a[i]->x, *xb = &q->b[i]->x;
    const __mmask8 lanes = suspects(xa, xb);

    zkg_x8_sub(&q->den[i], xb, xa, 1, &q->mod);
    zkg_x8_to_factor(&q->den[i]);
    q->done[i] = 0;
    if (__builtin_expect(lanes, 0))
        set_aside(q, i, lanes);
}

/* Where pair i is done, its sum is what a has. */
static inline void put(queue *q, size_t i, const zkg_x8 *x, const zkg_x8 *y)
{
    pack sum = {*x, *y};

    if (__builtin_expect(q->done[i], 0)) {
        blend(&sum.x, q->done[i], &q->a[i]->x);
        blend(&sum.y, q->done[i], &q->a[i]->y);
    }
    *q->a[i] = sum;
}

/* x = square - xa - xb below p, for square < 2 p. */
static inline void x_of_sum(zkg_x8 *x, const zkg_x8 *square, const queue *q,
                            size_t i)
{
    const zkg_x8 *xa = &q->a[i]->x, *xb = &q->b[i]->x;

    for (int l = 0; l < 5; l++)
        x->l[l] = _mm512_add_epi64(_mm512_sub_epi64(square->l[l], xa->l[l]),
                                   _mm512_sub_epi64(q->mod.k[1][l], xb->l[l]));
    zkg_x8_reduce4(x, x, &q->mod);
}

/* Pairs i and i + 1: the sums, from the denominators' inverses. */
static inline void sums(queue *q, size_t i, const zkg_x8 inv[2])
{
    const zkg_x8_mod *m = &q->mod;
    zkg_x8 minus_ya[2], s[2], x[2], y[2];

    for (size_t k = 0; k < 2; k++) {
        for (int l = 0; l < 5; l++)
            minus_ya[k].l[l] = _mm512_sub_epi64(m->p[l], q->a[i + k]->y.l[l]);
        zkg_x8_add(&s[k], &q->b[i + k]->y, &minus_ya[k]);
        zkg_x8_to_factor(&s[k]); /* < 2 p */
    }
    zkg_x8_mul2(s, s, inv, m); /* < 1.03 p */
    zkg_x8_to_factor(&s[0]);
    zkg_x8_to_factor(&s[1]);
    zkg_x8_mul2(x, s, s, m); /* < 1.02 p */
    for (size_t k = 0; k < 2; k++) {
        x_of_sum(&x[k], &x[k], q, i + k);
        zkg_x8_sub(&y[k], &q->a[i + k]->x, &x[k], 1, m);
        zkg_x8_shift(&y[k], 2);
        zkg_x8_to_factor(&y[k]); /* < 8 p */
    }
    zkg_x8_mul2(y, s, y, m); /* < 1.1 p */
    for (size_t k = 0; k < 2; k++) {
        zkg_x8_add(&y[k], &y[k], &minus_ya[k]);
        zkg_x8_reduce4(&y[k], &y[k], m);
        put(q, i + k, &x[k], &y[k]);
    }
}

/* r = the inverses of the lanes of t, a factor, as zkg_fp_inv gives them. */
static void invert8(zkg_x8 *r, const zkg_x8 *t, const zkg_x8_mod *m)
{
    zkg_fp v[8], scratch[8];
    __m512i w[8];

    *r = *t;
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_and_si512(r->l[i], zkg_x8_mask());
    zkg_x8_reduce(r, r, 1, m);
    zkg_x8_to_64(w, r);
    for (int i = 4; i < 8; i++)
        w[i] = w[0];
    zkg_x8_transpose(w);
    for (int i = 0; i < 8; i++)
        _mm256_storeu_si256((__m256i *)v[i].l, _mm512_castsi512_si256(w[i]));
    zkg_fp_batch_inv(v, 8, scratch);
    for (int i = 0; i < 8; i++)
        w[i] =
            _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)v[i].l));
    zkg_x8_transpose(w);
    zkg_x8_from_64(r, w);
}

/*
 * t[0] and t[1]: 2^6 times what zkg_fp_inv makes of them, by one inversion.
 *
 * After n denominators d 2^256 the running product is D c 2^(-4 n), D being
 * that of the d; zkg_fp_inv makes 2^(512 + 4 n) / (D c) of it.  To the inverse
 * of one d the way back brings the c of a prefix, n - 1 times 2^-4 and one
 * 2^-260: with 2^6 it is d^-1 2^262.
 */
static void invert16(zkg_x8 t[2], const zkg_x8_mod *m)
{
    const zkg_x8 other[2] = {t[1], t[0]};
    zkg_x8 u[2];

    zkg_x8_mul2(u, t, other, m); /* the same, twice */
    zkg_x8_to_factor(&u[0]);
    invert8(&u[0], &u[0], m);
    zkg_x8_shift(&u[0], 6);
    zkg_x8_to_factor(&u[0]); /* < 64 p */
    u[1] = u[0];
    zkg_x8_mul2(t, u, other, m); /* < 2 p */
    zkg_x8_to_factor(&t[0]);
    zkg_x8_to_factor(&t[1]);
}

static void flush(queue *q)
{
    enum { FETCHED = 12 }; /* half of those for 16 additions, and more */
    zkg_x8 t[2] = {q->one, q->one};

    if (q->n == 0)
        return;
    if (q->n % 2) {
        q->a[q->n] = &q->spare[0];
        q->b[q->n++] = &q->spare[1];
    }
    for (size_t i = 0; i < q->n; i += 2) {
        fetch_coming(&q->coming, FETCHED);
        denominators(q, i);
        denominators(q, i + 1);
        q->prefix[i] = t[0];
        q->prefix[i + 1] = t[1];
        zkg_x8_mul2(t, t, &q->den[i], &q->mod); /* < 1.03 p */
        zkg_x8_to_factor(&t[0]);
        zkg_x8_to_factor(&t[1]);
    }
    invert16(t, &q->mod);
    for (size_t i = q->n; i > 0;) {
        zkg_x8 inv[2];

        i -= 2;
        fetch_coming(&q->coming, FETCHED);
        zkg_x8_mul2(inv, t, &q->prefix[i], &q->mod);
        zkg_x8_mul2(t, t, &q->den[i], &q->mod); /* < 1.06 p */
        for (int k = 0; k < 2; k++) {
            zkg_x8_to_factor(&inv[k]);
            zkg_x8_to_factor(&t[k]);
        }
        sums(q, i, inv);
    }
    q->n = 0;
}

#endif
