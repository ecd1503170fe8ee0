/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_TEXT_H
#define ZKGKR_GRAPH_TEXT_H

/**
 * @file
 * The small languages inside a graph: "o,k", "w[o,k]", "2*y+1*i-1".
 */

#include <stddef.h>

#include "graph/statement.h"
#include "zkgkr/status.h"

/** Longest text of a factor. */
#define ZKG_FACTOR_TEXT 4096

/** Axes of kernel k by name, separated by commas; "" is none. */
ZKG_MUST_CHECK zkg_status zkg_text_axes(uint32_t axis[ZKG_MAX_AXES],
                                        uint32_t *axes, const zkg_kernel *k,
                                        const char *text, zkg_error *err);

/** Parameters of kernel k by name. */
ZKG_MUST_CHECK zkg_status zkg_text_params(uint32_t param[ZKG_MAX_TABLE_COLUMNS],
                                          uint32_t *params, const zkg_kernel *k,
                                          const char *text, zkg_error *err);

/** A factor: a parameter with its indices in brackets, or alone. */
ZKG_MUST_CHECK zkg_status zkg_text_factor(zkg_stmt_factor *out,
                                          const zkg_kernel *k, const char *text,
                                          zkg_error *err);

/** The inverse of zkg_text_factor(); out holds ZKG_FACTOR_TEXT bytes. */
void zkg_text_factor_format(char *out, const zkg_kernel *k,
                            const zkg_stmt_factor *f);

#endif
