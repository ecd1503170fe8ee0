/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_POOL_H
#define ZKGKR_NN_POOL_H

/**
 * @file
 * Maxima of windows (docs/protocol.md, 9).
 *
 *     D_i = out - in_i >= 0 for all taps i, and their product is 0
 *
 * The D_i are one tensor, d[i,..,y]; a range lookup shows that none is
 * negative.  The product is a tree of virtual tensors, each of two, the root
 * of which is 0.
 */

#include "graph/graph.h"
#include "zkgkr/nn.h"

/** Most taps of one task. */
#define ZKG_NN_MAX_TAPS 64

/** The tree over taps [0, n): node 0 is the root, which is 0. */
typedef struct zkg_nn_zero_product {
    zkg_graph *g;
    const char *kernel; /**< tensors are <kernel>.p<i> */
    const char *axes;   /**< of each product: "c,y,x" */
    uint32_t lens;
    const uint64_t *len;                               /**< their lengths */
    uint32_t taps;                                     /**< n >= 2 */
    uint32_t bits;                                     /**< 0 <= d < 2^bits */
    void (*tap)(char out[64], void *user, uint32_t i); /**< "d[0*z+1,c,y,x]" */
    void *user;
} zkg_nn_zero_product;

/** Whether the products of so many taps stay within 62 bits. */
bool zkg_nn_zero_product_fits(uint64_t taps, uint32_t bits);

/** The virtual tensors and their parameters: before the kernel's relations. */
ZKG_MUST_CHECK zkg_status
zkg_nn_zero_product_params(const zkg_nn_zero_product *p, zkg_error *err);

/** The einsums, before the one that makes d, if it is virtual.
 *  @return their number in *einsums */
ZKG_MUST_CHECK zkg_status zkg_nn_zero_product_einsums(
    uint32_t *einsums, const zkg_nn_zero_product *p, zkg_error *err);

/** After the task: bind the tensors. */
ZKG_MUST_CHECK zkg_status zkg_nn_zero_product_bind(const zkg_nn_zero_product *p,
                                                   zkg_error *err);

/** The rules that make them, once d is there. */
ZKG_MUST_CHECK zkg_status zkg_nn_zero_product_rules(
    const zkg_nn_zero_product *p, const char *task, zkg_error *err);

#endif
