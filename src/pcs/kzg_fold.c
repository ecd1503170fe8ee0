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

#include <string.h>

#include "base/mem.h"
#include "poly/eq.h"

/* Columns of a strip and rows of one call: they fit the second-level cache. */
#define STRIP 512
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

/* weights[i] = scale eq(z_hi, i), i < end */
static zkg_status make_weights(zkg_fr **out, uint32_t n, uint32_t k,
                               const zkg_fr *point, uint64_t end,
                               const zkg_fr *scale)
{
    *out = zkg_alloc((size_t)end, sizeof(**out));
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    zkg_eq_expand_len(*out, end, n > k ? point + k : NULL, n > k ? n - k : 0,
                      scale);
    return ZKG_OK;
}

static zkg_status make_starts(uint64_t **out, const zkg_array *a, uint32_t k,
                              uint64_t first, uint64_t end)
{
    *out = zkg_alloc((size_t)(end - first + 1), sizeof(**out));
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t c = first; c <= end; c++)
        (*out)[c - first] = zkg_kzg_cells_before(a, c << k);
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

/* All chunks, those of one length after the other: full ones, and what is left
 * of one where an axis ends. */
static zkg_status fold_all(fold *f, zkg_fr *out, uint64_t most)
{
    uint64_t less = 0;

    for (uint64_t len = most; len > 0; len = less) {
        less = 0;
        for (uint64_t c = 0; c < f->chunks; c++)
            if (cells_of(f, c) < len && cells_of(f, c) > less)
                less = cells_of(f, c);
        for (uint64_t at = 0; at < len; at += STRIP)
            ZKG_TRY(fold_strip(f, out + at, len, at,
                               len - at < STRIP ? len - at : STRIP));
    }
    return ZKG_OK;
}

/* The sum's cells to where chunk 0 has its own. */
static void spread(zkg_fr *out, const zkg_fr *sum, const zkg_array *a,
                   uint32_t k)
{
    zkg_kzg_layout l;
    zkg_kzg_walk w;
    zkg_kzg_run r;

    zkg_kzg_layout_init(&l, a);
    zkg_kzg_walk_init(&w, &l, 0, (uint64_t)1 << k);
    while (zkg_kzg_walk_next(&r, &w))
        for (uint64_t i = 0; i < r.len; i++)
            zkg_fr_add(&out[r.at + i], &out[r.at + i], &sum[r.flat + i]);
}

static zkg_status fold_and_spread(fold *f, zkg_fr *out, uint32_t k)
{
    const uint64_t most = zkg_kzg_chunk_cells(f->array, k, 0);
    zkg_fr *sum;
    zkg_status s;
    zkg_kzg_layout l;
    zkg_kzg_walk w;
    zkg_kzg_run r;

    zkg_kzg_layout_init(&l, f->array);
    zkg_kzg_walk_init(&w, &l, 0, (uint64_t)1 << k);
    if (!zkg_kzg_walk_next(&r, &w))
        return ZKG_OK;
    if (r.len == most)
        return fold_all(f, out, most);
    sum = zkg_alloc_aligned(most, sizeof(*sum));
    s = sum == NULL ? ZKG_ERR_NOMEM : fold_all(f, sum, most);
    if (s == ZKG_OK)
        spread(out, sum, f->array, k);
    zkg_free(sum);
    return s;
}

uint64_t zkg_kzg_fold_cost(const zkg_array *a, uint32_t k)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);
    const uint64_t cells = 1 + zkg_array_stored_count(a) / chunks;

    return a->type == ZKG_FR ? 3 * cells : cells;
}

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    fold *f = zkg_alloc_raw(1, sizeof(*f));
    uint64_t *start = NULL;
    zkg_fr *weights = NULL;
    zkg_status s = f != NULL ? ZKG_OK : ZKG_ERR_NOMEM;

    if (s == ZKG_OK)
        s = make_weights(&weights, zkg_array_vars(a), k, point, end, scale);
    if (s == ZKG_OK)
        s = make_starts(&start, a, k, first, end);
    if (s == ZKG_OK) {
        f->backend = backend;
        f->array = a;
        f->weights = weights + first;
        f->start = start;
        f->chunks = end - first;
        s = fold_and_spread(f, out, k);
    }
    zkg_free(start);
    zkg_free(weights);
    zkg_free(f);
    return s;
}

zkg_status zkg_kzg_fold(zkg_fr *out, const zkg_backend *backend,
                        const zkg_array *a, uint32_t k, const zkg_fr *point)
{
    const uint32_t n = zkg_array_vars(a);

    memset(out, 0, sizeof(*out) << (n < k ? n : k));
    return zkg_kzg_fold_add(out, backend, a, k, point, 0, zkg_kzg_chunks(n, k),
                            &zkg_fr_one);
}
