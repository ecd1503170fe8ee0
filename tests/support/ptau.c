/* SPDX-License-Identifier: Apache-2.0 */
#include "ptau.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "curve/msm.h"

#define SECTION_HEAD 12
#define HEADER_BYTES 44

static size_t g1_points(uint32_t power)
{
    return ((size_t)2 << power) - 1;
}

static size_t g2_points(uint32_t power)
{
    return (size_t)1 << power;
}

size_t ptau_bytes(uint32_t power)
{
    return 12 + 4 * SECTION_HEAD + HEADER_BYTES + 64 * g1_points(power) +
           128 * g2_points(power) + 4;
}

/* out = 2^256 v */
static void put_mont(uint8_t *out, const zkg_fp *v)
{
    zkg_fp w = *v;

    for (int i = 0; i < 256; i++)
        zkg_fp_double(&w, &w);
    zkg_fp_to_bytes(out, &w);
}

static void put_g1(uint8_t *out, const zkg_g1 *p)
{
    put_mont(out, &p->x);
    put_mont(out + 32, &p->y);
}

void ptau_put_g2(uint8_t *out, const zkg_g2 *p)
{
    put_mont(out, &p->x.c0);
    put_mont(out + 32, &p->x.c1);
    put_mont(out + 64, &p->y.c0);
    put_mont(out + 96, &p->y.c1);
}

static uint8_t *section(uint8_t *at, uint32_t type, uint64_t len)
{
    zkg_store_u32le(at, type);
    zkg_store_u64le(at + 4, len);
    return at + SECTION_HEAD;
}

static uint8_t *put_header(uint8_t *at, uint32_t power)
{
    zkg_fp top;

    at = section(at, 1, HEADER_BYTES);
    zkg_store_u32le(at, 32);
    zkg_fp_neg(&top, &zkg_fp_one); /* q - 1, which is even */
    zkg_fp_to_bytes(at + 4, &top);
    at[4]++;
    zkg_store_u32le(at + 36, power);
    zkg_store_u32le(at + 40, power);
    return at + HEADER_BYTES;
}

static uint8_t *put_g1_powers(uint8_t *at, size_t n, const zkg_fr *tau)
{
    zkg_g1 *g1 = malloc(n * sizeof(*g1));

    at = section(at, 2, 64 * n);
    if (g1 == NULL || zkg_g1_powers(g1, n, tau, 0) != ZKG_OK)
        abort();
    for (size_t i = 0; i < n; i++)
        put_g1(at + 64 * i, &g1[i]);
    free(g1);
    return at + 64 * n;
}

static uint8_t *put_g2_powers(uint8_t *at, size_t n, const zkg_fr *tau)
{
    zkg_fr power = zkg_fr_one;

    at = section(at, 3, 128 * n);
    for (size_t i = 0; i < n; i++) {
        zkg_g2 p;

        zkg_g2_mul(&p, &zkg_g2_generator, &power);
        ptau_put_g2(at + 128 * i, &p);
        zkg_fr_mul(&power, &power, tau);
    }
    return at + 128 * n;
}

void ptau_make(uint8_t *out, uint32_t power, const zkg_fr *tau)
{
    uint8_t *at = out + 12;

    memcpy(out, "ptau", 4);
    zkg_store_u32le(out + 4, 1);
    zkg_store_u32le(out + 8, 4);
    at = put_header(at, power);
    at = put_g1_powers(at, g1_points(power), tau);
    at = put_g2_powers(at, g2_points(power), tau);
    at = section(at, 7, 4);
    zkg_store_u32le(at, 3);
    assert(at + 4 == out + ptau_bytes(power));
}
