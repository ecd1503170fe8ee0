/* SPDX-License-Identifier: Apache-2.0
 * The prover: commit, walk the plan, gather, open, assemble. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "graph/key.h"
#include "prover/board.h"
#include "prover/prover.h"

/* A failure that this rank may be the only one to see: say it and end the job,
 * so that nobody waits for ever. */
static zkg_status alone(zkg_prover *p, zkg_status status, zkg_error *err)
{
    if (status == ZKG_OK || p->size == 1)
        return status;
    if (p->options->alone != NULL)
        p->options->alone(p->options->stage_user, status, err);
    else
        zkg_log_error(p->options->log, "%s",
                      err == NULL || err->text[0] == '\0'
                          ? zkg_status_words(status)
                          : err->text);
    zkg_comm_abort(p->world, zkg_status_exit_code(status));
    return status;
}

zkg_status zkg_prover_stage(const zkg_prover *p, zkg_stage stage,
                            const char *what, zkg_error *err)
{
    zkg_board_begin(p->options->board, p->rank, stage);
    if (p->options->stage == NULL)
        return ZKG_OK;
    return p->options->stage(p->options->stage_user, stage, what, err);
}

static zkg_status check_input(const zkg_prover *p, zkg_error *err)
{
    for (uint32_t t = 0; t < p->st->tensors; t++)
        if (p->arrays[t] == NULL)
            return zkg_fail(err, ZKG_ERR_INVALID, "the witness lacks %s",
                            p->st->tensor[t].name);
    if (p->plan->ranks != p->size || p->plan->tasks != p->st->tasks ||
        p->plan->tables != p->st->tables)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "the plan is for another job than this one");
    if (p->srs->power < p->k)
        return zkg_fail(err, ZKG_ERR_IO,
                        "the SRS has power %u, the key needs %u",
                        (unsigned)p->srs->power, (unsigned)p->k);
    return ZKG_OK;
}

/* Everything up to the last segment.  *failed: what all ranks of a group saw.
 */
static zkg_status stages(zkg_status *failed, zkg_tape *root,
                         zkg_g1 *commitments, zkg_prover *p, const zkg_key *key,
                         zkg_error *err)
{
    ZKG_TRY(zkg_prover_commit(commitments, root, p, key, err));
    ZKG_TRY(zkg_root_start(&p->seed, root, p->st, p->k, &p->layout, commitments,
                           err));
    ZKG_TRY(zkg_prover_resume(p, err));
    ZKG_TRY(zkg_prover_walk(failed, p, err));
    ZKG_TRY(zkg_prover_stage(p, ZKG_STAGE_GATHER, "", err));
    return zkg_prover_collect(p, true, err);
}

