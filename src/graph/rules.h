/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_RULES_H
#define ZKGKR_GRAPH_RULES_H

/**
 * @file
 * One rule: from tensors that are there to tensors that are not.
 */

#include "graph/graph.h"

/**
 * The k-th tensor that a rule makes.
 *
 * @return false when there are no more
 */
bool zkg_rule_makes(uint32_t *id, const zkg_graph *g, const zkg_rule *r,
                    uint32_t k);

/**
 * Run a rule; the arrays that it makes become owned by their list, but for
 * those of rule `values`, which are the graph's.
 *
 * @param hints of programs, beside those built in; may be NULL
 * @retval ZKG_ERR_WITNESS     no value satisfies it
 * @retval ZKG_ERR_UNSUPPORTED a hint that is not there
 * @retval ZKG_ERR_IO          rule `values`, and the graph lacks them
 */
ZKG_MUST_CHECK zkg_status zkg_rule_run(zkg_array *arrays, const zkg_graph *g,
                                       const zkg_rule *r,
                                       const zkg_hints *hints, zkg_error *err);

/** Store v into tensor id, if it lies within its min..max. */
ZKG_MUST_CHECK zkg_status zkg_rule_store(zkg_array *arrays, const zkg_graph *g,
                                         uint32_t id, uint64_t at, int64_t v,
                                         zkg_error *err);

#endif
