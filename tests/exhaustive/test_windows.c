/* SPDX-License-Identifier: Apache-2.0
 * Convolutions and pools: what layer.h says.  The weakened statements are of a
 * kind that others have been prove outputs that are wrong. */
#include "layer.h"
#include "zkgkr/nn.h"

static bool conv_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_conv2d_model(y, user, x, &err), &err);
    return true;
}

/* The layer of one convolution. */
static void conv_layer(layer *l, const char *name, const zkg_nn_conv2d *c)
{
    const uint64_t shape[] = {c->batch, c->in_channels, c->window.in[0],
                              c->window.in[1]};
    const uint32_t from = c->batch > 0 ? 0 : 1;
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 4 - from, shape + from, -4, 3);
    must(zkg_nn_conv2d_add(l->g, NULL, c, (zkg_interval){-4, 3}, &err), &err);
    l->model = conv_model;
    l->user = c;
    layer_end(l, "y");
}

static const int64_t conv_w[] = {3, -2, 1, 5, -4, 2, 1, -1, 6, -3, 2, 2,
                                 1, 0,  7, 3, -5, 1, 4, 2,  1, -2, 3, 1};
static const int64_t conv_b[] = {-9, 14};
#define CONV .name = "conv", .x = "x", .y = "y", .w = conv_w, .b = conv_b

static void convolutions(void **state)
{
    static const struct {
        const char *name;
        zkg_nn_conv2d c;
    } of[] = {
        {"conv",
         {CONV, .in_channels = 1, .out_channels = 2,
          .window = {.in = {2, 2}, .kernel = {2, 2}, .before = {1, 1}},
          .shift = 2, .y_visibility = ZKG_PRIVATE,
          .param_visibility = ZKG_FIXED}},
        {"conv, strided, batch",
         {CONV, .batch = 2, .in_channels = 2, .out_channels = 1,
          .window = {.in = {3, 3},
                     .kernel = {2, 2},
                     .stride = {2, 2},
                     .after = {1, 1}},
          .relu = true, .y_visibility = ZKG_PUBLIC,
          .param_visibility = ZKG_PRIVATE}},
        {"conv, depthwise",
         {CONV, .in_channels = 2, .out_channels = 2, .groups = 2,
          .window = {.in = {2, 2}, .kernel = {2, 2}, .before = {1, 1}},
          .shift = 3, .relu = true, .y_visibility = ZKG_PRIVATE,
          .param_visibility = ZKG_FIXED}},
        {"conv, maximum",
         {CONV, .in_channels = 1, .out_channels = 1,
          .window = {.in = {2, 2}, .kernel = {2, 2}, .before = {1, 1}},
          .shift = 2, .pool = {2, 2}, .y_visibility = ZKG_PRIVATE,
          .param_visibility = ZKG_FIXED}},
        {"conv, maximum, relu",
         {CONV, .in_channels = 1, .out_channels = 2,
          .window = {.in = {3, 2}, .kernel = {2, 2}, .after = {1, 1}},
          .shift = 3, .relu = true, .pool = {3, 2}, .y_visibility = ZKG_PUBLIC,
          .param_visibility = ZKG_FIXED}},
        {"conv, maximum of two, remainder in digits",
         {CONV, .in_channels = 2, .out_channels = 2, .groups = 2,
          .window = {.in = {2, 2}, .kernel = {1, 1}}, .shift = 18,
          .pool = {1, 2}, .y_visibility = ZKG_PUBLIC,
          .param_visibility = ZKG_PRIVATE}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        layer l;

        conv_layer(&l, of[i].name, &of[i].c);
        layer_hold(&l, 0);
    }
}

static bool max_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_max_pool2d_model(y, user, x, &err), &err);
    return true;
}

static bool mean_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_avg_pool2d_model(y, user, x, &err), &err);
    return true;
}

/* The layer of one pool, of maxima or of means. */
static void pool_layer(layer *l, const char *name, const zkg_nn_pool2d *p,
                       bool mean, zkg_interval x)
{
    const uint64_t shape[] = {p->channels, p->window.in[0], p->window.in[1]};
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 3, shape, x.min, x.max);
    must(mean ? zkg_nn_avg_pool2d_add(l->g, p, &err)
              : zkg_nn_max_pool2d_add(l->g, p, &err),
         &err);
    l->model = mean ? mean_model : max_model;
    l->user = p;
    layer_end(l, "y");
}

#define POOL .name = "pool", .x = "x", .y = "y"

