/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_CIRCUIT_PROVER_H
#define ZKG_RELATION_CIRCUIT_PROVER_H

/**
 * @file
 * The proving side of circuit.h, shared by its files.
 *
 * Copies are dealt out: 2^m slices of 2^low copies each, low + m = the copies'
 * variables; a rank has neighbouring slices, and of them the wires of all
 * layers (circuit/values.h).
 */

#include "circuit/values.h"
#include "relation/circuit.h"
#include "relation/circuit_memory.h"
#include "sumcheck/prove.h"

typedef struct zkg_circuit_prover {
    zkg_circuit_run *cr;
    uint32_t m, low;       /**< 2^m slices of 2^low copies */
    uint32_t first, count; /**< this rank's slices; all where m = 0 */
    uint64_t begin;        /**< its first copy */
    uint64_t copies;       /**< how many: count << low */
    uint32_t stride;       /**< of the layers that stay (circuit_memory.h) */
    zkg_circuit_values v;  /**< a layer is dropped once used */
    void *scratch;         /**< of zkg_circuit_prove_first */
    zkg_fr *over_c;        /**< of this rank's copies: scratch of a fold */
} zkg_circuit_prover;

/** Deal out, evaluate this rank's copies, and hold the real ones to the
 *  assertions.  Clear p on every path.
 *  @retval ZKG_ERR_WITNESS an assertion does not hold (all ranks) */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_init(zkg_circuit_prover *p,
                                                  zkg_circuit_run *cr);
void zkg_circuit_prover_clear(zkg_circuit_prover *p);

zkg_status zkg_circuit_prover_no_memory(const zkg_circuit_prover *p);

/** out[c] = sum_k weight[k] wire of term k in copy c, of this rank's copies:
 *  linear terms of `to` 0, and base. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_column(
    zkg_fr *out, const zkg_circuit_prover *p, const zkg_fr *base,
    const zkg_wire_term *term, size_t n, const zkg_fr *weight,
    const zkg_wires *source);

/** out[c] = V[c][0] of wires of a copy with one wire each. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_export(zkg_fr *out,
                                                    const zkg_circuit_prover *p,
                                                    const zkg_wires *w);

/** All copies of one of this rank's slices of a source of layer i, into a table
 *  over (x, c): made here. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_table(zkg_table *out,
                                                   zkg_circuit_prover *p,
                                                   uint32_t i, uint32_t source,
                                                   uint32_t slice);

/** out[j] = eq(at, copy j of this rank) */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_eq(zkg_fr *out,
                                                const zkg_circuit_prover *p,
                                                const zkg_fr *at);

/** What a rank needs of a vector over one copy. */
typedef enum zkg_circuit_share {
    ZKG_CIRCUIT_ALL,
    ZKG_CIRCUIT_SLICES /**< what zkg_slices deals it of the vector's variables;
                            all of a vector that is not dealt out */
} zkg_circuit_share;

/** out[x] = sum_c weight[c] V_S[c][x] over all copies, of a source that is not
 *  shared; weight of this rank's copies; 2^n elements, of which those of its
 *  share are right. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_dot(zkg_fr *out,
                                                 const zkg_circuit_prover *p,
                                                 uint32_t i, uint32_t source,
                                                 const zkg_fr *weight,
                                                 zkg_circuit_share share);

/** The same with weight eq(at,c), of any source. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_fold(zkg_fr *out,
                                                  zkg_circuit_prover *p,
                                                  uint32_t i, uint32_t source,
                                                  const zkg_fr *at,
                                                  zkg_circuit_share share);

/** By slot of a list of sources: 2^n elements each, zkg_circuit_take. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_vectors(
    const zkg_circuit_prover *p, zkg_fr **v, const zkg_circuit_reads *reads);

/**
 * A layer's terms of one copy, weighted: what all copies have in common.
 *
 * Products stand in the order of plan->by_first: those whose first operand is
 * of slot k of plan->first from[k] .. from[k+1]-1, by its position there.
 */
typedef struct zkg_circuit_weights {
    zkg_wire_term *term; /**< of each: the first operand is what it goes to, the
                              second what it is of; the weight is that many
                              behind from[k]; owned */
    zkg_fr *weight;      /**< of each, w E[o]; owned */
    uint32_t from[ZKG_CIRCUIT_MAX_SOURCES + 1];
    uint32_t products;
    zkg_fr *add[ZKG_CIRCUIT_MAX_SOURCES]; /**< by slot of plan->first:
                                               sum_add w E[o] by x; of the run's
                                               vectors */
} zkg_circuit_weights;

/** Of layer i, e: E.  Clear w on every path. */
ZKG_MUST_CHECK zkg_status zkg_circuit_weights_init(zkg_circuit_weights *w,
                                                   const zkg_circuit_prover *p,
                                                   uint32_t i,
                                                   const zkg_circuit_plan *plan,
                                                   const zkg_fr *e);
void zkg_circuit_weights_clear(zkg_circuit_weights *w);

/**
 * Phase one of a layer of products: the rounds over x, then c.
 *
 * @param      w     of layer i
 * @param[in,out] claim in: the claim; out: what is left of it
 * @param[out] point rx, then rho_c
 * @param[out] value V_S~(rx_S, rho_c) by slot of plan->first
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_prove_first(
    zkg_circuit_prover *p, uint32_t i, const zkg_circuit_plan *plan,
    const zkg_circuit_weights *w, zkg_fr *claim, zkg_fr *point, zkg_fr *value);

/** Make scratch, once, for layer i and all below: what was above is free by
 *  then. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_scratch(zkg_circuit_prover *p,
                                                     uint32_t i);

/** Make layer i again where it is not there, and what is missing below. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_need(zkg_circuit_prover *p,
                                                  uint32_t i);

/* ---- memory (circuit_memory.h), beside the code that takes it ---- */

/** Elements of one copy that zkg_circuit_prove_first has at scratch; range: by
 *  input. */
uint64_t zkg_circuit_first_wires(const zkg_circuit *c,
                                 const zkg_circuit_range *range,
                                 const zkg_circuit_plan *plan, uint32_t i);

/** The moments of a layer of each kind, and of the claims on the top layer; a
 *  linear one has vectors of one copy alone. */
void zkg_circuit_need_products(zkg_circuit_need out[ZKG_CIRCUIT_MOMENTS],
                               const zkg_circuit_types *types,
                               const zkg_circuit_plan *plan, uint32_t i);
void zkg_circuit_need_elementwise(zkg_circuit_need out[ZKG_CIRCUIT_MOMENTS],
                                  const zkg_circuit_plan *plan);
void zkg_circuit_need_merge(zkg_circuit_need *out, const zkg_circuit *c,
                            uint32_t claims);

#endif
