/* SPDX-License-Identifier: Apache-2.0 */
/*
 * G1 of BN254: y^2 = x^3 + 3 over Fp, of prime order p (the modulus of Fr).
 *
 * Affine points are 64 bytes; x = y = 0, which is not on the curve, stands for
 * infinity.  Jacobian (X, Y, Z) is the affine (X/Z^2, Y/Z^3), and infinity when
 * Z = 0.  All laws are complete: equal, opposite and infinite operands are
 * right.  Points are assumed to be on the curve unless a function checks it;
 * being on the curve is being in the group, the cofactor is 1.  Outputs may
 * alias inputs.  Times depend on values: no point or scalar here is a secret.
 */
#ifndef ZKG_CURVE_G1_H
#define ZKG_CURVE_G1_H

#include "field/fp.h"
#include "field/fr.h"

typedef struct zkg_g1 {
    zkg_fp x, y;
} zkg_g1;

typedef struct zkg_g1j {
    zkg_fp x, y, z;
} zkg_g1j;

extern const zkg_g1 zkg_g1_generator; /**< (1, 2) */
extern const zkg_g1 zkg_g1_infinity;

static inline __attribute__((unused)) bool zkg_g1_is_infinity(const zkg_g1 *a)
{
    return zkg_fp_is_zero(&a->x) && zkg_fp_is_zero(&a->y);
}

static inline __attribute__((unused)) bool zkg_g1_equal(const zkg_g1 *a,
                                                        const zkg_g1 *b)
{
    return zkg_fp_equal(&a->x, &b->x) && zkg_fp_equal(&a->y, &b->y);
}

static inline __attribute__((unused)) void zkg_g1_neg(zkg_g1 *r,
                                                      const zkg_g1 *a)
{
    r->x = a->x;
    zkg_fp_neg(&r->y, &a->y);
}

/** Infinity is on the curve. */
bool zkg_g1_on_curve(const zkg_g1 *a);

/** The wire form: x little-endian, bit 255 = y is odd, bit 254 = infinity. */
void zkg_g1_to_bytes(uint8_t out[32], const zkg_g1 *a);

/**
 * False, and *r unchanged, unless in is what to_bytes gives for some point:
 * x < q, on the curve, and nothing but bit 254 set for infinity.
 */
bool zkg_g1_from_bytes(zkg_g1 *r, const uint8_t in[32]);

/** Uncompressed: x then y, 32 bytes little-endian each; infinity all zero. */
void zkg_g1_to_raw(uint8_t out[64], const zkg_g1 *a);

/** False, and *r unchanged, unless both are < q and the point is on the curve.
 */
bool zkg_g1_from_raw(zkg_g1 *r, const uint8_t in[64]);

/** As from_raw, for coordinates that are Montgomery forms (snarkjs files). */
bool zkg_g1_from_mont_raw(zkg_g1 *r, const uint8_t in[64]);

/** r = a + b; a few microseconds, for single points. */
void zkg_g1_add(zkg_g1 *r, const zkg_g1 *a, const zkg_g1 *b);

/** r = k a */
void zkg_g1_mul(zkg_g1 *r, const zkg_g1 *a, const zkg_fr *k);

/* Jacobian */

static inline __attribute__((unused)) void zkg_g1j_set_infinity(zkg_g1j *r)
{
    *r = (zkg_g1j){{{0}}, {{0}}, {{0}}};
}

static inline __attribute__((unused)) bool zkg_g1j_is_infinity(const zkg_g1j *a)
{
    return zkg_fp_is_zero(&a->z);
}

void zkg_g1j_from_affine(zkg_g1j *r, const zkg_g1 *a);

void zkg_g1j_to_affine(zkg_g1 *r, const zkg_g1j *a);

/** out[i] = a[i] for i < n, with one inversion.  scratch: 2 n elements. */
void zkg_g1j_batch_to_affine(zkg_g1 *out, const zkg_g1j *a, size_t n,
                             zkg_fp *scratch);

