/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/glv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "curve/g1.h"
#include "curve/glv_variant.h"
#include "rng.h"

/* t^2 + t + 1 = 0 for both constants, neither of them 1, and phi = lambda. */
static void the_endomorphism_is_lambda(void **state)
{
    rng g = rng_new();
    zkg_fr l;
    zkg_fp b;

    (void)state;
    zkg_fr_sqr(&l, &zkg_glv_lambda);
    zkg_fr_add(&l, &l, &zkg_glv_lambda);
    zkg_fr_add(&l, &l, &zkg_fr_one);
    assert_true(zkg_fr_is_zero(&l));
    zkg_fp_sqr(&b, &zkg_glv_beta);
    zkg_fp_add(&b, &b, &zkg_glv_beta);
    zkg_fp_add(&b, &b, &zkg_fp_one);
    assert_true(zkg_fp_is_zero(&b));
    for (int i = 0; i < 20; i++) {
        zkg_g1 p, image, want;

        zkg_fr_from_u64(&l, rng_u64(&g));
        zkg_g1_mul(&p, &zkg_g1_generator, &l);
        image = p;
        zkg_fp_mul(&image.x, &p.x, &zkg_glv_beta);
        assert_true(zkg_g1_on_curve(&image));
        zkg_g1_mul(&want, &p, &zkg_glv_lambda);
        assert_true(zkg_g1_equal(&image, &want));
    }
}

/* Two words as a field element, with a sign. */
static void from_half(zkg_fr *r, const uint64_t half[2], uint32_t negative)
{
    zkg_fr high, shift;

    zkg_fr_from_u64(r, half[0]);
    zkg_fr_from_u64(&high, half[1]);
    zkg_fr_from_u64(&shift, (uint64_t)1 << 32);
    zkg_fr_mul(&high, &high, &shift);
    zkg_fr_mul(&high, &high, &shift);
    zkg_fr_add(r, r, &high);
    if (negative)
        zkg_fr_neg(r, r);
}

/* The halves of k, or of -k, are short and add up, in lanes too; the larger
 * one's top word. */
static uint64_t check(const zkg_fr *k)
{
    enum { LANES = 16 };
    const uint64_t limit = (uint64_t)1 << (ZKG_GLV_BITS - 64);
    uint64_t m[4], n[4], all[LANES][4];
    zkg_fr minus, low, high;
    zkg_glv g, every[LANES];

    zkg_fr_to_scalar(m, k);
    zkg_fr_neg(&minus, k);
    zkg_fr_to_scalar(n, &minus);
    /* m + n = p, or both are 0: the smaller one is below p / 2 */
    for (int i = 3; i >= 0; i--) {
        if (m[i] == n[i])
            continue;
        if (m[i] < n[i])
            minus = *k;
        else
            memcpy(m, n, sizeof(m));
        break;
    }
    zkg_glv_split(&g, m);
    for (int i = 0; i < LANES; i++)
        memcpy(all[i], m, sizeof(m));
    ZKG_VARIANT_CALL_3(zkg_cpu_features(ZKG_CPU_ALL), zkg_glv_splits, every,
                       (const uint64_t(*)[4])all, LANES);
    for (int i = 0; i < LANES; i++)
        assert_memory_equal(&every[i], &g, sizeof(g));
    assert_true(g.half[0][1] < limit && g.half[1][1] < limit);
    from_half(&low, g.half[0], g.negative[0]);
    from_half(&high, g.half[1], g.negative[1]);
    zkg_fr_mul(&high, &high, &zkg_glv_lambda);
    zkg_fr_add(&low, &low, &high);
    assert_true(zkg_fr_equal(&low, &minus));
    return g.half[0][1] > g.half[1][1] ? g.half[0][1] : g.half[1][1];
}

static void halves_add_up(void **state)
{
    rng g = rng_new();
    zkg_fr k;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        zkg_fr_from_u64(&k, rng_edge(&g));
        if (i & 1)
            zkg_fr_inv(&k, &k);
        if (i & 2)
            zkg_fr_mul(&k, &k, &zkg_glv_lambda);
        check(&k);
    }
    zkg_fr_half(&k, &zkg_fr_one); /* (p + 1) / 2 */
    check(&k);
    k = zkg_fr_zero;
    check(&k);
    check(&zkg_glv_lambda);
}

