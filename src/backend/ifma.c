/* SPDX-License-Identifier: Apache-2.0
 * The backend cpu-ifma: AVX-512 IFMA, eight elements at a time, and mulx where
 * that brings nothing. */
#include "backend/ifma_slots.h"

const zkg_backend zkg_backend_table_ifma = {
    .name = "cpu-ifma",
    .quads_from = {17, 12},
#define SLOT(slot, arguments, names, meaning) .slot = zkg_ifma_##slot,
#include "backend/slots.def"
#undef SLOT
};
