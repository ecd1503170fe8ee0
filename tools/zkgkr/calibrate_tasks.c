/* SPDX-License-Identifier: Apache-2.0
 * What tasks and tables take. */
#include "calibrate_tasks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "calibrate_children.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "schedule/fit.h"

enum { UNKNOWNS = 20 };

/* ---- probes: tasks of one kind of work each, and tables ------------------ */

typedef enum probe_kind {
    EMPTY,  /* y = w x, scalars */
    LOOKUP, /* n rows of one column, m times */
    PADDED, /* the same, n maps of m x m rows */
    PAIR,   /* n rows of two columns */
    BATCH,  /* y[o] = w[o] x[o] m times, n of them: small integers */
    MATRIX, /* y[o] = sum_k w[o,k] x[k], n x m */
    BYTES,  /* the same, w of bytes */
    MASKED, /* the same, of no public factor: with an indicator */
    WINDOW, /* n maps of m x m, n x 3 x 3 inputs each, w of bytes */
    EQUAL,  /* y[o] = x[o], n of them */
    SUM,    /* y = sum_k x[k], n of them */
    MERGED  /* v[o] = x[o] for n virtual v[o], of which m claims are made */
} probe_kind;

/* The first makes the memory that all have their tables in; it does not count.
 */
static const struct {
    probe_kind kind;
    uint64_t n, m;
} probes[] = {
    {LOOKUP, 1 << 19, 1},
    {EMPTY, 1, 1},
    {MATRIX, 1 << 10, 1 << 10},
    {LOOKUP, 1 << 3, 1},
    {BATCH, 1 << 17, 1},
    {SUM, 1 << 5, 1},
    {LOOKUP, 1 << 16, 1},
    {LOOKUP, 1 << 5, 1},
    {MATRIX, 1 << 12, 1 << 6},
    {LOOKUP, 1 << 7, 1},
    {SUM, 1 << 17, 1},
    {BATCH, 1 << 5, 1},
    {LOOKUP, 3 << 17, 1},
    {MATRIX, 10, 84},
    {MATRIX, 1 << 4, 1 << 14},
    {LOOKUP, 1 << 10, 1},
    {LOOKUP, 3 << 14, 1},
    {SUM, 1 << 10, 1},
    {LOOKUP, 3 << 12, 1},
    {BATCH, 1 << 10, 1},
    {MATRIX, 1 << 8, 1 << 12},
    {LOOKUP, 3 << 8, 1},
    {LOOKUP, 1 << 14, 1},
    {MATRIX, 1 << 6, 1 << 10},
    {BATCH, 1 << 14, 1},
    {LOOKUP, 1 << 5, 4},
    {LOOKUP, 1 << 19, 1},
    {BATCH, 1 << 5, 8},
    {LOOKUP, 1 << 12, 4},
    {MATRIX, 10, 1 << 12},
    {SUM, 1 << 14, 1},
    {LOOKUP, 1 << 8, 4},
    {MATRIX, 3, 1 << 14},
    {LOOKUP, 1 << 12, 1},
    {BATCH, 1 << 8, 4},
    {WINDOW, 1 << 6, 1 << 5},
    {EQUAL, 1 << 12, 1},
    {BYTES, 1 << 9, 9 << 9},
    {EQUAL, 1 << 9, 1},
    {WINDOW, 1 << 8, 1 << 2},
    {BYTES, 1 << 4, 1 << 8},
    {WINDOW, 1 << 4, 1 << 4},
    {EQUAL, 1 << 16, 1},
    {BYTES, 1 << 7, 9 << 6},
    {PADDED, 12, 14},
    {LOOKUP, 1 << 11, 1},
    {PADDED, 48, 5},
    {MASKED, 10, 84},
    {LOOKUP, 1 << 15, 1},
    {MERGED, 1 << 11, 3},
    {PAIR, 1 << 12, 1},
    {MASKED, 120, 400},
    {PAIR, 1 << 7, 1},
    {MERGED, 1 << 5, 2},
    {LOOKUP, 1 << 9, 3},
    {MASKED, 3, 5000},
    {MERGED, 1 << 14, 2},
    {PAIR, 1 << 15, 1},
};

