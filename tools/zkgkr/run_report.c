/* SPDX-License-Identifier: Apache-2.0
 * A finished run, from its report.json. */
#include "run_report.h"

#include <string.h>

#include "base/io.h"
#include "base/mem.h"

enum { REPORT_MAX = 1 << 30 };

static zkg_status number(double *out, const zkg_json *v, const char *key,
                         zkg_error *err)
{
    const zkg_json *x;

    ZKG_TRY(zkg_json_need(&x, v, key, ZKG_JSON_NUMBER, err));
    return zkg_json_double(out, x, err);
}

static zkg_status count(uint32_t *out, const zkg_json *v, const char *key,
                        uint32_t max, zkg_error *err)
{
    const zkg_json *x;
    uint64_t n;

    ZKG_TRY(zkg_json_need(&x, v, key, ZKG_JSON_NUMBER, err));
    ZKG_TRY(zkg_json_u64(&n, x, max, err));
    *out = (uint32_t)n;
    return ZKG_OK;
}

static zkg_status text(const char **out, const zkg_json *v, const char *key,
                       zkg_error *err)
{
    const zkg_json *x;

    ZKG_TRY(zkg_json_need(&x, v, key, ZKG_JSON_STRING, err));
    return zkg_json_string(out, x, err);
}

/* A chart of bars without room yet. */
static void add(zkg_chart *chart, zkg_bar bar)
{
    const double end = bar.start + bar.wall;

    chart->bar[chart->bars++] = bar;
    chart->span = end > chart->span ? end : chart->span;
}

static zkg_bar phase(const zkg_run *run, uint32_t rank, const char *name,
                     double start, double wall)
{
    return (zkg_bar){.rank = rank,
                     .child = ZKG_CHART_PHASE,
                     .group = run->ranks,
                     .name = name,
                     .start = start,
                     .wall = wall};
}

/* before: planned commitments; after: planned opening, and where it begins. */
typedef struct root_plan {
    double commit, tasks, open;
} root_plan;

static zkg_status read_rank(zkg_run *run, const zkg_json *v,
                            const root_plan *plan, zkg_error *err)
{
    zkg_run_rank *r = &run->rank[run->ranks];
    const uint32_t i = run->ranks;
    uint32_t id;
    double open_at;

    ZKG_TRY(count(&id, v, "rank", UINT32_MAX, err));
    if (id != i)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                             "ranks are not in their order");
    ZKG_TRY(text(&r->host, v, "host", err));
    ZKG_TRY(number(&r->commit, v, "commit_s", err));
    ZKG_TRY(number(&r->tasks, v, "tasks_s", err));
    ZKG_TRY(number(&open_at, v, "open_at_s", err));
    ZKG_TRY(number(&r->open, v, "open_s", err));
    ZKG_TRY(number(&r->wait, v, "wait_s", err));
    ZKG_TRY(number(&r->comm, v, "comm_s", err));
    ZKG_TRY(number(&r->bytes, v, "comm_bytes", err));
    ZKG_TRY(number(&r->peak, v, "peak_rss_bytes", err));
    ZKG_TRY(number(&r->planned_bytes, v, "planned_bytes", err));
    run->ranks++;
    add(&run->measured, phase(run, i, "commitments", 0, r->commit));
    add(&run->measured, phase(run, i, "opening", open_at, r->open));
    add(&run->planned, phase(run, i, "commitments", 0, plan->commit));
    add(&run->planned,
        phase(run, i, "opening", plan->commit + plan->tasks, plan->open));
    return ZKG_OK;
}

