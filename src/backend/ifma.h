/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_IFMA_H
#define ZKG_BACKEND_IFMA_H

/**
 * @file
 * Eight field elements at a time by AVX-512 IFMA; private to ifma.c.
 *
 * In memory an element is what field/fr.h says: four limbs of a R mod p,
 * R = 2^256, canonical.  In registers it is five limbs of 52 bits of the same
 * number, limb k of eight elements in one vector.  IFMA's own Montgomery
 * product divides by 2^260, so each one leaves a factor 2^-4; callers cancel
 * it with a constant operand or at the end.
 *
 * Names: a v8 is normalised (limbs < 2^52) unless said otherwise; an acc8 is a
 * sum of products, ten limbs, each below 2^64.
 */

#include <immintrin.h>

#include "field/fr.h"

#define V8_INLINE static inline __attribute__((always_inline, unused))

typedef struct v8 {
    __m512i l[5];
} v8;

typedef struct acc8 {
    __m512i l[10];
} acc8;

/** Products that an acc8 holds between two acc8_carry(). */
#define ACC8_PRODUCTS 128

V8_INLINE __m512i v8_set(uint64_t x)
{
    return _mm512_set1_epi64((long long)x);
}

V8_INLINE __m512i v8_mask(void)
{
    return v8_set((UINT64_C(1) << 52) - 1);
}

/** limb k of m * p, m = 1 or 2 */
V8_INLINE __m512i v8_p(int k, uint64_t m)
{
    const uint64_t *p = zkg_fr_mod_.p;
    uint64_t d[5], c = 0;

    d[0] = p[0] & ((UINT64_C(1) << 52) - 1);
    d[1] = (p[0] >> 52 | p[1] << 12) & ((UINT64_C(1) << 52) - 1);
    d[2] = (p[1] >> 40 | p[2] << 24) & ((UINT64_C(1) << 52) - 1);
    d[3] = (p[2] >> 28 | p[3] << 36) & ((UINT64_C(1) << 52) - 1);
    d[4] = p[3] >> 16;
    for (int i = 0; i < 5; i++) {
        d[i] = d[i] * m + c;
        c = d[i] >> 52;
        d[i] &= (UINT64_C(1) << 52) - 1;
    }
    return v8_set(d[k]);
}

V8_INLINE __m512i lo52(__m512i acc, __m512i a, __m512i b)
{
    return _mm512_madd52lo_epu64(acc, a, b);
}

V8_INLINE __m512i hi52(__m512i acc, __m512i a, __m512i b)
{
    return _mm512_madd52hi_epu64(acc, a, b);
}

/** the upper half of (high : low) << n */
V8_INLINE __m512i v8_shift2(__m512i high, __m512i low, unsigned n)
{
    return _mm512_or_si512(_mm512_slli_epi64(high, n),
                           _mm512_srli_epi64(low, 64 - n));
}

/** 64-bit limbs, one vector each, to 52-bit limbs */
V8_INLINE v8 v8_split(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i m = v8_mask();
    v8 r;

    r.l[0] = _mm512_and_si512(a, m);
    r.l[1] = _mm512_and_si512(v8_shift2(b, a, 12), m);
    r.l[2] = _mm512_and_si512(v8_shift2(c, b, 24), m);
    r.l[3] = _mm512_and_si512(v8_shift2(d, c, 36), m);
    r.l[4] = _mm512_srli_epi64(d, 16);
    return r;
}

#define SHUFFLE(a, b, imm) _mm512_shuffle_i64x2(a, b, imm)
#define LO(a, b) _mm512_unpacklo_epi64(a, b)
#define HI(a, b) _mm512_unpackhi_epi64(a, b)

/** Elements p[0], p[2], .., p[14] and p[1], p[3], .., p[15]. */
V8_INLINE void v8_load_pairs(v8 *even, v8 *odd, const zkg_fr *p)
{
    __m512i z[8], t[4], u[4], e[4], o[4];

    for (int i = 0; i < 8; i++)
        z[i] = _mm512_loadu_si512(p + 2 * i);
    for (int h = 0; h < 2; h++) {
        /* limb h and h + 2: t = (e0 e2 | e0 e2 | e1 e3 | e1 e3) */
        for (int i = 0; i < 4; i++)
            t[i] = h ? HI(z[2 * i], z[2 * i + 1]) : LO(z[2 * i], z[2 * i + 1]);
        u[0] = SHUFFLE(t[0], t[1], 0x44);
        u[1] = SHUFFLE(t[2], t[3], 0x44);
        u[2] = SHUFFLE(t[0], t[1], 0xee);
        u[3] = SHUFFLE(t[2], t[3], 0xee);
        e[h] = SHUFFLE(u[0], u[1], 0x88);
        e[h + 2] = SHUFFLE(u[0], u[1], 0xdd);
        o[h] = SHUFFLE(u[2], u[3], 0x88);
        o[h + 2] = SHUFFLE(u[2], u[3], 0xdd);
    }
    *even = v8_split(e[0], e[1], e[2], e[3]);
    *odd = v8_split(o[0], o[1], o[2], o[3]);
}

