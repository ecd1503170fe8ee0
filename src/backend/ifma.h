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
 * Names: a v8 is normalised (limbs < 2^52) unless said otherwise.  An open v8
 * has limbs whose carries are passed on but still there; IFMA reads the lowest
 * 52 bits of a limb, so that it is as good an operand, and v8_pack drops them
 * too.  An acc8 is a sum of products, ten limbs, each below 2^64.
 *
 * Values in registers and in tables may stay above p: bounds are multiples of
 * p, which is 2^253.6.  2^256 is 5.29 p, 2^260 is 84 p.
 */

#include <assert.h>
#include <immintrin.h>

#include "base/inline.h"
#include "field/fr.h"

#define V8_INLINE ZKG_INLINE

typedef struct v8 {
    __m512i l[5];
} v8;

typedef struct acc8 {
    __m512i l[10];
} acc8;

/** floor(2^285 / p) */
#define ZKG_FR_TRIM UINT64_C(2840127684)

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

/** limb k of m * p, m < 2^7 */
V8_INLINE uint64_t p_limb(int k, uint64_t m)
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
    return d[k];
}

V8_INLINE __m512i v8_p(int k, uint64_t m)
{
    return v8_set(p_limb(k, m));
}

V8_INLINE __m512i lo52(__m512i acc, __m512i a, __m512i b)
{
    return _mm512_madd52lo_epu64(acc, a, b);
}

V8_INLINE __m512i hi52(__m512i acc, __m512i a, __m512i b)
{
    return _mm512_madd52hi_epu64(acc, a, b);
}

/** 64-bit limbs, one vector each, to 52-bit limbs */
V8_INLINE v8 v8_split(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i m = v8_mask();
    v8 r;

    r.l[0] = _mm512_and_si512(a, m);
    r.l[1] = _mm512_and_si512(_mm512_shldi_epi64(b, a, 12), m);
    r.l[2] = _mm512_and_si512(_mm512_shldi_epi64(c, b, 24), m);
    r.l[3] = _mm512_and_si512(_mm512_shldi_epi64(d, c, 36), m);
    r.l[4] = _mm512_srli_epi64(d, 16);
    return r;
}

/** The inverse of v8_split, of an open v8 below 2^256. */
V8_INLINE void v8_pack(__m512i w[4], v8 a)
{
    w[0] = _mm512_shldi_epi64(a.l[1], _mm512_slli_epi64(a.l[0], 12), 52);
    w[1] = _mm512_shldi_epi64(a.l[2], _mm512_slli_epi64(a.l[1], 12), 40);
    w[2] = _mm512_shldi_epi64(a.l[3], _mm512_slli_epi64(a.l[2], 12), 28);
    w[3] = _mm512_shldi_epi64(a.l[4], _mm512_slli_epi64(a.l[3], 12), 16);
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

/** The words of elements p[0] .. p[7], limb by limb. */
V8_INLINE void v8_words(__m512i w[4], const zkg_fr *p)
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
    w[0] = _mm512_permutex2var_epi64(t0, pick, t2);
    w[1] = _mm512_permutex2var_epi64(t1, pick, t3);
    w[2] = _mm512_permutex2var_epi64(t0, high, t2);
    w[3] = _mm512_permutex2var_epi64(t1, high, t3);
}

/** Elements p[0] .. p[7]. */
V8_INLINE v8 v8_load(const zkg_fr *p)
{
    __m512i w[4];

    v8_words(w, p);
    return v8_split(w[0], w[1], w[2], w[3]);
}

/** The same, as operands of IFMA alone, which reads the lowest 52 bits of a
 *  limb: what stands above them is no carry, so that it must not be added. */
V8_INLINE v8 v8_load_operand(const zkg_fr *p)
{
    __m512i w[4];
    v8 r;

    v8_words(w, p);
    r.l[0] = w[0];
    r.l[1] = _mm512_shldi_epi64(w[1], w[0], 12);
    r.l[2] = _mm512_shldi_epi64(w[2], w[1], 24);
    r.l[3] = _mm512_shldi_epi64(w[3], w[2], 36);
    r.l[4] = _mm512_srli_epi64(w[3], 16);
    return r;
}

