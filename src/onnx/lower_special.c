/* SPDX-License-Identifier: Apache-2.0 */
/* Operators with tasks of their own: max pooling, layer normalisation. */
#include "onnx/lower_internal.h"

zkg_status zkg_onnx_lower_max_pool(zkg_onnx_lowering *w)
{
    return zkg_onnx_refuse(w, "the operator is not there yet");
}

zkg_status zkg_onnx_lower_layer_norm(zkg_onnx_lowering *w)
{
    return zkg_onnx_refuse(w, "the operator is not there yet");
}
