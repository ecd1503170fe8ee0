/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_FOLD_H
#define ZKGKR_ONNX_FOLD_H

/**
 * @file
 * Operators on constants, in double precision.
 *
 * Inference folds what depends on constants alone.  A model whose inputs were
 * made constants is folded to its end: that is what it says in floating point,
 * and has nothing in common with the integers that are proven.
 */

#include "onnx/model.h"

/** Make a value a constant of this shape, zeroed, to be filled. */
ZKG_MUST_CHECK zkg_status zkg_onnx_make_constant(zkg_onnx_tensor **out,
                                                 zkg_onnx_model *m,
                                                 uint32_t value,
                                                 const zkg_onnx_shape *shape,
                                                 bool is_real, zkg_error *err);

/**
 * Compute a node whose output has a shape and whose inputs are constants.  One
 * whose operator, or form, is not known here is left as it is.
 *
 * @retval ZKG_ERR_UNSUPPORTED a constant of more than 2^26 elements
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_fold(zkg_onnx_model *m, zkg_onnx_node *n,
                                        zkg_error *err);

/** The same for Conv, MaxPool, AveragePool, GlobalAveragePool. */
ZKG_MUST_CHECK zkg_status zkg_onnx_fold_window(zkg_onnx_model *m,
                                               zkg_onnx_node *n,
                                               zkg_error *err);

/**
 * Every value of a run: m, read and not inferred, becomes constants where its
 * operators are known.
 *
 * @param real one array an input, of its shape's elements
 */
ZKG_MUST_CHECK zkg_status zkg_onnx_evaluate(zkg_onnx_model *m,
                                            const double *const *real,
                                            zkg_error *err);

/** The reals of a value after zkg_onnx_evaluate(), or NULL. */
const double *zkg_onnx_reals(const zkg_onnx_model *m, uint32_t value);

#endif
