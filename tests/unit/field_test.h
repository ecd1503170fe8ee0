/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of a prime field against GMP.  test_fr.c and test_fp.c
 * include this after defining F(name), T, WIDE, MODULUS (decimal) and the
 * field's header; built again with ZKG_FIELD_MULX for the assembler.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "base/cpu.h"
#include "rng.h"

enum { TRIALS = 20000, SLOW_TRIALS = 200 };

static mpz_t p; /* set up once, by main */

static void to_mpz(mpz_t z, const T *a)
{
    uint8_t b[32];

    F(to_bytes)(b, a);
    mpz_import(z, 32, -1, 1, 0, 0, b);
}

static void from_mpz(T *a, const mpz_t z)
{
    uint8_t b[32] = {0};

    assert_true(mpz_sgn(z) >= 0 && mpz_cmp(z, p) < 0);
    mpz_export(b, NULL, -1, 1, 0, 0, z);
    assert_true(F(from_bytes)(a, b));
}

/* z mod p is a, and a is canonical */
static void check(const T *a, const mpz_t z)
{
    mpz_t u, v;

    mpz_inits(u, v, NULL);
    mpz_import(v, 4, -1, 8, 0, 0, a->l);
    assert_true(mpz_cmp(v, p) < 0);
    mpz_mod(u, z, p);
    to_mpz(v, a);
    assert_int_equal(mpz_cmp(u, v), 0);
    mpz_clears(u, v, NULL);
}

/* Biased to 0, small, p - small and limbs at their ends. */
static void random_mpz(mpz_t z, rng *r)
{
    uint64_t w[4] = {rng_edge(r), rng_edge(r), rng_edge(r), rng_edge(r)};

    switch (rng_below(r, 8)) {
    case 0:
        mpz_set_ui(z, rng_below(r, 4));
        break;
    case 1:
        mpz_sub_ui(z, p, 1 + rng_below(r, 4));
        break;
    case 2: /* the Montgomery form is p - small */
        mpz_set_ui(z, 1);
        mpz_mul_2exp(z, z, 256);
        assert_true(mpz_invert(z, z, p));
        mpz_mul_ui(z, z, 1 + rng_below(r, 4));
        mpz_neg(z, z);
        mpz_mod(z, z, p);
        break;
    default:
        mpz_import(z, 4, -1, 8, 0, 0, w);
        mpz_mod(z, z, p);
    }
}

static void set_i64(mpz_t z, int64_t v)
{
    const uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    mpz_import(z, 1, -1, 8, 0, 0, &m);
    if (v < 0)
        mpz_neg(z, z);
}

static void ring_operations(void **state)
{
    rng r = rng_new();
    mpz_t a, b, c;
    T x, y, z;

    (void)state;
    mpz_inits(a, b, c, NULL);
    for (int i = 0; i < TRIALS; i++) {
        random_mpz(a, &r);
        random_mpz(b, &r);
        from_mpz(&x, a);
        from_mpz(&y, b);
        assert_int_equal(F(equal)(&x, &y), mpz_cmp(a, b) == 0);
        assert_int_equal(F(is_zero)(&x), mpz_sgn(a) == 0);

        mpz_add(c, a, b);
        F(add)(&z, &x, &y);
        check(&z, c);
        mpz_sub(c, a, b);
        F(sub)(&z, &x, &y);
        check(&z, c);
        mpz_mul(c, a, b);
        F(mul)(&z, &x, &y);
        check(&z, c);
        z = x;
        F(mul)(&z, &z, &y);
        check(&z, c);
        z = y;
        F(mul)(&z, &x, &z);
        check(&z, c);
        mpz_mul(c, a, a);
        F(sqr)(&z, &x);
        check(&z, c);
        z = x;
        F(mul)(&z, &z, &z);
        check(&z, c);
        mpz_neg(c, a);
        F(neg)(&z, &x);
        check(&z, c);
        mpz_mul_ui(c, a, 2);
        F(double)(&z, &x);
        check(&z, c);
        F(half)(&z, &x);
        F(add)(&z, &z, &z);
        check(&z, a);
    }
    mpz_clears(a, b, c, NULL);
}

