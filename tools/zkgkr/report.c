/* SPDX-License-Identifier: Apache-2.0
 * What a proof cost. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "comm/comm.h"
#include "revision.h"
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

/* Versions of what the bytes and times came from. */
static void write_versions(zkg_json_out *o)
{
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    char text[128];

    zkg_json_out_key(o, "versions");
    zkg_json_out_line_object(o);
    key_string(o, "zkgkr", zkg_version());
    key_string(o, "commit", zkg_revision);
    zkg_comm_library(text, sizeof(text));
    key_string(o, "mpi", text);
    key_string(o, "libsodium", sodium_version_string());
    zkg_cpu_names(text, cpu);
    key_string(o, "cpu", text);
    key_string(o, "backend", zkg_backend_get(cpu)->name);
    zkg_json_out_end(o);
}

static bool same_host(const zkg_prove_report *report, uint32_t a, uint32_t b)
{
    return strcmp(report->rank[a].host, report->rank[b].host) == 0;
}

static void write_hosts(zkg_json_out *o, const zkg_prove_report *report)
{
    zkg_json_out_key(o, "hosts");
    zkg_json_out_array(o);
    for (uint32_t r = 0; r < report->ranks; r++) {
        uint32_t first = 0, here = 0;

        while (!same_host(report, first, r))
            first++;
        if (first < r)
            continue;
        for (uint32_t i = r; i < report->ranks; i++)
            here += same_host(report, i, r);
        zkg_json_out_line_object(o);
        key_string(o, "host", report->rank[r].host);
        key_u64(o, "ranks", here);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void write_plan(zkg_json_out *o, const zkg_report_context *x)
{
    zkg_json_out_key(o, "planned");
    zkg_json_out_line_object(o);
    key_double(o, "commit_s", x->forecast->before_s);
    key_double(o, "tasks_s", x->forecast->makespan);
    key_double(o, "open_s", x->forecast->after_s);
    key_double(o, "least_s", x->forecast->bound);
    zkg_json_out_end(o);
}

static void write_ranks(zkg_json_out *o, const zkg_prove_report *report,
                        const zkg_report_context *x)
{
    zkg_json_out_key(o, "ranks");
    zkg_json_out_array(o);
    for (uint32_t r = 0; r < report->ranks; r++) {
        const zkg_rank_report *rank = &report->rank[r];

        zkg_json_out_line_object(o);
        key_u64(o, "rank", r);
        key_string(o, "host", rank->host);
        key_double(o, "commit_s", rank->commit_s);
        key_double(o, "tasks_at_s", rank->walk_at);
        key_double(o, "tasks_s", rank->walk_s);
        key_double(o, "open_at_s", rank->open_at);
        key_double(o, "open_s", rank->open_s);
        key_double(o, "wait_s", rank->wait_s);
        key_double(o, "comm_s", rank->comm_s);
        key_u64(o, "comm_bytes", rank->comm_bytes);
        key_u64(o, "peak_rss_bytes", rank->peak_rss);
        key_double(o, "planned_bytes",
                   x->forecast->bytes[r] + x->forecast->shared_bytes);
        key_double(o, "gpu_share", 0);
        key_u64(o, "comms_made", rank->comms_made);
        key_u64(o, "comms_freed", rank->comms_freed);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void write_steps(zkg_json_out *o, const zkg_prove_report *report,
                        const zkg_report_context *x)
{
    const zkg_plan *plan = x->plan;

    zkg_json_out_key(o, "steps");
    zkg_json_out_array(o);
    for (uint32_t s = 0; s < report->steps; s++) {
        const zkg_step_report *step = &report->step[s];
        const uint32_t c = step->child;

        zkg_json_out_line_object(o);
        key_u64(o, "rank", step->rank);
        key_string(o, "task", plan->name[c]);
        key_u64(o, "child", c);
        zkg_json_out_key(o, "is_table");
        zkg_json_out_bool(o, c >= plan->tasks);
        key_u64(o, "group", plan->group_first[c + 1] - plan->group_first[c]);
        key_double(o, "start_s", step->start);
        key_double(o, "wall_s", step->wall);
        key_double(o, "comm_s", step->comm_s);
        key_u64(o, "comm_bytes", step->comm_bytes);
        key_u64(o, "peak_rss_bytes", step->peak_rss);
        key_double(o, "gpu_share", 0);
        key_double(o, "planned_start_s", x->forecast->start[c]);
        key_double(o, "planned_wall_s",
                   x->forecast->end[c] - x->forecast->start[c]);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

zkg_status zkg_report_json(zkg_json_out *out, const zkg_prove_report *report,
                           const zkg_report_context *x)
{
    zkg_json_out_init(out);
    zkg_json_out_object(out);
    key_string(out, "zkgkr", zkg_version());
    write_versions(out);
    write_hosts(out, report);
    key_string(out, "schedule", x->plan_source);
    key_u64(out, "ranks_launched", x->launched);
    key_u64(out, "ranks_taking_part", report->ranks);
    key_u64(out, "resumed", report->resumed);
    key_double(out, "prove_s", report->prove_s);
    key_double(out, "witness_s", x->witness_s);
    key_double(out, "wall_s", x->wall_s);
    write_plan(out, x);
    key_u64(out, "proof_bytes", report->proof_bytes);
    key_u64(out, "public_bytes", report->public_bytes);
    key_u64(out, "commitment_bytes", report->commit_bytes);
    key_u64(out, "segment_bytes", report->segment_bytes);
    key_u64(out, "opening_bytes", report->opening_bytes);
    if (x->accuracy != NULL)
        zkg_expectation_json(out, x->accuracy);
    write_ranks(out, report, x);
    write_steps(out, report, x);
    zkg_json_out_end(out);
    return zkg_json_out_finish(out);
}
