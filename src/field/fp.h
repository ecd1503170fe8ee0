/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fp: the field of coordinates of BN254.
 *
 *   q = 2188824287183927522224640574525727508869631115729782366268903789464522\
 *       6208583
 *
 * field_tmpl.h has the operations and their meaning (zkg_fp_add, .., all of
 * them zkg_fp_<name>, where p is this q); constants.py has where the constants
 * come from.
 */
#ifndef ZKG_FIELD_FP_H
#define ZKG_FIELD_FP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/limb4.h"

/** An element a: the limbs of a R mod q, R = 2^256, lowest first. */
typedef struct zkg_fp {
    uint64_t l[4];
} zkg_fp;

/** A signed sum of (integer * limbs of an element), two's complement. */
typedef struct zkg_fp_wide {
    uint64_t l[6];
} zkg_fp_wide;

#define ZKG_F(name) zkg_fp_##name
#define ZKG_F_T zkg_fp
#define ZKG_F_WIDE_T zkg_fp_wide
#define ZKG_F_P                                                                \
    {                                                                          \
        0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d,            \
            0x30644e72e131a029                                                 \
    }
#define ZKG_F_INV 0x87d20782e4866389
#define ZKG_F_MU 0xa948e8c4c474094f
#include "field/field_tmpl.h"

/** r with r^2 = a, either root; false, and *r unchanged, when there is none. */
bool zkg_fp_sqrt(zkg_fp *r, const zkg_fp *a);

/** The lowest bit of the integer in [0, q). */
bool zkg_fp_is_odd(const zkg_fp *a);

#endif
