/* SPDX-License-Identifier: Apache-2.0
 * Sums, dense layers, division, softmax and layer normalisation: what layer.h
 * says.  The weakened statements are of a kind that others have been prove
 * outputs that are wrong. */
#include "layer.h"
#include "nn/special.h"
#include "nn/weights.h"

/* ---- sums, rescaled ---- */

/* y = q or f(q), q = round((3 x0 - 2 x1 + 1) / D) */
typedef struct divided {
    int64_t divisor;
    zkg_nn_function *f; /* or NULL */
} divided;

static bool divided_model(int64_t *y, const void *user, const int64_t *x)
{
    const divided *d = user;
    const int64_t q = zkg_nn_round_div(3 * x[0] - 2 * x[1] + 1, d->divisor);

    *y = q;
    return d->f == NULL || d->f(y, NULL, q);
}

static void divided_layer(layer *l, const char *name, const divided *d,
                          zkg_interval x, zkg_interval q, zkg_visibility vis)
{
    zkg_nn_layer sum = {.name = "sum",
                        .out = "o",
                        .divisor = (uint64_t)d->divisor,
                        .q = q,
                        .y = "y",
                        .y_visibility = vis};
    char table[ZKG_NN_TABLE_NAME];
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 1, (uint64_t[]){2}, x.min, x.max);
    zkg_nn_axis_push(&sum, "o", 1);
    zkg_nn_axis_push(&sum, "k", 2);
    zkg_nn_param_push(&sum, "x", "k", "x");
    zkg_nn_term_push(&sum, 3, "x[0*o+0]", NULL);
    zkg_nn_term_push(&sum, -2, "x[0*o+1]", NULL);
    zkg_nn_term_push(&sum, 1, NULL, NULL);
    if (d->f != NULL) {
        must(zkg_nn_function_table(table, l->g, q, d->f, NULL, &err), &err);
        sum.table = table;
    }
    must(zkg_nn_layer_add(l->g, &sum, &err), &err);
    l->model = divided_model;
    l->user = d;
    layer_end(l, "y");
}

static void quotients_by_numbers(void **state)
{
    const int64_t divisors[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 21, 512};

    (void)state;
    for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
        const divided d = {.divisor = divisors[i]};
        char name[40];
        layer l;

        snprintf(name, sizeof(name), "sum / %lld", (long long)d.divisor);
        divided_layer(&l, name, &d, (zkg_interval){-16, 15},
                      (zkg_interval){-80, 80},
                      i % 2 == 0 ? ZKG_PRIVATE : ZKG_PUBLIC);
        layer_hold(&l, 0);
    }
}

/* 60 / q: none of 0. */
static bool reciprocal(int64_t *y, void *user, int64_t q)
{
    (void)user;
    if (q != 0)
        *y = 60 / q;
    return q != 0;
}

/* 0 where that is largest: many q for one y. */
static bool bump(int64_t *y, void *user, int64_t q)
{
    (void)user;
    *y = q * q > 9 ? 0 : 9 - q * q;
    return true;
}

static void functions(void **state)
{
    const divided hole = {.divisor = 3, .f = reciprocal};
    const divided flat = {.divisor = 4, .f = bump};
    layer l;

    (void)state;
    divided_layer(&l, "60 / (sum / 3)", &hole, (zkg_interval){-8, 7},
                  (zkg_interval){-14, 13}, ZKG_PUBLIC);
    layer_hold(&l, 0);
    divided_layer(&l, "bump(sum / 4)", &flat, (zkg_interval){-8, 7},
                  (zkg_interval){-9, 9}, ZKG_PRIVATE);
    layer_hold(&l, 0);
}

/* ---- dense layers ---- */

typedef struct dense {
    zkg_nn_dense d;
    bool relu;
} dense;

static bool dense_model(int64_t *y, const void *user, const int64_t *x)
{
    const dense *d = user;
    zkg_error err = {0};

    must(zkg_nn_dense_model(NULL, NULL, y, &d->d, d->relu, x, &err), &err);
    return true;
}

