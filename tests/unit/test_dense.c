/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "graph/witness.h"
#include "nn/layer.h"
#include "nn/special.h"
#include "tensor/safetensors.h"
#include "zkgkr/nn.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

enum { PIXELS = 64, HIDDEN = 48, CLASSES = 10, IMAGES = 297 };

/* ---- the model itself ---- */

static void rounding_of_the_model_is_half_up(void **state)
{
    /* One weight 1, shift 2: y = floor((x + 2) / 4). */
    static const int64_t w[1] = {1}, b[1] = {0};
    static const struct {
        int64_t x, y, rem;
    } cases[] = {
        {0, 0, 2},   {1, 0, 3},   {2, 1, 0},   {3, 1, 1},
        {5, 1, 3},   {6, 2, 0},   {-1, 0, 1},  {-2, 0, 0},
        {-3, -1, 3}, {-6, -1, 0}, {-7, -2, 3}, {-10, -2, 0},
    };
    const zkg_nn_dense layer = {
        .name = "l", .out = 1, .in = 1, .w = w, .b = b, .shift = 2};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t q, rem, y;

        OK(zkg_nn_dense_model(&q, &rem, &y, &layer, false, &cases[i].x, NULL));
        assert_int_equal(q, cases[i].y);
        assert_int_equal(y, cases[i].y);
        assert_int_equal(rem, cases[i].rem);
        OK(zkg_nn_dense_model(&q, &rem, &y, &layer, true, &cases[i].x, NULL));
        assert_int_equal(y, cases[i].y > 0 ? cases[i].y : 0);
    }
}

/* ---- layers against the model ---- */

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static int64_t between(uint64_t *s, int64_t low, int64_t high)
{
    return low + (int64_t)(next(s) % (uint64_t)(high - low + 1));
}

/* x -> layer -> y, x private with a range task. */
static zkg_graph *one_layer(const zkg_nn_dense *layer, bool relu, int64_t low,
                            int64_t high)
{
    const zkg_tensor_spec x = {.name = "x",
                               .type = ZKG_I32,
                               .visibility = ZKG_PRIVATE,
                               .axes = 1,
                               .len = {layer->in},
                               .min = low,
                               .max = high};
    zkg_interval range[64];
    zkg_error err = {0};
    zkg_graph *g;

    for (uint64_t i = 0; i < layer->in; i++)
        range[i] = (zkg_interval){low, high};
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &x, NULL));
    if ((relu ? zkg_nn_dense_rescale_relu(g, NULL, layer, range, &err)
              : zkg_nn_dense_rescale(g, NULL, layer, range, &err)) != ZKG_OK)
        fail_msg("%s", err.text);
    OK(zkg_nn_range(g, "x", NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, "y", NULL));
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return g;
}

static void set_input(zkg_witness *w, const zkg_graph *g, const int64_t *x)
{
    const zkg_tensor *t = &g->st.tensor[g->input[0]];
    zkg_array *a = &w->array[g->input[0]];

    OK(zkg_array_init(a, t->type, t->axes, t->len, NULL));
    for (uint64_t i = 0; i < zkg_array_count(a); i++)
        zkg_array_set_i64(a, i, x[i]);
}

