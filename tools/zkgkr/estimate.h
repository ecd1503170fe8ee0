/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_ESTIMATE_H
#define ZKG_TOOLS_ESTIMATE_H

/**
 * @file
 * What a graph is to take, before there is a key: the cost model's built-in
 * constants, one rank, the default order.
 */

#include "base/json.h"
#include "graph/statement.h"

typedef struct zkg_estimate {
    double seconds; /**< commitments, tasks, opening; without the witness */
    double bytes;   /**< at most, the witness included */
    uint32_t tasks;
} zkg_estimate;

ZKG_MUST_CHECK zkg_status zkg_estimate_of(zkg_estimate *out,
                                          const zkg_statement *st,
                                          zkg_error *err);

/** A line on stdout. */
void zkg_estimate_print(const zkg_estimate *e);

/** `"estimate": {..}` inside an object. */
void zkg_estimate_json(zkg_json_out *o, const zkg_estimate *e);

#endif
