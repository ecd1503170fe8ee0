/* SPDX-License-Identifier: Apache-2.0
 * checkbackend [--bench] [--long] [--seed N] [SLOT..]: every slot of every
 * backend that this processor runs, against `ref`.
 *
 * One check_SLOT() a line of slots.def: a slot without a check does not link.
 * Values are biased to 0, 1 and -1 and never all zero; sizes are odd as well
 * as even, and empty; arrays end in guard words.  With --bench the same calls
 * are timed, in nanoseconds an element; --long checks sums over arrays of more
 * than 2^22 elements instead. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "base/mem.h"

typedef struct context {
    const zkg_backend *ref, *b;
    const char *slot;
    uint64_t seed;
    bool bench;
    uint64_t checks, failures;
} context;

/* ---- values ---- */

static uint64_t next(context *c)
{
    uint64_t z = (c->seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The element whose limbs in memory are those of p - 1, the largest. */
static void largest(zkg_fr *out)
{
    uint8_t bytes[32];
    zkg_fr minus_one;

    zkg_fr_from_i64(&minus_one, -1);
    zkg_fr_to_bytes(bytes, &minus_one);
    (void)zkg_fr_from_mont_bytes(out, bytes);
}

static void draw(context *c, zkg_fr *out)
{
    uint64_t wide[8];

    for (int i = 0; i < 8; i++)
        wide[i] = next(c);
    switch (wide[7] % 8) {
    case 0:
        zkg_fr_from_i64(out, (int64_t)(wide[6] % 3) - 1);
        break;
    case 1:
        zkg_fr_from_i64(out, (int64_t)wide[0] >> wide[1] % 64);
        break;
    case 2:
        largest(out);
        break;
    default:
        zkg_fr_from_wide_bytes(out, (const uint8_t *)wide);
    }
}

static void *get(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);

    if (p == NULL)
        abort();
    return p;
}

/* n elements and one guard behind them; the first is never 0.  Some arrays
 * are the largest element, in all places or in every second one: where sums
 * and differences overflow first. */
static zkg_fr *elements(context *c, size_t n)
{
    const uint64_t pattern = next(c) % 16;
    zkg_fr *v = get(n + 1, sizeof(*v));

    for (size_t i = 0; i < n; i++) {
        if (pattern < 2)
            largest(&v[i]);
        else
            draw(c, &v[i]);
        if (pattern == 1 && i % 2 == 0)
            v[i] = zkg_fr_zero;
    }
    if (n > 0 && zkg_fr_is_zero(&v[0]))
        v[0] = zkg_fr_one;
    memset(&v[n], 0xa5, sizeof(*v));
    return v;
}

static zkg_fr *copy(const zkg_fr *v, size_t n)
{
    zkg_fr *out = get(n + 1, sizeof(*out));

    memcpy(out, v, (n + 1) * sizeof(*v));
    return out;
}

/* n integers of a type, extreme ones among them; 64 guard bytes behind. */
static void *integers(context *c, zkg_dtype type, size_t n)
{
    const size_t size = zkg_dtype_size(type);
    uint8_t *out = get(n * size + 64, 1);

    if (type == ZKG_FR) {
        zkg_fr *v = elements(c, n);

        memcpy(out, v, n * size);
        free(v);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t v = (int64_t)next(c);

        if (v % 8 == 0)
            v = zkg_dtype_min(type);
        else if (v % 8 == 1)
            v = zkg_dtype_max(type);
        else if (v % 8 == 2)
            v = 0;
        memcpy(out + i * size, &v, size); /* the low bytes: little-endian */
    }
    return out;
}

/* ---- comparison ---- */

static void verdict(context *c, bool good, const char *what, uint64_t n)
{
    c->checks++;
    if (good)
        return;
    c->failures++;
    if (c->failures < 20)
        printf("%s.%s differs: %s n=%" PRIu64 "\n", c->b->name, c->slot, what,
               n);
}

/* n elements and the guard */
static void same(context *c, const zkg_fr *a, const zkg_fr *b, size_t n,
                 const char *what)
{
    verdict(c, memcmp(a, b, (n + 1) * sizeof(*a)) == 0, what, n);
}

static void must(zkg_status s)
{
    if (s != ZKG_OK) {
        printf("a slot failed: %s\n", zkg_status_name(s));
        exit(1);
    }
}

/* A table in both backends. */
typedef struct pair {
    zkg_table ref, b;
} pair;

static void pair_zero(context *c, pair *p, uint32_t vars)
{
    must(c->ref->table_new(&p->ref, vars));
    must(c->b->table_new(&p->b, vars));
}

static void pair_draw(context *c, pair *p, uint32_t vars)
{
    const size_t n = (size_t)1 << vars;
    zkg_fr *v = elements(c, n);

    pair_zero(c, p, vars);
    must(c->ref->table_import(&p->ref, 0, v, ZKG_FR, n));
    must(c->b->table_import(&p->b, 0, v, ZKG_FR, n));
    free(v);
}

static void pair_clear(context *c, pair *p)
{
    must(c->ref->table_clear(&p->ref));
    must(c->b->table_clear(&p->b));
}

static void pair_same(context *c, const pair *p, const char *what)
{
    const size_t n = (size_t)1 << p->ref.vars;
    zkg_fr *x = elements(c, n), *y = copy(x, n);

    verdict(c, p->ref.vars == p->b.vars, "vars", n);
    must(c->ref->table_export(x, &p->ref, 0, n));
    must(c->b->table_export(y, &p->b, 0, n));
    same(c, x, y, n, what);
    free(x);
    free(y);
}

/* ---- time ---- */

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Repeat a call for a while and print the best time an element. */
#define BENCH(c, label, n, reset, call)                                        \
    do {                                                                       \
        double best_ = 1e9, end_ = seconds() + 0.3;                            \
        do {                                                                   \
            double from_, took_;                                               \
            reset;                                                             \
            from_ = seconds();                                                 \
            must(call);                                                        \
            took_ = seconds() - from_;                                         \
            if (took_ < best_)                                                 \
                best_ = took_;                                                 \
        } while (seconds() < end_);                                            \
        printf("%-6s %-20s %-14s %8.2f ns\n", (c)->b->name, (c)->slot, label,  \
               1e9 * best_ / (double)(n));                                     \
    } while (0)

enum { BENCH_VARS = 16, BENCH_LEN = 1 << BENCH_VARS };

/* ---- the checks ---- */

static const size_t lengths[] = {0,  1,  2,  3,   5,   7,   8,    9,    15,
                                 16, 17, 31, 100, 255, 257, 1000, 3001, 20011};
#define FOR_LENGTHS(n)                                                         \
    for (size_t i_ = 0, n = 0;                                                 \
         i_ < sizeof(lengths) / sizeof(*lengths) && (n = lengths[i_], true);   \
         i_++)

static void check_table_new(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        pair p;

        pair_zero(c, &p, vars);
        pair_same(c, &p, "zeros");
        pair_clear(c, &p);
    }
}

