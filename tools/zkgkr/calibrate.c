/* SPDX-License-Identifier: Apache-2.0
 * Constants of the cost model, measured. */
#include "calibrate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/time.h"
#include "bench/bench.h"
#include "comm/comm.h"
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
    RUNS = 7,
    SMALL = 1 << 4,
    MIDDLE = 1 << 10,
    LARGE = 1 << 14,
    HUGE = 1 << 19, /* its tree leaves the caches */
    NEAR = 1 << 16,
    WIDE = 1 << 10,
    FEW = 64,    /* rows of the smaller matrix */
    FOLDED = 21, /* variables of what the opening folds, at least */
    CLAIMS = 16
};

/* ---- a graph of probes -------------------------------------------------- */

enum probe {
    EMPTY,
    LOOKUP_S,
    LOOKUP_M,
    LOOKUP_L,
    LOOKUP_H,
    SUM_M,
    SUM_L,
    FOLD_M,
    FOLD_L
};

enum { PROBES = FOLD_L + 1 };

/* A tensor with all its values 1, which satisfies every probe. */
static zkg_status add(zkg_graph *g, const char *name, zkg_visibility vis,
                      uint32_t axes, uint64_t n, uint64_t m, zkg_error *err)
{
    const zkg_tensor_spec spec = {
        name, ZKG_I16, vis, axes, {n, m}, 0, vis == ZKG_PUBLIC ? 2047 : 255};

    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    return zkg_graph_add_input(g, name, err);
}

/* x in 0 .. 255 */
static zkg_status add_lookup(zkg_graph *g, int p, uint64_t n, zkg_error *err)
{
    char k[16], x[16];

    (void)snprintf(k, sizeof(k), "k%d", p);
    (void)snprintf(x, sizeof(x), "x%d", p);
    ZKG_TRY(add(g, x, ZKG_PRIVATE, 1, n, 0, err));
    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "i", n, err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "x", "i", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, k, "bytes", "x", err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, k, 1, err));
    return zkg_graph_bind(g, "x", x, false, err);
}

/* y[o] = sum_k w[o,k] x[k]; with `batch` o = k: y[o] = w[o] x[o] */
static zkg_status add_sum(zkg_graph *g, int p, uint64_t o, uint64_t k,
                          bool batch, zkg_error *err)
{
    static const char *const params[] = {"w", "x", "y"};
    const char *const axes[] = {batch ? "o" : "o,k", batch ? "o" : "k", "o"};
    char kernel[16], name[3][16];

    (void)snprintf(kernel, sizeof(kernel), "k%d", p);
    for (int i = 0; i < 3; i++)
        (void)snprintf(name[i], sizeof(name[i]), "%s%d", params[i], p);
    ZKG_TRY(add(g, name[0], ZKG_PUBLIC, batch ? 1 : 2, o, k, err));
    ZKG_TRY(add(g, name[1], ZKG_PUBLIC, 1, batch ? o : k, 0, err));
    ZKG_TRY(add(g, name[2], ZKG_PUBLIC, 1, o, 0, err));
    ZKG_TRY(zkg_graph_add_kernel(g, kernel, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "o", o, err));
    if (!batch)
        ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "k", k, err));
    for (int i = 0; i < 3; i++)
        ZKG_TRY(zkg_graph_kernel_param(g, kernel, params[i], axes[i], err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, kernel, "o", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, kernel, "1", batch ? "w[o]" : "w[o,k]",
                                  batch ? "x[o]" : "x[k]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, kernel, "-1", "y[o]", NULL, err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, kernel, 1, err));
    for (int i = 0; i < 3; i++)
        ZKG_TRY(zkg_graph_bind(g, params[i], name[i], false, err));
    return ZKG_OK;
}

static zkg_status make_graph(zkg_graph **out, zkg_error *err)
{
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(out, err));
    g = *out;
    ZKG_TRY(zkg_graph_add_table(g, "bytes", ZKG_KIND_RANGE, 8, err));
    ZKG_TRY(add_sum(g, EMPTY, 1, 1, true, err));
    ZKG_TRY(add_lookup(g, LOOKUP_S, SMALL, err));
    ZKG_TRY(add_lookup(g, LOOKUP_M, MIDDLE, err));
    ZKG_TRY(add_lookup(g, LOOKUP_L, LARGE, err));
    ZKG_TRY(add_lookup(g, LOOKUP_H, HUGE, err));
    ZKG_TRY(add_sum(g, SUM_M, MIDDLE, 0, true, err));
    ZKG_TRY(add_sum(g, SUM_L, LARGE, 0, true, err));
    ZKG_TRY(add_sum(g, FOLD_M, FEW, WIDE, false, err));
    ZKG_TRY(add_sum(g, FOLD_L, WIDE, WIDE, false, err));
    return zkg_graph_finish(g, err);
}

