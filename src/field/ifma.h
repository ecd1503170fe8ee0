/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight elements of Fr or Fp at a time, by AVX-512 IFMA.
 *
 * Only for files compiled with -mavx512f -mavx512dq -mavx512ifma (and vl, bw)
 * and reached when ZKG_CPU_AVX512IFMA is there.  A zkg_x8 holds five limbs of
 * 52 bits, lowest first, lane k of each for element k.  Values are Montgomery
 * forms with R = 2^256 as in fr.h, but reduced lazily: each function says how
 * far below what multiple of p its arguments must be.  Limbs are in [0, 2^52)
 * throughout.
 */
#ifndef ZKG_FIELD_IFMA_H
#define ZKG_FIELD_IFMA_H

#include <immintrin.h>

#include "field/limb4.h"

#define ZKG_X8_INLINE static inline __attribute__((always_inline, unused))

typedef struct zkg_x8 {
    __m512i l[5];
} zkg_x8;

/** p, -1/p mod 2^52, and a few multiples k[i] = (i + 1) p, in every lane. */
typedef struct zkg_x8_mod {
    __m512i p[5], inv, k[4][5];
} zkg_x8_mod;

ZKG_X8_INLINE __m512i zkg_x8_mask(void)
{
    return _mm512_set1_epi64(((long long)1 << 52) - 1);
}

/** From four vectors of 64-bit limbs. */
ZKG_X8_INLINE void zkg_x8_from_64(zkg_x8 *r, const __m512i w[4])
{
    const __m512i m = zkg_x8_mask();

    r->l[0] = _mm512_and_si512(w[0], m);
    r->l[1] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[0], 52),
                                               _mm512_slli_epi64(w[1], 12)),
                               m);
    r->l[2] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[1], 40),
                                               _mm512_slli_epi64(w[2], 24)),
                               m);
    r->l[3] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[2], 28),
                                               _mm512_slli_epi64(w[3], 36)),
                               m);
    r->l[4] = _mm512_srli_epi64(w[3], 16);
}

/** To four vectors of 64-bit limbs, for values below 2^256. */
ZKG_X8_INLINE void zkg_x8_to_64(__m512i w[4], const zkg_x8 *a)
{
    w[0] = _mm512_or_si512(a->l[0], _mm512_slli_epi64(a->l[1], 52));
    w[1] = _mm512_or_si512(_mm512_srli_epi64(a->l[1], 12),
                           _mm512_slli_epi64(a->l[2], 40));
    w[2] = _mm512_or_si512(_mm512_srli_epi64(a->l[2], 24),
                           _mm512_slli_epi64(a->l[3], 28));
    w[3] = _mm512_or_si512(_mm512_srli_epi64(a->l[3], 36),
                           _mm512_slli_epi64(a->l[4], 16));
}

/** The same element, four 64-bit limbs, in every lane. */
ZKG_X8_INLINE void zkg_x8_set1(zkg_x8 *r, const uint64_t a[4])
{
    __m512i w[4];

    for (int i = 0; i < 4; i++)
        w[i] = _mm512_set1_epi64((long long)a[i]);
    zkg_x8_from_64(r, w);
}

/** Takes carries, signed, up to the top limb. */
ZKG_X8_INLINE void zkg_x8_carry(zkg_x8 *r)
{
    const __m512i m = zkg_x8_mask();

    for (int i = 0; i < 4; i++) {
        r->l[i + 1] =
            _mm512_add_epi64(r->l[i + 1], _mm512_srai_epi64(r->l[i], 52));
        r->l[i] = _mm512_and_si512(r->l[i], m);
    }
}

static __attribute__((unused)) void zkg_x8_mod_init(zkg_x8_mod *m,
                                                    const zkg_limb4_mod *from)
{
    zkg_x8 t;

    zkg_x8_set1(&t, from->p);
    for (int i = 0; i < 5; i++)
        m->p[i] = t.l[i];
    m->inv = _mm512_and_si512(_mm512_set1_epi64((long long)from->inv),
                              zkg_x8_mask());
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 5; i++)
            m->k[k][i] = t.l[i];
        for (int i = 0; i < 5; i++)
            t.l[i] = _mm512_add_epi64(t.l[i], m->p[i]);
        zkg_x8_carry(&t);
    }
}

