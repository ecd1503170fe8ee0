/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_GRAPH_CIRCUIT_H
#define ZKGKR_GRAPH_GRAPH_CIRCUIT_H

/**
 * @file
 * Giving circuits, and the programs that make their witnesses, to a graph.
 */

#include "circuit/circuit.h"
#include "graph/graph.h"

/**
 * Give a kernel its circuit, after its lookups and einsums.
 *
 * @param c       copied; zkg_graph_finish() checks it
 * @param inputs  parameters of the kernel, separated by commas: its inputs in
 *                order.  A tensor that a task binds broadcast is shared by all
 *                copies
 * @param outputs likewise its outputs, "" for none: parameters that tasks bind
 *                to virtual tensors
 */
ZKG_MUST_CHECK zkg_status zkg_graph_kernel_circuit(
    zkg_graph *g, const char *kernel, const zkg_circuit *c, const char *inputs,
    const char *outputs, zkg_error *err);

/** The same with a circuit that the statement already has. */
ZKG_MUST_CHECK zkg_status zkg_graph_kernel_circuit_id(
    zkg_graph *g, const char *kernel, uint32_t circuit, const char *inputs,
    const char *outputs, zkg_error *err);

/** zkg_graph_set_fixed() of a tensor of field elements. */
ZKG_MUST_CHECK zkg_status zkg_graph_set_fixed_fr(zkg_graph *g,
                                                 const char *tensor,
                                                 const zkg_fr *value,
                                                 size_t count, zkg_error *err);

/**
 * Give a kernel its program, which makes some of its parameters from others.
 * It is saved with the graph and no part of its digest.
 *
 * @param p taken over on success: parameter k is the kernel's parameter k
 */
ZKG_MUST_CHECK zkg_status zkg_graph_kernel_program(zkg_graph *g,
                                                   const char *kernel,
                                                   zkg_program *p,
                                                   zkg_error *err);

/**
 * The rule `circuit`: the tensors that the program of a task's kernel makes;
 * then the virtual ones that its circuit makes, all padded copies as it
 * computes them.
 */
ZKG_MUST_CHECK zkg_status zkg_graph_rule_circuit(zkg_graph *g, const char *task,
                                                 zkg_error *err);

#endif
