/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_POLY_ARRAY_MLE_H
#define ZKG_POLY_ARRAY_MLE_H

/**
 * @file
 * The multilinear extension of a tensor (tensor/array.h).
 */

#include "field/fr.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

/**
 * out = A~(point), O(stored cells) and one eq table an axis; cells that are
 * not stored are 0.
 *
 * @param point n = zkg_array_vars(a) coordinates, point[0] the lowest; the last
 * axis owns the lowest variables
 *
 * @retval ZKG_ERR_NOMEM no memory for the eq tables
 */
ZKG_MUST_CHECK zkg_status zkg_array_mle(zkg_fr *out, const zkg_array *a,
                                        const zkg_fr *point);

#endif
