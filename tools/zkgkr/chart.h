/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CHART_H
#define ZKG_TOOLS_CHART_H

/**
 * @file
 * Who does what when: Gantt charts as text and as SVG.
 */

#include <stdio.h>

#include "zkgkr/schedule.h"

/** No child: a phase of all ranks (witness, commitments, opening). */
#define ZKG_CHART_PHASE UINT32_MAX

/** A rank's work on one thing. */
typedef struct zkg_bar {
    uint32_t rank, child, group; /**< group: ranks that work on it */
    bool is_table;
    const char *name;
    double start, wall; /**< seconds */
    double comm;        /**< of wall: waiting for others */
} zkg_bar;

/** A chart; bars and their names are the caller's. */
typedef struct zkg_chart {
    const char *title;
    uint32_t ranks;
    double span; /**< seconds, from 0 to the last bar's end */
    zkg_bar *bar;
    size_t bars;
} zkg_chart;

/** A plan as it is forecast.  bar: zkg_free. */
ZKG_MUST_CHECK zkg_status zkg_chart_of_plan(zkg_chart *out,
                                            const zkg_plan *plan,
                                            const zkg_forecast *forecast,
                                            zkg_error *err);

/** Seconds with a unit that fits: "1.24 ms". */
void zkg_chart_time(char out[32], double seconds);

/** Text as it may stand in XML. */
void zkg_chart_escape(FILE *f, const char *text);

/** Rows of letters, a letter a task, and what they mean. */
void zkg_chart_text(FILE *f, const zkg_chart *chart, uint32_t columns);

/** Charts below each other, on one scale of time: an <svg> element. */
void zkg_chart_svg(FILE *f, const zkg_chart *charts, size_t n);

#endif
