/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/window.h"

#include "backend/backend.h"
#include "base/inline.h"
#include "base/mem.h"
#include "comm/comm.h"
#include "relation/einsum.h"
#include "relation/fold.h"

#include <string.h>

/* Below this many cells a rank does all alone: a reduction costs more. */
#define MIN_SHARED_CELLS 4096
#define MAX_DIMS (2 * ZKG_MAX_AXES)
/* Lines of fewer cells are made longer before they are added up. */
#define SHORT_LINE 128
/* Columns added up at a time: they stay in the caches. */
#define STRIP 1024
/* Cells a side of what is turned at a time. */
#define TURN_BLOCK 16

/* A dimension of what is being contracted. */
typedef struct dim {
    uint64_t len;
    int32_t k;             /* affine: the tensor's axis; -1: done, or plain */
    uint32_t shift;        /* where it goes in out, once k is -1 */
    const uint64_t *place; /* or index by index; NULL: index << shift */
} dim;

/* Row-major cells: the tensor's own, then field elements of ours. */
typedef struct cells {
    uint32_t dims;
    dim d[MAX_DIMS];
    zkg_dtype type;
    const void *data;
    void *owned;     /* data, when ours */
    uint64_t *place; /* of this rank's outer cells; owned */
} cells;

/* The matrix of one affine axis: its rows are what the rounds keep. */
typedef struct sparse {
    uint64_t rows;
    uint64_t *start; /* rows + 1 */
    uint64_t *u;     /* of each entry, rising within a row */
    zkg_fr *w;
} sparse;

/* What this rank does: its cells of the axes above the first affine one, which
 * are all it has then; or entries u in [lo, hi) of the first affine axis. */
typedef struct part {
    bool shared, by_outer;
    uint64_t lo, hi;
} part;

static void sparse_clear(sparse *m)
{
    zkg_free(m->start);
    zkg_free(m->u);
    zkg_free(m->w);
    *m = (sparse){0};
}

/* Whether the product's rounds keep an axis, and where. */
static bool is_kept(uint32_t *shift, const zkg_term_shape *s, uint32_t axis)
{
    const int32_t low = zkg_axes_find(&s->contracted, axis);
    const int32_t high = zkg_axes_find(&s->batch, axis);

    if (low >= 0)
        *shift = s->contracted.shift[low];
    else if (high >= 0)
        *shift = s->contracted.vars + s->batch.shift[high];
    return low >= 0 || high >= 0;
}

/* An axis of an affine index. */
typedef struct side {
    uint64_t len;
    zkg_fr *w; /* eq, or 1 where it is kept; owned */
    bool kept;
    uint32_t shift;
} side;

static zkg_status side_init(side *x, const zkg_task_run *run,
                            const zkg_term_shape *s, uint32_t axis,
                            const zkg_coords *coords)
{
    const zkg_coords none = {{0}};

    *x = (side){.len = 1};
    x->kept = axis != ZKG_NO_AXIS && is_kept(&x->shift, s, axis);
    return zkg_einsum_axis_eq(&x->w, &x->len, run, axis,
                              x->kept ? &none : coords);
}

/* Entries of one row in the order of u: pairs (i, j) of what is summed. */
static void add_row(sparse *m, uint64_t *n, zkg_fr *dense, const zkg_index *x,
                    const side *a, const side *b, uint64_t row, uint64_t len)
{
    const uint64_t kb = b->kept ? b->len : 1;
    const uint64_t i0 = a->kept ? row / kb : 0, i1 = a->kept ? i0 + 1 : a->len;
    const uint64_t j0 = b->kept ? row % kb : 0, j1 = b->kept ? j0 + 1 : b->len;
    int64_t low = INT64_MAX, high = -1;

    for (uint64_t i = i0; i < i1; i++) {
        for (uint64_t j = j0; j < j1; j++) {
            const int64_t u = x->s * (int64_t)i + x->d * (int64_t)j + x->e;
            zkg_fr p;

            if (u < 0 || (uint64_t)u >= len)
                continue;
            zkg_fr_mul(&p, &a->w[i], &b->w[j]);
            zkg_fr_add(&dense[u], &dense[u], &p);
            low = u < low ? u : low;
            high = u > high ? u : high;
        }
    }
    for (int64_t u = low; u <= high; u++) {
        if (zkg_fr_is_zero(&dense[u]))
            continue;
        m->u[*n] = (uint64_t)u;
        m->w[(*n)++] = dense[u];
        dense[u] = zkg_fr_zero;
    }
}

