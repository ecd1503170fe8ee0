/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_SAFETENSORS_H
#define ZKGKR_TENSOR_SAFETENSORS_H

/**
 * @file
 * Reading and writing safetensors: u64 header length, JSON header, raw data.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/io.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

/** Element types of the file format that we know. */
typedef enum zkg_st_type {
    ZKG_ST_I8,
    ZKG_ST_U8,
    ZKG_ST_I16,
    ZKG_ST_U16,
    ZKG_ST_I32,
    ZKG_ST_I64,
    ZKG_ST_F16,
    ZKG_ST_F32,
    ZKG_ST_F64
} zkg_st_type;

/** One tensor of a file; all pointers live as long as the zkg_safetensors. */
typedef struct zkg_st_entry {
    char *name;
    zkg_st_type type;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES + 1]; /**< one more: the 32 bytes of fr */
    const uint8_t *data;            /**< little-endian; of other writers' files,
                                         not aligned */
    size_t bytes;
} zkg_st_entry;

/** A file in memory, or mapped. */
typedef struct zkg_safetensors {
    const uint8_t *file;
    size_t file_bytes;
    uint8_t *owned;   /**< what file is, where it was read */
    zkg_file_map map; /**< where it is mapped */
    zkg_st_entry *entry;
    size_t entries;
    char **meta;  /**< __metadata__: key, value, key, value .. */
    size_t metas; /**< pairs */
} zkg_safetensors;

/** What to write. */
typedef struct zkg_st_out {
    const char *name;
    const zkg_array *array; /**< the real cells; fr is U8 with a last axis of
                                 32 */
} zkg_st_out;

/**
 * Read a file and check all of its header: known types, shapes that fit their
 * bytes, no overlaps, no holes, no trailing bytes, no name twice.
 *
 * @retval ZKG_ERR_IO        cannot be read
 * @retval ZKG_ERR_MALFORMED anything else, naming the file and the tensor
 */
ZKG_MUST_CHECK zkg_status zkg_safetensors_read(zkg_safetensors *out,
                                               const char *path,
                                               zkg_error *err);

/** The same, the file mapped and not copied: it must not change before
 *  zkg_safetensors_clear (zkg_file_map_read). */
ZKG_MUST_CHECK zkg_status zkg_safetensors_map(zkg_safetensors *out,
                                              const char *path, zkg_error *err);

/** The same on bytes; takes `file` (malloc'ed) over, also on failure. */
ZKG_MUST_CHECK zkg_status zkg_safetensors_parse(zkg_safetensors *out,
                                                uint8_t *file, size_t bytes,
                                                const char *name,
                                                zkg_error *err);

void zkg_safetensors_clear(zkg_safetensors *st);

/** NULL when there is none of that name. */
const zkg_st_entry *zkg_safetensors_find(const zkg_safetensors *st,
                                         const char *name);

/** Value of a __metadata__ key, or NULL. */
const char *zkg_safetensors_meta(const zkg_safetensors *st, const char *key);

/** Is it of F16, F32 or F64, and not of integers? */
bool zkg_st_entry_is_real(const zkg_st_entry *e);

/** An integer element; of reals it is the caller's mistake. */
int64_t zkg_st_entry_i64(const zkg_st_entry *e, uint64_t i);

/**
 * Read a tensor of field elements: U8 of the shape and a last axis of 32,
 * canonical.
 *
 * @param[out] out  owned by the caller on success
 * @param      file stands in messages
 * @retval ZKG_ERR_MALFORMED another type or shape, or an element >= p
 */
ZKG_MUST_CHECK zkg_status zkg_st_entry_fr(zkg_array *out, const zkg_st_entry *e,
                                          uint32_t axes, const uint64_t *len,
                                          const char *file, zkg_error *err);

/**
 * Borrow a tensor of this type and shape where it lies.
 *
 * @return false, and *out unchanged, where its bytes are not such an array as
 *         they are: another type or shape, not aligned, or field elements,
 *         which memory holds otherwise
 */
bool zkg_st_entry_borrow(zkg_array *out, const zkg_st_entry *e, zkg_dtype type,
                         uint32_t axes, const uint64_t *len);

/** Any element as a double. */
double zkg_st_entry_f64(const zkg_st_entry *e, uint64_t i);

/** Number of elements. */
uint64_t zkg_st_entry_count(const zkg_st_entry *e);

/**
 * Write a file (by way of a temporary name), tensors in the given order, those
 * of the longest elements first: each then lies at a multiple of its elements'
 * size.
 *
 * @param meta   2 * metas strings: key, value, ..
 * @param secret for its owner alone (zkg_file_write_secret)
 */
ZKG_MUST_CHECK zkg_status zkg_safetensors_write(
    const char *path, const zkg_st_out *tensor, size_t tensors,
    const char *const *meta, size_t metas, bool secret, zkg_error *err);

#endif
