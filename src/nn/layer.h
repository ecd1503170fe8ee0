/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_LAYER_H
#define ZKGKR_NN_LAYER_H

/**
 * @file
 * The one form that most operators have (docs/protocol.md, 9):
 *
 *     q = floor(A / D + 1/2),   A = sum of terms,     y = q  or  f(q)
 *
 * as one task: an einsum and the lookups of the remainder's digits and of y,
 * or of (q, y).  A is never committed.  With D even the einsum is
 * A + D/2 = D q + rem, 0 <= rem < D; with D odd, 2 A + D = 2 D q + rem,
 * 0 <= rem < 2 D; with D = 1, A = q.
 */

#include "graph/graph.h"
#include "nn/range.h"
#include "zkgkr/nn.h"

#define ZKG_NN_PARAMS 10
#define ZKG_NN_TERMS 12
#define ZKG_NN_TABLE_BITS 20 /* of a range or activation */

typedef struct zkg_nn_axis {
    char name[8];
    uint64_t len;
} zkg_nn_axis;

typedef struct zkg_nn_param {
    char name[12];
    char axes[64];      /**< names, separated by commas */
    const char *tensor; /**< that is there */
} zkg_nn_param;

typedef struct zkg_nn_term {
    int64_t c;
    char f0[160], f1[160]; /**< factors such as "w[o,k]"; "" for none */
} zkg_nn_term;

/** A layer to be added; zeros where there is nothing to say. */
typedef struct zkg_nn_layer {
    bool full; /**< something did not fit its array: the layer is refused */
    const char *name; /**< of kernel and task; tensors are <name>.q, .rem0 .. */
    zkg_nn_axis axis[ZKG_MAX_KERNEL_AXES];
    uint32_t axes;
    char out[64]; /**< axes of y */
    zkg_nn_param param[ZKG_NN_PARAMS];
    uint32_t params;
    zkg_nn_term term[ZKG_NN_TERMS]; /**< of A */
    uint32_t terms;
    zkg_nn_term inner[ZKG_NN_TERMS]; /**< of a virtual tensor t of y's shape,
                                      which A's terms may use; or none */
    uint32_t inners;
    char inner_out[96]; /**< axes of t, where they are not those of y */
    zkg_interval t;     /**< what t may be */
    uint64_t divisor;   /**< D >= 1 */
    zkg_interval q;     /**< what q may be; a table is made for it */
    const char *table;  /**< of (q, y), or NULL: y = q */
    const char *y;      /**< to be made, of the shape of out */
    zkg_visibility y_visibility;
} zkg_nn_layer;

/**
 * Add the layer, and the rules that make its tensors.  What A's terms name is
 * there before.
 *
 * @retval ZKG_ERR_UNSUPPORTED a range of more than 2^20 values, or a divisor
 *                             whose remainders fit no table
 */
ZKG_MUST_CHECK zkg_status zkg_nn_layer_add(zkg_graph *g,
                                           const zkg_nn_layer *layer,
                                           zkg_error *err);

/** y = f(x) by one lookup of (x, y); y is to be made, of x's shape. */
ZKG_MUST_CHECK zkg_status zkg_nn_map_add(zkg_graph *g, const char *name,
                                         const char *x, const char *table,
                                         const char *y,
                                         zkg_visibility y_visibility,
                                         zkg_error *err);

/** f over integers; false where it has no value. */
typedef bool zkg_nn_function(int64_t *y, void *user, int64_t q);

/**
 * The table of (q, f(q)) for all q of the interval that have a value, named by
 * its contents: equal tables are one.
 *
 * @retval ZKG_ERR_UNSUPPORTED more than 2^20 rows, or none
 */
ZKG_MUST_CHECK zkg_status zkg_nn_function_table(char name[ZKG_NN_TABLE_NAME],
                                                zkg_graph *g, zkg_interval q,
                                                zkg_nn_function *f, void *user,
                                                zkg_error *err);

/** The ReLU's table whose first column is -2^(bits-1) .. 2^(bits-1) - 1. */
ZKG_MUST_CHECK zkg_status zkg_nn_relu_table(char name[ZKG_NN_TABLE_NAME],
                                            zkg_graph *g, uint32_t bits,
                                            zkg_error *err);

/** A fixed tensor of these values. */
ZKG_MUST_CHECK zkg_status zkg_nn_fixed(zkg_graph *g, const char *name,
                                       uint32_t axes, const uint64_t *len,
                                       const int64_t *value, zkg_error *err);

/** The least bits >= 2 with -2^(bits-1) <= min, max < 2^(bits-1). */
uint32_t zkg_nn_signed_bits(zkg_interval h);

/** The range of those bits. */
zkg_interval zkg_nn_signed_range(uint32_t bits);

/** Append one: the arrays of a layer are filled front to back. */
void zkg_nn_axis_push(zkg_nn_layer *l, const char *name, uint64_t len);
void zkg_nn_param_push(zkg_nn_layer *l, const char *name, const char *axes,
                       const char *tensor);
void zkg_nn_term_push(zkg_nn_layer *l, int64_t c, const char *f0,
                      const char *f1);
void zkg_nn_inner_push(zkg_nn_layer *l, int64_t c, const char *f0,
                       const char *f1);

#endif