static zkg_status sparse_init(sparse *m, const zkg_index *x, const side *a,
                              const side *b, uint64_t len)
{
    const uint64_t most = a->len * b->len;
    zkg_fr *dense = zkg_alloc(len + 1, sizeof(*dense));
    uint64_t n = 0;
    zkg_status status = ZKG_ERR_NOMEM;

    *m = (sparse){.rows = (a->kept ? a->len : 1) * (b->kept ? b->len : 1)};
    m->start = zkg_alloc(m->rows + 1, sizeof(*m->start));
    m->u = zkg_alloc(most + 1, sizeof(*m->u));
    m->w = zkg_alloc(most + 1, sizeof(*m->w));
    if (dense != NULL && m->start != NULL && m->u != NULL && m->w != NULL)
        status = ZKG_OK;
    for (uint64_t row = 0; row < m->rows && status == ZKG_OK; row++) {
        add_row(m, &n, dense, x, a, b, row, len);
        m->start[row + 1] = n;
    }
    zkg_free(dense);
    return status;
}

static uint64_t product(const cells *c, uint32_t from, uint32_t to)
{
    uint64_t n = 1;

    for (uint32_t i = from; i < to; i++)
        n *= c->d[i].len;
    return n;
}

/* Entries of a row of a matrix, and the lines they are of. */
typedef struct entries {
    uint64_t n;
    const uint64_t *u;
    const zkg_fr *w;
    const uint8_t *line;
    size_t bytes; /* from one line to the next */
} entries;

/* Whether the lines are one run of cells. */
static bool is_run(const entries *e, uint64_t columns)
{
    return columns == 1 && e->n > 0 && e->u[e->n - 1] - e->u[0] == e->n - 1;
}

/* out[i] = sum over entries of w times column i of line u. */
static zkg_status add_lines(zkg_fr *out, const void **rows, zkg_dtype type,
                            const entries *e, uint64_t columns,
                            const zkg_backend *backend)
{
    if (is_run(e, columns) && e->bytes == zkg_dtype_size(type)) {
        zkg_fr_wide acc = {{0}};

        ZKG_TRY(backend->int_dot(&acc, e->w, e->line + e->u[0] * e->bytes, type,
                                 e->n));
        zkg_fr_wide_reduce(out, &acc);
        return ZKG_OK;
    }
    for (uint64_t i = 0; i < e->n; i++)
        rows[i] = e->line + e->u[i] * e->bytes;
    memset(out, 0, columns * sizeof(*out));
    return backend->int_fold(out, e->w, rows, e->n, type, columns);
}

/* Entries of row r; of the first axis those this rank adds up. */
static entries row_entries(const sparse *m, uint64_t r, const part *mine,
                           bool first)
{
    uint64_t from = m->start[r], end = m->start[r + 1];

    if (first && mine->shared && !mine->by_outer) {
        while (from < end && m->u[from] < mine->lo)
            from++;
        while (from < end && m->u[end - 1] >= mine->hi)
            end--;
    }
    return (entries){.n = end - from, .u = &m->u[from], .w = &m->w[from]};
}

/* One affine axis, dimension at of c: out [outer][rows][inner]. */
static zkg_status contract(zkg_fr *out, const cells *c, uint32_t at,
                           const sparse *m, const part *mine, bool first,
                           const zkg_backend *backend)
{
    const uint64_t outer = product(c, 0, at), len = c->d[at].len;
    const uint64_t inner = product(c, at + 1, c->dims);
    const size_t size = zkg_dtype_size(c->type);
    const void **rows = zkg_alloc(len, sizeof(*rows));
    zkg_status status = rows == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint64_t i = 0; i < outer * m->rows && status == ZKG_OK; i++) {
        entries e = row_entries(m, i % m->rows, mine, first);

        e.bytes = inner * size;
        e.line = (const uint8_t *)c->data + i / m->rows * len * e.bytes;
        for (uint64_t x = 0; x < inner && status == ZKG_OK; x += STRIP) {
            const uint64_t n = inner - x < STRIP ? inner - x : STRIP;

            status =
                add_lines(&out[i * inner + x], rows, c->type, &e, n, backend);
            e.line += n * size;
        }
    }
    zkg_free(rows);
    return status;
}

