/* SPDX-License-Identifier: Apache-2.0 */
#include "relation_fixture.h"

#include "relation/ledger.h"

static void equal_claims_are_found(void **state)
{
    zkg_ledger ledger = {0};
    zkg_fr point[3], value;
    fixture f;

    (void)state;
    fx_init(&f, 1);
    for (uint32_t i = 0; i < 3; i++)
        fx_fr(&f, &point[i]);
    fx_fr(&f, &value);
    assert_null(zkg_ledger_find(&ledger, 1, 3, point));
    assert_int_equal(zkg_ledger_add(&ledger, 1, ZKG_PRIVATE, 3, point, &value),
                     ZKG_OK);
    assert_non_null(zkg_ledger_find(&ledger, 1, 3, point));
    assert_null(zkg_ledger_find(&ledger, 2, 3, point));
    assert_null(zkg_ledger_find(&ledger, 1, 2, point));
    zkg_fr_add(&point[2], &point[2], &zkg_fr_one);
    assert_null(zkg_ledger_find(&ledger, 1, 3, point));
    assert_int_equal(zkg_ledger_add(&ledger, 1, ZKG_PRIVATE, 49, point, &value),
                     ZKG_ERR_INVALID);
    zkg_ledger_clear(&ledger);
}

static void virtual_claims_are_struck(void **state)
{
    zkg_ledger ledger = {0};
    zkg_fr point = {{5}};

    (void)state;
    /* Enough to grow. */
    for (uint32_t i = 0; i < 60; i++) {
        point.l[0] = i;
        assert_int_equal(zkg_ledger_add(&ledger, i % 3,
                                        i % 3 == 1 ? ZKG_VIRTUAL : ZKG_FIXED, 1,
                                        &point, &point),
                         ZKG_OK);
    }
    assert_int_equal(zkg_ledger_count(&ledger, 1), 20);
    assert_int_equal(zkg_ledger_undischarged(&ledger)->tensor, 1);
    zkg_ledger_strike(&ledger, 1);
    assert_int_equal(zkg_ledger_count(&ledger, 1), 0);
    assert_null(zkg_ledger_undischarged(&ledger));
    assert_int_equal(ledger.claims, 40);
    assert_int_equal(ledger.claim[0].point[0].l[0], 0);
    assert_int_equal(ledger.claim[39].point[0].l[0], 59);
    zkg_ledger_clear(&ledger);
}

static void the_first_verdict_stays(void **state)
{
    zkg_verdict v = {0};

    (void)state;
    assert_int_equal(zkg_verdict_fail(&v, ZKG_CHECK_EINSUM_END, 3, 4, "%d", 5),
                     ZKG_ERR_REJECT);
    assert_int_equal(zkg_verdict_fail(&v, ZKG_CHECK_MALFORMED, 6, 7, "x"),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(v.check, ZKG_CHECK_EINSUM_END);
    assert_int_equal(v.task, 3);
    assert_int_equal(v.relation, 4);
    assert_string_equal(v.text, "5");
    assert_string_equal(zkg_check_name(v.check), "einsum_end");
    assert_string_equal(zkg_check_name((zkg_check)99), "unknown");
    assert_int_equal(zkg_verdict_fail(NULL, ZKG_CHECK_KEY, 0, 0, "x"),
                     ZKG_ERR_REJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_claims_are_found),
        cmocka_unit_test(virtual_claims_are_struck),
        cmocka_unit_test(the_first_verdict_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
