/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_SUITE_PLOT_H
#define ZKG_TOOLS_SUITE_PLOT_H

/**
 * @file
 * A suite's figures as bars: a group a model, a bar a scale, the baseline below
 * them, on a logarithmic axis.
 */

#include "base/bytes.h"
#include "suite.h"

/** A case with all that is known of it. */
typedef struct zkg_suite_entry {
    zkg_suite_case c;
    zkg_suite_result r;
    zkg_suite_baseline b;
} zkg_suite_entry;

typedef enum zkg_suite_figure {
    ZKG_FIGURE_SECONDS, /**< to prove */
    ZKG_FIGURE_MEMORY,  /**< peak of the prover; the baseline's proving key */
    ZKG_FIGURE_ERROR,   /**< largest, of the outputs */
    ZKG_FIGURES
} zkg_suite_figure;

/** Append an <svg> element.  Entries are sorted by model. */
void zkg_suite_plot(zkg_writer *w, zkg_suite_figure f, const zkg_suite_entry *e,
                    uint32_t n);

/** Text as it may stand in HTML and SVG. */
void zkg_suite_escape(zkg_writer *w, const char *text);

/** Formatted text, not escaped, of at most 1023 bytes. */
void zkg_suite_putf(zkg_writer *w, const char *fmt, ...) ZKG_PRINTF(2, 3);

#endif
