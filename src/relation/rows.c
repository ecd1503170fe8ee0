/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/rows.h"

#include "base/bits.h"
#include "base/mem.h"

#include <string.h>

/* ---- rows ---- */

static bool can_join(const zkg_rows_view *r, uint32_t k)
{
    const uint64_t n = (uint64_t)1 << r->bits[k];

    if (r->len[k] != n)
        return false;
    for (uint32_t c = 0; c < r->columns; c++) {
        const zkg_column_view *v = &r->column[c];

        if (v->stored[k] != n || v->stride[k + 1] != v->stride[k] * n)
            return false;
    }
    return true;
}

/* Axis k with k + 1. */
void zkg_rows_view_join(zkg_rows_view *r)
{
    for (uint32_t k = 0; k + 1 < r->axes;) {
        if (!can_join(r, k)) {
            k++;
            continue;
        }
        r->len[k] = r->len[k + 1] << r->bits[k];
        for (uint32_t c = 0; c < r->columns; c++)
            r->column[c].stored[k] = r->column[c].stored[k + 1] << r->bits[k];
        r->bits[k] += r->bits[k + 1];
        for (uint32_t i = k + 1; i + 1 < r->axes; i++) {
            r->len[i] = r->len[i + 1];
            r->bits[i] = r->bits[i + 1];
            for (uint32_t c = 0; c < r->columns; c++) {
                r->column[c].stored[i] = r->column[c].stored[i + 1];
                r->column[c].stride[i] = r->column[c].stride[i + 1];
            }
        }
        r->axes--;
    }
}

/* coeff of column c is -beta^c. */
void zkg_rows_view_set(zkg_rows_view *r, const zkg_lookup_challenges *challenge)
{
    zkg_fr power;

    zkg_fr_neg(&power, &zkg_fr_one);
    r->alpha = challenge->alpha;
    for (uint32_t c = 0; c < r->columns; c++) {
        r->column[c].coeff = power;
        zkg_fr_mul(&power, &power, &challenge->beta);
    }
}

zkg_status zkg_rows_view_of_site(zkg_rows_view *r, const zkg_task_run *run,
                                 uint32_t j)
{
    const zkg_site *site = &run->t->site[j];
    const zkg_axes *axes = &run->site[j];

    *r = (zkg_rows_view){.axes = axes->axes,
                         .vars = axes->vars,
                         .columns = site->columns,
                         .full = zkg_axes_full(axes, run->t)};
    r->column = zkg_alloc(site->columns, sizeof(*r->column));
    if (r->column == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < axes->axes; k++) {
        const zkg_axis *a = &run->t->axis[axes->axis[axes->axes - 1 - k]];

        r->len[k] = a->len;
        r->bits[k] = a->bits;
    }
    for (uint32_t c = 0; c < site->columns; c++) {
        const zkg_operand *o = &run->t->operand[site->operand[c]];
        zkg_column_view *v = &r->column[c];
        uint64_t stride = 1;

        v->array = o->array;
        for (uint32_t k = 0; k < axes->axes; k++)
            v->stored[k] = (uint64_t)1 << r->bits[k];
        for (uint32_t i = o->axes; i-- > 0;) {
            const int32_t at = zkg_axes_find(axes, o->axis[i]);

            if (at >= 0) {
                const uint32_t k = axes->axes - 1 - (uint32_t)at;

                v->stride[k] = stride;
                v->stored[k] = o->array->stored[i];
            }
            stride *= o->array->stored[i];
        }
    }
    zkg_rows_view_set(r, &run->c->challenge[site->table]);
    zkg_rows_view_join(r);
    return ZKG_OK;
}

/* ---- columns ---- */

/* The rows from one on that differ in the lowest axis alone. */
typedef struct line {
    uint64_t n;                   /* rows */
    uint64_t index[ZKG_MAX_VARS]; /* of the first of them, by axis */
} line;

static void line_at(line *l, const zkg_rows_view *r, uint64_t row, uint64_t end)
{
    uint64_t rest = row, room;

    for (uint32_t k = 0; k < r->axes; k++) {
        l->index[k] = rest & (((uint64_t)1 << r->bits[k]) - 1);
        rest >>= r->bits[k];
    }
    room = ((uint64_t)1 << r->bits[0]) - l->index[0];
    l->n = room < end - row ? room : end - row;
}

