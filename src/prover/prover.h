/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_PROVER_PROVER_H
#define ZKG_PROVER_PROVER_H

/**
 * @file
 * The prover's stages.  Each is collective over `active` unless said.
 *
 *   commit   chunks of all private tensors over all ranks by cost
 *   walk     each rank its list of the plan; a group for each child
 *   gather   ends of children to all ranks, segments to rank 0
 */

#include "backend/backend.h"
#include "comm/comm.h"
#include "graph/statement.h"
#include "verifier/root.h"
#include "zkgkr/prove.h"

/** A child that this rank leads: the lowest rank of its group keeps it. */
typedef struct zkg_led_child {
    uint32_t child;
    zkg_child_end end; /**< owned */
    uint8_t *segment;  /**< owned */
    size_t segment_len;
} zkg_led_child;

/** A prover while it runs, one a rank. */
typedef struct zkg_prover {
    zkg_comm *world;
    const zkg_comm *active;
    uint32_t rank, size;
    const zkg_backend *backend;
    uint32_t cpu_flags;
    const zkg_statement *st;
    const zkg_srs *srs;
    uint32_t k;
    const zkg_array *const *arrays;
    const zkg_plan *plan;
    const zkg_prove_options *options;
    zkg_root_layout layout;
    zkg_root_seed seed;
    double start;
    double commit_s, walk_s, wait_s, open_s;

    zkg_led_child *led; /**< owned */
    uint32_t led_len;
    zkg_step_report *step; /**< owned: this rank's */
    uint32_t step_len;

    zkg_child_end *ends; /**< one a child, after gather; owned */
    uint8_t **segment;   /**< rank 0 after gather: one a child, borrowed */
    uint8_t *segments_bytes;
} zkg_prover;

/** Commit to every private tensor: out has layout.private_points. */
ZKG_MUST_CHECK zkg_status zkg_prover_commit(zkg_g1 *out, zkg_prover *p,
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

/** Ends of all children to all ranks; segments to rank 0. */
ZKG_MUST_CHECK zkg_status zkg_prover_gather(zkg_prover *p, zkg_error *err);

/** Fill in a report on rank 0. */
ZKG_MUST_CHECK zkg_status zkg_prover_report(zkg_prove_report *out,
                                            const zkg_prover *p,
                                            zkg_error *err);

#endif
