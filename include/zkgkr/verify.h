/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_VERIFY_H
#define ZKGKR_VERIFY_H

/**
 * @file
 * Judging a proof: needs neither MPI, nor an SRS, nor the graph's folder.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zkg_array;
struct zkg_hooks;
struct zkg_key;

/** What the verifier holds a proof to beyond the key. */
typedef struct zkg_verify_options {
    const uint8_t *graph_digest; /**< 32 bytes, or NULL: the key's graph */
    const uint8_t *srs_digest;   /**< 32 bytes, or NULL: the key's SRS */
    const uint8_t *key_digest;   /**< 32 bytes, or NULL: whatever the key has in
                                      its fixed tensors.  A graph's digest does
                                      not cover them, nor labels */
    const struct zkg_array *const *expected; /**< NULL, or one a tensor: public
                              tensors that must be equal; NULL entries: any.
                              A tensor that is not public is refused:
                              zkg_witness_public_arrays leaves it out */
    const struct zkg_hooks *hooks;           /**< tests; NULL */
} zkg_verify_options;

/**
 * Judge a proof with a key that was read (graph/key.h).  Any proof bytes are
 * safe.
 *
 * @param[out] verdict which check failed, of which task and relation; start
 *                     with {0}
 * @param      options may be NULL
 *
 * @retval ZKG_OK            the public tensors in the proof are what it says
 * @retval ZKG_ERR_MALFORMED no proof: header, encoding
 * @retval ZKG_ERR_REJECT    it proves nothing: another key's, another length, a
 *                           check that fails
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_UNSUPPORTED not judged: no memory for it, or
 *                           sizes that this machine cannot hold
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_verify_with_key(
    zkg_verdict *verdict, const struct zkg_key *key, const uint8_t *proof,
    size_t proof_len, const zkg_verify_options *options, zkg_error *err);

/**
 * The same from a key's bytes.
 *
 * @retval ZKG_ERR_MALFORMED also when the key is: verdict says `key`
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_verify(zkg_verdict *verdict,
                                             const uint8_t *key, size_t key_len,
                                             const uint8_t *proof,
                                             size_t proof_len,
                                             const zkg_verify_options *options,
                                             zkg_error *err);

#ifdef __cplusplus
}
#endif

#endif
