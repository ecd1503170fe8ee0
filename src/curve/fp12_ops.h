/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of Fp6 and Fp12 for fp12.c and pairing_variant.c: static, so that
 * each has the variant it is compiled for.  Outputs may alias inputs.
 */
#ifndef ZKG_CURVE_FP12_OPS_H
#define ZKG_CURVE_FP12_OPS_H

#include "curve/constants.h"
#include "curve/fp12.h"

#define OP static __attribute__((unused))

OP bool fp6_equal(const zkg_fp6 *a, const zkg_fp6 *b)
{
    return zkg_fp2_equal(&a->c0, &b->c0) && zkg_fp2_equal(&a->c1, &b->c1) &&
           zkg_fp2_equal(&a->c2, &b->c2);
}

OP void fp6_add(zkg_fp6 *r, const zkg_fp6 *a, const zkg_fp6 *b)
{
    zkg_fp2_add(&r->c0, &a->c0, &b->c0);
    zkg_fp2_add(&r->c1, &a->c1, &b->c1);
    zkg_fp2_add(&r->c2, &a->c2, &b->c2);
}

OP void fp6_sub(zkg_fp6 *r, const zkg_fp6 *a, const zkg_fp6 *b)
{
    zkg_fp2_sub(&r->c0, &a->c0, &b->c0);
    zkg_fp2_sub(&r->c1, &a->c1, &b->c1);
    zkg_fp2_sub(&r->c2, &a->c2, &b->c2);
}

OP void fp6_neg(zkg_fp6 *r, const zkg_fp6 *a)
{
    zkg_fp2_neg(&r->c0, &a->c0);
    zkg_fp2_neg(&r->c1, &a->c1);
    zkg_fp2_neg(&r->c2, &a->c2);
}

/* r = v a */
OP void fp6_mul_v(zkg_fp6 *r, const zkg_fp6 *a)
{
    zkg_fp2 t;

    zkg_fp2_mul_xi(&t, &a->c2);
    r->c2 = a->c1;
    r->c1 = a->c0;
    r->c0 = t;
}

/* r = (a_i + a_j)(b_i + b_j) - p_i - p_j */
OP void cross(zkg_fp2 *r, const zkg_fp2 *ai, const zkg_fp2 *aj,
              const zkg_fp2 *bi, const zkg_fp2 *bj, const zkg_fp2 *pi,
              const zkg_fp2 *pj)
{
    zkg_fp2 s, t;

    zkg_fp2_add(&s, ai, aj);
    zkg_fp2_add(&t, bi, bj);
    zkg_fp2_mul(&s, &s, &t);
    zkg_fp2_sub(&s, &s, pi);
    zkg_fp2_sub(r, &s, pj);
}

/* Karatsuba, 6 products */
OP void fp6_mul(zkg_fp6 *r, const zkg_fp6 *a, const zkg_fp6 *b)
{
    zkg_fp2 p0, p1, p2, c01, c02, c12;

    zkg_fp2_mul(&p0, &a->c0, &b->c0);
    zkg_fp2_mul(&p1, &a->c1, &b->c1);
    zkg_fp2_mul(&p2, &a->c2, &b->c2);
    cross(&c01, &a->c0, &a->c1, &b->c0, &b->c1, &p0, &p1);
    cross(&c02, &a->c0, &a->c2, &b->c0, &b->c2, &p0, &p2);
    cross(&c12, &a->c1, &a->c2, &b->c1, &b->c2, &p1, &p2);
    zkg_fp2_mul_xi(&c12, &c12);
    zkg_fp2_add(&r->c0, &p0, &c12);
    zkg_fp2_add(&r->c2, &c02, &p1);
    zkg_fp2_mul_xi(&p2, &p2);
    zkg_fp2_add(&r->c1, &c01, &p2);
}

/* r = a (b0 + b1 v), 5 products */
OP void fp6_mul_01(zkg_fp6 *r, const zkg_fp6 *a, const zkg_fp2 *b0,
                   const zkg_fp2 *b1)
{
    zkg_fp2 p0, p1, c01, t, u;

    zkg_fp2_mul(&p0, &a->c0, b0);
    zkg_fp2_mul(&p1, &a->c1, b1);
    cross(&c01, &a->c0, &a->c1, b0, b1, &p0, &p1);
    zkg_fp2_mul(&t, &a->c2, b1);
    zkg_fp2_mul(&u, &a->c2, b0);
    zkg_fp2_mul_xi(&t, &t);
    zkg_fp2_add(&r->c0, &p0, &t);
    r->c1 = c01;
    zkg_fp2_add(&r->c2, &u, &p1);
}