/** r = a + b; no reduction. */
ZKG_X8_INLINE void zkg_x8_add(zkg_x8 *r, const zkg_x8 *a, const zkg_x8 *b)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_add_epi64(a->l[i], b->l[i]);
    zkg_x8_carry(r);
}

/** r = a - b + k p; b <= k p, k in 1..4. */
ZKG_X8_INLINE void zkg_x8_sub(zkg_x8 *r, const zkg_x8 *a, const zkg_x8 *b,
                              int k, const zkg_x8_mod *m)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_add_epi64(_mm512_sub_epi64(a->l[i], b->l[i]),
                                   m->k[k - 1][i]);
    zkg_x8_carry(r);
}

/** r = a - k p when that is not negative, else a; k in 1..4. */
ZKG_X8_INLINE void zkg_x8_reduce(zkg_x8 *r, const zkg_x8 *a, int k,
                                 const zkg_x8_mod *m)
{
    __mmask8 less;
    zkg_x8 t;

    for (int i = 0; i < 5; i++)
        t.l[i] = _mm512_sub_epi64(a->l[i], m->k[k - 1][i]);
    zkg_x8_carry(&t);
    less = _mm512_movepi64_mask(t.l[4]);
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_blend_epi64(less, t.l[i], a->l[i]);
}

/**
 * r = a mod p, for a < 4 p.  Top limbs alone decide, but for what is within
 * 2^209 of a multiple of p.
 */
ZKG_X8_INLINE void zkg_x8_reduce4(zkg_x8 *r, const zkg_x8 *a,
                                  const zkg_x8_mod *m)
{
    const __m512i one = _mm512_set1_epi64(1);
    __mmask8 more = _mm512_cmpgt_epu64_mask(a->l[4], m->k[1][4]);

    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_sub_epi64(a->l[i], more, a->l[i], m->k[1][i]);
    more = _mm512_cmpgt_epu64_mask(r->l[4], _mm512_add_epi64(m->p[4], one));
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_sub_epi64(r->l[i], more, r->l[i], m->p[i]);
    zkg_x8_carry(r);
    if (__builtin_expect(_mm512_cmpge_epu64_mask(r->l[4], m->p[4]), 0))
        zkg_x8_reduce(r, r, 1, m);
}

/** r = 16 a, for a < 5 p: the form of a product's first factor. */
ZKG_X8_INLINE void zkg_x8_times16(zkg_x8 *r, const zkg_x8 *a)
{
    const __m512i m = zkg_x8_mask();

    for (int i = 4; i > 0; i--)
        r->l[i] =
            _mm512_or_si512(_mm512_and_si512(_mm512_slli_epi64(a->l[i], 4), m),
                            _mm512_srli_epi64(a->l[i - 1], 48));
    r->l[0] = _mm512_and_si512(_mm512_slli_epi64(a->l[0], 4), m);
}

/** z = (z + x b + q p) / 2^52, q such that it is whole: a step of a product. */
ZKG_X8_INLINE void zkg_x8_mul_step(__m512i z[5], __m512i x, const zkg_x8 *b,
                                   const zkg_x8_mod *m)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i z0, z1, z2, z3, z4, z5, q;

    z0 = _mm512_madd52lo_epu64(z[0], x, b->l[0]);
    q = _mm512_madd52lo_epu64(zero, z0, m->inv);
    z1 = _mm512_madd52lo_epu64(z[1], x, b->l[1]);
    z2 = _mm512_madd52lo_epu64(z[2], x, b->l[2]);
    z3 = _mm512_madd52lo_epu64(z[3], x, b->l[3]);
    z4 = _mm512_madd52lo_epu64(z[4], x, b->l[4]);
    z1 = _mm512_madd52hi_epu64(z1, x, b->l[0]);
    z2 = _mm512_madd52hi_epu64(z2, x, b->l[1]);
    z3 = _mm512_madd52hi_epu64(z3, x, b->l[2]);
    z4 = _mm512_madd52hi_epu64(z4, x, b->l[3]);
    z5 = _mm512_madd52hi_epu64(zero, x, b->l[4]);
    z0 = _mm512_madd52lo_epu64(z0, q, m->p[0]);
    z1 = _mm512_madd52lo_epu64(z1, q, m->p[1]);
    z2 = _mm512_madd52lo_epu64(z2, q, m->p[2]);
    z3 = _mm512_madd52lo_epu64(z3, q, m->p[3]);
    z4 = _mm512_madd52lo_epu64(z4, q, m->p[4]);
    z1 = _mm512_madd52hi_epu64(z1, q, m->p[0]);
    z2 = _mm512_madd52hi_epu64(z2, q, m->p[1]);
    z3 = _mm512_madd52hi_epu64(z3, q, m->p[2]);
    z4 = _mm512_madd52hi_epu64(z4, q, m->p[3]);
    z5 = _mm512_madd52hi_epu64(z5, q, m->p[4]);
    z[0] = _mm512_add_epi64(z1, _mm512_srli_epi64(z0, 52));
    z[1] = z2;
    z[2] = z3;
    z[3] = z4;
    z[4] = z5;
}