static zkg_status open_claims(zkg_tape *root, zkg_prover *p, zkg_error *err)
{
    const double start = zkg_seconds();
    zkg_open_claim *claims = NULL;
    zkg_verdict verdict = {0};
    size_t count = 0;
    zkg_status status;

    status = zkg_root_finish(
        &claims, &count, root, p->st, &p->layout, p->k, p->ends, p->arrays,
        NULL, NULL, zkg_hooks_cheat(p->options->hooks) ? NULL : &verdict, err);
    if (status == ZKG_ERR_REJECT)
        return zkg_fail(err, ZKG_ERR_WITNESS, "%s", verdict.text);
    if (status == ZKG_OK)
        status = zkg_batch_open(root, p->active, p->backend, p->srs, p->pcs,
                                p->k, claims, count, p->options->hooks);
    zkg_free(claims);
    p->open_at = start - p->start;
    p->open_s = zkg_seconds() - start;
    if (status != ZKG_OK)
        return zkg_fail(err, status, "the opening failed (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}

static zkg_status assemble(uint8_t **proof, size_t *proof_len,
                           const zkg_tape *root, const zkg_prover *p,
                           const zkg_key *key, zkg_error *err)
{
    zkg_proof_sizes sizes;
    zkg_writer w;

    if (root->len != p->layout.commit_bytes + p->layout.opening_bytes)
        return zkg_fail(err, ZKG_ERR_INTERNAL,
                        "root messages of %zu bytes instead of %zu", root->len,
                        p->layout.commit_bytes + p->layout.opening_bytes);
    zkg_root_proof_sizes(&sizes, &p->layout);
    zkg_writer_init_room(&w, zkg_proof_bytes(&sizes));
    (void)zkg_proof_write_header(&w, key->digest);
    (void)zkg_proof_write_public(&w, p->st, p->arrays);
    (void)zkg_writer_bytes(&w, root->buf, p->layout.commit_bytes);
    (void)zkg_writer_bytes(&w, p->mail.segments, p->layout.segments_bytes);
    (void)zkg_writer_bytes(&w, root->buf + p->layout.commit_bytes,
                           p->layout.opening_bytes);
    if (w.status != ZKG_OK) {
        const zkg_status status = w.status;

        zkg_writer_free(&w);
        return zkg_fail(err, status, "no memory for the proof");
    }
    *proof = zkg_writer_take(&w, proof_len);
    return ZKG_OK;
}

/* From the last segment to the proof. */
static zkg_status finish(uint8_t **proof, size_t *proof_len, zkg_tape *root,
                         zkg_prover *p, const zkg_key *key, zkg_error *err)
{
    zkg_status status = alone(p, zkg_prover_gather(p, err), err);

    ZKG_TRY(status);
    ZKG_TRY(alone(p, zkg_prover_stage(p, ZKG_STAGE_OPENING, "", err), err));
    status = open_claims(root, p, err);
    if (status == ZKG_ERR_NOMEM || status == ZKG_ERR_COMM)
        return alone(p, status, err);
    if (status == ZKG_OK && p->rank == 0)
        status = assemble(proof, proof_len, root, p, key, err);
    /* Rank 0 alone assembles. */
    return zkg_ranks_agree(p->active, status, err);
}

static zkg_status run(uint8_t **proof, size_t *proof_len, zkg_prover *p,
                      const zkg_key *key, zkg_error *err)
{
    zkg_g1 *commitments =
        zkg_alloc((size_t)p->layout.private_points, sizeof(*commitments));
    zkg_status failed = ZKG_OK;
    zkg_tape root;
    zkg_status status;

    zkg_tape_init_prove(&root);
    if (commitments == NULL)
        status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for commitments");
    else
        status = stages(&failed, &root, commitments, p, key, err);
    zkg_free(commitments);
    status = alone(p, status, err);
    if (status == ZKG_OK)
        status = zkg_ranks_agree(p->active, failed, err);
    if (status == ZKG_OK)
        status = finish(proof, proof_len, &root, p, key, err);
    zkg_tape_clear(&root);
    return status;
}

static void clear(zkg_prover *p)
{
    for (uint32_t i = 0; i < p->led_len; i++) {
        zkg_free(p->led[i].end.claim);
        zkg_free(p->led[i].end.fraction);
    }
    for (uint32_t c = 0; p->ends != NULL && c < p->layout.children; c++) {
        zkg_free(p->ends[c].claim);
        zkg_free(p->ends[c].fraction);
    }
    zkg_free(p->led);
    zkg_free(p->step);
    zkg_free(p->ends);
    zkg_free(p->have);
    zkg_prover_mail_clear(&p->mail);
    zkg_root_seed_clear(&p->seed);
    zkg_root_layout_clear(&p->layout);
}

static zkg_status make_default_plan(zkg_plan **out, const zkg_prover *p,
                                    zkg_error *err)
{
    zkg_job job;
    zkg_status status;

    ZKG_TRY(zkg_job_init_children(&job, p->st, p->size, &zkg_costs_builtin,
                                  false, err));
    status = zkg_plan_default(out, &job, err);
    zkg_job_clear(&job);
    return status;
}

zkg_status zkg_prove(uint8_t **proof, size_t *proof_len,
                     zkg_prove_report *report, zkg_comm *world,
                     const zkg_comm *active, const zkg_prove_input *input,
                     const zkg_prove_options *options, zkg_error *err)
{
    static const zkg_prove_options none = {.hooks = NULL};
    const uint32_t cpu =
        zkg_cpu_features(~(options == NULL ? none : *options).cpu_without);
    zkg_prover p = {.world = world,
                    .active = active,
                    .rank = zkg_comm_rank(active),
                    .size = zkg_comm_size(active),
                    .backend = zkg_backend_get(cpu),
                    .cpu_flags = cpu,
                    .st = &input->key->statement,
                    .srs = input->srs,
                    .srs_digest = input->key->srs.digest,
                    .pcs = input->key->srs.pcs,
                    .k = input->key->srs.k,
                    .arrays = input->arrays,
                    .plan = input->plan,
                    .options = options == NULL ? &none : options,
                    .start = zkg_seconds()};
    zkg_plan *own_plan = NULL;
    zkg_error unused = {0};
    zkg_status status = ZKG_OK;

    if (err == NULL)
        err = &unused;
    *proof = NULL;
    *proof_len = 0;
    zkg_comm_traffic(world, &p.comm_s0, &p.comm_bytes0);
    if (report != NULL)
        memset(report, 0, sizeof(*report));
    if (p.plan == NULL) {
        status = make_default_plan(&own_plan, &p, err);
        p.plan = own_plan;
    }
    if (status == ZKG_OK)
        status = check_input(&p, err);
    if (status == ZKG_OK)
        status = zkg_root_layout_init(&p.layout, p.st, &input->key->srs, err);
    status = zkg_ranks_agree(active, status, err);
    if (status == ZKG_OK)
        status = run(proof, proof_len, &p, input->key, err);
    if (status == ZKG_OK && report != NULL) {
        report->prove_s = zkg_seconds() - p.start;
        report->proof_bytes = *proof_len;
        report->resumed = p.have_len;
        status = alone(&p, zkg_prover_report(report, &p, err), err);
    }
    clear(&p);
    zkg_plan_free(own_plan);
    return status;
}
