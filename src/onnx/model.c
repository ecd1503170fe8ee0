/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX files to models; field numbers are those of onnx.proto. */
#include "onnx/model.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/io.h"
#include "base/mem.h"
#include "onnx/pb.h"

#define MAX_FILE ((size_t)1 << 32)
#define MAX_NODES 65536
#define MAX_VALUES (1u << 18)
#define MIN_OPSET 11
#define MAX_OPSET 17

/* TensorProto.DataType. */
enum {
    T_FLOAT = 1,
    T_UINT8 = 2,
    T_INT8 = 3,
    T_UINT16 = 4,
    T_INT16 = 5,
    T_INT32 = 6,
    T_INT64 = 7,
    T_BOOL = 9,
    T_FLOAT16 = 10,
    T_DOUBLE = 11,
    T_UINT32 = 12
};

/* What reading carries along. */
typedef struct source {
    zkg_onnx_model *m;
    const char *folder;
} source;

/* ---- pieces ---- */

bool zkg_onnx_count(uint64_t *out, const zkg_onnx_shape *s)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < s->axes; i++) {
        if (!zkg_mul_ok(&n, n, s->len[i]) || n > (uint64_t)1 << 40)
            return false;
    }
    *out = n;
    return true;
}

void zkg_onnx_shape_text(char *out, const zkg_onnx_shape *s)
{
    int n = sprintf(out, "[");

    for (uint32_t i = 0; i < s->axes; i++)
        n += sprintf(out + n, "%s%llu", i > 0 ? "," : "",
                     (unsigned long long)s->len[i]);
    sprintf(out + n, "]");
}

bool zkg_onnx_same_shape(const zkg_onnx_shape *a, const zkg_onnx_shape *b)
{
    return a->axes == b->axes &&
           memcmp(a->len, b->len, a->axes * sizeof(a->len[0])) == 0;
}

const zkg_onnx_attr *zkg_onnx_attr_of(const zkg_onnx_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->attrs; i++) {
        if (strcmp(n->attr[i].name, name) == 0)
            return &n->attr[i];
    }
    return NULL;
}

int64_t zkg_onnx_attr_i(const zkg_onnx_node *n, const char *name,
                        int64_t otherwise)
{
    const zkg_onnx_attr *a = zkg_onnx_attr_of(n, name);

    return a != NULL ? a->i : otherwise;
}

double zkg_onnx_attr_f(const zkg_onnx_node *n, const char *name,
                       double otherwise)
{
    const zkg_onnx_attr *a = zkg_onnx_attr_of(n, name);

    return a != NULL ? a->f : otherwise;
}

const char *zkg_onnx_attr_s(const zkg_onnx_node *n, const char *name,
                            const char *otherwise)
{
    const zkg_onnx_attr *a = zkg_onnx_attr_of(n, name);

    return a != NULL && a->s != NULL ? a->s : otherwise;
}

zkg_status zkg_onnx_tensor_init(zkg_onnx_tensor *t, const zkg_onnx_shape *shape,
                                bool is_real, zkg_error *err)
{
    uint64_t n;

    *t = (zkg_onnx_tensor){.shape = *shape};
    if (!zkg_onnx_count(&n, shape))
        return zkg_fail(err, ZKG_ERR_MALFORMED, "a tensor is too large");
    t->count = n;
    if (is_real)
        t->real = zkg_alloc(n, sizeof(t->real[0]));
    else
        t->whole = zkg_alloc(n, sizeof(t->whole[0]));
    if (t->real == NULL && t->whole == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a constant");
    return ZKG_OK;
}

void zkg_onnx_tensor_clear(zkg_onnx_tensor *t)
{
    zkg_free(t->real);
    zkg_free(t->whole);
    *t = (zkg_onnx_tensor){.real = NULL};
}

double zkg_onnx_tensor_at(const zkg_onnx_tensor *t, uint64_t i)
{
    return t->real != NULL ? t->real[i] : (double)t->whole[i];
}

/* ---- names ---- */

static uint32_t hash(const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s != 0; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h;
}

uint32_t zkg_onnx_value_id(const zkg_onnx_model *m, const char *name)
{
    if (m->buckets == 0)
        return ZKG_ONNX_NONE;
    for (uint32_t i = hash(name);; i++) {
        const uint32_t v = m->bucket[i & (m->buckets - 1)];

        if (v == ZKG_ONNX_NONE || strcmp(m->value[v].name, name) == 0)
            return v;
    }
}

static void put_bucket(zkg_onnx_model *m, uint32_t v)
{
    uint32_t i = hash(m->value[v].name) & (m->buckets - 1);

    while (m->bucket[i] != ZKG_ONNX_NONE)
        i = (i + 1) & (m->buckets - 1);
    m->bucket[i] = v;
}

/* Room for one more value, the table never more than half full. */
static zkg_status grow_values(zkg_onnx_model *m, zkg_error *err)
{
    const uint32_t cap = m->buckets == 0 ? 64 : 2 * m->buckets;
    uint32_t *bucket;
    zkg_onnx_value *value;

    if (2 * (m->values + 1) <= m->buckets)
        return ZKG_OK;
    if (m->values >= MAX_VALUES)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "more than %u values",
                        MAX_VALUES);
    bucket = zkg_alloc(cap, sizeof(bucket[0]));
    value = bucket == NULL ? NULL
                           : zkg_realloc(m->value, cap / 2, sizeof(value[0]));
    if (value == NULL) {
        zkg_free(bucket);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the model");
    }
    zkg_free(m->bucket);
    m->value = value;
    m->bucket = bucket;
    m->buckets = cap;
    memset(bucket, 0xff, cap * sizeof(bucket[0]));
    for (uint32_t i = 0; i < m->values; i++)
        put_bucket(m, i);
    return ZKG_OK;
}

