/* SPDX-License-Identifier: Apache-2.0
 * Sums over the real entries of an axis, from the lowest bit up. */
#include "poly/indicator.h"

/* out = x + c (y - x) */
static void blend(zkg_fr *out, const zkg_fr *x, const zkg_fr *y,
                  const zkg_fr *c)
{
    zkg_fr d;

    zkg_fr_sub(&d, y, x);
    zkg_fr_mul(&d, &d, c);
    zkg_fr_add(out, x, &d);
}

/* below = sum of eq(r, i) over the t lowest bits' values i < len mod 2^t.
 * With the next bit of len set, all of the lower half counts, and `below` of
 * the upper one; with it clear, `below` of the lower half only. */
void zkg_indicator_eval(zkg_fr *out, uint64_t len, const zkg_fr *r,
                        uint32_t bits)
{
    zkg_fr below = zkg_fr_zero;

    if (bits < 64 && len >> bits != 0) {
        *out = zkg_fr_one;
        return;
    }
    for (uint32_t t = 0; t < bits; t++) {
        if (len >> t & 1)
            blend(&below, &zkg_fr_one, &below, &r[t]);
        else
            blend(&below, &below, &zkg_fr_zero, &r[t]);
    }
    *out = below;
}

/* The same with weights a_t b_t for bit 1, (1 - a_t)(1 - b_t) for bit 0, whose
 * sum over a whole block is not 1 but the product eq(a, b). */
void zkg_indicator_eq(zkg_fr *out, uint64_t len, const zkg_fr *a,
                      const zkg_fr *b, uint32_t bits)
{
    zkg_fr below = zkg_fr_zero, whole = zkg_fr_one;

    for (uint32_t t = 0; t < bits; t++) {
        zkg_fr one, zero;

        zkg_fr_mul(&one, &a[t], &b[t]);
        zkg_fr_sub(&zero, &zkg_fr_one, &a[t]);
        zkg_fr_sub(&zero, &zero, &b[t]);
        zkg_fr_add(&zero, &zero, &one);
        if (len >> t & 1) {
            zkg_fr lower;

            zkg_fr_mul(&lower, &zero, &whole);
            zkg_fr_mul(&below, &below, &one);
            zkg_fr_add(&below, &below, &lower);
        } else {
            zkg_fr_mul(&below, &below, &zero);
        }
        zkg_fr_add(&zero, &zero, &one);
        zkg_fr_mul(&whole, &whole, &zero);
    }
    *out = bits < 64 && len >> bits != 0 ? whole : below;
}
