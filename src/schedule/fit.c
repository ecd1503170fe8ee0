/* SPDX-License-Identifier: Apache-2.0
 * Least squares of unknowns that are not below 0, by descent along one after
 * the other (Franc, Hlavac, Navara 2005). */
#include "schedule/fit.h"

/* Of all unknowns. */
enum { SWEEPS = 2000 };

/* Move x_j to where the rest is least. */
static void descend(double *x, double *rest, const double *a, int j,
                    int unknowns, int rows)
{
    double up = 0, square = 0, step;

    for (int i = 0; i < rows; i++) {
        const double v = a[i * unknowns + j];

        up -= v * rest[i];
        square += v * v;
    }
    step = square > 0 ? up / square : 0;
    step = x[j] + step < 0 ? -x[j] : step;
    x[j] += step;
    for (int i = 0; i < rows; i++)
        rest[i] += step * a[i * unknowns + j];
}

void zkg_fit(double *x, const double *a, int unknowns, int rows)
{
    double rest[ZKG_FIT_MOST_ROWS];

    for (int i = 0; i < rows; i++)
        rest[i] = -1;
    for (int j = 0; j < unknowns; j++)
        x[j] = 0;
    for (int s = 0; s < SWEEPS; s++)
        for (int j = 0; j < unknowns; j++)
            descend(x, rest, a, j, unknowns, rows);
}
