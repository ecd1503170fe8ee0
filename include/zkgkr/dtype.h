/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_DTYPE_H
#define ZKGKR_DTYPE_H

/**
 * @file
 * The words a graph is made of: how values are stored, who sees them, which
 * tables there are (docs/protocol.md, 1).  The numbers stand in files: they
 * never change.
 */

#ifdef __cplusplus
extern "C" {
#endif

/** How the values of a tensor are stored. */
typedef enum zkg_dtype {
    ZKG_I8 = 0,
    ZKG_U8 = 1,
    ZKG_I16 = 2,
    ZKG_U16 = 3,
    ZKG_I32 = 4,
    ZKG_I64 = 5,
    ZKG_FR = 6 /**< field elements, Montgomery form in memory */
} zkg_dtype;

/** Who sees a tensor. */
typedef enum zkg_visibility {
    ZKG_PUBLIC = 0,  /**< the verifier has the values */
    ZKG_FIXED = 1,   /**< committed in the key, such as weights */
    ZKG_PRIVATE = 2, /**< committed in the proof */
    ZKG_VIRTUAL = 3  /**< never committed, lives inside one task */
} zkg_visibility;

/** The kinds of table that a lookup may name (docs/protocol.md, 6). */
typedef enum zkg_table_kind {
    ZKG_KIND_RANGE = 0,        /**< i, for i < 2^bits */
    ZKG_KIND_SIGNED_RANGE = 1, /**< i - 2^(bits-1) */
    ZKG_KIND_RELU = 2,         /**< (i - 2^(bits-1), max(0, that)) */
    ZKG_KIND_COLUMNS = 3       /**< columns given as data */
} zkg_table_kind;

#define ZKG_MAX_AXES 12 /**< of a tensor, copies included */

#ifdef __cplusplus
}
#endif

#endif