/* The value of a name, made when it is new; takes the name over. */
static zkg_status intern(uint32_t *out, zkg_onnx_model *m, char *name,
                         zkg_error *err)
{
    zkg_status s;

    *out = zkg_onnx_value_id(m, name);
    if (*out != ZKG_ONNX_NONE) {
        zkg_free(name);
        return ZKG_OK;
    }
    s = grow_values(m, err);
    if (s != ZKG_OK) {
        zkg_free(name);
        return s;
    }
    *out = m->values++;
    m->value[*out] =
        (zkg_onnx_value){.name = name, .maker = ZKG_ONNX_NONE, .alias = *out};
    put_bucket(m, *out);
    return ZKG_OK;
}

/* Append to a list whose capacity is the next power of two. */
static zkg_status push(void **list, size_t count, size_t size, zkg_error *err)
{
    if (count == 0 || zkg_is_pow2(count)) {
        void *more = zkg_realloc(*list, count == 0 ? 1 : 2 * count, size);

        if (more == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the model");
        *list = more;
    }
    memset((char *)*list + count * size, 0, size);
    return ZKG_OK;
}

static zkg_status push_id(uint32_t **list, uint32_t *count, uint32_t id,
                          zkg_error *err)
{
    ZKG_TRY(push((void **)list, *count, sizeof(id), err));
    (*list)[(*count)++] = id;
    return ZKG_OK;
}

/* ---- numbers ---- */

static double from_half(uint16_t h)
{
    const int e = (h >> 10) & 31, m = h & 1023;
    const double v = e == 0    ? ldexp(m, -24)
                     : e == 31 ? (m != 0 ? NAN : INFINITY)
                               : ldexp(m + 1024, e - 25);

    return (h & 0x8000) != 0 ? -v : v;
}

static double from_float(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof(f));
    return (double)f;
}

static double from_double(uint64_t bits)
{
    double d;

    memcpy(&d, &bits, sizeof(d));
    return d;
}

/* One number of a repeated field, or all of a packed one. */
static zkg_status take_ints(int64_t **list, size_t *n, const zkg_pb_field *f,
                            const zkg_pb *r, zkg_error *err)
{
    zkg_pb packed;
    uint64_t v;

    if (f->wire == ZKG_PB_VARINT) {
        ZKG_TRY(push((void **)list, *n, sizeof(v), err));
        (*list)[(*n)++] = (int64_t)f->value;
        return ZKG_OK;
    }
    ZKG_TRY(zkg_pb_message(&packed, f, r, "a list of integers", err));
    while (packed.at < packed.end) {
        ZKG_TRY(zkg_pb_varint(&v, &packed, err));
        ZKG_TRY(push((void **)list, *n, sizeof(v), err));
        (*list)[(*n)++] = (int64_t)v;
    }
    return ZKG_OK;
}

