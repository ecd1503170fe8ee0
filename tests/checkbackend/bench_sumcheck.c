/* SPDX-License-Identifier: Apache-2.0
 * bench_sumcheck [VARS]: milliseconds (of the processor) of whole sumchecks
 * over 2^VARS (20) entries, and of a lookup tree over 2^VARS leaves, on one
 * rank, for each backend of this processor.  Prints figures; fails on nothing
 * but errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "sumcheck/prove.h"

static void must(zkg_status s)
{
    if (s != ZKG_OK) {
        fprintf(stderr, "failed: %s\n", zkg_status_name(s));
        exit(1);
    }
}

static double milliseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void fill(const zkg_backend *b, zkg_table *t, uint32_t vars,
                 uint64_t seed)
{
    zkg_fr u[ZKG_MAX_VARS];

    for (uint32_t i = 0; i < vars; i++) {
        zkg_fr_from_u64(&u[i], seed + i);
        zkg_fr_inv(&u[i], &u[i]);
    }
    must(zkg_table_new(b, t, vars));
    must(b->table_eq(t, u, NULL));
}

/* One sumcheck over tables that are used up; returns its time. */
static double prove(const zkg_backend *b, zkg_form_kind kind, uint32_t vars,
                    bool eq, zkg_table *tables)
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
    double from;

    form.shape.vars = vars;
    form.shape.eq_from = eq ? 0 : vars;
    form.shape.eq_point = u;
    for (uint32_t t = 0; t < vars; t++) {
        form.shape.degree[t] = kind == ZKG_FORM_PRODUCT3 ? 3 : 2;
        zkg_fr_from_u64(&u[t], 77 + t);
    }
    zkg_tape_init_prove(&tape);
    from = milliseconds();
    must(zkg_sumcheck_prove(&tape, zkg_comm_self(), b, &form, &claim, point));
    from = milliseconds() - from;
    zkg_tape_clear(&tape);
    return from;
}

static void bench_kind(const zkg_backend *b, const char *label,
                       zkg_form_kind kind, uint32_t vars, bool eq)
{
    const uint32_t arity = zkg_form_arity(kind);
    double best = 1e9;

    for (int run = 0; run < 3; run++) {
        zkg_table t[4];
        double took;

        for (uint32_t k = 0; k < arity; k++)
            fill(b, &t[k], vars, 1000 * (k + 1));
        took = prove(b, kind, vars, eq, t);
        best = took < best ? took : best;
        for (uint32_t k = 0; k < arity; k++)
            zkg_table_clear(b, &t[k]);
    }
    printf("%-9s %-28s 2^%u %9.2f ms\n", b->name, label, vars, best);
}

/* Trees of fractions over 2^vars leaves, then the sumchecks of its layers. */
static void bench_tree(const zkg_backend *b, uint32_t vars)
{
    zkg_table layer[ZKG_MAX_VARS][4];
    double from, trees, sums = 0;

    memset(layer, 0, sizeof(layer));
    for (uint32_t l = 0; l < vars; l++) {
        for (uint32_t k = l + 1 == vars ? 2 : 0; k < 4; k++)
            fill(b, &layer[l][k], l, 1000 * (k + 1));
    }
    from = milliseconds();
    for (uint32_t l = vars - 1; l > 0; l--)
        must(b->fraction_up(layer[l - 1], layer[l], l == vars - 1));
    trees = milliseconds() - from;
    for (uint32_t l = 0; l < vars; l++) {
        const bool leaves = l + 1 == vars;

        sums += prove(b, leaves ? ZKG_FORM_FRACTION_ONES : ZKG_FORM_FRACTION, l,
                      true, layer[l] + (leaves ? 2 : 0));
        for (uint32_t k = 0; k < 4; k++)
            zkg_table_clear(b, &layer[l][k]);
    }
    printf("%-9s %-28s 2^%u %9.2f ms, of it trees %.2f\n", b->name,
           "lookup tree, all p = 1", vars, trees + sums, trees);
}

int main(int argc, char **argv)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_ALL};
    const uint32_t vars = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20;
    const zkg_backend *last = NULL;

    if (vars < 2 || vars > 26)
        return 2;
    for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
        const zkg_backend *b = zkg_backend_get(zkg_cpu_features(masks[m]));

        if (b == last)
            continue;
        last = b;
        bench_kind(b, "product", ZKG_FORM_PRODUCT, vars, false);
        bench_kind(b, "product, eq", ZKG_FORM_PRODUCT, vars, true);
        bench_kind(b, "product of three", ZKG_FORM_PRODUCT3, vars, false);
        bench_kind(b, "fractions, eq", ZKG_FORM_FRACTION, vars, true);
        bench_tree(b, vars);
    }
    return 0;
}
