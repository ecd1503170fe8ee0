/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_JOURNAL_JOURNAL_H
#define ZKG_JOURNAL_JOURNAL_H

/**
 * @file
 * A folder of finished work, so that a run that was killed is taken up again.
 *
 * An entry is a file named by its key, which is a hash of all that its bytes
 * depend on: an entry fits or it is not found.  It is written to a temporary
 * name, flushed and renamed: it is whole or not there.  A digest over the file
 * shows what a disk or a hand did to it.  docs/formats.md, *Journal*.
 *
 * Nothing here waits for other ranks; any number of them may use one folder.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "zkgkr/status.h"

#define ZKG_JOURNAL_VERSION 1

/** Numbers in files: they never change. */
typedef enum zkg_journal_kind {
    ZKG_JOURNAL_COMMITMENTS = 1, /**< points, uncompressed */
    ZKG_JOURNAL_SEGMENT = 2      /**< a child's part of the proof */
} zkg_journal_kind;

typedef struct zkg_journal zkg_journal;

/**
 * Open the folder of a run; it is made when it is not there.
 *
 * @param[out] out zkg_journal_free
 * @retval ZKG_ERR_IO it cannot be made, or not be written
 */
ZKG_MUST_CHECK zkg_status zkg_journal_open(zkg_journal **out, const char *dir,
                                           zkg_error *err);
void zkg_journal_free(zkg_journal *j);

/** Remove what a rank that was killed left half written.  For one rank, while
 *  no other writes. */
void zkg_journal_sweep(const zkg_journal *j);

/** Start a key of this kind; update it, and end it with zkg_hash_final. */
void zkg_journal_key_begin(zkg_hash *h, zkg_journal_kind kind);

/**
 * Keep bytes under a key.  They are on the disk when this returns.
 *
 * @retval ZKG_ERR_NOMEM the disk is full
 * @retval ZKG_ERR_IO    the folder cannot be written
 */
ZKG_MUST_CHECK zkg_status zkg_journal_put(const zkg_journal *j,
                                          zkg_journal_kind kind,
                                          const uint8_t key[ZKG_DIGEST_BYTES],
                                          const void *bytes, size_t len,
                                          zkg_error *err);

/**
 * Look a key up.
 *
 * @param[out] bytes len bytes, zkg_free; NULL: there is no such entry
 * @param      len   how long the bytes must be
 *
 * @retval ZKG_ERR_MALFORMED there is one, but it is damaged: say so and do the
 *                           work again
 * @retval ZKG_ERR_IO        there is one that cannot be read: as well
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_journal_get(uint8_t **bytes, const zkg_journal *j,
                                          zkg_journal_kind kind,
                                          const uint8_t key[ZKG_DIGEST_BYTES],
                                          size_t len, zkg_error *err);

/**
 * Judge the bytes of an entry's file; name stands in messages.
 *
 * @param[out] bytes the len bytes kept, inside data
 * @retval ZKG_ERR_MALFORMED
 */
ZKG_MUST_CHECK zkg_status
zkg_journal_decode(const uint8_t **bytes, const uint8_t *data, size_t data_len,
                   zkg_journal_kind kind, const uint8_t key[ZKG_DIGEST_BYTES],
                   size_t len, const char *name, zkg_error *err);

#endif
