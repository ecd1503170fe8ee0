/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/fold.h"

#include "base/mem.h"
#include "poly/eq.h"

#include <string.h>

/* Below this many cells a rank does all alone: a reduction costs more. */
#define MIN_SHARED_CELLS 4096
/* Folded lines shorter than this are joined with the axis above. */
#define SHORT_LINE 64

/* The array with axes of one cell left out and neighbours joined. */
typedef struct view {
    uint32_t axes;
    uint64_t stored[ZKG_MAX_AXES];
    bool kept[ZKG_MAX_AXES];
    uint32_t shift[ZKG_MAX_AXES];
    uint32_t bits[ZKG_MAX_AXES];
    zkg_fr *weight[ZKG_MAX_AXES]; /* folded: stored[k] weights; owned */
} view;

static void view_clear(view *v)
{
    for (uint32_t k = 0; k < v->axes; k++)
        zkg_free(v->weight[k]);
}

/* Join axis k with the one below it, which is then gone. */
static void view_drop(view *v, uint32_t k)
{
    for (uint32_t i = k; i + 1 < v->axes; i++) {
        v->stored[i] = v->stored[i + 1];
        v->kept[i] = v->kept[i + 1];
        v->shift[i] = v->shift[i + 1];
        v->bits[i] = v->bits[i + 1];
        v->weight[i] = v->weight[i + 1];
    }
    v->axes--;
}

static zkg_status join_folded(view *v, uint32_t k)
{
    const uint64_t n = v->stored[k], m = v->stored[k + 1];
    zkg_fr *w = zkg_alloc(n * m, sizeof(*w));

    if (w == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < m; j++)
            zkg_fr_mul(&w[i * m + j], &v->weight[k][i], &v->weight[k + 1][j]);
    zkg_free(v->weight[k]);
    zkg_free(v->weight[k + 1]);
    v->weight[k + 1] = w;
    v->stored[k + 1] = n * m;
    view_drop(v, k);
    return ZKG_OK;
}

static zkg_status view_init(view *v, const zkg_array *a,
                            const zkg_fold_axis *axis)
{
    memset(v, 0, sizeof(*v));
    for (uint32_t k = 0; k < a->axes; k++) {
        const uint32_t n = v->axes;

        if (axis[k].bits == 0)
            continue;
        v->stored[n] = a->stored[k];
        v->kept[n] = axis[k].kept;
        v->shift[n] = axis[k].shift;
        v->bits[n] = axis[k].bits;
        v->axes++;
        if (axis[k].kept)
            continue;
        v->weight[n] = zkg_alloc(a->stored[k] + 1, sizeof(zkg_fr));
        if (v->weight[n] == NULL)
            return ZKG_ERR_NOMEM;
        zkg_eq_expand_len(v->weight[n], a->stored[k], axis[k].at, axis[k].bits,
                          NULL);
    }
    for (uint32_t k = v->axes; k-- > 1;) {
        if (v->kept[k - 1] && v->kept[k] &&
            v->stored[k] == (uint64_t)1 << v->bits[k] &&
            v->shift[k - 1] == v->shift[k] + v->bits[k]) {
            v->stored[k] *= v->stored[k - 1];
            v->bits[k] += v->bits[k - 1];
            view_drop(v, k - 1);
        } else if (!v->kept[k - 1] && !v->kept[k] && k + 1 == v->axes &&
                   v->stored[k] < SHORT_LINE && v->stored[k - 1] < 65536) {
            ZKG_TRY(join_folded(v, k - 1));
        }
    }
    return ZKG_OK;
}

/* Where a walk over lines (all axes but the last) stands. */
typedef struct place {
    uint64_t index[ZKG_MAX_AXES];
    uint64_t base[ZKG_MAX_AXES]; /* out offset of axes 0..k */
    zkg_fr weight[ZKG_MAX_AXES]; /* product over folded axes 0..k */
} place;