/* Tables, whose sides are timed too: the first for lookups of two columns, the
 * others, in turn, for those of one.  The smallest, proven last, does not
 * count: behind it all memory is given back. */
static const struct {
    const char *name;
    zkg_table_kind kind;
    uint32_t bits;
} tables[] = {
    {"pairs", ZKG_KIND_RELU, 13},    {"range6", ZKG_KIND_RANGE, 6},
    {"range9", ZKG_KIND_RANGE, 9},   {"range12", ZKG_KIND_RANGE, 12},
    {"range15", ZKG_KIND_RANGE, 15}, {"range3", ZKG_KIND_RANGE, 3},
};

enum {
    PROBES = sizeof(probes) / sizeof(probes[0]),
    TABLES = sizeof(tables) / sizeof(tables[0]),
    CHILDREN = PROBES + TABLES,
    COUNTED = CHILDREN - 1
};

/* A fixed tensor's values: 1. */
static zkg_status set_ones(zkg_graph *g, const char *name, uint64_t count,
                           zkg_error *err)
{
    int64_t *one = zkg_alloc((size_t)count, sizeof(*one));
    zkg_status status;

    if (one == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    for (uint64_t i = 0; i < count; i++)
        one[i] = 1;
    status = zkg_graph_set_fixed(g, name, one, (size_t)count, err);
    zkg_free(one);
    return status;
}

/* A tensor with all its values 1, or of sums: virtual, fixed, or an input. */
static zkg_status add(zkg_graph *g, zkg_tensor_spec spec, const uint64_t *len,
                      zkg_error *err)
{
    uint64_t count = 1;

    for (uint32_t k = 0; k < spec.axes; k++) {
        spec.len[k] = len[k];
        count *= len[k];
    }
    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    if (spec.visibility == ZKG_FIXED)
        return set_ones(g, spec.name, count, err);
    return spec.visibility == ZKG_VIRTUAL
               ? ZKG_OK
               : zkg_graph_add_input(g, spec.name, err);
}

static bool is_lookup(int p)
{
    return probes[p].kind == LOOKUP || probes[p].kind == PADDED ||
           probes[p].kind == PAIR;
}

/* The table that a lookup's probe is looked up in. */
static int table_of(int p)
{
    int before = 0;

    if (probes[p].kind == PAIR)
        return 0;
    for (int i = 0; i < p; i++)
        before += is_lookup(i) && probes[i].kind != PAIR;
    return 1 + before % (TABLES - 1);
}

/* A column of lookups, with all values of the table's. */
static zkg_status add_column(zkg_graph *g, int p, const char *param,
                             zkg_error *err)
{
    const bool padded = probes[p].kind == PADDED, pair = probes[p].kind == PAIR;
    const uint64_t n = probes[p].n, m = probes[p].m, len[3] = {n, m, m};
    const int64_t rows = (int64_t)1 << tables[table_of(p)].bits;
    char kernel[16], name[16];

    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    (void)snprintf(name, sizeof(name), "%s%d", param, p);
    ZKG_TRY(add(g,
                (zkg_tensor_spec){.name = name,
                                  .type = ZKG_I16,
                                  .visibility = ZKG_PRIVATE,
                                  .axes = padded ? 3 : 1,
                                  .min = pair && *param == 'x' ? -rows / 2 : 0,
                                  .max = pair ? rows / 2 - 1 : rows - 1},
                len, err));
    return zkg_graph_kernel_param(g, kernel, param, padded ? "i,v,u" : "i",
                                  err);
}

static zkg_status add_lookup(zkg_graph *g, int p, zkg_error *err)
{
    const bool padded = probes[p].kind == PADDED, pair = probes[p].kind == PAIR;
    const uint64_t n = probes[p].n, m = probes[p].m;
    char k[16], x[16], u[16];

    (void)snprintf(k, sizeof(k), "k%d", p);
    (void)snprintf(x, sizeof(x), "x%d", p);
    (void)snprintf(u, sizeof(u), "u%d", p);
    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "i", n, err));
    if (padded) {
        ZKG_TRY(zkg_graph_kernel_axis(g, k, "v", m, err));
        ZKG_TRY(zkg_graph_kernel_axis(g, k, "u", m, err));
    }
    ZKG_TRY(add_column(g, p, "x", err));
    if (pair)
        ZKG_TRY(add_column(g, p, "u", err));
    for (uint64_t i = 0; i < (padded ? 1 : m); i++)
        ZKG_TRY(zkg_graph_kernel_lookup(g, k, tables[table_of(p)].name,
                                        pair ? "x,u" : "x", err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, k, 1, err));
    if (pair)
        ZKG_TRY(zkg_graph_bind(g, "u", u, false, err));
    return zkg_graph_bind(g, "x", x, false, err);
}

