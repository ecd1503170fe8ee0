/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pools as graphs: their witnesses are what the models say,
 * and hold; a wrong one does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nn/pool.h"

#include "layer_fixture.h"

enum { CELLS = 1 << 14 };

static void random_window(zkg_nn_window2d *w, rng *r)
{
    for (int k = 0; k < 2; k++) {
        w->in[k] = 1 + rng_below(r, 9);
        w->kernel[k] = 1 + rng_below(r, 4);
        w->stride[k] = rng_below(r, 4);
        w->dilation[k] = rng_below(r, 3);
        w->before[k] = rng_below(r, 3);
        w->after[k] = rng_below(r, 3);
    }
    if (rng_below(r, 5) == 0) { /* a dense layer */
        for (int k = 0; k < 2; k++) {
            w->kernel[k] = w->in[k];
            w->before[k] = w->after[k] = w->dilation[k] = 0;
        }
    }
}

static void convolutions_are_the_model(void **state)
{
    static int64_t x[CELLS], y[CELLS], w[CELLS], b[64];
    rng r = rng_new();
    static const zkg_visibility vis[3] = {ZKG_FIXED, ZKG_PRIVATE, ZKG_PUBLIC};
    uint32_t pooled = 0, plain = 0, split = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        int64_t w_most, b_most;
        const uint64_t in = 1 + rng_below(&r, 4), out = 1 + rng_below(&r, 4);
        const uint64_t g = round % 3 == 0 ? 1 + rng_below(&r, 3) : 1;
        const bool depthwise = g > 1 && in == 1 && out == 1;
        zkg_nn_conv2d c = {.param_visibility = vis[round / 2 % 3],
                           .name = "conv",
                           .x = "x",
                           .y = "y",
                           .batch = rng_below(&r, 4),
                           .in_channels = g * in,
                           .out_channels = g * out,
                           .groups = g,
                           .w = w,
                           .b = round % 4 == 0 ? NULL : b,
                           .shift = (uint32_t)rng_below(&r, 9),
                           .relu = round % 2 == 0,
                           .y_visibility =
                               round % 5 < 2 ? ZKG_PUBLIC : ZKG_PRIVATE};
        uint64_t len[5], size[2];
        zkg_interval range;
        zkg_error err = {0};
        zkg_graph *graph;
        uint32_t n = 0;

        random_window(&c.window, &r);
        if (round % 7 < 3) {
            c.batch = round % 2 == 0 ? 0 : c.batch;
            c.shift = c.shift == 0 ? 16 : c.shift == 1 ? 19 : c.shift;
            c.pool[0] = 1 + rng_below(&r, 3);
            c.pool[1] = 1 + rng_below(&r, 2);
        }
        if (!zkg_nn_conv2d_out(size, &c))
            continue;
        /* Private ones of so many bits are sums of digits. */
        w_most = c.shift == 19 ? (int64_t)1 << 17 : 20;
        b_most = c.shift > 15 ? (int64_t)1 << 20 : 500;
        for (size_t i = 0; i < CELLS; i++) {
            x[i] = between(&r, -9, 13);
            w[i] = between(&r, -w_most, w_most);
        }
        for (size_t i = 0; i < 64; i++)
            b[i] = between(&r, -b_most, b_most);
        OK(zkg_nn_conv2d_model(y, &c, x, NULL));
        if (c.batch > 0)
            len[n++] = c.batch;
        if (g > 1 && !depthwise)
            len[n++] = g;
        len[n++] = depthwise ? g : in;
        len[n++] = c.window.in[0];
        len[n++] = c.window.in[1];
        graph = begin_layer(n, len, -9, 13);
        if (zkg_nn_conv2d_add(graph, &range, &c, (zkg_interval){-9, 13},
                              &err) != ZKG_OK)
            fail_msg("%s", err.text);
        for (uint64_t i = 0; i < g * out * size[0] * size[1]; i++)
            assert_true(y[i] >= range.min && y[i] <= range.max);
        check(graph, x, y);
        pooled += c.pool[0] > 1 || c.pool[1] > 1;
        plain += c.pool[0] == 0;
        split += c.shift > 15 && c.param_visibility == ZKG_PRIVATE;
    }
    assert_true(pooled > 50 && plain > 100 && split > 5);
}

