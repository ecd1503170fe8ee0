/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Affine additions by the batch: one inversion for up to BATCH of them.
 *
 * For msm_variant.c, in its variant: plain C, mulx, or, with ZKG_FIELD_IFMA,
 * eight pairs at a time.  Equal, opposite and infinite points are right; the
 * eight-lane code leaves them to the scalar code.
 */
#ifndef ZKG_CURVE_BATCH_ADD_H
#define ZKG_CURVE_BATCH_ADD_H

#include <stdlib.h>

#include "curve/g1.h"

#ifdef ZKG_FIELD_IFMA
#include "field/ifma.h"
enum { BATCH = 2048 };
#else
enum { BATCH = 1024 };
#endif

/* Pairs waiting to be added, and their sums' places. Bit i % 8 of minus_a[i /
 * 8] says that -a[i] is meant. */
typedef struct pairs {
    const zkg_g1 *a[BATCH], *b[BATCH];
    zkg_g1 *out[BATCH];
    uint8_t minus_a[BATCH / 8], minus_b[BATCH / 8];
    size_t n;
} pairs;

static inline void pairs_push(pairs *w, zkg_g1 *out, const zkg_g1 *a,
                              const zkg_g1 *b, uint32_t minus_a,
                              uint32_t minus_b)
{
    const size_t i = w->n++;

    if (i % 8 == 0)
        w->minus_a[i / 8] = w->minus_b[i / 8] = 0;
    w->a[i] = a;
    w->b[i] = b;
    w->out[i] = out;
    w->minus_a[i / 8] |= (uint8_t)(minus_a << i % 8);
    w->minus_b[i / 8] |= (uint8_t)(minus_b << i % 8);
}

static inline void load_signed(zkg_g1 *r, const zkg_g1 *p, uint32_t minus)
{
    *r = *p;
    if (minus)
        zkg_fp_neg(&r->y, &p->y);
}

/* Pair i, signs taken in. */
static inline void pairs_load(zkg_g1 *a, zkg_g1 *b, const pairs *w, size_t i)
{
    load_signed(a, w->a[i], w->minus_a[i / 8] >> i % 8 & 1);
    load_signed(b, w->b[i], w->minus_b[i / 8] >> i % 8 & 1);
}

/* A queue of pairs with the scratch that adding them takes. */
typedef struct queue {
    pairs wait;
    zkg_fp den[BATCH], prefix[BATCH];
#ifdef ZKG_FIELD_IFMA
    zkg_x8 den8[BATCH / 8], prefix8[BATCH / 8];
    uint8_t skip[BATCH / 8]; /* lanes left to the scalar code */
    pairs slow;
    zkg_x8_mod mod;
#endif
} queue;

/* NULL when memory is short. */
static queue *queue_new(void)
{
    const size_t bytes = (sizeof(queue) + 63) / 64 * 64;
    queue *q = aligned_alloc(64, bytes);

    if (!q)
        return NULL;
    q->wait.n = 0;
#ifdef ZKG_FIELD_IFMA
    q->slow.n = 0;
    zkg_x8_mod_init(&q->mod, &zkg_fp_mod_);
#endif
    return q;
}

static void queue_free(queue *q)
{
    free(q);
}

enum { DONE, ADD, DOUBLE };

/* What a + b takes; the denominator of its slope, or the sum itself. */
static int slope_kind(zkg_fp *den, zkg_g1 *out, const zkg_g1 *a,
                      const zkg_g1 *b)
{
    zkg_fp_sub(den, &b->x, &a->x);
    if (__builtin_expect(zkg_fp_is_zero(den), 0)) {
        /* equal, opposite, or both infinite */
        if (zkg_fp_equal(&a->y, &b->y) && !zkg_g1_is_infinity(a)) {
            zkg_fp_double(den, &a->y);
            return DOUBLE;
        }
        *out = (zkg_g1){{{0}}, {{0}}};
        return DONE;
    }
    if (__builtin_expect(zkg_g1_is_infinity(a), 0)) {
        *out = *b;
        return DONE;
    }
    if (__builtin_expect(zkg_g1_is_infinity(b), 0)) {
        *out = *a;
        return DONE;
    }
    return ADD;
}

