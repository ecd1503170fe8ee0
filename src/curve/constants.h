/* SPDX-License-Identifier: Apache-2.0 */
/* Made by constants.py; elements in Montgomery form. */
/* clang-format off */
#ifndef ZKG_CURVE_CONSTANTS_H
#define ZKG_CURVE_CONSTANTS_H

#include "curve/fp2.h"

/* 3, and 3 / xi for the twist */
static const zkg_fp curve_b[1] __attribute__((unused)) = {
    {{0x7a17caa950ad28d7, 0x1f6ac17ae15521b9,
      0x334bea4e696bd284, 0x2a1f6744ce179d8e}},
};

static const zkg_fp2 twist_b[1] __attribute__((unused)) = {
    {{{0x3bf938e377b802a8, 0x020b1b273633535d,
       0x26b7edf049755260, 0x2514c6324384a86d}},
     {{0x38e7ecccd1dcff67, 0x65f0b37d93ce0d3e,
       0xd749d0dd22ac00aa, 0x0141b9ce4a688d4d}}},
};

/* x, y of the generators */
#define G1_GENERATOR                                                           \
    {{{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d,                                 \
       0x666ea36f7879462c, 0x0e0a77c19a07df2f}},                               \
     {{0xa6ba871b8b1e1b3a, 0x14f1d651eb8e167b,                                 \
       0xccdd46def0f28c58, 0x1c14ef83340fbe5e}}}
#define G2_GENERATOR                                                           \
    {{{{0x8e83b5d102bc2026, 0xdceb1935497b0172,                                \
        0xfbb8264797811adf, 0x19573841af96503b}},                              \
      {{0xafb4737da84c6140, 0x6043dd5a5802d8c4,                                \
        0x09e950fc52a02f86, 0x14fef0833aea7b6b}}},                             \
     {{{0x619dfa9d886be9f6, 0xfe7fd297f59e9b78,                                \
        0xff9e1a62231b7dfe, 0x28fd7eebae9e4206}},                              \
      {{0x64095b56c71856ee, 0xdc57f922327d3cbb,                                \
        0x55f935be33351076, 0x0da4a0e693fd6482}}}}

/* xi^(j (q - 1) / 6), j = 0..5 */
static const zkg_fp2 frob1[6] __attribute__((unused)) = {
    {{{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d,
       0x666ea36f7879462c, 0x0e0a77c19a07df2f}},
     {{0x0000000000000000, 0x0000000000000000,
       0x0000000000000000, 0x0000000000000000}}},
    {{{0xaf9ba69633144907, 0xca6b1d7387afb78a,
       0x11bded5ef08a2087, 0x02f34d751a1f3a7c}},
     {{0xa222ae234c492d72, 0xd00f02a4565de15b,
       0xdc2ff3a253dfc926, 0x10a75716b3899551}}},
    {{{0xb5773b104563ab30, 0x347f91c8a9aa6454,
       0x7a007127242e0991, 0x1956bcd8118214ec}},
     {{0x6e849f1ea0aa4757, 0xaa1c7b6d89f89141,
       0xb6e713cdfae0ca3a, 0x26694fbb4e82ebc3}}},
    {{{0xe4bbdd0c2936b629, 0xbb30f162e133bacb,
       0x31a9d1b6f9645366, 0x253570bea500f8dd}},
     {{0xa1d77ce45ffe77c7, 0x07affd117826d1db,
       0x6d16bd27bb7edc6b, 0x2c87200285defecc}}},
    {{{0x7361d77f843abe92, 0xa5bb2bd3273411fb,
       0x9c941f314b3e2399, 0x15df9cddbb9fd3ec}},
     {{0x5dddfd154bd8c949, 0x62cb29a5a4445b60,
       0x37bc870a0c7dd2b9, 0x24830a9d3171f0fd}}},
    {{{0xc970692f41690fe7, 0xe240342127694b0b,
       0x32bee66b83c459e8, 0x12aabced0ab08841}},
     {{0x0d485d2340aebfa9, 0x05193418ab2fcc57,
       0xd3b0a40b8a4910f5, 0x2f21ebb535d2925a}}},
};

/* xi^(j (q^2 - 1) / 6), j = 0..5, all in Fp */
static const zkg_fp frob2[6] __attribute__((unused)) = {
    {{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d,
      0x666ea36f7879462c, 0x0e0a77c19a07df2f}},
    {{0xca8d800500fa1bf2, 0xf0c5d61468b39769,
      0x0e201271ad0d4418, 0x04290f65bad856e6}},
    {{0x3350c88e13e80b9c, 0x7dce557cdb5e56b9,
      0x6001b4b8b615564a, 0x2682e617020217e0}},
    {{0x68c3488912edefaa, 0x8d087f6872aabf4f,
      0x51e1a24709081231, 0x2259d6b14729c0fa}},
    {{0x71930c11d782e155, 0xa6bb947cffbe3323,
      0xaa303344d4741444, 0x2c3b3f0d26594943}},
    {{0x08cfc388c494f1ab, 0x19b315148d1373d4,
      0x584e90fdcb6c0213, 0x09e1685bdf2f8849}},
};

/* of glv.h: beta, lambda, u, w, and u / p and w / p times 2^256 */
#define GLV_BETA                                                               \
    {{0x71930c11d782e155, 0xa6bb947cffbe3323,                                  \
      0xaa303344d4741444, 0x2c3b3f0d26594943}}
#define GLV_LAMBDA                                                             \
    {{0x93e7cede4a0329b3, 0x7d4fdca77a96c167,                                  \
      0x8be4ba08b19a750a, 0x1cbd5653a5661c25}}
static const uint64_t glv_u[2] __attribute__((unused)) = {
    0x89d3256894d213e3, 0x0000000000000000};
static const uint64_t glv_w[2] __attribute__((unused)) = {
    0x8211bbeb7d4f1128, 0x6f4d8248eeb859fc};
static const uint64_t glv_g1[3] __attribute__((unused)) = {
    0xd91d232ec7e0b3d7, 0x0000000000000002, 0x0000000000000000};
static const uint64_t glv_g2[3] __attribute__((unused)) = {
    0x7a7bd9d4391eb18e, 0x4ccef014a773d2cf, 0x0000000000000002};

/* signed digits, lowest first: of 6 x + 2 */
static const int8_t ate_naf[66] __attribute__((unused)) = {
    0, 0, 0, 1, 0, 1, 0, -1, 0, 0, -1, 0, 0, 0, 1, 0,
    0, -1, 0, -1, 0, 0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0,
    0, 1, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0, -1,
    0, 1, 0, -1, 0, 0, 0, -1, 0, -1, 0, 0, 0, 1, 0, -1,
    0, 1,
};

/* of x */
static const int8_t x_naf[63] __attribute__((unused)) = {
    1, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0,
    1, 0, 0, 1, 0, -1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0,
    0, 0, 1, 0, -1, 0, -1, 0, -1, 0, 1, 0, 1, 0, 0, -1,
    0, 1, 0, 1, 0, -1, 0, 0, 1, 0, 1, 0, 0, 0, 1,
};

#endif
