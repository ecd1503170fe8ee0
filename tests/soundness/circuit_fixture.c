/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/rng.h"
#include "circuit_fixture.h"
#include "graph/graph_circuit.h"

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* ---- the circuit ---- */

/* Inputs, in order; source k + 1. */
enum { X = 1, Y, W, U, S };

/* Coefficients. */
enum { ONE, MINUS_ONE, TWO, FIVE, GARBAGE, DRAWN, DRAWN_MINUS, DRAWN_FOUR, NS };

#define WIRE(s, i)                                                             \
    {                                                                          \
        s, i                                                                   \
    }

static const zkg_circuit_mul mul0[] = {
    {0, ONE, WIRE(X, 0), WIRE(X, 1)},
    {0, ONE, WIRE(X, 1), WIRE(X, 2)},
    {0, ONE, WIRE(X, 2), WIRE(X, 0)},
    {1, ONE, WIRE(U, 0), WIRE(U, 1)},
};
static const zkg_circuit_add add0[] = {
    {2, ONE, WIRE(U, 0)},
    {2, MINUS_ONE, WIRE(U, 1)},
    {3, ONE, WIRE(U, 0)},
    {3, ONE, WIRE(U, 1)},
};
/* (x_0 x_1 + .. + 5), u_0 u_1 - s, c ((u_0 - u_1)^2 - (u_0 + u_1)^2) */
static const zkg_circuit_mul mul1[] = {
    {2, DRAWN, WIRE(0, 2), WIRE(0, 2)},
    {2, DRAWN_MINUS, WIRE(0, 3), WIRE(0, 3)},
};
static const zkg_circuit_add add1[] = {
    {0, ONE, WIRE(0, 0)},
    {1, ONE, WIRE(0, 1)},
    {1, MINUS_ONE, WIRE(S, 0)},
};
static const zkg_circuit_constant constant1[] = {{0, FIVE}};
/* The top layer begins with v's block of four, unless there is no v.  W, which
 * all copies share, is a first operand. */
static const zkg_circuit_mul mul2[] = {{4, ONE, WIRE(W, 0), WIRE(0, 0)}};
static const zkg_circuit_add add2[] = {
    {0, ONE, WIRE(X, 0)},     {1, ONE, WIRE(X, 1)},        {2, ONE, WIRE(X, 2)},
    {3, GARBAGE, WIRE(X, 1)}, {4, MINUS_ONE, WIRE(Y, 0)},  {5, ONE, WIRE(0, 1)},
    {6, ONE, WIRE(0, 2)},     {6, DRAWN_FOUR, WIRE(S, 0)},
};
static const zkg_circuit_constant constant2[] = {
    {0, TWO}, {1, TWO}, {2, TWO}, {3, GARBAGE}};

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static void coefficients(zkg_circuit_coeff c[NS])
{
    static const int64_t value[NS] = {1, -1, 2, 5, 77, 1, -1, 4};

    for (uint32_t k = 0; k < NS; k++) {
        c[k].challenge = k >= DRAWN ? 0 : ZKG_CIRCUIT_PLAIN;
        zkg_fr_from_i64(&c[k].value, value[k]);
    }
}

static zkg_status add_circuit(zkg_graph *g, const cx_shape *shape,
                              zkg_error *err)
{
    static const zkg_circuit_shape input[] = {
        {1, {CX_X}}, {0, {0}}, {0, {0}}, {1, {2}}, {0, {0}}};
    static const uint32_t assertion[] = {4, 5, 6};
    static const uint32_t low[] = {0, 1, 2};
    static const zkg_circuit_output output = {0, 2};
    zkg_circuit_mul mul[COUNT(mul2)];
    zkg_circuit_add add[COUNT(add2)];
    zkg_circuit_coeff coeff[NS];
    zkg_circuit_layer layer[] = {
        {4, COUNT(mul0), COUNT(add0), 0, mul0, add0, NULL},
        {3, COUNT(mul1), COUNT(add1), 1, mul1, add1, constant1},
        {7, COUNT(mul2), COUNT(add2), COUNT(constant2), mul2, add2, constant2},
    };
    zkg_circuit c = {
        .inputs = COUNT(input),
        .input = input,
        .layers = 3,
        .layer = layer,
        .coeffs = NS,
        .coeff = coeff,
        .challenges = 1,
        .asserted = 3,
        .assertion = assertion,
        .outputs = 1,
        .output = &output,
    };

    coefficients(coeff);
    if (shape->without_v) {
        const uint32_t skip = 4; /* additions of v's block */

        memcpy(mul, mul2, sizeof(mul));
        memcpy(add, add2, sizeof(add));
        for (uint32_t k = 0; k < COUNT(mul2); k++)
            mul[k].gate -= 4;
        for (uint32_t k = skip; k < COUNT(add2); k++)
            add[k].gate -= 4;
        layer[2] = (zkg_circuit_layer){
            3, COUNT(mul2), COUNT(add2) - skip, 0, mul, add + skip, NULL};
        c.assertion = low;
        c.outputs = 0;
    }
    return zkg_graph_kernel_circuit(g, "weigh", &c, "x,y,w,u,s",
                                    shape->without_v ? "" : "v", err);
}

