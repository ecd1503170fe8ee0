/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_POLY_EQ_H
#define ZKG_POLY_EQ_H

/**
 * @file
 * eq(u, x) = prod_t (u_t x_t + (1 - u_t)(1 - x_t)).
 *
 * Index bits are LSB first: index i = sum_t i_t 2^t, coordinate 0 of a point
 * belongs to the lowest bit.
 */

#include <stdint.h>

#include "field/fr.h"

/** No multilinear extension has more variables. */
#define ZKG_MAX_VARS 48

/**
 * out[i] = scale * eq(u, i) for i < 2^n.
 *
 * @param[out] out   2^n elements
 * @param      u     n elements; may be NULL when n = 0
 * @param      scale NULL for 1
 */
void zkg_eq_expand(zkg_fr *out, const zkg_fr *u, uint32_t n,
                   const zkg_fr *scale);

/** out[i] = scale * eq(u, i) for i < len only, len <= 2^n; writes no more. */
void zkg_eq_expand_len(zkg_fr *out, uint64_t len, const zkg_fr *u, uint32_t n,
                       const zkg_fr *scale);

/** out = eq(u, v), points of n coordinates. */
void zkg_eq_eval(zkg_fr *out, const zkg_fr *u, const zkg_fr *v, uint32_t n);

/** out = eq(u, bits of index); index < 2^n. */
void zkg_eq_at(zkg_fr *out, const zkg_fr *u, uint32_t n, uint64_t index);

#endif
