/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_WINDOW_H
#define ZKG_RELATION_WINDOW_H

/**
 * @file
 * The prover's pass over a factor with affine indices: convolution without
 * im2col.  docs/protocol.md, section 5.
 *
 *   Z[c,i,j] = sum_{u,w} A_y[i][u] A_x[j][w] X[c,u,w]
 *
 * A_y[i][u] is eq(r_y,y) where s y + d i + e = u, of real y, i, u.  The affine
 * axes are contracted one after the other, the highest first: |X| KH products
 * at most of a small integer with a field element, then KW for each field
 * element that this leaves.  Where an axis' lines are short, the axes above it
 * (channels) are turned below it first, so that both are sums of long rows.
 */

#include "relation/run.h"

/**
 * Fold factor f of a product over its windows, and at coords along its other
 * axes that the product's rounds do not keep.  Collective over the child's
 * group; the work is dealt out, and summed up once.
 *
 * @param[out] out 2^s->vars elements, zero beforehand; the same on all ranks
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_COMM (one rank)
 */
ZKG_MUST_CHECK zkg_status zkg_window_fold(zkg_fr *out, const zkg_task_run *run,
                                          const zkg_term *term, uint32_t f,
                                          const zkg_term_shape *s,
                                          const zkg_coords *coords);

#endif
