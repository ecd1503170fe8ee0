/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_IFMA_SLOTS_H
#define ZKG_BACKEND_IFMA_SLOTS_H

/**
 * @file
 * The slots of the backend cpu-ifma, by file: ifma_tables.c, ifma_sums.c,
 * ifma_rows.c, ifma_lookup.c, ifma_ints.c, ifma_bytes.c, ifma_arrays.c,
 * ifma_wires.c.
 * Private to backend/.
 */

#include "backend/host.h"

#define SLOT(slot, arguments, names, meaning)                                  \
    zkg_status zkg_ifma_##slot arguments;
#include "backend/slots.def"
#undef SLOT

/** int_fold of integers of one byte: worth it from BYTE_ROWS_FROM rows of
 *  BYTE_COLUMNS_FROM columns on. */
#define BYTE_ROWS_FROM 16
#define BYTE_COLUMNS_FROM 48
void zkg_ifma_fold_bytes(zkg_fr *out, const zkg_fr *w, const void *const *rows,
                         size_t count, bool is_signed, size_t n);

/** wires_dot of integers of one byte in full groups: worth it from
 *  BYTE_WIRES_FROM wires on. */
#define BYTE_WIRES_FROM 32
void zkg_ifma_dot_bytes(zkg_fr *out, const zkg_wires *w, const zkg_fr *weight);

/** int_fold of field elements. */
void zkg_ifma_fold_elements(zkg_fr *out, const zkg_fr *w,
                            const zkg_fr *const *rows, size_t count, size_t n);

#endif
