/* SPDX-License-Identifier: Apache-2.0 */
/* The safetensors format, read strictly. */
#include "tensor/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"

#define MAX_HEADER ((size_t)100 << 20)
#define MAX_FILE ((size_t)1 << 40)

typedef struct st_type_row {
    const char *name;
    size_t size;
} st_type_row;

static const st_type_row st_types[] = {
    [ZKG_ST_I8] = {"I8", 1},   [ZKG_ST_U8] = {"U8", 1},
    [ZKG_ST_I16] = {"I16", 2}, [ZKG_ST_U16] = {"U16", 2},
    [ZKG_ST_I32] = {"I32", 4}, [ZKG_ST_I64] = {"I64", 8},
    [ZKG_ST_F16] = {"F16", 2}, [ZKG_ST_F32] = {"F32", 4},
    [ZKG_ST_F64] = {"F64", 8},
};

#define ST_TYPES (sizeof(st_types) / sizeof(st_types[0]))

/* Where a tensor's bytes lie, for finding holes and overlaps. */
typedef struct span {
    uint64_t first, end;
} span;

static int span_order(const void *a, const void *b)
{
    const span *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

uint64_t zkg_st_entry_count(const zkg_st_entry *e)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < e->axes; i++)
        n *= e->len[i];
    return n;
}

static zkg_status read_type(zkg_st_type *out, const zkg_json *v, zkg_error *err)
{
    const zkg_json *t;
    const char *name;

    ZKG_TRY(zkg_json_need(&t, v, "dtype", ZKG_JSON_STRING, err));
    ZKG_TRY(zkg_json_string(&name, t, err));
    for (unsigned i = 0; i < ST_TYPES; i++) {
        if (strcmp(name, st_types[i].name) == 0) {
            *out = (zkg_st_type)i;
            return ZKG_OK;
        }
    }
    return zkg_json_fail(err, t, ZKG_ERR_MALFORMED,
                         "tensor \"%s\" has type \"%s\", which is not read "
                         "here (I8, U8, I16, U16, I32, I64, F32, F64 are)",
                         zkg_json_key(v), name);
}

static zkg_status read_entry(zkg_st_entry *e, span *at, const zkg_json *v,
                             const uint8_t *data, size_t data_bytes,
                             zkg_error *err)
{
    static const char *const known[] = {"dtype", "shape", "data_offsets"};
    const zkg_json *shape, *offsets, *m;
    uint64_t bytes, edge[2] = {0, 0};
    uint32_t n = 0;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(zkg_json_only_keys(v, known, 3, err));
    ZKG_TRY(read_type(&e->type, v, err));
    ZKG_TRY(zkg_json_need(&shape, v, "shape", ZKG_JSON_ARRAY, err));
    if (zkg_json_count(shape) > ZKG_MAX_AXES + 1)
        return zkg_json_fail(err, shape, ZKG_ERR_MALFORMED,
                             "tensor \"%s\" has %zu axes, at most %d",
                             zkg_json_key(v), zkg_json_count(shape),
                             ZKG_MAX_AXES + 1);
    bytes = st_types[e->type].size;
    for (m = zkg_json_first(shape); m != NULL; m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_u64(&e->len[e->axes], m, UINT64_MAX, err));
        if (!zkg_mul_ok(&bytes, bytes, e->len[e->axes++]))
            return zkg_json_fail(err, m, ZKG_ERR_MALFORMED,
                                 "tensor \"%s\" is too large", zkg_json_key(v));
    }
    ZKG_TRY(zkg_json_need(&offsets, v, "data_offsets", ZKG_JSON_ARRAY, err));
    if (zkg_json_count(offsets) != 2)
        return zkg_json_fail(err, offsets, ZKG_ERR_MALFORMED,
                             "data_offsets are two numbers");
    for (m = zkg_json_first(offsets); m != NULL; m = zkg_json_next(m))
        ZKG_TRY(zkg_json_u64(&edge[n++], m, UINT64_MAX, err));
    if (edge[0] > edge[1] || edge[1] > data_bytes)
        return zkg_json_fail(err, offsets, ZKG_ERR_MALFORMED,
                             "tensor \"%s\" ends beyond the file",
                             zkg_json_key(v));
    if (edge[1] - edge[0] != bytes)
        return zkg_json_fail(err, offsets, ZKG_ERR_MALFORMED,
                             "tensor \"%s\" has %llu bytes, its shape asks "
                             "for %llu",
                             zkg_json_key(v),
                             (unsigned long long)(edge[1] - edge[0]),
                             (unsigned long long)bytes);
    e->data = data + edge[0];
    e->bytes = (size_t)bytes;
    *at = (span){edge[0], edge[1]};
    e->name = zkg_strdup(zkg_json_key(v));
    return e->name != NULL ? ZKG_OK : zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
}