static zkg_status take_floats(double **list, size_t *n, const zkg_pb_field *f,
                              const zkg_pb *r, size_t width, zkg_error *err)
{
    const size_t k = f->len / width;

    if (f->wire == ZKG_PB_FIXED32 || f->wire == ZKG_PB_FIXED64) {
        ZKG_TRY(push((void **)list, *n, sizeof(double), err));
        (*list)[(*n)++] = f->wire == ZKG_PB_FIXED32
                              ? from_float((uint32_t)f->value)
                              : from_double(f->value);
        return ZKG_OK;
    }
    if (f->wire != ZKG_PB_BYTES || f->len % width != 0)
        return zkg_pb_fail(r, err, "a list of floats of %zu bytes", f->len);
    for (size_t i = 0; i < k; i++) {
        ZKG_TRY(push((void **)list, *n, sizeof(double), err));
        (*list)[(*n)++] = width == 4
                              ? from_float(zkg_load_u32le(f->bytes + 4 * i))
                              : from_double(zkg_load_u64le(f->bytes + 8 * i));
    }
    return ZKG_OK;
}

/* ---- TensorProto ---- */

/* A tensor as the file spells it. */
typedef struct raw_tensor {
    int64_t *dims;
    size_t n_dims;
    int64_t type, where;
    double *floats;
    int64_t *ints;
    size_t n_floats, n_ints;
    const uint8_t *raw;
    size_t raw_len;
    bool has_raw;
    char *name;
    char *location; /* external data */
    int64_t offset, length;
    uint8_t *external; /* owned bytes of it */
} raw_tensor;

static void raw_clear(raw_tensor *t)
{
    zkg_free(t->dims);
    zkg_free(t->floats);
    zkg_free(t->ints);
    zkg_free(t->name);
    zkg_free(t->location);
    zkg_free(t->external);
}

/* A StringStringEntryProto of external_data. */
static zkg_status read_entry(raw_tensor *t, zkg_pb r, zkg_error *err)
{
    char *key = NULL, *text = NULL;
    zkg_status s = ZKG_OK;
    zkg_pb_field f;
    bool more;

    while (s == ZKG_OK && (s = zkg_pb_next(&more, &f, &r, err)) == ZKG_OK &&
           more) {
        char **to = f.number == 1 ? &key : f.number == 2 ? &text : NULL;

        if (to == NULL)
            continue;
        zkg_free(*to);
        *to = NULL;
        s = zkg_pb_string(to, &f, &r, "external data", err);
    }
    if (s == ZKG_OK && key != NULL && text != NULL) {
        if (strcmp(key, "location") == 0) {
            zkg_free(t->location);
            t->location = text;
            text = NULL;
        } else if (strcmp(key, "offset") == 0) {
            t->offset = strtoll(text, NULL, 10);
        } else if (strcmp(key, "length") == 0) {
            t->length = strtoll(text, NULL, 10);
        }
    }
    zkg_free(key);
    zkg_free(text);
    return s;
}

static zkg_status read_raw(raw_tensor *t, zkg_pb r, zkg_error *err)
{
    zkg_pb_field f;
    zkg_pb inner;
    bool more;

    t->length = -1;
    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            return ZKG_OK;
        switch (f.number) {
        case 1:
            ZKG_TRY(take_ints(&t->dims, &t->n_dims, &f, &r, err));
            break;
        case 2:
            t->type = (int64_t)f.value;
            break;
        case 4:
            ZKG_TRY(take_floats(&t->floats, &t->n_floats, &f, &r, 4, err));
            break;
        case 5:
        case 7:
        case 11:
            ZKG_TRY(take_ints(&t->ints, &t->n_ints, &f, &r, err));
            break;
        case 8:
            zkg_free(t->name);
            t->name = NULL;
            ZKG_TRY(zkg_pb_string(&t->name, &f, &r, "a tensor's name", err));
            break;
        case 9:
            ZKG_TRY(zkg_pb_message(&inner, &f, &r, "raw_data", err));
            t->raw = f.bytes;
            t->raw_len = f.len;
            t->has_raw = true;
            break;
        case 10:
            ZKG_TRY(take_floats(&t->floats, &t->n_floats, &f, &r, 8, err));
            break;
        case 13:
            ZKG_TRY(zkg_pb_message(&inner, &f, &r, "external_data", err));
            ZKG_TRY(read_entry(t, inner, err));
            break;
        case 14:
            t->where = (int64_t)f.value;
            break;
        default:
            break;
        }
    }
}

