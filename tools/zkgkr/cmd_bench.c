/* SPDX-License-Identifier: Apache-2.0
 * zkgkr bench: times as JSON lines; tools/plot-bench draws them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "bench/bench.h"
#include "calibrate.h"
#include "commands.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "options.h"
#include "pcs/kzg.h"
#include "revision.h"
#include "schedule/cost.h"
#include "schedule/nearest.h"
#include "watch.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"
#include "zkgkr/zkgkr.h"

static const char usage[] =
    "zkgkr bench [--only NAME] [--from L] [--to L] [--backend NAME]\n"
    "       zkgkr bench --graph G.zkg (--input FILE | --witness FILE) "
    "[options]\n"
    "\nWithout a graph: kernels, on one rank, in processor time. With one:\n"
    "whole proofs by the clock, alone or under mpirun, with an SRS of known\n"
    "tau; with --phases the parts of the proof too, each beside what the cost\n"
    "model says, by constants that are measured in turn, the least of some. "
    "One JSON object a "
    "line,\n"
    "times in nanoseconds: median, least, most.\n";

enum { MOST_RUNS = 1000 };

typedef struct bench_args {
    const char *only, *backend, *graph, *input, *witness, *pcs_name, *costs;
    uint32_t from, to, runs;
    zkg_pcs pcs;
    bool list, phases, planned;
} bench_args;

static zkg_status parse_args(bool *done, bench_args *a, int argc, char **argv,
                             zkg_error *err)
{
    const char *from = NULL, *to = NULL, *runs = NULL;
    const zkg_option options[] = {
        {"only", "NAME", "this kernel alone", &a->only, NULL, false},
        {"from", "L", "sizes from 2^L (10)", &from, NULL, false},
        {"to", "L", "to 2^L (16)", &to, NULL, false},
        {"backend", "NAME", "ref, cpu or cpu-ifma; without it each there is",
         &a->backend, NULL, false},
        {"runs", "N", "how often (5)", &runs, NULL, false},
        {"list", NULL, "the kernels", NULL, &a->list, false},
        {"graph", "G.zkg", "prove this instead", &a->graph, NULL, false},
        {"input", "FILE", "its inputs", &a->input, NULL, false},
        {"witness", "FILE", "or all its values", &a->witness, NULL, false},
        {"phases", NULL, "parts of the proof beside their costs", NULL,
         &a->phases, false},
        {"planned", NULL, "by a plan, not in the default order", NULL,
         &a->planned, false},
        {"costs", "FILE", "the constants of both, not measured or built in",
         &a->costs, NULL, false},
        {"pcs", "KIND", "mercury (default) or hyperkzg", &a->pcs_name, NULL,
         false},
    };

    *a = (bench_args){.from = 10, .to = 16, .runs = 5, .pcs = ZKG_PCS_MERCURY};
    ZKG_TRY(zkg_options_parse(done, NULL, NULL, 0, options,
                              sizeof(options) / sizeof(options[0]), usage, argc,
                              argv, err));
    if (*done)
        return ZKG_OK;
    if (from != NULL)
        ZKG_TRY(zkg_option_u32(&a->from, "--from", from, 0, 26, err));
    if (to != NULL)
        ZKG_TRY(zkg_option_u32(&a->to, "--to", to, 0, 26, err));
    if (runs != NULL)
        ZKG_TRY(zkg_option_u32(&a->runs, "--runs", runs, 1, MOST_RUNS, err));
    if (a->from > a->to)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--from %" PRIu32 " is above --to "
                        "%" PRIu32,
                        a->from, a->to);
    if (a->pcs_name != NULL && !zkg_pcs_from_name(&a->pcs, a->pcs_name))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--pcs %s: there are mercury and hyperkzg",
                        a->pcs_name);
    if (a->input != NULL && a->witness != NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "give one of --input FILE and --witness FILE");
    if ((a->graph == NULL) != (a->input == NULL && a->witness == NULL))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--graph and --input (or --witness) go together");
    return ZKG_OK;
}

/* ---- a line ------------------------------------------------------------- */