static void dense_layers(void **state)
{
    const int64_t small[] = {3, -2, -5, 1}, bias[] = {-7, 4};
    const int64_t large[] = {70000, -40001, 123457, 99991};
    const int64_t large_bias[] = {-300001, 131072};
    const struct {
        const char *name;
        const int64_t *w, *b;
        uint32_t shift;
        bool relu;
        zkg_visibility y, param;
    } of[] = {
        {"dense", small, bias, 2, false, ZKG_PRIVATE, ZKG_FIXED},
        {"dense, public weights", small, bias, 3, false, ZKG_PUBLIC,
         ZKG_PUBLIC},
        {"dense, relu, private weights", small, bias, 1, true, ZKG_PUBLIC,
         ZKG_PRIVATE},
        {"dense in limbs", large, large_bias, 18, false, ZKG_PUBLIC, ZKG_FIXED},
        {"dense in limbs, relu, private weights in digits", large, large_bias,
         33, true, ZKG_PRIVATE, ZKG_PRIVATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        const zkg_interval range[] = {{-16, 15}, {-16, 15}};
        const dense d = {.d = {.name = "fc",
                               .x = "x",
                               .y = "y",
                               .out = 2,
                               .in = 2,
                               .w = of[i].w,
                               .b = of[i].b,
                               .shift = of[i].shift,
                               .y_visibility = of[i].y,
                               .param_visibility = of[i].param},
                         .relu = of[i].relu};
        zkg_error err = {0};
        layer l;

        layer_begin(&l, of[i].name);
        layer_input(&l, "x", 1, (uint64_t[]){2}, -16, 15);
        must(d.relu ? zkg_nn_dense_rescale_relu(l.g, NULL, &d.d, range, &err)
                    : zkg_nn_dense_rescale(l.g, NULL, &d.d, range, &err),
             &err);
        l.model = dense_model;
        l.user = &d;
        layer_end(&l, "y");
        layer_hold(&l, 0);
    }
}

/* ---- division, softmax, layer normalisation ---- */

typedef struct ratio {
    uint32_t shift;
    zkg_interval x, z, y;
} ratio;

static bool ratio_model(int64_t *y, const void *user, const int64_t *x)
{
    const ratio *r = user;

    return zkg_nn_model_divide(y, x[0], x[1], r->shift) && *y >= r->y.min &&
           *y <= r->y.max;
}

static void ratio_layer(layer *l, const char *name, const ratio *r,
                        zkg_visibility vis)
{
    zkg_nn_layer q = {
        .name = "div", .out = "o", .q = r->y, .y = "y", .y_visibility = vis};
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 1, (uint64_t[]){1}, r->x.min, r->x.max);
    layer_input(l, "z", 1, (uint64_t[]){1}, r->z.min, r->z.max);
    zkg_nn_axis_push(&q, "o", 1);
    zkg_nn_param_push(&q, "x", "o", "x");
    zkg_nn_param_push(&q, "z", "o", "z");
    must(zkg_nn_divide_add(l->g, &q, r->shift, &err), &err);
    l->model = ratio_model;
    l->user = r;
    layer_end(l, "y");
}

static void quotients_by_tensors(void **state)
{
    const ratio small = {2, {-16, 15}, {-8, 7}, {-64, 63}};
    const ratio tight = {3, {-8, 7}, {-4, 3}, {-20, 40}};
    const ratio wide = {4, {-5, 5}, {-1200, 1200}, {-128, 127}};
    const ratio digits = {4, {-3000, 3000}, {-40000 / 2, 32767}, {-128, 127}};
    layer l;

    (void)state;
    /* The table of signs holds z to its range as well. */
    ratio_layer(&l, "x / z", &small, ZKG_PUBLIC);
    layer_hold(&l, 1);
    ratio_layer(&l, "x / z, out of range", &tight, ZKG_PRIVATE);
    layer_hold(&l, 1);
    ratio_layer(&l, "x / z, z large", &wide, ZKG_PUBLIC);
    layer_hold(&l, 1);
    ratio_layer(&l, "x / z, remainder in digits", &digits, ZKG_PRIVATE);
    layer_hold(&l, 1);
}

typedef struct row_softmax {
    uint64_t rows, n;
    uint32_t scale, bits;
} row_softmax;

static bool softmax_model(int64_t *y, const void *user, const int64_t *x)
{
    const row_softmax *s = user;

    for (uint64_t r = 0; r < s->rows; r++)
        zkg_nn_model_softmax(y + r * s->n, x + r * s->n, s->n, 1, s->scale,
                             s->bits);
    return true;
}

