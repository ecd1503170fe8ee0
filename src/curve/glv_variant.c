/* SPDX-License-Identifier: Apache-2.0 */
/* Magnitudes and halves of many scalars: in lanes, and one at a time what does
 * not fill them. */
#include "curve/glv_variant.h"

#ifdef ZKG_FIELD_IFMA
#include "curve/glv_ifma_tmpl.h"
#else
enum { SCALARS = 1 };

static void magnitudes_in_lanes(uint64_t (*m)[4], uint32_t *negative,
                                const zkg_fr *s)
{
    *negative = zkg_glv_magnitude(*m, s);
}

static void splits_in_lanes(zkg_glv *out, const uint64_t (*k)[4])
{
    zkg_glv_split(out, *k);
}
#endif

void ZKG_VARIANT(zkg_glv_magnitudes)(uint64_t (*m)[4], uint32_t *negative,
                                     const zkg_fr *s, size_t n)
{
    size_t i = 0;

    for (; i + SCALARS <= n; i += SCALARS)
        magnitudes_in_lanes(m + i, negative + i, s + i);
    for (; i < n; i++)
        negative[i] = zkg_glv_magnitude(m[i], &s[i]);
}

void ZKG_VARIANT(zkg_glv_splits)(zkg_glv *out, const uint64_t (*k)[4], size_t n)
{
    size_t i = 0;

    for (; i + SCALARS <= n; i += SCALARS)
        splits_in_lanes(out + i, k + i);
    for (; i < n; i++)
        zkg_glv_split(&out[i], k[i]);
}
