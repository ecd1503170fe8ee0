/* SPDX-License-Identifier: Apache-2.0 */
/* .npy: magic, version, a Python dictionary, raw data. */
#include "tensor/npy.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

bool zkg_npy_is(const uint8_t *bytes, size_t len)
{
    return len >= 10 && memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* The text after a key of the dictionary, or NULL. */
static const char *after(const char *header, const char *key)
{
    const char *at = strstr(header, key);

    if (at == NULL)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':')
        at++;
    return at;
}

static zkg_status read_type(zkg_npy *out, size_t *width, const char *header,
                            const char *name, zkg_error *err)
{
    static const struct {
        const char *text;
        zkg_st_type type;
        size_t width;
    } known[] = {
        {"'<f2'", ZKG_ST_F16, 2}, {"'<f4'", ZKG_ST_F32, 4},
        {"'<f8'", ZKG_ST_F64, 8}, {"'|i1'", ZKG_ST_I8, 1},
        {"'|u1'", ZKG_ST_U8, 1},  {"'<i2'", ZKG_ST_I16, 2},
        {"'<u2'", ZKG_ST_U16, 2}, {"'<i4'", ZKG_ST_I32, 4},
        {"'<i8'", ZKG_ST_I64, 8},
    };
    const char *at = after(header, "'descr'");

    for (size_t i = 0; at != NULL && i < sizeof(known) / sizeof(known[0]);
         i++) {
        if (strncmp(at, known[i].text, strlen(known[i].text)) != 0)
            continue;
        out->entry.type = known[i].type;
        *width = known[i].width;
        return ZKG_OK;
    }
    return zkg_fail(
        err, ZKG_ERR_UNSUPPORTED,
        "%s: its type is none of f2, f4, f8, i1, u1, i2, u2, i4, i8, "
        "little-endian; save it as float32",
        name);
}

static zkg_status read_shape(zkg_npy *out, const char *header, const char *name,
                             zkg_error *err)
{
    const char *at = after(header, "'shape'");

    if (at == NULL || *at++ != '(')
        return BAD("%s: its header has no shape", name);
    out->count = 1;
    while (*at != ')') {
        char *end;
        unsigned long long v;

        if (*at == ' ' || *at == ',') {
            at++;
            continue;
        }
        if (*at < '0' || *at > '9')
            return BAD("%s: its shape is none", name);
        v = strtoull(at, &end, 10);
        at = end;
        if (out->axes == ZKG_MAX_AXES || v == 0 ||
            !zkg_mul_ok(&out->count, out->count, v) ||
            out->count > (uint64_t)1 << 40)
            return BAD("%s: its shape is empty, or too large", name);
        out->len[out->axes++] = v;
    }
    return ZKG_OK;
}

zkg_status zkg_npy_parse(zkg_npy *out, const uint8_t *bytes, size_t len,
                         const char *name, zkg_error *err)
{
    char header[1024];
    size_t start = 10, n, width = 0;
    const char *order;

    *out = (zkg_npy){.axes = 0};
    if (!zkg_npy_is(bytes, len))
        return BAD("%s: no .npy file", name);
    n = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) {
        if (len < 12)
            return BAD("%s: cut", name);
        n |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
        start = 12;
    }
    if (n >= sizeof(header) || n > len - start)
        return BAD("%s: its header is cut, or too long", name);
    memcpy(header, bytes + start, n);
    header[n] = 0;
    order = after(header, "'fortran_order'");
    if (order == NULL || strncmp(order, "False", 5) != 0)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "%s: Fortran order; save it in C order", name);
    ZKG_TRY(read_type(out, &width, header, name, err));
    ZKG_TRY(read_shape(out, header, name, err));
    if (len - start - n != out->count * width)
        return BAD("%s: %llu elements by its shape, %zu bytes of data", name,
                   (unsigned long long)out->count, len - start - n);
    out->entry.data = bytes + start + n;
    out->entry.bytes = len - start - n;
    out->entry.axes = out->axes;
    memcpy(out->entry.len, out->len, sizeof(out->len));
    return ZKG_OK;
}
