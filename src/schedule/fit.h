/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_FIT_H
#define ZKG_SCHEDULE_FIT_H

/**
 * @file
 * Constants of a model from what was measured.
 */

enum { ZKG_FIT_MOST_ROWS = 128 };

/**
 * x >= 0 that brings sum_i (sum_j a_ij x_j - 1)^2 near its least: a_ij is what
 * of kind j probe i does, over what it took, so that each probe counts by how
 * far off the model is, as a part of it.
 *
 * @param a rows x unknowns, row-major; at most ZKG_FIT_MOST_ROWS rows
 */
void zkg_fit(double *x, const double *a, int unknowns, int rows);

#endif
