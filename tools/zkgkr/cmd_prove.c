/* SPDX-License-Identifier: Apache-2.0
 * zkgkr prove: a proof, alone or on the ranks of an mpirun.
 *
 * Every rank reads the same files; one a host computes the witness.  After each
 * stage the ranks agree on a status, so that a refused input ends the job on
 * all of them with one message and one exit code. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "budget.h"
#include "comm/comm.h"
#include "commands.h"
#include "graph/graph.h"
#include "graph/key.h"
#include "graph/witness.h"
#include "journal/journal.h"
#include "options.h"
#include "progress.h"
#include "prover/board.h"
#include "prover/share.h"
#include "report.h"
#include "schedule/cost.h"
#include "watch.h"
#include "zkgkr/prove.h"

#define SHOWN_LAYERS 5

typedef struct prove_args {
    const char *graph, *key, *srs, *input, *witness, *schedule, *mapping,
        *dependencies, *out, *report, *progress, *run_dir, *watchdog, *trace,
        *memory, *costs, *backend;
    bool no_schedule, json, resume, dry_run;
    double watchdog_s;
    uint64_t memory_limit; /* 0: none */
    uint32_t cpu_flags;
    zkg_expectation expect;
} prove_args;

typedef struct prove_job {
    prove_args args;
    zkg_cli *cli;
    const zkg_comm *active; /* the ranks that take part */
    zkg_comm *subgroup;     /* active, when it is not all; owned */
    zkg_graph *graph;
    zkg_key key;
    zkg_srs *srs;
    zkg_witness witness;
    zkg_shared shared; /* what holds the witness, on a host of several ranks */
    zkg_journal *journal;
    zkg_plan *plan;
    const char *plan_source;
    zkg_job job;
    zkg_forecast forecast;
    double started, ready, witness_s;
    zkg_progress_how how;
    zkg_board board; /* what the ranks are at; shown by rank 0 */
    zkg_progress progress;
} prove_job;

static const char usage[] =
    "zkgkr prove --graph G.zkg --key K.vk --srs S.srs (--input FILE | "
    "--witness FILE) -o FILE.proof [options]";

static zkg_status check_run(prove_args *a, zkg_error *err)
{
    char *end;

    if (a->resume && a->run_dir == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--resume goes with the --run-dir DIR of the run that "
                        "is to be resumed");
    if (a->memory != NULL)
        ZKG_TRY(zkg_option_bytes(&a->memory_limit, "--memory-limit", a->memory,
                                 err));
    if (a->watchdog == NULL)
        return ZKG_OK;
    a->watchdog_s = strtod(a->watchdog, &end);
    if (*end != '\0' || end == a->watchdog ||
        !(a->watchdog_s >= 0.1 && a->watchdog_s <= 1e6))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--watchdog: `%s` is not a number of seconds from 0.1 "
                        "to 1e6",
                        a->watchdog);
    return ZKG_OK;
}

