/* SPDX-License-Identifier: Apache-2.0
 * Sums over tables, one round or two of a sumcheck at once. */
#include "check.h"

/* Tables of a kind, and weights of one of several shapes, of pairs or quads. */
typedef struct summand {
    zkg_form_kind kind;
    uint32_t arity;
    pair t[4];
    zkg_fr *lo, *hi;
    zkg_weights w;
} summand;

/* shape 0: no weights; 1: all split; 2: free variables below; 3: a slice in
 * the middle of longer tables; 4: lo longer than the slice.  pair_bits: of the
 * weighted pairs. */
static void summand_draw(context *c, summand *s, int kind, uint32_t vars,
                         uint32_t vars3, uint32_t pair_bits, int shape)
{
    uint32_t hi_bits;

    memset(s, 0, sizeof(*s));
    s->kind = (zkg_form_kind)kind;
    s->arity = zkg_form_arity(s->kind);
    for (uint32_t k = 0; k < s->arity; k++)
        pair_draw(c, &s->t[k],
                  kind == ZKG_FORM_PRODUCT3 && k == 2 ? vars3 : vars);
    if (shape == 0)
        return;
    s->w.free = shape == 2 ? pair_bits / 3 : 0;
    s->w.lo_bits = shape == 4 ? pair_bits + 2 : (pair_bits - s->w.free) / 2;
    hi_bits = shape == 4 ? 1 : pair_bits - s->w.free - s->w.lo_bits;
    if (shape == 3)
        hi_bits += 2;
    s->lo = elements(c, (size_t)1 << s->w.lo_bits);
    s->hi = elements(c, (size_t)1 << hi_bits);
    s->w.lo = s->lo;
    s->w.hi = s->hi;
    s->w.first = shape >= 3 ? UINT64_C(3) << pair_bits : 0;
}

static void summand_clear(context *c, summand *s)
{
    for (uint32_t k = 0; k < s->arity; k++)
        pair_clear(c, &s->t[k]);
    free(s->lo);
    free(s->hi);
}

static void sums_same(context *c, const summand *s, const zkg_sums *x,
                      const zkg_sums *y, uint64_t n)
{
    bool good = memcmp(&x->at1, &y->at1, sizeof(x->at1)) == 0 &&
                memcmp(&x->c2, &y->c2, sizeof(x->c2)) == 0;

    if (x->want_at0)
        good = good && memcmp(&x->at0, &y->at0, sizeof(x->at0)) == 0;
    if (s->kind == ZKG_FORM_PRODUCT3)
        good = good && memcmp(&x->c3, &y->c3, sizeof(x->c3)) == 0;
    verdict(c, good, "sums", n);
}

static void tables_of(const summand *s, zkg_table *ref, zkg_table *b)
{
    for (uint32_t k = 0; k < s->arity; k++) {
        ref[k] = s->t[k].ref;
        b[k] = s->t[k].b;
    }
}

/* One call on fresh tables of n variables. */
static void check_sum(context *c, bool fold, int kind, int shape, uint32_t vars,
                      bool want_at0)
{
    const uint32_t least = fold ? 2 : 1;
    const uint32_t vars3 = least + (uint32_t)(next(c) % (vars - least + 1));
    zkg_fr *r = elements(c, 1);
    zkg_table ref[4], b[4];
    zkg_sums x = {.want_at0 = want_at0}, y = {.want_at0 = want_at0};
    summand s;

    summand_draw(c, &s, kind, vars, vars3, vars - least, shape);
    tables_of(&s, ref, b);
    if (fold) {
        must(c->ref->part_fold_sums(&x, s.kind, ref, r, &s.w));
        must(c->b->part_fold_sums(&y, s.kind, b, r, &s.w));
    } else {
        must(c->ref->part_sums(&x, s.kind, ref, &s.w));
        must(c->b->part_sums(&y, s.kind, b, &s.w));
    }
    sums_same(c, &s, &x, &y, vars);
    for (uint32_t k = 0; k < s.arity; k++) {
        s.t[k].ref = ref[k];
        s.t[k].b = b[k];
        pair_same(c, &s.t[k], "tables");
    }
    summand_clear(c, &s);
    free(r);
}

