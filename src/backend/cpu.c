/* SPDX-License-Identifier: Apache-2.0
 * The reference's text, compiled with ZKG_FIELD_MULX, -mbmi2 and -madx. */
#include "backend/host.h"

#define BACKEND_TABLE zkg_backend_table_cpu
#define BACKEND_NAME "cpu"
#include "backend/ops_tmpl.c"