static zkg_status read_meta(zkg_safetensors *st, const zkg_json *v,
                            zkg_error *err)
{
    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    st->meta = zkg_alloc(2 * zkg_json_count(v) + 1, sizeof(st->meta[0]));
    if (st->meta == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (const zkg_json *m = zkg_json_first(v); m != NULL;
         m = zkg_json_next(m)) {
        const char *text;

        ZKG_TRY(zkg_json_string(&text, m, err));
        st->meta[2 * st->metas] = zkg_strdup(zkg_json_key(m));
        st->meta[2 * st->metas + 1] = zkg_strdup(text);
        st->metas++;
        if (st->meta[2 * st->metas - 2] == NULL ||
            st->meta[2 * st->metas - 1] == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    }
    return ZKG_OK;
}

/* The tensors' bytes tile the data part: no hole, no overlap, no rest. */
static zkg_status check_tiling(span *at, size_t n, size_t data_bytes,
                               const char *name, zkg_error *err)
{
    uint64_t pos = 0;

    qsort(at, n, sizeof(at[0]), span_order);
    for (size_t i = 0; i < n; i++) {
        if (at[i].first != pos)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: tensors overlap, or leave a hole, at byte "
                            "%llu of the data",
                            name, (unsigned long long)pos);
        pos = at[i].end;
    }
    if (pos != data_bytes)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: %llu bytes after the last tensor", name,
                        (unsigned long long)(data_bytes - pos));
    return ZKG_OK;
}

static zkg_status read_header(zkg_safetensors *st, const zkg_json *root,
                              size_t data_at, const char *name, zkg_error *err)
{
    const size_t data_bytes = st->file_bytes - data_at;
    span *at;
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_json_expect(root, ZKG_JSON_OBJECT, err));
    st->entry = zkg_alloc(zkg_json_count(root) + 1, sizeof(st->entry[0]));
    at = zkg_alloc(zkg_json_count(root) + 1, sizeof(at[0]));
    if (st->entry == NULL || at == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (const zkg_json *m = s == ZKG_OK ? zkg_json_first(root) : NULL;
         m != NULL && s == ZKG_OK; m = zkg_json_next(m)) {
        if (strcmp(zkg_json_key(m), "__metadata__") == 0) {
            s = read_meta(st, m, err);
            continue;
        }
        s = read_entry(&st->entry[st->entries], &at[st->entries], m,
                       st->file + data_at, data_bytes, err);
        st->entries++;
    }
    if (s == ZKG_OK)
        s = check_tiling(at, st->entries, data_bytes, name, err);
    zkg_free(at);
    return s;
}

static zkg_status parse(zkg_safetensors *st, const char *name, zkg_error *err)
{
    zkg_json_doc *doc = NULL;
    uint64_t header;
    zkg_status s;

    if (st->file_bytes < 8)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: %zu bytes are no safetensors file", name,
                        st->file_bytes);
    header = zkg_load_u64le(st->file);
    if (header > st->file_bytes - 8 || header > MAX_HEADER)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: the header of %llu bytes goes beyond the file "
                        "of %zu (truncated, or no safetensors file)",
                        name, (unsigned long long)header, st->file_bytes);
    s = zkg_json_parse(&doc, (const char *)st->file + 8, (size_t)header, name,
                       err);
    if (s == ZKG_OK)
        s = read_header(st, zkg_json_root(doc), 8 + (size_t)header, name, err);
    zkg_json_free(doc);
    return s;
}

zkg_status zkg_safetensors_parse(zkg_safetensors *out, uint8_t *file,
                                 size_t bytes, const char *name, zkg_error *err)
{
    zkg_status s;

    *out = (zkg_safetensors){.file = file, .file_bytes = bytes, .owned = file};
    s = parse(out, name, err);
    if (s != ZKG_OK)
        zkg_safetensors_clear(out);
    return s;
}

zkg_status zkg_safetensors_read(zkg_safetensors *out, const char *path,
                                zkg_error *err)
{
    uint8_t *file;
    size_t bytes;

    *out = (zkg_safetensors){0};
    ZKG_TRY(zkg_file_read(&file, &bytes, path, MAX_FILE, err));
    return zkg_safetensors_parse(out, file, bytes, path, err);
}

zkg_status zkg_safetensors_map(zkg_safetensors *out, const char *path,
                               zkg_error *err)
{
    zkg_file_map map;
    zkg_status s;

    *out = (zkg_safetensors){0};
    ZKG_TRY(zkg_file_map_read(&map, path, MAX_FILE, err));
    *out =
        (zkg_safetensors){.file = map.data, .file_bytes = map.len, .map = map};
    s = parse(out, path, err);
    if (s != ZKG_OK)
        zkg_safetensors_clear(out);
    return s;
}

