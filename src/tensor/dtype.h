/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_DTYPE_H
#define ZKGKR_TENSOR_DTYPE_H

/**
 * @file
 * Sizes, names and ranges of the storage types.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/dtype.h"

/** Bytes of one element in memory; 32 for ZKG_FR, 0 for no type. */
size_t zkg_dtype_size(zkg_dtype type);

/** "i8" .. "i64", "fr"; never NULL. */
const char *zkg_dtype_name(zkg_dtype type);

/** The inverse of zkg_dtype_name(); false when there is no such type. */
bool zkg_dtype_parse(zkg_dtype *out, const char *name);

/** Smallest and largest value that an integer type stores; 0 for ZKG_FR. */
int64_t zkg_dtype_min(zkg_dtype type);
int64_t zkg_dtype_max(zkg_dtype type);

/** The smallest integer type that stores min..max. */
zkg_dtype zkg_dtype_for_range(int64_t min, int64_t max);

/** "public", "fixed", "private", "virtual"; never NULL. */
const char *zkg_visibility_name(zkg_visibility vis);
bool zkg_visibility_parse(zkg_visibility *out, const char *name);

#endif
