/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_SRS_H
#define ZKGKR_PCS_SRS_H

/**
 * @file
 * The reference string from inside, and the part of it that a key holds.
 * docs/protocol.md, section 8 (SRS) and section 1 (trust in a key).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "curve/g1.h"
#include "curve/g2.h"
#include "zkgkr/srs.h"
#include "zkgkr/status.h"

/** G1 powers beyond 2^power, kept for a hiding scheme to come. */
#define ZKG_SRS_SPARE 8

/** g1[i] = [tau^i]_1.  Immutable once made. */
struct zkg_srs {
    uint32_t power;
    uint32_t contributions;
    bool development;
    size_t g1_len; /**< 2^power + ZKG_SRS_SPARE */
    zkg_g1 *g1;    /**< owned */
    zkg_g2 tau_g2; /**< [tau]_2 */
};

/** How openings are made: the PCS kind of the root tape. */
typedef enum zkg_pcs { ZKG_PCS_HYPERKZG = 1, ZKG_PCS_MERCURY = 2 } zkg_pcs;

/** "mercury" or "hyperkzg". */
const char *zkg_pcs_name(zkg_pcs pcs);

/** False, and *out unchanged, when no kind has the name. */
bool zkg_pcs_from_name(zkg_pcs *out, const char *name);

/**
 * What a verifier needs.  [1]_1 and [1]_2 are constants of the curve, not read
 * from anywhere.
 */
typedef struct zkg_srs_key {
    zkg_g2 tau_g2;
    uint32_t k;         /**< chunks have up to 2^k values; 1 .. 28 */
    zkg_pcs pcs;        /**< what openings are */
    bool development;   /**< the SRS was made for development */
    uint8_t digest[32]; /**< BLAKE2b-256, see zkg_srs_key_digest */
} zkg_srs_key;

/** The bytes that zkg_srs_key_write writes. */
#define ZKG_SRS_KEY_BYTES (64 + 128 + 128 + 4 + 4 + 4 + 32)

/**
 * The key's part of srs for chunks of 2^k values.
 *
 * @retval ZKG_ERR_USAGE k is 0, or more than srs serves
 */
ZKG_MUST_CHECK zkg_status zkg_srs_key_init(zkg_srs_key *out, const zkg_srs *srs,
                                           zkg_pcs pcs, uint32_t k,
                                           zkg_error *err);

/**
 * The SRS digest: BLAKE2b-256 of "zkgkr srs" (9 bytes), [1]_1 (64 bytes: x, y),
 * [1]_2 and [tau]_2 (128 bytes each: x.c0, x.c1, y.c0, y.c1), all coordinates
 * little-endian, and 2^k as u64.  It depends neither on the file's length nor
 * on the development mark (a feature flag of the root), nor on pcs.
 */
void zkg_srs_key_digest(uint8_t out[32], const zkg_srs_key *key);

/**
 * Refuse a key that no honest maker makes: [tau]_2 off the curve, outside the
 * subgroup, O or +-[1]_2; k out of range; an unknown PCS kind; a digest that is
 * not the key's.
 *
 * @retval ZKG_ERR_MALFORMED
 */
ZKG_MUST_CHECK zkg_status zkg_srs_key_check(const zkg_srs_key *key,
                                            zkg_error *err);

/** [1]_1, [1]_2, [tau]_2 uncompressed, k u32, PCS kind u32, flags u32 (1:
 * development), digest. */
ZKG_MUST_CHECK zkg_status zkg_srs_key_write(zkg_writer *w,
                                            const zkg_srs_key *key);

/**
 * Read, and run zkg_srs_key_check.
 *
 * @retval ZKG_ERR_MALFORMED the input ended, has other generators, an unknown
 *                           flag, or does not pass the check
 */
ZKG_MUST_CHECK zkg_status zkg_srs_key_read(zkg_srs_key *out, zkg_reader *r,
                                           zkg_error *err);

/** Kind and version of an .srs file, after the 8 magic bytes. */
#define ZKG_SRS_FILE_KIND 1
#define ZKG_SRS_FILE_VERSION 1

/**
 * As zkg_srs_import_ptau, from bytes in memory; name stands in messages.
 */
ZKG_MUST_CHECK zkg_status zkg_srs_import_bytes(zkg_srs **out,
                                               const uint8_t *data, size_t len,
                                               uint32_t power, const char *name,
                                               zkg_error *err);

/**
 * As zkg_srs_read and zkg_srs_write, in memory.  An .srs file is
 *
 *     magic, kind u32, version u32
 *     power u32, flags u32 (1: development), contributions u32, 0 u32
 *     [tau]_2         128 bytes: x.c0, x.c1, y.c0, y.c1
 *     2^power + 8 G1 points of 64 bytes: x, y
 *     BLAKE2b-256 of all that stands before
 */
ZKG_MUST_CHECK zkg_status zkg_srs_decode(zkg_srs **out, const uint8_t *data,
                                         size_t len, const char *name,
                                         zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_srs_encode(zkg_writer *w, const zkg_srs *srs);

/**
 * zkg_srs_read(), of which the first 2^power + 8 powers are kept: what proving
 * with k = power needs.  The whole file is read, block by block, for its
 * digest; memory is taken for what is kept.
 *
 * @param[out] out its power is the file's or `power`, the lower one
 */
ZKG_MUST_CHECK zkg_status zkg_srs_read_part(zkg_srs **out, const char *path,
                                            uint32_t power, zkg_error *err);

/** A new srs with room for its points, all else 0. */
ZKG_MUST_CHECK zkg_status zkg_srs_alloc(zkg_srs **out, uint32_t power,
                                        zkg_error *err);

/** As zkg_srs_check; name, when not NULL, stands in front of messages. */
ZKG_MUST_CHECK zkg_status zkg_srs_check_named(const zkg_srs *srs,
                                              uint32_t power, const char *name,
                                              zkg_error *err);

/**
 * A reference string with a tau that the caller knows: for tests, and for
 * zkg_srs_new.  Marked as for development.
 */
ZKG_MUST_CHECK zkg_status zkg_srs_from_tau(zkg_srs **out, uint32_t power,
                                           const zkg_fr *tau, zkg_error *err);

#endif
