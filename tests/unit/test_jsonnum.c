/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jsonnum.h"

#include "rng.h"

typedef struct seen {
    size_t count;
    double sum;
    double last;
    uint32_t entry;
    uint32_t depth;
    uint64_t index[ZKG_JSON_NUMBERS_MAX_DEPTH];
} seen;

static zkg_status each(void *user, uint32_t entry, const uint64_t *index,
                       uint32_t depth, double value, zkg_error *err)
{
    seen *s = user;

    if (value > 1000)
        return zkg_fail(err, ZKG_ERR_WITNESS, "%g is out of range", value);
    s->count++;
    s->sum += value;
    s->last = value;
    s->entry = entry;
    s->depth = depth;
    memcpy(s->index, index, depth * sizeof(*index));
    return ZKG_OK;
}

static void refused(const char *text, const char *message)
{
    seen s = {0};
    zkg_error err = {0};

    assert_int_equal(
        zkg_json_numbers(text, strlen(text), "f", each, NULL, &s, &err),
        ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, message);
}

static seen read_ok(const char *text)
{
    seen s = {0};
    zkg_error err = {0};

    if (zkg_json_numbers(text, strlen(text), "f", each, NULL, &s, &err) !=
        ZKG_OK)
        fail_msg("%s", err.text);
    return s;
}

static void flat_and_nested_are_read(void **state)
{
    seen s;

    (void)state;
    s = read_ok("{\"input_data\": [[1, 2.5, -3e1]]}");
    assert_int_equal(s.count, 3);
    assert_int_equal(s.depth, 1);
    assert_int_equal(s.index[0], 2);
    assert_true(s.last == -30.0);

    s = read_ok("{\"input_data\": [[[[1,2,3],[4,5,6]]], [0.5]]}\n");
    assert_int_equal(s.count, 7);
    assert_int_equal(s.entry, 1);
    assert_int_equal(s.depth, 1);

    s = read_ok("{\"input_data\": [[[[1,2,3],[4,5,6]]]]}");
    assert_int_equal(s.depth, 3);
    assert_int_equal(s.index[0], 0);
    assert_int_equal(s.index[1], 1);
    assert_int_equal(s.index[2], 2);
    assert_true(s.sum == 21);
}

static void doubles_keep_every_bit(void **state)
{
    (void)state;
    assert_true(read_ok("{\"input_data\":[[0.1000000000000000055511151231257827"
                        "02]]}")
                    .last == 0.1);
    assert_true(read_ok("{\"input_data\":[[5e-324]]}").last == 5e-324);
    assert_true(read_ok("{\"input_data\":[[-0.3333333333333333]]}").last ==
                -0.3333333333333333);
}

/* Short ones are not read by strtod. */
static void decimals_are_what_strtod_reads(void **state)
{
    rng r = rng_new();

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        const uint64_t v = rng_u64(&r) >> rng_below(&r, 64);
        char number[64], text[128];
        seen s;
        int n = snprintf(number, sizeof(number), "%s%llu",
                         rng_below(&r, 2) ? "-" : "", (unsigned long long)v);

        if (rng_below(&r, 4) != 0)
            snprintf(number + n, sizeof(number) - (size_t)n, ".%0*llu",
                     1 + (int)rng_below(&r, 18),
                     (unsigned long long)(rng_u64(&r) >> rng_below(&r, 64)));
        if (strtod(number, NULL) > 1000) /* each() refuses them */
            continue;
        snprintf(text, sizeof(text), "{\"input_data\": [[%s]]}", number);
        s = read_ok(text);
        assert_true(s.last == strtod(number, NULL));
    }
}

static void other_known_keys_are_skipped(void **state)
{
    (void)state;
    assert_int_equal(read_ok("{\"input_shapes\":[[1,{\"a\":[]}],null],"
                             "\"input_data\":[[1]],\"output_data\":[[\"x\"]]}")
                         .count,
                     1);
}

static void bad_numbers_are_named_by_path(void **state)
{
    (void)state;
    refused("{\"input_data\":[[1,2,\n3,NaN]]}",
            "f:2:3: input_data[0][3]: not a finite number");
    refused("{\"input_data\":[[1],[[2,Infinity]]]}",
            "f:1:24: input_data[1][0][1]: not a finite number");
    refused("{\"input_data\":[[1e400]]}",
            "f:1:17: input_data[0][0]: not a finite number");
    refused("{\"input_data\":[[\"1\"]]}",
            "f:1:17: input_data[0][0]: a string where a number should be");
    refused("{\"input_data\":[[null]]}",
            "f:1:17: input_data[0][0]: not a number");
    refused("{\"input_data\":[[true]]}",
            "f:1:17: input_data[0][0]: not a number");
    refused("{\"input_data\":[[{}]]}",
            "f:1:17: input_data[0][0]: not a number");
}

static void ragged_nesting_is_named_by_path(void **state)
{
    (void)state;
    refused("{\"input_data\":[[[1,2],[3]]]}",
            "f:1:25: input_data[0][1]: ragged: 1 members, but others have 2");
    refused("{\"input_data\":[[[1,2],3]]}",
            "f:1:23: input_data[0][1]: a number at depth 1, but others at 2");
    refused("{\"input_data\":[[1,[2]]]}",
            "f:1:19: input_data[0][1]: an array where a number should be");
    refused("{\"input_data\":[[]]}", "f:1:17: input_data[0]: an empty array");
    refused("{\"input_data\":[]}", "f:1:16: input_data: it is empty");
    refused("{\"input_data\":[1,2]}",
            "f:1:16: input_data[0]: expected an array of numbers, one for "
            "each input of the graph");
    refused("{\"input_data\":[[[[[[[[[[1]]]]]]]]]]}",
            "f:1:24: input_data[0][0][0][0][0][0][0][0][0]: nested deeper "
            "than 8");
}

