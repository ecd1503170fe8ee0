/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_PROGRAMS_FILE_H
#define ZKGKR_GRAPH_PROGRAMS_FILE_H

/**
 * @file
 * programs.bin of a graph's folder (docs/formats.md): the programs of its
 * kernels.
 */

#include "graph/graph.h"

/** Write the file; remove it when there are no programs. */
ZKG_MUST_CHECK zkg_status zkg_programs_save(const zkg_graph *g,
                                            const char *path, zkg_error *err);

/**
 * Give the kernels of a graph their programs.  No file: no programs.
 *
 * @retval ZKG_ERR_MALFORMED, ZKG_ERR_IO, ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_programs_load(zkg_graph *g, const char *path,
                                            zkg_error *err);

#endif
