/* SPDX-License-Identifier: Apache-2.0
 * Time and memory before anything runs. */
#include "budget.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

#define MIB 1048576.0

void zkg_budget_print(FILE *f, const zkg_forecast *x, const zkg_plan *plan)
{
    double most = 0;

    fprintf(f, "rank  steps   tasks s    idle s  most MiB\n");
    for (uint32_t r = 0; r < x->ranks; r++) {
        fprintf(f, "%4" PRIu32 " %6" PRIu32 " %9.3g %9.3g %9.1f\n", r,
                plan->step_first[r + 1] - plan->step_first[r], x->busy[r],
                x->makespan - x->busy[r], x->bytes[r] / MIB);
        most = x->bytes[r] > most ? x->bytes[r] : most;
    }
    fprintf(f,
            "forecast: %.3g s = commitments %.3g s + tasks %.3g s + opening "
            "%.3g s; at most %.1f MiB a rank, beside the tensors: %.1f MiB "
            "once a host\n"
            "no schedule of these tasks on %" PRIu32
            " rank%s takes less than %.3g s\n",
            x->before_s + x->makespan + x->after_s, x->before_s, x->makespan,
            x->after_s, most / MIB, x->shared_bytes / MIB, x->ranks,
            x->ranks == 1 ? "" : "s", x->bound);
}

/* What each rank tells the others. */
typedef struct need {
    char host[64];
    double bytes;
    uint64_t limit; /* of all processes of its host */
} need;

static uint32_t ranks_beside(const need *all, uint32_t ranks, uint32_t rank)
{
    uint32_t here = 0;

    for (uint32_t i = 0; i < ranks; i++)
        here += strcmp(all[i].host, all[rank].host) == 0;
    return here;
}

/* Does a rank's own need fit, with its share of its host's tensors? */
static zkg_status judge_rank(const need *all, uint32_t ranks, uint32_t rank,
                             double shared, uint64_t limit, zkg_error *err)
{
    const double share = shared / ranks_beside(all, ranks, rank);

    if (limit == 0 || all[rank].bytes + share <= (double)limit)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_NOMEM,
                    "rank %" PRIu32 " will need about %.1f MiB, of them %.1f "
                    "MiB its share of the tensors; --memory-limit allows %.1f "
                    "MiB (zkgkr schedule plan --memory-per-rank splits what is "
                    "large)",
                    rank, (all[rank].bytes + share) / MIB, share / MIB,
                    (double)limit / MIB);
}

/* And all of a host's, with one copy of them? */
static zkg_status judge_host(const need *all, uint32_t ranks, uint32_t rank,
                             double shared, zkg_error *err)
{
    const uint32_t here = ranks_beside(all, ranks, rank);
    double sum = shared;

    for (uint32_t i = 0; i < ranks; i++)
        if (strcmp(all[i].host, all[rank].host) == 0)
            sum += all[i].bytes;
    if (sum <= (double)all[rank].limit)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_NOMEM,
                    "%" PRIu32 " rank%s on %s will need about %.0f MiB of the "
                    "%.0f MiB that its memory or control group allows (plan "
                    "with --memory-per-rank, or use more hosts)",
                    here, here == 1 ? "" : "s", all[rank].host, sum / MIB,
                    (double)all[rank].limit / MIB);
}

/* Everybody's, by rank; owned by the caller: free(). */
static zkg_status exchange(need **all, const zkg_comm *active, double bytes,
                           zkg_error *err)
{
    need mine = {.bytes = bytes, .limit = zkg_memory_limit("")};
    uint8_t *got = NULL;
    size_t *lens = NULL;

    if (gethostname(mine.host, sizeof(mine.host) - 1) != 0)
        strcpy(mine.host, "?");
    if (zkg_comm_allgather_bytes(active, &mine, sizeof(mine), &got, &lens) !=
        ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the ranks cannot agree");
    free(lens);
    *all = (need *)(void *)got;
    return ZKG_OK;
}

zkg_status zkg_budget_room(double *room, const zkg_comm *active,
                           const zkg_job *job, uint64_t limit, zkg_error *err)
{
    const uint32_t rank = zkg_comm_rank(active);
    double most, here;
    need *all;

    ZKG_TRY(exchange(&all, active, 0, err));
    here = ranks_beside(all, zkg_comm_size(active), rank);
    most = (double)all[rank].limit / here;
    if (limit != 0 && (double)limit < most)
        most = (double)limit;
    most -= job->rank_bytes + job->shared_bytes / here;
    *room = most > 1 ? most : 1;
    free(all);
    return ZKG_OK;
}

zkg_status zkg_budget_check(const zkg_comm *active,
                            const zkg_forecast *forecast, uint64_t limit,
                            zkg_error *err)
{
    const uint32_t ranks = zkg_comm_size(active), rank = zkg_comm_rank(active);
    zkg_status status;
    need *all;

    ZKG_TRY(exchange(&all, active, forecast->bytes[rank], err));
    status = judge_rank(all, ranks, rank, forecast->shared_bytes, limit, err);
    if (status == ZKG_OK)
        status = judge_host(all, ranks, rank, forecast->shared_bytes, err);
    free(all);
    return status;
}
