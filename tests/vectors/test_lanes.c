/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend/ifma.h against GMP: what each function allows, up to its edges, and
 * results within what it promises.  Exits with 77 without AVX-512 IFMA.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "../unit/rng.h"
#include "backend/ifma.h"
#include "base/cpu.h"

enum { TRIALS = 2000 };

static mpz_t prime;

/* Lane k of an open v8. */
static void get(mpz_t out, const v8 *a, int k)
{
    uint64_t t[8];

    mpz_set_ui(out, 0);
    for (int i = 4; i >= 0; i--) {
        _mm512_storeu_si512(t, a->l[i]);
        assert_true(i < 4 || t[k] >> 52 == 0);
        mpz_mul_2exp(out, out, 52);
        mpz_add_ui(out, out, t[k] & ((UINT64_C(1) << 52) - 1));
    }
}

/* All lanes of a; open: with garbage above the lower limbs. */
static void put(v8 *a, mpz_t z[8], bool open, rng *r)
{
    uint64_t t[5][8];
    mpz_t v;

    mpz_init(v);
    for (int k = 0; k < 8; k++) {
        mpz_set(v, z[k]);
        for (int i = 0; i < 5; i++) {
            t[i][k] = mpz_get_ui(v) & ((UINT64_C(1) << 52) - 1);
            mpz_fdiv_q_2exp(v, v, 52);
            if (open && i < 4)
                t[i][k] |= rng_u64(r) << 52;
        }
        assert_int_equal(mpz_sgn(v), 0);
    }
    for (int i = 0; i < 5; i++)
        a->l[i] = _mm512_loadu_si512(t[i]);
    mpz_clear(v);
}

/* z below bound, half of the time within 2 of an end or of a multiple of p */
static void draw(mpz_t z, const mpz_t bound, rng *r)
{
    const uint64_t w[5] = {rng_u64(r), rng_u64(r), rng_u64(r), rng_u64(r),
                           rng_u64(r)};

    switch (rng_below(r, 4)) {
    case 0:
        mpz_sub_ui(z, bound, 1 + rng_below(r, 2));
        break;
    case 1:
        mpz_mul_ui(z, prime, rng_below(r, 8));
        mpz_add_ui(z, z, rng_below(r, 3));
        mpz_sub_ui(z, z, 1);
        break;
    default:
        mpz_import(z, 5, -1, 8, 0, 0, w);
    }
    mpz_fdiv_r(z, z, bound);
}

static void times_p(mpz_t out, unsigned k)
{
    mpz_mul_ui(out, prime, k);
}

/* z below 1.01 p, and want mod p */
static void assert_trimmed(const mpz_t z, mpz_t want)
{
    mpz_t bound;

    mpz_init(bound);
    mpz_mul_ui(bound, prime, 101);
    mpz_fdiv_q_ui(bound, bound, 100);
    assert_true(mpz_cmp(z, bound) < 0);
    assert_true(mpz_congruent_p(z, want, prime));
    mpz_clear(bound);
}

typedef struct eight {
    mpz_t z[8];
} eight;

static void eight_draw(eight *e, const mpz_t bound, rng *r)
{
    for (int k = 0; k < 8; k++) {
        mpz_init(e->z[k]);
        draw(e->z[k], bound, r);
    }
}

static void eight_clear(eight *e)
{
    for (int k = 0; k < 8; k++)
        mpz_clear(e->z[k]);
}

static void differences_stay_positive(void **state)
{
    rng r = rng_new();
    mpz_t bound, got, want;

    (void)state;
    mpz_inits(bound, got, want, NULL);
    times_p(bound, 2);
    for (int i = 0; i < TRIALS; i++) {
        eight x, y;
        v8 a, b, d;

        eight_draw(&x, bound, &r);
        eight_draw(&y, bound, &r);
        put(&a, x.z, false, &r);
        put(&b, y.z, false, &r);
        d = v8_diff(b, a);
        for (int k = 0; k < 8; k++) {
            get(got, &d, k);
            mpz_sub(want, y.z[k], x.z[k]);
            mpz_addmul_ui(want, prime, 2);
            assert_int_equal(mpz_cmp(got, want), 0);
        }
        eight_clear(&x);
        eight_clear(&y);
    }
    mpz_clears(bound, got, want, NULL);
}

/* Below 8 p, or 16. */
static void trimming_takes_multiples_of_p(void **state)
{
    rng r = rng_new();
    mpz_t bound, got;

    (void)state;
    mpz_inits(bound, got, NULL);
    for (int i = 0; i < 2 * TRIALS; i++) {
        const bool wide = i % 2;
        const uint64_t carry = wide ? 63 : 15;
        eight x;
        v8 a;

        times_p(bound, wide ? 16 : 8);

        eight_draw(&x, bound, &r);
        put(&a, x.z, false, &r);
        /* the same value, with carries not passed on */
        for (int k = 3; k >= 0; k--) {
            const __mmask8 some =
                _mm512_cmpge_epu64_mask(a.l[k + 1], v8_set(carry));

            a.l[k] = _mm512_mask_add_epi64(a.l[k], some, a.l[k],
                                           v8_set(carry << 52));
            a.l[k + 1] = _mm512_mask_sub_epi64(a.l[k + 1], some, a.l[k + 1],
                                               v8_set(carry));
        }
        a = wide ? v8_trim_16(a) : v8_trim(a);
        for (int k = 0; k < 8; k++) {
            get(got, &a, k);
            assert_trimmed(got, x.z[k]);
        }
        eight_clear(&x);
    }
    mpz_clears(bound, got, NULL);
}

