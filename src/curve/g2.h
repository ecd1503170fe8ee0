/* SPDX-License-Identifier: Apache-2.0 */
/*
 * G2 of BN254: the subgroup of prime order p (the modulus of Fr) of the twist
 * y^2 = x^3 + 3 / (9 + u) over Fp2 = Fp[u] / (u^2 + 1).
 *
 * x = y = 0 stands for infinity.  A point on the twist need not be in G2:
 * check zkg_g2_in_subgroup once on every point that was read.
 */
#ifndef ZKG_CURVE_G2_H
#define ZKG_CURVE_G2_H

#include "curve/fp2.h"
#include "field/fr.h"

typedef struct zkg_g2 {
    zkg_fp2 x, y;
} zkg_g2;

extern const zkg_g2 zkg_g2_generator; /**< that of EIP-197 */
extern const zkg_g2 zkg_g2_infinity;

bool zkg_g2_is_infinity(const zkg_g2 *a);

bool zkg_g2_equal(const zkg_g2 *a, const zkg_g2 *b);

void zkg_g2_neg(zkg_g2 *r, const zkg_g2 *a);

/** On the twist.  Infinity is. */
bool zkg_g2_on_curve(const zkg_g2 *a);

/** In G2, for a point on the twist. */
bool zkg_g2_in_subgroup(const zkg_g2 *a);

/** r = a + b, for points on the twist. */
void zkg_g2_add(zkg_g2 *r, const zkg_g2 *a, const zkg_g2 *b);

/** r = k a, for a point on the twist. */
void zkg_g2_mul(zkg_g2 *r, const zkg_g2 *a, const zkg_fr *k);

/** x.c0, x.c1, y.c0, y.c1, 32 bytes little-endian each; infinity all zero. */
void zkg_g2_to_raw(uint8_t out[128], const zkg_g2 *a);

/** False, *r unchanged, unless all are < q and the point is on the twist. */
bool zkg_g2_from_raw(zkg_g2 *r, const uint8_t in[128]);

/** As from_raw, for coordinates that are Montgomery forms (snarkjs files). */
bool zkg_g2_from_mont_raw(zkg_g2 *r, const uint8_t in[128]);

#endif