/* Each variant makes of arrays of all lengths what is made of one by one. */
static void many_are_halved_as_one_is(void **state)
{
    enum { MOST = 67 };
    const uint32_t cpu[] = {0, zkg_cpu_features(ZKG_CPU_MULX),
                            zkg_cpu_features(ZKG_CPU_ALL)};
    rng g = rng_new();

    (void)state;
    for (size_t round = 0; round < 40 * (MOST + 1); round++) {
        const size_t n = round % (MOST + 1);
        uint64_t m[MOST + 1][4], want[4];
        uint32_t negative[MOST + 1];
        zkg_glv halves[MOST + 1], one;
        zkg_fr s[MOST];

        for (size_t i = 0; i < n; i++) {
            zkg_fr_from_u64(&s[i], rng_edge(&g));
            if (rng_below(&g, 2))
                zkg_fr_inv(&s[i], &s[i]);
            if (rng_below(&g, 2))
                zkg_fr_mul(&s[i], &s[i], &zkg_glv_lambda);
            if (rng_below(&g, 4) == 0) /* about p / 2 */
                zkg_fr_half(&s[i], &s[i]);
            if (rng_below(&g, 2))
                zkg_fr_neg(&s[i], &s[i]);
        }
        for (int c = 0; c < 3; c++) {
            memset(m, 0xa5, sizeof(m));
            memset(halves, 0xa5, sizeof(halves));
            negative[n] = 7;
            ZKG_VARIANT_CALL_3(cpu[c], zkg_glv_magnitudes, m, negative, s, n);
            ZKG_VARIANT_CALL_3(cpu[c], zkg_glv_splits, halves,
                               (const uint64_t(*)[4])m, n);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(zkg_glv_magnitude(want, &s[i]), negative[i]);
                assert_memory_equal(want, m[i], sizeof(want));
                zkg_glv_split(&one, want);
                assert_memory_equal(&one, &halves[i], sizeof(one));
            }
            /* nothing behind them */
            assert_int_equal(negative[n], 7);
            assert_int_equal(m[n][0], 0xa5a5a5a5a5a5a5a5);
            assert_int_equal(halves[n].half[0][0], 0xa5a5a5a5a5a5a5a5);
        }
    }
}

/* (a + da) + lambda (b + db), with both signs; the longest half so far. */
static uint64_t check_near(const zkg_fr *a, const zkg_fr *b, uint64_t longest)
{
    for (int64_t i = 0; i < 25; i++) {
        uint64_t top;
        zkg_fr k, t;

        zkg_fr_from_i64(&t, i / 5 - 2);
        zkg_fr_add(&k, a, &t);
        zkg_fr_from_i64(&t, i % 5 - 2);
        zkg_fr_add(&t, b, &t);
        zkg_fr_mul(&t, &t, &zkg_glv_lambda);
        zkg_fr_add(&k, &k, &t);
        top = check(&k);
        longest = top > longest ? top : longest;
        zkg_fr_neg(&k, &k);
        top = check(&k);
        longest = top > longest ? top : longest;
    }
    return longest;
}

/* Half the sum and half the difference of the basis, (3 x^2 + 3 x + 1, -3 x^2)
 * and (3 x^2 + x, 3 x^2 + 2 x) but for 1/2, are furthest from the lattice. */
static void the_longest_halves(void **state)
{
    zkg_fr x, square, a, b;
    uint64_t longest;

    (void)state;
    zkg_fr_from_u64(&x, 4965661367192848881u);
    zkg_fr_sqr(&square, &x);
    zkg_fr_double(&a, &square);
    zkg_fr_add(&square, &square, &a); /* 3 x^2 */
    zkg_fr_add(&a, &square, &x);
    zkg_fr_add(&b, &a, &x);
    longest = check_near(&a, &b, 0);
    zkg_fr_add(&a, &b, &x);
    zkg_fr_add(&a, &a, &zkg_fr_one);
    zkg_fr_neg(&b, &square);
    longest = check_near(&a, &b, longest);
    /* 3 x^2 has 126 bits: the bound is no larger than it must be */
    assert_int_equal(longest >> (ZKG_GLV_BITS - 65), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_endomorphism_is_lambda),
        cmocka_unit_test(halves_add_up),
        cmocka_unit_test(many_are_halved_as_one_is),
        cmocka_unit_test(the_longest_halves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
