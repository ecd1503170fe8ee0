/* SPDX-License-Identifier: Apache-2.0
 * Polynomials of one variable. */
#include "poly/univariate.h"

#define MAX_POINTS 9

void zkg_univariate_eval(zkg_fr *out, const zkg_fr *c, size_t n,
                         const zkg_fr *x)
{
    zkg_fr sum = zkg_fr_zero;

    for (size_t i = n; i-- > 0;) {
        zkg_fr_mul(&sum, &sum, x);
        zkg_fr_add(&sum, &sum, &c[i]);
    }
    *out = sum;
}

void zkg_univariate_interpolate(zkg_fr *out, const zkg_fr *x, const zkg_fr *y,
                                size_t n)
{
    zkg_fr c[MAX_POINTS] = {{{0}}};

    for (size_t i = 0; i < n; i++) {
        zkg_fr basis[MAX_POINTS] = {{{0}}}, scale = zkg_fr_one;
        size_t degree = 0;

        /* basis = prod_{j != i} (X - x_j), scale = its value at x_i */
        basis[0] = zkg_fr_one;
        for (size_t j = 0; j < n; j++) {
            zkg_fr d;

            if (j == i)
                continue;
            zkg_fr_sub(&d, &x[i], &x[j]);
            zkg_fr_mul(&scale, &scale, &d);
            degree++;
            for (size_t k = degree; k > 0; k--) {
                zkg_fr_mul(&d, &basis[k], &x[j]);
                zkg_fr_sub(&basis[k], &basis[k - 1], &d);
            }
            zkg_fr_mul(&basis[0], &basis[0], &x[j]);
            zkg_fr_neg(&basis[0], &basis[0]);
        }
        zkg_fr_inv(&scale, &scale);
        zkg_fr_mul(&scale, &scale, &y[i]);
        for (size_t k = 0; k < n; k++) {
            zkg_fr d;

            zkg_fr_mul(&d, &basis[k], &scale);
            zkg_fr_add(&c[k], &c[k], &d);
        }
    }
    for (size_t i = 0; i < n; i++)
        out[i] = c[i];
}

void zkg_univariate_divide_linear(zkg_fr *q, zkg_fr *rest, const zkg_fr *c,
                                  size_t n, const zkg_fr *x)
{
    zkg_fr carry = c[n - 1];

    for (size_t i = n - 1; i-- > 0;) {
        const zkg_fr ci = c[i];

        if (q != NULL)
            q[i] = carry;
        zkg_fr_mul(&carry, &carry, x);
        zkg_fr_add(&carry, &carry, &ci);
    }
    if (rest != NULL)
        *rest = carry;
}
