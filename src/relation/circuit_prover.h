/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_CIRCUIT_PROVER_H
#define ZKG_RELATION_CIRCUIT_PROVER_H

/**
 * @file
 * The proving side of circuit.h, shared by its files.
 *
 * Copies are dealt out: 2^m slices of 2^low copies each, low + m = the copies'
 * variables; a rank has neighbouring slices, and of them the wires of all
 * layers.  A layer's wires stand in blocks of a few copies,
 *
 *   block[b][o][j] = V[b block + j][o],
 *
 * so that a gate of a whole block is one vector operation.
 */

#include "relation/circuit.h"
#include "sumcheck/prove.h"

/** Most copies of a block. */
#define ZKG_CIRCUIT_BLOCK 32

typedef struct zkg_circuit_prover {
    zkg_circuit_run *cr;
    uint32_t m, low;          /**< 2^m slices of 2^low copies */
    uint32_t first, count;    /**< this rank's slices; all where m = 0 */
    uint64_t begin;           /**< its first copy */
    uint64_t copies;          /**< how many: count << low */
    uint32_t block;           /**< copies of a block; divides 2^low */
    uint64_t blocks;          /**< copies / block */
    zkg_circuit_layer *layer; /**< the circuit's, wires by their positions */
    zkg_fr **wires;           /**< [layer]: blocks; freed once used */
    zkg_fr *input[ZKG_CIRCUIT_MAX_INPUTS];   /**< one block, or one copy of a
                                                  broadcast one, padded cubes */
    uint64_t loaded[ZKG_CIRCUIT_MAX_INPUTS]; /**< 1 + the block, 0: none */
    zkg_fr *copy; /**< ZKG_CIRCUIT_STAGE copies of the widest table */
} zkg_circuit_prover;

/** Copies that are brought from a block into a table at once. */
#define ZKG_CIRCUIT_STAGE 8

/** Where a source's wires are. */
typedef struct zkg_circuit_view {
    const zkg_fr *at;
    bool shared; /**< one value a wire; else `block` of them */
} zkg_circuit_view;

/** Deal out, evaluate this rank's copies, and hold the real ones to the
 *  assertions.  Clear p on every path.
 *  @retval ZKG_ERR_WITNESS an assertion does not hold (all ranks) */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_init(zkg_circuit_prover *p,
                                                  zkg_circuit_run *cr);
void zkg_circuit_prover_clear(zkg_circuit_prover *p);

zkg_status zkg_circuit_prover_no_memory(const zkg_circuit_prover *p);

/** A source of layer i in one block. */
void zkg_circuit_prover_view(zkg_circuit_view *v, zkg_circuit_prover *p,
                             uint32_t i, uint32_t source, uint64_t block);

/** Whether a source is the same in all copies. */
bool zkg_circuit_prover_shared(const zkg_circuit_prover *p, uint32_t source);

/** All copies of one of this rank's slices of a source of layer i, into a table
 *  over (x, c): made here. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_table(zkg_table *out,
                                                   zkg_circuit_prover *p,
                                                   uint32_t i, uint32_t source,
                                                   uint32_t slice);

/** A block from[x][j], x < wires, into a table over (x, c) of vars variables a
 *  copy, from copy `copy` of the table on. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_import(
    zkg_table *out, const zkg_circuit_prover *p, uint64_t copy, uint32_t vars,
    const zkg_fr *from, size_t wires);

/** out[x] = sum_c eq(at,c) V_S[c][x] over all copies, 2^n elements that are 0
 *  beforehand; on all ranks. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_fold(zkg_fr *out,
                                                  zkg_circuit_prover *p,
                                                  uint32_t i, uint32_t source,
                                                  const zkg_fr *at);

/** out[j] += c v[j], and out[j] += c a[j] b[j]. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_axpy(const zkg_circuit_prover *p,
                                                  zkg_fr *out, const zkg_fr *c,
                                                  const zkg_fr *v);
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_mul(const zkg_circuit_prover *p,
                                                 zkg_fr *out, const zkg_fr *c,
                                                 const zkg_fr *a,
                                                 const zkg_fr *b);

/** By slot of a list of sources: 2^n zeros each. */
ZKG_MUST_CHECK zkg_status zkg_circuit_prover_vectors(
    const zkg_circuit_prover *p, zkg_fr **v, const zkg_circuit_reads *reads);

/** slot[S] = where source S stands in the list. */
void zkg_circuit_slots(uint32_t *slot, const zkg_circuit_reads *reads);

/** h[slot][x] += sum_add w E[o] */
void zkg_circuit_prover_add_weights(zkg_fr *const *h,
                                    const zkg_circuit_prover *p, uint32_t i,
                                    const zkg_circuit_reads *reads,
                                    const zkg_fr *e);

/**
 * Phase one of a layer of products: the rounds over x, then c.
 *
 * @param      e     E, 2^n elements
 * @param[in,out] claim in: the claim; out: what is left of it
 * @param[out] point rx, then rho_c
 * @param[out] value V_S~(rx_S, rho_c) by slot of plan->first
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_prove_first(
    zkg_circuit_prover *p, uint32_t i, const zkg_circuit_plan *plan,
    const zkg_fr *e, zkg_fr *claim, zkg_fr *point, zkg_fr *value);

#endif
