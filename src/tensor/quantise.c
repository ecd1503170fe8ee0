/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding half up. */
#include "tensor/quantise.h"

#include <math.h>

bool zkg_quantise(int64_t *out, double v, uint32_t scale)
{
    const double x = ldexp(v, (int)scale); /* exact: a power of two */
    const double f = floor(x);

    if (!(f > -0x1p62 && f < 0x1p62))
        return false;
    *out = (int64_t)f + (x - f >= 0.5); /* x + 0.5 would round */
    return true;
}