static void put_string(zkg_json_out *o, const char *key, const char *value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, value);
}

static void put_u64(zkg_json_out *o, const char *key, uint64_t value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, value);
}

static void put_times(zkg_json_out *o, const zkg_bench_result *r)
{
    put_u64(o, "ns", (uint64_t)(r->median + 0.5));
    put_u64(o, "ns_least", (uint64_t)(r->least + 0.5));
    put_u64(o, "ns_most", (uint64_t)(r->most + 0.5));
    put_u64(o, "runs", r->runs);
}

static zkg_status print_line(zkg_json_out *o, zkg_error *err)
{
    zkg_status s;

    put_string(o, "version", zkg_version());
    put_string(o, "commit", zkg_revision);
    zkg_json_out_end(o);
    s = zkg_json_out_finish(o);
    if (s == ZKG_OK)
        fwrite(o->bytes.data, 1, o->bytes.len, stdout);
    zkg_json_out_free(o);
    (void)fflush(stdout);
    return s == ZKG_OK ? s : zkg_fail(err, s, "no memory for a line");
}

/* ---- kernels ------------------------------------------------------------ */

static zkg_status time_one(const bench_args *a, const zkg_bench_kernel *kernel,
                           zkg_bench_env *env, zkg_error *err)
{
    zkg_bench_result r;
    zkg_json_out o;
    zkg_status s = zkg_bench_run(&r, kernel, env, a->runs);

    if (s != ZKG_OK)
        return zkg_fail(err, s, "%s of 2^%" PRIu32 " with %s: %s", kernel->name,
                        env->log_size, env->backend->name, zkg_status_name(s));
    zkg_json_out_init(&o);
    zkg_json_out_line_object(&o);
    put_string(&o, "bench", "kernel");
    put_string(&o, "name", kernel->name);
    put_u64(&o, "size", UINT64_C(1) << env->log_size);
    put_string(&o, "backend", env->backend->name);
    put_times(&o, &r);
    return print_line(&o, err);
}

static zkg_status time_sizes(const bench_args *a,
                             const zkg_bench_kernel *kernel, zkg_bench_env *env,
                             zkg_error *err)
{
    const uint32_t from = a->from > kernel->min_log ? a->from : kernel->min_log;
    const uint32_t to = a->to < kernel->max_log ? a->to : kernel->max_log;

    if (kernel->max_log == 0) {
        env->log_size = 0;
        return time_one(a, kernel, env, err);
    }
    for (uint32_t l = from; l <= to; l++) {
        env->log_size = l;
        ZKG_TRY(time_one(a, kernel, env, err));
    }
    return ZKG_OK;
}

static zkg_status time_kernel(bool *known_backend, const bench_args *a,
                              const zkg_bench_kernel *kernel, zkg_error *err)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_ALL};
    const zkg_backend *last = NULL;
    zkg_bench_env env = {0};
    zkg_status s = ZKG_OK;

    for (size_t m = 0; s == ZKG_OK && m < 3; m++) {
        env.cpu_flags = zkg_cpu_features(masks[m]);
        env.backend = zkg_backend_get(env.cpu_flags);
        if (env.backend == last)
            continue;
        last = env.backend;
        if (a->backend != NULL && strcmp(a->backend, env.backend->name) != 0)
            continue;
        *known_backend = true;
        s = time_sizes(a, kernel, &env, err);
    }
    zkg_bench_env_clear(&env);
    return s;
}

static zkg_status unknown_kernel(const char *name, zkg_error *err)
{
    const char *names[64];
    const char *near;
    size_t n = 0;

    for (; n < 64 && zkg_bench_kernel_at(n) != NULL; n++)
        names[n] = zkg_bench_kernel_at(n)->name;
    near = zkg_nearest(name, names, n);
    return zkg_fail(err, ZKG_ERR_USAGE,
                    "--only %s: no such kernel%s%s%s; "
                    "--list has them",
                    name, near == NULL ? "" : " (did you mean ",
                    near == NULL ? "" : near, near == NULL ? "" : "?)");
}

