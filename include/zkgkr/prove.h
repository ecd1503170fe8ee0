/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PROVE_H
#define ZKGKR_PROVE_H

/**
 * @file
 * Proving: run a plan on the ranks of a job.
 *
 * The proof's bytes depend on the statement and the witness alone: not on the
 * number of ranks, the plan, or the processor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/comm.h"
#include "zkgkr/schedule.h"
#include "zkgkr/srs.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zkg_array;
struct zkg_board;
struct zkg_costs;
struct zkg_hooks;
struct zkg_journal;
struct zkg_key;
struct zkg_log;
struct zkg_statement;

/** Who did what for how long: one a rank and step. */
typedef struct zkg_step_report {
    uint32_t rank, child;
    double start, wall; /**< seconds since the prover's start */
    double comm_s; /**< of wall: waiting for other ranks, and in messages */
    uint64_t comm_bytes; /**< handed over to other ranks */
    uint64_t peak_rss;   /**< of the process so far, at the step's end; steps
                              of few milliseconds repeat the one before, the
                              first of them the next */
} zkg_step_report;

/** One rank. */
typedef struct zkg_rank_report {
    char host[64];
    uint64_t peak_rss;                /**< bytes, of the whole process so far */
    uint64_t comms_made, comms_freed; /**< so far, the job's own included */
    double commit_s, walk_s, wait_s, open_s; /**< wait: for other ranks */
    double walk_at, open_at; /**< seconds since the prover's start */
    double comm_s;           /**< waiting for other ranks, and in messages */
    uint64_t comm_bytes;     /**< handed over to other ranks */
} zkg_rank_report;

/** How a proof came about; filled in on rank 0. */
typedef struct zkg_prove_report {
    uint32_t ranks;
    zkg_rank_report *rank; /**< one a rank; owned */
    zkg_step_report *step; /**< owned */
    uint32_t steps;
    double *arrived;   /**< one a child: when rank 0 had its segment, seconds
                            since its start of the prover; owned */
    uint32_t children; /**< tasks, then tables */
    double prove_s;    /**< from the call to the last byte of the proof */
    size_t proof_bytes, public_bytes, commit_bytes, segment_bytes,
        opening_bytes;
    uint32_t resumed; /**< tasks and tables taken from the journal */
} zkg_prove_report;

ZKG_API void zkg_prove_report_clear(zkg_prove_report *report);

/** What a rank is about to do. */
typedef enum zkg_stage {
    ZKG_STAGE_READING, /**< files; the program's: zkg_prove never says it */
    ZKG_STAGE_WITNESS, /**< the program's */
    ZKG_STAGE_COMMIT,  /**< to chunks of a tensor */
    ZKG_STAGE_TASK,    /**< a task, or a table's side */
    ZKG_STAGE_GATHER,  /**< all ranks' results */
    ZKG_STAGE_OPENING,
    ZKG_STAGE_WRITING /**< the program's */
} zkg_stage;

/**
 * Told on every rank at each safe point, where nothing is half done.
 *
 * @param what the tensor, the task, or ""
 * @return ZKG_OK to go on; else the job ends with this status on all ranks
 */
typedef zkg_status (*zkg_stage_fn)(void *user, zkg_stage stage,
                                   const char *what, zkg_error *err);

/**
 * Told when this rank alone has failed, before it ends the job with
 * zkg_comm_abort: says what err does not.  NULL: the log does.
 */
typedef void (*zkg_alone_fn)(void *user, zkg_status status,
                             const zkg_error *err);

