/* SPDX-License-Identifier: Apache-2.0 */
#include "field/fr.h"

#define ZKG_F(name) zkg_fr_##name
#define ZKG_F_T zkg_fr
#define ZKG_F_WIDE_T zkg_fr_wide
#define ZKG_F_R                                                                \
    {                                                                          \
        0xac96341c4ffffffb, 0x36fc76959f60cd29, 0x666ea36f7879462e,            \
            0x0e0a77c19a07df2f                                                 \
    }
#define ZKG_F_R2                                                               \
    {                                                                          \
        0x1bb8e645ae216da7, 0x53fe3ab1e35c59e3, 0x8c49833d53bb8085,            \
            0x0216d0b17f4e44a5                                                 \
    }
#define ZKG_F_R3                                                               \
    {                                                                          \
        0x5e94d8e1b4bf0040, 0x2a489cbe1cfbb6b8, 0x893cc664a19fcfed,            \
            0x0cf8594b7fcc657c                                                 \
    }
#define ZKG_F_INV_FIX                                                          \
    {                                                                          \
        0x452c301a04780fbd, 0xea4846e498ef8cde, 0xcea4afdd7898767c,            \
            0x21c8f78a0b220863                                                 \
    }
#include "field/field_tmpl_c.h"
