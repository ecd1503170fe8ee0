/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_SHAPE_H
#define ZKG_RELATION_SHAPE_H

/**
 * @file
 * Which variable belongs to which axis: of a lookup site, of an operand, of the
 * sumcheck of an einsum's term.  Pure index arithmetic, both sides'.
 *
 * Axes are listed highest first; axis k of a list owns the variables
 * [shift_k, shift_k + bits_k), shift of the last one 0.  Axes of length 1 are
 * left out of every list here.  docs/protocol.md, sections 5 and 6.
 */

#include "field/fr.h"
#include "relation/relation.h"

#include <stdbool.h>
#include <stdint.h>

/** Axes with variables, highest first. */
typedef struct zkg_axes {
    uint32_t axes;
    uint32_t axis[ZKG_MAX_VARS];  /**< ids */
    uint32_t shift[ZKG_MAX_VARS]; /**< lowest variable */
    uint32_t vars;
} zkg_axes;

/** Where an axis stands in a list; -1: it does not. */
int32_t zkg_axes_find(const zkg_axes *list, uint32_t axis);

/** Whether two lists hold the same axes in any order. */
bool zkg_axes_same_set(const zkg_axes *a, const zkg_axes *b);

/** From n ids.  Repeated and length-1 axes are left out.
 *  @retval false more than ZKG_MAX_VARS variables; the list is then empty */
bool zkg_axes_init(zkg_axes *list, const zkg_task_relations *t,
                   const uint32_t *axis, uint32_t n);

/** The rows of a site: the copies first, then axes as the columns name them.
 *  @retval false too many variables */
bool zkg_axes_of_site(zkg_axes *list, const zkg_task_relations *t,
                      const zkg_site *site);

/** Coordinates by axis: at[axis] points to the axis' bits coordinates. */
typedef struct zkg_coords {
    const zkg_fr *at[ZKG_MAX_TASK_AXES];
} zkg_coords;

/** at[axis] = where the list's axes lie in a point of list->vars. */
void zkg_coords_set(zkg_coords *coords, const zkg_axes *list,
                    const zkg_fr *point);

/** The point, lowest first, of a tensor whose axes are axis[0..n), highest
 *  first, each with coordinates.  @return the number of variables */
uint32_t zkg_coords_point(zkg_fr *point, const zkg_coords *coords,
                          const zkg_task_relations *t, const uint32_t *axis,
                          uint32_t n);

/** out = product over the list's axes that are not in `have` of I~ at coords:
 *  J of a broadcast term or column. */
void zkg_indicator_missing(zkg_fr *out, const zkg_task_relations *t,
                           const zkg_axes *list, const zkg_axes *have,
                           const zkg_coords *coords);

/** Whether every axis of the list has a power of two as its length. */
bool zkg_axes_full(const zkg_axes *list, const zkg_task_relations *t);

/**
 * The axes of a factor's tensor that are summed with public weights: those with
 * an affine index, and of a lone factor the contracted ones.  They are the
 * variables of a sumcheck, highest first, the last one's lowest.
 */
typedef struct zkg_weighted {
    uint32_t axes;
    uint32_t k[ZKG_MAX_AXES];     /**< which axis of the tensor */
    uint32_t shift[ZKG_MAX_AXES]; /**< lowest variable */
    uint32_t vars;
} zkg_weighted;

/** How a term is proven. */
typedef struct zkg_term_shape {
    zkg_axes factor[2];       /**< axes that each factor names */
    zkg_axes named;           /**< of both, in order of naming */
    zkg_axes contracted;      /**< of a product: its sumcheck's low variables */
    zkg_axes batch;           /**< in out and in both factors: above them, with
                                   eq */
    zkg_axes masked;          /**< contracted axes that carry I_L */
    zkg_weighted weighted[2]; /**< of each factor */
    uint32_t vars;            /**< of the product's sumcheck */
} zkg_term_shape;

/** out: the einsum's output axes. */
void zkg_term_shape_init(zkg_term_shape *s, const zkg_task_relations *t,
                         const zkg_axes *out, const zkg_term *term);

/** Whether the term is 1, or a plain claim: no sumcheck. */
bool zkg_term_is_plain(const zkg_term *term, const zkg_term_shape *s);

/** Ids of the axes that factor f names, in its order, length-1 ones included;
 *  of an affine index a, then b.  @return their number */
uint32_t zkg_term_axes(uint32_t axis[2 * ZKG_MAX_AXES], const zkg_term *term,
                       uint32_t f);

/** Whether some affine index of the term names the axis. */
bool zkg_term_in_affine(const zkg_term *term, uint32_t axis);

/** Whether an index is affine, of axes of length 1, and e is a real entry: it
 *  is e then, and fixes the tensor's coordinates. */
bool zkg_index_is_constant(const zkg_task_relations *t, const zkg_term *term,
                           uint32_t f, uint32_t k);

/**
 * The point of factor f's tensor, lowest first: coordinates of its plain axes
 * from coords, the bits of constants, and of weighted axes what `end` holds.
 *
 * @param end weighted[f].vars coordinates; may be NULL when there are none
 * @return the number of variables
 */
uint32_t zkg_term_point(zkg_fr *point, const zkg_task_relations *t,
                        const zkg_term *term, uint32_t f,
                        const zkg_term_shape *s, const zkg_coords *coords,
                        const zkg_fr *end);

/** Bits of axis k of the tensor of factor f. */
uint32_t zkg_term_bits(const zkg_task_relations *t, const zkg_term *term,
                       uint32_t f, uint32_t k);

/** Where axis k of factor f stands among its weighted ones; -1: it does not. */
int32_t zkg_weighted_find(const zkg_weighted *w, uint32_t k);

#endif
