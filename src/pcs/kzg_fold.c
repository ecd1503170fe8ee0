/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds of chunks: the only step of an opening that touches all data.
 *
 * The stored cells of a chunk lie side by side, whatever its padding, and those
 * of any chunk stand where the first ones of chunk 0 do: a chunk is cut off
 * where an axis ends, never at its start.  So chunks are rows of int_fold as
 * they lie in memory, and only their sum has to be put to its padded places.
 */
#include "pcs/kzg_walk.h"

#include "base/mem.h"
#include "poly/eq.h"

/* Columns of a strip, whose sums fit the second-level cache, and rows of one
 * call, whose weights are cut anew for each strip. */
#define STRIP 2048
#define ROWS 256

typedef struct fold {
    const zkg_backend *backend;
    const zkg_array *array;
    const zkg_fr *weights; /* of the chunks */
    const uint64_t *start; /* first cells of the chunks, and what is behind */
    uint64_t chunks;
    zkg_fr row_weight[ROWS];
    const void *row[ROWS];
} fold;

/* weights[i] = scale eq(z_hi, i), i < chunks */
static zkg_status make_weights(zkg_fr **out, uint32_t n, uint32_t k,
                               const zkg_fr *point, uint64_t chunks,
                               const zkg_fr *scale)
{
    *out = zkg_alloc((size_t)chunks, sizeof(**out));
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    zkg_eq_expand_len(*out, chunks, n > k ? point + k : NULL, n > k ? n - k : 0,
                      scale);
    return ZKG_OK;
}

static zkg_status make_starts(uint64_t **out, const zkg_array *a, uint32_t k,
                              uint64_t chunks)
{
    *out = zkg_alloc((size_t)chunks + 1, sizeof(**out));
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t c = 0; c <= chunks; c++)
        (*out)[c] = zkg_kzg_cells_before(a, c << k);
    return ZKG_OK;
}

static uint64_t cells_of(const fold *f, uint64_t chunk)
{
    return f->start[chunk + 1] - f->start[chunk];
}

/* out[i] += cells at + i, i < columns, of all chunks that have `len`. */
static zkg_status fold_strip(fold *f, zkg_fr *out, uint64_t len, uint64_t at,
                             uint64_t columns)
{
    const zkg_array *a = f->array;
    size_t rows = 0;

    for (uint64_t c = 0; c < f->chunks; c++) {
        if (cells_of(f, c) != len)
            continue;
        if (rows == ROWS) {
            ZKG_TRY(f->backend->int_fold(out, f->row_weight, f->row, rows,
                                         a->type, columns));
            rows = 0;
        }
        f->row[rows] = zkg_kzg_cell(a, f->start[c] + at);
        f->row_weight[rows++] = f->weights[c];
    }
    return f->backend->int_fold(out, f->row_weight, f->row, rows, a->type,
                                columns);
}

/* out[i] += cells first + i of all chunks, those of one length after the other:
 * full ones, and what is left of one where an axis ends; first + i < end. */
static zkg_status fold_all(fold *f, zkg_fr *out, uint64_t first, uint64_t end)
{
    uint64_t less = 0;

    for (uint64_t len = cells_of(f, 0); len > first; len = less) {
        const uint64_t to = len < end ? len : end;

        less = 0;
        for (uint64_t c = 0; c < f->chunks; c++)
            if (cells_of(f, c) < len && cells_of(f, c) > less)
                less = cells_of(f, c);
        for (uint64_t at = first; at < to; at += STRIP)
            ZKG_TRY(fold_strip(f, out + (at - first), len, at,
                               to - at < STRIP ? to - at : STRIP));
    }
    return ZKG_OK;
}

/* Run r of the sum's cells, of which cell `first` is sum[0], and all behind it,
 * to their padded places. */
static void spread(zkg_fr *out, const zkg_fr *sum, uint64_t first,
                   zkg_kzg_run r, zkg_kzg_walk *w)
{
    do
        for (uint64_t i = 0; i < r.len; i++)
            zkg_fr_add(&out[r.at + i], &out[r.at + i],
                       &sum[r.flat - first + i]);
    while (zkg_kzg_walk_next(&r, w));
}

/* Columns [from, from + n) of chunk 0, in which all chunks have their cells. */
static zkg_status fold_and_spread(fold *f, zkg_fr *out, uint64_t from,
                                  uint64_t n)
{
    const uint64_t first = zkg_kzg_cells_before(f->array, from);
    const uint64_t end = zkg_kzg_cells_before(f->array, from + n);
    zkg_fr *sum;
    zkg_status s;
    zkg_kzg_layout l;
    zkg_kzg_walk w;
    zkg_kzg_run r;

    zkg_kzg_layout_init(&l, f->array);
    zkg_kzg_walk_init(&w, &l, from, n);
    if (!zkg_kzg_walk_next(&r, &w))
        return ZKG_OK;
    if (r.len == end - first)
        return fold_all(f, out + r.at, first, end);
    sum = zkg_alloc_aligned(end - first, sizeof(*sum));
    s = sum == NULL ? ZKG_ERR_NOMEM : fold_all(f, sum, first, end);
    if (s == ZKG_OK)
        spread(out, sum, first, r, &w);
    zkg_free(sum);
    return s;
}

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t from, uint64_t n, const zkg_fr *scale)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);
    fold *f = zkg_alloc_raw(1, sizeof(*f));
    uint64_t *start = NULL;
    zkg_fr *weights = NULL;
    zkg_status s = f != NULL ? ZKG_OK : ZKG_ERR_NOMEM;

    if (s == ZKG_OK)
        s = make_weights(&weights, zkg_array_vars(a), k, point, chunks, scale);
    if (s == ZKG_OK)
        s = make_starts(&start, a, k, chunks);
    if (s == ZKG_OK) {
        f->backend = backend;
        f->array = a;
        f->weights = weights;
        f->start = start;
        f->chunks = chunks;
        s = fold_and_spread(f, out, from, n);
    }
    zkg_free(start);
    zkg_free(weights);
    zkg_free(f);
    return s;
}