static zkg_status time_kernels(const bench_args *a, zkg_error *err)
{
    bool known = false, known_backend = false;

    for (size_t i = 0; zkg_bench_kernel_at(i) != NULL; i++) {
        const zkg_bench_kernel *kernel = zkg_bench_kernel_at(i);

        if (a->only != NULL && strcmp(a->only, kernel->name) != 0)
            continue;
        known = true;
        ZKG_TRY(time_kernel(&known_backend, a, kernel, err));
    }
    if (!known)
        return unknown_kernel(a->only, err);
    if (!known_backend)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--backend %s: this processor has no such backend",
                        a->backend);
    return ZKG_OK;
}

static void list_kernels(void)
{
    for (size_t i = 0; zkg_bench_kernel_at(i) != NULL; i++)
        printf("  %-20s %s\n", zkg_bench_kernel_at(i)->name,
               zkg_bench_kernel_at(i)->help);
}

/* ---- whole proofs ------------------------------------------------------- */

/* The parts of a proof.  What the root hashes goes with the commitments, the
 * proof's assembly with the opening; the rest is the plan. */
typedef enum phase { COMMIT, TASKS, TABLES, OPEN, REST, PHASES } phase;

static const char *const phase_names[PHASES] = {"commitments", "tasks",
                                                "tables", "opening", "rest"};

typedef struct proof_bench {
    zkg_cli *cli;
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    zkg_plan *plan; /* NULL: the default order */
    size_t proof_bytes;
    double prove_ns[MOST_RUNS], verify_ns[MOST_RUNS];
    double phase_ns[PHASES][MOST_RUNS], cost_ns[PHASES];
    uint64_t peak_rss; /* of the rank that held most; rank 0's */
    uint32_t run;      /* the one that is going on */
    phase now;
    double since;                 /* processor time at which that began */
    zkg_calibration *calibration; /* rank 0's, with --phases */
    uint32_t turns, turns_due;    /* its runs so far, and those to be */
} proof_bench;

static zkg_status make_witness(proof_bench *b, const bench_args *a,
                               zkg_error *err)
{
    if (a->witness != NULL)
        return zkg_witness_read(&b->witness, b->graph, a->witness, err);
    ZKG_TRY(zkg_witness_init(&b->witness, b->graph, err));
    ZKG_TRY(zkg_witness_read_input(&b->witness, b->graph, a->input, err));
    return zkg_witness_solve(&b->witness, b->graph, err);
}

/* The same on all ranks. */
static zkg_status make_plan(proof_bench *b, const bench_args *a, zkg_error *err)
{
    zkg_costs costs = zkg_costs_builtin;
    zkg_notes notes = {0};
    zkg_job job;
    zkg_status s;

    if (a->costs != NULL)
        ZKG_TRY(zkg_costs_read(&costs, a->costs, err));
    ZKG_TRY(zkg_job_init_costs(&job, &b->key.statement,
                               zkg_comm_size(b->cli->world), b->key.srs.k,
                               &costs, err));
    s = zkg_plan_make(&b->plan, &notes, NULL, NULL, &job, 0, err);
    zkg_notes_clear(&notes);
    zkg_job_clear(&job);
    return s;
}

static zkg_status prepare(proof_bench *b, const bench_args *a, zkg_error *err)
{
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    zkg_fr tau;

    zkg_watch_mapped(&b->cli->log, a->graph, NULL);
    ZKG_TRY(zkg_graph_load_mapped(&b->graph, a->graph, err));
    zkg_watch_mapped(&b->cli->log, a->graph, &b->graph->tensors.map);
    zkg_bench_fill(&tau, 1, 1);
    ZKG_TRY(zkg_srs_from_tau(&b->srs, zkg_statement_default_k(&b->graph->st),
                             &tau, err));
    ZKG_TRY(zkg_setup(&b->key, NULL, b->graph, b->srs, a->pcs, cpu, err));
    ZKG_TRY(make_witness(b, a, err));
    ZKG_TRY(zkg_witness_check(&b->witness, b->graph, err));
    return a->planned ? make_plan(b, a, err) : ZKG_OK;
}

