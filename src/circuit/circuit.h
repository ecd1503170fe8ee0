/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_CIRCUIT_H
#define ZKG_CIRCUIT_CIRCUIT_H

/**
 * @file
 * A layered circuit as data, its plain evaluation, its wiring sums.
 *
 *   V_i[o] = sum_mul w S[x] S'[y] + sum_add w S[x] + sum_constant w
 *
 * for each gate o of layer i, S and S' being the previous layer V_{i-1} or any
 * input tensor.  Layer 0 is the lowest, the last one the top.  All copies share
 * the wiring.  docs/protocol.md, section 7.
 *
 * A layer of g gates is a table of 2^n wires a copy, n = ceil(log2 g); wires
 * beyond g are 0.  An input is a table of 2^n wires a copy too: its padded
 * cube; a wire names a real entry by its unpadded row-major index.
 *
 * A circuit borrows its arrays, but for what zkg_circuit_seal makes.
 */

#include "field/fr.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most inputs of a circuit. */
#define ZKG_CIRCUIT_MAX_INPUTS 64
/** The previous layer; input k is source 1 + k. */
#define ZKG_CIRCUIT_PREVIOUS 0
#define ZKG_CIRCUIT_MAX_SOURCES (ZKG_CIRCUIT_MAX_INPUTS + 1)
/** Most variables of a layer or of one copy of an input. */
#define ZKG_CIRCUIT_MAX_VARS 31
/** No challenge. */
#define ZKG_CIRCUIT_PLAIN UINT32_MAX

/** What a gate reads. */
typedef struct zkg_circuit_wire {
    uint32_t source;
    uint32_t index; /**< gate of the previous layer, or unpadded entry */
} zkg_circuit_wire;

/** w = value, times a challenge unless that is ZKG_CIRCUIT_PLAIN. */
typedef struct zkg_circuit_coeff {
    zkg_fr value;
    uint32_t challenge;
} zkg_circuit_coeff;

typedef struct zkg_circuit_mul {
    uint32_t gate, coeff;
    zkg_circuit_wire a, b;
} zkg_circuit_mul;

typedef struct zkg_circuit_add {
    uint32_t gate, coeff;
    zkg_circuit_wire a;
} zkg_circuit_add;

typedef struct zkg_circuit_constant {
    uint32_t gate, coeff;
} zkg_circuit_constant;

/** The terms of a layer; in each list gates do not descend. */
typedef struct zkg_circuit_layer {
    uint32_t gates;
    uint32_t muls, adds, constants;
    const zkg_circuit_mul *mul;
    const zkg_circuit_add *add;
    const zkg_circuit_constant *constant;
} zkg_circuit_layer;

/** One copy of an input: real lengths, the last axis lowest. */
typedef struct zkg_circuit_shape {
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
} zkg_circuit_shape;

/** A virtual tensor: the wires [first, first + 2^bits) of the top layer. */
typedef struct zkg_circuit_output {
    uint32_t first, bits;
} zkg_circuit_output;

struct zkg_circuit_plan;

typedef struct zkg_circuit {
    uint32_t inputs;
    const zkg_circuit_shape *input;
    uint32_t layers;
    const zkg_circuit_layer *layer;
    uint32_t coeffs;
    const zkg_circuit_coeff *coeff;
    uint32_t challenges; /**< drawn after all commitments */
    uint32_t asserted;
    const uint32_t *assertion; /**< ascending gates of the top layer: each is 0
                                    on every real copy */
    uint32_t outputs;
    const zkg_circuit_output *output;
    const struct zkg_circuit_plan *plan; /**< by layer; NULL unless it is sealed
                                              (zkg_circuit_seal), and owned by
                                              the circuit then */
} zkg_circuit;

/** How a layer is proven; a function of its terms. */
typedef enum zkg_circuit_kind {
    ZKG_CIRCUIT_LINEAR,      /**< it has no products */
    ZKG_CIRCUIT_ELEMENTWISE, /**< 2^n gates, o is w S[o] S'[o] and nothing else,
                                  with one coefficient, and S, S' of n
                                  variables */
    ZKG_CIRCUIT_PRODUCTS     /**< the rest */
} zkg_circuit_kind;

/** The sources that one phase of a layer reads, ascending. */
typedef struct zkg_circuit_reads {
    uint32_t sources;
    uint8_t source[ZKG_CIRCUIT_MAX_SOURCES];
    uint8_t vars[ZKG_CIRCUIT_MAX_SOURCES]; /**< of each, n_S */
    uint32_t max_vars;
} zkg_circuit_reads;

