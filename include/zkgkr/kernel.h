/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_KERNEL_H
#define ZKGKR_KERNEL_H

/**
 * @file
 * Kernels: a computation over field elements, recorded once, then run and
 * proven over any number of copies (docs/kernels.md).
 *
 *     zkg_recorder *r;
 *
 *     ZKG_TRY(zkg_recorder_new(&r, "add_2", &err));
 *     const zkg_param a = zkg_input(r, "a", ZKG_I32, 1, (uint64_t[]){2});
 *     const zkg_param s = zkg_output(r, "s", ZKG_I32, 0, NULL);
 *     zkg_set(r, s, 0, zkg_add(r, zkg_get(r, a, 0), zkg_get(r, a, 1)));
 *     ZKG_TRY(zkg_recorder_finish(r, &err));
 *
 * A kernel is what its calls record: there is one flow through it, and a value
 * is a variable without a number yet.  It becomes a layered circuit, which is
 * proven, and a program, which computes outputs and hints of each copy.
 *
 * Recording does not fail call by call: the first mistake is kept, later calls
 * do nothing, and zkg_recorder_finish() reports it with the kernel's name.
 *
 * Types are how tensors are stored and committed: smaller ones are cheaper.
 * They prove nothing.  All arithmetic is mod p (zkgkr/hint.h); whoever needs
 * numbers held to a range asks for that with zkg_range().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/dtype.h"
#include "zkgkr/hint.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A kernel being recorded, or finished.  Opaque. */
typedef struct zkg_recorder zkg_recorder;

/** A value of the kernel at hand. */
typedef struct zkg_var {
    uint32_t id;
} zkg_var;

/** A tensor parameter, by its place in the kernel. */
typedef struct zkg_param {
    uint32_t id;
} zkg_param;

/** A lookup table of the kernel. */
typedef struct zkg_lut {
    uint32_t id;
} zkg_lut;

/** A new kernel, to be freed with zkg_recorder_free().  Graphs and keys keep
 *  the name: letters, digits, and any of _.:/- */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_recorder_new(zkg_recorder **out,
                                                   const char *name,
                                                   zkg_error *err);

/** r may be NULL.  Graphs hold copies of what they need. */
ZKG_API void zkg_recorder_free(zkg_recorder *r);

/**
 * End the recording.
 *
 * @retval ZKG_ERR_INVALID     the first mistake: an index out of range, an
 *                             output that is not set, a table without a check
 * @retval ZKG_ERR_UNSUPPORTED too large
 * @retval ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_recorder_finish(zkg_recorder *r,
                                                      zkg_error *err);

/* ---- parameters ---- */

/** A tensor that the kernel reads; of one copy, without the axis of copies.
 *
 * @param name letters, digits and _, not beginning with a digit
 * @param len  `axes` lengths; row-major, the last axis lowest
 */
ZKG_API zkg_param zkg_input(zkg_recorder *r, const char *name, zkg_dtype type,
                            uint32_t axes, const uint64_t *len);

/** One that it makes: every entry is set once. */
ZKG_API zkg_param zkg_output(zkg_recorder *r, const char *name, zkg_dtype type,
                             uint32_t axes, const uint64_t *len);

/** One that it reads and gives back changed: zkg_get() reads what came in,
 *  zkg_set() sets what goes out.  An entry that is not set stays. */
ZKG_API zkg_param zkg_inout(zkg_recorder *r, const char *name, zkg_dtype type,
                            uint32_t axes, const uint64_t *len);

/** Entry i of an input, row-major. */
ZKG_API zkg_var zkg_get(zkg_recorder *r, zkg_param p, uint64_t i);

/** Set entry i of an output. */
ZKG_API void zkg_set(zkg_recorder *r, zkg_param p, uint64_t i, zkg_var x);

/* ---- arithmetic ---- */

