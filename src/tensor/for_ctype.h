/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_TENSOR_FOR_CTYPE_H
#define ZKGKR_TENSOR_FOR_CTYPE_H

/**
 * @file
 * One text for the C types of all integer arrays.
 */

#include <stdint.h>

#include "tensor/dtype.h"

/* Run BODY(type) with the C type of a storage type, which is not ZKG_FR. */
#define ZKG_FOR_CTYPE(dtype, BODY)                                             \
    do {                                                                       \
        switch (dtype) {                                                       \
        case ZKG_I8:                                                           \
            BODY(int8_t);                                                      \
            break;                                                             \
        case ZKG_U8:                                                           \
            BODY(uint8_t);                                                     \
            break;                                                             \
        case ZKG_I16:                                                          \
            BODY(int16_t);                                                     \
            break;                                                             \
        case ZKG_U16:                                                          \
            BODY(uint16_t);                                                    \
            break;                                                             \
        case ZKG_I32:                                                          \
            BODY(int32_t);                                                     \
            break;                                                             \
        default:                                                               \
            BODY(int64_t);                                                     \
            break;                                                             \
        }                                                                      \
    } while (0)

#endif
