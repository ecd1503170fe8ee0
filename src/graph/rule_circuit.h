/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_RULE_CIRCUIT_H
#define ZKGKR_GRAPH_RULE_CIRCUIT_H

/**
 * @file
 * The rule `circuit`, and whether a task's circuit holds.
 */

#include "graph/graph.h"

/** The k-th tensor that the rule makes for a task; false: no more. */
bool zkg_rule_circuit_makes(uint32_t *id, const zkg_graph *g, uint32_t task,
                            uint32_t k);

/**
 * Make them: run the kernel's program, unless its tensors are there, then
 * evaluate the circuit.  A virtual tensor holds every padded copy and entry; it
 * is of its declared type where that holds them all, else of field elements.
 *
 * @param hints beside those built in; may be NULL
 * @retval ZKG_ERR_WITNESS     an input is not there yet, or an assertion of the
 *                             program does not hold
 * @retval ZKG_ERR_UNSUPPORTED a hint is not there
 */
ZKG_MUST_CHECK zkg_status zkg_rule_circuit(zkg_array *arrays,
                                           const zkg_graph *g, uint32_t task,
                                           const zkg_hints *hints,
                                           zkg_error *err);

/**
 * Do the assertions of a task's circuit hold in all real copies, at challenges
 * drawn from the statement's digest?
 *
 * @retval ZKG_ERR_WITNESS err names task, kernel, copy and the assertion as the
 *                         kernel's program labels it, or the entry that is not
 *                         what that makes; without a program the circuit's gate
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_holds(const zkg_array *arrays,
                                            const zkg_graph *g, uint32_t task,
                                            zkg_error *err);

#endif
