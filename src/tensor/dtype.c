/* SPDX-License-Identifier: Apache-2.0 */
/* The table of storage types. */
#include "tensor/dtype.h"

#include <string.h>

typedef struct type_row {
    const char *name;
    size_t size;
    int64_t min, max;
} type_row;

static const type_row types[] = {
    [ZKG_I8] = {"i8", 1, INT8_MIN, INT8_MAX},
    [ZKG_U8] = {"u8", 1, 0, UINT8_MAX},
    [ZKG_I16] = {"i16", 2, INT16_MIN, INT16_MAX},
    [ZKG_U16] = {"u16", 2, 0, UINT16_MAX},
    [ZKG_I32] = {"i32", 4, INT32_MIN, INT32_MAX},
    [ZKG_I64] = {"i64", 8, INT64_MIN, INT64_MAX},
    [ZKG_FR] = {"fr", 32, 0, 0},
};

static const char *const visibilities[] = {
    [ZKG_PUBLIC] = "public",
    [ZKG_FIXED] = "fixed",
    [ZKG_PRIVATE] = "private",
    [ZKG_VIRTUAL] = "virtual",
};

size_t zkg_dtype_size(zkg_dtype type)
{
    return (unsigned)type <= ZKG_FR ? types[type].size : 0;
}

const char *zkg_dtype_name(zkg_dtype type)
{
    return (unsigned)type <= ZKG_FR ? types[type].name : "?";
}

bool zkg_dtype_parse(zkg_dtype *out, const char *name)
{
    for (unsigned i = 0; i <= ZKG_FR; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = (zkg_dtype)i;
            return true;
        }
    }
    return false;
}

int64_t zkg_dtype_min(zkg_dtype type)
{
    return (unsigned)type <= ZKG_FR ? types[type].min : 0;
}

int64_t zkg_dtype_max(zkg_dtype type)
{
    return (unsigned)type <= ZKG_FR ? types[type].max : 0;
}

zkg_dtype zkg_dtype_for_range(int64_t min, int64_t max)
{
    for (unsigned i = 0; i < ZKG_I64; i++) {
        if (types[i].min <= min && max <= types[i].max)
            return (zkg_dtype)i;
    }
    return ZKG_I64;
}

const char *zkg_visibility_name(zkg_visibility vis)
{
    return (unsigned)vis <= ZKG_VIRTUAL ? visibilities[vis] : "?";
}

bool zkg_visibility_parse(zkg_visibility *out, const char *name)
{
    for (unsigned i = 0; i <= ZKG_VIRTUAL; i++) {
        if (strcmp(visibilities[i], name) == 0) {
            *out = (zkg_visibility)i;
            return true;
        }
    }
    return false;
}
