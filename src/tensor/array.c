/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of small integers, or of field elements. */
#include "tensor/array.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "field/fr.h"
#include "tensor/for_ctype.h"

uint32_t zkg_axis_bits(uint64_t len)
{
    return zkg_log2_ceil(len);
}

uint32_t zkg_array_vars(const zkg_array *a)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < a->axes; i++)
        n += zkg_axis_bits(a->len[i]);
    return n;
}

static uint64_t product(const uint64_t *len, uint32_t axes)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++)
        n *= len[i];
    return n;
}

uint64_t zkg_array_count(const zkg_array *a)
{
    return product(a->len, a->axes);
}

uint64_t zkg_array_stored_count(const zkg_array *a)
{
    return product(a->stored, a->axes);
}

zkg_status zkg_array_init(zkg_array *out, zkg_dtype type, uint32_t axes,
                          const uint64_t *len, zkg_error *err)
{
    uint64_t n = 1;

    *out = (zkg_array){.type = type};
    if (axes > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_INVALID, "%u axes, at most %d", axes,
                        ZKG_MAX_AXES);
    for (uint32_t i = 0; i < axes; i++) {
        if (!zkg_mul_ok(&n, n, len[i]))
            return zkg_fail(err, ZKG_ERR_NOMEM, "a tensor is too large");
    }
    out->data = zkg_alloc(n > 0 ? n : 1, zkg_dtype_size(type));
    if (out->data == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM,
                        "no memory for a tensor of %llu elements",
                        (unsigned long long)n);
    out->owned = true;
    out->axes = axes;
    if (axes > 0) {
        memcpy(out->len, len, axes * sizeof(len[0]));
        memcpy(out->stored, len, axes * sizeof(len[0]));
    }
    return ZKG_OK;
}

void zkg_array_borrow(zkg_array *out, zkg_dtype type, uint32_t axes,
                      const uint64_t *len, void *data)
{
    *out = (zkg_array){.type = type, .axes = axes, .data = data};
    if (axes > 0) {
        memcpy(out->len, len, axes * sizeof(len[0]));
        memcpy(out->stored, len, axes * sizeof(len[0]));
    }
}

void zkg_array_clear(zkg_array *a)
{
    if (a->owned)
        zkg_free(a->data);
    *a = (zkg_array){0};
}

uint64_t zkg_array_real(const zkg_array *a, uint64_t i)
{
    uint64_t pos[ZKG_MAX_AXES], at = 0;

    if (a->axes == 0 ||
        memcmp(a->len, a->stored, a->axes * sizeof(a->len[0])) == 0)
        return i;
    for (uint32_t k = a->axes; k-- > 0;) {
        pos[k] = i % a->len[k];
        i /= a->len[k];
    }
    for (uint32_t k = 0; k < a->axes; k++)
        at = at * a->stored[k] + pos[k];
    return at;
}

uint64_t zkg_array_run(uint64_t *at, const zkg_array *a, uint64_t i)
{
    const uint64_t n = zkg_array_count(a);
    const uint64_t line =
        n == zkg_array_stored_count(a) ? n : a->len[a->axes - 1];

    *at = zkg_array_real(a, i);
    return line - i % line;
}

int64_t zkg_array_get_i64(const zkg_array *a, uint64_t i)
{
    switch (a->type) {
    case ZKG_I8:
        return ((const int8_t *)a->data)[i];
    case ZKG_U8:
        return ((const uint8_t *)a->data)[i];
    case ZKG_I16:
        return ((const int16_t *)a->data)[i];
    case ZKG_U16:
        return ((const uint16_t *)a->data)[i];
    case ZKG_I32:
        return ((const int32_t *)a->data)[i];
    case ZKG_I64:
        return ((const int64_t *)a->data)[i];
    default:
        return 0;
    }
}

bool zkg_array_try_i64(int64_t *v, const zkg_array *a, uint64_t i)
{
    if (a->type == ZKG_FR)
        return zkg_fr_to_i64(v, (const zkg_fr *)a->data + i);
    *v = zkg_array_get_i64(a, i);
    return true;
}

bool zkg_array_same_cell(const zkg_array *a, const zkg_array *b, uint64_t i)
{
    int64_t x, y;

    if (a->type == ZKG_FR && b->type == ZKG_FR)
        return zkg_fr_equal((const zkg_fr *)a->data + i,
                            (const zkg_fr *)b->data + i);
    return zkg_array_try_i64(&x, a, i) && zkg_array_try_i64(&y, b, i) && x == y;
}

void zkg_array_set_i64(zkg_array *a, uint64_t i, int64_t v)
{
    switch (a->type) {
    case ZKG_I8:
        ((int8_t *)a->data)[i] = (int8_t)v;
        break;
    case ZKG_U8:
        ((uint8_t *)a->data)[i] = (uint8_t)v;
        break;
    case ZKG_I16:
        ((int16_t *)a->data)[i] = (int16_t)v;
        break;
    case ZKG_U16:
        ((uint16_t *)a->data)[i] = (uint16_t)v;
        break;
    case ZKG_I32:
        ((int32_t *)a->data)[i] = (int32_t)v;
        break;
    case ZKG_I64:
        ((int64_t *)a->data)[i] = v;
        break;
    case ZKG_FR:
        zkg_fr_from_i64((zkg_fr *)a->data + i, v);
        break;
    }
}

