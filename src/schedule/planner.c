/* SPDX-License-Identifier: Apache-2.0
 * Plans from the model.
 *
 * Two steps, as in moldable scheduling (Turek, Wolf, Yu 1992; Radulescu, van
 * Gemund 2001): first each child gets the least group that brings it below a
 * target, then a list schedule places them, longest remaining chain first, on
 * the ranks that are free first.  The step is done for several targets and two
 * orders of the list; the shortest schedule stays, or the default order when
 * that is shorter still.
 *
 * A placement later in the list is later in each of its ranks' orders, and
 * comes after all that it needs: the ranks cannot wait for each other in a
 * ring. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "schedule/heap.h"
#include "schedule/plan_internal.h"

/* Targets, as parts of the least time that any plan takes. */
static const double targets[] = {1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.08, 0.03};

enum { TARGETS = sizeof(targets) / sizeof(targets[0]), ORDERS = 2 };

typedef struct planner {
    const zkg_job *job;
    zkg_draft *draft;
    uint32_t n;
    uint32_t *least_g; /* [child] by memory */
    uint32_t *g;       /* [child] */
    double *level;     /* [child] from its start to the end of its chain */
    double *release;   /* [child] */
    uint32_t *missing; /* [child] needs not yet placed */
    uint32_t *topo;    /* children, needs first */
    uint32_t *out_first, *out; /* children that need a child */
    uint32_t *taken;           /* [rank] scratch */
    double bound;
} planner;

static zkg_status planner_init(planner *p, const zkg_job *job, zkg_draft *draft)
{
    const uint32_t n = draft->children;
    size_t needs = 0;

    *p = (planner){.job = job, .draft = draft, .n = n};
    for (uint32_t c = 0; c < n; c++)
        needs += draft->need[c].len;
    p->least_g = zkg_alloc(n, sizeof(*p->least_g));
    p->g = zkg_alloc(n, sizeof(*p->g));
    p->level = zkg_alloc(n, sizeof(*p->level));
    p->release = zkg_alloc(n, sizeof(*p->release));
    p->missing = zkg_alloc(n, sizeof(*p->missing));
    p->topo = zkg_alloc(n, sizeof(*p->topo));
    p->out_first = zkg_alloc((size_t)n + 2, sizeof(*p->out_first));
    p->out = zkg_alloc(needs, sizeof(*p->out));
    p->taken = zkg_alloc(job->ranks, sizeof(*p->taken));
    return p->least_g == NULL || p->g == NULL || p->level == NULL ||
                   p->release == NULL || p->missing == NULL ||
                   p->topo == NULL || p->out_first == NULL || p->out == NULL ||
                   p->taken == NULL
               ? ZKG_ERR_NOMEM
               : ZKG_OK;
}

static void planner_clear(planner *p)
{
    zkg_free(p->least_g);
    zkg_free(p->g);
    zkg_free(p->level);
    zkg_free(p->release);
    zkg_free(p->missing);
    zkg_free(p->topo);
    zkg_free(p->out_first);
    zkg_free(p->out);
    zkg_free(p->taken);
}

/* Turn the needs around, and put the children in an order that keeps them. */
static void sort_needs(planner *p)
{
    const zkg_u32_list *need = p->draft->need;
    uint32_t placed = 0;

    for (uint32_t c = 0; c < p->n; c++)
        for (size_t i = 0; i < need[c].len; i++)
            p->out_first[need[c].at[i] + 2]++;
    for (uint32_t c = 0; c < p->n; c++)
        p->out_first[c + 2] += p->out_first[c + 1];
    for (uint32_t c = 0; c < p->n; c++)
        for (size_t i = 0; i < need[c].len; i++)
            p->out[p->out_first[need[c].at[i] + 1]++] = c;
    for (uint32_t c = 0; c < p->n; c++) {
        p->missing[c] = (uint32_t)need[c].len;
        if (p->missing[c] == 0)
            p->topo[placed++] = c;
    }
    for (uint32_t i = 0; i < placed; i++)
        for (uint32_t k = p->out_first[p->topo[i]];
             k < p->out_first[p->topo[i] + 1]; k++)
            if (--p->missing[p->out[k]] == 0)
                p->topo[placed++] = p->out[k];
}

