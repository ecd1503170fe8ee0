/* SPDX-License-Identifier: Apache-2.0
 * Bytes in and out, little-endian. */
#include "base/bytes.h"

#include "base/mem.h"

/* ---- writer ---- */

void zkg_writer_init(zkg_writer *w)
{
    *w = (zkg_writer){0};
}

void zkg_writer_init_room(zkg_writer *w, size_t len)
{
    zkg_writer_init(w);
    w->data = zkg_alloc_raw(len, 1);
    if (w->data != NULL)
        w->capacity = len;
    else
        w->status = ZKG_ERR_NOMEM;
}

void zkg_writer_free(zkg_writer *w)
{
    zkg_free(w->data);
    zkg_writer_init(w);
}

uint8_t *zkg_writer_take(zkg_writer *w, size_t *len)
{
    uint8_t *data = w->data;

    *len = w->len;
    zkg_writer_init(w);
    return data;
}

/* Room for len bytes more, not yet written. */
static zkg_status grow(zkg_writer *w, uint8_t **at, size_t len)
{
    *at = NULL;
    if (w->status != ZKG_OK)
        return w->status;
    if (len > w->capacity - w->len) {
        size_t capacity = w->capacity < 256 ? 256 : w->capacity;
        uint8_t *data;

        if (len > SIZE_MAX / 4 || w->len > SIZE_MAX / 4)
            return w->status = ZKG_ERR_NOMEM;
        while (capacity - w->len < len)
            capacity *= 2;
        data = zkg_realloc(w->data, capacity, 1);
        if (data == NULL)
            return w->status = ZKG_ERR_NOMEM;
        w->data = data;
        w->capacity = capacity;
    }
    *at = w->data + w->len;
    w->len += len;
    return ZKG_OK;
}

zkg_status zkg_writer_reserve(zkg_writer *w, uint8_t **at, size_t len)
{
    ZKG_TRY(grow(w, at, len));
    memset(*at, 0, len);
    return ZKG_OK;
}

static zkg_status put(zkg_writer *w, uint64_t v, size_t len)
{
    uint8_t *at;

    ZKG_TRY(grow(w, &at, len));
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(v >> (8 * i));
    return ZKG_OK;
}

zkg_status zkg_writer_u8(zkg_writer *w, uint8_t v)
{
    return put(w, v, 1);
}

zkg_status zkg_writer_u32(zkg_writer *w, uint32_t v)
{
    return put(w, v, 4);
}

zkg_status zkg_writer_u64(zkg_writer *w, uint64_t v)
{
    return put(w, v, 8);
}

zkg_status zkg_writer_i64(zkg_writer *w, int64_t v)
{
    return put(w, (uint64_t)v, 8);
}

zkg_status zkg_writer_bytes(zkg_writer *w, const void *bytes, size_t len)
{
    uint8_t *at;

    ZKG_TRY(grow(w, &at, len));
    if (len != 0)
        memcpy(at, bytes, len);
    return ZKG_OK;
}

zkg_status zkg_writer_string(zkg_writer *w, const char *s)
{
    const size_t len = strlen(s);

    if (len > UINT32_MAX)
        return w->status = ZKG_ERR_NOMEM;
    ZKG_TRY(zkg_writer_u32(w, (uint32_t)len));
    return zkg_writer_bytes(w, s, len);
}

/* ---- reader ---- */

void zkg_reader_init(zkg_reader *r, const uint8_t *data, size_t len)
{
    *r = (zkg_reader){.data = data, .len = len};
}

size_t zkg_reader_left(const zkg_reader *r)
{
    return r->status == ZKG_OK ? r->len - r->pos : 0;
}

zkg_status zkg_reader_view(zkg_reader *r, const uint8_t **at, size_t len)
{
    *at = NULL;
    if (r->status != ZKG_OK)
        return r->status;
    if (len > r->len - r->pos)
        return r->status = ZKG_ERR_MALFORMED;
    *at = r->len == 0 ? (const uint8_t *)"" : r->data + r->pos;
    r->pos += len;
    return ZKG_OK;
}

static zkg_status get(zkg_reader *r, uint64_t *v, size_t len)
{
    const uint8_t *at;

    *v = 0;
    ZKG_TRY(zkg_reader_view(r, &at, len));
    for (size_t i = 0; i < len; i++)
        *v |= (uint64_t)at[i] << (8 * i);
    return ZKG_OK;
}

zkg_status zkg_reader_u8(zkg_reader *r, uint8_t *v)
{
    uint64_t wide;
    const zkg_status s = get(r, &wide, 1);

    *v = (uint8_t)wide;
    return s;
}

zkg_status zkg_reader_u32(zkg_reader *r, uint32_t *v)
{
    uint64_t wide;
    const zkg_status s = get(r, &wide, 4);

    *v = (uint32_t)wide;
    return s;
}

zkg_status zkg_reader_u64(zkg_reader *r, uint64_t *v)
{
    return get(r, v, 8);
}

zkg_status zkg_reader_i64(zkg_reader *r, int64_t *v)
{
    uint64_t wide;
    const zkg_status s = get(r, &wide, 8);

    memcpy(v, &wide, sizeof(*v)); /* two's complement */
    return s;
}

zkg_status zkg_reader_bytes(zkg_reader *r, void *out, size_t len)
{
    const uint8_t *at;
    const zkg_status s = zkg_reader_view(r, &at, len);

    if (len == 0)
        return s;
    if (s == ZKG_OK)
        memcpy(out, at, len);
    else
        memset(out, 0, len);
    return s;
}

zkg_status zkg_reader_string(zkg_reader *r, const char **s, size_t *len,
                             size_t max)
{
    uint32_t n;
    const uint8_t *at;

    *s = "";
    *len = 0;
    ZKG_TRY(zkg_reader_u32(r, &n));
    if (n > max)
        return r->status = ZKG_ERR_MALFORMED;
    ZKG_TRY(zkg_reader_view(r, &at, n));
    if (n != 0 && memchr(at, 0, n) != NULL)
        return r->status = ZKG_ERR_MALFORMED;
    *s = (const char *)at;
    *len = n;
    return ZKG_OK;
}

zkg_status zkg_reader_end(zkg_reader *r)
{
    if (r->status == ZKG_OK && r->pos != r->len)
        r->status = ZKG_ERR_MALFORMED;
    return r->status;
}
