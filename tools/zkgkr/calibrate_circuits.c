/* SPDX-License-Identifier: Apache-2.0
 * What circuits take. */
#include "calibrate_circuits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "calibrate_children.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "schedule/fit.h"
#include "zkgkr/device.h"
#include "zkgkr/witness.h"

/* Rounds of a hash function of bits and of one of field elements, of some of
 * Keccak's and Poseidon's shape: what a gate takes follows how many terms and
 * relays there are to it. */
enum {
    BYTES = 32, /* that the bits are of */
    BITS = 1024,
    BIT_ROUNDS = 4,
    WIDTH = 3, /* elements */
    ROUNDS = 16,
    UNKNOWNS = 4
};

/* Copies of either circuit. */
static const struct {
    bool of_bits;
    uint64_t copies;
} probes[] = {{true, 1},   {false, 1}, {true, 8},
              {false, 32}, {true, 64}, {false, 512}};

enum { PROBES = sizeof(probes) / sizeof(probes[0]) };

struct zkg_circuit_probes {
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness *witness;
    double least[PROBES]; /* seconds */
};

/* ---- kernels ------------------------------------------------------------- */

/* Another wire each time. */
static zkg_var any_of(uint32_t *state, const zkg_var *v)
{
    *state = *state * 1664525 + 1013904223;
    return v[(*state >> 16) % BITS];
}

static zkg_var xor_of(zkg_recorder *r, zkg_var a, zkg_var b)
{
    return zkg_combine(r, 0, 3, (int64_t[]){1, 1, -2},
                       (zkg_var[]){a, b, zkg_mul(r, a, b)});
}

/* a + b + c modulo 2; then a + (1 - b) c. */
static void round_of_bits(zkg_recorder *r, zkg_var *v, uint32_t *state)
{
    zkg_var sum[BITS];

    for (uint32_t i = 0; i < BITS; i++)
        sum[i] = xor_of(r, xor_of(r, v[i], any_of(state, v)), any_of(state, v));
    for (uint32_t i = 0; i < BITS; i++) {
        const zkg_var not = zkg_sub(r, zkg_constant(r, 1), any_of(state, sum));

        v[i] = xor_of(r, sum[i], zkg_mul(r, not, any_of(state, sum)));
    }
}

static zkg_status record_bits(zkg_recorder **out, zkg_error *err)
{
    uint32_t state = 1;
    zkg_var v[BITS];
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(out, "bits", err));
    r = *out;

    const zkg_param x = zkg_input(r, "x", ZKG_U8, 1, (uint64_t[]){BYTES});
    const zkg_param y = zkg_output(r, "y", ZKG_I16, 0, NULL);

    for (uint32_t i = 0; i < BYTES; i++)
        zkg_bits(r, 8, &v[8 * i], zkg_get(r, x, i));
    for (uint32_t i = 8 * BYTES; i < BITS; i++)
        v[i] = v[i % (8 * BYTES)];
    for (uint32_t i = 0; i < BIT_ROUNDS; i++)
        round_of_bits(r, v, &state);
    zkg_set(r, y, 0, zkg_sum(r, BITS, v));
    return zkg_recorder_finish(r, err);
}

/* s_0 = s_0^5, then a matrix. */
static void round_of_elements(zkg_recorder *r, zkg_var s[WIDTH],
                              uint64_t *state)
{
    const zkg_var square = zkg_mul(r, s[0], s[0]);
    zkg_var mixed[WIDTH];

    s[0] = zkg_mul(r, zkg_mul(r, square, square), s[0]);
    for (uint32_t i = 0; i < WIDTH; i++) {
        zkg_scalar c[WIDTH + 1] = {0};

        for (uint32_t j = 0; j <= WIDTH; j++)
            for (uint32_t k = 0; k < 4; k++) {
                *state = *state * UINT64_C(6364136223846793005) + 1;
                c[j].limb[k] = *state >> 4; /* below p */
            }
        mixed[i] = zkg_combine_scalar(r, &c[WIDTH], WIDTH, c, s);
    }
    memcpy(s, mixed, sizeof(mixed));
}

static zkg_status record_elements(zkg_recorder **out, zkg_error *err)
{
    uint64_t state = 1;
    zkg_var s[WIDTH];
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(out, "elements", err));
    r = *out;

    const zkg_param x = zkg_input(r, "x", ZKG_FR, 1, (uint64_t[]){WIDTH});
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 0, NULL);

    for (uint32_t i = 0; i < WIDTH; i++)
        s[i] = zkg_get(r, x, i);
    for (uint32_t i = 0; i < ROUNDS; i++)
        round_of_elements(r, s, &state);
    zkg_set(r, y, 0, s[0]);
    return zkg_recorder_finish(r, err);
}

/* ---- graph --------------------------------------------------------------- */

static uint64_t inputs_of(int p)
{
    return probes[p].copies * (probes[p].of_bits ? BYTES : WIDTH);
}

