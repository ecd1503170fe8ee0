/* SPDX-License-Identifier: Apache-2.0
 * How a plan would run: each rank walks its list, a child begins when its
 * whole group is there and all that it needs has ended. */
#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "schedule/plan_internal.h"

/* ---- the model --------------------------------------------------------- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

double zkg_job_seconds(const zkg_job *job, uint32_t c, uint32_t g)
{
    if (job->model == NULL) {
        const double cost = job->cost == NULL ? 1 : (double)job->cost[c];

        return cost / least(g, job->width == NULL ? g : job->width[c]);
    }
    const zkg_child_cost *m = &job->model[c];

    return m->serial_s + m->parallel_s / least(g, m->width) +
           (g > 1 ? m->group_s + m->sums_s * zkg_log2_ceil(g) : 0);
}

double zkg_job_bytes(const zkg_job *job, uint32_t c, uint32_t g)
{
    const zkg_child_cost *m;
    double all, fewest, ranks;

    if (job->model == NULL)
        return 0;
    m = &job->model[c];
    ranks = least(g, m->width);
    all = m->each_bytes + m->split_bytes / ranks;
    fewest = all - m->spare_bytes / ranks;
    if (job->room_bytes == 0 || all <= job->room_bytes)
        return all;
    return fewest > job->room_bytes ? fewest : job->room_bytes;
}

uint32_t zkg_job_useful(const zkg_job *job, uint32_t c)
{
    uint32_t low = 1, high = job->ranks;

    if (job->width != NULL && job->width[c] < high)
        high = job->width[c] == 0 ? 1 : job->width[c];
    if (job->model == NULL)
        return high;
    /* g t(g) grows with g: the largest g below twice t(1). */
    while (low < high) {
        const uint32_t g = low + (high - low + 1) / 2;

        if (g * zkg_job_seconds(job, c, g) <= 2 * zkg_job_seconds(job, c, 1))
            low = g;
        else
            high = g - 1;
    }
    return low;
}

/* ---- the run ----------------------------------------------------------- */

typedef struct run {
    zkg_forecast *f;
    const zkg_plan *plan;
    const zkg_job *job;
    uint32_t *at;      /* [rank] index of its next step */
    double *free;      /* [rank] */
    uint32_t *missing; /* [child] ranks and needs that it waits for */
    uint32_t *ready;   /* children that can start, a stack */
    uint32_t ready_len, done;
    uint32_t *out_first, *out; /* children that need a child */
} run;

static zkg_status run_init(run *r)
{
    const uint32_t n = r->f->children, ranks = r->plan->ranks;
    const uint32_t *first = r->plan->need_first, *need = r->plan->need;

    r->at = zkg_alloc(ranks, sizeof(*r->at));
    r->free = zkg_alloc(ranks, sizeof(*r->free));
    r->missing = zkg_alloc(n, sizeof(*r->missing));
    r->ready = zkg_alloc(n, sizeof(*r->ready));
    r->out_first = zkg_alloc((size_t)n + 2, sizeof(*r->out_first));
    r->out = zkg_alloc(first[n], sizeof(*r->out));
    if (r->at == NULL || r->free == NULL || r->missing == NULL ||
        r->ready == NULL || r->out_first == NULL || r->out == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < first[n]; i++)
        r->out_first[need[i] + 2]++;
    for (uint32_t c = 0; c < n; c++)
        r->out_first[c + 2] += r->out_first[c + 1];
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t i = first[c]; i < first[c + 1]; i++)
            r->out[r->out_first[need[i] + 1]++] = c;
    for (uint32_t c = 0; c < n; c++)
        r->missing[c] = r->plan->group_first[c + 1] - r->plan->group_first[c] +
                        first[c + 1] - first[c];
    return ZKG_OK;
}

static void run_clear(run *r)
{
    zkg_free(r->at);
    zkg_free(r->free);
    zkg_free(r->missing);
    zkg_free(r->ready);
    zkg_free(r->out_first);
    zkg_free(r->out);
}

static void one_less(run *r, uint32_t c, double when)
{
    if (when > r->f->start[c])
        r->f->start[c] = when;
    if (--r->missing[c] == 0)
        r->ready[r->ready_len++] = c;
}

static void arrive(run *r, uint32_t rank)
{
    const uint32_t s = r->plan->step_first[rank] + r->at[rank];

    if (s < r->plan->step_first[rank + 1])
        one_less(r, r->plan->step[s], r->free[rank]);
}

static void finish(run *r, uint32_t c)
{
    const zkg_plan *plan = r->plan;
    const uint32_t first = plan->group_first[c];
    const uint32_t g = plan->group_first[c + 1] - first;
    const double took = zkg_job_seconds(r->job, c, g);
    const double bytes = zkg_job_bytes(r->job, c, g);

    r->f->end[c] = r->f->start[c] + took;
    if (r->f->end[c] > r->f->makespan)
        r->f->makespan = r->f->end[c];
    for (uint32_t i = first; i < first + g; i++) {
        const uint32_t rank = plan->group[i];

        r->free[rank] = r->f->end[c];
        r->f->busy[rank] += took;
        if (r->job->rank_bytes + bytes > r->f->bytes[rank])
            r->f->bytes[rank] = r->job->rank_bytes + bytes;
        r->at[rank]++;
        arrive(r, rank);
    }
    for (uint32_t i = r->out_first[c]; i < r->out_first[c + 1]; i++)
        one_less(r, r->out[i], r->f->end[c]);
    r->done++;
}