size_t zkg_array_read_i64(int64_t *out, const zkg_array *a, uint64_t at,
                          int64_t step, size_t n)
{
    if (a->type == ZKG_FR) {
        for (size_t i = 0; i < n; i++)
            if (!zkg_array_try_i64(&out[i], a,
                                   at + (uint64_t)((int64_t)i * step)))
                return i;
        return n;
    }
#define BODY(type)                                                             \
    {                                                                          \
        const type *v = (const type *)a->data + at;                            \
                                                                               \
        if (step == 1)                                                         \
            for (size_t i = 0; i < n; i++)                                     \
                out[i] = v[i];                                                 \
        else                                                                   \
            for (size_t i = 0; i < n; i++)                                     \
                out[i] = v[(int64_t)i * step];                                 \
    }
    ZKG_FOR_CTYPE(a->type, BODY);
#undef BODY
    return n;
}

void zkg_array_write_i64(zkg_array *a, uint64_t at, int64_t step,
                         const int64_t *v, size_t n)
{
    if (a->type == ZKG_FR) {
        for (size_t i = 0; i < n; i++)
            zkg_array_set_i64(a, at + (uint64_t)((int64_t)i * step), v[i]);
        return;
    }
#define BODY(type)                                                             \
    {                                                                          \
        type *to = (type *)a->data + at;                                       \
                                                                               \
        if (step == 1)                                                         \
            for (size_t i = 0; i < n; i++)                                     \
                to[i] = (type)v[i];                                            \
        else                                                                   \
            for (size_t i = 0; i < n; i++)                                     \
                to[(int64_t)i * step] = (type)v[i];                            \
    }
    ZKG_FOR_CTYPE(a->type, BODY);
#undef BODY
}

void zkg_array_bounds(int64_t *least, int64_t *most, const zkg_array *a)
{
    const uint64_t n = zkg_array_stored_count(a);

#define BODY(type)                                                             \
    {                                                                          \
        const type *v = a->data;                                               \
        type low = 0, high = 0;                                                \
                                                                               \
        for (uint64_t i = 0; i < n; i++) {                                     \
            low = v[i] < low ? v[i] : low;                                     \
            high = v[i] > high ? v[i] : high;                                  \
        }                                                                      \
        *least = low;                                                          \
        *most = (int64_t)high;                                                 \
    }
    ZKG_FOR_CTYPE(a->type, BODY);
#undef BODY
}

/* Flat index into the stored cells of the next real cell; pos counts up. */
static uint64_t next_real(uint64_t *pos, const zkg_array *a)
{
    uint64_t flat = 0;

    for (uint32_t k = 0; k < a->axes; k++)
        flat = flat * a->stored[k] + pos[k];
    for (uint32_t k = a->axes; k-- > 0;) {
        if (++pos[k] < a->len[k])
            break;
        pos[k] = 0;
    }
    return flat;
}

/* Whether the cells in memory are the bytes that files hold. */
static bool is_le(const zkg_array *a)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && a->type != ZKG_FR &&
           zkg_array_count(a) == zkg_array_stored_count(a);
}

void zkg_array_to_le(uint8_t *out, const zkg_array *a)
{
    const uint64_t n = zkg_array_count(a);
    const size_t size = zkg_dtype_size(a->type);
    uint64_t pos[ZKG_MAX_AXES] = {0};

    if (is_le(a) && n > 0) {
        memcpy(out, a->data, n * size);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t at = next_real(pos, a);
        uint64_t v;

        if (a->type == ZKG_FR) {
            zkg_fr_to_bytes(out + i * size, (const zkg_fr *)a->data + at);
            continue;
        }
        v = (uint64_t)zkg_array_get_i64(a, at);

        for (size_t b = 0; b < size && b < 8; b++)
            out[i * size + b] = (uint8_t)(v >> (8 * b));
    }
}

const uint8_t *zkg_array_le_bytes(uint8_t **copy, const zkg_array *a)
{
    *copy = NULL;
    if (is_le(a) && a->data != NULL)
        return a->data;
    *copy = zkg_alloc((size_t)zkg_array_count(a), zkg_dtype_size(a->type));
    if (*copy != NULL)
        zkg_array_to_le(*copy, a);
    return *copy;
}

bool zkg_array_from_le(zkg_array *a, const uint8_t *in, uint64_t *bad)
{
    const uint64_t n = zkg_array_count(a);
    const size_t size = zkg_dtype_size(a->type);

    if (is_le(a) && n > 0) {
        memcpy(a->data, in, n * size);
        return true;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t v = 0;

        if (a->type == ZKG_FR) {
            if (zkg_fr_from_bytes((zkg_fr *)a->data + i, in + i * size))
                continue;
            if (bad != NULL)
                *bad = i;
            return false;
        }
        for (size_t b = 0; b < size && b < 8; b++)
            v |= (uint64_t)in[i * size + b] << (8 * b);
        zkg_array_set_i64(a, i, (int64_t)v);
    }
    return true;
}