static zkg_status call(zkg_device *d, int p, const zkg_recorder *kernel,
                       zkg_error *err)
{
    const uint64_t n = probes[p].copies;
    const uint64_t len[2] = {n, inputs_of(p) / n};
    char x[8], y[8];
    zkg_handle in, sum;

    (void)snprintf(x, sizeof(x), "x%d", p);
    (void)snprintf(y, sizeof(y), "y%d", p);
    ZKG_TRY(zkg_device_input(d, &in, x, probes[p].of_bits ? ZKG_U8 : ZKG_FR,
                             ZKG_PRIVATE, 2, len, err));
    ZKG_TRY(zkg_device_call(d, NULL, kernel, n,
                            (zkg_arg[]){{"x", .in = in}, {"y", .out = &sum}}, 2,
                            err));
    return zkg_device_output(d, sum, y, ZKG_PUBLIC, err);
}

static zkg_status make_calls(zkg_device *d, zkg_error *err)
{
    zkg_recorder *bits = NULL, *elements = NULL;
    zkg_status status = record_bits(&bits, err);

    if (status == ZKG_OK)
        status = record_elements(&elements, err);
    for (int p = 0; p < PROBES && status == ZKG_OK; p++)
        status = call(d, p, probes[p].of_bits ? bits : elements, err);
    zkg_recorder_free(bits);
    zkg_recorder_free(elements);
    return status;
}

static zkg_status make_graph(zkg_graph **out, zkg_error *err)
{
    zkg_device *d = NULL;
    zkg_status status = zkg_device_new(&d, err);

    if (status == ZKG_OK)
        status = make_calls(d, err);
    if (status == ZKG_OK)
        status = zkg_device_finish(out, d, err);
    zkg_device_free(d);
    return status;
}

static zkg_status set_input(zkg_witness *w, int p, zkg_error *err)
{
    const uint64_t n = inputs_of(p);
    int64_t *value = zkg_alloc((size_t)n, sizeof(*value));
    zkg_status status;
    char x[8];

    if (value == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    for (uint64_t i = 0; i < n; i++)
        value[i] = (int64_t)(37 * i % 251);
    (void)snprintf(x, sizeof(x), "x%d", p);
    status = zkg_witness_set_i64(w, x, value, (size_t)n, err);
    zkg_free(value);
    return status;
}

zkg_status zkg_circuit_probes_new(zkg_circuit_probes **out, zkg_error *err)
{
    zkg_circuit_probes *p = zkg_alloc(1, sizeof(*p));
    zkg_status status;

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    for (int i = 0; i < PROBES; i++)
        p->least[i] = INFINITY;
    status = make_graph(&p->graph, err);
    if (status == ZKG_OK)
        status =
            zkg_srs_new(&p->srs, zkg_statement_default_k(&p->graph->st), err);
    if (status == ZKG_OK)
        status = zkg_setup(&p->key, NULL, p->graph, p->srs, ZKG_PCS_MERCURY,
                           zkg_cpu_features(ZKG_CPU_ALL), err);
    if (status == ZKG_OK)
        status = zkg_witness_new(&p->witness, p->graph, NULL, err);
    for (int i = 0; i < PROBES && status == ZKG_OK; i++)
        status = set_input(p->witness, i, err);
    if (status == ZKG_OK)
        status = zkg_witness_make(p->witness, err);
    if (status != ZKG_OK) {
        zkg_circuit_probes_free(p);
        return status;
    }
    *out = p;
    return ZKG_OK;
}

void zkg_circuit_probes_free(zkg_circuit_probes *p)
{
    if (p == NULL)
        return;
    zkg_witness_free(p->witness);
    zkg_key_clear(&p->key);
    zkg_srs_free(p->srs);
    zkg_graph_free(p->graph);
    zkg_free(p);
}

/* ---- times --------------------------------------------------------------- */

zkg_status zkg_circuit_probes_run(zkg_circuit_probes *p, zkg_error *err)
{
    const zkg_prove_input input = {&p->key, p->srs, p->witness->view, NULL};

    return zkg_children_time(p->least, &input, err);
}

void zkg_circuit_probes_solve(zkg_costs *costs, const zkg_circuit_probes *p)
{
    double *const constant[UNKNOWNS] = {&costs->circuit_layer, &costs->wire,
                                        &costs->gate, &costs->small_gate};
    double a[PROBES][UNKNOWNS], x[UNKNOWNS];

    for (int j = 0; j < UNKNOWNS; j++)
        *constant[j] = 0;
    for (int i = 0; i < PROBES; i++) {
        zkg_child_cost known;
        zkg_work w;

        zkg_work_count(&w, &p->graph->st, (uint32_t)i, NULL, true);
        zkg_child_cost_of(&known, costs, &w, 1);
        const double count[UNKNOWNS] = {w.circuit_layers, w.wires, w.gates,
                                        w.small_gates};
        const double left =
            fmax(p->least[i] - known.serial_s - known.parallel_s, 1e-9);

        for (int j = 0; j < UNKNOWNS; j++)
            a[i][j] = count[j] / left;
    }
    zkg_fit(x, &a[0][0], UNKNOWNS, PROBES);
    for (int j = 0; j < UNKNOWNS; j++)
        *constant[j] = fmax(x[j], 1e-12);
}
