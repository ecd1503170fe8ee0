/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded kernels: circuit, program and a plain model agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "kernel/compile.h"
#include "rng.h"
#include "zkgkr/kernel.h"

#define MAX_VARS 600

static void ok(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* ---- a compiled kernel at work ---- */

typedef struct bench {
    zkg_compiled c;
    uint64_t copies;
    zkg_array array[32]; /* one a parameter */
} bench;

static void bench_init(bench *b, const zkg_recorder *r, uint64_t copies)
{
    const zkg_compile_options options = {.view = NULL};
    zkg_error err = {0};

    memset(b, 0, sizeof(*b));
    b->copies = copies;
    ok(zkg_compile(&b->c, r, &options, &err), &err);
    assert_true(b->c.param.count <= 32);
    for (uint32_t i = 0; i < b->c.param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(&b->c, i);
        uint64_t len[ZKG_MAX_AXES] = {copies};

        memcpy(&len[1], p->len, p->axes * sizeof(len[0]));
        ok(zkg_array_init(&b->array[i], p->type, p->axes + 1, len, &err), &err);
    }
}

static void bench_clear(bench *b)
{
    for (uint32_t i = 0; i < b->c.param.count; i++)
        zkg_array_clear(&b->array[i]);
    zkg_compiled_clear(&b->c);
}

static zkg_array *bench_array(bench *b, const char *name)
{
    for (uint32_t i = 0; i < b->c.param.count; i++) {
        if (strcmp(zkg_compiled_param_at(&b->c, i)->name, name) == 0)
            return &b->array[i];
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static zkg_status bench_run(bench *b, zkg_error *err)
{
    zkg_array *list[32];
    bool broadcast[32] = {false};

    for (uint32_t i = 0; i < 32; i++)
        list[i] = &b->array[i];
    return zkg_program_run(&b->c.program, "k", b->copies, list, broadcast, NULL,
                           err);
}

/* Do the circuit's assertions hold?  top: all its gates, to be freed. */
static zkg_status bench_eval(bench *b, zkg_fr **top, rng *random,
                             zkg_error *err)
{
    const zkg_circuit *c = &b->c.circuit;
    const uint32_t gates = c->layer[c->layers - 1].gates;
    const zkg_array *input[64];
    zkg_fr challenge[64];

    assert_true(c->challenges <= 64);
    for (uint32_t i = 0; i < c->challenges; i++) {
        zkg_fr_from_u64(&challenge[i], rng_u64(random));
        zkg_fr_inv(&challenge[i], &challenge[i]);
    }
    for (uint32_t i = 0; i < c->inputs; i++)
        input[i] = &b->array[((const uint32_t *)b->c.input.data)[i]];
    *top = zkg_alloc(gates * b->copies, sizeof(**top));
    assert_non_null(*top);
    return zkg_circuit_eval(*top, c, challenge, input, b->copies, err);
}

static void holds(bench *b, rng *random)
{
    zkg_error err = {0};
    zkg_fr *top;

    ok(bench_eval(b, &top, random, &err), &err);
    zkg_free(top);
}

static void fails(bench *b, rng *random)
{
    zkg_fr *top;

    assert_int_equal(bench_eval(b, &top, random, NULL), ZKG_ERR_WITNESS);
    zkg_free(top);
}

/* ---- random kernels ---- */

/* What is recorded, and its value in each of three copies. */
typedef struct model {
    zkg_recorder *r;
    rng *random;
    zkg_var var[MAX_VARS];
    zkg_fr value[MAX_VARS][3];
    uint32_t vars;
} model;

static uint32_t pick(model *m)
{
    /* Recent ones more often: depth. */
    const uint64_t n = rng_below(m->random, 3) == 0 ? m->vars : 12;

    return m->vars - 1 -
           (uint32_t)rng_below(m->random, n < m->vars ? n : m->vars);
}

static void random_sum(model *m, uint32_t at)
{
    const uint64_t n = rng_below(m->random, 7);
    int64_t c[8], c0 = (int64_t)rng_below(m->random, 5) - 2;
    zkg_var x[8];

    for (uint64_t k = 0; k < 3; k++)
        zkg_fr_from_i64(&m->value[at][k], c0);
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t v = pick(m);

        c[i] = (int64_t)rng_below(m->random, 5) - 2;
        x[i] = m->var[v];
        for (uint64_t k = 0; k < 3; k++) {
            zkg_fr t;

            zkg_fr_mul_i64(&t, &m->value[v][k], c[i]);
            zkg_fr_add(&m->value[at][k], &m->value[at][k], &t);
        }
    }
    m->var[at] = zkg_combine(m->r, c0, n, c, x);
}

static void random_product(model *m, uint32_t at)
{
    const uint32_t v = pick(m), w = pick(m);

    m->var[at] = zkg_mul(m->r, m->var[v], m->var[w]);
    for (uint64_t k = 0; k < 3; k++)
        zkg_fr_mul(&m->value[at][k], &m->value[v][k], &m->value[w][k]);
}

/* A committed value, or one of a hint's. */
static void random_commit(model *m, uint32_t at)
{
    const uint32_t v = pick(m);

    m->var[at] = zkg_commit(m->r, ZKG_FR, m->var[v]);
    memcpy(m->value[at], m->value[v], sizeof(m->value[v]));
}

static void random_kernel(model *m, zkg_recorder *r, rng *random)
{
    const uint64_t shape[2] = {3, 5};
    const uint32_t inputs = 15;
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 2, shape);
    const uint64_t ops = 10 + rng_below(random, 150);

    *m = (model){.r = r, .random = random, .vars = inputs};
    for (uint32_t i = 0; i < inputs; i++) {
        m->var[i] = zkg_get(r, x, i);
        for (uint64_t k = 0; k < 3; k++)
            zkg_fr_from_i64(&m->value[i][k], (int64_t)rng_below(random, 9) - 4);
    }
    for (uint64_t i = 0; i < ops; i++) {
        const uint64_t kind = rng_below(random, 8);

        if (kind < 3)
            random_sum(m, m->vars);
        else if (kind < 7)
            random_product(m, m->vars);
        else
            random_commit(m, m->vars);
        m->vars++;
    }
}

static void random_kernels_agree_with_their_model(void **state)
{
    rng random = rng_new();

    (void)state;
    for (int round = 0; round < 300; round++) {
        const uint64_t outs = 1 + rng_below(&random, 9);
        zkg_error err = {0};
        uint32_t node[9];
        zkg_recorder *r;
        zkg_param y;
        model m;
        bench b;

        ok(zkg_recorder_new(&r, "random", &err), &err);
        random_kernel(&m, r, &random);
        y = zkg_output(r, "y", ZKG_FR, 1, &outs);
        for (uint64_t i = 0; i < outs; i++) {
            node[i] = pick(&m);
            zkg_set(r, y, i, m.var[node[i]]);
        }
        /* an assertion that holds: v - (w + (v - w)) */
        {
            const zkg_var v = m.var[pick(&m)], w = m.var[pick(&m)];

            zkg_assert_zero(r,
                            zkg_sub(r, zkg_mul(r, v, w),
                                    zkg_mul(r, zkg_neg(r, w), zkg_neg(r, v))),
                            NULL);
        }
        if (zkg_recorder_finish(r, &err) != ZKG_OK) {
            /* The only honest reason: x is read by nothing. */
            assert_non_null(strstr(err.text, "reads parameter x"));
            zkg_recorder_free(r);
            continue;
        }
        bench_init(&b, r, 3);
        for (uint32_t i = 0; i < 15; i++) {
            for (uint64_t k = 0; k < 3; k++)
                ((zkg_fr *)bench_array(&b, "x")->data)[k * 15 + i] =
                    m.value[i][k];
        }
        ok(bench_run(&b, &err), &err);
        for (uint64_t i = 0; i < outs; i++) {
            for (uint64_t k = 0; k < 3; k++)
                assert_true(zkg_fr_equal(
                    &((zkg_fr *)bench_array(&b, "y")->data)[k * outs + i],
                    &m.value[node[i]][k]));
        }
        holds(&b, &random);
        /* one wrong output in the last copy */
        {
            zkg_fr *cell = &((zkg_fr *)bench_array(&b, "y")
                                 ->data)[2 * outs + rng_below(&random, outs)];

            zkg_fr_add(cell, cell, &zkg_fr_one);
            fails(&b, &random);
        }
        bench_clear(&b);
        zkg_recorder_free(r);
    }
}

/* ---- shapes of circuits ---- */

static zkg_recorder *start(const char *name)
{
    zkg_error err = {0};
    zkg_recorder *r;

    ok(zkg_recorder_new(&r, name, &err), &err);
    return r;
}

static zkg_kernel_cost finish(zkg_recorder *r)
{
    zkg_kernel_cost cost;
    zkg_error err = {0};

    ok(zkg_recorder_finish(r, &err), &err);
    ok(zkg_recorder_cost(&cost, r, &err), &err);
    return cost;
}

static void a_product_is_one_layer(void **state)
{
    const uint64_t three = 3;
    zkg_recorder *r = start("dot");
    const zkg_param a = zkg_input(r, "a", ZKG_FR, 1, &three);
    const zkg_param b = zkg_input(r, "b", ZKG_FR, 1, &three);
    const zkg_param s = zkg_output(r, "s", ZKG_FR, 0, NULL);
    zkg_var t[3];
    zkg_kernel_cost cost;

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        t[i] = zkg_mul(r, zkg_get(r, a, i), zkg_get(r, b, i));
    zkg_set(r, s, 0, zkg_sum(r, 3, t));
    cost = finish(r);
    assert_int_equal(cost.layers, 1);
    assert_int_equal(cost.gates, 1);
    assert_int_equal(cost.products, 3);
    assert_int_equal(cost.linear, 1);
    assert_int_equal(cost.relays, 0);
    zkg_recorder_free(r);
}

static void a_power_relays_what_it_needs(void **state)
{
    zkg_recorder *r = start("x9");
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    const zkg_var v = zkg_get(r, x, 0), x2 = zkg_mul(r, v, v),
                  x4 = zkg_mul(r, x2, x2), x8 = zkg_mul(r, x4, x4);
    zkg_kernel_cost cost;

    (void)state;
    zkg_set(r, y, 0, zkg_mul(r, x8, v));
    cost = finish(r);
    /* x is a cell: it needs no relay */
    assert_int_equal(cost.layers, 4);
    assert_int_equal(cost.gates, 4);
    assert_int_equal(cost.products, 4);
    assert_int_equal(cost.relays, 0);
    zkg_recorder_free(r);

    r = start("x6");
    {
        const zkg_param a = zkg_input(r, "x", ZKG_FR, 0, NULL);
        const zkg_param b = zkg_output(r, "y", ZKG_FR, 0, NULL);
        const zkg_var u = zkg_get(r, a, 0), u2 = zkg_mul(r, u, u);
        const zkg_var u4 = zkg_mul(r, u2, u2);

        zkg_set(r, b, 0, zkg_mul(r, u4, u2));
    }
    cost = finish(r);
    assert_int_equal(cost.layers, 3);
    /* u^2 is computed again, from cells, where it would be carried on */
    assert_true(cost.relays + cost.products == 4);
    zkg_recorder_free(r);
}

/* Rounds of (a, b, c) -> M (a^5, b, c): of the next round's three, two are not
 * read for three layers.  They are carried, not the four that make them. */
static void sums_are_carried_and_not_their_parts(void **state)
{
    static const int64_t m[3][3] = {{2, 3, 4}, {3, 4, 5}, {4, 5, 6}};
    const uint64_t three = 3, rounds = 20;
    zkg_recorder *r = start("rounds");
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 1, &three);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 1, &three);
    zkg_var s[3], mixed[3];
    zkg_kernel_cost cost;

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        s[i] = zkg_get(r, x, i);
    for (uint64_t round = 0; round < rounds; round++) {
        const zkg_var x2 = zkg_mul(r, s[0], s[0]);

        s[0] = zkg_mul(r, zkg_mul(r, x2, x2), s[0]);
        for (int i = 0; i < 3; i++)
            mixed[i] = zkg_combine(r, 1 + (int64_t)round, 3, m[i], s);
        memcpy(s, mixed, sizeof(s));
    }
    for (uint64_t i = 0; i < 3; i++)
        zkg_set(r, y, i, s[i]);
    cost = finish(r);
    assert_int_equal(cost.layers, 3 * rounds);
    assert_true(cost.relays <= 6 * rounds);
    zkg_recorder_free(r);
}

