/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "base/cpu.h"
#include "rng.h"

/* Every test runs with plain C and with what the processor has. */
static uint32_t variant(int k)
{
    return k ? zkg_cpu_features(ZKG_CPU_ALL) : 0;
}

static void random_fr(zkg_fr *r, rng *g)
{
    uint8_t b[64];

    for (int i = 0; i < 64; i++)
        b[i] = (uint8_t)rng_u64(g);
    zkg_fr_from_wide_bytes(r, b);
}

static void random_pair(zkg_g1 *p, zkg_g2 *q, rng *g)
{
    zkg_fr k;

    random_fr(&k, g);
    zkg_g1_mul(p, &zkg_g1_generator, &k);
    random_fr(&k, g);
    zkg_g2_mul(q, &zkg_g2_generator, &k);
}

static void variants_agree(void **state)
{
    zkg_fp12 a, b;
    rng g = rng_new();
    zkg_g1 p;
    zkg_g2 q;

    (void)state;
    for (int i = 0; i < 10; i++) {
        random_pair(&p, &q, &g);
        zkg_pairing_miller(&a, &p, &q, 1, 0);
        zkg_pairing_miller(&b, &p, &q, 1, variant(1));
        assert_true(zkg_fp12_equal(&a, &b));
        zkg_pairing(&a, &p, &q, 0);
        zkg_pairing(&b, &p, &q, variant(1));
        assert_true(zkg_fp12_equal(&a, &b));
    }
}

static void bilinear(void **state)
{
    rng g = rng_new();

    (void)state;
    for (int i = 0; i < 6; i++) {
        const uint32_t cpu = variant(i & 1);
        zkg_fp12 e, l, r;
        uint64_t s[4];
        zkg_g1 p, ap;
        zkg_g2 q, aq;
        zkg_fr a;

        random_pair(&p, &q, &g);
        random_fr(&a, &g);
        zkg_g1_mul(&ap, &p, &a);
        zkg_g2_mul(&aq, &q, &a);
        zkg_fr_to_scalar(s, &a);
        zkg_pairing(&e, &p, &q, cpu);
        zkg_fp12_pow(&e, &e, s, 4);
        zkg_pairing(&l, &ap, &q, cpu);
        zkg_pairing(&r, &p, &aq, cpu);
        assert_true(zkg_fp12_equal(&e, &l));
        assert_true(zkg_fp12_equal(&e, &r));
        /* e(p + p', q) = e(p, q) e(p', q) */
        zkg_g1_add(&ap, &p, &zkg_g1_generator);
        zkg_pairing(&e, &ap, &q, cpu);
        zkg_pairing(&l, &p, &q, cpu);
        zkg_pairing(&r, &zkg_g1_generator, &q, cpu);
        zkg_fp12_mul(&l, &l, &r);
        assert_true(zkg_fp12_equal(&e, &l));
    }
}

static void not_degenerate(void **state)
{
    zkg_fp12 e, one;
    uint64_t s[4];

    (void)state;
    for (int k = 0; k < 2; k++) {
        zkg_pairing(&e, &zkg_g1_generator, &zkg_g2_generator, variant(k));
        assert_false(zkg_fp12_is_one(&e));
        memcpy(s, zkg_fr_mod_.p, sizeof(s));
        zkg_fp12_pow(&one, &e, s, 4);
        assert_true(zkg_fp12_is_one(&one));
    }
}

/* The final exponentiation against square and multiply. */
static void final_exponentiation(void **state)
{
    uint64_t limbs[64] = {0};
    mpz_t q, r, x, e, k;
    zkg_fp12 f, want, got;
    rng g = rng_new();
    zkg_g1 a;
    zkg_g2 b;
    size_t n;

    (void)state;
    mpz_inits(q, r, x, e, k, NULL);
    mpz_import(q, 4, -1, 8, 0, 0, zkg_fp_mod_.p);
    mpz_import(r, 4, -1, 8, 0, 0, zkg_fr_mod_.p);
    mpz_set_str(x, "4965661367192848881", 10);
    mpz_pow_ui(e, q, 12);
    mpz_sub_ui(e, e, 1);
    assert_true(mpz_divisible_p(e, r));
    mpz_divexact(e, e, r);
    /* k = 2 x (6 x^2 + 3 x + 1) */
    mpz_mul_ui(k, x, 6);
    mpz_add_ui(k, k, 3);
    mpz_mul(k, k, x);
    mpz_add_ui(k, k, 1);
    mpz_mul(k, k, x);
    mpz_mul_ui(k, k, 2);
    mpz_mul(e, e, k);
    assert_true(mpz_sizeinbase(e, 2) <= 64 * 64);
    mpz_export(limbs, &n, -1, 8, 0, 0, e);
    for (int i = 0; i < 4; i++) {
        random_pair(&a, &b, &g);
        zkg_pairing_miller(&f, &a, &b, 1, 0);
        zkg_fp12_pow(&want, &f, limbs, n);
        zkg_pairing(&got, &a, &b, variant(i & 1));
        assert_true(zkg_fp12_equal(&want, &got));
    }
    mpz_clears(q, r, x, e, k, NULL);
}

enum { PAIRS = 19 };

static void checks_of_n_pairs(void **state)
{
    zkg_fr sum, s, t;
    rng g = rng_new();
    zkg_g1 p[PAIRS];
    zkg_g2 q[PAIRS];

    (void)state;
    for (size_t n = 0; n <= PAIRS; n += n < 3 ? 1 : 4) {
        for (int k = 0; k < 2; k++) {
            /* the last pair makes up for the others; some are infinite */
            sum = zkg_fr_zero;
            for (size_t i = 0; i + 1 < n; i++) {
                random_fr(&s, &g);
                random_fr(&t, &g);
                if (i % 4 == 1)
                    s = zkg_fr_zero;
                if (i % 4 == 3)
                    t = zkg_fr_zero;
                zkg_g1_mul(&p[i], &zkg_g1_generator, &s);
                zkg_g2_mul(&q[i], &zkg_g2_generator, &t);
                zkg_fr_mul(&s, &s, &t);
                zkg_fr_add(&sum, &sum, &s);
            }
            zkg_fr_neg(&sum, &sum);
            if (n) {
                zkg_g1_mul(&p[n - 1], &zkg_g1_generator, &sum);
                q[n - 1] = zkg_g2_generator;
            }
            assert_true(zkg_pairing_check(p, q, n, variant(k)));
            if (n) {
                zkg_g1_add(&p[n - 1], &p[n - 1], &zkg_g1_generator);
                assert_false(zkg_pairing_check(p, q, n, variant(k)));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_agree),
        cmocka_unit_test(bilinear),
        cmocka_unit_test(not_degenerate),
        cmocka_unit_test(final_exponentiation),
        cmocka_unit_test(checks_of_n_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
