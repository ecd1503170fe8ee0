/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_POLY_INDICATOR_H
#define ZKG_POLY_INDICATOR_H

/**
 * @file
 * The indicator I_L of the real entries i < L of an axis of 2^bits, and sums
 * over these, in O(bits).
 */

#include <stdint.h>

#include "field/fr.h"

/** out = I~_len(r) = sum_{i < len} eq(r, i); len <= 2^bits, r of bits. */
void zkg_indicator_eval(zkg_fr *out, uint64_t len, const zkg_fr *r,
                        uint32_t bits);

/** out = sum_{i < len} eq(a, i) eq(b, i); len <= 2^bits. */
void zkg_indicator_eq(zkg_fr *out, uint64_t len, const zkg_fr *a,
                      const zkg_fr *b, uint32_t bits);

#endif
