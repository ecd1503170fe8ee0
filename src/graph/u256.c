/* SPDX-License-Identifier: Apache-2.0 */
/* Saturating 256-bit bounds. */
#include "graph/u256.h"

#include <string.h>

#include "field/fr.h"

void zkg_u256_add(zkg_u256 *a, const zkg_u256 *b)
{
    uint64_t carry = 0;

    for (int i = 0; i < 8; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->over = a->over || b->over || carry != 0;
}

/* a * b * 2^(32 shift) */
static zkg_u256 mul_u32(const zkg_u256 *a, uint32_t b, int shift)
{
    zkg_u256 r = {.over = a->over && b != 0};
    uint64_t carry = 0;

    for (int i = 0; i < 8; i++) {
        carry += (uint64_t)a->limb[i] * b;
        if (i + shift < 8)
            r.limb[i + shift] = (uint32_t)carry;
        else if ((uint32_t)carry != 0)
            r.over = true;
        carry >>= 32;
    }
    /* With a shift, what is carried out of limb 7 is over as well. */
    if (carry != 0)
        r.over = true;
    return r;
}

void zkg_u256_mul_u64(zkg_u256 *a, uint64_t b)
{
    zkg_u256 low = mul_u32(a, (uint32_t)b, 0);
    const zkg_u256 high = mul_u32(a, (uint32_t)(b >> 32), 1);

    zkg_u256_add(&low, &high);
    *a = low;
}

bool zkg_u256_is_below_half_p(const zkg_u256 *a)
{
    zkg_u256 twice = *a;
    uint64_t l[4];
    zkg_fr ignored;

    zkg_u256_add(&twice, a);
    if (twice.over)
        return false;
    for (int i = 0; i < 4; i++)
        l[i] = (uint64_t)twice.limb[2 * i] | (uint64_t)twice.limb[2 * i + 1]
                                                 << 32;
    return zkg_fr_from_scalar(&ignored, l);
}
