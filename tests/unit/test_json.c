/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void refused(const char *text, const char *message)
{
    zkg_json_doc *doc;
    zkg_error err = {0};

    assert_int_equal(zkg_json_parse(&doc, text, strlen(text), "f", &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, message);
}

static zkg_json_doc *parsed(const char *text)
{
    zkg_json_doc *doc = NULL;
    zkg_error err = {0};

    assert_int_equal(zkg_json_parse(&doc, text, strlen(text), "f", &err),
                     ZKG_OK);
    return doc;
}

static void values_are_read(void **state)
{
    zkg_json_doc *doc =
        parsed("\t{\"a\": [1, -2.5e1, \"x\\u00e9\\ud83d\\ude00\\n\", true, "
               "false,\r\nnull, [], {}], \"A\": \"18446744073709551615\"}\n");
    const zkg_json *root = zkg_json_root(doc);
    const zkg_json *a, *m;
    int64_t i;
    uint64_t u;
    double d;
    bool b;
    const char *s;

    (void)state;
    assert_int_equal(zkg_json_need(&a, root, "a", ZKG_JSON_ARRAY, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_json_count(a), 8);
    m = zkg_json_first(a);
    assert_int_equal(zkg_json_i64(&i, m, 0, 1, NULL), ZKG_OK);
    assert_int_equal(i, 1);
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_double(&d, m, NULL), ZKG_OK);
    assert_true(d == -25.0);
    assert_int_equal(zkg_json_i64(&i, m, -100, 100, NULL), ZKG_ERR_MALFORMED);
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_string(&s, m, NULL), ZKG_OK);
    assert_string_equal(s, "x\xc3\xa9\xf0\x9f\x98\x80\n");
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_bool(&b, m, NULL), ZKG_OK);
    assert_true(b);
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_bool(&b, m, NULL), ZKG_OK);
    assert_false(b);
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_kind_of(m), ZKG_JSON_NULL);
    m = zkg_json_next(zkg_json_next(m));
    assert_int_equal(zkg_json_kind_of(m), ZKG_JSON_OBJECT);
    assert_null(zkg_json_next(m));
    assert_int_equal(
        zkg_json_u64(&u, zkg_json_get(root, "A"), UINT64_MAX, NULL), ZKG_OK);
    assert_true(u == UINT64_MAX);
    assert_null(zkg_json_get(root, "B"));
    zkg_json_free(doc);
    zkg_json_free(NULL);
}

static void only_strict_json_is_read(void **state)
{
    (void)state;
    refused("", "f:1:1: expected a value, found the end of the file");
    refused("{\"a\":1,\n \"b\":2,\n \"a\":3}",
            "f:3:6: key \"a\" is there twice");
    refused("[1] x", "f:1:5: nothing may follow the value, found 'x'");
    refused("[1]]", "f:1:4: nothing may follow the value, found ']'");
    refused("[1,]", "f:1:4: expected a value, found ']'");
    refused("{\"a\":1,}", "f:1:8: expected '\"' to begin a string, found '}'");
    refused("{'a':1}", "f:1:2: expected '\"' to begin a string, found '''");
    refused("{\"a\" 1}", "f:1:6: expected ':' after a key, found '1'");
    refused("[1 2]", "f:1:4: expected ',' or ']' after a value, found '2'");
    refused("[NaN]", "f:1:2: not a finite number");
    refused("[-Infinity]", "f:1:2: not a finite number");
    refused("[nan]", "f:1:2: not a finite number");
    refused("[1e999]", "f:1:2: not a finite number (too large)");
    refused("[01]", "f:1:2: a number may not begin with a zero");
    refused("[1.]", "f:1:2: a number needs digits after its point");
    refused("[1e]", "f:1:2: a number needs digits in its exponent");
    refused("[+1]", "f:1:2: expected a number, found '+'");
    refused("[-]", "f:1:2: expected a number, found '-'");
    refused("[tru]", "f:1:2: expected a value, found 't'");
    refused("[\"a", "f:1:4: a string without an end");
    refused("[\"a\nb\"]", "f:1:4: a control character in a string");
    refused("[\"\\x\"]", "f:1:4: unknown escape in a string");
    refused("[\"\\u0000\"]", "f:1:9: a zero character in a string");
    refused("[\"\\ud800\"]", "f:1:9: half of a surrogate pair in a string");
    refused("[\"\xff\"]", "f:1:3: a string that is not UTF-8");
    refused("[\"\xc0\x80\"]", "f:1:3: a string that is not UTF-8");
    refused("\xef\xbb\xbf{}", "f:1:1: expected a value, found byte 0xef");
    refused("// x", "f:1:1: expected a value, found '/'");
}

