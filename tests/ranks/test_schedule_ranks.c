/* SPDX-License-Identifier: Apache-2.0
 * The same proof under any schedule, and many tasks.
 *
 *     mpirun -n N test_schedule_ranks N random SRS PLANS
 *     mpirun -n N test_schedule_ranks N many SRS TASKS
 *     mpirun -n N test_schedule_ranks N bench SRS RUNS [COSTS]
 *     test_schedule_ranks 1 write FOLDER 0
 *
 * random: rank 0 proves a graph of 12 uneven tasks alone; then all ranks prove
 * it under PLANS random schedules (groups, orders, needs, idle steps, named
 * tables) and a planned one: the same bytes.
 *
 * many: TASKS tiny tasks, each by a random group of its own communicator, with
 * needs: communicators made are freed, memory does not grow from the first
 * tenth of the tasks to the last, and what a task costs beside its proof.
 *
 * bench: 24 layers under the default order and under a plan, in turn; prints
 * (tools/bench-schedule).
 *
 * write: those layers' graph and values as files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/schedule_random.h"
#include "base/mem.h"
#include "bench.h"
#include "schedule/cost.h"
#include "uneven.h"

static const uint64_t sizes[] = {1, 300, 17, 2, 64, 1000, 3, 33, 8, 129, 5, 16};

enum { TASKS = sizeof(sizes) / sizeof(sizes[0]) };

/* Segments travel while others prove.  Rank 0 runs task 0, which needs task 1
 * of rank 1, then task 2, which task 3 of rank 1 needs.  So rank 0 has task 1's
 * segment before it begins task 2, and task 3 begins after that: the segment
 * was there while a rank still had all of a task to do. */
static void segments_travel(bench *b)
{
    static const char needs[] = "Task0: Task1\nTask3: Task2\n";
    char text[4096] = "Rank 0: Task0 -> Task2\nRank 1: Task1 -> Task3";
    char *at = text + strlen(text);
    zkg_prove_report report = {0};
    zkg_plan *plan = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};

    for (uint32_t t = 4; t < TASKS; t++)
        at += sprintf(at, " -> Task%" PRIu32, t);
    at += sprintf(at, "\n");
    for (uint32_t r = 2; r < b->size; r++)
        at += sprintf(at, "Rank %" PRIu32 ": idle\n", r);
    const zkg_schedule_text s[3] = {{"schedule", text, (size_t)(at - text)},
                                    {"mapping", NULL, 0},
                                    {"needs", needs, strlen(needs)}};
    bench_must(
        b, zkg_plan_parse(&plan, &notes, &s[0], &s[1], &s[2], &b->job, &err),
        notes.text == NULL ? "plan" : notes.text, &err);
    bench_run(b, plan, "segments travel", &report);
    for (uint32_t i = 0; i < report.steps; i++)
        if (report.step[i].rank == 0 && report.step[i].child == 2 &&
            !(report.arrived[1] > 0 &&
              report.arrived[1] <= report.step[i].start &&
              report.arrived[3] > report.step[i].start))
            bench_stop(b, "segments travel", "a segment came late");
    zkg_prove_report_clear(&report);
    zkg_plan_free(plan);
    zkg_notes_clear(&notes);
}

static void random_plans(bench *b, const char *srs, uint32_t plans)
{
    uint64_t seed = 1000 + b->size;
    uint32_t shared = 0;
    zkg_plan *plan = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};

    bench_must(b, uneven_graph(&b->graph, sizes, TASKS, &err), "graph", &err);
    bench_must(b, uneven_witness(&b->witness, b->graph, sizes, TASKS, &err),
               "witness", &err);
    bench_set_up(b, srs);
    bench_prove_alone(b);
    for (uint32_t i = 0; i < plans; i++) {
        random_texts t = random_valid(&b->job, &seed);
        char name[64];

        bench_must(b, random_parse(&plan, &notes, &t, &b->job, &err),
                   notes.text == NULL ? "plan" : notes.text, &err);
        (void)snprintf(name, sizeof(name), "random schedule %" PRIu32, i);
        bench_run(b, plan, name, NULL);
        shared += plan->group_first[TASKS] > TASKS;
        zkg_plan_free(plan);
        random_clear(&t);
    }
    bench_must(b, zkg_plan_make(&plan, &notes, NULL, NULL, &b->job, 0, &err),
               "planner", &err);
    bench_run(b, plan, "planned", NULL);
    zkg_plan_free(plan);
    if (b->size > 1)
        segments_travel(b);
    zkg_notes_clear(&notes);
    if (b->rank == 0)
        printf("%" PRIu32 " ranks, %" PRIu32 " random schedules (%" PRIu32
               " with groups): %zu bytes, the same\n",
               b->size, plans, shared, b->len);
}

