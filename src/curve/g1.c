/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/g1.h"

#include <string.h>

#include "curve/constants.h"

#define Y_IS_ODD 0x80 /* of the last byte of the wire form */
#define INFINITY_ 0x40

const zkg_g1 zkg_g1_infinity = {{{0, 0, 0, 0}}, {{0, 0, 0, 0}}};
const zkg_g1 zkg_g1_generator = G1_GENERATOR;

/* r = x^3 + 3 */
static void right_side(zkg_fp *r, const zkg_fp *x)
{
    zkg_fp t;

    zkg_fp_sqr(&t, x);
    zkg_fp_mul(&t, &t, x);
    zkg_fp_add(r, &t, &curve_b[0]);
}

bool zkg_g1_on_curve(const zkg_g1 *a)
{
    zkg_fp s, t;

    if (zkg_g1_is_infinity(a))
        return true;
    right_side(&s, &a->x);
    zkg_fp_sqr(&t, &a->y);
    return zkg_fp_equal(&s, &t);
}

void zkg_g1_to_bytes(uint8_t out[32], const zkg_g1 *a)
{
    if (zkg_g1_is_infinity(a)) {
        memset(out, 0, 32);
        out[31] = INFINITY_;
        return;
    }
    zkg_fp_to_bytes(out, &a->x);
    if (zkg_fp_is_odd(&a->y))
        out[31] |= Y_IS_ODD;
}

bool zkg_g1_from_bytes(zkg_g1 *r, const uint8_t in[32])
{
    uint8_t b[32];
    zkg_g1 t;
    zkg_fp s;

    memcpy(b, in, 32);
    if (b[31] & INFINITY_) {
        b[31] ^= INFINITY_;
        for (int i = 0; i < 32; i++)
            if (b[i])
                return false;
        *r = zkg_g1_infinity;
        return true;
    }
    b[31] &= (uint8_t)~Y_IS_ODD;
    if (!zkg_fp_from_bytes(&t.x, b))
        return false;
    right_side(&s, &t.x);
    if (!zkg_fp_sqrt(&t.y, &s))
        return false;
    if (zkg_fp_is_odd(&t.y) != (in[31] >> 7))
        zkg_fp_neg(&t.y, &t.y);
    /* no point has y = 0: the order of the group is odd */
    *r = t;
    return true;
}

void zkg_g1_to_raw(uint8_t out[64], const zkg_g1 *a)
{
    zkg_fp_to_bytes(out, &a->x);
    zkg_fp_to_bytes(out + 32, &a->y);
}

bool zkg_g1_from_raw(zkg_g1 *r, const uint8_t in[64])
{
    zkg_g1 t;

    if (!zkg_fp_from_bytes(&t.x, in) || !zkg_fp_from_bytes(&t.y, in + 32) ||
        !zkg_g1_on_curve(&t))
        return false;
    *r = t;
    return true;
}

bool zkg_g1_from_mont_raw(zkg_g1 *r, const uint8_t in[64])
{
    zkg_g1 t;

    if (!zkg_fp_from_mont_bytes(&t.x, in) ||
        !zkg_fp_from_mont_bytes(&t.y, in + 32) || !zkg_g1_on_curve(&t))
        return false;
    *r = t;
    return true;
}

void zkg_g1_add(zkg_g1 *r, const zkg_g1 *a, const zkg_g1 *b)
{
    zkg_g1j t;

    zkg_g1j_from_affine(&t, a);
    zkg_g1j_add_mixed(&t, &t, b);
    zkg_g1j_to_affine(r, &t);
}

void zkg_g1_mul(zkg_g1 *r, const zkg_g1 *a, const zkg_fr *k)
{
    zkg_g1j t;

    zkg_g1j_from_affine(&t, a);
    zkg_g1j_mul(&t, &t, k);
    zkg_g1j_to_affine(r, &t);
}

void zkg_g1j_from_affine(zkg_g1j *r, const zkg_g1 *a)
{
    if (zkg_g1_is_infinity(a))
        zkg_g1j_set_infinity(r);
    else
        *r = (zkg_g1j){a->x, a->y, zkg_fp_one};
}

/* r = (X zi^2, Y zi^3) */
static void scale(zkg_g1 *r, const zkg_g1j *a, const zkg_fp *zi)
{
    zkg_fp t;

    zkg_fp_sqr(&t, zi);
    zkg_fp_mul(&r->x, &a->x, &t);
    zkg_fp_mul(&t, &t, zi);
    zkg_fp_mul(&r->y, &a->y, &t);
}

void zkg_g1j_to_affine(zkg_g1 *r, const zkg_g1j *a)
{
    zkg_fp zi;

    /* at infinity zi = 0 gives (0, 0) */
    zkg_fp_inv(&zi, &a->z);
    scale(r, a, &zi);
}

void zkg_g1j_batch_to_affine(zkg_g1 *out, const zkg_g1j *a, size_t n,
                             zkg_fp *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = a[i].z;
    zkg_fp_batch_inv(scratch, n, scratch + n);
    for (size_t i = 0; i < n; i++)
        scale(&out[i], &a[i], &scratch[i]);
}

/* Fixed windows of 4 bits, from the top. */
void zkg_g1j_mul(zkg_g1j *r, const zkg_g1j *a, const zkg_fr *k)
{
    zkg_g1j multiple[16], t;
    uint64_t s[4];

    zkg_fr_to_scalar(s, k);
    zkg_g1j_set_infinity(&multiple[0]);
    multiple[1] = *a;
    for (int i = 2; i < 16; i++)
        zkg_g1j_add(&multiple[i], &multiple[i - 1], a);
    zkg_g1j_set_infinity(&t);
    for (int i = 63; i >= 0; i--) {
        for (int j = 0; j < 4; j++)
            zkg_g1j_double(&t, &t);
        zkg_g1j_add(&t, &t, &multiple[s[i / 16] >> 4 * (i % 16) & 15]);
    }
    *r = t;
}
