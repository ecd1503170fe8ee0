/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endomorphism of G1, and scalars of half the length (R. Gallant,
 * R. Lambert and S. Vanstone, CRYPTO 2001).
 *
 * With the curve's parameter x = 4965661367192848881,
 *
 *     phi(X, Y) = (beta X, Y) = lambda (X, Y),
 *     beta = 18 x^3 + 18 x^2 + 9 x + 1,     beta^2 + beta + 1 = 0 mod q,
 *     lambda = 36 x^3 + 18 x^2 + 6 x + 1,   lambda^2 + lambda + 1 = 0 mod p.
 *
 * The pairs (a, b) with a + b lambda = 0 mod p are a lattice; for u = 2 x + 1
 * and w = 6 x^2 + 2 x these two are in it, and their determinant is p, so they
 * are a basis:
 *
 *     v1 = (u, -w),   v2 = (u + w, u),   u^2 + w (u + w) = p.
 */
#ifndef ZKG_CURVE_GLV_H
#define ZKG_CURVE_GLV_H

#include "field/fp.h"
#include "field/fr.h"

extern const zkg_fp zkg_glv_beta;
extern const zkg_fr zkg_glv_lambda;

enum { ZKG_GLV_BITS = 126 };

/** k = (-1)^negative[0] half[0] + lambda (-1)^negative[1] half[1] mod p; two
 *  words each, lowest first. */
typedef struct zkg_glv {
    uint64_t half[2][2];
    uint32_t negative[2];
} zkg_glv;

/** m = |s| in four words for the representative of s in (-p/2, p/2); 1 where it
 *  is negative, else 0. */
uint32_t zkg_glv_magnitude(uint64_t m[4], const zkg_fr *s);

/**
 * The halves of k < p / 2, four words: both below 2^126.
 *
 * (k, 0) less the nearest point of the lattice, c1 v1 + c2 v2, for c1 and c2
 * nearest to k u / p and k w / p.  They are taken from k g / 2^256 with g
 * rounded: k < 2^253, so that they are off by at most 1/2 + 2^-4.  Thus
 * |k1| <= 9/16 (2 u + w) and |k2| <= 9/16 (u + w), and both are below 2^126.
 */
void zkg_glv_split(zkg_glv *out, const uint64_t k[4]);

#endif
