/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_WATCH_H
#define ZKG_TOOLS_WATCH_H

/**
 * @file
 * What a rank is at, told to those who may have to ask when it is gone.
 *
 *   signals   TERM and INT: the rank stops at its next safe point
 *   now       DIR/rank-<r>.now, one line: state, rank, process, stage, task.
 *             It is there while the rank works; what ends a rank without a
 *             word leaves it behind
 *   watchdog  a rank that works at one step for too long ends the job; one
 *             that waits for others does not count, for one of them is what
 *             it waits for
 *   mapped    a file that is mapped and shrinks is SIGBUS: said, not suffered
 *
 * A process has one watch: signal handlers have no argument.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/io.h"
#include "base/log.h"
#include "zkgkr/prove.h"

/** "commit" and so on, by zkg_stage. */
extern const char *const zkg_stage_names[];

typedef struct zkg_watch_options {
    const char *run_dir;      /**< of --run-dir; NULL: nothing is kept */
    double limit_s;           /**< the watchdog's; 0: none */
    const atomic_uint *pulse; /**< zkg_comm_pulse, or NULL */
    const zkg_log *log;       /**< rank, size, host; outlives the watch */
} zkg_watch_options;

/**
 * Say what the ranks of an earlier run were at when they were killed, and
 * remove what they left.  For rank 0, before any rank starts its watch.
 */
void zkg_watch_last_run(const char *run_dir, const zkg_log *log);

/**
 * Start.  Line by line of the now files: `<state> <where>: <stage> <task>`,
 * state `running`, `stopped` (by a signal) or `hung`.
 *
 * @retval ZKG_ERR_USAGE a test build cannot read ZKGKR_FAULT
 */
ZKG_MUST_CHECK zkg_status zkg_watch_start(const zkg_watch_options *options,
                                          zkg_error *err);

/** A zkg_stage_fn.  @retval ZKG_ERR_INTERRUPTED a signal asked to stop */
zkg_status zkg_watch_stage(void *user, zkg_stage stage, const char *what,
                           zkg_error *err);

/**
 * Mapped files that shrink end the process with a message that names them, and
 * exit code 3: before a graph is mapped, with map NULL, and again with where it
 * lies.  Not part of a watch; needs none.
 */
void zkg_watch_mapped(const zkg_log *log, const char *folder,
                      const zkg_file_map *map);

/** A zkg_alone_fn: print what failed, and end the watch. */
void zkg_watch_alone(void *user, zkg_status status, const zkg_error *err);

/** The rank ends in an orderly way: its file goes. */
void zkg_watch_end(void);

#endif
