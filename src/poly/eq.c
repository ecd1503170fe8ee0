/* SPDX-License-Identifier: Apache-2.0
 * eq and its tables. */
#include "poly/eq.h"

void zkg_eq_expand_len(zkg_fr *out, uint64_t len, const zkg_fr *u, uint32_t n,
                       const zkg_fr *scale)
{
    if (len == 0)
        return;
    out[0] = scale == NULL ? zkg_fr_one : *scale;
    /* After step t: out[i] = scale * eq(u_0..u_t, i) for i < 2^(t+1). */
    for (uint32_t t = 0; t < n; t++) {
        const uint64_t half = UINT64_C(1) << t;

        for (uint64_t i = 0; i < half && i < len; i++) {
            zkg_fr upper;

            zkg_fr_mul(&upper, &out[i], &u[t]);
            zkg_fr_sub(&out[i], &out[i], &upper);
            if (half + i < len)
                out[half + i] = upper;
        }
    }
}

void zkg_eq_expand(zkg_fr *out, const zkg_fr *u, uint32_t n,
                   const zkg_fr *scale)
{
    zkg_eq_expand_len(out, UINT64_C(1) << n, u, n, scale);
}

void zkg_eq_eval(zkg_fr *out, const zkg_fr *u, const zkg_fr *v, uint32_t n)
{
    zkg_fr product = zkg_fr_one;

    /* u v + (1 - u)(1 - v) = 1 - u - v + 2 u v */
    for (uint32_t t = 0; t < n; t++) {
        zkg_fr f;

        zkg_fr_mul(&f, &u[t], &v[t]);
        zkg_fr_double(&f, &f);
        zkg_fr_sub(&f, &f, &u[t]);
        zkg_fr_sub(&f, &f, &v[t]);
        zkg_fr_add(&f, &f, &zkg_fr_one);
        zkg_fr_mul(&product, &product, &f);
    }
    *out = product;
}

void zkg_eq_at(zkg_fr *out, const zkg_fr *u, uint32_t n, uint64_t index)
{
    zkg_fr product = zkg_fr_one;

    for (uint32_t t = 0; t < n; t++) {
        zkg_fr f = u[t];

        if (!(index >> t & 1))
            zkg_fr_sub(&f, &zkg_fr_one, &f);
        zkg_fr_mul(&product, &product, &f);
    }
    *out = product;
}
