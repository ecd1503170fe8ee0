/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_PLAN_INTERNAL_H
#define ZKG_SCHEDULE_PLAN_INTERNAL_H

#include "zkgkr/schedule.h"

/** A list that grows; zero is an empty one. */
typedef struct zkg_u32_list {
    uint32_t *at;
    size_t len, cap;
} zkg_u32_list;

/** Append v. */
zkg_status zkg_u32_push(zkg_u32_list *list, uint32_t v);

/** A plan while it is made: one list a rank and a child. */
typedef struct zkg_draft {
    const zkg_job *job;
    uint32_t children;
    zkg_u32_list *order; /* [rank]: children */
    zkg_u32_list *need;  /* [child]: children */
    char **name;         /* [child] */
} zkg_draft;

zkg_status zkg_draft_init(zkg_draft *draft, const zkg_job *job);
void zkg_draft_clear(zkg_draft *draft);

/** Replace a child's name by the `len` bytes at `name`. */
zkg_status zkg_draft_rename(zkg_draft *draft, uint32_t child, const char *name,
                            size_t len);

/** Fill the lists with the default order, tables included. */
zkg_status zkg_draft_default(zkg_draft *draft);

/** Deal the tables that no list names to the ranks, dearest first, each to
 * the rank with the least to do. */
zkg_status zkg_draft_deal_tables(zkg_draft *draft);

/**
 * A child starts when every rank of its group is done with what its list has
 * before it, and everything that it needs is done.  Look for children that
 * wait for each other in a ring.
 *
 * @param[out] found   true if there is a ring
 * @param[out] ring    children, each waits for the next, the last for the first
 * @param[out] through the rank on which it waits, or UINT32_MAX: it needs it
 */
zkg_status zkg_draft_find_ring(bool *found, zkg_u32_list *ring,
                               zkg_u32_list *through, const zkg_draft *draft,
                               bool needs_only);

/** Freeze, without names. */
zkg_status zkg_draft_freeze(zkg_plan **out, const zkg_draft *draft);

/** Freeze.  The draft's names move to the plan. */
zkg_status zkg_draft_finish(zkg_plan **out, zkg_draft *draft);

/** Read the names and needs alone; ZKG_ERR_USAGE: notes say why. */
zkg_status zkg_draft_parse_needs(zkg_draft *draft, zkg_notes *notes,
                                 const zkg_schedule_text *mapping,
                                 const zkg_schedule_text *dependencies);

/** Seconds of child c on the best number of ranks, or a little less. */
double zkg_job_quickest(const zkg_job *job, uint32_t c);

#endif