/* Bytes an element takes in raw_data; 0: a type that is not read. */
static size_t type_width(int64_t type)
{
    switch (type) {
    case T_FLOAT:
    case T_INT32:
    case T_UINT32:
        return 4;
    case T_UINT8:
    case T_INT8:
    case T_BOOL:
        return 1;
    case T_UINT16:
    case T_INT16:
    case T_FLOAT16:
        return 2;
    case T_INT64:
    case T_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static bool type_is_real(int64_t type)
{
    return type == T_FLOAT || type == T_FLOAT16 || type == T_DOUBLE;
}

static int64_t raw_whole(const uint8_t *at, int64_t type)
{
    switch (type) {
    case T_UINT8:
    case T_BOOL:
        return at[0];
    case T_INT8:
        return (int8_t)at[0];
    case T_UINT16:
        return (int64_t)(at[0] | (uint32_t)at[1] << 8);
    case T_INT16:
        return (int16_t)(uint16_t)(at[0] | (uint32_t)at[1] << 8);
    case T_INT32:
        return (int32_t)zkg_load_u32le(at);
    case T_UINT32:
        return zkg_load_u32le(at);
    default:
        return (int64_t)zkg_load_u64le(at);
    }
}

static double raw_real(const uint8_t *at, int64_t type)
{
    if (type == T_FLOAT)
        return from_float(zkg_load_u32le(at));
    if (type == T_DOUBLE)
        return from_double(zkg_load_u64le(at));
    return from_half((uint16_t)(at[0] | (uint32_t)at[1] << 8));
}

/* External data: a plain file in the model's folder, and nothing else. */
static zkg_status open_external(raw_tensor *t, const source *src,
                                const zkg_pb *r, zkg_error *err)
{
    const char *loc = t->location;
    char path[PATH_MAX], real[PATH_MAX], home[PATH_MAX];
    size_t len, n;

    if (loc == NULL || t->offset < 0)
        return zkg_pb_fail(r, err, "external data without a location");
    if (src->folder == NULL ||
        snprintf(path, sizeof(path), "%s/%s", src->folder, loc) >=
            (int)sizeof(path) ||
        realpath(src->folder, home) == NULL || realpath(path, real) == NULL)
        return zkg_fail(err, ZKG_ERR_IO,
                        "%s: its external data \"%.200s\" is not there",
                        r->name, loc);
    n = strlen(home);
    if (strncmp(real, home, n) != 0 ||
        (real[n] != '/' && !(n == 1 && home[0] == '/')))
        return zkg_fail(err, ZKG_ERR_IO,
                        "%s: its external data \"%.200s\" lies outside the "
                        "model's folder, where nothing is read",
                        r->name, loc);
    ZKG_TRY(zkg_file_read(&t->external, &len, real, MAX_FILE, err));
    if ((uint64_t)t->offset > len ||
        (t->length >= 0 && (uint64_t)t->length > len - (uint64_t)t->offset))
        return zkg_pb_fail(r, err, "external data beyond the end of %.200s",
                           loc);
    t->raw = t->external + t->offset;
    t->raw_len = t->length >= 0 ? (size_t)t->length : len - (size_t)t->offset;
    t->has_raw = true;
    return ZKG_OK;
}

static zkg_status fill_tensor(zkg_onnx_tensor *out, const raw_tensor *t,
                              const zkg_pb *r, zkg_error *err)
{
    const size_t width = type_width(t->type);
    const bool is_real = type_is_real(t->type);
    const char *name = t->name != NULL ? t->name : "";
    zkg_onnx_shape shape = {.axes = (uint32_t)t->n_dims};
    uint64_t n, have;

    if (width == 0)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "%s: tensor \"%.100s\" has data type %lld; floats, "
                        "integers and booleans are read",
                        r->name, name, (long long)t->type);
    if (t->n_dims > ZKG_ONNX_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "%s: tensor \"%.100s\" has %zu axes, at most %d are "
                        "there",
                        r->name, name, t->n_dims, ZKG_ONNX_MAX_AXES);
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0)
            return zkg_pb_fail(r, err, "tensor \"%.100s\" has a length below 0",
                               name);
        shape.len[i] = (uint64_t)t->dims[i];
    }
    have = t->has_raw                        ? t->raw_len / width
           : is_real && t->type != T_FLOAT16 ? t->n_floats
                                             : t->n_ints;
    if (!zkg_onnx_count(&n, &shape) || n != have ||
        (t->has_raw && t->raw_len % width != 0))
        return zkg_pb_fail(r, err,
                           "tensor \"%.100s\" has %llu elements, its shape "
                           "says otherwise",
                           name, (unsigned long long)have);
    ZKG_TRY(zkg_onnx_tensor_init(out, &shape, is_real, err));
    for (uint64_t i = 0; i < n; i++) {
        if (is_real)
            out->real[i] = t->has_raw ? raw_real(t->raw + i * width, t->type)
                           : t->type == T_FLOAT16
                               ? from_half((uint16_t)t->ints[i])
                               : t->floats[i];
        else
            out->whole[i] = t->has_raw ? raw_whole(t->raw + i * width, t->type)
                                       : t->ints[i];
        if (is_real && isnan(out->real[i]))
            return zkg_pb_fail(r, err,
                               "tensor \"%.100s\": element %llu is no "
                               "number",
                               name, (unsigned long long)i);
    }
    return ZKG_OK;
}