/* Replace dimension at of c by what its index keeps. */
static zkg_status contract_axis(cells *c, uint32_t at, const zkg_task_run *run,
                                const zkg_term *term, uint32_t f,
                                const zkg_term_shape *s,
                                const zkg_coords *coords, const part *mine,
                                bool first)
{
    const uint32_t k = (uint32_t)c->d[at].k;
    const zkg_index *x = &term->index[f][k];
    const zkg_axis *axis =
        &run->t->axis[run->t->operand[term->operand[f]].axis[k]];
    uint64_t len = zkg_hooks_drop_indicator(run->c->hooks)
                       ? (uint64_t)1 << axis->bits
                       : axis->len;
    sparse m = {0};
    side a = {0}, b = {0};
    zkg_fr *out = NULL;
    zkg_status status;

    /* Cells that are not stored are 0. */
    len = len < c->d[at].len ? len : c->d[at].len;
    status = side_init(&a, run, s, x->a, coords);
    if (status == ZKG_OK)
        status = side_init(&b, run, s, x->b, coords);
    if (status == ZKG_OK)
        status = sparse_init(&m, x, &a, &b, len);
    if (status == ZKG_OK) {
        const uint64_t others = product(c, 0, at) * product(c, at + 1, c->dims);

        out = zkg_alloc(others * m.rows, sizeof(*out));
        status = out == NULL
                     ? ZKG_ERR_NOMEM
                     : contract(out, c, at, &m, mine, first, run->c->backend);
    }
    if (status == ZKG_OK) {
        memmove(&c->d[at + 2], &c->d[at + 1],
                (c->dims - at - 1) * sizeof(c->d[0]));
        c->d[at] = (dim){.len = a.kept ? a.len : 1, .k = -1, .shift = a.shift};
        c->d[at + 1] =
            (dim){.len = b.kept ? b.len : 1, .k = -1, .shift = b.shift};
        c->dims++;
        zkg_free(c->owned);
        c->data = c->owned = out;
        c->type = ZKG_FR;
        out = NULL;
    }
    zkg_free(out);
    zkg_free(a.w);
    zkg_free(b.w);
    sparse_clear(&m);
    return status;
}

/* Where index i of a dimension goes. */
static uint64_t place_of(const dim *d, uint64_t i)
{
    return d->place == NULL ? i << d->shift : d->place[i];
}

/* Entries to their places. */
static void scatter(zkg_fr *out, const cells *c)
{
    const uint64_t n = product(c, 0, c->dims);
    const zkg_fr *entry = c->data;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t rest = i, at = 0;

        for (uint32_t k = c->dims; k-- > 0;) {
            at += place_of(&c->d[k], rest % c->d[k].len);
            rest /= c->d[k].len;
        }
        out[at] = entry[i];
    }
}

static void cells_clear(cells *c)
{
    zkg_free(c->owned);
    zkg_free(c->place);
    *c = (cells){0};
}

/* The tensor's cells; folded first along plain axes that are not kept. */
static zkg_status cells_init(cells *c, const zkg_task_run *run,
                             const zkg_term *term, uint32_t f,
                             const zkg_term_shape *s, const zkg_coords *coords)
{
    const zkg_array *a = run->t->operand[term->operand[f]].array;
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    uint32_t folded = 0;

    *c = (cells){.type = a->type, .data = a->data};
    for (uint32_t k = 0; k < a->axes; k++) {
        const zkg_index *i = &term->index[f][k];
        const bool affine = zkg_index_is_affine(i);
        uint32_t shift = 0;

        axis[k].bits = zkg_term_bits(run->t, term, f, k);
        axis[k].kept = affine || is_kept(&shift, s, i->a);
        axis[k].at = affine ? NULL : coords->at[i->a];
        if (axis[k].bits > 0 && !axis[k].kept)
            folded++;
        else
            c->d[c->dims++] = (dim){.len = a->stored[k],
                                    .k = affine ? (int32_t)k : -1,
                                    .shift = shift};
    }
    if (folded == 0)
        return ZKG_OK;
    c->owned = zkg_alloc(product(c, 0, c->dims), sizeof(zkg_fr));
    if (c->owned == NULL)
        return ZKG_ERR_NOMEM;
    c->data = c->owned;
    c->type = ZKG_FR;
    return zkg_fold_compact(c->owned, a, axis, run->c->backend, run->c->comm);
}