/* How many of a line's rows lie below these bounds. */
static uint64_t line_within(const line *l, const zkg_rows_view *r,
                            const uint64_t *bound)
{
    for (uint32_t k = 1; k < r->axes; k++)
        if (l->index[k] >= bound[k])
            return 0;
    if (l->index[0] >= bound[0])
        return 0;
    return l->n < bound[0] - l->index[0] ? l->n : bound[0] - l->index[0];
}

/* out[i] = cells[i stride] */
static void copy_cells(uint8_t *out, const uint8_t *cells, uint64_t stride,
                       uint64_t n, size_t size)
{
    if (stride == 1) {
        memcpy(out, cells, n * size);
        return;
    }
    for (uint64_t i = 0; i < n; i++)
        memcpy(out + i * size, cells + i * stride * size, size);
}

/* Rows [lo, hi) of a column, side by side; where it does not contribute, 0. */
static void copy_column(uint8_t *out, const zkg_rows_view *r,
                        const zkg_column_view *v, uint64_t lo, uint64_t hi)
{
    const size_t size = zkg_dtype_size(v->array->type);
    const uint8_t *cells = v->array->data;
    line l;

    for (uint64_t row = lo; row < hi; row += l.n) {
        uint64_t cell = v->cell, n;

        line_at(&l, r, row, hi);
        n = line_within(&l, r, v->stored);
        for (uint32_t k = 0; k < r->axes; k++)
            cell += l.index[k] * v->stride[k];
        if (n > 0)
            copy_cells(out + (row - lo) * size, cells + cell * size,
                       v->stride[0], n, size);
    }
}

/* I of rows [lo, hi). */
static void make_indicator(uint8_t *out, const zkg_rows_view *r, uint64_t lo,
                           uint64_t hi)
{
    line l;

    for (uint64_t row = lo; row < hi; row += l.n) {
        line_at(&l, r, row, hi);
        memset(out + (row - lo), 1, line_within(&l, r, r->len));
    }
}

/* Column at of the leaves: v's, or NULL: I. */
static zkg_status put_column(zkg_row_columns *l, uint32_t at,
                             const zkg_rows_view *r, const zkg_column_view *v,
                             const zkg_fr *coeff, uint64_t lo, uint64_t hi)
{
    const zkg_dtype type = v == NULL ? ZKG_U8 : v->array->type;
    const size_t size = zkg_dtype_size(type);

    l->column[at] = (zkg_column){.type = type, .step = 1, .coeff = *coeff};
    if (v != NULL && r->axes == 1 && v->stride[0] == 1 && v->stored[0] >= hi) {
        l->column[at].values =
            (const uint8_t *)v->array->data + (v->cell + lo) * size;
        return ZKG_OK;
    }
    l->copy[at] = zkg_alloc(hi - lo, size);
    if (l->copy[at] == NULL)
        return ZKG_ERR_NOMEM;
    l->column[at].values = l->copy[at];
    if (v == NULL)
        make_indicator(l->copy[at], r, lo, hi);
    else
        copy_column(l->copy[at], r, v, lo, hi);
    return ZKG_OK;
}

/* Whether an array's integers are those of zkg_rows: all of them, so that every
 * rank of a group says the same. */
static bool is_small(const zkg_array *a)
{
    const int64_t most = ((int64_t)1 << ZKG_ROWS_BITS) - 1;
    const uint64_t n = zkg_array_stored_count(a);
    bool small = a->type != ZKG_FR;

    for (uint64_t i = 0; a->type == ZKG_I32 && i < n; i++) {
        const int32_t v = ((const int32_t *)a->data)[i];

        small &= v >= -most && v <= most;
    }
    for (uint64_t i = 0; a->type == ZKG_I64 && i < n; i++) {
        const int64_t v = ((const int64_t *)a->data)[i];

        small &= v >= -most && v <= most;
    }
    return small;
}

