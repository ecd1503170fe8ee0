/* SPDX-License-Identifier: Apache-2.0
 * The slots of the host backends.  Compiled by ref.c in portable C and by cpu.c
 * for mulx, where field/fr.h brings the assembler forms; the text is the same,
 * so ref is its meaning and cpu its speed.  The including file defines
 * BACKEND_TABLE (the name of the slot table) and BACKEND_NAME.
 *
 * A table is an array of 2^vars zkg_fr in Montgomery form. */
#include <string.h>

#include "backend/backend.h"
#include "backend/for_type.h"
#include "backend/row_forms.h"
#include "backend/small_sum.h"
#include "base/inline.h"
#include "base/mem.h"

#define OP_INLINE ZKG_INLINE

static zkg_fr *entries(const zkg_table *t)
{
    return (zkg_fr *)t->data;
}

static size_t table_len(const zkg_table *t)
{
    return (size_t)1 << t->vars;
}

/* out = x + r (y - x) */
OP_INLINE void blend(zkg_fr *out, const zkg_fr *x, const zkg_fr *y,
                     const zkg_fr *r)
{
    zkg_fr d;

    zkg_fr_sub(&d, y, x);
    zkg_fr_mul(&d, &d, r);
    zkg_fr_add(out, x, &d);
}

OP_INLINE void mul_add(zkg_fr *acc, const zkg_fr *a, const zkg_fr *b)
{
    zkg_fr p;

    zkg_fr_mul(&p, a, b);
    zkg_fr_add(acc, acc, &p);
}

/* ---- tables ---- */

static zkg_status op_table_new(zkg_table *t, uint32_t vars)
{
    memset(t, 0, sizeof(*t));
    if (vars >= 48)
        return ZKG_ERR_NOMEM;
    t->data = zkg_alloc_aligned((size_t)1 << vars, sizeof(zkg_fr));
    if (t->data == NULL)
        return ZKG_ERR_NOMEM;
    t->vars = vars;
    t->bytes = ((size_t)1 << vars) * sizeof(zkg_fr);
    return ZKG_OK;
}

static zkg_status op_table_adopt(zkg_table *t, uint32_t vars, zkg_fr *v)
{
    *t = (zkg_table){.vars = vars, .data = v};
    return ZKG_OK;
}

static zkg_status op_table_place(zkg_table *t, uint32_t vars, void *memory)
{
    memset(memory, 0, sizeof(zkg_fr) << vars);
    return op_table_adopt(t, vars, memory);
}

static zkg_status op_table_clear(zkg_table *t)
{
    if (t->bytes > 0)
        zkg_free(t->data);
    memset(t, 0, sizeof(*t));
    return ZKG_OK;
}

static zkg_status op_table_import(zkg_table *t, uint64_t at, const void *values,
                                  zkg_dtype type, size_t n)
{
    zkg_fr *out = entries(t) + at;

    if (type == ZKG_FR) {
        if (n > 0)
            memcpy(out, values, n * sizeof(zkg_fr));
        return ZKG_OK;
    }
    for (size_t i = 0; i < n; i++)
        zkg_fr_mul_i64(&out[i], &zkg_fr_one, int_at(values, type, i));
    return ZKG_OK;
}

static zkg_status op_table_export(zkg_fr *out, const zkg_table *t, uint64_t at,
                                  size_t n)
{
    if (n > 0)
        memcpy(out, entries(t) + at, n * sizeof(zkg_fr));
    return ZKG_OK;
}

static zkg_status op_table_fill(zkg_table *t, uint64_t at, size_t n,
                                const zkg_fr *v)
{
    for (size_t i = 0; i < n; i++)
        entries(t)[at + i] = *v;
    return ZKG_OK;
}

static zkg_status op_table_affine(zkg_table *t, const zkg_fr *c,
                                  const zkg_fr *d)
{
    const bool is_one = zkg_fr_equal(c, &zkg_fr_one);
    zkg_fr *e = entries(t);

    for (size_t i = 0; i < table_len(t); i++) {
        if (!is_one)
            zkg_fr_mul(&e[i], &e[i], c);
        zkg_fr_add(&e[i], &e[i], d);
    }
    return ZKG_OK;
}

static zkg_status op_fr_axpy(zkg_fr *out, const zkg_fr *c, const zkg_fr *v,
                             size_t n)
{
    for (size_t i = 0; i < n; i++)
        mul_add(&out[i], c, &v[i]);
    return ZKG_OK;
}

static zkg_status op_table_axpy(zkg_table *t, const zkg_fr *c,
                                const zkg_table *x)
{
    return op_fr_axpy(entries(t), c, entries(x), table_len(t));
}

static zkg_status op_poly_fold(zkg_fr *out, const zkg_fr *p, const zkg_fr *u,
                               size_t n)
{
    for (size_t i = 0; i < n; i++)
        blend(&out[i], &p[2 * i], &p[2 * i + 1], u);
    return ZKG_OK;
}

static zkg_status op_table_fold(zkg_table *t, const zkg_fr *r)
{
    t->vars--;
    return op_poly_fold(entries(t), entries(t), r, table_len(t));
}