/* *name, when wanted, is the caller's. */
static zkg_status read_tensor(zkg_onnx_tensor *out, char **name,
                              const source *src, zkg_pb r, zkg_error *err)
{
    raw_tensor t = {.type = 0};
    zkg_status s = read_raw(&t, r, err);

    *out = (zkg_onnx_tensor){.real = NULL};
    if (s == ZKG_OK && t.where == 1)
        s = open_external(&t, src, &r, err);
    if (s == ZKG_OK)
        s = fill_tensor(out, &t, &r, err);
    if (s == ZKG_OK && name != NULL) {
        *name = t.name;
        t.name = NULL;
    }
    if (s != ZKG_OK)
        zkg_onnx_tensor_clear(out);
    raw_clear(&t);
    return s;
}

/* ---- AttributeProto, NodeProto ---- */

static zkg_status read_attr(zkg_onnx_attr *a, const source *src, zkg_pb r,
                            zkg_error *err)
{
    zkg_pb_field f;
    zkg_pb inner;
    bool more;

    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            break;
        switch (f.number) {
        case 1:
            zkg_free(a->name);
            a->name = NULL;
            ZKG_TRY(
                zkg_pb_string(&a->name, &f, &r, "an attribute's name", err));
            break;
        case 2:
            a->f = from_float((uint32_t)f.value);
            break;
        case 3:
            a->i = (int64_t)f.value;
            break;
        case 4:
            zkg_free(a->s);
            a->s = NULL;
            ZKG_TRY(zkg_pb_string(&a->s, &f, &r, "an attribute", err));
            break;
        case 5:
            if (a->has_t)
                return zkg_pb_fail(&r, err, "an attribute has two tensors");
            ZKG_TRY(zkg_pb_message(&inner, &f, &r, "a tensor", err));
            ZKG_TRY(read_tensor(&a->t, NULL, src, inner, err));
            a->has_t = true;
            break;
        case 6:
        case 11:
            a->has_graph = true;
            break;
        case 7:
            ZKG_TRY(take_floats(&a->floats, &a->n_floats, &f, &r, 4, err));
            break;
        case 8:
            ZKG_TRY(take_ints(&a->ints, &a->n_ints, &f, &r, err));
            break;
        default:
            break;
        }
    }
    return a->name != NULL ? ZKG_OK
                           : zkg_pb_fail(&r, err, "an attribute has no name");
}

static zkg_status read_name(uint32_t *id, zkg_onnx_model *m,
                            const zkg_pb_field *f, const zkg_pb *r,
                            zkg_error *err)
{
    char *name;

    ZKG_TRY(zkg_pb_string(&name, f, r, "a value's name", err));
    if (name[0] == 0) {
        zkg_free(name);
        *id = ZKG_ONNX_NONE;
        return ZKG_OK;
    }
    return intern(id, m, name, err);
}

static zkg_status read_string(char **out, const zkg_pb_field *f,
                              const zkg_pb *r, zkg_error *err)
{
    zkg_free(*out);
    *out = NULL;
    return zkg_pb_string(out, f, r, "a node's text", err);
}

/* One field of a message into `to`. */
typedef zkg_status field_fn(void *to, const source *src, const zkg_pb_field *f,
                            const zkg_pb *r, zkg_error *err);

static zkg_status each_field(field_fn *take, void *to, const source *src,
                             zkg_pb r, zkg_error *err)
{
    zkg_pb_field f;
    bool more;

    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            return ZKG_OK;
        ZKG_TRY(take(to, src, &f, &r, err));
    }
}

