/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A product of matrices, and the sum of its entries: A (64 x 32) times B
 * (32 x 64), one row of A a copy, B shared by all of them; then sums by eights,
 * 4096 -> 512 -> 64 -> 8 -> 1, each through a new view of what the one before
 * made.  The result is held to what GMP computes.
 */
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

enum { ROWS = 64, INNER = 32, COLUMNS = 64, SUMMED = 8 };

static zkg_status record_row(zkg_recorder **out, zkg_error *err)
{
    zkg_var term[INNER];
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "row_times_matrix", err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I32, 1, (uint64_t[]){INNER});
    const zkg_param b =
        zkg_input(r, "b", ZKG_I32, 2, (uint64_t[]){INNER, COLUMNS});
    const zkg_param c = zkg_output(r, "c", ZKG_I64, 1, (uint64_t[]){COLUMNS});

    for (uint64_t j = 0; j < COLUMNS; j++) {
        for (uint64_t i = 0; i < INNER; i++)
            term[i] =
                zkg_mul(r, zkg_get(r, a, i), zkg_get(r, b, i * COLUMNS + j));
        zkg_set(r, c, j, zkg_sum(r, INNER, term));
    }
    return zkg_recorder_finish(r, err);
}

static zkg_status record_sum(zkg_recorder **out, zkg_error *err)
{
    zkg_var x[SUMMED];
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "sum_of_eight", err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I64, 1, (uint64_t[]){SUMMED});
    const zkg_param s = zkg_output(r, "s", ZKG_I64, 0, NULL);

    for (uint64_t i = 0; i < SUMMED; i++)
        x[i] = zkg_get(r, a, i);
    zkg_set(r, s, 0, zkg_sum(r, SUMMED, x));
    return zkg_recorder_finish(r, err);
}

typedef struct kernels {
    zkg_recorder *row, *sum;
} kernels;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    zkg_handle a, b, x;

    ZKG_TRY(zkg_device_input(d, &a, "a", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){ROWS, INNER}, err));
    ZKG_TRY(zkg_device_input(d, &b, "b", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){INNER, COLUMNS}, err));
    ZKG_TRY(zkg_device_call(d, "product", k->row, ROWS,
                            (zkg_arg[]){{"a", .in = a},
                                        {"b", .in = b, .broadcast = true},
                                        {"c", .out = &x}},
                            3, err));
    for (uint64_t n = ROWS * COLUMNS / SUMMED; n > 0; n /= SUMMED) {
        char task[32];

        snprintf(task, sizeof(task), "sums_%u", (unsigned)n);
        ZKG_TRY(zkg_device_reshape(d, &x, x, 2, (uint64_t[]){n, SUMMED}, err));
        ZKG_TRY(zkg_device_call(d, task, k->sum, n,
                                (zkg_arg[]){{"a", .in = x}, {"s", .out = &x}},
                                2, err));
    }
    return zkg_device_output(d, x, "total", ZKG_PUBLIC, err);
}

/* sum over i, j, k of a[i][k] b[k][j] */
static int64_t total_by_gmp(const int64_t *a, const int64_t *b)
{
    int64_t result;
    mpz_t sum, x, y;

    mpz_inits(sum, x, y, NULL);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            for (int k = 0; k < INNER; k++) {
                mpz_set_si(x, a[i * INNER + k]);
                mpz_set_si(y, b[k * COLUMNS + j]);
                mpz_addmul(sum, x, y);
            }
        }
    }
    result = mpz_fits_slong_p(sum) ? mpz_get_si(sum) : 0;
    mpz_clears(sum, x, y, NULL);
    return result;
}

static zkg_status run(example *e, const zkg_graph *g, zkg_error *err)
{
    int64_t a[ROWS * INNER], b[INNER * COLUMNS], total;
    const example_values in[] = {{"a", a, ROWS * INNER},
                                 {"b", b, INNER * COLUMNS}};
    const example_values out = {"total", &total, 1};

    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < INNER; j++)
            a[i * INNER + j] = 233 * i + j + 1;
    }
    for (int i = 0; i < INNER; i++) {
        for (int j = 0; j < COLUMNS; j++)
            b[i * COLUMNS + j] = 2333 * i + j + 1;
    }
    total = total_by_gmp(a, b);
    return example_run(e, g, in, 2, &out, 1, err);
}

int main(int argc, char **argv)
{
    kernels k = {NULL, NULL};
    zkg_error err = {0};
    zkg_graph *g = NULL;
    example e;
    zkg_status s = example_start(&e, "matmul", argc, argv, &err);

    if (s == ZKG_OK)
        s = record_row(&k.row, &err);
    if (s == ZKG_OK)
        s = record_sum(&k.sum, &err);
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &k, &err);
    if (s == ZKG_OK)
        s = run(&e, g, &err);
    zkg_graph_free(g);
    zkg_recorder_free(k.row);
    zkg_recorder_free(k.sum);
    return example_end(&e, s, &err);
}