static void an_output_is_read_where_it_stands(void **state)
{
    const uint64_t n = 20;
    zkg_recorder *r = start("powers");
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 1, &n);
    zkg_var v = zkg_get(r, x, 0);
    zkg_kernel_cost cost;

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        v = zkg_mul(r, v, v);
        zkg_set(r, y, i, v);
    }
    cost = finish(r);
    assert_int_equal(cost.layers, 1);
    assert_int_equal(cost.gates, n);
    assert_int_equal(cost.products, n);
    zkg_recorder_free(r);
}

/* Sums that use each other twice would be 2^200 terms if taken apart. */
static void shared_sums_do_not_explode(void **state)
{
    const uint64_t six = 6;
    zkg_recorder *r = start("fibonacci");
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 1, &six);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    zkg_var v[6];
    zkg_kernel_cost cost;

    (void)state;
    for (uint64_t i = 0; i < 6; i++)
        v[i] = zkg_get(r, x, i);
    for (int round = 0; round < 200; round++) {
        const int64_t c[4] = {1, 2, 3, -1};

        v[round % 6] = zkg_combine(r, 1, 4, c, v);
        v[(round + 3) % 6] = zkg_combine(r, 1, 4, c, v + 2);
    }
    zkg_set(r, y, 0, zkg_mul(r, v[0], v[3]));
    cost = finish(r);
    assert_true(cost.linear < 40000);
    zkg_recorder_free(r);
}

