/* SPDX-License-Identifier: Apache-2.0
 * Random graphs of kernels: the same bytes on every number of ranks.
 *
 *     mpirun -n N test_random_ranks N
 *
 * For each seed rank 0 proves alone; then all N ranks together, by the default
 * order, and by a schedule that deals the tasks out at random.  All three
 * proofs must be the same bytes, and the model agrees with what they prove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../soundness/random_graph.h"
#include "../unit/rng.h"
#include "base/mem.h"
#include "comm/comm.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

enum { GRAPHS = 25 };

static zkg_comm *world;
static uint32_t rank, size;

static void stop(uint64_t seed, const char *why)
{
    fprintf(stderr, "rank %u, seed %llu: %s\n", (unsigned)rank,
            (unsigned long long)seed, why);
    zkg_comm_abort(world, 10);
    abort();
}

/* Each task to one rank, or to some from the first on, in the graph's order. */
static void deal(zkg_plan **plan, const fx *f, uint64_t seed)
{
    const zkg_statement *st = &f->graph->st;
    char text[8][1024];
    char all[8 * 1024] = {0};
    rng random = {seed};
    zkg_notes notes = {0};
    zkg_error err = {0};
    size_t at = 0;
    zkg_job job;

    for (uint32_t r = 0; r < size; r++)
        (void)snprintf(text[r], sizeof(text[r]), "Rank %u:", (unsigned)r);
    for (uint32_t t = 0; t < st->tasks; t++) {
        const uint32_t first = (uint32_t)rng_below(&random, size);
        const uint32_t end =
            first + 1 + (uint32_t)rng_below(&random, size - first);

        for (uint32_t r = first; r < end; r++) {
            const size_t n = strlen(text[r]);

            (void)snprintf(text[r] + n, sizeof(text[r]) - n, "%s %s",
                           text[r][n - 1] == ':' ? "" : " ->",
                           st->task[t].name);
        }
    }
    for (uint32_t r = 0; r < size; r++)
        at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s\n", text[r],
                               strchr(text[r], ':')[1] == 0 ? " idle" : "");
    const zkg_schedule_text s[3] = {
        {"schedule", all, at}, {"mapping", NULL, 0}, {"dependencies", NULL, 0}};
    if (zkg_job_init(&job, st, size, &err) != ZKG_OK ||
        zkg_plan_parse(plan, &notes, &s[0], &s[1], &s[2], &job, &err) != ZKG_OK)
        stop(seed, notes.text != NULL ? notes.text : err.text);
    zkg_notes_clear(&notes);
    zkg_job_clear(&job);
}

static void prove_together(const fx *f, const zkg_plan *plan,
                           const uint8_t *want, size_t want_len, uint64_t seed)
{
    const zkg_prove_input input = {&f->made, f->srs, f->witness.view, plan};
    zkg_prove_report report = {0};
    zkg_verdict verdict = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;

    if (zkg_prove(&proof, &len, &report, world, world, &input, NULL, &err) !=
        ZKG_OK)
        stop(seed, err.text);
    if (rank == 0) {
        if (report.ranks != size)
            stop(seed, "not all ranks took part");
        if (len != want_len || memcmp(proof, want, len) != 0)
            stop(seed, "other bytes than one rank's proof");
        if (zkg_verify_with_key(&verdict, &f->made, proof, len, NULL, &err) !=
            ZKG_OK)
            stop(seed, verdict.text);
    }
    zkg_prove_report_clear(&report);
    zkg_free(proof);
}

static void compare(fx *f, uint64_t seed)
{
    const zkg_prove_input alone = {&f->made, f->srs, f->witness.view, NULL};
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    zkg_error err = {0};
    uint8_t *one = NULL;
    size_t len = 0;
    zkg_plan *plan = NULL;

    if (rank == 0 &&
        zkg_prove(&one, &len, NULL, self, self, &alone, NULL, &err) != ZKG_OK)
        stop(seed, err.text);
    prove_together(f, NULL, one, len, seed);
    deal(&plan, f, seed);
    prove_together(f, plan, one, len, seed);
    zkg_plan_free(plan);
    zkg_free(one);
}

int main(int argc, char **argv)
{
    zkg_error err = {0};

    if (zkg_comm_init(&world, &argc, &argv, &err) != ZKG_OK)
        return 10;
    rank = zkg_comm_rank(world);
    size = zkg_comm_size(world);
    if (argc != 2 || size > 8 || size != (uint32_t)atoi(argv[1]))
        stop(0, "another number of ranks than asked for");
    for (uint64_t seed = 100; seed < 100 + GRAPHS; seed++) {
        fx f = {0};

        rg_init(&f, seed, 5 + (uint32_t)(seed % 3));
        compare(&f, seed);
        fx_clear(&f);
    }
    if (rank == 0)
        printf("%u ranks, seeds 100 to %d: the same bytes\n", (unsigned)size,
               99 + GRAPHS);
    zkg_comm_free(world);
    return 0;
}