static zkg_status op_eq_expand(zkg_fr *out, const zkg_fr *u, uint32_t n,
                               const zkg_fr *scale)
{
    out[0] = scale == NULL ? zkg_fr_one : *scale;
    for (uint32_t t = 0; t < n; t++) {
        const size_t half = (size_t)1 << t;

        for (size_t i = 0; i < half; i++) {
            zkg_fr_mul(&out[half + i], &out[i], &u[t]);
            zkg_fr_sub(&out[i], &out[i], &out[half + i]);
        }
    }
    return ZKG_OK;
}

static zkg_status op_table_eq(zkg_table *t, const zkg_fr *u,
                              const zkg_fr *scale)
{
    return op_eq_expand(entries(t), u, t->vars, scale);
}

/* ---- sumcheck ---- */

/* The values of the tables at the two ends of pair i. */
typedef struct ends {
    zkg_fr lo[4], hi[4];
} ends;

/* Read pair i of each table.  With r, what is read is the fold of entries
 * 4i .. 4i+3, which also replaces entries 2i, 2i+1: these were read before. */
OP_INLINE void read_pair(ends *e, zkg_fr *const *t, uint32_t tables, size_t i,
                         const zkg_fr *r)
{
    for (uint32_t k = 0; k < tables; k++) {
        if (r != NULL) {
            zkg_fr *q = t[k] + 4 * i;
            zkg_fr lo, hi;

            blend(&lo, &q[0], &q[1], r);
            blend(&hi, &q[2], &q[3], r);
            t[k][2 * i] = e->lo[k] = lo;
            t[k][2 * i + 1] = e->hi[k] = hi;
        } else {
            e->lo[k] = t[k][2 * i];
            e->hi[k] = t[k][2 * i + 1];
        }
    }
}

/* The polynomial of one pair, added to s with weight 1. */
OP_INLINE void add_product(zkg_sums *s, const ends *e)
{
    zkg_fr da, db;

    if (s->want_at0)
        mul_add(&s->at0, &e->lo[0], &e->lo[1]);
    mul_add(&s->at1, &e->hi[0], &e->hi[1]);
    zkg_fr_sub(&da, &e->hi[0], &e->lo[0]);
    zkg_fr_sub(&db, &e->hi[1], &e->lo[1]);
    mul_add(&s->c2, &da, &db);
}

OP_INLINE void add_product3(zkg_sums *s, const ends *e)
{
    zkg_fr da, db, di, at0, at1, c1, c2;

    zkg_fr_mul(&at0, &e->lo[0], &e->lo[1]);
    zkg_fr_mul(&at1, &e->hi[0], &e->hi[1]);
    zkg_fr_sub(&da, &e->hi[0], &e->lo[0]);
    zkg_fr_sub(&db, &e->hi[1], &e->lo[1]);
    zkg_fr_sub(&di, &e->hi[2], &e->lo[2]);
    zkg_fr_mul(&c2, &da, &db);
    zkg_fr_sub(&c1, &at1, &at0);
    zkg_fr_sub(&c1, &c1, &c2);
    /* (at0 + c1 X + c2 X^2) (i0 + di X) */
    if (s->want_at0)
        mul_add(&s->at0, &at0, &e->lo[2]);
    mul_add(&s->at1, &at1, &e->hi[2]);
    mul_add(&s->c2, &c2, &e->lo[2]);
    mul_add(&s->c2, &c1, &di);
    mul_add(&s->c3, &c2, &di);
}

/* p0, p1, q0, q1 are lo[0..3]: p0 q1 + p1 q0 */
OP_INLINE void add_fraction(zkg_sums *s, const ends *e)
{
    zkg_fr d[4];

    if (s->want_at0) {
        mul_add(&s->at0, &e->lo[0], &e->lo[3]);
        mul_add(&s->at0, &e->lo[1], &e->lo[2]);
    }
    mul_add(&s->at1, &e->hi[0], &e->hi[3]);
    mul_add(&s->at1, &e->hi[1], &e->hi[2]);
    for (uint32_t k = 0; k < 4; k++)
        zkg_fr_sub(&d[k], &e->hi[k], &e->lo[k]);
    mul_add(&s->c2, &d[0], &d[3]);
    mul_add(&s->c2, &d[1], &d[2]);
}

/* s += w * x */
OP_INLINE void add_weighted(zkg_sums *s, const zkg_sums *x, const zkg_fr *w,
                            bool cubic)
{
    if (x->want_at0)
        mul_add(&s->at0, &x->at0, w);
    mul_add(&s->at1, &x->at1, w);
    mul_add(&s->c2, &x->c2, w);
    if (cubic)
        mul_add(&s->c3, &x->c3, w);
}

OP_INLINE zkg_sums no_sums(bool want_at0)
{
    const zkg_fr zero = {{0, 0, 0, 0}};

    return (zkg_sums){want_at0, zero, zero, zero, zero};
}

/* Pairs begin .. end - 1, each with weight 1. */
OP_INLINE void add_run(zkg_sums *s, zkg_form_kind kind, zkg_fr *const *t,
                       size_t mask3, size_t begin, size_t end, const zkg_fr *r)
{
    for (size_t i = begin; i < end; i++) {
        ends e;

        if (kind == ZKG_FORM_FRACTION) {
            read_pair(&e, t, 4, i, r);
            add_fraction(s, &e);
        } else if (kind == ZKG_FORM_PRODUCT) {
            read_pair(&e, t, 2, i, r);
            add_product(s, &e);
        } else {
            read_pair(&e, t, 2, i, r);
            e.lo[2] = t[2][2 * (i & mask3)];
            e.hi[2] = t[2][2 * (i & mask3) + 1];
            add_product3(s, &e);
        }
    }
}

