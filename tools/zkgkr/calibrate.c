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
#include "comm/comm.h"
#include "curve/msm.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "pcs/batch.h"
#include "pcs/kzg.h"
#include "poly/array_mle.h"
#include "poly/eq.h"
#include "zkgkr/prove.h"

enum {
    POWER = 11,
    RUNS = 7,     /* of all probes, */
    LEAST = 2,    /* or so many, */
    PATIENCE = 5, /* when they take more seconds than that */
    FEW = 64,     /* values of a short commitment */
    BITS = 16,    /* of values committed to */
    FOLDED = 21,  /* variables of what the opening folds, at least */
    CLAIMS = 64,  /* of an opening: as many as cost about what no size does */
    HASHED = 1 << 20,
    RATCHETS = 1000,
    POINTS = 64,
    WRITTEN = 1 << 22, /* bytes of a proof */
    FRESH = 1 << 24,   /* bytes of tables */
    PAGE = 1 << 12
};

/* ---- probes: tasks of one kind of work each ------------------------------ */

typedef enum probe_kind {
    EMPTY,  /* y = w x, scalars */
    LOOKUP, /* n values in 0 .. 255, m times */
    BATCH,  /* y[o] = w[o] x[o] m times, n of them: small integers */
    MATRIX, /* y[o] = sum_k w[o,k] x[k], n x m */
    SUM     /* y = sum_k x[k], n of them */
} probe_kind;

/* The first makes the memory that all have their tables in; it does not count.
 * Small ones stand behind large ones, as cold as a proof's small tasks. */
static const struct {
    probe_kind kind;
    uint64_t n, m;
} probes[] = {
    {LOOKUP, 1 << 19, 1}, {EMPTY, 1, 1},        {MATRIX, 1 << 10, 1 << 10},
    {LOOKUP, 1 << 3, 1},  {BATCH, 1 << 17, 1},  {SUM, 1 << 5, 1},
    {LOOKUP, 1 << 16, 1}, {LOOKUP, 1 << 5, 1},  {MATRIX, 1 << 12, 1 << 6},
    {LOOKUP, 1 << 7, 1},  {SUM, 1 << 17, 1},    {BATCH, 1 << 5, 1},
    {LOOKUP, 3 << 17, 1}, {MATRIX, 10, 84},     {MATRIX, 1 << 4, 1 << 14},
    {LOOKUP, 1 << 10, 1}, {LOOKUP, 3 << 14, 1}, {SUM, 1 << 10, 1},
    {LOOKUP, 3 << 12, 1}, {BATCH, 1 << 10, 1},  {MATRIX, 1 << 8, 1 << 12},
    {LOOKUP, 3 << 8, 1},  {LOOKUP, 1 << 14, 1}, {MATRIX, 1 << 6, 1 << 10},
    {BATCH, 1 << 14, 1},  {LOOKUP, 1 << 5, 4},  {LOOKUP, 1 << 19, 1},
    {BATCH, 1 << 5, 8},   {LOOKUP, 1 << 12, 4}, {MATRIX, 10, 1 << 12},
    {SUM, 1 << 14, 1},    {LOOKUP, 1 << 8, 4},  {MATRIX, 3, 1 << 14},
    {LOOKUP, 1 << 12, 1}, {BATCH, 1 << 8, 4},
};

enum { PROBES = sizeof(probes) / sizeof(probes[0]) };

/* A tensor with all its values 1. */
static zkg_status add(zkg_graph *g, const char *name, zkg_dtype type,
                      zkg_visibility vis, uint32_t axes, uint64_t n, uint64_t m,
                      zkg_error *err)
{
    const int64_t most = vis == ZKG_PRIVATE ? 255
                         : type == ZKG_I16  ? 32767
                                            : 1 << 20;
    const zkg_tensor_spec spec = {name, type, vis, axes, {n, m}, 0, most};

    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    return zkg_graph_add_input(g, name, err);
}

