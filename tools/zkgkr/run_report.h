/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_RUN_REPORT_H
#define ZKG_TOOLS_RUN_REPORT_H

/**
 * @file
 * A finished run, from its report.json.
 */

#include "base/json.h"
#include "chart.h"

typedef struct zkg_run_rank {
    const char *host;
    double commit, tasks, open, wait, comm; /**< seconds */
    double bytes, peak, planned_bytes;
} zkg_run_rank;

typedef struct zkg_run_step {
    uint32_t rank, child, group;
    bool is_table;
    const char *name;
    double wall, comm, bytes, peak, planned;
} zkg_run_step;

/** Strings are the document's. */
typedef struct zkg_run {
    zkg_json_doc *doc;
    const zkg_json *root;
    zkg_chart planned, measured;
    uint32_t ranks;
    zkg_run_rank *rank; /**< owned */
    zkg_run_step *step; /**< owned */
    size_t steps;
} zkg_run;

/**
 * @param[out] out  zkg_run_clear
 * @param      path a report.json, or a folder with one
 */
ZKG_MUST_CHECK zkg_status zkg_run_read(zkg_run *out, const char *path,
                                       zkg_error *err);
void zkg_run_clear(zkg_run *run);

#endif