static void softmax_layer(layer *l, const char *name, const row_softmax *r,
                          zkg_interval x, zkg_visibility vis)
{
    const zkg_nn_softmax s = {.name = "soft",
                              .x = "x",
                              .y = "y",
                              .over = {false, true},
                              .scale = r->scale,
                              .exp_bits = r->bits,
                              .y_visibility = vis};
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 2, (uint64_t[]){r->rows, r->n}, x.min, x.max);
    must(zkg_nn_softmax_add(l->g, &s, &err), &err);
    l->model = softmax_model;
    l->user = r;
    layer_end(l, "y");
}

static void softmaxes(void **state)
{
    const struct {
        const char *name;
        row_softmax r;
        zkg_interval x;
        zkg_visibility y;
    } of[] = {
        {"softmax of 1", {1, 1, 2, 6}, {-8, 7}, ZKG_PUBLIC},
        {"softmax of 2", {1, 2, 2, 7}, {-16, 15}, ZKG_PRIVATE},
        {"softmax of 3", {1, 3, 2, 8}, {-8, 7}, ZKG_PUBLIC},
        {"softmax of 5, two rows", {2, 5, 3, 10}, {-60, 67}, ZKG_PRIVATE},
        {"softmax, sums in digits", {1, 4, 4, 15}, {-64, 63}, ZKG_PUBLIC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        layer l;

        softmax_layer(&l, of[i].name, &of[i].r, of[i].x, of[i].y);
        layer_hold(&l, 0);
    }
}

typedef struct normed {
    zkg_nn_layer_norm l;
    const int64_t *gain, *bias;
    zkg_interval y;
} normed;

static bool norm_model(int64_t *y, const void *user, const int64_t *x)
{
    const normed *o = user;
    const zkg_nn_norm *h = &o->l.how;
    int64_t acc[LAYER_MOST], m, v, u;

    for (uint64_t r = 0; r < h->rows; r++) {
        if (!zkg_nn_model_layer_norm(acc, &m, &v, &u, h, o->gain, o->bias,
                                     x + r * h->n))
            return false;
        zkg_nn_model_rescale(acc, h->n,
                             (int64_t)1
                                 << (h->mean_bits + h->root_bits -
                                     h->variance_scale + h->param_scale));
        memcpy(y + r * h->n, acc, h->n * sizeof(y[0]));
    }
    return true;
}

static void norm_layer(layer *l, const char *name, const normed *o,
                       zkg_interval x)
{
    const zkg_nn_norm *h = &o->l.how;
    const int64_t top = (int64_t)1 << 60;
    zkg_nn_layer y = {.name = "norm.out",
                      .divisor = (uint64_t)1
                                 << (h->mean_bits + h->root_bits -
                                     h->variance_scale + h->param_scale),
                      .t = {-top, top},
                      .q = o->y,
                      .y = "y",
                      .y_visibility = ZKG_PUBLIC};
    char names[3][160];
    zkg_error err = {0};

    layer_begin(l, name);
    layer_input(l, "x", 2, (uint64_t[]){h->rows, h->n}, x.min, x.max);
    if (o->gain != NULL)
        must(zkg_nn_fixed(l->g, "g", 1, &h->n, o->gain, &err), &err);
    if (o->bias != NULL)
        must(zkg_nn_fixed(l->g, "b", 1, &h->n, o->bias, &err), &err);
    must(zkg_nn_layer_norm_rows(l->g, &o->l, &err), &err);
    zkg_nn_layer_norm_elements(
        &y, names, &o->l,
        &l->g->st.tensor[zkg_statement_tensor_id(&l->g->st, "x")],
        o->gain != NULL ? "g" : NULL, o->bias != NULL ? "b" : NULL);
    must(zkg_nn_layer_add(l->g, &y, &err), &err);
    l->model = norm_model;
    l->user = o;
    layer_end(l, "y");
}

static void layer_norms(void **state)
{
    const int64_t gain[] = {9, -4, 1, 3}, bias[] = {-70, 0, 33, 5};
    const struct {
        const char *name;
        normed o;
        zkg_interval x;
    } of[] = {
        {"layer norm of 2",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 1,
                   .n = 2,
                   .scale = 3,
                   .mean_bits = 1,
                   .variance_scale = 4,
                   .root_bits = 10,
                   .epsilon = 3},
           .m = {-32, 31},
           .v_bits = 10,
           .u_bits = 11},
          NULL,
          NULL,
          {-64, 63}},
         {-16, 15}},
        {"layer norm of 3, gain, bias",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 1,
                   .n = 3,
                   .scale = 3,
                   .mean_bits = 2,
                   .variance_scale = 4,
                   .root_bits = 12,
                   .param_scale = 3,
                   .epsilon = 1},
           .m = {-32, 31},
           .v_bits = 10,
           .u_bits = 13},
          gain,
          bias,
          {-128, 127}},
         {-8, 7}},
        {"layer norm of 4, root of 31 bits",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 2,
                   .n = 4,
                   .scale = 4,
                   .mean_bits = 4,
                   .variance_scale = 8,
                   .root_bits = 31,
                   .param_scale = 3,
                   .epsilon = 7},
           .m = {-1024, 1023},
           .v_bits = 20,
           .u_bits = 31},
          gain,
          NULL,
          {-128, 127}},
         {-64, 63}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        layer l;

        norm_layer(&l, of[i].name, &of[i].o, of[i].x);
        layer_hold(&l, 0);
    }
}

