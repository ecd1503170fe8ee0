/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_DISPLAY_H
#define ZKGKR_GRAPH_DISPLAY_H

/**
 * @file
 * How a tensor is printed.  No part of the statement.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "zkgkr/status.h"

#define ZKG_MAX_SCALE 62

typedef struct zkg_display {
    bool present;
    bool is_input, is_output; /**< of the graph: what a verdict shows first */
    uint32_t scale;           /**< a value v stands for v / 2^scale */
    char **label;             /**< one an entry, or none */
    uint32_t labels;
    char *value; /**< what the model that was compiled calls it, or NULL; not
                      in keys */
} zkg_display;

void zkg_display_clear(zkg_display *d);

/** Bytes in a key (docs/formats.md); `count` displays, one a tensor. */
void zkg_displays_write(zkg_writer *w, const zkg_display *d, uint32_t count);

/** The inverse; *out has `count` entries, owned by the caller. */
ZKG_MUST_CHECK zkg_status zkg_displays_read(zkg_display **out, zkg_reader *r,
                                            uint32_t count, zkg_error *err);
void zkg_displays_free(zkg_display *d, uint32_t count);

#endif