static zkg_status add_lookup(zkg_graph *g, int p, zkg_error *err)
{
    const uint64_t n = probes[p].n;
    char k[16], x[16];

    (void)snprintf(k, sizeof(k), "k%d", p);
    (void)snprintf(x, sizeof(x), "x%d", p);
    ZKG_TRY(add(g, x, ZKG_I16, ZKG_PRIVATE, 1, n, 0, err));
    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "i", n, err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "x", "i", err));
    for (uint64_t i = 0; i < probes[p].m; i++)
        ZKG_TRY(zkg_graph_kernel_lookup(g, k, "bytes", "x", err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, k, 1, err));
    return zkg_graph_bind(g, "x", x, false, err);
}

/* A probe's einsum: its parameters with their axes, and its two terms. */
typedef struct probe_sum {
    uint32_t params;
    const char *param[3], *axes[3], *out, *factor[2], *result;
} probe_sum;

static const probe_sum sums[] = {
    [EMPTY] =
        {3, {"w", "x", "y"}, {"o", "o", "o"}, "o", {"w[o]", "x[o]"}, "y[o]"},
    [BATCH] =
        {3, {"w", "x", "y"}, {"o", "o", "o"}, "o", {"w[o]", "x[o]"}, "y[o]"},
    [MATRIX] = {3,
                {"w", "x", "y"},
                {"o,k", "k", "o"},
                "o",
                {"w[o,k]", "x[k]"},
                "y[o]"},
    [SUM] = {2, {"x", "y"}, {"o", ""}, "", {"x[o]", NULL}, "y"},
};

static zkg_status add_param(zkg_graph *g, int p, const probe_sum *s, uint32_t i,
                            zkg_error *err)
{
    const bool wide = strlen(s->axes[i]) > 1;
    const uint32_t axes = wide ? 2 : strlen(s->axes[i]) > 0;
    const uint64_t n = s->axes[i][0] == 'k' ? probes[p].m : probes[p].n;
    const zkg_dtype type = axes == 0 ? ZKG_I32 : ZKG_I16;
    char kernel[16], name[16];

    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    (void)snprintf(name, sizeof(name), "%s%d", s->param[i], p);
    ZKG_TRY(add(g, name, type, ZKG_PUBLIC, axes, n, probes[p].m, err));
    return zkg_graph_kernel_param(g, kernel, s->param[i], s->axes[i], err);
}

static zkg_status add_sum(zkg_graph *g, int p, zkg_error *err)
{
    const probe_sum *s = &sums[probes[p].kind];
    const uint64_t terms = probes[p].kind == BATCH ? probes[p].m : 1;
    char kernel[16], name[16];

    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    ZKG_TRY(zkg_graph_add_kernel(g, kernel, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "o", probes[p].n, err));
    if (probes[p].kind == MATRIX)
        ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "k", probes[p].m, err));
    for (uint32_t i = 0; i < s->params; i++)
        ZKG_TRY(add_param(g, p, s, i, err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, kernel, s->out, NULL, err));
    for (uint64_t i = 0; i < terms; i++)
        ZKG_TRY(zkg_graph_kernel_term(g, kernel, "1", s->factor[0],
                                      s->factor[1], err));
    ZKG_TRY(zkg_graph_kernel_term(g, kernel, "-1", s->result, NULL, err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, kernel, 1, err));
    for (uint32_t i = 0; i < s->params; i++) {
        (void)snprintf(name, sizeof(name), "%s%d", s->param[i], p);
        ZKG_TRY(zkg_graph_bind(g, s->param[i], name, false, err));
    }
    return ZKG_OK;
}

static zkg_status make_graph(zkg_graph **out, zkg_error *err)
{
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(out, err));
    g = *out;
    ZKG_TRY(zkg_graph_add_table(g, "bytes", ZKG_KIND_RANGE, 8, err));
    for (int p = 0; p < PROBES; p++)
        ZKG_TRY(probes[p].kind == LOOKUP ? add_lookup(g, p, err)
                                         : add_sum(g, p, err));
    return zkg_graph_finish(g, err);
}