void zkg_safetensors_clear(zkg_safetensors *st)
{
    for (size_t i = 0; st->entry != NULL && i < st->entries; i++)
        zkg_free(st->entry[i].name);
    for (size_t i = 0; st->meta != NULL && i < 2 * st->metas; i++)
        zkg_free(st->meta[i]);
    zkg_free(st->entry);
    zkg_free(st->meta);
    zkg_free(st->owned);
    zkg_file_unmap(&st->map);
    *st = (zkg_safetensors){0};
}

const zkg_st_entry *zkg_safetensors_find(const zkg_safetensors *st,
                                         const char *name)
{
    for (size_t i = 0; i < st->entries; i++) {
        if (strcmp(st->entry[i].name, name) == 0)
            return &st->entry[i];
    }
    return NULL;
}

const char *zkg_safetensors_meta(const zkg_safetensors *st, const char *key)
{
    for (size_t i = 0; i < st->metas; i++) {
        if (strcmp(st->meta[2 * i], key) == 0)
            return st->meta[2 * i + 1];
    }
    return NULL;
}

static uint64_t load(const zkg_st_entry *e, uint64_t i)
{
    const size_t size = st_types[e->type].size;
    uint64_t v = 0;

    for (size_t b = 0; b < size; b++)
        v |= (uint64_t)e->data[i * size + b] << (8 * b);
    return v;
}

int64_t zkg_st_entry_i64(const zkg_st_entry *e, uint64_t i)
{
    const uint64_t v = load(e, i);

    switch (e->type) {
    case ZKG_ST_I8:
        return (int8_t)v;
    case ZKG_ST_I16:
        return (int16_t)v;
    case ZKG_ST_I32:
        return (int32_t)v;
    default:
        return (int64_t)v;
    }
}

/* The type of a file that holds integers as an array of `type` does. */
static bool is_type(zkg_st_type in_file, zkg_dtype type)
{
    switch (in_file) {
    case ZKG_ST_I8:
        return type == ZKG_I8;
    case ZKG_ST_U8:
        return type == ZKG_U8;
    case ZKG_ST_I16:
        return type == ZKG_I16;
    case ZKG_ST_U16:
        return type == ZKG_U16;
    case ZKG_ST_I32:
        return type == ZKG_I32;
    case ZKG_ST_I64:
        return type == ZKG_I64;
    default:
        return false;
    }
}

bool zkg_st_entry_borrow(zkg_array *out, const zkg_st_entry *e, zkg_dtype type,
                         uint32_t axes, const uint64_t *len)
{
    const uintptr_t at = (uintptr_t)e->data;

    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || !is_type(e->type, type) ||
        e->axes != axes || at % zkg_dtype_size(type) != 0 ||
        (axes > 0 && memcmp(e->len, len, axes * sizeof(*len)) != 0))
        return false;
    /* Nobody writes to an array that it does not own. */
    zkg_array_borrow(out, type, axes, len, (void *)at);
    return true;
}

zkg_status zkg_st_entry_fr(zkg_array *out, const zkg_st_entry *e, uint32_t axes,
                           const uint64_t *len, const char *file,
                           zkg_error *err)
{
    uint64_t bad = 0;

    if (e->type != ZKG_ST_U8 || e->axes != axes + 1 || e->len[axes] != 32 ||
        (axes > 0 && memcmp(e->len, len, axes * sizeof(*len)) != 0))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: tensor %s is not of field elements: U8 of its "
                        "shape and a last axis of 32",
                        file, e->name);
    ZKG_TRY(zkg_array_init(out, ZKG_FR, axes, len, err));
    if (zkg_array_from_le(out, e->data, &bad))
        return ZKG_OK;
    zkg_array_clear(out);
    return zkg_fail(err, ZKG_ERR_MALFORMED,
                    "%s: tensor %s: element %llu is not below p", file, e->name,
                    (unsigned long long)bad);
}

bool zkg_st_entry_is_real(const zkg_st_entry *e)
{
    return e->type == ZKG_ST_F16 || e->type == ZKG_ST_F32 ||
           e->type == ZKG_ST_F64;
}

/* IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
static double half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double v;

    if (exponent == 31)
        v = fraction != 0 ? (double)NAN : (double)INFINITY;
    else
        v = exponent == 0 ? ldexp(fraction, -24)
                          : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 != 0 ? -v : v;
}

double zkg_st_entry_f64(const zkg_st_entry *e, uint64_t i)
{
    const uint64_t v = load(e, i);

    if (e->type == ZKG_ST_F16)
        return half((uint16_t)v);
    if (e->type == ZKG_ST_F32) {
        const uint32_t bits = (uint32_t)v;
        float f;

        memcpy(&f, &bits, sizeof(f));
        return (double)f;
    }
    if (e->type == ZKG_ST_F64) {
        double d;

        memcpy(&d, &v, sizeof(d));
        return d;
    }
    return (double)zkg_st_entry_i64(e, i);
}

/* ---- writing ---- */

