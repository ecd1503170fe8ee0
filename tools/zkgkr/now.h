/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_NOW_H
#define ZKG_TOOLS_NOW_H

/**
 * @file
 * DIR/rank-<r>.now, read: 255 characters and a newline.
 */

#include <stdbool.h>
#include <stdint.h>

#define ZKG_NOW_BYTES 256
/** The setting that `launch` makes: where the files are without --run-dir. */
#define ZKG_NOW_DIR "ZKGKR_NOW_DIR"

/** "DIR/rank-3.now"; false when it does not fit. */
bool zkg_now_path(char path[4096], const char *dir, uint32_t rank);

/** One rank's line. */
typedef struct zkg_now {
    uint32_t rank;
    enum { ZKG_NOW_RUNNING, ZKG_NOW_STOPPED, ZKG_NOW_HUNG } state;
    char text[ZKG_NOW_BYTES]; /**< "rank 3 of 8 on host (pid 71): task Conv1" */
} zkg_now;

/** Each line in the folder, in no order; files that hold none are passed
 *  over.  remove: the files go. */
void zkg_now_read(void (*each)(void *user, const zkg_now *now), void *user,
                  const char *dir, bool remove);

#endif
