/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_PAIR_H
#define ZKG_RELATION_PAIR_H

/**
 * @file
 * A sumcheck of two factors, each of 2^vars, and perhaps an indicator of the
 * lowest vars3 variables: what all sums of an einsum's prover are.
 *
 *   sum over x of  E(x) a(x) b(x) i(x)
 *
 * A factor is a tensor's cells, integers of which the first round is made as
 * they are; a sum of eq's, b alone; or a vector of field elements, where
 * something has been folded.  Integers wider than zkg_rows takes are sums of
 * columns of ZKG_ROWS_BITS bits.  Where one factor is a vector, the other
 * becomes a table, too.
 *
 *   zkg_pair_init, what the factors are, zkg_pair_begin; zkg_pair_sum where the
 *   sum is to be said; zkg_pair_prove; zkg_pair_clear.
 */

#include "relation/rows.h"
#include "relation/run.h"
#include "sumcheck/prove.h"

/** What a factor is: the one of these that is not NULL, or zeroed. */
typedef struct zkg_factor {
    zkg_fr *vector;           /**< of the scratch; all 2^vars */
    zkg_row_columns columns;  /**< this rank's slices: base + its columns */
    const zkg_eq_sum *eq_sum; /**< factor 1; not owned */
} zkg_factor;

/** How the entries are dealt out is known once it is made. */
typedef struct zkg_pair {
    uint32_t vars;
    uint32_t m, first, count; /**< slices of this rank */
    uint64_t lo, hi;          /**< their entries */
    zkg_factor factor[2];     /**< the caller's to fill in; owned */
    zkg_fr *i;                /**< the indicator; NULL: none; owned */
    uint32_t vars3;           /**< its variables */

    zkg_child *child;
    zkg_arena *scratch;  /**< of vectors and tables */
    zkg_rows *rows;      /**< owned: of part, and what they point to */
    zkg_column *columns; /**< owned */
    zkg_part part;
    zkg_form form;
    zkg_rounds *rounds; /**< owned */
} zkg_pair;

/** Scratch of a sumcheck of so many variables; SIZE_MAX - 1 at most. */
size_t zkg_pair_bytes(uint32_t vars);

/** A pair of 2^vars, of no factors yet. */
void zkg_pair_init(zkg_pair *p, uint32_t vars, const zkg_task_run *run);

/** Free; a zeroed struct is allowed. */
void zkg_pair_clear(zkg_pair *p);

/** Factor f is a vector, of zeros: p->factor[f].vector. */
ZKG_MUST_CHECK zkg_status zkg_pair_vector(zkg_pair *p, uint32_t f);

/** Factor f is a tensor's cells, or with r->columns == 0 the indicator I of r's
 *  rows, 1 where they are full. */
ZKG_MUST_CHECK zkg_status zkg_pair_columns(zkg_pair *p, uint32_t f,
                                           zkg_rows_view *r);

/** Begin; shape as of zkg_form.
 *  @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE (one rank) */
ZKG_MUST_CHECK zkg_status zkg_pair_begin(zkg_pair *p,
                                         const zkg_sumcheck_shape *shape);

/** zkg_rounds_sum.  Collective over the child's group. */
ZKG_MUST_CHECK zkg_status zkg_pair_sum(zkg_pair *p, zkg_fr *sum);

/** The rounds of a sum that is `claim`.  Collective over the child's group.
 *  @param[out] point vars coordinates
 *  @param[out] final the factors there */
ZKG_MUST_CHECK zkg_status zkg_pair_prove(zkg_pair *p, const zkg_fr *claim,
                                         zkg_fr *point, zkg_fr final[2]);

#endif
