/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_WINDOW_H
#define ZKGKR_ONNX_WINDOW_H

/**
 * @file
 * Windows of Conv, MaxPool and AveragePool:
 *
 *     input position = stride * y + dilation * i - before,   y < out, i <
 * kernel
 */

#include "onnx/model.h"

#define ZKG_ONNX_MAX_SPATIAL 3

typedef struct zkg_onnx_window {
    bool known;    /**< false: a weight without a shape, or not this form */
    uint32_t axes; /**< spatial ones, 1 to ZKG_ONNX_MAX_SPATIAL */
    uint64_t in[ZKG_ONNX_MAX_SPATIAL], out[ZKG_ONNX_MAX_SPATIAL];
    uint64_t kernel[ZKG_ONNX_MAX_SPATIAL];
    int64_t stride[ZKG_ONNX_MAX_SPATIAL], dilation[ZKG_ONNX_MAX_SPATIAL];
    int64_t before[ZKG_ONNX_MAX_SPATIAL], after[ZKG_ONNX_MAX_SPATIAL];
    uint64_t batch, channels, out_channels, groups;
} zkg_onnx_window;

/**
 * Read a node's window from its attributes and its inputs' shapes.
 *
 * @retval ZKG_ERR_MALFORMED attributes and shapes that contradict each other
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_window_of(zkg_onnx_window *out,
                                             const zkg_onnx_model *m,
                                             const zkg_onnx_node *n,
                                             zkg_error *err);

#endif
