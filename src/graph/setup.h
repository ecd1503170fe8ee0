/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_SETUP_H
#define ZKGKR_GRAPH_SETUP_H

/**
 * @file
 * From a graph and an SRS to a key.
 */

#include <stdbool.h>

#include "graph/graph.h"
#include "graph/key.h"

/**
 * Make the key: check the SRS and that the fixed values lie within their
 * min..max, choose k = min(the default, the SRS's power), commit.
 * Deterministic: the same graph, SRS and pcs give the same key.
 *
 * @param[out] out      zkg_key_clear()
 * @param[out] k_capped the SRS made k smaller; may be NULL
 * @retval ZKG_ERR_WITNESS   a fixed value is out of its range
 * @retval ZKG_ERR_MALFORMED the SRS is bad
 */
ZKG_MUST_CHECK zkg_status zkg_setup(zkg_key *out, bool *k_capped,
                                    const zkg_graph *g, const zkg_srs *srs,
                                    zkg_pcs pcs, uint32_t cpu_flags,
                                    zkg_error *err);

#endif