/* From here on it is another phase's time. */
static void enter(proof_bench *b, phase next)
{
    const double now = zkg_bench_now();

    b->phase_ns[b->now][b->run] += 1e9 * (now - b->since);
    b->since = now;
    b->now = next;
}

/* Told by the prover what comes next. */
static zkg_status enter_stage(void *user, zkg_stage stage, const char *what,
                              zkg_error *err)
{
    proof_bench *b = user;
    const zkg_statement *st = &b->key.statement;
    phase next = b->now;

    (void)err;
    if (stage == ZKG_STAGE_COMMIT)
        next = COMMIT;
    else if (stage == ZKG_STAGE_OPENING)
        next = OPEN;
    else if (stage == ZKG_STAGE_TASK)
        next = TASKS;
    /* The sides of tables come under Table and the table's name. */
    for (uint32_t t = 0; stage == ZKG_STAGE_TASK && t < st->tables; t++)
        if (strncmp(what, "Table", 5) == 0 &&
            strcmp(st->table[t].name, what + 5) == 0)
            next = TABLES;
    enter(b, next);
    return ZKG_OK;
}

/* The bytes of tables that the first tasks have afresh. */
static double fresh_bytes(const proof_bench *b)
{
    const zkg_statement *st = &b->key.statement;
    double most = 0;

    for (uint32_t c = 0; c < st->tasks; c++) {
        zkg_work work;

        zkg_work_count(&work, st, c, b->witness.view, true);
        most = fmax(most, work.each_bytes + work.split_bytes);
    }
    return most;
}

/* What the phases cost by the model. */
static zkg_status cost_phases(proof_bench *b, const bench_args *a,
                              zkg_error *err)
{
    const zkg_statement *st = &b->key.statement;
    const uint32_t ranks = zkg_comm_size(b->cli->world);
    zkg_costs costs = zkg_costs_builtin;
    zkg_root_work root;

    if (a->costs != NULL)
        ZKG_TRY(zkg_costs_read(&costs, a->costs, err));
    else
        zkg_calibration_solve(&costs, b->calibration);
    zkg_root_work_count(&root, st, b->key.srs.k, b->witness.view);
    zkg_root_seconds(&b->cost_ns[COMMIT], &b->cost_ns[OPEN], &costs, &root,
                     ranks);
    b->cost_ns[COMMIT] *= 1e9;
    b->cost_ns[OPEN] *= 1e9;
    b->cost_ns[TASKS] = 1e9 * costs.fresh * fresh_bytes(b) / ranks;
    /* given back when the last child is done */
    b->cost_ns[st->tables > 0 ? TABLES : TASKS] +=
        1e9 * costs.freed * fresh_bytes(b) / ranks;
    for (uint32_t c = 0; c < st->tasks + st->tables; c++) {
        zkg_work work;
        zkg_child_cost cost;

        zkg_work_count(&work, st, c, b->witness.view, true);
        zkg_child_cost_of(&cost, &costs, &work, 1);
        b->cost_ns[c < st->tasks ? TASKS : TABLES] +=
            1e9 * (cost.serial_s + cost.parallel_s) / ranks;
    }
    return ZKG_OK;
}

/* Proof i, and rank 0's verdict on it.  Collective. */
static zkg_status prove_once(proof_bench *b, uint32_t i, zkg_error *err)
{
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, b->plan};
    const zkg_prove_options options = {.stage = enter_stage, .stage_user = b};
    zkg_prove_report report = {0};
    zkg_verdict verdict = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    b->run = i;
    b->now = REST;
    b->since = zkg_bench_now();
    for (uint32_t p = 0; p < PHASES; p++)
        b->phase_ns[p][i] = 0;
    s = zkg_prove(&proof, &len, &report, b->cli->world, b->cli->world, &input,
                  &options, err);
    enter(b, REST);
    if (s == ZKG_OK && b->cli->rank == 0) {
        const double from = zkg_seconds();

        b->prove_ns[i] = 1e9 * report.prove_s;
        b->proof_bytes = len;
        s = zkg_verify_with_key(&verdict, &b->key, proof, len, NULL, err);
        b->verify_ns[i] = 1e9 * (zkg_seconds() - from);
        if (s == ZKG_ERR_REJECT)
            s = zkg_fail(err, ZKG_ERR_INTERNAL, "its proof is refused: %s",
                         verdict.text);
    }
    zkg_prove_report_clear(&report);
    zkg_free(proof);
    return zkg_ranks_agree(b->cli->world, s, err);
}

