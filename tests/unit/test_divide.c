/* SPDX-License-Identifier: Apache-2.0 */
/* Divisions, softmaxes and reshapes as graphs: their witnesses are what the
 * models say, and their rules survive the graph's folder. */
#include "nn/special.h"

#include "layer_fixture.h"

enum { MOST = 512 };

static uint64_t random_shape(uint64_t len[3], rng *r, uint32_t axes)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++) {
        len[i] = 1 + rng_below(r, 7);
        n *= len[i];
    }
    return n;
}

static void divisions_are_the_model(void **state)
{
    rng r = rng_new();

    (void)state;
    for (int round = 0; round < 200; round++) {
        const uint32_t shift = (uint32_t)rng_below(&r, 9);
        const int64_t low = round % 3 == 0 ? 1 : -40, high = 55;
        int64_t x[MOST], z[8], y[MOST];
        zkg_nn_layer l = {.name = "div",
                          .out = "a0,a1",
                          .y = "y",
                          .y_visibility =
                              round % 5 < 2 ? ZKG_PUBLIC : ZKG_PRIVATE,
                          .q = zkg_nn_signed_range(16)};
        uint64_t len[3];
        const uint64_t n = random_shape(len, &r, 2);
        zkg_error err = {0};
        zkg_graph *g = begin_layer(2, len, -100, 100);

        for (uint64_t i = 0; i < len[1]; i++) {
            z[i] = between(&r, low, high);
            z[i] += z[i] == 0;
        }
        for (uint64_t i = 0; i < n; i++) {
            x[i] = between(&r, -100, 100);
            assert_true(zkg_nn_model_divide(&y[i], x[i], z[i % len[1]], shift));
        }
        OK(zkg_nn_fixed(g, "z", 1, len + 1, z, NULL));
        zkg_nn_axis_push(&l, "a0", len[0]);
        zkg_nn_axis_push(&l, "a1", len[1]);
        zkg_nn_param_push(&l, "x", "a0,a1", "x");
        zkg_nn_param_push(&l, "z", "a1", "z");
        if (zkg_nn_divide_add(g, &l, shift, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        check(g, x, y);
    }
}

/* Ties go up, whatever the signs; 0 divides nothing. */
static void rounding_is_half_up(void **state)
{
    static const struct {
        int64_t a, b, y;
    } cases[] = {{1, 2, 1},   {-1, 2, 0},  {1, -2, 0},   {-1, -2, 1},
                 {3, 2, 2},   {-3, 2, -1}, {-3, -2, 2},  {5, 3, 2},
                 {-5, 3, -2}, {0, -7, 0},  {7, 1000, 0}, {-500, 1000, 0}};
    int64_t y;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(zkg_nn_model_divide(&y, cases[i].a, cases[i].b, 0));
        assert_int_equal(y, cases[i].y);
    }
    assert_false(zkg_nn_model_divide(&y, 1, 0, 4));
    assert_false(zkg_nn_model_divide(&y, 1, 1, 63));
    assert_false(zkg_nn_model_divide(&y, INT64_MAX, 1, 1));
}

static void softmaxes_are_the_model(void **state)
{
    rng r = rng_new();

    (void)state;
    for (int round = 0; round < 200; round++) {
        zkg_nn_softmax l = {.name = "soft",
                            .x = "x",
                            .y = "y",
                            .scale = 1 + (uint32_t)rng_below(&r, 8),
                            .exp_bits = 8 + (uint32_t)rng_below(&r, 16),
                            .y_visibility =
                                round % 5 < 2 ? ZKG_PUBLIC : ZKG_PRIVATE};
        const uint32_t axis = (uint32_t)rng_below(&r, 3);
        int64_t x[MOST], y[MOST];
        uint64_t len[3], inner = 1;
        const uint64_t n = random_shape(len, &r, 3);
        zkg_error err = {0};
        zkg_graph *g = begin_layer(3, len, -70, 70);

        l.over[axis] = true;
        for (uint32_t k = axis + 1; k < 3; k++)
            inner *= len[k];
        for (uint64_t i = 0; i < n; i++)
            x[i] = between(&r, -70, 70);
        for (uint64_t i = 0; i < n; i++) {
            if (i / inner % len[axis] == 0)
                zkg_nn_model_softmax(y + i, x + i, len[axis], inner, l.scale,
                                     l.exp_bits);
        }
        if (zkg_nn_softmax_add(g, &l, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        check(g, x, y);
    }
}

/* A shape of n elements, ones among its axes. */
static uint32_t factors(uint64_t len[ZKG_MAX_AXES], rng *r, uint64_t n)
{
    uint32_t axes = 0;

    while (n > 1 || axes == 0) {
        uint64_t f = 1 + rng_below(r, n);

        while (n % f != 0)
            f++;
        if (f == 1 && n > 1 && axes > 6)
            f = n;
        len[axes++] = f;
        n /= f;
    }
    return axes;
}

static void reshapes_keep_the_order(void **state)
{
    static const uint64_t sizes[] = {1, 2, 7, 12, 24, 36, 48, 64, 120, 210};
    rng r = rng_new();

    (void)state;
    for (int round = 0; round < 200; round++) {
        const uint64_t n = sizes[rng_below(&r, 10)];
        uint64_t from[ZKG_MAX_AXES], to[ZKG_MAX_AXES];
        const uint32_t a = factors(from, &r, n), b = factors(to, &r, n);
        zkg_graph *g = begin_layer(a, from, -100, 100);
        char y[ZKG_NN_TASK_NAME];
        int64_t x[MOST];
        zkg_error err = {0};

        for (uint64_t i = 0; i < n; i++)
            x[i] = between(&r, -100, 100);
        if (zkg_nn_reshape_add(y, g, "shape", "x", b, to, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        check_named(g, y, x, x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divisions_are_the_model),
        cmocka_unit_test(rounding_is_half_up),
        cmocka_unit_test(softmaxes_are_the_model),
        cmocka_unit_test(reshapes_keep_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
