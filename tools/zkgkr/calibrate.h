/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CALIBRATE_H
#define ZKG_TOOLS_CALIBRATE_H

/**
 * @file
 * Measure the constants of the cost model on this machine.
 */

#include "schedule/cost.h"
#include "zkgkr/comm.h"

/**
 * Time tasks of one kind of work each, commitments and openings of several
 * sizes, the best of several runs, in processor time but for messages.
 * Constants of tasks, and those of openings, are what brings the model's sums
 * nearest to what was measured, none below 0.  Gates are not timed: scaled by
 * rows of lookups.
 *
 * @param world with at least two ranks, messages between ranks 0 and 1 are
 *              timed too; all ranks call it.  The result is rank 0's.
 * @param k     chunks of 2^k values: a sum of points costs less a point the
 *              longer it is; 0: 11
 */
ZKG_MUST_CHECK zkg_status zkg_calibrate(zkg_costs *out, const zkg_comm *world,
                                        uint32_t k, zkg_error *err);

#endif
