/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_OWN_H
#define ZKG_CIRCUIT_OWN_H

/**
 * @file
 * Circuits that own their arrays, and their bytes (docs/formats.md, the
 * canonical encoding).
 */

#include "base/bytes.h"
#include "circuit/circuit.h"

/** Most layers, coefficients and challenges of a circuit in a file. */
#define ZKG_CIRCUIT_MAX_LAYERS (1u << 16)
#define ZKG_CIRCUIT_MAX_COEFFS (1u << 24)
#define ZKG_CIRCUIT_MAX_CHALLENGES (1u << 10)
/** Most gates of one layer, and padded entries of one copy of an input: what a
 *  verifier has tables of. */
#define ZKG_CIRCUIT_MAX_TABLE_VARS 24

/**
 * Copy a circuit that has been checked, arrays and all; the copy is not sealed.
 *
 * @param[out] out zkg_circuit_clear; empty on failure
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_copy(zkg_circuit *out,
                                           const zkg_circuit *c,
                                           zkg_error *err);

/** Free the arrays of a circuit that zkg_circuit_copy or _read made, sealed or
 *  not. */
void zkg_circuit_clear(zkg_circuit *c);

/** Append a circuit; failures stay in the writer. */
void zkg_circuit_write(zkg_writer *w, const zkg_circuit *c);

/**
 * Read what zkg_circuit_write wrote; memory is bound by a small multiple of
 * the bytes left.  It is not checked yet: zkg_circuit_check.
 *
 * @param[out] out zkg_circuit_clear, also on failure
 * @retval ZKG_ERR_MALFORMED, ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_circuit_read(zkg_circuit *out, zkg_reader *r);

#endif
