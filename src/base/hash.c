/* SPDX-License-Identifier: Apache-2.0
 * BLAKE2b. */
#include "base/hash.h"

#include "base/bytes.h"

void zkg_hash_init(zkg_hash *h, size_t out_len)
{
    h->out_len = out_len;
    (void)crypto_generichash_blake2b_init(&h->state, NULL, 0, out_len);
}

void zkg_hash_update(zkg_hash *h, const void *bytes, size_t len)
{
    if (len != 0)
        (void)crypto_generichash_blake2b_update(&h->state, bytes, len);
}

void zkg_hash_u32(zkg_hash *h, uint32_t v)
{
    uint8_t b[4];

    zkg_store_u32le(b, v);
    zkg_hash_update(h, b, sizeof(b));
}

void zkg_hash_u64(zkg_hash *h, uint64_t v)
{
    uint8_t b[8];

    zkg_store_u64le(b, v);
    zkg_hash_update(h, b, sizeof(b));
}

void zkg_hash_final(zkg_hash *h, uint8_t *out)
{
    (void)crypto_generichash_blake2b_final(&h->state, out, h->out_len);
}

void zkg_blake2b_256(uint8_t out[32], const void *bytes, size_t len)
{
    zkg_hash h;

    zkg_hash_init(&h, 32);
    zkg_hash_update(&h, bytes, len);
    zkg_hash_final(&h, out);
}

void zkg_blake2b_512(uint8_t out[64], const void *bytes, size_t len)
{
    zkg_hash h;

    zkg_hash_init(&h, 64);
    zkg_hash_update(&h, bytes, len);
    zkg_hash_final(&h, out);
}

void zkg_digest_hex(char out[65], const uint8_t digest[32])
{
    (void)sodium_bin2hex(out, 65, digest, 32);
}
