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
            "%.3g s; at most %.1f MiB a rank\n"
            "no schedule of these tasks on %" PRIu32
            " rank%s takes less than %.3g s\n",
            x->before_s + x->makespan + x->after_s, x->before_s, x->makespan,
            x->after_s, most / MIB, x->ranks, x->ranks == 1 ? "" : "s",
            x->bound);
}

/* What each rank tells the others. */
typedef struct need {
    char host[64];
    double bytes;
    uint64_t limit; /* of all processes of its host */
} need;

/* The ranks of a host hold `shared` of their bytes together. */
static zkg_status judge(const need *all, uint32_t ranks, uint32_t rank,
                        double shared, zkg_error *err)
{
    double sum = shared;
    uint32_t here = 0;

    for (uint32_t i = 0; i < ranks; i++)
        if (strcmp(all[i].host, all[rank].host) == 0) {
            sum += all[i].bytes - shared;
            here++;
        }
    if (sum <= (double)all[rank].limit)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_NOMEM,
                    "%" PRIu32 " rank%s on %s will need about %.0f MiB of the "
                    "%.0f MiB that its memory or control group allows (plan "
                    "with --memory-per-rank, or use more hosts)",
                    here, here == 1 ? "" : "s", all[rank].host, sum / MIB,
                    (double)all[rank].limit / MIB);
}

zkg_status zkg_budget_check(const zkg_comm *active,
                            const zkg_forecast *forecast, uint64_t limit,
                            zkg_error *err)
{
    const uint32_t ranks = zkg_comm_size(active), rank = zkg_comm_rank(active);
    need mine = {.bytes = forecast->bytes[rank], .limit = zkg_memory_limit("")};
    uint8_t *all = NULL;
    size_t *lens = NULL;
    zkg_status status = ZKG_OK;

    if (gethostname(mine.host, sizeof(mine.host) - 1) != 0)
        strcpy(mine.host, "?");
    for (uint32_t r = 0; r < ranks && limit != 0; r++)
        if (forecast->bytes[r] > (double)limit)
            return zkg_fail(err, ZKG_ERR_NOMEM,
                            "rank %" PRIu32 " will need about %.0f MiB, "
                            "--memory-limit allows %.0f MiB (zkgkr schedule "
                            "plan --memory-per-rank splits what is large)",
                            r, forecast->bytes[r] / MIB, (double)limit / MIB);
    if (zkg_comm_allgather_bytes(active, &mine, sizeof(mine), &all, &lens) !=
        ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the ranks cannot agree");
    for (uint32_t r = 0; r < ranks && status == ZKG_OK; r++)
        status = judge((const need *)(const void *)all, ranks, r,
                       forecast->shared_bytes, err);
    free(all);
    free(lens);
    return status;
}