/* dbl-2009-l; infinity stays infinity */
static inline __attribute__((unused)) void zkg_g1j_double(zkg_g1j *r,
                                                          const zkg_g1j *p)
{
    zkg_fp a, b, c, d, e, f, z;

    zkg_fp_sqr(&a, &p->x);
    zkg_fp_sqr(&b, &p->y);
    zkg_fp_sqr(&c, &b);
    zkg_fp_mul(&d, &p->x, &b);
    zkg_fp_double(&d, &d);
    zkg_fp_double(&d, &d);
    zkg_fp_double(&e, &a);
    zkg_fp_add(&e, &e, &a);
    zkg_fp_sqr(&f, &e);
    zkg_fp_mul(&z, &p->y, &p->z);
    zkg_fp_double(&r->z, &z);
    zkg_fp_double(&b, &d);
    zkg_fp_sub(&r->x, &f, &b);
    zkg_fp_sub(&d, &d, &r->x);
    zkg_fp_mul(&d, &e, &d);
    zkg_fp_double(&c, &c);
    zkg_fp_double(&c, &c);
    zkg_fp_double(&c, &c);
    zkg_fp_sub(&r->y, &d, &c);
}

/* (x, y, z) + (u2, s2) with h = u2 - u1, t = s2 - s1 and Z3 = z3h h */
static inline __attribute__((unused)) void
zkg_g1j_add_tail(zkg_g1j *r, const zkg_fp *u1, const zkg_fp *s1,
                 const zkg_fp *h, const zkg_fp *t, const zkg_fp *z3h)
{
    zkg_fp hh, hhh, v, w;

    zkg_fp_sqr(&hh, h);
    zkg_fp_mul(&hhh, h, &hh);
    zkg_fp_mul(&v, u1, &hh);
    zkg_fp_mul(&w, s1, &hhh);
    zkg_fp_mul(&r->z, z3h, h);
    zkg_fp_sqr(&r->x, t);
    zkg_fp_sub(&r->x, &r->x, &hhh);
    zkg_fp_sub(&r->x, &r->x, &v);
    zkg_fp_sub(&r->x, &r->x, &v);
    zkg_fp_sub(&v, &v, &r->x);
    zkg_fp_mul(&v, t, &v);
    zkg_fp_sub(&r->y, &v, &w);
}

/** r = a + b */
static inline __attribute__((unused)) void
zkg_g1j_add_mixed(zkg_g1j *r, const zkg_g1j *a, const zkg_g1 *b)
{
    zkg_fp zz, h, t, one = zkg_fp_one;
    zkg_g1j p = *a;

    if (zkg_g1_is_infinity(b)) {
        *r = p;
        return;
    }
    if (zkg_g1j_is_infinity(&p)) {
        *r = (zkg_g1j){b->x, b->y, one};
        return;
    }
    zkg_fp_sqr(&zz, &p.z);
    zkg_fp_mul(&h, &b->x, &zz);
    zkg_fp_mul(&zz, &zz, &p.z);
    zkg_fp_mul(&t, &b->y, &zz);
    zkg_fp_sub(&h, &h, &p.x);
    zkg_fp_sub(&t, &t, &p.y);
    if (zkg_fp_is_zero(&h)) {
        if (zkg_fp_is_zero(&t))
            zkg_g1j_double(r, &p);
        else
            zkg_g1j_set_infinity(r);
        return;
    }
    zkg_g1j_add_tail(r, &p.x, &p.y, &h, &t, &p.z);
}

/** r = a + b */
static inline __attribute__((unused)) void
zkg_g1j_add(zkg_g1j *r, const zkg_g1j *a, const zkg_g1j *b)
{
    zkg_fp z1, z2, u1, u2, s1, s2, z;

    if (zkg_g1j_is_infinity(a)) {
        *r = *b;
        return;
    }
    if (zkg_g1j_is_infinity(b)) {
        *r = *a;
        return;
    }
    zkg_fp_sqr(&z1, &a->z);
    zkg_fp_sqr(&z2, &b->z);
    zkg_fp_mul(&u1, &a->x, &z2);
    zkg_fp_mul(&u2, &b->x, &z1);
    zkg_fp_mul(&z2, &z2, &b->z);
    zkg_fp_mul(&z1, &z1, &a->z);
    zkg_fp_mul(&s1, &a->y, &z2);
    zkg_fp_mul(&s2, &b->y, &z1);
    zkg_fp_sub(&u2, &u2, &u1);
    zkg_fp_sub(&s2, &s2, &s1);
    if (zkg_fp_is_zero(&u2)) {
        if (zkg_fp_is_zero(&s2))
            zkg_g1j_double(r, a);
        else
            zkg_g1j_set_infinity(r);
        return;
    }
    zkg_fp_mul(&z, &a->z, &b->z);
    zkg_g1j_add_tail(r, &u1, &s1, &u2, &s2, &z);
}

/** r = k a */
void zkg_g1j_mul(zkg_g1j *r, const zkg_g1j *a, const zkg_fr *k);

#endif
