/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_JSON_LEX_H
#define ZKGKR_BASE_JSON_LEX_H

/**
 * @file
 * The tokens of JSON, for base/json.c and base/jsonnum.c only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

typedef struct zkg_lex {
    const char *text;
    size_t len;
    size_t pos;
    size_t line_start;
    uint32_t line;
    const char *file;
    zkg_error *err;
} zkg_lex;

typedef struct zkg_lex_number {
    double value;
    bool is_integer; /* no fraction, no exponent, fits integer */
    bool negative;
    uint64_t magnitude;
} zkg_lex_number;

void zkg_lex_init(zkg_lex *x, const char *text, size_t len, const char *file,
                  zkg_error *err);

/* Where the next byte stands. */
uint32_t zkg_lex_column(const zkg_lex *x);

/* Malformed, at the next byte. */
zkg_status zkg_lex_fail(const zkg_lex *x, const char *fmt, ...)
    ZKG_PRINTF(2, 3);

/* Step over white space; the next byte, or 0 at the end. */
char zkg_lex_peek(zkg_lex *x);

/* The next byte, after white space, must be c; step over it. */
zkg_status zkg_lex_take(zkg_lex *x, char c, const char *after);

/* true, false or null. */
zkg_status zkg_lex_word(zkg_lex *x, const char *word);

zkg_status zkg_lex_number_token(zkg_lex *x, zkg_lex_number *out);

/* A string, decoded into out (as many bytes as the token has suffice), with a
 * zero.  out may be NULL: checked only. */
zkg_status zkg_lex_string(zkg_lex *x, char *out, size_t *out_len);

/* Nothing but white space is left. */
zkg_status zkg_lex_end(zkg_lex *x);

/* The name in known that is nearest to name, or NULL when none is near. */
const char *zkg_nearest_name(const char *name, const char *const *known,
                             size_t count);

#endif
