/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUMCHECK_PROVE_H
#define ZKG_SUMCHECK_PROVE_H

/**
 * @file
 * The proving side of sumcheck.h.
 *
 * A part (one f_j) is whole, the same on every rank of the group, or in 2^m
 * slices (slices.h).  While a sliced part has variables left inside its slices,
 * a round sums a few scalars over the group; when little is left of all of
 * them, or single entries of one, slices are gathered, and every rank finishes
 * alone.
 */

#include "backend/backend.h"
#include "comm/comm.h"
#include "sumcheck/slices.h"
#include "sumcheck/sumcheck.h"

/** How a part with n_j < n variables extends to n. */
typedef enum zkg_extend {
    ZKG_EXTEND_CONSTANT, /**< it does not depend on the upper variables */
    ZKG_EXTEND_ZERO      /**< each of its factors is 0 unless they are all 0,
                              times prod (1 - x_t); ZKG_FORM_PRODUCT without
                              eq only */
} zkg_extend;

/** A factor that is no table before x_0 is bound:
 *  sum_{k < count} scale_k eq(point_k, x), count >= 1. */
typedef struct zkg_eq_sum {
    uint32_t count;
    const zkg_fr *scale;        /**< not owned */
    const zkg_fr *const *point; /**< of n_j coordinates each; not owned */
} zkg_eq_sum;

typedef struct zkg_part {
    zkg_form_kind kind;
    zkg_fr coeff;
    zkg_fr lambda;        /**< FRACTION; FRACTION_ONES: not 0 */
    uint32_t vars;        /**< n_j */
    uint32_t vars3;       /**< PRODUCT3: variables of the third factor, the
                               lowest of n_j */
    uint32_t slice_bits;  /**< m; 0: whole, on every rank */
    uint32_t first;       /**< this rank's first slice; 0 when whole */
    uint32_t count;       /**< its number of slices, 0 allowed; 1 when whole */
    zkg_table *tables;    /**< count * arity, slice by slice; not owned; used as
                               scratch, still the caller's to clear.  A table of
                               a slice has n_j - m variables, PRODUCT3's third
                               min(vars3, n_j - m): it repeats with its period */
    const zkg_rows *rows; /**< NULL; or, as many as tables, what these would be
                               of, which are then made when x_0 is bound: they
                               are zeroed structs, or tables of a variable
                               less.  Not PRODUCT3; slices of 2 variables
                               and more; FRACTION: a p0's and a q0's columns are
                               ZKG_ROWS_COLUMNS at most.  Not owned */
    const zkg_eq_sum *eq_sum; /**< NULL; or, with rows of a PRODUCT without eq,
                               what its second table would be of: its rows
                               are not read.  Not owned */
    zkg_fr final[4];          /**< out: the tables at the point's lowest n_j
                                   coordinates, in the kind's order (for
                                   ZKG_EXTEND_ZERO without the factors 1 - x_t) */
} zkg_part;

typedef struct zkg_form {
    zkg_sumcheck_shape shape;
    zkg_extend extend;
    zkg_part *parts;
    uint32_t part_count;
} zkg_form;

/** A sumcheck that has begun. */
typedef struct zkg_rounds zkg_rounds;

/**
 * Begin one.  The form, and what it points to, must outlive it.
 *
 * @param[in,out] form its parts' tables are used up; final is filled in
 *
 * @retval ZKG_ERR_INVALID the shape, or a degree below a part's   (all ranks)
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE  (maybe one rank alone)
 */
ZKG_MUST_CHECK zkg_status zkg_rounds_new(zkg_rounds **out, const zkg_comm *comm,
                                         const zkg_backend *backend,
                                         zkg_form *form);

/** NULL is allowed. */
void zkg_rounds_free(zkg_rounds *rounds);

/**
 * The sum over the cube, for a prover that has to say it: what the first round
 * is at 0 and at 1.  The round is not made again.  Collective over comm; at
 * most once, before zkg_rounds_prove().
 *
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM  (maybe one rank alone)
 */
ZKG_MUST_CHECK zkg_status zkg_rounds_sum(zkg_rounds *rounds, zkg_fr *sum);

/** All rounds: zkg_sumcheck_prove() of what has begun, once. */
ZKG_MUST_CHECK zkg_status zkg_rounds_prove(zkg_rounds *rounds, zkg_tape *tape,
                                           zkg_fr *claim, zkg_fr *point);

/**
 * Prove.  Collective over comm; the tapes are in equal states, and stay so.
 * claim is trusted: for a false one the proof is well formed, and claim does
 * not equal the parts' values at the end.
 *
 * @param[in,out] form  its parts' tables are used up; final is filled in
 * @param[in,out] claim in: the sum; out: the claim left over
 * @param[out]    point n coordinates
 *
 * @retval ZKG_ERR_INVALID the shape, or a degree below a part's   (all ranks)
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM  (maybe one rank alone)
 */
ZKG_MUST_CHECK zkg_status zkg_sumcheck_prove(zkg_tape *tape,
                                             const zkg_comm *comm,
                                             const zkg_backend *backend,
                                             zkg_form *form, zkg_fr *claim,
                                             zkg_fr *point);

/** out = sum_j coeff_j f_j at the end, from the parts' final values and, for
 *  ZKG_EXTEND_ZERO, the point: what an honest claim left over equals. */
void zkg_form_end_value(zkg_fr *out, const zkg_form *form, const zkg_fr *point);

#endif
