/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_QUANTISE_H
#define ZKGKR_TENSOR_QUANTISE_H

/**
 * @file
 * From reals to integers: the only place where they meet.
 */

#include <stdbool.h>
#include <stdint.h>

/**
 * floor(v 2^scale + 1/2), half up, exactly.
 *
 * @return false, with *out unchanged, when v is not finite or the result
 *         leaves -2^62 .. 2^62
 */
bool zkg_quantise(int64_t *out, double v, uint32_t scale);

#endif