static const char *st_name(zkg_dtype type)
{
    switch (type) {
    case ZKG_I8:
        return "I8";
    case ZKG_U8:
        return "U8";
    case ZKG_I16:
        return "I16";
    case ZKG_U16:
        return "U16";
    case ZKG_I32:
        return "I32";
    case ZKG_FR:
        return "U8";
    default:
        return "I64";
    }
}

static zkg_status write_header(zkg_json_out *o, const zkg_st_out *tensor,
                               size_t tensors, const char *const *meta,
                               size_t metas)
{
    uint64_t pos = 0;

    zkg_json_out_line_object(o);
    if (metas > 0) {
        zkg_json_out_key(o, "__metadata__");
        zkg_json_out_line_object(o);
        for (size_t i = 0; i < metas; i++) {
            zkg_json_out_key(o, meta[2 * i]);
            zkg_json_out_string(o, meta[2 * i + 1]);
        }
        zkg_json_out_end(o);
    }
    for (size_t i = 0; i < tensors; i++) {
        const zkg_array *a = tensor[i].array;

        zkg_json_out_key(o, tensor[i].name);
        zkg_json_out_line_object(o);
        zkg_json_out_key(o, "dtype");
        zkg_json_out_string(o, st_name(a->type));
        zkg_json_out_key(o, "shape");
        zkg_json_out_line_array(o);
        for (uint32_t k = 0; k < a->axes; k++)
            zkg_json_out_u64(o, a->len[k]);
        if (a->type == ZKG_FR)
            zkg_json_out_u64(o, zkg_dtype_size(ZKG_FR));
        zkg_json_out_end(o);
        zkg_json_out_key(o, "data_offsets");
        zkg_json_out_line_array(o);
        zkg_json_out_u64(o, pos);
        pos += zkg_array_count(a) * zkg_dtype_size(a->type);
        zkg_json_out_u64(o, pos);
        zkg_json_out_end(o);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    return zkg_json_out_finish(o);
}

static zkg_status write_all(zkg_writer *w, const zkg_st_out *tensor,
                            size_t tensors, const char *const *meta,
                            size_t metas)
{
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    s = write_header(&o, tensor, tensors, meta, metas);
    if (s == ZKG_OK) {
        const size_t head = (o.bytes.len + 7) / 8 * 8;

        (void)zkg_writer_u64(w, head);
        (void)zkg_writer_bytes(w, o.bytes.data, o.bytes.len);
        for (size_t i = o.bytes.len; i < head; i++)
            (void)zkg_writer_u8(w, ' ');
    }
    for (size_t i = 0; i < tensors && s == ZKG_OK; i++) {
        const zkg_array *a = tensor[i].array;
        uint8_t *at;

        s = zkg_writer_reserve(
            w, &at, (size_t)zkg_array_count(a) * zkg_dtype_size(a->type));
        if (s == ZKG_OK)
            zkg_array_to_le(at, a);
    }
    zkg_json_out_free(&o);
    return s;
}

/* In the order that they are written in; NULL without memory. */
static zkg_st_out *by_size(const zkg_st_out *tensor, size_t tensors)
{
    static const size_t sizes[] = {32, 8, 4, 2, 1};
    zkg_st_out *out = zkg_alloc(tensors, sizeof(*out));
    size_t n = 0;

    for (size_t k = 0; out != NULL && k < sizeof(sizes) / sizeof(sizes[0]); k++)
        for (size_t i = 0; i < tensors; i++)
            if (zkg_dtype_size(tensor[i].array->type) == sizes[k])
                out[n++] = tensor[i];
    return out;
}

zkg_status zkg_safetensors_write(const char *path, const zkg_st_out *tensor,
                                 size_t tensors, const char *const *meta,
                                 size_t metas, bool secret, zkg_error *err)
{
    zkg_st_out *sorted = by_size(tensor, tensors);
    zkg_writer w;
    zkg_status s;

    zkg_writer_init(&w);
    s = sorted == NULL ? ZKG_ERR_NOMEM
                       : write_all(&w, sorted, tensors, meta, metas);
    zkg_free(sorted);
    if (s == ZKG_OK)
        s = secret ? zkg_file_write_secret(path, w.data, w.len, err)
                   : zkg_file_write_atomic(path, w.data, w.len, err);
    else
        (void)zkg_fail(err, s, "%s: no memory", path);
    zkg_writer_free(&w);
    return s;
}