static zkg_status parse_args(bool *done, prove_args *a, int argc, char **argv,
                             zkg_error *err)
{
    const zkg_option options[] = {
        {"graph", "G.zkg", "the graph", &a->graph, NULL, true},
        {"key", "K.vk", "its verification key", &a->key, NULL, true},
        {"srs", "S.srs", "the reference string", &a->srs, NULL, true},
        {"input", "FILE", "inputs: {\"input_data\": [[..]]}", &a->input, NULL,
         false},
        {"witness", "FILE", "all values, from zkgkr witness", &a->witness, NULL,
         false},
        {"schedule", "DIR|FILE", "schedule.txt, or the folder of all three",
         &a->schedule, NULL, false},
        {"task-mapping", "FILE", "task_mapping.txt", &a->mapping, NULL, false},
        {"task-dependencies", "FILE", "task_dependencies.txt", &a->dependencies,
         NULL, false},
        {"no-schedule", NULL, "the default order", NULL, &a->no_schedule,
         false},
        {"o", "FILE.proof", "where the proof goes (required)", &a->out, NULL,
         false},
        {"report", "FILE", "report.json", &a->report, NULL, false},
        {"trace", "FILE", "trace.json, for Perfetto", &a->trace, NULL, false},
        {"dry-run", NULL, "say time and memory, and prove nothing", NULL,
         &a->dry_run, false},
        {"memory-limit", "BYTES", "refuse what needs more on a rank (4G)",
         &a->memory, NULL, false},
        {"costs", "FILE", "constants, from selftest --calibrate", &a->costs,
         NULL, false},
        {"backend", "NAME", "ref, cpu or cpu-ifma; the fastest without it",
         &a->backend, NULL, false},
        {"progress", "HOW", "auto, bar, plain or none", &a->progress, NULL,
         false},
        {"expect", "FILE", "the float model's outputs, to compare with",
         &a->expect.path, NULL, false},
        {"model", "MODEL.onnx", "compare every layer with the float model",
         &a->expect.model, NULL, false},
        {"max-error", "E", "refuse (exit 9) outputs that are further off",
         &a->expect.max_error, NULL, false},
        {"json", NULL, "the report on stdout", NULL, &a->json, false},
        {"run-dir", "DIR", "keep finished work there", &a->run_dir, NULL,
         false},
        {"resume", NULL, "go on from what --run-dir holds", NULL, &a->resume,
         false},
        {"watchdog", "S",
         "end the job when a rank makes no progress for S "
         "seconds",
         &a->watchdog, NULL, false},
    };

    memset(a, 0, sizeof(*a));
    a->cpu_flags = ZKG_CPU_ALL;
    ZKG_TRY(zkg_options_parse(done, NULL, NULL, 0, options,
                              sizeof(options) / sizeof(options[0]), usage, argc,
                              argv, err));
    if (*done)
        return ZKG_OK;
    if (!a->dry_run && a->out == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE, "missing -o FILE.proof");
    if (a->dry_run ? a->input != NULL && a->witness != NULL
                   : (a->input == NULL) == (a->witness == NULL))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "give one of --input FILE and --witness FILE");
    if (a->no_schedule && a->schedule != NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--schedule and --no-schedule exclude each other");
    if (a->schedule == NULL && (a->mapping != NULL || a->dependencies != NULL))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--task-mapping and --task-dependencies go with "
                        "--schedule");
    if (a->backend != NULL && !zkg_backend_named(&a->cpu_flags, a->backend))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--backend %s: this processor has no such backend; "
                        "`zkgkr version` names the fastest, and ref is always "
                        "there",
                        a->backend);
    ZKG_TRY(zkg_expectation_check(&a->expect, err));
    return check_run(a, err);
}

static zkg_status check_launcher(zkg_error *err)
{
    const char *tasks = getenv("SLURM_NTASKS");

    if (tasks != NULL && strtoul(tasks, NULL, 10) > 1 &&
        !zkg_comm_is_launched())
        return zkg_fail(err, ZKG_ERR_COMM,
                        "SLURM_NTASKS=%.20s, but no MPI launcher started this "
                        "process (use srun --mpi=pmix)",
                        tasks);
    return ZKG_OK;
}

/* ---- stages; the ranks agree after each -------------------------------- */

