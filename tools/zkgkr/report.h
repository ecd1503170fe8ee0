/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_REPORT_H
#define ZKG_TOOLS_REPORT_H

/** What a proof cost: as a table for people, as report.json for machines. */

#include <stdio.h>

#include "base/json.h"
#include "zkgkr/prove.h"

/** Print who did what for how long. */
void zkg_report_print(FILE *f, const zkg_prove_report *report,
                      const zkg_plan *plan, double wall_s);

/** The same as JSON text; free with zkg_json_out_free. */
ZKG_MUST_CHECK zkg_status zkg_report_json(zkg_json_out *out,
                                          const zkg_prove_report *report,
                                          const zkg_plan *plan,
                                          const char *plan_source,
                                          uint32_t launched, double wall_s);

#endif