static void dead_and_equal_parts_cost_nothing(void **state)
{
    const uint64_t two = 2;
    zkg_recorder *r = start("dead");
    const zkg_param x = zkg_input(r, "x", ZKG_FR, 1, &two);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 1, &two);
    const zkg_var a = zkg_get(r, x, 0), b = zkg_get(r, x, 1);
    zkg_var bits[8];
    zkg_kernel_cost cost;

    (void)state;
    zkg_hint_bits(r, 8, bits, a); /* nobody reads them */
    (void)zkg_mul(r, zkg_mul(r, a, b), b);
    zkg_assert_zero(r, zkg_sub(r, zkg_mul(r, a, b), zkg_mul(r, b, a)), NULL);
    zkg_set(r, y, 0, zkg_mul(r, zkg_constant(r, 0), a));
    zkg_set(r, y, 1, zkg_mul(r, zkg_scale(r, 3, a), zkg_neg(r, b)));
    cost = finish(r);
    assert_int_equal(cost.gates, 2);
    assert_int_equal(cost.products, 1);
    assert_int_equal(cost.committed, 2);
    zkg_recorder_free(r);
}

/* ---- challenges ---- */

static void challenges_become_coefficients(void **state)
{
    const uint64_t two = 2;
    rng random = rng_new();
    zkg_recorder *r = start("same_set");
    const zkg_param x = zkg_input(r, "x", ZKG_I64, 1, &two);
    const zkg_param y = zkg_input(r, "y", ZKG_I64, 1, &two);
    const zkg_var alpha = zkg_challenge(r), beta = zkg_challenge(r);
    zkg_var left[2], right[2];
    zkg_kernel_cost cost;
    bench b;

    (void)state;
    /* (alpha - x0)(alpha - x1) = (alpha - y0)(alpha - y1), beta * both */
    for (uint64_t i = 0; i < 2; i++) {
        left[i] = zkg_sub(r, alpha, zkg_get(r, x, i));
        right[i] = zkg_sub(r, alpha, zkg_get(r, y, i));
    }
    zkg_assert_equal(r, zkg_mul(r, beta, zkg_mul(r, left[0], left[1])),
                     zkg_mul(r, zkg_mul(r, right[0], right[1]), beta), NULL);
    cost = finish(r);
    assert_true(cost.layers <= 4);
    bench_init(&b, r, 2);
    for (uint64_t k = 0; k < 4; k++) {
        zkg_array_set_i64(bench_array(&b, "x"), k, (int64_t)(10 + k));
        zkg_array_set_i64(bench_array(&b, "y"), k, (int64_t)(10 + (k ^ 1)));
    }
    ok(bench_run(&b, NULL), &(zkg_error){0});
    holds(&b, &random);
    zkg_array_set_i64(bench_array(&b, "y"), 3, 99);
    fails(&b, &random);
    bench_clear(&b);
    zkg_recorder_free(r);
}

