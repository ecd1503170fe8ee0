/* SPDX-License-Identifier: Apache-2.0
 * Constants of the cost model, measured. */
#include "calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/time.h"
#include "bench/bench.h"
#include "calibrate_circuits.h"
#include "comm/comm.h"
#include "curve/msm.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "pcs/batch.h"
#include "pcs/kzg.h"
#include "relation/fold.h"
#include "schedule/fit.h"
#include "zkgkr/prove.h"

enum {
    POWER = 11,
    RUNS = 7,     /* of all probes, */
    LEAST = 2,    /* or so many, */
    PATIENCE = 5, /* when they take more seconds than that */
    FOLDED = 21,  /* variables of what the opening folds, at least */
    CLAIMS = 64,  /* of an opening: as many as cost about what no size does */
    HASHED = 1 << 20,
    RATCHETS = 1000,
    POINTS = 64,
    WRITTEN = 1 << 22, /* bytes of a proof */
    FRESH = 1 << 24,   /* bytes of tables */
    EVICTED = 1 << 22, /* bytes that push all else out of a core's caches */
    LINE = 64,
    PAGE = 1 << 12
};

/* ---- probes: tasks of one kind of work each, and tables ------------------ */

typedef enum probe_kind {
    EMPTY,  /* y = w x, scalars */
    LOOKUP, /* n values in 0 .. 255, m times */
    PADDED, /* n maps of m x m such values */
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

/* Claims on tensors below, at and above the size of a chunk; chunks of zeros,
 * of few values, and of all of several widths. */
enum { OPENINGS = 10, OPEN_TERMS = 7, COMMITS = 6, COMMIT_TERMS = 3 };

/* What is timed: tasks, openings, and kernels by themselves. */
enum {
    OPENING = CHILDREN,
    ELEMENT = OPENING + OPENINGS,
    COMMIT,
    HASH = COMMIT + COMMITS,
    RATCHET,
    POINT,
    WRITE,
    HAVE_FRESH,
    GIVE_BACK,
    TIMED
};

/* Runs follow each other, so that what slows the machine for a while slows some
 * of all probes' times. */
struct zkg_calibration {
    zkg_circuit_probes *circuits;
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    uint32_t k, runs;
    double seconds[TIMED][ZKG_CALIBRATION_RUNS];
};

static double *time_of(zkg_calibration *c, int what)
{
    return &c->seconds[what][c->runs];
}

/* The probe or table that runs, and since when, in processor time. */
typedef struct watch {
    zkg_calibration *c;
    int child; /* CHILDREN: none */
    double since;
    volatile uint8_t *others; /* EVICTED bytes; owned */
} watch;

/* The next one finds neither its code nor its values in the caches, as behind a
 * large task of a proof. */
static void stop(watch *w, int next)
{
    const double now = zkg_bench_now();

    if (w->child < CHILDREN)
        *time_of(w->c, w->child) = now - w->since;
    w->child = next;
    for (size_t i = 0; i < EVICTED; i += LINE)
        w->others[i]++;
    w->since = zkg_bench_now();
}

/* The prover says with which task it begins, or with "Table" and which. */
static int child_of(const zkg_statement *st, const char *what)
{
    for (int p = 0; p < PROBES; p++)
        if (strcmp(st->task[p].name, what) == 0)
            return p;
    for (int t = 0; t < TABLES; t++)
        if (strncmp(what, "Table", 5) == 0 &&
            strcmp(st->table[t].name, what + 5) == 0)
            return PROBES + t;
    return CHILDREN;
}

static zkg_status next_stage(void *user, zkg_stage stage, const char *what,
                             zkg_error *err)
{
    watch *w = user;

    (void)err;
    stop(w, stage == ZKG_STAGE_TASK ? child_of(&w->c->key.statement, what)
                                    : CHILDREN);
    return ZKG_OK;
}

static zkg_status time_probes(zkg_calibration *c, zkg_error *err)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_input input = {&c->key, c->srs, c->witness.view, NULL};
    watch now = {.c = c, .child = CHILDREN};
    const zkg_prove_options options = {.stage = next_stage, .stage_user = &now};
    uint8_t *proof = NULL;
    zkg_status status;
    size_t len;

    now.others = zkg_alloc_aligned(EVICTED, 1);
    if (now.others == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    status = zkg_prove(&proof, &len, NULL, self, self, &input, &options, err);
    zkg_free(proof);
    zkg_free((void *)(uintptr_t)now.others);
    return status;
}

/* A time below zero is noise. */
static double above(double t, double least)
{
    return t > least ? t : least;
}

/* ---- the constants of tasks ---------------------------------------------- */

enum { UNKNOWNS = 20 };

/* The model's counts of each probe, against its time without what is known. */
static void solve_probes(zkg_costs *c, const zkg_statement *st,
                         const double t[CHILDREN])
{
    double *const constant[UNKNOWNS] = {
        &c->child,     &c->round,    &c->pass,   &c->sumcheck, &c->tree,
        &c->term,      &c->fold,     &c->affine, &c->leaf,     &c->column,
        &c->numerator, &c->byte,     &c->dot,    &c->place,    &c->line,
        &c->entry,     &c->weighted, &c->lifted, &c->masked,   &c->merged};
    double a[CHILDREN][UNKNOWNS], x[UNKNOWNS];

    for (int p = 1; p < COUNTED; p++) {
        zkg_work w;

        zkg_work_count(&w, st, (uint32_t)p, NULL, true);
        const double count[UNKNOWNS] = {
            1,        w.rounds, w.passes, w.sumchecks, w.trees,      w.terms,
            w.folds,  w.affine, w.leaves, w.columns,   w.numerators, w.bytes,
            w.dots,   w.places, w.lines,  w.entries,   w.weighted,   w.lifted,
            w.masked, w.merged};
        const double left = above(t[p] - c->element * w.elements, 1e-9);

        for (int j = 0; j < UNKNOWNS; j++)
            a[p - 1][j] = count[j] / left;
    }
    zkg_fit(x, &a[0][0], UNKNOWNS, COUNTED - 1);
    for (int j = 0; j < UNKNOWNS; j++)
        *constant[j] = above(x[j], 1e-12);
}

/* ---- commitments and openings ------------------------------------------- */

/* An array of n values of up to 16 bits, pseudorandom, of which those at some
 * places of each 2^k are not 0. */
static zkg_status make_values(zkg_array *a, uint64_t n, uint32_t bits,
                              uint32_t k, uint64_t some, zkg_error *err)
{
    uint64_t x = UINT64_C(88172645463325252);

    ZKG_TRY(zkg_array_init(a, bits > 8 ? ZKG_U16 : ZKG_U8, 1, &n, err));
    for (uint64_t i = 0; bits > 0 && i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (i % ((uint64_t)1 << k) < some)
            zkg_array_set_i64(a, i, (int64_t)(x >> (64 - bits) | 1));
    }
    return ZKG_OK;
}

/* Commitments of chunks of values: those that are not 0 (0: all), and their
 * bits. */
static const struct {
    uint32_t some, bits;
} commits[COMMITS] = {{1, 0}, {64, 16}, {0, 4}, {0, 8}, {0, 12}, {0, 16}};

/* A chunk of 2^k values, among others like it. */
static zkg_status time_commit(double *took, const zkg_srs *srs, int i,
                              uint32_t k, zkg_error *err)
{
    enum { CHUNKS = 16 };
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    const uint64_t n = (uint64_t)1 << k;
    zkg_array a = {0};
    zkg_status status =
        make_values(&a, CHUNKS * n, commits[i].bits, k,
                    commits[i].some == 0 ? n : commits[i].some, err);
    zkg_kzg_chunk chunk[CHUNKS];

    for (size_t c = 0; c < CHUNKS; c++)
        chunk[c] = (zkg_kzg_chunk){&a, c};
    if (status == ZKG_OK) {
        const double start = zkg_bench_now();
        zkg_g1 point[CHUNKS];

        status = zkg_kzg_commit_chunks(point, srs, k, chunk, CHUNKS, cpu);
        *took = (zkg_bench_now() - start) / CHUNKS;
    }
    zkg_array_clear(&a);
    return status;
}

static zkg_status time_commits(zkg_calibration *c, zkg_error *err)
{
    for (int i = 0; i < COMMITS; i++)
        ZKG_TRY(time_commit(time_of(c, COMMIT + i), c->srs, i, c->k, err));
    return ZKG_OK;
}

static void solve_commits(zkg_costs *c, const double took[COMMITS], uint32_t k)
{
    double a[COMMITS][COMMIT_TERMS], x[COMMIT_TERMS];
    const uint64_t n = (uint64_t)1 << k;

    for (int i = 0; i < COMMITS; i++) {
        const uint64_t some = commits[i].some == 0 ? n : commits[i].some;
        const bool is_zero = commits[i].bits == 0;
        const double additions =
            is_zero ? 0 : (double)zkg_msm_cost(some, commits[i].bits);

        a[i][0] = additions / took[i];
        a[i][1] = !is_zero / took[i];
        a[i][2] = (double)n / took[i];
    }
    zkg_fit(x, &a[0][0], COMMIT_TERMS, COMMITS);
    c->addition = above(x[0], 1e-12);
    c->chunk = above(x[1], 1e-12);
    c->value = above(x[2], 1e-12);
}

/* `count` true claims, at `points` points, on bytes of `vars` variables. */
static zkg_status time_opening(double *took, const zkg_srs *srs, uint32_t vars,
                               size_t count, size_t points, uint32_t k,
                               zkg_error *err)
{
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    const uint64_t n = (uint64_t)1 << vars;
    zkg_open_claim claim[CLAIMS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_array a = {0};
    zkg_status status = make_values(&a, n, 8, vars, n, err);

    for (size_t i = 0; i < count && status == ZKG_OK; i++) {
        for (uint32_t v = 0; v < vars; v++) {
            zkg_fr_from_u64(&point[i][v], 1000003 * (i % points + 1) + v);
            zkg_fr_inv(&point[i][v], &point[i][v]);
        }
        claim[i] = (zkg_open_claim){.array = &a,
                                    .chunks = vars > k ? n >> k : 1,
                                    .vars = vars,
                                    .point = point[i]};
        claim[i].value = zkg_fr_zero;
        status = zkg_fold(&claim[i].value, 0, &a,
                          &(zkg_fold_axis){.bits = vars, .at = point[i]}, 0, 1,
                          backend, zkg_comm_self());
    }
    if (status == ZKG_OK) {
        zkg_tape tape;
        double start;

        zkg_tape_init_prove(&tape);
        start = zkg_bench_now();
        for (size_t i = 0; i < count; i++)
            zkg_tape_public_fr(&tape, ZKG_TAG_CLAIM, point[i], vars);
        status = zkg_batch_open(&tape, zkg_comm_self(), backend, srs,
                                ZKG_PCS_MERCURY, k, claim, count, NULL);
        *took = zkg_bench_now() - start;
        zkg_tape_clear(&tape);
    }
    zkg_array_clear(&a);
    return status;
}

/* How large the tensor is: of two values, of a few, a chunk, many chunks. */
typedef enum opened { PAIRS, FEW, CHUNK, CHUNKS } opened;

static const struct {
    opened vars;
    uint32_t claims, points; /* at so many different ones */
} openings[OPENINGS] = {{PAIRS, 1, 1},         {PAIRS, CLAIMS, CLAIMS},
                        {FEW, CLAIMS, CLAIMS}, {FEW, 16, 1},
                        {CHUNK, 1, 1},         {CHUNK, 16, 16},
                        {CHUNK, 16, 1},        {CHUNK, CLAIMS, CLAIMS},
                        {CHUNKS, 1, 1},        {CHUNKS, 16, 16}};

static uint32_t opening_vars(int i, uint32_t k)
{
    switch (openings[i].vars) {
    case PAIRS:
        return 1;
    case FEW:
        return 6;
    case CHUNK:
        return k;
    default:
        return k + 6 > FOLDED ? k + 6 : FOLDED;
    }
}

static zkg_status time_openings(zkg_calibration *c, zkg_error *err)
{
    for (int i = 0; i < OPENINGS; i++)
        ZKG_TRY(time_opening(time_of(c, OPENING + i), c->srs,
                             opening_vars(i, c->k), openings[i].claims,
                             openings[i].points, c->k, err));
    return ZKG_OK;
}

static void solve_openings(zkg_costs *c, const double took[OPENINGS],
                           uint32_t k)
{
    double *const constant[OPEN_TERMS] = {
        &c->open_root, &c->open_column, &c->open_point, &c->open_round,
        &c->open_byte, &c->open_claim,  &c->open};
    double a[OPENINGS][OPEN_TERMS], x[OPEN_TERMS];

    for (int i = 0; i < OPENINGS; i++) {
        const uint32_t vars = opening_vars(i, k);
        const uint32_t low = vars < k ? vars : k;
        const double claims = openings[i].claims, points = openings[i].points;
        const double count[OPEN_TERMS] = {ldexp(1, (int)low),
                                          claims * ldexp(1, (int)low),
                                          points * ldexp(1, (int)low),
                                          points * low,
                                          claims * ldexp(1, (int)vars),
                                          claims,
                                          1};

        for (int j = 0; j < OPEN_TERMS; j++)
            a[i][j] = count[j] / took[i];
    }
    zkg_fit(x, &a[0][0], OPEN_TERMS, OPENINGS);
    for (int j = 0; j < OPEN_TERMS; j++)
        *constant[j] = above(x[j], 1e-12);
}

/* ---- kernels by themselves ----------------------------------------------- */

/* Lines of field elements, folded into one. */
static zkg_status time_elements(double *took, zkg_error *err)
{
    enum { LINES = 32, LONG = 1 << 9 };
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    zkg_fr *v = zkg_alloc((LINES + 1) * LONG + LINES, sizeof(*v));
    const void *line[LINES];
    zkg_status status;
    double start;

    if (v == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for field elements");
    zkg_bench_fill(v, (LINES + 1) * LONG + LINES, 1);
    for (int i = 0; i < LINES; i++)
        line[i] = &v[(i + 1) * LONG];
    start = zkg_bench_now();
    status =
        backend->int_fold(v, &v[(LINES + 1) * LONG], line, LINES, ZKG_FR, LONG);
    *took = (zkg_bench_now() - start) / (LINES * LONG);
    zkg_free(v);
    return status;
}

/* What the root's tape takes: bytes, hashes in a row, commitments. */
static zkg_status time_tape(zkg_calibration *c, zkg_error *err)
{
    uint8_t *bytes = zkg_alloc(HASHED, 1);
    double start;
    zkg_tape tape;

    if (bytes == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for bytes to hash");
    zkg_tape_init_prove(&tape);
    start = zkg_bench_now();
    zkg_tape_public(&tape, ZKG_TAG_PUBLIC, bytes, HASHED);
    *time_of(c, HASH) = (zkg_bench_now() - start) / HASHED;
    start = zkg_bench_now();
    zkg_tape_ratchet(&tape, RATCHETS);
    *time_of(c, RATCHET) = (zkg_bench_now() - start) / RATCHETS;
    start = zkg_bench_now();
    zkg_tape_public_g1(&tape, ZKG_TAG_KEY, c->srs->g1, POINTS);
    *time_of(c, POINT) = (zkg_bench_now() - start) / POINTS;
    zkg_tape_clear(&tape);
    zkg_free(bytes);
    return ZKG_OK;
}

/* Bytes put into a proof, whose memory is had for it. */
static zkg_status time_writing(double *took, zkg_error *err)
{
    uint8_t *from = zkg_alloc_aligned(WRITTEN, 1);
    zkg_status status = from == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    zkg_writer w;
    double start;

    /* Bytes that are there: all fresh pages would be one, of zeros. */
    if (from != NULL)
        memset(from, 1, WRITTEN);
    start = zkg_bench_now();
    zkg_writer_init_room(&w, WRITTEN);
    if (status == ZKG_OK)
        status = zkg_writer_bytes(&w, from, WRITTEN);
    zkg_writer_free(&w);
    *took = (zkg_bench_now() - start) / WRITTEN;
    zkg_free(from);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "no memory for a proof");
    return ZKG_OK;
}

/* Memory of tables, had from the system, a byte of each page written, and given
 * back. */
static zkg_status time_fresh(double *had, double *freed, zkg_error *err)
{
    const double start = zkg_bench_now();
    volatile uint8_t *p = zkg_alloc_reserve(FRESH, 1);
    double between;

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for tables");
    for (size_t i = 0; i < FRESH; i += PAGE)
        p[i] = 1;
    between = zkg_bench_now();
    zkg_free((void *)(uintptr_t)p);
    *had = (between - start) / FRESH;
    *freed = (zkg_bench_now() - between) / FRESH;
    return ZKG_OK;
}

/* ---- messages ------------------------------------------------------------ */

static zkg_status time_messages(zkg_costs *c, const zkg_comm *world)
{
    static const uint32_t two[2] = {0, 1};
    enum { TIMES = 50 };
    double group = INFINITY, message = INFINITY;

    for (int i = 0; i < RUNS * 4; i++) {
        double start = zkg_seconds(), took;
        zkg_comm *pair = NULL;
        zkg_fr v[2] = {zkg_fr_one, zkg_fr_one};

        for (uint32_t k = 0; k < TIMES; k++) {
            ZKG_TRY(zkg_comm_subgroup(&pair, world, two, 2, k));
            if (k + 1 < TIMES)
                zkg_comm_free(pair);
        }
        took = (zkg_seconds() - start) / TIMES;
        group = took < group ? took : group;
        start = zkg_seconds();
        for (int k = 0; k < TIMES; k++)
            ZKG_TRY(zkg_comm_sum_fr(pair, v, 2));
        took = (zkg_seconds() - start) / TIMES;
        message = took < message ? took : message;
        zkg_comm_free(pair);
    }
    c->group = group;
    c->message = message;
    return ZKG_OK;
}

/* ---- all ----------------------------------------------------------------- */

zkg_status zkg_calibration_new(zkg_calibration **out, uint32_t k,
                               zkg_error *err)
{
    zkg_calibration *c = zkg_alloc(1, sizeof(*c));
    zkg_status status;

    if (c == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    c->k = k == 0 ? POWER : k;
    status = make_graph(&c->graph, err);
    if (status == ZKG_OK)
        status = zkg_srs_new(&c->srs, c->k > POWER ? c->k : POWER, err);
    if (status == ZKG_OK)
        status = zkg_setup(&c->key, NULL, c->graph, c->srs, ZKG_PCS_MERCURY,
                           zkg_cpu_features(ZKG_CPU_ALL), err);
    if (status == ZKG_OK)
        status = make_witness(&c->witness, c->graph, err);
    if (status == ZKG_OK)
        status = zkg_circuit_probes_new(&c->circuits, err);
    if (status != ZKG_OK) {
        zkg_calibration_free(c);
        return status;
    }
    *out = c;
    return ZKG_OK;
}

void zkg_calibration_free(zkg_calibration *c)
{
    if (c == NULL)
        return;
    zkg_circuit_probes_free(c->circuits);
    zkg_witness_clear(&c->witness);
    zkg_key_clear(&c->key);
    zkg_srs_free(c->srs);
    zkg_graph_free(c->graph);
    zkg_free(c);
}

zkg_status zkg_calibration_run(zkg_calibration *c, zkg_error *err)
{
    if (c->runs == ZKG_CALIBRATION_RUNS)
        return ZKG_OK;
    ZKG_TRY(time_probes(c, err));
    ZKG_TRY(zkg_circuit_probes_run(c->circuits, err));
    ZKG_TRY(time_commits(c, err));
    ZKG_TRY(time_openings(c, err));
    ZKG_TRY(time_elements(time_of(c, ELEMENT), err));
    ZKG_TRY(time_tape(c, err));
    ZKG_TRY(time_writing(time_of(c, WRITE), err));
    ZKG_TRY(time_fresh(time_of(c, HAVE_FRESH), time_of(c, GIVE_BACK), err));
    c->runs++;
    return ZKG_OK;
}

void zkg_calibration_solve(zkg_costs *out, zkg_calibration *c)
{
    double t[TIMED];

    for (int i = 0; i < TIMED; i++) {
        zkg_bench_result r;

        zkg_bench_summary(&r, c->seconds[i], c->runs);
        t[i] = r.least;
    }
    out->element = t[ELEMENT];
    solve_probes(out, &c->graph->st, t);
    zkg_circuit_probes_solve(out, c->circuits);
    solve_commits(out, &t[COMMIT], c->k);
    solve_openings(out, &t[OPENING], c->k);
    out->hash = t[HASH];
    out->ratchet = t[RATCHET];
    out->point = t[POINT];
    out->write = t[WRITE];
    out->fresh = t[HAVE_FRESH];
    out->freed = t[GIVE_BACK];
}

static zkg_status measure(zkg_costs *costs, uint32_t k, zkg_error *err)
{
    const double start = zkg_seconds();
    zkg_calibration *c = NULL;
    zkg_status status = zkg_calibration_new(&c, k, err);

    for (int i = 0; i < RUNS && status == ZKG_OK; i++)
        if (i < LEAST || zkg_seconds() - start < PATIENCE)
            status = zkg_calibration_run(c, err);
    if (status == ZKG_OK)
        zkg_calibration_solve(costs, c);
    zkg_calibration_free(c);
    return status;
}

zkg_status zkg_calibrate(zkg_costs *out, const zkg_comm *world, uint32_t k,
                         zkg_error *err)
{
    const uint32_t rank = world == NULL ? 0 : zkg_comm_rank(world);
    zkg_costs c = zkg_costs_builtin;
    zkg_status status = ZKG_OK;

    if (world != NULL && zkg_comm_size(world) > 1 && rank < 2) {
        status = time_messages(&c, world);
        if (status != ZKG_OK)
            (void)zkg_fail(err, status, "messages cannot be timed");
    }
    if (status == ZKG_OK && rank == 0)
        status = measure(&c, k, err);
    if (status == ZKG_OK)
        *out = c;
    return status;
}
