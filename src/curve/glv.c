/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/glv.h"

#include "curve/constants.h"

typedef unsigned __int128 u128;

const zkg_fp zkg_glv_beta = GLV_BETA;
const zkg_fr zkg_glv_lambda = GLV_LAMBDA;

uint32_t zkg_glv_magnitude(uint64_t m[4], const zkg_fr *s)
{
    uint64_t t[4], c = 0;

    zkg_fr_to_scalar(m, s);
    /* p - m, or 0 for 0, without a second product */
    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_sbb(zkg_fr_mod_.p[i], m[i], &c);
    c = 0;
    for (int i = 0; i < 4; i++)
        (void)zkg_limb_sbb(t[i], m[i], &c);
    for (int i = 0; i < 4; i++)
        m[i] = c ? t[i] : m[i];
    return c != 0;
}

/* (k g + 2^255) / 2^256, rounded down; below 2^128. */
static u128 round_share(const uint64_t k[4], const uint64_t g[3])
{
    uint64_t t[7] = {0, 0, 0, (uint64_t)1 << 63, 0, 0, 0};

    for (int i = 0; i < 3; i++) {
        u128 carry = 0;

        for (int j = 0; j < 4; j++) {
            carry += (u128)g[i] * k[j] + t[i + j];
            t[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
        for (int j = i + 4; j < 7; j++) {
            carry += t[j];
            t[j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    return (u128)t[5] << 64 | t[4];
}

static u128 wide(const uint64_t w[2])
{
    return (u128)w[1] << 64 | w[0];
}

static void set_half(zkg_glv *out, int i, u128 v)
{
    const uint32_t negative = (uint32_t)(v >> 127);

    v = negative ? 0 - v : v;
    out->half[i][0] = (uint64_t)v;
    out->half[i][1] = (uint64_t)(v >> 64);
    out->negative[i] = negative;
}

void zkg_glv_split(zkg_glv *out, const uint64_t k[4])
{
    const u128 u = wide(glv_u), w = wide(glv_w);
    const u128 c1 = round_share(k, glv_g1), c2 = round_share(k, glv_g2);

    /* both fit 127 bits and a sign, so words above do not matter */
    set_half(out, 0, wide(k) - c1 * u - c2 * (u + w));
    set_half(out, 1, c1 * w - c2 * u);
}
