/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_VALUES_H
#define ZKG_CIRCUIT_VALUES_H

/**
 * @file
 * The values of a circuit's wires in neighbouring copies, in groups of copies
 * (backend/wires.h), layer by layer.
 *
 * Wires of a layer are integers of the smallest type that its sources' values
 * and its coefficients allow for, else elements.
 */

#include "backend/backend.h"
#include "base/pool.h"
#include "circuit/types.h"

typedef struct zkg_circuit_values {
    const zkg_backend *backend;
    const zkg_circuit *c;
    const zkg_fr *coeff; /**< zkg_circuit_coefficients; not owned */
    uint64_t begin;      /**< the first copy */
    uint32_t lanes;      /**< copies of a group */
    size_t groups;
    zkg_wires *layer; /**< made by zkg_circuit_values_eval */
    bool pooled;      /**< set while no layer is there: most are there at a
                           time, and go as they came or the other way round */
    zkg_pool pool;    /**< where layers are then */
    zkg_wires *input; /**< padded cubes; one that all copies share is one copy's
                           elements, of one lane */
    zkg_circuit_range *range; /**< by input: what it holds in these copies */
    uint64_t *most; /**< by layer: the largest absolute value where its wires
                         are integers; stays when it is dropped */
} zkg_circuit_values;

/** 1, 2, 4 or 8: a group for so many copies. */
uint32_t zkg_circuit_lanes(uint64_t copies);

/**
 * Load the inputs of copies [begin, begin + lanes groups).  Those beyond an
 * array's stored copies are 0.
 *
 * @param input by input (zkg_circuit_load)
 * @param vs    zkg_circuit_values_clear, on every path
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_values_init(
    zkg_circuit_values *vs, const zkg_backend *backend, const zkg_circuit *c,
    const zkg_fr *coeff, const zkg_array *const *input, uint64_t begin,
    uint32_t lanes, size_t groups);
void zkg_circuit_values_clear(zkg_circuit_values *vs);

/** Make layer i, once or again: the same; its sources are there.
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_circuit_values_eval(zkg_circuit_values *vs,
                                                  uint32_t i);

/** Memory for layer i, not zeroed: for zkg_circuit_values_eval.
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_circuit_values_layer(zkg_circuit_values *vs,
                                                   uint32_t i, zkg_dtype type);

/** Free layer i. */
void zkg_circuit_values_drop(zkg_circuit_values *vs, uint32_t i);

/** Whether layer i is there. */
static inline bool zkg_circuit_values_has(const zkg_circuit_values *vs,
                                          uint32_t i)
{
    return vs->layer[i].at != NULL;
}

/** Whether a source is the same in all copies. */
static inline bool zkg_circuit_values_shared(const zkg_circuit_values *vs,
                                             uint32_t source)
{
    return zkg_circuit_is_shared(vs->range, source);
}

/** The wires of a source of layer i. */
static inline const zkg_wires *
zkg_circuit_values_source(const zkg_circuit_values *vs, uint32_t i,
                          uint32_t source)
{
    return source == ZKG_CIRCUIT_PREVIOUS ? &vs->layer[i - 1]
                                          : &vs->input[source - 1];
}

/** Element x of a shared source. */
static inline const zkg_fr *
zkg_circuit_values_shared_at(const zkg_circuit_values *vs, uint32_t source,
                             uint32_t x)
{
    return (const zkg_fr *)vs->input[source - 1].at + x;
}

/** Wires of the same copies, not zeroed; zkg_free(out->at).
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_circuit_values_wires(zkg_wires *out,
                                                   const zkg_circuit_values *vs,
                                                   zkg_dtype type,
                                                   size_t count);

#endif
