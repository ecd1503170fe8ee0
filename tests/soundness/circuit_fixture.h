/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SOUNDNESS_CIRCUIT_FIXTURE_H
#define ZKG_SOUNDNESS_CIRCUIT_FIXTURE_H

/**
 * @file
 * A statement with a circuit that reads and makes all that there is.
 *
 *     y = (x_0 x_1 + x_1 x_2 + x_2 x_0 + 5) w     x: i16 [3], w: fixed fr
 *     u_0 u_1 = s                                 u: fr [2], s: public fr
 *     c ((u_0 - u_1)^2 - (u_0 + u_1)^2 + 4 s) = 0 c: a challenge
 *     v_i = x_i + 2, in 0..15                     v: virtual
 *     t = v_0 + v_1 + v_2                         t: u8, in an einsum; where
 *                                                 copies are a power of two
 *
 * over `copies` copies, w and s shared by all.  The padding of v is not 0.
 */

#include "fixture.h"

#define CX_X 3

/** Which statement. */
typedef struct cx_shape {
    uint64_t copies; /**< >= 1; of one copy tensors have no axis for it */
    bool public_x;   /**< else private */
    bool private_y;  /**< else public */
    bool fr_v;       /**< v is of type fr, else u8; then there is no t */
    bool without_v;  /**< no virtual tensor, no lookup */
} cx_shape;

/** Build all of it; ends the test on failure. */
void cx_init(fx *f, const cx_shape *shape, uint32_t power, uint64_t seed);

/** The statement alone. */
zkg_status cx_graph(zkg_graph **out, const cx_shape *shape, zkg_error *err);

/** Fill in the inputs that seed chooses, and solve for the others. */
void cx_witness(fx *f, uint64_t seed);

#endif