/* Dimensions [0, first) as one, of the cells [lo, hi) alone. */
static zkg_status take_outer(cells *c, uint32_t first, uint64_t lo, uint64_t hi)
{
    const uint64_t inner = product(c, first, c->dims);

    c->place = zkg_alloc(hi - lo, sizeof(*c->place));
    if (c->place == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t o = lo; o < hi; o++) {
        uint64_t rest = o;

        for (uint32_t k = first; k-- > 0; rest /= c->d[k].len)
            c->place[o - lo] += place_of(&c->d[k], rest % c->d[k].len);
    }
    c->data = (const uint8_t *)c->data + lo * inner * zkg_dtype_size(c->type);
    memmove(&c->d[1], &c->d[first], (c->dims - first) * sizeof(c->d[0]));
    c->dims -= first - 1;
    c->d[0] = (dim){.len = hi - lo, .k = -1, .place = c->place};
    return ZKG_OK;
}

/* Deal the work out: outer cells, where each rank gets one. */
static zkg_status deal(part *p, cells *c, const zkg_comm *comm)
{
    const uint64_t size = zkg_comm_size(comm), rank = zkg_comm_rank(comm);
    uint64_t outer, all;
    uint32_t first = 0;

    while (c->d[first].k < 0)
        first++;
    outer = product(c, 0, first);
    *p = (part){.shared =
                    size > 1 && product(c, 0, c->dims) >= MIN_SHARED_CELLS};
    p->by_outer = p->shared && outer >= size;
    all = p->by_outer ? outer : c->d[first].len;
    p->lo = all * rank / size;
    p->hi = all * (rank + 1) / size;
    if (first == 0)
        return ZKG_OK;
    return take_outer(c, first, p->by_outer ? p->lo : 0,
                      p->by_outer ? p->hi : outer);
}

/* out[j, i] = in[i, j], i < n, j < m, of cells of `size` bytes. */
ZKG_INLINE void turn(uint8_t *out, const uint8_t *in, uint64_t n, uint64_t m,
                     size_t size)
{
    for (uint64_t i = 0; i < n; i += TURN_BLOCK)
        for (uint64_t j = 0; j < m; j++)
            for (uint64_t k = i; k < n && k < i + TURN_BLOCK; k++)
                memcpy(out + (j * n + k) * size, in + (k * m + j) * size, size);
}

/* Dimensions [0, at) to the end: lines become that many times as long. */
static zkg_status lengthen(cells *c, uint32_t at)
{
    const uint64_t n = product(c, 0, at), m = product(c, at, c->dims);
    const size_t size = zkg_dtype_size(c->type);
    dim d[MAX_DIMS];
    uint8_t *out = zkg_alloc(n * m, size);

    if (out == NULL)
        return ZKG_ERR_NOMEM;
    if (size == 1)
        turn(out, c->data, n, m, 1);
    else if (size == 2)
        turn(out, c->data, n, m, 2);
    else
        turn(out, c->data, n, m, size);
    memcpy(d, c->d, sizeof(d));
    memcpy(c->d, &d[at], (c->dims - at) * sizeof(d[0]));
    memcpy(&c->d[c->dims - at], d, at * sizeof(d[0]));
    zkg_free(c->owned);
    c->data = c->owned = out;
    return ZKG_OK;
}

zkg_status zkg_window_fold(zkg_fr *out, const zkg_task_run *run,
                           const zkg_term *term, uint32_t f,
                           const zkg_term_shape *s, const zkg_coords *coords)
{
    cells c;
    bool first = true;
    part mine = {0};
    zkg_status status = cells_init(&c, run, term, f, s, coords);

    if (status == ZKG_OK)
        status = deal(&mine, &c, run->c->comm);
    while (status == ZKG_OK) {
        uint32_t at = 0;

        while (at < c.dims && c.d[at].k < 0)
            at++;
        if (at == c.dims)
            break;
        if (product(&c, at + 1, c.dims) < SHORT_LINE &&
            product(&c, 0, at) > 1) {
            status = lengthen(&c, at);
            at = 0;
        }
        if (status == ZKG_OK)
            status =
                contract_axis(&c, at, run, term, f, s, coords, &mine, first);
        first = false;
    }
    if (status == ZKG_OK)
        scatter(out, &c);
    cells_clear(&c);
    if (status == ZKG_OK && mine.shared)
        status = zkg_comm_sum_fr(run->c->comm, out, (size_t)1 << s->vars);
    return status;
}
