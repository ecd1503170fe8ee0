/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_ROW_FORMS_H
#define ZKG_BACKEND_ROW_FORMS_H

/**
 * @file
 * The sum of two fractions of small integers, as sums of constants times
 * integers; private to backend/.
 *
 * With neighbours x, y of rows P and Q: P(x) Q(y) + P(y) Q(x) and Q(x) Q(y) are
 * bilinear in their integers, among which the base's is 1.  An integer of the
 * form is below 2^(2 ZKG_ROWS_BITS + 1).
 */

#include "backend/backend.h"

/** Integers of a row: the base's 1, and one a column. */
#define ROW_TERMS (ZKG_ROWS_COLUMNS + 1)

/** k times x_a y_b, and more: unless `square`, x_b y_a. */
typedef struct row_term {
    uint32_t a, b;
    bool square;
    zkg_fr k;
} row_term;

/** base + the sum of terms. */
typedef struct row_form {
    zkg_fr base;
    uint32_t count;
    row_term term[2 * ROW_TERMS];
} row_form;

static inline zkg_fr row_coeff(const zkg_rows *a, uint32_t c)
{
    return c == 0 ? a->base : a->columns[c - 1].coeff;
}

static inline void row_form_add(row_form *f, uint32_t a, uint32_t b,
                                bool square, const zkg_fr *k)
{
    if (!zkg_fr_is_zero(k))
        f->term[f->count++] = (row_term){a, b, square, *k};
}

/** P(x) Q(y) + P(y) Q(x), P of one column and Q of three at most; p NULL: 1. */
static inline void row_form_cross(row_form *f, const zkg_rows *p,
                                  const zkg_rows *q)
{
    const zkg_fr one = p == NULL ? zkg_fr_one : p->base;
    zkg_fr k;

    zkg_fr_mul(&k, &one, &q->base);
    zkg_fr_double(&f->base, &k);
    f->count = 0;
    for (uint32_t a = 0; a <= (p == NULL ? 0 : p->count); a++) {
        for (uint32_t b = a == 0; b <= q->count; b++) {
            const zkg_fr x = a == 0 ? one : row_coeff(p, a);
            const zkg_fr y = row_coeff(q, b);

            zkg_fr_mul(&k, &x, &y);
            row_form_add(f, a, b, false, &k);
        }
    }
}

/** Q(x) Q(y) */
static inline void row_form_square(row_form *f, const zkg_rows *q)
{
    zkg_fr k;

    zkg_fr_sqr(&f->base, &q->base);
    f->count = 0;
    for (uint32_t a = 0; a <= q->count; a++) {
        for (uint32_t b = a > 0 ? a : 1; b <= q->count; b++) {
            const zkg_fr x = row_coeff(q, a), y = row_coeff(q, b);

            zkg_fr_mul(&k, &x, &y);
            row_form_add(f, a, b, a == b, &k);
        }
    }
}

#endif