/* All pairs: runs of equal weight inside runs of equal hi. */
OP_INLINE void sum_pairs(zkg_sums *out, zkg_form_kind kind, zkg_fr *const *t,
                         size_t mask3, size_t pairs, const zkg_fr *r,
                         const zkg_weights *w)
{
    const bool cubic = kind == ZKG_FORM_PRODUCT3, want0 = out->want_at0;
    const uint32_t block_bits = w->free + w->lo_bits;
    zkg_sums total = no_sums(want0);
    size_t i = 0;

    if (w->lo == NULL) {
        add_run(&total, kind, t, mask3, 0, pairs, r);
        *out = total;
        return;
    }
    while (i < pairs) {
        const uint64_t block = (w->first + i) >> block_bits;
        const uint64_t block_left = ((block + 1) << block_bits) - w->first;
        const size_t block_end = block_left < pairs ? block_left : pairs;
        zkg_sums inner = no_sums(want0);

        while (i < block_end) {
            const uint64_t run = (w->first + i) >> w->free;
            const uint64_t run_left = ((run + 1) << w->free) - w->first;
            const size_t end = run_left < block_end ? run_left : block_end;
            const uint64_t lo = run & ((UINT64_C(1) << w->lo_bits) - 1);
            zkg_sums equal = no_sums(want0);

            add_run(&equal, kind, t, mask3, i, end, r);
            add_weighted(&inner, &equal, &w->lo[lo], cubic);
            i = end;
        }
        add_weighted(&total, &inner, &w->hi[block], cubic);
    }
    *out = total;
}

static void table_pointers(zkg_fr **t, const zkg_table *tables, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        t[k] = entries(&tables[k]);
}

static zkg_status op_part_sums(zkg_sums *out, zkg_form_kind kind,
                               const zkg_table *tables, const zkg_weights *w)
{
    const size_t pairs = table_len(&tables[0]) / 2;
    zkg_fr *t[4] = {NULL};
    size_t mask3 = 0;

    switch (kind) {
    case ZKG_FORM_PRODUCT:
        table_pointers(t, tables, 2);
        sum_pairs(out, ZKG_FORM_PRODUCT, t, 0, pairs, NULL, w);
        break;
    case ZKG_FORM_PRODUCT3:
        table_pointers(t, tables, 3);
        mask3 = table_len(&tables[2]) / 2 - 1;
        sum_pairs(out, ZKG_FORM_PRODUCT3, t, mask3, pairs, NULL, w);
        break;
    case ZKG_FORM_FRACTION:
        table_pointers(t, tables, 4);
        sum_pairs(out, ZKG_FORM_FRACTION, t, 0, pairs, NULL, w);
        break;
    case ZKG_FORM_FRACTION_ONES:
        return ZKG_ERR_INTERNAL;
    }
    return ZKG_OK;
}

static zkg_status op_part_fold_sums(zkg_sums *out, zkg_form_kind kind,
                                    zkg_table *tables, const zkg_fr *r,
                                    const zkg_weights *w)
{
    const size_t pairs = table_len(&tables[0]) / 4;
    zkg_fr *t[4] = {NULL};
    size_t mask3 = 0;

    switch (kind) {
    case ZKG_FORM_PRODUCT:
        table_pointers(t, tables, 2);
        sum_pairs(out, ZKG_FORM_PRODUCT, t, 0, pairs, r, w);
        break;
    case ZKG_FORM_PRODUCT3:
        /* The third is read more than once when it is shorter. */
        (void)op_table_fold(&tables[2], r);
        table_pointers(t, tables, 3);
        mask3 = table_len(&tables[2]) / 2 - 1;
        sum_pairs(out, ZKG_FORM_PRODUCT3, t, mask3, pairs, r, w);
        break;
    case ZKG_FORM_FRACTION:
        table_pointers(t, tables, 4);
        sum_pairs(out, ZKG_FORM_FRACTION, t, 0, pairs, r, w);
        tables[2].vars--;
        tables[3].vars--;
        break;
    case ZKG_FORM_FRACTION_ONES:
        return ZKG_ERR_INTERNAL;
    }
    tables[0].vars--;
    tables[1].vars--;
    return ZKG_OK;
}

/* The weight of pair or quad i. */
static zkg_fr weight_at(const zkg_weights *w, uint64_t i)
{
    const uint64_t x = (w->first + i) >> w->free;
    zkg_fr v = zkg_fr_one;

    if (w->lo != NULL)
        zkg_fr_mul(&v, &w->lo[x & ((UINT64_C(1) << w->lo_bits) - 1)],
                   &w->hi[x >> w->lo_bits]);
    return v;
}

/* A quad of the product of a and b, b's entries times w. */
static void add_quad(zkg_sums s[ZKG_QUAD_SUMS], const zkg_fr *a,
                     const zkg_fr *b, const zkg_fr *w)
{
    const zkg_fr *const t[2] = {a, b};
    ends at[2], y2;

    for (size_t y = 0; y < 2; y++) {
        for (uint32_t k = 0; k < 2; k++) {
            at[y].lo[k] = t[k][2 * y];
            at[y].hi[k] = t[k][2 * y + 1];
        }
        zkg_fr_mul(&at[y].lo[1], &at[y].lo[1], w);
        zkg_fr_mul(&at[y].hi[1], &at[y].hi[1], w);
        add_product(&s[y], &at[y]);
    }
    for (uint32_t k = 0; k < 2; k++) {
        zkg_fr_sub(&y2.lo[k], &at[1].lo[k], &at[0].lo[k]);
        zkg_fr_sub(&y2.hi[k], &at[1].hi[k], &at[0].hi[k]);
    }
    add_product(&s[2], &y2);
}

