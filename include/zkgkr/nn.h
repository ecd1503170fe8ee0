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

#define ZKG_NN_MAX_SHIFT 62 /**< of one rescale */

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
    const char *name; /**< of the kernel; tensors are <name>.w, .b, the
                           remainder's digits .rem0 .., and .q with relu */
    const char *x;    /**< a tensor of shape [in] that is there */
    const char *y;    /**< name of the tensor of shape [out] to be made */
    uint64_t out, in;
    const int64_t *w;                /**< out * in, row-major */
    const int64_t *b;                /**< out, at the scale of w x */
    uint32_t shift;                  /**< 1 .. ZKG_NN_MAX_SHIFT */
    zkg_visibility y_visibility;     /**< public or private */
    zkg_visibility param_visibility; /**< of w and b: fixed, in the key;
                                          private, held to -2^(n-1)..2^(n-1)-1
                                          by tasks of their own; or public.
                                          Of private and public ones the
                                          statement says the bits n alone.
                                          Always to be said: 0 is public */
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
 * @retval ZKG_ERR_UNSUPPORTED the shift, values that fit no table of 2^20, or
 *                             private weights of more than 60 bits
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_dense_rescale(
    zkg_graph *g, zkg_interval *y_range, const zkg_nn_dense *layer,
    const zkg_interval *x_range, zkg_error *err);

/** The same with y = max(0, q), by a lookup of (q, y). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_dense_rescale_relu(
    zkg_graph *g, zkg_interval *y_range, const zkg_nn_dense *layer,
    const zkg_interval *x_range, zkg_error *err);

/**
 * Windows over rows and columns: output y's tap i reads position
 * stride * y + dilation * i - before, 0 outside.
 */
typedef struct zkg_nn_window2d {
    uint64_t in[2], kernel[2];
    uint64_t stride[2], dilation[2]; /**< 0: 1 */
    uint64_t before[2], after[2];    /**< padding */
} zkg_nn_window2d;

/** Rows and columns of the output: floor((in + before + after - dilation *
 *  (kernel - 1) - 1) / stride) + 1; false when there are none. */
ZKG_API bool zkg_nn_window2d_out(uint64_t out[2], const zkg_nn_window2d *w);

/**
 * A convolution with rescale:
 *
 *     q[o,y,x] = floor((sum_{c,i,j} w[o,c,i,j] x[c,y at i,x at j] + b[o] +
 *                2^(shift-1)) / 2^shift)
 *     y = q,  max(0, q),  or a table's row of q;
 *
 * with pool, instead of q its maximum over blocks of pool[0] x pool[1] (what is
 * left over at the edges is dropped), in the same task: neither the sums, nor
 * what they are before the maximum, are ever committed.
 */
typedef struct zkg_nn_conv2d {
    const char *name; /**< of kernel and task; tensors are <name>.w, .b, .q,
                           .rem .. */
    const char *x;    /**< a tensor of shape [in_channels, rows, columns], with
                           the batch before it if there is one, and of several
                           groups [groups, in_channels / groups, ..] unless
                           depthwise */
    const char *y;    /**< to be made, of such a shape */
    uint64_t batch;   /**< 0: no such axis */
    uint64_t in_channels, out_channels;
    uint64_t groups; /**< 0: 1; in_channels = out_channels: depthwise */
    zkg_nn_window2d window;
    const int64_t *w; /**< [out_channels, in_channels / groups, kernel] */
    const int64_t *b; /**< out_channels, at the scale of w x; NULL: zeros */
    uint32_t shift;   /**< 0 (no rescale) .. 62; 1 .. 48 with pool */
    uint32_t bits;    /**< of q's table: -2^(bits-1) <= q < 2^(bits-1), beyond
                           which there is no proof; 0: what x_range can make */
    bool relu;
    const char *table;           /**< of (q, y), that is there; NULL: none */
    uint64_t pool[2];            /**< 0: none */
    zkg_visibility y_visibility; /**< public or private */
    zkg_visibility param_visibility; /**< of w and b, as of a dense layer */
} zkg_nn_conv2d;

/** Rows and columns of y; false when there are none. */
ZKG_API bool zkg_nn_conv2d_out(uint64_t out[2], const zkg_nn_conv2d *layer);

/**
 * The layer over plain integers: its definition (but for a table).
 *
 * @param[out] y batch * out_channels * out
 * @retval ZKG_ERR_WITNESS     sums may leave 64 bits
 * @retval ZKG_ERR_INVALID     no output, or groups that do not divide
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_conv2d_model(
    int64_t *y, const zkg_nn_conv2d *layer, const int64_t *x, zkg_error *err);

/**
 * Add it as a task, with the rules that make y.
 *
 * @param[out] y_range what y can be, for x within x_range; may be NULL
 * @retval ZKG_ERR_INVALID     shapes
 * @retval ZKG_ERR_UNSUPPORTED values that fit no table of 2^20
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_conv2d_add(zkg_graph *g,
                                                    zkg_interval *y_range,
                                                    const zkg_nn_conv2d *layer,
                                                    zkg_interval x_range,
                                                    zkg_error *err);

/** Pooling of each of `channels` maps; x of shape [channels, rows, columns]. */
typedef struct zkg_nn_pool2d {
    const char *name;
    const char *x; /**< a tensor that is there */
    const char *y; /**< to be made */
    uint64_t channels;
    zkg_nn_window2d window;
    zkg_visibility y_visibility;
} zkg_nn_pool2d;

/** y = the maximum over the taps that lie in x; _model: channels * out of them.
 *  @retval ZKG_ERR_INVALID     windows that have no output
 *  @retval ZKG_ERR_MALFORMED   _add: no such tensor, or y's name is taken
 *  @retval ZKG_ERR_UNSUPPORTED _add: values that fit no table of 2^20 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_max_pool2d_model(
    int64_t *y, const zkg_nn_pool2d *layer, const int64_t *x, zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_nn_max_pool2d_add(zkg_graph *g, const zkg_nn_pool2d *layer, zkg_error *err);

/** y = floor(sum of the taps / (kernel[0] kernel[1]) + 1/2), 0 outside;
 *  statuses as above.
 *  @retval ZKG_ERR_WITNESS _model: a sum may leave 64 bits */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_avg_pool2d_model(
    int64_t *y, const zkg_nn_pool2d *layer, const int64_t *x, zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_nn_avg_pool2d_add(zkg_graph *g, const zkg_nn_pool2d *layer, zkg_error *err);

/**
 * Add a task that holds a tensor to exactly its min..max: what every private
 * input needs.
 *
 * @retval ZKG_ERR_MALFORMED   no such tensor
 * @retval ZKG_ERR_UNSUPPORTED more than 2^20 values, and neither 0..2^n-1 nor
 *                             -2^n..2^n-1
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_nn_range(zkg_graph *g, const char *tensor,
                                               zkg_error *err);

/** floor(v 2^scale + 1/2); false when v is not finite or too large. */
ZKG_API bool zkg_nn_quantise(int64_t *out, double v, uint32_t scale);

#ifdef __cplusplus
}
#endif

#endif
