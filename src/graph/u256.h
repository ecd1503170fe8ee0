/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_U256_H
#define ZKGKR_GRAPH_U256_H

/**
 * @file
 * Bounds on sums of terms: unsigned 256-bit integers that saturate.
 */

#include <stdbool.h>
#include <stdint.h>

/** A number, lowest limb first; over: it was larger. */
typedef struct zkg_u256 {
    uint32_t limb[8];
    bool over;
} zkg_u256;

void zkg_u256_add(zkg_u256 *a, const zkg_u256 *b);
void zkg_u256_mul_u64(zkg_u256 *a, uint64_t b);

/** Is 2 a below the order of the field? */
bool zkg_u256_is_below_half_p(const zkg_u256 *a);

#endif