/* Where a table is placed; the elements are those of v. */
static zkg_fr *place_of(const zkg_fr *v, uint32_t vars)
{
    zkg_fr *place = zkg_alloc_aligned((size_t)1 << vars, sizeof(*v));

    if (place == NULL)
        abort();
    memcpy(place, v, sizeof(*v) << vars);
    return place;
}

static void check_table_place(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *v = elements(c, (size_t)1 << vars), *place = place_of(v, vars);
        pair p;

        must(c->ref->table_new(&p.ref, vars));
        must(c->b->table_place(&p.b, vars, place));
        pair_same(c, &p, "zeros");
        verdict(c, p.b.data == place, "in place", vars);
        pair_clear(c, &p);
        zkg_free(place);
        free(v);
    }
}

static void check_table_adopt(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *v = elements(c, (size_t)1 << vars), *place = place_of(v, vars);
        pair p;

        must(zkg_table_from_fr(c->ref, &p.ref, vars, v, (size_t)1 << vars));
        must(c->b->table_adopt(&p.b, vars, place));
        pair_same(c, &p, "elements");
        verdict(c, p.b.data == place, "in place", vars);
        pair_clear(c, &p);
        zkg_free(place);
        free(v);
    }
}

static void check_table_clear(context *c)
{
    pair p;

    pair_zero(c, &p, 3);
    pair_clear(c, &p);
    verdict(c, p.b.data == NULL && p.b.vars == 0, "cleared", 0);
    pair_clear(c, &p);
}

static void check_table_import(context *c)
{
    for (int type = ZKG_I8; type <= ZKG_FR; type++) {
        for (uint32_t vars = 0; vars < 10; vars++) {
            const size_t len = (size_t)1 << vars, at = len / 3;
            void *v = integers(c, (zkg_dtype)type, len);
            pair p;

            pair_draw(c, &p, vars);
            must(
                c->ref->table_import(&p.ref, at, v, (zkg_dtype)type, len - at));
            must(c->b->table_import(&p.b, at, v, (zkg_dtype)type, len - at));
            pair_same(c, &p, zkg_dtype_name((zkg_dtype)type));
            pair_clear(c, &p);
            free(v);
        }
    }
    if (c->bench) {
        void *v = integers(c, ZKG_I8, BENCH_LEN);
        zkg_table t;

        must(c->b->table_new(&t, BENCH_VARS));
        BENCH(c, "i8", BENCH_LEN, (void)0,
              c->b->table_import(&t, 0, v, ZKG_I8, BENCH_LEN));
        must(c->b->table_clear(&t));
        free(v);
    }
}

static void check_table_export(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        const size_t len = (size_t)1 << vars, at = len / 2, n = (len + 1) / 3;
        zkg_fr *x = elements(c, n), *y = copy(x, n);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_export(x, &p.ref, at, n));
        must(c->b->table_export(y, &p.b, at, n));
        same(c, x, y, n, "part");
        pair_clear(c, &p);
        free(x);
        free(y);
    }
}

static void check_table_fill(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        const size_t len = (size_t)1 << vars, at = len / 3;
        zkg_fr *v = elements(c, 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_fill(&p.ref, at, len / 2, v));
        must(c->b->table_fill(&p.b, at, len / 2, v));
        pair_same(c, &p, "part");
        pair_clear(c, &p);
        free(v);
    }
}

static void check_table_affine(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        zkg_fr *v = elements(c, 2);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_affine(&p.ref, &v[0], &v[1]));
        must(c->b->table_affine(&p.b, &v[0], &v[1]));
        pair_same(c, &p, "all");
        for (int again = 0; again < 3; again++) {
            must(c->ref->table_affine(&p.ref, &zkg_fr_one, &v[1]));
            must(c->b->table_affine(&p.b, &zkg_fr_one, &v[1]));
            pair_same(c, &p, "added");
        }
        pair_clear(c, &p);
        free(v);
    }
    if (c->bench) {
        zkg_fr *v = elements(c, 2);
        pair p;

        pair_draw(c, &p, BENCH_VARS);
        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->table_affine(&p.b, &v[0], &v[1]));
        BENCH(c, "added", BENCH_LEN, (void)0,
              c->b->table_affine(&p.b, &zkg_fr_one, &v[1]));
        pair_clear(c, &p);
        free(v);
    }
}

