/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight elements of Fr or Fp at a time, by AVX-512 IFMA.
 *
 * Only for files compiled with -mavx512f -mavx512dq -mavx512ifma (and vl, bw)
 * and reached when ZKG_CPU_AVX512IFMA is there.  A zkg_x8 holds five limbs of
 * 52 bits, lowest first, lane k of each for element k, reduced lazily: each
 * function says how far below what multiple of p its arguments must be.  A
 * product takes 2^-260 in, not 2^-256 as those of fr.h do.
 *
 * Limbs are in [0, 2^52), but for two forms that save instructions.  Of a
 * *factor* the bits of a limb above the lowest 52 mean nothing: multiply-adds
 * do not read them.  Limbs of a *sum* are signed, from -2^56 to 2^58, and have
 * yet to take carries.
 */
#ifndef ZKG_FIELD_IFMA_H
#define ZKG_FIELD_IFMA_H

#include <immintrin.h>

#include "base/inline.h"
#include "field/limb4.h"

#define ZKG_X8_INLINE ZKG_INLINE

typedef struct zkg_x8 {
    __m512i l[5];
} zkg_x8;

/** p, -1/p mod 2^52, 2^-52 mod p, and a few multiples k[i] = (i + 1) p, in
 * every lane. */
typedef struct zkg_x8_mod {
    __m512i p[5], inv, fold[5], k[4][5];
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

/** Takes the carries of a sum, signed, up to the top limb. */
ZKG_X8_INLINE void zkg_x8_carry(zkg_x8 *r)
{
    const __m512i m = zkg_x8_mask();

    for (int i = 0; i < 4; i++) {
        r->l[i + 1] =
            _mm512_add_epi64(r->l[i + 1], _mm512_srai_epi64(r->l[i], 52));
        r->l[i] = _mm512_and_si512(r->l[i], m);
    }
}

/** The same, but for what is left above: makes a factor of a sum. */
ZKG_X8_INLINE void zkg_x8_to_factor(zkg_x8 *r)
{
    for (int i = 0; i < 4; i++)
        r->l[i + 1] =
            _mm512_add_epi64(r->l[i + 1], _mm512_srai_epi64(r->l[i], 52));
}

static __attribute__((unused)) void zkg_x8_mod_init(zkg_x8_mod *m,
                                                    const zkg_limb4_mod *from)
{
    const __m512i zero = _mm512_setzero_si512();
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
    /* (inv p + 1) / 2^52, whose lowest limb is 2^52 - 1 + 1 */
    for (int i = 0; i < 5; i++) {
        t.l[i] = _mm512_madd52hi_epu64(zero, m->inv, m->p[i]);
        if (i < 4)
            t.l[i] = _mm512_madd52lo_epu64(t.l[i], m->inv, m->p[i + 1]);
    }
    t.l[0] = _mm512_add_epi64(t.l[0], _mm512_set1_epi64(1));
    zkg_x8_carry(&t);
    for (int i = 0; i < 5; i++)
        m->fold[i] = t.l[i];
}

/** The sum r = a + b. */
ZKG_X8_INLINE void zkg_x8_add(zkg_x8 *r, const zkg_x8 *a, const zkg_x8 *b)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_add_epi64(a->l[i], b->l[i]);
}

/** The sum r = 2^n r, of limbs not above 2^(58 - n). */
ZKG_X8_INLINE void zkg_x8_shift(zkg_x8 *r, unsigned n)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_slli_epi64(r->l[i], n);
}

