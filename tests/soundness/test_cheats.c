/* SPDX-License-Identifier: Apache-2.0 */
/* Provers that cheat, each caught by the check that is meant for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "relation/relation.h"

#define POWER 5

static const fx_shape plain = {.private_x = true};

/* Go on with the witness as it is. */
static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

static void nothing_changed_is_accepted(void **state)
{
    fx f = {0};

    (void)state;
    fx_init(&f, &plain, POWER, 1);
    fx_recount(&f);
    fx_assert_check(fx_judged(&f, NULL, NULL), ZKG_CHECK_NONE);
    fx_clear(&f);
}

static void a_wrong_relu_is_a_wrong_sum(void **state)
{
    for (uint64_t o = 0; o < FX_O; o++) {
        fx f = {0};

        (void)state;
        fx_need_hooks();
        fx_init(&f, &plain, POWER, 1);
        fx_set_cell(&f, "y", &o, fx_cell(&f, "y", &o) == 5 ? 6 : 5);
        fx_recount(&f);
        fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
        fx_clear(&f);
    }
}

static void a_negative_passed_through_is_a_wrong_sum(void **state)
{
    fx f = {0};
    bool found = false;

    /* y = |q| where q < 0: what a table of fewer columns would let pass. */
    (void)state;
    fx_need_hooks();
    for (uint64_t seed = 1; !found && seed < 50; seed++) {
        fx_init(&f, &plain, POWER, seed);
        for (uint64_t o = 0; o < FX_O && !found; o++)
            if (fx_cell(&f, "q", &o) < 0) {
                fx_set_cell(&f, "y", &o, -fx_cell(&f, "q", &o));
                found = true;
            }
        if (found) {
            fx_recount(&f);
            fx_assert_check(fx_judged(&f, &careless, NULL),
                            ZKG_CHECK_LOOKUP_SUM);
        }
        fx_clear(&f);
    }
    assert_true(found);
}

static void a_remainder_out_of_range_is_a_wrong_sum(void **state)
{
    for (int up = 0; up < 2; up++) {
        const uint64_t o = 1;
        fx f = {0};
        int64_t q;

        /* 16 q + rem = 16 (q - 1) + (rem + 16): the einsum holds. */
        (void)state;
        fx_need_hooks();
        fx_init(&f, &plain, POWER, 2);
        q = fx_cell(&f, "q", &o) - 1 - up;
        fx_set_cell(&f, "q", &o, q);
        fx_set_cell(&f, "rem", &o, fx_cell(&f, "rem", &o) + 16 * (1 + up));
        fx_set_cell(&f, "y", &o, q > 0 ? q : 0);
        fx_recount(&f);
        fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
        fx_clear(&f);
    }
}

