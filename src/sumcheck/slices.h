/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUMCHECK_SLICES_H
#define ZKG_SUMCHECK_SLICES_H

/**
 * @file
 * Tables of 2^n entries in 2^m slices, dealt to the ranks of a group: slice s
 * holds entries [s 2^(n-m), (s+1) 2^(n-m)), and rank i of g has slices
 * [i 2^m / g, (i+1) 2^m / g).  The upper m variables say which slice: while
 * lower ones are bound, the entries of a slice stay side by side.
 */

#include "backend/backend.h"
#include "comm/comm.h"

/** When so few entries are left of tables, over all slices, these are gathered:
 *  rounds on every rank's own then take less time than their sums over the
 *  group.  A test compiles prove.c with less. */
#ifndef ZKG_SLICES_WHOLE
#define ZKG_SLICES_WHOLE 128
#endif

/** The least m for which none of `size` >= 1 ranks has more than 9/8 of an even
 *  share of 2^m slices; log2(size) for a power of two, log2(8 size) rounded up
 *  at most.  A slice is a table of its own, whose last rounds are too short for
 *  vectors, so there are no more of them than this takes. */
uint32_t zkg_slices_even(uint32_t size);

/** The number m of slice bits for tables of `vars` variables and a group of
 *  `size` ranks: as above; 0 when size is 1, or a share is too small for the
 *  sums over the group to pay. */
uint32_t zkg_slices(uint32_t vars, uint32_t size);

/** The rounds of a sum of `tables` tables of `vars` variables in which a group
 *  of `size` ranks adds up what their slices give. */
uint32_t zkg_slices_rounds(uint32_t vars, uint32_t tables, uint32_t size);

/** The slices [*first, *first + *count) of a rank; all of slice_bits = 0 is
 *  slice 0 on every rank. */
void zkg_slices_of(uint32_t *first, uint32_t *count, uint32_t slice_bits,
                   uint32_t rank, uint32_t size);

/** Rank r's slices hold the entries first[r] .. first[r + 1] - 1, `each` a
 *  slice; size + 1 numbers. */
void zkg_slices_ends(uint64_t *first, uint64_t each, uint32_t slice_bits,
                     uint32_t size);

/**
 * What is left of all slices, on every rank, in one message.  Collective.
 *
 * @param[out] out    `arity` columns, one a table of a slice, one after the
 *                    other: each the 2^slice_bits slices' entries in order, len
 *                    a slice; 0 behind a table of fewer
 * @param      tables this rank's, `arity` a slice, slice by slice; of len
 *                    entries at most, and of none more on another rank
 *
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM  (maybe one rank alone)
 */
ZKG_MUST_CHECK zkg_status zkg_slices_gather(
    zkg_fr *out, const zkg_table *tables, uint32_t arity, size_t len,
    uint32_t slice_bits, const zkg_comm *comm, const zkg_backend *backend);

#endif
