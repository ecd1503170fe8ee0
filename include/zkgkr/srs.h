/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_SRS_H
#define ZKGKR_SRS_H

/**
 * @file
 * The structured reference string: powers of a secret tau in G1,
 *
 *     [tau^i]_1  for  i = 0 .. 2^power + 7,   and  [tau]_2.
 *
 * One of power n serves chunks of up to 2^n values.  Whoever knows tau can
 * prove anything, so it comes from a ceremony (a .ptau file of snarkjs), or is
 * made here for development and then says so in every file and verdict.
 * docs/protocol.md, section 8.
 */

#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZKG_SRS_MAX_POWER 28

/** A reference string in memory.  Opaque; not shared between ranks. */
typedef struct zkg_srs zkg_srs;

/** What there is to say about a reference string. */
typedef struct zkg_srs_info {
    uint32_t power;         /**< serves chunks of up to 2^power values */
    uint64_t points;        /**< G1 powers held: 2^power + 8 */
    uint32_t contributions; /**< to the ceremony, as its file states them */
    bool development;       /**< made here: its maker may know tau */
    uint8_t digest[32];     /**< of a key with k = power; see pcs/srs.h */
} zkg_srs_info;

/**
 * Make a reference string for development, with a tau drawn from the system's
 * randomness and wiped.  It carries the development mark.
 *
 * @param[out] out   the caller's, to end with zkg_srs_free
 * @param      power 1 .. ZKG_SRS_MAX_POWER
 * @retval ZKG_ERR_USAGE power is out of range
 * @retval ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_srs_new(zkg_srs **out, uint32_t power,
                                              zkg_error *err);

/**
 * Read a .ptau file, and check every point that is kept.  What is not checked
 * is the history of the ceremony: that the contributions were made by people
 * who threw their secrets away.
 *
 * @param[out] out   the caller's, to end with zkg_srs_free
 * @param      power what to keep; 0 = all that the file has
 * @retval ZKG_ERR_MALFORMED truncated, of another field, or a bad point: err
 *                           says which
 * @retval ZKG_ERR_USAGE     the file's power is less than asked for
 * @retval ZKG_ERR_IO, ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_srs_import_ptau(zkg_srs **out,
                                                      const char *path,
                                                      uint32_t power,
                                                      zkg_error *err);

/**
 * Read an .srs file: its bounds, its digest, and that coordinates are reduced.
 * That is enough to prove with (a bad point only makes a proof that is
 * refused).  Who makes a key from it calls zkg_srs_check as well.
 *
 * @retval ZKG_ERR_MALFORMED no .srs file, of another version, or damaged
 * @retval ZKG_ERR_IO, ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_srs_read(zkg_srs **out, const char *path,
                                               zkg_error *err);

/** Write an .srs file; an existing one is replaced only on success. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_srs_write(const zkg_srs *srs,
                                                const char *path,
                                                zkg_error *err);

/**
 * Do all checks of an import again: points on the curve and consecutive powers
 * of one tau that is not 0, 1 or -1, and is [tau]_2's.
 *
 * @param power check the first 2^power + 8 powers; 0 = all
 * @retval ZKG_ERR_MALFORMED err says which check failed
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_srs_check(const zkg_srs *srs,
                                                uint32_t power, zkg_error *err);

/** Describe srs. */
ZKG_API void zkg_srs_describe(zkg_srs_info *out, const zkg_srs *srs);

/** Free srs; NULL is allowed. */
ZKG_API void zkg_srs_free(zkg_srs *srs);

#ifdef __cplusplus
}
#endif

#endif
