/* SPDX-License-Identifier: Apache-2.0 */
/*
 * N x 512 times 512 x 512 twice: as a circuit, a gate of 512 products an
 * entry, and as an einsum, one sum for all of them.  What is proven is the
 * same; what it costs is not.
 *
 *     matmul-two-ways [N ..]            default 4 16
 */
#include <stdio.h>
#include <stdlib.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

enum { SIDE = 512 };

/* ---- as a circuit: one row of A a copy ---- */

static zkg_status record_row(zkg_recorder **out, zkg_error *err)
{
    zkg_var term[SIDE];
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "row_times_matrix", err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I8, 1, (uint64_t[]){SIDE});
    const zkg_param b = zkg_input(r, "b", ZKG_I8, 2, (uint64_t[]){SIDE, SIDE});
    const zkg_param c = zkg_output(r, "c", ZKG_I32, 1, (uint64_t[]){SIDE});

    for (uint64_t j = 0; j < SIDE; j++) {
        for (uint64_t i = 0; i < SIDE; i++)
            term[i] = zkg_mul(r, zkg_get(r, a, i), zkg_get(r, b, i * SIDE + j));
        zkg_set(r, c, j, zkg_sum(r, SIDE, term));
    }
    return zkg_recorder_finish(r, err);
}

typedef struct call {
    const zkg_recorder *kernel;
    uint64_t rows;
    const int64_t *b;
} call;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const call *k = user;
    zkg_handle a, b, c;

    ZKG_TRY(zkg_device_input(d, &a, "a", ZKG_I8, ZKG_PUBLIC, 2,
                             (uint64_t[]){k->rows, SIDE}, err));
    ZKG_TRY(zkg_device_fixed(d, &b, "b", ZKG_I8, 2, (uint64_t[]){SIDE, SIDE},
                             k->b, err));
    ZKG_TRY(zkg_device_call(d, "product", k->kernel, k->rows,
                            (zkg_arg[]){{"a", .in = a},
                                        {"b", .in = b, .broadcast = true},
                                        {"c", .out = &c}},
                            3, err));
    return zkg_device_output(d, c, "c", ZKG_PUBLIC, err);
}

static zkg_status build_circuit(zkg_graph **g, uint64_t rows, const int64_t *b,
                                zkg_error *err)
{
    zkg_recorder *kernel = NULL;
    zkg_status s = record_row(&kernel, err);

    if (s == ZKG_OK) {
        call k = {kernel, rows, b};

        s = example_graph(g, calls, &k, err);
    }
    zkg_recorder_free(kernel);
    return s;
}

/* ---- as an einsum: sum_k a[i,k] b[k,j] - c[i,j] = 0 ---- */

static zkg_status add_tensor(zkg_graph *g, const char *name, zkg_dtype type,
                             zkg_visibility visibility, uint64_t rows,
                             int64_t most, zkg_error *err)
{
    const zkg_tensor_spec spec = {
        .name = name,
        .type = type,
        .visibility = visibility,
        .axes = 2,
        .len = {rows, SIDE},
        .min = -most,
        .max = most,
    };

    return zkg_graph_add_tensor(g, &spec, err);
}

static zkg_status fill_einsum(zkg_graph *g, uint64_t rows, const int64_t *b,
                              zkg_error *err)
{
    ZKG_TRY(add_tensor(g, "a", ZKG_I8, ZKG_PUBLIC, rows, 127, err));
    ZKG_TRY(add_tensor(g, "b", ZKG_I8, ZKG_FIXED, SIDE, 127, err));
    ZKG_TRY(add_tensor(g, "c", ZKG_I32, ZKG_PUBLIC, rows, INT32_MAX, err));
    ZKG_TRY(zkg_graph_set_fixed(g, "b", b, SIDE * SIDE, err));
    ZKG_TRY(zkg_graph_add_kernel(g, "product", err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "product", "i", rows, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "product", "j", SIDE, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "product", "k", SIDE, err));
    ZKG_TRY(zkg_graph_kernel_param(g, "product", "a", "i,k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "product", "b", "k,j", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "product", "c", "i,j", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, "product", "i,j", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "product", "1", "a[i,k]", "b[k,j]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, "product", "-1", "c[i,j]", NULL, err));
    ZKG_TRY(zkg_graph_add_task(g, "product", "product", 1, err));
    ZKG_TRY(zkg_graph_bind(g, "a", "a", false, err));
    ZKG_TRY(zkg_graph_bind(g, "b", "b", false, err));
    ZKG_TRY(zkg_graph_bind(g, "c", "c", false, err));
    ZKG_TRY(zkg_graph_add_input(g, "a", err));
    ZKG_TRY(zkg_graph_add_output(g, "c", err));
    ZKG_TRY(zkg_graph_rule_solve(g, "product", 0, "c", err));
    return zkg_graph_finish(g, err);
}