static void layers_are_the_model(void **state)
{
    static const zkg_visibility vis[3] = {ZKG_FIXED, ZKG_PRIVATE, ZKG_PUBLIC};
    uint64_t seed = 0x9e3779b97f4a7c15;

    (void)state;
    for (int round = 0; round < 120; round++) {
        const bool relu = round % 2 == 1;
        /* Of the last ones remainders and, if private, weights have digits. */
        const bool large = round >= 80;
        const int64_t w_most = large ? (int64_t)1 << 20 : 20;
        const int64_t b_most = large ? (int64_t)1 << (17 + round % 23) : 500;
        const uint32_t shift = (large ? 25 : 1) + (uint32_t)(next(&seed) % 8);
        const uint64_t in = 1 + next(&seed) % 9, out = 1 + next(&seed) % 6;
        int64_t wv[64], bv[8], x[16], q[8], rem[8], y[8];
        const zkg_nn_dense layer = {
            .name = "l",
            .x = "x",
            .y = "y",
            .out = out,
            .in = in,
            .w = wv,
            .b = bv,
            .shift = shift,
            .y_visibility = round % 4 < 2 ? ZKG_PRIVATE : ZKG_PUBLIC,
            .param_visibility = vis[round % 3],
        };
        zkg_error err = {0};
        zkg_witness w;
        zkg_graph *g;
        uint32_t y_id;

        for (size_t i = 0; i < in * out; i++)
            wv[i] = between(&seed, -w_most, w_most);
        for (size_t i = 0; i < out; i++)
            bv[i] = between(&seed, -b_most, b_most);
        for (size_t i = 0; i < in; i++)
            x[i] = between(&seed, -9, 13);
        g = one_layer(&layer, relu, -9, 13);
        OK(zkg_nn_dense_model(q, rem, y, &layer, relu, x, NULL));
        OK(zkg_witness_init(&w, g, NULL));
        set_input(&w, g, x);
        if (zkg_witness_solve(&w, g, &err) != ZKG_OK ||
            zkg_witness_check(&w, g, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        y_id = zkg_statement_tensor_id(&g->st, "y");
        for (uint64_t o = 0; o < out; o++)
            assert_int_equal(zkg_array_get_i64(&w.array[y_id], o), y[o]);
        zkg_witness_clear(&w);
        zkg_graph_free(g);
    }
}

/* Private weights: none may be declared to be less than what their lookup, or
 * the sum of their digits, lets pass. */
static void declared_ranges_are_those_that_are_held(void **state)
{
    static const char *const held[] = {"x",     "l.w",   "l.b",
                                       "l.b.0", "l.b.2", "y"};
    static const int64_t w[2] = {3, -8}, b[1] = {-((int64_t)1 << 33)};
    const zkg_nn_dense layer = {.name = "l",
                                .x = "x",
                                .y = "y",
                                .out = 1,
                                .in = 2,
                                .w = w,
                                .b = b,
                                .shift = 25,
                                .y_visibility = ZKG_PRIVATE,
                                .param_visibility = ZKG_PRIVATE};
    zkg_graph *g = one_layer(&layer, false, -8, 7);

    (void)state;
    OK(zkg_statement_check(&g->st, NULL));
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        zkg_tensor *t = &g->st.tensor[zkg_statement_tensor_id(&g->st, held[i])];
        const zkg_tensor was = *t;

        for (int high = 0; high < 2; high++) {
            zkg_error err = {0};

            *(high ? &t->max : &t->min) += high ? -1 : 1;
            assert_int_equal(zkg_statement_check(&g->st, &err),
                             ZKG_ERR_MALFORMED);
            assert_non_null(strstr(err.text, held[i]));
            if (strstr(err.text, "lets pass") == NULL)
                assert_non_null(strstr(err.text, "no lookup holds it"));
            *t = was;
        }
    }
    OK(zkg_statement_check(&g->st, NULL));
    zkg_graph_free(g);
}

static void what_fits_no_table_is_refused(void **state)
{
    static const int64_t w[1] = {1 << 24}, b[1] = {0};
    const zkg_tensor_spec x = {"x", ZKG_I32, ZKG_PUBLIC, 1, {1}, -9999, 9999};
    const zkg_interval range[1] = {{-9999, 9999}};
    zkg_nn_dense layer = {.name = "l",
                          .x = "x",
                          .y = "y",
                          .out = 1,
                          .in = 1,
                          .w = w,
                          .b = b,
                          .shift = 1,
                          .y_visibility = ZKG_PRIVATE,
                          .param_visibility = ZKG_FIXED};
    zkg_graph *g;

    (void)state;
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &x, NULL));
    assert_int_equal(zkg_nn_dense_rescale_relu(g, NULL, &layer, range, NULL),
                     ZKG_ERR_UNSUPPORTED);
    layer.shift = 17;
    assert_int_equal(zkg_nn_dense_rescale(g, NULL, &layer, range, NULL),
                     ZKG_ERR_UNSUPPORTED);
    for (uint32_t shift = 0; shift <= 63; shift += 63) {
        layer.shift = shift;
        assert_int_equal(zkg_nn_dense_rescale(g, NULL, &layer, range, NULL),
                         ZKG_ERR_UNSUPPORTED);
    }
    layer.shift = 19;
    assert_int_equal(zkg_nn_dense_rescale(g, NULL, &layer, range, NULL),
                     ZKG_OK);
    zkg_graph_free(g);
}

/* ---- tables by name ---- */

static bool double_of(int64_t *y, void *user, int64_t q)
{
    (void)user;
    *y = 2 * q;
    return true;
}

/* A graph with one table of this name, whose rows are none of a layer's. */
static zkg_graph *with_table(const char *name, uint32_t columns)
{
    static const int64_t rows[2] = {-1000, 1000};
    const int64_t *column[3] = {rows, rows, rows};
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_columns(g, name, columns, 2, column, NULL));
    return g;
}

/* A layer takes no table for its own because of the name: whoever names a
 * table, or finds two whose digests begin alike, changes no layer's meaning. */
