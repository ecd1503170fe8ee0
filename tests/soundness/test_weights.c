/* SPDX-License-Identifier: Apache-2.0 */
/* Weights that are private, or public: what holds a prover to them, and what
 * does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "tensor/dtype.h"
#include "zkgkr/nn.h"
#include "zkgkr/verify.h"

enum { POWER = 11, OUT = 3, IN = 5, SHIFT = 4 };

static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

/* Weights of 5 bits, biases of 18, which are two digits of 9. */
static const int64_t weight[OUT * IN] = {15, -16, 3,  0, -1, 7,  7, -8,
                                         2,  11,  -5, 6, 1,  -9, 4};
static const int64_t bias[OUT] = {-131072, 65535, 12};
static const int64_t pixel[IN] = {-8, 7, 3, 0, -1};

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* A layer whose outputs are wide enough for whatever a test makes of them. */
static zkg_graph *layer_of(const int64_t *w, const int64_t *b,
                           zkg_visibility vis)
{
    const zkg_tensor_spec x = {"x", ZKG_I8, ZKG_PRIVATE, 1, {IN}, -8, 7};
    const zkg_nn_dense d = {.name = "l",
                            .x = "x",
                            .y = "y",
                            .out = OUT,
                            .in = IN,
                            .w = w,
                            .b = b,
                            .shift = SHIFT,
                            .y_visibility = ZKG_PUBLIC,
                            .param_visibility = vis};
    zkg_interval range[IN];
    zkg_error err = {0};
    zkg_graph *g;

    for (int i = 0; i < IN; i++)
        range[i] = (zkg_interval){-8, 7};
    must(zkg_graph_new(&g, &err), &err);
    must(zkg_graph_add_tensor(g, &x, &err), &err);
    must(zkg_nn_dense_rescale(g, NULL, &d, range, &err), &err);
    must(zkg_nn_range(g, "x", &err), &err);
    must(zkg_graph_add_input(g, "x", &err), &err);
    must(zkg_graph_add_output(g, "y", &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    return g;
}

static void fill(fx *f, const char *tensor, const int64_t *v)
{
    const zkg_statement *st = &f->graph->st;
    const zkg_tensor *t = &st->tensor[zkg_statement_tensor_id(st, tensor)];
    zkg_array *a = fx_array(f, tensor);
    zkg_error err = {0};

    zkg_array_clear(a);
    /* What is committed is as wide as a lie may need. */
    must(zkg_array_init(a, t->vis == ZKG_PUBLIC ? t->type : ZKG_I64, t->axes,
                        t->len, &err),
         &err);
    for (uint64_t i = 0; i < zkg_tensor_count(t); i++)
        zkg_array_set_i64(a, i, v[i]);
    zkg_witness_refresh(&f->witness);
}

/* All arrays but those of a prover's choice. */
static void forget(fx *f)
{
    zkg_error err = {0};

    zkg_witness_clear(&f->witness);
    must(zkg_witness_init(&f->witness, f->graph, &err), &err);
    fill(f, "x", pixel);
}

/* Everything that follows from what is there. */
static void follow(fx *f)
{
    zkg_error err = {0};

    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
}

static void begin(fx *f, zkg_visibility vis)
{
    zkg_error err = {0};

    fx_need_hooks();
    fx_begin(f, layer_of(weight, bias, vis), POWER);
    fill(f, "x", pixel);
    follow(f);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
    fx_assert_check(fx_judged(f, NULL, NULL), ZKG_CHECK_NONE);
}

/* The layer's remainders and outputs for weights of the prover's choice, by the
 * definition: the rules would refuse them. */
static void fit(fx *f, const int64_t *w, const int64_t *b)
{
    int64_t y[OUT], rem[OUT];

    for (int o = 0; o < OUT; o++) {
        int64_t sum = b[o] + (1 << (SHIFT - 1));

        for (int k = 0; k < IN; k++)
            sum += w[o * IN + k] * pixel[k];
        y[o] = sum >> SHIFT;
        rem[o] = sum & ((1 << SHIFT) - 1);
    }
    fill(f, "y", y);
    fill(f, "l.rem0", rem);
    fx_refit(f);
    fx_recount(f);
}

/* The lookups of this table, and no others, are what refuses. */
static void assert_table(const fx *f, zkg_verdict v, const char *table)
{
    char said[32];

    fx_assert_check(v, ZKG_CHECK_LOOKUP_SUM);
    snprintf(said, sizeof(said), "table %u:",
             (unsigned)zkg_statement_table_id(&f->graph->st, table));
    assert_non_null(strstr(v.text, said));
}

/* One step beyond the range on either side, all else made to fit: the sums hold
 * and the range's table alone is against it. */
static void a_weight_outside_its_range_is_caught_by_its_lookup(void **state)
{
    int64_t w[OUT * IN];
    fx f, wide;

    (void)state;
    begin(&f, ZKG_PRIVATE);
    for (int i = 0; i < 2; i++) {
        memcpy(w, weight, sizeof(w));
        w[4] = i == 0 ? 16 : -17;
        fill(&f, "l.w", w);
        fit(&f, w, bias);
        assert_table(&f, fx_judged(&f, &careless, NULL), "signed5");
    }
    /* Where the weights are declared with a bit more the same is true. */
    fx_begin(&wide, layer_of(w, bias, ZKG_PRIVATE), POWER);
    fill(&wide, "x", pixel);
    follow(&wide);
    fx_assert_check(fx_judged(&wide, NULL, NULL), ZKG_CHECK_NONE);
    fx_clear(&wide);
    fx_clear(&f);
}

static void a_digit_outside_its_range_is_caught_by_its_lookup(void **state)
{
    static const int64_t beyond[2] = {512, -1};
    int64_t digit[OUT], b[OUT];
    fx f;

    (void)state;
    begin(&f, ZKG_PRIVATE);
    for (int i = 0; i < 4; i++) {
        const char *name = i < 2 ? "l.b.0" : "l.b.1";
        const int64_t unit = i < 2 ? 1 : 512;

        forget(&f);
        follow(&f);
        for (int o = 0; o < OUT; o++) {
            digit[o] = zkg_array_get_i64(fx_array(&f, name), (uint64_t)o);
            b[o] = bias[o];
        }
        b[1] += unit * (beyond[i % 2] - digit[1]);
        digit[1] = beyond[i % 2];
        fill(&f, name, digit);
        fill(&f, "l.b", bias);
        fx_refit(&f);
        assert_int_equal(zkg_array_get_i64(fx_array(&f, "l.b"), 1), b[1]);
        fit(&f, weight, b);
        assert_table(&f, fx_judged(&f, &careless, NULL), "range9");
    }
    fx_clear(&f);
}

/* A weight within its range that outputs and remainders do not follow. */
static void a_weight_that_the_outputs_do_not_follow_is_caught(void **state)
{
    int64_t w[OUT * IN];
    fx f;

    (void)state;
    begin(&f, ZKG_PRIVATE);
    memcpy(w, weight, sizeof(w));
    w[7]++;
    fill(&f, "l.w", w);
    fx_recount(&f);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_EINSUM_END);
    fx_clear(&f);
}

/* Weights that are sums of digits are virtual, and so is what is in their
 * padding whatever is in that of the digits: no sum may see it. */
static void garbage_in_the_padding_of_digits_is_not_read(void **state)
{
    static const zkg_hooks drop = {
        .cheat = ZKG_CHEAT_FALSE_WITNESS, .task = -1, .drop_indicator = true};
    int64_t w[OUT * IN];
    int64_t rem[OUT], sum = 0;
    uint64_t at[2];
    fx f;

    (void)state;
    fx_need_hooks();
    for (int i = 0; i < OUT * IN; i++)
        w[i] = weight[i] * 4097;
    fx_begin(&f, layer_of(w, bias, ZKG_PRIVATE), POWER);
    fill(&f, "x", pixel);
    follow(&f);
    fx_garbage(&f, "x", 2, 7, 1);
    fx_garbage(&f, "l.w.0", 2, 400, 2);
    fx_garbage(&f, "l.w.1", 2, 400, 3);
    fx_garbage(&f, "l.w", 0, 0, 4);
    for (at[0] = 0; at[0] < 4; at[0]++)
        for (at[1] = 0; at[1] < 8; at[1]++)
            if (at[0] >= OUT || at[1] >= IN)
                fx_set_cell(&f, "l.w", at,
                            fx_cell(&f, "l.w.0", at) +
                                512 * fx_cell(&f, "l.w.1", at));
    /* An output that is padding is what its real inputs make of it. */
    for (uint64_t k = 0; k < IN; k++)
        sum += fx_cell(&f, "l.w", (const uint64_t[2]){OUT, k}) * pixel[k];
    for (uint64_t o = 0; o < OUT; o++)
        rem[o] = zkg_array_get_i64(fx_array(&f, "l.rem0"), o);
    fill(&f, "l.rem0", rem);
    fx_garbage(&f, "l.rem0", 0, 0, 5);
    fx_set_cell(&f, "l.rem0", (const uint64_t[1]){OUT}, sum);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_NONE);
    /* Where both sides forget what is real it is read. */
    assert_int_not_equal(fx_judged(&f, &drop, &drop).check, ZKG_CHECK_NONE);
    fx_clear(&f);
}

