/* SPDX-License-Identifier: Apache-2.0 */
/* msm_variant.c, compiled once for each variant. */
#ifndef ZKG_CURVE_MSM_VARIANT_H
#define ZKG_CURVE_MSM_VARIANT_H

#include "base/arena.h"
#include "curve/g1.h"
#include "curve/variant.h"

/**
 * The terms of a sum in the form that Pippenger's method wants.  Term i is
 * points[index[i] >> 1], negated when the lowest bit is set, of every second
 * term its image by phi where there are images, times the magnitude in words i
 * * limbs and following of mag, lowest first.
 */
typedef struct zkg_msm_terms {
    const uint32_t *index;
    uint64_t *mag; /**< overwritten */
    size_t n;
    uint32_t limbs;  /**< words for each magnitude, a bit to spare at the top */
    uint32_t bits;   /**< every magnitude is at most 2^bits */
    bool has_images; /**< of terms 1, 3, ..: glv.h */
} zkg_msm_terms;

#define ZKG_DECLARE_MSM(v)                                                     \
    bool zkg_msm_sums_##v(zkg_g1j *out, const zkg_g1 *points,                  \
                          const zkg_msm_terms *terms, size_t count,            \
                          zkg_arena *work);                                    \
    bool zkg_msm_halves_##v(size_t n, uint32_t bits);                          \
    uint64_t zkg_msm_cost_##v(size_t n, uint32_t bits);                        \
    void zkg_msm_images_##v(zkg_g1 *out, const zkg_g1 *points, size_t n);      \
    bool zkg_g1_powers_##v(zkg_g1 *out, size_t n, const zkg_fr *tau);

/* zkg_msm_sums: out[s] = the sum of terms[s], s < count, in the memory of work,
 * of which nothing is taken before and after; false when memory is short.
 * zkg_msm_halves: whether a sum of n terms of that width is quicker with 2 n
 * terms of half the width.
 * zkg_msm_cost: as in msm.h.
 * zkg_msm_images: out[i] = phi(points[i]), as in glv.h.
 * zkg_g1_powers: as in msm.h; false when memory is short. */
ZKG_DECLARE_MSM(portable)
ZKG_DECLARE_MSM(mulx)
ZKG_DECLARE_MSM(ifma)

#undef ZKG_DECLARE_MSM
#endif