OP void fp6_inv(zkg_fp6 *r, const zkg_fp6 *a)
{
    zkg_fp2 t0, t1, t2, s, t;

    zkg_fp2_mul(&s, &a->c1, &a->c2);
    zkg_fp2_mul_xi(&s, &s);
    zkg_fp2_sqr(&t0, &a->c0);
    zkg_fp2_sub(&t0, &t0, &s);
    zkg_fp2_sqr(&t1, &a->c2);
    zkg_fp2_mul_xi(&t1, &t1);
    zkg_fp2_mul(&s, &a->c0, &a->c1);
    zkg_fp2_sub(&t1, &t1, &s);
    zkg_fp2_sqr(&t2, &a->c1);
    zkg_fp2_mul(&s, &a->c0, &a->c2);
    zkg_fp2_sub(&t2, &t2, &s);
    /* the norm is a0 t0 + xi (a2 t1 + a1 t2) */
    zkg_fp2_mul(&s, &a->c2, &t1);
    zkg_fp2_mul(&t, &a->c1, &t2);
    zkg_fp2_add(&s, &s, &t);
    zkg_fp2_mul_xi(&s, &s);
    zkg_fp2_mul(&t, &a->c0, &t0);
    zkg_fp2_add(&s, &s, &t);
    zkg_fp2_inv(&s, &s);
    zkg_fp2_mul(&r->c0, &t0, &s);
    zkg_fp2_mul(&r->c1, &t1, &s);
    zkg_fp2_mul(&r->c2, &t2, &s);
}

OP void fp12_mul(zkg_fp12 *r, const zkg_fp12 *a, const zkg_fp12 *b)
{
    zkg_fp6 p0, p1, s, t;

    fp6_mul(&p0, &a->c0, &b->c0);
    fp6_mul(&p1, &a->c1, &b->c1);
    fp6_add(&s, &a->c0, &a->c1);
    fp6_add(&t, &b->c0, &b->c1);
    fp6_mul(&s, &s, &t);
    fp6_sub(&s, &s, &p0);
    fp6_sub(&r->c1, &s, &p1);
    fp6_mul_v(&p1, &p1);
    fp6_add(&r->c0, &p0, &p1);
}

/* (a0 + a1 w)^2: with p = a0 a1, c0 = (a0 + a1)(a0 + v a1) - p - v p, c1 = 2 p
 */
OP void fp12_sqr(zkg_fp12 *r, const zkg_fp12 *a)
{
    zkg_fp6 p, s, t;

    fp6_mul(&p, &a->c0, &a->c1);
    fp6_add(&s, &a->c0, &a->c1);
    fp6_mul_v(&t, &a->c1);
    fp6_add(&t, &t, &a->c0);
    fp6_mul(&s, &s, &t);
    fp6_sub(&s, &s, &p);
    fp6_add(&r->c1, &p, &p);
    fp6_mul_v(&p, &p);
    fp6_sub(&r->c0, &s, &p);
}

/* r = a^(q^6); the inverse where a has norm 1 */
OP void fp12_conj(zkg_fp12 *r, const zkg_fp12 *a)
{
    r->c0 = a->c0;
    fp6_neg(&r->c1, &a->c1);
}

OP void fp12_inv(zkg_fp12 *r, const zkg_fp12 *a)
{
    zkg_fp6 s, t;

    fp6_mul(&s, &a->c0, &a->c0);
    fp6_mul(&t, &a->c1, &a->c1);
    fp6_mul_v(&t, &t);
    fp6_sub(&s, &s, &t);
    fp6_inv(&s, &s);
    fp6_mul(&r->c0, &a->c0, &s);
    fp6_mul(&t, &a->c1, &s);
    fp6_neg(&r->c1, &t);
}