static void check_table_axpy(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        zkg_fr *v = elements(c, 1);
        pair p, x;

        pair_draw(c, &p, vars);
        pair_draw(c, &x, vars);
        must(c->ref->table_axpy(&p.ref, v, &x.ref));
        must(c->b->table_axpy(&p.b, v, &x.b));
        pair_same(c, &p, "all");
        pair_clear(c, &p);
        pair_clear(c, &x);
        free(v);
    }
}

static void check_table_fold(context *c)
{
    for (uint32_t vars = 1; vars < 12; vars++) {
        zkg_fr *v = elements(c, 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_fold(&p.ref, v));
        must(c->b->table_fold(&p.b, v));
        pair_same(c, &p, "folded");
        pair_clear(c, &p);
        free(v);
    }
    if (c->bench) {
        zkg_fr *v = elements(c, 1);
        zkg_table t;
        pair p;

        pair_draw(c, &p, BENCH_VARS);
        BENCH(c, "a new entry", BENCH_LEN / 2, t = p.b,
              c->b->table_fold(&t, v));
        pair_clear(c, &p);
        free(v);
    }
}

static void check_table_eq(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *u = elements(c, vars + 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_eq(&p.ref, u, vars % 2 ? &u[vars] : NULL));
        must(c->b->table_eq(&p.b, u, vars % 2 ? &u[vars] : NULL));
        pair_same(c, &p, "eq");
        pair_clear(c, &p);
        free(u);
    }
}

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

static void check_part_sums(context *c)
{
    check_sums(c, false);
}

static void check_part_fold_sums(context *c)
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
static void check_quad_sums(context *c)
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

static void check_quad_fold_sums(context *c)
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
static void check_rows_sums(context *c)
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

static void check_rows_fold(context *c)
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

static void check_rows_up(context *c)
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

static void check_pair_affine(context *c)
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

static void check_fraction_up(context *c)
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

/* The element an accumulator stands for; limbs may differ. */
static void wide_same(context *c, const zkg_fr_wide *x, const zkg_fr_wide *y,
                      size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        zkg_fr a, b;

        zkg_fr_wide_reduce(&a, &x[i]);
        zkg_fr_wide_reduce(&b, &y[i]);
        verdict(c, zkg_fr_equal(&a, &b), what, n);
    }
}

/* The largest weights, with the least and the largest integers by turns or
 * alone, against sums one by one. */
static void dot_extremes(context *c, zkg_dtype type)
{
    enum { N = 9001 };
    const size_t size = zkg_dtype_size(type);
    uint8_t *v = get(N, size);
    zkg_fr *w = get(N, sizeof(*w));

    for (size_t i = 0; i < N; i++)
        largest(&w[i]);
    for (int turn = 0; turn < 3; turn++) {
        zkg_fr_wide x = {{0}}, y = {{0}};

        for (size_t i = 0; i < N; i++) {
            const bool most = turn == 2 ? i % 2 != 0 : turn != 0;
            const int64_t cell =
                most ? zkg_dtype_max(type) : zkg_dtype_min(type);

            memcpy(v + i * size, &cell, size); /* little-endian */
            zkg_fr_wide_mac(&x, &w[i], cell);
        }
        must(c->b->int_dot(&y, w, v, type, N));
        wide_same(c, &x, &y, 1, zkg_dtype_name(type));
    }
    free(v);
    free(w);
}

static void check_int_dot(context *c)
{
    for (int type = ZKG_I8; type < ZKG_FR; type++)
        dot_extremes(c, (zkg_dtype)type);
    for (int type = ZKG_I8; type <= ZKG_FR; type++) {
        const char *name = zkg_dtype_name((zkg_dtype)type);

        FOR_LENGTHS(n)
        {
            zkg_fr *w = elements(c, n), *start = elements(c, 1);
            void *v = integers(c, (zkg_dtype)type, n);
            zkg_fr_wide x = {{0}}, y;

            zkg_fr_wide_mac(&x, start, -5);
            y = x;
            must(c->ref->int_dot(&x, w, v, (zkg_dtype)type, n));
            must(c->b->int_dot(&y, w, v, (zkg_dtype)type, n));
            wide_same(c, &x, &y, 1, name);
            free(w);
            free(v);
            free(start);
        }
        if (c->bench) {
            zkg_fr *w = elements(c, BENCH_LEN);
            void *v = integers(c, (zkg_dtype)type, BENCH_LEN);
            zkg_fr_wide x = {{0}};

            BENCH(c, name, BENCH_LEN, (void)0,
                  c->b->int_dot(&x, w, v, (zkg_dtype)type, BENCH_LEN));
            free(w);
            free(v);
        }
    }
}

/* Sums as large and as small as a column's are: all rows are one, of the type's
 * least or largest integers, and all weights p - 1. */
static void fold_extremes(context *c, zkg_dtype type)
{
    enum { ROWS = 513, N = 44 };
    const void *rows[ROWS];
    zkg_fr w[ROWS];

    for (size_t r = 0; r < ROWS; r++)
        largest(&w[r]);
    for (int most = 0; most < 2; most++) {
        const int64_t v = most ? zkg_dtype_max(type) : zkg_dtype_min(type);
        zkg_fr x[N], y[N];
        int64_t cells[N];

        for (size_t i = 0; i < N; i++) {
            memcpy((uint8_t *)cells + i * zkg_dtype_size(type), &v,
                   zkg_dtype_size(type));
            largest(&x[i]);
            y[i] = x[i];
        }
        for (size_t r = 0; r < ROWS; r++)
            rows[r] = cells;
        must(c->ref->int_fold(x, w, rows, ROWS, type, N));
        must(c->b->int_fold(y, w, rows, ROWS, type, N));
        verdict(c, memcmp(x, y, sizeof(x)) == 0, zkg_dtype_name(type),
                (uint64_t)most);
    }
}

