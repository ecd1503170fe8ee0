/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/fp12.h"

#include "curve/fp12_ops.h"

bool zkg_fp12_equal(const zkg_fp12 *a, const zkg_fp12 *b)
{
    return fp6_equal(&a->c0, &b->c0) && fp6_equal(&a->c1, &b->c1);
}

void zkg_fp12_set_one(zkg_fp12 *r)
{
    *r = (zkg_fp12){0};
    zkg_fp2_set_one(&r->c0.c0);
}

bool zkg_fp12_is_one(const zkg_fp12 *a)
{
    zkg_fp12 one;

    zkg_fp12_set_one(&one);
    return zkg_fp12_equal(a, &one);
}

void zkg_fp12_mul(zkg_fp12 *r, const zkg_fp12 *a, const zkg_fp12 *b)
{
    fp12_mul(r, a, b);
}

void zkg_fp12_inv(zkg_fp12 *r, const zkg_fp12 *a)
{
    fp12_inv(r, a);
}

void zkg_fp12_pow(zkg_fp12 *r, const zkg_fp12 *a, const uint64_t *e, size_t n)
{
    zkg_fp12 t, x = *a;

    zkg_fp12_set_one(&t);
    for (size_t i = 64 * n; i-- > 0;) {
        fp12_sqr(&t, &t);
        if (e[i / 64] >> i % 64 & 1)
            fp12_mul(&t, &t, &x);
    }
    *r = t;
}