static void check_sums(context *c, bool fold)
{
    for (uint32_t n = 0; n < 5 * 3 * 10 * 2; n++)
        check_sum(c, fold, (int)(n / 5 % 3), (int)(n % 5),
                  (fold ? 2 : 1) + n / 15 % 10, n / 150);
    /* long enough for sums that are cut into blocks */
    for (int n = 0; n < 3 * 2; n++)
        check_sum(c, fold, n % 3, n / 3, 16, false);
    for (int kind = 0; c->bench && kind < 3; kind++) {
        static const char *const names[] = {"product", "product3", "fraction"};
        zkg_fr *r = elements(c, 1);
        zkg_table ref[4], b[4];
        zkg_sums y = {.want_at0 = false};
        summand s;

        summand_draw(c, &s, kind, BENCH_VARS, BENCH_VARS, BENCH_VARS - 1, 1);
        if (fold)
            BENCH(c, names[kind], BENCH_LEN / 4, tables_of(&s, ref, b),
                  c->b->part_fold_sums(&y, s.kind, b, r, &s.w));
        else
            BENCH(c, names[kind], BENCH_LEN / 2, tables_of(&s, ref, b),
                  c->b->part_sums(&y, s.kind, b, &s.w));
        summand_clear(c, &s);
        free(r);
    }
}

void check_part_sums(context *c)
{
    check_sums(c, false);
}

void check_part_fold_sums(context *c)
{
    check_sums(c, true);
}

/* out = the polynomial of degree 2 that s tells of, at r. */
static void at_point(zkg_fr *out, const zkg_sums *s, const zkg_fr *r)
{
    const zkg_fr c[3] = {s->at0, {{0}}, s->c2};
    zkg_fr v, c1;

    zkg_fr_sub(&c1, &s->at1, &c[0]);
    zkg_fr_sub(&c1, &c1, &c[2]);
    zkg_fr_mul(&v, &c[2], r);
    zkg_fr_add(&v, &v, &c1);
    zkg_fr_mul(&v, &v, r);
    zkg_fr_add(out, &v, &c[0]);
}

/* What two rounds' sums say: against part_sums of the tables, both pairs of a
 * quad weighing the same, and of the tables folded. */
static void check_two_rounds(context *c, const zkg_sums *quads,
                             zkg_table *tables, const zkg_weights *w)
{
    const uint64_t vars = tables[0].vars;
    zkg_sums sums = {.want_at0 = false};
    zkg_fr *r = elements(c, 1);
    zkg_weights pairs = *w;
    zkg_fr v;

    pairs.free++;
    pairs.first *= 2;
    must(c->ref->part_sums(&sums, ZKG_FORM_PRODUCT, tables, &pairs));
    zkg_fr_add(&v, &quads[0].at1, &quads[1].at1);
    verdict(c, zkg_fr_equal(&v, &sums.at1), "at1", vars);
    zkg_fr_add(&v, &quads[0].c2, &quads[1].c2);
    verdict(c, zkg_fr_equal(&v, &sums.c2), "c2", vars);
    must(c->ref->part_fold_sums(&sums, ZKG_FORM_PRODUCT, tables, r, w));
    at_point(&v, &quads[1], r);
    verdict(c, zkg_fr_equal(&v, &sums.at1), "at1, folded", vars);
    at_point(&v, &quads[2], r);
    verdict(c, zkg_fr_equal(&v, &sums.c2), "c2, folded", vars);
    free(r);
}