static void begin_proof_line(zkg_json_out *o, const char *what,
                             const bench_args *a, const proof_bench *b)
{
    const char *slash = strrchr(a->graph, '/');

    zkg_json_out_init(o);
    zkg_json_out_line_object(o);
    put_string(o, "bench", what);
    put_string(o, "name",
               slash != NULL && slash[1] != '\0' ? slash + 1 : a->graph);
    put_u64(o, "ranks", zkg_comm_size(b->cli->world));
}

static zkg_status print_proof(const char *what, const bench_args *a,
                              const proof_bench *b, double *ns, zkg_error *err)
{
    zkg_bench_result r;
    zkg_json_out o;

    zkg_bench_summary(&r, ns, a->runs);
    begin_proof_line(&o, what, a, b);
    put_u64(&o, "k", b->key.srs.k);
    put_string(&o, "pcs", zkg_pcs_name(a->pcs));
    put_string(&o, "order", a->planned ? "planned" : "default");
    put_times(&o, &r);
    put_u64(&o, "proof_bytes", b->proof_bytes);
    put_u64(&o, "peak_rss", b->peak_rss);
    return print_line(&o, err);
}

/* Of all ranks, for rank 0 to print.  Collective. */
static zkg_status gather_peak(proof_bench *b, zkg_error *err)
{
    const uint64_t mine = zkg_peak_rss();
    size_t *lens = NULL;
    uint8_t *all = NULL;
    const zkg_status s = zkg_comm_gather_bytes(
        b->cli->world, (const uint8_t *)&mine, sizeof(mine), &all, &lens, 0);

    if (s != ZKG_OK)
        return zkg_fail(err, s, "peaks of memory cannot be gathered");
    for (uint32_t r = 0; all != NULL && r < zkg_comm_size(b->cli->world); r++) {
        uint64_t one;

        memcpy(&one, all + r * sizeof(one), sizeof(one));
        b->peak_rss = one > b->peak_rss ? one : b->peak_rss;
    }
    free(all);
    free(lens);
    return ZKG_OK;
}

/* Lines of all ranks' phases, for rank 0 to print.  Collective. */
static zkg_status gather_phases(zkg_bench_result **out, const bench_args *a,
                                proof_bench *b, zkg_error *err)
{
    zkg_bench_result mine[PHASES];
    size_t *lens = NULL;
    uint8_t *all = NULL;
    zkg_status s;

    for (uint32_t p = 0; p < PHASES; p++)
        zkg_bench_summary(&mine[p], b->phase_ns[p], a->runs);
    s = zkg_comm_gather_bytes(b->cli->world, (const uint8_t *)mine,
                              sizeof(mine), &all, &lens, 0);
    free(lens);
    if (s != ZKG_OK)
        return zkg_fail(err, s, "times cannot be gathered");
    *out = (zkg_bench_result *)(void *)all;
    return ZKG_OK;
}

static zkg_status print_phases(const bench_args *a, const proof_bench *b,
                               const zkg_bench_result *r, zkg_error *err)
{
    const uint32_t ranks = zkg_comm_size(b->cli->world);

    for (uint32_t i = 0; i < ranks * PHASES; i++) {
        zkg_json_out o;

        begin_proof_line(&o, "phase", a, b);
        put_u64(&o, "rank", i / PHASES);
        put_string(&o, "phase", phase_names[i % PHASES]);
        put_times(&o, &r[i]);
        put_u64(&o, "ns_cost", (uint64_t)(b->cost_ns[i % PHASES] + 0.5));
        ZKG_TRY(print_line(&o, err));
    }
    return ZKG_OK;
}