/* That is what private means: the key does not know the weights, a proof is
 * about those that it commits to. */
static void other_private_weights_are_proven_as_well(void **state)
{
    int64_t w[OUT * IN];
    uint8_t *proof[2];
    size_t len[2];
    zkg_error err = {0};
    fx_layout at;
    fx f;

    (void)state;
    begin(&f, ZKG_PRIVATE);
    assert_int_equal(f.made.fixed_points, 0);
    must(fx_prove(&f, NULL, &proof[0], &len[0], &err), &err);
    for (int i = 0; i < OUT * IN; i++)
        w[i] = weight[OUT * IN - 1 - i];
    forget(&f);
    fill(&f, "l.w", w);
    follow(&f);
    must(zkg_witness_check(&f.witness, f.graph, &err), &err);
    must(fx_prove(&f, NULL, &proof[1], &len[1], &err), &err);
    must(fx_judge(&f, proof[1], len[1], NULL), &err);
    at = fx_layout_of(&f);
    assert_int_equal(len[0], len[1]);
    assert_memory_not_equal(proof[0] + at.commitments,
                            proof[1] + at.commitments,
                            at.segments - at.commitments);
    free(proof[0]);
    free(proof[1]);
    fx_clear(&f);
}

/* The statement says the bits of private and public weights, and no more. */
static void the_statement_does_not_depend_on_the_weights(void **state)
{
    static const zkg_visibility vis[] = {ZKG_PRIVATE, ZKG_PUBLIC};
    int64_t w[OUT * IN], b[OUT];

    (void)state;
    for (int i = 0; i < OUT * IN; i++)
        w[i] = i % 2 == 0 ? 9 : -15;
    for (int o = 0; o < OUT; o++)
        b[o] = bias[OUT - 1 - o] + 7;
    for (int i = 0; i < 2; i++) {
        zkg_graph *g = layer_of(weight, bias, vis[i]);
        zkg_graph *h = layer_of(w, b, vis[i]);

        assert_memory_equal(g->st.digest, h->st.digest, 32);
        zkg_graph_free(g);
        zkg_graph_free(h);
    }
}