static void the_frame_is_checked(void **state)
{
    (void)state;
    refused("{}", "f:1:3: key \"input_data\" is missing");
    refused("{\"input_dat\":[[1]]}", "f:1:2: unknown key \"input_dat\"; did "
                                     "you mean \"input_data\"?");
    refused("{\"input_data\":[[1]],\"input_data\":[[2]]}",
            "f:1:21: key \"input_data\" is there twice");
    refused("{\"input_data\":[[1]]} x",
            "f:1:22: nothing may follow the value, found 'x'");
    refused("{\"input_data\":[[1]],}", "f:1:21: expected a key, found '}'");
    refused("[[1]]", "f:1:1: expected '{' to begin {\"input_data\": [[...]]}, "
                     "found '['");
    refused("", "f:1:1: expected '{' to begin {\"input_data\": [[...]]}, "
                "found the end of the file");
}

static void what_the_caller_refuses_gets_its_place(void **state)
{
    const char text[] = "{\"input_data\":[[1,\n 1001]]}";
    seen s = {0};
    zkg_error err = {0};

    (void)state;
    assert_int_equal(
        zkg_json_numbers(text, strlen(text), "f", each, NULL, &s, &err),
        ZKG_ERR_WITNESS);
    assert_string_equal(err.text,
                        "f:2:2: input_data[0][1]: 1001 is out of range");
}

typedef struct words {
    seen numbers;
    char word[3][ZKG_JSON_WORD_MAX + 1];
    uint32_t count;
} words;

static zkg_status take_number(void *user, uint32_t entry, const uint64_t *index,
                              uint32_t depth, double value, zkg_error *err)
{
    return each(&((words *)user)->numbers, entry, index, depth, value, err);
}

static zkg_status take_word(void *user, uint32_t entry, const uint64_t *index,
                            uint32_t depth, const char *word, zkg_error *err)
{
    words *w = user;

    assert_int_equal(depth, 1);
    assert_int_equal(index[0], entry == 0 ? 1 + w->count : 0);
    if (word[0] == '-')
        return zkg_fail(err, ZKG_ERR_WITNESS, "%s is negative", word);
    assert_true(w->count < 3);
    strcpy(w->word[w->count++], word);
    return ZKG_OK;
}

static zkg_status read_words(words *w, const char *text, zkg_error *err)
{
    *w = (words){.count = 0};
    return zkg_json_numbers(text, strlen(text), "f", take_number, take_word, w,
                            err);
}

static void strings_are_for_who_wants_them(void **state)
{
    static const struct {
        const char *text, *said;
        zkg_status status;
    } bad[] = {
        {"{\"input_data\":[[1,\"-2\"]]}",
         "f:1:19: input_data[0][1]: -2 is negative", ZKG_ERR_WITNESS},
        {"{\"input_data\":[[[1],\"2\"]]}",
         "f:1:21: input_data[0][1]: a number at depth 1, but others at 2",
         ZKG_ERR_MALFORMED},
        {"{\"input_data\":[\"2\"]}",
         "f:1:16: input_data[0]: expected an array of numbers, one for each "
         "input of the graph",
         ZKG_ERR_MALFORMED},
    };
    char text[ZKG_JSON_WORD_MAX + 64];
    zkg_error err = {0};
    words w;

    (void)state;
    assert_int_equal(
        read_words(&w, "{\"input_data\": [[5, \"7\", \"\\u0041\"]]}", &err),
        ZKG_OK);
    assert_int_equal(w.numbers.count, 1);
    assert_int_equal(w.count, 2);
    assert_string_equal(w.word[0], "7");
    assert_string_equal(w.word[1], "A");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err = (zkg_error){0};
        assert_int_equal(read_words(&w, bad[i].text, &err), bad[i].status);
        assert_string_equal(err.text, bad[i].said);
    }
    for (int more = 0; more < 2; more++) {
        snprintf(text, sizeof(text), "{\"input_data\":[[5,\"%0*d\"]]}",
                 ZKG_JSON_WORD_MAX + more, 1);
        assert_int_equal(read_words(&w, text, &err),
                         more == 0 ? ZKG_OK : ZKG_ERR_MALFORMED);
    }
}

static void every_truncation_is_refused(void **state)
{
    const char text[] =
        "{\"output_data\":{\"a\":[1,true]},\"input_data\":[[[1.5,2],[3,4]]]}";
    seen s = {0};

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(zkg_json_numbers(text, len, "f", each, NULL, &s, NULL),
                         ZKG_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_and_nested_are_read),
        cmocka_unit_test(doubles_keep_every_bit),
        cmocka_unit_test(decimals_are_what_strtod_reads),
        cmocka_unit_test(other_known_keys_are_skipped),
        cmocka_unit_test(bad_numbers_are_named_by_path),
        cmocka_unit_test(ragged_nesting_is_named_by_path),
        cmocka_unit_test(the_frame_is_checked),
        cmocka_unit_test(what_the_caller_refuses_gets_its_place),
        cmocka_unit_test(strings_are_for_who_wants_them),
        cmocka_unit_test(every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
