/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_SHARED_H
#define ZKGKR_BASE_SHARED_H

/**
 * @file
 * Memory that processes of one host share.
 *
 * It has no name (Linux: memfd_create), so nothing of it is left behind however
 * its processes end: it goes with the last one that maps it.  One process makes
 * it; others, of the same user, map it by the maker's process id and file
 * descriptor while the maker keeps that open.
 */

#include <stdbool.h>
#include <stddef.h>

#include "zkgkr/status.h"

typedef struct zkg_shared {
    unsigned char *data; /**< bytes of it; NULL: none */
    size_t bytes;
    int fd; /**< of the maker, -1 elsewhere and after zkg_shared_seal */
} zkg_shared;

/**
 * Make and map it, to be read and written.  No page is taken yet.
 *
 * @param name what /proc/PID/maps calls it; nothing can be opened by it
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_shared_make(zkg_shared *out, const char *name,
                                          size_t bytes);

/**
 * Take the pages of a part, before it is written: memory that is short is then
 * a status and not a signal.
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_shared_reserve(zkg_shared *s, size_t at,
                                             size_t len);

/**
 * Map what another process made.
 *
 * @param writes to be written as well, else read only
 * @retval ZKG_ERR_IO this process may not (another container, a hardened
 *                    kernel), or finds something shorter: do without
 */
ZKG_MUST_CHECK zkg_status zkg_shared_open(zkg_shared *out, long pid, int fd,
                                          size_t bytes, bool writes);

/** The maker, when all others have mapped it: nobody else can. */
void zkg_shared_seal(zkg_shared *s);

/** Unmap.  A zeroed struct may be cleared. */
void zkg_shared_clear(zkg_shared *s);

#ifdef ZKG_TEST_HOOKS
/** From here on this process cannot open what others made. */
void zkg_shared_refuse(void);
#endif

#endif
