/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fr: the scalar field of BN254, the field of every table, claim and challenge.
 *
 *   p = 2188824287183927522224640574525727508854836440041603434369820418657580\
 *       8495617
 *
 * field_tmpl.h has the operations and their meaning (zkg_fr_add, .., all of
 * them zkg_fr_<name>); constants.py has where the constants come from.
 */
#ifndef ZKG_FIELD_FR_H
#define ZKG_FIELD_FR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/limb4.h"

/** An element a: the limbs of a R mod p, R = 2^256, lowest first. */
typedef struct zkg_fr {
    uint64_t l[4];
} zkg_fr;

/** A signed sum of (integer * limbs of an element), two's complement. */
typedef struct zkg_fr_wide {
    uint64_t l[6];
} zkg_fr_wide;

#define ZKG_F(name) zkg_fr_##name
#define ZKG_F_T zkg_fr
#define ZKG_F_WIDE_T zkg_fr_wide
#define ZKG_F_P                                                                \
    {                                                                          \
        0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d,            \
            0x30644e72e131a029                                                 \
    }
#define ZKG_F_INV 0xc2e1f593efffffff
#define ZKG_F_MU 0xa948e8c4c474094f
#include "field/field_tmpl.h"

#endif