/** Elements p[0] .. p[7]. */
V8_INLINE v8 v8_load(const zkg_fr *p)
{
    const __m512i pick = _mm512_setr_epi64(0, 4, 1, 5, 8, 12, 9, 13);
    const __m512i high = _mm512_add_epi64(pick, v8_set(2));
    __m512i z[4], t0, t1, t2, t3;

    for (int i = 0; i < 4; i++)
        z[i] = _mm512_loadu_si512(p + 2 * i);
    /* t0 = limbs 0 and 2: (e0 e2 | e0 e2 | e1 e3 | e1 e3) */
    t0 = LO(z[0], z[1]);
    t1 = HI(z[0], z[1]);
    t2 = LO(z[2], z[3]);
    t3 = HI(z[2], z[3]);
    return v8_split(_mm512_permutex2var_epi64(t0, pick, t2),
                    _mm512_permutex2var_epi64(t1, pick, t3),
                    _mm512_permutex2var_epi64(t0, high, t2),
                    _mm512_permutex2var_epi64(t1, high, t3));
}

V8_INLINE void v8_store(zkg_fr *p, v8 a)
{
    const __m512i x = _mm512_or_si512(a.l[0], _mm512_slli_epi64(a.l[1], 52));
    const __m512i y = _mm512_or_si512(_mm512_srli_epi64(a.l[1], 12),
                                      _mm512_slli_epi64(a.l[2], 40));
    const __m512i z = _mm512_or_si512(_mm512_srli_epi64(a.l[2], 24),
                                      _mm512_slli_epi64(a.l[3], 28));
    const __m512i w = _mm512_or_si512(_mm512_srli_epi64(a.l[3], 36),
                                      _mm512_slli_epi64(a.l[4], 16));
    const __m512i even = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i odd = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const __m512i xy0 = LO(x, y), xy1 = HI(x, y);
    const __m512i zw0 = LO(z, w), zw1 = HI(z, w);
    /* (e0 e2), (e4 e6) and (e1 e3), (e5 e7), four limbs each */
    const __m512i e02 = _mm512_permutex2var_epi64(xy0, even, zw0);
    const __m512i e46 = _mm512_permutex2var_epi64(xy0, odd, zw0);
    const __m512i e13 = _mm512_permutex2var_epi64(xy1, even, zw1);
    const __m512i e57 = _mm512_permutex2var_epi64(xy1, odd, zw1);

    _mm512_storeu_si512(p, SHUFFLE(e02, e13, 0x44));
    _mm512_storeu_si512(p + 2, SHUFFLE(e02, e13, 0xee));
    _mm512_storeu_si512(p + 4, SHUFFLE(e46, e57, 0x44));
    _mm512_storeu_si512(p + 6, SHUFFLE(e46, e57, 0xee));
}

/** The even and the odd ones of sixteen elements a, b. */
V8_INLINE void v8_deinterleave(v8 *even, v8 *odd, const v8 *a, const v8 *b)
{
    const __m512i e = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i o = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);

    for (int k = 0; k < 5; k++) {
        even->l[k] = _mm512_permutex2var_epi64(a->l[k], e, b->l[k]);
        odd->l[k] = _mm512_permutex2var_epi64(a->l[k], o, b->l[k]);
    }
}

/** The same element eight times. */
V8_INLINE v8 v8_of(const zkg_fr *a)
{
    return v8_split(v8_set(a->l[0]), v8_set(a->l[1]), v8_set(a->l[2]),
                    v8_set(a->l[3]));
}

/** Limbs of any sign to limbs in 0 .. 2^52 - 1; the value is not negative. */
V8_INLINE v8 v8_carry(v8 a)
{
    const __m512i m = v8_mask();

    for (int k = 0; k < 4; k++) {
        a.l[k + 1] =
            _mm512_add_epi64(a.l[k + 1], _mm512_srai_epi64(a.l[k], 52));
        a.l[k] = _mm512_and_si512(a.l[k], m);
    }
    return a;
}

