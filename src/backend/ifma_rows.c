/* SPDX-License-Identifier: Apache-2.0
 * Rows of small integers, eight at a time: the first round of a sumcheck and
 * the first layers of a lookup's tree without a table of them.
 *
 * An integer of one row, and a product of two, is biased by 2^50 into
 * 0 .. 2^51 - 1: one limb, so that its product with an element is ten
 * multiply-adds instead of fifty and a reduction.
 */
#include "backend/for_type.h"
#include "backend/ifma_weights.h"
#include "backend/row_forms.h"

#define ROW_BIAS (UINT64_C(1) << 50)

/* ---- reading ---- */

/* A column seen from eight lanes that lie whole words apart: a word of each is
 * gathered at a time, and holds up to eight integers. */
typedef struct column8 {
    const uint8_t *values;
    __m512i lanes; /* their distances in bytes */
    __m512i word;
    size_t at; /* of word, in bytes */
    uint32_t size;
    bool is_signed;
} column8;

/* lane: integers from one lane to the next; lane size is a multiple of 8. */
static void column8_init(column8 *r, const zkg_column *c, size_t lane)
{
    const __m512i l = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);

    r->size = (uint32_t)zkg_dtype_size(c->type);
    r->values = c->values;
    r->lanes = _mm512_mullo_epi64(l, v8_set(lane * r->size));
    r->is_signed = c->type != ZKG_U8 && c->type != ZKG_U16;
    r->at = SIZE_MAX;
    assert(lane * r->size % 8 == 0);
}

/* Integer i of lane 0, and those that many lanes on. */
V8_INLINE __m512i column8_read(column8 *r, size_t i)
{
    const size_t byte = i * r->size, at = byte & ~(size_t)7;
    const uint32_t up = 64 - 8 * (r->size + (uint32_t)(byte & 7));
    const __m128i down = _mm_cvtsi32_si128((int)(64 - 8 * r->size));
    __m512i v;

    if (at != r->at) {
        r->word = _mm512_i64gather_epi64(r->lanes, r->values + at, 1);
        r->at = at;
    }
    v = _mm512_sll_epi64(r->word, _mm_cvtsi32_si128((int)up));
    return r->is_signed ? _mm512_sra_epi64(v, down) : _mm512_srl_epi64(v, down);
}

/* The columns of rows. */
typedef struct rows8 {
    const zkg_rows *rows;
    column8 column[ZKG_ROWS_COLUMNS];
} rows8;

/* lane: rows from one lane to the next. */
static void rows8_init(rows8 *r, const zkg_rows *rows, size_t lane)
{
    r->rows = rows;
    for (uint32_t c = 0; c < rows->count; c++)
        column8_init(&r->column[c], &rows->columns[c], lane * rows->step);
}

/* Column c, the ones included, of row i. */
V8_INLINE __m512i rows8_read(rows8 *r, uint32_t c, size_t i)
{
    return c == 0 ? v8_set(1)
                  : column8_read(&r->column[c - 1],
                                 r->rows->first + i * r->rows->step);
}

/* ---- sums ---- */

/* What of the two rows of a pair is multiplied. */
typedef enum row_take { ROW_LOW, ROW_HIGH, ROW_DIFF } row_take;

/* Pairs between two reductions: each adds less than 2^53 to a limb. */
#define ROW_RUN 1024

/* For each column of a and each of b: the weighted sum of their products.
 * run: those of the run at hand, below 2^10 2^51 p; outer: runs, reduced below
 * 1.01 p, times the weights of their lanes; total: what outer was before.  Of
 * the columns of ones it is the sum of the weights. */
typedef struct row_sums {
    acc8 run[ROW_TERMS][ROW_TERMS], outer[ROW_TERMS][ROW_TERMS];
    zkg_fr total[ROW_TERMS][ROW_TERMS];
    uint32_t run_held, outer_held;
    v8 scale; /* what undoes three reductions: 2^(3 * 260 - 256) */
} row_sums;

V8_INLINE __m512i row_taken(rows8 *r, uint32_t c, size_t pair, row_take take)
{
    __m512i low;

    if (c == 0 || take == ROW_HIGH)
        return rows8_read(r, c, 2 * pair + 1);
    low = rows8_read(r, c, 2 * pair);
    return take == ROW_LOW
               ? low
               : _mm512_sub_epi64(rows8_read(r, c, 2 * pair + 1), low);
}

