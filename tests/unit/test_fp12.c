/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/fp12_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"

static void random_fp(zkg_fp *r, rng *g)
{
    uint8_t b[64];

    for (int i = 0; i < 64; i++)
        b[i] = (uint8_t)rng_u64(g);
    zkg_fp_from_wide_bytes(r, b);
    if (rng_below(g, 8) == 0)
        zkg_fp_from_i64(r, (int64_t)rng_below(g, 3) - 1);
}

static void random_fp12(zkg_fp12 *r, rng *g)
{
    for (int j = 0; j < 6; j++) {
        random_fp(&coefficient(r, j)->c0, g);
        random_fp(&coefficient(r, j)->c1, g);
    }
}

/*
 * The product as polynomials in w over Fp2, w^6 = xi, each product in Fp2 as
 * polynomials in u over Fp: no Karatsuba.
 */
static void mul_plainly(zkg_fp12 *r, const zkg_fp12 *a, const zkg_fp12 *b)
{
    zkg_fp12 x = *a, y = *b, z = {0};

    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            const zkg_fp2 *s = coefficient(&x, i), *t = coefficient(&y, j);
            zkg_fp2 p, *to = coefficient(&z, (i + j) % 6);
            zkg_fp v, nine;

            zkg_fp_mul(&p.c0, &s->c0, &t->c0);
            zkg_fp_mul(&v, &s->c1, &t->c1);
            zkg_fp_sub(&p.c0, &p.c0, &v);
            zkg_fp_mul(&p.c1, &s->c0, &t->c1);
            zkg_fp_mul(&v, &s->c1, &t->c0);
            zkg_fp_add(&p.c1, &p.c1, &v);
            if (i + j >= 6) {
                zkg_fp2 q = p;

                zkg_fp_mul_i64(&nine, &p.c0, 9);
                zkg_fp_sub(&q.c0, &nine, &p.c1);
                zkg_fp_mul_i64(&nine, &p.c1, 9);
                zkg_fp_add(&q.c1, &nine, &p.c0);
                p = q;
            }
            zkg_fp2_add(to, to, &p);
        }
    }
    *r = z;
}

static void products(void **state)
{
    zkg_fp12 a, b, want, got, line = {0};
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 200; i++) {
        random_fp12(&a, &g);
        random_fp12(&b, &g);
        mul_plainly(&want, &a, &b);
        zkg_fp12_mul(&got, &a, &b);
        assert_true(zkg_fp12_equal(&got, &want));
        got = a;
        fp12_mul(&got, &got, &b);
        assert_true(zkg_fp12_equal(&got, &want));
        mul_plainly(&want, &a, &a);
        got = a;
        fp12_sqr(&got, &got);
        assert_true(zkg_fp12_equal(&got, &want));
        line.c0.c0 = b.c0.c0;
        line.c1.c0 = b.c1.c0;
        line.c1.c1 = b.c1.c1;
        mul_plainly(&want, &a, &line);
        got = a;
        fp12_mul_034(&got, &got, &b.c0.c0, &b.c1.c0, &b.c1.c1);
        assert_true(zkg_fp12_equal(&got, &want));
    }
}

static void inverses(void **state)
{
    zkg_fp12 a, b;
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 50; i++) {
        random_fp12(&a, &g);
        zkg_fp12_inv(&b, &a);
        zkg_fp12_mul(&b, &b, &a);
        assert_true(zkg_fp12_is_one(&b));
    }
    memset(&a, 0, sizeof(a));
    zkg_fp12_inv(&b, &a);
    assert_true(zkg_fp12_equal(&a, &b));
}

static void frobenius_is_the_power(void **state)
{
    zkg_fp12 a, b, c;
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 5; i++) {
        random_fp12(&a, &g);
        zkg_fp12_pow(&b, &a, zkg_fp_mod_.p, 4);
        fp12_frob1(&c, &a);
        assert_true(zkg_fp12_equal(&b, &c));
        zkg_fp12_pow(&b, &b, zkg_fp_mod_.p, 4);
        fp12_frob2(&c, &a);
        assert_true(zkg_fp12_equal(&b, &c));
        fp12_frob2(&c, &c);
        fp12_frob2(&c, &c);
        fp12_conj(&b, &a);
        assert_true(zkg_fp12_equal(&b, &c));
    }
}

static void cyclotomic_square(void **state)
{
    zkg_fp12 a, b, c;
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 20; i++) {
        random_fp12(&a, &g);
        /* a^((q^6 - 1)(q^2 + 1)) */
        zkg_fp12_inv(&b, &a);
        fp12_conj(&a, &a);
        fp12_mul(&a, &a, &b);
        fp12_frob2(&b, &a);
        fp12_mul(&a, &a, &b);
        fp12_sqr(&b, &a);
        c = a;
        fp12_cyc_sqr(&c, &c);
        assert_true(zkg_fp12_equal(&b, &c));
    }
}

static void powers(void **state)
{
    const uint64_t e[2] = {5, 0};
    zkg_fp12 a, b, c;
    rng g = rng_new();

    (void)state;
    random_fp12(&a, &g);
    zkg_fp12_pow(&b, &a, e, 0);
    assert_true(zkg_fp12_is_one(&b));
    zkg_fp12_pow(&b, &a, e, 2);
    mul_plainly(&c, &a, &a);
    mul_plainly(&c, &c, &c);
    mul_plainly(&c, &c, &a);
    assert_true(zkg_fp12_equal(&b, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(inverses),
        cmocka_unit_test(frobenius_is_the_power),
        cmocka_unit_test(cyclotomic_square),
        cmocka_unit_test(powers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
