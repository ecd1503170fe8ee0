/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fp2 = Fp[u] / (u^2 + 1).  xi = 9 + u is the non-residue above it.
 *
 * Functions are static so that a file compiled with ZKG_FIELD_MULX gets its
 * own.  Outputs may alias inputs.
 */
#ifndef ZKG_CURVE_FP2_H
#define ZKG_CURVE_FP2_H

#include "field/fp.h"

/** c0 + c1 u */
typedef struct zkg_fp2 {
    zkg_fp c0, c1;
} zkg_fp2;

#define ZKG_FP2_INLINE static inline __attribute__((unused))
#define ZKG_FP2_CALL static __attribute__((unused, noinline))

ZKG_FP2_INLINE bool zkg_fp2_is_zero(const zkg_fp2 *a)
{
    return zkg_fp_is_zero(&a->c0) && zkg_fp_is_zero(&a->c1);
}

ZKG_FP2_INLINE bool zkg_fp2_equal(const zkg_fp2 *a, const zkg_fp2 *b)
{
    return zkg_fp_equal(&a->c0, &b->c0) && zkg_fp_equal(&a->c1, &b->c1);
}

ZKG_FP2_INLINE void zkg_fp2_set_one(zkg_fp2 *r)
{
    *r = (zkg_fp2){zkg_fp_one, {{0, 0, 0, 0}}};
}

ZKG_FP2_INLINE void zkg_fp2_add(zkg_fp2 *r, const zkg_fp2 *a, const zkg_fp2 *b)
{
    zkg_fp_add(&r->c0, &a->c0, &b->c0);
    zkg_fp_add(&r->c1, &a->c1, &b->c1);
}

ZKG_FP2_INLINE void zkg_fp2_sub(zkg_fp2 *r, const zkg_fp2 *a, const zkg_fp2 *b)
{
    zkg_fp_sub(&r->c0, &a->c0, &b->c0);
    zkg_fp_sub(&r->c1, &a->c1, &b->c1);
}

ZKG_FP2_INLINE void zkg_fp2_double(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp2_add(r, a, a);
}

ZKG_FP2_INLINE void zkg_fp2_neg(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp_neg(&r->c0, &a->c0);
    zkg_fp_neg(&r->c1, &a->c1);
}

/** c0 - c1 u, which is a^q */
ZKG_FP2_INLINE void zkg_fp2_conj(zkg_fp2 *r, const zkg_fp2 *a)
{
    r->c0 = a->c0;
    zkg_fp_neg(&r->c1, &a->c1);
}

ZKG_FP2_CALL void zkg_fp2_mul(zkg_fp2 *r, const zkg_fp2 *a, const zkg_fp2 *b)
{
    zkg_fp s, t, p0, p1;

    zkg_fp_add(&s, &a->c0, &a->c1);
    zkg_fp_add(&t, &b->c0, &b->c1);
    zkg_fp_mul(&p0, &a->c0, &b->c0);
    zkg_fp_mul(&p1, &a->c1, &b->c1);
    zkg_fp_mul(&s, &s, &t);
    zkg_fp_sub(&r->c0, &p0, &p1);
    zkg_fp_sub(&s, &s, &p0);
    zkg_fp_sub(&r->c1, &s, &p1);
}

ZKG_FP2_CALL void zkg_fp2_sqr(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp s, t, p;

    zkg_fp_add(&s, &a->c0, &a->c1);
    zkg_fp_sub(&t, &a->c0, &a->c1);
    zkg_fp_mul(&p, &a->c0, &a->c1);
    zkg_fp_mul(&r->c0, &s, &t);
    zkg_fp_double(&r->c1, &p);
}

ZKG_FP2_INLINE void zkg_fp2_mul_fp(zkg_fp2 *r, const zkg_fp2 *a,
                                   const zkg_fp *b)
{
    zkg_fp t = *b;

    zkg_fp_mul(&r->c0, &a->c0, &t);
    zkg_fp_mul(&r->c1, &a->c1, &t);
}

/** r = xi a = (9 c0 - c1) + (9 c1 + c0) u */
ZKG_FP2_INLINE void zkg_fp2_mul_xi(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp2 t;

    zkg_fp2_double(&t, a);
    zkg_fp2_double(&t, &t);
    zkg_fp2_double(&t, &t);
    zkg_fp2_add(&t, &t, a);
    zkg_fp_sub(&t.c0, &t.c0, &a->c1);
    zkg_fp_add(&r->c1, &t.c1, &a->c0);
    r->c0 = t.c0;
}

/** r = 1 / a; 0 for a = 0 */
ZKG_FP2_INLINE void zkg_fp2_inv(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp s, t;

    zkg_fp_sqr(&s, &a->c0);
    zkg_fp_sqr(&t, &a->c1);
    zkg_fp_add(&s, &s, &t);
    zkg_fp_inv(&s, &s);
    zkg_fp_mul(&r->c0, &a->c0, &s);
    zkg_fp_mul(&t, &a->c1, &s);
    zkg_fp_neg(&r->c1, &t);
}

#endif
