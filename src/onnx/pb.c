/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers, the wire format. */
#include "onnx/pb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

#define MAX_STRING 4096

zkg_status zkg_pb_fail(const zkg_pb *r, zkg_error *err, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: byte %zu: %s", r->name,
                    (size_t)(r->at - r->file), text);
}

void zkg_pb_init(zkg_pb *out, const uint8_t *bytes, size_t len,
                 const char *name)
{
    *out = (zkg_pb){bytes, bytes, bytes + len, name};
}

zkg_status zkg_pb_varint(uint64_t *out, zkg_pb *r, zkg_error *err)
{
    uint64_t v = 0;

    for (uint32_t i = 0; i < 10; i++) {
        uint8_t b;

        if (r->at == r->end)
            return zkg_pb_fail(r, err, "a number ends early");
        b = *r->at++;
        if (i == 9 && b > 1)
            return zkg_pb_fail(r, err, "a number of more than 64 bits");
        v |= (uint64_t)(b & 127) << (7 * i);
        if (b < 128) {
            *out = v;
            return ZKG_OK;
        }
    }
    return zkg_pb_fail(r, err, "a number of more than ten bytes");
}

static zkg_status take_fixed(zkg_pb_field *f, zkg_pb *r, size_t len,
                             zkg_error *err)
{
    if ((size_t)(r->end - r->at) < len)
        return zkg_pb_fail(r, err, "a number ends early");
    f->value = len == 8 ? zkg_load_u64le(r->at) : zkg_load_u32le(r->at);
    r->at += len;
    return ZKG_OK;
}

zkg_status zkg_pb_next(bool *more, zkg_pb_field *f, zkg_pb *r, zkg_error *err)
{
    uint64_t tag, len;

    *more = r->at < r->end;
    if (!*more)
        return ZKG_OK;
    ZKG_TRY(zkg_pb_varint(&tag, r, err));
    if (tag >> 3 == 0 || tag >> 3 > 536870911)
        return zkg_pb_fail(r, err, "no field has the number %llu",
                           (unsigned long long)(tag >> 3));
    *f = (zkg_pb_field){.number = (uint32_t)(tag >> 3),
                        .wire = (zkg_pb_wire)(tag & 7)};
    switch ((uint32_t)(tag & 7)) {
    case ZKG_PB_VARINT:
        return zkg_pb_varint(&f->value, r, err);
    case ZKG_PB_FIXED64:
        return take_fixed(f, r, 8, err);
    case ZKG_PB_FIXED32:
        return take_fixed(f, r, 4, err);
    case ZKG_PB_BYTES:
        ZKG_TRY(zkg_pb_varint(&len, r, err));
        if (len > (uint64_t)(r->end - r->at))
            return zkg_pb_fail(r, err,
                               "field %u has %llu bytes, of which %zu are "
                               "there: the file is cut, or no ONNX model",
                               f->number, (unsigned long long)len,
                               (size_t)(r->end - r->at));
        f->bytes = r->at;
        f->len = (size_t)len;
        r->at += len;
        return ZKG_OK;
    default:
        return zkg_pb_fail(r, err, "wire type %u is none that ONNX uses",
                           (uint32_t)(tag & 7));
    }
}

zkg_status zkg_pb_message(zkg_pb *out, const zkg_pb_field *f, const zkg_pb *r,
                          const char *what, zkg_error *err)
{
    if (f->wire != ZKG_PB_BYTES)
        return zkg_pb_fail(r, err, "%s is no message", what);
    *out = (zkg_pb){r->file, f->bytes, f->bytes + f->len, r->name};
    return ZKG_OK;
}

zkg_status zkg_pb_string(char **out, const zkg_pb_field *f, const zkg_pb *r,
                         const char *what, zkg_error *err)
{
    char *s;

    if (f->wire != ZKG_PB_BYTES || f->len > MAX_STRING)
        return zkg_pb_fail(r, err, "%s is no string of at most %d bytes", what,
                           MAX_STRING);
    s = zkg_alloc(f->len + 1, 1);
    if (s == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (size_t i = 0; i < f->len; i++)
        s[i] =
            f->bytes[i] < 0x20 || f->bytes[i] == 0x7f ? '?' : (char)f->bytes[i];
    *out = s;
    return ZKG_OK;
}
