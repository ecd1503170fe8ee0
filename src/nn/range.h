/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_NN_RANGE_H
#define ZKGKR_NN_RANGE_H

/**
 * @file
 * Tables for ranges, shared by name.
 */

#include "graph/graph.h"
#include "zkgkr/nn.h"

#define ZKG_NN_TABLE_NAME 80

/**
 * A table in closed form, or of columns, by its name: the graph's, or a new
 * one.
 *
 * @retval ZKG_ERR_INVALID the graph's table of this name has other rows
 */
ZKG_MUST_CHECK zkg_status zkg_nn_share_table(zkg_graph *g, const char *name,
                                             zkg_table_kind kind, uint32_t bits,
                                             zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_nn_share_columns(zkg_graph *g, const char *name,
                                               uint32_t columns, uint64_t rows,
                                               const int64_t *const *column,
                                               zkg_error *err);

/**
 * The table that holds exactly min..max: range<bits>, signed<bits>, or rows
 * min..max; made when it is not there yet.
 *
 * @param[out] name of the table
 * @retval ZKG_ERR_UNSUPPORTED more than 2^20 values that are no power of two
 * @retval ZKG_ERR_INVALID     the name is another table's
 */
ZKG_MUST_CHECK zkg_status zkg_nn_range_table(char name[ZKG_NN_TABLE_NAME],
                                             zkg_graph *g, int64_t min,
                                             int64_t max, zkg_error *err);

#endif
