/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_BUDGET_H
#define ZKG_TOOLS_BUDGET_H

/**
 * @file
 * Time and memory before anything runs: what a plan is forecast to take, and
 * whether it fits.
 */

#include <stdio.h>

#include "comm/comm.h"
#include "zkgkr/prove.h"

/** Print the forecast of each rank: seconds in tasks, idle, most memory beside
 *  its host's tensors. */
void zkg_budget_print(FILE *f, const zkg_forecast *forecast,
                      const zkg_plan *plan);

/**
 * What one child may take on this rank: of `limit` and of the rank's part of
 * its host's memory, what the job's figures leave.  Collective over active.
 *
 * @param[out] room bytes, at least 1
 * @param limit as zkg_budget_check
 */
ZKG_MUST_CHECK zkg_status zkg_budget_room(double *room, const zkg_comm *active,
                                          const zkg_job *job, uint64_t limit,
                                          zkg_error *err);

/**
 * Does this rank fit, and do all ranks of its host together?
 * Collective over active.
 *
 * @param limit bytes a rank may hold, with its share of its host's tensors; 0:
 *              no limit
 * @retval ZKG_ERR_NOMEM they do not; other ranks may
 */
ZKG_MUST_CHECK zkg_status zkg_budget_check(const zkg_comm *active,
                                           const zkg_forecast *forecast,
                                           uint64_t limit, zkg_error *err);

#endif
