/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_CIRCUIT_H
#define ZKG_RELATION_CIRCUIT_H

/**
 * @file
 * GKR over copies: a layered circuit (circuit/circuit.h) on bound tensors.
 * docs/protocol.md, section 7.
 *
 * V_i[c][o] is gate o of layer i in copy c, a table over the variables of o
 * (low) and of c (high), padded copies included: these are computed from
 * whatever the tensors' padding holds.  The messages of a circuit:
 *
 *   challenge coefficients, then rz and rc where something is asserted
 *   claims on the top layer: the assertions' (w_0, 0) first, then those on the
 *     outputs in order, each output's as they stand in the ledger.  One that is
 *     eq(z, .) alone stands as it is; else rho where there are several, the
 *     rounds of sum_i rho^i w_i V_top over o then c, the value V_top~
 *   each layer from the top down, with the claim
 *     sum_c eq(rc,c) sum_o E[o] V_i[c][o],
 *     E[o] = eq(rz_1,o), or eq(rz_1,o) + a eq(rz_2,o):
 *     linear       rounds over x; V_S~(rx_S, rc) of the sources read
 *     products     rounds over x then c, the latter with eq; V_S~(rx_S, rho_c)
 *                  of the sources read first; rounds over y;
 *                  V_S'~(ry_S', rho_c) of those read second
 *     elementwise  rounds over o then c: with one point eq in all, with two
 *                  the factor E in o and eq in c; S~, then S'~ where it is
 *                  another source
 *     the challenge a, where two claims on the layer below came of it.
 *
 * Sources stand in order: the previous layer, then the inputs.  A source of n_S
 * variables takes part in a sumcheck over more of them zero-extended: both
 * factors times prod (1 - x_t).  The rounds' claim leaves out eq of bound
 * variables (sumcheck.h), so no factor eq(rc, rho_c) goes into phase two.
 */

#include "base/arena.h"
#include "circuit/circuit.h"
#include "relation/run.h"
#include "sumcheck/sumcheck.h"

/** A circuit bound to a task's tensors. */
typedef struct zkg_task_circuit {
    uint32_t relation; /**< index in the kernel, for verdicts */
    const zkg_circuit *circuit;
    const uint32_t *operand; /**< circuit->inputs indices: axis 0 (copies) and
                                  then the input's, or broadcast the latter
                                  alone */
    const uint32_t *output;  /**< circuit->outputs indices of virtual operands
                                  with copies, each its block.  The array of one
                                  holds every padded copy as the circuit
                                  computes it */
} zkg_task_circuit;

/** What both sides hold while a circuit runs. */
typedef struct zkg_circuit_run {
    zkg_task_run *run;
    const zkg_task_circuit *bound;
    const zkg_circuit *circuit; /**< sealed: the bound one, or `own` */
    zkg_circuit own;            /**< the bound one where that is not sealed */
    uint64_t copies;
    uint32_t copy_vars;
    zkg_fr *coeff;     /**< owned */
    int8_t *small;     /**< by coefficient: 1, -1, 2 or -2 where that is what it
                            is, else 0; owned */
    zkg_arena vectors; /**< of one copy, of the layer at hand; none while the
                            verifier counts bytes */
    /* the claim on the layer at hand */
    zkg_fr rc[ZKG_MAX_VARS];
    zkg_fr rz[2][ZKG_CIRCUIT_MAX_VARS + 1];
    uint32_t points; /**< 1 or 2 */
    zkg_fr weight;   /**< a */
    zkg_fr claim;
} zkg_circuit_run;

/** A claim w_i on the top layer that is eq(z, .). */
typedef struct zkg_circuit_top_claim {
    zkg_fr point[ZKG_MAX_VARS]; /**< the block's place included */
    zkg_fr value;
} zkg_circuit_top_claim;

typedef struct zkg_circuit_merge {
    bool needed;   /**< else the claim is already in the run */
    bool asserted; /**< w_0 comes first */
    uint32_t claims;
    zkg_circuit_top_claim *claim; /**< owned; without w_0 */
    zkg_fr rho;
    zkg_fr sum;
} zkg_circuit_merge;

/**
 * Whether a bound circuit is one: sealed or as zkg_circuit_check has it,
 * operands and outputs in range and of its shapes, variables within bounds.
 *
 * @retval ZKG_ERR_INVALID, ZKG_ERR_UNSUPPORTED, ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_task_circuit_check(const zkg_task_relations *t,
                                                 const zkg_task_circuit *b,
                                                 zkg_error *err);

/** Whether an input's tensor has no axis of copies. */
bool zkg_task_circuit_broadcast(const zkg_task_circuit *b,
                                const zkg_task_relations *t, uint32_t input);

