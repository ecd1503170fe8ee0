/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_CIRCUITS_FILE_H
#define ZKGKR_GRAPH_CIRCUITS_FILE_H

/**
 * @file
 * circuits.bin of a graph's folder (docs/formats.md): the statement's circuits.
 */

#include "graph/statement.h"

/** Write the file; remove it when there are no circuits. */
ZKG_MUST_CHECK zkg_status zkg_circuits_save(const zkg_statement *st,
                                            const char *path, zkg_error *err);

/**
 * Read the circuits into a statement that has none yet; they are not checked.
 * No file: no circuits.
 *
 * @retval ZKG_ERR_MALFORMED, ZKG_ERR_IO, ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuits_load(zkg_statement *st, const char *path,
                                            zkg_error *err);

/** The same from bytes. */
ZKG_MUST_CHECK zkg_status zkg_circuits_parse(zkg_statement *st,
                                             const uint8_t *bytes, size_t len,
                                             const char *name, zkg_error *err);

#endif
