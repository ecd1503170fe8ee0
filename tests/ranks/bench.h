/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_RANKS_BENCH_H
#define ZKG_TESTS_RANKS_BENCH_H

/**
 * @file
 * What tests of whole proofs on several ranks share: one graph and its values
 * on every rank, one rank's proof to compare with.
 */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

#include "comm/comm.h"
#include "graph/graph.h"
#include "graph/key.h"
#include "graph/witness.h"
#include "zkgkr/prove.h"

typedef struct bench {
    zkg_comm *world;
    uint32_t rank, size;
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    zkg_job job;
    uint8_t *proof; /**< rank 0: the reference */
    size_t len;
    uint32_t plans; /**< proven by bench_run */
} bench;

/** Start the ranks; argv[1] says how many there must be. */
void bench_start(bench *b, int argc, char **argv);

/** Release everything; the ranks end. */
void bench_end(bench *b);

/** Say what is wrong, and end all ranks. */
_Noreturn void bench_stop(const bench *b, const char *what, const char *why);

/** The same unless s is fine. */
void bench_must(const bench *b, zkg_status s, const char *what,
                const zkg_error *err);

/** With the graph there: SRS, key, job. */
void bench_set_up(bench *b, const char *srs);

/** Rank 0 alone makes the reference, which must verify. */
void bench_prove_alone(bench *b);

/**
 * All ranks prove under a plan (NULL: the default order): the reference's
 * bytes, every rank at work, a communicator made and freed for each shared
 * task.
 *
 * @param[out] report zkg_prove_report_clear; may be NULL
 */
void bench_run(bench *b, const zkg_plan *plan, const char *name,
               zkg_prove_report *report);

#endif