/* A probe's einsum: its parameters with their axes, and its two terms.  Axes:
 * o n of them, k m, those of a window i, j 3, v, u m, p, q m + 2, c n. */
typedef struct probe_sum {
    const char *axes[3]; /* of w, x, y; NULL: no such parameter */
    zkg_dtype type[3];
    const char *factor[2], *result;
    zkg_visibility vis[3];
} probe_sum;

static const char *const sum_param[3] = {"w", "x", "y"};

static const probe_sum sums[] = {
    [EMPTY] = {{"o", "o", "o"},
               {ZKG_I16, ZKG_I16, ZKG_I16},
               {"w[o]", "x[o]"},
               "y[o]"},
    [BATCH] = {{"o", "o", "o"},
               {ZKG_I16, ZKG_I16, ZKG_I16},
               {"w[o]", "x[o]"},
               "y[o]"},
    [MATRIX] = {{"o,k", "k", "o"},
                {ZKG_I16, ZKG_I16, ZKG_I16},
                {"w[o,k]", "x[k]"},
                "y[o]"},
    [BYTES] = {{"o,k", "k", "o"},
               {ZKG_I8, ZKG_I16, ZKG_I16},
               {"w[o,k]", "x[k]"},
               "y[o]"},
    [MASKED] = {{"o,k", "k", "o"},
                {ZKG_I8, ZKG_I16, ZKG_I16},
                {"w[o,k]", "x[k]"},
                "y[o]",
                {ZKG_FIXED, ZKG_FIXED}},
    [WINDOW] = {{"o,c,i,j", "c,p,q", "o,v,u"},
                {ZKG_I8, ZKG_I16, ZKG_I16},
                {"w[o,c,i,j]", "x[c,v+i,u+j]"},
                "y[o,v,u]"},
    [EQUAL] = {{NULL, "o", "o"},
               {ZKG_I16, ZKG_I16, ZKG_I16},
               {"x[o]", NULL},
               "y[o]"},
    [SUM] = {{NULL, "o", ""}, {ZKG_I16, ZKG_I16, ZKG_I32}, {"x[o]", NULL}, "y"},
    /* w is v: the consumers */
    [MERGED] = {{"o", "o", "o"},
                {ZKG_I32, ZKG_I16, ZKG_I16},
                {"w[o]", NULL},
                "y[o]",
                {ZKG_VIRTUAL}},
};

static uint64_t axis_len(int p, char axis)
{
    switch (axis) {
    case 'i':
    case 'j':
        return 3;
    case 'p':
    case 'q':
        return probes[p].m + 2;
    case 'o':
    case 'c':
        return probes[p].n;
    default:
        return probes[p].m;
    }
}

static bool has_axis(const probe_sum *s, char axis)
{
    bool has = false;

    for (int i = 0; i < 3; i++)
        has = has || (s->axes[i] != NULL && strchr(s->axes[i], axis) != NULL);
    return has;
}

static int64_t most_of(zkg_dtype type)
{
    return type == ZKG_I8 ? 127 : type == ZKG_I16 ? 32767 : 1 << 20;
}

