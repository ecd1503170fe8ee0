/* SPDX-License-Identifier: Apache-2.0
 * The proof's bytes do not depend on ranks and plans.
 *
 *     mpirun -n N test_proof_ranks N GRAPH.zkg SRS INPUT.json PROOF SCHEDULE..
 *
 * Rank 0 proves alone first.  Then all N ranks prove under the default order,
 * under plans made here, and under each SCHEDULE that is for N ranks; every
 * proof must be the first one, byte for byte, made by N ranks, and every
 * communicator must be freed.  The proof must verify; it goes to PROOF, so that
 * launches with another N can be compared. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "bench.h"

static void load(bench *b, char **argv)
{
    zkg_error err = {0};

    bench_must(b, zkg_graph_load(&b->graph, argv[2], &err), "graph", &err);
    bench_must(b, zkg_witness_from_input(&b->witness, b->graph, argv[4], &err),
               "witness", &err);
    bench_set_up(b, argv[3]);
}

/* One wrong value in a private tensor: all ranks are told, none waits. */
static void refuse(bench *b, const zkg_plan *plan, const char *name)
{
    const zkg_statement *st = &b->key.statement;
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, plan};
    uint64_t made0, freed0, made, freed;

    zkg_comm_counts(b->world, &made0, &freed0);
    for (uint32_t t = 0; t < st->tensors; t++) {
        zkg_array *a = &b->witness.array[t];
        zkg_error err = {0};
        uint8_t *proof = NULL;
        size_t len = 0;
        zkg_status s;

        if (st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        zkg_array_set_i64(a, 0, zkg_array_get_i64(a, 0) ^ 1);
        s = zkg_prove(&proof, &len, NULL, b->world, b->world, &input, NULL,
                      &err);
        zkg_array_set_i64(a, 0, zkg_array_get_i64(a, 0) ^ 1);
        if (s != ZKG_ERR_WITNESS || proof != NULL || err.text[0] == '\0')
            bench_stop(b, name, "a false witness was not refused");
    }
    zkg_comm_counts(b->world, &made, &freed);
    if (made - made0 != freed - freed0)
        bench_stop(b, name, "a communicator was not freed after a failure");
}

static void put(char **at, const char *fmt, uint32_t v)
{
    *at += sprintf(*at, fmt, v);
}

/* Three plans for any graph: everything shared by all, in reverse; tasks dealt
 * in turn, each after the one before; tasks dealt in pairs of ranks. */
static void make_plan(zkg_plan **plan, const bench *b, int kind)
{
    const uint32_t tasks = b->job.tasks;
    char *text = calloc(1, 4096 + (size_t)b->size * tasks * 16);
    char *needs = calloc(1, 4096 + (size_t)tasks * 32);
    char *at = text, *n = needs;
    zkg_notes notes = {0};
    zkg_error err = {0};

    if (text == NULL || needs == NULL)
        bench_stop(b, "plan", "no memory");
    for (uint32_t r = 0; r < b->size; r++) {
        put(&at, "Rank %" PRIu32 ": idle", r);
        for (uint32_t t = 0; t < tasks; t++) {
            if (kind == 0)
                put(&at, " -> Task%" PRIu32, tasks - 1 - t);
            else if (kind == 1 && t % b->size == r)
                put(&at, " -> Task%" PRIu32, t);
            else if (kind == 2 && (t % b->size == r || (t + 1) % b->size == r))
                put(&at, " -> Task%" PRIu32, t);
        }
        at += sprintf(at, "\n");
    }
    for (uint32_t t = 1; kind == 1 && t < tasks; t++)
        n += sprintf(n, "Task%" PRIu32 ": Task%" PRIu32 "\n", t, t - 1);
    const zkg_schedule_text s[3] = {
        {"schedule", text, strlen(text)},
        {"mapping", NULL, 0},
        {"dependencies", needs, strlen(needs)},
    };
    bench_must(b,
               zkg_plan_parse(plan, &notes, &s[0], &s[1], &s[2], &b->job, &err),
               notes.text == NULL ? "plan" : notes.text, &err);
    zkg_notes_clear(&notes);
    free(text);
    free(needs);
}

int main(int argc, char **argv)
{
    bench b;
    zkg_error err = {0};
    zkg_plan *plan = NULL;

    bench_start(&b, argc, argv);
    if (argc < 6)
        bench_stop(&b, "start", "usage");
    load(&b, argv);
    bench_prove_alone(&b);
    if (b.rank == 0)
        bench_must(&b, zkg_file_write_atomic(argv[5], b.proof, b.len, &err),
                   "write", &err);
    bench_run(&b, NULL, "default order", NULL);
    for (int kind = 0; kind < 3; kind++) {
        static const char *const names[] = {"all shared", "in turn", "pairs"};

        make_plan(&plan, &b, kind);
        bench_run(&b, plan, names[kind], NULL);
        refuse(&b, plan, names[kind]);
        zkg_plan_free(plan);
    }
    for (int i = 6; i < argc; i++) {
        zkg_notes notes = {0};

        bench_must(
            &b, zkg_plan_read(&plan, &notes, argv[i], NULL, NULL, &b.job, &err),
            notes.text == NULL ? argv[i] : notes.text, &err);
        bench_run(&b, plan, argv[i], NULL);
        zkg_plan_free(plan);
        zkg_notes_clear(&notes);
    }
    if (b.rank == 0)
        printf("%" PRIu32 " ranks, %" PRIu32 " plans: %zu bytes, the same\n",
               b.size, b.plans, b.len);
    bench_end(&b);
    return 0;
}
