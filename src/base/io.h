/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_IO_H
#define ZKGKR_BASE_IO_H

/**
 * @file
 * Whole files.  Every message begins with the path.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

/**
 * Read a whole file.
 *
 * @param[out] data      len bytes and a zero after them (not counted), to be
 *                       freed with zkg_free(); set on success only
 * @param[in]  max_bytes refuse a longer file, before memory is taken for it
 *
 * @retval ZKG_ERR_IO        missing, not a file, not readable
 * @retval ZKG_ERR_MALFORMED longer than max_bytes
 * @retval ZKG_ERR_NOMEM     not enough memory
 */
ZKG_MUST_CHECK zkg_status zkg_file_read(uint8_t **data, size_t *len,
                                        const char *path, size_t max_bytes,
                                        zkg_error *err);

/**
 * Write a whole file: to a temporary name in the same folder
 * (`path.tmp-XXXXXX`, locked while it is written), flushed to the disk, then
 * renamed.  An existing file is replaced only on success; nothing else is left
 * behind, but by a process that is killed: zkg_file_check_writable.
 *
 * @retval ZKG_ERR_IO    the folder is missing or not writable
 * @retval ZKG_ERR_NOMEM the disk is full
 */
ZKG_MUST_CHECK zkg_status zkg_file_write_atomic(const char *path,
                                                const void *data, size_t len,
                                                zkg_error *err);

/** Make one folder; one that is there already is fine. */
ZKG_MUST_CHECK zkg_status zkg_make_dir(const char *path, zkg_error *err);

/**
 * Can a file be written at path?  For saying so before the work, not after:
 * its folder must exist and be writable, and path must not be a folder.  What
 * writers of path that were killed left behind is removed; nobody holds the
 * lock of that any more.
 */
ZKG_MUST_CHECK zkg_status zkg_file_check_writable(const char *path,
                                                  zkg_error *err);

/** Is there a file, or a folder, at path? */
bool zkg_file_exists(const char *path);
bool zkg_dir_exists(const char *path);

#ifdef ZKG_TEST_HOOKS
/** From here on this process is killed in the middle of a file that it writes.
 */
void zkg_file_tear(void);
#endif

/** "dir/name", to be freed with zkg_free(); NULL without memory. */
ZKG_MUST_CHECK char *zkg_path_join(const char *dir, const char *name);

#endif