/* t += w u for u of one limb */
V8_INLINE void add_limb(acc8 *t, const v8 *w, __m512i u)
{
    for (int j = 0; j < 5; j++) {
        t->l[j] = lo52(t->l[j], w->l[j], u);
        t->l[j + 1] = hi52(t->l[j + 1], w->l[j], u);
    }
}

/* Of each factor the columns from .. count, 0 being the ones, that are
 * multiplied by the other's. */
typedef struct row_span {
    uint32_t a_from, a_count, b_from, b_count;
} row_span;

/* Only differences of columns count for ROW_DIFF, for the base has none; and
 * only columns where it is 0. */
V8_INLINE uint32_t span_from(const zkg_rows *r, row_take take)
{
    return take == ROW_DIFF || zkg_fr_is_zero(&r->base);
}

static bool same_span(const row_span *x, const row_span *y)
{
    return x->a_from == y->a_from && x->a_count == y->a_count &&
           x->b_from == y->b_from && x->b_count == y->b_count;
}

/* Whether the product of columns c and d is one of them; of the ones, whose sum
 * the weights' is, in any case. */
V8_INLINE bool in_span(const row_span *n, uint32_t c, uint32_t d)
{
    return c + d == 0 || (c >= n->a_from && d >= n->b_from);
}

/* Pair `pair` of lane 0 and those of the other lanes, with weights w. */
V8_INLINE void add_pair(row_sums *s, rows8 *a, rows8 *b, row_span n,
                        size_t pair, const v8 *w, row_take take)
{
    __m512i u[ROW_TERMS];

    for (int j = 0; j < 5; j++)
        s->run[0][0].l[j] = _mm512_add_epi64(s->run[0][0].l[j], w->l[j]);
    for (uint32_t d = n.b_from; d <= n.b_count; d++)
        u[d] = row_taken(b, d, pair, take);
    for (uint32_t c = n.a_from; c <= n.a_count; c++) {
        const __m512i v = row_taken(a, c, pair, take);

        for (uint32_t d = c == 0 && n.b_from == 0 ? 1 : n.b_from;
             d <= n.b_count; d++)
            add_limb(
                &s->run[c][d], w,
                _mm512_add_epi64(_mm512_mul_epi32(v, u[d]), v8_set(ROW_BIAS)));
    }
}

/* outer's lanes into total */
static void row_drain(row_sums *s, row_span n)
{
    for (uint32_t c = 0; c <= n.a_count; c++) {
        for (uint32_t d = 0; d <= n.b_count; d++) {
            zkg_fr lane[8];
            v8 v;

            if (!in_span(&n, c, d))
                continue;
            acc8_carry(&s->outer[c][d]);
            v = acc8_reduce(s->outer[c][d]);
            v8_store(lane, v8_canonical(v8_mul_raw(&v, &s->scale)));
            for (int i = 0; i < 8; i++)
                zkg_fr_add(&s->total[c][d], &s->total[c][d], &lane[i]);
            acc8_zero(&s->outer[c][d]);
        }
    }
    s->outer_held = 0;
}

/* The run, times the weights of its lanes, into outer. */
static void row_end_run(row_sums *s, row_span n, const v8 *weight)
{
    if (s->run_held == 0)
        return;
    if (s->outer_held == ACC8_PRODUCTS)
        row_drain(s, n);
    for (uint32_t c = 0; c <= n.a_count; c++) {
        for (uint32_t d = 0; d <= n.b_count; d++) {
            v8 v;

            if (!in_span(&n, c, d))
                continue;
            acc8_carry(&s->run[c][d]);
            v = acc8_reduce(s->run[c][d]);
            acc8_mac(&s->outer[c][d], &v, weight);
            acc8_zero(&s->run[c][d]);
        }
    }
    s->run_held = 0;
    s->outer_held++;
}

static void row_sums_init(row_sums *s)
{
    zkg_fr scale;

    memset(s, 0, sizeof(*s));
    /* 2^268 as an element is the number 2^524 */
    zkg_fr_from_u64(&scale, UINT64_C(1) << 33);
    for (int i = 0; i < 3; i++)
        zkg_fr_sqr(&scale, &scale);
    for (int i = 0; i < 4; i++)
        zkg_fr_double(&scale, &scale);
    s->scale = v8_of(&scale);
}