static zkg_status add_param(zkg_graph *g, int p, const probe_sum *s, int i,
                            zkg_error *err)
{
    uint64_t len[ZKG_MAX_AXES];
    char kernel[16], name[16];
    uint32_t axes = 0;

    for (const char *a = s->axes[i]; *a != '\0'; a++)
        if (*a != ',')
            len[axes++] = axis_len(p, *a);
    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    (void)snprintf(name, sizeof(name), "%s%d", sum_param[i], p);
    ZKG_TRY(add(g,
                (zkg_tensor_spec){.name = name,
                                  .type = s->type[i],
                                  .visibility = s->vis[i],
                                  .axes = axes,
                                  .max = most_of(s->type[i])},
                len, err));
    return zkg_graph_kernel_param(g, kernel, sum_param[i], s->axes[i], err);
}

/* What of a sum is added up: m times the product, or as often the sum. */
static zkg_status add_einsums(zkg_graph *g, int p, const char *kernel,
                              const probe_sum *s, zkg_error *err)
{
    const bool merged = probes[p].kind == MERGED;
    const uint64_t einsums = merged ? probes[p].m : 1;
    const uint64_t terms = probes[p].kind == BATCH ? probes[p].m : 1;

    for (uint64_t e = 0; e < einsums; e++) {
        ZKG_TRY(zkg_graph_kernel_einsum(g, kernel, s->axes[2], NULL, err));
        for (uint64_t i = 0; i < terms; i++)
            ZKG_TRY(zkg_graph_kernel_term(g, kernel, "1", s->factor[0],
                                          s->factor[1], err));
        ZKG_TRY(zkg_graph_kernel_term(g, kernel, "-1", s->result, NULL, err));
    }
    if (!merged)
        return ZKG_OK;
    ZKG_TRY(zkg_graph_kernel_einsum(g, kernel, "o", "w", err));
    return zkg_graph_kernel_term(g, kernel, "1", "x[o]", NULL, err);
}

static zkg_status add_sum(zkg_graph *g, int p, zkg_error *err)
{
    const probe_sum *s = &sums[probes[p].kind];
    char kernel[16], name[16], axis[2] = "";

    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    ZKG_TRY(zkg_graph_add_kernel(g, kernel, err));
    for (const char *a = "okcijvupq"; *a != '\0'; a++) {
        axis[0] = *a;
        if (has_axis(s, *a))
            ZKG_TRY(
                zkg_graph_kernel_axis(g, kernel, axis, axis_len(p, *a), err));
    }
    for (int i = 0; i < 3; i++)
        if (s->axes[i] != NULL)
            ZKG_TRY(add_param(g, p, s, i, err));
    ZKG_TRY(add_einsums(g, p, kernel, s, err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, kernel, 1, err));
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s%d", sum_param[i], p);
        if (s->axes[i] != NULL)
            ZKG_TRY(zkg_graph_bind(g, sum_param[i], name, false, err));
    }
    if (probes[p].kind != MERGED)
        return ZKG_OK;
    (void)snprintf(kernel, sizeof(kernel), "Task%d", p);
    (void)snprintf(name, sizeof(name), "w%d", p);
    return zkg_graph_rule_solve(g, kernel, (uint32_t)probes[p].m, name, err);
}

static zkg_status make_graph(zkg_graph **out, zkg_error *err)
{
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(out, err));
    g = *out;
    for (int t = 0; t < TABLES; t++)
        ZKG_TRY(zkg_graph_add_table(g, tables[t].name, tables[t].kind,
                                    tables[t].bits, err));
    for (int p = 0; p < PROBES; p++)
        ZKG_TRY(is_lookup(p) ? add_lookup(g, p, err) : add_sum(g, p, err));
    return zkg_graph_finish(g, err);
}

/* What all values of a tensor are: 1, or of sums as many. */
static int64_t value_of(const char *name)
{
    const int p = atoi(name + 1);

    if (name[0] != 'y')
        return 1;
    if (probes[p].kind == WINDOW)
        return 9 * (int64_t)probes[p].n;
    if (probes[p].kind == MERGED)
        return 1;
    return probes[p].kind == SUM ? (int64_t)probes[p].n : (int64_t)probes[p].m;
}

