/* SPDX-License-Identifier: Apache-2.0 */
/* Division and softmax: wrong maxima, exponentials, quotients and divisors,
 * with all that follows made to fit, so that what is named catches them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"
#include "nn/special.h"

#define POWER 10
#define SCALE 3
#define EXP_BITS 7

static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

static void add_input(zkg_graph *g, const char *name, uint32_t axes,
                      const uint64_t *len)
{
    zkg_tensor_spec spec = {.name = name,
                            .type = ZKG_I8,
                            .visibility = ZKG_PRIVATE,
                            .axes = axes,
                            .min = -32,
                            .max = 31};
    zkg_error err = {0};

    for (uint32_t i = 0; i < axes; i++)
        spec.len[i] = len[i];
    must(zkg_graph_add_tensor(g, &spec, &err), &err);
    must(zkg_graph_add_input(g, name, &err), &err);
    must(zkg_nn_range(g, name, &err), &err);
}

/* y[i,j] = x[i,j] 2^SCALE / z[j] */
static zkg_graph *quotients(void)
{
    zkg_nn_layer l = {.name = "div",
                      .out = "a0,a1",
                      .y = "y",
                      .y_visibility = ZKG_PRIVATE,
                      .q = {-256, 255}};
    const uint64_t len[2] = {2, 3};
    zkg_error err = {0};
    zkg_graph *g;

    must(zkg_graph_new(&g, &err), &err);
    add_input(g, "x", 2, len);
    add_input(g, "z", 1, len + 1);
    zkg_nn_axis_push(&l, "a0", 2);
    zkg_nn_axis_push(&l, "a1", 3);
    zkg_nn_param_push(&l, "x", "a0,a1", "x");
    zkg_nn_param_push(&l, "z", "a1", "z");
    must(zkg_nn_divide_add(g, &l, SCALE, &err), &err);
    must(zkg_graph_add_output(g, "y", &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    return g;
}

/* y[i,.] = softmax x[i,.] */
static zkg_graph *softmaxes(void)
{
    const zkg_nn_softmax l = {.name = "soft",
                              .x = "x",
                              .y = "y",
                              .over = {false, true},
                              .scale = SCALE,
                              .exp_bits = EXP_BITS,
                              .y_visibility = ZKG_PRIVATE};
    const uint64_t len[2] = {2, 3};
    zkg_error err = {0};
    zkg_graph *g;

    must(zkg_graph_new(&g, &err), &err);
    add_input(g, "x", 2, len);
    must(zkg_nn_softmax_add(g, &l, &err), &err);
    must(zkg_graph_add_output(g, "y", &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    return g;
}

static int64_t get(fx *f, const char *tensor, uint64_t i)
{
    return zkg_array_get_i64(fx_array(f, tensor), i);
}

static void set(fx *f, const char *tensor, uint64_t i, int64_t v)
{
    zkg_array_set_i64(fx_array(f, tensor), i, v);
}

static void give(fx *f, const char *tensor, const int64_t *v)
{
    const zkg_statement *st = &f->graph->st;
    const zkg_tensor *t = &st->tensor[zkg_statement_tensor_id(st, tensor)];
    zkg_error err = {0};

    must(zkg_array_init(fx_array(f, tensor), t->type, t->axes, t->len, &err),
         &err);
    for (uint64_t i = 0; i < zkg_tensor_count(t); i++)
        set(f, tensor, i, v[i]);
}

/* An honest witness; then its tensors can hold any integer. */
static void solve(fx *f)
{
    const zkg_statement *st = &f->graph->st;
    zkg_error err = {0};

    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        zkg_array *a = &f->witness.array[i], wide;

        if (t->vis == ZKG_FIXED || a->data == NULL)
            continue;
        must(zkg_array_init(&wide, ZKG_I64, t->axes, t->len, &err), &err);
        for (uint64_t k = 0; k < zkg_tensor_count(t); k++)
            zkg_array_set_i64(&wide, k, zkg_array_get_i64(a, k));
        zkg_array_clear(a);
        *a = wide;
    }
}

/* The remainder and the gap that fit a numerator, a divisor and y. */
static void fit_quotient(fx *f, const char *rem, const char *gap, uint64_t i,
                         int64_t a, int64_t h)
{
    const int64_t r = a * (2 << SCALE) + h - 2 * h * get(f, "y", i);

    set(f, rem, i, r);
    set(f, gap, i, 2 * h - 1 - r);
}

static void fit_division(fx *f, uint64_t i)
{
    fx_refit(f);
    fit_quotient(f, "div.rem0", "div.gap0", i, get(f, "div.a", i),
                 get(f, "div.h", i % 3));
}

static void fit_softmax(fx *f)
{
    fx_refit(f);
    for (uint64_t i = 0; i < 6; i++)
        fit_quotient(f, "soft.rem0", "soft.gap0", i, get(f, "soft.e", i),
                     get(f, "soft.sum", i / 3));
}

/* y as the definition has it for the sum as it is. */
static void divide_again(fx *f)
{
    fx_refit(f);
    for (uint64_t i = 0; i < 6; i++)
        set(f, "y", i,
            zkg_nn_round_div(get(f, "soft.e", i) * (1 << SCALE),
                             get(f, "soft.sum", i / 3)));
    fit_softmax(f);
}

static void judge(fx *f, zkg_check want)
{
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    fx_recount(f);
    if (fx_prove(f, &careless, &proof, &len, &err) != ZKG_OK)
        fail_msg("the cheat did not get as far as a proof: %s", err.text);
    s = fx_judge(f, proof, len, &v);
    free(proof);
    assert_int_equal(s, want == ZKG_CHECK_NONE ? ZKG_OK : ZKG_ERR_REJECT);
    assert_int_equal(v.check, want);
}

static void begin_division(fx *f)
{
    const int64_t x[6] = {5, -5, 31, -32, 0, 7}, z[3] = {2, -4, 31};

    fx_need_hooks();
    fx_begin(f, quotients(), POWER);
    give(f, "x", x);
    give(f, "z", z);
    solve(f);
    judge(f, ZKG_CHECK_NONE);
}

static void begin_softmax(fx *f)
{
    const int64_t x[6] = {3, -2, 3, 0, 5, -32};

    fx_need_hooks();
    fx_begin(f, softmaxes(), POWER);
    give(f, "x", x);
    solve(f);
    judge(f, ZKG_CHECK_NONE);
}

/* One more, one less: the remainder leaves 0 .. 2 h - 1 at either end. */
static void a_wrong_quotient_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_division(&f);
    for (int64_t by = -1; by <= 1; by += 2) {
        for (uint64_t i = 0; i < 6; i += 5) {
            set(&f, "y", i, get(&f, "y", i) + by);
            fit_division(&f, i);
            judge(&f, ZKG_CHECK_LOOKUP_SUM);
            set(&f, "y", i, get(&f, "y", i) - by);
            fit_division(&f, i);
        }
    }
    judge(&f, ZKG_CHECK_NONE);
    fx_clear(&f);
}

/* A remainder alone, and a gap alone, break their einsum. */
static void a_wrong_remainder_is_caught(void **state)
{
    static const char *const name[] = {"div.rem0", "div.gap0"};
    fx f = {0};

    (void)state;
    begin_division(&f);
    for (int k = 0; k < 2; k++) {
        const int64_t was = get(&f, name[k], 1);

        set(&f, name[k], 1, was > 0 ? was - 1 : was + 1);
        judge(&f, ZKG_CHECK_EINSUM_END);
        set(&f, name[k], 1, was);
    }
    fx_clear(&f);
}

/* With another sign a / h is the same, but h is below 0: rem and gap cannot
 * both be >= 0, and (z, sign) is no row. */
static void a_false_sign_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_division(&f);
    for (uint64_t j = 0; j < 3; j++) {
        set(&f, "div.sign", j, -get(&f, "div.sign", j));
        for (uint64_t i = j; i < 6; i += 3)
            fit_division(&f, i);
        judge(&f, ZKG_CHECK_LOOKUP_SUM);
        set(&f, "div.sign", j, -get(&f, "div.sign", j));
        for (uint64_t i = j; i < 6; i += 3)
            fit_division(&f, i);
    }
    /* A sign of 0 would make 0 of both. */
    set(&f, "div.sign", 0, 0);
    for (uint64_t i = 0; i < 6; i += 3)
        fit_division(&f, i);
    judge(&f, ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

/* Every y is a quotient of 0 by 0. */
static void a_divisor_of_zero_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_division(&f);
    set(&f, "z", 1, 0);
    set(&f, "x", 1, 0);
    for (uint64_t i = 1; i < 6; i += 3)
        fit_division(&f, i);
    judge(&f, ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void zero_has_no_witness(void **state)
{
    const int64_t x[6] = {1, 1, 1, 1, 1, 1}, z[3] = {1, 0, 1};
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    fx_begin(&f, quotients(), POWER);
    give(&f, "x", x);
    give(&f, "z", z);
    assert_int_equal(zkg_witness_solve(&f.witness, f.graph, &err),
                     ZKG_ERR_WITNESS);
    fx_clear(&f);
}

/* m and all that follows from it; the row of an element said to be 0. */
static void move_max(fx *f, int64_t by)
{
    set(f, "soft.m", 0, get(f, "soft.m", 0) + by);
    fx_refit(f);
    for (uint64_t i = 0; i < 3; i++) {
        const int64_t d = get(f, "soft.d", i);

        set(f, "soft.e", i,
            d < 0 ? 1 << EXP_BITS : zkg_nn_model_exp(d, SCALE, EXP_BITS));
        set(f, "soft.zero", i, d == 0);
    }
}

/* No difference is 0: that there is one is the count's einsum, ... */
static void a_maximum_too_large_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_softmax(&f);
    move_max(&f, 1);
    set(&f, "soft.more", 0, 0);
    divide_again(&f);
    judge(&f, ZKG_CHECK_EINSUM_END);
    /* ... the count is in range, ... */
    set(&f, "soft.more", 0, -1);
    judge(&f, ZKG_CHECK_LOOKUP_SUM);
    /* ... and which it is, is the table's row. */
    set(&f, "soft.more", 0, 0);
    set(&f, "soft.zero", 0, 1);
    judge(&f, ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

/* A difference below 0 is no row. */
static void a_maximum_too_small_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_softmax(&f);
    move_max(&f, -5);
    set(&f, "soft.more", 0, 0);
    divide_again(&f);
    assert_int_equal(get(&f, "soft.zero", 1), 1);
    judge(&f, ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void a_false_exponential_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_softmax(&f);
    for (uint64_t i = 0; i < 6; i++) {
        set(&f, "soft.e", i, get(&f, "soft.e", i) + 1);
        divide_again(&f);
        judge(&f, ZKG_CHECK_LOOKUP_SUM);
        set(&f, "soft.e", i, get(&f, "soft.e", i) - 1);
        divide_again(&f);
    }
    judge(&f, ZKG_CHECK_NONE);
    fx_clear(&f);
}

static void a_wrong_share_is_caught(void **state)
{
    fx f = {0};

    (void)state;
    begin_softmax(&f);
    for (int64_t by = -1; by <= 1; by += 2) {
        set(&f, "y", 4, get(&f, "y", 4) + by);
        fit_softmax(&f);
        judge(&f, ZKG_CHECK_LOOKUP_SUM);
        set(&f, "y", 4, get(&f, "y", 4) - by);
    }
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_quotient_is_caught),
        cmocka_unit_test(a_wrong_remainder_is_caught),
        cmocka_unit_test(a_false_sign_is_caught),
        cmocka_unit_test(a_divisor_of_zero_is_caught),
        cmocka_unit_test(zero_has_no_witness),
        cmocka_unit_test(a_maximum_too_large_is_caught),
        cmocka_unit_test(a_maximum_too_small_is_caught),
        cmocka_unit_test(a_false_exponential_is_caught),
        cmocka_unit_test(a_wrong_share_is_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
