/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_WITNESS_H
#define ZKGKR_WITNESS_H

/**
 * @file
 * The values of a graph's tensors, and keys: what a program needs beside the
 * graph to prove (zkgkr/prove.h) and to verify (zkgkr/verify.h).
 */

#include <stddef.h>
#include <stdint.h>

#include "zkgkr/graph.h"
#include "zkgkr/hint.h"
#include "zkgkr/srs.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zkg_array;
struct zkg_statement;

/** Values of tensors.  Opaque. */
typedef struct zkg_witness zkg_witness;

/** A verification key; the prover needs it too.  Opaque. */
typedef struct zkg_key zkg_key;

/**
 * Start: only fixed tensors have values.  zkg_witness_free() it.
 *
 * @param g     finished; lives as long as the witness
 * @param hints what the graph names beside the hints that are built in; NULL;
 *              borrowed
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_new(zkg_witness **out,
                                                  const zkg_graph *g,
                                                  const zkg_hints *hints,
                                                  zkg_error *err);
ZKG_API void zkg_witness_free(zkg_witness *w);

/**
 * Give a tensor its values, row-major.
 *
 * @retval ZKG_ERR_INVALID  no such tensor, or not of so many values
 * @retval ZKG_ERR_WITNESS  a value does not fit the tensor's type or range
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_set_i64(zkg_witness *w,
                                                      const char *tensor,
                                                      const int64_t *value,
                                                      size_t count,
                                                      zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_set_scalar(zkg_witness *w,
                                                         const char *tensor,
                                                         const zkg_scalar *v,
                                                         size_t count,
                                                         zkg_error *err);

/**
 * Compute all that follows from the inputs, and check it.
 *
 * @retval ZKG_ERR_WITNESS     it cannot be: err names the kernel, the copy and
 *                             the assertion, or the tensor, index and value
 * @retval ZKG_ERR_UNSUPPORTED a hint is not there
 * @retval ZKG_ERR_INVALID     an input has no values
 * @retval ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_make(zkg_witness *w,
                                                   zkg_error *err);

/** Values of a tensor that has some.  @retval ZKG_ERR_INVALID it has none, or
 *  not so many, or one that does not fit 64 bits */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_get_i64(int64_t *value,
                                                      size_t count,
                                                      const zkg_witness *w,
                                                      const char *tensor,
                                                      zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_get_scalar(zkg_scalar *value,
                                                         size_t count,
                                                         const zkg_witness *w,
                                                         const char *tensor,
                                                         zkg_error *err);

/** Write all public and private values, as `zkgkr prove --witness` takes them.
 *  @retval ZKG_ERR_IO, ZKG_ERR_NOMEM */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_witness_save(const zkg_witness *w,
                                                   const char *path,
                                                   zkg_error *err);

/**
 * One entry a tensor, NULL where there are no values: what
 * zkg_prove_input.arrays takes.  Valid until the next change.
 */
ZKG_API const struct zkg_array *const *zkg_witness_arrays(const zkg_witness *w);

/**
 * The same with NULL for what is not public: what zkg_verify_options.expected
 * takes, which must not ask for values that a proof does not hold.
 */
ZKG_API const struct zkg_array *const *
zkg_witness_public_arrays(const zkg_witness *w);

/* ---- keys ---- */

/** Make a key; deterministic: k is the statement's default, or srs's power
 *  where that is less, and openings are Mercury's.  zkg_key_free() it.
 *  @retval ZKG_ERR_INVALID the graph is not finished
 *  @retval ZKG_ERR_NOMEM */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_key_new(zkg_key **out, const zkg_graph *g,
                                              const zkg_srs *srs,
                                              zkg_error *err);
/** Files NAME.vk.
 *  @retval ZKG_ERR_MALFORMED it is no key, or is damaged
 *  @retval ZKG_ERR_IO, ZKG_ERR_NOMEM */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_key_load(zkg_key **out, const char *path,
                                               zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_key_save(zkg_key *key, const char *path,
                                               zkg_error *err);
ZKG_API void zkg_key_free(zkg_key *key);

/** What a key is for, as zkg_job_init() takes it; the key's. */
ZKG_API const struct zkg_statement *zkg_key_statement(const zkg_key *key);

/** Free the proof that zkg_prove() made. */
ZKG_API void zkg_proof_free(uint8_t *proof);

#ifdef __cplusplus
}
#endif

#endif
