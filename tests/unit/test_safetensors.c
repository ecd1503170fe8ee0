/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "tensor/safetensors.h"

static void temp_path(char out[64])
{
    snprintf(out, 64, "/tmp/zkg-st-%ld.safetensors", (long)getpid());
}

static void what_is_written_is_read(void **state)
{
    static const char *const meta[] = {"zkgkr", "tensors", "graph", "abc"};
    const uint64_t len[2] = {2, 3}, one[1] = {1};
    char path[64];
    zkg_array a, b;
    zkg_st_out out[2];
    zkg_safetensors st;
    const zkg_st_entry *e;

    (void)state;
    temp_path(path);
    assert_int_equal(zkg_array_init(&a, ZKG_I16, 2, len, NULL), ZKG_OK);
    assert_int_equal(zkg_array_init(&b, ZKG_I64, 1, one, NULL), ZKG_OK);
    for (uint64_t i = 0; i < 6; i++)
        zkg_array_set_i64(&a, i, (int64_t)i * 1000 - 3000);
    zkg_array_set_i64(&b, 0, INT64_MIN);
    out[0] = (zkg_st_out){"a.w", &a};
    out[1] = (zkg_st_out){"b", &b};
    assert_int_equal(zkg_safetensors_write(path, out, 2, meta, 2, false, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_safetensors_read(&st, path, NULL), ZKG_OK);
    assert_int_equal(st.entries, 2);
    assert_string_equal(zkg_safetensors_meta(&st, "graph"), "abc");
    assert_null(zkg_safetensors_meta(&st, "none"));
    e = zkg_safetensors_find(&st, "a.w");
    assert_non_null(e);
    assert_int_equal(e->axes, 2);
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(zkg_st_entry_i64(e, i), (int64_t)i * 1000 - 3000);
    e = zkg_safetensors_find(&st, "b");
    assert_true(zkg_st_entry_i64(e, 0) == INT64_MIN);
    assert_null(zkg_safetensors_find(&st, "c"));
    zkg_safetensors_clear(&st);
    zkg_array_clear(&a);
    zkg_array_clear(&b);
    unlink(path);
}

/* Sizes in an order in which they would not be aligned. */
static void what_is_written_can_be_used_where_it_is_mapped(void **state)
{
    static const zkg_dtype type[] = {ZKG_U8, ZKG_I64, ZKG_I16, ZKG_FR,
                                     ZKG_I8, ZKG_I32, ZKG_U16, ZKG_I16};
    enum { N = sizeof(type) / sizeof(type[0]) };
    static const char *const name[N] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    const uint64_t len[1] = {3}, other[1] = {1};
    zkg_array a[N], got;
    zkg_st_out out[N];
    zkg_safetensors st;
    char path[64];

    (void)state;
    temp_path(path);
    for (int i = 0; i < N; i++) {
        assert_int_equal(zkg_array_init(&a[i], type[i], 1, len, NULL), ZKG_OK);
        for (uint64_t k = 0; k < len[0]; k++)
            zkg_array_set_i64(&a[i], k, 10 * i + (int64_t)k);
        out[i] = (zkg_st_out){name[i], &a[i]};
    }
    assert_int_equal(zkg_safetensors_write(path, out, N, NULL, 0, false, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_safetensors_map(&st, path, NULL), ZKG_OK);
    assert_int_equal(unlink(path), 0); /* what is mapped stays */
    for (int i = 0; i < N; i++) {
        const zkg_st_entry *e = zkg_safetensors_find(&st, name[i]);

        assert_non_null(e);
        assert_false(zkg_st_entry_borrow(&got, e, type[i], 1, other));
        assert_false(zkg_st_entry_borrow(&got, e, type[i], 0, NULL));
        assert_false(zkg_st_entry_borrow(
            &got, e, type[i] == ZKG_I32 ? ZKG_I16 : ZKG_I32, 1, len));
        if (type[i] == ZKG_FR) {
            assert_false(zkg_st_entry_borrow(&got, e, type[i], 1, len));
            continue;
        }
        assert_true(zkg_st_entry_borrow(&got, e, type[i], 1, len));
        assert_ptr_equal(got.data, e->data);
        assert_false(got.owned);
        for (uint64_t k = 0; k < len[0]; k++)
            assert_int_equal(zkg_array_get_i64(&got, k), 10 * i + (int64_t)k);
    }
    zkg_safetensors_clear(&st);
    for (int i = 0; i < N; i++)
        zkg_array_clear(&a[i]);
}

/* What other writers may do. */
static void what_is_not_aligned_is_not_borrowed(void **state)
{
    static const char header[] =
        "{\"a\": {\"dtype\": \"I8\", \"shape\": [1], \"data_offsets\": [0, "
        "1]}, \"b\": {\"dtype\": \"I16\", \"shape\": [1], \"data_offsets\": "
        "[1, 3]}} ";
    const size_t head = strlen(header), bytes = 8 + head + 3;
    const uint64_t len[1] = {1};
    uint8_t *file = zkg_alloc(bytes, 1);
    zkg_safetensors st;
    zkg_array got;
    uintptr_t at;

    (void)state;
    zkg_store_u64le(file, head);
    memcpy(file + 8, header, head);
    assert_int_equal(zkg_safetensors_parse(&st, file, bytes, "t", NULL),
                     ZKG_OK);
    at = (uintptr_t)zkg_safetensors_find(&st, "b")->data;
    assert_int_equal(at % 2, 1);
    assert_false(zkg_st_entry_borrow(&got, zkg_safetensors_find(&st, "b"),
                                     ZKG_I16, 1, len));
    assert_int_equal((at - (uintptr_t)zkg_safetensors_find(&st, "a")->data), 1);
    assert_true(zkg_st_entry_borrow(&got, zkg_safetensors_find(&st, "a"),
                                    ZKG_I8, 1, len));
    zkg_safetensors_clear(&st);
}

/* A file with this header and n bytes of data. */
static zkg_status parse(const char *header, size_t n, zkg_error *err)
{
    const size_t head = strlen(header);
    uint8_t *file = zkg_alloc(8 + head + n, 1);
    zkg_safetensors st;
    zkg_status s;

    zkg_store_u64le(file, head);
    memcpy(file + 8, header, head);
    s = zkg_safetensors_parse(&st, file, 8 + head + n, "t", err);
    if (s == ZKG_OK)
        zkg_safetensors_clear(&st);
    return s;
}

static void bad_headers_are_refused(void **state)
{
    static const struct {
        const char *header;
        size_t data;
        const char *text;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,3]}}", 3,
         "shape asks"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 3,
         "beyond the file"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 4,
         "after the last"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[1,4]}}", 4,
         "hole"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         3, "overlap"},
        {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2,
         "BF16"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[-1],\"data_offsets\":[0,2]}}", 2,
         "t:1:"},
        {"{\"a\":{\"dtype\":\"I64\",\"shape\":[4294967296,4294967296],"
         "\"data_offsets\":[0,0]}}",
         0, "too large"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         2, "a"},
        {"[]", 0, "t:1:1"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1],"
         "\"x\":1}}",
         1, "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_error err = {0};

        assert_int_equal(parse(cases[i].header, cases[i].data, &err),
                         ZKG_ERR_MALFORMED);
        if (strstr(err.text, cases[i].text) == NULL)
            fail_msg("case %zu says: %s", i, err.text);
    }
    assert_int_equal(parse("{}", 0, NULL), ZKG_OK);
}

