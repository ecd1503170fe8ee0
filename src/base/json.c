/* SPDX-License-Identifier: Apache-2.0
 * JSON, as a tree. */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json_lex.h"
#include "base/mem.h"

struct zkg_json {
    const zkg_json_doc *doc;
    const char *key;
    zkg_json *next;
    zkg_json *first; /* of an array or object */
    size_t count;
    const char *string;
    zkg_lex_number number;
    uint32_t line;
    uint32_t column;
    zkg_json_kind kind;
    bool truth;
};

/* Values live in blocks that never move. */
#define BLOCK_VALUES 256

typedef struct block {
    struct block *before;
    size_t used;
    zkg_json values[BLOCK_VALUES];
} block;

struct zkg_json_doc {
    char *file;
    char *strings; /* as many bytes as the text: decoding never grows */
    size_t strings_used;
    block *blocks;
    zkg_json *root;
};

static const char *kind_name(zkg_json_kind kind)
{
    static const char *const names[] = {"null",     "true or false",
                                        "a number", "a string",
                                        "an array", "an object"};

    return names[kind];
}

/* ---- parsing ---- */

static zkg_json *new_value(zkg_json_doc *doc, const zkg_lex *x)
{
    zkg_json *v;

    if (doc->blocks == NULL || doc->blocks->used == BLOCK_VALUES) {
        block *b = zkg_alloc(1, sizeof(*b));

        if (b == NULL)
            return NULL;
        b->before = doc->blocks;
        doc->blocks = b;
    }
    v = &doc->blocks->values[doc->blocks->used++];
    v->doc = doc;
    v->key = "";
    v->line = x->line;
    v->column = zkg_lex_column(x);
    return v;
}

static zkg_status parse_string(zkg_json_doc *doc, zkg_lex *x, const char **out)
{
    char *at = doc->strings + doc->strings_used;
    size_t len;

    ZKG_TRY(zkg_lex_string(x, at, &len));
    doc->strings_used += len + 1;
    *out = at;
    return ZKG_OK;
}

