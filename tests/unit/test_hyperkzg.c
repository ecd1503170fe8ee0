/* SPDX-License-Identifier: Apache-2.0 */
#include "opening_fixture.h"

static void openings_are_accepted(void **state)
{
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= POWER; k++) {
        opening_prove(&o, ZKG_PCS_HYPERKZG, k, k, NULL);
        if (opening_verify_same(&o, &v) != ZKG_OK)
            fail_msg("k = %u: %s", k, v.text);
        opening_end(&o);
    }
}

static void a_vector_of_zeros_is_opened(void **state)
{
    zkg_verdict v;
    zkg_tape tape;
    opening o;

    (void)state;
    opening_prove(&o, ZKG_PCS_HYPERKZG, 3, 1, NULL);
    memset(o.g, 0, sizeof(o.g));
    o.s = zkg_fr_zero;
    o.commitment = zkg_g1_infinity;
    assert_int_equal(opening_send(&tape, &o, zkg_backend_ref(), NULL), ZKG_OK);
    assert_int_equal(opening_verify(&o, tape.buf, tape.len, &v), ZKG_OK);
    zkg_tape_clear(&tape);
    opening_end(&o);
}

static void the_backend_changes_no_byte(void **state)
{
    zkg_tape tape;
    opening o;

    (void)state;
    opening_prove(&o, ZKG_PCS_HYPERKZG, POWER, 9, NULL);
    assert_int_equal(opening_send(&tape, &o, zkg_backend_get(UINT32_MAX), NULL),
                     ZKG_OK);
    assert_int_equal(tape.len, o.tape.len);
    assert_memory_equal(tape.buf, o.tape.buf, tape.len);
    zkg_tape_clear(&tape);
    opening_end(&o);
}

static void a_false_value_is_not_opened(void **state)
{
    zkg_tape tape;
    opening o;

    (void)state;
    opening_prove(&o, ZKG_PCS_HYPERKZG, 4, 5, NULL);
    zkg_fr_add(&o.s, &o.s, &zkg_fr_one);
    assert_int_equal(opening_send(&tape, &o, zkg_backend_ref(), NULL),
                     ZKG_ERR_WITNESS);
    zkg_tape_clear(&tape);
    opening_end(&o);
}

static void another_statement_is_refused(void **state)
{
    zkg_verdict v;
    zkg_fr keep;
    zkg_g1 point;
    opening o;

    (void)state;
    opening_prove(&o, ZKG_PCS_HYPERKZG, 4, 6, NULL);
    keep = o.s;
    zkg_fr_add(&o.s, &o.s, &zkg_fr_one);
    assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_BATCH);
    o.s = keep;
    for (int t = 0; t < 4; t++) {
        keep = o.u[t];
        zkg_fr_add(&o.u[t], &o.u[t], &zkg_fr_one);
        assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
        assert_int_equal(v.check, ZKG_CHECK_BATCH);
        o.u[t] = keep;
    }
    point = o.commitment;
    zkg_g1_add(&o.commitment, &point, &zkg_g1_generator);
    assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    o.commitment = point;
    assert_int_equal(opening_verify_same(&o, &v), ZKG_OK);
    o.key.tau_g2 = zkg_g2_generator;
    assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    opening_end(&o);
}

static void flipped_bytes_are_refused(void **state)
{
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 3; k += 2) {
        opening_prove(&o, ZKG_PCS_HYPERKZG, k, 20 + k, NULL);
        for (size_t i = 0; i < o.tape.len; i++) {
            const uint8_t keep = o.tape.buf[i];
            zkg_status s;

            o.tape.buf[i] ^= (uint8_t)(1u << (i % 8));
            s = opening_verify_same(&o, &v);
            assert_true(s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED);
            assert_int_not_equal(v.check, ZKG_CHECK_NONE);
            o.tape.buf[i] = keep;
        }
        for (size_t len = 0; len < o.tape.len; len += 16)
            assert_int_equal(opening_verify(&o, o.tape.buf, len, &v),
                             ZKG_ERR_MALFORMED);
        opening_end(&o);
    }
}

static void a_cheating_prover_is_named(void **state)
{
#ifdef ZKG_TEST_HOOKS
    zkg_hooks hooks = {.task = -1};
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 4; k++) {
        hooks.cheat = ZKG_CHEAT_WRONG_BATCH_VALUE;
        opening_prove(&o, ZKG_PCS_HYPERKZG, k, 30, &hooks);
        assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
        assert_int_equal(v.check, ZKG_CHECK_BATCH);
        opening_end(&o);
        hooks.cheat = ZKG_CHEAT_WRONG_OPENING;
        opening_prove(&o, ZKG_PCS_HYPERKZG, k, 31, &hooks);
        assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
        assert_int_equal(v.check, ZKG_CHECK_PAIRING);
        opening_end(&o);
    }
#else
    (void)state;
    skip();
#endif
}

/* A value equation holds, yet the value is not the polynomial's: only the
 * pairing can tell. */
static void consistent_lies_fail_the_pairing(void **state)
{
    zkg_hyperkzg_messages m = {.k = 1};
    zkg_verdict v;
    zkg_tape tape;
    zkg_fr two_r, lie;
    opening o;

    (void)state;
    opening_prove(&o, ZKG_PCS_HYPERKZG, 1, 40, NULL);
    /* k = 1: 2 r s = r (1-u) (p + q) + u (p - q); solve for q when p lies */
    zkg_tape_init_prove(&tape);
    assert_int_equal(zkg_hyperkzg_wire_folds(&tape, &m), ZKG_OK);
    zkg_fr_double(&two_r, &m.r);
    fixture_fr(&m.at[0], 41);
    {
        zkg_fr a, b, left;

        zkg_fr_sub(&a, &zkg_fr_one, &o.u[0]);
        zkg_fr_mul(&a, &a, &m.r);
        zkg_fr_add(&b, &a, &o.u[0]);
        zkg_fr_mul(&left, &two_r, &o.s);
        zkg_fr_mul(&b, &b, &m.at[0]);
        zkg_fr_sub(&left, &left, &b);
        zkg_fr_sub(&a, &a, &o.u[0]);
        zkg_fr_inv(&a, &a);
        zkg_fr_mul(&lie, &left, &a);
    }
    m.at[1] = lie;
    assert_int_equal(zkg_hyperkzg_wire_values(&tape, &m), ZKG_OK);
    m.w = zkg_g1_infinity;
    assert_int_equal(zkg_hyperkzg_wire_w(&tape, &m), ZKG_OK);
    m.w2 = zkg_g1_generator;
    assert_int_equal(zkg_hyperkzg_wire_w2(&tape, &m), ZKG_OK);
    assert_int_equal(opening_verify(&o, tape.buf, tape.len, &v),
                     ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    zkg_tape_clear(&tape);
    opening_end(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openings_are_accepted),
        cmocka_unit_test(a_vector_of_zeros_is_opened),
        cmocka_unit_test(the_backend_changes_no_byte),
        cmocka_unit_test(a_false_value_is_not_opened),
        cmocka_unit_test(another_statement_is_refused),
        cmocka_unit_test(flipped_bytes_are_refused),
        cmocka_unit_test(a_cheating_prover_is_named),
        cmocka_unit_test(consistent_lies_fail_the_pairing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
