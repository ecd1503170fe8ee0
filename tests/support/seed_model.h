/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUPPORT_SEED_MODEL_H
#define ZKG_SUPPORT_SEED_MODEL_H

/**
 * @file
 * ONNX files as graphs.
 */

#include "onnx/lower.h"

/** Read and compile one; what each returns. */
ZKG_MUST_CHECK zkg_status onnx_graph(zkg_graph **out, zkg_onnx_report *report,
                                     const char *path,
                                     const zkg_onnx_options *options,
                                     zkg_error *err);

/** The graph of a model in tests/fuzz/seeds, at scale 4, weights at scale 5;
 *  private inputs, public outputs.  The test fails where there is none. */
zkg_graph *seed_model(const char *model, zkg_visibility param);

#endif