static void another_table_by_a_layers_name_is_refused(void **state)
{
    static const uint64_t row[1] = {4};
    const zkg_tensor_spec x = {"x", ZKG_I8, ZKG_PUBLIC, 1, {row[0]}, -8, 7};
    const zkg_interval q = {-8, 7};
    char name[ZKG_NN_TABLE_NAME], again[ZKG_NN_TABLE_NAME];
    zkg_nn_softmax soft = {.name = "s",
                           .x = "x",
                           .y = "y",
                           .over = {true},
                           .scale = 2,
                           .exp_bits = 6};
    zkg_error err = {0};
    zkg_graph *g;

    (void)state;
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_nn_function_table(name, g, q, double_of, NULL, NULL));
    OK(zkg_nn_function_table(again, g, q, double_of, NULL, NULL));
    assert_string_equal(name, again);
    assert_int_equal(g->st.tables, 1);
    zkg_graph_free(g);
    g = with_table(name, 2);
    assert_int_equal(zkg_nn_function_table(name, g, q, double_of, NULL, &err),
                     ZKG_ERR_INVALID);
    assert_non_null(strstr(err.text, name));
    zkg_graph_free(g);
    g = with_table("relu5", 2);
    assert_int_equal(zkg_nn_relu_table(name, g, 5, NULL), ZKG_ERR_INVALID);
    zkg_graph_free(g);
    for (int i = 0; i < 3; i++) {
        static const struct {
            const char *name;
            int64_t min, max;
        } range[] = {
            {"range4", 0, 15}, {"signed4", -8, 7}, {"from_m2_to_9", -2, 9}};

        g = with_table(range[i].name, 1);
        assert_int_equal(
            zkg_nn_range_table(name, g, range[i].min, range[i].max, NULL),
            ZKG_ERR_INVALID);
        zkg_graph_free(g);
    }
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_table(g, "range4", ZKG_KIND_SIGNED_RANGE, 4, NULL));
    assert_int_equal(zkg_nn_range_table(name, g, 0, 15, NULL), ZKG_ERR_INVALID);
    zkg_graph_free(g);
    g = with_table("exp4_2_6", 3);
    OK(zkg_graph_add_tensor(g, &x, NULL));
    assert_int_equal(zkg_nn_softmax_add(g, &soft, NULL), ZKG_ERR_INVALID);
    zkg_graph_free(g);
}

/* ---- the digits ---- */

typedef struct digits {
    double w1[HIDDEN * PIXELS], b1[HIDDEN], w2[CLASSES * HIDDEN], b2[CLASSES];
    double image[IMAGES][PIXELS];
    int64_t label[IMAGES];
} digits;

static void read_file(zkg_safetensors *st, const char *name)
{
    const char *root = getenv("ZKG_SOURCE_ROOT");
    zkg_error err = {0};
    char path[1024];

    snprintf(path, sizeof(path), "%s/examples/01-digits/%s",
             root != NULL ? root : ".", name);
    if (zkg_safetensors_read(st, path, &err) != ZKG_OK)
        fail_msg("%s", err.text);
}

static void read_reals(double *out, const zkg_safetensors *st, const char *name,
                       size_t n)
{
    const zkg_st_entry *e = zkg_safetensors_find(st, name);

    assert_non_null(e);
    assert_int_equal(zkg_st_entry_count(e), n);
    for (size_t i = 0; i < n; i++)
        out[i] = zkg_st_entry_f64(e, i);
}

static digits *read_digits(void)
{
    digits *d = calloc(1, sizeof(*d));
    zkg_safetensors st;
    const zkg_st_entry *e;

    read_file(&st, "weights.safetensors");
    read_reals(d->w1, &st, "w1", HIDDEN * PIXELS);
    read_reals(d->b1, &st, "b1", HIDDEN);
    read_reals(d->w2, &st, "w2", CLASSES * HIDDEN);
    read_reals(d->b2, &st, "b2", CLASSES);
    zkg_safetensors_clear(&st);
    read_file(&st, "digits.safetensors");
    read_reals(&d->image[0][0], &st, "images", IMAGES * PIXELS);
    e = zkg_safetensors_find(&st, "labels");
    for (uint64_t i = 0; i < IMAGES; i++) {
        d->label[i] = zkg_st_entry_i64(e, i);
        for (int k = 0; k < PIXELS; k++)
            d->image[i][k] /= 16;
    }
    zkg_safetensors_clear(&st);
    return d;
}

static int float_prediction(const digits *d, const double *x)
{
    double h[HIDDEN], best = 0;
    int arg = -1;

    for (int o = 0; o < HIDDEN; o++) {
        h[o] = d->b1[o];
        for (int k = 0; k < PIXELS; k++)
            h[o] += d->w1[o * PIXELS + k] * x[k];
        h[o] = h[o] > 0 ? h[o] : 0;
    }
    for (int o = 0; o < CLASSES; o++) {
        double y = d->b2[o];

        for (int k = 0; k < HIDDEN; k++)
            y += d->w2[o * HIDDEN + k] * h[k];
        if (arg < 0 || y > best) {
            best = y;
            arg = o;
        }
    }
    return arg;
}

