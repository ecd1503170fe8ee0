/* SPDX-License-Identifier: Apache-2.0
 * Time and memory of a graph. */
#include "estimate.h"

#include <inttypes.h>
#include <stdio.h>

#include "schedule/cost.h"
#include "zkgkr/prove.h"

zkg_status zkg_estimate_of(zkg_estimate *out, const zkg_statement *st,
                           zkg_error *err)
{
    zkg_forecast f = {0};
    zkg_plan *plan = NULL;
    zkg_job job;
    zkg_status s;

    ZKG_TRY(zkg_job_init_costs(&job, st, 1, zkg_statement_default_k(st),
                               &zkg_costs_builtin, err));
    s = zkg_plan_default(&plan, &job, err);
    if (s == ZKG_OK)
        s = zkg_plan_forecast(&f, plan, &job, err);
    if (s == ZKG_OK)
        *out = (zkg_estimate){f.before_s + f.makespan + f.after_s,
                              f.bytes[0] + f.shared_bytes, st->tasks};
    zkg_forecast_clear(&f);
    zkg_plan_free(plan);
    zkg_job_clear(&job);
    return s;
}

void zkg_estimate_print(const zkg_estimate *e)
{
    printf("%" PRIu32 " tasks; on one rank, by the cost model, about %.2g s to "
           "prove (the witness comes on top) and %.0f MiB\n",
           e->tasks, e->seconds, e->bytes / 1048576);
}

void zkg_estimate_json(zkg_json_out *o, const zkg_estimate *e)
{
    zkg_json_out_key(o, "estimate");
    zkg_json_out_line_object(o);
    zkg_json_out_key(o, "tasks");
    zkg_json_out_u64(o, e->tasks);
    zkg_json_out_key(o, "seconds");
    zkg_json_out_double(o, e->seconds);
    zkg_json_out_key(o, "bytes");
    zkg_json_out_double(o, e->bytes);
    zkg_json_out_end(o);
}
