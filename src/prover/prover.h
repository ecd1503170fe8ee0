/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_PROVER_PROVER_H
#define ZKG_PROVER_PROVER_H

/**
 * @file
 * The prover's stages.  Each is collective over `active` unless said.  A
 * failure may be one rank's alone, also of what is collective, unless said:
 * zkg_prove ends the job then.
 *
 *   commit   chunks of all private tensors over all ranks by cost, and what
 *            goes to the root before them by the first rank
 *   resume   children that a journal holds, replayed, each by one rank
 *   walk     each rank its list of the plan; a group for each child; a
 *            segment leaves for rank 0 as soon as it is there
 *   gather   the segments still on their way; ends of children to all ranks
 */

#include "backend/backend.h"
#include "comm/comm.h"
#include "graph/key.h"
#include "graph/statement.h"
#include "journal/journal.h"
#include "schedule/cost.h"
#include "verifier/root.h"
#include "zkgkr/prove.h"

/** A child that this rank leads: the first rank of its group, or the one that
 *  found it in the journal. */
typedef struct zkg_led_child {
    uint32_t child;
    zkg_child_end end; /**< owned */
} zkg_led_child;

/** On rank 0: where segments go, and which one each rank sends next. */
typedef struct zkg_prover_mail {
    uint8_t *segments; /**< of all children, in order; owned */
    size_t *at;        /**< one a child: its offset; owned */
    uint32_t *first;   /**< size+1: rank r leads lead[first[r]..]; owned */
    uint32_t *lead;    /**< in the order in which they are sent; owned */
    uint32_t *next;    /**< one a rank: how many of them came; owned */
    uint32_t missing;  /**< from other ranks */
    double *arrived;   /**< one a child: when it was there; owned */
} zkg_prover_mail;

/** A prover while it runs, one a rank. */
typedef struct zkg_prover {
    zkg_comm *world;
    const zkg_comm *active;
    uint32_t rank, size;
    const zkg_backend *backend;
    uint32_t cpu_flags;
    const zkg_statement *st;
    const zkg_srs *srs;
    const uint8_t *srs_digest;
    zkg_pcs pcs;
    uint32_t k;
    const zkg_array *const *arrays;
    const zkg_plan *plan;
    const zkg_prove_options *options;
    zkg_root_layout layout;
    zkg_root_seed seed;
    double start;
    double commit_s, walk_s, wait_s, open_s, walk_at, open_at;
    double comm_s0; /**< the world's traffic before this proof */
    uint64_t comm_bytes0;

    bool *have; /**< one a child: it came from the journal; owned */
    uint32_t have_len;
    zkg_prover_mail mail;
    zkg_led_child *led; /**< owned */
    uint32_t led_len;
    zkg_arena scratch;     /**< of the child that runs; empty after the walk */
    zkg_step_report *step; /**< owned: this rank's */
    uint32_t step_len;

    zkg_child_end *ends; /**< one a child, after gather; owned */
} zkg_prover;

/** A safe point: may this rank go on?  Not collective. */
ZKG_MUST_CHECK zkg_status zkg_prover_stage(const zkg_prover *p, zkg_stage stage,
                                           const char *what, zkg_error *err);

/**
 * Commit to every private tensor, and begin the root.
 *
 * @param[out]    out  layout.private_points
 * @param[in,out] root just begun, proving; then behind zkg_root_begin()
 */
ZKG_MUST_CHECK zkg_status zkg_prover_commit(zkg_g1 *out, zkg_tape *root,
                                            zkg_prover *p, const zkg_key *key,
                                            zkg_error *err);

/**
 * Take children from the journal: those whose segment is there and which the
 * verifier of a child replays.  Sets have on all ranks; without a journal it
 * is all false.
 */
ZKG_MUST_CHECK zkg_status zkg_prover_resume(zkg_prover *p, zkg_error *err);

/** Keep a segment in the journal, if there is one.  Not collective. */
ZKG_MUST_CHECK zkg_status zkg_prover_save(const zkg_prover *p, uint32_t child,
                                          const uint8_t *segment,
                                          zkg_error *err);

/** After resume, before any segment: rank 0 makes room. */
ZKG_MUST_CHECK zkg_status zkg_prover_mail_init(zkg_prover *p, zkg_error *err);
void zkg_prover_mail_clear(zkg_prover_mail *mail);

/** Send the segment of a child that this rank leads to rank 0; frees it.
 *  Not collective. */
ZKG_MUST_CHECK zkg_status zkg_prover_post(zkg_prover *p, uint32_t child,
                                          uint8_t *segment);

/** Rank 0 takes in what has arrived; with wait, all that is missing, and the
 *  others see off what they sent.  Not collective. */
ZKG_MUST_CHECK zkg_status zkg_prover_collect(zkg_prover *p, bool wait,
                                             zkg_error *err);

/**
 * Run this rank's list.
 *
 * @param[out] failed the first child that failed in a way that its whole group
 *                    saw (a status, with err filled in); the walk goes on
 * @return a failure that this rank sees alone: end the job
 */
ZKG_MUST_CHECK zkg_status zkg_prover_walk(zkg_status *failed, zkg_prover *p,
                                          zkg_error *err);

/** Ends of all children to all ranks. */
ZKG_MUST_CHECK zkg_status zkg_prover_gather(zkg_prover *p, zkg_error *err);

/** A job's children and their costs, without what the root does: all that the
 *  default order asks for.  closely: as zkg_work_count() has it. */
ZKG_MUST_CHECK zkg_status zkg_job_init_children(zkg_job *out,
                                                const zkg_statement *st,
                                                uint32_t ranks,
                                                const zkg_costs *costs,
                                                bool closely, zkg_error *err);

/** Fill in a report on rank 0, which takes over what the mail knows. */
ZKG_MUST_CHECK zkg_status zkg_prover_report(zkg_prove_report *out,
                                            zkg_prover *p, zkg_error *err);

#endif