/* The same of elements: as many as are added up before a reduction, and more.
 */
static void fold_largest(context *c, size_t count)
{
    enum { ROWS = 129, N = 13 };
    const void *rows[ROWS];
    zkg_fr w[ROWS], x[N], y[N], cells[N];

    for (size_t i = 0; i < N; i++) {
        largest(&cells[i]);
        x[i] = y[i] = cells[i];
    }
    for (size_t r = 0; r < count; r++) {
        largest(&w[r]);
        rows[r] = cells;
    }
    must(c->ref->int_fold(x, w, rows, count, ZKG_FR, N));
    must(c->b->int_fold(y, w, rows, count, ZKG_FR, N));
    verdict(c, memcmp(x, y, sizeof(x)) == 0, "largest elements", count);
}

static void check_int_fold(context *c)
{
    static const size_t heights[] = {0, 1, 2, 5, 8, 17, 33, 259, 600};
    enum { HEIGHTS = sizeof(heights) / sizeof(heights[0]) };

    for (size_t k = 0; k < HEIGHTS * (ZKG_FR + 1); k++) {
        const zkg_dtype type = (zkg_dtype)(k / HEIGHTS);
        const size_t count = heights[k % HEIGHTS];
        const char *name = zkg_dtype_name(type);

        FOR_LENGTHS(n)
        {
            const void **rows;
            zkg_fr *w, *x, *y;

            if (n * count > 200000)
                continue;
            rows = get(count, sizeof(*rows));
            w = elements(c, count);
            x = elements(c, n);
            y = copy(x, n);
            for (size_t r = 0; r < count; r++)
                rows[r] = integers(c, type, n);
            must(c->ref->int_fold(x, w, rows, count, type, n));
            must(c->b->int_fold(y, w, rows, count, type, n));
            same(c, x, y, n, name);
            for (size_t r = 0; r < count; r++)
                free((void *)(uintptr_t)rows[r]);
            free(rows);
            free(w);
            free(x);
            free(y);
        }
    }
    for (int type = ZKG_I8; type < ZKG_FR; type++)
        fold_extremes(c, (zkg_dtype)type);
    for (size_t count = 63; count <= 129; count += 33)
        fold_largest(c, count);
    fold_largest(c, 64);
    for (int type = ZKG_I8; c->bench && type <= ZKG_FR; type++) {
        enum { ROWS = 256, ROW = 256 };
        const void *rows[ROWS];
        zkg_fr *w = elements(c, ROWS), *x = get(ROW, sizeof(*x));

        for (size_t r = 0; r < ROWS; r++)
            rows[r] = integers(c, (zkg_dtype)type, ROW);
        BENCH(c, zkg_dtype_name((zkg_dtype)type), ROWS * ROW, (void)0,
              c->b->int_fold(x, w, rows, ROWS, (zkg_dtype)type, ROW));
        BENCH(c, "one row", ROW, (void)0,
              c->b->int_fold(x, w, rows, 1, (zkg_dtype)type, ROW));
        for (size_t r = 0; r < ROWS; r++)
            free((void *)(uintptr_t)rows[r]);
        free(w);
        free(x);
    }
}

static void check_wide_reduce(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *w = elements(c, n), *x = elements(c, n), *y = copy(x, n);
        zkg_fr_wide *acc = get(n, sizeof(*acc));

        for (size_t i = 0; i < n; i++) {
            for (int k = 0; k < 3; k++)
                zkg_fr_wide_mac(&acc[i], &w[i], (int64_t)next(c));
            if (i % 4 == 1) {
                /* anything within 2^382, either sign; all ones; its least */
                for (int k = 0; k < 6; k++)
                    acc[i].l[k] = i % 8 == 1 ? next(c) : UINT64_MAX;
                acc[i].l[5] = (uint64_t)((int64_t)acc[i].l[5] >> 1);
            }
            if (i % 16 == 3)
                acc[i] = (zkg_fr_wide){{0, 0, 0, 0, 0, UINT64_C(3) << 62}};
        }
        must(c->ref->wide_reduce(x, acc, n));
        must(c->b->wide_reduce(y, acc, n));
        same(c, x, y, n, "elements");
        free(w);
        free(x);
        free(y);
        free(acc);
    }
    if (c->bench) {
        zkg_fr *x = elements(c, BENCH_LEN);
        zkg_fr_wide *acc = get(BENCH_LEN, sizeof(*acc));

        for (size_t i = 0; i < BENCH_LEN; i++)
            zkg_fr_wide_mac(&acc[i], &x[i], (int64_t)next(c));
        BENCH(c, "", BENCH_LEN, (void)0, c->b->wide_reduce(x, acc, BENCH_LEN));
        free(x);
        free(acc);
    }
}

static void check_eq_expand(context *c)
{
    for (uint32_t n = 0; n < 12; n++) {
        const size_t len = (size_t)1 << n;
        zkg_fr *u = elements(c, n + 1), *x = elements(c, len);
        zkg_fr *y = copy(x, len);

        must(c->ref->eq_expand(x, u, n, n % 2 ? &u[n] : NULL));
        must(c->b->eq_expand(y, u, n, n % 2 ? &u[n] : NULL));
        same(c, x, y, len, "eq");
        free(u);
        free(x);
        free(y);
    }
    if (c->bench) {
        zkg_fr *u = elements(c, BENCH_VARS), *x = elements(c, BENCH_LEN);

        BENCH(c, "an entry", BENCH_LEN, (void)0,
              c->b->eq_expand(x, u, BENCH_VARS, NULL));
        free(u);
        free(x);
    }
}

