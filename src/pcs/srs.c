/* SPDX-License-Identifier: Apache-2.0 */
/* Making and checking a reference string. */
#include "pcs/srs.h"

#include <string.h>

#include <sodium.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/mem.h"
#include "curve/msm.h"
#include "curve/pairing.h"

zkg_status zkg_srs_alloc(zkg_srs **out, uint32_t power, zkg_error *err)
{
    zkg_srs *srs;

    if (power == 0 || power > ZKG_SRS_MAX_POWER)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "an SRS of power %u: the power must be 1..%u", power,
                        ZKG_SRS_MAX_POWER);
    srs = zkg_alloc(1, sizeof(*srs));
    if (srs != NULL) {
        srs->power = power;
        srs->g1_len = ((size_t)1 << power) + ZKG_SRS_SPARE;
        srs->g1 = zkg_alloc_aligned(srs->g1_len, sizeof(zkg_g1));
    }
    if (srs == NULL || srs->g1 == NULL) {
        zkg_srs_free(srs);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for an SRS of power %u",
                        power);
    }
    *out = srs;
    return ZKG_OK;
}

void zkg_srs_free(zkg_srs *srs)
{
    if (srs == NULL)
        return;
    zkg_free(srs->g1);
    zkg_free(srs);
}

zkg_status zkg_srs_from_tau(zkg_srs **out, uint32_t power, const zkg_fr *tau,
                            zkg_error *err)
{
    zkg_srs *srs = NULL;

    ZKG_TRY(zkg_srs_alloc(&srs, power, err));
    srs->development = true;
    zkg_g2_mul(&srs->tau_g2, &zkg_g2_generator, tau);
    if (zkg_g1_powers(srs->g1, srs->g1_len, tau,
                      zkg_cpu_features(ZKG_CPU_ALL)) != ZKG_OK) {
        zkg_srs_free(srs);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for an SRS of power %u",
                        power);
    }
    *out = srs;
    return ZKG_OK;
}

/* 0, 1 and -1 give powers that repeat. */
static bool is_degenerate(const zkg_fr *tau)
{
    zkg_fr square;

    zkg_fr_sqr(&square, tau);
    return zkg_fr_is_zero(tau) || zkg_fr_equal(&square, &zkg_fr_one);
}

zkg_status zkg_srs_new(zkg_srs **out, uint32_t power, zkg_error *err)
{
    uint8_t seed[64];
    zkg_status s;
    zkg_fr tau;

    if (sodium_init() < 0)
        return zkg_fail(err, ZKG_ERR_INTERNAL,
                        "the system gives no randomness");
    do {
        randombytes_buf(seed, sizeof(seed));
        zkg_fr_from_wide_bytes(&tau, seed);
    } while (is_degenerate(&tau));
    s = zkg_srs_from_tau(out, power, &tau, err);
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(&tau, sizeof(tau));
    return s;
}

void zkg_srs_describe(zkg_srs_info *out, const zkg_srs *srs)
{
    const zkg_srs_key key = {.tau_g2 = srs->tau_g2, .k = srs->power};

    memset(out, 0, sizeof(*out));
    out->power = srs->power;
    out->points = srs->g1_len;
    out->contributions = srs->contributions;
    out->development = srs->development;
    zkg_srs_key_digest(out->digest, &key);
}

/* Multipliers rho_i of 128 bits, bound to all that they check. */
static void draw_multipliers(zkg_fr *rho, const zkg_srs *srs, size_t len)
{
    uint8_t raw[128], seed[32], block[64], wide[32] = {0};
    zkg_hash h;

    zkg_hash_init(&h, 32);
    zkg_g2_to_raw(raw, &srs->tau_g2);
    zkg_hash_update(&h, raw, 128);
    for (size_t i = 0; i < len; i++) {
        zkg_g1_to_raw(raw, &srs->g1[i]);
        zkg_hash_update(&h, raw, 64);
    }
    zkg_hash_final(&h, seed);
    for (size_t i = 0; i + 1 < len; i++) {
        if (i % 4 == 0) {
            zkg_hash_init(&h, 64);
            zkg_hash_update(&h, seed, sizeof(seed));
            zkg_hash_u64(&h, i);
            zkg_hash_final(&h, block);
        }
        memcpy(wide, block + 16 * (i % 4), 16);
        (void)zkg_fr_from_bytes(&rho[i], wide);
    }
}

