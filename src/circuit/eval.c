/* SPDX-License-Identifier: Apache-2.0
 * Coefficients, and inputs. */
#include "circuit/circuit.h"

#include <string.h>

void zkg_circuit_coefficients(zkg_fr *out, const zkg_circuit *c,
                              const zkg_fr *challenge)
{
    for (uint32_t k = 0; k < c->coeffs; k++) {
        out[k] = c->coeff[k].value;
        if (c->coeff[k].challenge != ZKG_CIRCUIT_PLAIN)
            zkg_fr_mul(&out[k], &out[k], &challenge[c->coeff[k].challenge]);
    }
}

static void load_cell(zkg_fr *out, const zkg_array *a, uint64_t i)
{
    if (a->type == ZKG_FR)
        *out = ((const zkg_fr *)a->data)[i];
    else
        zkg_fr_from_i64(out, zkg_array_get_i64(a, i));
}

void zkg_circuit_load(zkg_fr *out, const zkg_array *a, uint32_t axes,
                      uint64_t copy)
{
    const uint32_t above = a->axes - axes;
    uint64_t index[ZKG_MAX_AXES] = {0};
    uint64_t cells = 1;
    uint32_t vars = 0, shift[ZKG_MAX_AXES];

    for (uint32_t k = a->axes; k-- > above;) {
        shift[k] = vars;
        vars += zkg_axis_bits(a->len[k]);
        cells *= a->stored[k];
    }
    memset(out, 0, sizeof(*out) << vars);
    if (above > 0 && copy >= a->stored[0])
        return;
    for (uint64_t i = 0; i < cells; i++) {
        uint64_t at = 0;

        for (uint32_t k = above; k < a->axes; k++)
            at += index[k] << shift[k];
        load_cell(&out[at], a, (above > 0 ? copy * cells : 0) + i);
        for (uint32_t k = a->axes; k-- > above;) {
            if (++index[k] < a->stored[k])
                break;
            index[k] = 0;
        }
    }
}
