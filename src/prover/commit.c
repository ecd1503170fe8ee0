/* SPDX-License-Identifier: Apache-2.0
 * Commitments: the chunks of all private tensors, over all ranks by cost.
 *
 * They are made by the batch, since short sums of points are quicker together.
 * A journal keeps batches: consecutive chunks worth about as much as a flush of
 * the disk.  Batches do not depend on the number of ranks, so that another
 * number finds them again; one that two ranks share is not kept.
 *
 *   key of a batch = H(SRS digest, k, position, type and value of each cell) */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "curve/msm.h"
#include "pcs/kzg.h"
#include "prover/prover.h"

/* An MSM costs about this many cells before its first one; a batch is closed
 * when it costs as many cells as a flush, or more; without a journal, as many
 * as are worked on together. */
enum {
    CHUNK_COST = 64,
    KEPT_COST = 4096,
    BATCH_COST = ZKG_MSM_TOGETHER,
    RAW_BYTES = 64
};

/* The rank that commits to the chunk at which the ranks' work so far is
 * `done` of `all`. */
static uint32_t owner(uint64_t done, uint64_t all, uint32_t ranks)
{
    return (uint32_t)((double)done / (double)all * (double)ranks);
}

static uint64_t chunk_cost(const zkg_prover *p, uint32_t t, uint64_t chunk)
{
    return CHUNK_COST + zkg_kzg_chunk_cells(p->arrays[t], p->k, chunk);
}

/* What a cell of tensor t costs beside one of another tensor: its bits, for
 * which a sum of points has windows.  Multiplicities are mostly zero. */
static uint64_t cell_bits(const zkg_prover *p, uint32_t t)
{
    return zkg_statement_is_hinted_counts(p->st, t)
               ? 1
               : zkg_tensor_bits(&p->st->tensor[t]);
}

/* In units of which the ranks have equal shares. */
static uint64_t all_cost(const zkg_prover *p)
{
    uint64_t all = 0;

    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        const uint64_t chunks =
            zkg_kzg_chunks(zkg_tensor_vars(&p->st->tensor[t]), p->k);
        const uint64_t bits = cell_bits(p, t);

        for (uint64_t c = 0; c < chunks; c++)
            all += bits * chunk_cost(p, t, c);
    }
    return all;
}

typedef struct chunk {
    uint32_t tensor, rank;
    uint64_t index; /* in its tensor */
} chunk;

typedef struct batch {
    chunk chunk[BATCH_COST / CHUNK_COST];
    uint32_t len;
    uint64_t cost;
} batch;

static zkg_g1 *point_of(zkg_g1 *out, const zkg_prover *p, const chunk *c)
{
    return &out[p->layout.first_chunk[c->tensor] + c->index];
}

static void batch_key(uint8_t key[ZKG_DIGEST_BYTES], const zkg_prover *p,
                      const batch *b)
{
    zkg_hash h;

    zkg_journal_key_begin(&h, ZKG_JOURNAL_COMMITMENTS);
    zkg_hash_update(&h, p->srs_digest, ZKG_DIGEST_BYTES);
    zkg_hash_u32(&h, p->k);
    for (uint32_t i = 0; i < b->len; i++)
        zkg_kzg_chunk_hash(&h, p->arrays[b->chunk[i].tensor], p->k,
                           b->chunk[i].index);
    zkg_hash_final(&h, key);
}

/* *found: all points of the batch came from the journal. */
static zkg_status load_batch(bool *found, zkg_g1 *out, const zkg_prover *p,
                             const batch *b, const uint8_t *key, zkg_error *err)
{
    zkg_error why = {0};
    uint8_t *bytes = NULL;
    zkg_status status =
        zkg_journal_get(&bytes, p->options->journal, ZKG_JOURNAL_COMMITMENTS,
                        key, b->len * (size_t)RAW_BYTES, &why);

    *found = bytes != NULL;
    for (uint32_t i = 0; *found && i < b->len; i++)
        if (!zkg_g1_from_raw(point_of(out, p, &b->chunk[i]),
                             bytes + i * (size_t)RAW_BYTES)) {
            *found = false;
            status = zkg_fail(&why, ZKG_ERR_MALFORMED,
                              "an entry holds no point of the curve");
        }
    zkg_free(bytes);
    if (status == ZKG_ERR_NOMEM)
        return zkg_fail(err, status, "%s", why.text);
    if (status != ZKG_OK)
        zkg_log_warn_here(p->options->log, "commitments are made again: %s",
                          why.text);
    return ZKG_OK;
}

