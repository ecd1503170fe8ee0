/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_LAYER_FIXTURE_H
#define ZKG_TESTS_LAYER_FIXTURE_H

/**
 * @file
 * One layer as a graph of its own, x to y: its witness is what the model says,
 * and holds; a wrong one does not.
 */

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
#include "zkgkr/nn.h"

#include "rng.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

static inline int64_t between(rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
}

/* A private x of a shape, held to low..high. */
static inline zkg_graph *begin_layer(uint32_t axes, const uint64_t *len,
                                     int64_t low, int64_t high)
{
    zkg_tensor_spec x = {.name = "x",
                         .type = ZKG_I16,
                         .visibility = ZKG_PRIVATE,
                         .axes = axes,
                         .min = low,
                         .max = high};
    zkg_graph *g;

    memcpy(x.len, len, axes * sizeof(len[0]));
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &x, NULL));
    OK(zkg_nn_range(g, "x", NULL));
    return g;
}

/* Affine indices and maxima survive the graph's folder. */
static inline void check_saved(const zkg_graph *g)
{
    char folder[64], command[96];
    uint8_t one[32], two[32];
    zkg_error err = {0};
    zkg_graph *again;

    snprintf(folder, sizeof(folder), "/tmp/zkg-layer-%ld.zkg", (long)getpid());
    if (zkg_graph_save(g, folder, &err) != ZKG_OK ||
        zkg_graph_load(&again, folder, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    zkg_graph_digest(one, g);
    zkg_graph_digest(two, again);
    assert_memory_equal(one, two, sizeof(one));
    assert_int_equal(again->rules, g->rules);
    assert_memory_equal(again->rule, g->rule, g->rules * sizeof(g->rule[0]));
    zkg_graph_free(again);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* The witness of x, whose output is as it should be. */
static inline void check_named(zkg_graph *g, const char *output,
                               const int64_t *x, const int64_t *y)
{
    zkg_error err = {0};
    zkg_witness w;
    const zkg_array *a;
    uint32_t id;

    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, output, NULL));
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    if (g->st.tensors % 5 == 0)
        check_saved(g);
    OK(zkg_witness_init(&w, g, NULL));
    id = g->input[0];
    OK(zkg_array_init(&w.array[id], g->st.tensor[id].type,
                      g->st.tensor[id].axes, g->st.tensor[id].len, NULL));
    for (uint64_t i = 0; i < zkg_array_count(&w.array[id]); i++)
        zkg_array_set_i64(&w.array[id], i, x[i]);
    zkg_witness_refresh(&w);
    if (zkg_witness_solve(&w, g, &err) != ZKG_OK ||
        zkg_witness_check(&w, g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    a = w.view[g->output[0]];
    for (uint64_t i = 0; i < zkg_array_count(a); i++)
        assert_int_equal(zkg_array_get_i64(a, i), y[i]);
    /* One output higher, or lower, does not hold. */
    for (int up = -1; up <= 1; up += 2) {
        const uint64_t at = zkg_array_count(a) / 2;

        zkg_array_set_i64(&w.array[g->output[0]], at,
                          zkg_array_get_i64(a, at) + up);
        assert_int_equal(zkg_witness_check(&w, g, NULL), ZKG_ERR_WITNESS);
        zkg_array_set_i64(&w.array[g->output[0]], at,
                          zkg_array_get_i64(a, at) - up);
    }
    zkg_witness_clear(&w);
    zkg_graph_free(g);
}

/* The same, the output being y. */
static inline void check(zkg_graph *g, const int64_t *x, const int64_t *y)
{
    check_named(g, "y", x, y);
}

#endif
