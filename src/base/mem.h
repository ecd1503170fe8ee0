/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_MEM_H
#define ZKGKR_BASE_MEM_H

/**
 * @file
 * Memory.  count * size is checked; memory is zeroed unless said otherwise;
 * NULL means that there is not enough (never that nothing was asked for).
 */

#include <stddef.h>

#include "zkgkr/status.h"

/** Free with zkg_free(). */
ZKG_MUST_CHECK void *zkg_alloc(size_t count, size_t size);

/** At a multiple of 64 bytes, for vectors.  Free with zkg_free(). */
ZKG_MUST_CHECK void *zkg_alloc_aligned(size_t count, size_t size);

/** The same, not zeroed. */
ZKG_MUST_CHECK void *zkg_alloc_raw(size_t count, size_t size);

/** The bytes that zkg_alloc_raw and zkg_alloc_aligned take for so many: large
 *  ones are whole huge pages. */
size_t zkg_raw_bytes(size_t bytes);

/** The same of memory that may be used in part: only what is touched becomes
 *  resident, by pages of the usual size where it is below 4 MiB. */
ZKG_MUST_CHECK void *zkg_alloc_reserve(size_t count, size_t size);

/** The same of memory that is written once: all of it is resident at once, in
 *  pages of the usual size, where the system has a call for that. */
ZKG_MUST_CHECK void *zkg_alloc_present(size_t count, size_t size);

/** As realloc(); what is new is not zeroed.  NULL leaves p as it was. */
ZKG_MUST_CHECK void *zkg_realloc(void *p, size_t count, size_t size);

/** A copy of s, to be freed with zkg_free(). */
ZKG_MUST_CHECK char *zkg_strdup(const char *s);

/** p may be NULL. */
void zkg_free(void *p);

#ifdef ZKG_TEST_HOOKS
/** From here on this process finds no memory. */
void zkg_mem_starve(void);

/** Bytes that this header's functions have given out and not got back: now, and
 *  at most since the last call. */
void zkg_mem_live(size_t *now, size_t *most);
#endif

#endif
