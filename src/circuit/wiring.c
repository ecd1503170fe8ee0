/* SPDX-License-Identifier: Apache-2.0
 * Sums over the wiring of one copy. */
#include "circuit/circuit.h"

/* out = w v; most coefficients are 1. */
static void weighted(zkg_fr *out, const zkg_fr *w, const zkg_fr *v)
{
    if (zkg_fr_equal(w, &zkg_fr_one))
        *out = *v;
    else
        zkg_fr_mul(out, w, v);
}

void zkg_circuit_sum_constants(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                               const zkg_fr *coeff, const zkg_fr *e)
{
    const zkg_circuit_layer *l = &c->layer[i];
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t k = 0; k < l->constants; k++) {
        zkg_fr term;

        weighted(&term, &coeff[l->constant[k].coeff], &e[l->constant[k].gate]);
        zkg_fr_add(&sum, &sum, &term);
    }
    *out = sum;
}

void zkg_circuit_sum_adds(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                          const zkg_fr *coeff, const zkg_fr *e,
                          const zkg_fr *const *x)
{
    const zkg_circuit_layer *l = &c->layer[i];
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];
        zkg_fr term;

        weighted(&term, &coeff[a->coeff], &e[a->gate]);
        zkg_fr_mul(&term, &term,
                   &x[a->a.source][zkg_circuit_position(c, a->a)]);
        zkg_fr_add(&sum, &sum, &term);
    }
    *out = sum;
}

void zkg_circuit_sum_muls(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                          const zkg_fr *coeff, const zkg_fr *e,
                          const zkg_fr *const *x, const zkg_fr *const *y)
{
    const zkg_circuit_layer *l = &c->layer[i];
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];
        zkg_fr term;

        weighted(&term, &coeff[m->coeff], &e[m->gate]);
        zkg_fr_mul(&term, &term,
                   &x[m->a.source][zkg_circuit_position(c, m->a)]);
        zkg_fr_mul(&term, &term,
                   &y[m->b.source][zkg_circuit_position(c, m->b)]);
        zkg_fr_add(&sum, &sum, &term);
    }
    *out = sum;
}
