/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_BITS_H
#define ZKGKR_BASE_BITS_H

/**
 * @file
 * Powers of two, and arithmetic that notices overflow.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool zkg_is_pow2(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/** The least s with 2^s >= n; 0 for n = 0 and n = 1; 64 above 2^63. */
static inline uint32_t zkg_log2_ceil(uint64_t n)
{
    return n <= 1 ? 0 : (uint32_t)(64 - __builtin_clzll(n - 1));
}

/** The greatest s with 2^s <= n; 0 for n = 0. */
static inline uint32_t zkg_log2_floor(uint64_t n)
{
    return n == 0 ? 0 : (uint32_t)(63 - __builtin_clzll(n));
}

static inline uint64_t zkg_div_ceil(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/** *out = a + b; false, with *out undefined, when that does not fit. */
static inline bool zkg_add_ok(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool zkg_mul_ok(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool zkg_add_i64_ok(int64_t *out, int64_t a, int64_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool zkg_mul_i64_ok(int64_t *out, int64_t a, int64_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
