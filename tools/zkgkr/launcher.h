/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_LAUNCHER_H
#define ZKG_TOOLS_LAUNCHER_H

/**
 * @file
 * A child process that is mpirun, or the program itself: its stderr is read
 * line by line, mpirun's own banners are kept apart, and signals go on to it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "zkgkr/status.h"

typedef struct zkg_launched {
    int exit_code;     /**< -1: it was killed by `signal` */
    int signal;        /**< that ended it, or 0 */
    int stopped_by;    /**< the signal that asked this process to stop, or 0 */
    bool spoke;        /**< one of the ranks wrote a line */
    char banner[4096]; /**< what mpirun itself said, cut */
} zkg_launched;

/**
 * Run argv[0] from the PATH until it ends.  TERM and INT, sent to this
 * process, end it with TERM; if this process is killed, it gets a TERM too.
 *
 * @retval ZKG_ERR_COMM it does not start
 */
ZKG_MUST_CHECK zkg_status zkg_launcher_run(zkg_launched *out, char *const *argv,
                                           zkg_error *err);

#endif
