/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_PROGRESS_H
#define ZKG_TOOLS_PROGRESS_H

/**
 * @file
 * How far a proof is: a bar on a terminal, else a line at most each second, on
 * stderr of rank 0.
 *
 * Under a launcher stderr is no terminal even where it is shown on one, so the
 * bar is for one rank alone.  Colour only on a terminal and without NO_COLOR
 * (no-color.org).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "zkgkr/prove.h"

typedef enum zkg_progress_how {
    ZKG_PROGRESS_NONE,
    ZKG_PROGRESS_PLAIN,
    ZKG_PROGRESS_BAR
} zkg_progress_how;

typedef struct zkg_progress {
    zkg_progress_how how;
    const zkg_log *log;
    const zkg_plan *plan;
    double *cost; /**< seconds of each child, by the model; owned */
    double all, done_cost;
    uint32_t children, done;
    uint32_t slowest; /**< of those that rank 0 worked on */
    double slowest_s;
    double started, beat;
    uint32_t columns; /**< of the terminal */
    bool colour;
} zkg_progress;

/** auto | bar | plain | none; NULL: auto. */
ZKG_MUST_CHECK zkg_status zkg_progress_choose(zkg_progress_how *out,
                                              const char *how, bool launched,
                                              zkg_error *err);

/** Start; `done` tasks of the plan are there already.  Clear it. */
ZKG_MUST_CHECK zkg_status zkg_progress_init(zkg_progress *out,
                                            zkg_progress_how how,
                                            const zkg_log *log,
                                            const zkg_plan *plan,
                                            const zkg_job *job, zkg_error *err);

/** A zkg_progress_fn; user is the zkg_progress. */
void zkg_progress_step(void *user, uint32_t child, double seconds);

/** The bar's line ends. */
void zkg_progress_clear(zkg_progress *p);

#endif