static void check_fr_axpy(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *v = elements(c, n), *x = elements(c, n), *y = copy(x, n);
        zkg_fr *k = elements(c, 1);

        must(c->ref->fr_axpy(x, k, v, n));
        must(c->b->fr_axpy(y, k, v, n));
        same(c, x, y, n, "apart");
        must(c->ref->fr_axpy(x, k, x, n));
        must(c->b->fr_axpy(y, k, y, n));
        same(c, x, y, n, "in place");
        free(v);
        free(x);
        free(y);
        free(k);
    }
    if (c->bench) {
        zkg_fr *v = elements(c, BENCH_LEN), *x = elements(c, BENCH_LEN);

        BENCH(c, "", BENCH_LEN, (void)0, c->b->fr_axpy(x, v, v, BENCH_LEN));
        free(v);
        free(x);
    }
}

static void check_fr_dot(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *a = elements(c, n), *b = elements(c, n);
        zkg_fr *x = elements(c, 1), *y = copy(x, 1);

        must(c->ref->fr_dot(x, a, b, n));
        must(c->b->fr_dot(y, a, b, n));
        same(c, x, y, 1, "sum");
        must(c->ref->fr_dot(x, a, a, n));
        must(c->b->fr_dot(y, a, a, n));
        same(c, x, y, 1, "squares");
        free(a);
        free(b);
        free(x);
        free(y);
    }
    if (c->bench) {
        zkg_fr *a = elements(c, BENCH_LEN), *b = elements(c, BENCH_LEN), out;

        BENCH(c, "", BENCH_LEN, (void)0, c->b->fr_dot(&out, a, b, BENCH_LEN));
        free(a);
        free(b);
    }
}

static void check_fr_mul_at(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *a = elements(c, n), *v = elements(c, n / 2 + 1);
        zkg_fr *x = elements(c, n), *y = copy(a, n);
        uint32_t *at = get(n, sizeof(*at));

        for (size_t i = 0; i < n; i++)
            at[i] = (uint32_t)((i * 7 + 3) % (n / 2 + 1));
        must(c->ref->fr_mul_at(x, a, v, at, n));
        must(c->b->fr_mul_at(y, y, v, at, n));
        same(c, x, y, n, "products");
        free(a);
        free(v);
        free(x);
        free(y);
        free(at);
    }
    if (c->bench) {
        zkg_fr *a = elements(c, BENCH_LEN), *v = elements(c, BENCH_LEN);
        uint32_t *at = get(BENCH_LEN, sizeof(*at));

        for (size_t i = 0; i < BENCH_LEN; i++)
            at[i] = (uint32_t)((i * 7 + 3) % BENCH_LEN);
        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->fr_mul_at(a, a, v, at, BENCH_LEN));
        free(a);
        free(v);
        free(at);
    }
}

static void check_fr_dot_pairs(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *w = elements(c, n), *v = elements(c, 2 * n), *half = get(n, 32);
        zkg_fr *x = elements(c, 2), *y = copy(x, 2), *z = copy(x, 2);

        must(c->ref->fr_dot_pairs(x, w, v, n));
        must(c->b->fr_dot_pairs(y, w, v, n));
        same(c, x, y, 2, "sums");
        for (size_t odd = 0; odd < 2; odd++) {
            for (size_t i = 0; i < n; i++)
                half[i] = v[2 * i + odd];
            must(c->ref->fr_dot(&z[odd], w, half, n));
        }
        same(c, x, z, 2, "as fr_dot");
        free(w);
        free(v);
        free(half);
        free(x);
        free(y);
        free(z);
    }
    if (c->bench) {
        zkg_fr *w = elements(c, BENCH_LEN), *v = elements(c, 2 * BENCH_LEN);
        zkg_fr out[2];

        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->fr_dot_pairs(out, w, v, BENCH_LEN));
        free(w);
        free(v);
    }
}

static void check_poly_fold(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *p = elements(c, 2 * n), *q = copy(p, 2 * n);
        zkg_fr *x = elements(c, n), *y = copy(x, n), *u = elements(c, 1);

        must(c->ref->poly_fold(x, p, u, n));
        must(c->b->poly_fold(y, p, u, n));
        same(c, x, y, n, "apart");
        must(c->ref->poly_fold(p, p, u, n));
        must(c->b->poly_fold(q, q, u, n));
        same(c, p, q, 2 * n, "in place");
        free(p);
        free(q);
        free(x);
        free(y);
        free(u);
    }
    if (c->bench) {
        zkg_fr *p = elements(c, BENCH_LEN), *x = elements(c, BENCH_LEN);

        BENCH(c, "a new entry", BENCH_LEN / 2, (void)0,
              c->b->poly_fold(x, p, p, BENCH_LEN / 2));
        free(p);
        free(x);
    }
}

static void check_poly_eval(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *p = elements(c, n), *at = elements(c, 1);
        zkg_fr *x = elements(c, 1), *y = copy(x, 1);

        must(c->ref->poly_eval(x, p, n, at));
        must(c->b->poly_eval(y, p, n, at));
        same(c, x, y, 1, "value");
        free(p);
        free(at);
        free(x);
        free(y);
    }
    if (c->bench) {
        zkg_fr *p = elements(c, BENCH_LEN), out;

        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->poly_eval(&out, p, BENCH_LEN, &p[1]));
        free(p);
    }
}

