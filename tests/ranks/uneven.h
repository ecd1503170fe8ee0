/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_UNEVEN_H
#define ZKG_TESTS_UNEVEN_H

/**
 * @file
 * Graphs of many tasks of uneven sizes.
 *
 * Task t has n_t values x, y = relu(x), z = x y: a lookup in a table of two
 * columns, one in a range, and an einsum of products.  Every rank builds the
 * same graph and the same values.
 */

#include <inttypes.h>
#include <stdio.h>

#include "graph/graph.h"
#include "graph/witness.h"

/** The kernel for n values. */
static inline zkg_status uneven_kernel(zkg_graph *g, uint64_t n, zkg_error *err)
{
    char k[32];

    (void)snprintf(k, sizeof(k), "product%" PRIu64, n);
    if (zkg_statement_kernel_id(&g->st, k) != ZKG_NO_ID)
        return ZKG_OK;
    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "i", n, err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "x", "i", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "y", "i", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "z", "i", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, k, "relu", "x,y", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, k, "range", "z", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, k, "i", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, k, "1", "x[i]", "y[i]", err));
    return zkg_graph_kernel_term(g, k, "-1", "z[i]", NULL, err);
}

static inline zkg_status uneven_task(zkg_graph *g, uint32_t t, uint64_t n,
                                     zkg_error *err)
{
    static const char *const param[] = {"x", "y", "z"};
    static const int64_t min[] = {-8, 0, 0}, max[] = {7, 7, 63};
    char kernel[32], name[32];

    (void)snprintf(kernel, sizeof(kernel), "product%" PRIu64, n);
    ZKG_TRY(uneven_kernel(g, n, err));
    for (int i = 0; i < 3; i++) {
        const zkg_tensor_spec spec = {name, ZKG_I8, ZKG_PRIVATE, 1,
                                      {n},  min[i], max[i]};

        (void)snprintf(name, sizeof(name), "%s%" PRIu32, param[i], t);
        ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    }
    (void)snprintf(name, sizeof(name), "layer.%" PRIu32, t);
    ZKG_TRY(zkg_graph_add_task(g, name, kernel, 1, err));
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s%" PRIu32, param[i], t);
        ZKG_TRY(zkg_graph_bind(g, param[i], name, false, err));
    }
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s%" PRIu32, param[i], t);
        ZKG_TRY(zkg_graph_add_input(g, name, err));
    }
    return ZKG_OK;
}

/** A finished graph of these tasks. */
static inline zkg_status uneven_graph(zkg_graph **out, const uint64_t *n,
                                      uint32_t tasks, zkg_error *err)
{
    ZKG_TRY(zkg_graph_new(out, err));
    ZKG_TRY(zkg_graph_add_table(*out, "relu", ZKG_KIND_RELU, 4, err));
    ZKG_TRY(zkg_graph_add_table(*out, "range", ZKG_KIND_RANGE, 6, err));
    for (uint32_t t = 0; t < tasks; t++)
        ZKG_TRY(uneven_task(*out, t, n[t], err));
    return zkg_graph_finish(*out, err);
}

/** Its values. */
static inline zkg_status uneven_witness(zkg_witness *w, const zkg_graph *g,
                                        const uint64_t *n, uint32_t tasks,
                                        zkg_error *err)
{
    ZKG_TRY(zkg_witness_init(w, g, err));
    for (uint32_t t = 0; t < tasks; t++) {
        for (uint32_t p = 0; p < 3; p++)
            ZKG_TRY(zkg_array_init(&w->array[g->st.task[t].bind[p]], ZKG_I8, 1,
                                   &n[t], err));
        for (uint64_t i = 0; i < n[t]; i++) {
            const uint32_t *bind = g->st.task[t].bind;
            const int64_t x =
                (int64_t)((i * 2654435761u + 7 * t) >> 7 & 15) - 8;

            zkg_array_set_i64(&w->array[bind[0]], i, x);
            zkg_array_set_i64(&w->array[bind[1]], i, x > 0 ? x : 0);
            zkg_array_set_i64(&w->array[bind[2]], i, x > 0 ? x * x : 0);
        }
    }
    zkg_witness_refresh(w);
    return zkg_witness_solve(w, g, err);
}

#endif