static zkg_status save_batch(const zkg_g1 *out, const zkg_prover *p,
                             const batch *b, const uint8_t *key, zkg_error *err)
{
    uint8_t raw[sizeof(b->chunk) / sizeof(b->chunk[0]) * RAW_BYTES];

    for (uint32_t i = 0; i < b->len; i++) {
        const chunk *c = &b->chunk[i];

        zkg_g1_to_raw(raw + i * (size_t)RAW_BYTES,
                      &out[p->layout.first_chunk[c->tensor] + c->index]);
    }
    return zkg_journal_put(p->options->journal, ZKG_JOURNAL_COMMITMENTS, key,
                           raw, b->len * (size_t)RAW_BYTES, err);
}

/* The chunks of a batch from first on that are this rank's: a run of them. */
static zkg_status commit_chunks(zkg_g1 *out, const zkg_prover *p,
                                const batch *b, uint32_t first, zkg_error *err)
{
    zkg_kzg_chunk chunks[BATCH_COST / CHUNK_COST];
    const char *name = "";
    size_t n = 0;
    zkg_status s;

    for (uint32_t i = first; i < b->len && b->chunk[i].rank == p->rank; i++) {
        const chunk *c = &b->chunk[i];

        name = p->st->tensor[c->tensor].name;
        ZKG_TRY(zkg_prover_stage(p, ZKG_STAGE_COMMIT, name, err));
        chunks[n++] = (zkg_kzg_chunk){p->arrays[c->tensor], c->index};
    }
    /* chunks of private tensors have their points in their order */
    s = zkg_kzg_commit_chunks(point_of(out, p, &b->chunk[first]), p->srs, p->k,
                              chunks, n, p->cpu_flags);
    if (s != ZKG_OK)
        return zkg_fail(err, s,
                        "no commitment to %s and what is before it (%s)", name,
                        zkg_status_words(s));
    return ZKG_OK;
}

/* This rank's part of a batch. */
static zkg_status commit_batch(zkg_g1 *out, zkg_prover *p, const batch *b,
                               zkg_error *err)
{
    bool is_mine = p->options->journal != NULL && b->len > 0, found = false;
    uint8_t key[ZKG_DIGEST_BYTES];
    uint32_t first = 0;

    for (uint32_t i = 0; i < b->len; i++)
        is_mine = is_mine && b->chunk[i].rank == p->rank;
    if (is_mine)
        batch_key(key, p, b);
    if (is_mine && p->options->resume)
        ZKG_TRY(load_batch(&found, out, p, b, key, err));
    if (found)
        return ZKG_OK;
    while (first < b->len && b->chunk[first].rank != p->rank)
        first++;
    if (first < b->len)
        ZKG_TRY(commit_chunks(out, p, b, first, err));
    return is_mine ? save_batch(out, p, b, key, err) : ZKG_OK;
}

static zkg_status commit_mine(zkg_g1 *out, size_t *owned, zkg_prover *p,
                              zkg_error *err)
{
    const uint64_t all = all_cost(p);
    const uint64_t most = p->options->journal ? KEPT_COST : BATCH_COST;
    uint64_t done = 0;
    batch b = {.len = 0};

    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        const uint64_t chunks =
            zkg_kzg_chunks(zkg_tensor_vars(&p->st->tensor[t]), p->k);
        const uint64_t bits = cell_bits(p, t);

        for (uint64_t c = 0; c < chunks; c++) {
            const uint64_t cost = chunk_cost(p, t, c);
            uint32_t rank = owner(done, all, p->size);

            if (rank >= p->size)
                rank = p->size - 1;
            owned[rank]++;
            b.chunk[b.len++] = (chunk){t, rank, c};
            b.cost += cost;
            done += bits * cost;
            if (b.cost >= most) {
                ZKG_TRY(commit_batch(out, p, &b, err));
                b.len = 0;
                b.cost = 0;
            }
        }
    }
    return commit_batch(out, p, &b, err);
}

zkg_status zkg_prover_commit(zkg_g1 *out, zkg_prover *p, zkg_error *err)
{
    const double start = zkg_seconds();
    size_t *owned = zkg_alloc(p->size, sizeof(*owned));
    size_t *lens = NULL;
    uint8_t *all = NULL;
    size_t before = 0;
    zkg_status status;

    if (owned == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for commitments");
    status = commit_mine(out, owned, p, err);
    if (status != ZKG_OK) {
        zkg_free(owned);
        return zkg_fail(err, status, "a commitment failed");
    }
    /* The ranks' shares are runs of chunks in rank order, so the points that
     * come back are all of them in order. */
    for (uint32_t r = 0; r < p->rank; r++)
        before += owned[r];
    p->commit_s = zkg_seconds() - start;
    if (p->size > 1) {
        const double waits = zkg_seconds();

        status = zkg_comm_allgather_bytes(p->active, out + before,
                                          owned[p->rank] * sizeof(*out), &all,
                                          &lens);
        if (status == ZKG_OK)
            memcpy(out, all, (size_t)p->layout.private_points * sizeof(*out));
        p->wait_s += zkg_seconds() - waits;
        free(all);
        free(lens);
    }
    zkg_free(owned);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "commitments cannot be gathered (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}