/* out[0].at0 is not made. */
static void quads_same(context *c, const zkg_sums *x, const zkg_sums *y,
                       uint64_t vars)
{
    static const char *const names[] = {"P(X, 0)", "P(X, 1)", "Y^2"};

    for (int k = 0; k < ZKG_QUAD_SUMS; k++)
        verdict(c,
                (k == 0 || zkg_fr_equal(&x[k].at0, &y[k].at0)) &&
                    zkg_fr_equal(&x[k].at1, &y[k].at1) &&
                    zkg_fr_equal(&x[k].c2, &y[k].c2),
                names[k], vars);
}

/* Two rounds' sums: against ref's, and theirs against part_sums. */
static void check_quads(context *c, uint32_t vars, int shape, bool empty)
{
    zkg_sums x[ZKG_QUAD_SUMS], y[ZKG_QUAD_SUMS];
    zkg_table ref[2], b[2];
    summand s;

    summand_draw(c, &s, ZKG_FORM_PRODUCT, vars, vars, vars - 2, shape);
    if (empty) {
        pair_clear(c, &s.t[0]);
        pair_zero(c, &s.t[0], vars);
    }
    tables_of(&s, ref, b);
    must(c->ref->quad_sums(x, ref, &s.w));
    must(c->b->quad_sums(y, b, &s.w));
    quads_same(c, x, y, vars);
    check_two_rounds(c, x, ref, &s.w);
    for (uint32_t k = 0; k < 2; k++)
        s.t[k].ref = ref[k];
    summand_clear(c, &s);
}

/* Times are of quads without weights, and all split. */
void check_quad_sums(context *c)
{
    static const char *const names[] = {"a quad", "a weighted quad"};

    for (uint32_t vars = 3; vars <= 14; vars++) {
        for (int shape = 0; shape < 5; shape++) {
            check_quads(c, vars, shape, false);
            check_quads(c, vars, shape, true);
        }
    }
    for (int shape = 0; c->bench && shape < 2; shape++) {
        zkg_sums y[ZKG_QUAD_SUMS];
        zkg_table ref[2], b[2];
        summand s;

        summand_draw(c, &s, ZKG_FORM_PRODUCT, BENCH_VARS, 0, BENCH_VARS - 2,
                     shape);
        tables_of(&s, ref, b);
        BENCH(c, names[shape], BENCH_LEN / 4, (void)0,
              c->b->quad_sums(y, b, &s.w));
        summand_clear(c, &s);
    }
}

static void check_quad_fold(context *c, uint32_t vars, int shape, bool empty)
{
    zkg_fr *r = elements(c, 2);
    zkg_sums x[ZKG_QUAD_SUMS], y[ZKG_QUAD_SUMS];
    zkg_table ref[2], b[2];
    summand s;

    summand_draw(c, &s, ZKG_FORM_PRODUCT, vars, vars, vars - 4, shape);
    if (empty) {
        pair_clear(c, &s.t[1]);
        pair_zero(c, &s.t[1], vars);
    }
    tables_of(&s, ref, b);
    must(c->ref->quad_fold_sums(x, ref, r, &s.w));
    must(c->b->quad_fold_sums(y, b, r, &s.w));
    quads_same(c, x, y, vars);
    for (uint32_t k = 0; k < 2; k++) {
        s.t[k].ref = ref[k];
        s.t[k].b = b[k];
        pair_same(c, &s.t[k], "tables");
    }
    summand_clear(c, &s);
    free(r);
}

void check_quad_fold_sums(context *c)
{
    static const char *const names[] = {"a quad", "a weighted quad"};

    for (uint32_t vars = 4; vars <= 14; vars++) {
        for (int shape = 0; shape < 5; shape++) {
            check_quad_fold(c, vars, shape, false);
            check_quad_fold(c, vars, shape, true);
        }
    }
    for (int shape = 0; c->bench && shape < 2; shape++) {
        zkg_fr *r = elements(c, 2);
        zkg_sums y[ZKG_QUAD_SUMS];
        zkg_table ref[2], b[2];
        summand s;

        summand_draw(c, &s, ZKG_FORM_PRODUCT, BENCH_VARS, 0, BENCH_VARS - 4,
                     shape);
        BENCH(c, names[shape], BENCH_LEN / 4, tables_of(&s, ref, b),
              c->b->quad_fold_sums(y, b, r, &s.w));
        summand_clear(c, &s);
        free(r);
    }
}

