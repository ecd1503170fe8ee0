/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CALIBRATE_H
#define ZKG_TOOLS_CALIBRATE_H

/**
 * @file
 * Measure the constants of the cost model on this machine.
 */

#include "schedule/cost.h"
#include "zkgkr/comm.h"

/** Runs that a calibration keeps the times of. */
#define ZKG_CALIBRATION_RUNS 15

/** Probes and their times so far. */
typedef struct zkg_calibration zkg_calibration;

/**
 * @param k chunks of 2^k values: a sum of points costs less a point the longer
 *          it is; 0: 11
 * @param out zkg_calibration_free
 */
ZKG_MUST_CHECK zkg_status zkg_calibration_new(zkg_calibration **out, uint32_t k,
                                              zkg_error *err);
void zkg_calibration_free(zkg_calibration *c);

/** Time, in processor time, tasks of one kind of work each, tables, circuits,
 *  commitments and openings of several sizes, and a few kernels, once.  After
 *  ZKG_CALIBRATION_RUNS times nothing more is timed. */
ZKG_MUST_CHECK zkg_status zkg_calibration_run(zkg_calibration *c,
                                              zkg_error *err);

/**
 * The constants, from the least times of one run or more.  Those of tasks, and
 * those of openings, are what brings the model's sums nearest to what was
 * measured, none below 0; those of circuits too (calibrate_circuits.h).
 * Messages stay as they are in *out.
 */
void zkg_calibration_solve(zkg_costs *out, zkg_calibration *c);

/**
 * All of this at once, of up to seven runs.
 *
 * @param world with at least two ranks, messages between ranks 0 and 1 are
 *              timed too; all ranks call it.  The result is rank 0's.
 * @param k     as above
 */
ZKG_MUST_CHECK zkg_status zkg_calibrate(zkg_costs *out, const zkg_comm *world,
                                        uint32_t k, zkg_error *err);

#endif