/* ---- the graph ---- */

/* An einsum may read what a circuit makes where nothing is padded. */
static bool has_t(const cx_shape *shape)
{
    return !shape->without_v && !shape->fr_v &&
           (shape->copies & (shape->copies - 1)) == 0;
}

static zkg_status add_tensors(zkg_graph *g, const cx_shape *shape,
                              zkg_error *err)
{
    const uint64_t c = shape->copies;
    const uint32_t more = c > 1 ? 1 : 0;
    const zkg_tensor_spec spec[] = {
        {"x",
         ZKG_I16,
         shape->public_x ? ZKG_PUBLIC : ZKG_PRIVATE,
         1 + more,
         {CX_X},
         -2,
         13},
        {"y",
         ZKG_FR,
         shape->private_y ? ZKG_PRIVATE : ZKG_PUBLIC,
         more,
         {0},
         0,
         0},
        {"w", ZKG_FR, ZKG_FIXED, 0, {0}, 0, 0},
        {"u", ZKG_FR, ZKG_PRIVATE, 1 + more, {2}, 0, 0},
        {"s", ZKG_FR, ZKG_PUBLIC, 0, {0}, 0, 0},
        {"v",
         shape->fr_v ? ZKG_FR : ZKG_U8,
         ZKG_VIRTUAL,
         1 + more,
         {CX_X},
         0,
         shape->fr_v ? 0 : 15},
        {"t", ZKG_U8, ZKG_PRIVATE, more, {0}, 0, 63},
    };
    const size_t count = shape->without_v ? 5 : has_t(shape) ? 7 : 6;

    for (size_t i = 0; i < count; i++) {
        zkg_tensor_spec s = spec[i];

        if (more > 0 && s.name[0] != 'w' && s.name[0] != 's') {
            s.len[1] = s.len[0];
            s.len[0] = c;
        }
        ZKG_TRY(zkg_graph_add_tensor(g, &s, err));
    }
    return ZKG_OK;
}

static zkg_status add_kernel(zkg_graph *g, const cx_shape *shape,
                             zkg_error *err)
{
    const bool t = has_t(shape);

    ZKG_TRY(zkg_graph_add_kernel(g, "weigh", err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "weigh", "k", CX_X, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "weigh", "two", 2, err));
    ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "x", "k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "y", "", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "w", "", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "u", "two", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "s", "", err));
    if (!shape->without_v) {
        ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "v", "k", err));
        ZKG_TRY(zkg_graph_kernel_lookup(g, "weigh", "r4", "v", err));
    }
    if (t) {
        ZKG_TRY(zkg_graph_kernel_param(g, "weigh", "t", "", err));
        ZKG_TRY(zkg_graph_kernel_lookup(g, "weigh", "r6", "t", err));
        ZKG_TRY(zkg_graph_kernel_einsum(g, "weigh", "", NULL, err));
        ZKG_TRY(zkg_graph_kernel_term(g, "weigh", "1", "v[k]", NULL, err));
        ZKG_TRY(zkg_graph_kernel_term(g, "weigh", "-1", "t", NULL, err));
    }
    return add_circuit(g, shape, err);
}

