/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CIRCUIT_PROGRAM_H
#define ZKG_CIRCUIT_PROGRAM_H

/**
 * @file
 * Witness programs: what a kernel computes, value after value, for one copy.
 *
 * A program reads some parameters of its kernel and makes others (outputs,
 * and what hints found), and holds the kernel's assertions to them, so that a
 * failing one is named.  It is stored beside the statement and is no part of
 * what is proven.
 *
 * Values are numbered in the order of the operations that make them.  An
 * operation is a few words:
 *
 *   CONSTANT c                   constant[c]
 *   GET p i                      value i of one copy of parameter p
 *   MUL a b                      value a * value b
 *   SUM c n (c_j a_j) * n        constant[c] + sum_j constant[c_j] value a_j
 *   HINT t k c.. n a.. m         m values: the hint text[t], given k
 *                                constants, then n values
 *   ZERO a t                     value a must be 0; text[t] says what it is
 *   PUT p i a                    value i of one copy of parameter p is value a
 *
 * A parameter's values count row-major over its shape, without copies.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"
#include "tensor/array.h"
#include "zkgkr/hint.h"
#include "zkgkr/status.h"

typedef enum zkg_program_op {
    ZKG_OP_CONSTANT = 0,
    ZKG_OP_GET = 1,
    ZKG_OP_MUL = 2,
    ZKG_OP_SUM = 3,
    ZKG_OP_HINT = 4,
    ZKG_OP_ZERO = 5,
    ZKG_OP_PUT = 6
} zkg_program_op;

/** Parameter k of the program is parameter k of the kernel. */
typedef struct zkg_program_param {
    char *name;     /**< owned */
    uint32_t count; /**< values in one copy */
    bool made;      /**< by the program; else it is read */
} zkg_program_param;

/** A program; all of it is owned.  {0} is an empty one. */
typedef struct zkg_program {
    uint32_t params;
    zkg_program_param *param;
    uint32_t constants;
    zkg_fr *constant;
    uint32_t texts;
    char **text;
    uint32_t words;
    uint32_t *code;
    uint32_t values; /**< set by zkg_program_check() */
} zkg_program;

void zkg_program_clear(zkg_program *p);

/* ---- recording: lists grow; ids count from 0 ---- */

ZKG_MUST_CHECK zkg_status zkg_program_add_param(zkg_program *p,
                                                const char *name,
                                                uint32_t count, bool made,
                                                zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_program_add_constant(zkg_program *p,
                                                   const zkg_fr *v,
                                                   zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_program_add_text(zkg_program *p, const char *text,
                                               zkg_error *err);
ZKG_MUST_CHECK zkg_status zkg_program_add_words(zkg_program *p,
                                                const uint32_t *word,
                                                uint32_t n, zkg_error *err);

/**
 * Whether every operation is one, reads values that are there by then, and
 * stays inside its parameter; sets values.
 *
 * @retval ZKG_ERR_MALFORMED err names the word
 */
ZKG_MUST_CHECK zkg_status zkg_program_check(zkg_program *p, zkg_error *err);

/** As bytes (docs/formats.md); owned by the caller: zkg_free(). */
ZKG_MUST_CHECK zkg_status zkg_program_encode(uint8_t **bytes, size_t *len,
                                             const zkg_program *p,
                                             zkg_error *err);

/** Decode and check.  Safe on any bytes: no length is trusted. */
ZKG_MUST_CHECK zkg_status zkg_program_decode(zkg_program *out,
                                             const uint8_t *bytes, size_t len,
                                             zkg_error *err);

/**
 * Run copies [0, copies).
 *
 * @param kernel    its name, for messages
 * @param array     one a parameter, of copies * count values, or of count where
 *                  it is broadcast; those that are made are written, all of
 *                  their cells; NULL where the program has no use for it
 * @param broadcast one a parameter; none that is made
 *
 * @retval ZKG_ERR_WITNESS     an assertion does not hold, a hint finds nothing,
 *                             a value does not fit its type: err names the
 *                             kernel, the copy and the assertion
 * @retval ZKG_ERR_MALFORMED   a hint is not asked for as it should be
 * @retval ZKG_ERR_UNSUPPORTED a hint that is not there
 * @retval ZKG_ERR_INVALID     arrays that do not fit
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_program_run(const zkg_program *p,
                                          const char *kernel, uint64_t copies,
                                          zkg_array *const *array,
                                          const bool *broadcast,
                                          const zkg_hints *hints,
                                          zkg_error *err);

/* ---- hints ---- */

/**
 * The hints that are built in; NULL when there is none of that name.
 *
 *   bits         one value: its `outs` bits, lowest first
 *   limbs        w; one value: its `outs` limbs of w bits, lowest first
 *   divide       a, b: quotient and remainder, as numbers below p
 *   inverse      each value's inverse, which must be there
 *   same         each value
 *   rows         c, rows of c; keys: of each, the other c - 1 of its row
 *   counts       c, t; t rows of c values, then queries of c: how often each
 *                row is asked for
 *
 * What stands before `;` are constants.
 *
 * ZKG_ERR_MALFORMED: other numbers of constants, values or results than these;
 * ZKG_ERR_WITNESS: there is no such result.
 *
 * @param constant what the program gives beside values
 */
typedef zkg_status (*zkg_builtin_fn)(zkg_scalar *out, size_t outs,
                                     const zkg_scalar *constant,
                                     size_t constants, const zkg_scalar *in,
                                     size_t ins, zkg_error *err);
zkg_builtin_fn zkg_builtin_hint(const char *name);

#endif
