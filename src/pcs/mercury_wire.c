/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of Mercury, and what both sides compute from them. */
#include "pcs/mercury.h"

zkg_status zkg_mercury_wire_column(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->h, 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->alpha, 1);
    return ZKG_OK;
}

/* Two points, one item. */
static zkg_status wire_pair(zkg_tape *tape, zkg_g1 *a, zkg_g1 *b)
{
    zkg_g1 pair[2] = {*a, *b};

    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, pair, 2));
    *a = pair[0];
    *b = pair[1];
    return ZKG_OK;
}

zkg_status zkg_mercury_wire_division(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(wire_pair(tape, &m->q, &m->row));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->gamma, 1);
    return ZKG_OK;
}

bool zkg_mercury_zeta_is_degenerate(const zkg_fr *zeta, const zkg_fr *alpha)
{
    zkg_fr square, product;

    zkg_fr_sqr(&square, zeta);
    zkg_fr_mul(&product, zeta, alpha);
    return zkg_fr_is_zero(zeta) || zkg_fr_equal(&square, &zkg_fr_one) ||
           zkg_fr_equal(zeta, alpha) || zkg_fr_equal(&product, &zkg_fr_one);
}

zkg_status zkg_mercury_wire_cross(zkg_tape *tape, zkg_mercury_messages *m)
{
    zkg_fr zeta;

    ZKG_TRY(wire_pair(tape, &m->cross, &m->mirror));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &zeta, 1);
    if (zkg_mercury_zeta_is_degenerate(&zeta, &m->alpha))
        return ZKG_ERR_REJECT;
    m->node[0] = zeta;
    zkg_fr_inv(&m->node[1], &zeta);
    m->node[2] = m->alpha;
    return ZKG_OK;
}

zkg_status zkg_mercury_wire_values(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(zkg_tape_fr(tape, ZKG_TAG_OPEN_VALUE, m->at, 6));
    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->quotient, 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->beta, 1);
    return ZKG_OK;
}

bool zkg_mercury_z_is_degenerate(const zkg_fr *z, const zkg_fr node[3])
{
    return zkg_fr_equal(z, &node[0]) || zkg_fr_equal(z, &node[1]) ||
           zkg_fr_equal(z, &node[2]);
}

zkg_status zkg_mercury_wire_w(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->w, 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->z, 1);
    return zkg_mercury_z_is_degenerate(&m->z, m->node) ? ZKG_ERR_REJECT
                                                       : ZKG_OK;
}

zkg_status zkg_mercury_wire_w2(zkg_tape *tape, zkg_mercury_messages *m)
{
    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_OPEN_POINT, &m->w2, 1));
    zkg_tape_challenge(tape, ZKG_TAG_OPEN_CHALLENGE, &m->d, 1);
    return ZKG_OK;
}

void zkg_mercury_vanish(zkg_fr rest[ZKG_MERCURY_POLYS], zkg_fr *all,
                        const zkg_mercury_messages *m)
{
    zkg_fr factor[3];

    for (uint32_t j = 0; j < 3; j++)
        zkg_fr_sub(&factor[j], &m->z, &m->node[j]);
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        rest[i] = zkg_fr_one;
        for (uint32_t j = zkg_mercury_nodes(i); j < 3; j++)
            zkg_fr_mul(&rest[i], &rest[i], &factor[j]);
    }
    zkg_fr_mul(all, &rest[ZKG_MERCURY_MIRROR], &factor[0]);
}

void zkg_mercury_modulus(zkg_fr *out, const zkg_mercury_messages *m, uint32_t k)
{
    zkg_fr power = m->node[0];

    for (uint32_t t = 0; t < zkg_mercury_low(k); t++)
        zkg_fr_sqr(&power, &power);
    zkg_fr_sub(out, &power, &m->alpha);
}

size_t zkg_mercury_bytes(void)
{
    return 8 * ZKG_TAPE_G1_BYTES + 6 * ZKG_TAPE_FR_BYTES;
}
