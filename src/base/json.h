/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_JSON_H
#define ZKGKR_BASE_JSON_H

/**
 * @file
 * JSON (RFC 8259) for graphs and reports: small files that people read.  Bulk
 * numbers go through base/jsonnum.h.
 *
 * Strict: keys are case-sensitive and occur once; nothing follows the value;
 * numbers are finite; strings are UTF-8 without zero characters; at most
 * ZKG_JSON_MAX_DEPTH levels.  Every message begins with file:line:column, the
 * column in bytes from 1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "zkgkr/status.h"

#define ZKG_JSON_MAX_DEPTH 64

/* ---- reading ---- */

typedef enum zkg_json_kind {
    ZKG_JSON_NULL,
    ZKG_JSON_BOOL,
    ZKG_JSON_NUMBER,
    ZKG_JSON_STRING,
    ZKG_JSON_ARRAY,
    ZKG_JSON_OBJECT
} zkg_json_kind;

typedef struct zkg_json_doc zkg_json_doc;

/** A value; it and all its strings live as long as its document. */
typedef struct zkg_json zkg_json;

/**
 * Parse a whole text.
 *
 * @param[out] doc  to be freed with zkg_json_free(); set on success only
 * @param[in]  file its name, for messages; copied
 *
 * @retval ZKG_ERR_MALFORMED not strict JSON
 * @retval ZKG_ERR_NOMEM     not enough memory
 */
ZKG_MUST_CHECK zkg_status zkg_json_parse(zkg_json_doc **doc, const char *text,
                                         size_t len, const char *file,
                                         zkg_error *err);

/** Read and parse a file of at most max_bytes. */
ZKG_MUST_CHECK zkg_status zkg_json_read(zkg_json_doc **doc, const char *path,
                                        size_t max_bytes, zkg_error *err);

/** doc may be NULL. */
void zkg_json_free(zkg_json_doc *doc);

const zkg_json *zkg_json_root(const zkg_json_doc *doc);

zkg_json_kind zkg_json_kind_of(const zkg_json *v);

/** How many values an array or object has; 0 for anything else. */
size_t zkg_json_count(const zkg_json *v);

/**
 * The values of an array or object in order, each step in constant time:
 * `for (m = zkg_json_first(v); m != NULL; m = zkg_json_next(m))`
 */
const zkg_json *zkg_json_first(const zkg_json *v);
const zkg_json *zkg_json_next(const zkg_json *v);

/** The key under which an object holds v; "" in an array. */
const char *zkg_json_key(const zkg_json *v);

/** The value under key; NULL when there is none or v is no object. */
const zkg_json *zkg_json_get(const zkg_json *v, const char *key);

/** As zkg_json_get(), but a missing key or another kind is malformed. */
ZKG_MUST_CHECK zkg_status zkg_json_need(const zkg_json **out, const zkg_json *v,
                                        const char *key, zkg_json_kind kind,
                                        zkg_error *err);

/** Malformed unless v is of this kind. */
ZKG_MUST_CHECK zkg_status zkg_json_expect(const zkg_json *v, zkg_json_kind kind,
                                          zkg_error *err);

/** Malformed when object v has a key that is not known; names the nearest. */
ZKG_MUST_CHECK zkg_status zkg_json_only_keys(const zkg_json *v,
                                             const char *const *known,
                                             size_t count, zkg_error *err);

/** The value, or malformed when v is of another kind or out of range.  The
 * two integers are also read from a string of decimal digits, as counts above
 * 2^53 are written; a number with a fraction or exponent is no integer. */
ZKG_MUST_CHECK zkg_status zkg_json_i64(int64_t *out, const zkg_json *v,
                                       int64_t min, int64_t max,
                                       zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_json_u64(uint64_t *out, const zkg_json *v,
                                       uint64_t max, zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_json_double(double *out, const zkg_json *v,
                                          zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_json_bool(bool *out, const zkg_json *v,
                                        zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_json_string(const char **out, const zkg_json *v,
                                          zkg_error *err);

/** zkg_fail() with v's file:line:column before the message. */
zkg_status zkg_json_fail(zkg_error *err, const zkg_json *v, zkg_status s,
                         const char *fmt, ...) ZKG_PRINTF(4, 5);

/* ---- writing ---- */

/**
 * JSON being written: two spaces a level, one member a line, except inside a
 * line array or object, which stays on one line.  The same calls give the same
 * bytes.  Sticky, as zkg_writer: check zkg_json_out_finish() only.
 */
typedef struct zkg_json_out {
    zkg_writer bytes; /**< the text; owned */
    uint32_t depth;
    uint8_t is_object[ZKG_JSON_MAX_DEPTH];
    uint8_t is_line[ZKG_JSON_MAX_DEPTH];
    uint8_t has_member[ZKG_JSON_MAX_DEPTH];
    bool after_key;
} zkg_json_out;

void zkg_json_out_init(zkg_json_out *o);
void zkg_json_out_free(zkg_json_out *o);

void zkg_json_out_object(zkg_json_out *o);      /**< { */
void zkg_json_out_line_object(zkg_json_out *o); /**< { on one line */
void zkg_json_out_array(zkg_json_out *o);       /**< [ */
void zkg_json_out_line_array(zkg_json_out *o);  /**< [ on one line */
void zkg_json_out_end(zkg_json_out *o);         /**< ] or } */

void zkg_json_out_key(zkg_json_out *o, const char *key);
void zkg_json_out_string(zkg_json_out *o, const char *s);
void zkg_json_out_i64(zkg_json_out *o, int64_t v);   /**< a string from 2^53 */
void zkg_json_out_u64(zkg_json_out *o, uint64_t v);  /**< a string from 2^53 */
void zkg_json_out_double(zkg_json_out *o, double v); /**< shortest; or null */
void zkg_json_out_bool(zkg_json_out *o, bool v);

/** End with a newline; ZKG_ERR_INTERNAL when something is still open. */
ZKG_MUST_CHECK zkg_status zkg_json_out_finish(zkg_json_out *o);

#endif
