/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds of chunks: the only step of an opening that touches all data.
 *
 * A strip of columns at a time: the runs of cells that stand at the same place
 * of their chunks are rows, which the slot int_fold adds up together.
 */
#include "pcs/kzg_walk.h"

#include <string.h>

#include "base/mem.h"
#include "poly/eq.h"

/* Columns of a strip: its sums and a strip of each row in turn stay in the
 * cache. */
#define STRIP 512

/* Rows that are added up together. */
#define ROWS 256

/* Places of runs in a strip whose rows are collected at the same time. */
#define PLACES 16

/* Rows of cells at columns at .. at + len - 1 of the strip. */
typedef struct place {
    uint64_t at, len;
    size_t count;
    zkg_fr weight[ROWS];
    const void *row[ROWS];
} place;

typedef struct strip {
    zkg_fr_wide acc[STRIP];
    zkg_fr sum[STRIP];
    place place[PLACES];
    size_t places;
    size_t last; /* where the last run went */
} strip;

/* scale * eq(z_hi, c) */
static void chunk_weight(zkg_fr *out, uint32_t n, uint32_t k,
                         const zkg_fr *point, uint64_t chunk,
                         const zkg_fr *scale)
{
    *out = *scale;
    if (n <= k)
        return;
    zkg_eq_at(out, point + k, n - k, chunk);
    zkg_fr_mul(out, out, scale);
}

/* ---- strips ---- */

static zkg_status flush(strip *s, place *p, const zkg_array *a,
                        const zkg_backend *backend)
{
    const size_t count = p->count;

    p->count = 0;
    return count == 0 ? ZKG_OK
                      : backend->int_fold(s->acc + p->at, p->weight, p->row,
                                          count, a->type, p->len);
}

/* The place of a run: they come in the same order in each chunk. */
static zkg_status find_place(place **out, strip *s, const zkg_kzg_run *r,
                             const zkg_array *a, const zkg_backend *backend)
{
    place *p;

    for (size_t i = 1; i <= s->places; i++) {
        const size_t k = (s->last + i) % s->places;

        p = &s->place[k];
        if (p->at == r->at && p->len == r->len) {
            s->last = k;
            *out = p;
            return ZKG_OK;
        }
    }
    s->last = s->places < PLACES ? s->places++ : (s->last + 1) % PLACES;
    p = *out = &s->place[s->last];
    ZKG_TRY(flush(s, p, a, backend));
    p->at = r->at;
    p->len = r->len;
    return ZKG_OK;
}

static zkg_status add_run(strip *s, const zkg_fr *weight, const zkg_kzg_run *r,
                          const zkg_array *a, const zkg_backend *backend)
{
    place *p;

    ZKG_TRY(find_place(&p, s, r, a, backend));
    if (p->count == ROWS)
        ZKG_TRY(flush(s, p, a, backend));
    p->weight[p->count] = *weight;
    p->row[p->count++] = zkg_kzg_cell(a, r->flat);
    return ZKG_OK;
}

/* out[i] += columns at + i of the chunks first .. end-1, i < columns. */
static zkg_status fold_strip(zkg_fr *out, strip *s, const zkg_kzg_layout *l,
                             uint32_t k, const zkg_fr *weights, uint64_t first,
                             uint64_t end, uint64_t at, uint64_t columns,
                             const zkg_backend *backend)
{
    memset(s->acc, 0, sizeof(s->acc));
    for (size_t i = 0; i < PLACES; i++)
        s->place[i].count = 0;
    s->places = s->last = 0;
    for (uint64_t c = first; c < end; c++) {
        zkg_kzg_walk w;
        zkg_kzg_run r;

        zkg_kzg_walk_init(&w, l, (c << k) + at, columns);
        while (zkg_kzg_walk_next(&r, &w))
            ZKG_TRY(add_run(s, &weights[c - first], &r, l->array, backend));
    }
    for (size_t i = 0; i < s->places; i++)
        ZKG_TRY(flush(s, &s->place[i], l->array, backend));
    ZKG_TRY(backend->wide_reduce(s->sum, s->acc, columns));
    for (uint64_t i = 0; i < columns; i++)
        zkg_fr_add(&out[i], &out[i], &s->sum[i]);
    return ZKG_OK;
}

/* ---- */

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    const uint64_t len = (uint64_t)1 << (n < k ? n : k);
    zkg_fr *weights = zkg_alloc(end - first, sizeof(*weights));
    strip *s = zkg_alloc_aligned(1, sizeof(*s));
    zkg_status status = weights == NULL || s == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    zkg_kzg_layout l;

    zkg_kzg_layout_init(&l, a);
    for (uint64_t c = first; c < end && status == ZKG_OK; c++)
        chunk_weight(&weights[c - first], n, k, point, c, scale);
    for (uint64_t at = 0; at < len && status == ZKG_OK; at += STRIP) {
        const uint64_t columns = len - at < STRIP ? len - at : STRIP;

        status = fold_strip(out + at, s, &l, k, weights, first, end, at,
                            columns, backend);
    }
    zkg_free(weights);
    zkg_free(s);
    return status;
}

zkg_status zkg_kzg_fold(zkg_fr *out, const zkg_backend *backend,
                        const zkg_array *a, uint32_t k, const zkg_fr *point)
{
    const uint32_t n = zkg_array_vars(a);

    memset(out, 0, sizeof(*out) << (n < k ? n : k));
    return zkg_kzg_fold_add(out, backend, a, k, point, 0, zkg_kzg_chunks(n, k),
                            &zkg_fr_one);
}
