/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_WITNESS_H
#define ZKGKR_GRAPH_WITNESS_H

/**
 * @file
 * The values of all tensors: from inputs by the graph's rules, or from a file.
 * Plain integers; the same on every machine.
 */

#include "graph/graph.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

/** One array a tensor of the graph; virtual tensors included when made. */
typedef struct zkg_witness {
    zkg_array *array; /**< data NULL: not there */
    uint32_t tensors;
    const zkg_array **view;      /**< &array[i], or NULL where there is none */
    const zkg_array **of_public; /**< the same of public tensors, else NULL */
    const zkg_graph *graph;      /**< borrowed */
    const zkg_hints *hints;      /**< of programs; borrowed; may be NULL */
} zkg_witness;

/**
 * Start a witness: fixed tensors hold the graph's values (borrowed), all
 * others nothing.
 */
ZKG_MUST_CHECK zkg_status zkg_witness_init(zkg_witness *out, const zkg_graph *g,
                                           zkg_error *err);
void zkg_witness_clear(zkg_witness *w);

/** After arrays were changed by hand: refresh view and of_public. */
void zkg_witness_refresh(zkg_witness *w);

/**
 * Read {"input_data": [[..], ..]}: entry i is input i, flat or of its exact
 * nested shape.  Numbers are reals, stored as floor(v 2^scale + 1/2) with the
 * scale of the input's display.  An element of type fr may be a string, a
 * decimal integer of magnitude below p: it is stored as it is.
 *
 * @retval ZKG_ERR_MALFORMED wrong shape, not a number, a field element that
 *                           is no whole number below 2^53
 * @retval ZKG_ERR_WITNESS   a value outside the input's min..max
 * @retval ZKG_ERR_IO        cannot be read
 */
ZKG_MUST_CHECK zkg_status zkg_witness_read_input(zkg_witness *w,
                                                 const zkg_graph *g,
                                                 const char *path,
                                                 zkg_error *err);

/** Run the rules in order.  @retval ZKG_ERR_WITNESS they cannot be satisfied */
ZKG_MUST_CHECK zkg_status zkg_witness_solve(zkg_witness *w, const zkg_graph *g,
                                            zkg_error *err);

/**
 * Does every relation hold, every value lie in its range, every count agree?
 * Names the task, the tensor, the index and the value of the first that does
 * not.
 *
 * @retval ZKG_ERR_WITNESS it does not
 */
ZKG_MUST_CHECK zkg_status zkg_witness_check(const zkg_witness *w,
                                            const zkg_graph *g, zkg_error *err);

/** init, read_input, solve, check. */
ZKG_MUST_CHECK zkg_status zkg_witness_from_input(zkg_witness *out,
                                                 const zkg_graph *g,
                                                 const char *path,
                                                 zkg_error *err);

/** Write every public and private tensor by name, as safetensors. */
ZKG_MUST_CHECK zkg_status zkg_witness_write(const zkg_witness *w,
                                            const zkg_graph *g,
                                            const char *path, zkg_error *err);

/** Read such a file, and solve for virtual tensors; does not check. */
ZKG_MUST_CHECK zkg_status zkg_witness_read(zkg_witness *out, const zkg_graph *g,
                                           const char *path, zkg_error *err);

#endif
