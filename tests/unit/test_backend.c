/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "poly/eq.h"
#include "poly/univariate.h"

/* What ref's slots mean, said again from the definitions; checkbackend holds
 * the others to ref, test_sumcheck the sums to the protocol. */

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

static void entry(zkg_fr *out, const zkg_table *t, uint64_t i)
{
    assert_int_equal(zkg_backend_ref()->table_export(out, t, i, 1), ZKG_OK);
}

static void the_choice_follows_the_features(void **state)
{
    (void)state;
    assert_string_equal(zkg_backend_ref()->name, "ref");
    assert_ptr_equal(zkg_backend_get(0), zkg_backend_ref());
    assert_non_null(zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL)));
    assert_int_equal(zkg_form_arity(ZKG_FORM_PRODUCT), 2);
    assert_int_equal(zkg_form_arity(ZKG_FORM_PRODUCT3), 3);
    assert_int_equal(zkg_form_arity(ZKG_FORM_FRACTION), 4);
    assert_int_equal(zkg_form_arity(ZKG_FORM_FRACTION_ONES), 2);
}

static void tables_hold_what_was_put_in(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    const int16_t ints[] = {-32768, -1, 0, 1, 32767};
    zkg_fr v[5], got;
    int64_t value;
    zkg_table t = {0};

    (void)state;
    zkg_table_clear(b, &t);
    draw(v, 5, 1);
    assert_int_equal(zkg_table_from_fr(b, &t, 3, v, 5), ZKG_OK);
    assert_int_equal(t.vars, 3);
    for (uint64_t i = 0; i < 8; i++) {
        entry(&got, &t, i);
        assert_true(zkg_fr_equal(&got, i < 5 ? &v[i] : &zkg_fr_zero));
    }
    assert_int_equal(b->table_import(&t, 2, ints, ZKG_I16, 5), ZKG_OK);
    for (uint64_t i = 0; i < 5; i++) {
        entry(&got, &t, 2 + i);
        assert_true(zkg_fr_to_i64(&value, &got));
        assert_int_equal(value, ints[i]);
    }
    zkg_table_clear(b, &t);
    assert_int_equal(zkg_table_new(b, &t, 50), ZKG_ERR_NOMEM);
    assert_null(t.data);
    assert_int_equal(zkg_table_from_fr(b, &t, 0, v, 1), ZKG_OK);
    assert_int_equal(zkg_table_scalar(b, &got, &t), ZKG_OK);
    assert_true(zkg_fr_equal(&got, &v[0]));
    zkg_table_clear(b, &t);
}

/* A fold is the extension's first variable bound. */
static void folds_bind_the_lowest_variable(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    zkg_fr v[32], point[5], eq[32], sum = zkg_fr_zero, p, got;
    zkg_table t, copy;

    (void)state;
    draw(v, 32, 2);
    draw(point, 5, 3);
    zkg_eq_expand(eq, point, 5, NULL);
    for (int i = 0; i < 32; i++) {
        zkg_fr_mul(&p, &v[i], &eq[i]);
        zkg_fr_add(&sum, &sum, &p);
    }
    assert_int_equal(zkg_table_from_fr(b, &t, 5, v, 32), ZKG_OK);
    for (int k = 0; k < 5; k++)
        assert_int_equal(b->table_fold(&t, &point[k]), ZKG_OK);
    assert_int_equal(zkg_table_scalar(b, &got, &t), ZKG_OK);
    assert_true(zkg_fr_equal(&got, &sum));
    zkg_table_clear(b, &t);

    /* and eq tables, sums of products, by the same numbers */
    assert_int_equal(zkg_table_new(b, &copy, 5), ZKG_OK);
    assert_int_equal(b->table_eq(&copy, point, NULL), ZKG_OK);
    for (uint64_t i = 0; i < 32; i++) {
        entry(&got, &copy, i);
        assert_true(zkg_fr_equal(&got, &eq[i]));
    }
    assert_int_equal(b->fr_dot(&got, v, eq, 32), ZKG_OK);
    assert_true(zkg_fr_equal(&got, &sum));
    zkg_table_clear(b, &copy);
}

