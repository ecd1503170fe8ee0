/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_NPY_H
#define ZKGKR_TENSOR_NPY_H

/**
 * @file
 * Reading .npy files: one array of numbers, little-endian, in C order.
 */

#include "tensor/safetensors.h"

/** A file's array; it points into the file's bytes. */
typedef struct zkg_npy {
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    uint64_t count;
    zkg_st_entry entry; /**< type and data, for zkg_st_entry_f64() */
} zkg_npy;

/** Does a file begin like one? */
bool zkg_npy_is(const uint8_t *bytes, size_t len);

/**
 * Parse a whole file.
 *
 * @param[in] name stands in messages
 * @retval ZKG_ERR_MALFORMED   cut, or no such file
 * @retval ZKG_ERR_UNSUPPORTED a type that is not read, or Fortran order
 */
ZKG_MUST_CHECK zkg_status zkg_npy_parse(zkg_npy *out, const uint8_t *bytes,
                                        size_t len, const char *name,
                                        zkg_error *err);

#endif
