/* SPDX-License-Identifier: Apache-2.0
 * Commitments: the chunks of all private tensors, over all ranks by cost.
 *
 * What the root hashes before them, public tensors above all, is one long chain
 * that no rank can help with: rank 0 does it, has so much less to commit to,
 * and tells the others its tape's state.
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

/* An MSM costs about this many cells, or additions, before its first one; a
 * batch is closed when it costs as many cells as a flush, or more; without a
 * journal, as many as are worked on together. */
enum {
    CHUNK_COST = 64,
    KEPT_COST = 4096,
    BATCH_COST = ZKG_MSM_TOGETHER,
    RAW_BYTES = 64
};

/* What is hashed while an addition would take place, or the other way round. */
enum { BYTES_AN_ADDITION = 40, ADDITIONS_A_POINT = 6 };

static uint64_t chunks_of(const zkg_prover *p, uint32_t t)
{
    return zkg_kzg_chunks(zkg_tensor_vars(&p->st->tensor[t]), p->k);
}

/* The work of commitments: what each chunk costs, in the order of their points,
 * and how much of it rank 0 and each other rank is to have.  Every rank has the
 * same witness, so the same costs; a rank alone needs none. */
typedef struct work {
    uint64_t *cost;
    double first, other;
} work;

/* All ranks are done at once, rank 0 with its hashing, too. */
static void deal(work *w, const zkg_prover *p, uint64_t all)
{
    const double hashing = (double)p->layout.public_bytes / BYTES_AN_ADDITION +
                           (double)p->layout.fixed_points * ADDITIONS_A_POINT;

    w->other = ((double)all + hashing) / p->size;
    w->first = w->other - hashing;
    if (w->first < 0 && p->size > 1) {
        w->first = 0;
        w->other = (double)all / (p->size - 1);
    }
}

static zkg_status work_init(work *w, const zkg_prover *p)
{
    uint64_t n = 0, all = 0;

    w->cost = zkg_alloc((size_t)p->layout.private_points, sizeof(*w->cost));
    if (w->cost == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        for (uint64_t c = 0; c < chunks_of(p, t); c++) {
            w->cost[n] = CHUNK_COST;
            if (p->size > 1)
                w->cost[n] += zkg_kzg_chunk_cost(p->arrays[t], p->k, c);
            all += w->cost[n++];
        }
    }
    deal(w, p, all);
    return ZKG_OK;
}

/* The rank in whose share of all work the middle of a chunk is, `done` being
 * what is before it. */
static uint32_t owner(const work *w, uint64_t done, uint64_t cost,
                      uint32_t ranks)
{
    const double middle = (double)done + (double)cost / 2;
    uint32_t rank;

    if (middle < w->first)
        return 0;
    rank = 1 + (uint32_t)((middle - w->first) / w->other);
    return rank < ranks ? rank : ranks - 1;
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
                              const work *w, zkg_error *err)
{
    const uint64_t most = p->options->journal ? KEPT_COST : BATCH_COST;
    const uint64_t *cost = w->cost;
    uint64_t done = 0;
    batch b = {.len = 0};

    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        for (uint64_t c = 0; c < chunks_of(p, t); c++) {
            const uint32_t rank = owner(w, done, *cost, p->size);

            owned[rank]++;
            b.chunk[b.len++] = (chunk){t, rank, c};
            b.cost += CHUNK_COST + zkg_kzg_chunk_cells(p->arrays[t], p->k, c);
            done += *cost++;
            if (b.cost >= most) {
                ZKG_TRY(commit_batch(out, p, &b, err));
                b.len = 0;
                b.cost = 0;
            }
        }
    }
    return commit_batch(out, p, &b, err);
}

/* All points to all ranks.  The ranks' shares are runs of chunks in rank order,
 * so that what comes back is all of them in order. */
static zkg_status gather_points(zkg_g1 *out, const zkg_prover *p,
                                const size_t *owned)
{
    size_t before = 0, *lens;
    bool fits = true;
    uint8_t *all;

    for (uint32_t r = 0; r < p->rank; r++)
        before += owned[r];
    ZKG_TRY(zkg_comm_allgather_bytes(
        p->active, out + before, owned[p->rank] * sizeof(*out), &all, &lens));
    /* only ranks with different witnesses differ in their shares */
    for (uint32_t r = 0; r < p->size; r++)
        fits = fits && lens[r] == owned[r] * sizeof(*out);
    if (fits)
        memcpy(out, all, (size_t)p->layout.private_points * sizeof(*out));
    free(all);
    free(lens);
    return fits ? ZKG_OK : ZKG_ERR_INTERNAL;
}

/* Rank 0's root to all. */
static zkg_status share_root(zkg_tape *root, const zkg_prover *p)
{
    uint8_t state[ZKG_TAPE_STATE_BYTES];

    zkg_tape_state(root, state);
    ZKG_TRY(zkg_comm_broadcast(p->active, state, sizeof(state), 0));
    if (p->rank != 0)
        zkg_tape_init_prove_at(root, state);
    return ZKG_OK;
}

static zkg_status commit_and_gather(zkg_g1 *out, zkg_tape *root, zkg_prover *p,
                                    const zkg_key *key, size_t *owned,
                                    const work *w, zkg_error *err)
{
    const double start = zkg_seconds();
    zkg_status status = commit_mine(out, owned, p, w, err);

    if (status != ZKG_OK)
        return zkg_fail(err, status, "a commitment failed");
    if (p->rank == 0)
        ZKG_TRY(zkg_root_begin(root, p->st, &key->srs, &p->layout, key->fixed,
                               p->arrays, err));
    p->commit_s = zkg_seconds() - start;
    if (p->size == 1)
        return ZKG_OK;
    status = gather_points(out, p, owned);
    if (status == ZKG_OK)
        status = share_root(root, p);
    p->wait_s += zkg_seconds() - start - p->commit_s;
    if (status != ZKG_OK)
        return zkg_fail(err, status, "commitments cannot be gathered (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}

zkg_status zkg_prover_commit(zkg_g1 *out, zkg_tape *root, zkg_prover *p,
                             const zkg_key *key, zkg_error *err)
{
    size_t *owned = zkg_alloc(p->size, sizeof(*owned));
    work w = {.cost = NULL};
    zkg_status status = owned == NULL ? ZKG_ERR_NOMEM : work_init(&w, p);

    if (status != ZKG_OK)
        status = zkg_fail(err, status, "no memory for commitments");
    else
        status = commit_and_gather(out, root, p, key, owned, &w, err);
    zkg_free(w.cost);
    zkg_free(owned);
    return status;
}
