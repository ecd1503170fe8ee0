/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and printing of factors and lists of names. */
#include "graph/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a parse is. */
typedef struct cursor {
    const char *at;
} cursor;

static void skip_spaces(cursor *c)
{
    while (*c->at == ' ')
        c->at++;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

/* The next identifier, "" when there is none. */
static void next_word(char out[ZKG_MAX_NAME + 1], cursor *c)
{
    size_t n = 0;

    skip_spaces(c);
    while (is_word(*c->at) && n < ZKG_MAX_NAME)
        out[n++] = *c->at++;
    out[n] = 0;
    skip_spaces(c);
}

static bool take(cursor *c, char wanted)
{
    skip_spaces(c);
    if (*c->at != wanted)
        return false;
    c->at++;
    skip_spaces(c);
    return true;
}

zkg_status zkg_text_axes(uint32_t axis[ZKG_MAX_AXES], uint32_t *axes,
                         const zkg_kernel *k, const char *text, zkg_error *err)
{
    cursor c = {text};
    char word[ZKG_MAX_NAME + 1];

    *axes = 0;
    skip_spaces(&c);
    if (*c.at == 0)
        return ZKG_OK;
    do {
        next_word(word, &c);
        if (*axes == ZKG_MAX_AXES)
            return zkg_fail(err, ZKG_ERR_MALFORMED, "more than %d axes",
                            ZKG_MAX_AXES);
        axis[*axes] = zkg_kernel_axis_id(k, word);
        if (axis[*axes] == ZKG_NO_ID)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "kernel %s has no axis \"%s\"", k->name, word);
        (*axes)++;
    } while (take(&c, ','));
    if (*c.at != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "\"%s\" is no list of axes, such as \"o,k\"", text);
    return ZKG_OK;
}

zkg_status zkg_text_params(uint32_t param[ZKG_MAX_TABLE_COLUMNS],
                           uint32_t *params, const zkg_kernel *k,
                           const char *text, zkg_error *err)
{
    cursor c = {text};
    char word[ZKG_MAX_NAME + 1];

    *params = 0;
    do {
        next_word(word, &c);
        if (*params == ZKG_MAX_TABLE_COLUMNS)
            return zkg_fail(err, ZKG_ERR_MALFORMED, "more than %d columns",
                            ZKG_MAX_TABLE_COLUMNS);
        param[*params] = zkg_kernel_param_id(k, word);
        if (param[*params] == ZKG_NO_ID)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "kernel %s has no parameter \"%s\"", k->name, word);
        (*params)++;
    } while (take(&c, ','));
    if (*c.at != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "\"%s\" is no list of parameters, such as \"q,y\"",
                        text);
    return ZKG_OK;
}

/* One summand of an index: an axis, c*axis, or a number. */
static bool parse_summand(zkg_stmt_index *x, cursor *c, int64_t sign,
                          const zkg_kernel *k)
{
    int64_t factor = sign;
    char word[ZKG_MAX_NAME + 1];

    skip_spaces(c);
    if (*c->at >= '0' && *c->at <= '9') {
        char *end;
        const long long v = strtoll(c->at, &end, 10);

        if (v > INT32_MAX)
            return false;
        c->at = end;
        if (!take(c, '*')) {
            if (x->e != 0)
                return false;
            x->e = sign * v;
            return true;
        }
        factor = sign * v;
    }
    next_word(word, c);
    if (x->a == ZKG_NO_ID) {
        x->a = zkg_kernel_axis_id(k, word);
        x->s = factor;
        return x->a != ZKG_NO_ID;
    }
    if (x->b != ZKG_NO_ID)
        return false;
    x->b = zkg_kernel_axis_id(k, word);
    x->d = factor;
    return x->b != ZKG_NO_ID;
}

static bool parse_index(zkg_stmt_index *x, cursor *c, const zkg_kernel *k)
{
    *x = (zkg_stmt_index){.a = ZKG_NO_ID, .b = ZKG_NO_ID};
    if (!parse_summand(x, c, take(c, '-') ? -1 : 1, k))
        return false;
    for (;;) {
        if (take(c, '+')) {
            if (!parse_summand(x, c, 1, k))
                return false;
        } else if (take(c, '-')) {
            if (!parse_summand(x, c, -1, k))
                return false;
        } else {
            return x->a != ZKG_NO_ID;
        }
    }
}

zkg_status zkg_text_factor(zkg_stmt_factor *out, const zkg_kernel *k,
                           const char *text, zkg_error *err)
{
    cursor c = {text};
    char word[ZKG_MAX_NAME + 1];

    memset(out, 0, sizeof(*out));
    next_word(word, &c);
    out->param = zkg_kernel_param_id(k, word);
    if (out->param == ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "\"%s\": kernel %s has no parameter \"%s\"", text,
                        k->name, word);
    if (take(&c, '[') && !take(&c, ']')) {
        do {
            if (out->indices == ZKG_MAX_AXES ||
                !parse_index(&out->index[out->indices], &c, k))
                return zkg_fail(err, ZKG_ERR_MALFORMED,
                                "\"%s\": index %u is no axis of kernel %s, "
                                "nor a map such as 2*y+1*i-1",
                                text, out->indices, k->name);
            out->indices++;
        } while (take(&c, ','));
        if (!take(&c, ']'))
            return zkg_fail(err, ZKG_ERR_MALFORMED, "\"%s\": no ]", text);
    }
    if (*c.at != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "\"%s\" is no factor, such as \"w[o,k]\"", text);
    return ZKG_OK;
}

void zkg_text_factor_format(char *out, const zkg_kernel *k,
                            const zkg_stmt_factor *f)
{
    int n = sprintf(out, "%s", k->param[f->param].name);

    for (uint32_t i = 0; i < f->indices; i++) {
        const zkg_stmt_index *x = &f->index[i];

        n += sprintf(out + n, "%s", i == 0 ? "[" : ",");
        if (x->s != 1 || x->b != ZKG_NO_ID)
            n += sprintf(out + n, "%lld*", (long long)x->s);
        n += sprintf(out + n, "%s", k->axis[x->a].name);
        if (x->b != ZKG_NO_ID)
            n += sprintf(out + n, "%+lld*%s", (long long)x->d,
                         k->axis[x->b].name);
        if (x->e != 0)
            n += sprintf(out + n, "%+lld", (long long)x->e);
    }
    if (f->indices > 0)
        sprintf(out + n, "]");
}
