/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_SPECIAL_H
#define ZKGKR_NN_SPECIAL_H

/**
 * @file
 * Operators whose tasks are not one rescaled sum: max pooling, layer
 * normalisation, division by a tensor, softmax (docs/protocol.md, 9;
 * docs/operators.md).
 */

#include "nn/layer.h"
#include "nn/model.h"
#include "nn/task.h"

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

/**
 * Division: zkg_nn_model_divide() of each element of the layer's first
 * parameter by the second one's, which may lack axes of out.  Of the layer
 * axes, out, the two parameters, q, y and y_visibility are read.
 *
 * z != 0 and its sign are one lookup of (z, sign); a = sign x and h = sign z
 * are virtual, and y is their quotient (nn/task.h).
 *
 * @param shift y = x 2^shift / z
 * @retval ZKG_ERR_UNSUPPORTED z's range fits no table of 2^20, or sums 62 bits
 */
ZKG_MUST_CHECK zkg_status zkg_nn_divide_add(zkg_graph *g,
                                            const zkg_nn_layer *layer,
                                            uint32_t shift, zkg_error *err);

/**
 * Softmax over some axes of x: zkg_nn_model_softmax() for each row.
 *
 *     d = m - x >= 0,  e = exp table of d,  zero = is d 0:  one lookup
 *     sum zero >= 1:  m is one of the row's x, and the largest
 *     y = quotient of 2^scale e and sum e >= 2^exp_bits  (nn/task.h)
 */
typedef struct zkg_nn_softmax {
    const char *name;
    const char *x, *y;       /**< y is to be made, of x's shape */
    bool over[ZKG_MAX_AXES]; /**< x's axes that make a row */
    uint32_t scale;          /**< of x and y */
    uint32_t exp_bits;       /**< exp(0) is 2^exp_bits */
    zkg_visibility y_visibility;
} zkg_nn_softmax;

/** @retval ZKG_ERR_UNSUPPORTED x's range, or a row, fits no table of 2^20 */
ZKG_MUST_CHECK zkg_status zkg_nn_softmax_add(zkg_graph *g,
                                             const zkg_nn_softmax *layer,
                                             zkg_error *err);

/**
 * x's elements in the same order in another shape: one task, or a few by shapes
 * between.
 *
 * @param[out] y   the tensor made
 * @param      len of the new shape, as many elements as x
 */
ZKG_MUST_CHECK zkg_status zkg_nn_reshape_add(char y[ZKG_NN_TASK_NAME],
                                             zkg_graph *g, const char *name,
                                             const char *x, uint32_t axes,
                                             const uint64_t *len,
                                             zkg_error *err);

#endif