static void refuses(zkg_recorder *r, const char *why)
{
    zkg_error err = {0};

    assert_int_equal(zkg_recorder_finish(r, &err), ZKG_ERR_INVALID);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    zkg_recorder_free(r);
}

static void mistakes_are_named(void **state)
{
    const uint64_t two = 2, three = 3;
    zkg_recorder *r = start("m");
    zkg_param x, y;
    zkg_lut t;
    zkg_var v;

    (void)state;
    x = zkg_input(r, "x", ZKG_FR, 1, &two);
    (void)zkg_get(r, x, 2);
    refuses(r, "kernel m: entry 2 of parameter x, which has 2");

    r = start("m");
    y = zkg_output(r, "y", ZKG_FR, 1, &two);
    zkg_set(r, y, 0, zkg_constant(r, 1));
    refuses(r, "y[1] is not set");

    r = start("m");
    y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    zkg_set(r, y, 0, zkg_challenge(r));
    refuses(r, "y[0] depends on a challenge");

    r = start("m");
    v = zkg_challenge(r);
    (void)zkg_hint_inverse(r, v);
    refuses(r, "hint inverse depends on a challenge");

    r = start("m");
    x = zkg_input(r, "x", ZKG_FR, 1, &two);
    t = zkg_lut_range(r, 4);
    zkg_lut_query(r, t, zkg_get(r, x, 0), NULL);
    refuses(r, "table range4 is never checked");

    r = start("m");
    x = zkg_input(r, "x", ZKG_FR, 1, &two);
    t = zkg_lut_new(r, "t", 1);
    zkg_lut_row(r, t, 1, (int64_t[]){5});
    zkg_lut_row(r, t, 2, (int64_t[]){5});
    zkg_lut_row(r, t, 1, (int64_t[]){5});
    v = zkg_get(r, x, 0);
    zkg_lut_find(r, t, ZKG_I64, 1, &v, &v);
    zkg_lut_row(r, t, 2, (int64_t[]){6});
    zkg_lut_check(r, t);
    refuses(r, "table t has several values for key 2");

    r = start("m");
    x = zkg_input(r, "x", ZKG_FR, 1, &two);
    y = zkg_input(r, "counts", ZKG_I64, 1, &three);
    t = zkg_lut_new(r, "t", 0);
    zkg_lut_row(r, t, 1, NULL);
    zkg_lut_row(r, t, 2, NULL);
    zkg_lut_query(r, t, zkg_get(r, x, 0), NULL);
    zkg_lut_check_counts(r, t, y);
    refuses(r, "table t has 2 rows; the counts counts are 3 values");

    r = start("m");
    zkg_assert_equal(r, zkg_constant(r, 1), zkg_constant(r, 2), "one is two");
    refuses(r, "assertion one is two never holds");

    r = start("m");
    (void)zkg_input(r, "x", ZKG_FR, 1, &two);
    refuses(r, "proves nothing");

    r = start("m");
    (void)zkg_input(r, "x", ZKG_FR, 1, &two);
    y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    zkg_set(r, y, 0, zkg_constant(r, 1));
    refuses(r, "nothing that is proven reads parameter x");

    r = start("m");
    x = zkg_input(r, "x", ZKG_FR, 1, &two);
    (void)zkg_constant_text(r, "0xg");
    refuses(r, "\"0xg\" is no number");
}