/* ---- memory ------------------------------------------------------------ */

/* What a rank holds anyway, its share of its host's tensors with it. */
static double held_bytes(const zkg_job *job)
{
    const uint32_t hosts = job->hosts == 0 ? 1 : job->hosts;

    return job->rank_bytes + job->shared_bytes *
                                 (hosts < job->ranks ? hosts : job->ranks) /
                                 job->ranks;
}

static zkg_status does_not_fit(const planner *p, const zkg_job *job, uint32_t c,
                               uint64_t memory, zkg_error *err)
{
    const double mib = 1048576;

    return zkg_fail(
        err, ZKG_ERR_NOMEM,
        "%s needs %.1f MiB on each of %" PRIu32 " ranks, beside %.1f MiB that "
        "a rank holds anyway, its share of the tensors with it; %.1f MiB are "
        "allowed (raise the limit, or plan "
        "for more ranks)",
        p->draft->name[c], zkg_job_bytes(job, c, p->job->ranks) / mib,
        p->job->ranks, held_bytes(p->job) / mib, (double)memory / mib);
}

static zkg_status fit_memory(planner *p, uint64_t memory, zkg_error *err)
{
    const double opening = held_bytes(p->job) + p->job->after_bytes;

    if (memory != 0 && opening > (double)memory)
        return zkg_fail(err, ZKG_ERR_NOMEM,
                        "a rank needs %.1f MiB for the opening; %.1f MiB are "
                        "allowed (raise the limit, or plan for more ranks)",
                        opening / 1048576, (double)memory / 1048576);
    for (uint32_t c = 0; c < p->n; c++) {
        const double room = (double)memory - held_bytes(p->job);
        zkg_job job = *p->job;
        uint32_t low = 1, high = p->job->ranks;

        p->least_g[c] = 1;
        if (memory == 0)
            continue;
        /* Circuits keep all layers where any group lets them. */
        if (zkg_job_bytes(&job, c, high) > room)
            job.room_bytes = room > 1 ? room : 1;
        if (zkg_job_bytes(&job, c, high) > room)
            return does_not_fit(p, &job, c, memory, err);
        while (low < high) {
            const uint32_t g = low + (high - low) / 2;

            if (zkg_job_bytes(&job, c, g) <= room)
                high = g;
            else
                low = g + 1;
        }
        p->least_g[c] = low;
    }
    return ZKG_OK;
}

/* ---- groups ------------------------------------------------------------ */

/* The least useful group that brings c to the target; the quickest if none. */
static uint32_t group_for(const planner *p, uint32_t c, double target)
{
    const uint32_t useful = zkg_job_useful(p->job, c);
    uint32_t best = 1;
    double time = zkg_job_seconds(p->job, c, 1);

    for (uint32_t g = 2; time > target && g <= useful;
         g = g < 16 ? g + 1 : g + g / 8) {
        const double t = zkg_job_seconds(p->job, c, g);

        if (t < time) {
            time = t;
            best = g;
        }
    }
    return best > p->least_g[c] ? best : p->least_g[c];
}

static void set_levels(planner *p)
{
    for (uint32_t i = p->n; i-- > 0;) {
        const uint32_t c = p->topo[i];
        double after = 0;

        for (uint32_t k = p->out_first[c]; k < p->out_first[c + 1]; k++)
            if (p->level[p->out[k]] > after)
                after = p->level[p->out[k]];
        p->level[c] = after + zkg_job_seconds(p->job, c, p->g[c]);
    }
}