/* What all values of a tensor are: 1, or of sums as many. */
static int64_t value_of(const char *name)
{
    const int p = atoi(name + 1);

    if (name[0] != 'y')
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

/* Claims on tensors below, at and above the size of a chunk. */
enum { OPENINGS = 7, OPEN_TERMS = 5 };

/* What is timed: tasks, openings, and kernels by themselves. */
enum {
    OPENING = PROBES,
    ELEMENT = OPENING + OPENINGS,
    ZEROS, /* a chunk of zeros, of few values, of 2^k */
    SOME,
    ALL,
    HASH,
    RATCHET,
    POINT,
    WRITE,
    HAVE_FRESH,
    TIMED
};

/* Runs follow each other, so that what slows the machine for a while slows some
 * of all probes' times. */
struct zkg_calibration {
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

/* The probe that runs, and since when, in processor time. */
typedef struct watch {
    zkg_calibration *c;
    int probe; /* PROBES: none */
    double since;
} watch;

static void stop(watch *w, int next)
{
    const double now = zkg_bench_now();

    if (w->probe < PROBES)
        *time_of(w->c, w->probe) = now - w->since;
    w->probe = next;
    w->since = now;
}

/* The prover says which task it begins with. */
static zkg_status next_stage(void *user, zkg_stage stage, const char *what,
                             zkg_error *err)
{
    watch *w = user;
    int next = 0;

    (void)err;
    while (next < PROBES &&
           (stage != ZKG_STAGE_TASK ||
            strcmp(w->c->key.statement.task[next].name, what) != 0))
        next++;
    stop(w, next);
    return ZKG_OK;
}

static zkg_status time_probes(zkg_calibration *c, zkg_error *err)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_input input = {&c->key, c->srs, c->witness.view, NULL};
    watch now = {c, PROBES, 0};
    const zkg_prove_options options = {.stage = next_stage, .stage_user = &now};
    uint8_t *proof;
    size_t len;

    ZKG_TRY(zkg_prove(&proof, &len, NULL, self, self, &input, &options, err));
    zkg_free(proof);
    return ZKG_OK;
}

/* A time below zero is noise. */
static double above(double t, double least)
{
    return t > least ? t : least;
}

/* ---- the constants of tasks ---------------------------------------------- */

enum { UNKNOWNS = 11, SWEEPS = 20000 };

/*
 * x >= 0 that brings sum_i (sum_j a_ij x_j - 1)^2 near its least, by descent
 * along one x_j after the other (Franc, Hlavac, Navara 2005): a_ij is what of
 * kind j probe i does, over what it took, so that each probe counts by how far
 * off the model is, as a part of it.
 */
static void fit(double *x, double (*a)[UNKNOWNS], int unknowns, int rows)
{
    double rest[PROBES];

    for (int i = 0; i < rows; i++)
        rest[i] = -1;
    for (int j = 0; j < unknowns; j++)
        x[j] = 0;
    for (int s = 0; s < SWEEPS; s++) {
        const int j = s % unknowns;
        double up = 0, square = 0, step;

        for (int i = 0; i < rows; i++) {
            up -= a[i][j] * rest[i];
            square += a[i][j] * a[i][j];
        }
        step = square > 0 ? up / square : 0;
        step = x[j] + step < 0 ? -x[j] : step;
        x[j] += step;
        for (int i = 0; i < rows; i++)
            rest[i] += step * a[i][j];
    }
}

/* The model's counts of each probe, against its time. */
static void solve_probes(zkg_costs *c, const zkg_statement *st,
                         const double t[PROBES])
{
    double *const constant[UNKNOWNS] = {
        &c->child, &c->round, &c->layer, &c->term,     &c->leaf,  &c->column,
        &c->cell,  &c->entry, &c->line,  &c->weighted, &c->lifted};
    double a[PROBES][UNKNOWNS], x[UNKNOWNS];

    for (int p = 1; p < PROBES; p++) {
        zkg_work w;

        zkg_work_count(&w, st, (uint32_t)p, NULL);
        const double count[UNKNOWNS] = {
            1,       w.rounds,  w.layers, w.terms,    w.leaves, w.columns,
            w.cells, w.entries, w.lines,  w.weighted, w.lifted};

        for (int j = 0; j < UNKNOWNS; j++)
            a[p - 1][j] = count[j] / t[p];
    }
    fit(x, a, UNKNOWNS, PROBES - 1);
    for (int j = 0; j < UNKNOWNS; j++)
        *constant[j] = above(x[j], 1e-12);
    /* Circuits were measured where the built-in constants were. */
    c->wire = c->leaf / zkg_costs_builtin.leaf * zkg_costs_builtin.wire;
    c->gate = c->leaf / zkg_costs_builtin.leaf * zkg_costs_builtin.gate;
    c->small_gate =
        c->leaf / zkg_costs_builtin.leaf * zkg_costs_builtin.small_gate;
}

/* ---- commitments and openings ------------------------------------------- */

/* An array of n values of 0, 8 or 16 bits, pseudorandom. */
static zkg_status make_values(zkg_array *a, uint64_t n, uint32_t bits,
                              zkg_error *err)
{
    uint64_t x = UINT64_C(88172645463325252);

    ZKG_TRY(zkg_array_init(a, bits == 16 ? ZKG_U16 : ZKG_U8, 1, &n, err));
    for (uint64_t i = 0; bits > 0 && i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        zkg_array_set_i64(a, i, (int64_t)(x >> (64 - bits)));
    }
    return ZKG_OK;
}

/* A chunk of n values, among others like it: of 2^k, an array of them; of
 * fewer, one that is short. */
static zkg_status time_commit(double *took, const zkg_srs *srs, uint64_t n,
                              uint32_t bits, uint32_t k, zkg_error *err)
{
    enum { CHUNKS = 16 };
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    const bool full = n == (uint64_t)1 << k;
    zkg_array a = {0};
    zkg_status status = make_values(&a, full ? CHUNKS * n : n, bits, err);
    zkg_kzg_chunk chunk[CHUNKS];

    for (size_t i = 0; i < CHUNKS; i++)
        chunk[i] = (zkg_kzg_chunk){&a, full ? i : 0};
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
    const uint64_t n = (uint64_t)1 << c->k;

    ZKG_TRY(time_commit(time_of(c, ZEROS), c->srs, n, 0, c->k, err));
    ZKG_TRY(time_commit(time_of(c, SOME), c->srs, FEW, BITS, c->k, err));
    return time_commit(time_of(c, ALL), c->srs, n, BITS, c->k, err);
}

static void solve_commits(zkg_costs *c, const double t[TIMED], uint32_t k)
{
    const uint64_t n = (uint64_t)1 << k;
    const double few = (double)zkg_msm_cost(FEW, BITS);
    const double many = (double)zkg_msm_cost(n, BITS);
    const double value = t[ZEROS] / (double)n;
    const double more = t[ALL] - t[SOME] - value * (double)(n - FEW);

    c->value = value;
    c->addition = above(more / (many - few), 1e-9);
    c->chunk = above(t[SOME] - few * c->addition - value * FEW, 1e-6);
}

/* `count` true claims on bytes of `vars` variables. */
static zkg_status time_opening(double *took, const zkg_srs *srs, uint32_t vars,
                               size_t count, uint32_t k, zkg_error *err)
{
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    const uint64_t n = (uint64_t)1 << vars;
    zkg_open_claim claim[CLAIMS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_array a = {0};
    zkg_status status = make_values(&a, n, 8, err);

    for (size_t i = 0; i < count && status == ZKG_OK; i++) {
        for (uint32_t v = 0; v < vars; v++) {
            zkg_fr_from_u64(&point[i][v], 1000003 * (i + 1) + v);
            zkg_fr_inv(&point[i][v], &point[i][v]);
        }
        claim[i] = (zkg_open_claim){.array = &a,
                                    .chunks = vars > k ? n >> k : 1,
                                    .vars = vars,
                                    .point = point[i]};
        status = zkg_array_mle(&claim[i].value, &a, point[i]);
    }
    if (status == ZKG_OK) {
        zkg_tape tape;
        double start;

        zkg_tape_init_prove(&tape);
        start = zkg_bench_now();
        status = zkg_batch_open(&tape, zkg_comm_self(), backend, srs,
                                ZKG_PCS_MERCURY, k, claim, count, NULL);
        *took = zkg_bench_now() - start;
        zkg_tape_clear(&tape);
    }
    zkg_array_clear(&a);
    return status;
}

static uint32_t opening_vars(int i, uint32_t k)
{
    const uint32_t high = k + 6 > FOLDED ? k + 6 : FOLDED;

    return i < 2 ? 1 : i < 5 ? k : high;
}

static const size_t opening_claims[OPENINGS] = {1,      CLAIMS, 1, 16,
                                                CLAIMS, 1,      16};

static zkg_status time_openings(zkg_calibration *c, zkg_error *err)
{
    for (int i = 0; i < OPENINGS; i++)
        ZKG_TRY(time_opening(time_of(c, OPENING + i), c->srs,
                             opening_vars(i, c->k), opening_claims[i], c->k,
                             err));
    return ZKG_OK;
}

static void solve_openings(zkg_costs *c, const double took[OPENINGS],
                           uint32_t k)
{
    double *const constant[OPEN_TERMS] = {
        &c->open_root, &c->open_point, &c->open_cell, &c->open_claim, &c->open};
    double a[OPENINGS][UNKNOWNS], x[OPEN_TERMS];

    for (int i = 0; i < OPENINGS; i++) {
        const double claims = (double)opening_claims[i];
        const uint32_t vars = opening_vars(i, k);
        const double folded = ldexp(1, (int)(vars < k ? vars : k));

        a[i][0] = folded / took[i];
        a[i][1] = claims * folded / took[i];
        a[i][2] = claims * ldexp(1, (int)vars) / took[i];
        a[i][3] = claims / took[i];
        a[i][4] = 1 / took[i];
    }
    fit(x, a, OPEN_TERMS, OPENINGS);
    for (int j = 0; j < OPEN_TERMS; j++)
        *constant[j] = above(x[j], 1e-12);
}

/* ---- kernels by themselves ----------------------------------------------- */

/* A field element times another, and added, as folds have them. */
static zkg_status time_elements(double *took, zkg_error *err)
{
    enum { ELEMENTS = 1 << 12, TIMES = 16 };
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    zkg_fr *v = zkg_alloc(2 * ELEMENTS, sizeof(*v));
    double start;

    if (v == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for field elements");
    zkg_bench_fill(v, 2 * ELEMENTS, 1);
    start = zkg_bench_now();
    for (int i = 0; i < TIMES; i++)
        ZKG_TRY(backend->fr_axpy(v, &v[ELEMENTS], v + ELEMENTS, ELEMENTS));
    *took = (zkg_bench_now() - start) / (TIMES * ELEMENTS);
    zkg_free(v);
    return ZKG_OK;
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

/* Memory of tables, had from the system: a byte of each page is written. */
static zkg_status time_fresh(double *took, zkg_error *err)
{
    const double start = zkg_bench_now();
    volatile uint8_t *p = zkg_alloc_reserve(FRESH, 1);

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for tables");
    for (size_t i = 0; i < FRESH; i += PAGE)
        p[i] = 1;
    zkg_free((void *)(uintptr_t)p);
    *took = (zkg_bench_now() - start) / FRESH;
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
    ZKG_TRY(time_commits(c, err));
    ZKG_TRY(time_openings(c, err));
    ZKG_TRY(time_elements(time_of(c, ELEMENT), err));
    ZKG_TRY(time_tape(c, err));
    ZKG_TRY(time_writing(time_of(c, WRITE), err));
    ZKG_TRY(time_fresh(time_of(c, HAVE_FRESH), err));
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
    solve_probes(out, &c->graph->st, t);
    solve_commits(out, t, c->k);
    solve_openings(out, &t[OPENING], c->k);
    out->element = t[ELEMENT];
    out->hash = t[HASH];
    out->ratchet = t[RATCHET];
    out->point = t[POINT];
    out->write = t[WRITE];
    out->fresh = t[HAVE_FRESH];
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