/* sum of coeff coeff' (total - bias sum w) */
static void row_total(zkg_fr *out, const row_sums *s, const zkg_rows *a,
                      const zkg_rows *b, row_span n)
{
    zkg_fr biases;

    *out = zkg_fr_zero;
    zkg_fr_mul_i64(&biases, &s->total[0][0], (int64_t)ROW_BIAS);
    for (uint32_t c = n.a_from; c <= n.a_count; c++) {
        for (uint32_t d = n.b_from; d <= n.b_count; d++) {
            const zkg_fr x = row_coeff(a, c), y = row_coeff(b, d);
            zkg_fr v = s->total[c][d];

            if (c + d > 0)
                zkg_fr_sub(&v, &v, &biases);
            zkg_fr_mul(&v, &v, &x);
            zkg_fr_mul(&v, &v, &y);
            zkg_fr_add(out, out, &v);
        }
    }
}

/* The sum over all pairs, in blocks of 2^k. */
V8_INLINE void rows_dot8(zkg_fr *out, const zkg_rows *a, const zkg_rows *b,
                         row_span n, size_t pairs, uint32_t k,
                         const zkg_weights *w, row_take take)
{
    weights8 weights = {.w = w, .mode = mode_of(w, k), .k = k};
    const bool inside = is_inside(weights.mode);
    const size_t lane = (size_t)1 << (k - 3);
    const v8 one = v8_of(&zkg_fr_one);
    rows8 a8, b8;
    row_sums s;

    row_sums_init(&s);
    rows8_init(&a8, a, 2 * lane);
    rows8_init(&b8, b, 2 * lane);
    weights.h = one;
    for (size_t at = 0; at < pairs; at += 8 * lane) {
        if (weights.mode != WEIGHT_ONE) {
            if (!continues(&weights, w->first + at))
                row_end_run(&s, n, &weights.h);
            weights_block(&weights, w->first + at);
        }
        if (s.run_held + lane > ROW_RUN)
            row_end_run(&s, n, &weights.h);
        s.run_held += (uint32_t)lane;
        for (size_t v = 0; v < lane; v++) {
            v8 wi = one;

            if (inside) {
                __m512i words[4];

                v8_gather(words, weights.rows, v);
                wi = v8_split(words[0], words[1], words[2], words[3]);
            }
            add_pair(&s, &a8, &b8, n, at + v, &wi, take);
        }
    }
    row_end_run(&s, n, &weights.h);
    row_drain(&s, n);
    row_total(out, &s, a, b, n);
}

/* The same, compiled for what is frequent: rows of one column each, of which
 * both have a base or none, and rows of one times the weights alone. */
static void rows_dot(zkg_fr *out, const zkg_rows *a, const zkg_rows *b,
                     size_t pairs, uint32_t k, const zkg_weights *w,
                     row_take take)
{
    const row_span n = {span_from(a, take), a->count, span_from(b, take),
                        b->count};
    const row_span both = {0, 1, 0, 1}, columns = {1, 1, 1, 1};
    const row_span alone = {1, 1, 0, 0};

    if (take == ROW_DIFF && same_span(&n, &columns))
        rows_dot8(out, a, b, columns, pairs, k, w, ROW_DIFF);
    else if (take == ROW_HIGH && same_span(&n, &columns))
        rows_dot8(out, a, b, columns, pairs, k, w, ROW_HIGH);
    else if (take == ROW_LOW && same_span(&n, &columns))
        rows_dot8(out, a, b, columns, pairs, k, w, ROW_LOW);
    else if (take == ROW_HIGH && same_span(&n, &both))
        rows_dot8(out, a, b, both, pairs, k, w, ROW_HIGH);
    else if (take == ROW_HIGH && same_span(&n, &alone))
        rows_dot8(out, a, b, alone, pairs, k, w, ROW_HIGH);
    else if (take == ROW_LOW && same_span(&n, &alone))
        rows_dot8(out, a, b, alone, pairs, k, w, ROW_LOW);
    else
        rows_dot8(out, a, b, n, pairs, k, w, take);
}

