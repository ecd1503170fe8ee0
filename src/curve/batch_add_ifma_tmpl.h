/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of batch_add.h for AVX-512 IFMA: two groups of eight pairs at a
 * time, whose products take turns, so that neither waits for its own.
 *
 * With d = xb - xa, s = (yb - ya) / d:  x = s^2 - xa - xb, y = s (xa - x) - ya.
 * Even groups share one running product of denominators, odd ones another.
 */
#ifndef ZKG_CURVE_BATCH_ADD_IFMA_TMPL_H
#define ZKG_CURVE_BATCH_ADD_IFMA_TMPL_H

/* The x (half 0) or y (half 1) of a[0..7], in limbs of 64 bits, to w[0..3], of
 * b[0..7] to w[4..7]. */
static inline void load8(__m512i w[8], const zkg_g1 *const *a,
                         const zkg_g1 *const *b, size_t half)
{
    for (int i = 0; i < 8; i++) {
        const __m256i lo = _mm256_loadu_si256((const __m256i *)a[i] + half);
        const __m256i hi = _mm256_loadu_si256((const __m256i *)b[i] + half);

        w[i] = _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
    }
    zkg_x8_transpose(w);
}

/* The points x, y, below p, of group g go where they belong. */
static inline void store8(queue *q, size_t g, const zkg_x8 *x, const zkg_x8 *y)
{
    zkg_g1 *const *out = q->wait.out + 8 * g;
    const uint32_t skip = q->skip[g];
    __m512i w[8];

    zkg_x8_to_64(w, x);
    zkg_x8_to_64(w + 4, y);
    zkg_x8_transpose(w);
    for (int i = 0; i < 8; i++)
        if (__builtin_expect(!(skip >> i & 1), 1))
            _mm512_storeu_si512(out[i], w[i]);
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

/* Leaves the lanes of group g that the mask names to the scalar code: their
 * denominators are 1. */
static void set_aside(queue *q, size_t g, uint32_t lanes, const zkg_x8 *one)
{
    for (int i = 0; i < 5; i++)
        q->den8[g].l[i] = _mm512_mask_blend_epi64((__mmask8)lanes,
                                                  q->den8[g].l[i], one->l[i]);
    for (size_t i = 0; i < 8; i++)
        if (lanes >> i & 1 && 8 * g + i < q->wait.n)
            pairs_push(&q->slow, q->wait.out[8 * g + i], q->wait.a[8 * g + i],
                       q->wait.b[8 * g + i]);
}

/* Group g: its eight denominators, xb - xa + p. */
static inline void denominators(queue *q, size_t g, const zkg_x8 *one)
{
    __m512i w[8];
    zkg_x8 xb;

    load8(w, q->wait.a + 8 * g, q->wait.b + 8 * g, 0);
    /* x = 0 is no point of the curve, so it is infinity */
    q->skip[g] = equal8(w, w + 4) | equal8(w, NULL) | equal8(w + 4, NULL);
    zkg_x8_from_64(&q->xa8[g], w);
    zkg_x8_from_64(&xb, w + 4);
    zkg_x8_sub(&q->den8[g], &xb, &q->xa8[g], 1, &q->mod);
    if (__builtin_expect(q->skip[g], 0))
        set_aside(q, g, q->skip[g], one);
}

/* Group g: ya, and 16 (yb - ya), of an element below 2p. */
static inline void numerators(zkg_x8 *ya, zkg_x8 *s16, const queue *q, size_t g)
{
    __m512i w[8];
    zkg_x8 s;

    load8(w, q->wait.a + 8 * g, q->wait.b + 8 * g, 1);
    zkg_x8_from_64(ya, w);
    zkg_x8_from_64(&s, w + 4);
    zkg_x8_sub(&s, &s, ya, 1, &q->mod);
    zkg_x8_times16(s16, &s);
}

/* x = square - xa - xb below p, for square < 1.6 p. */
static inline void x_of_sum(zkg_x8 *x, const zkg_x8 *square, const queue *q,
                            size_t g)
{
    const zkg_x8 *xa = &q->xa8[g], *den = &q->den8[g];

    /* xa + xb = 2 xa + den - p < 2p */
    for (int i = 0; i < 5; i++)
        x->l[i] = _mm512_sub_epi64(
            _mm512_add_epi64(square->l[i], q->mod.k[2][i]),
            _mm512_add_epi64(_mm512_add_epi64(xa->l[i], xa->l[i]), den->l[i]));
    zkg_x8_carry(x); /* < 3.6 p */
    zkg_x8_reduce4(x, x, &q->mod);
}

/* Groups g and g + 1: the sums, from the denominators' inverses, below 2p. */
static inline void sums(queue *q, size_t g, const zkg_x8 inv[2])
{
    const zkg_x8_mod *m = &q->mod;
    zkg_x8 ya[2], s[2], s16[2], x[2], y[2];

    for (size_t k = 0; k < 2; k++)
        numerators(&ya[k], &s16[k], q, g + k);
    zkg_x8_mul2_16(s, s16, inv, m); /* < 1.76 p */
    for (size_t k = 0; k < 2; k++)
        zkg_x8_times16(&s16[k], &s[k]);
    zkg_x8_mul2_16(x, s16, s, m); /* < 1.6 p */
    for (size_t k = 0; k < 2; k++) {
        x_of_sum(&x[k], &x[k], q, g + k);
        zkg_x8_sub(&y[k], &q->xa8[g + k], &x[k], 1, m);
    }
    zkg_x8_mul2_16(y, s16, y, m); /* < 1.7 p */
    for (size_t k = 0; k < 2; k++) {
        zkg_x8_sub(&y[k], &y[k], &ya[k], 1, m); /* < 2.7 p */
        zkg_x8_reduce4(&y[k], &y[k], m);
        store8(q, g + k, &x[k], &y[k]);
    }
}

/* t[0] and t[1], below 2p, inverted, with one inversion for both. */
static void invert16(zkg_x8 t[2], const zkg_x8_mod *m)
{
    const zkg_x8 other[2] = {t[1], t[0]};
    zkg_x8 u[2];

    zkg_x8_mul(&u[0], &t[0], &t[1], m);
    invert8(&u[0], m);
    u[1] = u[0];
    zkg_x8_mul2(t, u, other, m);
}

/* Fills the last two groups up with infinities, which are set aside. */
static size_t fill_up(pairs *w)
{
    static const zkg_g1 nowhere = {{{0}}, {{0}}};
    const size_t groups = (w->n + 15) / 16 * 2;

    for (size_t i = w->n; i < 8 * groups; i++)
        w->a[i] = w->b[i] = &nowhere;
    return groups;
}

static void add_lanes(queue *q)
{
    const size_t groups = fill_up(&q->wait);
    zkg_x8 t[2], inv[2], one;

    zkg_x8_set1(&one, zkg_fp_one.l);
    t[0] = t[1] = one;
    for (size_t g = 0; g < groups; g += 2) {
        denominators(q, g, &one);
        denominators(q, g + 1, &one);
        q->prefix8[g] = t[0];
        q->prefix8[g + 1] = t[1];
        zkg_x8_mul2(t, t, &q->den8[g], &q->mod); /* < 1.76 p */
    }
    invert16(t, &q->mod);
    for (size_t g = groups; g > 0;) {
        zkg_x8 t16[2];

        g -= 2;
        zkg_x8_times16(&t16[0], &t[0]);
        zkg_x8_times16(&t16[1], &t[1]);
        zkg_x8_mul2_16(inv, t16, &q->prefix8[g], &q->mod);
        zkg_x8_mul2_16(t, t16, &q->den8[g], &q->mod);
        sums(q, g, inv);
    }
    q->wait.n = 0;
    add_scalar(q, &q->slow);
}

#endif
