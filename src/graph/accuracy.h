/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_ACCURACY_H
#define ZKGKR_GRAPH_ACCURACY_H

/**
 * @file
 * How far a graph's values are from what the model says in floating point:
 * with e = integer / 2^scale - real, over all elements
 *
 *     max |e|    mean |e|    sqrt(mean e^2)
 *
 * and how often the largest entry of a row is the same one.
 */

#include "graph/witness.h"

/** One tensor. */
typedef struct zkg_accuracy {
    const char *name; /**< the graph's */
    uint64_t count;   /**< elements */
    double largest;   /**< of the reals, by magnitude */
    double max_error, mean_error, rmse;
    uint64_t worst;     /**< the element of max_error */
    uint64_t rows;      /**< along the last axis .. */
    uint64_t same_rows; /**< .. whose largest entry is the same one */
} zkg_accuracy;

/**
 * Compare a tensor with reals, element by element in the same order.  A real
 * that is no finite number makes an infinite error.
 */
ZKG_MUST_CHECK zkg_status zkg_accuracy_of(zkg_accuracy *out, const char *name,
                                          const zkg_array *got, uint32_t scale,
                                          const double *want, zkg_error *err);

/**
 * Compare the outputs of a witness with reals from a file (graph/inputs.h,
 * which says what the file may be; entry i is output i).
 *
 * @param[out] out one an output; owned by the caller: zkg_free()
 * @retval ZKG_ERR_MALFORMED the file does not fit the outputs
 */
ZKG_MUST_CHECK zkg_status zkg_accuracy_measure(zkg_accuracy **out,
                                               const zkg_witness *w,
                                               const zkg_graph *g,
                                               const char *path,
                                               zkg_error *err);

/**
 * @retval ZKG_ERR_ACCURACY an output is further off than max_error: err says
 *                          which, where, and by how much
 */
ZKG_MUST_CHECK zkg_status zkg_accuracy_gate(const zkg_accuracy *a,
                                            uint32_t outputs, double max_error,
                                            zkg_error *err);

#endif
