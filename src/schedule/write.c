/* SPDX-License-Identifier: Apache-2.0
 * A plan as the three files, with comments that say what it believes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "schedule/plan_internal.h"

static uint32_t group_of(const zkg_plan *plan, uint32_t c)
{
    return plan->group_first[c + 1] - plan->group_first[c];
}

static void write_schedule(FILE *f, const zkg_plan *plan, const zkg_job *job,
                           const zkg_forecast *x)
{
    (void)job;
    fprintf(f,
            "# A plan for %" PRIu32 " rank%s: %" PRIu32 " tasks and %" PRIu32
            " tables.\n"
            "# Tasks take %.3g s by forecast; no plan could take less than "
            "%.3g s.\n"
            "# A task on several ranks is proven by them together.\n",
            plan->ranks, plan->ranks == 1 ? "" : "s", plan->tasks, plan->tables,
            x->makespan, x->bound);
    for (uint32_t r = 0; r < plan->ranks; r++) {
        const uint32_t first = plan->step_first[r];
        const uint32_t n = plan->step_first[r + 1] - first;
        uint32_t shared = 0;

        for (uint32_t i = first; i < first + n; i++)
            shared += group_of(plan, plan->step[i]) > 1;
        fprintf(f,
                "\n# rank %" PRIu32 ": %" PRIu32 " step%s, %" PRIu32
                " shared, busy %.3g s, at most %.0f MiB\n",
                r, n, n == 1 ? "" : "s", shared, x->busy[r],
                x->bytes[r] / 1048576);
        fprintf(f, "Rank %" PRIu32 ": ", r);
        if (n == 0)
            fprintf(f, "idle");
        for (uint32_t i = first; i < first + n; i++)
            fprintf(f, "%s%s", i == first ? "" : " -> ",
                    plan->name[plan->step[i]]);
        fprintf(f, "\n");
    }
}

static void write_mapping(FILE *f, const zkg_plan *plan, const zkg_job *job,
                          const zkg_forecast *x)
{
    (void)x;
    fprintf(f, "# name: index in the graph   # its name there, seconds on one "
               "rank, ranks here\n");
    for (uint32_t t = 0; t < plan->tasks; t++)
        fprintf(f, "%s: %" PRIu32 "  # %s, %.3g s, %" PRIu32 " rank%s\n",
                plan->name[t], t,
                job->task_name == NULL ? plan->name[t] : job->task_name[t],
                zkg_job_seconds(job, t, 1), group_of(plan, t),
                group_of(plan, t) == 1 ? "" : "s");
}

static void write_needs(FILE *f, const zkg_plan *plan, const zkg_job *job,
                        const zkg_forecast *x)
{
    (void)job;
    (void)x;
    fprintf(f, "# task: what must have ended before it starts.  The proof "
               "needs none of it:\n# all commitments come first.\n");
    for (uint32_t c = 0; c < plan->tasks + plan->tables; c++) {
        const uint32_t first = plan->need_first[c];

        for (uint32_t i = first; i < plan->need_first[c + 1]; i++)
            fprintf(f, "%s%s%s", i == first ? plan->name[c] : "",
                    i == first ? ": " : ", ", plan->name[plan->need[i]]);
        if (first < plan->need_first[c + 1])
            fprintf(f, "\n");
    }
}

zkg_status zkg_plan_texts(char *text[3], const zkg_plan *plan,
                          const zkg_job *job, zkg_error *err)
{
    static void (*const write[3])(FILE *, const zkg_plan *, const zkg_job *,
                                  const zkg_forecast *) = {
        write_schedule, write_mapping, write_needs};
    zkg_forecast x;
    zkg_status status;

    memset(text, 0, 3 * sizeof(text[0]));
    ZKG_TRY(zkg_plan_forecast(&x, plan, job, err));
    status = ZKG_OK;
    for (int i = 0; i < 3 && status == ZKG_OK; i++) {
        size_t len;
        FILE *f = open_memstream(&text[i], &len);

        if (f == NULL) {
            status = ZKG_ERR_NOMEM;
            break;
        }
        write[i](f, plan, job, &x);
        if (fclose(f) != 0)
            status = ZKG_ERR_NOMEM;
    }
    zkg_forecast_clear(&x);
    if (status == ZKG_OK)
        return ZKG_OK;
    for (int i = 0; i < 3; i++) {
        free(text[i]);
        text[i] = NULL;
    }
    return zkg_fail(err, status, "no memory for a plan's files");
}

zkg_status zkg_plan_write(const char *folder, const zkg_plan *plan,
                          const zkg_job *job, zkg_error *err)
{
    static const char *const names[3] = {"schedule.txt", "task_mapping.txt",
                                         "task_dependencies.txt"};
    char *text[3];
    zkg_status status;

    ZKG_TRY(zkg_plan_texts(text, plan, job, err));
    status = zkg_make_dir(folder, err);
    for (int i = 0; i < 3; i++) {
        char *path = zkg_path_join(folder, names[i]);

        if (path == NULL && status == ZKG_OK)
            status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a path");
        if (status == ZKG_OK)
            status = zkg_file_write_atomic(path, text[i], strlen(text[i]), err);
        zkg_free(path);
        free(text[i]);
    }
    return status;
}
