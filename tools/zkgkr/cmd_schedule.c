/* SPDX-License-Identifier: Apache-2.0
 * zkgkr schedule check | plan | show: schedules for a graph. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "commands.h"
#include "graph/graph.h"
#include "options.h"
#include "schedule/nearest.h"
#include "zkgkr/prove.h"

typedef struct schedule_args {
    const char *graph, *ranks, *schedule, *mapping, *dependencies, *out;
} schedule_args;

static const char usage[] =
    "zkgkr schedule check --graph G.zkg --ranks N --schedule DIR|FILE\n"
    "       zkgkr schedule plan  --graph G.zkg --ranks N [-o FILE]\n"
    "       zkgkr schedule show  --graph G.zkg --ranks N --schedule DIR|FILE";

static zkg_status read_plan(zkg_plan **plan, const schedule_args *a,
                            const zkg_job *job, zkg_error *err)
{
    zkg_notes notes = {0};
    zkg_status status = zkg_plan_read(plan, &notes, a->schedule, a->mapping,
                                      a->dependencies, job, err);

    if (notes.len > 0)
        fputs(notes.text, stderr);
    zkg_notes_clear(&notes);
    return status;
}

static zkg_status check(const schedule_args *a, const zkg_job *job,
                        zkg_error *err)
{
    zkg_plan *plan = NULL;

    ZKG_TRY(read_plan(&plan, a, job, err));
    printf("%s: %" PRIu32 " tasks and %" PRIu32 " tables on %" PRIu32
           " rank%s: fine\n",
           a->schedule, plan->tasks, plan->tables, plan->ranks,
           plan->ranks == 1 ? "" : "s");
    zkg_plan_free(plan);
    return ZKG_OK;
}

static zkg_status plan(const schedule_args *a, const zkg_job *job,
                       zkg_error *err)
{
    zkg_plan *p = NULL;
    char *text = NULL;
    zkg_status status = zkg_plan_default(&p, job, err);

    if (status == ZKG_OK)
        status = zkg_plan_text(&text, p, err);
    if (status == ZKG_OK && a->out != NULL)
        status = zkg_file_write_atomic(a->out, text, strlen(text), err);
    else if (status == ZKG_OK)
        fputs(text, stdout);
    free(text);
    zkg_plan_free(p);
    return status;
}

/* A step a line, its share of the rank's cost as a bar. */
static zkg_status show(const schedule_args *a, const zkg_job *job,
                       zkg_error *err)
{
    zkg_plan *p = NULL;

    ZKG_TRY(read_plan(&p, a, job, err));
    for (uint32_t r = 0; r < p->ranks; r++) {
        double all = 0;

        for (uint32_t s = p->step_first[r]; s < p->step_first[r + 1]; s++)
            all += (double)job->cost[p->step[s]];
        printf("Rank %" PRIu32 "\n", r);
        for (uint32_t s = p->step_first[r]; s < p->step_first[r + 1]; s++) {
            const uint32_t c = p->step[s];
            const int n = all > 0 ? (int)(30 * (double)job->cost[c] / all) : 0;

            printf("  %-20s %10" PRIu64 " cells, %2" PRIu32 " ranks %.*s\n",
                   p->name[c], job->cost[c],
                   p->group_first[c + 1] - p->group_first[c], n,
                   "##############################");
        }
    }
    zkg_plan_free(p);
    return ZKG_OK;
}

zkg_status zkg_cmd_schedule(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    static const char *const verbs[] = {"check", "plan", "show"};
    schedule_args a = {NULL, NULL, NULL, NULL, NULL, NULL};
    const zkg_option options[] = {
        {"graph", "G.zkg", "the graph", &a.graph, NULL, true},
        {"ranks", "N", "ranks that take part", &a.ranks, NULL, true},
        {"schedule", "DIR|FILE", "schedule.txt, or the folder of all three",
         &a.schedule, NULL, false},
        {"task-mapping", "FILE", "task_mapping.txt", &a.mapping, NULL, false},
        {"task-dependencies", "FILE", "task_dependencies.txt", &a.dependencies,
         NULL, false},
        {"o", "FILE", "plan: where it goes; else stdout", &a.out, NULL, false},
    };
    const char *verb = argc > 1 ? argv[1] : "--help";
    zkg_graph *graph = NULL;
    zkg_job job = {0};
    uint32_t ranks;
    bool done;
    size_t v = 0;
    zkg_status status;

    (void)cli;
    if (verb[0] != '-') {
        while (v < 3 && strcmp(verbs[v], verb) != 0)
            v++;
        if (v == 3) {
            const char *near = zkg_nearest(verb, verbs, 3);

            return zkg_fail(
                err, ZKG_ERR_USAGE, "unknown `schedule %s` (%s%s%s)", verb,
                near == NULL ? "check, plan or show" : "did you mean `",
                near == NULL ? "" : near, near == NULL ? "" : "`?");
        }
        argc--;
        argv++;
    } else if (argc > 1 && strcmp(verb, "--help") != 0 &&
               strcmp(verb, "-h") != 0) {
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "schedule needs check, plan or show first");
    } else if (argc <= 1) {
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "schedule needs check, plan or show");
    }
    ZKG_TRY(zkg_options_parse(&done, NULL, NULL, 0, options, 6, usage, argc,
                              argv, err));
    if (done)
        return ZKG_OK;
    if (v != 1 && a.schedule == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "missing --schedule DIR|FILE (schedule %s)", verb);
    ZKG_TRY(zkg_option_u32(&ranks, "--ranks", a.ranks, 1, 1u << 20, err));
    ZKG_TRY(zkg_graph_load(&graph, a.graph, err));
    status = zkg_job_init(&job, &graph->st, ranks, err);
    if (status == ZKG_OK)
        status = v == 0   ? check(&a, &job, err)
                 : v == 1 ? plan(&a, &job, err)
                          : show(&a, &job, err);
    zkg_job_clear(&job);
    zkg_graph_free(graph);
    return status;
}
