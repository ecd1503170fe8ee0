/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files compiled twice, as plain C and with ZKG_FIELD_MULX.  Such a file names
 * its external functions ZKG_VARIANT(f); a caller that has the processor's
 * features picks one once per outer call with ZKG_VARIANT_CALL.
 */
#ifndef ZKG_CURVE_VARIANT_H
#define ZKG_CURVE_VARIANT_H

#include "base/cpu.h"

#ifdef ZKG_FIELD_MULX
#define ZKG_VARIANT(f) f##_mulx
#else
#define ZKG_VARIANT(f) f##_portable
#endif

#ifdef __x86_64__
#define ZKG_VARIANT_CALL(cpu_flags, f, ...)                                    \
    ((cpu_flags)&ZKG_CPU_MULX ? f##_mulx(__VA_ARGS__)                          \
                              : f##_portable(__VA_ARGS__))
#else
#define ZKG_VARIANT_CALL(cpu_flags, f, ...)                                    \
    ((void)(cpu_flags), f##_portable(__VA_ARGS__))
#endif

#endif