static zkg_status op_quad_sums(zkg_sums *out, const zkg_table *tables,
                               const zkg_weights *w)
{
    zkg_sums s[ZKG_QUAD_SUMS] = {no_sums(false), no_sums(true), no_sums(true)};
    const zkg_fr *a = entries(&tables[0]), *b = entries(&tables[1]);

    for (size_t i = 0; i < table_len(&tables[0]) / 4; i++) {
        const zkg_fr v = weight_at(w, i);

        add_quad(s, a + 4 * i, b + 4 * i, &v);
    }
    memcpy(out, s, sizeof(s));
    return ZKG_OK;
}

static zkg_status op_quad_fold_sums(zkg_sums *out, zkg_table *tables,
                                    const zkg_fr *r, const zkg_weights *w)
{
    for (uint32_t k = 0; k < 4; k++)
        (void)op_table_fold(&tables[k / 2], &r[k % 2]);
    return op_quad_sums(out, tables, w);
}

/* ---- lookups ---- */

/* Leaves are made in blocks that stay in the cache, column after column. */
#define LEAF_BLOCK 256
/* A column of bytes is read through the 256 multiples of its coefficient when
 * that many rows pay for them. */
#define LEAF_MULTIPLES_FROM 1024

OP_INLINE void add_ints(zkg_fr *out, const zkg_column *c, zkg_dtype type,
                        size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zkg_fr p;

        zkg_fr_mul_i64(&p, &c->coeff, int_at(c->values, type, from + i));
        zkg_fr_add(&out[i], &out[i], &p);
    }
}

/* multiples[v mod 256] = coeff v */
static void byte_multiples(zkg_fr *multiples, const zkg_column *c)
{
    for (int v = 0; v < 256; v++)
        zkg_fr_mul_i64(&multiples[v], &c->coeff,
                       c->type == ZKG_I8 ? (int8_t)v : v);
}

static void add_column(zkg_fr *out, const zkg_column *c, size_t from, size_t n,
                       const zkg_fr *multiples)
{
    if (c->step == 0) {
        zkg_fr p;

        if (c->type == ZKG_FR)
            zkg_fr_mul(&p, &c->coeff, (const zkg_fr *)c->values);
        else
            zkg_fr_mul_i64(&p, &c->coeff, int_at(c->values, c->type, 0));
        for (size_t i = 0; i < n; i++)
            zkg_fr_add(&out[i], &out[i], &p);
        return;
    }
    if (multiples != NULL) {
        const uint8_t *bytes = (const uint8_t *)c->values + from;

        for (size_t i = 0; i < n; i++)
            zkg_fr_add(&out[i], &out[i], &multiples[bytes[i]]);
        return;
    }
    if (c->type == ZKG_FR) {
        (void)op_fr_axpy(out, &c->coeff, (const zkg_fr *)c->values + from, n);
        return;
    }
#define CALL(type) add_ints(out, c, type, from, n)
    FOR_TYPE(c->type, CALL);
#undef CALL
}

static zkg_status op_pair_affine(zkg_table *even, zkg_table *odd, uint64_t at,
                                 size_t n, const zkg_fr *base,
                                 const zkg_column *columns, size_t count)
{
    zkg_fr *const half[2] = {entries(even), entries(odd)};
    zkg_fr block[LEAF_BLOCK], multiples[2][256];
    const zkg_fr *use[2] = {NULL, NULL};

    for (size_t c = 0; c < count && c < 2; c++) {
        const zkg_column *col = &columns[c];

        if (n >= LEAF_MULTIPLES_FROM && col->step == 1 &&
            (col->type == ZKG_I8 || col->type == ZKG_U8)) {
            byte_multiples(multiples[c], col);
            use[c] = multiples[c];
        }
    }
    for (size_t from = 0; from < n; from += LEAF_BLOCK) {
        const size_t len = n - from < LEAF_BLOCK ? n - from : LEAF_BLOCK;

        for (size_t i = 0; i < len; i++)
            block[i] = *base;
        for (size_t c = 0; c < count; c++)
            add_column(block, &columns[c], from, len, c < 2 ? use[c] : NULL);
        for (size_t i = 0; i < len; i++) {
            const uint64_t j = at + from + i;

            half[j & 1][j >> 1] = block[i];
        }
    }
    return ZKG_OK;
}

static zkg_status op_fraction_up(zkg_table *out, const zkg_table *in, bool ones)
{
    const zkg_fr *p0 = ones ? NULL : entries(&in[0]);
    const zkg_fr *p1 = ones ? NULL : entries(&in[1]);
    const zkg_fr *q0 = entries(&in[2]), *q1 = entries(&in[3]);
    zkg_fr *const p[2] = {entries(&out[0]), entries(&out[1])};
    zkg_fr *const q[2] = {entries(&out[2]), entries(&out[3])};

    for (size_t i = 0; i < table_len(&in[2]); i++) {
        zkg_fr sum;

        if (ones) {
            zkg_fr_add(&sum, &q0[i], &q1[i]);
        } else {
            zkg_fr_mul(&sum, &p0[i], &q1[i]);
            mul_add(&sum, &p1[i], &q0[i]);
        }
        p[i & 1][i >> 1] = sum;
        zkg_fr_mul(&q[i & 1][i >> 1], &q0[i], &q1[i]);
    }
    return ZKG_OK;
}