/** The sum r = a - b + k p; b <= k p, k in 1..4. */
ZKG_X8_INLINE void zkg_x8_sub(zkg_x8 *r, const zkg_x8 *a, const zkg_x8 *b,
                              int k, const zkg_x8_mod *m)
{
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_add_epi64(_mm512_sub_epi64(a->l[i], b->l[i]),
                                   m->k[k - 1][i]);
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
 * r = a mod p, for a sum a < 4 p.  Top limbs alone decide, but for what is
 * within 2^215 of a multiple of p; what they have yet to take is -16 at least.
 */
ZKG_X8_INLINE void zkg_x8_reduce4(zkg_x8 *r, const zkg_x8 *a,
                                  const zkg_x8_mod *m)
{
    const __m512i late = _mm512_set1_epi64(16);
    __mmask8 more =
        _mm512_cmpgt_epi64_mask(a->l[4], _mm512_add_epi64(m->k[1][4], late));

    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_sub_epi64(a->l[i], more, a->l[i], m->k[1][i]);
    more = _mm512_cmpgt_epi64_mask(r->l[4], _mm512_add_epi64(m->p[4], late));
    for (int i = 0; i < 5; i++)
        r->l[i] = _mm512_mask_sub_epi64(r->l[i], more, r->l[i], m->p[i]);
    zkg_x8_carry(r);
    if (__builtin_expect(_mm512_cmpge_epu64_mask(r->l[4], m->p[4]), 0))
        zkg_x8_reduce(r, r, 1, m);
}

/** z += x b, for six limbs z. */
ZKG_X8_INLINE void zkg_x8_mac(__m512i z[6], __m512i x, const zkg_x8 *b)
{
    for (int i = 0; i < 5; i++)
        z[i] = _mm512_madd52lo_epu64(z[i], x, b->l[i]);
    for (int i = 0; i < 5; i++)
        z[i + 1] = _mm512_madd52hi_epu64(z[i + 1], x, b->l[i]);
}

/** z = (z + q p) / 2^52, q such that it is whole; z[5] is 0 then. */
ZKG_X8_INLINE void zkg_x8_redc_step(__m512i z[6], const zkg_x8_mod *m)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i q = _mm512_madd52lo_epu64(zero, z[0], m->inv);
    const zkg_x8 p = {{m->p[0], m->p[1], m->p[2], m->p[3], m->p[4]}};

    zkg_x8_mac(z, q, &p);
    z[1] = _mm512_add_epi64(z[1], _mm512_srli_epi64(z[0], 52));
    for (int i = 0; i < 5; i++)
        z[i] = z[i + 1];
    z[5] = zero;
}

/** z = z' + z0 (2^-52 mod p) for z = z' 2^52 + z0, z0 < 2^52: a multiply-add
 *  less, and none that waits for another, but up to 2^52 p remains. */
ZKG_X8_INLINE void zkg_x8_fold_step(__m512i z[6], const zkg_x8_mod *m)
{
    const zkg_x8 fold = {
        {m->fold[0], m->fold[1], m->fold[2], m->fold[3], m->fold[4]}};
    const __m512i z0 = z[0], carry = _mm512_srli_epi64(z0, 52);

    for (int i = 0; i < 5; i++)
        z[i] = z[i + 1];
    z[5] = _mm512_setzero_si512();
    zkg_x8_mac(z, z0, &fold);
    z[0] = _mm512_add_epi64(z[0], carry);
}

/**
 * The sums r[k] = a[k] b[k] / 2^260 mod p, k < 2, of factors, step by step in
 * turn: neither waits for itself.  With a < A p and b < B p, below 2^260:
 * r < (1 + 2^-48 + 0.012 A B) p.
 */
ZKG_X8_INLINE void zkg_x8_mul2(zkg_x8 r[2], const zkg_x8 a[2],
                               const zkg_x8 b[2], const zkg_x8_mod *m)
{
    __m512i y[6], z[6];

    for (int i = 0; i < 6; i++)
        y[i] = z[i] = _mm512_setzero_si512();
    for (int i = 0; i < 3; i++) {
        zkg_x8_mac(y, a[0].l[i], &b[0]);
        zkg_x8_fold_step(y, m);
        zkg_x8_mac(z, a[1].l[i], &b[1]);
        zkg_x8_fold_step(z, m);
    }
    for (int i = 3; i < 5; i++) { /* the last two leave no more than p */
        zkg_x8_mac(y, a[0].l[i], &b[0]);
        zkg_x8_redc_step(y, m);
        zkg_x8_mac(z, a[1].l[i], &b[1]);
        zkg_x8_redc_step(z, m);
    }
    for (int i = 0; i < 5; i++) {
        r[0].l[i] = y[i];
        r[1].l[i] = z[i];
    }
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