V8_INLINE void v8_store(zkg_fr *p, v8 a)
{
    __m512i words[4];
    const __m512i even = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i odd = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    __m512i xy0, xy1, zw0, zw1, e02, e46, e13, e57;

    v8_pack(words, a);
    xy0 = LO(words[0], words[1]);
    xy1 = HI(words[0], words[1]);
    zw0 = LO(words[2], words[3]);
    zw1 = HI(words[2], words[3]);
    /* (e0 e2), (e4 e6) and (e1 e3), (e5 e7), four limbs each */
    e02 = _mm512_permutex2var_epi64(xy0, even, zw0);
    e46 = _mm512_permutex2var_epi64(xy0, odd, zw0);
    e13 = _mm512_permutex2var_epi64(xy1, even, zw1);
    e57 = _mm512_permutex2var_epi64(xy1, odd, zw1);
    _mm512_storeu_si512(p, SHUFFLE(e02, e13, 0x44));
    _mm512_storeu_si512(p + 2, SHUFFLE(e02, e13, 0xee));
    _mm512_storeu_si512(p + 4, SHUFFLE(e46, e57, 0x44));
    _mm512_storeu_si512(p + 6, SHUFFLE(e46, e57, 0xee));
}

/** The words of elements p[0][at] .. p[7][at], limb by limb. */
V8_INLINE void v8_gather(__m512i w[4], const zkg_fr *const p[8], size_t at)
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    __m512i z[4], t[4];

    for (int i = 0; i < 4; i++) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)(p[i] + at));
        const __m256i b = _mm256_loadu_si256((const __m256i *)(p[i + 4] + at));

        z[i] = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
    }
    t[0] = LO(z[0], z[1]);
    t[1] = HI(z[0], z[1]);
    t[2] = LO(z[2], z[3]);
    t[3] = HI(z[2], z[3]);
    w[0] = _mm512_permutex2var_epi64(t[0], low, t[2]);
    w[1] = _mm512_permutex2var_epi64(t[1], low, t[3]);
    w[2] = _mm512_permutex2var_epi64(t[0], high, t[2]);
    w[3] = _mm512_permutex2var_epi64(t[1], high, t[3]);
}

/** The inverse of v8_gather. */
V8_INLINE void v8_scatter(zkg_fr *const p[8], size_t at, const __m512i w[4])
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    __m512i t[4], z[4];

    t[0] = _mm512_permutex2var_epi64(w[0], low, w[2]);
    t[1] = _mm512_permutex2var_epi64(w[1], low, w[3]);
    t[2] = _mm512_permutex2var_epi64(w[0], high, w[2]);
    t[3] = _mm512_permutex2var_epi64(w[1], high, w[3]);
    z[0] = LO(t[0], t[1]);
    z[1] = HI(t[0], t[1]);
    z[2] = LO(t[2], t[3]);
    z[3] = HI(t[2], t[3]);
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_si256((__m256i *)(p[i] + at),
                            _mm512_castsi512_si256(z[i]));
        _mm256_storeu_si256((__m256i *)(p[i + 4] + at),
                            _mm512_extracti64x4_epi64(z[i], 1));
    }
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

/** The same, but open. */
V8_INLINE v8 v8_pass(v8 a)
{
    for (int k = 0; k < 4; k++)
        a.l[k + 1] =
            _mm512_add_epi64(a.l[k + 1], _mm512_srai_epi64(a.l[k], 52));
    return a;
}

/** Close an open v8. */
V8_INLINE v8 v8_close(v8 a)
{
    for (int k = 0; k < 4; k++)
        a.l[k] = _mm512_and_si512(a.l[k], v8_mask());
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

/** a mod p for an open a < 2 p. */
V8_INLINE v8 v8_finish(v8 a)
{
    const __m512i top = v8_p(4, 1);
    __mmask8 more, close;

    a = v8_close(a);
    more = _mm512_cmpgt_epu64_mask(a.l[4], top);
    close = _mm512_cmpeq_epu64_mask(a.l[4], top);
    if (__builtin_expect(close != 0, 0)) {
        more = 0xff;
        for (int k = 0; k < 5; k++)
            more = (__mmask8)((_mm512_cmpeq_epu64_mask(a.l[k], v8_p(k, 1)) &
                               more) |
                              _mm512_cmpgt_epu64_mask(a.l[k], v8_p(k, 1)));
    }
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_mask_sub_epi64(a.l[k], more, a.l[k], v8_p(k, 1));
    return v8_pass(a);
}

/** a + b, limbs not normalised */
V8_INLINE v8 v8_add_raw(v8 a, v8 b)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_add_epi64(a.l[k], b.l[k]);
    return a;
}

/** a - b, limbs of any sign */
V8_INLINE v8 v8_sub_raw(v8 a, v8 b)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_sub_epi64(a.l[k], b.l[k]);
    return a;
}

/** d + m p, which is not negative, of limbs of any sign; open. */
V8_INLINE v8 v8_lift(v8 d, uint64_t m)
{
    for (int k = 0; k < 5; k++)
        d.l[k] = _mm512_add_epi64(d.l[k], v8_p(k, m));
    return v8_pass(d);
}

