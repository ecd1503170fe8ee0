/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_EXAMPLES_EXAMPLE_H
#define ZKGKR_EXAMPLES_EXAMPLE_H

/*
 * What the examples share: a job of one or more ranks, and what is to be done
 * with every witness: prove it, verify that, and see altered proofs refused.
 *
 *     example [--srs FILE] [--schedule DIR] [--save NAME] ...
 *
 * With --save graph and values are saved as NAME.zkg and NAME.values, for the
 * program zkgkr to prove, and nothing is proven here.
 *
 * The same programs run under mpirun.
 */

#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/comm.h"
#include "zkgkr/device.h"
#include "zkgkr/graph.h"
#include "zkgkr/srs.h"
#include "zkgkr/status.h"
#include "zkgkr/witness.h"

typedef struct example {
    const char *name;
    zkg_comm *world;
    zkg_srs *srs;
    const char *schedule; /* or NULL */
    const char *out;      /* --out: where a proof goes, or NULL */
    const char *tasks;    /* --tasks: name the tasks there, prove nothing */
    const char *save;     /* --save, or NULL */
    int argc;             /* what is left of the command line */
    char **argv;
} example;

/* A program: its arguments, MPI, the reference string. */
zkg_status example_start(example *e, const char *name, int argc, char **argv,
                         zkg_error *err);

/* Say what went wrong, on rank 0, free, and give the exit code. */
int example_end(example *e, zkg_status s, const zkg_error *err);

bool example_is_first(const example *e);

/* Setup, then example_prove_with(); or save both. */
zkg_status example_prove(example *e, const zkg_graph *g, const zkg_witness *w,
                         zkg_error *err);

/*
 * Prove, on all ranks; on rank 0 verify, then alter bytes all over the proof,
 * each of which must be refused.  Prints a line.
 */
zkg_status example_prove_with(example *e, const zkg_key *key,
                              const zkg_witness *w, zkg_error *err);

/* A graph by the calls of a function. */
zkg_status example_graph(zkg_graph **g,
                         zkg_status (*calls)(zkg_device *d, void *user,
                                             zkg_error *err),
                         void *user, zkg_error *err);

/* Values of a tensor. */
typedef struct example_values {
    const char *tensor;
    const int64_t *value;
    size_t count;
} example_values;

/* Give inputs their values, hold outputs to theirs, prove that. */
zkg_status example_run(example *e, const zkg_graph *g, const example_values *in,
                       size_t ins, const example_values *out, size_t outs,
                       zkg_error *err);

/* Inputs for which there is no witness: the message must say why. */
zkg_status example_refused(const zkg_graph *g, const example_values *in,
                           size_t ins, const char *why, zkg_error *err);

/* Hold a tensor to what is known of it. */
zkg_status example_expect(const zkg_witness *w, const char *tensor,
                          const int64_t *value, size_t count, zkg_error *err);

#endif