/** out = coefficient k times v; most are 1, -1, 2 or -2. */
static inline void zkg_circuit_weigh(zkg_fr *out, const zkg_circuit_run *cr,
                                     uint32_t k, const zkg_fr *v)
{
    const int8_t small = cr->small[k];
    zkg_fr twice;

    if (small == 0) {
        zkg_fr_mul(out, &cr->coeff[k], v);
        return;
    }
    if (small == 2 || small == -2) {
        zkg_fr_double(&twice, v);
        v = &twice;
    }
    if (small < 0)
        zkg_fr_neg(out, v);
    else
        *out = *v;
}

/** Draw the coefficients, rz, rc, and make the memory for vectors of one copy:
 *  once, for the layer that takes most.  Clear cr on every path, and leave it
 *  where it is until then.
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_circuit_start(zkg_circuit_run *cr,
                                            zkg_task_run *run,
                                            const zkg_task_circuit *b);
void zkg_circuit_run_clear(zkg_circuit_run *cr);

/**
 * Bytes of all vectors of one copy that a side has of layer i until it is done:
 * the prover E, the sums of additions, X, g and V; the verifier E, X and Y.
 * What is given back before is less than those that come after it.
 */
double zkg_circuit_vectors_bytes(const zkg_circuit *c,
                                 const zkg_circuit_plan *plan, uint32_t i,
                                 bool proves);

/** *out = a vector of one copy, not zeroed.  zkg_arena_release gives it back,
 *  and all that was taken after it: at the end of a layer everything.
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_circuit_take(zkg_fr **out, zkg_circuit_run *cr,
                                           size_t n);

/** How many copies the assertions are held to: the real ones. */
uint64_t zkg_circuit_held(const zkg_circuit_run *cr);

/** Take the claims on the top layer together; draws rho. */
ZKG_MUST_CHECK zkg_status zkg_circuit_merge_begin(zkg_circuit_merge *m,
                                                  zkg_circuit_run *cr);
void zkg_circuit_merge_clear(zkg_circuit_merge *m);

/** The value at the end of the merge's rounds: a message; the run's claim. */
ZKG_MUST_CHECK zkg_status zkg_circuit_merge_end(zkg_circuit_run *cr,
                                                const zkg_fr *point,
                                                zkg_fr *value);

/** Shapes of the sumchecks. */
void zkg_circuit_plain_shape(zkg_sumcheck_shape *shape, uint32_t vars);
void zkg_circuit_products_shape(zkg_sumcheck_shape *shape,
                                const zkg_circuit_run *cr,
                                const zkg_circuit_plan *plan);
/** eq_point: room for ZKG_MAX_VARS. */
void zkg_circuit_elementwise_shape(zkg_sumcheck_shape *shape, zkg_fr *eq_point,
                                   const zkg_circuit_run *cr,
                                   const zkg_circuit_plan *plan);

/** out[i] = scale eq(u, i), i < 2^n, by the prover's backend; the verifier has
 *  none. */
ZKG_MUST_CHECK zkg_status zkg_circuit_eq(zkg_fr *out, const zkg_circuit_run *cr,
                                         const zkg_fr *u, uint32_t n,
                                         const zkg_fr *scale);

/** *e = E of a layer's gates, a vector of cr. */
ZKG_MUST_CHECK zkg_status zkg_circuit_expand_claim(zkg_fr **e,
                                                   zkg_circuit_run *cr,
                                                   uint32_t vars, size_t gates);

/** table[S] = value_S prod_{t >= n_S} (1 - point_t)^2 eq(point_S, .) of the
 *  sources that layer i reads, vectors of cr, of as many elements as
 *  zkg_circuit_wires has. */
ZKG_MUST_CHECK zkg_status zkg_circuit_expand_reads(
    zkg_fr **table, zkg_circuit_run *cr, uint32_t i,
    const zkg_circuit_reads *reads, const zkg_fr *point, const zkg_fr *value);

/** Values of the sources read, in order, at (point_S, at_copies). */
ZKG_MUST_CHECK zkg_status zkg_circuit_wire_values(
    zkg_circuit_run *cr, const zkg_circuit_reads *reads, const zkg_fr *point,
    const zkg_fr *at_copies, zkg_fr *value);

/** Claims on the layer below: value[0] of each list where its first source is
 *  the previous layer (second: NULL without one); draws a where there are two.
 */
void zkg_circuit_descend(zkg_circuit_run *cr, const zkg_fr *at_copies,
                         const zkg_circuit_reads *first,
                         const zkg_fr *first_point, const zkg_fr *first_value,
                         const zkg_circuit_reads *second,
                         const zkg_fr *second_point,
                         const zkg_fr *second_value);

/** One circuit.  zkg_circuit_prove: collective; the copies are dealt out over
 *  the group.
 *  @retval ZKG_ERR_WITNESS an assertion does not hold (all ranks) */
ZKG_MUST_CHECK zkg_status zkg_circuit_prove(zkg_task_run *run,
                                            const zkg_task_circuit *b);
ZKG_MUST_CHECK zkg_status zkg_circuit_verify(zkg_task_run *run,
                                             const zkg_task_circuit *b);

#endif
