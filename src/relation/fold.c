/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/fold.h"

#include "base/mem.h"

#include <string.h>

/* Below this many cells a rank does all alone: a reduction costs more. */
#define MIN_SHARED_CELLS 4096
/* Folded lines shorter than this are joined with the axis above: what a sum
 * costs besides its products is that of so many, about. */
#define SHORT_LINE 512
/* Weights of a longer axis are products of two: eq(r, i) of its low bits, which
 * stay in the first-level cache, and of the others. */
#define BLOCK_BITS 9
/* The same of an axis above, which may be joined with the one below. */
#define UPPER_BLOCK_BITS 6

/* The weights of a folded axis: w[i] = low[i % block] high[i / block]. */
typedef struct weights {
    uint64_t block;     /* a short axis's length: it has one */
    zkg_fr *low, *high; /* owned; high NULL: 1 */
} weights;

/* The array with axes of one cell left out and neighbours joined.  What is kept
 * is laid out without padding. */
typedef struct view {
    uint32_t axes;
    uint64_t stored[ZKG_MAX_AXES];
    bool kept[ZKG_MAX_AXES];
    uint64_t stride[ZKG_MAX_AXES]; /* kept: in what is folded */
    weights weight[ZKG_MAX_AXES];  /* folded */
} view;

static void weights_clear(weights *w)
{
    zkg_free(w->low);
    zkg_free(w->high);
    *w = (weights){0};
}

/* *w = eq(at, i) for i < 2^bits; owned. */
static zkg_status expand(zkg_fr **w, const zkg_fr *at, uint32_t bits,
                         const zkg_backend *backend)
{
    *w = zkg_alloc_raw((size_t)1 << bits, sizeof(zkg_fr));
    return *w == NULL ? ZKG_ERR_NOMEM : backend->eq_expand(*w, at, bits, NULL);
}

/* eq(at, i) for i < 2^bits, those beyond the axis's length too. */
static zkg_status weights_init(weights *w, const zkg_fr *at, uint32_t bits,
                               uint32_t block_bits, const zkg_backend *backend)
{
    const uint32_t low = bits < block_bits ? bits : block_bits;

    *w = (weights){.block = (uint64_t)1 << low};
    ZKG_TRY(expand(&w->low, at, low, backend));
    return low == bits ? ZKG_OK
                       : expand(&w->high, at + low, bits - low, backend);
}

static void weights_at(zkg_fr *out, const weights *w, uint64_t i)
{
    if (w->high == NULL)
        *out = w->low[i];
    else
        zkg_fr_mul(out, &w->low[i % w->block], &w->high[i / w->block]);
}

static void view_clear(view *v)
{
    for (uint32_t k = 0; k < v->axes; k++)
        weights_clear(&v->weight[k]);
}

/* Join axis k with the one below it, which is then gone. */
static void view_drop(view *v, uint32_t k)
{
    for (uint32_t i = k; i + 1 < v->axes; i++) {
        v->stored[i] = v->stored[i + 1];
        v->kept[i] = v->kept[i + 1];
        v->weight[i] = v->weight[i + 1];
    }
    v->axes--;
}

/* Join axis k with the short one below it, whose weights are one block: the
 * block of the one above, m times as long. */
static zkg_status join_folded(view *v, uint32_t k, const zkg_backend *backend)
{
    weights *above = &v->weight[k], *below = &v->weight[k + 1];
    const uint64_t n = above->high == NULL ? v->stored[k] : above->block;
    const uint64_t m = v->stored[k + 1];
    zkg_fr *w = zkg_alloc(n * m, sizeof(*w));
    zkg_status status = w == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint64_t i = 0; i < n && status == ZKG_OK; i++)
        status = backend->fr_axpy(&w[i * m], &above->low[i], below->low, m);
    if (status != ZKG_OK) {
        zkg_free(w);
        return status;
    }
    zkg_free(above->low);
    weights_clear(below);
    *below = (weights){.block = n * m, .low = w, .high = above->high};
    *above = (weights){0};
    v->stored[k + 1] *= v->stored[k];
    view_drop(v, k);
    return ZKG_OK;
}