/* One product, or three. */
static void constants_multiply_up_to_2_257(void **state)
{
    rng r = rng_new();
    mpz_t bound_d, bound_x, bound_c, c[3], got, want;

    (void)state;
    mpz_inits(bound_d, bound_x, bound_c, c[0], c[1], c[2], got, want, NULL);
    mpz_setbit(bound_d, 257);
    times_p(bound_x, 2);
    times_p(bound_c, 1);
    for (int i = 0; i < TRIALS; i++) {
        const int n = i % 2 ? 3 : 1;
        eight d[3], x;
        mulc8 m[3];
        v8 a[3], b;

        eight_draw(&x, bound_x, &r);
        put(&b, x.z, false, &r);
        for (int j = 0; j < n; j++) {
            uint64_t scalar[4] = {0};
            zkg_fr constant;

            eight_draw(&d[j], bound_d, &r);
            put(&a[j], d[j].z, true, &r);
            draw(c[j], bound_c, &r);
            mpz_export(scalar, NULL, -1, 8, 0, 0, c[j]);
            assert_true(zkg_fr_from_scalar(&constant, scalar));
            mulc8_init(&m[j], &constant);
        }
        b = n == 1 ? v8_mulc_add(a[0], m, b)
                   : v8_mulc_add_3(a[0], a[1], a[2], m, b);
        for (int k = 0; k < 8; k++) {
            get(got, &b, k);
            mpz_set(want, x.z[k]);
            for (int j = 0; j < n; j++)
                mpz_addmul(want, c[j], d[j].z[k]);
            assert_trimmed(got, want);
        }
        for (int j = 0; j < n; j++)
            eight_clear(&d[j]);
        eight_clear(&x);
    }
    mpz_clears(bound_d, bound_x, bound_c, c[0], c[1], c[2], got, want, NULL);
}

static void last_reductions_are_exact(void **state)
{
    rng r = rng_new();
    mpz_t bound, got, want;

    (void)state;
    mpz_inits(bound, got, want, NULL);
    for (int i = 0; i < TRIALS; i++) {
        const bool finish = i % 2 == 0;
        eight x;
        v8 a;

        times_p(bound, finish ? 2 : 3);
        eight_draw(&x, bound, &r);
        put(&a, x.z, finish, &r);
        a = finish ? v8_finish(a) : v8_canonical(a);
        for (int k = 0; k < 8; k++) {
            get(got, &a, k);
            mpz_fdiv_r(want, x.z[k], prime);
            assert_int_equal(mpz_cmp(got, want), 0);
        }
        eight_clear(&x);
    }
    mpz_clears(bound, got, want, NULL);
}

/* As many products, and as large, as a sumcheck's run adds up. */
static void full_sums_do_not_overflow(void **state)
{
    rng r = rng_new();
    mpz_t bound, got, want, power;

    (void)state;
    mpz_inits(bound, got, want, power, NULL);
    times_p(bound, 4);
    mpz_setbit(power, 260);
    for (int i = 0; i < 20; i++) {
        eight x, y;
        acc8 t;
        v8 a, b;

        eight_draw(&x, bound, &r);
        eight_draw(&y, bound, &r);
        for (int k = 0; i == 0 && k < 8; k++) {
            mpz_sub_ui(x.z[k], bound, 1);
            mpz_sub_ui(y.z[k], bound, 1);
        }
        put(&a, x.z, true, &r);
        put(&b, y.z, true, &r);
        acc8_zero(&t);
        for (int n = 0; n < ACC8_PRODUCTS; n++)
            acc8_mac(&t, &a, &b);
        acc8_carry(&t);
        a = acc8_reduce(t);
        for (int k = 0; k < 8; k++) {
            get(got, &a, k);
            mpz_mul(got, got, power);
            mpz_mul(want, x.z[k], y.z[k]);
            mpz_mul_ui(want, want, ACC8_PRODUCTS);
            assert_true(mpz_congruent_p(got, want, prime));
        }
        eight_clear(&x);
        eight_clear(&y);
    }
    mpz_clears(bound, got, want, power, NULL);
}

static void packing_is_undone(void **state)
{
    rng r = rng_new();
    mpz_t bound, got;

    (void)state;
    mpz_inits(bound, got, NULL);
    mpz_setbit(bound, 256);
    for (int i = 0; i < TRIALS; i++) {
        __m512i w[4];
        eight x;
        v8 a;

        eight_draw(&x, bound, &r);
        put(&a, x.z, true, &r);
        v8_pack(w, a);
        a = v8_split(w[0], w[1], w[2], w[3]);
        for (int k = 0; k < 8; k++) {
            get(got, &a, k);
            assert_int_equal(mpz_cmp(got, x.z[k]), 0);
        }
        eight_clear(&x);
    }
    mpz_clears(bound, got, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packing_is_undone),
        cmocka_unit_test(differences_stay_positive),
        cmocka_unit_test(trimming_takes_multiples_of_p),
        cmocka_unit_test(constants_multiply_up_to_2_257),
        cmocka_unit_test(last_reductions_are_exact),
        cmocka_unit_test(full_sums_do_not_overflow),
    };

    if (!(zkg_cpu_features(ZKG_CPU_ALL) & ZKG_CPU_AVX512IFMA))
        return 77;
    mpz_init(prime);
    mpz_import(prime, 4, -1, 8, 0, 0, zkg_fr_mod_.p);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
