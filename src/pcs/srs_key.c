/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a reference string that a key holds. */
#include "pcs/srs.h"

#include <string.h>

#include "base/hash.h"

void zkg_srs_key_digest(uint8_t out[32], const zkg_srs_key *key)
{
    uint8_t raw[128];
    zkg_hash h;

    zkg_hash_init(&h, 32);
    zkg_hash_update(&h, "zkgkr srs", 9);
    zkg_g1_to_raw(raw, &zkg_g1_generator);
    zkg_hash_update(&h, raw, 64);
    zkg_g2_to_raw(raw, &zkg_g2_generator);
    zkg_hash_update(&h, raw, 128);
    zkg_g2_to_raw(raw, &key->tau_g2);
    zkg_hash_update(&h, raw, 128);
    zkg_hash_u64(&h, (uint64_t)1 << key->k);
    zkg_hash_final(&h, out);
}

const char *zkg_pcs_name(zkg_pcs pcs)
{
    return pcs == ZKG_PCS_HYPERKZG ? "hyperkzg" : "mercury";
}

bool zkg_pcs_from_name(zkg_pcs *out, const char *name)
{
    if (strcmp(name, "mercury") == 0)
        *out = ZKG_PCS_MERCURY;
    else if (strcmp(name, "hyperkzg") == 0)
        *out = ZKG_PCS_HYPERKZG;
    else
        return false;
    return true;
}

zkg_status zkg_srs_key_init(zkg_srs_key *out, const zkg_srs *srs, zkg_pcs pcs,
                            uint32_t k, zkg_error *err)
{
    if (k == 0 || k > srs->power)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "the SRS has power %u and cannot serve chunks of 2^%u "
                        "values",
                        srs->power, k);
    memset(out, 0, sizeof(*out));
    out->tau_g2 = srs->tau_g2;
    out->k = k;
    out->pcs = pcs;
    out->development = srs->development;
    zkg_srs_key_digest(out->digest, out);
    return ZKG_OK;
}

zkg_status zkg_srs_key_check(const zkg_srs_key *key, zkg_error *err)
{
    uint8_t digest[32];
    zkg_g2 minus;

    if (key->k == 0 || key->k > ZKG_SRS_MAX_POWER)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's k = %u is not in 1..%u", key->k,
                        ZKG_SRS_MAX_POWER);
    if (key->pcs != ZKG_PCS_HYPERKZG && key->pcs != ZKG_PCS_MERCURY)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's PCS kind %u is unknown", (unsigned)key->pcs);
    if (!zkg_g2_on_curve(&key->tau_g2))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's [tau]_2 is not on the curve");
    if (!zkg_g2_in_subgroup(&key->tau_g2))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's [tau]_2 is outside the subgroup");
    zkg_g2_neg(&minus, &key->tau_g2);
    if (zkg_g2_is_infinity(&minus) ||
        zkg_g2_equal(&key->tau_g2, &zkg_g2_generator) ||
        zkg_g2_equal(&minus, &zkg_g2_generator))
        return zkg_fail(err, ZKG_ERR_MALFORMED, "the key's tau is 0, 1 or -1");
    zkg_srs_key_digest(digest, key);
    if (memcmp(digest, key->digest, sizeof(digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's SRS digest is not the digest of its SRS");
    return ZKG_OK;
}

zkg_status zkg_srs_key_write(zkg_writer *w, const zkg_srs_key *key)
{
    uint8_t raw[128];

    zkg_g1_to_raw(raw, &zkg_g1_generator);
    (void)zkg_writer_bytes(w, raw, 64);
    zkg_g2_to_raw(raw, &zkg_g2_generator);
    (void)zkg_writer_bytes(w, raw, 128);
    zkg_g2_to_raw(raw, &key->tau_g2);
    (void)zkg_writer_bytes(w, raw, 128);
    (void)zkg_writer_u32(w, key->k);
    (void)zkg_writer_u32(w, (uint32_t)key->pcs);
    (void)zkg_writer_u32(w, key->development ? 1 : 0);
    return zkg_writer_bytes(w, key->digest, sizeof(key->digest));
}

zkg_status zkg_srs_key_read(zkg_srs_key *out, zkg_reader *r, zkg_error *err)
{
    uint8_t g1[64], g2[128], tau[128], raw[128];
    zkg_srs_key key = {0};
    uint32_t pcs, flags;

    (void)zkg_reader_bytes(r, g1, sizeof(g1));
    (void)zkg_reader_bytes(r, g2, sizeof(g2));
    (void)zkg_reader_bytes(r, tau, sizeof(tau));
    (void)zkg_reader_u32(r, &key.k);
    (void)zkg_reader_u32(r, &pcs);
    (void)zkg_reader_u32(r, &flags);
    if (zkg_reader_bytes(r, key.digest, sizeof(key.digest)) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key ends inside its SRS part");
    zkg_g1_to_raw(raw, &zkg_g1_generator);
    if (memcmp(raw, g1, sizeof(g1)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's [1]_1 is not the generator");
    zkg_g2_to_raw(raw, &zkg_g2_generator);
    if (memcmp(raw, g2, sizeof(g2)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's [1]_2 is not the generator");
    if (!zkg_g2_from_raw(&key.tau_g2, tau))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's [tau]_2 is not a point of the curve");
    if (flags > 1)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key's SRS part has unknown flags");
    key.pcs = (zkg_pcs)pcs;
    key.development = flags == 1;
    ZKG_TRY(zkg_srs_key_check(&key, err));
    *out = key;
    return ZKG_OK;
}
