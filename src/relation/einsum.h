/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_EINSUM_H
#define ZKG_RELATION_EINSUM_H

/**
 * @file
 * Sums of products of tensors.  docs/protocol.md, section 5.
 *
 *   for all o:  sum_t c_t sum_{contracted} prod_i T_{t,i}[...] = 0, or V[o]
 *
 * At a point r over the output axes: sum_t c_t J_t v_t = 0, or V~(r), J_t the
 * indicators at r of the output axes that the term does not name.  v_t is
 *   no tensor               1
 *   one tensor, plain axes  T~(r): a claim
 *   one tensor              sum_x w(x) T'(x), w the product of the weights of
 *                           contracted and affine axes, T' folded at r
 *   two tensors             sum_{x,b} eq(r_b,b) I(x) A'(x,b) B'(x,b)
 * and each sum is a message v_t, then rounds.  A product's variables:
 * contracted axes low, in the order of naming (the last one lowest); above them
 * the batch axes, likewise.  A' is A folded at r.  Where A has affine indices,
 *   A'(x,b) = sum_u w_x(u) A[u,x,b],
 *   w_x(u) = sum over real y with s y + d x + e = u of eq(r_y,y),
 * 0 where u or x is not real.  Its value z at the end is then a message of its
 * own, and a second sumcheck
 *   z = sum_u w(u) A(u,..),
 *   w(u) = sum over real y, x with s y + d x + e = u of eq(r_y,y) eq(rho_x,x)
 * ends in the claim.  One tensor's sum is the same with z = v_t.
 *
 * Messages of an einsum: `= V` with several claims on V: the challenge rho, the
 * rounds of sum_i rho^i eq(z_i,x) V~(x), the value V~(x).  Then the challenge
 * r, where it is drawn.  Then the terms in order: v_t; the rounds of a product,
 * then for each factor its value or its z; then for each factor with weighted
 * axes the rounds of its second sumcheck and its value.
 */

#include "relation/run.h"

/** V's one claim, when the einsum defines a virtual tensor. */
typedef struct zkg_einsum_target {
    zkg_fr point[ZKG_MAX_VARS];
    zkg_fr value; /**< 0 when the einsum asserts 0 */
} zkg_einsum_target;

/** V's claims, as they stood in the ledger before they were struck. */
typedef struct zkg_merge {
    uint32_t claims, vars;
    zkg_fr rho;
    zkg_fr sum;       /**< sum_i rho^i value_i */
    zkg_claim *claim; /**< owned copy */
} zkg_merge;

/**
 * Take V's claims out of the ledger; with more than one, draw rho (with one it
 * is 0, and nothing is drawn).
 *
 * @param[out] merge zkg_merge_clear, on failure too
 * @retval ZKG_ERR_INVALID V has none
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_merge_begin(zkg_merge *merge, zkg_child *c,
                                          uint32_t tensor, zkg_error *err);
void zkg_merge_clear(zkg_merge *merge);

/** out = sum_i rho^i eq(z_i, x). */
void zkg_merge_weight(zkg_fr *out, const zkg_merge *merge, const zkg_fr *x);

/**
 * The point over the output axes: V's, the first fitting site's, or drawn.
 *
 * @param[out] store  the point, when drawn: ZKG_MAX_VARS elements, which must
 *                    outlive coords
 * @param      target V's claim, read of an einsum that equals V; must outlive
 *                    coords
 */
void zkg_einsum_point(zkg_task_run *run, const zkg_einsum *e,
                      const zkg_axes *out, const zkg_einsum_target *target,
                      zkg_fr *store, zkg_coords *coords);

/** I~ of the term's masked axes at the sumcheck's end point (coords has it). */
void zkg_einsum_mask(zkg_fr *value, const zkg_task_run *run,
                     const zkg_term_shape *s, const zkg_coords *coords);

/** The entries of axis k of factor f's tensor that are real. */
uint64_t zkg_einsum_real_len(const zkg_task_run *run, const zkg_term *term,
                             uint32_t f, uint32_t k);

/**
 * The weights of a weighted axis: of a contracted one I_L; of an affine one
 *   w[u] = sum over real a, b with s a + d b + e = u of eq(a) eq(b), u real,
 * eq at the axis' coordinates; 1 where it has none, being summed.
 *
 * @param[out] w 2^bits elements, bits those of the tensor's axis k
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_einsum_weights(zkg_fr *w, const zkg_task_run *run,
                                             const zkg_term *term, uint32_t f,
                                             uint32_t k,
                                             const zkg_coords *coords);

/** out = the product of the extensions of all of factor f's weights at end,
 *  weighted[f].vars coordinates.  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_einsum_weights_eval(
    zkg_fr *out, const zkg_task_run *run, const zkg_term *term, uint32_t f,
    const zkg_term_shape *s, const zkg_coords *coords, const zkg_fr *end);

/** eq at an axis' coordinates for its real indices; 1 where it has none.
 *  @param[out] w   *len elements: zkg_free()
 *  @param[out] len the axis' length; of ZKG_NO_AXIS 1, and *w is a single 1
 *  @retval ZKG_ERR_NOMEM *w is NULL */
ZKG_MUST_CHECK zkg_status zkg_einsum_axis_eq(zkg_fr **w, uint64_t *len,
                                             const zkg_task_run *run,
                                             uint32_t axis,
                                             const zkg_coords *coords);

/** sum += c_t J_t v_t */
void zkg_einsum_add_term(zkg_fr *sum, const zkg_task_run *run,
                         const zkg_axes *out, const zkg_term *term,
                         const zkg_term_shape *s, const zkg_coords *coords,
                         const zkg_fr *value);

/** The lowest variables that reach up to the highest masked axis' top: the
 *  indicator is a function of these. */
uint32_t zkg_einsum_mask_vars(const zkg_task_relations *t,
                              const zkg_term_shape *s);

/** degree[] of a product's rounds: 3 where its indicator reaches
 *  (zkg_einsum_mask_vars), else 2. */
void zkg_einsum_degrees(uint8_t degree[ZKG_MAX_VARS],
                        const zkg_task_relations *t, const zkg_term_shape *s);

/** An einsum's part of zkg_task_scratch(), the same on every rank: two factors
 *  of its longest sum. */
size_t zkg_einsum_scratch(const zkg_task_relations *t, const zkg_einsum *e);

/** One einsum.  zkg_einsum_prove: collective over the child's group; statuses
 *  as of zkg_task_prove and zkg_task_verify. */
ZKG_MUST_CHECK zkg_status zkg_einsum_prove(zkg_task_run *run,
                                           const zkg_einsum *e);
ZKG_MUST_CHECK zkg_status zkg_einsum_verify(zkg_task_run *run,
                                            const zkg_einsum *e);

#endif
