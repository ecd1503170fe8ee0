/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_HOST_H
#define ZKG_BACKEND_HOST_H

/**
 * @file
 * The slot tables that ops_tmpl.c makes; private to backend/.
 */

#include "backend/backend.h"

extern const zkg_backend zkg_backend_table_ref;
extern const zkg_backend zkg_backend_table_cpu;  /* x86-64 with BMI2 and ADX */
extern const zkg_backend zkg_backend_table_ifma; /* and AVX-512 IFMA */

#endif
