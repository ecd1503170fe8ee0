/* SPDX-License-Identifier: Apache-2.0
 * Shapes, ranges, and models of many layers: what layer.h says. */
#include "../support/seed_model.h"
#include "layer.h"
#include "nn/special.h"
#include "witnesses.h"

#define MODEL_INPUTS 5

/* ---- shapes ---- */

static bool same(int64_t *y, const void *user, const int64_t *x)
{
    memcpy(y, x, *(const uint32_t *)user * sizeof(y[0]));
    return true;
}

static void reshapes(void **state)
{
    const struct {
        uint32_t n, from_axes, axes;
        uint64_t from[4], to[4];
    } of[] = {
        {6, 2, 2, {2, 3}, {3, 2}},        {12, 3, 2, {2, 2, 3}, {4, 3}},
        {30, 3, 3, {5, 2, 3}, {3, 5, 2}}, {36, 2, 4, {6, 6}, {3, 2, 3, 2}},
        {2, 1, 2, {2}, {1, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        char y[ZKG_NN_TASK_NAME], name[40];
        zkg_error err = {0};
        layer l;

        snprintf(name, sizeof(name), "reshape of %u", of[i].n);
        layer_begin(&l, name);
        layer_input(&l, "x", of[i].from_axes, of[i].from, -5, 6);
        must(zkg_nn_reshape_add(y, l.g, "shape", "x", of[i].axes, of[i].to,
                                &err),
             &err);
        l.model = same;
        l.user = &of[i].n;
        layer_end(&l, y);
        layer_hold(&l, 0);
    }
}

/* ---- ranges, and models of many layers ---- */

/* With the input left open there is a witness for each value of its range. */
static void ranges_hold_exactly(void **state)
{
    const zkg_interval range[] = {{-8, 7}, {0, 15}, {-5, 6}, {3, 10}, {4, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        const zkg_array open[8] = {{.data = NULL}};
        wit_answer a;
        layer l;
        wit *all;

        layer_begin(&l, "range");
        layer_input(&l, "x", 1, (uint64_t[]){1}, range[i].min, range[i].max);
        layer_end(&l, "x");
        assert_true(l.g->st.tensors <= 8);
        all = wit_new(&l.g->st, l.g->value);
        a = wit_find(all, open, 1000, LAYER_STEPS);
        assert_int_equal(a.found, range[i].max - range[i].min + 1);
        wit_free(all);
        zkg_graph_free(l.g);
    }
}

/* Inputs of a size that calibration saw; the second one, which divides,
 * positive. */
static void whole_models(void **state)
{
    const char *const model[] = {"small.onnx", "pairs.onnx"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        layer l = {.name = model[i],
                   .g = seed_model(model[i], ZKG_PRIVATE),
                   .inputs = MODEL_INPUTS,
                   .mild = true};

        for (uint32_t k = 0; k < l.g->inputs; k++) {
            const zkg_tensor *t = &l.g->st.tensor[l.g->input[k]];

            for (uint64_t j = 0; j < zkg_tensor_count(t); j++, l.n++) {
                assert_true(l.n < LAYER_MOST);
                l.min[l.n] = k == 0 ? -16 : 4;
                l.max[l.n] = k == 0 ? 15 : 35;
            }
        }
        layer_one_witness(&l, NULL);
        zkg_graph_free(l.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshapes),
        cmocka_unit_test(ranges_hold_exactly),
        cmocka_unit_test(whole_models),
    };

    printf("seed %d\n", LAYER_SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
