/* SPDX-License-Identifier: Apache-2.0
 * The reference backend: portable C. */
#include "backend/host.h"

#define BACKEND_TABLE zkg_backend_table_ref
#define BACKEND_NAME "ref"
#include "backend/ops_tmpl.c"
