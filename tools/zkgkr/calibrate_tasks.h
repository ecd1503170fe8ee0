/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CALIBRATE_TASKS_H
#define ZKG_TOOLS_CALIBRATE_TASKS_H

/**
 * @file
 * The constants of lookups, sums and tables: a calibration's part
 * (calibrate.h).
 */

#include "pcs/srs.h"
#include "schedule/cost.h"

/** Tasks of one kind of work each, tables, and their times so far. */
typedef struct zkg_task_probes zkg_task_probes;

/** @param srs borrowed
 *  @param out zkg_task_probes_free */
ZKG_MUST_CHECK zkg_status zkg_task_probes_new(zkg_task_probes **out,
                                              const zkg_srs *srs,
                                              zkg_error *err);
void zkg_task_probes_free(zkg_task_probes *p);

/** Time all of them, in processor time; the least of all runs counts. */
ZKG_MUST_CHECK zkg_status zkg_task_probes_run(zkg_task_probes *p,
                                              zkg_error *err);

/** Set the constants of tasks and tables, elements being known and circuits
 *  left out.  There was a run. */
void zkg_task_probes_solve(zkg_costs *c, const zkg_task_probes *probe);

#endif
