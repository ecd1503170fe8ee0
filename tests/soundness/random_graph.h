/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SOUNDNESS_RANDOM_GRAPH_H
#define ZKG_SOUNDNESS_RANDOM_GRAPH_H

/**
 * @file
 * Random graphs of recorded kernels, and a plain model of them in GMP.
 *
 * One kernel of a random program: sums, products, constants and relays over
 * inputs of random types and shapes; bits, inverses, quotients, committed
 * values; ranges; tables of rows, hinted or with counts given; tables of its
 * own variables; challenges.  It is called once or twice, for any numbers of
 * copies; its inputs are whole, shared by the copies, sliced, transposed or
 * reshaped.  A second kernel adds up what the first call puts out.
 */

#include "fixture.h"

/** Build the graph that seed chooses, its key, and an honest witness, and
 *  hold the outputs to the model; ends the test on failure. */
void rg_init(fx *f, uint64_t seed, uint32_t power);

/** Make one cell that a call computed, hints included, one higher.  Nothing
 *  else fits it. */
void rg_spoil(fx *f, uint64_t seed);

#endif
