/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments to chunks, over the cells that exist. */
#include "pcs/kzg_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "curve/msm.h"

uint32_t zkg_kzg_cpu_flags(const zkg_backend *backend)
{
    uint32_t flags = 0;

    return zkg_backend_named(&flags, backend->name) ? flags : 0;
}

static void walk_chunk(zkg_kzg_walk *w, const zkg_kzg_layout *l, uint32_t k,
                       uint64_t chunk)
{
    zkg_kzg_walk_init(w, l, chunk << k, (uint64_t)1 << k);
}

uint64_t zkg_kzg_chunk_cells(const zkg_array *a, uint32_t k, uint64_t chunk)
{
    return zkg_kzg_cells_before(a, (chunk + 1) << k) -
           zkg_kzg_cells_before(a, chunk << k);
}

/* Cells of a chunk that are looked at: some at each of some places, of which
 * there is one in APART cells.  Reading as many as READ takes as long as an
 * addition. */
enum {
    LEAST_PLACES = 4,
    APART = 1 << 10,
    SIDE_BY_SIDE = 8,
    READ = 32,
    FR_BITS = 254
};

uint64_t zkg_kzg_chunk_cost(const zkg_array *a, uint32_t k, uint64_t chunk)
{
    const uint64_t first = zkg_kzg_cells_before(a, chunk << k);
    const uint64_t cells = zkg_kzg_chunk_cells(a, k, chunk);
    const uint64_t places =
        cells / APART > LEAST_PLACES ? cells / APART : LEAST_PLACES;
    uint64_t seen = 0, terms = 0, most = 0;

    if (a->type == ZKG_FR)
        return zkg_msm_cost((size_t)cells, FR_BITS);
    for (uint64_t p = 0; p < places; p++) {
        const uint64_t at = cells * p / places, end = cells * (p + 1) / places;

        for (uint64_t i = at; i < end && i < at + SIDE_BY_SIDE; i++) {
            const int64_t v = zkg_array_get_i64(a, first + i);

            seen++;
            terms += v != 0;
            most |= (uint64_t)(v < 0 ? -(v + 1) : v - (v > 0));
        }
    }
    if (terms == 0)
        return cells / READ;
    return cells / READ +
           zkg_msm_cost((size_t)(cells * terms / seen),
                        most == 0 ? 0 : 1 + zkg_log2_floor(most));
}

void zkg_kzg_chunk_hash(zkg_hash *h, const zkg_array *a, uint32_t k,
                        uint64_t chunk)
{
    zkg_kzg_layout l;
    zkg_kzg_walk w;
    zkg_kzg_run r;

    zkg_kzg_layout_init(&l, a);
    walk_chunk(&w, &l, k, chunk);
    zkg_hash_u32(h, (uint32_t)a->type);
    while (zkg_kzg_walk_next(&r, &w)) {
        zkg_hash_u64(h, r.at);
        zkg_hash_u64(h, r.len);
        zkg_hash_update(h, zkg_kzg_cell(a, r.flat),
                        (size_t)r.len * zkg_dtype_size(a->type));
    }
    /* No run is empty: this ends the list. */
    zkg_hash_u64(h, 0);
    zkg_hash_u64(h, 0);
}

static zkg_scalar_type scalar_type(zkg_dtype type)
{
    switch (type) {
    case ZKG_I8:
        return ZKG_SCALAR_I8;
    case ZKG_U8:
        return ZKG_SCALAR_U8;
    case ZKG_I16:
        return ZKG_SCALAR_I16;
    case ZKG_U16:
        return ZKG_SCALAR_U16;
    case ZKG_I32:
        return ZKG_SCALAR_I32;
    case ZKG_I64:
        return ZKG_SCALAR_I64;
    case ZKG_FR:
        return ZKG_SCALAR_FR;
    }
    return ZKG_SCALAR_FR;
}

/* The runs of a chunk side by side, zeros between: padding costs a zero in
 * this copy, and nothing in the MSM. */
static zkg_status gather(uint8_t **out, size_t *len, zkg_kzg_walk w, uint32_t k)
{
    const size_t cells = (size_t)1 << k;
    uint8_t *copy = zkg_alloc(
        cells * zkg_dtype_size(w.layout->array->type) + ZKG_KZG_SLACK, 1);

    if (copy == NULL)
        return ZKG_ERR_NOMEM;
    *len = (size_t)zkg_kzg_gather(copy, &w, cells);
    *out = copy;
    return ZKG_OK;
}

/* The sum that a chunk is; *copy, or NULL, is what its scalars are in. */
static zkg_status make_sum(zkg_msm *sum, uint8_t **copy, uint32_t k,
                           const zkg_kzg_chunk *chunk)
{
    const zkg_array *a = chunk->array;
    zkg_kzg_layout l;
    zkg_kzg_walk w, ahead;
    zkg_kzg_run r, second;

    *copy = NULL;
    *sum = (zkg_msm){.type = scalar_type(a->type)};
    zkg_kzg_layout_init(&l, a);
    walk_chunk(&w, &l, k, chunk->index);
    ahead = w;
    if (!zkg_kzg_walk_next(&r, &ahead))
        return ZKG_OK;
    if (!zkg_kzg_walk_next(&second, &ahead)) {
        sum->first = r.at;
        sum->scalars = zkg_kzg_cell(a, r.flat);
        sum->n = r.len;
        return ZKG_OK;
    }
    ZKG_TRY(gather(copy, &sum->n, w, k));
    sum->scalars = *copy;
    return ZKG_OK;
}