static int by_key(const void *a, const void *b)
{
    const zkg_json *const *x = a;
    const zkg_json *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

/* Each key once. */
static zkg_status check_keys(const zkg_json *object, zkg_error *err)
{
    const zkg_json **sorted;
    const zkg_json *repeated = NULL;
    size_t n = 0;

    if (object->count < 2)
        return ZKG_OK;
    sorted = zkg_alloc(object->count, sizeof(*sorted));
    if (sorted == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: not enough memory",
                        object->doc->file);
    for (const zkg_json *m = object->first; m != NULL; m = m->next)
        sorted[n++] = m;
    qsort(sorted, n, sizeof(*sorted), by_key);
    for (size_t i = 1; i < n && repeated == NULL; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
            repeated = sorted[i - 1]->line > sorted[i]->line ||
                               (sorted[i - 1]->line == sorted[i]->line &&
                                sorted[i - 1]->column > sorted[i]->column)
                           ? sorted[i - 1]
                           : sorted[i];
    }
    zkg_free(sorted);
    return repeated == NULL
               ? ZKG_OK
               : zkg_json_fail(err, repeated, ZKG_ERR_MALFORMED,
                               "key \"%.100s\" is there twice", repeated->key);
}

static zkg_status parse_value(zkg_json_doc *doc, zkg_lex *x, uint32_t depth,
                              zkg_json **out);

/* The members of an array or object, after its bracket. */
static zkg_status parse_members(zkg_json_doc *doc, zkg_lex *x, uint32_t depth,
                                zkg_json *parent)
{
    const bool is_object = parent->kind == ZKG_JSON_OBJECT;
    const char close = is_object ? '}' : ']';
    zkg_json **link = &parent->first;

    if (zkg_lex_peek(x) == close) {
        x->pos++;
        return ZKG_OK;
    }
    for (;;) {
        const char *key = "";
        zkg_json *member;

        if (is_object) {
            (void)zkg_lex_peek(x);
            ZKG_TRY(parse_string(doc, x, &key));
            ZKG_TRY(zkg_lex_take(x, ':', "after a key"));
        }
        ZKG_TRY(parse_value(doc, x, depth + 1, &member));
        member->key = key;
        *link = member;
        link = &member->next;
        parent->count++;
        if (zkg_lex_peek(x) == close)
            break;
        ZKG_TRY(zkg_lex_take(x, ',',
                             is_object ? "or '}' after a member"
                                       : "or ']' after a value"));
    }
    x->pos++;
    return is_object ? check_keys(parent, x->err) : ZKG_OK;
}

static zkg_status parse_value(zkg_json_doc *doc, zkg_lex *x, uint32_t depth,
                              zkg_json **out)
{
    const char c = zkg_lex_peek(x);
    zkg_json *v = new_value(doc, x);

    if (v == NULL)
        return zkg_fail(x->err, ZKG_ERR_NOMEM, "%s: not enough memory",
                        x->file);
    *out = v;
    switch (c) {
    case '{':
    case '[':
        if (depth == ZKG_JSON_MAX_DEPTH)
            return zkg_lex_fail(x, "more than %d levels", ZKG_JSON_MAX_DEPTH);
        v->kind = c == '{' ? ZKG_JSON_OBJECT : ZKG_JSON_ARRAY;
        x->pos++;
        return parse_members(doc, x, depth, v);
    case '"':
        v->kind = ZKG_JSON_STRING;
        return parse_string(doc, x, &v->string);
    case 't':
        v->kind = ZKG_JSON_BOOL;
        v->truth = true;
        return zkg_lex_word(x, "true");
    case 'f':
        v->kind = ZKG_JSON_BOOL;
        return zkg_lex_word(x, "false");
    case 'n':
        if (x->len - x->pos >= 2 && x->text[x->pos + 1] == 'u')
            return zkg_lex_word(x, "null");
        break;
    default:
        break;
    }
    v->kind = ZKG_JSON_NUMBER;
    if (c == '-' || (c >= '0' && c <= '9') || c == 'N' || c == 'n' ||
        c == 'I' || c == 'i' || c == '+')
        return zkg_lex_number_token(x, &v->number);
    return zkg_lex_word(x, "a value");
}

zkg_status zkg_json_parse(zkg_json_doc **out, const char *text, size_t len,
                          const char *file, zkg_error *err)
{
    zkg_json_doc *doc = zkg_alloc(1, sizeof(*doc));
    zkg_lex x;
    zkg_status s;

    if (doc != NULL) {
        doc->file = zkg_strdup(file);
        doc->strings = zkg_alloc(len + 1, 1);
    }
    if (doc == NULL || doc->file == NULL || doc->strings == NULL) {
        zkg_json_free(doc);
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: not enough memory", file);
    }
    zkg_lex_init(&x, text, len, file, err);
    s = parse_value(doc, &x, 0, &doc->root);
    if (s == ZKG_OK)
        s = zkg_lex_end(&x);
    if (s != ZKG_OK) {
        zkg_json_free(doc);
        return s;
    }
    *out = doc;
    return ZKG_OK;
}

zkg_status zkg_json_read(zkg_json_doc **doc, const char *path, size_t max_bytes,
                         zkg_error *err)
{
    uint8_t *text;
    size_t len;
    zkg_status s;

    ZKG_TRY(zkg_file_read(&text, &len, path, max_bytes, err));
    s = zkg_json_parse(doc, (const char *)text, len, path, err);
    zkg_free(text);
    return s;
}

void zkg_json_free(zkg_json_doc *doc)
{
    if (doc == NULL)
        return;
    while (doc->blocks != NULL) {
        block *before = doc->blocks->before;

        zkg_free(doc->blocks);
        doc->blocks = before;
    }
    zkg_free(doc->strings);
    zkg_free(doc->file);
    zkg_free(doc);
}

/* ---- looking ---- */

const zkg_json *zkg_json_root(const zkg_json_doc *doc)
{
    return doc->root;
}

zkg_json_kind zkg_json_kind_of(const zkg_json *v)
{
    return v->kind;
}

size_t zkg_json_count(const zkg_json *v)
{
    return v->count;
}

const zkg_json *zkg_json_first(const zkg_json *v)
{
    return v->first;
}

const zkg_json *zkg_json_next(const zkg_json *v)
{
    return v->next;
}

const char *zkg_json_key(const zkg_json *v)
{
    return v->key;
}

const zkg_json *zkg_json_get(const zkg_json *v, const char *key)
{
    if (v->kind != ZKG_JSON_OBJECT)
        return NULL;
    for (const zkg_json *m = v->first; m != NULL; m = m->next) {
        if (strcmp(m->key, key) == 0)
            return m;
    }
    return NULL;
}

zkg_status zkg_json_fail(zkg_error *err, const zkg_json *v, zkg_status s,
                         const char *fmt, ...)
{
    char text[800];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return zkg_fail(err, s, "%s:%u:%u: %s", v->doc->file, v->line, v->column,
                    text);
}

/* "name: " before a message about the value under that key, else "". */
static const char *label(const zkg_json *v, char out[80])
{
    out[0] = '\0';
    if (v->key[0] != '\0')
        (void)snprintf(out, 80, "%.70s: ", v->key);
    return out;
}

zkg_status zkg_json_expect(const zkg_json *v, zkg_json_kind kind,
                           zkg_error *err)
{
    char name[80];

    if (v->kind == kind)
        return ZKG_OK;
    return zkg_json_fail(err, v, ZKG_ERR_MALFORMED, "%sexpected %s, found %s",
                         label(v, name), kind_name(kind), kind_name(v->kind));
}

zkg_status zkg_json_need(const zkg_json **out, const zkg_json *v,
                         const char *key, zkg_json_kind kind, zkg_error *err)
{
    const zkg_json *m;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    m = zkg_json_get(v, key);
    if (m == NULL)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                             "key \"%s\" is missing here", key);
    ZKG_TRY(zkg_json_expect(m, kind, err));
    *out = m;
    return ZKG_OK;
}

