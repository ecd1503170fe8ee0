/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Miller loop of 6 x + 2 with the twist's points in homogeneous projective
 * coordinates (Costello, Lange, Naehrig 2010), and the final exponentiation of
 * Fuentes-Castaneda, Knapp, Rodriguez-Henriquez (2011).
 */
#include "curve/pairing_variant.h"

#include "curve/fp12_ops.h"

/* A point (X/Z, Y/Z) of the twist that is not infinity. */
typedef struct proj {
    zkg_fp2 x, y, z;
} proj;

/* A line through points of the twist, at (x, y): c0 y + c3 x w + c4 v w. */
typedef struct line {
    zkg_fp2 c0, c3, c4;
} line;

static void half(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp_half(&r->c0, &a->c0);
    zkg_fp_half(&r->c1, &a->c1);
}

/* t = 2 t, l = the tangent */
static void double_step(line *l, proj *t)
{
    zkg_fp2 a, b, c, e, f, g, h, j;

    zkg_fp2_mul(&a, &t->x, &t->y);
    half(&a, &a);
    zkg_fp2_sqr(&b, &t->y);
    zkg_fp2_sqr(&c, &t->z);
    zkg_fp2_double(&e, &c);
    zkg_fp2_add(&e, &e, &c);
    zkg_fp2_mul(&e, &e, &twist_b[0]);
    zkg_fp2_double(&f, &e);
    zkg_fp2_add(&f, &f, &e);
    zkg_fp2_add(&g, &b, &f);
    half(&g, &g);
    zkg_fp2_add(&h, &t->y, &t->z);
    zkg_fp2_sqr(&h, &h);
    zkg_fp2_sub(&h, &h, &b);
    zkg_fp2_sub(&h, &h, &c);
    zkg_fp2_sub(&l->c4, &e, &b);
    zkg_fp2_sqr(&j, &t->x);
    zkg_fp2_sub(&f, &b, &f);
    zkg_fp2_mul(&t->x, &a, &f);
    zkg_fp2_sqr(&e, &e);
    zkg_fp2_double(&f, &e);
    zkg_fp2_add(&e, &e, &f);
    zkg_fp2_sqr(&g, &g);
    zkg_fp2_sub(&t->y, &g, &e);
    zkg_fp2_mul(&t->z, &b, &h);
    zkg_fp2_neg(&l->c0, &h);
    zkg_fp2_double(&l->c3, &j);
    zkg_fp2_add(&l->c3, &l->c3, &j);
}

/* t = t + q, l = the line through both; t != q, -q */
static void add_step(line *l, proj *t, const zkg_g2 *q)
{
    zkg_fp2 theta, lambda, c, d, e, f, g, h;

    zkg_fp2_mul(&theta, &q->y, &t->z);
    zkg_fp2_sub(&theta, &t->y, &theta);
    zkg_fp2_mul(&lambda, &q->x, &t->z);
    zkg_fp2_sub(&lambda, &t->x, &lambda);
    zkg_fp2_sqr(&c, &theta);
    zkg_fp2_sqr(&d, &lambda);
    zkg_fp2_mul(&e, &lambda, &d);
    zkg_fp2_mul(&f, &t->z, &c);
    zkg_fp2_mul(&g, &t->x, &d);
    zkg_fp2_add(&h, &e, &f);
    zkg_fp2_sub(&h, &h, &g);
    zkg_fp2_sub(&h, &h, &g);
    zkg_fp2_mul(&t->x, &lambda, &h);
    zkg_fp2_sub(&g, &g, &h);
    zkg_fp2_mul(&g, &theta, &g);
    zkg_fp2_mul(&f, &e, &t->y);
    zkg_fp2_sub(&t->y, &g, &f);
    zkg_fp2_mul(&t->z, &t->z, &e);
    zkg_fp2_mul(&c, &theta, &q->x);
    zkg_fp2_mul(&d, &lambda, &q->y);
    zkg_fp2_sub(&l->c4, &c, &d);
    l->c0 = lambda;
    zkg_fp2_neg(&l->c3, &theta);
}

/* f = f * l(p) */
static void mul_line(zkg_fp12 *f, const line *l, const zkg_g1 *p)
{
    zkg_fp2 c0, c3;

    zkg_fp2_mul_fp(&c0, &l->c0, &p->y);
    zkg_fp2_mul_fp(&c3, &l->c3, &p->x);
    fp12_mul_034(f, f, &c0, &c3, &l->c4);
}

/* The twist's Frobenius. */
static void g2_frob(zkg_g2 *r, const zkg_g2 *a)
{
    zkg_fp2_conj(&r->x, &a->x);
    zkg_fp2_mul(&r->x, &r->x, &frob1[2]);
    zkg_fp2_conj(&r->y, &a->y);
    zkg_fp2_mul(&r->y, &r->y, &frob1[3]);
}

static void set_one(zkg_fp12 *f)
{
    *f = (zkg_fp12){0};
    zkg_fp2_set_one(&f->c0.c0);
}