static zkg_status print_proofs(const bench_args *a, proof_bench *b,
                               zkg_error *err)
{
    ZKG_TRY(print_proof("prove", a, b, b->prove_ns, err));
    return print_proof("verify", a, b, b->verify_ns, err);
}

/* Calibrations take turns with proofs, spread over their runs: as many as take
 * about so many seconds. */
enum { CALIBRATION_S = 5, LEAST_TURNS = 3 };

static zkg_status first_turn(proof_bench *b, const bench_args *a,
                             zkg_error *err)
{
    double start, turns;

    ZKG_TRY(zkg_calibration_new(&b->calibration, b->key.srs.k, err));
    start = zkg_seconds();
    ZKG_TRY(zkg_calibration_run(b->calibration, err));
    turns = CALIBRATION_S / (zkg_seconds() - start + 1e-3);
    b->turns = 1;
    b->turns_due = turns < LEAST_TURNS            ? LEAST_TURNS
                   : turns > ZKG_CALIBRATION_RUNS ? ZKG_CALIBRATION_RUNS
                                                  : (uint32_t)turns;
    b->turns_due = b->turns_due < a->runs ? b->turns_due : a->runs;
    return ZKG_OK;
}

/* A calibration before run i, if it is time for one. */
static zkg_status take_turn(proof_bench *b, const bench_args *a, uint32_t i,
                            zkg_error *err)
{
    if (!a->phases || a->costs != NULL || b->cli->rank != 0)
        return ZKG_OK;
    if (i == 0)
        return first_turn(b, a, err);
    if ((uint64_t)i * b->turns_due < (uint64_t)b->turns * a->runs)
        return ZKG_OK;
    b->turns++;
    return zkg_calibration_run(b->calibration, err);
}

static zkg_status time_proofs(proof_bench *b, const bench_args *a,
                              zkg_error *err)
{
    const bool is_first = b->cli->rank == 0;
    zkg_bench_result *phases = NULL;
    zkg_status s = prepare(b, a, err);

    ZKG_TRY(zkg_ranks_agree(b->cli->world, s, err));
    /* The first does not count: the second goes to its place. */
    ZKG_TRY(prove_once(b, 0, err));
    ZKG_TRY(gather_peak(b, err));
    for (uint32_t i = 0; i < a->runs; i++) {
        s = take_turn(b, a, i, err);
        ZKG_TRY(zkg_ranks_agree(b->cli->world, s, err));
        ZKG_TRY(prove_once(b, i, err));
    }
    if (a->phases)
        ZKG_TRY(gather_phases(&phases, a, b, err));
    if (is_first)
        s = print_proofs(a, b, err);
    if (is_first && s == ZKG_OK && a->phases)
        s = cost_phases(b, a, err);
    if (is_first && s == ZKG_OK && a->phases)
        s = print_phases(a, b, phases, err);
    free(phases);
    return s;
}

zkg_status zkg_cmd_bench(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    proof_bench *b = zkg_alloc(1, sizeof(*b));
    bench_args a;
    bool done;
    zkg_status s = parse_args(&done, &a, argc, argv, err);

    if (b == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for times");
    b->cli = cli;
    if (s == ZKG_OK && !done && a.list && cli->rank == 0)
        list_kernels();
    else if (s == ZKG_OK && !done && a.graph != NULL)
        s = time_proofs(b, &a, err);
    else if (s == ZKG_OK && !done && !a.list && cli->rank == 0)
        s = time_kernels(&a, err);
    zkg_calibration_free(b->calibration);
    zkg_plan_free(b->plan);
    zkg_witness_clear(&b->witness);
    zkg_key_clear(&b->key);
    zkg_srs_free(b->srs);
    zkg_graph_free(b->graph);
    zkg_free(b);
    /* All ranks have the same message: rank 0 prints it. */
    cli->printed = cli->rank != 0;
    return s;
}
