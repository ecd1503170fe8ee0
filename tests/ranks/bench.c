/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "graph/setup.h"
#include "zkgkr/verify.h"

_Noreturn void bench_stop(const bench *b, const char *what, const char *why)
{
    fprintf(stderr, "rank %" PRIu32 ": %s: %s\n", b->rank, what, why);
    if (b->world != NULL)
        zkg_comm_abort(b->world, 10);
    abort();
}

void bench_must(const bench *b, zkg_status s, const char *what,
                const zkg_error *err)
{
    if (s != ZKG_OK)
        bench_stop(b, what,
                   err->text[0] != '\0' ? err->text : zkg_status_name(s));
}

void bench_start(bench *b, int argc, char **argv)
{
    zkg_error err = {0};

    *b = (bench){.rank = 0};
    bench_must(b, zkg_comm_init(&b->world, &argc, &argv, &err), "start", &err);
    b->rank = zkg_comm_rank(b->world);
    b->size = zkg_comm_size(b->world);
    if (argc < 2 || b->size != (uint32_t)atoi(argv[1]))
        bench_stop(b, "start", "another number of ranks than asked for");
}

void bench_end(bench *b)
{
    zkg_free(b->proof);
    zkg_job_clear(&b->job);
    zkg_witness_clear(&b->witness);
    zkg_key_clear(&b->key);
    zkg_srs_free(b->srs);
    zkg_graph_free(b->graph);
    zkg_comm_free(b->world);
}

void bench_set_up(bench *b, const char *srs)
{
    zkg_error err = {0};

    bench_must(b, zkg_srs_read(&b->srs, srs, &err), "srs", &err);
    bench_must(b,
               zkg_setup(&b->key, NULL, b->graph, b->srs, ZKG_PCS_MERCURY,
                         zkg_cpu_features(ZKG_CPU_ALL), &err),
               "setup", &err);
    bench_must(b, zkg_job_init(&b->job, &b->key.statement, b->size, &err),
               "job", &err);
}

void bench_prove_alone(bench *b)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, NULL};
    zkg_verdict verdict = {ZKG_CHECK_NONE, -1, -1, {0}};
    zkg_error err = {0};

    if (b->rank != 0)
        return;
    bench_must(
        b, zkg_prove(&b->proof, &b->len, NULL, self, self, &input, NULL, &err),
        "one rank", &err);
    bench_must(
        b, zkg_verify_with_key(&verdict, &b->key, b->proof, b->len, NULL, &err),
        "verify", &err);
}

/* Communicators that a plan makes on a rank. */
static uint64_t groups_of(const zkg_plan *plan, uint32_t rank)
{
    uint64_t n = 0;

    for (uint32_t s = plan->step_first[rank]; s < plan->step_first[rank + 1];
         s++) {
        const uint32_t c = plan->step[s];

        n += plan->group_first[c + 1] - plan->group_first[c] > 1;
    }
    return n;
}

static void check_report(const bench *b, const zkg_prove_report *report,
                         const char *name)
{
    if (report->ranks != b->size)
        bench_stop(b, name, "not all ranks took part");
    for (uint32_t r = 0; r < b->size; r++)
        if (!(report->rank[r].commit_s > 0))
            bench_stop(b, name, "a rank did not take part");
}

void bench_run(bench *b, const zkg_plan *plan, const char *name,
               zkg_prove_report *report)
{
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, plan};
    zkg_prove_report own;
    zkg_error err = {0};
    uint64_t made0, freed0, made, freed;
    uint8_t *proof = NULL;
    size_t len = 0;

    zkg_comm_counts(b->world, &made0, &freed0);
    bench_must(b,
               zkg_prove(&proof, &len, report == NULL ? &own : report, b->world,
                         b->world, &input, NULL, &err),
               name, &err);
    zkg_comm_counts(b->world, &made, &freed);
    if (made - made0 != freed - freed0)
        bench_stop(b, name, "a communicator was not freed");
    if (plan != NULL && made - made0 != groups_of(plan, b->rank))
        bench_stop(b, name, "not one communicator a shared task");
    if (b->rank == 0) {
        check_report(b, report == NULL ? &own : report, name);
        if (len != b->len || memcmp(proof, b->proof, len) != 0)
            bench_stop(b, name, "other bytes than one rank's proof");
    } else if (proof != NULL) {
        bench_stop(b, name, "a proof on another rank than 0");
    }
    b->plans++;
    if (report == NULL)
        zkg_prove_report_clear(&own);
    zkg_free(proof);
}