enum { GROUP = 8 }; /* pairs that share the squarings of f */

/* f = the product over at most GROUP pairs, none with an infinite point */
static void miller_group(zkg_fp12 *f, const zkg_g1 *const *p,
                         const zkg_g2 *const *q, size_t n)
{
    const int top = (int)sizeof(ate_naf) - 1;
    zkg_g2 neg[GROUP], r;
    proj t[GROUP];
    line l;

    set_one(f);
    for (size_t k = 0; k < n; k++) {
        t[k].x = q[k]->x;
        t[k].y = q[k]->y;
        zkg_fp2_set_one(&t[k].z);
        neg[k].x = q[k]->x;
        zkg_fp2_neg(&neg[k].y, &q[k]->y);
    }
    /* t = (the digits from i + 1 up) q */
    for (int i = top - 1; i >= 0; i--) {
        fp12_sqr(f, f);
        for (size_t k = 0; k < n; k++) {
            double_step(&l, &t[k]);
            mul_line(f, &l, p[k]);
            if (ate_naf[i]) {
                add_step(&l, &t[k], ate_naf[i] > 0 ? q[k] : &neg[k]);
                mul_line(f, &l, p[k]);
            }
        }
    }
    for (size_t k = 0; k < n; k++) {
        g2_frob(&r, q[k]);
        add_step(&l, &t[k], &r);
        mul_line(f, &l, p[k]);
        g2_frob(&r, &r);
        zkg_fp2_neg(&r.y, &r.y);
        add_step(&l, &t[k], &r);
        mul_line(f, &l, p[k]);
    }
}

void ZKG_VARIANT(zkg_miller)(zkg_fp12 *f, const zkg_g1 *p, const zkg_g2 *q,
                             size_t n)
{
    const zkg_g1 *gp[GROUP];
    const zkg_g2 *gq[GROUP];
    size_t len = 0;
    zkg_fp12 t, s;

    set_one(&s);
    for (size_t i = 0; i < n; i++) {
        if (!zkg_g1_is_infinity(&p[i]) &&
            !(zkg_fp2_is_zero(&q[i].x) && zkg_fp2_is_zero(&q[i].y))) {
            gp[len] = &p[i];
            gq[len++] = &q[i];
        }
        if (len == GROUP || (i + 1 == n && len)) {
            miller_group(&t, gp, gq, len);
            fp12_mul(&s, &s, &t);
            len = 0;
        }
    }
    *f = s;
}

/* r = a^-x for a of norm 1 */
static void exp_neg_x(zkg_fp12 *r, const zkg_fp12 *a)
{
    zkg_fp12 t = *a, b = *a, c;

    fp12_conj(&c, a);
    for (int i = (int)sizeof(x_naf) - 2; i >= 0; i--) {
        fp12_cyc_sqr(&t, &t);
        if (x_naf[i])
            fp12_mul(&t, &t, x_naf[i] > 0 ? &b : &c);
    }
    fp12_conj(r, &t);
}

void ZKG_VARIANT(zkg_final_exp)(zkg_fp12 *r, const zkg_fp12 *f)
{
    zkg_fp12 a, b, y0, y1, y3, y4, y6, y8, y9;

    /* a = f^((q^6 - 1)(q^2 + 1)) */
    fp12_inv(&b, f);
    fp12_conj(&a, f);
    fp12_mul(&a, &a, &b);
    fp12_frob2(&b, &a);
    fp12_mul(&a, &a, &b);
    /* r = a^(k (q^4 - q^2 + 1) / p) */
    exp_neg_x(&y0, &a);
    fp12_cyc_sqr(&y1, &y0); /* -2x */
    fp12_cyc_sqr(&y3, &y1);
    fp12_mul(&y3, &y3, &y1); /* -6x */
    exp_neg_x(&y4, &y3);     /* 6x^2 */
    fp12_cyc_sqr(&b, &y4);
    exp_neg_x(&y6, &b);      /* -12x^3 */
    fp12_conj(&y3, &y3);     /* 6x */
    fp12_conj(&y6, &y6);     /* 12x^3 */
    fp12_mul(&y6, &y6, &y4); /* 12x^3 + 6x^2 */
    fp12_mul(&y8, &y6, &y3); /* 12x^3 + 6x^2 + 6x */
    fp12_mul(&y9, &y8, &y1); /* 12x^3 + 6x^2 + 4x */
    fp12_mul(&y4, &y8, &y4); /* 12x^3 + 12x^2 + 6x */
    fp12_mul(&y4, &y4, &a);  /* .. + 1 */
    fp12_frob1(&b, &y9);
    fp12_mul(&y4, &y4, &b);
    fp12_frob2(&b, &y8);
    fp12_mul(&y4, &y4, &b);
    fp12_conj(&a, &a);
    fp12_mul(&y9, &a, &y9);
    fp12_frob1(&b, &y9);
    fp12_frob2(&b, &b);
    fp12_mul(r, &y4, &b);
}