static zkg_status join(bool *leaves, prove_job *j, zkg_error *err)
{
    zkg_comm *world = j->cli->world;
    const uint32_t launched = zkg_comm_size(world);
    uint32_t active = 1;
    uint32_t *ranks;
    char why[200];
    zkg_status status = zkg_ranks_choose(&active, why, world, err);

    ZKG_TRY(zkg_ranks_agree(world, status, err));
    zkg_log_info(&j->cli->log, "%s", why);
    *leaves = j->cli->rank >= active;
    j->active = world;
    if (active == launched || *leaves)
        return ZKG_OK;
    ranks = zkg_alloc(active, sizeof(*ranks));
    if (ranks == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for ranks");
    for (uint32_t r = 0; r < active; r++)
        ranks[r] = r;
    status = zkg_comm_subgroup(&j->subgroup, world, ranks, active, 32001);
    zkg_free(ranks);
    if (status != ZKG_OK)
        return zkg_fail(err, status,
                        "no communicator of the ranks that take "
                        "part");
    j->active = j->subgroup;
    zkg_log_init(&j->cli->log, stderr, ZKG_LOG_INFO, j->cli->rank, active);
    return ZKG_OK;
}

/* Rank 0 makes the folder and clears away what the last run left, before the
 * others write there. */
static zkg_status open_run(prove_job *j, zkg_error *err)
{
    const char *dir = j->args.run_dir;
    const zkg_watch_options options = {
        dir, j->args.watchdog_s, zkg_comm_pulse(j->cli->world), &j->cli->log};
    zkg_status status = ZKG_OK;

    if (dir != NULL && j->cli->rank == 0) {
        status = zkg_journal_open(&j->journal, dir, err);
        if (status == ZKG_OK) {
            zkg_watch_last_run(dir, &j->cli->log);
            zkg_journal_sweep(j->journal);
        }
    }
    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    if (dir != NULL && j->cli->rank != 0)
        status = zkg_journal_open(&j->journal, dir, err);
    if (status == ZKG_OK)
        status = zkg_watch_start(&options, err);
    return zkg_ranks_agree(j->active, status, err);
}

static zkg_status check_srs(prove_job *j, zkg_error *err)
{
    zkg_srs_key mine;

    if (j->srs->power < j->key.srs.k)
        return zkg_fail(err, ZKG_ERR_IO,
                        "%s has power %" PRIu32 ", the key %s needs %" PRIu32,
                        j->args.srs, j->srs->power, j->args.key, j->key.srs.k);
    ZKG_TRY(zkg_srs_key_init(&mine, j->srs, j->key.srs.pcs, j->key.srs.k, err));
    if (memcmp(mine.digest, j->key.srs.digest, sizeof(mine.digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s is not the SRS that the key %s was made with",
                        j->args.srs, j->args.key);
    return ZKG_OK;
}

static zkg_status load(prove_job *j, zkg_error *err)
{
    const prove_args *a = &j->args;
    uint8_t digest[32];

    ZKG_TRY(zkg_watch_stage(NULL, ZKG_STAGE_READING, "", err));
    if (j->cli->rank == 0) {
        if (a->out != NULL)
            ZKG_TRY(zkg_file_check_writable(a->out, err));
        if (a->report != NULL)
            ZKG_TRY(zkg_file_check_writable(a->report, err));
        if (a->trace != NULL)
            ZKG_TRY(zkg_file_check_writable(a->trace, err));
    }
    zkg_watch_mapped(&j->cli->log, a->graph, NULL);
    ZKG_TRY(zkg_graph_load_mapped(&j->graph, a->graph, err));
    zkg_watch_mapped(&j->cli->log, a->graph, &j->graph->tensors.map);
    ZKG_TRY(zkg_key_read(&j->key, a->key, err));
    zkg_graph_digest(digest, j->graph);
    if (memcmp(digest, j->key.statement.digest, sizeof(digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the key %s is for another graph than %s", a->key,
                        a->graph);
    ZKG_TRY(zkg_srs_read_part(&j->srs, a->srs, j->key.srs.k, err));
    return check_srs(j, err);
}

static zkg_status make_plan(prove_job *j, zkg_error *err)
{
    const prove_args *a = &j->args;
    zkg_notes notes = {0};
    zkg_costs costs = zkg_costs_builtin;
    zkg_status status;

    if (a->costs != NULL)
        ZKG_TRY(zkg_costs_read(&costs, a->costs, err));
    j->plan_source = a->schedule;
    if (a->schedule == NULL && !a->no_schedule &&
        zkg_file_exists("schedule.txt"))
        j->plan_source = ".";
    ZKG_TRY(zkg_job_init_costs(&j->job, &j->key.statement,
                               zkg_comm_size(j->active), j->key.srs.k, &costs,
                               err));
    if (j->plan_source == NULL) {
        status = zkg_plan_default(&j->plan, &j->job, err);
        j->plan_source = "default";
    } else {
        status = zkg_plan_read(&j->plan, &notes, j->plan_source, a->mapping,
                               a->dependencies, &j->job, err);
        if (a->schedule == NULL)
            zkg_log_info(&j->cli->log, "using ./schedule.txt (--no-schedule "
                                       "leaves it)");
    }
    if (j->cli->rank == 0 && notes.len > 0)
        fputs(notes.text, stderr);
    zkg_notes_clear(&notes);
    return status;
}

/* Tasks whose circuits have more layers than fit what one may take. */
static void say_room(const prove_job *j)
{
    const zkg_plan *plan = j->plan;
    zkg_job all = j->job;
    uint32_t tight = 0, first = 0;

    all.room_bytes = 0;
    for (uint32_t c = plan->tasks; c-- > 0;) {
        const uint32_t g = plan->group_first[c + 1] - plan->group_first[c];

        if (zkg_job_bytes(&all, c, g) <= zkg_job_bytes(&j->job, c, g))
            continue;
        first = c;
        tight++;
    }
    if (tight > 0)
        zkg_log_info(&j->cli->log,
                     "%.1f MiB do not hold all layers of %" PRIu32
                     " task%s, of %s first: some are made again",
                     j->job.room_bytes / 1048576, tight, tight == 1 ? "" : "s",
                     plan->name[first]);
}

/* What a task may take, and what the plan will.  Collective. */
static zkg_status make_forecast(prove_job *j, zkg_error *err)
{
    ZKG_TRY(zkg_budget_room(&j->job.room_bytes, j->active, &j->job,
                            j->args.memory_limit, err));
    say_room(j);
    return zkg_plan_forecast(&j->forecast, j->plan, &j->job, err);
}

/* Refuse what will not fit.  Collective. */
static zkg_status check_memory(prove_job *j, zkg_error *err)
{
    return zkg_budget_check(j->active, &j->forecast, j->args.memory_limit, err);
}

/* Rank 0 checks what others compute alike. */
static zkg_status compute_witness(zkg_witness *out, void *user, zkg_error *err)
{
    const prove_job *j = user;
    const prove_args *a = &j->args;

    if (a->witness != NULL) {
        ZKG_TRY(zkg_witness_read(out, j->graph, a->witness, err));
    } else {
        ZKG_TRY(zkg_witness_init(out, j->graph, err));
        ZKG_TRY(zkg_witness_read_input(out, j->graph, a->input, err));
        ZKG_TRY(zkg_witness_solve(out, j->graph, err));
    }
    if (j->cli->rank == 0)
        ZKG_TRY(zkg_witness_check(out, j->graph, err));
    return ZKG_OK;
}

static zkg_status make_witness(prove_job *j, zkg_error *err)
{
    zkg_status status = zkg_watch_stage(NULL, ZKG_STAGE_WITNESS, "", err);

    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    ZKG_TRY(zkg_witness_once_a_host(&j->witness, &j->shared, j->active,
                                    j->graph, compute_witness, j, err));
    j->witness_s = zkg_seconds() - j->ready;
    if (j->cli->rank == 0)
        status = zkg_expectation_measure(&j->args.expect, &j->witness, j->graph,
                                         j->args.input, err);
    return zkg_ranks_agree(j->active, status, err);
}

static zkg_status write_results(const prove_job *j, const uint8_t *proof,
                                size_t len, const zkg_prove_report *report,
                                zkg_error *err)
{
    const double wall = zkg_seconds() - j->started;
    const zkg_report_context context = {j->plan,
                                        &j->job,
                                        &j->forecast,
                                        j->plan_source,
                                        zkg_comm_size(j->cli->world),
                                        j->witness_s,
                                        wall,
                                        &j->args.expect};
    zkg_json_out json;
    zkg_status status;

    ZKG_TRY(zkg_file_write_atomic(j->args.out, proof, len, err));
    status = zkg_report_json(&json, report, &context);
    if (status != ZKG_OK)
        (void)zkg_fail(err, status, "the report cannot be made");
    if (status == ZKG_OK && j->args.report != NULL)
        status = zkg_file_write_atomic(j->args.report, json.bytes.data,
                                       json.bytes.len, err);
    if (status == ZKG_OK && j->args.trace != NULL)
        status = zkg_trace_write(j->args.trace, report, &context, err);
    if (status == ZKG_OK && j->args.json)
        fwrite(json.bytes.data, 1, json.bytes.len, stdout);
    else if (status == ZKG_OK)
        zkg_report_print(stdout, report, j->plan, wall);
    if (status == ZKG_OK && !j->args.json)
        zkg_expectation_print(&j->args.expect, SHOWN_LAYERS);
    zkg_json_out_free(&json);
    return status;
}

/* Rank 0 shows what all of them are at. */
static zkg_status start_progress(prove_job *j, zkg_error *err)
{
    zkg_status status = ZKG_OK;

    if (j->how == ZKG_PROGRESS_NONE)
        return ZKG_OK;
    ZKG_TRY(zkg_board_init(&j->board, j->active, j->plan, err));
    if (j->cli->rank == 0)
        status = zkg_progress_start(&j->progress, j->how, &j->cli->log,
                                    &j->board, j->plan, &j->forecast, err);
    return zkg_ranks_agree(j->active, status, err);
}

static zkg_status prove(prove_job *j, zkg_error *err)
{
    const zkg_prove_input input = {&j->key, j->srs, j->witness.view, j->plan};
    const zkg_prove_options options = {
        .log = &j->cli->log,
        .board = j->how == ZKG_PROGRESS_NONE ? NULL : &j->board,
        .stage = zkg_watch_stage,
        .alone = zkg_watch_alone,
        .journal = j->journal,
        .resume = j->args.resume,
        .cpu_without = ~j->args.cpu_flags,
        .room_bytes = j->job.room_bytes};
    zkg_prove_report report = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status status;

    ZKG_TRY(start_progress(j, err));
    status = zkg_prove(&proof, &len, &report, j->cli->world, j->active, &input,
                       &options, err);
    zkg_progress_stop(&j->progress, status == ZKG_OK);
    if (status == ZKG_OK) {
        report.prove_s += j->witness_s;
        status = zkg_watch_stage(NULL, ZKG_STAGE_WRITING, "", err);
        if (status == ZKG_OK && j->cli->rank == 0)
            status = write_results(j, proof, len, &report, err);
        status = zkg_ranks_agree(j->active, status, err);
    }
    zkg_prove_report_clear(&report);
    zkg_free(proof);
    return status;
}

static zkg_status all_stages(prove_job *j, zkg_error *err)
{
    zkg_status status;

    ZKG_TRY(open_run(j, err));
    status = load(j, err);
    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    if (j->key.srs.development)
        zkg_log_warn(&j->cli->log,
                     "%s is a development SRS: whoever made it "
                     "can forge proofs",
                     j->args.srs);
    j->ready = zkg_seconds();
    status = make_plan(j, err);
    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    status = make_forecast(j, err);
    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    if (j->args.dry_run && j->cli->rank == 0)
        zkg_budget_print(stdout, &j->forecast, j->plan);
    status = check_memory(j, err);
    ZKG_TRY(zkg_ranks_agree(j->active, status, err));
    if (j->args.dry_run)
        return ZKG_OK;
    ZKG_TRY(make_witness(j, err));
    return prove(j, err);
}

/* The ranks could not even agree: end the job here, for a rank that waits for
 * this one would wait for ever.  Returns on one rank. */
static void end_alone(zkg_cli *cli, zkg_status status, const zkg_error *err)
{
    if (zkg_comm_size(cli->world) == 1)
        return;
    zkg_log_error(&cli->log, "%s", err->text);
    zkg_watch_end();
    zkg_comm_abort(cli->world, zkg_status_exit_code(status));
}

zkg_status zkg_cmd_prove(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    prove_job j = {
        .cli = cli, .started = zkg_seconds(), .board = {.mem = {.fd = -1}}};
    bool done = false, leaves = false;
    zkg_status status = parse_args(&done, &j.args, argc, argv, err);

    if (status == ZKG_OK && done)
        return ZKG_OK;
    if (status == ZKG_OK)
        status = check_launcher(err);
    if (status == ZKG_OK)
        status = zkg_progress_choose(&j.how, j.args.progress,
                                     zkg_comm_is_launched(), err);
    if (status == ZKG_OK) {
        status = join(&leaves, &j, err);
        if (status == ZKG_ERR_COMM || status == ZKG_ERR_NOMEM)
            end_alone(cli, status, err);
    }
    if (status == ZKG_OK && !leaves)
        status = all_stages(&j, err);
    if (status == ZKG_ERR_COMM)
        end_alone(cli, status, err);
    zkg_watch_end();
    zkg_comm_free(j.subgroup);
    zkg_journal_free(j.journal);
    zkg_expectation_clear(&j.args.expect);
    zkg_progress_stop(&j.progress, false);
    zkg_board_clear(&j.board);
    zkg_plan_free(j.plan);
    zkg_forecast_clear(&j.forecast);
    zkg_job_clear(&j.job);
    zkg_witness_clear(&j.witness);
    zkg_shared_clear(&j.shared);
    zkg_srs_free(j.srs);
    zkg_key_clear(&j.key);
    zkg_graph_free(j.graph);
    /* All ranks have the same message: rank 0 prints it. */
    cli->printed = cli->rank != 0;
    return status;
}
