/* SPDX-License-Identifier: Apache-2.0 */
#include "example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zkgkr/prove.h"
#include "zkgkr/schedule.h"
#include "zkgkr/verify.h"

#define ALTERED 9 /* places in a proof */

/* Of the processor: what else the machine does counts less than by the clock.
 */
static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

bool example_is_first(const example *e)
{
    return e->world == NULL || zkg_comm_rank(e->world) == 0;
}

zkg_status example_start(example *e, const char *name, int argc, char **argv,
                         zkg_error *err)
{
    const char *srs = NULL;

    *e = (example){.name = name};
    ZKG_TRY(zkg_comm_init(&e->world, &argc, &argv, err));
    while (argc > 2 && strncmp(argv[1], "--", 2) == 0) {
        if (strcmp(argv[1], "--srs") == 0)
            srs = argv[2];
        else if (strcmp(argv[1], "--schedule") == 0)
            e->schedule = argv[2];
        else if (strcmp(argv[1], "--out") == 0)
            e->out = argv[2];
        else if (strcmp(argv[1], "--tasks") == 0)
            e->tasks = argv[2];
        else if (strcmp(argv[1], "--save") == 0)
            e->save = argv[2];
        else
            break;
        argc -= 2;
        argv += 2;
    }
    e->argc = argc - 1;
    e->argv = argv + 1;
    if (srs != NULL)
        return zkg_srs_read(&e->srs, srs, err);
    if (zkg_comm_size(e->world) > 1)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "several ranks need one reference string: --srs FILE");
    return zkg_srs_new(&e->srs, 12, err); /* for development */
}

int example_end(example *e, zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK && example_is_first(e))
        fprintf(stderr, "%s: %s\n", e->name, err->text);
    zkg_srs_free(e->srs);
    zkg_comm_free(e->world);
    return zkg_status_exit_code(s);
}

/* Another value at some bytes, from the first to the last, each alone. */
static zkg_status refuse_altered(const zkg_key *key, uint8_t *proof, size_t len,
                                 zkg_error *err)
{
    for (size_t i = 0; i < ALTERED; i++) {
        const size_t at = i * (len - 1) / (ALTERED - 1);
        zkg_verdict verdict = {0};
        zkg_status s;

        proof[at] ^= 4;
        s = zkg_verify_with_key(&verdict, key, proof, len, NULL, NULL);
        proof[at] ^= 4;
        if (s == ZKG_OK)
            return zkg_fail(err, ZKG_ERR_INTERNAL,
                            "a proof altered at byte %zu was accepted", at);
    }
    return ZKG_OK;
}

static zkg_status judge(double *verify_s, const example *e, const zkg_key *key,
                        const zkg_witness *w, uint8_t *proof, size_t len,
                        zkg_error *err)
{
    const zkg_verify_options options = {.expected =
                                            zkg_witness_public_arrays(w)};
    zkg_verdict verdict = {0};
    const double from = seconds();
    zkg_status s =
        zkg_verify_with_key(&verdict, key, proof, len, &options, err);

    *verify_s = seconds() - from;
    if (s != ZKG_OK)
        return zkg_fail(err, s, "refused: %s", verdict.text);
    if (e->out != NULL) {
        FILE *f = fopen(e->out, "wb");
        const bool written = f != NULL && fwrite(proof, 1, len, f) == len;

        if (f == NULL || fclose(f) != 0 || !written)
            return zkg_fail(err, ZKG_ERR_IO, "%s: cannot be written", e->out);
    }
    return refuse_altered(key, proof, len, err);
}

/* The names of tasks, a line each. */
static zkg_status write_tasks(const example *e, const zkg_key *key,
                              zkg_error *err)
{
    FILE *f = fopen(e->tasks, "w");
    zkg_job job;
    zkg_status s;

    if (f == NULL)
        return zkg_fail(err, ZKG_ERR_IO, "%s: cannot be written", e->tasks);
    s = zkg_job_init(&job, zkg_key_statement(key), 1, err);
    for (uint32_t i = 0; s == ZKG_OK && i < job.tasks; i++)
        fprintf(f, "%s\n", job.task_name[i]);
    if (s == ZKG_OK)
        zkg_job_clear(&job);
    if (fclose(f) != 0 && s == ZKG_OK)
        s = zkg_fail(err, ZKG_ERR_IO, "%s: cannot be written", e->tasks);
    return s;
}

static zkg_status make_plan(zkg_plan **plan, const example *e,
                            const zkg_key *key, zkg_error *err)
{
    zkg_notes notes = {0};
    zkg_job job;
    zkg_status s;

    if (e->schedule == NULL)
        return ZKG_OK;
    ZKG_TRY(zkg_job_init(&job, zkg_key_statement(key), zkg_comm_size(e->world),
                         err));
    s = zkg_plan_read(plan, &notes, e->schedule, NULL, NULL, &job, err);
    if (example_is_first(e) && notes.len > 0)
        fputs(notes.text, stderr);
    zkg_notes_clear(&notes);
    zkg_job_clear(&job);
    return s;
}

