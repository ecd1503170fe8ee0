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

#include "base/cpu.h"
#include "base/io.h"
#include "base/mem.h"
#include "comm/comm.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

typedef struct bench {
    zkg_comm *world;
    uint32_t rank, size;
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    zkg_job job;
    uint8_t *proof; /* rank 0: the reference */
    size_t len;
    uint32_t plans;
} bench;

static void stop(const bench *b, const char *what, const char *why)
{
    fprintf(stderr, "rank %" PRIu32 ": %s: %s\n", b->rank, what, why);
    zkg_comm_abort(b->world, 10);
    abort();
}

static void must(const bench *b, zkg_status s, const char *what,
                 const zkg_error *err)
{
    if (s != ZKG_OK)
        stop(b, what, err->text[0] != '\0' ? err->text : zkg_status_name(s));
}

static void load(bench *b, char **argv)
{
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    zkg_error err = {0};

    must(b, zkg_graph_load(&b->graph, argv[2], &err), "graph", &err);
    must(b, zkg_srs_read(&b->srs, argv[3], &err), "srs", &err);
    must(b,
         zkg_setup(&b->key, NULL, b->graph, b->srs, ZKG_PCS_MERCURY, cpu, &err),
         "setup", &err);
    must(b, zkg_witness_from_input(&b->witness, b->graph, argv[4], &err),
         "witness", &err);
    must(b, zkg_job_init(&b->job, &b->key.statement, b->size, &err), "job",
         &err);
}

/* Communicators that this plan makes on a rank. */
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
        stop(b, name, "not all ranks took part");
    for (uint32_t r = 0; r < b->size; r++) {
        bool worked = report->rank[r].commit_s > 0;

        if (!worked)
            stop(b, name, "a rank did not take part");
    }
}

static void run(bench *b, const zkg_plan *plan, const char *name)
{
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, plan};
    zkg_prove_report report;
    zkg_error err = {0};
    uint64_t made0, freed0, made, freed;
    uint8_t *proof = NULL;
    size_t len = 0;

    zkg_comm_counts(b->world, &made0, &freed0);
    must(b,
         zkg_prove(&proof, &len, &report, b->world, b->world, &input, NULL,
                   &err),
         name, &err);
    zkg_comm_counts(b->world, &made, &freed);
    if (made - made0 != freed - freed0)
        stop(b, name, "a communicator was not freed");
    if (plan != NULL && made - made0 != groups_of(plan, b->rank))
        stop(b, name, "not one communicator a shared task");
    if (b->rank == 0) {
        check_report(b, &report, name);
        if (len != b->len || memcmp(proof, b->proof, len) != 0)
            stop(b, name, "other bytes than one rank's proof");
    } else if (proof != NULL) {
        stop(b, name, "a proof on another rank than 0");
    }
    b->plans++;
    zkg_prove_report_clear(&report);
    zkg_free(proof);
}

/* Rank 0 alone. */
static void prove_alone(bench *b, const char *path)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_input input = {&b->key, b->srs, b->witness.view, NULL};
    zkg_verdict verdict = {ZKG_CHECK_NONE, -1, -1, {0}};
    zkg_error err = {0};

    must(b, zkg_prove(&b->proof, &b->len, NULL, self, self, &input, NULL, &err),
         "one rank", &err);
    must(b,
         zkg_verify_with_key(&verdict, &b->key, b->proof, b->len, NULL, &err),
         "verify", &err);
    must(b, zkg_file_write_atomic(path, b->proof, b->len, &err), "write", &err);
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
            stop(b, name, "a false witness was not refused");
    }
    zkg_comm_counts(b->world, &made, &freed);
    if (made - made0 != freed - freed0)
        stop(b, name, "a communicator was not freed after a failure");
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
        stop(b, "plan", "no memory");
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
    must(b, zkg_plan_parse(plan, &notes, &s[0], &s[1], &s[2], &b->job, &err),
         notes.text == NULL ? "plan" : notes.text, &err);
    zkg_notes_clear(&notes);
    free(text);
    free(needs);
}

int main(int argc, char **argv)
{
    bench b = {.rank = 0};
    zkg_error err = {0};
    zkg_plan *plan = NULL;

    must(&b, zkg_comm_init(&b.world, &argc, &argv, &err), "start", &err);
    b.rank = zkg_comm_rank(b.world);
    b.size = zkg_comm_size(b.world);
    if (argc < 6 || b.size != (uint32_t)atoi(argv[1]))
        stop(&b, "start", "usage, or another number of ranks than asked for");
    load(&b, argv);
    if (b.rank == 0)
        prove_alone(&b, argv[5]);
    run(&b, NULL, "default order");
    for (int kind = 0; kind < 3; kind++) {
        static const char *const names[] = {"all shared", "in turn", "pairs"};

        make_plan(&plan, &b, kind);
        run(&b, plan, names[kind]);
        refuse(&b, plan, names[kind]);
        zkg_plan_free(plan);
    }
    for (int i = 6; i < argc; i++) {
        zkg_notes notes = {0};

        must(&b,
             zkg_plan_read(&plan, &notes, argv[i], NULL, NULL, &b.job, &err),
             notes.text == NULL ? argv[i] : notes.text, &err);
        run(&b, plan, argv[i]);
        zkg_plan_free(plan);
        zkg_notes_clear(&notes);
    }
    if (b.rank == 0)
        printf("%" PRIu32 " ranks, %" PRIu32 " plans: %zu bytes, the same\n",
               b.size, b.plans, b.len);
    zkg_free(b.proof);
    zkg_job_clear(&b.job);
    zkg_witness_clear(&b.witness);
    zkg_key_clear(&b.key);
    zkg_srs_free(b.srs);
    zkg_graph_free(b.graph);
    zkg_comm_free(b.world);
    return 0;
}
