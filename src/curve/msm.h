/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multi-scalar multiplication in G1: sum over i < n of scalars[i] * points[i].
 *
 * Small integers are cheap: the work follows the largest |scalar| that is
 * there, not the type, and zeros cost nothing.  An array of Fr whose elements
 * are all near 0 or near p counts as small.  Points may be equal, opposite or
 * infinite.  The result is a group element, so no choice made inside can
 * change it; sums of some length halve wide scalars by glv.h.  cpu_flags as in
 * pairing.h.
 */
#ifndef ZKG_CURVE_MSM_H
#define ZKG_CURVE_MSM_H

#include "curve/g1.h"
#include "zkgkr/status.h"

/** The type of the scalars array's elements. */
typedef enum zkg_scalar_type {
    ZKG_SCALAR_I8,
    ZKG_SCALAR_U8,
    ZKG_SCALAR_I16,
    ZKG_SCALAR_U16,
    ZKG_SCALAR_I32,
    ZKG_SCALAR_U32,
    ZKG_SCALAR_I64,
    ZKG_SCALAR_FR
} zkg_scalar_type;

/** The sum over i < n of scalars[i] points[first + i]. */
typedef struct zkg_msm {
    size_t first;
    const void *scalars; /**< n elements of the type */
    zkg_scalar_type type;
    size_t n;
} zkg_msm;

enum {
    /** Consecutive short sums of this many terms are worked on together, and so
     *  many terms of a sum of 8-bit scalars that has more than four times as
     *  many. */
    ZKG_MSM_TOGETHER = 1 << 15,
    /** At most so many terms of a sum of scalars of 32 bits and more. */
    ZKG_MSM_PIECE = 1 << 17
};

/**
 * out[s] = sum s of count, all over the same points; infinity for n = 0.
 * Additions of what is worked on together share inversions.
 *
 * @retval ZKG_ERR_NOMEM   out is undefined; what is worked on together needs
 *                         about 20 to 60 bytes a non-zero scalar, and up to 11
 *                         MiB beside
 * @retval ZKG_ERR_INVALID first + n is 2^31 or more, or a type unknown
 */
ZKG_MUST_CHECK zkg_status zkg_msm_g1_many(zkg_g1 *out, const zkg_g1 *points,
                                          const zkg_msm *sums, size_t count,
                                          uint32_t cpu_flags);

/** Bytes that a sum of n field elements takes at most beside points, scalars
 * and result, on any processor. */
size_t zkg_msm_bytes(size_t n);

/** What a sum of n terms, magnitudes at most 2^bits, costs beside another: in
 * additions of points, scalars halved where that is quicker; the same number on
 * every machine. */
uint64_t zkg_msm_cost(size_t n, uint32_t bits);

/** out = sum over i < n of scalars[i] points[i], as above; *out is unchanged
 *  on failure. */
ZKG_MUST_CHECK zkg_status zkg_msm_g1(zkg_g1 *out, const zkg_g1 *points,
                                     const void *scalars, zkg_scalar_type type,
                                     size_t n, uint32_t cpu_flags);

/**
 * out[i] = tau^i G for i < n: a structured reference string of known tau.  No
 * power of tau stays behind in memory.
 *
 * @retval ZKG_ERR_NOMEM no room for the table of multiples; out is undefined
 */
ZKG_MUST_CHECK zkg_status zkg_g1_powers(zkg_g1 *out, size_t n,
                                        const zkg_fr *tau, uint32_t cpu_flags);

#endif
