/* SPDX-License-Identifier: Apache-2.0 */
#include "curve/pairing.h"

#include "curve/pairing_variant.h"

void zkg_pairing_miller(zkg_fp12 *out, const zkg_g1 *p, const zkg_g2 *q,
                        size_t n, uint32_t cpu_flags)
{
    ZKG_VARIANT_CALL(cpu_flags, zkg_miller, out, p, q, n);
}

bool zkg_pairing_check(const zkg_g1 *p, const zkg_g2 *q, size_t n,
                       uint32_t cpu_flags)
{
    zkg_fp12 f;

    zkg_pairing_miller(&f, p, q, n, cpu_flags);
    ZKG_VARIANT_CALL(cpu_flags, zkg_final_exp, &f, &f);
    return zkg_fp12_is_one(&f);
}

void zkg_pairing(zkg_fp12 *out, const zkg_g1 *p, const zkg_g2 *q,
                 uint32_t cpu_flags)
{
    zkg_pairing_miller(out, p, q, 1, cpu_flags);
    ZKG_VARIANT_CALL(cpu_flags, zkg_final_exp, out, out);
}
