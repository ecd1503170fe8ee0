/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_CPU_H
#define ZKGKR_BASE_CPU_H

/**
 * @file
 * What this processor, under this system, can do.
 */

#include <stdint.h>

#define ZKG_CPU_MULX UINT32_C(1) /**< BMI2 and ADX */
#define ZKG_CPU_AVX2 UINT32_C(2) /**< AVX2 */
#define ZKG_CPU_AVX512IFMA                                                     \
    UINT32_C(4) /**< AVX-512 F, VL, DQ, BW,                                    \
                           VBMI2, VNNI and IFMA */

/** Keeps everything: the mask of those who do not want less. */
#define ZKG_CPU_ALL UINT32_MAX

/** The features present, and in mask. */
uint32_t zkg_cpu_features(uint32_t mask);

/** Their names, such as "mulx avx2"; "portable" for none. */
void zkg_cpu_names(char out[64], uint32_t features);

#endif
