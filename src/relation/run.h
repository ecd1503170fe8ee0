/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_RUN_H
#define ZKG_RELATION_RUN_H

/**
 * @file
 * What a task's lookups, einsums and circuits share while they run: the child,
 * the relations, and the end point of the task's batched tree.
 */

#include "relation/relation.h"
#include "relation/shape.h"

typedef struct zkg_task_run {
    zkg_child *c;
    const zkg_task_relations *t;
    zkg_arena *scratch; /**< prover's: nothing is taken between relations */
    zkg_axes *site;     /**< the rows of each site; owned */
    zkg_fr point[ZKG_MAX_VARS]; /**< leaf point; site j: its lowest n_j */
    zkg_error *err;
} zkg_task_run;

/** Check the relations, and lay out the sites' rows.
 *  @param[out] run zkg_task_run_clear, on failure too
 *  @retval ZKG_ERR_INVALID, ZKG_ERR_UNSUPPORTED zkg_task_check(); a tensor
 *                          without values that this side needs
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_task_run_init(zkg_task_run *run, zkg_child *c,
                                            const zkg_task_relations *t,
                                            zkg_error *err);

void zkg_task_run_clear(zkg_task_run *run);

/** A prover that a test makes cheat does not check itself. */
static inline bool zkg_child_cheats(const zkg_child *c)
{
    return zkg_hooks_cheat(c->hooks) && zkg_tape_is_proving(c->tape);
}

/** Verifier: note a failed check of a relation in the child's verdict.
 *  @return ZKG_ERR_REJECT; of a proving tape ZKG_ERR_WITNESS */
zkg_status zkg_child_reject(zkg_child *c, zkg_check check, int64_t task,
                            int64_t relation, const char *what);

#endif
