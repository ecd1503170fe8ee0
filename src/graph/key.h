/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_KEY_H
#define ZKGKR_GRAPH_KEY_H

/**
 * @file
 * The verification key: one file, NAME.vk (docs/formats.md).
 */

#include "curve/g1.h"
#include "graph/display.h"
#include "graph/statement.h"
#include "pcs/srs.h"
#include "zkgkr/status.h"

#define ZKG_KEY_VERSION 1

typedef struct zkg_key {
    zkg_statement statement; /**< checked */
    zkg_display *display;    /**< one a tensor */
    zkg_srs_key srs;         /**< checked; k stands here */
    zkg_g1 *fixed;           /**< chunk commitments of the fixed tensors, in
                                  graph order */
    uint64_t fixed_points;
    uint8_t digest[32]; /**< BLAKE2b-256 of the whole file */
} zkg_key;

/** Chunk commitments of the fixed, or the private, tensors for this k. */
uint64_t zkg_statement_chunks(const zkg_statement *st, zkg_visibility vis,
                              uint32_t k);

/** Free what a key holds. */
void zkg_key_clear(zkg_key *key);

/** The bytes of the file; owned by the caller: zkg_free().  Sets digest. */
ZKG_MUST_CHECK zkg_status zkg_key_encode(uint8_t **bytes, size_t *len,
                                         zkg_key *key, zkg_error *err);

/**
 * Decode and check: any bytes are safe.  name stands in messages.
 *
 * @retval ZKG_ERR_MALFORMED not a key, damaged, or a point that is none
 */
ZKG_MUST_CHECK zkg_status zkg_key_decode(zkg_key *out, const uint8_t *bytes,
                                         size_t len, const char *name,
                                         zkg_error *err);

ZKG_MUST_CHECK zkg_status zkg_key_read(zkg_key *out, const char *path,
                                       zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_key_write(zkg_key *key, const char *path,
                                        zkg_error *err);

#endif