typedef struct zkg_prove_options {
    const struct zkg_hooks *hooks; /**< tests; NULL */
    const struct zkg_log *log;     /**< or NULL */
    struct zkg_board *board;       /**< shows what ranks are at; on all of
                                        them, or NULL */
    zkg_stage_fn stage;            /**< or NULL */
    zkg_alone_fn alone;            /**< or NULL */
    void *stage_user;
    const struct zkg_journal *journal; /**< keeps finished work; or NULL */
    bool resume;                       /**< use what the journal holds */
    uint32_t cpu_without; /**< processor features (ZKG_CPU_*) not to use;
                               no byte of the proof depends on it */
    double room_bytes; /**< that a task should fit on this rank, where it can do
                            with less memory and more work; 0: no limit.  No
                            byte of the proof depends on it */
} zkg_prove_options;

/** What to prove; the same on every rank.  Nothing is owned. */
typedef struct zkg_prove_input {
    const struct zkg_key *key;
    const zkg_srs *srs;
    const struct zkg_array *const *arrays; /**< one a tensor, all of them:
                                                public, fixed, private,
                                                virtual */
    const zkg_plan *plan;                  /**< NULL: the default one */
} zkg_prove_input;

/**
 * Make a proof.  Collective over `active`.
 *
 * A failure that a group of ranks sees alike (a witness that does not satisfy
 * the statement) is returned on all ranks with one message.  One that a rank
 * sees alone (memory, MPI) ends the job: that rank prints it and calls
 * zkg_comm_abort.
 *
 * @param[out]    proof  rank 0: the bytes, free with zkg_proof_free
 *                       (zkgkr/witness.h); else NULL
 * @param[out]    report rank 0: zkg_prove_report_clear; may be NULL
 * @param[in,out] world  the job
 * @param         active its ranks that take part: world, or a subgroup of its
 *                       first ranks
 * @param         options may be NULL
 *
 * @retval ZKG_ERR_WITNESS the witness does not satisfy the statement
 * @retval ZKG_ERR_INVALID the plan is another job's, or a tensor has no values
 * @retval ZKG_ERR_IO      the srs has a lower power than the key needs; the
 *                         journal cannot be written
 * @retval ZKG_ERR_UNSUPPORTED sizes that this machine cannot hold
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_COMM, and whatever options->stage returns
 */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_prove(uint8_t **proof, size_t *proof_len, zkg_prove_report *report,
          zkg_comm *world, const zkg_comm *active, const zkg_prove_input *input,
          const zkg_prove_options *options, zkg_error *err);

/**
 * What a plan for this statement must cover, with costs.  zkg_job_clear it.
 *
 * @param ranks ranks that take part
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_job_init(zkg_job *out,
                                               const struct zkg_statement *st,
                                               uint32_t ranks, zkg_error *err);
ZKG_API void zkg_job_clear(zkg_job *job);

/**
 * The same with the constants of a machine (src/schedule/cost.h).
 *
 * @param k as in the key; 0: the statement's default
 */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_job_init_costs(zkg_job *out, const struct zkg_statement *st, uint32_t ranks,
                   uint32_t k, const struct zkg_costs *costs, zkg_error *err);

/**
 * How many of the launched ranks take part, by ZKML_NUM_CPUS,
 * ZKML_FORCE_OVERSUBSCRIBE and the hosts' physical cores.  Collective.
 *
 * @param[out] why one line for the log, 200 bytes
 * @retval ZKG_ERR_USAGE one of the two settings is not what it may be
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_ranks_choose(uint32_t *active,
                                                   char why[200],
                                                   const zkg_comm *world,
                                                   zkg_error *err);

/** What ZKML_NUM_CPUS, ZKML_FORCE_OVERSUBSCRIBE and this host say.  Not
 *  collective.  @retval ZKG_ERR_USAGE a setting is not what it may be */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_ranks_settings(uint32_t *cap, bool *force,
                                                     uint32_t *cores,
                                                     zkg_error *err);

/**
 * Agree on a status: that of the first rank that failed, with its message, on
 * all ranks.  Collective.
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_ranks_agree(const zkg_comm *comm,
                                                  zkg_status mine,
                                                  zkg_error *err);

#ifdef __cplusplus
}
#endif

#endif