/* Rows of `columns` columns of a type (ZKG_FR: of any) over n rows, of integers
 * below 2^ZKG_ROWS_BITS in absolute value, all of them extreme in some. */
typedef struct drawn_rows {
    zkg_column column[ZKG_ROWS_COLUMNS];
    zkg_rows rows;
} drawn_rows;

static void rows_draw(context *c, drawn_rows *d, uint32_t columns, zkg_dtype of,
                      size_t n, uint32_t step)
{
    const int64_t most = ((int64_t)1 << ZKG_ROWS_BITS) - 1;
    zkg_fr *k = elements(c, ZKG_ROWS_COLUMNS + 1);

    d->rows = (zkg_rows){.base = k[0],
                         .columns = d->column,
                         .count = columns,
                         .first = step > 1 ? (uint32_t)(next(c) % step) : 0,
                         .step = step};
    for (uint32_t i = 0; i < columns; i++) {
        const zkg_dtype type =
            of == ZKG_FR ? (zkg_dtype)(next(c) % ZKG_FR) : of;
        const size_t size = zkg_dtype_size(type);
        const bool extreme = next(c) % 4 == 0;
        uint8_t *v = integers(c, type, n * step);

        for (size_t j = 0; size > 2 && j < n * step; j++) {
            int64_t x = (int64_t)next(c) >> (64 - ZKG_ROWS_BITS);

            if (extreme || x % 8 == 0)
                x = x % 2 == 0 ? most : -most;
            memcpy(v + j * size, &x, size); /* little-endian */
        }
        d->column[i] = (zkg_column){v, type, 1, k[i + 1]};
    }
    free(k);
}

static void rows_clear(drawn_rows *d)
{
    for (uint32_t i = 0; i < d->rows.count; i++)
        free((void *)(uintptr_t)d->column[i].values);
}

/* Weights of 2^vars pairs, of the shapes of summand_draw. */
void check_rows_sums(context *c)
{
    for (uint32_t n = 0; n < 5 * 13 * 8; n++) {
        const uint32_t vars = n % 13, shape = n / 13 % 5;
        const size_t pairs = (size_t)1 << vars;
        zkg_sums x = {.want_at0 = n % 2}, y = {.want_at0 = n % 2};
        drawn_rows a, b;
        summand s;

        /* for its weights */
        summand_draw(c, &s, ZKG_FORM_PRODUCT, 1, 1, vars, (int)shape);
        rows_draw(c, &a, (uint32_t)(next(c) % (ZKG_ROWS_COLUMNS + 1)), ZKG_FR,
                  2 * pairs, 1 + n / 65 % 2);
        rows_draw(c, &b, n / 65 == 0 ? a.rows.count : n / 65 < 4, ZKG_FR,
                  2 * pairs, 1 + n / 65 % 2);
        if (n % 3 == 0)
            a.rows.base = zkg_fr_zero;
        if (n % 5 < 2)
            b.rows.base = zkg_fr_zero;
        must(c->ref->rows_sums(&x, &a.rows, &b.rows, pairs, &s.w));
        must(c->b->rows_sums(&y, &a.rows, &b.rows, pairs, &s.w));
        sums_same(c, &s, &x, &y, vars);
        summand_clear(c, &s);
        rows_clear(&a);
        rows_clear(&b);
    }
    for (uint32_t columns = 1; c->bench && columns <= 2; columns++) {
        zkg_sums y = {.want_at0 = false};
        drawn_rows a;
        summand s;

        summand_draw(c, &s, ZKG_FORM_PRODUCT, 1, 1, BENCH_VARS, 1);
        rows_draw(c, &a, columns, ZKG_I16, 2 * BENCH_LEN, 2);
        BENCH(c, columns == 1 ? "1 column" : "2 columns", BENCH_LEN, (void)0,
              c->b->rows_sums(&y, &a.rows, &a.rows, BENCH_LEN, &s.w));
        a.rows.base = zkg_fr_zero;
        BENCH(c, columns == 1 ? "1 without base" : "2 without base", BENCH_LEN,
              (void)0, c->b->rows_sums(&y, &a.rows, &a.rows, BENCH_LEN, &s.w));
        summand_clear(c, &s);
        rows_clear(&a);
    }
}

