/* SPDX-License-Identifier: Apache-2.0
 * Commitments: the chunks of all private tensors, over all ranks by cost. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "pcs/kzg.h"
#include "prover/prover.h"

/* An MSM costs about this many cells before its first one. */
enum { CHUNK_COST = 64 };

/* The rank that commits to the chunk at which the ranks' work so far is
 * `done` of `all`. */
static uint32_t owner(uint64_t done, uint64_t all, uint32_t ranks)
{
    return (uint32_t)((double)done / (double)all * (double)ranks);
}

/* Walk all chunks in order: index, cost, tensor and chunk of each. */
static uint64_t chunk_cost(const zkg_prover *p, uint32_t t, uint64_t chunk)
{
    return CHUNK_COST + zkg_kzg_chunk_cells(p->arrays[t], p->k, chunk);
}

static uint64_t all_cost(const zkg_prover *p)
{
    uint64_t all = 0;

    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        const uint64_t chunks =
            zkg_kzg_chunks(zkg_tensor_vars(&p->st->tensor[t]), p->k);

        for (uint64_t c = 0; c < chunks; c++)
            all += chunk_cost(p, t, c);
    }
    return all;
}

static zkg_status commit_mine(zkg_g1 *out, size_t *owned, zkg_prover *p)
{
    const uint64_t all = all_cost(p);
    uint64_t done = 0;

    for (uint32_t t = 0; t < p->st->tensors; t++) {
        if (p->st->tensor[t].vis != ZKG_PRIVATE)
            continue;
        const uint64_t chunks =
            zkg_kzg_chunks(zkg_tensor_vars(&p->st->tensor[t]), p->k);

        for (uint64_t c = 0; c < chunks; c++) {
            uint32_t rank = owner(done, all, p->size);

            if (rank >= p->size)
                rank = p->size - 1;
            owned[rank]++;
            if (rank == p->rank)
                ZKG_TRY(zkg_kzg_commit_chunk(&out[p->layout.first_chunk[t] + c],
                                             p->srs, p->k, p->arrays[t], c,
                                             p->cpu_flags));
            done += chunk_cost(p, t, c);
        }
    }
    return ZKG_OK;
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
    status = commit_mine(out, owned, p);
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
        return zkg_fail(err, status, "commitments cannot be gathered");
    return ZKG_OK;
}