static zkg_status take_node(void *to, const source *src, const zkg_pb_field *f,
                            const zkg_pb *r, zkg_error *err)
{
    zkg_onnx_node *n = to;
    zkg_pb inner;
    uint32_t id;

    switch (f->number) {
    case 1:
        ZKG_TRY(read_name(&id, src->m, f, r, err));
        return push_id(&n->input, &n->inputs, id, err);
    case 2:
        ZKG_TRY(read_name(&id, src->m, f, r, err));
        return push_id(&n->output, &n->outputs, id, err);
    case 3:
        return read_string(&n->name, f, r, err);
    case 4:
        return read_string(&n->op, f, r, err);
    case 5:
        ZKG_TRY(zkg_pb_message(&inner, f, r, "an attribute", err));
        ZKG_TRY(push((void **)&n->attr, n->attrs, sizeof(n->attr[0]), err));
        n->attrs++;
        return read_attr(&n->attr[n->attrs - 1], src, inner, err);
    case 7:
        return read_string(&n->domain, f, r, err);
    default:
        return ZKG_OK;
    }
}

/* A node has an operator and a name, and makes values that nobody else does. */
static zkg_status finish_node(zkg_onnx_model *m, uint32_t k, const zkg_pb *r,
                              zkg_error *err)
{
    zkg_onnx_node *n = &m->node[k];
    char text[80];

    if (n->op == NULL || n->op[0] == 0)
        return zkg_pb_fail(r, err, "node %u has no operator", k);
    if (n->name == NULL || n->name[0] == 0) {
        zkg_free(n->name);
        snprintf(text, sizeof(text), "%.40s_%u", n->op, k);
        n->name = zkg_strdup(text);
    }
    if (n->domain == NULL)
        n->domain = zkg_strdup("");
    if (n->name == NULL || n->domain == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the model");
    for (uint32_t i = 0; i < n->outputs; i++) {
        zkg_onnx_value *v;

        if (n->output[i] == ZKG_ONNX_NONE)
            continue;
        v = &m->value[n->output[i]];
        if (v->maker != ZKG_ONNX_NONE)
            return zkg_pb_fail(r, err, "value \"%.100s\" is made twice",
                               v->name);
        v->maker = k;
    }
    return ZKG_OK;
}

/* ---- GraphProto ---- */

/* TypeProto.tensor_type: its shape, where all of it is numbers. */
static zkg_status read_shape(zkg_onnx_value *v, zkg_pb r, zkg_error *err)
{
    zkg_onnx_shape shape = {.axes = 0};
    bool more, whole = true;
    zkg_pb_field f;
    zkg_pb dim;

    for (;;) {
        int64_t len = -1;

        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            break;
        if (f.number != 1)
            continue;
        ZKG_TRY(zkg_pb_message(&dim, &f, &r, "a dimension", err));
        for (;;) {
            ZKG_TRY(zkg_pb_next(&more, &f, &dim, err));
            if (!more)
                break;
            if (f.number == 1)
                len = (int64_t)f.value;
        }
        if (shape.axes == ZKG_ONNX_MAX_AXES)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "%s: value \"%.100s\" has more than %d axes",
                            r.name, v->name, ZKG_ONNX_MAX_AXES);
        whole = whole && len > 0;
        shape.len[shape.axes++] = len > 0 ? (uint64_t)len : 0;
    }
    v->has_shape = whole;
    v->shape = shape;
    return ZKG_OK;
}

static zkg_status read_type(zkg_onnx_value *v, zkg_pb r, zkg_error *err)
{
    zkg_pb_field f;
    zkg_pb tensor, shape;
    bool more;

    v->is_real = true;
    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            return ZKG_OK;
        if (f.number != 1)
            continue;
        ZKG_TRY(zkg_pb_message(&tensor, &f, &r, "a tensor type", err));
        for (;;) {
            ZKG_TRY(zkg_pb_next(&more, &f, &tensor, err));
            if (!more)
                break;
            if (f.number == 1)
                v->is_real = type_is_real((int64_t)f.value);
            if (f.number != 2)
                continue;
            ZKG_TRY(zkg_pb_message(&shape, &f, &tensor, "a shape", err));
            ZKG_TRY(read_shape(v, shape, err));
        }
    }
}

