/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_SUITE_PROCESS_H
#define ZKG_TOOLS_SUITE_PROCESS_H

/**
 * @file
 * This program again, as a child with a log, a time limit, and an end that is
 * told apart: its own, a signal, the limit, or a suite that was asked to stop.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/status.h"

/** How a child ended. */
typedef struct zkg_process_end {
    int exit_code; /**< 128 + signal when a signal ended it */
    int signal;    /**< or 0 */
    bool timed_out, interrupted;
    double seconds;
    uint64_t peak_rss; /**< bytes */
} zkg_process_end;

/** From now on CHLD, INT and TERM wait until zkg_process_run() asks for them.
 */
void zkg_process_hold_signals(sigset_t *held, sigset_t *before);

/**
 * Run this program with these words until it ends.  A TERM or INT meanwhile, or
 * the limit, ends it: TERM first, KILL two seconds later.  If this process is
 * killed, the child gets a TERM.
 *
 * @param argv    ends with NULL
 * @param log     stdout and stderr go there
 * @param limit_s seconds; 0: none
 * @param held    of zkg_process_hold_signals(); the child gets `before`
 * @retval ZKG_ERR_COMM it cannot be started
 */
ZKG_MUST_CHECK zkg_status zkg_process_run(zkg_process_end *out,
                                          const char *const *argv,
                                          const char *log, uint32_t limit_s,
                                          const sigset_t *held,
                                          const sigset_t *before,
                                          zkg_error *err);

#endif