zkg_status zkg_row_columns_init(zkg_row_columns *out, const zkg_rows_view *r,
                                uint64_t lo, uint64_t hi)
{
    const bool padded_table = r->counts != NULL && !r->full;
    zkg_column_view counts = {.array = r->counts, .stride = {1}};

    *out = (zkg_row_columns){.ones = r->full && r->counts == NULL,
                             .base = r->alpha,
                             .columns = r->columns + padded_table,
                             .lo = lo};
    out->copies = out->columns + 1;
    out->column = zkg_alloc(out->copies, sizeof(*out->column));
    out->copy = zkg_alloc(out->copies, sizeof(*out->copy));
    if (out->column == NULL || out->copy == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t c = 0; c < r->columns; c++)
        ZKG_TRY(
            put_column(out, c, r, &r->column[c], &r->column[c].coeff, lo, hi));
    if (padded_table) {
        zkg_fr pole;

        zkg_fr_sub(&pole, &r->alpha, &zkg_fr_one);
        out->base = zkg_fr_one;
        ZKG_TRY(put_column(out, r->columns, r, NULL, &pole, lo, hi));
    }
    if (r->counts != NULL)
        counts.stored[0] = r->counts->stored[0];
    if (!out->ones)
        ZKG_TRY(put_column(out, out->columns, r,
                           r->counts == NULL ? NULL : &counts, &zkg_fr_one, lo,
                           hi));
    out->small = out->columns <= ZKG_SMALL_COLUMNS &&
                 (r->counts == NULL || is_small(r->counts));
    for (uint32_t c = 0; c < r->columns && out->small; c++)
        out->small = is_small(r->column[c].array);
    return ZKG_OK;
}

static int64_t wide_at(const zkg_column *c, uint64_t i)
{
    return c->type == ZKG_I32 ? ((const int32_t *)c->values)[i]
                              : ((const int64_t *)c->values)[i];
}

/* How many columns of ZKG_ROWS_BITS it takes to hold a column's integers. */
static uint32_t narrow_parts(const zkg_column *c, uint64_t n)
{
    const int64_t most = ((int64_t)1 << ZKG_ROWS_BITS) - 1;
    int64_t low = 0, high = 0;
    uint32_t parts = 1;

    for (uint64_t i = 0; i < n; i++) {
        const int64_t v = wide_at(c, i);

        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    for (; low < -most || high > most; parts++) {
        low >>= ZKG_ROWS_BITS;
        high >>= ZKG_ROWS_BITS;
    }
    return parts;
}

/* Part j of a column's integers; the last one has the sign. */
static void narrow_part(int32_t *out, const zkg_column *c, uint64_t n,
                        uint32_t j, bool last)
{
    const int64_t mask = ((int64_t)1 << ZKG_ROWS_BITS) - 1;
    const uint32_t down = j * ZKG_ROWS_BITS;

    for (uint64_t i = 0; i < n; i++) {
        const int64_t v = wide_at(c, i) >> down;

        out[i] = (int32_t)(last ? v : v & mask);
    }
}

zkg_status zkg_row_columns_narrow(zkg_row_columns *l, uint64_t n)
{
    const zkg_column wide = l->column[0];
    zkg_row_columns out = *l;
    zkg_fr coeff = wide.coeff;

    if (l->small || wide.type == ZKG_FR)
        return ZKG_OK;
    out.columns = out.copies = narrow_parts(&wide, n);
    out.column = zkg_alloc(out.copies, sizeof(*out.column));
    out.copy = zkg_alloc(out.copies, sizeof(*out.copy));
    out.small = out.column != NULL && out.copy != NULL;
    for (uint32_t j = 0; j < out.columns && out.small; j++) {
        out.copy[j] = zkg_alloc_raw(n, sizeof(int32_t));
        if (out.copy[j] == NULL) {
            out.small = false;
            break;
        }
        narrow_part(out.copy[j], &wide, n, j, j + 1 == out.columns);
        out.column[j] = (zkg_column){out.copy[j], ZKG_I32, 1, coeff};
        zkg_fr_mul_i64(&coeff, &coeff, (int64_t)1 << ZKG_ROWS_BITS);
    }
    if (!out.small) {
        zkg_row_columns_clear(&out);
        return ZKG_ERR_NOMEM;
    }
    zkg_row_columns_clear(l);
    *l = out;
    return ZKG_OK;
}

void zkg_row_columns_clear(zkg_row_columns *l)
{
    for (uint32_t c = 0; l->copy != NULL && c < l->copies; c++)
        zkg_free(l->copy[c]);
    zkg_free(l->copy);
    zkg_free(l->column);
    *l = (zkg_row_columns){0};
}

zkg_column zkg_row_columns_at(const zkg_row_columns *l, uint32_t c, uint64_t i)
{
    zkg_column column = l->column[c];

    column.values = (const uint8_t *)column.values +
                    (i - l->lo) * zkg_dtype_size(column.type);
    return column;
}