/* e(a, [1]_2) = e(b, [tau]_2) */
static bool is_tau_times(const zkg_g1 *a, const zkg_g1 *b, const zkg_srs *srs,
                         uint32_t flags)
{
    zkg_g1 left[2];
    zkg_g2 right[2];

    left[0] = *a;
    zkg_g1_neg(&left[1], b);
    right[0] = zkg_g2_generator;
    right[1] = srs->tau_g2;
    return zkg_pairing_check(left, right, 2, flags);
}

/* e(sum rho_i P_{i+1}, [1]_2) = e(sum rho_i P_i, [tau]_2) */
static zkg_status check_ratio(bool *holds, const zkg_srs *srs, size_t len,
                              uint32_t flags)
{
    zkg_fr *rho = zkg_alloc(len, sizeof(*rho));
    zkg_g1 low, high;
    zkg_status s;

    if (rho == NULL)
        return ZKG_ERR_NOMEM;
    draw_multipliers(rho, srs, len);
    s = zkg_msm_g1(&low, srs->g1, rho, ZKG_SCALAR_FR, len - 1, flags);
    if (s == ZKG_OK)
        s = zkg_msm_g1(&high, srs->g1 + 1, rho, ZKG_SCALAR_FR, len - 1, flags);
    zkg_free(rho);
    ZKG_TRY(s);
    *holds = is_tau_times(&high, &low, srs, flags);
    return ZKG_OK;
}

zkg_status zkg_srs_check_named(const zkg_srs *srs, uint32_t power,
                               const char *name, zkg_error *err)
{
    const uint32_t flags = zkg_cpu_features(ZKG_CPU_ALL);
    const char *colon = name == NULL ? "" : ": ";
    const zkg_g1 *p = srs->g1;
    size_t len;
    zkg_g1 minus;
    bool holds = false;
    zkg_status s;

    if (name == NULL)
        name = "";
    if (power > srs->power)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "%s%sthe SRS has power %u, less than %u", name, colon,
                        srs->power, power);
    len = ((size_t)1 << (power == 0 ? srs->power : power)) + ZKG_SRS_SPARE;
    if (!zkg_g1_equal(&p[0], &zkg_g1_generator))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%sthe first G1 point is not the generator", name,
                        colon);
    for (size_t i = 0; i < len; i++)
        if (!zkg_g1_on_curve(&p[i]))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s%sG1 point %zu is not on the curve", name, colon,
                            i);
    if (!zkg_g2_on_curve(&srs->tau_g2))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%s[tau]_2 is not on the curve", name, colon);
    if (!zkg_g2_in_subgroup(&srs->tau_g2))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%s[tau]_2 is outside the subgroup", name, colon);
    zkg_g1_neg(&minus, &p[0]);
    if (zkg_g1_is_infinity(&p[1]) || zkg_g1_equal(&p[1], &p[0]) ||
        zkg_g1_equal(&p[1], &minus))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%stau is 0, 1 or -1: nobody has contributed to "
                        "this ceremony",
                        name, colon);
    if (!is_tau_times(&p[1], &p[0], srs, flags))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%s[tau]_1 and [tau]_2 have different tau", name,
                        colon);
    s = check_ratio(&holds, srs, len, flags);
    if (s != ZKG_OK)
        return zkg_fail(err, s, "%s%sno memory to check the SRS", name, colon);
    if (!holds)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s%sthe G1 points are not consecutive powers of one "
                        "tau",
                        name, colon);
    return ZKG_OK;
}

zkg_status zkg_srs_check(const zkg_srs *srs, uint32_t power, zkg_error *err)
{
    return zkg_srs_check_named(srs, power, NULL, err);
}
