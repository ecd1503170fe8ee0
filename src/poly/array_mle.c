/* SPDX-License-Identifier: Apache-2.0
 * A tensor's multilinear extension: eq tables of the axes, the last axis
 * summed without reduction. */
#include "poly/array_mle.h"

#include "base/mem.h"
#include "poly/eq.h"

/* sum over the last axis of w[i] row[i] */
static void row_dot(zkg_fr *out, const zkg_array *a, uint64_t at, uint64_t n,
                    const zkg_fr *w)
{
    zkg_fr_wide acc = {{0}};

    if (a->type == ZKG_FR) {
        const zkg_fr *row = (const zkg_fr *)a->data + at;
        zkg_fr sum = zkg_fr_zero;

        for (uint64_t i = 0; i < n; i++) {
            zkg_fr p;

            zkg_fr_mul(&p, &w[i], &row[i]);
            zkg_fr_add(&sum, &sum, &p);
        }
        *out = sum;
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        const int64_t v = zkg_array_get_i64(a, at + i);

        if (v != 0)
            zkg_fr_wide_mac(&acc, &w[i], v);
    }
    zkg_fr_wide_reduce(out, &acc);
}

/* sum over axes k.. of eq * value; *at runs over the stored cells in order */
static void sum_axis(zkg_fr *out, const zkg_array *a, uint32_t k,
                     zkg_fr *const *eq, uint64_t *at)
{
    zkg_fr sum = zkg_fr_zero;

    if (k + 1 == a->axes) {
        row_dot(out, a, *at, a->stored[k], eq[k]);
        *at += a->stored[k];
        return;
    }
    for (uint64_t i = 0; i < a->stored[k]; i++) {
        zkg_fr part;

        sum_axis(&part, a, k + 1, eq, at);
        zkg_fr_mul(&part, &part, &eq[k][i]);
        zkg_fr_add(&sum, &sum, &part);
    }
    *out = sum;
}

zkg_status zkg_array_mle(zkg_fr *out, const zkg_array *a, const zkg_fr *point)
{
    zkg_fr *eq[ZKG_MAX_AXES] = {NULL};
    zkg_status s = ZKG_OK;
    uint64_t at = 0;

    if (a->axes == 0) {
        row_dot(out, a, 0, 1, &zkg_fr_one);
        return ZKG_OK;
    }
    for (uint32_t k = a->axes; k-- > 0;) {
        const uint32_t bits = zkg_axis_bits(a->len[k]);

        eq[k] = zkg_alloc(a->stored[k] > 0 ? a->stored[k] : 1, sizeof(zkg_fr));
        if (eq[k] == NULL) {
            s = ZKG_ERR_NOMEM;
            goto free_eq;
        }
        zkg_eq_expand_len(eq[k], a->stored[k], point, bits, NULL);
        point += bits;
    }
    sum_axis(out, a, 0, eq, &at);

free_eq:
    for (uint32_t k = 0; k < a->axes; k++)
        zkg_free(eq[k]);
    return s;
}