/* Public ones are in the proof: held to their range, and to what a verifier
 * wants them to be. */
static void public_weights_are_compared(void **state)
{
    int64_t w[OUT * IN];
    const zkg_array *want[64] = {NULL};
    const zkg_verify_options options = {.expected = want};
    zkg_verdict v = {0};
    zkg_error err = {0};
    zkg_array mine = {.data = NULL};
    const uint64_t shape[2] = {OUT, IN};
    uint32_t id;
    uint8_t *proof;
    size_t len;
    fx f;

    (void)state;
    begin(&f, ZKG_PUBLIC);
    id = zkg_statement_tensor_id(&f.graph->st, "l.w");
    must(zkg_array_init(&mine, ZKG_I64, 2, shape, &err), &err);
    for (uint64_t i = 0; i < OUT * IN; i++)
        zkg_array_set_i64(&mine, i, weight[i]);
    want[id] = &mine;
    must(fx_prove(&f, NULL, &proof, &len, &err), &err);
    must(zkg_verify_with_key(&v, &f.made, proof, len, &options, &err), &err);
    /* A value altered in the proof. */
    proof[fx_layout_of(&f).publics] ^= 1;
    assert_int_equal(fx_judge(&f, proof, len, &v), ZKG_ERR_REJECT);
    proof[fx_layout_of(&f).publics] ^= 0x41;
    v = (zkg_verdict){0};
    assert_int_equal(fx_judge(&f, proof, len, &v), ZKG_ERR_REJECT);
    fx_assert_check(v, ZKG_CHECK_PUBLIC);
    free(proof);
    /* Another prover's are proven, and are not the ones wanted. */
    memcpy(w, weight, sizeof(w));
    w[0] = 2;
    forget(&f);
    fill(&f, "l.w", w);
    follow(&f);
    must(fx_prove(&f, NULL, &proof, &len, &err), &err);
    must(fx_judge(&f, proof, len, NULL), &err);
    v = (zkg_verdict){0};
    assert_int_equal(
        zkg_verify_with_key(&v, &f.made, proof, len, &options, &err),
        ZKG_ERR_REJECT);
    fx_assert_check(v, ZKG_CHECK_PUBLIC);
    free(proof);
    zkg_array_clear(&mine);
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_outside_its_range_is_caught_by_its_lookup),
        cmocka_unit_test(a_digit_outside_its_range_is_caught_by_its_lookup),
        cmocka_unit_test(a_weight_that_the_outputs_do_not_follow_is_caught),
        cmocka_unit_test(garbage_in_the_padding_of_digits_is_not_read),
        cmocka_unit_test(other_private_weights_are_proven_as_well),
        cmocka_unit_test(the_statement_does_not_depend_on_the_weights),
        cmocka_unit_test(public_weights_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