/* ---- rows of small integers ---- */

/* Integer c, not counting the base, of row i. */
OP_INLINE int64_t row_at(const zkg_rows *a, uint32_t c, size_t i)
{
    return int_at(a->columns[c].values, a->columns[c].type,
                  a->first + i * a->step);
}

/* What of the two rows of a pair is multiplied. */
enum { ROW_LOW, ROW_HIGH, ROW_DIFF };

/* Integer c of pair i; that of the base, c = 0, is 1. */
OP_INLINE int64_t row_int(const zkg_rows *a, uint32_t c, size_t i, int take)
{
    if (c == 0)
        return take != ROW_DIFF;
    if (take != ROW_DIFF)
        return row_at(a, c - 1, 2 * i + (take == ROW_HIGH));
    return row_at(a, c - 1, 2 * i + 1) - row_at(a, c - 1, 2 * i);
}

/* sum_i w_i a_i b_i over the pairs: first, for each two columns, the weighted
 * sum of integers; 2^50 times fewer than 2^64 weights fit a zkg_fr_wide. */
static void rows_dot(zkg_fr *out, const zkg_rows *a, const zkg_rows *b,
                     size_t pairs, const zkg_weights *w, int take)
{
    const uint64_t mask = (UINT64_C(1) << w->lo_bits) - 1;
    const uint32_t shift = w->free + w->lo_bits;
    zkg_fr sum, one;

    zkg_fr_from_u64(&one, 1);
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < pairs;) {
        const uint64_t j = w->first + i;
        const uint64_t left = (((j >> shift) + 1) << shift) - w->first;
        const size_t end = w->lo != NULL && left < pairs ? left : pairs;
        zkg_fr_wide run[ZKG_ROWS_COLUMNS + 1][ZKG_ROWS_COLUMNS + 1] = {0};
        zkg_fr inner = {{0, 0, 0, 0}};

        for (; i < end; i++) {
            const zkg_fr *wi = w->lo == NULL
                                   ? &one
                                   : &w->lo[((w->first + i) >> w->free) & mask];
            int64_t u[ZKG_ROWS_COLUMNS + 1];

            for (uint32_t d = 0; d <= b->count; d++)
                u[d] = row_int(b, d, i, take);
            for (uint32_t c = take == ROW_DIFF; c <= a->count; c++) {
                const int64_t v = row_int(a, c, i, take);

                for (uint32_t d = take == ROW_DIFF; d <= b->count; d++)
                    zkg_fr_wide_mac(&run[c][d], wi, v * u[d]);
            }
        }
        for (uint32_t c = 0; c <= a->count; c++) {
            for (uint32_t d = 0; d <= b->count; d++) {
                const zkg_fr x = row_coeff(a, c), y = row_coeff(b, d);

                zkg_fr_wide_reduce(&sum, &run[c][d]);
                zkg_fr_mul(&sum, &sum, &x);
                mul_add(&inner, &sum, &y);
            }
        }
        mul_add(out, &inner, w->lo == NULL ? &one : &w->hi[j >> shift]);
    }
}

static zkg_status op_rows_sums(zkg_sums *out, const zkg_rows *a,
                               const zkg_rows *b, size_t pairs,
                               const zkg_weights *w)
{
    *out = no_sums(out->want_at0);
    rows_dot(&out->at1, a, b, pairs, w, ROW_HIGH);
    rows_dot(&out->c2, a, b, pairs, w, ROW_DIFF);
    if (out->want_at0)
        rows_dot(&out->at0, a, b, pairs, w, ROW_LOW);
    return ZKG_OK;
}

/* base + a sum of constants times integers, which are biased so that they have
 * no sign. */
#define ROW_BIAS ((int64_t)1 << 50)

typedef struct row_sum {
    zkg_fr base;
    zkg_fr k[2 * ROW_TERMS]; /* 2^64 times the constants */
    uint32_t count;
} row_sum;

static void row_sum_term(row_sum *f, const zkg_fr *k)
{
    zkg_fr x;

    zkg_fr_mul_i64(&x, k, ROW_BIAS);
    zkg_fr_sub(&f->base, &f->base, &x);
    zkg_fr_mul_i64(&x, k, (int64_t)1 << 32);
    zkg_fr_mul_i64(&f->k[f->count++], &x, (int64_t)1 << 32);
}

/* The sum is below 10 2^51 p < 2^62 p, so that one Montgomery step by 2^64
 * leaves less than 2 p. */
OP_INLINE void row_sum_eval(zkg_fr *out, const row_sum *f, const int64_t *u)
{
    const zkg_fr zero = {{0, 0, 0, 0}};
    zkg_fr_wide sum = {{0}};

    for (uint32_t i = 0; i < f->count; i++)
        zkg_limb6_mac_u64(sum.l, f->k[i].l, (uint64_t)(u[i] + ROW_BIAS));
    zkg_limb6_mac_u64(sum.l, zkg_fr_mod_.p, sum.l[0] * zkg_fr_mod_.inv);
    memcpy(out->l, &sum.l[1], sizeof(out->l));
    zkg_fr_add(out, out, &zero);
    zkg_fr_add(out, out, &f->base);
}

