/* SPDX-License-Identifier: Apache-2.0
 * Arrays of elements and of integers. */
#include "check.h"

static const size_t lengths[] = {0,  1,  2,  3,   5,   7,   8,    9,    15,
                                 16, 17, 31, 100, 255, 257, 1000, 3001, 20011};
#define FOR_LENGTHS(n)                                                         \
    for (size_t i_ = 0, n = 0;                                                 \
         i_ < sizeof(lengths) / sizeof(*lengths) && (n = lengths[i_], true);   \
         i_++)

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

void check_int_dot(context *c)
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

void check_int_fold(context *c)
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
    fold_largest(c, 2);
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

void check_wide_reduce(context *c)
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

void check_eq_expand(context *c)
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

void check_fr_axpy(context *c)
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

void check_fr_dot(context *c)
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

void check_fr_mul_at(context *c)
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

void check_fr_dot_pairs(context *c)
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

void check_poly_fold(context *c)
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

void check_poly_eval(context *c)
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

void check_poly_divide_linear(context *c)
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
