/* SPDX-License-Identifier: Apache-2.0
 * zkgkr schedule check | plan | show: schedules for a graph. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/io.h"
#include "base/mem.h"
#include "budget.h"
#include "chart.h"
#include "commands.h"
#include "graph/graph.h"
#include "options.h"
#include "run_report.h"
#include "schedule/cost.h"
#include "schedule/nearest.h"
#include "zkgkr/prove.h"

typedef struct schedule_args {
    const char *graph, *ranks, *schedule, *mapping, *dependencies, *memory,
        *costs, *out, *svg, *report, *hosts;
    bool is_default;
} schedule_args;

typedef zkg_status verb_fn(const schedule_args *a, const zkg_job *job,
                           zkg_error *err);

static const char usage[] =
    "zkgkr schedule check --graph G.zkg --ranks N --schedule DIR|FILE\n"
    "       zkgkr schedule plan  --graph G.zkg --ranks N [-o DIR] "
    "[--memory-per-rank 4G [--hosts H]]\n"
    "       zkgkr schedule show  --graph G.zkg --ranks N [--schedule DIR|FILE] "
    "[--svg FILE]\n"
    "       zkgkr schedule show  --report report.json [--svg FILE]";

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

/* ---- plan -------------------------------------------------------------- */

/* A file's text; name NULL: none. */
static zkg_status read_text(zkg_schedule_text *out, const char *path,
                            zkg_error *err)
{
    uint8_t *bytes = NULL;

    *out = (zkg_schedule_text){path, NULL, 0};
    if (path == NULL)
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&bytes, &out->len, path, 64 << 20, err));
    out->text = (const char *)bytes;
    return ZKG_OK;
}

static zkg_status make(zkg_plan **p, const schedule_args *a, const zkg_job *job,
                       zkg_error *err)
{
    zkg_schedule_text mapping = {0}, needs = {0};
    zkg_notes notes = {0};
    uint64_t memory = 0;
    zkg_status status = ZKG_OK;

    if (a->is_default)
        return zkg_plan_default(p, job, err);
    if (a->memory != NULL)
        ZKG_TRY(zkg_option_bytes(&memory, "--memory-per-rank", a->memory, err));
    status = read_text(&mapping, a->mapping, err);
    if (status == ZKG_OK)
        status = read_text(&needs, a->dependencies, err);
    if (status == ZKG_OK)
        status = zkg_plan_make(p, &notes, &mapping, &needs, job, memory, err);
    if (notes.len > 0)
        fputs(notes.text, stderr);
    zkg_notes_clear(&notes);
    zkg_free((void *)(uintptr_t)mapping.text);
    zkg_free((void *)(uintptr_t)needs.text);
    return status;
}

static zkg_status print_plan(const zkg_plan *p, const zkg_job *job,
                             zkg_error *err)
{
    char *text[3];

    ZKG_TRY(zkg_plan_texts(text, p, job, err));
    fputs(text[0], stdout);
    for (int i = 0; i < 3; i++)
        free(text[i]);
    return ZKG_OK;
}

static zkg_status plan(const schedule_args *a, const zkg_job *job,
                       zkg_error *err)
{
    zkg_plan *p = NULL;
    zkg_forecast x;
    zkg_status status;

    ZKG_TRY(make(&p, a, job, err));
    if (a->out == NULL) {
        status = print_plan(p, job, err);
    } else {
        status = zkg_plan_write(a->out, p, job, err);
        if (status == ZKG_OK)
            status = zkg_plan_forecast(&x, p, job, err);
        if (status == ZKG_OK) {
            zkg_budget_print(stdout, &x, p);
            zkg_forecast_clear(&x);
        }
    }
    zkg_plan_free(p);
    return status;
}

/* ---- show -------------------------------------------------------------- */

static uint32_t columns(void)
{
    struct winsize size;

    return ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                               : 80;
}