static void check_poly_divide_linear(context *c)
{
    FOR_LENGTHS(n)
    {
        zkg_fr *p = elements(c, n + 1), *at = elements(c, 1);
        zkg_fr *x = elements(c, n), *y = copy(x, n);
        zkg_fr *rest = elements(c, 1), *rest_b = copy(rest, 1);

        must(c->ref->poly_divide_linear(x, rest, p, n + 1, at));
        must(c->b->poly_divide_linear(y, rest_b, p, n + 1, at));
        same(c, x, y, n, "quotient");
        same(c, rest, rest_b, 1, "rest");
        must(c->b->poly_divide_linear(p, rest_b, p, n + 1, at));
        verdict(c, memcmp(p, x, n * sizeof(*x)) == 0, "in place", n);
        free(p);
        free(at);
        free(x);
        free(y);
        free(rest);
        free(rest_b);
    }
    if (c->bench) {
        zkg_fr *p = elements(c, BENCH_LEN), *x = elements(c, BENCH_LEN), rest;

        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->poly_divide_linear(x, &rest, p, BENCH_LEN, &p[1]));
        free(p);
        free(x);
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
static void check_long(context *c)
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

/* ---- wires ---- */

/* Wires in both backends, of the same values. */
typedef struct both {
    zkg_wires ref, b;
} both;

static zkg_wires wires_new(zkg_dtype type, uint32_t lanes, size_t count,
                           size_t groups)
{
    zkg_wires w = {NULL, type, lanes, count, groups};

    w.at = aligned_alloc(64, (zkg_wires_bytes(&w) + 127) / 64 * 64);
    if (w.at == NULL)
        abort();
    memset(w.at, 0xa5, zkg_wires_bytes(&w));
    return w;
}

static both both_new(zkg_dtype type, uint32_t lanes, size_t count,
                     size_t groups)
{
    return (both){wires_new(type, lanes, count, groups),
                  wires_new(type, lanes, count, groups)};
}

/* Integers not larger than `most`. */
static both both_draw(context *c, zkg_dtype type, uint32_t lanes, size_t count,
                      size_t groups, int64_t most)
{
    const size_t n = count * lanes;
    both w = both_new(type, lanes, count, groups);

    for (size_t g = 0; type == ZKG_FR && g < groups; g++) {
        zkg_fr *v = elements(c, n);

        must(c->ref->wires_import(&w.ref, g, v));
        must(c->b->wires_import(&w.b, g, v));
        free(v);
    }
    for (size_t i = 0; type != ZKG_FR && i < n * groups; i++) {
        const int64_t low =
            zkg_dtype_min(type) < -most ? -most : zkg_dtype_min(type);
        const int64_t high =
            zkg_dtype_max(type) > most ? most : zkg_dtype_max(type);
        const uint64_t pick = next(c);
        const int64_t v =
            pick % 4 == 0   ? low
            : pick % 4 == 1 ? high
                            : low + (int64_t)(next(c) % (uint64_t)(high - low));
        const size_t size = zkg_dtype_size(type);

        memcpy((char *)w.ref.at + i * size, &v, size);
        memcpy((char *)w.b.at + i * size, &v, size);
    }
    return w;
}

static void both_clear(both *w)
{
    free(w->ref.at);
    free(w->b.at);
}

static void both_same(context *c, const both *w, const char *what)
{
    const size_t n = w->ref.count * w->ref.lanes;

    verdict(c,
            w->ref.count == w->b.count && w->ref.groups == w->b.groups &&
                w->ref.type == w->b.type && w->ref.lanes == w->b.lanes,
            "shape", n);
    for (size_t g = 0; g < w->ref.groups; g++) {
        zkg_fr *x = elements(c, n), *y = copy(x, n);

        must(c->ref->wires_export(x, &w->ref, g));
        must(c->b->wires_export(y, &w->b, g));
        same(c, x, y, n, what);
        free(x);
        free(y);
    }
}

static const size_t wire_counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 300};
static const size_t wire_groups[] = {1, 2, 3, 130};
enum {
    WIRE_COUNTS = sizeof(wire_counts) / sizeof(*wire_counts),
    WIRE_GROUPS = sizeof(wire_groups) / sizeof(*wire_groups),
    WIRE_SHAPES = 4 * WIRE_COUNTS * WIRE_GROUPS
};

/* Shape s of wires: lanes, wires and groups. */
static void wire_shape(uint32_t *lanes, size_t *count, size_t *groups, size_t s)
{
    *lanes = 8u >> s % 4;
    *count = wire_counts[s / 4 % WIRE_COUNTS];
    *groups = wire_groups[s / 4 / WIRE_COUNTS];
    if (*count > 33 && *groups > 3)
        *groups = 1;
}

static void check_wires_import(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;
        both w;

        wire_shape(&lanes, &count, &groups, s);
        w = both_draw(c, ZKG_FR, lanes, count, groups, 0);
        both_same(c, &w, "import");
        both_clear(&w);
    }
}

static void check_wires_export(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;

        wire_shape(&lanes, &count, &groups, s);
        for (int type = ZKG_I8; type <= ZKG_I64; type++) {
            both w = both_draw(c, (zkg_dtype)type, lanes, count, groups,
                               ZKG_WIRE_MOST);

            both_same(c, &w, "export");
            both_clear(&w);
        }
    }
}

enum { TERM_SOURCES = 3 };

/* Random terms of `count` wires over sources of `wires` wires: of some wires
 * none, of some several hundred. */
static zkg_wire_term *draw_terms(context *c, size_t *n, size_t count,
                                 size_t wires, size_t weights)
{
    zkg_wire_term *t = get(count * 3 + 700, sizeof(*t));

    *n = 0;
    for (size_t x = 0; x < count; x++) {
        size_t of = next(c) % 4;

        if (x == count / 2)
            of = next(c) % 3 == 0 ? 700 : of;
        for (size_t k = 0; k < of && *n < count * 3 + 700; k++)
            t[(*n)++] =
                (zkg_wire_term){.to = (uint32_t)x,
                                .weight = (uint32_t)(next(c) % weights),
                                .a = (uint32_t)(next(c) % wires),
                                .b = next(c) % 2 ? (uint32_t)(next(c) % wires)
                                                 : ZKG_WIRE_LINEAR,
                                .a_source = (uint16_t)(next(c) % TERM_SOURCES),
                                .b_source = (uint16_t)(next(c) % TERM_SOURCES)};
    }
    return t;
}

