/* SPDX-License-Identifier: Apache-2.0 */
/* Every hint of every operator: one number of it changed, everything that
 * follows from it made to fit, and the proof refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/seed_model.h"
#include "fixture.h"
#include "onnx/lower.h"

#define POWER 10

static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* The first input of either sign; others, which may divide, positive. */
static void honest(fx *f)
{
    zkg_error err = {0};
    uint64_t seed = 7;

    for (uint32_t k = 0; k < f->graph->inputs; k++) {
        const zkg_tensor *t = &f->graph->st.tensor[f->graph->input[k]];
        zkg_array *x = &f->witness.array[f->graph->input[k]];

        must(zkg_array_init(x, t->type, t->axes, t->len, &err), &err);
        for (uint64_t i = 0; i < zkg_array_count(x); i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            zkg_array_set_i64(x, i, (int64_t)(seed >> 59) - (k == 0 ? 16 : -4));
        }
    }
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
}

static void refit(fx *f)
{
    fx_refit(f);
    fx_recount(f);
}

static zkg_check judged(fx *f)
{
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    if (fx_prove(f, &careless, &proof, &len, &err) != ZKG_OK)
        fail_msg("the cheat did not get as far as a proof: %s", err.text);
    s = fx_judge(f, proof, len, &v);
    free(proof);
    assert_true(s == ZKG_OK || s == ZKG_ERR_REJECT);
    return s == ZKG_OK ? ZKG_CHECK_NONE : v.check;
}

/* One element, one up or one down, within its range. */
static void cheat(fx *f, uint32_t id, uint64_t at)
{
    const zkg_tensor *t = &f->graph->st.tensor[id];
    zkg_array *a = &f->witness.array[id];
    const int64_t was = zkg_array_get_i64(a, at);
    zkg_check check;

    zkg_array_set_i64(a, at, was < t->max ? was + 1 : was - 1);
    refit(f);
    check = judged(f);
    if (check != ZKG_CHECK_LOOKUP_SUM && check != ZKG_CHECK_EINSUM_END)
        fail_msg("tensor %s, element %llu: %s", t->name, (unsigned long long)at,
                 zkg_check_name(check));
    zkg_array_set_i64(a, at, was);
    refit(f);
}

static bool is_input(const zkg_graph *g, uint32_t tensor)
{
    for (uint32_t i = 0; i < g->inputs; i++) {
        if (g->input[i] == tensor)
            return true;
    }
    return false;
}

static void hold(const char *model, uint32_t least)
{
    uint32_t hints = 0;
    fx f = {0};

    fx_need_hooks();
    fx_begin(&f, seed_model(model, ZKG_PUBLIC), POWER);
    honest(&f);
    refit(&f);
    assert_int_equal(judged(&f), ZKG_CHECK_NONE);
    for (uint32_t i = 0; i < f.graph->st.tensors; i++) {
        const zkg_tensor *t = &f.graph->st.tensor[i];

        if (t->vis != ZKG_PRIVATE || is_input(f.graph, i) ||
            zkg_statement_is_hinted_counts(&f.graph->st, i))
            continue;
        cheat(&f, i, zkg_tensor_count(t) / 2);
        hints++;
    }
    for (uint32_t i = 0; i < f.graph->outputs; i++)
        cheat(&f, f.graph->output[i], 0);
    printf("%s: %u hints\n", model, hints);
    assert_true(hints >= least);
    fx_clear(&f);
}

static void every_hint_is_held(void **state)
{
    (void)state;
    hold("small.onnx", 25);
}

static void every_hint_of_pairs_is_held(void **state)
{
    (void)state;
    hold("pairs.onnx", 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hint_is_held),
        cmocka_unit_test(every_hint_of_pairs_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