void check_rows_fold(context *c)
{
    for (uint32_t n = 0; n < 12 * 8; n++) {
        const uint32_t vars = n % 12;
        zkg_fr *r = elements(c, 1);
        drawn_rows a;
        pair t;

        pair_draw(c, &t, vars);
        rows_draw(c, &a, n / 12 % (ZKG_ROWS_COLUMNS + 1), ZKG_FR,
                  (size_t)2 << vars, 1 + n / 12 % 2);
        must(c->ref->rows_fold(&t.ref, &a.rows, r));
        must(c->b->rows_fold(&t.b, &a.rows, r));
        pair_same(c, &t, "folded");
        pair_clear(c, &t);
        rows_clear(&a);
        free(r);
    }
    if (c->bench) {
        zkg_fr *r = elements(c, 1);
        drawn_rows a;
        pair t;

        pair_draw(c, &t, BENCH_VARS);
        rows_draw(c, &a, 1, ZKG_I16, 2 * BENCH_LEN, 2);
        BENCH(c, "a new entry", BENCH_LEN, (void)0,
              c->b->rows_fold(&t.b, &a.rows, r));
        pair_clear(c, &t);
        rows_clear(&a);
        free(r);
    }
}

void check_rows_up(context *c)
{
    for (uint32_t n = 0; n < 10 * 2 * 2 * 3; n++) {
        const uint32_t vars = n % 10, levels = 1 + n / 10 % 2;
        const bool ones = n / 20 % 2;
        const size_t leaves = (size_t)2 << (vars + levels);
        drawn_rows p, q;
        pair t[4];
        zkg_table ref[4], b[4];

        rows_draw(c, &p, 1, ZKG_FR, leaves, 1);
        rows_draw(c, &q, 1 + n / 40, ZKG_FR, leaves, 1);
        if (n % 3 == 0)
            p.rows.base = zkg_fr_zero;
        for (uint32_t k = 0; k < 4; k++) {
            pair_draw(c, &t[k], vars);
            ref[k] = t[k].ref;
            b[k] = t[k].b;
        }
        must(c->ref->rows_up(ref, ones ? NULL : &p.rows, &q.rows, levels));
        must(c->b->rows_up(b, ones ? NULL : &p.rows, &q.rows, levels));
        for (uint32_t k = 0; k < 4; k++) {
            t[k].ref = ref[k];
            t[k].b = b[k];
            pair_same(c, &t[k], levels == 1 ? "one level" : "two levels");
            pair_clear(c, &t[k]);
        }
        rows_clear(&p);
        rows_clear(&q);
    }
    for (uint32_t levels = 1; c->bench && levels <= 2; levels++) {
        drawn_rows q;
        zkg_table t[4];

        rows_draw(c, &q, 1, ZKG_I16, BENCH_LEN, 1);
        for (uint32_t k = 0; k < 4; k++)
            must(c->b->table_new(&t[k], BENCH_VARS - 1 - levels));
        BENCH(c, levels == 1 ? "a leaf, 1 level" : "a leaf, 2 levels",
              BENCH_LEN, (void)0, c->b->rows_up(t, NULL, &q.rows, levels));
        for (uint32_t k = 0; k < 4; k++)
            must(c->b->table_clear(&t[k]));
        rows_clear(&q);
    }
}