zkg_status zkg_json_only_keys(const zkg_json *v, const char *const *known,
                              size_t count, zkg_error *err)
{
    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    for (const zkg_json *m = v->first; m != NULL; m = m->next) {
        const char *nearest;
        size_t i = 0;

        while (i < count && strcmp(known[i], m->key) != 0)
            i++;
        if (i < count)
            continue;
        nearest = zkg_nearest_name(m->key, known, count);
        if (nearest == NULL)
            return zkg_json_fail(err, m, ZKG_ERR_MALFORMED,
                                 "unknown key \"%.100s\"", m->key);
        return zkg_json_fail(err, m, ZKG_ERR_MALFORMED,
                             "unknown key \"%.100s\"; did you mean \"%s\"?",
                             m->key, nearest);
    }
    return ZKG_OK;
}

/* The integer in a number, or in a string of digits. */
static zkg_status integer(const zkg_json *v, zkg_lex_number *out,
                          zkg_error *err)
{
    char name[80];

    if (v->kind == ZKG_JSON_STRING) {
        zkg_lex x;

        zkg_lex_init(&x, v->string, strlen(v->string), "", NULL);
        if (zkg_lex_number_token(&x, out) != ZKG_OK || x.pos != x.len)
            return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                                 "%s\"%.100s\" is not an integer",
                                 label(v, name), v->string);
    } else {
        ZKG_TRY(zkg_json_expect(v, ZKG_JSON_NUMBER, err));
        *out = v->number;
    }
    if (!out->is_integer)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                             "%snot an integer of 64 bits", label(v, name));
    return ZKG_OK;
}

zkg_status zkg_json_i64(int64_t *out, const zkg_json *v, int64_t min,
                        int64_t max, zkg_error *err)
{
    zkg_lex_number n;
    int64_t value;
    char name[80];

    ZKG_TRY(integer(v, &n, err));
    if (n.magnitude > (uint64_t)INT64_MAX + n.negative)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                             "%snot an integer of 64 bits", label(v, name));
    value = !n.negative        ? (int64_t)n.magnitude
            : n.magnitude == 0 ? 0
                               : -(int64_t)(n.magnitude - 1) - 1;
    if (value < min || value > max)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED,
                             "%s%lld is not in %lld..%lld", label(v, name),
                             (long long)value, (long long)min, (long long)max);
    *out = value;
    return ZKG_OK;
}

zkg_status zkg_json_u64(uint64_t *out, const zkg_json *v, uint64_t max,
                        zkg_error *err)
{
    zkg_lex_number n;
    char name[80];

    ZKG_TRY(integer(v, &n, err));
    if ((n.negative && n.magnitude != 0) || n.magnitude > max)
        return zkg_json_fail(
            err, v, ZKG_ERR_MALFORMED, "%s%s%llu is not in 0..%llu",
            label(v, name), n.negative ? "-" : "",
            (unsigned long long)n.magnitude, (unsigned long long)max);
    *out = n.magnitude;
    return ZKG_OK;
}

zkg_status zkg_json_double(double *out, const zkg_json *v, zkg_error *err)
{
    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_NUMBER, err));
    *out = v->number.value;
    return ZKG_OK;
}

zkg_status zkg_json_bool(bool *out, const zkg_json *v, zkg_error *err)
{
    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_BOOL, err));
    *out = v->truth;
    return ZKG_OK;
}

zkg_status zkg_json_string(const char **out, const zkg_json *v, zkg_error *err)
{
    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_STRING, err));
    *out = v->string;
    return ZKG_OK;
}
