/* SPDX-License-Identifier: Apache-2.0
 * The tokens of JSON. */
#include "base/json_lex.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER_CHARS 511
#define MAX_NAME_CHARS 63

void zkg_lex_init(zkg_lex *x, const char *text, size_t len, const char *file,
                  zkg_error *err)
{
    *x = (zkg_lex){
        .text = text, .len = len, .line = 1, .file = file, .err = err};
}

uint32_t zkg_lex_column(const zkg_lex *x)
{
    return (uint32_t)(x->pos - x->line_start + 1);
}

zkg_status zkg_lex_fail(const zkg_lex *x, const char *fmt, ...)
{
    char text[640];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return zkg_fail(x->err, ZKG_ERR_MALFORMED, "%s:%u:%u: %s", x->file, x->line,
                    zkg_lex_column(x), text);
}

char zkg_lex_peek(zkg_lex *x)
{
    for (; x->pos < x->len; x->pos++) {
        const char c = x->text[x->pos];

        if (c == '\n') {
            x->line++;
            x->line_start = x->pos + 1;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return c;
        }
    }
    return '\0';
}

/* What stands at the next byte, for a message. */
static void describe_next(const zkg_lex *x, char out[48])
{
    const unsigned char c =
        x->pos < x->len ? (unsigned char)x->text[x->pos] : 0;

    if (x->pos >= x->len)
        (void)snprintf(out, 48, "the end of the file");
    else if (c < 0x20 || c >= 0x7f)
        (void)snprintf(out, 48, "byte 0x%02x", c);
    else
        (void)snprintf(out, 48, "'%c'", c);
}

zkg_status zkg_lex_take(zkg_lex *x, char c, const char *after)
{
    char found[48];

    if (zkg_lex_peek(x) == c && x->pos < x->len) {
        x->pos++;
        return ZKG_OK;
    }
    describe_next(x, found);
    return zkg_lex_fail(x, "expected '%c' %s, found %s", c, after, found);
}

zkg_status zkg_lex_word(zkg_lex *x, const char *word)
{
    const size_t n = strlen(word);
    char found[48];

    if (x->len - x->pos >= n && memcmp(x->text + x->pos, word, n) == 0) {
        x->pos += n;
        return ZKG_OK;
    }
    describe_next(x, found);
    return zkg_lex_fail(x, "expected a value, found %s", found);
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char at(const zkg_lex *x, size_t pos)
{
    return pos < x->len ? x->text[pos] : '\0';
}

/* NaN and the like, which some writers put where a number should be. */
static bool is_nonfinite_word(const zkg_lex *x)
{
    static const char *const words[] = {"NaN", "nan",  "Infinity",  "-Infinity",
                                        "inf", "-inf", "-NaN",      "-nan",
                                        "Inf", "-Inf", "+Infinity", "infinity"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const size_t n = strlen(words[i]);

        if (x->len - x->pos >= n && memcmp(x->text + x->pos, words[i], n) == 0)
            return true;
    }
    return false;
}

/* The value of [-]digits[.digits], when a double holds its digits and the power
 * of ten exactly: one division rounds as strtod does. */
static bool short_decimal(double *out, const char *text, size_t len)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3, 1e4,  1e5,
                                   1e6,  1e7,  1e8,  1e9, 1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15};
    const bool negative = len > 0 && text[0] == '-';
    uint64_t digits = 0;
    size_t i = negative ? 1 : 0, places = 0;
    bool point = false;

    if (len > 17)
        return false;
    for (; i < len; i++) {
        if (text[i] == '.') {
            point = true;
        } else if (is_digit(text[i])) {
            digits = 10 * digits + (uint64_t)(text[i] - '0');
            places += point;
        } else {
            return false;
        }
    }
    if (digits > (uint64_t)1 << 53 || places > 15)
        return false;
    *out = (double)digits / power[places];
    *out = negative ? -*out : *out;
    return true;
}

zkg_status zkg_lex_number_token(zkg_lex *x, zkg_lex_number *out)
{
    char copy[MAX_NUMBER_CHARS + 1];
    char found[48];
    size_t p = x->pos;
    size_t digits;

    *out = (zkg_lex_number){.is_integer = true};
    if (!is_digit(at(x, p + (at(x, p) == '-'))) && is_nonfinite_word(x))
        return zkg_lex_fail(x, "not a finite number");
    if (at(x, p) == '-') {
        out->negative = true;
        p++;
    }
    digits = p;
    while (is_digit(at(x, p))) {
        const uint64_t digit = (uint64_t)(at(x, p) - '0');

        if (__builtin_mul_overflow(out->magnitude, 10, &out->magnitude) ||
            __builtin_add_overflow(out->magnitude, digit, &out->magnitude))
            out->is_integer = false;
        p++;
    }
    if (p == digits) {
        describe_next(x, found);
        return zkg_lex_fail(x, "expected a number, found %s", found);
    }
    if (at(x, digits) == '0' && p - digits > 1)
        return zkg_lex_fail(x, "a number may not begin with a zero");
    if (at(x, p) == '.') {
        out->is_integer = false;
        digits = ++p;
        while (is_digit(at(x, p)))
            p++;
        if (p == digits)
            return zkg_lex_fail(x, "a number needs digits after its point");
    }
    if (at(x, p) == 'e' || at(x, p) == 'E') {
        out->is_integer = false;
        p++;
        if (at(x, p) == '+' || at(x, p) == '-')
            p++;
        digits = p;
        while (is_digit(at(x, p)))
            p++;
        if (p == digits)
            return zkg_lex_fail(x, "a number needs digits in its exponent");
    }
    if (p - x->pos > MAX_NUMBER_CHARS)
        return zkg_lex_fail(x, "a number of more than %d characters",
                            MAX_NUMBER_CHARS);
    if (!short_decimal(&out->value, x->text + x->pos, p - x->pos)) {
        memcpy(copy, x->text + x->pos, p - x->pos);
        copy[p - x->pos] = '\0';
        out->value = strtod(copy, NULL);
        if (!isfinite(out->value))
            return zkg_lex_fail(x, "not a finite number (too large)");
    }
    x->pos = p;
    return ZKG_OK;
}