ZKG_API zkg_var zkg_constant(zkg_recorder *r, int64_t v);
ZKG_API zkg_var zkg_constant_scalar(zkg_recorder *r, const zkg_scalar *v);
/** zkg_scalar_parse() of a decimal or hexadecimal number. */
ZKG_API zkg_var zkg_constant_text(zkg_recorder *r, const char *text);

ZKG_API zkg_var zkg_add(zkg_recorder *r, zkg_var x, zkg_var y);
ZKG_API zkg_var zkg_sub(zkg_recorder *r, zkg_var x, zkg_var y);
ZKG_API zkg_var zkg_neg(zkg_recorder *r, zkg_var x);
ZKG_API zkg_var zkg_mul(zkg_recorder *r, zkg_var x, zkg_var y);
/** c x */
ZKG_API zkg_var zkg_scale(zkg_recorder *r, int64_t c, zkg_var x);
/** x[0] + .. + x[n-1]; 0 for n = 0. */
ZKG_API zkg_var zkg_sum(zkg_recorder *r, size_t n, const zkg_var *x);
/** c0 + c[0] x[0] + .. + c[n-1] x[n-1] */
ZKG_API zkg_var zkg_combine(zkg_recorder *r, int64_t c0, size_t n,
                            const int64_t *c, const zkg_var *x);
/** The same with coefficients of any size; c0 may be NULL: 0. */
ZKG_API zkg_var zkg_combine_scalar(zkg_recorder *r, const zkg_scalar *c0,
                                   size_t n, const zkg_scalar *c,
                                   const zkg_var *x);

/** x must be 0 in every copy.
 *  @param label for messages; NULL: its number */
ZKG_API void zkg_assert_zero(zkg_recorder *r, zkg_var x, const char *label);
ZKG_API void zkg_assert_equal(zkg_recorder *r, zkg_var x, zkg_var y,
                              const char *label);

/**
 * A random value, drawn after everything is committed: the same in all copies.
 * Nothing that depends on it can be an output, a hint's argument or a query.
 */
ZKG_API zkg_var zkg_challenge(zkg_recorder *r);

/* ---- hints: found by the prover, committed; to be checked by assertions ----
 */

/**
 * The results of a hint by its name: built in, or one that the program which
 * makes witnesses brings (zkgkr/hint.h).
 *
 * @param type how to store them
 */
ZKG_API void zkg_hint_call(zkg_recorder *r, const char *name, zkg_dtype type,
                           size_t outs, zkg_var *out, size_t ins,
                           const zkg_var *in);

/** n bits of x, lowest first, not checked. */
ZKG_API void zkg_hint_bits(zkg_recorder *r, size_t n, zkg_var *out, zkg_var x);
/** n limbs of `width` (at most 62) bits, lowest first, not checked. */
ZKG_API void zkg_hint_limbs(zkg_recorder *r, size_t n, uint32_t width,
                            zkg_var *out, zkg_var x);
/** a = q b + rest as numbers below p, not checked. */
ZKG_API void zkg_hint_divide(zkg_recorder *r, zkg_dtype type, zkg_var *q,
                             zkg_var *rest, zkg_var a, zkg_var b);
/** 1 / x, not checked. */
ZKG_API zkg_var zkg_hint_inverse(zkg_recorder *r, zkg_var x);

/** n bits of x, lowest first: each 0 or 1, and they make up x.
 *  @param n at most 253, so that they are unique */
ZKG_API void zkg_bits(zkg_recorder *r, size_t n, zkg_var *out, zkg_var x);
/** 1 / x; there is no witness when x is 0. */
ZKG_API zkg_var zkg_inverse(zkg_recorder *r, zkg_var x);
/**
 * x, committed: what follows reads it from there instead of from the layers
 * that made it.  Trades a commitment for depth.
 */
ZKG_API zkg_var zkg_commit(zkg_recorder *r, zkg_dtype type, zkg_var x);

/* ---- lookups ---- */