static void a_zero_byte_ends_nothing(void **state)
{
    zkg_json_doc *doc;

    (void)state;
    assert_int_equal(zkg_json_parse(&doc, "1\0", 2, "f", NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_json_parse(&doc, "\0", 1, "f", NULL),
                     ZKG_ERR_MALFORMED);
}

static void levels_are_bounded(void **state)
{
    char text[2 * 100000];
    zkg_json_doc *doc;
    zkg_error err = {0};

    (void)state;
    memset(text, '[', sizeof(text));
    assert_int_equal(zkg_json_parse(&doc, text, sizeof(text), "f", &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, "f:1:65: more than 64 levels");
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(zkg_json_parse(&doc, text, 128, "f", NULL), ZKG_OK);
    zkg_json_free(doc);
}

static void messages_name_place_and_key(void **state)
{
    static const char *const known[] = {"kernels", "tasks"};
    zkg_json_doc *doc = parsed("{\"kernel\": 1,\n \"n\": 300}");
    const zkg_json *root = zkg_json_root(doc);
    const zkg_json *v;
    zkg_error err = {0};
    uint64_t u;
    int64_t i;

    (void)state;
    assert_int_equal(zkg_json_only_keys(root, known, 2, &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(
        err.text, "f:1:12: unknown key \"kernel\"; did you mean \"kernels\"?");
    err = (zkg_error){0};
    assert_int_equal(zkg_json_need(&v, root, "tasks", ZKG_JSON_ARRAY, &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, "f:1:1: key \"tasks\" is missing here");
    err = (zkg_error){0};
    assert_int_equal(zkg_json_need(&v, root, "n", ZKG_JSON_ARRAY, &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text,
                        "f:2:7: n: expected an array, found a number");
    err = (zkg_error){0};
    assert_int_equal(zkg_json_u64(&u, zkg_json_get(root, "n"), 255, &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, "f:2:7: n: 300 is not in 0..255");
    err = (zkg_error){0};
    assert_int_equal(zkg_json_i64(&i, zkg_json_get(root, "n"), -1, 1, &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, "f:2:7: n: 300 is not in -1..1");
    zkg_json_free(doc);
}

static void integers_at_the_edges(void **state)
{
    zkg_json_doc *doc = parsed("[-9223372036854775808, 9223372036854775808, "
                               "18446744073709551616, -0, 1.0, \"12x\", \"\"]");
    const zkg_json *m = zkg_json_first(zkg_json_root(doc));
    int64_t i;
    uint64_t u;

    (void)state;
    assert_int_equal(zkg_json_i64(&i, m, INT64_MIN, INT64_MAX, NULL), ZKG_OK);
    assert_true(i == INT64_MIN);
    assert_int_not_equal(zkg_json_u64(&u, m, UINT64_MAX, NULL), ZKG_OK);
    m = zkg_json_next(m);
    assert_int_not_equal(zkg_json_i64(&i, m, INT64_MIN, INT64_MAX, NULL),
                         ZKG_OK);
    assert_int_equal(zkg_json_u64(&u, m, UINT64_MAX, NULL), ZKG_OK);
    m = zkg_json_next(m);
    assert_int_not_equal(zkg_json_u64(&u, m, UINT64_MAX, NULL), ZKG_OK);
    m = zkg_json_next(m);
    assert_int_equal(zkg_json_u64(&u, m, UINT64_MAX, NULL), ZKG_OK);
    for (m = zkg_json_next(m); m != NULL; m = zkg_json_next(m))
        assert_int_not_equal(zkg_json_u64(&u, m, UINT64_MAX, NULL), ZKG_OK);
    zkg_json_free(doc);
}

static void every_truncation_is_refused(void **state)
{
    const char text[] = "{\"a\":[1.5e3,\"\\u00e9\",{\"b\":null}],\"c\":true}";
    zkg_json_doc *doc;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(zkg_json_parse(&doc, text, len, "f", NULL),
                         ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_json_parse(&doc, text, sizeof(text) - 1, "f", NULL),
                     ZKG_OK);
    zkg_json_free(doc);
}

/* Any bytes are safe (the sanitizers watch); what is read can be walked. */
static size_t walk(const zkg_json *v)
{
    size_t n = 1 + strlen(zkg_json_key(v));

    for (const zkg_json *m = zkg_json_first(v); m != NULL; m = zkg_json_next(m))
        n += walk(m);
    return n;
}

static void changed_bytes_never_crash(void **state)
{
    static const char text[] =
        "{\"a\":[1.5e3,-2,\"\\u00e9\\ud83d\\ude00\",{\"b\":null}],\n"
        "\"c\":true,\"d\":\"\xc3\xa9\",\"e\":[[],[[0]],{}],\"f\":false}";
    static const char likely[] = "{}[]\",:\\u0e-.\n\xff";
    uint64_t x = 88172645463325252U;
    size_t accepted = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char copy[sizeof(text)];
        zkg_json_doc *doc;

        memcpy(copy, text, sizeof(text));
        for (int change = 0; change <= round % 3; change++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            copy[x % (sizeof(text) - 1)] =
                likely[(x >> 32) % (sizeof(likely) - 1)];
        }
        if (zkg_json_parse(&doc, copy, sizeof(text) - 1, "f", NULL) != ZKG_OK)
            continue;
        assert_true(walk(zkg_json_root(doc)) > 0);
        zkg_json_free(doc);
        accepted++;
    }
    assert_true(accepted > 0 && accepted < 20000);
}

static void what_is_written_is_stable(void **state)
{
    zkg_json_out o;
    zkg_json_doc *doc;

    (void)state;
    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    zkg_json_out_key(&o, "name");
    zkg_json_out_string(&o, "a\"\\\n\x01\xc3\xa9");
    zkg_json_out_key(&o, "shape");
    zkg_json_out_line_array(&o);
    zkg_json_out_i64(&o, -3);
    zkg_json_out_u64(&o, UINT64_MAX);
    zkg_json_out_i64(&o, INT64_MIN);
    zkg_json_out_end(&o);
    zkg_json_out_key(&o, "list");
    zkg_json_out_array(&o);
    zkg_json_out_line_object(&o);
    zkg_json_out_key(&o, "x");
    zkg_json_out_double(&o, 0.1);
    zkg_json_out_key(&o, "y");
    zkg_json_out_bool(&o, true);
    zkg_json_out_end(&o);
    zkg_json_out_double(&o, 1.0 / 0.0);
    zkg_json_out_end(&o);
    zkg_json_out_key(&o, "none");
    zkg_json_out_array(&o);
    zkg_json_out_end(&o);
    zkg_json_out_end(&o);
    assert_int_equal(zkg_json_out_finish(&o), ZKG_OK);
    assert_int_equal(zkg_writer_u8(&o.bytes, 0), ZKG_OK);
    assert_string_equal((const char *)o.bytes.data,
                        "{\n"
                        "  \"name\": \"a\\\"\\\\\\n\\u0001\xc3\xa9\",\n"
                        "  \"shape\": [-3, \"18446744073709551615\", "
                        "\"-9223372036854775808\"],\n"
                        "  \"list\": [\n"
                        "    {\"x\": 0.1, \"y\": true},\n"
                        "    null\n"
                        "  ],\n"
                        "  \"none\": []\n"
                        "}\n");
    assert_int_equal(zkg_json_parse(&doc, (const char *)o.bytes.data,
                                    o.bytes.len - 1, "f", NULL),
                     ZKG_OK);
    zkg_json_free(doc);
    zkg_json_out_free(&o);
}

/* The fewest digits that read back, found one by one. */
static void numbers_are_as_short_as_can_be(void **state)
{
    enum { VALUES = 4000 };
    uint64_t x = 88172645463325252u;
    char want[40];

    (void)state;
    for (int i = 0; i < VALUES; i++) {
        zkg_json_out o;
        const char *at;
        double v;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (i % 4 == 0) /* any bits */
            memcpy(&v, &x, sizeof(v));
        else if (i % 4 == 1) /* few decimals */
            v = (double)(int64_t)(x >> 40) / 1000 - 8000;
        else /* a scaled integer, of few bits or of many */
            v = ldexp((double)((int64_t)x >> (i % 4 == 2 ? 50 : 11)),
                      -(i % 23));
        if (i < 2)
            v = i == 0 ? 0.0 : -100000000000.0;
        if (!isfinite(v) || (v != 0 && fabs(v) < DBL_MIN))
            continue;
        for (int digits = 1; digits <= 17; digits++) {
            (void)snprintf(want, sizeof(want), "%.*g", digits, v);
            if (strtod(want, NULL) == v)
                break;
        }
        zkg_json_out_init(&o);
        zkg_json_out_array(&o);
        zkg_json_out_double(&o, v);
        zkg_json_out_end(&o);
        assert_int_equal(zkg_json_out_finish(&o), ZKG_OK);
        assert_int_equal(zkg_writer_u8(&o.bytes, 0), ZKG_OK);
        at = strpbrk((const char *)o.bytes.data, "-0123456789");
        assert_non_null(at);
        assert_int_equal(strcspn(at, " ]\n"), strlen(want));
        assert_memory_equal(at, want, strlen(want));
        zkg_json_out_free(&o);
    }
}

static void writing_nonsense_is_noticed(void **state)
{
    zkg_json_out o;

    (void)state;
    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    assert_int_equal(zkg_json_out_finish(&o), ZKG_ERR_INTERNAL);
    zkg_json_out_free(&o);
    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    zkg_json_out_i64(&o, 1); /* no key */
    zkg_json_out_end(&o);
    assert_int_equal(zkg_json_out_finish(&o), ZKG_ERR_INTERNAL);
    zkg_json_out_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(only_strict_json_is_read),
        cmocka_unit_test(a_zero_byte_ends_nothing),
        cmocka_unit_test(levels_are_bounded),
        cmocka_unit_test(messages_name_place_and_key),
        cmocka_unit_test(integers_at_the_edges),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(changed_bytes_never_crash),
        cmocka_unit_test(what_is_written_is_stable),
        cmocka_unit_test(numbers_are_as_short_as_can_be),
        cmocka_unit_test(writing_nonsense_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