static void inverse_and_power(void **state)
{
    rng r = rng_new();
    mpz_t a, c;
    T x, z;

    (void)state;
    mpz_inits(a, c, NULL);
    for (int i = 0; i < SLOW_TRIALS; i++) {
        uint64_t e = i < 4 ? (uint64_t)i : rng_edge(&r);
        uint64_t limbs[2] = {rng_edge(&r), rng_edge(&r)};
        mpz_t ez;

        random_mpz(a, &r);
        from_mpz(&x, a);
        if (!mpz_invert(c, a, p))
            mpz_set_ui(c, 0);
        F(inv)(&z, &x);
        check(&z, c);
        mpz_init(ez);
        mpz_import(ez, 1, -1, 8, 0, 0, &e);
        mpz_powm(c, a, ez, p);
        F(pow_u64)(&z, &x, e);
        check(&z, c);
        mpz_import(ez, 2, -1, 8, 0, 0, limbs);
        mpz_powm(c, a, ez, p);
        F(pow)(&z, &x, limbs, 2);
        check(&z, c);
        mpz_clear(ez);
    }
    mpz_clears(a, c, NULL);
}

static void batch_inverse_keeps_zeros(void **state)
{
    static const size_t lens[] = {0, 1, 2, 3, 64, 101};
    T v[101], w[101], scratch[101], z;
    rng r = rng_new();
    mpz_t a;

    (void)state;
    mpz_init(a);
    for (size_t k = 0; k < sizeof(lens) / sizeof(*lens); k++) {
        for (size_t i = 0; i < lens[k]; i++) {
            random_mpz(a, &r);
            from_mpz(&v[i], a);
            w[i] = v[i];
        }
        F(batch_inv)(w, lens[k], scratch);
        for (size_t i = 0; i < lens[k]; i++) {
            F(inv)(&z, &v[i]);
            assert_true(F(equal)(&z, &w[i]));
        }
    }
    memset(v, 0, sizeof(v));
    F(batch_inv)(v, 3, scratch);
    assert_true(F(is_zero)(&v[0]) && F(is_zero)(&v[2]));
    mpz_clear(a);
}

static void integers(void **state)
{
    static const int64_t edges[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1, INT32_MIN, 1 << 30};
    const size_t n = sizeof(edges) / sizeof(*edges);
    rng r = rng_new();
    mpz_t a, b, c;
    int64_t w;
    T x, z;

    (void)state;
    mpz_inits(a, b, c, NULL);
    for (size_t i = 0; i < TRIALS; i++) {
        int64_t v = i < n ? edges[i] : (int64_t)rng_edge(&r);

        set_i64(b, v);
        F(from_i64)(&z, v);
        check(&z, b);
        w = ~v;
        assert_true(F(to_i64)(&w, &z));
        assert_true(w == v);
        random_mpz(a, &r);
        from_mpz(&x, a);
        mpz_mul(c, a, b);
        F(mul_i64)(&z, &x, v);
        check(&z, c);
        mpz_import(c, 1, -1, 8, 0, 0, &v);
        F(from_u64)(&z, (uint64_t)v);
        check(&z, c);
    }
    /* one beyond either end */
    w = 7;
    F(from_u64)(&z, (uint64_t)1 << 63);
    assert_false(F(to_i64)(&w, &z));
    F(neg)(&z, &z);
    F(sub)(&z, &z, &F(one));
    assert_false(F(to_i64)(&w, &z));
    assert_int_equal(w, 7);
    mpz_clears(a, b, c, NULL);
}

static void wide_sums(void **state)
{
    rng r = rng_new();
    mpz_t a, b, sum;
    T x, z;

    (void)state;
    mpz_inits(a, b, sum, NULL);
    for (int k = 0; k < 300; k++) {
        /* 0: anything; 1, 2: all of one sign and as large as can be */
        const int kind = k % 3;
        WIDE acc = {{0}};

        mpz_set_ui(sum, 0);
        F(wide_reduce)(&z, &acc);
        check(&z, sum);
        for (int i = 0; i < 50; i++) {
            int64_t v = kind == 0   ? (int64_t)rng_edge(&r)
                        : kind == 1 ? INT64_MIN
                                    : INT64_MAX;

            random_mpz(a, &r);
            if (kind) {
                /* Montgomery form p - 1 */
                memcpy(x.l, F(mod_).p, sizeof(x.l));
                x.l[0]--;
                to_mpz(a, &x);
            } else {
                from_mpz(&x, a);
            }
            F(wide_mac)(&acc, &x, v);
            set_i64(b, v);
            mpz_addmul(sum, a, b);
        }
        F(wide_reduce)(&z, &acc);
        check(&z, sum);
    }
    mpz_clears(a, b, sum, NULL);
}

