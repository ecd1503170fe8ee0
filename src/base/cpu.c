/* SPDX-License-Identifier: Apache-2.0
 * Processor features. */
#include "base/cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t xgetbv0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t zkg_cpu_features(uint32_t mask)
{
    unsigned a, b, c, d;
    uint64_t saved = 0; /* register sets that the system saves */
    uint32_t found = 0;

    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) != 0)
        saved = xgetbv0();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    if ((b & bit_BMI2) != 0 && (b & bit_ADX) != 0)
        found |= ZKG_CPU_MULX;
    if ((saved & 0x06) == 0x06 && (b & bit_AVX2) != 0)
        found |= ZKG_CPU_AVX2;
    if ((saved & 0xe6) == 0xe6 && (b & bit_AVX512F) != 0 &&
        (b & bit_AVX512VL) != 0 && (b & bit_AVX512DQ) != 0 &&
        (b & bit_AVX512BW) != 0 && (b & bit_AVX512IFMA) != 0 &&
        (c & bit_AVX512VBMI2) != 0 && (c & bit_AVX512VNNI) != 0)
        found |= ZKG_CPU_AVX512IFMA;
    return found & mask;
}
#else
uint32_t zkg_cpu_features(uint32_t mask)
{
    (void)mask;
    return 0;
}
#endif

void zkg_cpu_names(char out[64], uint32_t features)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } all[] = {
        {ZKG_CPU_MULX, "mulx"},
        {ZKG_CPU_AVX2, "avx2"},
        {ZKG_CPU_AVX512IFMA, "avx512ifma"},
    };

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if ((features & all[i].bit) == 0)
            continue;
        if (out[0] != '\0')
            strcat(out, " ");
        strcat(out, all[i].name);
    }
    if (out[0] == '\0')
        strcpy(out, "portable");
}
