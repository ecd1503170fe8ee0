/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_PROGRESS_H
#define ZKG_TOOLS_PROGRESS_H

/**
 * @file
 * How far a proof is: a bar on a terminal, else a line now and then, on stderr
 * of rank 0.
 *
 *     41 %: 12 of 30 tasks, 21 s left, slowest conv2 9.2 s so far (rank 3)
 *
 * A thread of rank 0 writes them from the board (src/prover/board.h), so that
 * they come while a task is long as well; it makes no MPI call and takes no
 * signal.  The first line after a second; then one a second, or a tenth of the
 * time so far, but one a minute at least.
 *
 * Under a launcher stderr is no terminal even where it is shown on one, so the
 * bar is for one rank alone.  Colour only on a terminal and without NO_COLOR
 * (no-color.org).
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "prover/board.h"
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
    const zkg_board *board;
    double *cost;    /**< seconds of ranks that each child takes; owned */
    double *seconds; /**< of its group, by the forecast; owned */
    double before_s, tasks_s, after_s; /**< forecast */
    double started;
    uint32_t columns; /**< of the terminal */
    bool colour;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool runs, ends; /**< the thread; under lock: it is to end */
} zkg_progress;

/** auto | bar | plain | none; NULL: auto. */
ZKG_MUST_CHECK zkg_status zkg_progress_choose(zkg_progress_how *out,
                                              const char *how, bool launched,
                                              zkg_error *err);

/**
 * Start to show a run.  For rank 0; `out` must not move.
 *
 * @param board, plan, forecast outlive it
 */
ZKG_MUST_CHECK zkg_status
zkg_progress_start(zkg_progress *out, zkg_progress_how how, const zkg_log *log,
                   const zkg_board *board, const zkg_plan *plan,
                   const zkg_forecast *forecast, zkg_error *err);

/** The run has ended; a zeroed struct may be stopped. */
void zkg_progress_stop(zkg_progress *p, bool is_done);

#endif