/* ---- many tasks -------------------------------------------------------- */

/* Public tensors only: no claims, no opening; a task is one small sum. */
static zkg_status many_graph(zkg_graph **out, uint32_t tasks, zkg_error *err)
{
    static const char *const name[] = {"a", "b", "c"};
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(out, err));
    g = *out;
    for (int i = 0; i < 3; i++) {
        const zkg_tensor_spec spec = {
            name[i], ZKG_I16, ZKG_PUBLIC, i < 2 ? 1u : 0u, {8}, -9, 400};

        ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
        ZKG_TRY(zkg_graph_add_input(g, name[i], err));
    }
    ZKG_TRY(zkg_graph_add_kernel(g, "dot", err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "dot", "k", 8, err));
    for (int i = 0; i < 3; i++)
        ZKG_TRY(
            zkg_graph_kernel_param(g, "dot", name[i], i < 2 ? "k" : "", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, "dot", "", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dot", "1", "a[k]", "b[k]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dot", "-1", "c[]", NULL, err));
    for (uint32_t t = 0; t < tasks; t++) {
        ZKG_TRY(zkg_graph_add_task(g, NULL, "dot", 1, err));
        for (int i = 0; i < 3; i++)
            ZKG_TRY(zkg_graph_bind(g, name[i], name[i], false, err));
    }
    return zkg_graph_finish(g, err);
}

static zkg_status many_witness(zkg_witness *w, const zkg_graph *g,
                               zkg_error *err)
{
    static const uint64_t len[1] = {8};

    ZKG_TRY(zkg_witness_init(w, g, err));
    for (uint32_t p = 0; p < 3; p++)
        ZKG_TRY(zkg_array_init(&w->array[p], ZKG_I16, p < 2 ? 1 : 0, len, err));
    for (uint64_t i = 0; i < 8; i++) {
        zkg_array_set_i64(&w->array[0], i, (int64_t)i);
        zkg_array_set_i64(&w->array[1], i, (int64_t)i + 1);
    }
    zkg_array_set_i64(&w->array[2], 0, 168); /* sum of i (i + 1) */
    zkg_witness_refresh(w);
    return zkg_witness_solve(w, g, err);
}

/* Every task by a random group of at least two ranks, every eighth one after
 * one that stands before it. */
static void many_plan(zkg_plan **plan, const bench *b, uint32_t tasks)
{
    uint64_t seed = 4;
    random_texts t = {{NULL, NULL, NULL}};
    uint32_t *group = calloc(tasks, sizeof(*group));
    zkg_notes notes = {0};
    zkg_error err = {0};
    size_t len;
    FILE *f = open_memstream(&t.text[0], &len);

    for (uint32_t i = 0; i < tasks; i++)
        while (b->size > 1 && (group[i] & (group[i] - 1)) == 0)
            group[i] = random_next(&seed) & ((1u << b->size) - 1);
    for (uint32_t r = 0; r < b->size; r++) {
        fprintf(f, "Rank %" PRIu32 ": idle", r);
        for (uint32_t i = 0; i < tasks; i++)
            if (b->size == 1 || (group[i] >> r & 1) != 0)
                fprintf(f, " -> Task%" PRIu32, i);
        fprintf(f, "\n");
    }
    (void)fclose(f);
    f = open_memstream(&t.text[2], &len);
    for (uint32_t i = 8; i < tasks; i += 8)
        fprintf(f, "Task%" PRIu32 ": Task%" PRIu32 "\n", i,
                random_next(&seed) % i);
    (void)fclose(f);
    bench_must(b, random_parse(plan, &notes, &t, &b->job, &err),
               notes.text == NULL ? "plan" : notes.text, &err);
    random_clear(&t);
    free(group);
}

/* Bytes in memory now. */
static double resident(void)
{
    long pages = 0, ignored = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (f != NULL)
        (void)fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

typedef struct samples {
    uint32_t tasks, begun; /* of this rank */
    double early, late;
} samples;

static zkg_status sample(void *user, zkg_stage stage, const char *what,
                         zkg_error *err)
{
    samples *s = user;

    (void)what;
    (void)err;
    if (stage == ZKG_STAGE_TASK && ++s->begun == s->tasks / 10)
        s->early = resident();
    if (stage == ZKG_STAGE_GATHER)
        s->late = resident();
    return ZKG_OK;
}

enum { WINDOW = 20 };

/* Seconds from step to step in the quickest run of 20 steps: the ranks share
 * their cores with others. */
static double quickest(const zkg_prove_report *report)
{
    double best = 1;

    for (uint32_t i = 0; i + WINDOW < report->steps; i++) {
        const zkg_step_report *from = &report->step[i];
        const zkg_step_report *to = &report->step[i + WINDOW];

        if (from->rank == to->rank && to->start - from->start < best * WINDOW)
            best = (to->start - from->start) / WINDOW;
    }
    return best;
}

static double prove_many(const bench *b, const zkg_plan *plan, zkg_comm *comm,
                         samples *s)
{
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, plan};
    const zkg_prove_options options = {.stage = sample, .stage_user = s};
    zkg_prove_report report = {0};
    uint64_t made0, freed0, made, freed;
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    double per_step;

    zkg_comm_counts(comm, &made0, &freed0);
    bench_must(
        b, zkg_prove(&proof, &len, &report, comm, comm, &input, &options, &err),
        "many tasks", &err);
    zkg_comm_counts(comm, &made, &freed);
    if (made - made0 != freed - freed0)
        bench_stop(b, "many tasks", "a communicator was not freed");
    if (plan != NULL && b->size > 1 &&
        made - made0 !=
            plan->step_first[b->rank + 1] - plan->step_first[b->rank])
        bench_stop(b, "many tasks", "not one communicator a task");
    per_step = quickest(&report);
    zkg_prove_report_clear(&report);
    zkg_free(proof);
    return per_step;
}

static void many_tasks(bench *b, const char *srs, uint32_t tasks)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    samples s = {.tasks = 0}, again = s, unused = s;
    zkg_plan *plan = NULL;
    zkg_error err = {0};
    double alone = 0, shared, first, second, kept;

    bench_must(b, many_graph(&b->graph, tasks, &err), "graph", &err);
    bench_must(b, many_witness(&b->witness, b->graph, &err), "witness", &err);
    bench_set_up(b, srs);
    many_plan(&plan, b, tasks);
    s.tasks = plan->step_first[b->rank + 1] - plan->step_first[b->rank];
    shared = prove_many(b, plan, b->world, &s);
    first = resident();
    (void)prove_many(b, plan, b->world, &again);
    second = resident();
    /* A second ten thousand communicators leave nothing behind. */
    if (second - first > 4e6)
        bench_stop(b, "many tasks", "memory grows from one proof to the next");
    if (b->rank == 0) {
        /* What is kept of a task: its segment, its end. */
        kept = 1024.0 * 0.9 * tasks;
        if (s.early == 0 || s.late - s.early > kept + 1e6)
            bench_stop(b, "many tasks", "memory grows with the tasks");
        alone = prove_many(b, NULL, self, &unused);
        printf("%" PRIu32 " tasks, %" PRIu32 " ranks: %.1f us a task and rank "
               "beside its proof of %.1f us; resident %.1f MiB after a tenth "
               "of the tasks, %.1f MiB at their end\n",
               tasks, b->size, 1e6 * (shared - alone), 1e6 * alone,
               s.early / 1048576, s.late / 1048576);
    }
    zkg_plan_free(plan);
}

