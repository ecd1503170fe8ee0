/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_FOLD_H
#define ZKG_RELATION_FOLD_H

/**
 * @file
 * A tensor's integers, folded at a point along some of its axes: the only
 * step of an einsum's prover that touches all of a tensor.
 *
 *   out[x] = sum over the folded axes' stored cells i of  eq(r, i) T[i, x]
 *
 * x runs over the padded cube of the kept axes, each at its own shift; entries
 * that no stored cell maps to are 0.  docs/protocol.md, section 5.
 */

#include "backend/backend.h"
#include "comm/comm.h"
#include "tensor/array.h"

/** What becomes of an axis of the array. */
typedef struct zkg_fold_axis {
    bool kept;
    uint32_t shift;   /**< kept: index i goes to i << shift */
    uint32_t bits;    /**< ceil(log2 len) */
    const zkg_fr *at; /**< folded: r, bits coordinates */
} zkg_fold_axis;

/**
 * Fold; collective over comm.  The work is dealt out where an axis is folded;
 * where none is, each rank copies for itself.
 *
 * @param[out] out    2^vars elements, zero beforehand
 * @param      axis   one for each axis of the array
 * @param      lo, hi when nothing is folded: the caller needs out[lo..hi) only
 *
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_COMM (one rank)
 */
ZKG_MUST_CHECK zkg_status zkg_fold(zkg_fr *out, uint32_t vars,
                                   const zkg_array *a,
                                   const zkg_fold_axis *axis, uint64_t lo,
                                   uint64_t hi, const zkg_backend *backend,
                                   const zkg_comm *comm);

/**
 * Fold with the kept axes' stored cells side by side, row-major, in the array's
 * own order of axes: no padding, no shifts.  Collective over comm; at least one
 * axis is folded.
 *
 * @param[out] out product of the kept axes' stored lengths
 */
ZKG_MUST_CHECK zkg_status zkg_fold_compact(zkg_fr *out, const zkg_array *a,
                                           const zkg_fold_axis *axis,
                                           const zkg_backend *backend,
                                           const zkg_comm *comm);

#endif