static const divided fourth = {.divisor = 4}, third = {.divisor = 3};

static void divided_by(layer *l, const divided *d)
{
    divided_layer(l, d->divisor == 3 ? "sum / 3" : "sum / 4", d,
                  (zkg_interval){-4, 3}, (zkg_interval){-8, 7}, ZKG_PUBLIC);
}

static void remainders_need_exactly_their_range(void **state)
{
    const int64_t row[] = {0, 1, 2, 3, 4, 5, 6, 7};
    layer l;

    (void)state;
    divided_by(&l, &fourth);
    layer_expect_exact(&l, "range2", row, 5, "a remainder too many");
    divided_by(&l, &fourth);
    layer_expect_exact(&l, "range2", row, 8, "remainders declared, not held");
    divided_by(&l, &third);
    layer_expect_exact(&l, "from_0_to_5", row, 8,
                       "a power of two of remainders");
    divided_by(&l, &fourth);
    layer_expect_needed(&l, "sum", true, 0, "remainders held by nothing");
}

static void quotients_need_their_gap(void **state)
{
    const ratio r = {2, {-8, 7}, {-4, 3}, {-64, 63}};
    layer l;

    (void)state;
    ratio_layer(&l, "x / z", &r, ZKG_PUBLIC);
    layer_expect_needed(&l, "div", false, 1, "no gap");
}

static void softmaxes_need_a_zero(void **state)
{
    const row_softmax r = {1, 2, 2, 6};
    layer l;

    (void)state;
    softmax_layer(&l, "softmax", &r, (zkg_interval){-8, 7}, ZKG_PUBLIC);
    layer_expect_needed(&l, "soft", false, 2, "a maximum that is too large");
}

static void roots_need_both_sides(void **state)
{
    const normed o = {{.name = "norm",
                       .x = "x",
                       .row_axes = 1,
                       .how = {.rows = 1,
                               .n = 2,
                               .scale = 3,
                               .mean_bits = 1,
                               .variance_scale = 4,
                               .root_bits = 8,
                               .epsilon = 3},
                       .m = {-16, 15},
                       .v_bits = 8,
                       .u_bits = 9},
                      NULL,
                      NULL,
                      {-64, 63}};
    layer l;

    (void)state;
    for (uint32_t side = 2; side < 4; side++) {
        norm_layer(&l, "layer norm", &o, (zkg_interval){-4, 3});
        layer_expect_needed(&l, "norm.rows", false, side,
                            side == 2 ? "a root too large"
                                      : "a root too small");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotients_by_numbers),
        cmocka_unit_test(functions),
        cmocka_unit_test(dense_layers),
        cmocka_unit_test(quotients_by_tensors),
        cmocka_unit_test(softmaxes),
        cmocka_unit_test(layer_norms),
        cmocka_unit_test(remainders_need_exactly_their_range),
        cmocka_unit_test(quotients_need_their_gap),
        cmocka_unit_test(softmaxes_need_a_zero),
        cmocka_unit_test(roots_need_both_sides),
    };

    printf("seed %d\n", LAYER_SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