static zkg_status make_witness(zkg_witness *w, const zkg_graph *g,
                               zkg_error *err)
{
    ZKG_TRY(zkg_witness_init(w, g, err));
    for (uint32_t i = 0; i < g->inputs; i++) {
        const uint32_t id = g->input[i];
        const zkg_tensor *t = &g->st.tensor[id];
        zkg_array *a = &w->array[id];

        ZKG_TRY(zkg_array_init(a, t->type, t->axes, t->len, err));
        for (uint64_t k = 0; k < zkg_tensor_count(t); k++)
            zkg_array_set_i64(a, k, value_of(t->name));
    }
    zkg_witness_refresh(w);
    ZKG_TRY(zkg_witness_solve(w, g, err));
    return zkg_witness_check(w, g, err);
}

/* ---- a run of all probes ------------------------------------------------- */

struct zkg_task_probes {
    zkg_graph *graph;
    const zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    double least[CHILDREN]; /* seconds */
};

zkg_status zkg_task_probes_new(zkg_task_probes **out, const zkg_srs *srs,
                               zkg_error *err)
{
    zkg_task_probes *p = zkg_alloc(1, sizeof(*p));
    zkg_status status;

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    p->srs = srs;
    for (int i = 0; i < CHILDREN; i++)
        p->least[i] = INFINITY;
    status = make_graph(&p->graph, err);
    if (status == ZKG_OK)
        status = zkg_setup(&p->key, NULL, p->graph, srs, ZKG_PCS_MERCURY,
                           zkg_cpu_features(ZKG_CPU_ALL), err);
    if (status == ZKG_OK)
        status = make_witness(&p->witness, p->graph, err);
    if (status != ZKG_OK) {
        zkg_task_probes_free(p);
        return status;
    }
    *out = p;
    return ZKG_OK;
}

void zkg_task_probes_free(zkg_task_probes *p)
{
    if (p == NULL)
        return;
    zkg_witness_clear(&p->witness);
    zkg_key_clear(&p->key);
    zkg_graph_free(p->graph);
    zkg_free(p);
}

zkg_status zkg_task_probes_run(zkg_task_probes *p, zkg_error *err)
{
    const zkg_prove_input input = {&p->key, p->srs, p->witness.view, NULL};

    return zkg_children_time(p->least, &input, err);
}

/* The model's counts of each probe, against its time without what is known. */
void zkg_task_probes_solve(zkg_costs *c, const zkg_task_probes *probe)
{
    double *const constant[UNKNOWNS] = {
        &c->child,     &c->round,    &c->pass,   &c->sumcheck, &c->tree,
        &c->term,      &c->fold,     &c->affine, &c->leaf,     &c->column,
        &c->numerator, &c->byte,     &c->dot,    &c->place,    &c->line,
        &c->entry,     &c->weighted, &c->lifted, &c->masked,   &c->merged};
    double a[CHILDREN][UNKNOWNS], x[UNKNOWNS];

    for (int p = 1; p < COUNTED; p++) {
        zkg_work w;

        zkg_work_count(&w, &probe->graph->st, (uint32_t)p, NULL, true);
        const double count[UNKNOWNS] = {
            1,        w.rounds, w.passes, w.sumchecks, w.trees,      w.terms,
            w.folds,  w.affine, w.leaves, w.columns,   w.numerators, w.bytes,
            w.dots,   w.places, w.lines,  w.entries,   w.weighted,   w.lifted,
            w.masked, w.merged};
        const double left =
            fmax(probe->least[p] - c->element * w.elements, 1e-9);

        for (int j = 0; j < UNKNOWNS; j++)
            a[p - 1][j] = count[j] / left;
    }
    zkg_fit(x, &a[0][0], UNKNOWNS, COUNTED - 1);
    for (int j = 0; j < UNKNOWNS; j++)
        *constant[j] = fmax(x[j], 1e-12);
}
