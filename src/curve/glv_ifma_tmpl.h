/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of glv_variant.c for AVX-512 IFMA: 16 scalars at a time, of eight
 * lanes each, in limbs of 52 bits.
 */
#ifndef ZKG_CURVE_GLV_IFMA_TMPL_H
#define ZKG_CURVE_GLV_IFMA_TMPL_H

#include "curve/constants.h"
#include "field/ifma.h"

enum { SCALARS = 16 };

/* Lane i = the four words i of those at from. */
static inline void load_words(zkg_x8 *r, const void *from)
{
    const __m256i *rows = from;
    __m512i w[8];

    for (int i = 0; i < 8; i++)
        w[i] = _mm512_castsi256_si512(_mm256_loadu_si256(rows + i));
    zkg_x8_transpose(w);
    zkg_x8_from_64(r, w);
}

/* rows[i], the lowest half of it = lane i of four words. */
static inline void to_rows(__m512i rows[8], const __m512i w[4])
{
    for (int i = 0; i < 8; i++)
        rows[i] = w[i % 4];
    zkg_x8_transpose(rows);
}

static void magnitudes_in_lanes(uint64_t (*m)[4], uint32_t *negative,
                                const zkg_fr *s)
{
    static const uint64_t sixteen[4] = {16, 0, 0, 0};
    zkg_x8 c[2], factor[2];
    zkg_x8_mod mod;

    zkg_x8_mod_init(&mod, &zkg_fr_mod_);
    zkg_x8_set1(&factor[0], sixteen);
    factor[1] = factor[0];
    load_words(&c[0], s);
    load_words(&c[1], s + 8);
    zkg_x8_mul2(c, c, factor, &mod); /* c 2^256 16 / 2^260 < 1.1 p */
    for (int k = 0; k < 2; k++) {
        __m512i w[4], rows[8];
        __mmask8 is_high;
        zkg_x8 minus, less;

        zkg_x8_carry(&c[k]);
        zkg_x8_reduce(&c[k], &c[k], 1, &mod);
        for (int i = 0; i < 5; i++) {
            minus.l[i] = _mm512_sub_epi64(mod.p[i], c[k].l[i]);
            less.l[i] = _mm512_sub_epi64(minus.l[i], c[k].l[i]);
        }
        zkg_x8_carry(&minus);
        zkg_x8_carry(&less);
        is_high = _mm512_movepi64_mask(less.l[4]); /* p - 2 c < 0 */
        for (int i = 0; i < 5; i++)
            c[k].l[i] = _mm512_mask_mov_epi64(c[k].l[i], is_high, minus.l[i]);
        zkg_x8_to_64(w, &c[k]);
        to_rows(rows, w);
        for (int i = 0; i < 8; i++) {
            _mm256_storeu_si256((void *)m[8 * k + i],
                                _mm512_castsi512_si256(rows[i]));
            negative[8 * k + i] = is_high >> i & 1;
        }
    }
}

/* Three limbs, modulo 2^156: what a half or a share takes, and a sign. */
typedef struct short_x8 {
    __m512i l[3];
} short_x8;

/* Limb i, in every lane, of a number of n words. */
static inline __m512i limb_of(const uint64_t *words, unsigned n, unsigned i)
{
    const unsigned word = 52 * i / 64, shift = 52 * i % 64;
    uint64_t v = word < n ? words[word] >> shift : 0;

    if (shift > 12 && word + 1 < n)
        v |= words[word + 1] << (64 - shift);
    return _mm512_set1_epi64((long long)(v & (((uint64_t)1 << 52) - 1)));
}

/* The share of round_share() of glv.c. */
static inline short_x8 round_shares(const zkg_x8 *k, const uint64_t g[3])
{
    const __m512i mask = zkg_x8_mask();
    __m512i z[10];
    short_x8 r;

    for (int i = 0; i < 10; i++)
        z[i] = _mm512_setzero_si512();
    for (unsigned i = 0; i < 4; i++)
        zkg_x8_mac(z + i, limb_of(g, 3, i), k);
    /* 2^255 is bit 47 of limb 4, and the share begins with bit 48 */
    z[4] = _mm512_add_epi64(z[4], _mm512_set1_epi64((long long)1 << 47));
    for (int i = 0; i < 7; i++) {
        z[i + 1] = _mm512_add_epi64(z[i + 1], _mm512_srli_epi64(z[i], 52));
        z[i] = _mm512_and_si512(z[i], mask);
    }
    for (int i = 0; i < 3; i++)
        r.l[i] =
            _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(z[i + 4], 48),
                                             _mm512_slli_epi64(z[i + 5], 4)),
                             mask);
    return r;
}