static void truncated_files_are_refused(void **state)
{
    static const char header[] =
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
    const size_t head = strlen(header), n = 8 + head + 4;
    uint8_t whole[256];
    zkg_safetensors st;

    (void)state;
    memset(whole, 1, sizeof(whole));
    zkg_store_u64le(whole, head);
    memcpy(whole + 8, header, head);
    for (size_t len = 0; len < n; len++) {
        uint8_t *file = zkg_alloc(len, 1);

        memcpy(file, whole, len);
        assert_int_equal(zkg_safetensors_parse(&st, file, len, "t", NULL),
                         ZKG_ERR_MALFORMED);
    }
    zkg_store_u64le(whole, UINT64_MAX);
    {
        uint8_t *file = zkg_alloc(n, 1);

        memcpy(file, whole, n);
        assert_int_equal(zkg_safetensors_parse(&st, file, n, "t", NULL),
                         ZKG_ERR_MALFORMED);
    }
    assert_int_equal(zkg_safetensors_read(&st, "/nowhere/at/all", NULL),
                     ZKG_ERR_IO);
}

/* All 65536: known ends, and what follows from a number's neighbours: they are
 * 2^-24 apart below 2^-14, and 2^(e-10) from 2^e to 2^(e+1). */
static void halves_are_what_their_bits_say(void **state)
{
    uint8_t bytes[2];
    const zkg_st_entry e = {
        .type = ZKG_ST_F16, .data = bytes, .bytes = 2, .axes = 0};
    double before = 0;

    (void)state;
    assert_true(zkg_st_entry_is_real(&e));
    for (uint32_t i = 0; i < 1 << 15; i++) {
        double v, minus;

        bytes[0] = (uint8_t)i;
        bytes[1] = (uint8_t)(i >> 8);
        v = zkg_st_entry_f64(&e, 0);
        bytes[1] |= 0x80;
        minus = zkg_st_entry_f64(&e, 0);
        if (i >= 0x7c00) {
            assert_true(i == 0x7c00 ? isinf(v) && isinf(minus)
                                    : isnan(v) && isnan(minus));
            continue;
        }
        assert_true(minus == -v);
        if (i > 0) {
            const int least = i <= 1024 ? -14 : ilogb(before);

            assert_true(v - before == ldexp(1, least - 10));
        }
        before = v;
    }
    assert_true(before == 65504);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(halves_are_what_their_bits_say),
        cmocka_unit_test(what_is_written_can_be_used_where_it_is_mapped),
        cmocka_unit_test(what_is_not_aligned_is_not_borrowed),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(truncated_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
