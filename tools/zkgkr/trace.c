/* SPDX-License-Identifier: Apache-2.0
 * A proof's run in Chrome's trace event format: a thread a rank, complete
 * events ("X") in microseconds, a counter ("C") of each rank's memory, an
 * instant ("i") for each segment that rank 0 has. */
#include <inttypes.h>
#include <stdio.h>

#include "base/io.h"
#include "report.h"

static void text(zkg_json_out *o, const char *key, const char *v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, v);
}

static void number(zkg_json_out *o, const char *key, double v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_double(o, v);
}

static void count(zkg_json_out *o, const char *key, uint64_t v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, v);
}

/* Thread names, and their order. */
static void name_rank(zkg_json_out *o, uint32_t r, const char *host)
{
    char name[96];

    (void)snprintf(name, sizeof(name), "rank %" PRIu32 " on %.60s", r, host);
    zkg_json_out_line_object(o);
    text(o, "ph", "M");
    text(o, "name", "thread_name");
    count(o, "pid", 0);
    count(o, "tid", r);
    zkg_json_out_key(o, "args");
    zkg_json_out_line_object(o);
    text(o, "name", name);
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

/* The head of a complete event; the caller adds args and ends it. */
static void event(zkg_json_out *o, const char *name, const char *kind,
                  uint32_t rank, double start, double wall)
{
    zkg_json_out_line_object(o);
    text(o, "ph", "X");
    text(o, "name", name);
    text(o, "cat", kind);
    count(o, "pid", 0);
    count(o, "tid", rank);
    number(o, "ts", 1e6 * start);
    number(o, "dur", 1e6 * wall);
}

static void memory(zkg_json_out *o, uint32_t rank, double at, uint64_t bytes)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "memory of rank %" PRIu32, rank);
    zkg_json_out_line_object(o);
    text(o, "ph", "C");
    text(o, "name", name);
    count(o, "pid", 0);
    number(o, "ts", 1e6 * at);
    zkg_json_out_key(o, "args");
    zkg_json_out_line_object(o);
    number(o, "MiB", (double)bytes / 1048576);
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

static void write_step(zkg_json_out *o, const zkg_step_report *s,
                       const zkg_report_context *x)
{
    const zkg_plan *plan = x->plan;
    const uint32_t c = s->child;

    event(o, plan->name[c], c < plan->tasks ? "task" : "table", s->rank,
          s->start + x->witness_s, s->wall);
    zkg_json_out_key(o, "args");
    zkg_json_out_line_object(o);
    count(o, "child", c);
    count(o, "ranks", plan->group_first[c + 1] - plan->group_first[c]);
    number(o, "waiting and communication, ms", 1e3 * s->comm_s);
    count(o, "bytes handed over", s->comm_bytes);
    number(o, "planned ms",
           1e3 * (x->forecast->end[c] - x->forecast->start[c]));
    zkg_json_out_end(o);
    zkg_json_out_end(o);
    memory(o, s->rank, s->start + s->wall + x->witness_s, s->peak_rss);
}

/* Rank 0 has a child's segment: a moment on its line. */
static void write_arrival(zkg_json_out *o, const char *name, double at)
{
    char event[96];

    (void)snprintf(event, sizeof(event), "segment of %.80s", name);
    zkg_json_out_line_object(o);
    text(o, "ph", "i");
    text(o, "name", event);
    text(o, "s", "t");
    count(o, "pid", 0);
    count(o, "tid", 0);
    number(o, "ts", 1e6 * at);
    zkg_json_out_end(o);
}

zkg_status zkg_trace_write(const char *path, const zkg_prove_report *report,
                           const zkg_report_context *x, zkg_error *err)
{
    zkg_json_out o;
    zkg_status status;

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    text(&o, "displayTimeUnit", "ms");
    zkg_json_out_key(&o, "traceEvents");
    zkg_json_out_array(&o);
    for (uint32_t r = 0; r < report->ranks; r++) {
        const zkg_rank_report *rank = &report->rank[r];

        name_rank(&o, r, rank->host);
        event(&o, "witness", "phase", r, 0, x->witness_s);
        zkg_json_out_end(&o);
        event(&o, "commitments", "phase", r, x->witness_s, rank->commit_s);
        zkg_json_out_end(&o);
        event(&o, "opening", "phase", r, x->witness_s + rank->open_at,
              rank->open_s);
        zkg_json_out_end(&o);
    }
    for (uint32_t s = 0; s < report->steps; s++)
        write_step(&o, &report->step[s], x);
    for (uint32_t c = 0; c < report->children; c++)
        write_arrival(&o, x->plan->name[c], report->arrived[c] + x->witness_s);
    zkg_json_out_end(&o);
    zkg_json_out_end(&o);
    status = zkg_json_out_finish(&o);
    if (status != ZKG_OK)
        (void)zkg_fail(err, status, "no memory for the trace");
    else
        status = zkg_file_write_atomic(path, o.bytes.data, o.bytes.len, err);
    zkg_json_out_free(&o);
    return status;
}