/* The longest chain of needs, each child at its quickest. */
static double longest_chain(const zkg_plan *plan, const zkg_job *job,
                            const double *quick, double *chain,
                            const uint32_t *order)
{
    double most = 0;

    (void)job;
    for (uint32_t i = 0; i < plan->tasks + plan->tables; i++) {
        const uint32_t c = order[i];

        chain[c] = 0;
        for (uint32_t k = plan->need_first[c]; k < plan->need_first[c + 1]; k++)
            if (chain[plan->need[k]] > chain[c])
                chain[c] = chain[plan->need[k]];
        chain[c] += quick[c];
        most = chain[c] > most ? chain[c] : most;
    }
    return most;
}

double zkg_job_quickest(const zkg_job *job, uint32_t c)
{
    double best = zkg_job_seconds(job, c, 1);

    /* serial + parallel/g + sums log2 g: doubling finds it within a factor
     * that a bound must not take; so from below. */
    if (job->model == NULL)
        return zkg_job_seconds(job, c, zkg_job_useful(job, c));
    for (uint32_t g = 2; g != 0 && g / 2 < job->ranks; g *= 2) {
        const zkg_child_cost *m = &job->model[c];
        const uint32_t most = least(least(2 * g - 1, job->ranks), m->width);
        const double t = m->serial_s + m->parallel_s / (most == 0 ? 1 : most) +
                         m->group_s + m->sums_s * zkg_log2_ceil(g);

        best = t < best ? t : best;
    }
    return best;
}

static zkg_status set_bound(run *r, const uint32_t *order)
{
    const uint32_t n = r->f->children;
    double *quick = zkg_alloc(n, sizeof(*quick));
    double *chain = zkg_alloc(n, sizeof(*chain));
    double area = 0;

    if (quick != NULL && chain != NULL) {
        for (uint32_t c = 0; c < n; c++) {
            area += zkg_job_seconds(r->job, c, 1);
            quick[c] = zkg_job_quickest(r->job, c);
        }
        r->f->bound = longest_chain(r->plan, r->job, quick, chain, order);
        if (area / r->plan->ranks > r->f->bound)
            r->f->bound = area / r->plan->ranks;
    }
    zkg_free(quick);
    zkg_free(chain);
    return quick == NULL || chain == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

static zkg_status run_all(run *r)
{
    uint32_t *order = zkg_alloc(r->f->children, sizeof(*order));
    zkg_status status = ZKG_OK;

    if (order == NULL)
        return ZKG_ERR_NOMEM;
    r->f->shared_bytes = r->job->shared_bytes;
    for (uint32_t rank = 0; rank < r->plan->ranks; rank++) {
        r->f->bytes[rank] = r->job->rank_bytes + r->job->after_bytes;
        arrive(r, rank);
    }
    while (r->ready_len > 0) {
        const uint32_t c = r->ready[--r->ready_len];

        order[r->done] = c;
        finish(r, c);
    }
    if (r->done < r->f->children)
        status = ZKG_ERR_INVALID;
    else
        status = set_bound(r, order);
    zkg_free(order);
    return status;
}

zkg_status zkg_plan_forecast(zkg_forecast *out, const zkg_plan *plan,
                             const zkg_job *job, zkg_error *err)
{
    run r = {.f = out, .plan = plan, .job = job};
    zkg_status status = ZKG_OK;

    *out = (zkg_forecast){.ranks = plan->ranks,
                          .children = plan->tasks + plan->tables,
                          .before_s = job->before_s,
                          .after_s = job->after_s};
    out->start = zkg_alloc(out->children, sizeof(*out->start));
    out->end = zkg_alloc(out->children, sizeof(*out->end));
    out->busy = zkg_alloc(plan->ranks, sizeof(*out->busy));
    out->bytes = zkg_alloc(plan->ranks, sizeof(*out->bytes));
    if (out->start == NULL || out->end == NULL || out->busy == NULL ||
        out->bytes == NULL)
        status = ZKG_ERR_NOMEM;
    if (status == ZKG_OK)
        status = run_init(&r);
    if (status == ZKG_OK)
        status = run_all(&r);
    run_clear(&r);
    if (status != ZKG_OK)
        zkg_forecast_clear(out);
    if (status == ZKG_ERR_INVALID)
        return zkg_fail(err, status, "ranks wait for each other for ever");
    if (status != ZKG_OK)
        return zkg_fail(err, status, "no memory for a forecast");
    return ZKG_OK;
}

void zkg_forecast_clear(zkg_forecast *forecast)
{
    zkg_free(forecast->start);
    zkg_free(forecast->end);
    zkg_free(forecast->busy);
    zkg_free(forecast->bytes);
    memset(forecast, 0, sizeof(*forecast));
}
