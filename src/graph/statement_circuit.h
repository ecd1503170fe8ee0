/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_STATEMENT_CIRCUIT_H
#define ZKGKR_GRAPH_STATEMENT_CIRCUIT_H

/**
 * @file
 * The part of zkg_statement_check that is about circuits.
 */

#include "graph/statement.h"

/** Seal the circuits.  Every one is one, of at most
 * 2^ZKG_CIRCUIT_MAX_TABLE_VARS gates a layer and entries an input, something
 * that it asserts or puts out depends on each input, and some kernel has it.
 *  @retval ZKG_ERR_MALFORMED, ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_stmt_check_circuits(zkg_statement *st,
                                                  zkg_error *err);

/** A kernel's circuit is there, and of its parameters' shapes.
 *  @retval ZKG_ERR_MALFORMED */
ZKG_MUST_CHECK zkg_status zkg_stmt_check_kernel_circuit(const zkg_statement *st,
                                                        const zkg_kernel *k,
                                                        zkg_error *err);

/** Whether the kernel's circuit reads, or makes, a parameter. */
bool zkg_kernel_circuit_reads(const zkg_kernel *k, uint32_t param);
bool zkg_kernel_circuit_makes(const zkg_kernel *k, uint32_t param);

/** The tensors that a task binds to its circuit's parameters: outputs are
 *  virtual and not broadcast, tensors of field elements are in no einsum.
 *  @retval ZKG_ERR_MALFORMED, ZKG_ERR_UNSUPPORTED */
ZKG_MUST_CHECK zkg_status zkg_stmt_check_task_circuit(const zkg_statement *st,
                                                      const zkg_task *t,
                                                      zkg_error *err);

#endif
