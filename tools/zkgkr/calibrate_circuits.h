/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_CALIBRATE_CIRCUITS_H
#define ZKG_TOOLS_CALIBRATE_CIRCUITS_H

/**
 * @file
 * The constants of circuits: a calibration's part (calibrate.h).
 */

#include <stdint.h>

#include "schedule/cost.h"

/** Circuits of bits and of field elements, and their times so far. */
typedef struct zkg_circuit_probes zkg_circuit_probes;

/** @param out zkg_circuit_probes_free */
ZKG_MUST_CHECK zkg_status zkg_circuit_probes_new(zkg_circuit_probes **out,
                                                 zkg_error *err);
void zkg_circuit_probes_free(zkg_circuit_probes *p);

/** Time all of them, in processor time; the least of all runs counts. */
ZKG_MUST_CHECK zkg_status zkg_circuit_probes_run(zkg_circuit_probes *p,
                                                 zkg_error *err);

/** Set what a circuit's layers, gates and terms take, all else of *costs being
 *  known.  There was a run. */
void zkg_circuit_probes_solve(zkg_costs *costs, const zkg_circuit_probes *p);

#endif