/* ---- strings ---- */

static int hex4(const zkg_lex *x, size_t pos)
{
    int v = 0;

    for (size_t i = 0; i < 4; i++) {
        const char c = at(x, pos + i);
        const char *digits = "0123456789abcdef";
        const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        const char *d = lower == '\0' ? NULL : strchr(digits, lower);

        if (d == NULL)
            return -1;
        v = 16 * v + (int)(d - digits);
    }
    return v;
}

static size_t utf8_encode(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The length of the UTF-8 character at pos; 0 when it is none. */
static size_t utf8_length(const zkg_lex *x, size_t pos)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char c = (unsigned char)at(x, pos);
    const size_t n = c < 0x80             ? 1
                     : (c & 0xe0) == 0xc0 ? 2
                     : (c & 0xf0) == 0xe0 ? 3
                     : (c & 0xf8) == 0xf0 ? 4
                                          : 0;
    uint32_t code = n == 1 ? c : c & (0x7fU >> n);

    for (size_t i = 1; i < n; i++) {
        const unsigned char d = (unsigned char)at(x, pos + i);

        if ((d & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (d & 0x3f);
    }
    if (n == 0 || code < least[n] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return n;
}

/* The escape at x->pos, which is after the backslash. */
static zkg_status escape(zkg_lex *x, char out[4], size_t *n)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char c = at(x, x->pos);
    const char *simple = c == '\0' ? NULL : strchr(from, c);
    uint32_t code;
    int unit;

    *n = 1;
    if (simple != NULL) {
        out[0] = to[simple - from];
        x->pos++;
        return ZKG_OK;
    }
    unit = c == 'u' ? hex4(x, x->pos + 1) : -1;
    if (unit < 0)
        return zkg_lex_fail(x, "unknown escape in a string");
    x->pos += 5;
    code = (uint32_t)unit;
    if (code >= 0xd800 && code <= 0xdbff) {
        const int low = at(x, x->pos) == '\\' && at(x, x->pos + 1) == 'u'
                            ? hex4(x, x->pos + 2)
                            : -1;

        if (low < 0xdc00 || low > 0xdfff)
            return zkg_lex_fail(x, "half of a surrogate pair in a string");
        code = 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        x->pos += 6;
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return zkg_lex_fail(x, "half of a surrogate pair in a string");
    }
    if (code == 0)
        return zkg_lex_fail(x, "a zero character in a string");
    *n = utf8_encode(out, code);
    return ZKG_OK;
}

zkg_status zkg_lex_string(zkg_lex *x, char *out, size_t *out_len)
{
    size_t len = 0;

    ZKG_TRY(zkg_lex_take(x, '"', "to begin a string"));
    for (;;) {
        const char c = at(x, x->pos);
        char decoded[4];
        size_t n;

        if (x->pos >= x->len)
            return zkg_lex_fail(x, "a string without an end");
        if (c == '"')
            break;
        if ((unsigned char)c < 0x20)
            return zkg_lex_fail(x, "a control character in a string");
        if (c == '\\') {
            x->pos++;
            ZKG_TRY(escape(x, decoded, &n));
        } else {
            n = utf8_length(x, x->pos);
            if (n == 0)
                return zkg_lex_fail(x, "a string that is not UTF-8");
            memcpy(decoded, x->text + x->pos, n);
            x->pos += n;
        }
        if (out != NULL)
            memcpy(out + len, decoded, n);
        len += n;
    }
    x->pos++;
    if (out != NULL)
        out[len] = '\0';
    *out_len = len;
    return ZKG_OK;
}

zkg_status zkg_lex_end(zkg_lex *x)
{
    char found[48];

    (void)zkg_lex_peek(x);
    if (x->pos == x->len)
        return ZKG_OK;
    describe_next(x, found);
    return zkg_lex_fail(x, "nothing may follow the value, found %s", found);
}

/* ---- names ---- */

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* How many letters to insert, drop or change. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[MAX_NAME_CHARS + 1];
    const size_t m = strlen(a);
    const size_t n = strlen(b);

    if (m > MAX_NAME_CHARS || n > MAX_NAME_CHARS)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const size_t above = row[j];

            row[j] = min3(above + 1, row[j - 1] + 1,
                          diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

const char *zkg_nearest_name(const char *name, const char *const *known,
                             size_t count)
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 2 + 1;

    for (size_t i = 0; i < count; i++) {
        const size_t d = edit_distance(name, known[i]);

        if (d < best_distance) {
            best_distance = d;
            best = known[i];
        }
    }
    return best;
}