static zkg_status op_rows_fold(zkg_table *t, const zkg_rows *a, const zkg_fr *r)
{
    row_sum f = {.base = a->base};

    /* x + r (y - x) = x + r y - r x */
    for (uint32_t c = 0; c < a->count; c++) {
        zkg_fr k;

        row_sum_term(&f, &a->columns[c].coeff);
        zkg_fr_mul(&k, &a->columns[c].coeff, r);
        row_sum_term(&f, &k);
    }
    for (size_t i = 0; i < table_len(t); i++) {
        int64_t u[2 * ZKG_ROWS_COLUMNS];

        for (uint32_t c = 0; c < a->count; c++) {
            u[2 * c] = row_at(a, c, 2 * i);
            u[2 * c + 1] = row_at(a, c, 2 * i + 1) - u[2 * c];
        }
        row_sum_eval(&entries(t)[i], &f, u);
    }
    return ZKG_OK;
}

/* A form of two neighbours (row_forms.h). */
typedef struct row_cross {
    row_form form;
    row_sum f;
} row_cross;

static void row_cross_init(row_cross *f)
{
    f->f.base = f->form.base;
    f->f.count = 0;
    for (uint32_t i = 0; i < f->form.count; i++)
        row_sum_term(&f->f, &f->form.term[i].k);
}

/* Of the two rows below node i. */
OP_INLINE void row_cross_eval(zkg_fr *out, const row_cross *f,
                              const zkg_rows *p, const zkg_rows *q, size_t i)
{
    int64_t u[2 * ROW_TERMS];

    for (uint32_t k = 0; k < f->form.count; k++) {
        const row_term *t = &f->form.term[k];

        u[k] = row_int(p, t->a, i, ROW_LOW) * row_int(q, t->b, i, ROW_HIGH);
        if (!t->square)
            u[k] +=
                row_int(p, t->a, i, ROW_HIGH) * row_int(q, t->b, i, ROW_LOW);
    }
    row_sum_eval(out, &f->f, u);
}

/* Of the rows of a tree, what makes the node above two. */
typedef struct row_nodes {
    const zkg_rows *p, *q;
    row_cross cross, square;
} row_nodes;

/* Node i, one level or two above the leaves: p, q. */
static void row_node(zkg_fr out[2], const row_nodes *f, size_t i,
                     uint32_t levels)
{
    zkg_fr x[2], y[2];

    if (levels == 1) {
        row_cross_eval(&out[0], &f->cross, f->p, f->q, i);
        row_cross_eval(&out[1], &f->square, f->q, f->q, i);
        return;
    }
    row_node(x, f, 2 * i, 1);
    row_node(y, f, 2 * i + 1, 1);
    zkg_fr_mul(&out[0], &x[0], &y[1]);
    mul_add(&out[0], &y[0], &x[1]);
    zkg_fr_mul(&out[1], &x[1], &y[1]);
}

static zkg_status op_rows_up(zkg_table *out, const zkg_rows *p,
                             const zkg_rows *q, uint32_t levels)
{
    row_nodes f = {.p = p, .q = q};

    row_form_cross(&f.cross.form, p, q);
    row_form_square(&f.square.form, q);
    row_cross_init(&f.cross);
    row_cross_init(&f.square);
    for (size_t i = 0; i < 2 * table_len(&out[0]); i++) {
        zkg_fr node[2];

        row_node(node, &f, i, levels);
        entries(&out[i & 1])[i >> 1] = node[0];
        entries(&out[2 + (i & 1)])[i >> 1] = node[1];
    }
    return ZKG_OK;
}

/* ---- small integers ---- */

/* Products are of unsigned integers: sum w v = sum w (v + 2^k) - 2^k sum w,
 * k = bias_bits(type); NO_BIAS for types without a sign. */
#define NO_BIAS 64

OP_INLINE unsigned bias_bits(zkg_dtype type)
{
    return type == ZKG_U8 || type == ZKG_U16 ? NO_BIAS
           : type == ZKG_I64                 ? 63
                                             : 31;
}

OP_INLINE uint64_t biased(const void *values, zkg_dtype type, size_t i)
{
    const unsigned k = bias_bits(type);

    return (uint64_t)int_at(values, type, i) +
           (k == NO_BIAS ? 0 : UINT64_C(1) << k);
}

/* A sum of fewer than 2^32 elements as integers: of their limbs mod 2^64, and
 * of the limbs' upper halves.  No carry links one addition to the next, and the
 * sum of the lower halves, below 2^64, is all - 2^32 high. */
#define DOT_CHUNK ((size_t)1 << 20)
typedef uint64_t limbs2 __attribute__((vector_size(16)));
typedef struct half_sum {
    limbs2 all[2], high[2];
} half_sum;

OP_INLINE void add_halves(half_sum *s, const zkg_fr *w)
{
    for (int i = 0; i < 2; i++) {
        limbs2 x;

        memcpy(&x, &w->l[2 * i], sizeof(x));
        s->all[i] += x;
        s->high[i] += x >> 32;
    }
}

