/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_REPORT_H
#define ZKG_TOOLS_REPORT_H

/**
 * @file
 * What a proof cost: as a table for people, as report.json for machines and
 * for `zkgkr report`, as a trace for Perfetto.  docs/formats.md.
 */

#include <stdio.h>

#include "accuracy.h"
#include "base/json.h"
#include "zkgkr/prove.h"

/** What surrounds a proof; nothing is owned. */
typedef struct zkg_report_context {
    const zkg_plan *plan;
    const zkg_job *job;
    const zkg_forecast *forecast;
    const char *plan_source;
    uint32_t launched; /**< processes */
    double witness_s;  /**< plan and witness, before the prover's start */
    double wall_s;     /**< of the process */
    const zkg_expectation *accuracy; /**< or NULL */
} zkg_report_context;

/** Print who did what for how long. */
void zkg_report_print(FILE *f, const zkg_prove_report *report,
                      const zkg_plan *plan, double wall_s);

/** The same as JSON text; free with zkg_json_out_free. */
ZKG_MUST_CHECK zkg_status zkg_report_json(zkg_json_out *out,
                                          const zkg_prove_report *report,
                                          const zkg_report_context *context);

/** The same as a Chrome trace: chrome://tracing, ui.perfetto.dev. */
ZKG_MUST_CHECK zkg_status zkg_trace_write(const char *path,
                                          const zkg_prove_report *report,
                                          const zkg_report_context *context,
                                          zkg_error *err);

#endif