/* No plan is shorter: all work over all ranks, and the longest chain. */
static void set_bound(planner *p)
{
    double area = 0;

    p->bound = 0;
    for (uint32_t i = p->n; i-- > 0;) {
        const uint32_t c = p->topo[i];
        double after = 0;

        for (uint32_t k = p->out_first[c]; k < p->out_first[c + 1]; k++)
            if (p->level[p->out[k]] > after)
                after = p->level[p->out[k]];
        p->level[c] = after + zkg_job_quickest(p->job, c);
        if (p->level[c] > p->bound)
            p->bound = p->level[c];
        area += zkg_job_seconds(p->job, c, 1);
    }
    if (area / p->job->ranks > p->bound)
        p->bound = area / p->job->ranks;
}

/* ---- the list ---------------------------------------------------------- */

typedef struct heaps {
    zkg_heap ranks;   /* by when they are free */
    zkg_heap pending; /* children by when they may start */
    zkg_heap open;    /* children that may start, most urgent first */
} heaps;

static double urgency(const planner *p, uint32_t c, bool wide_first)
{
    /* Wide ones first: they find the ranks free at one time. */
    return wide_first ? -(double)p->g[c] * p->level[c] : -p->level[c];
}

/* The most urgent child that may start when the first rank is free, or the
 * next that may start at all. */
static uint32_t next_child(planner *p, heaps *h, bool wide_first)
{
    while (h->pending.len > 0 &&
           (h->pending.at[0].key <= h->ranks.at[0].key || h->open.len == 0)) {
        const uint32_t c = zkg_heap_pop(&h->pending).id;

        zkg_heap_push(&h->open, urgency(p, c, wide_first), c);
    }
    return zkg_heap_pop(&h->open).id;
}

static zkg_status place(double *end, planner *p, heaps *h, uint32_t c,
                        bool record)
{
    double start = p->release[c];

    for (uint32_t i = 0; i < p->g[c]; i++) {
        const zkg_heap_entry rank = zkg_heap_pop(&h->ranks);

        p->taken[i] = rank.id;
        start = rank.key > start ? rank.key : start;
        if (record)
            ZKG_TRY(zkg_u32_push(&p->draft->order[rank.id], c));
    }
    *end = start + zkg_job_seconds(p->job, c, p->g[c]);
    for (uint32_t i = 0; i < p->g[c]; i++)
        zkg_heap_push(&h->ranks, *end, p->taken[i]);
    for (uint32_t k = p->out_first[c]; k < p->out_first[c + 1]; k++) {
        const uint32_t d = p->out[k];

        if (*end > p->release[d])
            p->release[d] = *end;
        if (--p->missing[d] == 0)
            zkg_heap_push(&h->pending, p->release[d], d);
    }
    return ZKG_OK;
}

static zkg_status run_list(double *makespan, planner *p, heaps *h,
                           bool wide_first, bool record)
{
    *makespan = 0;
    for (uint32_t r = 0; r < p->job->ranks; r++)
        zkg_heap_push(&h->ranks, 0, r);
    for (uint32_t c = 0; c < p->n; c++) {
        p->release[c] = 0;
        p->missing[c] = (uint32_t)p->draft->need[c].len;
        if (p->missing[c] == 0)
            zkg_heap_push(&h->pending, 0, c);
    }
    for (uint32_t i = 0; i < p->n; i++) {
        double end;

        ZKG_TRY(place(&end, p, h, next_child(p, h, wide_first), record));
        *makespan = end > *makespan ? end : *makespan;
    }
    return ZKG_OK;
}

