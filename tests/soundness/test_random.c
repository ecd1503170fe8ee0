/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs of kernels: what they compute is what a model says, the proof
 * is accepted; of anything else that they might have computed it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness.h"
#include "random_graph.h"

#define GRAPHS (SLOW_BUILD ? 12 : 60)

static zkg_status prove_and_verify(fx *f, const zkg_hooks *hooks,
                                   zkg_verdict *v)
{
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    if (fx_prove(f, hooks, &proof, &len, &err) != ZKG_OK)
        fail_msg("no proof: %s", err.text);
    s = fx_verify(f, proof, len, NULL, v);
    free(proof);
    return s;
}

static void random_graphs_compute_what_they_prove(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        zkg_verdict v = {0};
        fx f = {0};

        rg_init(&f, seed, 5 + (uint32_t)(seed % 3));
        if (prove_and_verify(&f, NULL, &v) != ZKG_OK)
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed,
                     zkg_check_name(v.check), v.text);
        fx_clear(&f);
    }
}

/* By the circuit that makes it, or by the table that it is looked up in. */
static void one_cell_that_is_wrong_is_refused(void **state)
{
    const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS, .task = -1};

    (void)state;
    fx_need_hooks();
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        zkg_verdict v = {0};
        fx f = {0};

        rg_init(&f, seed, 5);
        rg_spoil(&f, seed);
        assert_int_equal(prove_and_verify(&f, &careless, &v), ZKG_ERR_REJECT);
        if (v.check != ZKG_CHECK_SUMCHECK_END &&
            v.check != ZKG_CHECK_CIRCUIT_END && v.check != ZKG_CHECK_LOOKUP_SUM)
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed,
                     zkg_check_name(v.check), v.text);
        fx_clear(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs_compute_what_they_prove),
        cmocka_unit_test(one_cell_that_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
