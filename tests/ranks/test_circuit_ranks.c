/* SPDX-License-Identifier: Apache-2.0
 * Proofs of graphs with circuits: the same bytes on every number of ranks.
 *
 *     mpirun -n N test_circuit_ranks N
 *
 * For each number of copies rank 0 proves alone, then all N ranks together as
 * one group; the second proof must be the first, byte for byte, and verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../soundness/circuit_fixture.h"
#include "base/mem.h"
#include "comm/comm.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

static zkg_comm *world;
static uint32_t rank, size;

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "rank %u: %s: %s\n", (unsigned)rank, what, why);
    zkg_comm_abort(world, 10);
    abort();
}

/* One schedule line a rank: all of them run the one task. */
static void share(zkg_plan **plan, const fx *f)
{
    char text[4096] = {0};
    size_t at = 0;
    zkg_notes notes = {0};
    zkg_error err = {0};
    zkg_job job;

    for (uint32_t r = 0; r < size; r++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "Rank %u: Task0\n",
                               (unsigned)r);
    const zkg_schedule_text s[3] = {{"schedule", text, at},
                                    {"mapping", NULL, 0},
                                    {"dependencies", NULL, 0}};
    if (zkg_job_init(&job, &f->graph->st, size, &err) != ZKG_OK ||
        zkg_plan_parse(plan, &notes, &s[0], &s[1], &s[2], &job, &err) != ZKG_OK)
        stop("plan", notes.text != NULL ? notes.text : err.text);
    zkg_notes_clear(&notes);
    zkg_job_clear(&job);
}

static void compare(fx *f, const char *what)
{
    const zkg_prove_input alone = {&f->made, f->srs, f->witness.view, NULL};
    zkg_prove_input together = alone;
    zkg_prove_report report = {0};
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    zkg_plan *plan = NULL;
    zkg_verdict verdict = {0};
    zkg_error err = {0};
    uint8_t *one = NULL, *all = NULL;
    size_t one_len = 0, all_len = 0;

    if (rank == 0 && zkg_prove(&one, &one_len, NULL, self, self, &alone, NULL,
                               &err) != ZKG_OK)
        stop(what, err.text);
    share(&plan, f);
    together.plan = plan;
    if (zkg_prove(&all, &all_len, &report, world, world, &together, NULL,
                  &err) != ZKG_OK)
        stop(what, err.text);
    zkg_plan_free(plan);
    if (rank == 0) {
        if (report.ranks != size)
            stop(what, "not all ranks took part");
        if (all_len != one_len || memcmp(all, one, one_len) != 0)
            stop(what, "other bytes than one rank's proof");
        if (zkg_verify_with_key(&verdict, &f->made, all, all_len, NULL, &err) !=
            ZKG_OK)
            stop(what, verdict.text);
    }
    zkg_prove_report_clear(&report);
    zkg_free(one);
    zkg_free(all);
}

/* A false witness: all ranks are told which copy, none waits. */
static void refuse(fx *f, uint64_t copies, const char *what)
{
    const zkg_prove_input input = {&f->made, f->srs, f->witness.view, NULL};
    zkg_fr *u = (zkg_fr *)fx_array(f, "u")->data + 2 * (copies - 1);
    char copy[32];
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;

    zkg_fr_add(&u[0], &u[0], &zkg_fr_one);
    (void)snprintf(copy, sizeof(copy), "copy %u", (unsigned)(copies - 1));
    if (zkg_prove(&proof, &len, NULL, world, world, &input, NULL, &err) !=
            ZKG_ERR_WITNESS ||
        proof != NULL || strstr(err.text, copy) == NULL)
        stop(what, "a false witness was not refused, or not by its copy");
}

int main(int argc, char **argv)
{
    /* Of more than 2^8 copies ranks have rounds of their own before they gather
     * the copies' values. */
    static const uint64_t copies[] = {1, 2, 3, 5, 13, 64, 200, 300, 1000};
    zkg_error err = {0};
    uint32_t proofs = 0;

    if (zkg_comm_init(&world, &argc, &argv, &err) != ZKG_OK)
        return 10;
    rank = zkg_comm_rank(world);
    size = zkg_comm_size(world);
    if (argc != 2 || size != (uint32_t)atoi(argv[1]))
        stop("start", "another number of ranks than asked for");
    for (size_t i = 0; i < 3 * sizeof(copies) / sizeof(copies[0]); i++) {
        const cx_shape shape = {.copies = copies[i / 3],
                                .fr_v = i % 3 == 1,
                                .without_v = i % 3 == 2};
        char what[64];
        fx f = {0};

        (void)snprintf(what, sizeof(what), "%u copies, shape %u",
                       (unsigned)shape.copies, (unsigned)(i % 3));
        cx_init(&f, &shape, 6, i);
        compare(&f, what);
        refuse(&f, shape.copies, what);
        fx_clear(&f);
        proofs++;
    }
    if (rank == 0)
        printf("%u ranks, %u proofs: the same bytes\n", (unsigned)size,
               (unsigned)proofs);
    zkg_comm_free(world);
    return 0;
}