/* z += a b, b two words. */
static inline void short_mac(short_x8 *z, const short_x8 *a,
                             const uint64_t b[2])
{
    for (unsigned i = 0; i < 3; i++)
        for (unsigned j = 0; i + j < 3; j++) {
            const __m512i limb = limb_of(b, 2, j);

            z->l[i + j] = _mm512_madd52lo_epu64(z->l[i + j], a->l[i], limb);
            if (i + j < 2)
                z->l[i + j + 1] =
                    _mm512_madd52hi_epu64(z->l[i + j + 1], a->l[i], limb);
        }
}

/* a - b, its limbs as they come. */
static inline short_x8 short_sub(const short_x8 *a, const short_x8 *b)
{
    short_x8 r;

    for (int i = 0; i < 3; i++)
        r.l[i] = _mm512_sub_epi64(a->l[i], b->l[i]);
    return r;
}

static inline void short_carry(short_x8 *r)
{
    for (int i = 0; i < 3; i++) {
        if (i < 2)
            r->l[i + 1] =
                _mm512_add_epi64(r->l[i + 1], _mm512_srai_epi64(r->l[i], 52));
        r->l[i] = _mm512_and_si512(r->l[i], zkg_x8_mask());
    }
}

/* w[0] and w[1]: the magnitude of v, which is signed; the lanes where it is
 * negative. */
static inline __mmask8 set_halves(__m512i w[2], short_x8 v)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i sign = _mm512_set1_epi64((long long)1 << 51);
    __mmask8 negative;

    short_carry(&v);
    negative = _mm512_test_epi64_mask(v.l[2], sign);
    for (int i = 0; i < 3; i++)
        v.l[i] = _mm512_mask_sub_epi64(v.l[i], negative, zero, v.l[i]);
    short_carry(&v);
    w[0] = _mm512_or_si512(v.l[0], _mm512_slli_epi64(v.l[1], 52));
    w[1] = _mm512_or_si512(_mm512_srli_epi64(v.l[1], 12),
                           _mm512_slli_epi64(v.l[2], 40));
    return negative;
}

static void split8(zkg_glv *out, const uint64_t (*from)[4])
{
    static const short_x8 zero;
    const uint64_t sum[2] = {glv_u[0] + glv_w[0],
                             glv_u[1] + glv_w[1] +
                                 (glv_u[0] + glv_w[0] < glv_w[0])};
    short_x8 c1, c2, low, taken = zero, plus = zero, minus = zero;
    __mmask8 negative[2];
    __m512i w[4], rows[8];
    zkg_x8 k;

    load_words(&k, from);
    c1 = round_shares(&k, glv_g1);
    c2 = round_shares(&k, glv_g2);
    short_mac(&taken, &c1, glv_u);
    short_mac(&taken, &c2, sum);
    short_mac(&plus, &c1, glv_w);
    short_mac(&minus, &c2, glv_u);
    low = (short_x8){{k.l[0], k.l[1], k.l[2]}};
    negative[0] = set_halves(w, short_sub(&low, &taken));
    negative[1] = set_halves(w + 2, short_sub(&plus, &minus));
    to_rows(rows, w);
    for (int i = 0; i < 8; i++) {
        _mm256_storeu_si256((void *)out[i].half,
                            _mm512_castsi512_si256(rows[i]));
        out[i].negative[0] = negative[0] >> i & 1;
        out[i].negative[1] = negative[1] >> i & 1;
    }
}

static void splits_in_lanes(zkg_glv *out, const uint64_t (*k)[4])
{
    split8(out, k);
    split8(out + 8, k + 8);
}

#endif