static zkg_status build_einsum(zkg_graph **g, uint64_t rows, const int64_t *b,
                               zkg_error *err)
{
    zkg_status s;

    ZKG_TRY(zkg_graph_new(g, err));
    s = fill_einsum(*g, rows, b, err);
    if (s != ZKG_OK) {
        zkg_graph_free(*g);
        *g = NULL;
    }
    return s;
}

/* ---- side by side ---- */

typedef struct data {
    uint64_t rows;
    int64_t *a, *b, *c;
} data;

static zkg_status data_init(data *d, uint64_t rows, zkg_error *err)
{
    d->rows = rows;
    d->a = calloc(rows * SIDE, sizeof(*d->a));
    d->b = calloc((size_t)SIDE * SIDE, sizeof(*d->b));
    d->c = calloc(rows * SIDE, sizeof(*d->c));
    if (d->a == NULL || d->b == NULL || d->c == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < rows * SIDE; i++)
        d->a[i] = (int64_t)(37 * i % 255) - 127;
    for (uint64_t i = 0; i < SIDE * SIDE; i++)
        d->b[i] = (int64_t)(101 * i % 253) - 126;
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t k = 0; k < SIDE; k++) {
            for (uint64_t j = 0; j < SIDE; j++)
                d->c[i * SIDE + j] += d->a[i * SIDE + k] * d->b[k * SIDE + j];
        }
    }
    return ZKG_OK;
}

static void data_clear(data *d)
{
    free(d->a);
    free(d->b);
    free(d->c);
}

static zkg_status measure(example *e, const zkg_graph *g, const char *how,
                          const data *d, zkg_error *err)
{
    const size_t n = d->rows * SIDE;
    zkg_prove_input input = {.srs = e->srs};
    zkg_prove_report report = {0};
    zkg_verdict verdict = {0};
    zkg_witness *w = NULL;
    zkg_key *key = NULL;
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s = zkg_witness_new(&w, g, NULL, err);

    if (s == ZKG_OK)
        s = zkg_witness_set_i64(w, "a", d->a, n, err);
    if (s == ZKG_OK)
        s = zkg_witness_make(w, err);
    if (s == ZKG_OK)
        s = example_expect(w, "c", d->c, n, err);
    if (s == ZKG_OK)
        s = zkg_key_new(&key, g, e->srs, err);
    if (s == ZKG_OK) {
        input.key = key;
        input.arrays = zkg_witness_arrays(w);
        s = zkg_prove(&proof, &len, &report, e->world, e->world, &input, NULL,
                      err);
    }
    if (s == ZKG_OK && example_is_first(e))
        s = zkg_verify_with_key(&verdict, key, proof, len, NULL, err);
    if (s == ZKG_OK && example_is_first(e)) {
        proof[len / 2] ^= 1;
        if (zkg_verify_with_key(NULL, key, proof, len, NULL, NULL) == ZKG_OK)
            s = zkg_fail(err, ZKG_ERR_INTERNAL, "an altered proof was taken");
        printf("%6llu  %-8s %8.2f s %8.0f MiB %8zu bytes\n",
               (unsigned long long)d->rows, how, report.prove_s,
               (double)report.rank[0].peak_rss / (1 << 20),
               len - report.public_bytes);
    }
    zkg_prove_report_clear(&report);
    zkg_proof_free(proof);
    zkg_key_free(key);
    zkg_witness_free(w);
    return s;
}

/* The einsum first: the peak of memory is the process's own, so far. */
static zkg_status run(example *e, uint64_t rows, zkg_error *err)
{
    data d = {0};
    zkg_graph *sums = NULL, *gates = NULL;
    zkg_status s = data_init(&d, rows, err);

    if (s == ZKG_OK)
        s = build_einsum(&sums, rows, d.b, err);
    if (s == ZKG_OK)
        s = measure(e, sums, "einsum", &d, err);
    if (s == ZKG_OK)
        s = build_circuit(&gates, rows, d.b, err);
    if (s == ZKG_OK)
        s = measure(e, gates, "circuit", &d, err);
    zkg_graph_free(sums);
    zkg_graph_free(gates);
    data_clear(&d);
    return s;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    example e;
    zkg_status s = example_start(&e, "matmul-two-ways", argc, argv, &err);
    const char *const usual[] = {"4", "16"};
    const int runs = e.argc > 0 ? e.argc : 2;

    if (s == ZKG_OK && example_is_first(&e))
        printf("%6s  %-8s %10s %12s %14s\n", "N", "as", "time", "peak memory",
               "proof");
    for (int i = 0; i < runs && s == ZKG_OK; i++) {
        const uint64_t rows =
            strtoull(e.argc > 0 ? e.argv[i] : usual[i], NULL, 10);

        s = rows < 1 || rows > 1 << 14
                ? zkg_fail(&err, ZKG_ERR_USAGE, "N is 1 to 2^14")
                : run(&e, rows, &err);
    }
    return example_end(&e, s, &err);
}