zkg_status zkg_ifma_rows_sums(zkg_sums *out, const zkg_rows *a,
                              const zkg_rows *b, size_t pairs,
                              const zkg_weights *w)
{
    uint32_t k = LANE_BLOCK_MAX - 1;

    while (k >= 5 && pairs >> k == 0)
        k--;
    if (k < 5)
        return zkg_backend_table_cpu.rows_sums(out, a, b, pairs, w);
    rows_dot(&out->at1, a, b, pairs, k, w, ROW_HIGH);
    out->c2 = out->c3 = zkg_fr_zero;
    if (a->count > 0 && b->count > 0)
        rows_dot(&out->c2, a, b, pairs, k, w, ROW_DIFF);
    if (out->want_at0)
        rows_dot(&out->at0, a, b, pairs, k, w, ROW_LOW);
    return ZKG_OK;
}

/* ---- tables ---- */

/* A sum of constants times integers. */
typedef struct affine8 {
    v8 base;
    uint64_t k[2 * ROW_TERMS][5]; /* 2^52 times the constants */
    uint32_t count;
} affine8;

/* One term more, and the bias of its integer taken off the base. */
static void affine8_term(affine8 *f, zkg_fr *base, const zkg_fr *k)
{
    const uint64_t m = (UINT64_C(1) << 52) - 1;
    uint64_t *limb = f->k[f->count++];
    zkg_fr x;

    zkg_fr_mul_i64(&x, k, (int64_t)ROW_BIAS);
    zkg_fr_sub(base, base, &x);
    zkg_fr_mul_i64(&x, k, (int64_t)1 << 52);
    limb[0] = x.l[0] & m;
    limb[1] = (x.l[0] >> 52 | x.l[1] << 12) & m;
    limb[2] = (x.l[1] >> 40 | x.l[2] << 24) & m;
    limb[3] = (x.l[2] >> 28 | x.l[3] << 36) & m;
    limb[4] = x.l[3] >> 16;
}

/* base + sum_i k_i u_i; open, below 1.01 p.  k u is below 2^51 p, and nine of
 * them over 2^52 below 4.5 p; the Montgomery step adds p and the base p, which
 * v8_trim takes. */
V8_INLINE v8 affine8_eval(const affine8 *f, const __m512i *u, uint32_t count)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i t[6] = {zero, zero, zero, zero, zero, zero}, q;
    v8 r;

    for (uint32_t i = 0; i < count; i++) {
        const __m512i x = _mm512_add_epi64(u[i], v8_set(ROW_BIAS));

        for (int j = 0; j < 5; j++) {
            const __m512i k = v8_set(f->k[i][j]);

            t[j] = lo52(t[j], k, x);
            t[j + 1] = hi52(t[j + 1], k, x);
        }
    }
    q = lo52(zero, t[0], v8_set(zkg_fr_mod_.inv));
    for (int j = 0; j < 5; j++) {
        t[j] = lo52(t[j], q, v8_p(j, 1));
        t[j + 1] = hi52(t[j + 1], q, v8_p(j, 1));
    }
    t[1] = _mm512_add_epi64(t[1], _mm512_srli_epi64(t[0], 52));
    for (int j = 0; j < 5; j++)
        r.l[j] = _mm512_add_epi64(t[j + 1], f->base.l[j]);
    return v8_trim(r);
}

zkg_status zkg_ifma_rows_fold(zkg_table *t, const zkg_rows *a, const zkg_fr *r)
{
    zkg_fr base = a->base, rest;
    affine8 f = {.count = 0};
    size_t lane;
    rows8 a8;

    if (lane_is_plain(t))
        return zkg_backend_table_cpu.rows_fold(t, a, r);
    lane = (size_t)1 << (lane_block(t) - 3);
    /* of each column (1 - r) and r times its coefficient */
    zkg_fr_sub(&rest, &zkg_fr_one, r);
    for (uint32_t c = 0; c < a->count; c++) {
        zkg_fr x;

        zkg_fr_mul(&x, &a->columns[c].coeff, &rest);
        affine8_term(&f, &base, &x);
        zkg_fr_mul(&x, &a->columns[c].coeff, r);
        affine8_term(&f, &base, &x);
    }
    f.base = v8_of(&base);
    lane_overwrite(t);
    rows8_init(&a8, a, 2 * lane);
    for (size_t at = 0; at < lane_len(t); at += 8 * lane) {
        for (size_t v = 0; v < lane; v++) {
            __m512i u[2 * ZKG_ROWS_COLUMNS];

            for (uint32_t c = 0; c < a->count; c++) {
                u[2 * c] = rows8_read(&a8, c + 1, 2 * (at + v));
                u[2 * c + 1] = rows8_read(&a8, c + 1, 2 * (at + v) + 1);
            }
            lane_write(lane_at(t, at / 8 + v), affine8_eval(&f, u, f.count));
        }
    }
    return ZKG_OK;
}