typedef struct zkg_circuit_plan {
    zkg_circuit_kind kind;
    uint32_t vars;            /**< of the layer */
    uint64_t terms;           /**< no gate has more products and additions */
    zkg_circuit_reads first;  /**< first operands, and all of additions */
    zkg_circuit_reads second; /**< second operands */
    const uint32_t *by_first; /**< the products by the place of their first
                                   operand's source in `first`, then by its
                                   position; of PRODUCTS in a sealed circuit,
                                   else NULL */
} zkg_circuit_plan;

/**
 * Whether a circuit is one: shapes, gates, coefficients and challenges in
 * range, every operand a real entry, every layer read by the next one,
 * assertions ascending, outputs aligned blocks, something asserted or put out,
 * and no output that depends on a challenge (its readers come first).
 *
 * @retval ZKG_ERR_INVALID err names the layer and the gate
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_check(const zkg_circuit *c,
                                            zkg_error *err);

/** Variables of layer i. */
uint32_t zkg_circuit_layer_vars(const zkg_circuit *c, uint32_t i);

/** Variables of one copy of a shape. */
uint32_t zkg_circuit_shape_vars(const zkg_circuit_shape *s);

/** Variables of a source of layer i: n_S. */
uint32_t zkg_circuit_source_vars(const zkg_circuit *c, uint32_t i,
                                 uint32_t source);

/** Entries of a source of layer i from the first to the last that there may be:
 *  the gates of the previous layer, or an input's padded cube. */
uint64_t zkg_circuit_wires(const zkg_circuit *c, uint32_t i, uint32_t source);

/** Where an entry lies in a shape's padded cube. */
uint32_t zkg_circuit_cell(const zkg_circuit_shape *s, uint32_t index);

/** Where a wire lies in its source's padded table. */
static inline uint32_t zkg_circuit_position(const zkg_circuit *c,
                                            zkg_circuit_wire w)
{
    return w.source == ZKG_CIRCUIT_PREVIOUS
               ? w.index
               : zkg_circuit_cell(&c->input[w.source - 1], w.index);
}

/** How layer i is proven, without by_first; the circuit has been checked. */
void zkg_circuit_plan_layer(zkg_circuit_plan *plan, const zkg_circuit *c,
                            uint32_t i);

/**
 * Check a circuit and say how each layer is proven, once for all: as long as it
 * is sealed its arrays must not change.  Sealing it again does all of that
 * again.
 *
 * @param[in,out] c to be unsealed before its arrays go; not sealed on failure
 * @retval ZKG_ERR_INVALID zkg_circuit_check
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_seal(zkg_circuit *c, zkg_error *err);

/** Free what zkg_circuit_seal made; one that is not sealed stays as it is. */
void zkg_circuit_unseal(zkg_circuit *c);

/** Whether the asserted gates are all gates of the top layer. */
bool zkg_circuit_asserts_all(const zkg_circuit *c);

/** out[k] = coefficient k, of the drawn challenges; c->coeffs elements. */
void zkg_circuit_coefficients(zkg_fr *out, const zkg_circuit *c,
                              const zkg_fr *challenge);

/* ---- plain evaluation ---- */

/**
 * One copy of a tensor as its padded table: 2^n elements, cells that are not
 * stored 0.
 *
 * @param axes  axes of one copy, the array's lowest; the array has them alone
 *              (broadcast), or one axis of copies above
 */
void zkg_circuit_load(zkg_fr *out, const zkg_array *a, uint32_t axes,
                      uint64_t copy);

/**
 * Evaluate copies [0, copies) and hold the assertions to them.
 *
 * @param      input inputs arrays (zkg_circuit_load)
 * @param[out] top   copies * gates of the top layer, or NULL
 *
 * @retval ZKG_ERR_WITNESS an assertion does not hold: err names the first copy
 *                         and gate
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_eval(zkg_fr *top, const zkg_circuit *c,
                                           const zkg_fr *challenge,
                                           const zkg_array *const *input,
                                           uint64_t copies, zkg_error *err);

/**
 * The outputs of copies [0, copies), whatever its assertions say.  No output
 * depends on a challenge.
 *
 * @param[out] out out[k]: copies * 2^bits of output k
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_eval_outputs(
    zkg_fr *const *out, const zkg_circuit *c, const zkg_array *const *input,
    uint64_t copies, zkg_error *err);

/* ---- wiring sums, over one copy's gates ---- */

/** out = sum_constant w E[o]; E of 2^n elements. */
void zkg_circuit_sum_constants(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                               const zkg_fr *coeff, const zkg_fr *e);

/** out = sum_add w E[o] X_S[x]; x[S]: tables by source, those read. */
void zkg_circuit_sum_adds(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                          const zkg_fr *coeff, const zkg_fr *e,
                          const zkg_fr *const *x);

/** out = sum_mul w E[o] X_S[x] Y_S'[y]. */
void zkg_circuit_sum_muls(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                          const zkg_fr *coeff, const zkg_fr *e,
                          const zkg_fr *const *x, const zkg_fr *const *y);

#endif
