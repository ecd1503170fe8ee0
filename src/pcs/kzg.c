/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments to chunks, over the cells that exist. */
#include "pcs/kzg_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "curve/msm.h"

uint32_t zkg_kzg_cpu_flags(const zkg_backend *backend)
{
    return backend == zkg_backend_ref() ? 0 : zkg_cpu_features(ZKG_CPU_ALL);
}

static void walk_chunk(zkg_kzg_walk *w, const zkg_kzg_layout *l, uint32_t k,
                       uint64_t chunk)
{
    zkg_kzg_walk_init(w, l, chunk << k, (uint64_t)1 << k);
}

uint64_t zkg_kzg_chunk_cells(const zkg_array *a, uint32_t k, uint64_t chunk)
{
    uint64_t cells = 0;
    zkg_kzg_layout l;
    zkg_kzg_walk w;
    zkg_kzg_run r;

    zkg_kzg_layout_init(&l, a);
    walk_chunk(&w, &l, k, chunk);
    while (zkg_kzg_walk_next(&r, &w))
        cells += r.len;
    return cells;
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

zkg_status zkg_kzg_commit_chunk(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                                const zkg_array *a, uint64_t chunk,
                                uint32_t cpu_flags)
{
    const zkg_scalar_type type = scalar_type(a->type);
    uint8_t *copy;
    size_t len;
    zkg_status s;
    zkg_kzg_layout l;
    zkg_kzg_walk w, ahead;
    zkg_kzg_run r, second;

    if (k > srs->power || chunk >= zkg_kzg_chunks(zkg_array_vars(a), k))
        return ZKG_ERR_INVALID;
    zkg_kzg_layout_init(&l, a);
    walk_chunk(&w, &l, k, chunk);
    ahead = w;
    if (!zkg_kzg_walk_next(&r, &ahead)) {
        *out = zkg_g1_infinity;
        return ZKG_OK;
    }
    if (!zkg_kzg_walk_next(&second, &ahead))
        return zkg_msm_g1(out, srs->g1 + r.at, zkg_kzg_cell(a, r.flat), type,
                          r.len, cpu_flags);
    ZKG_TRY(gather(&copy, &len, w, k));
    s = zkg_msm_g1(out, srs->g1, copy, type, len, cpu_flags);
    zkg_free(copy);
    return s;
}

zkg_status zkg_kzg_commit(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                          const zkg_array *a, uint32_t cpu_flags)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);

    for (uint64_t c = 0; c < chunks; c++)
        ZKG_TRY(zkg_kzg_commit_chunk(&out[c], srs, k, a, c, cpu_flags));
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
    for (size_t i = 0, start = 0; i < count; start += polys[i++].len) {
        const size_t len = polys[i].len;
        const size_t first = from <= start        ? 0
                             : from - start < len ? from - start
                                                  : len;
        const size_t end = to <= start        ? 0
                           : to - start < len ? to - start
                                              : len;

        ZKG_TRY(zkg_msm_g1(&out[i], srs->g1 + first, polys[i].c + first,
                           ZKG_SCALAR_FR, end - first, cpu_flags));
    }
    return ZKG_OK;
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