/* Chunks whose sums are made together. */
enum { TOGETHER = 64 };

static zkg_status commit_some(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                              const zkg_kzg_chunk *chunks, size_t count,
                              uint32_t cpu_flags)
{
    uint8_t *copies[TOGETHER];
    zkg_msm sums[TOGETHER] = {{0}};
    zkg_status s = ZKG_OK;
    size_t n = 0;

    while (s == ZKG_OK && n < count) {
        s = make_sum(&sums[n], &copies[n], k, &chunks[n]);
        n++;
    }
    if (s == ZKG_OK)
        s = zkg_msm_g1_many(out, srs->g1, sums, count, cpu_flags);
    while (n > 0)
        zkg_free(copies[--n]);
    return s;
}

/* As many chunks as are worth ZKG_MSM_TOGETHER cells; 1 at least. */
static size_t chunks_together(uint32_t k)
{
    const size_t n = ZKG_MSM_TOGETHER >> k;

    return n < 1 ? 1 : n < TOGETHER ? n : TOGETHER;
}

zkg_status zkg_kzg_commit_chunks(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                                 const zkg_kzg_chunk *chunks, size_t count,
                                 uint32_t cpu_flags)
{
    const size_t most = k <= srs->power ? chunks_together(k) : 0;

    for (size_t i = 0; i < count; i++)
        if (most == 0 || chunks[i].index >=
                             zkg_kzg_chunks(zkg_array_vars(chunks[i].array), k))
            return ZKG_ERR_INVALID;
    for (size_t at = 0; at < count; at += most)
        ZKG_TRY(commit_some(out + at, srs, k, chunks + at,
                            count - at < most ? count - at : most, cpu_flags));
    return ZKG_OK;
}

zkg_status zkg_kzg_commit(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                          const zkg_array *a, uint32_t cpu_flags)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);
    zkg_kzg_chunk some[TOGETHER];

    for (uint64_t at = 0, n; at < chunks; at += n) {
        n = chunks - at < TOGETHER ? chunks - at : TOGETHER;
        for (uint64_t i = 0; i < n; i++)
            some[i] = (zkg_kzg_chunk){a, at + i};
        ZKG_TRY(zkg_kzg_commit_chunks(out + at, srs, k, some, n, cpu_flags));
    }
    return ZKG_OK;
}

/* floor(total * rank / size), without overflow. */
static size_t boundary(size_t total, uint32_t rank, uint32_t size)
{
    return total / size * rank + total % size * rank / size;
}

/* This rank's terms of each sum: [from, to) of all polynomials end to end. */
static zkg_status commit_share(zkg_g1 *out, const zkg_srs *srs,
                               const zkg_kzg_poly *polys, size_t count,
                               size_t from, size_t to, uint32_t cpu_flags)
{
    zkg_msm *sums = zkg_alloc(count, sizeof(*sums));
    zkg_status s;

    if (sums == NULL)
        return ZKG_ERR_NOMEM;
    for (size_t i = 0, start = 0; i < count; start += polys[i++].len) {
        const size_t len = polys[i].len;
        const size_t first = from <= start        ? 0
                             : from - start < len ? from - start
                                                  : len;
        const size_t end = to <= start        ? 0
                           : to - start < len ? to - start
                                              : len;

        sums[i] =
            (zkg_msm){first, polys[i].c + first, ZKG_SCALAR_FR, end - first};
    }
    s = zkg_msm_g1_many(out, srs->g1, sums, count, cpu_flags);
    zkg_free(sums);
    return s;
}

/* out[i] = sum over ranks of their out[i] */
static zkg_status add_shares(zkg_g1 *out, const zkg_comm *comm, size_t count)
{
    uint8_t *all;
    size_t *lens;

    ZKG_TRY(
        zkg_comm_allgather_bytes(comm, out, count * sizeof(*out), &all, &lens));
    memset(out, 0, count * sizeof(*out));
    for (size_t r = 0; r < zkg_comm_size(comm); r++)
        for (size_t i = 0; i < count; i++) {
            zkg_g1 p;

            memcpy(&p, all + (r * count + i) * sizeof(p), sizeof(p));
            zkg_g1_add(&out[i], &out[i], &p);
        }
    free(all);
    free(lens);
    return ZKG_OK;
}

zkg_status zkg_kzg_commit_polys(zkg_g1 *out, const zkg_comm *comm,
                                const zkg_srs *srs, const zkg_kzg_poly *polys,
                                size_t count, uint32_t cpu_flags)
{
    const uint32_t rank = zkg_comm_rank(comm), size = zkg_comm_size(comm);
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += polys[i].len;
    ZKG_TRY(commit_share(out, srs, polys, count, boundary(total, rank, size),
                         boundary(total, rank + 1, size), cpu_flags));
    return size == 1 ? ZKG_OK : add_shares(out, comm, count);
}