void check_pair_affine(context *c)
{
    for (uint32_t n = 0; n < 200; n++) {
        const uint32_t vars = n % 12;
        const size_t leaves = (size_t)2 << vars;
        const size_t at = (size_t)next(c) % leaves;
        const size_t len = (size_t)next(c) % (leaves - at + 1);
        const size_t count = n % 4;
        zkg_fr *base = elements(c, 1), *coeff = elements(c, 4);
        zkg_column column[4];
        pair even, odd;

        for (size_t k = 0; k < count; k++) {
            column[k].type = (zkg_dtype)(next(c) % (ZKG_FR + 1));
            column[k].step = next(c) % 4 != 0;
            column[k].values = integers(c, column[k].type, len + 1);
            column[k].coeff = coeff[k];
        }
        pair_draw(c, &even, vars);
        pair_draw(c, &odd, vars);
        must(c->ref->pair_affine(&even.ref, &odd.ref, at, len, base, column,
                                 count));
        must(c->b->pair_affine(&even.b, &odd.b, at, len, base, column, count));
        pair_same(c, &even, "even");
        pair_same(c, &odd, "odd");
        for (size_t k = 0; k < count; k++)
            free((void *)(uintptr_t)column[k].values);
        pair_clear(c, &even);
        pair_clear(c, &odd);
        free(base);
        free(coeff);
    }
    for (int type = ZKG_I8; c->bench && type <= ZKG_I64; type++) {
        zkg_fr *v = elements(c, 2);
        zkg_column column = {integers(c, (zkg_dtype)type, BENCH_LEN),
                             (zkg_dtype)type, 1, v[1]};
        pair even, odd;

        pair_draw(c, &even, BENCH_VARS - 1);
        pair_draw(c, &odd, BENCH_VARS - 1);
        BENCH(c, zkg_dtype_name((zkg_dtype)type), BENCH_LEN, (void)0,
              c->b->pair_affine(&even.b, &odd.b, 0, BENCH_LEN, v, &column, 1));
        pair_clear(c, &even);
        pair_clear(c, &odd);
        free((void *)(uintptr_t)column.values);
        free(v);
    }
}

void check_fraction_up(context *c)
{
    for (uint32_t n = 0; n < 2 * 11; n++) {
        const uint32_t vars = 1 + n / 2;
        const bool ones = n % 2;
        zkg_table in[4], in_b[4], out[4], out_b[4];
        pair x[4], y[4];

        for (uint32_t k = 0; k < 4; k++) {
            pair_draw(c, &x[k], vars);
            pair_draw(c, &y[k], vars - 1);
            in[k] = x[k].ref;
            in_b[k] = x[k].b;
            out[k] = y[k].ref;
            out_b[k] = y[k].b;
        }
        if (ones)
            memset(in, 0, 2 * sizeof(*in));
        if (ones)
            memset(in_b, 0, 2 * sizeof(*in_b));
        must(c->ref->fraction_up(out, in, ones));
        must(c->b->fraction_up(out_b, in_b, ones));
        for (uint32_t k = 0; k < 4; k++) {
            y[k].ref = out[k];
            y[k].b = out_b[k];
            pair_same(c, &y[k], "fractions");
            pair_clear(c, &x[k]);
            pair_clear(c, &y[k]);
        }
    }
    if (c->bench) {
        zkg_table in[4], out[4];
        pair x[4], y[4];

        for (uint32_t k = 0; k < 4; k++) {
            pair_draw(c, &x[k], BENCH_VARS);
            pair_draw(c, &y[k], BENCH_VARS - 1);
            in[k] = x[k].b;
            out[k] = y[k].b;
        }
        BENCH(c, "a fraction", BENCH_LEN, (void)0,
              c->b->fraction_up(out, in, false));
        BENCH(c, "a product, p = 1", BENCH_LEN, (void)0,
              c->b->fraction_up(out, in, true));
        for (uint32_t k = 0; k < 4; k++) {
            pair_clear(c, &x[k]);
            pair_clear(c, &y[k]);
        }
    }
}