/**
 * A table of a key and `values` values a row.
 *
 * Rows that are constants make a table of the graph, shared by all its queries
 * in all copies; a name means the same rows in all kernels.  Rows that are
 * variables (zkg_lut_row_vars) make a table of each copy alone.
 *
 * @param name letters, digits, _ and .
 */
ZKG_API zkg_lut zkg_lut_new(zkg_recorder *r, const char *name, uint32_t values);
/** The numbers 0 .. 2^bits - 1, without values; bits 1 .. 20. */
ZKG_API zkg_lut zkg_lut_range(zkg_recorder *r, uint32_t bits);
/** One more row. */
ZKG_API void zkg_lut_row(zkg_recorder *r, zkg_lut t, int64_t key,
                         const int64_t *value);
/** `rows` more rows; value[c] is column c. */
ZKG_API void zkg_lut_columns(zkg_recorder *r, zkg_lut t, size_t rows,
                             const int64_t *key, const int64_t *const *value);
/** One more row, of values of this kernel. */
ZKG_API void zkg_lut_row_vars(zkg_recorder *r, zkg_lut t, zkg_var key,
                              const zkg_var *value);

/** (key, value[0], ..) is a row. */
ZKG_API void zkg_lut_query(zkg_recorder *r, zkg_lut t, zkg_var key,
                           const zkg_var *value);
/** n queries; value: n times the table's values. */
ZKG_API void zkg_lut_query_batch(zkg_recorder *r, zkg_lut t, size_t n,
                                 const zkg_var *key, const zkg_var *value);
/** The values of n keys: found by a hint, then queried; constant rows that
 *  are all there by now.  Each call stores the rows with its hint: look many
 *  keys up at once.  A table with two rows of one key and other values is
 *  refused: any of them could be proven. */
ZKG_API void zkg_lut_find(zkg_recorder *r, zkg_lut t, zkg_dtype type, size_t n,
                          const zkg_var *key, zkg_var *value);

/** Hold the queries to the table, hinted: the prover counts how often each row
 *  is asked for, and commits to that.  Once a table. */
ZKG_API void zkg_lut_check(zkg_recorder *r, zkg_lut t);
/**
 * The same, hintless: the counts are an input of the kernel, one a row, which
 * a call binds broadcast: how often the rows are asked for in all copies of
 * the call together.  For a table of variables: in each copy; where its rows
 * turn out equal, what is proven is the sum of their counts, not which of them
 * has how many.
 */
ZKG_API void zkg_lut_check_counts(zkg_recorder *r, zkg_lut t, zkg_param counts);

/**
 * 0 <= x < 2^bits, by limbs that are looked up.
 *
 * @param limbs a zkg_lut_range() of the kernel, to be checked afterwards
 * @param bits  1 .. 128
 */
ZKG_API void zkg_range(zkg_recorder *r, zkg_lut limbs, zkg_var x,
                       uint32_t bits);

/* ---- what it costs ---- */

/** A finished kernel, one copy of it. */
typedef struct zkg_kernel_cost {
    uint32_t layers;
    uint64_t gates;                       /**< of all layers */
    uint64_t widest;                      /**< gates of the widest layer */
    uint64_t products, linear, constants; /**< terms of gates */
    uint64_t relays;    /**< linear terms that only carry a value on */
    uint64_t asserted;  /**< outputs included */
    uint64_t committed; /**< values of outputs and hints */
    uint64_t queries;
} zkg_kernel_cost;

ZKG_API ZKG_MUST_CHECK zkg_status zkg_recorder_cost(zkg_kernel_cost *out,
                                                    const zkg_recorder *r,
                                                    zkg_error *err);

/** The same as text, and a line a layer; free with zkg_recorder_free_text. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_recorder_describe(char **text,
                                                        const zkg_recorder *r,
                                                        zkg_error *err);
ZKG_API void zkg_recorder_free_text(char *text);

#ifdef __cplusplus
}
#endif

#endif