static void an_input_out_of_range_is_a_wrong_sum(void **state)
{
    /* x in private memory, 100 where -8..7 is declared; all else follows. */
    const uint64_t k = 0;
    fx f = {0};
    int64_t was;

    (void)state;
    fx_need_hooks();
    fx_init(&f, &plain, POWER, 3);
    was = fx_cell(&f, "x", &k);
    for (uint64_t o = 0; o < FX_O; o++) {
        const uint64_t at[2] = {o, k};
        const int64_t rest = fx_cell(&f, "rem", &o) +
                             fx_cell(&f, "w", at) * (8 - was) +
                             16 * fx_cell(&f, "q", &o);
        const int64_t q = rest >= 0 ? rest / 16 : -((15 - rest) / 16);

        fx_set_cell(&f, "q", &o, q);
        fx_set_cell(&f, "rem", &o, rest - 16 * q);
        fx_set_cell(&f, "y", &o, q > 0 ? q : 0);
    }
    fx_set_cell(&f, "x", &k, 8);
    fx_recount(&f);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void a_count_moved_to_another_row_is_a_wrong_sum(void **state)
{
    const zkg_stmt_table *t;
    fx f = {0};
    uint64_t from = 0;
    zkg_array *counts;

    (void)state;
    fx_need_hooks();
    fx_init(&f, &plain, POWER, 4);
    t = &f.graph->st.table[zkg_statement_table_id(&f.graph->st, "relu")];
    counts = &f.witness.array[t->counts];
    while (zkg_array_get_i64(counts, from) == 0)
        from++;
    zkg_array_set_i64(counts, from, zkg_array_get_i64(counts, from) - 1);
    zkg_array_set_i64(counts, (from + 1) % t->rows,
                      zkg_array_get_i64(counts, (from + 1) % t->rows) + 1);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void a_count_hidden_in_padding_is_a_wrong_sum(void **state)
{
    static const fx_shape shape = {.private_x = true, .odd_table = true};
    const uint64_t row = 40; /* of 33, padded to 64 */
    fx f = {0};

    /* A wrong y, and its count put where there is no row. */
    (void)state;
    fx_need_hooks();
    fx_init(&f, &shape, POWER, 4);
    fx_garbage(&f, "count.relu", 0, 0, 1);
    fx_set_cell(&f, "y", (const uint64_t[]){0}, 1);
    if (fx_cell(&f, "q", (const uint64_t[]){0}) == 1)
        fx_set_cell(&f, "y", (const uint64_t[]){0}, 2);
    fx_recount(&f);
    fx_set_cell(&f, "count.relu", &row, 1);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void caught(zkg_cheat cheat, int64_t task, const fx_shape *shape,
                   zkg_check check)
{
    const zkg_hooks hooks = {.cheat = cheat, .task = task};
    fx f = {0};

    fx_need_hooks();
    fx_init(&f, shape, POWER, 5);
    /* Of a claim that is dropped it takes both to forget it. */
    fx_assert_check(
        fx_judged(&f, &hooks, cheat == ZKG_CHEAT_DROPPED_CLAIM ? &hooks : NULL),
        check);
    fx_clear(&f);
}

static void a_wrong_multiplicity_is_a_wrong_sum(void **state)
{
    static const char *const table[] = {"rem4", "relu", "s4"};

    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < 3; i++) {
        for (int64_t by = -1; by <= 1; by += 2) {
            char counts[32];
            fx f = {0};
            const uint64_t row = 3;

            (void)snprintf(counts, sizeof(counts), "count.%s", table[i]);
            fx_init(&f, &plain, POWER, 5);
            fx_set_cell(&f, counts, &row, fx_cell(&f, counts, &row) + by);
            fx_assert_check(fx_judged(&f, &careless, NULL),
                            ZKG_CHECK_LOOKUP_SUM);
            fx_clear(&f);
        }
    }
}

/* 1 / (alpha - sum_c beta^c value_c) */
static void inverse_of(zkg_fr *out, const zkg_lookup_challenges *at,
                       const int64_t *value, uint32_t columns)
{
    zkg_fr power = zkg_fr_one, t;

    *out = at->alpha;
    for (uint32_t c = 0; c < columns; c++) {
        zkg_fr_mul_i64(&t, &power, value[c]);
        zkg_fr_sub(out, out, &t);
        zkg_fr_mul(&power, &power, &at->beta);
    }
    zkg_fr_inv(out, out);
}

static int64_t relu_of(int64_t x)
{
    return x > 0 ? x : 0;
}

/* The count of row 0 that makes the two sides of the table relu agree. */
static void late_count(void *user, void *count, const void *challenge)
{
    fx *f = user;
    const zkg_stmt_table *t =
        &f->graph->st.table[zkg_statement_table_id(&f->graph->st, "relu")];
    zkg_fr sum = zkg_fr_zero, term, *m = count;
    int64_t row[2];

    for (uint64_t o = 0; o < FX_O; o++) {
        row[0] = fx_cell(f, "q", &o);
        row[1] = fx_cell(f, "y", &o);
        inverse_of(&term, challenge, row, 2);
        zkg_fr_add(&sum, &sum, &term);
    }
    for (uint64_t i = 0; i < t->rows; i++) {
        for (uint32_t c = 0; c < 2; c++)
            row[c] = zkg_stmt_table_entry(t, c, i);
        assert_int_equal(row[1], relu_of(row[0]));
        inverse_of(&term, challenge, row, 2);
        zkg_fr_mul(&term, &term, &m[i]);
        zkg_fr_sub(&sum, &sum, &term);
    }
    /* m_0 += sum (alpha - row 0) */
    for (uint32_t c = 0; c < 2; c++)
        row[c] = zkg_stmt_table_entry(t, c, 0);
    inverse_of(&term, challenge, row, 2);
    zkg_fr_inv(&term, &term);
    zkg_fr_mul(&term, &term, &sum);
    zkg_fr_add(&m[0], &m[0], &term);
}

/* All sums agree then, for a row that is in no table: the commitment alone
 * gives it away.  So counts are committed before the challenges. */
static void counts_after_the_challenge_are_not_what_is_committed(void **state)
{
    const uint64_t o = 1;
    zkg_hooks hooks = {.cheat = ZKG_CHEAT_LATE_COUNTS,
                       .late_count = late_count};
    fx f = {0};

    (void)state;
    fx_need_hooks();
    fx_init(&f, &plain, POWER, 5);
    fx_set_cell(&f, "y", &o, fx_cell(&f, "y", &o) == 5 ? 6 : 5);
    hooks.task = zkg_statement_table_id(&f.graph->st, "relu");
    hooks.late_user = &f;
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_assert_check(fx_judged(&f, &hooks, NULL), fx_pcs() == ZKG_PCS_HYPERKZG
                                                     ? ZKG_CHECK_BATCH
                                                     : ZKG_CHECK_PAIRING);
    fx_clear(&f);
}

/* Without a test's hook the prover sees it itself. */
static void an_honest_prover_does_not_send_a_false_proof(void **state)
{
    const uint64_t row = 3;
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    fx_init(&f, &plain, POWER, 5);
    fx_set_cell(&f, "count.rem4", &row, 100);
    assert_int_equal(fx_prove(&f, NULL, &proof, &len, &err), ZKG_ERR_WITNESS);
    assert_null(proof);
    fx_clear(&f);
}

static void a_zero_denominator_is_called_that(void **state)
{
    (void)state;
    caught(ZKG_CHEAT_ZERO_DENOMINATOR, -1, &plain, ZKG_CHECK_LOOKUP_ZERO);
}

static void a_wrong_end_value_fails_the_einsum(void **state)
{
    static const fx_shape virtual = {.private_x = true, .virtual_acc = true};

    (void)state;
    caught(ZKG_CHEAT_WRONG_END_VALUE, 0, &plain, ZKG_CHECK_EINSUM_END);
    caught(ZKG_CHEAT_WRONG_END_VALUE, 0, &virtual, ZKG_CHECK_EINSUM_END);
}

static void a_wrong_leaf_is_called_that(void **state)
{
    (void)state;
    caught(ZKG_CHEAT_WRONG_LEAF, -1, &plain, ZKG_CHECK_LOOKUP_LEAF);
}

/* A row that is in no table, and is not summed: nothing is missing in the
 * counts.  Numerators are held to the rows that there are. */
static void a_row_that_is_not_counted_is_a_wrong_leaf(void **state)
{
    const zkg_hooks hooks = {.cheat = ZKG_CHEAT_UNCOUNTED_ROW, .task = -1};
    const uint64_t o = FX_O - 1;
    zkg_verdict v;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    fx_init(&f, &plain, POWER, 5);
    fx_set_cell(&f, "y", &o, fx_cell(&f, "y", &o) == 5 ? 6 : 5);
    fx_recount(&f);
    v = fx_judged(&f, &hooks, NULL);
    fx_assert_check(v, ZKG_CHECK_LOOKUP_LEAF);
    assert_non_null(strstr(v.text, "numerators are not the rows'"));
    fx_clear(&f);
}

/* A row that is in no table, and a table that has it: the sums agree.  A
 * table's denominators are held to its columns. */
static void a_table_with_another_row_is_a_wrong_leaf(void **state)
{
    const uint64_t o = 1;
    zkg_hooks hooks = {.cheat = ZKG_CHEAT_OTHER_TABLE};
    const zkg_stmt_table *t;
    zkg_verdict v;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    fx_init(&f, &plain, POWER, 5);
    hooks.task = zkg_statement_table_id(&f.graph->st, "relu");
    t = &f.graph->st.table[hooks.task];
    while (zkg_stmt_table_entry(t, 0, hooks.entry.row) != fx_cell(&f, "q", &o))
        hooks.entry.row++;
    hooks.entry.value = fx_cell(&f, "y", &o) == 5 ? 6 : 5;
    fx_set_cell(&f, "y", &o, hooks.entry.value);
    v = fx_judged(&f, &hooks, NULL);
    fx_assert_check(v, ZKG_CHECK_LOOKUP_LEAF);
    assert_non_null(strstr(v.text, "denominators are not its columns'"));
    fx_clear(&f);
}

static void a_dropped_claim_stays_in_the_ledger(void **state)
{
    static const fx_shape shape = {.private_x = true, .virtual_acc = true};

    (void)state;
    caught(ZKG_CHEAT_DROPPED_CLAIM, -1, &shape, ZKG_CHECK_LEDGER);
}

static void a_wrong_batch_value_is_called_that(void **state)
{
    (void)state;
    caught(ZKG_CHEAT_WRONG_BATCH_VALUE, -1, &plain,
           fx_pcs() == ZKG_PCS_HYPERKZG ? ZKG_CHECK_BATCH : ZKG_CHECK_PAIRING);
}

static void a_wrong_opening_fails_the_pairing(void **state)
{
    (void)state;
    caught(ZKG_CHEAT_WRONG_OPENING, -1, &plain, ZKG_CHECK_PAIRING);
}

/* ---- statements that are refused when built ---- */

/* sum of two tensors with a coefficient c; finish says what it thinks. */
static zkg_status sum_with(const char *c, zkg_error *err)
{
    const zkg_tensor_spec a = {"a", ZKG_I32, ZKG_PUBLIC, 1, {4}, 0, 1 << 30};
    const zkg_tensor_spec b = {"b", ZKG_I32, ZKG_PUBLIC, 1, {4}, 0, 1 << 30};
    zkg_graph *g = NULL;
    zkg_status s = zkg_graph_new(&g, err);

#define STEP(call)                                                             \
    if (s == ZKG_OK)                                                           \
    s = (call)
    STEP(zkg_graph_add_tensor(g, &a, err));
    STEP(zkg_graph_add_tensor(g, &b, err));
    STEP(zkg_graph_add_kernel(g, "sum", err));
    STEP(zkg_graph_kernel_axis(g, "sum", "i", 4, err));
    STEP(zkg_graph_kernel_param(g, "sum", "a", "i", err));
    STEP(zkg_graph_kernel_param(g, "sum", "b", "i", err));
    STEP(zkg_graph_kernel_einsum(g, "sum", "i", NULL, err));
    STEP(zkg_graph_kernel_term(g, "sum", c, "a[i]", NULL, err));
    STEP(zkg_graph_kernel_term(g, "sum", "-1", "b[i]", NULL, err));
    STEP(zkg_graph_add_task(g, "t", "sum", 1, err));
    STEP(zkg_graph_bind(g, "a", "a", false, err));
    STEP(zkg_graph_bind(g, "b", "b", false, err));
    STEP(zkg_graph_add_input(g, "a", err));
    STEP(zkg_graph_add_input(g, "b", err));
    STEP(zkg_graph_finish(g, err));
#undef STEP
    zkg_graph_free(g);
    return s;
}

static void sums_that_could_wrap_are_refused(void **state)
{
    /* p/2 / 2^30 is about 1.0e67. */
    static const char *const far[] = {
        "20000000000000000000000000000000000000000000000000000000000000000000",
        "-20000000000000000000000000000000000000000000000000000000000000000000",
        "2188824287183927522224640574525727508854836440041603434369820418657"
        "5808495617",
        "1157920892373161954235709850086879078532699846656405640394575840079"
        "13129639935",
    };
    zkg_error err = {0};

    (void)state;
    if (sum_with("1000000000000000000000000000000000000000000000000000000000"
                 "000000000",
                 &err) != ZKG_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        err = (zkg_error){0};
        assert_int_equal(sum_with(far[i], &err), ZKG_ERR_MALFORMED);
        assert_string_not_equal(err.text, "");
    }
}

/* A private tensor of bounds tighter than its lookup's. */
static void bounds_that_no_lookup_enforces_are_refused(void **state)
{
    for (int64_t max = 14; max <= 15; max++) {
        const zkg_tensor_spec a = {"a", ZKG_U8, ZKG_PRIVATE, 1, {4}, 0, max};
        zkg_error err = {0};
        zkg_graph *g = NULL;

        (void)state;
        assert_int_equal(zkg_graph_new(&g, &err), ZKG_OK);
        assert_int_equal(zkg_graph_add_tensor(g, &a, &err), ZKG_OK);
        assert_int_equal(zkg_graph_add_table(g, "r4", ZKG_KIND_RANGE, 4, &err),
                         ZKG_OK);
        assert_int_equal(zkg_graph_add_kernel(g, "k", &err), ZKG_OK);
        assert_int_equal(zkg_graph_kernel_axis(g, "k", "i", 4, &err), ZKG_OK);
        assert_int_equal(zkg_graph_kernel_param(g, "k", "a", "i", &err),
                         ZKG_OK);
        assert_int_equal(zkg_graph_kernel_lookup(g, "k", "r4", "a", &err),
                         ZKG_OK);
        assert_int_equal(zkg_graph_add_task(g, "t", "k", 1, &err), ZKG_OK);
        assert_int_equal(zkg_graph_bind(g, "a", "a", false, &err), ZKG_OK);
        assert_int_equal(zkg_graph_add_input(g, "a", &err), ZKG_OK);
        assert_int_equal(zkg_graph_finish(g, &err),
                         max == 15 ? ZKG_OK : ZKG_ERR_MALFORMED);
        zkg_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed_is_accepted),
        cmocka_unit_test(a_wrong_relu_is_a_wrong_sum),
        cmocka_unit_test(a_negative_passed_through_is_a_wrong_sum),
        cmocka_unit_test(a_remainder_out_of_range_is_a_wrong_sum),
        cmocka_unit_test(an_input_out_of_range_is_a_wrong_sum),
        cmocka_unit_test(a_count_moved_to_another_row_is_a_wrong_sum),
        cmocka_unit_test(a_count_hidden_in_padding_is_a_wrong_sum),
        cmocka_unit_test(a_wrong_multiplicity_is_a_wrong_sum),
        cmocka_unit_test(counts_after_the_challenge_are_not_what_is_committed),
        cmocka_unit_test(an_honest_prover_does_not_send_a_false_proof),
        cmocka_unit_test(a_zero_denominator_is_called_that),
        cmocka_unit_test(a_wrong_end_value_fails_the_einsum),
        cmocka_unit_test(a_wrong_leaf_is_called_that),
        cmocka_unit_test(a_row_that_is_not_counted_is_a_wrong_leaf),
        cmocka_unit_test(a_table_with_another_row_is_a_wrong_leaf),
        cmocka_unit_test(a_dropped_claim_stays_in_the_ledger),
        cmocka_unit_test(a_wrong_batch_value_is_called_that),
        cmocka_unit_test(a_wrong_opening_fails_the_pairing),
        cmocka_unit_test(sums_that_could_wrap_are_refused),
        cmocka_unit_test(bounds_that_no_lookup_enforces_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