/* ---- long arrays ---- */

/* Two folds at once of tables so long that they are written past the caches:
 * against one after the other. */
static void check_long_quads(context *c, uint32_t vars)
{
    enum { SEEN = 1 << 12 };
    const uint64_t len = UINT64_C(1) << (vars - 2);
    const zkg_weights none = {0};
    zkg_fr *u = elements(c, vars + 2), *v = get(2 * SEEN, sizeof(*v));
    zkg_sums x[ZKG_QUAD_SUMS], y[ZKG_QUAD_SUMS];
    zkg_table one[2] = {{0}}, two[2] = {{0}};

    for (uint32_t k = 0; k < 2; k++) {
        must(c->b->table_new(&one[k], vars));
        must(c->b->table_new(&two[k], vars));
        must(c->b->table_eq(&one[k], u + k, NULL));
        must(c->b->table_eq(&two[k], u + k, NULL));
        must(c->b->table_fold(&one[k], &u[vars]));
        must(c->b->table_fold(&one[k], &u[vars + 1]));
    }
    must(c->b->quad_sums(x, one, &none));
    must(c->b->quad_fold_sums(y, two, &u[vars], &none));
    quads_same(c, x, y, vars);
    for (uint64_t at = 0; at < len; at += SEEN) {
        for (uint32_t k = 0; k < 2; k++) {
            must(c->b->table_export(v, &one[k], at, SEEN));
            must(c->b->table_export(v + SEEN, &two[k], at, SEEN));
            if (memcmp(v, v + SEEN, SEEN * sizeof(*v)) != 0)
                verdict(c, false, "quad_fold_sums tables", at);
        }
    }
    for (uint32_t k = 0; k < 2; k++) {
        must(c->b->table_clear(&one[k]));
        must(c->b->table_clear(&two[k]));
    }
    free(u);
    free(v);
}

/* Sums of the largest elements over more than 2^22 of them, where an unreduced
 * sum would overflow first; one table stands for both factors. */
void check_long(context *c)
{
    const size_t n = ((size_t)1 << 22) + 5;
    const uint32_t vars = 23;
    zkg_fr *v = get(n, sizeof(*v)), x, y, top;
    zkg_table t[2];

    largest(&top);
    for (size_t i = 0; i < n; i++)
        v[i] = top;
    must(c->ref->fr_dot(&x, v, v, n));
    must(c->b->fr_dot(&y, v, v, n));
    verdict(c, zkg_fr_equal(&x, &y), "fr_dot", n);
    free(v);

    for (int folded = 0; folded < 2; folded++) {
        const zkg_weights ones = {0};
        zkg_sums sums = {.want_at0 = true};
        zkg_fr want, square;

        /* all entries top; then folded by 0, which leaves them so */
        must(c->b->table_new(&t[0], vars));
        must(c->b->table_fill(&t[0], 0, (size_t)1 << vars, &top));
        if (folded) {
            zkg_fr zero = zkg_fr_zero;

            must(c->b->table_fold(&t[0], &zero));
            must(c->b->table_affine(&t[0], &zkg_fr_one, &zero));
        }
        t[1] = t[0];
        must(c->b->part_sums(&sums, ZKG_FORM_PRODUCT, t, &ones));
        zkg_fr_sqr(&square, &top);
        zkg_fr_mul_i64(&want, &square, (int64_t)1 << (t[0].vars - 1));
        verdict(c, zkg_fr_equal(&sums.at1, &want), "part_sums at1", vars);
        verdict(c, zkg_fr_equal(&sums.at0, &want), "part_sums at0", vars);
        verdict(c, zkg_fr_is_zero(&sums.c2), "part_sums c2", vars);
        must(c->b->table_clear(&t[0]));
    }
    check_long_quads(c, 22);
}
