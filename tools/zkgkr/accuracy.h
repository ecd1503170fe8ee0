/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_ACCURACY_H
#define ZKG_TOOLS_ACCURACY_H

/**
 * @file
 * --expect FILE and --max-error E, of `prove` and `witness`.
 */

#include "base/json.h"
#include "graph/accuracy.h"

/** What was asked for, and found. */
typedef struct zkg_expectation {
    const char *path, *max_error; /**< options' values, or NULL */
    double limit;
    zkg_accuracy *found; /**< one an output; owned */
    uint32_t outputs;
} zkg_expectation;

/** Check the options' values. */
ZKG_MUST_CHECK zkg_status zkg_expectation_check(zkg_expectation *e,
                                                zkg_error *err);

/** Measure, and hold to the limit. */
ZKG_MUST_CHECK zkg_status zkg_expectation_measure(zkg_expectation *e,
                                                  const zkg_witness *w,
                                                  const zkg_graph *g,
                                                  zkg_error *err);

/** A line an output; nothing where nothing was measured. */
void zkg_expectation_print(const zkg_expectation *e);

/** `"accuracy": [..]` inside an object; nothing likewise. */
void zkg_expectation_json(zkg_json_out *o, const zkg_expectation *e);

void zkg_expectation_clear(zkg_expectation *e);

#endif
