/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_CONE_H
#define ZKG_CIRCUIT_CONE_H

/**
 * @file
 * What a gate can be, found by trying: its cone of some layers is evaluated for
 * all values of the wires at its foot, where these are few and have two values
 * each, as bits have.
 *
 * A bound of each gate by itself forgets what its wires have in common:
 *
 *     x + z - y z - 2 x q,  q = z - y z one layer below,
 *
 * is x xor (z and not y), 0 or 1, and by corners from -1 to 2.
 */

#include "circuit/circuit.h"

/** Most wires at the foot of a cone. */
#define ZKG_CONE_FEET 8

/** Most layers of a cone below its gate's own. */
#define ZKG_CONE_DEPTH 2

typedef struct zkg_circuit_span {
    int64_t low, high;
} zkg_circuit_span;

/** A gate's terms: [mul, mul_end) and so on of its layer. */
typedef struct zkg_circuit_terms {
    uint32_t mul, mul_end, add, add_end, constant, constant_end;
} zkg_circuit_terms;

/** The terms of gate o of a layer, those of o - 1 being in *g, zeros for o = 0.
 */
void zkg_circuit_next_terms(zkg_circuit_terms *g, const zkg_circuit_layer *l,
                            uint32_t o);

/** What is known of a gate's layer and those below. */
typedef struct zkg_circuit_cones {
    const zkg_circuit *c;
    const int64_t *coeff;            /**< plain integers, those that are read */
    const zkg_circuit_span *input;   /**< by input */
    const zkg_circuit_span *layer;   /**< by layer: of all gates, integers */
    zkg_circuit_terms *const *terms; /**< by layer, by gate: of the cone's */
} zkg_circuit_cones;

/**
 * All that a gate is, over the values of the wires `depth` layers below its own
 * (an input's are wires at any depth).
 *
 * @param i     its layer, at least `depth`; every gate of the cone is of
 *              integers, below 2^62 as each layer's ranges have it
 * @return false, *out untouched: the feet are too many, or one has more than
 *         two values
 */
bool zkg_circuit_cone_span(zkg_circuit_span *out, const zkg_circuit_cones *k,
                           uint32_t i, uint32_t gate, uint32_t depth);

#endif