static zkg_status view_init(view *v, const zkg_array *a,
                            const zkg_fold_axis *axis,
                            const zkg_backend *backend)
{
    uint64_t stride = 1;
    uint32_t last = 0;

    memset(v, 0, sizeof(*v));
    for (uint32_t k = 0; k < a->axes; k++)
        last = axis[k].bits > 0 ? k : last;
    for (uint32_t k = 0; k < a->axes; k++) {
        const uint32_t n = v->axes;

        if (axis[k].bits == 0)
            continue;
        v->stored[n] = a->stored[k];
        v->kept[n] = axis[k].kept;
        v->axes++;
        if (axis[k].kept)
            continue;
        ZKG_TRY(weights_init(&v->weight[n], axis[k].at, axis[k].bits,
                             k == last ? BLOCK_BITS : UPPER_BLOCK_BITS,
                             backend));
    }
    for (uint32_t k = v->axes; k-- > 1;) {
        if (v->kept[k - 1] && v->kept[k]) {
            v->stored[k] *= v->stored[k - 1];
            view_drop(v, k - 1);
        } else if (!v->kept[k - 1] && !v->kept[k] && k + 1 == v->axes &&
                   v->stored[k] < SHORT_LINE && v->weight[k].high == NULL) {
            ZKG_TRY(join_folded(v, k - 1, backend));
        }
    }
    for (uint32_t k = v->axes; k-- > 0;) {
        if (!v->kept[k])
            continue;
        v->stride[k] = stride;
        stride *= v->stored[k];
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
            p->base[k] = base + p->index[k] * v->stride[k];
            p->weight[k] = *above;
        } else {
            p->base[k] = base;
            weights_at(&p->weight[k], &v->weight[k], p->index[k]);
            if (k > 0)
                zkg_fr_mul(&p->weight[k], above, &p->weight[k]);
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

/* Lines that go to the same place, folded together. */
typedef struct rows {
    const void *line[256];
    zkg_fr weight[256];
    size_t count;
    uint64_t base;
} rows;

static zkg_status rows_flush(zkg_fr *out, rows *r, const zkg_array *a,
                             uint64_t n, const zkg_backend *backend)
{
    const size_t count = r->count;

    r->count = 0;
    return count == 0 ? ZKG_OK
                      : backend->int_fold(&out[r->base], r->weight, r->line,
                                          count, a->type, n);
}

static zkg_status rows_add(zkg_fr *out, rows *r, uint64_t base, const zkg_fr *w,
                           const void *line, const zkg_array *a, uint64_t n,
                           const zkg_backend *backend)
{
    if (r->count == sizeof(r->line) / sizeof(*r->line) || base != r->base)
        ZKG_TRY(rows_flush(out, r, a, n, backend));
    r->base = base;
    r->line[r->count] = line;
    r->weight[r->count++] = *w;
    return ZKG_OK;
}

/* acc += scale times the sum of weights times cells [from, to) of a line, whose
 * cell `from` is at values; scale NULL: 1. */
static zkg_status dot_line(zkg_fr_wide *acc, const weights *w,
                           const zkg_fr *scale, const uint8_t *values,
                           const zkg_array *a, uint64_t from, uint64_t to,
                           const zkg_backend *backend)
{
    const size_t size = zkg_dtype_size(a->type);

    if (w->high == NULL && scale == NULL)
        return backend->int_dot(acc, &w->low[from], values, a->type, to - from);
    while (from < to) {
        const uint64_t at = from % w->block, left = w->block - at;
        const uint64_t n = left < to - from ? left : to - from;
        zkg_fr_wide dot = {{0}};
        zkg_fr sum;

        ZKG_TRY(backend->int_dot(&dot, &w->low[at], values, a->type, n));
        zkg_fr_wide_reduce(&sum, &dot);
        if (w->high != NULL)
            zkg_fr_mul(&sum, &sum, &w->high[from / w->block]);
        if (scale != NULL)
            zkg_fr_mul(&sum, &sum, scale);
        zkg_fr_wide_mac(acc, &sum, 1);
        values += n * size;
        from += n;
    }
    return ZKG_OK;
}

/* Cells [from, to) of each of the lines [first, last), to out where the lowest
 * axis is kept, else to acc. */
static zkg_status fold_lines(zkg_fr *out, zkg_fr_wide *acc, const view *v,
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

        if (zkg_fr_is_zero(w)) {
            /* a constant index reads elsewhere */
        } else if (v->kept[low]) {
            ZKG_TRY(rows_add(out, &r, base + from, w, values, a, to - from,
                             backend));
        } else {
            ZKG_TRY(dot_line(&acc[base], &v->weight[low],
                             outer_folded ? w : NULL, values, a, from, to,
                             backend));
        }
        place_next(&p, v);
    }
    return rows_flush(out, &r, a, to - from, backend);
}

/* out[i << shift] = cells at + i of a, i < n; out is zero. */
static zkg_status lift_cells(zkg_fr *out, uint32_t shift, const zkg_array *a,
                             uint64_t at, uint64_t n,
                             const zkg_backend *backend)
{
    const void *row = (const uint8_t *)a->data + at * zkg_dtype_size(a->type);

    if (shift == 0)
        return backend->int_fold(out, &zkg_fr_one, &row, 1, a->type, n);
    for (uint64_t i = 0; i < n; i++) {
        if (a->type == ZKG_FR)
            out[i << shift] = ((const zkg_fr *)a->data)[at + i];
        else
            zkg_fr_from_i64(&out[i << shift], zkg_array_get_i64(a, at + i));
    }
    return ZKG_OK;
}

/* Where a walk over the kept cells stands, line by line. */
typedef struct spread {
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    uint32_t shift[ZKG_MAX_AXES];
} spread;

static void spread_init(spread *s, const zkg_array *a,
                        const zkg_fold_axis *axis)
{
    *s = (spread){.axes = 0};
    for (uint32_t k = 0; k < a->axes; k++) {
        if (axis[k].bits == 0 || !axis[k].kept)
            continue;
        s->len[s->axes] = a->stored[k];
        s->shift[s->axes++] = axis[k].shift;
    }
    for (uint32_t k = s->axes; k-- > 1;) {
        /* The one above continues where a full one ends. */
        if (s->shift[k - 1] < s->shift[k] ||
            (uint64_t)1 << (s->shift[k - 1] - s->shift[k]) != s->len[k])
            continue;
        s->len[k - 1] *= s->len[k];
        s->shift[k - 1] = s->shift[k];
        memmove(&s->len[k], &s->len[k + 1],
                (s->axes - k - 1) * sizeof(s->len[0]));
        memmove(&s->shift[k], &s->shift[k + 1],
                (s->axes - k - 1) * sizeof(s->shift[0]));
        s->axes--;
    }
    if (s->axes == 0)
        *s = (spread){.axes = 1, .len = {1}};
}

/* Kept cells to their places in [lo, hi); folded: what they are, else a's. */
static zkg_status spread_cells(zkg_fr *out, const spread *s, const zkg_array *a,
                               const zkg_fr *folded, uint64_t lo, uint64_t hi,
                               const zkg_backend *backend)
{
    const uint32_t low = s->axes - 1;
    const uint32_t shift = s->shift[low];
    const uint64_t n = s->len[low];
    uint64_t lines = 1;

    for (uint32_t k = 0; k < low; k++)
        lines *= s->len[k];
    for (uint64_t line = 0; line < lines; line++) {
        uint64_t rest = line, base = 0, i = 0, end = n;

        for (uint32_t k = low; k-- > 0;) {
            base += rest % s->len[k] << s->shift[k];
            rest /= s->len[k];
        }
        /* The part of the line that lands in [lo, hi). */
        if (base < lo)
            i = ((lo - base - 1) >> shift) + 1;
        if (base >= hi)
            end = 0;
        else if (((hi - base - 1) >> shift) + 1 < end)
            end = ((hi - base - 1) >> shift) + 1;
        if (folded == NULL && i < end)
            ZKG_TRY(lift_cells(&out[base + (i << shift)], shift, a,
                               line * n + i, end - i, backend));
        for (; folded != NULL && i < end; i++)
            out[base + (i << shift)] = folded[line * n + i];
    }
    return ZKG_OK;
}

zkg_status zkg_fold_compact(zkg_fr *out, const zkg_array *a,
                            const zkg_fold_axis *axis,
                            const zkg_backend *backend, const zkg_comm *comm)
{
    const uint32_t size = zkg_comm_size(comm), rank = zkg_comm_rank(comm);
    uint64_t lines = 1, cells = 1, entries = 1;
    uint32_t folded = 0;
    zkg_fr_wide *acc = NULL;
    zkg_status status;
    bool shared;
    view v;

    status = view_init(&v, a, axis, backend);
    for (uint32_t k = 0; k < v.axes; k++) {
        cells *= v.stored[k];
        entries *= v.kept[k] ? v.stored[k] : 1;
        lines *= k + 1 < v.axes ? v.stored[k] : 1;
        folded += !v.kept[k];
    }
    shared = size > 1 && cells >= MIN_SHARED_CELLS;
    if (status == ZKG_OK && cells > 0) {
        const uint64_t n = v.stored[v.axes - 1];
        const bool is_kept = v.kept[v.axes - 1];
        const bool outer = folded > !is_kept;
        uint64_t first = 0, last = lines, from = 0, to = n;

        if (shared && lines >= 4 * (uint64_t)size) {
            first = lines * rank / size;
            last = lines * (rank + 1) / size;
        } else if (shared) {
            from = n * rank / size;
            to = n * (rank + 1) / size;
        }
        memset(out, 0, entries * sizeof(*out));
        acc = zkg_alloc(is_kept ? 0 : entries, sizeof(*acc));
        status = acc == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
        if (status == ZKG_OK)
            status = fold_lines(out, acc, &v, a, first, last, from, to, outer,
                                backend);
        if (status == ZKG_OK && !is_kept)
            status = backend->wide_reduce(out, acc, entries);
        if (status == ZKG_OK && shared)
            status = zkg_comm_sum_fr(comm, out, entries);
    }
    zkg_free(acc);
    view_clear(&v);
    return status;
}

zkg_status zkg_fold(zkg_fr *out, uint32_t vars, const zkg_array *a,
                    const zkg_fold_axis *axis, uint64_t lo, uint64_t hi,
                    const zkg_backend *backend, const zkg_comm *comm)
{
    uint64_t entries = 1;
    bool folded = false;
    zkg_fr *kept;
    zkg_status status;
    spread s;

    for (uint32_t k = 0; k < a->axes; k++) {
        folded |= axis[k].bits > 0 && !axis[k].kept;
        entries *= axis[k].kept ? a->stored[k] : 1;
    }
    if (zkg_array_stored_count(a) == 0)
        return ZKG_OK;
    spread_init(&s, a, axis);
    if (!folded)
        return spread_cells(out, &s, a, NULL, lo, hi, backend);
    if (s.axes == 1 && s.shift[0] == 0)
        return zkg_fold_compact(out, a, axis, backend, comm);
    kept = zkg_alloc(entries, sizeof(*kept));
    if (kept == NULL)
        return ZKG_ERR_NOMEM;
    status = zkg_fold_compact(kept, a, axis, backend, comm);
    if (status == ZKG_OK)
        status =
            spread_cells(out, &s, a, kept, 0, (uint64_t)1 << vars, backend);
    zkg_free(kept);
    return status;
}
