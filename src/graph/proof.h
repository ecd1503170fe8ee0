/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_PROOF_H
#define ZKGKR_GRAPH_PROOF_H

/**
 * @file
 * The proof file (docs/formats.md): header, key digest, public tensors,
 * commitments, segments, opening.  No length stands in it: the sizes follow
 * from the key.
 */

#include "base/bytes.h"
#include "graph/statement.h"
#include "zkgkr/status.h"

#define ZKG_PROOF_VERSION 1

/** Sizes of the parts, from the statement and k alone. */
typedef struct zkg_proof_sizes {
    size_t public_bytes;   /**< zkg_proof_public_bytes() */
    size_t commit_bytes;   /**< 32 a chunk of every private tensor */
    size_t segments_bytes; /**< all children */
    size_t opening_bytes;
} zkg_proof_sizes;

/** The parts of a proof in memory; nothing is owned. */
typedef struct zkg_proof_view {
    const uint8_t *key_digest; /**< 32 bytes */
    const uint8_t *publics, *commitments, *segments, *opening;
} zkg_proof_view;

/** Public tensors, unpadded, in their declared types, in graph order. */
size_t zkg_proof_public_bytes(const zkg_statement *st);

/** Header, key digest and the parts. */
size_t zkg_proof_bytes(const zkg_proof_sizes *sizes);

/** Header and key digest. */
zkg_status zkg_proof_write_header(zkg_writer *w, const uint8_t key_digest[32]);

/** Values of the public tensors; arrays: one a tensor. */
zkg_status zkg_proof_write_public(zkg_writer *w, const zkg_statement *st,
                                  const zkg_array *const *arrays);

/**
 * Check header and exact size, and find the parts.
 *
 * @param name stands in messages
 * @retval ZKG_ERR_MALFORMED
 */
ZKG_MUST_CHECK zkg_status zkg_proof_split(zkg_proof_view *out,
                                          const uint8_t *bytes, size_t len,
                                          const zkg_proof_sizes *sizes,
                                          const char *name, zkg_error *err);

/**
 * Read the public tensors, and hold each value to min..max.
 *
 * @param[out] out   `tensors` arrays, zeros before; the public ones become
 *                   owned by the caller, also on failure
 * @param[in]  bytes zkg_proof_public_bytes()
 * @retval ZKG_ERR_REJECT a value is out of its range (check: public)
 */
ZKG_MUST_CHECK zkg_status zkg_proof_read_public(zkg_array *out,
                                                const zkg_statement *st,
                                                const uint8_t *bytes,
                                                zkg_error *err);

#endif
