/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of HyperKZG, and what both sides compute from them. */
#include "pcs/hyperkzg.h"

#include "poly/univariate.h"

zkg_status zkg_hyperkzg_wire_folds(zkg_tape *tape, zkg_hyperkzg_messages *m)
{
    zkg_fr minus_one;

    if (m->k > 1)
        ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, m->fold, m->k - 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->r, 1);
    zkg_fr_sqr(&m->r2, &m->r);
    zkg_fr_neg(&minus_one, &zkg_fr_one);
    if (zkg_fr_is_zero(&m->r) || zkg_fr_equal(&m->r, &zkg_fr_one) ||
        zkg_fr_equal(&m->r, &minus_one))
        return ZKG_ERR_REJECT;
    return ZKG_OK;
}

zkg_status zkg_hyperkzg_wire_values(zkg_tape *tape, zkg_hyperkzg_messages *m)
{
    ZKG_TRY(zkg_tape_fr(tape, ZKG_TAG_OPEN_VALUE, m->at, 3 * (size_t)m->k - 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->beta, 1);
    return ZKG_OK;
}

zkg_status zkg_hyperkzg_wire_w(zkg_tape *tape, zkg_hyperkzg_messages *m)
{
    zkg_fr v[2];

    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->w, 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->z, 1);
    zkg_hyperkzg_vanish(v, m);
    if (zkg_fr_is_zero(&v[0]) || zkg_fr_is_zero(&v[1]))
        return ZKG_ERR_REJECT;
    return ZKG_OK;
}

zkg_status zkg_hyperkzg_wire_w2(zkg_tape *tape, zkg_hyperkzg_messages *m)
{
    return zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->w2, 1);
}

void zkg_hyperkzg_interpolate(zkg_fr c[3], const zkg_hyperkzg_messages *m,
                              uint32_t t)
{
    const size_t points = t == 0 ? 2 : 3;
    zkg_fr x[3], y[3];

    x[0] = m->r;
    zkg_fr_neg(&x[1], &m->r);
    x[2] = m->r2;
    for (uint32_t i = 0; i < points; i++)
        y[i] = m->at[zkg_hyperkzg_at(m->k, t, i)];
    c[2] = zkg_fr_zero;
    zkg_univariate_interpolate(c, x, y, points);
}

void zkg_hyperkzg_vanish(zkg_fr v[2], const zkg_hyperkzg_messages *m)
{
    zkg_fr_sqr(&v[0], &m->z);
    zkg_fr_sub(&v[0], &v[0], &m->r2);
    zkg_fr_sub(&v[1], &m->z, &m->r2);
}

size_t zkg_hyperkzg_bytes(uint32_t k)
{
    return ((size_t)k - 1 + 2) * ZKG_TAPE_G1_BYTES +
           (3 * (size_t)k - 1) * ZKG_TAPE_FR_BYTES;
}
