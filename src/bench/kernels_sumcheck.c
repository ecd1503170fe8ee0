/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sumchecks, and the tree of a lookup, on one rank. */
#include <string.h>

#include "bench/bench.h"
#include "sumcheck/prove.h"

static zkg_status fill(const zkg_backend *b, zkg_table *t, uint32_t vars,
                       uint64_t seed)
{
    zkg_fr u[ZKG_MAX_VARS];

    zkg_bench_fill(u, ZKG_MAX_VARS, seed);
    ZKG_TRY(zkg_table_new(b, t, vars));
    return b->table_eq(t, u, NULL);
}

/* One sumcheck over tables, which are used up; adds its time. */
static zkg_status prove(double *seconds, const zkg_backend *b,
                        zkg_form_kind kind, uint32_t vars, bool eq,
                        zkg_table *tables)
{
    zkg_part part = {.kind = kind,
                     .coeff = zkg_fr_one,
                     .lambda = zkg_fr_one,
                     .vars = vars,
                     .vars3 = vars,
                     .count = 1,
                     .tables = tables};
    zkg_form form = {.parts = &part, .part_count = 1};
    zkg_fr u[ZKG_MAX_VARS], point[ZKG_MAX_VARS], claim = zkg_fr_one;
    zkg_tape tape;
    zkg_status s;
    double from;

    zkg_bench_fill(u, ZKG_MAX_VARS, 77);
    form.shape.vars = vars;
    form.shape.eq_from = eq ? 0 : vars;
    form.shape.eq_point = u;
    for (uint32_t t = 0; t < vars; t++)
        form.shape.degree[t] = kind == ZKG_FORM_PRODUCT3 ? 3 : 2;
    zkg_tape_init_prove(&tape);
    from = zkg_bench_now();
    s = zkg_sumcheck_prove(&tape, zkg_comm_self(), b, &form, &claim, point);
    *seconds += zkg_bench_now() - from;
    zkg_tape_clear(&tape);
    return s;
}

static zkg_status time_kind(double *seconds, const zkg_bench_env *env,
                            zkg_form_kind kind, bool eq)
{
    const uint32_t arity = zkg_form_arity(kind);
    zkg_table t[4];
    zkg_status s = ZKG_OK;

    memset(t, 0, sizeof(t));
    *seconds = 0;
    for (uint32_t k = 0; s == ZKG_OK && k < arity; k++)
        s = fill(env->backend, &t[k], env->log_size, k + 1);
    if (s == ZKG_OK)
        s = prove(seconds, env->backend, kind, env->log_size, eq, t);
    for (uint32_t k = 0; k < arity; k++)
        zkg_table_clear(env->backend, &t[k]);
    return s;
}

zkg_status zkg_bench_sumcheck2(double *seconds, zkg_bench_env *env)
{
    return time_kind(seconds, env, ZKG_FORM_PRODUCT, false);
}

zkg_status zkg_bench_sumcheck2_eq(double *seconds, zkg_bench_env *env)
{
    return time_kind(seconds, env, ZKG_FORM_PRODUCT, true);
}

zkg_status zkg_bench_sumcheck3(double *seconds, zkg_bench_env *env)
{
    return time_kind(seconds, env, ZKG_FORM_PRODUCT3, false);
}

typedef zkg_table layers[ZKG_MAX_VARS][4];

/* Fractions with numerators 1 over 2^vars leaves; then every layer's sums. */
static zkg_status time_tree(double *seconds, const zkg_backend *b,
                            uint32_t vars, layers layer)
{
    double from;

    for (uint32_t l = 0; l < vars; l++)
        for (uint32_t k = l + 1 == vars ? 2 : 0; k < 4; k++)
            ZKG_TRY(fill(b, &layer[l][k], l, k + 1));
    from = zkg_bench_now();
    for (uint32_t l = vars - 1; l > 0; l--)
        ZKG_TRY(b->fraction_up(layer[l - 1], layer[l], l == vars - 1));
    *seconds = zkg_bench_now() - from;
    for (uint32_t l = 0; l < vars; l++) {
        const bool leaves = l + 1 == vars;

        ZKG_TRY(prove(seconds, b,
                      leaves ? ZKG_FORM_FRACTION_ONES : ZKG_FORM_FRACTION, l,
                      true, layer[l] + (leaves ? 2 : 0)));
    }
    return ZKG_OK;
}

zkg_status zkg_bench_lookup_tree(double *seconds, zkg_bench_env *env)
{
    layers layer;
    zkg_status s;

    memset(layer, 0, sizeof(layer));
    s = time_tree(seconds, env->backend, env->log_size, layer);
    for (uint32_t l = 0; l < env->log_size; l++)
        for (uint32_t k = 0; k < 4; k++)
            zkg_table_clear(env->backend, &layer[l][k]);
    return s;
}
