/* SPDX-License-Identifier: Apache-2.0
 * Numbers in bulk, as a stream. */
#include "base/jsonnum.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_lex.h"

#define MAX_DEPTH ZKG_JSON_NUMBERS_MAX_DEPTH

typedef struct stream {
    zkg_lex x;
    zkg_json_number_fn *each;
    zkg_json_word_fn *word; /* or NULL */
    void *user;
    uint32_t entry;
    uint64_t index[MAX_DEPTH];
    uint64_t extent[MAX_DEPTH]; /* of this entry; 0 until one is complete */
    uint32_t number_depth;      /* of this entry; 0 until a number came */
} stream;

/* input_data[entry][index 0]...[index depth-1] */
static void path_text(const stream *t, uint32_t depth, char *out, size_t size)
{
    int n = snprintf(out, size, "input_data[%" PRIu32 "]", t->entry);

    for (uint32_t d = 0; d < depth; d++)
        n += snprintf(out + n, size - (size_t)n, "[%" PRIu64 "]", t->index[d]);
}

static zkg_status fail_at(stream *t, uint32_t depth, const char *fmt, ...)
    ZKG_PRINTF(3, 4);

static zkg_status fail_at(stream *t, uint32_t depth, const char *fmt, ...)
{
    char path[32 + 24 * MAX_DEPTH];
    char text[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    path_text(t, depth, path, sizeof(path));
    return zkg_lex_fail(&t->x, "%s: %s", path, text);
}

static zkg_status number_token(stream *t, uint32_t depth, double *out)
{
    const zkg_lex start = t->x;
    zkg_lex_number n;
    zkg_status s;

    /* The token's own message lacks the path. */
    t->x.err = NULL;
    s = zkg_lex_number_token(&t->x, &n);
    t->x.err = start.err;
    if (s != ZKG_OK) {
        const char c = start.text[start.pos < start.len ? start.pos : 0];

        t->x = start;
        return fail_at(t, depth, "%s",
                       c == '"' ? "a string where a number should be"
                       : c == 't' || c == 'f' || c == '{' ||
                               strncmp(start.text + start.pos, "null",
                                       start.len - start.pos < 4
                                           ? start.len - start.pos
                                           : 4) == 0
                           ? "not a number"
                           : "not a finite number");
    }
    *out = n.value;
    return ZKG_OK;
}

static zkg_status word_token(stream *t, uint32_t depth,
                             char out[ZKG_JSON_WORD_MAX + 1])
{
    const zkg_lex start = t->x;
    size_t len;

    ZKG_TRY(zkg_lex_string(&t->x, NULL, &len));
    t->x = start;
    if (len > ZKG_JSON_WORD_MAX)
        return fail_at(t, depth, "a string of more than %d bytes",
                       ZKG_JSON_WORD_MAX);
    return zkg_lex_string(&t->x, out, &len);
}

static zkg_status read_number(stream *t, uint32_t depth)
{
    const bool is_word = t->word != NULL && zkg_lex_peek(&t->x) == '"';
    const zkg_lex start = t->x;
    char word[ZKG_JSON_WORD_MAX + 1], path[32 + 24 * MAX_DEPTH];
    double value = 0;
    zkg_error why = {0};
    zkg_status s;

    ZKG_TRY(is_word ? word_token(t, depth, word)
                    : number_token(t, depth, &value));
    if (t->number_depth == 0)
        t->number_depth = depth;
    if (t->number_depth != depth) {
        t->x = start;
        return fail_at(t, depth, "a number at depth %u, but others at %u",
                       depth, t->number_depth);
    }
    s = is_word ? t->word(t->user, t->entry, t->index, depth, word, &why)
                : t->each(t->user, t->entry, t->index, depth, value, &why);
    if (s == ZKG_OK)
        return s;
    path_text(t, depth, path, sizeof(path));
    return zkg_fail(t->x.err, s, "%s:%u:%u: %s: %.600s", start.file, start.line,
                    zkg_lex_column(&start), path,
                    why.status != ZKG_OK ? why.text : "refused");
}

/* An array at depth: its members have index[depth]. */
static zkg_status read_array(stream *t, uint32_t depth)
{
    uint64_t count = 0;

    if (depth == MAX_DEPTH)
        return fail_at(t, depth, "nested deeper than %d", MAX_DEPTH);
    t->x.pos++; /* [ */
    if (zkg_lex_peek(&t->x) == ']')
        return fail_at(t, depth, "an empty array");
    for (;; count++) {
        t->index[depth] = count;
        if (zkg_lex_peek(&t->x) != '[') {
            ZKG_TRY(read_number(t, depth + 1));
        } else if (t->number_depth != 0 && depth + 1 >= t->number_depth) {
            return fail_at(t, depth + 1, "an array where a number should be");
        } else {
            ZKG_TRY(read_array(t, depth + 1));
        }
        if (zkg_lex_peek(&t->x) == ']')
            break;
        ZKG_TRY(zkg_lex_take(&t->x, ',', "or ']' after a value"));
    }
    count++;
    if (t->extent[depth] == 0)
        t->extent[depth] = count;
    if (t->extent[depth] != count)
        return fail_at(t, depth,
                       "ragged: %" PRIu64 " members, but others have %" PRIu64,
                       count, t->extent[depth]);
    t->x.pos++;
    return ZKG_OK;
}

static zkg_status read_entries(stream *t)
{
    if (zkg_lex_peek(&t->x) != '[')
        return zkg_lex_fail(&t->x, "input_data: expected an array of arrays");
    t->x.pos++;
    if (zkg_lex_peek(&t->x) == ']')
        return zkg_lex_fail(&t->x, "input_data: it is empty");
    for (;; t->entry++) {
        memset(t->extent, 0, sizeof(t->extent));
        t->number_depth = 0;
        if (zkg_lex_peek(&t->x) != '[')
            return fail_at(t, 0,
                           "expected an array of numbers, one for each "
                           "input of the graph");
        ZKG_TRY(read_array(t, 0));
        if (zkg_lex_peek(&t->x) == ']')
            break;
        if (t->entry == UINT32_MAX)
            return fail_at(t, 0, "too many entries");
        ZKG_TRY(zkg_lex_take(&t->x, ',', "or ']' after a value"));
    }
    t->x.pos++;
    return ZKG_OK;
}

/* Step over any value. */
static zkg_status skip_value(zkg_lex *x, uint32_t depth)
{
    const char c = zkg_lex_peek(x);
    zkg_lex_number n;
    size_t len;

    if (c == '"')
        return zkg_lex_string(x, NULL, &len);
    if (c == 't')
        return zkg_lex_word(x, "true");
    if (c == 'f')
        return zkg_lex_word(x, "false");
    if (c == 'n')
        return zkg_lex_word(x, "null");
    if (c != '[' && c != '{')
        return zkg_lex_number_token(x, &n);
    if (depth == ZKG_JSON_MAX_DEPTH)
        return zkg_lex_fail(x, "more than %d levels", ZKG_JSON_MAX_DEPTH);
    x->pos++;
    if (zkg_lex_peek(x) == (c == '[' ? ']' : '}')) {
        x->pos++;
        return ZKG_OK;
    }
    for (;;) {
        if (c == '{') {
            ZKG_TRY(zkg_lex_string(x, NULL, &len));
            ZKG_TRY(zkg_lex_take(x, ':', "after a key"));
        }
        ZKG_TRY(skip_value(x, depth + 1));
        if (zkg_lex_peek(x) == (c == '[' ? ']' : '}'))
            break;
        ZKG_TRY(zkg_lex_take(x, ',', "after a value"));
    }
    x->pos++;
    return ZKG_OK;
}

zkg_status zkg_json_numbers(const char *text, size_t len, const char *file,
                            zkg_json_number_fn *each, zkg_json_word_fn *word,
                            void *user, zkg_error *err)
{
    static const char *const known[] = {"input_data", "input_shapes",
                                        "output_data"};
    bool seen[3] = {false};
    stream t = {.each = each, .word = word, .user = user};

    zkg_lex_init(&t.x, text, len, file, err);
    ZKG_TRY(zkg_lex_take(&t.x, '{', "to begin {\"input_data\": [[...]]}"));
    while (zkg_lex_peek(&t.x) != '}') {
        const zkg_lex start = t.x;
        char key[64];
        size_t key_len;
        size_t which = 0;

        ZKG_TRY(zkg_lex_string(&t.x, NULL, &key_len));
        if (key_len < sizeof(key)) {
            t.x = start;
            ZKG_TRY(zkg_lex_string(&t.x, key, &key_len));
        } else {
            strcpy(key, "...");
        }
        while (which < 3 && strcmp(key, known[which]) != 0)
            which++;
        if (which == 3) {
            const char *nearest = zkg_nearest_name(key, known, 3);

            return zkg_lex_fail(&start, "unknown key \"%s\"%s%s%s", key,
                                nearest == NULL ? "" : "; did you mean \"",
                                nearest == NULL ? "" : nearest,
                                nearest == NULL ? "" : "\"?");
        }
        if (seen[which])
            return zkg_lex_fail(&start, "key \"%s\" is there twice", key);
        seen[which] = true;
        ZKG_TRY(zkg_lex_take(&t.x, ':', "after a key"));
        ZKG_TRY(which == 0 ? read_entries(&t) : skip_value(&t.x, 1));
        if (zkg_lex_peek(&t.x) == '}')
            break;
        ZKG_TRY(zkg_lex_take(&t.x, ',', "or '}' after a member"));
        if (zkg_lex_peek(&t.x) == '}')
            return zkg_lex_fail(&t.x, "expected a key, found '}'");
    }
    ZKG_TRY(zkg_lex_take(&t.x, '}', "to end"));
    if (!seen[0])
        return zkg_lex_fail(&t.x, "key \"input_data\" is missing");
    return zkg_lex_end(&t.x);
}
