/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_SMALL_SUM_H
#define ZKG_BACKEND_SMALL_SUM_H

/**
 * @file
 * Sums of elements' limbs times small integers; private to backend/.
 */

#include "field/fr.h"

/**
 * A sum of fewer than 2^32 products of four limbs by a number below 2^32.  Each
 * limb's product has an upper word below 2^32: these are summed on their own,
 * so that one chain of carries is enough.
 */
typedef struct zkg_limb_sum_u32 {
    uint64_t low[5], high[4];
} zkg_limb_sum_u32;

/** s += a * u, u < 2^32 */
ZKG_LIMB4_INLINE void zkg_limb_mac_u32(zkg_limb_sum_u32 *s, const uint64_t a[4],
                                       uint64_t u)
{
#if defined(ZKG_FIELD_MULX) && defined(__OPTIMIZE__)
    uint64_t lo, hi;

    /* lea leaves the carry */
    __asm__(
        "mulxq (%[a]), %[lo], %[hi]\n\t"
        "addq %[lo], %[t0]\n\t"
        "leaq (%[h0], %[hi]), %[h0]\n\t"
        "mulxq 8(%[a]), %[lo], %[hi]\n\t"
        "adcq %[lo], %[t1]\n\t"
        "leaq (%[h1], %[hi]), %[h1]\n\t"
        "mulxq 16(%[a]), %[lo], %[hi]\n\t"
        "adcq %[lo], %[t2]\n\t"
        "leaq (%[h2], %[hi]), %[h2]\n\t"
        "mulxq 24(%[a]), %[lo], %[hi]\n\t"
        "adcq %[lo], %[t3]\n\t"
        "leaq (%[h3], %[hi]), %[h3]\n\t"
        "adcq $0, %[t4]"
        : [t0] "+&r"(s->low[0]), [t1] "+&r"(s->low[1]), [t2] "+&r"(s->low[2]),
          [t3] "+&r"(s->low[3]), [t4] "+&r"(s->low[4]), [h0] "+&r"(s->high[0]),
          [h1] "+&r"(s->high[1]), [h2] "+&r"(s->high[2]),
          [h3] "+&r"(s->high[3]), [lo] "=&r"(lo), [hi] "=&r"(hi)
        : [a] "r"(a), "d"(u), ZKG_M4(a)
        : "cc");
#else
    uint64_t c = 0;

    for (int i = 0; i < 4; i++) {
        const zkg_u128 v = (zkg_u128)a[i] * u;

        s->low[i] = zkg_limb_adc(s->low[i], (uint64_t)v, &c);
        s->high[i] += (uint64_t)(v >> 64);
    }
    s->low[4] += c;
#endif
}

/** acc += s */
ZKG_LIMB4_INLINE void zkg_limb6_add_sum(uint64_t acc[6],
                                        const zkg_limb_sum_u32 *s)
{
    uint64_t c = 0, d = 0;

    for (int i = 0; i < 5; i++) {
        acc[i] = zkg_limb_adc(acc[i], s->low[i], &c);
        acc[i] = zkg_limb_adc(acc[i], i == 0 ? 0 : s->high[i - 1], &d);
    }
    acc[5] += c + d;
}

#endif
