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

/** A file read part by part. */
typedef struct zkg_file {
    int fd;
    const char *path; /**< borrowed; stands in messages */
    size_t len;       /**< bytes, when it was opened */
} zkg_file;

/**
 * Open a file to be read from its beginning; zkg_file_close() on success.
 *
 * @retval ZKG_ERR_IO, ZKG_ERR_MALFORMED as zkg_file_read
 */
ZKG_MUST_CHECK zkg_status zkg_file_open(zkg_file *out, const char *path,
                                        size_t max_bytes, zkg_error *err);

/** The next n bytes.  @retval ZKG_ERR_IO not readable, or it shrank */
ZKG_MUST_CHECK zkg_status zkg_file_next(const zkg_file *file, void *out,
                                        size_t n, zkg_error *err);
void zkg_file_close(zkg_file *file);

/** A file's bytes where the system keeps them: all processes that map it share
 *  them. */
typedef struct zkg_file_map {
    const uint8_t *data; /**< NULL: none */
    size_t len;
} zkg_file_map;

/**
 * Map a file that is not empty, to be read only.  zkg_file_unmap().
 *
 * It must not be written to, nor shortened, while it is mapped: bytes that are
 * no longer there are a SIGBUS for who touches them.  Renaming another file
 * over it (zkg_file_write_atomic) or removing it is safe.
 *
 * @retval ZKG_ERR_IO, ZKG_ERR_MALFORMED, ZKG_ERR_NOMEM as zkg_file_read; an
 *         empty file is ZKG_ERR_MALFORMED
 */
ZKG_MUST_CHECK zkg_status zkg_file_map_read(zkg_file_map *out, const char *path,
                                            size_t max_bytes, zkg_error *err);
void zkg_file_unmap(zkg_file_map *map);

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

/** The same, for nobody to read but its owner, whatever the umask. */
ZKG_MUST_CHECK zkg_status zkg_file_write_secret(const char *path,
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