/**
 * r = a b / 2^256 mod p for a16 = 16 a, as a16 b / 2^260.  With a < A p and
 * b < B p, A <= 5: r < (1 + 0.19 A B) p.
 */
ZKG_X8_INLINE void zkg_x8_mul_16(zkg_x8 *r, const zkg_x8 *a16, const zkg_x8 *b,
                                 const zkg_x8_mod *m)
{
    const __m512i zero = _mm512_setzero_si512();
    zkg_x8 z = {{zero, zero, zero, zero, zero}};

    for (int i = 0; i < 5; i++)
        zkg_x8_mul_step(z.l, a16->l[i], b, m);
    *r = z;
    zkg_x8_carry(r);
}

/** Two products as by mul_16, step by step in turn: neither waits for itself.
 */
ZKG_X8_INLINE void zkg_x8_mul2_16(zkg_x8 r[2], const zkg_x8 a16[2],
                                  const zkg_x8 b[2], const zkg_x8_mod *m)
{
    const __m512i zero = _mm512_setzero_si512();
    zkg_x8 y = {{zero, zero, zero, zero, zero}}, z = y;

    for (int i = 0; i < 5; i++) {
        zkg_x8_mul_step(y.l, a16[0].l[i], &b[0], m);
        zkg_x8_mul_step(z.l, a16[1].l[i], &b[1], m);
    }
    r[0] = y;
    r[1] = z;
    zkg_x8_carry(&r[0]);
    zkg_x8_carry(&r[1]);
}

/** r = a b / 2^256 mod p; bounds as for mul_16. */
ZKG_X8_INLINE void zkg_x8_mul(zkg_x8 *r, const zkg_x8 *a, const zkg_x8 *b,
                              const zkg_x8_mod *m)
{
    zkg_x8 t;

    zkg_x8_times16(&t, a);
    zkg_x8_mul_16(r, &t, b, m);
}

/** Two products; bounds as for mul_16. */
ZKG_X8_INLINE void zkg_x8_mul2(zkg_x8 r[2], const zkg_x8 a[2],
                               const zkg_x8 b[2], const zkg_x8_mod *m)
{
    zkg_x8 t[2];

    zkg_x8_times16(&t[0], &a[0]);
    zkg_x8_times16(&t[1], &a[1]);
    zkg_x8_mul2_16(r, t, b, m);
}

/** Rows become columns: word j of r[i] and word i of r[j] change places. */
ZKG_X8_INLINE void zkg_x8_transpose(__m512i r[8])
{
    const __m512i lo = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i hi = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    __m512i t[8], u[8];

    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        u[i] = _mm512_permutex2var_epi64(t[i], lo, t[i + 2]);
        u[i + 1] = _mm512_permutex2var_epi64(t[i + 1], lo, t[i + 3]);
        u[i + 2] = _mm512_permutex2var_epi64(t[i], hi, t[i + 2]);
        u[i + 3] = _mm512_permutex2var_epi64(t[i + 1], hi, t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0x44);
        r[i + 4] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0xee);
    }
}

#endif
