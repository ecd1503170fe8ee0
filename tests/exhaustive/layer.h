/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TEST_LAYER_H
#define ZKG_TEST_LAYER_H

/**
 * @file
 * What a layer says has one witness for each input: the one that the rules
 * make, with the outputs of the plain integer model; or none, where there is
 * no output.  witnesses.h seeks all there are.
 *
 * And each relation is needed: without any one of them some input has more, or
 * a cell is bounded by nothing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"

#define LAYER_SEED 20261122
#define LAYER_STEPS 10000000 /* of one search */
#define LAYER_MOST 64        /* elements of all inputs, or of the output */

/** y of all inputs, one after the other; false: there is none. */
typedef bool layer_model(int64_t *y, const void *user, const int64_t *x);

typedef struct layer {
    const char *name;
    zkg_graph *g;
    layer_model *model; /**< NULL: none */
    const void *user;
    /** Elements of all inputs. */
    int64_t x[LAYER_MOST], min[LAYER_MOST], max[LAYER_MOST];
    uint32_t n;
    uint64_t inputs; /**< to be tried */
    bool every;      /**< these are all there are */
    bool mild;       /**< no edges among those that are drawn */
} layer;

static inline void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/** An empty graph. */
void layer_begin(layer *l, const char *name);

/** A private input of that range. */
void layer_input(layer *l, const char *name, uint32_t axes, const uint64_t *len,
                 int64_t min, int64_t max);

/** Its output is y: the graph is whole, and the inputs to try are settled. */
void layer_end(layer *l, const char *y);

/** One witness for each input, or none; found[i]: input i has one (NULL: not
 *  asked for). */
void layer_one_witness(layer *l, bool *found);

/** One witness, and all relations but so many needed; takes the graph. */
void layer_hold(layer *l, uint32_t needless);

/**
 * The statement takes another output than the layer's for no input, and without
 * one relation of a kernel for some; takes the graph.
 *
 * @param lookup relation r of the kernel's lookups, else of its einsums
 * @param how    what is printed of it
 */
void layer_expect_needed(layer *l, const char *kernel, bool lookup, uint32_t r,
                         const char *how);

/** The same with other rows in a table, the declared ranges as they were. */
void layer_expect_exact(layer *l, const char *table, const int64_t *row,
                        uint64_t rows, const char *how);

#endif