OP_INLINE void sum_limbs(uint64_t out[5], const half_sum *s)
{
    uint64_t c = 0, over[5] = {0}, all[4], high[4];

    memcpy(all, s->all, sizeof(all));
    memcpy(high, s->high, sizeof(high));
    for (int i = 0; i < 4; i++) {
        out[i] = all[i] - (high[i] << 32);
        over[i + 1] = high[i] >> 32;
    }
    out[4] = 0;
    for (int i = 0; i < 5; i++)
        out[i] = zkg_limb_adc(out[i], over[i], &c);
    c = 0;
    for (int i = 0; i < 4; i++)
        out[i] = zkg_limb_adc(out[i], high[i] << 32, &c);
    out[4] += c;
}

/* out = 2^k sum, six limbs */
OP_INLINE void bias_times(uint64_t out[6], const uint64_t sum[5], unsigned k)
{
    out[0] = k == NO_BIAS ? 0 : sum[0] << k;
    for (int i = 1; i < 5; i++)
        out[i] = k == NO_BIAS ? 0 : sum[i] << k | sum[i - 1] >> (64 - k);
    out[5] = k == NO_BIAS ? 0 : sum[4] >> (64 - k);
}

OP_INLINE void sub_limbs(uint64_t acc[6], const uint64_t v[6])
{
    uint64_t c = 0;

    for (int i = 0; i < 6; i++)
        acc[i] = zkg_limb_sbb(acc[i], v[i], &c);
}

/* wide or small += w (values[i] + 2^k): small takes what is below 2^32, which
 * i64 alone is not. */
OP_INLINE void add_product_of(zkg_fr_wide *wide, zkg_limb_sum_u32 *small,
                              const zkg_fr *w, const void *values,
                              zkg_dtype type, size_t i)
{
    if (type == ZKG_I64)
        zkg_limb6_mac_u64(wide->l, w->l, biased(values, type, i));
    else
        zkg_limb_mac_u32(small, w->l, biased(values, type, i));
}

OP_INLINE void dot_ints(zkg_fr_wide *acc, const zkg_fr *w, const void *values,
                        zkg_dtype type, size_t n)
{
    const unsigned k = bias_bits(type);
    uint64_t total[5], back[6];
    zkg_limb_sum_u32 small = {{0}, {0}};
    zkg_fr_wide sum = *acc;
    half_sum weights = {0};

    for (size_t i = 0; i < n; i++) {
        add_product_of(&sum, &small, &w[i], values, type, i);
        if (k != NO_BIAS)
            add_halves(&weights, &w[i]);
    }
    zkg_limb6_add_sum(sum.l, &small);
    sum_limbs(total, &weights);
    bias_times(back, total, k);
    sub_limbs(sum.l, back);
    *acc = sum;
}

/* As many as stay in the nearest cache for four passes. */
#define FR_CHUNK ((size_t)256)

/* sum_i a_i b_i = sum_j 2^(64 j) sum_i a_ij b_i over a's limbs a_ij: four sums
 * of one word's products each, which are reduced at last. */
static zkg_status op_fr_dot(zkg_fr *out, const zkg_fr *a, const zkg_fr *b,
                            size_t n)
{
    zkg_fr_wide sum[4] = {{{0}}};
    zkg_fr total = {{0, 0, 0, 0}};

    for (size_t i = 0; i < n; i += FR_CHUNK) {
        const size_t end = n - i < FR_CHUNK ? n : i + FR_CHUNK;

        for (int j = 0; j < 4; j++) {
            zkg_fr_wide part = sum[j];

            for (size_t k = i; k < end; k++)
                zkg_limb6_mac_u64(part.l, b[k].l, a[k].l[j]);
            sum[j] = part;
        }
    }
    for (int j = 0; j < 4; j++) {
        zkg_fr part, shift = {{0, 0, 0, 0}};

        zkg_fr_wide_reduce(&part, &sum[j]);
        shift.l[j] = 1; /* 2^(64 j) / R */
        mul_add(&total, &part, &shift);
    }
    *out = total;
    return ZKG_OK;
}

static zkg_status op_fr_mul_at(zkg_fr *out, const zkg_fr *a, const zkg_fr *v,
                               const uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        zkg_fr_mul(&out[i], &a[i], &v[at[i]]);
    return ZKG_OK;
}

/* As many as stay in the nearest cache until they are multiplied. */
#define PAIR_CHUNK 64

static zkg_status op_fr_dot_pairs(zkg_fr out[2], const zkg_fr *w,
                                  const zkg_fr *v, size_t n)
{
    zkg_fr half[PAIR_CHUNK], sum;

    out[0] = out[1] = zkg_fr_zero;
    for (size_t i = 0; n < 8 && i < 2 * n; i++)
        mul_add(&out[i % 2], &w[i / 2], &v[i]);
    for (size_t i = 0; n >= 8 && i < n; i += PAIR_CHUNK) {
        const size_t some = n - i < PAIR_CHUNK ? n - i : PAIR_CHUNK;

        for (int odd = 0; odd < 2; odd++) {
            for (size_t k = 0; k < some; k++)
                half[k] = v[2 * (i + k) + (size_t)odd];
            (void)op_fr_dot(&sum, w + i, half, some);
            zkg_fr_add(&out[odd], &out[odd], &sum);
        }
    }
    return ZKG_OK;
}

