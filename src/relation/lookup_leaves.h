/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_LOOKUP_LEAVES_H
#define ZKG_RELATION_LOOKUP_LEAVES_H

/**
 * @file
 * The leaves of a lookup's tree (lookup.h), as columns that hold a value for
 * each of a run of rows, side by side: the tensors' own cells where they lie
 * so, else copies of the same type.
 *
 *   p = 1, I or m;  q = alpha - sum_c beta^c col_c, of a site
 *   q = 1 + (alpha - 1) I - sum_c beta^c t_c, of a table whose rows are padded
 */

#include "backend/backend.h"
#include "relation/lookup.h"

/** A column as seen along the rows' axes, lowest axis first. */
typedef struct zkg_lookup_column {
    const zkg_array *array;
    zkg_fr coeff;
    uint64_t stride[ZKG_MAX_VARS]; /**< in cells; 0: the column lacks the axis */
    uint64_t stored[ZKG_MAX_VARS]; /**< it contributes below this */
} zkg_lookup_column;

/** Rows of a site or table, lowest axis first; neighbours joined. */
typedef struct zkg_lookup_rows {
    uint32_t axes;
    uint64_t len[ZKG_MAX_VARS];
    uint32_t bits[ZKG_MAX_VARS];
    uint32_t vars;
    bool full; /**< no padding: I = 1 */
    uint32_t columns;
    zkg_lookup_column *column; /**< owned: zkg_free() */
    const zkg_array *counts;   /**< a table's numerators, else NULL: I */
    zkg_fr alpha;
} zkg_lookup_rows;

/** Most columns of q, an indicator's included, that small leaves have. */
#define ZKG_SMALL_COLUMNS 3

/** Leaves [lo, hi) of a tree.  They are small when p and q are zkg_rows of
 *  which a FRACTION's first round can be made. */
typedef struct zkg_lookup_leaves {
    bool ones, small;        /**< p = 1 */
    zkg_fr base;             /**< of q */
    uint32_t columns;        /**< of q */
    zkg_column *column;      /**< q's, then p's with coefficient 1; owned */
    void **copy;             /**< one a column, or NULL; owned */
    uint64_t lo;
} zkg_lookup_leaves;

/** The coefficients -beta^c of r's columns, and alpha. */
void zkg_lookup_rows_set(zkg_lookup_rows *r,
                         const zkg_lookup_challenges *challenge);

/** The rows of site j.  @retval ZKG_ERR_NOMEM, and r->column is NULL */
ZKG_MUST_CHECK zkg_status zkg_lookup_rows_of_site(zkg_lookup_rows *r,
                                                  const zkg_task_run *run,
                                                  uint32_t j);

/** The one leaf of a tree without variables. */
void zkg_lookup_single_leaf(zkg_tree *tree, const zkg_lookup_rows *r);

/** Leaves [lo, hi) of rows of one axis or more.
 *  @retval ZKG_ERR_NOMEM, to be cleared all the same */
ZKG_MUST_CHECK zkg_status zkg_lookup_leaves_init(zkg_lookup_leaves *out,
                                                 const zkg_lookup_rows *r,
                                                 uint64_t lo, uint64_t hi);

/** Free; a zeroed struct is allowed. */
void zkg_lookup_leaves_clear(zkg_lookup_leaves *l);

/** Column c from leaf i on. */
zkg_column zkg_lookup_leaves_at(const zkg_lookup_leaves *l, uint32_t c,
                                uint64_t i);

#endif
