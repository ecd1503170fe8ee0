/* SPDX-License-Identifier: Apache-2.0 */
/* Operations over arrays: each call repeats until there is something to time,
 * and says what one of them takes. */
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "bench/bench.h"

/* Operations that are timed together, at least. */
#define LEAST ((size_t)1 << 16)

static size_t repeats(size_t n)
{
    return n < LEAST ? LEAST / n : 1;
}

/* What the slots work on. */
typedef struct arrays {
    size_t n;
    zkg_fr *a, *b;
    int16_t *ints; /* read as 8-bit, too */
    zkg_fr scalar;
} arrays;

static zkg_status arrays_init(arrays *x, const zkg_bench_env *env)
{
    x->n = (size_t)1 << env->log_size;
    x->a = zkg_alloc_aligned(x->n, sizeof(*x->a));
    x->b = zkg_alloc_aligned(x->n, sizeof(*x->b));
    x->ints = zkg_alloc_aligned(x->n, sizeof(*x->ints));
    if (x->a == NULL || x->b == NULL || x->ints == NULL)
        return ZKG_ERR_NOMEM;
    zkg_bench_fill(x->a, x->n, 1);
    zkg_bench_fill(x->b, x->n, 2);
    zkg_bench_fill(&x->scalar, 1, 3);
    for (size_t i = 0; i < x->n; i++)
        memcpy(&x->ints[i], x->b[i].l, sizeof(x->ints[i]));
    return ZKG_OK;
}

static void arrays_clear(arrays *x)
{
    zkg_free(x->a);
    zkg_free(x->b);
    zkg_free(x->ints);
}

typedef zkg_status step_fn(arrays *x, const zkg_backend *backend);

static zkg_status time_step(double *seconds, zkg_bench_env *env, step_fn *step)
{
    arrays x = {0};
    zkg_status s = arrays_init(&x, env);
    const size_t times = s == ZKG_OK ? repeats(x.n) : 0;
    const double from = zkg_bench_now();

    for (size_t i = 0; s == ZKG_OK && i < times; i++)
        s = step(&x, env->backend);
    if (s == ZKG_OK)
        *seconds = (zkg_bench_now() - from) / (double)times;
    arrays_clear(&x);
    return s;
}

static zkg_status axpy(arrays *x, const zkg_backend *backend)
{
    return backend->fr_axpy(x->a, &x->scalar, x->b, x->n);
}

zkg_status zkg_bench_fr_axpy(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, axpy);
}

static zkg_status dot(arrays *x, const zkg_backend *backend)
{
    return backend->fr_dot(&x->scalar, x->a, x->b, x->n);
}

zkg_status zkg_bench_fr_dot(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, dot);
}

static zkg_status dot_i8(arrays *x, const zkg_backend *backend)
{
    zkg_fr_wide acc = {{0}};

    return backend->int_dot(&acc, x->a, x->ints, ZKG_I8, x->n);
}

zkg_status zkg_bench_int_dot_i8(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, dot_i8);
}

static zkg_status dot_i16(arrays *x, const zkg_backend *backend)
{
    zkg_fr_wide acc = {{0}};

    return backend->int_dot(&acc, x->a, x->ints, ZKG_I16, x->n);
}

zkg_status zkg_bench_int_dot_i16(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, dot_i16);
}

static zkg_status evaluate(arrays *x, const zkg_backend *backend)
{
    return backend->poly_eval(&x->b[0], x->a, x->n, &x->scalar);
}

zkg_status zkg_bench_poly_eval(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, evaluate);
}

static zkg_status divide(arrays *x, const zkg_backend *backend)
{
    zkg_fr rest;

    return backend->poly_divide_linear(x->b, &rest, x->a, x->n, &x->scalar);
}

zkg_status zkg_bench_poly_divide(double *seconds, zkg_bench_env *env)
{
    return time_step(seconds, env, divide);
}

/* 64 rows that have 2^log_size integers together. */
zkg_status zkg_bench_int_fold_i8(double *seconds, zkg_bench_env *env)
{
    enum { ROWS = 64 };
    const size_t n = ((size_t)1 << env->log_size) / ROWS;
    zkg_fr *out = zkg_alloc_aligned(n, sizeof(*out));
    int8_t *cells = zkg_alloc_aligned(n, ROWS);
    const void *rows[ROWS];
    zkg_fr w[ROWS];
    zkg_status s = out == NULL || cells == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    double from;

    zkg_bench_fill(w, ROWS, 4);
    for (size_t i = 0; s == ZKG_OK && i < n * ROWS; i++)
        cells[i] = (int8_t)((i * 2654435761u) >> 24);
    for (size_t r = 0; s == ZKG_OK && r < ROWS; r++)
        rows[r] = cells + r * n;
    from = zkg_bench_now();
    if (s == ZKG_OK)
        s = env->backend->int_fold(out, w, rows, ROWS, ZKG_I8, n);
    *seconds = zkg_bench_now() - from;
    zkg_free(out);
    zkg_free(cells);
    return s;
}

zkg_status zkg_bench_table_fold(double *seconds, zkg_bench_env *env)
{
    const zkg_backend *b = env->backend;
    zkg_fr u[32];
    zkg_table t = {0};
    zkg_status s;
    double from;

    zkg_bench_fill(u, 32, 5);
    s = zkg_table_new(b, &t, env->log_size);
    if (s == ZKG_OK)
        s = b->table_eq(&t, u, NULL);
    from = zkg_bench_now();
    if (s == ZKG_OK)
        s = b->table_fold(&t, &u[0]);
    *seconds = zkg_bench_now() - from;
    zkg_table_clear(b, &t);
    return s;
}

zkg_status zkg_bench_fr_inv(double *seconds, zkg_bench_env *env)
{
    enum { TIMES = 200 };
    double from;
    zkg_fr x;

    (void)env;
    zkg_bench_fill(&x, 1, 6);
    from = zkg_bench_now();
    for (int i = 0; i < TIMES; i++) {
        zkg_fr_inv(&x, &x);
        zkg_fr_add(&x, &x, &zkg_fr_one);
    }
    *seconds = (zkg_bench_now() - from) / TIMES;
    /* the sum is used, so that it is computed */
    return zkg_fr_is_zero(&x) ? ZKG_ERR_INTERNAL : ZKG_OK;
}

zkg_status zkg_bench_hash(double *seconds, zkg_bench_env *env)
{
    enum { TIMES = 1000 };
    uint8_t state[64] = {1};
    double from;

    (void)env;
    from = zkg_bench_now();
    for (int i = 0; i < TIMES; i++) {
        zkg_hash h;

        zkg_hash_init(&h, 64);
        zkg_hash_update(&h, state, sizeof(state));
        zkg_hash_final(&h, state);
    }
    *seconds = (zkg_bench_now() - from) / TIMES;
    return ZKG_OK;
}