static void pools(void **state)
{
    static const struct {
        const char *name;
        bool mean;
        zkg_interval x;
        zkg_nn_pool2d p;
    } of[] = {
        {"max pool",
         false,
         {-4, 3},
         {POOL, .channels = 1,
          .window = {.in = {2, 2}, .kernel = {2, 2}, .stride = {2, 2}},
          .y_visibility = ZKG_PRIVATE}},
        {"max pool of one",
         false,
         {-4, 3},
         {POOL, .channels = 1, .window = {.in = {2, 2}, .kernel = {1, 1}},
          .y_visibility = ZKG_PUBLIC}},
        {"max pool, overlapping",
         false,
         {-4, 3},
         {POOL, .channels = 1, .window = {.in = {1, 4}, .kernel = {1, 3}},
          .y_visibility = ZKG_PUBLIC}},
        {"max pool, padded, negative",
         false,
         {-8, -1},
         {POOL, .channels = 1,
          .window = {.in = {1, 3},
                     .kernel = {1, 2},
                     .before = {0, 1},
                     .after = {0, 1}},
          .y_visibility = ZKG_PRIVATE}},
        {"max pool, padded, positive",
         false,
         {3, 10},
         {POOL, .channels = 1,
          .window = {.in = {1, 3},
                     .kernel = {1, 2},
                     .before = {0, 1},
                     .after = {0, 1}},
          .y_visibility = ZKG_PRIVATE}},
        {"max pool, padded, overlapping, dilated",
         false,
         {-100, 27},
         {POOL, .channels = 2,
          .window = {.in = {3, 2},
                     .kernel = {2, 2},
                     .dilation = {2, 1},
                     .before = {1, 1},
                     .after = {1, 1}},
          .y_visibility = ZKG_PUBLIC}},
        {"max pool, one axis after the other",
         false,
         {-300, 211},
         {POOL, .channels = 1,
          .window = {.in = {4, 4},
                     .kernel = {4, 4},
                     .before = {1, 0},
                     .after = {0, 1}},
          .y_visibility = ZKG_PRIVATE}},
        {"max pool, a long axis in parts",
         false,
         {-128, 127},
         {POOL, .channels = 1, .window = {.in = {1, 19}, .kernel = {1, 17}},
          .y_visibility = ZKG_PUBLIC}},
        {"mean of 2",
         true,
         {-16, 15},
         {POOL, .channels = 1, .window = {.in = {1, 2}, .kernel = {1, 2}},
          .y_visibility = ZKG_PRIVATE}},
        {"mean of 3, padded",
         true,
         {-8, 7},
         {POOL, .channels = 1,
          .window = {.in = {1, 3},
                     .kernel = {1, 3},
                     .before = {0, 1},
                     .after = {0, 1}},
          .y_visibility = ZKG_PUBLIC}},
        {"mean of 6, overlapping",
         true,
         {-100, 27},
         {POOL, .channels = 2,
          .window = {.in = {3, 3},
                     .kernel = {2, 3},
                     .before = {0, 1},
                     .after = {1, 0}},
          .y_visibility = ZKG_PRIVATE}},
        {"mean of 9",
         true,
         {-64, 63},
         {POOL, .channels = 1, .window = {.in = {3, 3}, .kernel = {3, 3}},
          .y_visibility = ZKG_PUBLIC}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        const uint64_t *kernel = of[i].p.window.kernel;
        layer l;

        pool_layer(&l, of[i].name, &of[i].p, of[i].mean, of[i].x);
        /* Of one tap d is 0: its lookup says nothing. */
        layer_hold(&l, of[i].mean || kernel[0] * kernel[1] > 1 ? 0 : 1);
    }
}

/* ---- statements weakened ---- */

static const zkg_nn_pool2d pool_of_3 = {
    POOL, .channels = 1, .window = {.in = {1, 3}, .kernel = {1, 3}},
    .y_visibility = ZKG_PUBLIC};

static void means_need_exactly_their_remainders(void **state)
{
    const int64_t row[] = {0, 1, 2, 3, 4, 5, 6, 7};
    layer l;

    (void)state;
    pool_layer(&l, "mean of 3", &pool_of_3, true, (zkg_interval){-4, 3});
    layer_expect_exact(&l, "from_0_to_5", row, 8,
                       "a power of two of remainders");
}

static void maxima_need_their_product(void **state)
{
    const zkg_nn_conv2d c = {.name = "conv",
                             .x = "x",
                             .y = "y",
                             .in_channels = 1,
                             .out_channels = 1,
                             .window = {.in = {1, 3}, .kernel = {1, 2}},
                             .w = conv_w,
                             .shift = 2,
                             .pool = {1, 2},
                             .y_visibility = ZKG_PUBLIC,
                             .param_visibility = ZKG_FIXED};
    layer l;

    (void)state;
    pool_layer(&l, "max pool", &pool_of_3, false, (zkg_interval){-4, 3});
    layer_expect_needed(&l, "pool", false, 0, "no product");
    conv_layer(&l, "conv, maximum", &c);
    layer_expect_needed(&l, "conv", false, 0, "no product");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(pools),
        cmocka_unit_test(means_need_exactly_their_remainders),
        cmocka_unit_test(maxima_need_their_product),
    };

    printf("seed %d\n", LAYER_SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
