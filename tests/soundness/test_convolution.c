/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of images: proved, and lied about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conv_fixture.h"

#define POWER 6
#define SEEDS 16

static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

static void networks_are_proved(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fx f = {0};

        vx_init(&f, seed, POWER);
        fx_assert_check(fx_judged(&f, NULL, NULL), ZKG_CHECK_NONE);
        fx_clear(&f);
    }
}

/* x is of 7 x 6, stored as 8 x 8: no window reads what lies beyond; one that
 * did, on both sides, would not add up. */
static void garbage_around_an_image_changes_nothing(void **state)
{
    const zkg_hooks drop = {.drop_indicator = true, .task = -1};

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fx f = {0};

        vx_init(&f, seed, POWER);
        fx_garbage(&f, "x", -100, 100, seed);
        fx_assert_check(fx_judged(&f, NULL, NULL), ZKG_CHECK_NONE);
#ifdef ZKG_TEST_HOOKS
        fx_assert_check(fx_judged(&f, &drop, &drop), ZKG_CHECK_EINSUM_END);
#endif
        fx_clear(&f);
    }
    (void)drop;
}

/* The value of each cell of a tensor, plus what `more` says. */
static void change(fx *f, const char *tensor, int64_t more, uint64_t every,
                   uint64_t first)
{
    zkg_array *a = fx_array(f, tensor);

    for (uint64_t i = first; i < zkg_array_stored_count(a); i += every)
        zkg_array_set_i64(a, i, zkg_array_get_i64(a, i) + more);
}

/* A maximum of a block that is one too high: out - in_i is never negative, and
 * the sums hold; but no tap is that high. */
static void a_maximum_too_high_is_caught(void **state)
{
    fx f = {0};
    zkg_verdict v;
    uint64_t cells;

    (void)state;
    fx_need_hooks();
    vx_init(&f, 1, POWER);
    cells = zkg_array_stored_count(fx_array(&f, "a"));
    change(&f, "a", 1, cells, 4);
    change(&f, "conv0.d", 1, cells, 4);
    fx_recount(&f);
    v = fx_judged(&f, &careless, NULL);
    fx_assert_check(v, ZKG_CHECK_EINSUM_END);
    assert_int_equal(v.task, 1);
    /* Lookups of rem, d and y; then the tree of products, of 6 taps. */
    assert_in_range(v.relation, 3, 7);
    fx_clear(&f);
}

/* Any tensor of any layer that is not what its sums say. */
static void wrong_sums_are_caught(void **state)
{
    static const char *const tensors[] = {"a", "conv0.rem", "b", "y"};

    (void)state;
    fx_need_hooks();
    for (uint64_t seed = 0; seed < SEEDS; seed += 3) {
        for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++) {
            const bool rem0 = strcmp(tensors[i], "conv0.rem") == 0;
            fx f = {0};
            zkg_verdict v;

            vx_init(&f, seed, POWER);
            if (rem0 && zkg_statement_tensor_id(&f.graph->st, tensors[i]) ==
                            ZKG_NO_ID) {
                fx_clear(&f);
                continue;
            }
            change(&f, tensors[i], 1,
                   zkg_array_stored_count(fx_array(&f, tensors[i])), 1);
            fx_recount(&f);
            v = fx_judged(&f, &careless, NULL);
            /* A lookup may see it first. */
            if (v.check != ZKG_CHECK_LOOKUP_SUM)
                fx_assert_check(v, ZKG_CHECK_EINSUM_END);
            fx_clear(&f);
        }
    }
}

/* z, the input summed over its windows, is false; and all before it fits. */
static void a_wrong_window_is_caught(void **state)
{
    const zkg_hooks window = {.cheat = ZKG_CHEAT_WRONG_WINDOW, .task = -1};

    (void)state;
    fx_need_hooks();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fx f = {0};
        zkg_verdict v;

        vx_init(&f, seed, POWER);
        v = fx_judged(&f, &window, NULL);
        fx_assert_check(v, ZKG_CHECK_EINSUM_END);
        assert_non_null(strstr(v.text, "weighted sum"));
        fx_clear(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_proved),
        cmocka_unit_test(garbage_around_an_image_changes_nothing),
        cmocka_unit_test(a_maximum_too_high_is_caught),
        cmocka_unit_test(wrong_sums_are_caught),
        cmocka_unit_test(a_wrong_window_is_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