/* Ones, but for the outputs of the matrices, which are sums of ones. */
static zkg_status make_witness(zkg_witness *w, const zkg_graph *g,
                               zkg_error *err)
{
    ZKG_TRY(zkg_witness_init(w, g, err));
    for (uint32_t i = 0; i < g->inputs; i++) {
        const uint32_t id = g->input[i];
        const zkg_tensor *t = &g->st.tensor[id];
        const bool sums = t->name[0] == 'y' && (t->name[1] == '0' + FOLD_M ||
                                                t->name[1] == '0' + FOLD_L);

        ZKG_TRY(zkg_array_init(&w->array[id], t->type, t->axes, t->len, err));
        for (uint64_t k = 0; k < zkg_tensor_count(t); k++)
            zkg_array_set_i64(&w->array[id], k, sums ? WIDE : 1);
    }
    zkg_witness_refresh(w);
    ZKG_TRY(zkg_witness_solve(w, g, err));
    return zkg_witness_check(w, g, err);
}

/* The probe that runs, and since when, in processor time. */
typedef struct watch {
    const zkg_key *key;
    double *best;
    int probe; /* PROBES: none */
    double since;
} watch;

static void stop(watch *w, int next)
{
    const double now = zkg_bench_now();

    if (w->probe < PROBES && now - w->since < w->best[w->probe])
        w->best[w->probe] = now - w->since;
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
            strcmp(w->key->statement.task[next].name, what) != 0))
        next++;
    stop(w, next);
    return ZKG_OK;
}

static zkg_status time_probes(double best[PROBES], const zkg_key *key,
                              const zkg_srs *srs, const zkg_witness *w,
                              zkg_error *err)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_input input = {key, srs, w->view, NULL};

    for (int p = 0; p < PROBES; p++)
        best[p] = INFINITY;
    for (int i = 0; i < RUNS; i++) {
        watch now = {key, best, PROBES, 0};
        const zkg_prove_options options = {.stage = next_stage,
                                           .stage_user = &now};
        uint8_t *proof;
        size_t len;

        ZKG_TRY(
            zkg_prove(&proof, &len, NULL, self, self, &input, &options, err));
        zkg_free(proof);
    }
    return ZKG_OK;
}

/* A time below zero is noise. */
static double above(double t, double least)
{
    return t > least ? t : least;
}

static void solve_probes(zkg_costs *c, const double t[PROBES])
{
    const double rounds_s = 10, rounds_m = 55, rounds_l = 105, rounds_h = 190;

    c->child = t[EMPTY];
    c->round = 1e-6;
    /* Two equations for leaf and round, by turns. */
    for (int i = 0; i < 8; i++) {
        c->leaf = above(
            (t[LOOKUP_L] - t[LOOKUP_M] - c->round * (rounds_l - rounds_m)) /
                (LARGE - MIDDLE),
            1e-9);
        c->round =
            above((t[LOOKUP_S] - c->child - c->leaf * SMALL) / rounds_s, 1e-7);
    }
    c->far = above((t[LOOKUP_H] - t[LOOKUP_L] - c->leaf * (HUGE - LARGE) -
                    c->round * (rounds_h - rounds_l)) /
                       (HUGE - NEAR),
                   1e-10);
    c->cell =
        above((t[FOLD_L] - t[FOLD_M]) / ((WIDE - FEW) * (double)WIDE), 1e-11);
    c->entry = above((t[SUM_L] - t[SUM_M] - 4 * c->round) / (LARGE - MIDDLE) -
                         3 * c->cell,
                     1e-9);
    c->element = c->leaf / zkg_costs_builtin.leaf * zkg_costs_builtin.element;
    c->gate = c->leaf / zkg_costs_builtin.leaf * zkg_costs_builtin.gate;
}