static int argmax(const int64_t *y)
{
    int best = 0;

    for (int i = 1; i < CLASSES; i++)
        best = y[i] > y[best] ? i : best;
    return best;
}

static void quantise(int64_t *out, const double *in, size_t n, uint32_t scale)
{
    for (size_t i = 0; i < n; i++)
        assert_true(zkg_nn_quantise(&out[i], in[i], scale));
}

/* The program of examples/01-digits, by its own make-graph. */
static zkg_graph *digit_graph(uint32_t scale, const char *visibility)
{
    const char *root = getenv("ZKG_SOURCE_ROOT");
    const char *build = getenv("ZKG_BUILD_ROOT");
    char folder[64], command[4096];
    zkg_error err = {0};
    zkg_graph *g = NULL;

    snprintf(folder, sizeof(folder), "/tmp/zkg-dense-%ld.zkg", (long)getpid());
    snprintf(command, sizeof(command),
             "'%s/examples/01-digits/make-graph' --weights "
             "'%s/examples/01-digits/weights.safetensors' --scale %u "
             "--input-visibility %s -o %s",
             build != NULL ? build : "build", root != NULL ? root : ".", scale,
             visibility, folder);
    assert_int_equal(system(command), 0);
    if (zkg_graph_load(&g, folder, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    return g;
}

/* All images: the graph is the integer model, which is the float network but
 * for at most one prediction. */
static void digits_at_scale_10_agree_with_the_float_network(void **state)
{
    enum { S = 10, P = 12 };
    digits *d = read_digits();
    zkg_graph *g = digit_graph(S, "public");
    const uint32_t out = zkg_statement_tensor_id(&g->st, "output");
    static int64_t w1[HIDDEN * PIXELS], w2[CLASSES * HIDDEN];
    int64_t b1[HIDDEN], b2[CLASSES];
    const zkg_nn_dense l1 = {.name = "l1",
                             .out = HIDDEN,
                             .in = PIXELS,
                             .w = w1,
                             .b = b1,
                             .shift = P};
    const zkg_nn_dense l2 = {.name = "l2",
                             .out = CLASSES,
                             .in = HIDDEN,
                             .w = w2,
                             .b = b2,
                             .shift = P};
    int agree = 0, right = 0;

    (void)state;
    quantise(w1, d->w1, HIDDEN * PIXELS, P);
    quantise(b1, d->b1, HIDDEN, S + P);
    quantise(w2, d->w2, CLASSES * HIDDEN, P);
    quantise(b2, d->b2, CLASSES, S + P);
    for (int i = 0; i < IMAGES; i++) {
        int64_t x[PIXELS], h[HIDDEN], y[CLASSES];
        zkg_error err = {0};
        zkg_witness w;

        quantise(x, d->image[i], PIXELS, S);
        OK(zkg_nn_dense_model(NULL, NULL, h, &l1, true, x, NULL));
        OK(zkg_nn_dense_model(NULL, NULL, y, &l2, false, h, NULL));
        OK(zkg_witness_init(&w, g, NULL));
        set_input(&w, g, x);
        if (zkg_witness_solve(&w, g, &err) != ZKG_OK ||
            (i % 50 == 0 && zkg_witness_check(&w, g, &err) != ZKG_OK))
            fail_msg("image %d: %s", i, err.text);
        for (uint64_t o = 0; o < CLASSES; o++)
            assert_int_equal(zkg_array_get_i64(&w.array[out], o), y[o]);
        agree += argmax(y) == float_prediction(d, d->image[i]);
        right += argmax(y) == d->label[i];
        zkg_witness_clear(&w);
    }
    print_message("%d of %d as the float network, %d right\n", agree, IMAGES,
                  right);
    assert_true(agree >= 296);
    zkg_graph_free(g);
    free(d);
}

static void scale_7_fits_tables_of_12_bits(void **state)
{
    zkg_graph *g = digit_graph(7, "private");

    (void)state;
    for (uint32_t i = 0; i < g->st.tables; i++)
        assert_true(g->st.table[i].rows <= 4096);
    assert_int_equal(g->st.tasks, 3);
    assert_string_equal(g->st.task[2].name, "Task2");
    assert_int_equal(
        g->st.table[zkg_statement_table_id(&g->st, "from_0_to_128")].rows, 129);
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_of_the_model_is_half_up),
        cmocka_unit_test(layers_are_the_model),
        cmocka_unit_test(declared_ranges_are_those_that_are_held),
        cmocka_unit_test(what_fits_no_table_is_refused),
        cmocka_unit_test(another_table_by_a_layers_name_is_refused),
        cmocka_unit_test(digits_at_scale_10_agree_with_the_float_network),
        cmocka_unit_test(scale_7_fits_tables_of_12_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
