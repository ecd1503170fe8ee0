/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files compiled more than once: as plain C, with ZKG_FIELD_MULX, and with
 * ZKG_FIELD_IFMA beside it where eight lanes help.  Such a file names its
 * external functions ZKG_VARIANT(f); a caller that has the processor's features
 * picks one once per outer call with ZKG_VARIANT_CALL (two variants) or
 * ZKG_VARIANT_CALL_3.
 */
#ifndef ZKG_CURVE_VARIANT_H
#define ZKG_CURVE_VARIANT_H

#include "base/cpu.h"

#if defined(ZKG_FIELD_IFMA)
#define ZKG_VARIANT(f) f##_ifma
#elif defined(ZKG_FIELD_MULX)
#define ZKG_VARIANT(f) f##_mulx
#else
#define ZKG_VARIANT(f) f##_portable
#endif

#ifdef __x86_64__
#define ZKG_VARIANT_CALL(cpu_flags, f, ...)                                    \
    ((cpu_flags)&ZKG_CPU_MULX ? f##_mulx(__VA_ARGS__)                          \
                              : f##_portable(__VA_ARGS__))
#define ZKG_VARIANT_CALL_3(cpu_flags, f, ...)                                  \
    ((cpu_flags)&ZKG_CPU_MULX && (cpu_flags)&ZKG_CPU_AVX512IFMA                \
         ? f##_ifma(__VA_ARGS__)                                               \
         : ZKG_VARIANT_CALL(cpu_flags, f, __VA_ARGS__))
#else
#define ZKG_VARIANT_CALL(cpu_flags, f, ...)                                    \
    ((void)(cpu_flags), f##_portable(__VA_ARGS__))
#define ZKG_VARIANT_CALL_3 ZKG_VARIANT_CALL
#endif

#endif