/* Recompute what depends on axes from k on. */
static void place_update(place *p, const view *v, uint32_t k)
{
    for (; k + 1 < v->axes; k++) {
        const zkg_fr *above = k == 0 ? &zkg_fr_one : &p->weight[k - 1];
        const uint64_t base = k == 0 ? 0 : p->base[k - 1];

        if (v->kept[k]) {
            p->base[k] = base + (p->index[k] << v->shift[k]);
            p->weight[k] = *above;
        } else {
            p->base[k] = base;
            if (k == 0)
                p->weight[k] = v->weight[k][p->index[k]];
            else
                zkg_fr_mul(&p->weight[k], above, &v->weight[k][p->index[k]]);
        }
    }
}

static void place_init(place *p, const view *v, uint64_t line)
{
    for (uint32_t k = v->axes - 1; k-- > 0;) {
        p->index[k] = line % v->stored[k];
        line /= v->stored[k];
    }
    place_update(p, v, 0);
}

static void place_next(place *p, const view *v)
{
    for (uint32_t k = v->axes - 1; k-- > 0;) {
        if (++p->index[k] < v->stored[k]) {
            place_update(p, v, k);
            return;
        }
        p->index[k] = 0;
        if (k == 0)
            place_update(p, v, 0);
    }
}

static void get(zkg_fr *out, const zkg_array *a, uint64_t i)
{
    if (a->type == ZKG_FR)
        *out = ((const zkg_fr *)a->data)[i];
    else
        zkg_fr_from_i64(out, zkg_array_get_i64(a, i));
}

/* acc[0], acc[2^shift], .. += w * values at..at + n */
static void axpy_strided(zkg_fr_wide *acc, uint32_t shift, const zkg_fr *w,
                         const zkg_array *a, uint64_t at, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (a->type == ZKG_FR) {
            zkg_fr product;

            zkg_fr_mul(&product, w, &((const zkg_fr *)a->data)[at + i]);
            zkg_fr_wide_mac(&acc[i << shift], &product, 1);
        } else {
            zkg_fr_wide_mac(&acc[i << shift], w, zkg_array_get_i64(a, at + i));
        }
    }
}

/* Lines that go to the same place, folded together. */
typedef struct rows {
    const void *line[256];
    zkg_fr weight[256];
    size_t count;
    uint64_t base;
} rows;

static zkg_status rows_flush(zkg_fr_wide *acc, rows *r, const zkg_array *a,
                             uint64_t n, const zkg_backend *backend)
{
    const size_t count = r->count;

    r->count = 0;
    return count == 0 ? ZKG_OK
                      : backend->int_fold(&acc[r->base], r->weight, r->line,
                                          count, a->type, n);
}

static zkg_status rows_add(zkg_fr_wide *acc, rows *r, uint64_t base,
                           const zkg_fr *w, const void *line,
                           const zkg_array *a, uint64_t n,
                           const zkg_backend *backend)
{
    if (r->count == sizeof(r->line) / sizeof(*r->line) || base != r->base)
        ZKG_TRY(rows_flush(acc, r, a, n, backend));
    r->base = base;
    r->line[r->count] = line;
    r->weight[r->count++] = *w;
    return ZKG_OK;
}

/* Cells [from, to) of each of the lines [first, last). */
static zkg_status fold_lines(zkg_fr_wide *acc, const view *v,
                             const zkg_array *a, uint64_t first, uint64_t last,
                             uint64_t from, uint64_t to, bool outer_folded,
                             const zkg_backend *backend)
{
    const size_t size = zkg_dtype_size(a->type);
    const uint32_t low = v->axes - 1;
    rows r = {.count = 0};
    place p;

    if (first >= last || from >= to)
        return ZKG_OK;
    place_init(&p, v, first);
    for (uint64_t line = first; line < last; line++) {
        const uint64_t at = line * v->stored[low] + from;
        const uint8_t *values = (const uint8_t *)a->data + at * size;
        const uint64_t base = low == 0 ? 0 : p.base[low - 1];
        const zkg_fr *w = low == 0 ? &zkg_fr_one : &p.weight[low - 1];

        if (v->kept[low] && v->shift[low] == 0) {
            ZKG_TRY(rows_add(acc, &r, base + from, w, values, a, to - from,
                             backend));
        } else if (v->kept[low]) {
            axpy_strided(&acc[base + (from << v->shift[low])], v->shift[low], w,
                         a, at, to - from);
        } else if (!outer_folded) {
            ZKG_TRY(backend->int_dot(&acc[base], &v->weight[low][from], values,
                                     a->type, to - from));
        } else {
            zkg_fr_wide dot = {{0}};
            zkg_fr sum;

            ZKG_TRY(backend->int_dot(&dot, &v->weight[low][from], values,
                                     a->type, to - from));
            zkg_fr_wide_reduce(&sum, &dot);
            zkg_fr_mul(&sum, &sum, w);
            zkg_fr_wide_mac(&acc[base], &sum, 1);
        }
        place_next(&p, v);
    }
    return rows_flush(acc, &r, a, to - from, backend);
}

