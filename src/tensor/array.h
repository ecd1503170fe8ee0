/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_ARRAY_H
#define ZKGKR_TENSOR_ARRAY_H

/**
 * @file
 * A tensor's values in memory.
 *
 * Row-major, the last axis lowest.  Axis k has a real length len[k], which is
 * what the statement says, and is padded to 2^bits, bits = ceil(log2 len[k]),
 * only in the mind: cells that are not stored are 0.  Cells of type fr are
 * zkg_fr (field/fr.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/dtype.h"
#include "zkgkr/status.h"

typedef struct zkg_array {
    zkg_dtype type;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];    /**< real lengths */
    uint64_t stored[ZKG_MAX_AXES]; /**< lengths stored: = len, except in tests
                                        that put garbage into the padding */
    void *data; /**< product(stored) elements, in the machine's byte order */
    bool owned; /**< zkg_array_clear() frees data */
} zkg_array;

/** ceil(log2 len): the variables of an axis; 0 for len <= 1. */
uint32_t zkg_axis_bits(uint64_t len);

/** The number of variables: the sum of zkg_axis_bits() over the axes. */
uint32_t zkg_array_vars(const zkg_array *a);

/** Product of the real lengths; 1 without axes. */
uint64_t zkg_array_count(const zkg_array *a);

/** Product of the stored lengths. */
uint64_t zkg_array_stored_count(const zkg_array *a);

/**
 * Make an owned array of zeros, stored = len.
 *
 * @retval ZKG_ERR_INVALID too many axes
 * @retval ZKG_ERR_NOMEM   memory, or the size does not fit size_t
 */
ZKG_MUST_CHECK zkg_status zkg_array_init(zkg_array *out, zkg_dtype type,
                                         uint32_t axes, const uint64_t *len,
                                         zkg_error *err);

/** Borrow data of exactly product(len) elements; nothing is copied. */
void zkg_array_borrow(zkg_array *out, zkg_dtype type, uint32_t axes,
                      const uint64_t *len, void *data);

/** Free what is owned; a becomes empty. */
void zkg_array_clear(zkg_array *a);

/** Where the i-th real cell lies among the stored ones. */
uint64_t zkg_array_real(const zkg_array *a, uint64_t i);

/** How many real cells from the i-th on lie one behind the other; *at: where
 *  the first does. */
uint64_t zkg_array_run(uint64_t *at, const zkg_array *a, uint64_t i);

/** Value at a flat index into the stored cells; integer types only. */
int64_t zkg_array_get_i64(const zkg_array *a, uint64_t i);

/** The same of any type: false, and *v unchanged, when a field element is no
 *  integer of 64 bits, negative ones being p - |v|. */
bool zkg_array_try_i64(int64_t *v, const zkg_array *a, uint64_t i);

/** Whether two arrays hold the same number at a flat index, of whatever types
 *  they are. */
bool zkg_array_same_cell(const zkg_array *a, const zkg_array *b, uint64_t i);

/** Store a value that fits the type (the caller's duty). */
void zkg_array_set_i64(zkg_array *a, uint64_t i, int64_t v);

/**
 * n values from a flat index on, `step` apart (which may be 0 or negative).
 *
 * @return how many were read before a field element that is no integer of 64
 *         bits: n when there is none
 */
size_t zkg_array_read_i64(int64_t *out, const zkg_array *a, uint64_t at,
                          int64_t step, size_t n);

/** Store n values that fit the type (the caller's duty), `step` apart. */
void zkg_array_write_i64(zkg_array *a, uint64_t at, int64_t step,
                         const int64_t *v, size_t n);

/** The smallest and the largest of the stored cells and 0; of integer types
 *  only. */
void zkg_array_bounds(int64_t *least, int64_t *most, const zkg_array *a);

/**
 * Little-endian bytes of the real cells, in order, as files hold them; field
 * elements canonical.
 *
 * @param[out] out zkg_array_count() * zkg_dtype_size() bytes
 */
void zkg_array_to_le(uint8_t *out, const zkg_array *a);

/**
 * The same bytes where the cells lie, if they lie so, else a copy of them.
 *
 * @param[out] copy zkg_free(), when the bytes are not needed; or NULL
 * @return NULL without memory
 */
const uint8_t *zkg_array_le_bytes(uint8_t **copy, const zkg_array *a);

/**
 * The inverse; a has stored = len.
 *
 * @param[out] bad the cell that is no canonical field element; or NULL
 * @return false when there is one
 */
ZKG_MUST_CHECK bool zkg_array_from_le(zkg_array *a, const uint8_t *in,
                                      uint64_t *bad);

#endif
