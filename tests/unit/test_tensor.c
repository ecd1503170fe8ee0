/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "tensor/array.h"
#include "tensor/dtype.h"
#include "tensor/quantise.h"

static void types_know_their_names_and_ranges(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= ZKG_FR; i++) {
        zkg_dtype type;

        assert_true(zkg_dtype_parse(&type, zkg_dtype_name((zkg_dtype)i)));
        assert_int_equal(type, i);
    }
    for (unsigned i = 0; i <= ZKG_VIRTUAL; i++) {
        zkg_visibility vis;

        assert_true(
            zkg_visibility_parse(&vis, zkg_visibility_name((zkg_visibility)i)));
        assert_int_equal(vis, i);
    }
    assert_int_equal(zkg_dtype_for_range(-128, 127), ZKG_I8);
    assert_int_equal(zkg_dtype_for_range(0, 128), ZKG_U8);
    assert_int_equal(zkg_dtype_for_range(-1, 128), ZKG_I16);
    assert_int_equal(zkg_dtype_for_range(0, 65535), ZKG_U16);
    assert_int_equal(zkg_dtype_for_range(0, 65536), ZKG_I32);
    assert_int_equal(zkg_dtype_for_range(INT64_MIN, 0), ZKG_I64);
}

static void arrays_keep_extreme_values(void **state)
{
    const uint64_t len[2] = {3, 5};

    (void)state;
    for (unsigned t = 0; t < ZKG_FR; t++) {
        const zkg_dtype type = (zkg_dtype)t;
        uint8_t bytes[15 * 8], *copy;
        zkg_array a, b;

        assert_int_equal(zkg_array_init(&a, type, 2, len, NULL), ZKG_OK);
        assert_int_equal(zkg_array_init(&b, type, 2, len, NULL), ZKG_OK);
        assert_int_equal(zkg_array_count(&a), 15);
        assert_int_equal(zkg_array_vars(&a), 5);
        zkg_array_set_i64(&a, 0, zkg_dtype_min(type));
        zkg_array_set_i64(&a, 14, zkg_dtype_max(type));
        zkg_array_set_i64(&a, 7, 42);
        zkg_array_to_le(bytes, &a);
        assert_memory_equal(zkg_array_le_bytes(&copy, &a), bytes,
                            15 * zkg_dtype_size(type));
        zkg_free(copy);
        assert_true(zkg_array_from_le(&b, bytes, NULL));
        for (uint64_t i = 0; i < 15; i++)
            assert_int_equal(zkg_array_get_i64(&a, i),
                             zkg_array_get_i64(&b, i));
        assert_true(zkg_array_get_i64(&b, 0) == zkg_dtype_min(type));
        assert_true(zkg_array_get_i64(&b, 14) == zkg_dtype_max(type));
        zkg_array_clear(&a);
        zkg_array_clear(&b);
    }
}

/* Files hold the real cells, also of an array that stores its padding. */
static void padding_stays_out_of_files(void **state)
{
    const uint64_t len[2] = {3, 3};
    int8_t cells[16];
    uint8_t bytes[9], *copy;
    zkg_array a;

    (void)state;
    for (int i = 0; i < 16; i++)
        cells[i] = (int8_t)i;
    zkg_array_borrow(&a, ZKG_I8, 2, len, cells);
    a.stored[0] = a.stored[1] = 4;
    zkg_array_to_le(bytes, &a);
    for (int i = 0; i < 9; i++)
        assert_int_equal(bytes[i], i / 3 * 4 + i % 3);
    assert_memory_equal(zkg_array_le_bytes(&copy, &a), bytes, 9);
    assert_non_null(copy);
    zkg_free(copy);
}

static void rounding_is_half_up(void **state)
{
    static const struct {
        double v;
        uint32_t scale;
        int64_t want;
    } cases[] = {
        {0.5, 0, 1},
        {-0.5, 0, 0},
        {1.5, 0, 2},
        {-1.5, 0, -1},
        {0.25, 1, 1},
        {-0.25, 1, 0},
        {1, 7, 128},
        {-0.75, 1, -1},
        {0.0625, 7, 8},
        {-2.5, 0, -2},
        {2.4999, 0, 2},
        {0.49999999999999994, 0, 0},
        {4503599627370497.5, 0, 4503599627370498},
    };
    int64_t v = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(zkg_quantise(&v, cases[i].v, cases[i].scale));
        assert_int_equal(v, cases[i].want);
    }
    v = 77;
    assert_false(zkg_quantise(&v, (double)NAN, 7));
    assert_false(zkg_quantise(&v, (double)INFINITY, 7));
    assert_false(zkg_quantise(&v, 1e30, 7));
    assert_int_equal(v, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_know_their_names_and_ranges),
        cmocka_unit_test(arrays_keep_extreme_values),
        cmocka_unit_test(padding_stays_out_of_files),
        cmocka_unit_test(rounding_is_half_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