static zkg_status op_int_dot(zkg_fr_wide *acc, const zkg_fr *w,
                             const void *values, zkg_dtype type, size_t n)
{
    if (type == ZKG_FR) {
        zkg_fr sum;

        (void)op_fr_dot(&sum, w, values, n);
        zkg_fr_wide_mac(acc, &sum, 1);
        return ZKG_OK;
    }
    for (size_t i = 0; i < n; i += DOT_CHUNK) {
        const uint8_t *at = (const uint8_t *)values + i * zkg_dtype_size(type);
        const size_t some = n - i < DOT_CHUNK ? n - i : DOT_CHUNK;

#define CALL(type) dot_ints(acc, w + i, at, type, some)
        FOR_TYPE(type, CALL);
#undef CALL
    }
    return ZKG_OK;
}

/* Columns one by one, so that a sum stays in registers: few enough rows for
 * their lines to stay in the cache until the next column. */
#define FOLD_CHUNK 128
#define FOLD_COLUMNS 64

/* acc[i] += the columns from + i, i < n, of some rows. */
OP_INLINE void fold_ints(zkg_fr_wide *acc, const zkg_fr *w,
                         const void *const *rows, size_t count, zkg_dtype type,
                         size_t from, size_t n)
{
    const unsigned k = bias_bits(type);
    uint64_t total[5], back[6];
    half_sum weights = {0};

    for (size_t r = 0; r < count && k != NO_BIAS; r++)
        add_halves(&weights, &w[r]);
    sum_limbs(total, &weights);
    bias_times(back, total, k);
    for (size_t i = 0; i < n; i++) {
        zkg_limb_sum_u32 small = {{0}, {0}};
        zkg_fr_wide sum = acc[i];

        for (size_t r = 0; r < count; r++)
            add_product_of(&sum, &small, &w[r], rows[r], type, from + i);
        zkg_limb6_add_sum(sum.l, &small);
        if (k != NO_BIAS)
            sub_limbs(sum.l, back);
        acc[i] = sum;
    }
}

/* out[i] += the columns from + i, i < n <= FOLD_COLUMNS. */
static void fold_columns(zkg_fr *out, const zkg_fr *w, const void *const *rows,
                         size_t count, zkg_dtype type, size_t from, size_t n)
{
    zkg_fr_wide acc[FOLD_COLUMNS] = {{{0}}};

    for (size_t r = 0; r < count; r += FOLD_CHUNK) {
        const size_t some = count - r < FOLD_CHUNK ? count - r : FOLD_CHUNK;

#define CALL(type) fold_ints(acc, w + r, rows + r, some, type, from, n)
        FOR_TYPE(type, CALL);
#undef CALL
    }
    for (size_t i = 0; i < n; i++) {
        zkg_fr sum;

        zkg_fr_wide_reduce(&sum, &acc[i]);
        zkg_fr_add(&out[i], &out[i], &sum);
    }
}

static zkg_status op_int_fold(zkg_fr *out, const zkg_fr *w,
                              const void *const *rows, size_t count,
                              zkg_dtype type, size_t n)
{
    for (size_t r = 0; type == ZKG_FR && r < count; r++)
        (void)op_fr_axpy(out, &w[r], rows[r], n);
    for (size_t i = 0; type != ZKG_FR && i < n; i += FOLD_COLUMNS)
        fold_columns(out + i, w, rows, count, type, i,
                     n - i < FOLD_COLUMNS ? n - i : FOLD_COLUMNS);
    return ZKG_OK;
}

static zkg_status op_wide_reduce(zkg_fr *out, const zkg_fr_wide *acc, size_t n)
{
    for (size_t i = 0; i < n; i++)
        zkg_fr_wide_reduce(&out[i], &acc[i]);
    return ZKG_OK;
}

/* ---- polynomials ---- */

static zkg_status op_poly_eval(zkg_fr *out, const zkg_fr *c, size_t n,
                               const zkg_fr *x)
{
    zkg_fr power[4], sum[4] = {{{0}}};

    /* Four Horner chains in X^4, so that multiplications overlap. */
    power[0] = *x;
    zkg_fr_sqr(&power[1], x);
    zkg_fr_sqr(&power[3], &power[1]);
    for (size_t i = (n + 3) / 4; i-- > 0;) {
        for (size_t k = 0; k < 4; k++) {
            zkg_fr_mul(&sum[k], &sum[k], &power[3]);
            if (4 * i + k < n)
                zkg_fr_add(&sum[k], &sum[k], &c[4 * i + k]);
        }
    }
    for (size_t k = 3; k-- > 0;) {
        zkg_fr_mul(&sum[k + 1], &sum[k + 1], &power[0]);
        zkg_fr_add(&sum[k], &sum[k], &sum[k + 1]);
    }
    *out = sum[0];
    return ZKG_OK;
}

static zkg_status op_poly_divide_linear(zkg_fr *q, zkg_fr *rest,
                                        const zkg_fr *c, size_t n,
                                        const zkg_fr *x)
{
    zkg_fr carry = c[n - 1];

    for (size_t i = n - 1; i-- > 0;) {
        const zkg_fr ci = c[i];

        q[i] = carry;
        zkg_fr_mul(&carry, &carry, x);
        zkg_fr_add(&carry, &carry, &ci);
    }
    *rest = carry;
    return ZKG_OK;
}

#include "backend/wires_tmpl.c"

const zkg_backend BACKEND_TABLE = {
    .name = BACKEND_NAME,
    /* Products take long enough to read each table twice. */
    .quads_from = {UINT32_MAX, UINT32_MAX},
#define SLOT(slot, arguments, names, meaning) .slot = op_##slot,
#include "backend/slots.def"
#undef SLOT
};
