/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_SPECIAL_H
#define ZKGKR_NN_SPECIAL_H

/**
 * @file
 * Operators whose tasks are not one rescaled sum: max pooling and layer
 * normalisation (docs/protocol.md, 9; docs/operators.md).
 */

#include "nn/layer.h"
#include "nn/model.h"

/**
 * y = max over a window: nn/pool.h.  Several tasks where the products of one
 * would leave 64 bits: one spatial axis after the other, long ones in
 * overlapping parts.
 */
typedef struct zkg_nn_max_pool {
    const char *name; /**< of kernel and task */
    const char *x;    /**< leading axes, then the window's */
    const char *y;    /**< to be made */
    zkg_visibility y_visibility;
    zkg_nn_window window;
} zkg_nn_max_pool;

/** @retval ZKG_ERR_UNSUPPORTED x's range fits no table of 2^20 */
ZKG_MUST_CHECK zkg_status zkg_nn_max_pool_add(zkg_graph *g,
                                              const zkg_nn_max_pool *pool,
                                              zkg_error *err);

/**
 * Layer normalisation over the trailing axes of x: zkg_nn_model_layer_norm()
 * for each row.  One task, <name>.rows, finds m, v and u of each row; the other
 * one is a layer.
 */
typedef struct zkg_nn_layer_norm {
    const char *name;
    const char *x;
    uint32_t row_axes; /**< leading axes of x; the others are normalised */
    zkg_nn_norm how;
    zkg_interval m;          /**< what the mean may be: a range of a table */
    uint32_t v_bits, u_bits; /**< of v and u, at most 32 each */
} zkg_nn_layer_norm;

/** Add the task of the rows, and the rules of its tensors. */
ZKG_MUST_CHECK zkg_status zkg_nn_layer_norm_rows(zkg_graph *g,
                                                 const zkg_nn_layer_norm *l,
                                                 zkg_error *err);

/**
 * The elements' layer, to be finished by the caller: divisor, t, y.
 *
 * @param[out] names storage of the layer's parameters
 * @param[in]  gain, bias fixed tensors of x's normalised axes, or NULL
 */
void zkg_nn_layer_norm_elements(zkg_nn_layer *out, char names[3][160],
                                const zkg_nn_layer_norm *l, const zkg_tensor *x,
                                const char *gain, const char *bias);

#endif
