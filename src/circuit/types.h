/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_TYPES_H
#define ZKG_CIRCUIT_TYPES_H

/**
 * @file
 * How a circuit's wires are stored (circuit/values.h), told from what its
 * inputs may hold: what a circuit will take in memory follows from its
 * statement.
 *
 * Gate o of a layer is at most
 *
 *     B[o] = sum_mul |w| B_S B_S' + sum_add |w| B_S + sum_constant |w|
 *
 * in absolute value, B_S the largest that source S has.  A layer whose gates
 * stay below 2^50 is of integers; one with a coefficient that is a challenge,
 * or with a source of elements, is of elements.
 */

#include "circuit/circuit.h"

/** What the values of an input may be. */
typedef struct zkg_circuit_range {
    int64_t low, high; /**< 0 included; of integers */
    bool elements;     /**< field elements */
    bool shared;       /**< all copies share it */
} zkg_circuit_range;

typedef struct zkg_circuit_types {
    const zkg_circuit *c;
    zkg_dtype *input;               /**< owned */
    zkg_dtype *layer;               /**< owned; no wire of it takes more */
    const zkg_circuit_range *range; /**< by input; not owned */
} zkg_circuit_types;

/** Whether a source is the same in all copies; range: by input. */
static inline bool zkg_circuit_is_shared(const zkg_circuit_range *range,
                                         uint32_t source)
{
    return source != ZKG_CIRCUIT_PREVIOUS && range[source - 1].shared;
}

/** The type of an input's wires: ZKG_FR of elements, of integers beyond
 *  ZKG_WIRE_MOST, and of one that all copies share. */
zkg_dtype zkg_circuit_input_type(const zkg_circuit_range *r);

/** The type of a layer whose gates are at most `most`; one more than that fits:
 *  room for a test's wrong wire. */
zkg_dtype zkg_circuit_layer_type(uint64_t most);

/**
 * @param c       checked; not owned
 * @param input   what each input's values may be; borrowed by out
 * @param closely look at gates with those below them (circuit/cone.h), so that
 *                bits stay bits
 * @param out     zkg_circuit_types_clear, on every path
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_types_init(zkg_circuit_types *out,
                                                 const zkg_circuit *c,
                                                 const zkg_circuit_range *input,
                                                 bool closely);
void zkg_circuit_types_clear(zkg_circuit_types *t);

/**
 * Narrow what inputs may hold by what the circuit asserts: where each entry b
 * of an input has an asserted gate
 *
 *     w b b - w b,  w != 0,
 *
 * its values are 0 and 1 wherever the assertions hold.  For forecasts: a prover
 * goes by the values that it is given.
 *
 * @param input one an input, of which those narrowed change
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_narrow_ranges(zkg_circuit_range *input,
                                                    const zkg_circuit *c);

/** Bytes that making layer i takes beside its wires (values_gates.c); they do
 *  not depend on copies. */
double zkg_circuit_eval_bytes(const zkg_circuit_types *types, uint32_t i);

/** Bytes that the backend takes for so many weights of terms. */
#define ZKG_CIRCUIT_LIFTED_BYTES 41

/** What zkg_alloc_raw takes for so many. */
double zkg_circuit_raw_bytes(double bytes);

/** |x| */
static inline uint64_t zkg_circuit_size(int64_t x)
{
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

/** 1 instead of 0, so that products of some of the factors are bounded too. */
static inline uint64_t zkg_circuit_factor_bound(uint64_t most)
{
    return most > 0 ? most : 1;
}

#endif
