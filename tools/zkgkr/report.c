/* SPDX-License-Identifier: Apache-2.0
 * What a proof cost. */
#include "report.h"

#include <inttypes.h>
#include <unistd.h>

#include "zkgkr/zkgkr.h"

void zkg_report_print(FILE *f, const zkg_prove_report *report,
                      const zkg_plan *plan, double wall_s)
{
    uint32_t s = 0;

    fprintf(f, "rank  task                 ranks  start ms   took ms\n");
    for (uint32_t r = 0; r < report->ranks; r++) {
        const zkg_rank_report *rank = &report->rank[r];

        for (; s < report->steps && report->step[s].rank == r; s++) {
            const zkg_step_report *step = &report->step[s];
            const uint32_t c = step->child;

            fprintf(f, "%4" PRIu32 "  %-20s %5" PRIu32 " %9.1f %9.1f\n", r,
                    plan->name[c],
                    plan->group_first[c + 1] - plan->group_first[c],
                    1e3 * step->start, 1e3 * step->wall);
        }
        fprintf(f,
                "%4" PRIu32 "  commit %.1f ms, tasks %.1f ms, opening %.1f "
                "ms, waited %.1f ms, peak %.1f MiB, %s\n",
                r, 1e3 * rank->commit_s, 1e3 * rank->walk_s, 1e3 * rank->open_s,
                1e3 * rank->wait_s, (double)rank->peak_rss / 1048576.0,
                rank->host);
    }
    fprintf(f,
            "proof %zu bytes (public values %zu, commitments %zu, tasks %zu, "
            "opening %zu)\n",
            report->proof_bytes, report->public_bytes, report->commit_bytes,
            report->segment_bytes, report->opening_bytes);
    if (report->resumed > 0)
        fprintf(f, "%" PRIu32 " tasks and tables came from the journal\n",
                report->resumed);
    fprintf(f, "proved in %.3f s by %" PRIu32 " rank%s, %.3f s in all\n",
            report->prove_s, report->ranks, report->ranks == 1 ? "" : "s",
            wall_s);
}

static void key_u64(zkg_json_out *o, const char *key, uint64_t v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, v);
}

static void key_double(zkg_json_out *o, const char *key, double v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_double(o, v);
}

static void key_string(zkg_json_out *o, const char *key, const char *v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, v);
}

static void write_ranks(zkg_json_out *o, const zkg_prove_report *report)
{
    zkg_json_out_key(o, "ranks");
    zkg_json_out_array(o);
    for (uint32_t r = 0; r < report->ranks; r++) {
        const zkg_rank_report *rank = &report->rank[r];

        zkg_json_out_line_object(o);
        key_u64(o, "rank", r);
        key_string(o, "host", rank->host);
        key_double(o, "commit_s", rank->commit_s);
        key_double(o, "tasks_s", rank->walk_s);
        key_double(o, "open_s", rank->open_s);
        key_double(o, "wait_s", rank->wait_s);
        key_u64(o, "peak_rss_bytes", rank->peak_rss);
        key_u64(o, "comms_made", rank->comms_made);
        key_u64(o, "comms_freed", rank->comms_freed);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void write_steps(zkg_json_out *o, const zkg_prove_report *report,
                        const zkg_plan *plan)
{
    zkg_json_out_key(o, "steps");
    zkg_json_out_array(o);
    for (uint32_t s = 0; s < report->steps; s++) {
        const uint32_t c = report->step[s].child;

        zkg_json_out_line_object(o);
        key_u64(o, "rank", report->step[s].rank);
        key_string(o, "task", plan->name[c]);
        key_u64(o, "child", c);
        zkg_json_out_key(o, "is_table");
        zkg_json_out_bool(o, c >= plan->tasks);
        key_u64(o, "group", plan->group_first[c + 1] - plan->group_first[c]);
        key_double(o, "start_s", report->step[s].start);
        key_double(o, "wall_s", report->step[s].wall);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

zkg_status zkg_report_json(zkg_json_out *out, const zkg_prove_report *report,
                           const zkg_plan *plan, const char *plan_source,
                           uint32_t launched, double wall_s)
{
    zkg_json_out_init(out);
    zkg_json_out_object(out);
    key_string(out, "zkgkr", zkg_version());
    key_string(out, "schedule", plan_source);
    key_u64(out, "ranks_launched", launched);
    key_u64(out, "ranks_taking_part", report->ranks);
    key_double(out, "prove_s", report->prove_s);
    key_double(out, "wall_s", wall_s);
    key_u64(out, "proof_bytes", report->proof_bytes);
    key_u64(out, "public_bytes", report->public_bytes);
    key_u64(out, "commitment_bytes", report->commit_bytes);
    key_u64(out, "segment_bytes", report->segment_bytes);
    key_u64(out, "opening_bytes", report->opening_bytes);
    write_ranks(out, report);
    write_steps(out, report, plan);
    zkg_json_out_end(out);
    return zkg_json_out_finish(out);
}