/** a - b + p for b <= p: in [0, p + a] */
V8_INLINE v8 v8_sub(v8 a, v8 b)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_add_epi64(_mm512_sub_epi64(a.l[k], b.l[k]), v8_p(k, 1));
    return v8_carry(a);
}

/** y - x + 2 p for x < 2 p, open: below 2 p + y.  Each limb of 2 p borrows
 *  from the next beforehand, so that none becomes negative. */
V8_INLINE v8 v8_diff(v8 y, v8 x)
{
    const __m512i one = v8_set(1), full = v8_set(UINT64_C(1) << 52);
    __m512i bias[5];
    v8 r;

    for (int k = 0; k < 5; k++) {
        bias[k] = v8_p(k, 2);
        if (k < 4)
            bias[k] = _mm512_add_epi64(bias[k], full);
        if (k > 0)
            bias[k] = _mm512_sub_epi64(bias[k], one);
    }
    for (int k = 0; k < 5; k++)
        r.l[k] = _mm512_add_epi64(_mm512_sub_epi64(y.l[k], x.l[k]), bias[k]);
    for (int k = 0; k < 4; k++)
        r.l[k + 1] =
            _mm512_add_epi64(r.l[k + 1], _mm512_srli_epi64(r.l[k], 52));
    return r;
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
    const __m512i zero = _mm512_setzero_si512();
    const __m512i inv = v8_set(zkg_fr_mod_.inv);
    v8 r;

    for (int i = 0; i < 5; i++) {
        const __m512i q = lo52(zero, t.l[i], inv);

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

/* ---- products by a constant ---- */

/** A constant c as an operand of v8_mulc_add: limb i of c 2^(52 (j + 1)) mod p
 *  in l[i][j], j < 5, plain integers. */
typedef struct mulc8 {
    uint64_t l[5][8];
} mulc8;

/** limb k of i p in lane i */
V8_INLINE __m512i v8_multiples(int k)
{
    return _mm512_setr_epi64(0, (long long)p_limb(k, 1),
                             (long long)p_limb(k, 2), (long long)p_limb(k, 3),
                             (long long)p_limb(k, 4), (long long)p_limb(k, 5),
                             (long long)p_limb(k, 6), (long long)p_limb(k, 7));
}

/** v mod p but for a rest: v < 8 p, limbs below 2^56 and not negative, not
 *  normalised; open, below 1.01 p.  floor(v / p) comes from the top limb; what
 *  it lacks is below 2^-24. */
V8_INLINE v8 v8_trim(v8 v)
{
    /* floor(2^285 / p) */
    const __m512i c = v8_set(ZKG_FR_TRIM);
    const __m512i top = _mm512_srli_epi64(v.l[4], 17);
    const __m512i q = _mm512_srli_epi64(_mm512_mul_epu32(top, c), 60);

    assert(_mm512_cmpgt_epu64_mask(v.l[4], v8_p(4, 8)) == 0);
    for (int k = 0; k < 5; k++)
        v.l[k] = _mm512_sub_epi64(v.l[k],
                                  _mm512_permutexvar_epi64(q, v8_multiples(k)));
    return v8_pass(v);
}

/** The same for v < 16 p, limbs below 2^58. */
V8_INLINE v8 v8_trim_16(v8 v)
{
    const __m512i c = v8_set(ZKG_FR_TRIM);
    const __m512i top = _mm512_srli_epi64(v.l[4], 18);
    const __m512i q = _mm512_srli_epi64(_mm512_mul_epu32(top, c), 59);
    const __mmask8 eight = _mm512_test_epi64_mask(q, v8_set(8));

    assert(_mm512_cmpgt_epu64_mask(v.l[4], v8_p(4, 16)) == 0);
    for (int k = 0; k < 5; k++) {
        v.l[k] = _mm512_mask_sub_epi64(v.l[k], eight, v.l[k], v8_p(k, 8));
        /* by the three lowest bits of q */
        v.l[k] = _mm512_sub_epi64(v.l[k],
                                  _mm512_permutexvar_epi64(q, v8_multiples(k)));
    }
    return v8_pass(v);
}

/* A product divides by 2^260: lane j of what it is made from is 2^(52 (j + 1))
 * times c's Montgomery form times 2^4. */
static __attribute__((unused)) void mulc8_init(mulc8 *k, const zkg_fr *c)
{
    v8 x = v8_of(c);
    acc8 t;

    for (int i = 0; i < 5; i++)
        x.l[i] = _mm512_slli_epi64(x.l[i], 4);
    x = v8_close(v8_trim_16(x));
    acc8_zero(&t);
    for (int j = 0; j < 5; j++) {
        for (int i = 0; i < 5; i++)
            t.l[j + 1 + i] = _mm512_mask_mov_epi64(t.l[j + 1 + i],
                                                   (__mmask8)(1u << j), x.l[i]);
    }
    x = v8_canonical(acc8_reduce_raw(t));
    for (int i = 0; i < 5; i++)
        _mm512_storeu_si512(k->l[i], x.l[i]);
}

/** A sum of products by constants, limb i of which is lo[i] + hi[i - 1]: apart
 *  each multiply-add waits for half as many before it. */
typedef struct mulc8_sum {
    __m512i lo[5], hi[5];
} mulc8_sum;

/** s += c d = sum_j d_j (c 2^(52 j)), six limbs instead of ten: with d open and
 *  below 2^257, below (4 + 2^-3) 2^52 p. */
V8_INLINE void mulc8_mac(mulc8_sum *s, v8 d, const mulc8 *c)
{
    for (int j = 0; j < 5; j++) {
        for (int i = 0; i < 5; i++) {
            const __m512i k = v8_set(c->l[i][j]);

            s->lo[i] = lo52(s->lo[i], d.l[j], k);
            s->hi[i] = hi52(s->hi[i], d.l[j], k);
        }
    }
}

/** t / 2^52 + x, by one Montgomery step that takes the lowest limb away: below
 *  t / 2^52 + p + x; limbs not normalised. */
V8_INLINE v8 mulc8_reduce(__m512i t[6], v8 x)
{
    const __m512i q =
        lo52(_mm512_setzero_si512(), t[0], v8_set(zkg_fr_mod_.inv));
    v8 r;

    for (int i = 0; i < 5; i++) {
        t[i] = lo52(t[i], q, v8_p(i, 1));
        t[i + 1] = hi52(t[i + 1], q, v8_p(i, 1));
    }
    t[1] = _mm512_add_epi64(t[1], _mm512_srli_epi64(t[0], 52));
    for (int i = 0; i < 5; i++)
        r.l[i] = _mm512_add_epi64(t[i + 1], x.l[i]);
    return r;
}

/** s / 2^52 + x, as mulc8_reduce() of six limbs. */
V8_INLINE v8 mulc8_sum_reduce(const mulc8_sum *s, v8 x)
{
    __m512i t[6] = {s->lo[0], s->lo[1], s->lo[2],
                    s->lo[3], s->lo[4], _mm512_setzero_si512()};

    for (int i = 0; i < 5; i++)
        t[i + 1] = _mm512_add_epi64(t[i + 1], s->hi[i]);
    return mulc8_reduce(t, x);
}

/** c d + x: d open, below 2^257, x below 2 p; open, below 1.01 p. */
V8_INLINE v8 v8_mulc_add(v8 d, const mulc8 *c, v8 x)
{
    mulc8_sum s = {0};

    mulc8_mac(&s, d, c);
    return v8_trim(mulc8_sum_reduce(&s, x)); /* of below 7.2 p */
}

/** c[0] d + c[1] e + c[2] f + x; bounds and outcome the same. */
V8_INLINE v8 v8_mulc_add_3(v8 d, v8 e, v8 f, const mulc8 c[3], v8 x)
{
    mulc8_sum s = {0};

    mulc8_mac(&s, d, &c[0]);
    mulc8_mac(&s, e, &c[1]);
    mulc8_mac(&s, f, &c[2]);
    return v8_trim_16(mulc8_sum_reduce(&s, x)); /* of below 15.4 p */
}

/* ---- products that stay in tables ---- */

/** p0 q1 + p1 q0 of open ones below 2 p: open, below 1.01 p. */
V8_INLINE v8 v8_cross(const v8 *p0, const v8 *q0, const v8 *p1, const v8 *q1)
{
    acc8 s;

    acc8_zero(&s);
    acc8_mac(&s, p0, q1);
    acc8_mac(&s, p1, q0);
    /* Cancel the reduction's 2^-4: the sum is below 8 p^2, 2^7 p^2 now. */
    for (int k = 0; k < 10; k++)
        s.l[k] = _mm512_slli_epi64(s.l[k], 4);
    /* below 1.6 p + p */
    return v8_trim(acc8_reduce_raw(s));
}

/** q0 q1 of closed q0 and open q1, below 2 p: open, below 1.01 p. */
V8_INLINE v8 v8_times(v8 q0, const v8 *q1)
{
    for (int k = 0; k < 5; k++)
        q0.l[k] = _mm512_slli_epi64(q0.l[k], 4);
    q0 = v8_pass(q0);
    return v8_trim(v8_mul_raw(&q0, q1));
}

#endif
