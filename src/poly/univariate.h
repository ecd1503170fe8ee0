/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_POLY_UNIVARIATE_H
#define ZKG_POLY_UNIVARIATE_H

/**
 * @file
 * Polynomials of one variable, lowest coefficient first.
 */

#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"

/** out = sum_i c[i] x^i; 0 when n = 0. */
void zkg_univariate_eval(zkg_fr *out, const zkg_fr *c, size_t n,
                         const zkg_fr *x);

/**
 * c = (X - x) q + rest, synthetic division; n >= 1.
 *
 * @param[out] q    n - 1 coefficients; may be c itself; NULL: not wanted
 * @param[out] rest the value at x; NULL: not wanted
 */
void zkg_univariate_divide_linear(zkg_fr *q, zkg_fr *rest, const zkg_fr *c,
                                  size_t n, const zkg_fr *x);

/** out[i], i < n: coefficients of the polynomial of degree < n through
 *  (x[i], y[i]); x distinct; n <= 9. */
void zkg_univariate_interpolate(zkg_fr *out, const zkg_fr *x, const zkg_fr *y,
                                size_t n);

#endif
