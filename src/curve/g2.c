/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/g2.h"

#include <sodium.h>

#include "curve/constants.h"

/* Jacobian: (X/Z^2, Y/Z^3), infinity when Z = 0. */
typedef struct g2j {
    zkg_fp2 x, y, z;
} g2j;

const zkg_g2 zkg_g2_infinity = {{{{0}}, {{0}}}, {{{0}}, {{0}}}};
const zkg_g2 zkg_g2_generator = G2_GENERATOR;

bool zkg_g2_is_infinity(const zkg_g2 *a)
{
    return zkg_fp2_is_zero(&a->x) && zkg_fp2_is_zero(&a->y);
}

bool zkg_g2_equal(const zkg_g2 *a, const zkg_g2 *b)
{
    return zkg_fp2_equal(&a->x, &b->x) && zkg_fp2_equal(&a->y, &b->y);
}

void zkg_g2_neg(zkg_g2 *r, const zkg_g2 *a)
{
    r->x = a->x;
    zkg_fp2_neg(&r->y, &a->y);
}

bool zkg_g2_on_curve(const zkg_g2 *a)
{
    zkg_fp2 s, t;

    if (zkg_g2_is_infinity(a))
        return true;
    zkg_fp2_sqr(&s, &a->x);
    zkg_fp2_mul(&s, &s, &a->x);
    zkg_fp2_add(&s, &s, &twist_b[0]);
    zkg_fp2_sqr(&t, &a->y);
    return zkg_fp2_equal(&s, &t);
}

static void from_affine(g2j *r, const zkg_g2 *a)
{
    *r = (g2j){a->x, a->y, {{{0}}, {{0}}}};
    if (!zkg_g2_is_infinity(a))
        zkg_fp2_set_one(&r->z);
}

static void to_affine(zkg_g2 *r, const g2j *a)
{
    zkg_fp2 zi, t;

    /* at infinity zi = 0 gives (0, 0) */
    zkg_fp2_inv(&zi, &a->z);
    zkg_fp2_sqr(&t, &zi);
    zkg_fp2_mul(&r->x, &a->x, &t);
    zkg_fp2_mul(&t, &t, &zi);
    zkg_fp2_mul(&r->y, &a->y, &t);
}

/* dbl-2009-l */
static void dbl(g2j *r, const g2j *p)
{
    zkg_fp2 a, b, c, d, e, f, z;

    zkg_fp2_sqr(&a, &p->x);
    zkg_fp2_sqr(&b, &p->y);
    zkg_fp2_sqr(&c, &b);
    zkg_fp2_mul(&d, &p->x, &b);
    zkg_fp2_double(&d, &d);
    zkg_fp2_double(&d, &d);
    zkg_fp2_double(&e, &a);
    zkg_fp2_add(&e, &e, &a);
    zkg_fp2_sqr(&f, &e);
    zkg_fp2_mul(&z, &p->y, &p->z);
    zkg_fp2_double(&r->z, &z);
    zkg_fp2_double(&b, &d);
    zkg_fp2_sub(&r->x, &f, &b);
    zkg_fp2_sub(&d, &d, &r->x);
    zkg_fp2_mul(&d, &e, &d);
    zkg_fp2_double(&c, &c);
    zkg_fp2_double(&c, &c);
    zkg_fp2_double(&c, &c);
    zkg_fp2_sub(&r->y, &d, &c);
}

static void add_mixed(g2j *r, const g2j *a, const zkg_g2 *b)
{
    zkg_fp2 zz, h, t, hh, hhh, v, w;
    g2j p = *a;

    if (zkg_g2_is_infinity(b)) {
        *r = p;
        return;
    }
    if (zkg_fp2_is_zero(&p.z)) {
        from_affine(r, b);
        return;
    }
    zkg_fp2_sqr(&zz, &p.z);
    zkg_fp2_mul(&h, &b->x, &zz);
    zkg_fp2_mul(&zz, &zz, &p.z);
    zkg_fp2_mul(&t, &b->y, &zz);
    zkg_fp2_sub(&h, &h, &p.x);
    zkg_fp2_sub(&t, &t, &p.y);
    if (zkg_fp2_is_zero(&h)) {
        if (zkg_fp2_is_zero(&t))
            dbl(r, &p);
        else
            from_affine(r, &zkg_g2_infinity);
        return;
    }
    zkg_fp2_sqr(&hh, &h);
    zkg_fp2_mul(&hhh, &h, &hh);
    zkg_fp2_mul(&v, &p.x, &hh);
    zkg_fp2_mul(&w, &p.y, &hhh);
    zkg_fp2_mul(&r->z, &p.z, &h);
    zkg_fp2_sqr(&r->x, &t);
    zkg_fp2_sub(&r->x, &r->x, &hhh);
    zkg_fp2_sub(&r->x, &r->x, &v);
    zkg_fp2_sub(&r->x, &r->x, &v);
    zkg_fp2_sub(&v, &v, &r->x);
    zkg_fp2_mul(&v, &t, &v);
    zkg_fp2_sub(&r->y, &v, &w);
}

/* r = s a, for an integer s of four limbs */
static void mul_integer(g2j *r, const zkg_g2 *a, const uint64_t s[4])
{
    zkg_g2 p = *a;

    from_affine(r, &zkg_g2_infinity);
    for (int i = 255; i >= 0; i--) {
        dbl(r, r);
        if (s[i / 64] >> i % 64 & 1)
            add_mixed(r, r, &p);
    }
}

/* The order of G2 is p, and it is the p-torsion of the twist. */
bool zkg_g2_in_subgroup(const zkg_g2 *a)
{
    g2j t;

    mul_integer(&t, a, zkg_fr_mod_.p);
    return zkg_fp2_is_zero(&t.z);
}

void zkg_g2_add(zkg_g2 *r, const zkg_g2 *a, const zkg_g2 *b)
{
    g2j t;

    from_affine(&t, a);
    add_mixed(&t, &t, b);
    to_affine(r, &t);
}

void zkg_g2_mul(zkg_g2 *r, const zkg_g2 *a, const zkg_fr *k)
{
    uint64_t s[4];
    g2j t;

    zkg_fr_to_scalar(s, k);
    mul_integer(&t, a, s);
    to_affine(r, &t);
    /* k may be a secret tau */
    sodium_memzero(s, sizeof(s));
}

void zkg_g2_to_raw(uint8_t out[128], const zkg_g2 *a)
{
    zkg_fp_to_bytes(out, &a->x.c0);
    zkg_fp_to_bytes(out + 32, &a->x.c1);
    zkg_fp_to_bytes(out + 64, &a->y.c0);
    zkg_fp_to_bytes(out + 96, &a->y.c1);
}

static bool read_raw(zkg_g2 *r, const uint8_t in[128],
                     bool (*read)(zkg_fp *, const uint8_t[32]))
{
    zkg_g2 t;

    if (!read(&t.x.c0, in) || !read(&t.x.c1, in + 32) ||
        !read(&t.y.c0, in + 64) || !read(&t.y.c1, in + 96) ||
        !zkg_g2_on_curve(&t))
        return false;
    *r = t;
    return true;
}

bool zkg_g2_from_raw(zkg_g2 *r, const uint8_t in[128])
{
    return read_raw(r, in, zkg_fp_from_bytes);
}

bool zkg_g2_from_mont_raw(zkg_g2 *r, const uint8_t in[128])
{
    return read_raw(r, in, zkg_fp_from_mont_bytes);
}
