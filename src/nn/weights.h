/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_WEIGHTS_H
#define ZKGKR_NN_WEIGHTS_H

/**
 * @file
 * Parameters of layers (weights, biases, gains), fixed, public or private.
 *
 * Of b bits, the least b >= 2 with -2^(b-1) <= w < 2^(b-1) for all of them:
 *
 *     fixed     in the key; declared min..max of the values themselves
 *     public    in every proof, and compared there with -2^(b-1)..2^(b-1)-1
 *     private   committed in every proof, and held to -2^(b-1)..2^(b-1)-1 by
 *               a lookup in a task of its own
 *
 * The statement says of public and private ones their shape and b, no more.
 * Private ones of b > ZKG_NN_DIGIT_BITS are committed in n digits of e bits,
 * the fewest and the shortest with n e >= b, which then is their b: private
 * tensors <name>.0 .. each with its task,
 *
 *     w = sum_i 2^(e i) d_i - 2^(n e - 1),     0 <= d_i < 2^e
 *
 * and w is virtual: made by an einsum of the kernel that reads it, which the
 * calls zkg_nn_split_.. add.  Those do nothing for any other tensor.
 */

#include "graph/graph.h"
#include "nn/range.h"
#include "zkgkr/nn.h"

#define ZKG_NN_DIGIT_BITS 16  /**< most, of a digit */
#define ZKG_NN_WEIGHT_BITS 60 /**< most, of private ones */

/** What zkg_nn_weights() declares for n >= 1 values. */
zkg_interval zkg_nn_weights_range(const int64_t *value, uint64_t n,
                                  zkg_visibility vis);

/**
 * A tensor of these values, with the rule that holds them and the tasks that
 * its range needs.
 *
 * @param vis fixed, public or private
 * @retval ZKG_ERR_UNSUPPORTED private, of more than ZKG_NN_WEIGHT_BITS
 */
ZKG_MUST_CHECK zkg_status zkg_nn_weights(zkg_graph *g, const char *name,
                                         uint32_t axes, const uint64_t *len,
                                         const int64_t *value,
                                         zkg_visibility vis, zkg_error *err);

/** A parameter of a kernel, over these axes, that a tensor is bound to. */
typedef struct zkg_nn_split {
    zkg_graph *g;
    const char *kernel;
    const char *param, *axes;
    const char *tensor;
} zkg_nn_split;

/** Is the tensor a sum of digits, so that the calls below do something? */
bool zkg_nn_is_split(const zkg_graph *g, const char *tensor);

/** The digits' parameters, before the kernel's relations. */
ZKG_MUST_CHECK zkg_status zkg_nn_split_params(const zkg_nn_split *p,
                                              zkg_error *err);

/** The einsum, after all those that read w. */
ZKG_MUST_CHECK zkg_status zkg_nn_split_einsum(const zkg_nn_split *p,
                                              zkg_error *err);

/** Bind the digits, the task being the one added last. */
ZKG_MUST_CHECK zkg_status zkg_nn_split_bind(const zkg_nn_split *p,
                                            zkg_error *err);

/** The rule that makes w, before those that read it; *einsum is its einsum, and
 *  moves on to the next. */
ZKG_MUST_CHECK zkg_status zkg_nn_split_rule(uint32_t *einsum,
                                            const zkg_nn_split *p,
                                            zkg_error *err);

#endif
