/* SPDX-License-Identifier: Apache-2.0
 * bench_sumcheck [VARS [BACKEND [TASK]]]: milliseconds (of the processor) of
 * whole sumchecks over 2^VARS (20) entries, and of a lookup tree over 2^VARS
 * leaves, on one rank, for each backend of this processor; then of whole tasks
 * over tensors of 2^VARS small integers, and by how much they raise the peak of
 * resident memory: a lookup, and a product of two tensors, entry by entry.
 * That of a task alone is to be had with TASK.  Prints figures; fails on
 * nothing but errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/cpu.h"
#include "relation/relation.h"
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

/* ---- whole tasks ---- */

typedef struct task {
    const char *name;
    zkg_dtype type;
    bool lookup;  /* else the product of a tensor with itself is 0 */
    uint64_t pad; /* entries left off the end */
} task;

static const task tasks[] = {
    {"lookup-i8", ZKG_I8, true, 0},
    {"lookup-i16", ZKG_I16, true, 0},
    {"lookup-i16-padded", ZKG_I16, true, 5},
    {"product-i16", ZKG_I16, false, 0},
};

/* Half of a product's factors are 0, in turns. */
static void draw_cells(zkg_array *a, uint64_t len, uint64_t skip)
{
    uint64_t state = 1;

    for (uint64_t i = 0; i < len; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        zkg_array_set_i64(a, i, i % 2 == skip ? 0 : (int8_t)(state >> 50));
    }
}

static double peak_bytes(void)
{
    struct rusage use;

    (void)getrusage(RUSAGE_SELF, &use);
    return 1024.0 * (double)use.ru_maxrss;
}

static void bench_task(const zkg_backend *b, const task *what, uint32_t vars)
{
    const uint64_t len[2] = {1, ((uint64_t)1 << vars) - what->pad};
    const zkg_axis axis[2] = {{1, 0}, {len[1], vars}};
    const zkg_lookup_challenges challenge = {{{2, 3, 4, 5}}, {{6, 7, 8, 9}}};
    const uint32_t id = 0;
    const zkg_site site = {.columns = 1, .operand = &id};
    zkg_array array[2] = {{0}};
    zkg_operand operand[2];
    zkg_term term = {
        .c = zkg_fr_one,
        .factors = 2,
        .operand = {0, 1},
        .index = {{{1, ZKG_NO_AXIS, 1, 0, 0}}, {{1, ZKG_NO_AXIS, 1, 0, 0}}},
        .indices = {1, 1}};
    const zkg_einsum einsum = {.out_axes = 1,
                               .out = {1},
                               .terms = 1,
                               .term = &term,
                               .virtual_operand = -1};
    const zkg_task_relations t = {.axes = 2,
                                  .axis = axis,
                                  .operands = 2,
                                  .operand = operand,
                                  .sites = what->lookup,
                                  .site = &site,
                                  .einsums = !what->lookup,
                                  .einsum = &einsum};
    double best = 1e9, peak;
    zkg_error err = {0};

    for (uint32_t i = 0; i < 2; i++) {
        operand[i] = (zkg_operand){.tensor = i,
                                   .vis = ZKG_PRIVATE,
                                   .axes = 1,
                                   .axis = {1},
                                   .array = &array[i]};
        must(zkg_array_init(&array[i], what->type, 1, &len[1], &err));
        draw_cells(&array[i], len[1], what->lookup ? 2 : i);
    }
    peak = peak_bytes();
    for (int run = 0; run < 3; run++) {
        zkg_tape tape;
        zkg_child child = {.tape = &tape,
                           .comm = zkg_comm_self(),
                           .backend = b,
                           .challenge = &challenge};
        double took;

        zkg_tape_init_prove(&tape);
        took = milliseconds();
        must(zkg_task_prove(&child, &t, &err));
        took = milliseconds() - took;
        best = took < best ? took : best;
        zkg_child_clear(&child);
        zkg_tape_clear(&tape);
    }
    printf("%-9s %-28s 2^%u %9.2f ms, %.1f ns and %.1f bytes an entry\n",
           b->name, what->name, vars, best, 1e6 * best / (double)len[1],
           (peak_bytes() - peak) / (double)len[1]);
    zkg_array_clear(&array[0]);
    zkg_array_clear(&array[1]);
}

static void bench_tasks(const zkg_backend *b, uint32_t vars, const char *only)
{
    for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++)
        if (only == NULL || strcmp(tasks[i].name, only) == 0)
            bench_task(b, &tasks[i], vars);
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
        if (argc > 2 && strcmp(argv[2], b->name) != 0)
            continue;
        if (argc > 3) {
            bench_tasks(b, vars, argv[3]);
            continue;
        }
        bench_kind(b, "product", ZKG_FORM_PRODUCT, vars, false);
        bench_kind(b, "product, eq", ZKG_FORM_PRODUCT, vars, true);
        bench_kind(b, "product of three", ZKG_FORM_PRODUCT3, vars, false);
        bench_kind(b, "fractions, eq", ZKG_FORM_FRACTION, vars, true);
        bench_tree(b, vars);
        bench_tasks(b, vars, NULL);
    }
    return 0;
}