static void pools_are_the_model(void **state)
{
    static int64_t x[CELLS], y[CELLS];
    rng r = rng_new();
    uint32_t done = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        /* Wide ranges make products of several tasks. */
        const int64_t low = round % 3 == 0 ? 0 : round % 3 == 1 ? -9 : 3;
        const int64_t high = round % 2 ? low + 20 : 32000;
        zkg_nn_pool2d p = {.name = "pool",
                           .x = "x",
                           .y = "y",
                           .channels = 1 + rng_below(&r, 4),
                           .y_visibility =
                               round % 5 < 2 ? ZKG_PUBLIC : ZKG_PRIVATE};
        uint64_t len[3];
        zkg_error err = {0};
        zkg_graph *graph;

        random_window(&p.window, &r);
        len[0] = p.channels;
        len[1] = p.window.in[0];
        len[2] = p.window.in[1];
        for (size_t i = 0; i < CELLS; i++)
            x[i] = rng_below(&r, 3) == 0 ? low : between(&r, low, high);
        if (zkg_nn_max_pool2d_model(y, &p, x, NULL) != ZKG_OK)
            continue;
        graph = begin_layer(3, len, low, high);
        if (zkg_nn_max_pool2d_add(graph, &p, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        check(graph, x, y);

        graph = begin_layer(3, len, low, high);
        OK(zkg_nn_avg_pool2d_model(y, &p, x, NULL));
        if (zkg_nn_avg_pool2d_add(graph, &p, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        check(graph, x, y);
        done++;
    }
    assert_true(done > 200);
}

/* Kernels so long that one direction is cut into parts. */
static void long_maxima(void **state)
{
    static int64_t x[CELLS], y[CELLS];
    rng r = rng_new();

    (void)state;
    for (uint64_t kernel = 5; kernel < 14; kernel++) {
        const uint64_t len[3] = {2, 19, 15};
        const zkg_nn_pool2d p = {.name = "pool",
                                 .x = "x",
                                 .y = "y",
                                 .channels = 2,
                                 .window = {.in = {19, 15},
                                            .kernel = {kernel, 3},
                                            .stride = {2, 3},
                                            .before = {kernel - 1, 2},
                                            .after = {1, 1}},
                                 .y_visibility = ZKG_PRIVATE};
        zkg_error err = {0};
        zkg_graph *graph;

        for (size_t i = 0; i < 570; i++)
            x[i] = between(&r, -32768, 32767);
        OK(zkg_nn_max_pool2d_model(y, &p, x, NULL));
        graph = begin_layer(3, len, -32768, 32767);
        if (zkg_nn_max_pool2d_add(graph, &p, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        assert_true(graph->st.tasks >= (kernel > 6 ? 4 : 3));
        check(graph, x, y);
    }
}

static void bad_layers_are_refused(void **state)
{
    static const int64_t w[64] = {1}, b[4] = {1};
    static const uint64_t len[3] = {2, 4, 4};
    const zkg_nn_conv2d good = {.param_visibility = ZKG_FIXED,
                                .name = "conv",
                                .x = "x",
                                .y = "y",
                                .in_channels = 2,
                                .out_channels = 2,
                                .window = {.in = {4, 4}, .kernel = {3, 3}},
                                .w = w,
                                .b = b,
                                .shift = 4,
                                .y_visibility = ZKG_PRIVATE};
    const zkg_interval range = {-9, 13};
    zkg_graph *g = begin_layer(3, len, -9, 13);
    zkg_nn_conv2d c;
    int64_t y[32];
    const int64_t x[32] = {0};

    (void)state;
#define REFUSED(change, status)                                                \
    do {                                                                       \
        zkg_error err = {0};                                                   \
                                                                               \
        c = good;                                                              \
        change;                                                                \
        assert_int_equal(zkg_nn_conv2d_add(g, NULL, &c, range, &err), status); \
        assert_true(err.text[0] != 0);                                         \
    } while (0)
    REFUSED(c.groups = 3, ZKG_ERR_INVALID);
    REFUSED(c.window.kernel[0] = 5, ZKG_ERR_INVALID);
    REFUSED(c.window.in[1] = 0, ZKG_ERR_INVALID);
    REFUSED(c.shift = 63, ZKG_ERR_INVALID);
    REFUSED((c.relu = true, c.table = "t"), ZKG_ERR_INVALID);
    REFUSED(c.table = "none", ZKG_ERR_MALFORMED);
    REFUSED(c.x = "none", ZKG_ERR_MALFORMED);
    REFUSED((c.pool[0] = 2, c.shift = 0), ZKG_ERR_UNSUPPORTED);
    REFUSED((c.pool[0] = 2, c.shift = 49), ZKG_ERR_UNSUPPORTED);
    REFUSED(c.pool[0] = 3, ZKG_ERR_INVALID);
    {
        static const int64_t huge[64] = {INT64_MAX / 100};

        REFUSED(c.w = huge, ZKG_ERR_UNSUPPORTED);
        c = good;
        c.w = huge;
        OK(zkg_nn_conv2d_model(y, &c, x, NULL));
        c.b = huge;
        REFUSED((c.w = huge, c.shift = 0), ZKG_ERR_UNSUPPORTED);
    }
    {
        const zkg_nn_pool2d p = {
            .name = "pool",
            .x = "x",
            .y = "y",
            .channels = 2,
            .window = {.in = {4, 4}, .kernel = {2, 2}, .before = {2, 0}}};

        /* The first window would read padding alone. */
        assert_int_equal(zkg_nn_max_pool2d_add(g, &p, NULL), ZKG_ERR_INVALID);
    }
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_are_the_model),
        cmocka_unit_test(pools_are_the_model),
        cmocka_unit_test(long_maxima),
        cmocka_unit_test(bad_layers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