/* r = a (b0 + b3 w + b4 v w), a line's value; 13 products */
OP void fp12_mul_034(zkg_fp12 *r, const zkg_fp12 *a, const zkg_fp2 *b0,
                     const zkg_fp2 *b3, const zkg_fp2 *b4)
{
    zkg_fp6 p0, p1, s;
    zkg_fp2 t;

    zkg_fp2_mul(&p0.c0, &a->c0.c0, b0);
    zkg_fp2_mul(&p0.c1, &a->c0.c1, b0);
    zkg_fp2_mul(&p0.c2, &a->c0.c2, b0);
    fp6_mul_01(&p1, &a->c1, b3, b4);
    zkg_fp2_add(&t, b0, b3);
    fp6_add(&s, &a->c0, &a->c1);
    fp6_mul_01(&s, &s, &t, b4);
    fp6_sub(&s, &s, &p0);
    fp6_sub(&r->c1, &s, &p1);
    fp6_mul_v(&p1, &p1);
    fp6_add(&r->c0, &p0, &p1);
}

/* the coefficient of w^j */
OP zkg_fp2 *coefficient(zkg_fp12 *a, int j)
{
    zkg_fp6 *h = j & 1 ? &a->c1 : &a->c0;

    return j < 2 ? &h->c0 : j < 4 ? &h->c1 : &h->c2;
}

/* r = a^q */
OP void fp12_frob1(zkg_fp12 *r, const zkg_fp12 *a)
{
    *r = *a;
    for (int j = 0; j < 6; j++) {
        zkg_fp2 *c = coefficient(r, j);

        zkg_fp2_conj(c, c);
        zkg_fp2_mul(c, c, &frob1[j]);
    }
}

/* r = a^(q^2) */
OP void fp12_frob2(zkg_fp12 *r, const zkg_fp12 *a)
{
    *r = *a;
    for (int j = 1; j < 6; j++) {
        zkg_fp2 *c = coefficient(r, j);

        zkg_fp2_mul_fp(c, c, &frob2[j]);
    }
}

/* (a + b s)^2 in Fp4 = Fp2[s] / (s^2 - xi): c0 + c1 s */
OP void fp4_sqr(zkg_fp2 *c0, zkg_fp2 *c1, const zkg_fp2 *a, const zkg_fp2 *b)
{
    zkg_fp2 s, t, u;

    zkg_fp2_sqr(&s, a);
    zkg_fp2_sqr(&t, b);
    zkg_fp2_add(&u, a, b);
    zkg_fp2_sqr(&u, &u);
    zkg_fp2_sub(&u, &u, &s);
    zkg_fp2_sub(c1, &u, &t);
    zkg_fp2_mul_xi(&t, &t);
    zkg_fp2_add(c0, &s, &t);
}

/* r = 3 t - 2 a or 3 t + 2 a */
OP void cyc_minus(zkg_fp2 *r, const zkg_fp2 *t, const zkg_fp2 *a)
{
    zkg_fp2 u;

    zkg_fp2_sub(&u, t, a);
    zkg_fp2_double(&u, &u);
    zkg_fp2_add(r, &u, t);
}

OP void cyc_plus(zkg_fp2 *r, const zkg_fp2 *t, const zkg_fp2 *a)
{
    zkg_fp2 u;

    zkg_fp2_add(&u, t, a);
    zkg_fp2_double(&u, &u);
    zkg_fp2_add(r, &u, t);
}

/* r = a^2 for a of order dividing q^4 - q^2 + 1 (Granger, Scott) */
OP void fp12_cyc_sqr(zkg_fp12 *r, const zkg_fp12 *a)
{
    zkg_fp2 x0, x1, y0, y1, z0, z1;

    fp4_sqr(&x0, &x1, &a->c0.c0, &a->c1.c1);
    fp4_sqr(&y0, &y1, &a->c1.c0, &a->c0.c2);
    fp4_sqr(&z0, &z1, &a->c0.c1, &a->c1.c2);
    cyc_minus(&r->c0.c0, &x0, &a->c0.c0);
    cyc_plus(&r->c1.c1, &x1, &a->c1.c1);
    zkg_fp2_mul_xi(&z1, &z1);
    cyc_plus(&r->c1.c0, &z1, &a->c1.c0);
    cyc_minus(&r->c0.c2, &z0, &a->c0.c2);
    cyc_minus(&r->c0.c1, &y0, &a->c0.c1);
    cyc_plus(&r->c1.c2, &y1, &a->c1.c2);
}

#undef OP
#endif
