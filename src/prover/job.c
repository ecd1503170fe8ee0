/* SPDX-License-Identifier: Apache-2.0
 * What a plan must cover, and what it costs. */
#include "base/mem.h"
#include "curve/msm.h"
#include "graph/statement.h"
#include "prover/prover.h"
#include "schedule/cost.h"
#include "zkgkr/prove.h"

/* Nanoseconds, for dealing; a child never costs nothing. */
static uint64_t whole(double seconds)
{
    const double ns = 1e9 * seconds;

    return ns < 1 ? 1 : ns > 1e18 ? (uint64_t)1e18 : (uint64_t)ns;
}

/* The SRS's points, fixed tensors, and what the root keeps: every rank has
 * them.  The witness is its host's. */
static double held_bytes(const zkg_costs *costs, const zkg_root_work *root,
                         uint32_t ranks)
{
    return costs->rank_bytes + (ranks > 1 ? costs->mpi_bytes : 0) +
           root->fixed_bytes + 64 * root->root * 2 + 3 * 32 * root->root +
           64 * root->chunks;
}

/* A point of the opening's sumcheck is a field element in memory, and a 32nd of
 * one for what its rounds fold. */
enum { POINT_BYTES = 33 };

/* The memory of a rank's largest child, which is had once. */
static double fresh_bytes(const zkg_job *job)
{
    double most = 0;

    for (uint32_t c = 0; c < job->tasks + job->tables; c++) {
        const zkg_child_cost *m = &job->model[c];
        const double bytes = m->each_bytes + m->split_bytes / job->ranks;

        most = bytes > most ? bytes : most;
    }
    return most;
}

static void set_root(zkg_job *job, const zkg_costs *costs,
                     const zkg_statement *st, uint32_t k)
{
    zkg_root_work root;

    zkg_root_work_count(&root, st, k, NULL);
    job->after_bytes = POINT_BYTES * root.opened_points / job->ranks +
                       (double)zkg_msm_bytes((size_t)root.root);
    zkg_root_seconds(&job->before_s, &job->after_s, costs, &root, job->ranks);
    job->before_s += costs->fresh * fresh_bytes(job);
    job->rank_bytes = held_bytes(costs, &root, job->ranks);
    job->shared_bytes = root.shared_bytes;
}

zkg_status zkg_job_init_children(zkg_job *out, const zkg_statement *st,
                                 uint32_t ranks, const zkg_costs *costs,
                                 bool closely, zkg_error *err)
{
    const size_t children = (size_t)st->tasks + st->tables;
    const char **task_name = zkg_alloc(st->tasks, sizeof(*task_name));
    const char **table_name = zkg_alloc(st->tables, sizeof(*table_name));
    uint64_t *cost = zkg_alloc(children, sizeof(*cost));
    uint32_t *width = zkg_alloc(children, sizeof(*width));
    zkg_cost_shapes shapes = {NULL, NULL};
    zkg_child_cost *model = zkg_alloc(children, sizeof(*model));

    *out = (zkg_job){.ranks = ranks,
                     .tasks = st->tasks,
                     .tables = st->tables,
                     .task_name = task_name,
                     .table_name = table_name,
                     .cost = cost,
                     .width = width,
                     .model = model};
    if (task_name == NULL || table_name == NULL || cost == NULL ||
        width == NULL || model == NULL ||
        zkg_cost_shapes_init(&shapes, st) != ZKG_OK) {
        zkg_job_clear(out);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a job");
    }
    for (uint32_t t = 0; t < st->tasks; t++)
        task_name[t] = st->task[t].name;
    for (uint32_t t = 0; t < st->tables; t++)
        table_name[t] = st->table[t].name;
    for (uint32_t c = 0; c < children; c++) {
        zkg_work work;

        zkg_work_count(&work, st, c, shapes.view, closely);
        width[c] = zkg_work_width(st, c);
        zkg_child_cost_of(&model[c], costs, &work, width[c]);
        cost[c] = whole(model[c].serial_s + model[c].parallel_s);
    }
    zkg_cost_shapes_clear(&shapes);
    return ZKG_OK;
}

zkg_status zkg_job_init_costs(zkg_job *out, const zkg_statement *st,
                              uint32_t ranks, uint32_t k,
                              const zkg_costs *costs, zkg_error *err)
{
    ZKG_TRY(zkg_job_init_children(out, st, ranks, costs, true, err));
    set_root(out, costs, st, k != 0 ? k : zkg_statement_default_k(st));
    return ZKG_OK;
}

zkg_status zkg_job_init(zkg_job *out, const zkg_statement *st, uint32_t ranks,
                        zkg_error *err)
{
    return zkg_job_init_costs(out, st, ranks, 0, &zkg_costs_builtin, err);
}

void zkg_job_clear(zkg_job *job)
{
    zkg_free((void *)(uintptr_t)job->task_name);
    zkg_free((void *)(uintptr_t)job->table_name);
    zkg_free((void *)(uintptr_t)job->cost);
    zkg_free((void *)(uintptr_t)job->width);
    zkg_free((void *)(uintptr_t)job->model);
    *job = (zkg_job){0};
}