static void check_wires_terms(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        const size_t wires = 5, weights = 11;
        zkg_wires in_ref[TERM_SOURCES], in_b[TERM_SOURCES];
        both from[TERM_SOURCES], out;
        zkg_fr *base, *weight = elements(c, weights);
        uint32_t lanes;
        size_t count, groups, n;
        zkg_wire_term *t;

        wire_shape(&lanes, &count, &groups, s);
        base = elements(c, count);
        weight[1] = zkg_fr_one;
        zkg_fr_neg(&weight[2], &zkg_fr_one);
        for (int k = 0; k < TERM_SOURCES; k++) {
            const zkg_dtype type =
                next(c) % 2 ? ZKG_FR : (zkg_dtype)(next(c) % ZKG_FR);

            from[k] = both_draw(c, type, lanes, wires, groups, ZKG_WIRE_MOST);
            in_ref[k] = from[k].ref;
            in_b[k] = from[k].b;
        }
        out = both_new(ZKG_FR, lanes, count, groups);
        t = draw_terms(c, &n, count, wires, weights);
        must(
            c->ref->wires_terms(&out.ref, base, t, n, weight, weights, in_ref));
        must(c->b->wires_terms(&out.b, base, t, n, weight, weights, in_b));
        both_same(c, &out, "gates");
        for (int k = 0; k < TERM_SOURCES; k++)
            both_clear(&from[k]);
        both_clear(&out);
        free(base);
        free(weight);
        free(t);
    }
    for (int form = 0; c->bench && form < 3; form++) {
        static const char *const label[] = {"products", "weighted", "i8"};
        both x = both_draw(c, form == 2 ? ZKG_I8 : ZKG_FR, 8, 1024, 16, 127);
        both y = both_new(ZKG_FR, 8, 1024, 16);
        zkg_wire_term *t = get(1024, sizeof(*t));
        zkg_fr *base = elements(c, 1024);

        for (uint32_t i = 0; i < 1024; i++)
            t[i] = (zkg_wire_term){.to = i,
                                   .weight = form == 0 ? 0 : i,
                                   .a = (uint32_t)(next(c) % 1024),
                                   .b = form == 0 ? (uint32_t)(next(c) % 1024)
                                                  : ZKG_WIRE_LINEAR};
        base[0] = zkg_fr_one;
        BENCH(c, label[form], 1024 * 128, (void)0,
              c->b->wires_terms(&y.b, base, t, 1024, base, 1024, &x.b));
        both_clear(&x);
        both_clear(&y);
        free(t);
        free(base);
    }
}

static void check_wires_int_terms(context *c)
{
    for (size_t s = 0; s < 2 * WIRE_SHAPES; s++) {
        const size_t wires = 5, weights = 7;
        zkg_wires in_ref[TERM_SOURCES], in_b[TERM_SOURCES];
        both from[TERM_SOURCES], out;
        int64_t *base, *weight = get(weights, sizeof(*weight));
        uint64_t most_ref = 0, most_b = 0;
        uint32_t lanes;
        size_t count, groups, n;
        zkg_wire_term *t;

        wire_shape(&lanes, &count, &groups, s / 2);
        base = get(count, sizeof(*base));
        for (size_t i = 0; i < count; i++)
            base[i] = (int64_t)(next(c) % 5) - 2;
        for (size_t i = 0; i < weights; i++)
            weight[i] = (int64_t)(next(c) % 5) - 2;
        weight[0] = 1;
        for (int k = 0; k < TERM_SOURCES; k++) {
            from[k] = both_draw(c, (zkg_dtype)(next(c) % ZKG_FR), lanes, wires,
                                groups, s % 2 ? 3 : 30000);
            in_ref[k] = from[k].ref;
            in_b[k] = from[k].b;
        }
        t = draw_terms(c, &n, count, wires, weights);
        /* at most 700 * 2 * 9 + 2, or 700 * 2 * 9e8 + 2 */
        out = both_new(s % 2 ? ZKG_I16 : ZKG_I64, lanes, count, groups);
        must(c->ref->wires_int_terms(&out.ref, &most_ref, base, t, n, weight,
                                     in_ref));
        must(c->b->wires_int_terms(&out.b, &most_b, base, t, n, weight, in_b));
        both_same(c, &out, "gates");
        verdict(c, most_ref == most_b, "most", count);
        for (int k = 0; k < TERM_SOURCES; k++)
            both_clear(&from[k]);
        both_clear(&out);
        free(base);
        free(weight);
        free(t);
    }
    if (c->bench) {
        both x = both_draw(c, ZKG_I8, 8, 1024, 16, 1);
        both y = both_new(ZKG_I8, 8, 1024, 16);
        zkg_wire_term *t = get(1024, sizeof(*t));
        int64_t *zeros = get(1024, sizeof(*zeros));
        const int64_t one = 1;
        uint64_t most;

        for (uint32_t i = 0; i < 1024; i++)
            t[i] = (zkg_wire_term){.to = i,
                                   .a = (uint32_t)(next(c) % 1024),
                                   .b = (uint32_t)(next(c) % 1024)};
        BENCH(c, "i8 products", 1024 * 128, (void)0,
              c->b->wires_int_terms(&y.b, &most, zeros, t, 1024, &one, &x.b));
        both_clear(&x);
        both_clear(&y);
        free(t);
        free(zeros);
    }
}

static void round_same(context *c, const zkg_sums *x, const zkg_sums *y,
                       size_t n)
{
    verdict(c, zkg_fr_equal(&x->at1, &y->at1), "at1", n);
    verdict(c, zkg_fr_equal(&x->c2, &y->c2), "c2", n);
}