static zkg_status list_schedule(double *makespan, planner *p, double target,
                                bool wide_first, bool record)
{
    heaps h = {{0}, {0}, {0}};
    zkg_status status = zkg_heap_init(&h.ranks, p->job->ranks);

    if (status == ZKG_OK)
        status = zkg_heap_init(&h.pending, p->n);
    if (status == ZKG_OK)
        status = zkg_heap_init(&h.open, p->n);
    for (uint32_t c = 0; c < p->n; c++)
        p->g[c] = group_for(p, c, target);
    set_levels(p);
    if (status == ZKG_OK)
        status = run_list(makespan, p, &h, wide_first, record);
    zkg_heap_clear(&h.ranks);
    zkg_heap_clear(&h.pending);
    zkg_heap_clear(&h.open);
    return status;
}

/* Whether the order that needs no plan may be shorter: it has the memory, and
 * its own work over all ranks is below the makespan. */
static bool default_may_win(const planner *p, double makespan)
{
    double area = 0;

    for (uint32_t c = 0; c < p->n; c++) {
        const uint32_t g = c < p->job->tasks ? zkg_job_useful(p->job, c) : 1;

        if (g < p->least_g[c])
            return false;
        area += g * zkg_job_seconds(p->job, c, g);
    }
    return area / p->job->ranks < makespan;
}

static void empty_orders(zkg_draft *draft)
{
    for (uint32_t r = 0; r < draft->job->ranks; r++)
        draft->order[r].len = 0;
}

/* The default order with the needs; *makespan: INFINITY when ranks would wait
 * in a ring. */
static zkg_status try_default(double *makespan, planner *p)
{
    zkg_plan *plan = NULL;
    zkg_forecast f;
    zkg_status status = zkg_draft_default(p->draft);

    *makespan = INFINITY;
    if (status == ZKG_OK)
        status = zkg_draft_freeze(&plan, p->draft);
    if (status == ZKG_OK)
        status = zkg_plan_forecast(&f, plan, p->job, NULL);
    if (status == ZKG_OK) {
        *makespan = f.makespan;
        zkg_forecast_clear(&f);
    }
    zkg_plan_free(plan);
    return status == ZKG_ERR_INVALID ? ZKG_OK : status;
}

static zkg_status search(planner *p)
{
    double best = INFINITY, target = 0, makespan;
    bool wide_first = false;

    for (int t = 0; t < TARGETS; t++)
        for (int o = 0; o < ORDERS; o++) {
            ZKG_TRY(list_schedule(&makespan, p, targets[t] * p->bound, o == 1,
                                  false));
            /* A hair shorter is not worth wider groups. */
            if (makespan < best * (1 - 1e-3)) {
                best = makespan;
                target = targets[t] * p->bound;
                wide_first = o == 1;
            }
        }
    if (default_may_win(p, best)) {
        ZKG_TRY(try_default(&makespan, p));
        if (makespan < best)
            return ZKG_OK;
        empty_orders(p->draft);
    }
    return list_schedule(&makespan, p, target, wide_first, true);
}

zkg_status zkg_plan_make(zkg_plan **out, zkg_notes *notes,
                         const zkg_schedule_text *mapping,
                         const zkg_schedule_text *dependencies,
                         const zkg_job *job, uint64_t memory, zkg_error *err)
{
    zkg_draft draft;
    planner p = {0};
    zkg_error own = {0};
    zkg_status status = zkg_draft_init(&draft, job);

    if (status == ZKG_OK && dependencies != NULL)
        status = zkg_draft_parse_needs(&draft, notes, mapping, dependencies);
    if (status == ZKG_ERR_USAGE)
        (void)zkg_fail(&own, status, "the dependencies are refused");
    if (status == ZKG_OK)
        status = planner_init(&p, job, &draft);
    if (status == ZKG_OK)
        status = fit_memory(&p, memory, &own);
    if (status == ZKG_OK) {
        sort_needs(&p);
        set_bound(&p);
        status = search(&p);
    }
    if (status == ZKG_OK)
        status = zkg_draft_finish(out, &draft);
    planner_clear(&p);
    zkg_draft_clear(&draft);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "%s",
                        own.text[0] != '\0' ? own.text
                                            : "no memory for a plan");
    return ZKG_OK;
}