/* ---- lookups ---- */

static void queries_are_a_block_of_the_top_layer(void **state)
{
    const uint64_t five = 5;
    rng random = rng_new();
    zkg_recorder *r = start("squares");
    const zkg_param x = zkg_input(r, "x", ZKG_I32, 1, &five);
    const zkg_param y = zkg_output(r, "y", ZKG_I32, 1, &five);
    const zkg_lut t = zkg_lut_new(r, "squares", 1);
    zkg_var key[5], value[5];
    zkg_error err = {0};

    (void)state;
    for (int64_t i = -3; i < 8; i++)
        zkg_lut_row(r, t, i, (int64_t[]){i * i});
    for (uint64_t i = 0; i < 5; i++)
        key[i] = zkg_sub(r, zkg_get(r, x, i), zkg_constant(r, 3));
    zkg_lut_find(r, t, ZKG_I32, 5, key, value);
    zkg_lut_check(r, t);
    for (uint64_t i = 0; i < 5; i++)
        zkg_set(r, y, i, value[i]);
    assert_int_equal(finish(r).queries, 5);
    {
        const zkg_circuit_output *out;
        zkg_fr *top, want;
        bench b;

        bench_init(&b, r, 3);
        for (uint64_t i = 0; i < 15; i++)
            zkg_array_set_i64(bench_array(&b, "x"), i, (int64_t)(i % 11));
        ok(bench_run(&b, &err), &err);
        for (uint64_t i = 0; i < 15; i++)
            assert_int_equal(zkg_array_get_i64(bench_array(&b, "y"), i),
                             ((int64_t)(i % 11) - 3) * ((int64_t)(i % 11) - 3));
        holds(&b, &random);
        assert_int_equal(b.c.circuit.outputs, 2);
        out = &b.c.circuit.output[0];
        assert_int_equal(out->bits, 3);
        ok(bench_eval(&b, &top, &random, &err), &err);
        for (uint32_t i = 0; i < 8; i++) {
            zkg_fr_from_i64(&want, i < 5 ? (int64_t)i - 3 : 0);
            assert_true(zkg_fr_equal(&top[out->first + i], &want));
        }
        zkg_free(top);
        zkg_array_set_i64(bench_array(&b, "x"), 7, 11);
        assert_int_equal(bench_run(&b, &err), ZKG_ERR_WITNESS);
        assert_non_null(strstr(err.text, "8 is no key of the table"));
        bench_clear(&b);
    }
    zkg_recorder_free(r);
}

