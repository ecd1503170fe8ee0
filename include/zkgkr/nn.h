/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_H
#define ZKGKR_NN_H

/**
 * @file
 * Layers of neural networks as tasks of a graph, in fixed point
 * (docs/protocol.md, 9; docs/operators.md).
 *
 * A real v at scale s is floor(v 2^s + 1/2).  Rounding is half up everywhere.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/dtype.h"
#include "zkgkr/graph.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZKG_NN_MAX_SHIFT 16 /**< of one rescale; more needs limbs */

/** What a value may be, inclusive. */
typedef struct zkg_interval {
    int64_t min, max;
} zkg_interval;

/**
 * A dense layer with rescale:
 *
 *     q[o] = floor((sum_k w[o,k] x[k] + b[o] + 2^(shift-1)) / 2^shift)
 *     y[o] = q[o],  or  max(0, q[o]) with relu.
 */
typedef struct zkg_nn_dense {
    const char *name; /**< tensors are <name>.w, .b, .rem (and .q with relu);
                           the kernel is <name> */
    const char *x;    /**< a tensor of shape [in] that is there */
    const char *y;    /**< name of the tensor of shape [out] to be made */
    uint64_t out, in;
    const int64_t *w;                /**< out * in, row-major */
    const int64_t *b;                /**< out, at the scale of w x */
    uint32_t shift;                  /**< 1 .. ZKG_NN_MAX_SHIFT */
    zkg_visibility y_visibility;     /**< public or private */
    zkg_visibility param_visibility; /**< of w and b: fixed (public and private
                                          ones are not there yet) */
} zkg_nn_dense;

/**
 * The layer over plain integers: the definition of dense_rescale and
 * dense_rescale_relu.
 *
 * @param[out] q   out values before the activation; may be NULL
 * @param[out] rem out remainders, 0 <= rem < 2^shift; may be NULL
 * @param[out] y   out values
 * @retval ZKG_ERR_WITNESS a sum leaves 64 bits
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_dense_model(
    int64_t *q, int64_t *rem, int64_t *y, const zkg_nn_dense *layer, bool relu,
    const int64_t *x, zkg_error *err);

/**
 * Add y = rescale(w x + b) as a task, with the rule that makes y.  A private y
 * is held to a table of its own; a public one to its declared range.
 *
 * @param[out] y_range `out` intervals, exact for x within x_range; may be NULL
 * @param[in]  x_range `in` intervals
 * @retval ZKG_ERR_UNSUPPORTED the shift, or the values, need limbs
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_dense_rescale(
    zkg_graph *g, zkg_interval *y_range, const zkg_nn_dense *layer,
    const zkg_interval *x_range, zkg_error *err);

/** The same with y = max(0, q), by a lookup of (q, y). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_dense_rescale_relu(
    zkg_graph *g, zkg_interval *y_range, const zkg_nn_dense *layer,
    const zkg_interval *x_range, zkg_error *err);

/**
 * Add a task that holds a tensor to exactly its min..max: what every private
 * input needs.
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_range(zkg_graph *g, const char *tensor,
                                               zkg_error *err);

/** floor(v 2^scale + 1/2); false when v is not finite or too large. */
ZKG_API bool zkg_nn_quantise(int64_t *out, double v, uint32_t scale);

#ifdef __cplusplus
}
#endif

#endif
