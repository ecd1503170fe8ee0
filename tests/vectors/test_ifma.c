/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field/ifma.h against GMP: operands at the ends of what each function allows,
 * and results within what it promises.  Exits with 77 without AVX-512 IFMA.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "../unit/rng.h"
#include "base/cpu.h"
#include "field/fp.h"
#include "field/fr.h"
#include "field/ifma.h"

enum { TRIALS = 3000 };

static void limbs_of(uint64_t out[8][5], const zkg_x8 *a)
{
    uint64_t t[8];

    for (int i = 0; i < 5; i++) {
        _mm512_storeu_si512(t, a->l[i]);
        for (int k = 0; k < 8; k++)
            out[k][i] = t[k];
    }
}

/* z[k] = lane k of a; its limbs are below 2^52 */
static void get(mpz_t z[8], const zkg_x8 *a)
{
    uint64_t l[8][5];

    limbs_of(l, a);
    for (int k = 0; k < 8; k++) {
        mpz_set_ui(z[k], 0);
        for (int i = 4; i >= 0; i--) {
            assert_true(l[k][i] >> 52 == 0);
            mpz_mul_2exp(z[k], z[k], 52);
            mpz_add_ui(z[k], z[k], l[k][i]);
        }
    }
}

static void put(zkg_x8 *a, mpz_t z[8])
{
    uint64_t t[5][8];
    mpz_t v;

    mpz_init(v);
    for (int k = 0; k < 8; k++) {
        mpz_set(v, z[k]);
        for (int i = 0; i < 5; i++) {
            t[i][k] = mpz_get_ui(v) & (((uint64_t)1 << 52) - 1);
            mpz_fdiv_q_2exp(v, v, 52);
        }
        assert_int_equal(mpz_sgn(v), 0);
    }
    for (int i = 0; i < 5; i++)
        a->l[i] = _mm512_loadu_si512(t[i]);
    mpz_clear(v);
}

/* z below k p, often near 0 or a multiple of p */
static void random_below(mpz_t z, const mpz_t p, unsigned k, rng *r)
{
    const uint64_t w[4] = {rng_edge(r), rng_edge(r), rng_edge(r), rng_edge(r)};

    mpz_import(z, 4, -1, 8, 0, 0, w);
    switch (rng_below(r, 4)) {
    case 0:
        mpz_set_ui(z, rng_below(r, 3));
        break;
    case 1:
        mpz_sub_ui(z, p, 1 + rng_below(r, 3));
        break;
    default:
        mpz_mod(z, z, p);
    }
    mpz_addmul_ui(z, p, rng_below(r, k));
}

/* Of a factor the bits that mean nothing, set at random. */
static void disturb(zkg_x8 *a, rng *r)
{
    for (int i = 0; i < 5; i++)
        a->l[i] = _mm512_or_si512(
            a->l[i],
            _mm512_slli_epi64(_mm512_set1_epi64((long long)rng_u64(r)), 52));
}

/* A sum of the same value: limbs lend to those below, and borrow. */
static void lend(zkg_x8 *a, rng *r)
{
    for (int i = 0; i < 4; i++) {
        const long long some = (long long)rng_below(r, 79) - 15;

        a->l[i] =
            _mm512_add_epi64(a->l[i], _mm512_set1_epi64(some * (1ll << 52)));
        a->l[i + 1] = _mm512_sub_epi64(a->l[i + 1], _mm512_set1_epi64(some));
    }
}

/* c = a b / 2^260 by the first of two products or the second, whose other
 * factors are what they may. */
static void multiply(zkg_x8 *c, const zkg_x8 *a, const zkg_x8 *b,
                     const zkg_x8_mod *m, rng *r)
{
    const size_t at = (size_t)rng_below(r, 2);
    zkg_x8 x[2] = {*b, *b}, y[2] = {*a, *a};

    x[at] = *a;
    y[at] = *b;
    disturb(&x[0], r);
    disturb(&y[1], r);
    zkg_x8_mul2(x, x, y, m);
    *c = x[at];
    zkg_x8_to_factor(&x[at]);
    zkg_x8_carry(c);
    for (int i = 0; i < 5; i++) /* the same but for what means nothing */
        assert_int_equal(
            _mm512_test_epi64_mask(_mm512_xor_si512(x[at].l[i], c->l[i]),
                                   zkg_x8_mask()),
            0);
}

