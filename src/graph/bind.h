/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_BIND_H
#define ZKGKR_GRAPH_BIND_H

/**
 * @file
 * From the statement to what the relations prove: a task with its tensors
 * bound, a table with its counts.
 *
 * Axis 0 of a bound task is the copies (length 1 when there is one), axis i+1
 * is axis i of the kernel.  Every operand that is not broadcast has axis 0 as
 * its highest.  Operand i is parameter i.
 */

#include "graph/statement.h"
#include "relation/relation.h"

/** A bound task and the memory that it points into. */
typedef struct zkg_bound_task {
    zkg_task_relations relations;
    void *storage;
} zkg_bound_task;

/** A bound table and the memory that it points into. */
typedef struct zkg_bound_table {
    zkg_lookup_table table;
    void *storage;
} zkg_bound_table;

/**
 * Bind task t.
 *
 * @param[out] out   to be cleared by the caller; lives no longer than st and
 *                   the arrays
 * @param[in] st     a checked statement
 * @param[in] arrays one a tensor, borrowed; NULL, or NULL entries, where this
 *                   side has no values
 */
ZKG_MUST_CHECK zkg_status zkg_statement_task(zkg_bound_task *out,
                                             const zkg_statement *st,
                                             uint32_t t,
                                             const zkg_array *const *arrays,
                                             zkg_error *err);
void zkg_bound_task_clear(zkg_bound_task *b);

/** Bind table t; arrays as above, for its counts. */
ZKG_MUST_CHECK zkg_status zkg_statement_table(zkg_bound_table *out,
                                              const zkg_statement *st,
                                              uint32_t t,
                                              const zkg_array *const *arrays,
                                              zkg_error *err);
void zkg_bound_table_clear(zkg_bound_table *b);

#endif