/* ValueInfoProto of an input or output: its value, with its shape. */
static zkg_status read_value_info(uint32_t *id, zkg_onnx_model *m, zkg_pb r,
                                  bool is_input, zkg_error *err)
{
    const zkg_pb whole = r;
    zkg_pb_field f;
    zkg_pb type;
    bool more;

    *id = ZKG_ONNX_NONE;
    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            break;
        if (f.number == 1)
            ZKG_TRY(read_name(id, m, &f, &r, err));
    }
    if (*id == ZKG_ONNX_NONE)
        return zkg_pb_fail(&whole, err, "an input or output has no name");
    r = whole;
    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            return ZKG_OK;
        if (f.number != 2 || !is_input)
            continue;
        ZKG_TRY(zkg_pb_message(&type, &f, &r, "a type", err));
        ZKG_TRY(read_type(&m->value[*id], type, err));
    }
}

static zkg_status read_initializer(const source *src, zkg_pb r, zkg_error *err)
{
    zkg_onnx_tensor t;
    char *name = NULL;
    uint32_t id;
    zkg_onnx_value *v;
    zkg_status s;

    ZKG_TRY(read_tensor(&t, &name, src, r, err));
    if (name == NULL || name[0] == 0) {
        zkg_free(name);
        zkg_onnx_tensor_clear(&t);
        return zkg_pb_fail(&r, err, "an initializer has no name");
    }
    s = intern(&id, src->m, name, err);
    if (s != ZKG_OK) {
        zkg_onnx_tensor_clear(&t);
        return s;
    }
    v = &src->m->value[id];
    if (v->is_constant) {
        zkg_onnx_tensor_clear(&t);
        return zkg_pb_fail(&r, err, "two initializers are named \"%.100s\"",
                           v->name);
    }
    v->t = t;
    v->is_constant = true;
    v->has_shape = true;
    v->shape = t.shape;
    v->is_real = t.real != NULL;
    return ZKG_OK;
}

static zkg_status take_graph(void *to, const source *src, const zkg_pb_field *f,
                             const zkg_pb *r, zkg_error *err)
{
    zkg_onnx_model *m = to;
    zkg_pb inner;
    uint32_t id;

    if (f->number == 15)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "%s: sparse initializers are not read", r->name);
    if (f->number != 1 && f->number != 5 && f->number != 11 && f->number != 12)
        return ZKG_OK;
    ZKG_TRY(zkg_pb_message(&inner, f, r, "a part of the graph", err));
    if (f->number == 1) {
        if (m->nodes == MAX_NODES)
            return zkg_pb_fail(r, err, "more than %d nodes", MAX_NODES);
        ZKG_TRY(push((void **)&m->node, m->nodes, sizeof(m->node[0]), err));
        m->nodes++;
        ZKG_TRY(each_field(take_node, &m->node[m->nodes - 1], src, inner, err));
        return finish_node(m, m->nodes - 1, &inner, err);
    }
    if (f->number == 5)
        return read_initializer(src, inner, err);
    ZKG_TRY(read_value_info(&id, m, inner, f->number == 11, err));
    return f->number == 11 ? push_id(&m->input, &m->inputs, id, err)
                           : push_id(&m->output, &m->outputs, id, err);
}

/* ---- ModelProto ---- */

/* OperatorSetIdProto: the version of the default domain. */
static zkg_status read_opset(zkg_onnx_model *m, zkg_pb r, zkg_error *err)
{
    char *domain = NULL;
    int64_t version = 0;
    zkg_pb_field f;
    bool more;
    zkg_status s = ZKG_OK;

    while (s == ZKG_OK && (s = zkg_pb_next(&more, &f, &r, err)) == ZKG_OK &&
           more) {
        if (f.number == 1) {
            zkg_free(domain);
            domain = NULL;
            s = zkg_pb_string(&domain, &f, &r, "a domain", err);
        } else if (f.number == 2) {
            version = (int64_t)f.value;
        }
    }
    if (s == ZKG_OK &&
        (domain == NULL || domain[0] == 0 || strcmp(domain, "ai.onnx") == 0))
        m->opset = version;
    zkg_free(domain);
    return s;
}