static void operations(const zkg_limb4_mod *from)
{
    static const unsigned pairs[][2] = {{1, 1}, {2, 2},  {5, 1},
                                        {8, 2}, {2, 64}, {64, 64}};
    mpz_t p, x[8], y[8], z[8], want, r260;
    rng r = rng_new();
    zkg_x8 a, b, c;
    zkg_x8_mod m;

    mpz_inits(p, want, r260, NULL);
    for (int k = 0; k < 8; k++)
        mpz_inits(x[k], y[k], z[k], NULL);
    mpz_import(p, 4, -1, 8, 0, 0, from->p);
    mpz_set_ui(r260, 1);
    mpz_mul_2exp(r260, r260, 260);
    zkg_x8_mod_init(&m, from);
    for (int t = 0; t < TRIALS; t++) {
        const unsigned *bound = pairs[t % 6];
        const unsigned kp = 1 + (unsigned)rng_below(&r, 4);

        for (int k = 0; k < 8; k++) {
            random_below(x[k], p, bound[0], &r);
            random_below(y[k], p, bound[1], &r);
        }
        put(&a, x);
        put(&b, y);
        multiply(&c, &a, &b, &m, &r);
        get(z, &c);
        for (int k = 0; k < 8; k++) {
            /* z 2^260 = x y, z < (1 + 0.012 A B) p */
            mpz_mul(want, z[k], r260);
            mpz_submul(want, x[k], y[k]);
            assert_true(mpz_divisible_p(want, p));
            mpz_mul_ui(want, p, 1000 + 12 * bound[0] * bound[1]);
            mpz_submul_ui(want, z[k], 1000);
            assert_true(mpz_sgn(want) > 0);
        }
        zkg_x8_add(&c, &a, &b);
        zkg_x8_shift(&c, 1);
        zkg_x8_carry(&c);
        if (bound[0] + bound[1] < 40) {
            get(z, &c);
            for (int k = 0; k < 8; k++) {
                mpz_add(want, x[k], y[k]);
                mpz_mul_2exp(want, want, 1);
                assert_int_equal(mpz_cmp(want, z[k]), 0);
            }
        }
        for (int k = 0; k < 8; k++)
            random_below(y[k], p, kp, &r);
        put(&b, y);
        zkg_x8_sub(&c, &a, &b, (int)kp, &m);
        zkg_x8_carry(&c);
        get(z, &c);
        for (int k = 0; k < 8; k++) {
            mpz_sub(want, x[k], y[k]);
            mpz_addmul_ui(want, p, kp);
            assert_int_equal(mpz_cmp(want, z[k]), 0);
        }
        zkg_x8_reduce(&c, &a, (int)kp, &m);
        get(z, &c);
        for (int k = 0; k < 8; k++) {
            mpz_set(want, x[k]);
            mpz_submul_ui(want, p, kp);
            if (mpz_sgn(want) < 0)
                mpz_set(want, x[k]);
            assert_int_equal(mpz_cmp(want, z[k]), 0);
        }
    }
    for (int t = 0; t < TRIALS; t++) {
        for (int k = 0; k < 8; k++)
            random_below(x[k], p, 4, &r);
        put(&a, x);
        if (t % 2)
            lend(&a, &r);
        zkg_x8_reduce4(&c, &a, &m);
        get(z, &c);
        for (int k = 0; k < 8; k++) {
            mpz_mod(want, x[k], p);
            assert_int_equal(mpz_cmp(want, z[k]), 0);
        }
    }
    for (int k = 0; k < 8; k++)
        mpz_clears(x[k], y[k], z[k], NULL);
    mpz_clears(p, want, r260, NULL);
}

static void in_fr(void **state)
{
    (void)state;
    operations(&zkg_fr_mod_);
}

static void in_fp(void **state)
{
    (void)state;
    operations(&zkg_fp_mod_);
}

static void layouts(void **state)
{
    uint64_t in[8][8], out[8][8], l[8][5];
    rng r = rng_new();
    __m512i w[8], v[4];
    zkg_x8 a;

    (void)state;
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            in[i][j] = rng_edge(&r);
    for (int i = 0; i < 8; i++)
        w[i] = _mm512_loadu_si512(in[i]);
    zkg_x8_transpose(w);
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(out[i], w[i]);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            assert_true(in[i][j] == out[j][i]);
    for (int t = 0; t < TRIALS; t++) {
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < 8; k++)
                in[i][k] = rng_edge(&r);
            w[i] = _mm512_loadu_si512(in[i]);
        }
        zkg_x8_from_64(&a, w);
        limbs_of(l, &a);
        for (int k = 0; k < 8; k++)
            for (int i = 0; i < 5; i++)
                assert_true(l[k][i] >> 52 == 0);
        zkg_x8_to_64(v, &a);
        for (int i = 0; i < 4; i++) {
            _mm512_storeu_si512(out[i], v[i]);
            assert_memory_equal(in[i], out[i], 64);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_fr),
        cmocka_unit_test(in_fp),
        cmocka_unit_test(layouts),
    };

    if (!(zkg_cpu_features(ZKG_CPU_ALL) & ZKG_CPU_AVX512IFMA)) {
        printf("SKIP: this processor has no AVX-512 IFMA\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