/* All rounds of a source, as a sumcheck has them. */
static void check_rounds(context *c, zkg_dtype type, uint32_t lanes,
                         size_t count, size_t groups)
{
    both from = both_draw(c, type, lanes, count, groups, ZKG_WIRE_MOST);
    both h = both_draw(c, ZKG_FR, lanes, count, groups, 0);
    both v = both_new(ZKG_FR, lanes, (count + 1) / 2, groups);
    zkg_fr *weight = elements(c, groups * lanes);
    const zkg_fr *w = next(c) % 3 == 0 ? NULL : weight;
    zkg_sums x = {0}, y = {0};
    zkg_fr *r;

    must(c->ref->wires_round(&x, &v.ref, &h.ref, &from.ref, NULL, w));
    must(c->b->wires_round(&y, &v.b, &h.b, &from.b, NULL, w));
    round_same(c, &x, &y, count);
    for (bool first = true; first || v.ref.count > 1; first = false) {
        const bool last = (first ? count : v.ref.count) <= 2;

        r = elements(c, 1);
        must(c->ref->wires_round(last ? NULL : &x, &v.ref, &h.ref,
                                 first ? &from.ref : &v.ref, r, w));
        must(c->b->wires_round(last ? NULL : &y, &v.b, &h.b,
                               first ? &from.b : &v.b, r, w));
        both_same(c, &v, "values");
        both_same(c, &h, "weights");
        round_same(c, &x, &y, count);
        free(r);
    }
    both_clear(&from);
    both_clear(&h);
    both_clear(&v);
    free(weight);
}

static void check_wires_round(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;

        wire_shape(&lanes, &count, &groups, s);
        check_rounds(c, ZKG_FR, lanes, count, groups);
        check_rounds(c, (zkg_dtype)(next(c) % ZKG_FR), lanes, count, groups);
        check_rounds(c, ZKG_I64, lanes, count, groups);
    }
    for (int type = 0; c->bench && type < 2; type++) {
        both x = both_draw(c, type ? ZKG_I8 : ZKG_FR, 8, 1024, 64, 127);
        both h = both_draw(c, ZKG_FR, 8, 1024, 64, 0);
        both v = both_new(ZKG_FR, 8, 512, 64);
        zkg_fr *w = elements(c, 512);
        zkg_sums sums = {0};

        BENCH(c, type ? "i8 sums" : "sums", 1024 * 512, (void)0,
              c->b->wires_round(&sums, &v.b, &h.b, &x.b, NULL, w));
        BENCH(c, type ? "i8 fold, sums" : "fold, sums", 1024 * 512,
              h.b.count = 1024,
              c->b->wires_round(&sums, &v.b, &h.b, &x.b, w, w));
        both_clear(&x);
        both_clear(&h);
        both_clear(&v);
        free(w);
    }
}

static void check_wires_dot(context *c)
{
    for (size_t s = 0; s < 2 * WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;
        zkg_fr *x, *y, *weight;
        both v;

        wire_shape(&lanes, &count, &groups, s / 2);
        x = elements(c, count);
        y = copy(x, count);
        weight = elements(c, groups * lanes);
        v = both_draw(c, s % 2 ? ZKG_FR : (zkg_dtype)(next(c) % ZKG_FR), lanes,
                      count, groups, ZKG_WIRE_MOST);
        must(c->ref->wires_dot(x, &v.ref, weight));
        must(c->b->wires_dot(y, &v.b, weight));
        same(c, x, y, count, "sums");
        both_clear(&v);
        free(x);
        free(y);
        free(weight);
    }
    for (int type = 0; c->bench && type < 2; type++) {
        both x = both_draw(c, type ? ZKG_I8 : ZKG_FR, 8, 1024, 64, 127);
        zkg_fr *w = elements(c, 512), *y = elements(c, 1024);

        BENCH(c, type ? "i8" : "elements", 1024 * 512, (void)0,
              c->b->wires_dot(y, &x.b, w));
        both_clear(&x);
        free(w);
        free(y);
    }
}

/* ---- all ---- */

static const struct {
    const char *slot;
    void (*check)(context *c);
} checks[] = {
#define SLOT(slot, arguments, names, meaning) {#slot, check_##slot},
#include "backend/slots.def"
#undef SLOT
};

static bool wanted(const char *slot, int argc, char **argv)
{
    bool any = false;

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            i += strcmp(argv[i], "--seed") == 0;
            continue;
        }
        any = true;
        if (strcmp(argv[i], slot) == 0)
            return true;
    }
    return !any;
}

int main(int argc, char **argv)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_MULX | ZKG_CPU_AVX2,
                              ZKG_CPU_ALL};
    context c = {.ref = zkg_backend_ref(), .seed = 1};
    const zkg_backend *last = NULL;
    bool bad = false, longer = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0)
            longer = true;
        if (strcmp(argv[i], "--bench") == 0)
            c.bench = true;
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            c.seed = strtoull(argv[i + 1], NULL, 10);
    }
    for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
        c.b = zkg_backend_get(zkg_cpu_features(masks[m]));
        if (c.b == last)
            continue;
        last = c.b;
        c.checks = c.failures = 0;
        for (size_t k = 0; k < sizeof(checks) / sizeof(*checks); k++) {
            c.slot = checks[k].slot;
            if (!longer && wanted(c.slot, argc, argv))
                checks[k].check(&c);
        }
        c.slot = "long";
        if (longer)
            check_long(&c);
        printf("%s: %" PRIu64 " checks, %" PRIu64 " failed\n", c.b->name,
               c.checks, c.failures);
        bad = bad || c.failures > 0;
    }
    return bad;
}
