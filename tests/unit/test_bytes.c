/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/mem.h"

static void what_is_written_is_read(void **state)
{
    zkg_writer w;
    zkg_reader r;
    uint8_t a;
    uint32_t c;
    uint64_t d;
    int64_t e;
    char f[3];
    const char *s;
    size_t len;

    (void)state;
    zkg_writer_init(&w);
    assert_int_equal(zkg_writer_u8(&w, 0xab), ZKG_OK);
    assert_int_equal(zkg_writer_u32(&w, 0xdeadbeef), ZKG_OK);
    assert_int_equal(zkg_writer_u64(&w, UINT64_MAX - 1), ZKG_OK);
    assert_int_equal(zkg_writer_i64(&w, INT64_MIN), ZKG_OK);
    assert_int_equal(zkg_writer_bytes(&w, "xyz", 3), ZKG_OK);
    assert_int_equal(zkg_writer_string(&w, "name"), ZKG_OK);
    assert_int_equal(w.len, 1 + 4 + 8 + 8 + 3 + 8);
    assert_int_equal(w.data[1], 0xef); /* little-endian */

    zkg_reader_init(&r, w.data, w.len);
    assert_int_equal(zkg_reader_u8(&r, &a), ZKG_OK);
    assert_int_equal(zkg_reader_u32(&r, &c), ZKG_OK);
    assert_int_equal(zkg_reader_u64(&r, &d), ZKG_OK);
    assert_int_equal(zkg_reader_i64(&r, &e), ZKG_OK);
    assert_int_equal(zkg_reader_bytes(&r, f, 3), ZKG_OK);
    assert_int_equal(zkg_reader_left(&r), 8);
    assert_int_equal(zkg_reader_string(&r, &s, &len, 4), ZKG_OK);
    assert_int_equal(zkg_reader_end(&r), ZKG_OK);
    assert_int_equal(a, 0xab);
    assert_int_equal(c, 0xdeadbeef);
    assert_true(d == UINT64_MAX - 1);
    assert_true(e == INT64_MIN);
    assert_memory_equal(f, "xyz", 3);
    assert_memory_equal(s, "name", 4);
    assert_int_equal(len, 4);
    zkg_writer_free(&w);
}

static void a_writer_grows(void **state)
{
    zkg_writer w;
    uint8_t *data;
    size_t len;

    (void)state;
    zkg_writer_init(&w);
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(zkg_writer_u32(&w, i), ZKG_OK);
    data = zkg_writer_take(&w, &len);
    assert_int_equal(len, 40000);
    assert_null(w.data);
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(zkg_load_u32le(data + 4 * i), i);
    zkg_free(data);
}

/* With room for nothing, for less than is written, for all of it. */
static void a_writer_with_room_writes_the_same(void **state)
{
    static const size_t rooms[] = {0, 1, 39999, 40000, 3 << 20};

    (void)state;
    for (size_t k = 0; k < sizeof(rooms) / sizeof(rooms[0]); k++) {
        zkg_writer w;
        uint8_t *data, *at;
        size_t len;

        zkg_writer_init_room(&w, rooms[k]);
        for (uint32_t i = 0; i < 9999; i++)
            assert_int_equal(zkg_writer_u32(&w, i), ZKG_OK);
        assert_int_equal(zkg_writer_reserve(&w, &at, 4), ZKG_OK);
        data = zkg_writer_take(&w, &len);
        assert_int_equal(len, 40000);
        for (uint32_t i = 0; i < 9999; i++)
            assert_int_equal(zkg_load_u32le(data + 4 * i), i);
        assert_int_equal(zkg_load_u32le(data + 39996), 0);
        zkg_free(data);
    }
}

static void a_writer_that_failed_stays_failed(void **state)
{
    zkg_writer w;
    uint8_t *at;

    (void)state;
    zkg_writer_init(&w);
    assert_int_equal(zkg_writer_reserve(&w, &at, SIZE_MAX / 2), ZKG_ERR_NOMEM);
    assert_null(at);
    assert_int_equal(zkg_writer_u8(&w, 1), ZKG_ERR_NOMEM);
    assert_int_equal(w.len, 0);
    zkg_writer_free(&w);
    zkg_writer_init_room(&w, SIZE_MAX - 1);
    assert_int_equal(zkg_writer_u8(&w, 1), ZKG_ERR_NOMEM);
    assert_null(w.data);
    zkg_writer_free(&w);
}

static void a_reader_never_leaves_its_bytes(void **state)
{
    const uint8_t bytes[3] = {1, 2, 3};
    zkg_reader r;
    uint32_t v = 7;
    uint8_t b = 7;
    const uint8_t *at;

    (void)state;
    zkg_reader_init(&r, bytes, sizeof(bytes));
    assert_int_equal(zkg_reader_u32(&r, &v), ZKG_ERR_MALFORMED);
    assert_int_equal(v, 0);
    assert_int_equal(zkg_reader_left(&r), 0);
    assert_int_equal(zkg_reader_u8(&r, &b), ZKG_ERR_MALFORMED); /* sticky */
    assert_int_equal(b, 0);

    zkg_reader_init(&r, bytes, sizeof(bytes));
    assert_int_equal(zkg_reader_view(&r, &at, SIZE_MAX), ZKG_ERR_MALFORMED);

    zkg_reader_init(&r, bytes, sizeof(bytes));
    assert_int_equal(zkg_reader_end(&r), ZKG_ERR_MALFORMED); /* bytes left */

    zkg_reader_init(&r, NULL, 0);
    assert_int_equal(zkg_reader_view(&r, &at, 0), ZKG_OK);
    assert_int_equal(zkg_reader_end(&r), ZKG_OK);
}

static void a_bad_string_is_refused(void **state)
{
    const uint8_t too_long[] = {5, 0, 0, 0, 'a', 'b', 'c', 'd', 'e'};
    const uint8_t zero[] = {2, 0, 0, 0, 'a', 0};
    const uint8_t cut[] = {2, 0, 0, 0, 'a'};
    zkg_reader r;
    const char *s;
    size_t len;

    (void)state;
    zkg_reader_init(&r, too_long, sizeof(too_long));
    assert_int_equal(zkg_reader_string(&r, &s, &len, 4), ZKG_ERR_MALFORMED);
    zkg_reader_init(&r, zero, sizeof(zero));
    assert_int_equal(zkg_reader_string(&r, &s, &len, 4), ZKG_ERR_MALFORMED);
    zkg_reader_init(&r, cut, sizeof(cut));
    assert_int_equal(zkg_reader_string(&r, &s, &len, 4), ZKG_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_writer_grows),
        cmocka_unit_test(a_writer_with_room_writes_the_same),
        cmocka_unit_test(a_writer_that_failed_stays_failed),
        cmocka_unit_test(a_reader_never_leaves_its_bytes),
        cmocka_unit_test(a_bad_string_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