zkg_status example_prove_with(example *e, const zkg_key *key,
                              const zkg_witness *w, zkg_error *err)
{
    zkg_prove_input input = {
        .key = key, .srs = e->srs, .arrays = zkg_witness_arrays(w)};
    zkg_prove_report report = {0};
    zkg_plan *plan = NULL;
    uint8_t *proof = NULL;
    size_t len = 0;
    double prove_s, verify_s;
    zkg_status s;

    if (e->tasks != NULL)
        return write_tasks(e, key, err);
    ZKG_TRY(make_plan(&plan, e, key, err));
    input.plan = plan;
    prove_s = seconds();
    s = zkg_prove(&proof, &len, &report, e->world, e->world, &input, NULL, err);
    prove_s = seconds() - prove_s;
    if (s == ZKG_OK && example_is_first(e)) {
        s = judge(&verify_s, e, key, w, proof, len, err);
        if (s == ZKG_OK)
            printf("%s: %u rank%s, %zu bytes, proven in %.3f s (%.3f s of the "
                   "processor), verified in %.1f ms; %d altered proofs "
                   "refused\n",
                   e->name, report.ranks, report.ranks == 1 ? "" : "s", len,
                   report.prove_s, prove_s, 1e3 * verify_s, ALTERED);
    }
    s = zkg_ranks_agree(e->world, s, err);
    zkg_prove_report_clear(&report);
    zkg_proof_free(proof);
    zkg_plan_free(plan);
    return s;
}

/* Rank 0 leaves them for the program. */
static zkg_status save(const example *e, const zkg_graph *g,
                       const zkg_witness *w, zkg_error *err)
{
    const size_t room = strlen(e->save) + sizeof(".values");
    char *path = malloc(room);
    zkg_status s =
        path == NULL ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory") : ZKG_OK;

    if (s == ZKG_OK && example_is_first(e)) {
        snprintf(path, room, "%s.zkg", e->save);
        s = zkg_graph_save(g, path, err);
        snprintf(path, room, "%s.values", e->save);
        if (s == ZKG_OK)
            s = zkg_witness_save(w, path, err);
    }
    free(path);
    return zkg_ranks_agree(e->world, s, err);
}

zkg_status example_prove(example *e, const zkg_graph *g, const zkg_witness *w,
                         zkg_error *err)
{
    zkg_key *key = NULL;
    zkg_status s;

    if (e->save != NULL)
        return save(e, g, w, err);
    ZKG_TRY(zkg_key_new(&key, g, e->srs, err));
    s = example_prove_with(e, key, w, err);
    zkg_key_free(key);
    return s;
}

zkg_status example_expect(const zkg_witness *w, const char *tensor,
                          const int64_t *value, size_t count, zkg_error *err)
{
    int64_t *have = calloc(count, sizeof(*have));
    zkg_status s;

    if (have == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_witness_get_i64(have, count, w, tensor, err);
    for (size_t i = 0; i < count && s == ZKG_OK; i++) {
        if (have[i] != value[i])
            s = zkg_fail(err, ZKG_ERR_INTERNAL, "%s[%zu] is %lld, not %lld",
                         tensor, i, (long long)have[i], (long long)value[i]);
    }
    free(have);
    return s;
}

zkg_status example_graph(zkg_graph **g,
                         zkg_status (*calls)(zkg_device *d, void *user,
                                             zkg_error *err),
                         void *user, zkg_error *err)
{
    zkg_device *d;
    zkg_status s;

    ZKG_TRY(zkg_device_new(&d, err));
    s = calls(d, user, err);
    if (s == ZKG_OK)
        s = zkg_device_finish(g, d, err);
    zkg_device_free(d);
    return s;
}

static zkg_status make_witness(zkg_witness **w, const zkg_graph *g,
                               const example_values *in, size_t ins,
                               zkg_error *err)
{
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_witness_new(w, g, NULL, err));
    for (size_t i = 0; i < ins && s == ZKG_OK; i++)
        s = zkg_witness_set_i64(*w, in[i].tensor, in[i].value, in[i].count,
                                err);
    if (s == ZKG_OK)
        s = zkg_witness_make(*w, err);
    if (s != ZKG_OK)
        zkg_witness_free(*w);
    return s;
}

zkg_status example_run(example *e, const zkg_graph *g, const example_values *in,
                       size_t ins, const example_values *out, size_t outs,
                       zkg_error *err)
{
    zkg_witness *w;
    zkg_status s = ZKG_OK;

    ZKG_TRY(make_witness(&w, g, in, ins, err));
    for (size_t i = 0; i < outs && s == ZKG_OK; i++)
        s = example_expect(w, out[i].tensor, out[i].value, out[i].count, err);
    if (s == ZKG_OK)
        s = example_prove(e, g, w, err);
    zkg_witness_free(w);
    return s;
}

zkg_status example_refused(const zkg_graph *g, const example_values *in,
                           size_t ins, const char *why, zkg_error *err)
{
    zkg_error said = {0};
    zkg_witness *w;

    if (make_witness(&w, g, in, ins, &said) == ZKG_OK) {
        zkg_witness_free(w);
        return zkg_fail(err, ZKG_ERR_INTERNAL, "there is a witness where %s",
                        why);
    }
    if (said.status != ZKG_ERR_WITNESS || strstr(said.text, why) == NULL)
        return zkg_fail(err, ZKG_ERR_INTERNAL, "\"%.300s\" does not say %s",
                        said.text, why);
    return ZKG_OK;
}
