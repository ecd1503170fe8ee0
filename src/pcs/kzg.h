/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_KZG_H
#define ZKGKR_PCS_KZG_H

/**
 * @file
 * Chunked commitments (Kate, Zaverucha, Goldberg, ASIACRYPT 2010).  A tensor of
 * 2^n values P (padded) is cut into chunks of K = 2^k:
 *
 *     C_c = sum_{i < K} P[c K + i] [tau^i]_1,   c < chunks = max(1, 2^(n-k)).
 *
 * The padding is index arithmetic: only cells that exist cost anything, and a
 * chunk without a cell is O.  docs/protocol.md, section 4.
 */

#include <stdint.h>

#include "backend/backend.h"
#include "base/hash.h"
#include "comm/comm.h"
#include "curve/g1.h"
#include "field/fr.h"
#include "pcs/srs.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

/** 1 when n <= k, else 2^(n-k). */
uint64_t zkg_kzg_chunks(uint32_t n, uint32_t k);

/** k for N padded values in all private and fixed tensors:
 * clamp(ceil(log2(N)/2) + 1, 10, 20). */
uint32_t zkg_kzg_default_k(uint64_t values);

/** The processor features that go with a backend: none for the reference. */
uint32_t zkg_kzg_cpu_flags(const zkg_backend *backend);

/** How many cells of a exist in one chunk. */
uint64_t zkg_kzg_chunk_cells(const zkg_array *a, uint32_t k, uint64_t chunk);

/** What committing to one chunk costs beside another, in additions of points:
 * judged by a few of its cells, the same on every machine. */
uint64_t zkg_kzg_chunk_cost(const zkg_array *a, uint32_t k, uint64_t chunk);

/** Hash what the commitment to one chunk depends on, but for the SRS: where its
 * cells stand, their type and their values. */
void zkg_kzg_chunk_hash(zkg_hash *h, const zkg_array *a, uint32_t k,
                        uint64_t chunk);

/** One chunk of a tensor. */
typedef struct zkg_kzg_chunk {
    const zkg_array *array;
    uint64_t index;
} zkg_kzg_chunk;

/**
 * out[i] = the commitment to chunks[i], O for zeros; of any tensors.  Short
 * chunks share the work on their sums with those next to them.
 *
 * @param      cpu_flags see base/cpu.h
 * @retval ZKG_ERR_INVALID k is more than srs serves, or no such chunk
 * @retval ZKG_ERR_NOMEM   out is undefined
 */
ZKG_MUST_CHECK zkg_status zkg_kzg_commit_chunks(zkg_g1 *out, const zkg_srs *srs,
                                                uint32_t k,
                                                const zkg_kzg_chunk *chunks,
                                                size_t count,
                                                uint32_t cpu_flags);

/** All chunks of a in order: out has zkg_kzg_chunks points; statuses as
 *  above. */
ZKG_MUST_CHECK zkg_status zkg_kzg_commit(zkg_g1 *out, const zkg_srs *srs,
                                         uint32_t k, const zkg_array *a,
                                         uint32_t cpu_flags);

/** A polynomial of len coefficients, lowest first. */
typedef struct zkg_kzg_poly {
    const zkg_fr *c;
    size_t len; /**< at most the SRS's points */
} zkg_kzg_poly;

/**
 * out[i] = sum_j polys[i].c[j] [tau^j]_1.  Collective over comm: all ranks
 * bring the same polynomials, add up equal shares of the terms, and get all
 * points.
 *
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_COMM one rank may see it alone
 */
ZKG_MUST_CHECK zkg_status zkg_kzg_commit_polys(
    zkg_g1 *out, const zkg_comm *comm, const zkg_srs *srs,
    const zkg_kzg_poly *polys, size_t count, uint32_t cpu_flags);

/**
 * Fold all chunks of a at the upper coordinates of a point, in some columns:
 *
 *     out[i] += scale * sum_c eq(z_hi, c) P[c K + from + i],   i < n.
 *
 * @param[in,out] out   n values
 * @param         point its coordinates from k up are z_hi
 * @param         from  from + n is at most 2^min(vars,k)
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_kzg_fold_add(zkg_fr *out,
                                           const zkg_backend *backend,
                                           const zkg_array *a, uint32_t k,
                                           const zkg_fr *point, uint64_t from,
                                           uint64_t n, const zkg_fr *scale);

#endif