/* Tables of variables: rows x, queries y, in one copy each. */
static void variable_rows_are_checked_by_fractions(void **state)
{
    const uint64_t rows[2] = {4, 2}, queries[2] = {7, 2}, counts = 4;
    rng random = rng_new();

    (void)state;
    for (int hintless = 0; hintless < 2; hintless++) {
        zkg_recorder *r = start("sets");
        const zkg_param x = zkg_input(r, "x", ZKG_I64, 2, rows);
        const zkg_param y = zkg_input(r, "y", ZKG_I64, 2, queries);
        const zkg_lut t = zkg_lut_new(r, "t", 1);
        zkg_param m = {0};
        zkg_error err = {0};
        bench b;

        if (hintless)
            m = zkg_input(r, "m", ZKG_I64, 1, &counts);
        for (uint64_t i = 0; i < 4; i++)
            zkg_lut_row_vars(r, t, zkg_get(r, x, 2 * i),
                             (zkg_var[]){zkg_get(r, x, 2 * i + 1)});
        for (uint64_t i = 0; i < 7; i++)
            zkg_lut_query(r, t, zkg_get(r, y, 2 * i),
                          (zkg_var[]){zkg_get(r, y, 2 * i + 1)});
        if (hintless)
            zkg_lut_check_counts(r, t, m);
        else
            zkg_lut_check(r, t);
        (void)finish(r);
        bench_init(&b, r, 2);
        for (uint64_t k = 0; k < 2; k++) {
            for (uint64_t i = 0; i < 8; i++)
                zkg_array_set_i64(bench_array(&b, "x"), 8 * k + i,
                                  (int64_t)(100 * k + i));
            for (uint64_t i = 0; i < 14; i++)
                zkg_array_set_i64(bench_array(&b, "y"), 14 * k + i,
                                  (int64_t)(100 * k + i % 6));
            for (uint64_t i = 0; hintless && i < 4; i++)
                zkg_array_set_i64(bench_array(&b, "m"), 4 * k + i,
                                  i == 0  ? 3
                                  : i < 3 ? 2
                                          : 0);
        }
        ok(bench_run(&b, &err), &err);
        holds(&b, &random);
        if (hintless) {
            /* Of rows that are equal it is the sum that is proven. */
            zkg_array_set_i64(bench_array(&b, "x"), 6, 0);
            zkg_array_set_i64(bench_array(&b, "x"), 7, 1);
            holds(&b, &random);
            zkg_array_set_i64(bench_array(&b, "m"), 0, 1);
            fails(&b, &random);
            zkg_array_set_i64(bench_array(&b, "m"), 3, 2);
            holds(&b, &random);
            assert_int_equal(bench_run(&b, NULL), ZKG_ERR_WITNESS);
            zkg_array_set_i64(bench_array(&b, "m"), 0, 3);
            zkg_array_set_i64(bench_array(&b, "m"), 3, 0);
            zkg_array_set_i64(bench_array(&b, "m"), 7, 1);
            fails(&b, &random);
            assert_int_equal(bench_run(&b, &err), ZKG_ERR_WITNESS);
            assert_non_null(strstr(err.text, "copy 1: assertion the counts"));
        } else {
            /* a pair whose halves are of two rows */
            zkg_array_set_i64(bench_array(&b, "y"), 14 + 1, 103);
            fails(&b, &random);
            assert_int_equal(bench_run(&b, &err), ZKG_ERR_WITNESS);
            assert_non_null(strstr(err.text, "no row of the table"));
        }
        bench_clear(&b);
        zkg_recorder_free(r);
    }
}

