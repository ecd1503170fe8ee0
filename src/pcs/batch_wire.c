/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of the batch opening compute. */
#include "pcs/batch.h"

#include <string.h>

#include "pcs/hyperkzg.h"
#include "pcs/kzg.h"
#include "pcs/mercury.h"
#include "poly/eq.h"

void zkg_batch_wire_start(zkg_tape *tape, zkg_fr *power, zkg_fr *claim,
                          const zkg_open_claim *claims, size_t count)
{
    zkg_fr gamma, next = zkg_fr_one;

    zkg_tape_challenge(tape, ZKG_TAG_BATCH_GAMMA, &gamma, 1);
    *claim = zkg_fr_zero;
    for (size_t j = 0; j < count; j++) {
        zkg_fr term;

        power[j] = next;
        zkg_fr_mul(&term, &next, &claims[j].value);
        zkg_fr_add(claim, claim, &term);
        zkg_fr_mul(&next, &next, &gamma);
    }
}

void zkg_batch_shape(zkg_sumcheck_shape *out, uint32_t k)
{
    memset(out, 0, sizeof(*out));
    out->vars = k;
    for (uint32_t t = 0; t < k; t++)
        out->degree[t] = 2;
    out->eq_from = k;
}

bool zkg_batch_shapes_fit(const zkg_open_claim *claims, size_t count,
                          uint32_t k)
{
    if (k == 0 || k > ZKG_SRS_MAX_POWER)
        return false;
    for (size_t j = 0; j < count; j++)
        if (claims[j].vars > ZKG_MAX_VARS ||
            claims[j].chunks != zkg_kzg_chunks(claims[j].vars, k))
            return false;
    return true;
}

void zkg_batch_weight(zkg_fr *weight, const zkg_fr *power,
                      const zkg_open_claim *claim, const zkg_fr *rho,
                      uint32_t k)
{
    const uint32_t low = claim->vars < k ? claim->vars : k;

    zkg_eq_eval(weight, claim->point, rho, low);
    zkg_fr_mul(weight, weight, power);
    for (uint32_t t = low; t < k; t++) {
        zkg_fr rest;

        zkg_fr_sub(&rest, &zkg_fr_one, &rho[t]);
        zkg_fr_mul(weight, weight, &rest);
    }
}

size_t zkg_batch_bytes(zkg_pcs pcs, uint32_t k, size_t count)
{
    if (count == 0)
        return 0;
    return 2 * (size_t)k * ZKG_TAPE_FR_BYTES + (pcs == ZKG_PCS_HYPERKZG
                                                    ? zkg_hyperkzg_bytes(k)
                                                    : zkg_mercury_bytes());
}
