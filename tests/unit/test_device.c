/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: views, what a call refuses, what it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "graph/witness.h"
#include "rng.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"
#include "zkgkr/witness.h"

static void ok(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

static void says(const zkg_error *err, const char *what)
{
    if (strstr(err->text, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err->text, what);
}

/* y[i] = x[i] * k + counter, counter += 1: an in-out, a scalar, all copies'
 * k. */
static zkg_recorder *record_step(void)
{
    const uint64_t two = 2;
    zkg_error err = {0};
    zkg_recorder *r;

    ok(zkg_recorder_new(&r, "step", &err), &err);

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 1, &two);
    const zkg_param k = zkg_input(r, "k", ZKG_FR, 0, NULL);
    const zkg_param n = zkg_inout(r, "n", ZKG_I32, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_I64, 1, &two);

    for (uint64_t i = 0; i < 2; i++)
        zkg_set(r, y, i,
                zkg_add(r, zkg_mul(r, zkg_get(r, x, i), zkg_get(r, k, 0)),
                        zkg_get(r, n, 0)));
    zkg_set(r, n, 0, zkg_add(r, zkg_get(r, n, 0), zkg_constant(r, 1)));
    ok(zkg_recorder_finish(r, &err), &err);
    return r;
}

typedef struct bench {
    zkg_recorder *step;
    zkg_device *d;
    zkg_handle x, k, n, y;
} bench;

static void bench_init(bench *b)
{
    zkg_error err = {0};

    memset(b, 0, sizeof(*b));
    b->step = record_step();
    ok(zkg_device_new(&b->d, &err), &err);
    ok(zkg_device_input(b->d, &b->x, "x", ZKG_I32, ZKG_PRIVATE, 2,
                        (uint64_t[]){3, 2}, &err),
       &err);
    ok(zkg_device_input(b->d, &b->k, "k", ZKG_I8, ZKG_PUBLIC, 0, NULL, &err),
       &err);
    ok(zkg_device_input(b->d, &b->n, "n", ZKG_I32, ZKG_PRIVATE, 1,
                        (uint64_t[]){3}, &err),
       &err);
}

static void bench_clear(bench *b)
{
    zkg_device_free(b->d);
    zkg_recorder_free(b->step);
}

static zkg_status call(bench *b, uint64_t copies, zkg_error *err)
{
    const zkg_arg arg[] = {
        {"n", .in = b->n, .out = &b->n},
        {"x", .in = b->x},
        {"y", .out = &b->y},
        {"k", .in = b->k, .broadcast = true},
    };

    return zkg_device_call(b->d, NULL, b->step, copies, arg, 4, err);
}

static void in_outs_and_broadcasts(void **state)
{
    const int64_t x[6] = {1, 2, 3, 4, 5, 6}, k = -7, n[3] = {10, 20, 30};
    int64_t y[6], after[3];
    zkg_error err = {0};
    zkg_witness *w;
    zkg_graph *g;
    bench b;

    (void)state;
    bench_init(&b);
    ok(call(&b, 3, &err), &err);
    ok(call(&b, 3, &err),
       &err); /* the counters go on; one kernel serves both */
    ok(zkg_device_output(b.d, b.y, "y", ZKG_PUBLIC, &err), &err);
    ok(zkg_device_output(b.d, b.n, "after", ZKG_PUBLIC, &err), &err);
    ok(zkg_device_finish(&g, b.d, &err), &err);
    assert_int_equal(g->st.kernels, 1);
    assert_int_equal(g->st.tasks, 2);
    ok(zkg_witness_new(&w, g, NULL, &err), &err);
    assert_int_equal(zkg_witness_make(w, &err), ZKG_ERR_INVALID);
    says(&err, "input x has no values");
    err = (zkg_error){0};
    ok(zkg_witness_set_i64(w, "x", x, 6, &err), &err);
    ok(zkg_witness_set_i64(w, "k", &k, 1, &err), &err);
    ok(zkg_witness_set_i64(w, "n", n, 3, &err), &err);
    ok(zkg_witness_make(w, &err), &err);
    ok(zkg_witness_get_i64(y, 6, w, "y", &err), &err);
    ok(zkg_witness_get_i64(after, 3, w, "after", &err), &err);
    for (int i = 0; i < 6; i++)
        assert_int_equal(y[i], x[i] * k + n[i / 2] + 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(after[i], n[i] + 2);
    /* values of tensors: sizes, ranges, names */
    assert_int_equal(zkg_witness_set_i64(w, "n", n, 2, &err), ZKG_ERR_INVALID);
    says(&err, "tensor n has 3 values, not 2");
    err = (zkg_error){0};
    assert_int_equal(zkg_witness_set_i64(w, "k", (int64_t[]){300}, 1, &err),
                     ZKG_ERR_WITNESS);
    says(&err, "tensor k: element 0 is 300, outside its range -128..127");
    err = (zkg_error){0};
    assert_int_equal(zkg_witness_get_i64(y, 6, w, "z", &err), ZKG_ERR_INVALID);
    says(&err, "no tensor is named \"z\"");
    zkg_witness_free(w);
    zkg_graph_free(g);
    bench_clear(&b);
}

/* Values that come from elsewhere than the rules: what is wrong with them is
 * said in the kernel's words. */
static void a_made_up_witness_is_refused_by_label(void **state)
{
    const int64_t x[6] = {1, 2, 3, 4, 5, 6}, a[6] = {7, 7, 7, 7, 7, 7};
    zkg_recorder *sevens;
    zkg_error err = {0};
    zkg_device *d;
    zkg_handle h[2], y;
    zkg_witness *w;
    zkg_graph *g;

    (void)state;
    ok(zkg_recorder_new(&sevens, "sevens", &err), &err);
    const uint64_t two = 2;
    const zkg_param p = zkg_input(sevens, "x", ZKG_I32, 1, &two);
    const zkg_param q = zkg_input(sevens, "a", ZKG_I32, 1, &two);
    const zkg_param r = zkg_output(sevens, "y", ZKG_I64, 0, NULL);
    for (uint64_t i = 0; i < 2; i++)
        zkg_assert_equal(sevens, zkg_get(sevens, q, i), zkg_constant(sevens, 7),
                         i == 0 ? "the left is 7" : "the right is 7");
    zkg_set(sevens, r, 0,
            zkg_mul(sevens, zkg_get(sevens, p, 0), zkg_get(sevens, p, 1)));
    ok(zkg_recorder_finish(sevens, &err), &err);
    ok(zkg_device_new(&d, &err), &err);
    for (int i = 0; i < 2; i++)
        ok(zkg_device_input(d, &h[i], i == 0 ? "x" : "a", ZKG_I32, ZKG_PRIVATE,
                            2, (uint64_t[]){3, 2}, &err),
           &err);
    const zkg_arg arg[] = {
        {"x", .in = h[0]}, {"a", .in = h[1]}, {"y", .out = &y}};
    ok(zkg_device_call(d, "first", sevens, 3, arg, 3, &err), &err);
    ok(zkg_device_output(d, y, "y", ZKG_PUBLIC, &err), &err);
    ok(zkg_device_finish(&g, d, &err), &err);
    ok(zkg_witness_new(&w, g, NULL, &err), &err);
    ok(zkg_witness_set_i64(w, "x", x, 6, &err), &err);
    ok(zkg_witness_set_i64(w, "a", a, 6, &err), &err);
    ok(zkg_witness_make(w, &err), &err);
    ok(zkg_witness_check(w, g, &err), &err);
    zkg_array *at_a = &w->array[zkg_statement_tensor_id(&g->st, "a")];
    zkg_array *at_y = &w->array[zkg_statement_tensor_id(&g->st, "y")];

    zkg_array_set_i64(at_a, 5, 8);
    assert_int_equal(zkg_witness_check(w, g, &err), ZKG_ERR_WITNESS);
    says(&err, "task first: kernel sevens, copy 2: assertion "
               "the right is 7 does not hold");
    err = (zkg_error){0};
    zkg_array_set_i64(at_a, 5, 7);
    zkg_array_set_i64(at_y, 1, 11);
    assert_int_equal(zkg_witness_check(w, g, &err), ZKG_ERR_WITNESS);
    says(&err, "kernel sevens, copy 1: entry 0 of y (tensor y) is not what the "
               "kernel's program makes");
    zkg_witness_free(w);
    zkg_graph_free(g);
    zkg_device_free(d);
    zkg_recorder_free(sevens);
}

static void refused(bench *b, uint64_t copies, const char *what)
{
    zkg_error err = {0};

    assert_int_equal(call(b, copies, &err), ZKG_ERR_INVALID);
    says(&err, what);
    bench_clear(b);
}

static void wrong_calls_are_named(void **state)
{
    static const uint32_t twice[2] = {0, 0};
    zkg_error err = {0};
    zkg_handle h;
    bench b;

    (void)state;
    bench_init(&b);
    refused(&b, 0, "kernel step is called for 0 copies");
    bench_init(&b);
    refused(&b, 2,
            "kernel step, parameter x: x of shape [3,2] is given, and its "
            "copies need [2,2]");
    bench_init(&b);
    b.k = b.n;
    refused(&b, 3,
            "kernel step, parameter k: n of shape [3] is given, and it is []");
    bench_init(&b);
    b.n.id = 0;
    refused(&b, 3, "parameter n is read, and the call gives no `in`");
    bench_init(&b);
    b.n.id = 99;
    refused(&b, 3, "a handle that no call of this device gave");
    bench_init(&b);
    ok(zkg_device_input(b.d, &b.x, "wide", ZKG_I64, ZKG_PRIVATE, 2,
                        (uint64_t[]){3, 2}, &err),
       &err);
    refused(&b, 3, "wide of type i64 is given, and it is i32");

    bench_init(&b);
    assert_int_equal(zkg_device_call(b.d, NULL, b.step, 3,
                                     (zkg_arg[]){{"z", .in = b.x}}, 1, &err),
                     ZKG_ERR_INVALID);
    says(&err, "kernel step has no parameter \"z\"");
    err = (zkg_error){0};
    assert_int_equal(zkg_device_call(b.d, NULL, b.step, 3,
                                     (zkg_arg[]){{"x", .in = b.x}}, 1, &err),
                     ZKG_ERR_INVALID);
    says(&err, "parameter k is not given");
    err = (zkg_error){0};
    assert_int_equal(zkg_device_reshape(b.d, &h, b.x, 1, (uint64_t[]){5}, &err),
                     ZKG_ERR_INVALID);
    says(&err, "a view of shape [3,2] has not the entries of shape [5]");
    err = (zkg_error){0};
    assert_int_equal(zkg_device_transpose(b.d, &h, b.x, twice, &err),
                     ZKG_ERR_INVALID);
    says(&err, "names each of its 2 axes once");
    err = (zkg_error){0};
    assert_int_equal(zkg_device_slice(b.d, &h, b.x, 0, 2, 2, &err),
                     ZKG_ERR_INVALID);
    says(&err, "entries 2 to 3 of axis 0 of a view of shape [3,2]");
    bench_clear(&b);
}

/* ---- views, against indices worked out one by one ---- */

#define ENTRIES 60

typedef struct seen {
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    int64_t value[ENTRIES]; /* row-major */
    uint64_t count;
} seen;

static void split(seen *v, uint32_t axes, const uint64_t *len)
{
    v->axes = axes;
    memcpy(v->len, len, axes * sizeof(len[0]));
}

static void turn(seen *v, const uint32_t *order)
{
    const seen from = *v;

    for (uint32_t k = 0; k < v->axes; k++)
        v->len[k] = from.len[order[k]];
    for (uint64_t i = 0; i < v->count; i++) {
        uint64_t rest = i, index[ZKG_MAX_AXES], at = 0;

        for (uint32_t k = v->axes; k-- > 0; rest /= v->len[k])
            index[order[k]] = rest % v->len[k];
        for (uint32_t k = 0; k < from.axes; k++)
            at = at * from.len[k] + index[k];
        v->value[i] = from.value[at];
    }
}

static void cut(seen *v, uint32_t axis, uint64_t first, uint64_t count)
{
    const seen from = *v;
    uint64_t kept = 0;

    v->len[axis] = count;
    for (uint64_t i = 0; i < from.count; i++) {
        uint64_t rest = i, index = 0;

        for (uint32_t k = from.axes; k-- > axis; rest /= from.len[k])
            index = rest % from.len[k];
        if (index >= first && index < first + count)
            v->value[kept++] = from.value[i];
    }
    v->count = kept;
}

static void random_views(zkg_device *d, zkg_handle *h, seen *v, rng *r)
{
    static const uint64_t shapes[][3] = {
        {3, 4, 5}, {5, 12, 1}, {2, 15, 2}, {60, 1, 1}, {4, 5, 3}};
    static const uint32_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    zkg_error err = {0};

    for (int i = 0; i < 4; i++) {
        if (v->count == ENTRIES) {
            const uint64_t *len = shapes[rng_below(r, 5)];

            ok(zkg_device_reshape(d, h, *h, 3, len, &err), &err);
            split(v, 3, len);
        }
        if (rng_below(r, 2) == 0) {
            const uint32_t *order = orders[rng_below(r, 6)];

            ok(zkg_device_transpose(d, h, *h, order, &err), &err);
            turn(v, order);
        }
        if (rng_below(r, 6) == 0) {
            const uint32_t axis = (uint32_t)rng_below(r, 3);
            const uint64_t first = rng_below(r, v->len[axis]);
            const uint64_t n = 1 + rng_below(r, v->len[axis] - first);

            ok(zkg_device_slice(d, h, *h, axis, first, n, &err), &err);
            cut(v, axis, first, n);
        }
    }
}

/* Sums of (i + 1) x[i] over one copy. */
static zkg_recorder *record_weigh(uint64_t axes, const uint64_t *len)
{
    int64_t weight[ENTRIES];
    zkg_error err = {0};
    zkg_var v[ENTRIES];
    zkg_recorder *r;
    uint64_t n = 1;

    for (uint64_t i = 0; i < axes; i++)
        n *= len[i];
    ok(zkg_recorder_new(&r, "weigh", &err), &err);

    const zkg_param x = zkg_input(r, "x", ZKG_I32, (uint32_t)axes, len);
    const zkg_param s = zkg_output(r, "s", ZKG_I64, 0, NULL);

    for (uint64_t i = 0; i < n; i++) {
        v[i] = zkg_get(r, x, i);
        weight[i] = (int64_t)i + 1;
    }
    zkg_set(r, s, 0, zkg_combine(r, 0, n, weight, v));
    ok(zkg_recorder_finish(r, &err), &err);
    return r;
}

static void views_are_what_they_say(void **state)
{
    rng random = rng_new();

    (void)state;
    for (int round = 0; round < 60; round++) {
        const uint64_t sixty = ENTRIES;
        const bool copies = round % 2 == 0;
        int64_t x[ENTRIES], sum[ENTRIES], want[ENTRIES] = {0};
        seen v = {.axes = 1, .len = {ENTRIES}, .count = ENTRIES};
        zkg_error err = {0};
        zkg_handle h, s;
        zkg_recorder *r;
        zkg_witness *w;
        zkg_device *d;
        zkg_graph *g;
        uint64_t n, row;

        for (int i = 0; i < ENTRIES; i++)
            v.value[i] = x[i] = (int64_t)rng_below(&random, 2000) - 1000;
        ok(zkg_device_new(&d, &err), &err);
        ok(zkg_device_input(d, &h, "x", ZKG_I32, ZKG_PRIVATE, 1, &sixty, &err),
           &err);
        random_views(d, &h, &v, &random);
        n = copies ? v.len[0] : 1;
        row = v.count / n;
        r = record_weigh(copies ? v.axes - 1 : v.axes,
                         copies ? v.len + 1 : v.len);
        ok(zkg_device_call(d, NULL, r, n,
                           (zkg_arg[]){{"x", .in = h}, {"s", .out = &s}}, 2,
                           &err),
           &err);
        ok(zkg_device_output(d, s, "s", ZKG_PUBLIC, &err), &err);
        ok(zkg_device_finish(&g, d, &err), &err);
        ok(zkg_witness_new(&w, g, NULL, &err), &err);
        ok(zkg_witness_set_i64(w, "x", x, ENTRIES, &err), &err);
        ok(zkg_witness_make(w, &err), &err);
        ok(zkg_witness_get_i64(sum, n, w, "s", &err), &err);
        for (uint64_t i = 0; i < v.count; i++)
            want[i / row] += (int64_t)(i % row + 1) * v.value[i];
        assert_memory_equal(sum, want, n * sizeof(sum[0]));
        zkg_witness_free(w);
        zkg_graph_free(g);
        zkg_device_free(d);
        zkg_recorder_free(r);
    }
}

/* A name means the same rows in all kernels of a graph. */
static void tables_of_one_name_are_one(void **state)
{
    zkg_recorder *r[3];
    zkg_error err = {0};
    zkg_device *d;
    zkg_handle x;

    (void)state;
    for (int i = 0; i < 3; i++) {
        zkg_lut t;

        ok(zkg_recorder_new(&r[i], "k", &err), &err);
        t = zkg_lut_new(r[i], "t", 0);
        zkg_lut_row(r[i], t, i == 2 ? 6 : 5, NULL);
        zkg_lut_row(r[i], t, 7, NULL);
        zkg_lut_query(r[i], t,
                      zkg_get(r[i], zkg_input(r[i], "x", ZKG_I32, 0, NULL), 0),
                      NULL);
        zkg_lut_check(r[i], t);
        ok(zkg_recorder_finish(r[i], &err), &err);
    }
    ok(zkg_device_new(&d, &err), &err);
    ok(zkg_device_input(d, &x, "x", ZKG_I32, ZKG_PRIVATE, 1, (uint64_t[]){3},
                        &err),
       &err);
    for (int i = 0; i < 2; i++)
        ok(zkg_device_call(d, NULL, r[i], 3, (zkg_arg[]){{"x", .in = x}}, 1,
                           &err),
           &err);
    assert_int_equal(
        zkg_device_call(d, NULL, r[2], 3, (zkg_arg[]){{"x", .in = x}}, 1, &err),
        ZKG_ERR_INVALID);
    says(&err, "the graph has another table t");
    zkg_device_free(d);
    for (int i = 0; i < 3; i++)
        zkg_recorder_free(r[i]);
}

/* Queries of kernel `name`, against rows 5 and 7 of table `table`. */
static zkg_recorder *record_queries(const char *name, const char *table,
                                    bool given)
{
    const uint64_t rows = 2;
    zkg_recorder *r;
    zkg_error err = {0};
    zkg_param m = {0};
    zkg_lut t;

    ok(zkg_recorder_new(&r, name, &err), &err);
    if (given)
        m = zkg_input(r, "m", ZKG_I64, 1, &rows);
    t = zkg_lut_new(r, table, 0);
    zkg_lut_row(r, t, 5, NULL);
    zkg_lut_row(r, t, 7, NULL);
    zkg_lut_query(r, t, zkg_get(r, zkg_input(r, "x", ZKG_I32, 0, NULL), 0),
                  NULL);
    if (given)
        zkg_lut_check_counts(r, t, m);
    else
        zkg_lut_check(r, t);
    ok(zkg_recorder_finish(r, &err), &err);
    return r;
}

/* The table of task `a` is `a.t`, and its counts, which are given, are of that
 * task's queries: another kernel's table of that name would add its own. */
static void given_counts_are_of_one_task(void **state)
{
    zkg_recorder *given = record_queries("k", "t", true);
    zkg_recorder *hinted = record_queries("h", "a.t", false);
    zkg_error err = {0};
    zkg_device *d;
    zkg_handle x, m;

    (void)state;
    ok(zkg_device_new(&d, &err), &err);
    ok(zkg_device_input(d, &x, "x", ZKG_I32, ZKG_PRIVATE, 1, (uint64_t[]){3},
                        &err),
       &err);
    ok(zkg_device_input(d, &m, "m", ZKG_I64, ZKG_PRIVATE, 1, (uint64_t[]){2},
                        &err),
       &err);
    ok(zkg_device_call(
           d, "a", given, 3,
           (zkg_arg[]){{"x", .in = x}, {"m", .in = m, .broadcast = true}}, 2,
           &err),
       &err);
    assert_int_equal(zkg_device_call(d, "b", hinted, 3,
                                     (zkg_arg[]){{"x", .in = x}}, 1, &err),
                     ZKG_ERR_INVALID);
    says(&err, "the graph has another table a.t");
    zkg_device_free(d);
    zkg_recorder_free(given);
    zkg_recorder_free(hinted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_outs_and_broadcasts),
        cmocka_unit_test(a_made_up_witness_is_refused_by_label),
        cmocka_unit_test(wrong_calls_are_named),
        cmocka_unit_test(views_are_what_they_say),
        cmocka_unit_test(tables_of_one_name_are_one),
        cmocka_unit_test(given_counts_are_of_one_task),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
