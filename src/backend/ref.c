/* SPDX-License-Identifier: Apache-2.0
 * The reference backend: portable C. */

/* Where cpu.c is there to be fast, this is to compare with, and compiles in a
 * quarter of the time. */
#define ZKG_FIELD_PLAIN 1
#if defined(__x86_64__)
#define ZKG_INLINE_SPARINGLY 1
#endif

#include "backend/host.h"

#define BACKEND_TABLE zkg_backend_table_ref
#define BACKEND_NAME "ref"
#include "backend/ops_tmpl.c"