static zkg_status add_rules(zkg_graph *g, const cx_shape *shape, zkg_error *err)
{
    ZKG_TRY(zkg_graph_add_input(g, "x", err));
    ZKG_TRY(zkg_graph_add_input(g, "y", err));
    ZKG_TRY(zkg_graph_add_input(g, "u", err));
    ZKG_TRY(zkg_graph_add_input(g, "s", err));
    if (!shape->without_v)
        ZKG_TRY(zkg_graph_rule_circuit(g, "weigh", err));
    if (has_t(shape))
        ZKG_TRY(zkg_graph_rule_solve(g, "weigh", 0, "t", err));
    return ZKG_OK;
}

zkg_status cx_graph(zkg_graph **out, const cx_shape *shape, zkg_error *err)
{
    const bool t = has_t(shape);
    zkg_fr w;
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(&g, err));
    *out = g;
    ZKG_TRY(add_tensors(g, shape, err));
    zkg_fr_from_u64(&w, 3);
    zkg_fr_inv(&w, &w); /* a weight of full width */
    ZKG_TRY(zkg_graph_set_fixed_fr(g, "w", &w, 1, err));
    if (!shape->without_v)
        ZKG_TRY(zkg_graph_add_table(g, "r4", ZKG_KIND_RANGE, 4, err));
    if (t)
        ZKG_TRY(zkg_graph_add_table(g, "r6", ZKG_KIND_RANGE, 6, err));
    ZKG_TRY(add_kernel(g, shape, err));
    ZKG_TRY(zkg_graph_add_task(g, "weigh", "weigh", shape->copies, err));
    ZKG_TRY(zkg_graph_bind(g, "x", "x", false, err));
    ZKG_TRY(zkg_graph_bind(g, "y", "y", false, err));
    ZKG_TRY(zkg_graph_bind(g, "w", "w", true, err));
    ZKG_TRY(zkg_graph_bind(g, "u", "u", false, err));
    ZKG_TRY(zkg_graph_bind(g, "s", "s", true, err));
    if (!shape->without_v)
        ZKG_TRY(zkg_graph_bind(g, "v", "v", false, err));
    if (t)
        ZKG_TRY(zkg_graph_bind(g, "t", "t", false, err));
    ZKG_TRY(add_rules(g, shape, err));
    return zkg_graph_finish(g, err);
}

/* ---- the witness ---- */

static zkg_array *make(fx *f, const char *tensor)
{
    const zkg_tensor *t =
        &f->graph->st.tensor[zkg_statement_tensor_id(&f->graph->st, tensor)];
    zkg_array *a = fx_array(f, tensor);
    zkg_error err = {0};

    zkg_array_clear(a);
    must(zkg_array_init(a, t->type, t->axes, t->len, &err), &err);
    return a;
}

void cx_witness(fx *f, uint64_t seed)
{
    const uint64_t copies = f->graph->st.task[0].copies;
    zkg_array *x = make(f, "x"), *y = make(f, "y"), *u = make(f, "u");
    zkg_fr *s = make(f, "s")->data, *w = fx_array(f, "w")->data;
    rng random = {seed};
    zkg_error err = {0};

    zkg_fr_from_u64(s, rng_u64(&random) | 1);
    for (uint64_t c = 0; c < copies; c++) {
        zkg_fr *pair = (zkg_fr *)u->data + 2 * c;
        int64_t v[CX_X];

        for (uint64_t k = 0; k < CX_X; k++) {
            v[k] = (int64_t)(rng_u64(&random) % 16) - 2;
            zkg_array_set_i64(x, CX_X * c + k, v[k]);
        }
        zkg_array_set_i64(y, c, v[0] * v[1] + v[1] * v[2] + v[2] * v[0] + 5);
        zkg_fr_mul((zkg_fr *)y->data + c, (zkg_fr *)y->data + c, w);
        zkg_fr_from_u64(&pair[0], rng_u64(&random) | 1);
        zkg_fr_inv(&pair[1], &pair[0]);
        zkg_fr_mul(&pair[1], &pair[1], s);
    }
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
}

void cx_init(fx *f, const cx_shape *shape, uint32_t power, uint64_t seed)
{
    zkg_graph *graph = NULL;
    zkg_error err = {0};

    must(cx_graph(&graph, shape, &err), &err);
    fx_begin(f, graph, power);
    cx_witness(f, seed);
}