/** a mod p for a < 3 p, limbs of any sign or size below 2^63. */
V8_INLINE v8 v8_canonical(v8 a)
{
    const __m512i top1 = v8_p(4, 1), top2 = v8_p(4, 2);
    __mmask8 one, two, close;

    a = v8_carry(a);
    one = _mm512_cmpgt_epu64_mask(a.l[4], top1);
    two = _mm512_cmpgt_epu64_mask(a.l[4], top2);
    close = _mm512_cmpeq_epu64_mask(a.l[4], top1) |
            _mm512_cmpeq_epu64_mask(a.l[4], top2);
    if (__builtin_expect(close != 0, 0)) {
        /* The top limb does not tell: compare all, the lowest first.  Equal
         * counts as not less. */
        one = two = 0xff;
        for (int k = 0; k < 5; k++) {
            const __m512i p1 = v8_p(k, 1), p2 = v8_p(k, 2);

            one = (__mmask8)((_mm512_cmpeq_epu64_mask(a.l[k], p1) & one) |
                             _mm512_cmpgt_epu64_mask(a.l[k], p1));
            two = (__mmask8)((_mm512_cmpeq_epu64_mask(a.l[k], p2) & two) |
                             _mm512_cmpgt_epu64_mask(a.l[k], p2));
        }
    }
    for (int k = 0; k < 5; k++) {
        a.l[k] = _mm512_mask_sub_epi64(a.l[k], one, a.l[k], v8_p(k, 1));
        a.l[k] = _mm512_mask_sub_epi64(a.l[k], two, a.l[k], v8_p(k, 1));
    }
    return v8_carry(a);
}

/** a + b, limbs not normalised */
V8_INLINE v8 v8_add_raw(v8 a, v8 b)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_add_epi64(a.l[k], b.l[k]);
    return a;
}

/** a - b + p for canonical b: in (0, p + a) */
V8_INLINE v8 v8_sub(v8 a, v8 b)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_add_epi64(_mm512_sub_epi64(a.l[k], b.l[k]), v8_p(k, 1));
    return v8_carry(a);
}

V8_INLINE void acc8_zero(acc8 *t)
{
    for (int k = 0; k < 10; k++)
        t->l[k] = _mm512_setzero_si512();
}

/** t += a b */
V8_INLINE void acc8_mac(acc8 *t, const v8 *a, const v8 *b)
{
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            t->l[i + j] = lo52(t->l[i + j], a->l[i], b->l[j]);
            t->l[i + j + 1] = hi52(t->l[i + j + 1], a->l[i], b->l[j]);
        }
    }
}

/** Normalise the limbs of a sum below 2^520. */
V8_INLINE void acc8_carry(acc8 *t)
{
    const __m512i m = v8_mask();

    for (int k = 0; k < 9; k++) {
        t->l[k + 1] =
            _mm512_add_epi64(t->l[k + 1], _mm512_srli_epi64(t->l[k], 52));
        t->l[k] = _mm512_and_si512(t->l[k], m);
    }
}

/** t / 2^260 mod p: below t / 2^260 + p; limbs not normalised. */
V8_INLINE v8 acc8_reduce_raw(acc8 t)
{
    const __m512i zero = _mm512_setzero_si512(), m = v8_mask();
    const __m512i inv = v8_set(zkg_fr_mod_.inv & ((UINT64_C(1) << 52) - 1));
    v8 r;

    for (int i = 0; i < 5; i++) {
        const __m512i q = lo52(zero, _mm512_and_si512(t.l[i], m), inv);

        for (int j = 0; j < 5; j++) {
            t.l[i + j] = lo52(t.l[i + j], q, v8_p(j, 1));
            t.l[i + j + 1] = hi52(t.l[i + j + 1], q, v8_p(j, 1));
        }
        t.l[i + 1] =
            _mm512_add_epi64(t.l[i + 1], _mm512_srli_epi64(t.l[i], 52));
    }
    for (int k = 0; k < 5; k++)
        r.l[k] = t.l[5 + k];
    return r;
}

V8_INLINE v8 acc8_reduce(acc8 t)
{
    return v8_carry(acc8_reduce_raw(t));
}

/** a b / 2^260, below a b / 2^260 + p; limbs not normalised */
V8_INLINE v8 v8_mul_raw(const v8 *a, const v8 *b)
{
    acc8 t;

    acc8_zero(&t);
    acc8_mac(&t, a, b);
    return acc8_reduce_raw(t);
}

#endif
