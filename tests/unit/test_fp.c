/* SPDX-License-Identifier: Apache-2.0 */
#include "field/fp.h"

#define F(name) zkg_fp_##name
#define T zkg_fp
#define WIDE zkg_fp_wide
#define MODULUS                                                                \
    "2188824287183927522224640574525727508869631115729782366268903789464522"   \
    "6208583"
#include "field_test.h"

static void square_roots(void **state)
{
    rng r = rng_new();
    mpz_t a;
    zkg_fp x, y, z;

    (void)state;
    mpz_init(a);
    for (int i = 0; i < SLOW_TRIALS; i++) {
        random_mpz(a, &r);
        from_mpz(&x, a);
        assert_int_equal(zkg_fp_is_odd(&x), mpz_odd_p(a));
        y = zkg_fp_one;
        if (mpz_legendre(a, p) >= 0) {
            assert_true(zkg_fp_sqrt(&y, &x));
            zkg_fp_sqr(&z, &y);
            assert_true(zkg_fp_equal(&z, &x));
        } else {
            assert_false(zkg_fp_sqrt(&y, &x));
            assert_true(zkg_fp_equal(&y, &zkg_fp_one));
        }
    }
    mpz_clear(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIELD_TESTS,
                                       cmocka_unit_test(square_roots)};

    return can_run() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
