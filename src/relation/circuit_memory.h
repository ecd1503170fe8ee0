/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_CIRCUIT_MEMORY_H
#define ZKG_RELATION_CIRCUIT_MEMORY_H

/**
 * @file
 * What proving a circuit takes in memory, and how it takes less.
 *
 * The wires of a layer are needed until the layer above is proven, and layers
 * are proven from the top down.  With stride s every s-th layer is kept as they
 * are made, and the top one; on the way down the s - 1 layers above a kept one
 * are made again, together, when the first of them is needed:
 *
 *     wires  ~ (layers / s + s) of a layer,  work  at most one evaluation more.
 *
 * Stride 1 keeps all.  The messages do not depend on it.
 */

#include "circuit/types.h"

/** Bytes at one moment: each + copy * copies + lane * min(copies,
 *  ZKG_WIRE_LANES). */
typedef struct zkg_circuit_need {
    double each, copy, lane;
} zkg_circuit_need;

/** The moments of a layer's proof at which most is there, beside wires, scratch
 *  and vectors of one copy. */
#define ZKG_CIRCUIT_MOMENTS 2

typedef struct zkg_circuit_layer_sizes {
    double wires;   /**< bytes of a copy */
    double eval;    /**< bytes beside them while they are made */
    double scratch; /**< elements of a copy: zkg_circuit_first_wires */
    double vectors; /**< bytes of one copy: zkg_circuit_vectors_bytes */
    zkg_circuit_need prove[ZKG_CIRCUIT_MOMENTS];
} zkg_circuit_layer_sizes;

/** What it depends on, beside copies and stride. */
typedef struct zkg_circuit_sizes {
    const zkg_circuit *c;
    zkg_circuit_types types;        /**< owned */
    zkg_circuit_layer_sizes *layer; /**< owned */
    zkg_circuit_need merge;
} zkg_circuit_sizes;

/**
 * @param c       checked; not owned
 * @param range   one an input; borrowed by out
 * @param claims  on its outputs
 * @param closely as zkg_circuit_types_init has it
 * @param out     zkg_circuit_sizes_clear, on every path
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_sizes_init(zkg_circuit_sizes *out,
                                                 const zkg_circuit *c,
                                                 const zkg_circuit_range *range,
                                                 uint32_t claims, bool closely);
void zkg_circuit_sizes_clear(zkg_circuit_sizes *z);

/** Whether the stride keeps layer i when the one above it is made. */
static inline bool zkg_circuit_keeps(uint32_t stride, uint32_t i)
{
    return (i + 1) % stride == 0;
}

/** Bytes at most, on a rank that has so many copies.  Between two numbers of
 *  copies it is what lies on the line through theirs, or less but for a group
 *  of copies and for pieces of memory that are not full (base/pool.h). */
double zkg_circuit_bytes(const zkg_circuit_sizes *z, double copies,
                         uint32_t stride);

/** The least stride, a power of two, with which that fits `room`; where none
 *  does, the one that takes least. */
uint32_t zkg_circuit_stride(const zkg_circuit_sizes *z, double copies,
                            double room);

#endif
