/* SPDX-License-Identifier: Apache-2.0
 * Constants from measurements. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schedule/fit.h"

static bool is_near(double x, double y)
{
    return fabs(x - y) <= 1e-9 * fabs(y) + 1e-9;
}

/* Counts times the constants that there are give them back. */
static void what_is_linear_is_found(void **state)
{
    static const double count[5][3] = {
        {1, 2, 0}, {1, 5, 1}, {1, 0, 7}, {1, 9, 4}, {1, 1, 1}};
    static const double constant[3] = {14, 0.5, 3};
    double a[5][3], x[3];

    (void)state;
    for (int i = 0; i < 5; i++) {
        double took = 0;

        for (int j = 0; j < 3; j++)
            took += count[i][j] * constant[j];
        for (int j = 0; j < 3; j++)
            a[i][j] = count[i][j] / took;
    }
    zkg_fit(x, &a[0][0], 3, 5);
    for (int j = 0; j < 3; j++)
        assert_true(is_near(x[j], constant[j]));
}

/* 2 x = 1, -y = 1: what would be below 0 is 0, and what nothing tells too. */
static void nothing_is_below_zero(void **state)
{
    static const double a[2][3] = {{2, 0, 0}, {0, -1, 0}};
    double x[3] = {5, 5, 5};

    (void)state;
    zkg_fit(x, &a[0][0], 3, 2);
    assert_true(is_near(x[0], 0.5) && x[1] == 0 && x[2] == 0);
}

/* Of x = 1 and x = 1/2 each counts by its part: 1 x = 1, 2 x = 1. */
static void each_counts_by_its_part(void **state)
{
    static const double a[2] = {1, 2};
    double x;

    (void)state;
    zkg_fit(&x, a, 1, 2);
    assert_true(is_near(x, 3.0 / 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_linear_is_found),
        cmocka_unit_test(nothing_is_below_zero),
        cmocka_unit_test(each_counts_by_its_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
