/* SPDX-License-Identifier: Apache-2.0 */
#include "field/fp.h"

#define ZKG_F(name) zkg_fp_##name
#define ZKG_F_T zkg_fp
#define ZKG_F_WIDE_T zkg_fp_wide
#define ZKG_F_R                                                                \
    {                                                                          \
        0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c,            \
            0x0e0a77c19a07df2f                                                 \
    }
#define ZKG_F_R2                                                               \
    {                                                                          \
        0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6,            \
            0x06d89f71cab8351f                                                 \
    }
#define ZKG_F_R3                                                               \
    {                                                                          \
        0xb1cd6dafda1530df, 0x62f210e6a7283db6, 0xef7f0b0c0ada0afb,            \
            0x20fd6e902d592544                                                 \
    }
#define ZKG_F_INV_FIX                                                          \
    {                                                                          \
        0xd330b3617404f53c, 0x5f12aa9fd96887c1, 0xe7820241e67f0488,            \
            0x2029e539ef58b497                                                 \
    }
#include "field/field_tmpl_c.h"

/* q = 3 mod 4: the candidate is a^((q + 1) / 4) */
bool zkg_fp_sqrt(zkg_fp *r, const zkg_fp *a)
{
    static const uint64_t e[4] = {0x4f082305b61f3f52, 0x65e05aa45a1c72a3,
                                  0x6e14116da0605617, 0x0c19139cb84c680a};
    zkg_fp t, s;

    zkg_fp_pow(&t, a, e, 4);
    zkg_fp_sqr(&s, &t);
    if (!zkg_fp_equal(&s, a))
        return false;
    *r = t;
    return true;
}

bool zkg_fp_is_odd(const zkg_fp *a)
{
    uint64_t s[4];

    zkg_fp_to_scalar(s, a);
    return s[0] & 1;
}
