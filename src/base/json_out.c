/* SPDX-License-Identifier: Apache-2.0
 * JSON, written. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define EXACT_DOUBLE                                                           \
    ((uint64_t)1 << 53) /* integers below are exact anywhere                   \
                         */

static void put(zkg_json_out *o, const char *s)
{
    (void)zkg_writer_bytes(&o->bytes, s, strlen(s));
}

static void new_line(zkg_json_out *o)
{
    put(o, "\n");
    for (uint32_t i = 0; i < o->depth; i++)
        put(o, "  ");
}

static void misuse(zkg_json_out *o)
{
    if (o->bytes.status == ZKG_OK)
        o->bytes.status = ZKG_ERR_INTERNAL;
}

/* What stands between the member before and this one. */
static void separate(zkg_json_out *o)
{
    if (o->depth == 0)
        return;
    if (o->has_member[o->depth - 1])
        put(o, o->is_line[o->depth - 1] ? ", " : ",");
    if (!o->is_line[o->depth - 1])
        new_line(o);
    o->has_member[o->depth - 1] = 1;
}

static void before_value(zkg_json_out *o)
{
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    if (o->depth > 0 && o->is_object[o->depth - 1])
        misuse(o);
    separate(o);
}

static void quoted(zkg_json_out *o, const char *s)
{
    put(o, "\"");
    for (; *s != '\0'; s++) {
        const unsigned char c = (unsigned char)*s;
        char text[8];

        if (c == '"' || c == '\\')
            (void)snprintf(text, sizeof(text), "\\%c", c);
        else if (c == '\n')
            (void)snprintf(text, sizeof(text), "\\n");
        else if (c == '\t')
            (void)snprintf(text, sizeof(text), "\\t");
        else if (c < 0x20)
            (void)snprintf(text, sizeof(text), "\\u%04x", c);
        else
            (void)snprintf(text, sizeof(text), "%c", c);
        put(o, text);
    }
    put(o, "\"");
}

static void open_level(zkg_json_out *o, bool is_object, bool is_line)
{
    before_value(o);
    if (o->depth == ZKG_JSON_MAX_DEPTH) {
        misuse(o);
        return;
    }
    put(o, is_object ? "{" : "[");
    o->is_object[o->depth] = is_object;
    o->is_line[o->depth] =
        is_line || (o->depth > 0 && o->is_line[o->depth - 1]);
    o->has_member[o->depth] = 0;
    o->depth++;
}

void zkg_json_out_init(zkg_json_out *o)
{
    *o = (zkg_json_out){0};
}

void zkg_json_out_free(zkg_json_out *o)
{
    zkg_writer_free(&o->bytes);
}

void zkg_json_out_object(zkg_json_out *o)
{
    open_level(o, true, false);
}

void zkg_json_out_line_object(zkg_json_out *o)
{
    open_level(o, true, true);
}

void zkg_json_out_array(zkg_json_out *o)
{
    open_level(o, false, false);
}

void zkg_json_out_line_array(zkg_json_out *o)
{
    open_level(o, false, true);
}

void zkg_json_out_end(zkg_json_out *o)
{
    if (o->depth == 0 || o->after_key) {
        misuse(o);
        return;
    }
    o->depth--;
    if (!o->is_line[o->depth] && o->has_member[o->depth])
        new_line(o);
    put(o, o->is_object[o->depth] ? "}" : "]");
}

void zkg_json_out_key(zkg_json_out *o, const char *key)
{
    if (o->depth == 0 || !o->is_object[o->depth - 1] || o->after_key) {
        misuse(o);
        return;
    }
    separate(o);
    quoted(o, key);
    put(o, ": ");
    o->after_key = true;
}

void zkg_json_out_string(zkg_json_out *o, const char *s)
{
    before_value(o);
    quoted(o, s);
}

void zkg_json_out_i64(zkg_json_out *o, int64_t v)
{
    const uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;
    char text[32];

    (void)snprintf(text, sizeof(text),
                   magnitude < EXACT_DOUBLE ? "%" PRId64 : "\"%" PRId64 "\"",
                   v);
    before_value(o);
    put(o, text);
}

void zkg_json_out_u64(zkg_json_out *o, uint64_t v)
{
    char text[32];

    (void)snprintf(text, sizeof(text),
                   v < EXACT_DOUBLE ? "%" PRIu64 : "\"%" PRIu64 "\"", v);
    before_value(o);
    put(o, text);
}

/* The fewest digits that read back as v, which is finite (of one below DBL_MIN
 * it may be more).  Where DBL_DIG will do, they are those of v rounded to so
 * many, less the zeros at their end: decimals of that length are told apart by
 * the doubles that they become. */
static int digits_of(double v)
{
    char text[40];
    const char *end;
    int digits = DBL_DIG;

    (void)snprintf(text, sizeof(text), "%.*e", DBL_DIG - 1, v);
    if (strtod(text, NULL) != v) {
        (void)snprintf(text, sizeof(text), "%.*e", DBL_DIG, v);
        return strtod(text, NULL) == v ? DBL_DIG + 1 : DBL_DIG + 2;
    }
    for (end = strchr(text, 'e'); digits > 1 && end[-1] == '0'; end--)
        digits--;
    return digits;
}

void zkg_json_out_double(zkg_json_out *o, double v)
{
    char text[40] = "null";

    if (isfinite(v))
        (void)snprintf(text, sizeof(text), "%.*g", digits_of(v), v);
    before_value(o);
    put(o, text);
}

void zkg_json_out_bool(zkg_json_out *o, bool v)
{
    before_value(o);
    put(o, v ? "true" : "false");
}

zkg_status zkg_json_out_finish(zkg_json_out *o)
{
    if (o->depth != 0 || o->after_key)
        misuse(o);
    put(o, "\n");
    return o->bytes.status;
}