static zkg_status read_model(const source *src, zkg_pb r, zkg_error *err)
{
    zkg_onnx_model *m = src->m;
    zkg_pb_field f;
    zkg_pb inner;
    bool more, has_graph = false;

    for (;;) {
        ZKG_TRY(zkg_pb_next(&more, &f, &r, err));
        if (!more)
            break;
        if (f.number == 2) {
            zkg_free(m->producer);
            m->producer = NULL;
            ZKG_TRY(zkg_pb_string(&m->producer, &f, &r, "the producer", err));
        } else if (f.number == 7) {
            if (has_graph)
                return zkg_pb_fail(&r, err, "the model has two graphs");
            has_graph = true;
            ZKG_TRY(zkg_pb_message(&inner, &f, &r, "the graph", err));
            ZKG_TRY(each_field(take_graph, m, src, inner, err));
        } else if (f.number == 8) {
            ZKG_TRY(zkg_pb_message(&inner, &f, &r, "an opset", err));
            ZKG_TRY(read_opset(m, inner, err));
        }
    }
    if (!has_graph || m->opset == 0)
        return zkg_pb_fail(&r, err, "no ONNX model: it has no %s",
                           has_graph ? "opset" : "graph");
    if (m->opset < MIN_OPSET || m->opset > MAX_OPSET)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "%s: opset %lld; %d to %d are read: export the model "
                        "with one of them",
                        r.name, (long long)m->opset, MIN_OPSET, MAX_OPSET);
    return ZKG_OK;
}

/* Inputs that are initializers (as old exporters list them) are none; every
 * value that is used is made by somebody, once. */
static zkg_status settle(zkg_onnx_model *m, const char *name, zkg_error *err)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < m->inputs; i++) {
        zkg_onnx_value *v = &m->value[m->input[i]];

        if (v->is_constant)
            continue;
        if (v->is_input || v->maker != ZKG_ONNX_NONE)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: input \"%.100s\" is made twice", name,
                            v->name);
        v->is_input = true;
        m->input[kept++] = m->input[i];
    }
    m->inputs = kept;
    for (uint32_t i = 0; i < m->outputs; i++)
        m->value[m->output[i]].is_output = true;
    if (m->outputs == 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: it has no output", name);
    for (uint32_t i = 0; i < m->values; i++) {
        const zkg_onnx_value *v = &m->value[i];

        if (v->is_constant && v->maker != ZKG_ONNX_NONE)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: value \"%.100s\" is made twice", name,
                            v->name);
        if (!v->is_constant && !v->is_input && v->maker == ZKG_ONNX_NONE)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: value \"%.100s\" is used, and nothing makes "
                            "it",
                            name, v->name);
    }
    return ZKG_OK;
}

zkg_status zkg_onnx_parse(zkg_onnx_model *out, const uint8_t *bytes, size_t len,
                          const char *name, const char *folder, zkg_error *err)
{
    const source src = {out, folder};
    zkg_status s;
    zkg_pb r;

    *out = (zkg_onnx_model){.opset = 0};
    zkg_pb_init(&r, bytes, len, name);
    s = read_model(&src, r, err);
    if (s == ZKG_OK)
        s = settle(out, name, err);
    if (s != ZKG_OK)
        zkg_onnx_clear(out);
    return s;
}

zkg_status zkg_onnx_read(zkg_onnx_model *out, const char *path, zkg_error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    *out = (zkg_onnx_model){.opset = 0};
    snprintf(folder, sizeof(folder), "%.*s",
             slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_FILE, err));
    s = zkg_onnx_parse(out, bytes, len, path, folder, err);
    zkg_free(bytes);
    return s;
}

static void attr_clear(zkg_onnx_attr *a)
{
    zkg_free(a->name);
    zkg_free(a->s);
    zkg_free(a->floats);
    zkg_free(a->ints);
    zkg_onnx_tensor_clear(&a->t);
}

void zkg_onnx_clear(zkg_onnx_model *m)
{
    for (uint32_t i = 0; i < m->nodes; i++) {
        zkg_onnx_node *n = &m->node[i];

        for (uint32_t a = 0; a < n->attrs; a++)
            attr_clear(&n->attr[a]);
        zkg_free(n->attr);
        zkg_free(n->name);
        zkg_free(n->op);
        zkg_free(n->domain);
        zkg_free(n->input);
        zkg_free(n->output);
        for (uint32_t k = 0; k < ZKG_ONNX_MAX_AXES; k++)
            zkg_free(n->pick[k]);
    }
    for (uint32_t i = 0; i < m->values; i++) {
        zkg_free(m->value[i].name);
        zkg_onnx_tensor_clear(&m->value[i].t);
    }
    zkg_free(m->node);
    zkg_free(m->value);
    zkg_free(m->input);
    zkg_free(m->output);
    zkg_free(m->bucket);
    zkg_free(m->producer);
    *m = (zkg_onnx_model){.opset = 0};
}
