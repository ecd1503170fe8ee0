/* SPDX-License-Identifier: Apache-2.0 */
/* glv_variant.c, compiled once for each variant: many scalars at a time. */
#ifndef ZKG_CURVE_GLV_VARIANT_H
#define ZKG_CURVE_GLV_VARIANT_H

#include "curve/glv.h"
#include "curve/variant.h"

#define ZKG_DECLARE_GLV(v)                                                     \
    void zkg_glv_magnitudes_##v(uint64_t(*m)[4], uint32_t *negative,           \
                                const zkg_fr *s, size_t n);                    \
    void zkg_glv_splits_##v(zkg_glv *out, const uint64_t(*k)[4], size_t n);

/* zkg_glv_magnitudes: m[i] and negative[i], 0 or 1, are what
 * zkg_glv_magnitude() makes of s[i], i < n.
 * zkg_glv_splits: out[i] is what zkg_glv_split() makes of k[i]. */
ZKG_DECLARE_GLV(portable)
ZKG_DECLARE_GLV(mulx)
ZKG_DECLARE_GLV(ifma)

#undef ZKG_DECLARE_GLV
#endif