/* ---- commitments and openings ------------------------------------------- */

/* An array of n values of `bits` bits, pseudorandom; bits 254: of a field. */
static zkg_status make_values(zkg_array *a, uint64_t n, uint32_t bits,
                              zkg_error *err)
{
    const zkg_dtype type = bits == 8    ? ZKG_U8
                           : bits == 16 ? ZKG_U16
                           : bits == 32 ? ZKG_I64
                                        : ZKG_FR;
    uint64_t x = 88172645463325252u;

    ZKG_TRY(zkg_array_init(a, type, 1, &n, err));
    for (uint64_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (bits <= 32) {
            zkg_array_set_i64(a, i, (int64_t)(x >> (64 - bits)));
        } else {
            zkg_fr *v = (zkg_fr *)a->data + i;

            zkg_fr_from_u64(v, x);
            zkg_fr_mul(v, v, v);
            zkg_fr_mul(v, v, v);
        }
    }
    return ZKG_OK;
}

/* A chunk of n values, among others like it. */
static zkg_status time_commit(double *best, const zkg_srs *srs, uint64_t n,
                              uint32_t bits, uint32_t k, zkg_error *err)
{
    enum { CHUNKS = 16 };
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    zkg_array a = {0};
    zkg_status status = make_values(&a, n, bits, err);
    zkg_kzg_chunk chunk[CHUNKS];

    for (size_t i = 0; i < CHUNKS; i++)
        chunk[i] = (zkg_kzg_chunk){&a, 0};
    *best = INFINITY;
    for (int i = 0; i < RUNS && status == ZKG_OK; i++) {
        const double start = zkg_bench_now();
        zkg_g1 point[CHUNKS];
        double took;

        status = zkg_kzg_commit_chunks(point, srs, k, chunk, CHUNKS, cpu);
        took = (zkg_bench_now() - start) / CHUNKS;
        *best = took < *best ? took : *best;
    }
    zkg_array_clear(&a);
    return status;
}

static zkg_status solve_commits(zkg_costs *c, const zkg_srs *srs, uint32_t k,
                                zkg_error *err)
{
    static const uint32_t bits[4] = {8, 16, 32, 254};
    const uint64_t n = (uint64_t)1 << k;
    double one, all;

    for (int i = 0; i < 4; i++) {
        ZKG_TRY(time_commit(&one, srs, 64, bits[i], k, err));
        ZKG_TRY(time_commit(&all, srs, n, bits[i], k, err));
        c->commit[i] = above((all - one) / (double)(n - 64), 1e-9);
        if (i == 0)
            c->chunk = above(one - 64 * c->commit[0], 1e-6);
    }
    return ZKG_OK;
}

