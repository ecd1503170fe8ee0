/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_ROWS_H
#define ZKG_RELATION_ROWS_H

/**
 * @file
 * Tensors along the rows of a lookup site, of a table, or of a product of two
 * tensors entry by entry, as columns: one value a row, side by side, for a run
 * of rows.  They are the tensors' own cells where these lie so, else copies of
 * the same type.
 */

#include "backend/backend.h"
#include "relation/run.h"

/** A column as seen along the rows' axes, lowest axis first. */
typedef struct zkg_column_view {
    const zkg_array *array;
    uint64_t cell; /**< of row 0 */
    zkg_fr coeff;
    uint64_t
        stride[ZKG_MAX_VARS]; /**< in cells; 0: the column lacks the axis */
    uint64_t stored[ZKG_MAX_VARS]; /**< it contributes below this */
} zkg_column_view;

/** Rows of a site or table, lowest axis first; neighbours joined. */
typedef struct zkg_rows_view {
    uint32_t axes;
    uint64_t len[ZKG_MAX_VARS];
    uint32_t bits[ZKG_MAX_VARS];
    uint32_t vars;
    bool full; /**< no padding: I = 1 */
    uint32_t columns;
    zkg_column_view *column; /**< owned: zkg_free() */
    const zkg_array *counts; /**< a table's numerators, else NULL: I */
    zkg_fr alpha;
} zkg_rows_view;

/** Most columns of q, an indicator's included, that small leaves have. */
#define ZKG_SMALL_COLUMNS 3

/**
 * Rows [lo, hi) of the fractions p / q whose leaves a lookup adds up:
 *   p = 1, I or m;  q = alpha - sum_c beta^c col_c, of a site
 *   q = 1 + (alpha - 1) I - sum_c beta^c t_c, of a table whose rows are padded
 * They are small when p and q are zkg_rows of which a FRACTION's first round
 * can be made.
 */
typedef struct zkg_row_columns {
    bool ones, small;   /**< p = 1 */
    zkg_fr base;        /**< of q */
    uint32_t columns;   /**< of q */
    zkg_column *column; /**< q's, then p's with coefficient 1; owned */
    void **copy;        /**< one a column, or NULL; owned */
    uint32_t copies;    /**< entries of both */
    uint64_t lo;
} zkg_row_columns;

/** The coefficients -beta^c of r's columns, and alpha. */
void zkg_rows_view_set(zkg_rows_view *r,
                       const zkg_lookup_challenges *challenge);

/** The rows of site j.  @retval ZKG_ERR_NOMEM, and r->column is NULL */
ZKG_MUST_CHECK zkg_status zkg_rows_view_of_site(zkg_rows_view *r,
                                                const zkg_task_run *run,
                                                uint32_t j);

/** Join axes wherever rows and columns allow: long lines. */
void zkg_rows_view_join(zkg_rows_view *r);

/** Rows [lo, hi), of one axis or more.
 *  @retval ZKG_ERR_NOMEM, to be cleared all the same */
ZKG_MUST_CHECK zkg_status zkg_row_columns_init(zkg_row_columns *out,
                                               const zkg_rows_view *r,
                                               uint64_t lo, uint64_t hi);

/**
 * Integers that are wider than zkg_rows takes, of one column and no p, as up to
 * three columns: the lowest ZKG_ROWS_BITS bits, the next ones, and what is
 * left.  They are small then, unless they are field elements.
 *
 * @param n their number
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_row_columns_narrow(zkg_row_columns *l,
                                                 uint64_t n);

/** Free; a zeroed struct is allowed. */
void zkg_row_columns_clear(zkg_row_columns *l);

/** Column c from row i on. */
zkg_column zkg_row_columns_at(const zkg_row_columns *l, uint32_t c, uint64_t i);

#endif