static zkg_status draw(const schedule_args *a, const zkg_chart *charts,
                       size_t n, zkg_error *err)
{
    char *text = NULL;
    size_t len = 0;
    zkg_status status;
    FILE *f;

    if (a->svg == NULL) {
        for (size_t i = 0; i < n; i++)
            zkg_chart_text(stdout, &charts[i], columns());
        return ZKG_OK;
    }
    f = open_memstream(&text, &len);
    if (f == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a picture");
    zkg_chart_svg(f, charts, n);
    status = fclose(f) != 0
                 ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a picture")
                 : zkg_file_write_atomic(a->svg, text, len, err);
    free(text);
    return status;
}

static zkg_status show(const schedule_args *a, const zkg_job *job,
                       zkg_error *err)
{
    zkg_plan *p = NULL;
    zkg_forecast x;
    zkg_chart chart;
    zkg_status status;

    if (a->schedule != NULL)
        ZKG_TRY(read_plan(&p, a, job, err));
    else
        ZKG_TRY(make(&p, a, job, err));
    status = zkg_plan_forecast(&x, p, job, err);
    if (status == ZKG_OK) {
        status = zkg_chart_of_plan(&chart, p, &x, err);
        if (status == ZKG_OK) {
            status = draw(a, &chart, 1, err);
            zkg_free(chart.bar);
        }
        zkg_forecast_clear(&x);
    }
    zkg_plan_free(p);
    return status;
}

/* Planned beside measured. */
static zkg_status show_report(const schedule_args *a, zkg_error *err)
{
    zkg_run run;
    zkg_chart charts[2];
    zkg_status status;

    ZKG_TRY(zkg_run_read(&run, a->report, err));
    charts[0] = run.planned;
    charts[1] = run.measured;
    status = draw(a, charts, 2, err);
    zkg_run_clear(&run);
    return status;
}

/* ---- the command ------------------------------------------------------- */

static const struct {
    const char *name;
    verb_fn *run;
} verbs[] = {{"check", check}, {"plan", plan}, {"show", show}};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static zkg_status find_verb(size_t *v, const char *verb, zkg_error *err)
{
    const char *names[VERBS];
    const char *near;

    for (*v = 0; *v < VERBS; (*v)++) {
        if (strcmp(verbs[*v].name, verb) == 0)
            return ZKG_OK;
        names[*v] = verbs[*v].name;
    }
    near = zkg_nearest(verb, names, VERBS);
    return zkg_fail(err, ZKG_ERR_USAGE, "unknown `schedule %s` (%s%s%s)", verb,
                    near == NULL ? "check, plan or show" : "did you mean `",
                    near == NULL ? "" : near, near == NULL ? "" : "`?");
}

/* What would be taken no notice of is refused. */
static zkg_status check_needless(const schedule_args *a, const char *verb,
                                 zkg_error *err)
{
    const bool plans = strcmp(verb, "plan") == 0;
    const bool shows = strcmp(verb, "show") == 0;
    const bool makes = plans || (shows && a->schedule == NULL);
    const struct {
        const char *name;
        bool given, fits;
        const char *where;
    } option[] = {
        {"--report", a->report != NULL, shows, "schedule show"},
        {"--svg", a->svg != NULL, shows, "schedule show"},
        {"-o", a->out != NULL, plans, "schedule plan"},
        {"--schedule", a->schedule != NULL, !plans, "schedule check or show"},
        {"--default", a->is_default, makes, "a plan that is made"},
        {"--memory-per-rank", a->memory != NULL, makes && !a->is_default,
         "a plan that is made"},
        {"--task-dependencies", a->dependencies != NULL,
         a->schedule != NULL || !a->is_default,
         "--schedule, or a plan that is made"},
        {"--task-mapping", a->mapping != NULL,
         a->schedule != NULL || a->dependencies != NULL,
         "--schedule or --task-dependencies, whose names it says"},
    };

    for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
        if (option[i].given && !option[i].fits)
            return zkg_fail(err, ZKG_ERR_USAGE, "%s goes with %s",
                            option[i].name, option[i].where);
    return ZKG_OK;
}

static zkg_status check_args(const schedule_args *a, const char *verb,
                             zkg_error *err)
{
    ZKG_TRY(check_needless(a, verb, err));
    if (a->report != NULL)
        return ZKG_OK;
    if (a->graph == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE, "missing --graph G.zkg");
    if (a->ranks == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE, "missing --ranks N");
    if (strcmp(verb, "check") == 0 && a->schedule == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "missing --schedule DIR|FILE (schedule check)");
    return ZKG_OK;
}

static zkg_status run_verb(const schedule_args *a, verb_fn *verb,
                           zkg_error *err)
{
    zkg_costs costs = zkg_costs_builtin;
    zkg_graph *graph = NULL;
    zkg_job job = {0};
    uint32_t ranks;
    zkg_status status;

    ZKG_TRY(zkg_option_u32(&ranks, "--ranks", a->ranks, 1, 1u << 20, err));
    if (a->costs != NULL)
        ZKG_TRY(zkg_costs_read(&costs, a->costs, err));
    ZKG_TRY(zkg_graph_load(&graph, a->graph, err));
    status = zkg_job_init_costs(&job, &graph->st, ranks, 0, &costs, err);
    if (status == ZKG_OK && a->hosts != NULL)
        status = zkg_option_u32(&job.hosts, "--hosts", a->hosts, 1, ranks, err);
    if (status == ZKG_OK)
        status = verb(a, &job, err);
    zkg_job_clear(&job);
    zkg_graph_free(graph);
    return status;
}

zkg_status zkg_cmd_schedule(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    schedule_args a = {NULL};
    const zkg_option options[] = {
        {"graph", "G.zkg", "the graph", &a.graph, NULL, false},
        {"ranks", "N", "ranks that take part", &a.ranks, NULL, false},
        {"schedule", "DIR|FILE", "schedule.txt, or the folder of all three",
         &a.schedule, NULL, false},
        {"task-mapping", "FILE", "task_mapping.txt", &a.mapping, NULL, false},
        {"task-dependencies", "FILE", "task_dependencies.txt", &a.dependencies,
         NULL, false},
        {"memory-per-rank", "BYTES", "plan: that a rank may hold (4G)",
         &a.memory, NULL, false},
        {"hosts", "H", "plan: hosts that the ranks are spread over; 1",
         &a.hosts, NULL, false},
        {"default", NULL, "plan, show: the default order", NULL, &a.is_default,
         false},
        {"costs", "FILE", "constants, from selftest --calibrate", &a.costs,
         NULL, false},
        {"report", "FILE", "show: a finished run, beside its plan", &a.report,
         NULL, false},
        {"svg", "FILE", "show: draw it there", &a.svg, NULL, false},
        {"o", "DIR", "plan: where the three files go; else stdout", &a.out,
         NULL, false},
    };
    const char *verb = argc > 1 ? argv[1] : "";
    size_t v = 0;
    bool done;

    (void)cli;
    if (strcmp(verb, "--help") != 0 && strcmp(verb, "-h") != 0) {
        if (verb[0] == '-' || verb[0] == '\0')
            return zkg_fail(err, ZKG_ERR_USAGE,
                            "schedule needs check, plan or show first");
        ZKG_TRY(find_verb(&v, verb, err));
        argc--;
        argv++;
    }
    ZKG_TRY(zkg_options_parse(&done, NULL, NULL, 0, options,
                              sizeof(options) / sizeof(options[0]), usage, argc,
                              argv, err));
    if (done)
        return ZKG_OK;
    ZKG_TRY(check_args(&a, verb, err));
    return a.report != NULL ? show_report(&a, err)
                            : run_verb(&a, verbs[v].run, err);
}
