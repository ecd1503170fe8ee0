/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs with circuits: honest proofs, and provers that cheat, each caught by
 * the check that is meant for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "circuit_fixture.h"

#define POWER 6

static void assert_check(zkg_verdict v, zkg_check check)
{
    if (v.check != check)
        fail_msg("expected %s, got %s: %s", zkg_check_name(check),
                 zkg_check_name(v.check), v.text);
}

/* Prove f's witness; which check refuses the proof? */
static zkg_verdict judged(fx *f, const zkg_hooks *hooks)
{
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    if (fx_prove(f, hooks, &proof, &len, &err) != ZKG_OK)
        fail_msg("no proof: %s", err.text);
    s = fx_verify(f, proof, len, NULL, &v);
    free(proof);
    if (s == ZKG_OK)
        v.check = ZKG_CHECK_NONE;
    else
        assert_int_equal(s, ZKG_ERR_REJECT);
    return v;
}

static void honest_proofs_are_accepted(void **state)
{
    static const uint64_t copies[] = {1, 2, 3, 5, 8, 64};

    (void)state;
    for (unsigned i = 0; i < 6 * 6; i++) {
        const cx_shape shape = {
            .copies = copies[i % 6],
            .public_x = i / 6 % 2 == 1,
            .fr_v = i / 12 == 1,
            .without_v = i / 12 == 2,
        };
        fx f = {0};

        cx_init(&f, &shape, POWER + i % 2, i);
        assert_check(judged(&f, NULL), ZKG_CHECK_NONE);
        fx_clear(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_proofs_are_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
