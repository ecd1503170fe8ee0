/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds of chunks: the only step of an opening that touches all data.  A strip
 * of columns at a time, some chunks at a time, as rows of int_fold; rows with
 * padding in them are copied first, zeros for the padding.
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
    const zkg_fr *weights; /* of the chunks */
    uint64_t first, end;
    uint32_t k;
    uint64_t len; /* columns of a chunk that there are */
    zkg_kzg_layout layout;
    zkg_fr_wide acc[STRIP];
    zkg_fr sum[STRIP];
    zkg_fr row_weight[ROWS];
    const void *row[ROWS];
    uint8_t *copies; /* ROWS of a strip, and slack */
} fold;

/* weights[i] = scale * eq(z_hi, first + i) */
static zkg_status make_weights(zkg_fr **out, uint32_t n, uint32_t k,
                               const zkg_fr *point, uint64_t first,
                               uint64_t end, const zkg_fr *scale)
{
    zkg_fr *weights = zkg_alloc((size_t)(end - first), sizeof(*weights));

    if (weights == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t c = first; c < end; c++) {
        zkg_fr *w = &weights[c - first];

        *w = *scale;
        if (n <= k)
            continue;
        zkg_eq_at(w, point + k, n - k, c);
        zkg_fr_mul(w, w, scale);
    }
    *out = weights;
    return ZKG_OK;
}

/* The part [at, at + columns) of a chunk as cells without gaps, which may be
 * the array's own; NULL when nothing of it is stored. */
static const void *find_row(const fold *f, uint8_t *copy, uint64_t chunk,
                            uint64_t at, uint64_t columns)
{
    zkg_kzg_walk w, ahead;
    zkg_kzg_run r;

    zkg_kzg_walk_init(&w, &f->layout, (chunk << f->k) + at, columns);
    ahead = w;
    if (!zkg_kzg_walk_next(&r, &ahead))
        return NULL;
    if (r.len == columns)
        return zkg_kzg_cell(f->layout.array, r.flat);
    (void)zkg_kzg_gather(copy, &w, columns);
    return copy;
}

static zkg_status fold_strip(fold *f, zkg_fr *out, uint64_t at,
                             uint64_t columns)
{
    const zkg_array *a = f->layout.array;
    const size_t bytes = columns * zkg_dtype_size(a->type) + ZKG_KZG_SLACK;
    size_t rows = 0;

    memset(f->acc, 0, columns * sizeof(f->acc[0]));
    for (uint64_t c = f->first; c < f->end; c++) {
        f->row[rows] = find_row(f, f->copies + rows * bytes, c, at, columns);
        f->row_weight[rows] = f->weights[c - f->first];
        rows += f->row[rows] != NULL;
        if (rows < ROWS && c + 1 < f->end)
            continue;
        ZKG_TRY(f->backend->int_fold(f->acc, f->row_weight, f->row, rows,
                                     a->type, columns));
        rows = 0;
    }
    ZKG_TRY(f->backend->wide_reduce(f->sum, f->acc, columns));
    return f->backend->fr_axpy(out, &zkg_fr_one, f->sum, columns);
}

static zkg_status fold_all(fold *f, zkg_fr *out)
{
    for (uint64_t at = 0; at < f->len; at += STRIP)
        ZKG_TRY(fold_strip(f, out + at, at,
                           f->len - at < STRIP ? f->len - at : STRIP));
    return ZKG_OK;
}

uint64_t zkg_kzg_fold_cost(const zkg_array *a, uint32_t k)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);
    const uint64_t cells = 1 + zkg_array_stored_count(a) / chunks;
    zkg_kzg_layout l;

    zkg_kzg_layout_init(&l, a);
    return a->type == ZKG_FR              ? 3 * cells
           : l.outer > 0 && l.run < STRIP ? 5 * cells / 2
                                          : cells;
}

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    const size_t rows = end - first < ROWS ? (size_t)(end - first) : ROWS;
    fold *f = zkg_alloc_aligned(1, sizeof(*f));
    zkg_fr *weights = NULL;
    zkg_status s = f != NULL ? ZKG_OK : ZKG_ERR_NOMEM;

    if (s == ZKG_OK)
        s = make_weights(&weights, n, k, point, first, end, scale);
    if (s == ZKG_OK) {
        f->backend = backend;
        f->weights = weights;
        f->first = first;
        f->end = end;
        f->k = k;
        f->len = (uint64_t)1 << (n < k ? n : k);
        zkg_kzg_layout_init(&f->layout, a);
        f->copies = zkg_alloc_aligned(rows, STRIP * zkg_dtype_size(a->type) +
                                                ZKG_KZG_SLACK);
        s = f->copies != NULL ? fold_all(f, out) : ZKG_ERR_NOMEM;
        zkg_free(f->copies);
    }
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
