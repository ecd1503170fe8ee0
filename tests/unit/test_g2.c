/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/g2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "curve/constants.h"
#include "rng.h"

static void random_point(zkg_g2 *r, rng *g)
{
    uint8_t b[64];
    zkg_fr k;

    for (int i = 0; i < 64; i++)
        b[i] = (uint8_t)rng_u64(g);
    zkg_fr_from_wide_bytes(&k, b);
    zkg_g2_mul(r, &zkg_g2_generator, &k);
}

/* a square root in Fp2, if there is one */
static bool fp2_sqrt(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp n, s, t;
    zkg_fp2 v, w;

    /* r = x + y u: x^2 = (a0 +- |a|) / 2, y = a1 / 2 x */
    zkg_fp_sqr(&n, &a->c0);
    zkg_fp_sqr(&t, &a->c1);
    zkg_fp_add(&n, &n, &t);
    if (!zkg_fp_sqrt(&n, &n))
        return false;
    for (int k = 0; k < 2; k++) {
        zkg_fp_add(&s, &a->c0, &n);
        zkg_fp_half(&s, &s);
        zkg_fp_neg(&n, &n);
        if (!zkg_fp_sqrt(&v.c0, &s))
            continue;
        zkg_fp_double(&t, &v.c0);
        zkg_fp_inv(&t, &t);
        zkg_fp_mul(&v.c1, &a->c1, &t);
        zkg_fp2_sqr(&w, &v);
        if (zkg_fp2_equal(&w, a)) {
            *r = v;
            return true;
        }
    }
    return false;
}

/* A point on the twist, nearly never in G2: the cofactor has 254 bits. */
static void point_on_twist(zkg_g2 *r, rng *g)
{
    zkg_fp2 s;

    do {
        zkg_fp_from_u64(&r->x.c0, rng_u64(g));
        zkg_fp_from_u64(&r->x.c1, rng_u64(g));
        zkg_fp2_sqr(&s, &r->x);
        zkg_fp2_mul(&s, &s, &r->x);
        zkg_fp2_add(&s, &s, &twist_b[0]);
    } while (!fp2_sqrt(&r->y, &s));
}

static void group_laws(void **state)
{
    zkg_g2 a, b, c, s, t;
    rng g = rng_new();
    zkg_fr k;

    (void)state;
    assert_true(zkg_g2_on_curve(&zkg_g2_generator));
    for (int i = 0; i < 20; i++) {
        random_point(&a, &g);
        random_point(&b, &g);
        random_point(&c, &g);
        if (i == 0)
            b = a;
        if (i == 1)
            zkg_g2_neg(&b, &a);
        if (i == 2)
            b = zkg_g2_infinity;
        zkg_g2_add(&s, &a, &b);
        assert_true(zkg_g2_on_curve(&s));
        zkg_g2_add(&t, &b, &a);
        assert_true(zkg_g2_equal(&s, &t));
        zkg_g2_add(&s, &s, &c);
        zkg_g2_add(&t, &b, &c);
        zkg_g2_add(&t, &a, &t);
        assert_true(zkg_g2_equal(&s, &t));
        zkg_g2_neg(&t, &a);
        zkg_g2_add(&t, &t, &a);
        assert_true(zkg_g2_is_infinity(&t));
        zkg_g2_add(&s, &a, &a);
        zkg_g2_add(&s, &s, &a);
        zkg_fr_from_u64(&k, 3);
        zkg_g2_mul(&t, &a, &k);
        assert_true(zkg_g2_equal(&s, &t));
        zkg_fr_from_i64(&k, -1);
        zkg_g2_mul(&t, &a, &k);
        zkg_g2_neg(&t, &t);
        assert_true(zkg_g2_equal(&a, &t));
    }
}

static void points_outside_the_subgroup_are_told(void **state)
{
    rng g = rng_new();
    zkg_g2 a, b;

    (void)state;
    assert_true(zkg_g2_in_subgroup(&zkg_g2_generator));
    assert_true(zkg_g2_in_subgroup(&zkg_g2_infinity));
    for (int i = 0; i < 10; i++) {
        random_point(&a, &g);
        assert_true(zkg_g2_in_subgroup(&a));
        point_on_twist(&b, &g);
        assert_true(zkg_g2_on_curve(&b));
        assert_false(zkg_g2_in_subgroup(&b));
        zkg_g2_add(&b, &b, &a);
        assert_false(zkg_g2_in_subgroup(&b));
    }
}

static void raw_form(void **state)
{
    uint8_t b[128], m[128];
    rng g = rng_new();
    zkg_g2 p, q;

    (void)state;
    for (int i = 0; i < 20; i++) {
        random_point(&p, &g);
        if (i == 0)
            p = zkg_g2_infinity;
        zkg_g2_to_raw(b, &p);
        assert_true(zkg_g2_from_raw(&q, b));
        assert_true(zkg_g2_equal(&p, &q));
        for (int j = 0; j < 128; j++) {
            const zkg_fp *f[] = {&p.x.c0, &p.x.c1, &p.y.c0, &p.y.c1};

            m[j] = (uint8_t)(f[j / 32]->l[j % 32 / 8] >> 8 * (j % 8));
        }
        assert_true(zkg_g2_from_mont_raw(&q, m));
        assert_true(zkg_g2_equal(&p, &q));
        q = zkg_g2_generator;
        b[rng_below(&g, 128)] ^= (uint8_t)(1 << rng_below(&g, 8));
        assert_false(zkg_g2_from_raw(&q, b));
        memset(b + 32 * rng_below(&g, 4), 0xff, 32);
        assert_false(zkg_g2_from_raw(&q, b));
        assert_true(zkg_g2_equal(&q, &zkg_g2_generator));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_laws),
        cmocka_unit_test(points_outside_the_subgroup_are_told),
        cmocka_unit_test(raw_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