/* *out = a + b with inv the inverse of the slope's denominator. */
static inline void add_with_inverse(zkg_g1 *out, const zkg_g1 *a,
                                    const zkg_g1 *b, const zkg_fp *inv,
                                    int kind)
{
    zkg_fp s, x, y;

    if (__builtin_expect(kind == DOUBLE, 0)) {
        zkg_fp_sqr(&x, &a->x);
        zkg_fp_double(&s, &x);
        zkg_fp_add(&s, &s, &x);
    } else {
        zkg_fp_sub(&s, &b->y, &a->y);
    }
    zkg_fp_mul(&s, &s, inv);
    zkg_fp_sqr(&x, &s);
    zkg_fp_sub(&x, &x, &a->x);
    zkg_fp_sub(&x, &x, &b->x);
    zkg_fp_sub(&y, &a->x, &x);
    zkg_fp_mul(&y, &y, &s);
    zkg_fp_sub(&out->y, &y, &a->y);
    out->x = x;
}

static void add_scalar(queue *q, pairs *w)
{
    uint8_t kind[BATCH];
    zkg_fp t = zkg_fp_one, inv;

    if (w->n == 0)
        return;
    for (size_t i = 0; i < w->n; i++) {
        zkg_g1 a, b;

        pairs_load(&a, &b, w, i);
        kind[i] = (uint8_t)slope_kind(&q->den[i], w->out[i], &a, &b);
        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        q->prefix[i] = t;
        zkg_fp_mul(&t, &t, &q->den[i]);
    }
    zkg_fp_inv(&t, &t);
    for (size_t i = w->n; i-- > 0;) {
        zkg_g1 a, b;

        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        pairs_load(&a, &b, w, i);
        zkg_fp_mul(&inv, &t, &q->prefix[i]);
        zkg_fp_mul(&t, &t, &q->den[i]);
        add_with_inverse(w->out[i], &a, &b, &inv, kind[i]);
    }
    w->n = 0;
}

#ifdef ZKG_FIELD_IFMA

/* The x and y of eight points, limbs of 64 bits: w[0..3] and w[4..7]. */
static inline void load8(__m512i w[8], const zkg_g1 *const *p)
{
    for (int i = 0; i < 8; i++)
        w[i] = _mm512_loadu_si512(p[i]);
    zkg_x8_transpose(w);
}

/* Lanes where the four words of a and b are equal; b NULL stands for 0. */
static inline __mmask8 equal8(const __m512i *a, const __m512i *b)
{
    __m512i d = _mm512_setzero_si512();

    for (int i = 0; i < 4; i++)
        d = _mm512_or_si512(d, b ? _mm512_xor_si512(a[i], b[i]) : a[i]);
    return _mm512_testn_epi64_mask(d, d);
}

/* The lanes of *t, elements below 2p, inverted; the results are below p. */
static void invert8(zkg_x8 *t, const zkg_x8_mod *m)
{
    zkg_fp v[8], scratch[8];
    __m512i w[8] = {_mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512(), _mm512_setzero_si512()};

    zkg_x8_reduce(t, t, 1, m);
    zkg_x8_to_64(w, t);
    zkg_x8_transpose(w);
    for (int i = 0; i < 8; i++)
        _mm256_storeu_si256((__m256i *)v[i].l, _mm512_castsi512_si256(w[i]));
    zkg_fp_batch_inv(v, 8, scratch);
    for (int i = 0; i < 8; i++)
        w[i] =
            _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)v[i].l));
    zkg_x8_transpose(w);
    zkg_x8_from_64(t, w);
}

/* Group g: its eight denominators, below 2p; special lanes get 1 and are
 * queued for the scalar code. */
static inline void denominators(queue *q, size_t g, const zkg_x8 *one)
{
    const zkg_g1 *const *a = q->wait.a + 8 * g, *const *b = q->wait.b + 8 * g;
    __m512i wa[8], wb[8];
    __mmask8 special;
    zkg_x8 xa, xb;

    load8(wa, a);
    load8(wb, b);
    /* x = 0 is no point of the curve, so it is infinity */
    special = equal8(wa, wb) | equal8(wa, NULL) | equal8(wb, NULL);
    zkg_x8_from_64(&xa, wa);
    zkg_x8_from_64(&xb, wb);
    zkg_x8_sub(&q->den8[g], &xb, &xa, 1, &q->mod);
    q->skip[g] = special;
    if (__builtin_expect(special, 0)) {
        for (int i = 0; i < 5; i++)
            q->den8[g].l[i] =
                _mm512_mask_blend_epi64(special, q->den8[g].l[i], one->l[i]);
        for (size_t i = 0; i < 8; i++) {
            if (!(special >> i & 1) || 8 * g + i >= q->wait.n)
                continue;
            pairs_push(&q->slow, q->wait.out[8 * g + i], a[i], b[i],
                       q->wait.minus_a[g] >> i & 1,
                       q->wait.minus_b[g] >> i & 1);
        }
    }
}