/* `count` true claims on bytes of `vars` variables. */
static zkg_status time_opening(double *best, const zkg_srs *srs, uint32_t vars,
                               size_t count, uint32_t k, zkg_error *err)
{
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    const uint64_t n = (uint64_t)1 << vars;
    zkg_open_claim claim[CLAIMS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_array a = {0};
    zkg_status status = make_values(&a, n, 8, err);

    *best = INFINITY;
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
    for (int i = 0; i < RUNS && status == ZKG_OK; i++) {
        double start, took;
        zkg_tape tape;

        zkg_tape_init_prove(&tape);
        start = zkg_bench_now();
        status = zkg_batch_open(&tape, zkg_comm_self(), backend, srs,
                                ZKG_PCS_MERCURY, k, claim, count, NULL);
        took = zkg_bench_now() - start;
        zkg_tape_clear(&tape);
        *best = took < *best ? took : *best;
    }
    zkg_array_clear(&a);
    return status;
}

static zkg_status solve_openings(zkg_costs *c, const zkg_srs *srs, uint32_t k,
                                 zkg_error *err)
{
    const double n = ldexp(1, (int)k);
    const uint32_t vars = k + 6 > FOLDED ? k + 6 : FOLDED;
    const double cells = ldexp(1, (int)vars);
    double small, one, many, high;

    ZKG_TRY(time_opening(&small, srs, 1, CLAIMS, k, err));
    ZKG_TRY(time_opening(&one, srs, k, 1, k, err));
    ZKG_TRY(time_opening(&many, srs, k, CLAIMS, k, err));
    ZKG_TRY(time_opening(&high, srs, vars, 1, k, err));
    c->open_cell = above((high - one) / (cells - n), 1e-11);
    c->open_point =
        above((many - one) / ((CLAIMS - 1) * n) - c->open_cell, 1e-9);
    c->open_root = above((one - (c->open_point + c->open_cell) * n) / n, 1e-8);
    c->open_claim = above((small - c->open_root * n) / CLAIMS, 1e-6);
    return ZKG_OK;
}

/* ---- messages ------------------------------------------------------------ */

static zkg_status time_messages(zkg_costs *c, const zkg_comm *world)
{
    static const uint32_t two[2] = {0, 1};
    enum { BATCH = 50 };
    double group = INFINITY, message = INFINITY;

    for (int i = 0; i < RUNS * 4; i++) {
        double start = zkg_seconds(), took;
        zkg_comm *pair = NULL;
        zkg_fr v[2] = {zkg_fr_one, zkg_fr_one};

        for (uint32_t k = 0; k < BATCH; k++) {
            ZKG_TRY(zkg_comm_subgroup(&pair, world, two, 2, k));
            if (k + 1 < BATCH)
                zkg_comm_free(pair);
        }
        took = (zkg_seconds() - start) / BATCH;
        group = took < group ? took : group;
        start = zkg_seconds();
        for (int k = 0; k < BATCH; k++)
            ZKG_TRY(zkg_comm_sum_fr(pair, v, 2));
        took = (zkg_seconds() - start) / BATCH;
        message = took < message ? took : message;
        zkg_comm_free(pair);
    }
    c->group = group;
    c->message = message;
    return ZKG_OK;
}

/* ---- all ----------------------------------------------------------------- */

static zkg_status measure(zkg_costs *c, uint32_t k, zkg_error *err)
{
    zkg_graph *graph = NULL;
    zkg_srs *srs = NULL;
    zkg_key key = {0};
    zkg_witness w = {0};
    double best[PROBES];
    zkg_status status = make_graph(&graph, err);

    if (status == ZKG_OK)
        status = zkg_srs_new(&srs, k > POWER ? k : POWER, err);
    if (status == ZKG_OK)
        status = zkg_setup(&key, NULL, graph, srs, ZKG_PCS_MERCURY,
                           zkg_cpu_features(ZKG_CPU_ALL), err);
    if (status == ZKG_OK)
        status = make_witness(&w, graph, err);
    if (status == ZKG_OK)
        status = time_probes(best, &key, srs, &w, err);
    if (status == ZKG_OK) {
        solve_probes(c, best);
        status = solve_commits(c, srs, k, err);
    }
    if (status == ZKG_OK)
        status = solve_openings(c, srs, k, err);
    zkg_witness_clear(&w);
    zkg_key_clear(&key);
    zkg_srs_free(srs);
    zkg_graph_free(graph);
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
        status = measure(&c, k == 0 ? POWER : k, err);
    if (status == ZKG_OK)
        *out = c;
    return status;
}
