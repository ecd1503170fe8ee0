/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CALIBRATE_CHILDREN_H
#define ZKG_TOOLS_CALIBRATE_CHILDREN_H

/**
 * @file
 * How long each child of a proof takes: what calibrations of tasks, tables and
 * circuits are made from.
 */

#include "zkgkr/prove.h"

/**
 * Prove once, on one rank.  A child finds neither its code nor its values in
 * the caches, as behind a large task of a proof.
 *
 * @param[in,out] least by child, tasks first: what it took, in seconds of
 *                      processor time, where that is less
 * @return what zkg_prove() does; ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_children_time(double *least,
                                            const zkg_prove_input *input,
                                            zkg_error *err);

#endif
