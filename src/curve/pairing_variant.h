/* SPDX-License-Identifier: Apache-2.0 */
/* pairing_variant.c, compiled once for each variant. */
#ifndef ZKG_CURVE_PAIRING_VARIANT_H
#define ZKG_CURVE_PAIRING_VARIANT_H

#include "curve/pairing.h"
#include "curve/variant.h"

#define ZKG_DECLARE_PAIRING(v)                                                 \
    void zkg_miller_##v(zkg_fp12 *f, const zkg_g1 *p, const zkg_g2 *q,         \
                        size_t n);                                             \
    void zkg_final_exp_##v(zkg_fp12 *r, const zkg_fp12 *f);

ZKG_DECLARE_PAIRING(portable)
ZKG_DECLARE_PAIRING(mulx)

#undef ZKG_DECLARE_PAIRING
#endif
