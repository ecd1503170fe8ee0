/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_FOR_TYPE_H
#define ZKG_BACKEND_FOR_TYPE_H

/**
 * @file
 * One text for all integer types; private to backend/.
 */

#include "base/inline.h"
#include "tensor/dtype.h"

/* zkg_dtype_size of an integer type, which folds where the type is known */
ZKG_INLINE size_t int_bytes(zkg_dtype type)
{
    return type == ZKG_I8 || type == ZKG_U8     ? 1
           : type == ZKG_I16 || type == ZKG_U16 ? 2
           : type == ZKG_I32                    ? 4
                                                : 8;
}

/* values[i] of an integer type */
ZKG_INLINE int64_t int_at(const void *values, zkg_dtype type, size_t i)
{
    switch (type) {
    case ZKG_I8:
        return ((const int8_t *)values)[i];
    case ZKG_U8:
        return ((const uint8_t *)values)[i];
    case ZKG_I16:
        return ((const int16_t *)values)[i];
    case ZKG_U16:
        return ((const uint16_t *)values)[i];
    case ZKG_I32:
        return ((const int32_t *)values)[i];
    case ZKG_I64:
        return ((const int64_t *)values)[i];
    default:
        return 0;
    }
}

/* Run a statement once, compiled for the array's type; ZKG_FR is the caller's.
 */
#define FOR_TYPE(type, CALL)                                                   \
    do {                                                                       \
        switch (type) {                                                        \
        case ZKG_I8:                                                           \
            CALL(ZKG_I8);                                                      \
            break;                                                             \
        case ZKG_U8:                                                           \
            CALL(ZKG_U8);                                                      \
            break;                                                             \
        case ZKG_I16:                                                          \
            CALL(ZKG_I16);                                                     \
            break;                                                             \
        case ZKG_U16:                                                          \
            CALL(ZKG_U16);                                                     \
            break;                                                             \
        case ZKG_I32:                                                          \
            CALL(ZKG_I32);                                                     \
            break;                                                             \
        case ZKG_I64:                                                          \
            CALL(ZKG_I64);                                                     \
            break;                                                             \
        default:                                                               \
            break;                                                             \
        }                                                                      \
    } while (0)

#endif