/* Nothing is folded: each cell goes to its place. */
static void copy_cells(zkg_fr *out, const view *v, const zkg_array *a,
                       uint64_t lines, uint64_t lo, uint64_t hi)
{
    const uint32_t low = v->axes - 1;
    const uint32_t shift = v->shift[low];
    const uint64_t n = v->stored[low];
    place p;

    place_init(&p, v, 0);
    for (uint64_t line = 0; line < lines; line++) {
        const uint64_t base = low == 0 ? 0 : p.base[low - 1];
        uint64_t i = 0, end = n;

        /* The part of the line that lands in [lo, hi). */
        if (base < lo)
            i = ((lo - base - 1) >> shift) + 1;
        if (base >= hi)
            end = 0;
        else if (((hi - base - 1) >> shift) + 1 < end)
            end = ((hi - base - 1) >> shift) + 1;
        for (; i < end; i++)
            get(&out[base + (i << shift)], a, line * n + i);
        place_next(&p, v);
    }
}

zkg_status zkg_fold(zkg_fr *out, uint32_t vars, const zkg_array *a,
                    const zkg_fold_axis *axis, uint64_t lo, uint64_t hi,
                    const zkg_backend *backend, const zkg_comm *comm)
{
    const uint32_t size = zkg_comm_size(comm), rank = zkg_comm_rank(comm);
    const size_t entries = (size_t)1 << vars;
    uint64_t lines = 1, cells = 1;
    uint32_t folded = 0;
    zkg_fr_wide *acc = NULL;
    zkg_status status;
    bool shared;
    view v;

    status = view_init(&v, a, axis);
    if (status != ZKG_OK || v.axes == 0) {
        if (status == ZKG_OK && zkg_array_stored_count(a) > 0)
            get(&out[0], a, 0);
        view_clear(&v);
        return status;
    }
    for (uint32_t k = 0; k < v.axes; k++) {
        cells *= v.stored[k];
        lines *= k + 1 < v.axes ? v.stored[k] : 1;
        folded += !v.kept[k];
    }
    shared = folded > 0 && size > 1 && cells >= MIN_SHARED_CELLS;
    if (cells > 0 && folded == 0) {
        copy_cells(out, &v, a, lines, lo, hi);
    } else if (cells > 0) {
        const uint64_t n = v.stored[v.axes - 1];
        const bool outer = folded > !v.kept[v.axes - 1];
        uint64_t first = 0, last = lines, from = 0, to = n;

        if (shared && lines >= 4 * (uint64_t)size) {
            first = lines * rank / size;
            last = lines * (rank + 1) / size;
        } else if (shared) {
            from = n * rank / size;
            to = n * (rank + 1) / size;
        }
        acc = zkg_alloc(entries, sizeof(*acc));
        status = acc == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
        if (status == ZKG_OK)
            status =
                fold_lines(acc, &v, a, first, last, from, to, outer, backend);
        if (status == ZKG_OK)
            status = backend->wide_reduce(out, acc, entries);
        if (status == ZKG_OK && shared)
            status = zkg_comm_sum_fr(comm, out, entries);
    }
    zkg_free(acc);
    view_clear(&v);
    return status;
}