static void leaves_are_affine_in_the_columns(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    const int8_t x[] = {1, -2, 3, -4, 5};
    const int64_t y[] = {INT64_MIN};
    zkg_fr base, coeff[2], expected, p, got;
    zkg_column column[2];
    zkg_table even, odd;

    (void)state;
    draw(&base, 1, 4);
    draw(coeff, 2, 5);
    column[0] = (zkg_column){x, ZKG_I8, 1, coeff[0]};
    column[1] = (zkg_column){y, ZKG_I64, 0, coeff[1]};
    assert_int_equal(zkg_table_new(b, &even, 2), ZKG_OK);
    assert_int_equal(zkg_table_new(b, &odd, 2), ZKG_OK);
    assert_int_equal(b->pair_affine(&even, &odd, 3, 5, &base, column, 2),
                     ZKG_OK);
    for (uint64_t j = 0; j < 8; j++) {
        expected = zkg_fr_zero;
        if (j >= 3) {
            zkg_fr_mul_i64(&p, &coeff[0], x[j - 3]);
            zkg_fr_add(&expected, &base, &p);
            zkg_fr_mul_i64(&p, &coeff[1], y[0]);
            zkg_fr_add(&expected, &expected, &p);
        }
        entry(&got, j % 2 ? &odd : &even, j / 2);
        assert_true(zkg_fr_equal(&got, &expected));
    }
    zkg_table_clear(b, &even);
    zkg_table_clear(b, &odd);
}

static void fractions_add_up(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    zkg_fr v[4][8], p, q, x, got;
    zkg_table in[4], out[4];

    (void)state;
    for (uint64_t k = 0; k < 4; k++) {
        draw(v[k], 8, 6 + k);
        assert_int_equal(zkg_table_from_fr(b, &in[k], 3, v[k], 8), ZKG_OK);
        assert_int_equal(zkg_table_new(b, &out[k], 2), ZKG_OK);
    }
    for (int ones = 0; ones < 2; ones++) {
        assert_int_equal(b->fraction_up(out, in, ones), ZKG_OK);
        for (uint64_t i = 0; i < 8; i++) {
            const zkg_fr *p0 = ones ? &zkg_fr_one : &v[0][i];
            const zkg_fr *p1 = ones ? &zkg_fr_one : &v[1][i];

            zkg_fr_mul(&p, p0, &v[3][i]);
            zkg_fr_mul(&x, p1, &v[2][i]);
            zkg_fr_add(&p, &p, &x);
            zkg_fr_mul(&q, &v[2][i], &v[3][i]);
            entry(&got, &out[i % 2], i / 2);
            assert_true(zkg_fr_equal(&got, &p));
            entry(&got, &out[2 + i % 2], i / 2);
            assert_true(zkg_fr_equal(&got, &q));
        }
    }
    for (uint64_t k = 0; k < 4; k++) {
        zkg_table_clear(b, &in[k]);
        zkg_table_clear(b, &out[k]);
    }
}

static void integers_times_elements(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    const int32_t ints[] = {INT32_MIN, -1, 0, 7, INT32_MAX};
    zkg_fr w[5], sum = zkg_fr_zero, p, got[5];
    const void *const rows[] = {ints, ints};
    zkg_fr folded[5];
    zkg_fr_wide dot = {{0}};

    (void)state;
    draw(w, 5, 11);
    for (int i = 0; i < 5; i++) {
        zkg_fr_mul_i64(&p, &w[i], ints[i]);
        zkg_fr_add(&sum, &sum, &p);
    }
    assert_int_equal(b->int_dot(&dot, w, ints, ZKG_I32, 5), ZKG_OK);
    assert_int_equal(b->wide_reduce(got, &dot, 1), ZKG_OK);
    assert_true(zkg_fr_equal(&got[0], &sum));
    draw(folded, 5, 12);
    memcpy(got, folded, sizeof(got));
    assert_int_equal(b->int_fold(folded, w, rows, 2, ZKG_I32, 5), ZKG_OK);
    zkg_fr_add(&sum, &w[0], &w[1]);
    for (int i = 0; i < 5; i++) {
        zkg_fr_mul_i64(&p, &sum, ints[i]);
        zkg_fr_add(&p, &p, &got[i]);
        assert_true(zkg_fr_equal(&p, &folded[i]));
    }
}

static void polynomials_as_in_poly(void **state)
{
    const zkg_backend *b = zkg_backend_ref();
    zkg_fr c[10], x, q[9], q2[9], rest, rest2, value;

    (void)state;
    draw(c, 10, 12);
    draw(&x, 1, 13);
    for (size_t n = 1; n <= 10; n++) {
        zkg_univariate_eval(&value, c, n, &x);
        assert_int_equal(b->poly_eval(&rest, c, n, &x), ZKG_OK);
        assert_true(zkg_fr_equal(&value, &rest));
        zkg_univariate_divide_linear(q, &rest, c, n, &x);
        assert_int_equal(b->poly_divide_linear(q2, &rest2, c, n, &x), ZKG_OK);
        assert_true(zkg_fr_equal(&rest2, &rest));
        assert_memory_equal(q, q2, (n - 1) * sizeof(*q));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_choice_follows_the_features),
        cmocka_unit_test(tables_hold_what_was_put_in),
        cmocka_unit_test(folds_bind_the_lowest_variable),
        cmocka_unit_test(leaves_are_affine_in_the_columns),
        cmocka_unit_test(fractions_add_up),
        cmocka_unit_test(integers_times_elements),
        cmocka_unit_test(polynomials_as_in_poly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