/* The largest sums that are promised, built by doubling the accumulator. */
static void wide_sums_of_2_to_the_64_terms(void **state)
{
    const int64_t ends[] = {INT64_MIN, INT64_MAX};

    (void)state;
    for (int k = 0; k < 2; k++) {
        mpz_t sum, t;
        WIDE acc = {{0}};
        T x, z;

        mpz_inits(sum, t, NULL);
        memcpy(x.l, F(mod_).p, sizeof(x.l));
        x.l[0]--;
        F(wide_mac)(&acc, &x, ends[k]);
        to_mpz(sum, &x);
        set_i64(t, ends[k]);
        mpz_mul(sum, sum, t);
        for (int i = 0; i < 64; i++) {
            for (int j = 5; j > 0; j--)
                acc.l[j] = acc.l[j] << 1 | acc.l[j - 1] >> 63;
            acc.l[0] <<= 1;
        }
        mpz_mul_2exp(sum, sum, 64);
        F(wide_reduce)(&z, &acc);
        check(&z, sum);
        mpz_clears(sum, t, NULL);
    }
}

static void bytes_have_one_form(void **state)
{
    rng r = rng_new();
    uint8_t b[32], again[32], wide[64];
    uint64_t s[4];
    mpz_t a, c;
    T x, y;

    (void)state;
    mpz_inits(a, c, NULL);
    for (int i = 0; i < 2000; i++) {
        random_mpz(a, &r);
        memset(b, 0, sizeof(b));
        mpz_export(b, NULL, -1, 1, 0, 0, a);
        assert_true(F(from_bytes)(&x, b));
        check(&x, a);
        F(to_bytes)(again, &x);
        assert_memory_equal(b, again, 32);
        F(to_scalar)(s, &x);
        mpz_import(c, 4, -1, 8, 0, 0, s);
        assert_int_equal(mpz_cmp(a, c), 0);
        assert_true(F(from_scalar)(&y, s));
        assert_true(F(equal)(&x, &y));
        /* the Montgomery form as bytes */
        mpz_mul_2exp(c, a, 256);
        mpz_mod(c, c, p);
        memset(b, 0, sizeof(b));
        mpz_export(b, NULL, -1, 1, 0, 0, c);
        assert_true(F(from_mont_bytes)(&y, b));
        assert_true(F(equal)(&x, &y));
        for (int j = 0; j < 8; j++) {
            uint64_t w = rng_edge(&r);

            for (int k = 0; k < 8; k++)
                wide[8 * j + k] = (uint8_t)(w >> 8 * k);
        }
        F(from_wide_bytes)(&x, wide);
        mpz_import(c, 64, -1, 1, 0, 0, wide);
        check(&x, c);
    }
    /* p + i and the largest number are refused, and change nothing */
    y = F(one);
    for (unsigned i = 0; i < 5; i++) {
        mpz_add_ui(c, p, i);
        if (i == 4) {
            mpz_set_ui(c, 1);
            mpz_mul_2exp(c, c, 256);
            mpz_sub_ui(c, c, 1);
        }
        memset(b, 0, sizeof(b));
        mpz_export(b, NULL, -1, 1, 0, 0, c);
        mpz_export(s, NULL, -1, 8, 0, 0, c);
        assert_false(F(from_bytes)(&y, b));
        assert_false(F(from_mont_bytes)(&y, b));
        assert_false(F(from_scalar)(&y, s));
        assert_true(F(equal)(&y, &F(one)));
    }
    mpz_sub_ui(c, p, 1);
    memset(b, 0, sizeof(b));
    mpz_export(b, NULL, -1, 1, 0, 0, c);
    assert_true(F(from_bytes)(&y, b));
    mpz_clears(a, c, NULL);
}

#define FIELD_TESTS                                                            \
    cmocka_unit_test(ring_operations), cmocka_unit_test(inverse_and_power),    \
        cmocka_unit_test(batch_inverse_keeps_zeros),                           \
        cmocka_unit_test(integers), cmocka_unit_test(wide_sums),               \
        cmocka_unit_test(wide_sums_of_2_to_the_64_terms),                      \
        cmocka_unit_test(bytes_have_one_form)

/* False, with a line, when this build's instructions are not there. */
static int can_run(void)
{
    mpz_init_set_str(p, MODULUS, 10);
#ifdef ZKG_FIELD_MULX
    if (!(zkg_cpu_features(ZKG_CPU_ALL) & ZKG_CPU_MULX)) {
        printf("SKIP: this processor has no mulx, adcx, adox\n");
        return 0;
    }
#endif
    return 1;
}
