/* SPDX-License-Identifier: Apache-2.0
 * What a plan must cover, and what it costs. */
#include "base/mem.h"
#include "graph/statement.h"
#include "zkgkr/prove.h"

/* Group work falls into slices of at least eight cells: a larger group has
 * ranks that only follow. */
enum { CELLS_A_RANK = 8 };

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Cells of the tensors that a task reads: within a small factor of its time. */
static uint64_t task_cost(const zkg_statement *st, const zkg_task *task)
{
    uint64_t cells = 0;

    for (uint32_t i = 0; i < task->params; i++)
        cells = add(cells, zkg_tensor_count(&st->tensor[task->bind[i]]));
    return cells;
}

static uint32_t task_width(const zkg_statement *st, const zkg_task *task)
{
    uint32_t vars = 0;

    for (uint32_t i = 0; i < task->params; i++) {
        const uint32_t v = zkg_tensor_vars(&st->tensor[task->bind[i]]);

        if (v > vars)
            vars = v;
    }
    if (vars >= 34)
        return UINT32_MAX;
    return (uint64_t)1 << vars < CELLS_A_RANK
               ? 1
               : (uint32_t)(((uint64_t)1 << vars) / CELLS_A_RANK);
}

zkg_status zkg_job_init(zkg_job *out, const zkg_statement *st, uint32_t ranks,
                        zkg_error *err)
{
    const size_t children = (size_t)st->tasks + st->tables;
    const char **task_name = zkg_alloc(st->tasks, sizeof(*task_name));
    const char **table_name = zkg_alloc(st->tables, sizeof(*table_name));
    uint64_t *cost = zkg_alloc(children, sizeof(*cost));
    uint32_t *width = zkg_alloc(children, sizeof(*width));

    *out = (zkg_job){.ranks = ranks,
                     .tasks = st->tasks,
                     .tables = st->tables,
                     .task_name = task_name,
                     .table_name = table_name,
                     .cost = cost,
                     .width = width};
    if (task_name == NULL || table_name == NULL || cost == NULL ||
        width == NULL) {
        zkg_job_clear(out);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a job");
    }
    for (uint32_t t = 0; t < st->tasks; t++) {
        task_name[t] = st->task[t].name;
        cost[t] = task_cost(st, &st->task[t]);
        width[t] = task_width(st, &st->task[t]);
    }
    for (uint32_t t = 0; t < st->tables; t++) {
        const uint64_t rows = st->table[t].rows;

        table_name[t] = st->table[t].name;
        cost[st->tasks + t] = rows;
        width[st->tasks + t] = rows / CELLS_A_RANK > UINT32_MAX ? UINT32_MAX
                               : rows < CELLS_A_RANK
                                   ? 1
                                   : (uint32_t)(rows / CELLS_A_RANK);
    }
    return ZKG_OK;
}

void zkg_job_clear(zkg_job *job)
{
    zkg_free((void *)(uintptr_t)job->task_name);
    zkg_free((void *)(uintptr_t)job->table_name);
    zkg_free((void *)(uintptr_t)job->cost);
    zkg_free((void *)(uintptr_t)job->width);
    *job = (zkg_job){0};
}