/* y of a lane that the mask names becomes p - y. */
static inline void negate8(zkg_x8 *y, __mmask8 lanes, const zkg_x8_mod *m)
{
    const __m512i z = _mm512_setzero_si512();
    const zkg_x8 zero = {{z, z, z, z, z}};
    zkg_x8 minus;

    zkg_x8_sub(&minus, &zero, y, 1, m);
    for (int i = 0; i < 5; i++)
        y->l[i] = _mm512_mask_blend_epi64(lanes, y->l[i], minus.l[i]);
}

/* Group g: the sums, from the denominators' inverses, below 2p. */
static inline void sums(queue *q, size_t g, const zkg_x8 *inv)
{
    const zkg_x8_mod *m = &q->mod;
    zkg_x8 xa, ya, xb, s, s16, x, y;
    __m512i wa[8], wb[8];

    load8(wa, q->wait.a + 8 * g);
    load8(wb, q->wait.b + 8 * g);
    zkg_x8_from_64(&xa, wa);
    zkg_x8_from_64(&ya, wa + 4);
    zkg_x8_from_64(&xb, wb);
    zkg_x8_from_64(&s, wb + 4);
    if (q->wait.minus_a[g] | q->wait.minus_b[g]) {
        negate8(&ya, q->wait.minus_a[g], m);
        negate8(&s, q->wait.minus_b[g], m);
    }
    zkg_x8_sub(&s, &s, &ya, 1, m);
    zkg_x8_mul(&s, &s, inv, m); /* < 1.76 p */
    zkg_x8_times16(&s16, &s);
    zkg_x8_mul_16(&x, &s16, &s, m); /* < 1.6 p */
    zkg_x8_add(&xb, &xb, &xa);
    zkg_x8_sub(&x, &x, &xb, 2, m); /* < 3.6 p */
    zkg_x8_reduce(&x, &x, 2, m);
    zkg_x8_reduce(&x, &x, 1, m);
    zkg_x8_sub(&y, &xa, &x, 1, m);
    zkg_x8_mul_16(&y, &s16, &y, m); /* < 1.7 p */
    zkg_x8_sub(&y, &y, &ya, 1, m);  /* < 2.7 p */
    zkg_x8_reduce(&y, &y, 2, m);
    zkg_x8_reduce(&y, &y, 1, m);
    zkg_x8_to_64(wa, &x);
    zkg_x8_to_64(wa + 4, &y);
    zkg_x8_transpose(wa);
    if (__builtin_expect(q->skip[g], 0)) {
        for (int i = 0; i < 8; i++)
            if (!(q->skip[g] >> i & 1))
                _mm512_storeu_si512(q->wait.out[8 * g + (size_t)i], wa[i]);
        return;
    }
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(q->wait.out[8 * g + (size_t)i], wa[i]);
}

/* An out may be the a or b of its own pair, and of no other that waits. */
static void flush(queue *q)
{
    static const zkg_g1 nowhere = {{{0}}, {{0}}};
    const size_t n = q->wait.n, groups = (n + 7) / 8;
    zkg_x8 one, t, inv;

    if (n < 24) { /* where eight inversions in one cost more than they save */
        add_scalar(q, &q->wait);
        return;
    }
    /* infinity is a special case, which fills the last group up */
    for (size_t i = n; i < 8 * groups; i++)
        q->wait.a[i] = q->wait.b[i] = &nowhere;
    zkg_x8_set1(&one, zkg_fp_one.l);
    t = one;
    for (size_t g = 0; g < groups; g++) {
        denominators(q, g, &one);
        q->prefix8[g] = t;
        zkg_x8_mul(&t, &t, &q->den8[g], &q->mod); /* < 1.76 p */
    }
    invert8(&t, &q->mod);
    for (size_t g = groups; g-- > 0;) {
        zkg_x8 t16;

        zkg_x8_times16(&t16, &t);
        zkg_x8_mul_16(&inv, &t16, &q->prefix8[g], &q->mod);
        zkg_x8_mul_16(&t, &t16, &q->den8[g], &q->mod);
        sums(q, g, &inv);
    }
    q->wait.n = 0;
    add_scalar(q, &q->slow);
}

#else

/* An out may be the a or b of its own pair, and of no other that waits. */
static void flush(queue *q)
{
    add_scalar(q, &q->wait);
}

#endif

static inline void push(queue *q, zkg_g1 *out, const zkg_g1 *a, const zkg_g1 *b)
{
    if (q->wait.n == BATCH)
        flush(q);
    pairs_push(&q->wait, out, a, b, 0, 0);
}

#endif
