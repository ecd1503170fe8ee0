/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUMCHECK_SPLIT_EQ_H
#define ZKG_SUMCHECK_SPLIT_EQ_H

/**
 * @file
 * eq of the variables not yet bound, as products of two short tables.
 *
 * Over variables from .. to-1 with a point u of their coordinates, cut at
 * middle:  lo[s] = eq of the variables s .. middle-1, from <= s <= middle;
 * all[s] = eq of s .. to-1, join <= s <= to, where join is a little below
 * middle: a product with a short lo would cost more than one table does.
 * Memory is O(2^((to-from)/2)), never 2^(to-from).
 */

#include "backend/backend.h"
#include "poly/eq.h"

typedef struct zkg_split_eq {
    uint32_t from, join, middle, to;
    zkg_fr *memory;
    zkg_fr *lo[ZKG_MAX_VARS + 1];
    zkg_fr *all[ZKG_MAX_VARS + 1];
} zkg_split_eq;

/**
 * @param u coordinates of the variables from .. to-1
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE
 */
ZKG_MUST_CHECK zkg_status zkg_split_eq_new(zkg_split_eq *out, const zkg_fr *u,
                                           uint32_t from, uint32_t to,
                                           const zkg_backend *backend);
void zkg_split_eq_clear(zkg_split_eq *eq);

/**
 * The weights of pairs over the variables t .. to-1 of x, of which those
 * before eq->from carry none; first = 0.
 */
void zkg_split_eq_weights(zkg_weights *out, const zkg_split_eq *eq, uint32_t t);

#endif