/* ---- 24 layers --------------------------------------------------------- */

/* Values of a convolutional network's layers on 64 x 64 pixels, 64 to 512
 * channels, and of its dense ones: 50 from the least to the most. */
static const uint64_t layers[] = {262144, 262144, 131072, 131072, 65536, 65536,
                                  65536,  65536,  32768,  32768,  32768, 32768,
                                  16384,  16384,  16384,  8192,   8192,  8192,
                                  8192,   8192,   6400,   5600,   5243,  5243};

enum { LAYERS = sizeof(layers) / sizeof(layers[0]) };

static void make_layers(bench *b)
{
    zkg_error err = {0};

    bench_must(b, uneven_graph(&b->graph, layers, LAYERS, &err), "graph", &err);
    bench_must(b, uneven_witness(&b->witness, b->graph, layers, LAYERS, &err),
               "witness", &err);
}

static void write_layers(bench *b, const char *folder)
{
    char path[512];
    zkg_error err = {0};

    make_layers(b);
    (void)snprintf(path, sizeof(path), "%s/layers.zkg", folder);
    bench_must(b, zkg_graph_save(b->graph, path, &err), path, &err);
    (void)snprintf(path, sizeof(path), "%s/layers.witness", folder);
    bench_must(b, zkg_witness_write(&b->witness, b->graph, path, &err), path,
               &err);
}

