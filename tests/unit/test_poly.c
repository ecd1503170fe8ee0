/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "poly/array_mle.h"
#include "poly/eq.h"
#include "poly/indicator.h"
#include "poly/univariate.h"

/* Elements that look random, the same in every run. */
static void draw(zkg_fr *out, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t wide[64];

        for (size_t j = 0; j < sizeof(wide); j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            wide[j] = (uint8_t)(seed >> 56);
        }
        zkg_fr_from_wide_bytes(&out[i], wide);
    }
}

static void eq_tables_are_products(void **state)
{
    zkg_fr u[6], v[6], table[64], scale, at, sum, value, p;

    (void)state;
    draw(u, 6, 1);
    draw(v, 6, 2);
    draw(&scale, 1, 3);
    for (uint32_t n = 0; n <= 6; n++) {
        zkg_eq_expand(table, u, n, NULL);
        for (uint64_t i = 0; i < UINT64_C(1) << n; i++) {
            zkg_eq_at(&at, u, n, i);
            assert_true(zkg_fr_equal(&at, &table[i]));
        }
        /* eq(u, v) is the extension of the table at v. */
        sum = zkg_fr_zero;
        for (uint64_t i = 0; i < UINT64_C(1) << n; i++) {
            zkg_eq_at(&at, v, n, i);
            zkg_fr_mul(&p, &at, &table[i]);
            zkg_fr_add(&sum, &sum, &p);
        }
        zkg_eq_eval(&value, u, v, n);
        assert_true(zkg_fr_equal(&sum, &value));
        for (uint64_t len = 0; len <= UINT64_C(1) << n; len++) {
            zkg_fr some[65];

            memset(some, 0xee, sizeof(some));
            zkg_eq_expand_len(some, len, u, n, &scale);
            for (uint64_t i = 0; i < len; i++) {
                zkg_fr_mul(&p, &table[i], &scale);
                assert_true(zkg_fr_equal(&p, &some[i]));
            }
            assert_int_equal(some[len].l[0], UINT64_C(0xeeeeeeeeeeeeeeee));
        }
    }
}

static void indicators_are_direct_sums(void **state)
{
    zkg_fr r[6], b[6], one[64], two[64], sum, both, p, got;

    (void)state;
    draw(r, 6, 4);
    draw(b, 6, 5);
    for (uint32_t bits = 0; bits <= 6; bits++) {
        zkg_eq_expand(one, r, bits, NULL);
        zkg_eq_expand(two, b, bits, NULL);
        sum = both = zkg_fr_zero;
        for (uint64_t len = 0; len <= UINT64_C(1) << bits; len++) {
            zkg_indicator_eval(&got, len, r, bits);
            assert_true(zkg_fr_equal(&got, &sum));
            zkg_indicator_eq(&got, len, r, b, bits);
            assert_true(zkg_fr_equal(&got, &both));
            if (len == UINT64_C(1) << bits)
                break;
            zkg_fr_add(&sum, &sum, &one[len]);
            zkg_fr_mul(&p, &one[len], &two[len]);
            zkg_fr_add(&both, &both, &p);
        }
    }
}

static void polynomials_agree(void **state)
{
    zkg_fr c[9], x[9], y[9], q[8], back[9], rest, value, at, p;

    (void)state;
    draw(c, 9, 6);
    draw(x, 9, 7);
    draw(&at, 1, 8);
    for (size_t n = 1; n <= 9; n++) {
        for (size_t i = 0; i < n; i++)
            zkg_univariate_eval(&y[i], c, n, &x[i]);
        zkg_univariate_interpolate(back, x, y, n);
        assert_memory_equal(back, c, n * sizeof(*c));

        zkg_univariate_divide_linear(q, &rest, c, n, &x[0]);
        assert_true(zkg_fr_equal(&rest, &y[0]));
        /* c(at) = (at - x) q(at) + rest */
        zkg_univariate_eval(&value, q, n - 1, &at);
        zkg_fr_sub(&p, &at, &x[0]);
        zkg_fr_mul(&value, &value, &p);
        zkg_fr_add(&value, &value, &rest);
        zkg_univariate_eval(&p, c, n, &at);
        assert_true(zkg_fr_equal(&p, &value));
        draw(x, 9, 7 + n);
    }
}

/* The definition: the sum over stored cells of value * eq(point, cell). */
static void mle_by_definition(zkg_fr *out, const zkg_array *a,
                              const zkg_fr *point)
{
    const uint64_t count = zkg_array_stored_count(a);
    const uint32_t vars = zkg_array_vars(a);
    zkg_fr sum = zkg_fr_zero;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t rest = i, index = 0;
        uint32_t shift = 0;
        zkg_fr v, e;

        for (uint32_t k = a->axes; k-- > 0;) {
            index |= rest % a->stored[k] << shift;
            rest /= a->stored[k];
            shift += zkg_axis_bits(a->len[k]);
        }
        if (a->type == ZKG_FR)
            v = ((const zkg_fr *)a->data)[i];
        else
            zkg_fr_from_i64(&v, zkg_array_get_i64(a, i));
        zkg_eq_at(&e, point, vars, index);
        zkg_fr_mul(&v, &v, &e);
        zkg_fr_add(&sum, &sum, &v);
    }
    *out = sum;
}

static void extensions_of_arrays_are_direct_sums(void **state)
{
    static const uint64_t shapes[][4] = {{0},          {1, 1},    {1, 5},
                                         {2, 3, 4},    {2, 1, 7}, {3, 3, 2, 5},
                                         {3, 1, 1, 1}, {2, 8, 8}};
    zkg_fr point[ZKG_MAX_VARS], expected, got;

    (void)state;
    draw(point, ZKG_MAX_VARS, 9);
    for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
        const uint32_t axes = (uint32_t)shapes[s][0];
        zkg_array a;

        for (int type = ZKG_I8; type <= ZKG_FR; type++) {
            assert_int_equal(
                zkg_array_init(&a, (zkg_dtype)type, axes, shapes[s] + 1, NULL),
                ZKG_OK);
            if (type == ZKG_FR)
                draw(a.data, zkg_array_count(&a), 10);
            else
                for (uint64_t i = 0; i < zkg_array_count(&a); i++)
                    zkg_array_set_i64(&a, i,
                                      i % 3 ? (int64_t)(17 * i % 127)
                                            : zkg_dtype_min(a.type));
            mle_by_definition(&expected, &a, point);
            assert_int_equal(zkg_array_mle(&got, &a, point), ZKG_OK);
            assert_true(zkg_fr_equal(&expected, &got));
            zkg_array_clear(&a);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eq_tables_are_products),
        cmocka_unit_test(indicators_are_direct_sums),
        cmocka_unit_test(polynomials_agree),
        cmocka_unit_test(extensions_of_arrays_are_direct_sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