static zkg_status read_step(zkg_run *run, const zkg_json *v,
                            const root_plan *plan, zkg_error *err)
{
    zkg_run_step *s = &run->step[run->steps];
    const zkg_json *is_table;
    double start, planned_start;
    zkg_bar bar;

    ZKG_TRY(count(&s->rank, v, "rank", run->ranks - 1, err));
    ZKG_TRY(count(&s->child, v, "child", 1u << 24, err));
    ZKG_TRY(count(&s->group, v, "group", UINT32_MAX, err));
    ZKG_TRY(text(&s->name, v, "task", err));
    ZKG_TRY(zkg_json_need(&is_table, v, "is_table", ZKG_JSON_BOOL, err));
    ZKG_TRY(zkg_json_bool(&s->is_table, is_table, err));
    ZKG_TRY(number(&start, v, "start_s", err));
    ZKG_TRY(number(&s->wall, v, "wall_s", err));
    ZKG_TRY(number(&s->comm, v, "comm_s", err));
    ZKG_TRY(number(&s->bytes, v, "comm_bytes", err));
    ZKG_TRY(number(&s->peak, v, "peak_rss_bytes", err));
    ZKG_TRY(number(&planned_start, v, "planned_start_s", err));
    ZKG_TRY(number(&s->planned, v, "planned_wall_s", err));
    run->steps++;
    bar = (zkg_bar){.rank = s->rank,
                    .child = s->child,
                    .group = s->group,
                    .is_table = s->is_table,
                    .name = s->name,
                    .start = start,
                    .wall = s->wall,
                    .comm = s->comm};
    add(&run->measured, bar);
    bar.start = plan->commit + planned_start;
    bar.wall = s->planned;
    bar.comm = 0;
    add(&run->planned, bar);
    return ZKG_OK;
}

static zkg_status read_all(zkg_run *run, zkg_error *err)
{
    const zkg_json *plan, *ranks, *steps;
    size_t bars;
    root_plan root;

    run->root = zkg_json_root(run->doc);
    ZKG_TRY(zkg_json_expect(run->root, ZKG_JSON_OBJECT, err));
    ZKG_TRY(zkg_json_need(&plan, run->root, "planned", ZKG_JSON_OBJECT, err));
    ZKG_TRY(number(&root.commit, plan, "commit_s", err));
    ZKG_TRY(number(&root.tasks, plan, "tasks_s", err));
    ZKG_TRY(number(&root.open, plan, "open_s", err));
    ZKG_TRY(zkg_json_need(&ranks, run->root, "ranks", ZKG_JSON_ARRAY, err));
    ZKG_TRY(zkg_json_need(&steps, run->root, "steps", ZKG_JSON_ARRAY, err));
    bars = zkg_json_count(steps) + 2 * zkg_json_count(ranks);
    run->rank = zkg_alloc(zkg_json_count(ranks), sizeof(*run->rank));
    run->step = zkg_alloc(zkg_json_count(steps), sizeof(*run->step));
    run->planned.bar = zkg_alloc(bars, sizeof(zkg_bar));
    run->measured.bar = zkg_alloc(bars, sizeof(zkg_bar));
    if (run->rank == NULL || run->step == NULL || run->planned.bar == NULL ||
        run->measured.bar == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a report");
    for (const zkg_json *v = zkg_json_first(ranks); v != NULL;
         v = zkg_json_next(v))
        ZKG_TRY(read_rank(run, v, &root, err));
    if (run->ranks == 0)
        return zkg_json_fail(err, ranks, ZKG_ERR_MALFORMED, "no ranks");
    for (const zkg_json *v = zkg_json_first(steps); v != NULL;
         v = zkg_json_next(v))
        ZKG_TRY(read_step(run, v, &root, err));
    run->planned.title = "planned";
    run->measured.title = "measured";
    run->planned.ranks = run->measured.ranks = run->ranks;
    return ZKG_OK;
}

zkg_status zkg_run_read(zkg_run *out, const char *path, zkg_error *err)
{
    char *inside = NULL;
    zkg_status status;

    *out = (zkg_run){NULL};
    if (zkg_dir_exists(path)) {
        inside = zkg_path_join(path, "report.json");
        if (inside == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a path");
        path = inside;
    }
    status = zkg_json_read(&out->doc, path, REPORT_MAX, err);
    if (status == ZKG_OK)
        status = read_all(out, err);
    if (status != ZKG_OK)
        zkg_run_clear(out);
    zkg_free(inside);
    return status;
}

void zkg_run_clear(zkg_run *run)
{
    zkg_free(run->rank);
    zkg_free(run->step);
    zkg_free(run->planned.bar);
    zkg_free(run->measured.bar);
    zkg_json_free(run->doc);
    *run = (zkg_run){NULL};
}