/* ---- fractions ---- */

/* A form of two neighbours (row_forms.h), ready for lanes. */
typedef struct cross8 {
    row_form form;
    affine8 f;
} cross8;

static void cross8_init(cross8 *f)
{
    zkg_fr base = f->form.base;

    f->f.count = 0;
    for (uint32_t i = 0; i < f->form.count; i++)
        affine8_term(&f->f, &base, &f->form.term[i].k);
    f->f.base = v8_of(&base);
}

/* Integers of two neighbours, x[0] = y[0] = 1. */
typedef struct row_pair {
    __m512i x[ROW_TERMS], y[ROW_TERMS];
} row_pair;

V8_INLINE v8 cross8_eval(const cross8 *f, const row_pair *a, const row_pair *b)
{
    __m512i u[2 * ROW_TERMS];

    for (uint32_t i = 0; i < f->form.count; i++) {
        const row_term *t = &f->form.term[i];

        u[i] = _mm512_mul_epi32(a->x[t->a], b->y[t->b]);
        if (!t->square)
            u[i] = _mm512_add_epi64(u[i],
                                    _mm512_mul_epi32(a->y[t->a], b->x[t->b]));
    }
    return affine8_eval(&f->f, u, f->form.count);
}

/* The fractions of a tree's lowest nodes. */
typedef struct nodes8 {
    rows8 p8, q8;
    bool ones;
    cross8 p, q;
} nodes8;

V8_INLINE void row_pair_read(row_pair *out, rows8 *r, uint32_t count, size_t i)
{
    for (uint32_t c = 0; c <= count; c++) {
        out->x[c] = rows8_read(r, c, 2 * i);
        out->y[c] = rows8_read(r, c, 2 * i + 1);
    }
}

/* The sum of leaves 2i and 2i + 1 of lane 0, and the other lanes'. */
V8_INLINE void low_node8(v8 *p, v8 *q, nodes8 *f, size_t i)
{
    row_pair a, b;

    row_pair_read(&b, &f->q8, f->q8.rows->count, i);
    a.x[0] = a.y[0] = v8_set(1);
    if (!f->ones)
        row_pair_read(&a, &f->p8, f->p8.rows->count, i);
    *p = cross8_eval(&f->p, &a, &b);
    *q = cross8_eval(&f->q, &b, &b);
}

/* Node i, `levels` levels above the leaves. */
V8_INLINE void node8(v8 *p, v8 *q, nodes8 *f, size_t i, uint32_t levels)
{
    v8 p0, q0, p1, q1;

    if (levels == 1) {
        low_node8(p, q, f, i);
        return;
    }
    low_node8(&p0, &q0, f, 2 * i);
    low_node8(&p1, &q1, f, 2 * i + 1);
    *p = v8_cross(&p0, &q0, &p1, &q1);
    *q = v8_times(v8_close(q0), &q1);
}

zkg_status zkg_ifma_rows_up(zkg_table *out, const zkg_rows *p,
                            const zkg_rows *q, uint32_t levels)
{
    nodes8 f = {.ones = p == NULL};
    size_t lane;

    if (lane_is_plain(&out[0]))
        return zkg_backend_table_cpu.rows_up(out, p, q, levels);
    lane = (size_t)1 << (lane_block(&out[0]) - 3);
    rows8_init(&f.q8, q, (2 * lane) << levels);
    if (p != NULL)
        rows8_init(&f.p8, p, (2 * lane) << levels);
    row_form_cross(&f.p.form, p, q);
    row_form_square(&f.q.form, q);
    cross8_init(&f.p);
    cross8_init(&f.q);
    for (int i = 0; i < 4; i++)
        lane_overwrite(&out[i]);
    for (size_t at = 0; at < lane_len(&out[0]); at += 8 * lane) {
        for (size_t v = 0; v < lane; v++) {
            for (size_t odd = 0; odd < 2; odd++) {
                v8 a, b;

                node8(&a, &b, &f, 2 * (at + v) + odd, levels);
                lane_write(lane_at(&out[odd], at / 8 + v), a);
                lane_write(lane_at(&out[2 + odd], at / 8 + v), b);
            }
        }
    }
    return ZKG_OK;
}
