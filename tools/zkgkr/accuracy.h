/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_ACCURACY_H
#define ZKG_TOOLS_ACCURACY_H

/**
 * @file
 * --expect FILE, --model MODEL.onnx and --max-error E, of `prove` and
 * `witness`: integers against the float model.
 *
 * --expect names what the model's outputs are, from whoever ran it.  --model
 * computes every value of the ONNX model on the same input in double precision
 * (onnx/fold.h), and compares every tensor that stands for one: the outputs,
 * where --expect does not name them, and the layers.
 */

#include "base/json.h"
#include "graph/accuracy.h"

/** What was asked for, and found. */
typedef struct zkg_expectation {
    const char *path, *model, *max_error; /**< options' values, or NULL */
    double limit;
    zkg_accuracy *found; /**< one an output; owned */
    uint32_t outputs;
    zkg_accuracy *layer; /**< of --model, the worst first; owned */
    uint32_t layers;
    uint32_t unknown; /**< tensors that --model has no reals for */
} zkg_expectation;

/** Check the options' values. */
ZKG_MUST_CHECK zkg_status zkg_expectation_check(zkg_expectation *e,
                                                zkg_error *err);

/**
 * Measure, and hold the outputs to the limit.
 *
 * @param input the file that the inputs came from, for --model; NULL: what the
 *              witness holds
 * @retval ZKG_ERR_ACCURACY  an output is further off
 * @retval ZKG_ERR_MALFORMED files that do not fit the graph
 */
ZKG_MUST_CHECK zkg_status zkg_expectation_measure(zkg_expectation *e,
                                                  const zkg_witness *w,
                                                  const zkg_graph *g,
                                                  const char *input,
                                                  zkg_error *err);

/** A line an output, and a table of the `most` worst layers; nothing where
 * nothing was measured. */
void zkg_expectation_print(const zkg_expectation *e, uint32_t most);

/** `"accuracy": [..]`, `"layers": [..]` inside an object; nothing likewise. */
void zkg_expectation_json(zkg_json_out *o, const zkg_expectation *e);

void zkg_expectation_clear(zkg_expectation *e);

#endif
