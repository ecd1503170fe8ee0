/* SPDX-License-Identifier: Apache-2.0
 * The verifying side: the rounds, and nothing else. */
#include "sumcheck/sumcheck.h"

zkg_status zkg_sumcheck_verify(zkg_tape *tape, const zkg_sumcheck_shape *shape,
                               zkg_fr *claim, zkg_fr *point)
{
    zkg_fr message[ZKG_SUMCHECK_MAX_DEGREE];

    ZKG_TRY(zkg_sumcheck_check_shape(shape));
    for (uint32_t t = 0; t < shape->vars; t++)
        ZKG_TRY(zkg_sumcheck_wire_round(tape, shape, t, message, claim, point));
    return ZKG_OK;
}
