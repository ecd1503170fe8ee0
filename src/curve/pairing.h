/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optimal ate pairing of BN254.
 *
 * Points are assumed to be in G1 and G2 (on the curve, and in the subgroup);
 * infinity is allowed.  cpu_flags: zkg_cpu_features(), or 0 for plain C; it
 * changes the speed and nothing else.
 */
#ifndef ZKG_CURVE_PAIRING_H
#define ZKG_CURVE_PAIRING_H

#include "curve/fp12.h"
#include "curve/g1.h"
#include "curve/g2.h"

/** The product over i < n of e(p[i], q[i]) is 1.  True for n = 0. */
bool zkg_pairing_check(const zkg_g1 *p, const zkg_g2 *q, size_t n,
                       uint32_t cpu_flags);

/**
 * out = e(p, q) = f^(k (q^12 - 1) / r), f the Miller loop's value and
 * k = 2 x (6 x^2 + 3 x + 1) for the curve's parameter x.
 */
void zkg_pairing(zkg_fp12 *out, const zkg_g1 *p, const zkg_g2 *q,
                 uint32_t cpu_flags);

/** out = the Miller loop's value f alone, of n pairs: for tests. */
void zkg_pairing_miller(zkg_fp12 *out, const zkg_g1 *p, const zkg_g2 *q,
                        size_t n, uint32_t cpu_flags);

#endif