/* Seconds from the first task's start to the last one's end; rank 0. */
static double makespan(bench *b, const zkg_plan *plan, const char *name)
{
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, plan};
    zkg_prove_report report = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    double first = 1e9, last = 0;

    bench_must(b,
               zkg_prove(&proof, &len, &report, b->world, b->world, &input,
                         NULL, &err),
               name, &err);
    for (uint32_t i = 0; i < report.steps; i++) {
        const zkg_step_report *s = &report.step[i];

        first = s->start < first ? s->start : first;
        last = s->start + s->wall > last ? s->start + s->wall : last;
    }
    zkg_prove_report_clear(&report);
    zkg_free(proof);
    return last - first;
}

static double forecast(const bench *b, const zkg_plan *plan, double *bound)
{
    zkg_forecast x;
    zkg_error err = {0};
    double t;

    bench_must(b, zkg_plan_forecast(&x, plan, &b->job, &err), "forecast", &err);
    t = x.makespan;
    *bound = x.bound;
    zkg_forecast_clear(&x);
    return t;
}

static void layers_bench(bench *b, const char *srs, uint32_t runs,
                         const char *costs_file)
{
    zkg_costs costs = zkg_costs_builtin;
    zkg_plan *simple = NULL, *planned = NULL;
    zkg_notes notes = {0};
    zkg_error err = {0};
    double bound;

    make_layers(b);
    bench_set_up(b, srs);
    if (costs_file != NULL)
        bench_must(b, zkg_costs_read(&costs, costs_file, &err), "costs", &err);
    zkg_job_clear(&b->job);
    bench_must(b,
               zkg_job_init_costs(&b->job, &b->key.statement, b->size,
                                  b->key.srs.k, &costs, &err),
               "job", &err);
    bench_must(b, zkg_plan_default(&simple, &b->job, &err), "default", &err);
    bench_must(b, zkg_plan_make(&planned, &notes, NULL, NULL, &b->job, 0, &err),
               "planner", &err);
    if (b->rank == 0) {
        printf("forecast default %.6f\n", forecast(b, simple, &bound));
        printf("forecast planned %.6f\n", forecast(b, planned, &bound));
        printf("forecast bound %.6f\n", bound);
    }
    (void)makespan(b, simple, "warm up");
    for (uint32_t i = 0; i < runs; i++) {
        const double d = makespan(b, simple, "default");
        const double p = makespan(b, planned, "planned");

        if (b->rank == 0)
            printf("run %.6f %.6f\n", d, p);
    }
    zkg_plan_free(simple);
    zkg_plan_free(planned);
    zkg_notes_clear(&notes);
}

int main(int argc, char **argv)
{
    bench b;

    bench_start(&b, argc, argv);
    if (argc < 5)
        bench_stop(&b, "start", "usage");
    if (strcmp(argv[2], "random") == 0)
        random_plans(&b, argv[3], (uint32_t)atoi(argv[4]));
    else if (strcmp(argv[2], "bench") == 0)
        layers_bench(&b, argv[3], (uint32_t)atoi(argv[4]),
                     argc > 5 ? argv[5] : NULL);
    else if (strcmp(argv[2], "write") == 0)
        write_layers(&b, argv[3]);
    else
        many_tasks(&b, argv[3], (uint32_t)atoi(argv[4]));
    bench_end(&b);
    return 0;
}