/* Are all queries, the first columns of the top layer, below 2^8? */
static bool queries_are_in_range(bench *b, rng *random)
{
    const zkg_circuit_output *out = &b->c.circuit.output[0];
    bool within = true;
    zkg_error err = {0};
    zkg_fr *top;

    ok(bench_eval(b, &top, random, &err), &err);
    for (uint32_t i = 0; i < (uint32_t)1 << out->bits; i++) {
        int64_t v;

        within = within && zkg_fr_to_i64(&v, &top[out->first + i]) && v >= 0 &&
                 v < 256;
    }
    zkg_free(top);
    return within;
}

/* What a cheat commits to instead of a hint: the limbs of x as an integer
 * below p, the highest one taking what is left. */
static void force_limbs(bench *b, const zkg_fr *x, uint32_t bits)
{
    const uint32_t n = (bits + 7) / 8;
    uint64_t l[4];

    zkg_fr_to_scalar(l, x);
    for (uint32_t i = 0; n > 1 && i < n; i++)
        zkg_array_set_i64(bench_array(b, "hint_u8"), i,
                          (int64_t)(l[i / 8] >> 8 * (i % 8) & 255));
}

static void ranges_are_exact_at_both_ends(void **state)
{
    static const uint32_t widths[] = {1,  7,  8,  9,  10, 16,  23,
                                      24, 37, 49, 64, 65, 127, 128};
    rng random = rng_new();

    (void)state;
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        zkg_recorder *r = start("range");
        const zkg_param x = zkg_input(r, "x", ZKG_FR, 0, NULL);
        const zkg_lut t = zkg_lut_range(r, 8);
        zkg_fr end = zkg_fr_one, value[4], *top;
        bench b;

        zkg_range(r, t, zkg_get(r, x, 0), widths[w]);
        zkg_lut_check(r, t);
        (void)finish(r);
        for (uint32_t i = 0; i < widths[w]; i++)
            zkg_fr_double(&end, &end);
        value[0] = zkg_fr_zero;
        zkg_fr_sub(&value[1], &end, &zkg_fr_one);
        value[2] = end;
        zkg_fr_neg(&value[3], &zkg_fr_one);
        bench_init(&b, r, 1);
        for (int i = 0; i < 4; i++) {
            zkg_error err = {0};
            zkg_status s;
            bool holds_too;

            *(zkg_fr *)bench_array(&b, "x")->data = value[i];
            s = bench_run(&b, &err);
            if (i < 2) {
                ok(s, &err);
                assert_true(queries_are_in_range(&b, &random));
                continue;
            }
            /* without the hint's refusal: a limb or the sum gives it away */
            force_limbs(&b, &value[i], widths[w]);
            holds_too = bench_eval(&b, &top, &random, NULL) == ZKG_OK;
            zkg_free(top);
            assert_false(holds_too && queries_are_in_range(&b, &random));
        }
        bench_clear(&b);
        zkg_recorder_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_kernels_agree_with_their_model),
        cmocka_unit_test(a_product_is_one_layer),
        cmocka_unit_test(a_power_relays_what_it_needs),
        cmocka_unit_test(sums_are_carried_and_not_their_parts),
        cmocka_unit_test(an_output_is_read_where_it_stands),
        cmocka_unit_test(shared_sums_do_not_explode),
        cmocka_unit_test(dead_and_equal_parts_cost_nothing),
        cmocka_unit_test(challenges_become_coefficients),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(queries_are_a_block_of_the_top_layer),
        cmocka_unit_test(variable_rows_are_checked_by_fractions),
        cmocka_unit_test(ranges_are_exact_at_both_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
