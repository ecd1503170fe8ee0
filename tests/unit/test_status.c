/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "zkgkr/zkgkr.h"

static void the_first_message_wins(void **state)
{
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_fail(&err, ZKG_ERR_IO, "no file %d", 7), ZKG_ERR_IO);
    assert_int_equal(zkg_fail(&err, ZKG_ERR_NOMEM, "later"), ZKG_ERR_NOMEM);
    assert_int_equal(err.status, ZKG_ERR_IO);
    assert_string_equal(err.text, "no file 7");
    assert_int_equal(zkg_fail(NULL, ZKG_ERR_IO, "x"), ZKG_ERR_IO);
}

static void a_long_message_is_cut(void **state)
{
    zkg_error err = {0};

    (void)state;
    (void)zkg_fail(&err, ZKG_ERR_IO, "%05000d", 1);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

/* Names come from files of strangers, and messages go to terminals. */
static void a_message_is_one_printable_line(void **state)
{
    zkg_error err = {0};

    (void)state;
    (void)zkg_fail(&err, ZKG_ERR_IO, "%s", "a\nb\033[2Jc\td\x7f \xc3\xa4");
    assert_string_equal(err.text, "a?b?[2Jc?d? \xc3\xa4");
}

static void exit_codes_are_the_documented_ones(void **state)
{
    static const int code[] = {0, 10, 2, 3, 4, 1, 5, 2, 6, 3, 7, 7, 8, 9, 10};

    (void)state;
    for (int s = ZKG_OK; s <= (int)ZKG_ERR_INTERNAL; s++) {
        assert_int_equal(zkg_status_exit_code((zkg_status)s), code[s]);
        assert_string_not_equal(zkg_status_name((zkg_status)s), "unknown");
    }
}

static void the_version_is_three_numbers(void **state)
{
    (void)state;
    assert_string_equal(zkg_version(), "0.1.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_wins),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_message_is_one_printable_line),
        cmocka_unit_test(exit_codes_are_the_documented_ones),
        cmocka_unit_test(the_version_is_three_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
