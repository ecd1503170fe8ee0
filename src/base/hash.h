/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_HASH_H
#define ZKGKR_BASE_HASH_H

/**
 * @file
 * BLAKE2b with 32 or 64 bytes of output, no key: libsodium's, by portable code
 * until the program has called sodium_init().
 */

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define ZKG_DIGEST_BYTES 32

typedef struct zkg_hash {
    crypto_generichash_blake2b_state state;
    size_t out_len;
} zkg_hash;

/** Start a hash of 1 to 64 bytes of output. */
void zkg_hash_init(zkg_hash *h, size_t out_len);
void zkg_hash_update(zkg_hash *h, const void *bytes, size_t len);
void zkg_hash_u32(zkg_hash *h, uint32_t v); /**< four bytes, little-endian */
void zkg_hash_u64(zkg_hash *h, uint64_t v); /**< eight bytes, little-endian */

/** Write out_len bytes; h must not be updated afterwards. */
void zkg_hash_final(zkg_hash *h, uint8_t *out);

void zkg_blake2b_256(uint8_t out[32], const void *bytes, size_t len);
void zkg_blake2b_512(uint8_t out[64], const void *bytes, size_t len);

/** 64 lower-case hexadecimal digits and a zero. */
void zkg_digest_hex(char out[65], const uint8_t digest[32]);

#endif
