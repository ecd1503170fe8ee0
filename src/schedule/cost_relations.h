/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_COST_RELATIONS_H
#define ZKG_SCHEDULE_COST_RELATIONS_H

/**
 * @file
 * The work of a task's lookups and einsums, by the shapes that their provers go
 * by (relation/shape.h).
 */

#include "relation/relation.h"
#include "schedule/cost.h"

/**
 * Add the trees of a task's lookups, the sums of its einsums, and what is
 * folded for both.  A value that a lookup has given already is not folded
 * again.
 *
 * @param t the task as bound; values are not read
 */
void zkg_work_add_relations(zkg_work *w, const zkg_statement *st,
                            const zkg_task_relations *t);

/** The sums over two ranks in the layers of a tree of so many variables. */
double zkg_work_layers_sums(uint32_t height);

#endif
