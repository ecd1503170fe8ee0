/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] / (w^2 - v): types only; pairing.c
 * has the arithmetic.
 */
#ifndef ZKG_CURVE_FP12_H
#define ZKG_CURVE_FP12_H

#include "curve/fp2.h"

/** c0 + c1 v + c2 v^2 */
typedef struct zkg_fp6 {
    zkg_fp2 c0, c1, c2;
} zkg_fp6;

/** c0 + c1 w */
typedef struct zkg_fp12 {
    zkg_fp6 c0, c1;
} zkg_fp12;

bool zkg_fp12_equal(const zkg_fp12 *a, const zkg_fp12 *b);

bool zkg_fp12_is_one(const zkg_fp12 *a);

void zkg_fp12_set_one(zkg_fp12 *r);

/** r = a * b */
void zkg_fp12_mul(zkg_fp12 *r, const zkg_fp12 *a, const zkg_fp12 *b);

/** r = 1 / a; 0 for a = 0 */
void zkg_fp12_inv(zkg_fp12 *r, const zkg_fp12 *a);

/** r = a^e, e of n limbs, lowest first */
void zkg_fp12_pow(zkg_fp12 *r, const zkg_fp12 *a, const uint64_t *e, size_t n);

#endif
