/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_BACKEND_H
#define ZKG_BACKEND_BACKEND_H

/**
 * @file
 * Backends: tables of vector operations, the slots of slots.def.
 *
 * `ref` is their meaning, in portable C.  `cpu` is the same source compiled
 * for mulx; `cpu-ifma` has the slots over long tables eight elements at a time
 * by AVX-512 IFMA, and cpu's for the rest.  A backend never sees a tape.
 * A table's layout is its backend's; what goes in and out are integers and
 * zkg_fr.  No slot is collective; no slot keeps state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/wires.h"
#include "field/fr.h"
#include "tensor/dtype.h"
#include "zkgkr/status.h"

/** A table of 2^vars field elements in a backend's layout; owned by whoever
 *  made it, its memory too unless it was placed; a zeroed struct is no table.
 */
typedef struct zkg_table {
    uint32_t vars;
    void *data;
    size_t bytes;    /**< allocated; 0: the memory is another's */
    uint32_t layout; /**< the backend's own */
} zkg_table;

/** Summands of a sumcheck, by their tables. */
typedef enum zkg_form_kind {
    ZKG_FORM_PRODUCT,      /**< a b */
    ZKG_FORM_PRODUCT3,     /**< a b i; i may have fewer variables, the lowest */
    ZKG_FORM_FRACTION,     /**< p0, p1, q0, q1: p0 q1 + p1 q0 + lambda q0 q1.
                                In the slots lambda is 0: the driver adds
                                lambda q0 to p0 beforehand */
    ZKG_FORM_FRACTION_ONES /**< q0, q1: the same with p0 = p1 = 1; not in the
                                slots: the driver makes it a product */
} zkg_form_kind;

/** Tables of a kind: 2, 3, 4, 2. */
uint32_t zkg_form_arity(zkg_form_kind kind);

/**
 * Weights of the pairs of a part: pair i, i < 2^(vars-1), has the weight below;
 * or of its quads, i < 2^(vars-2):
 *   lo[(j >> free) mod 2^lo_bits] * hi[j >> (free + lo_bits)],  j = first + i.
 * lo NULL: all weights are 1 (hi is then NULL too).
 */
typedef struct zkg_weights {
    const zkg_fr *lo, *hi;
    uint32_t lo_bits;
    uint32_t free;  /**< low bits of j that carry no weight */
    uint64_t first; /**< pairs, or quads, in front of this slice */
} zkg_weights;

/**
 * What part_sums makes.  f_i(X) is the summand of pair i with table values
 * t[2i] + X (t[2i+1] - t[2i]); S(X) = sum_i weight_i f_i(X).
 *
 * at0 is made only when want_at0.  c2 and c3 are S's coefficients of X^2, X^3.
 */
typedef struct zkg_sums {
    bool want_at0; /**< in */
    zkg_fr at0, at1, c2, c3;
} zkg_sums;

/**
 * What quad_sums makes, for a round and the next one, out[ZKG_QUAD_SUMS].
 * P(X, Y) is the sum over quads i of weight_i a_i b_i, where a_i(X, Y) is
 * multilinear with the values a[4i], a[4i+1], a[4i+2], a[4i+3] at (0, 0),
 * (1, 0), (0, 1), (1, 1).  out[0] is of P(X, 0), without at0; out[1] of
 * P(X, 1) and out[2] of P's coefficient of Y^2, both with at0.
 *
 * So S(X) = h_0 P(X, 0) + h_1 P(X, 1) is what part_sums tells of these tables
 * where pairs 2i and 2i + 1 have h_0 and h_1 times weight_i; and of these
 * tables folded by r, where S(Y) = P(r, Y), at1 is P(r, 1) and c2 is P(r, .)'s
 * coefficient of Y^2: polynomials of degree 2, at r.
 */
#define ZKG_QUAD_SUMS 3

/** A column of pair_affine: coeff * values[i * step]. */
typedef struct zkg_column {
    const void *values;
    zkg_dtype type;
    size_t step; /**< 1, or 0: one value for all rows */
    zkg_fr coeff;
} zkg_column;

/** Columns of zkg_rows at most. */
#define ZKG_ROWS_COLUMNS 4

/** The integers of zkg_rows are below 2^ZKG_ROWS_BITS in absolute value: the
 *  products of two differences, and sums of two products, below 2^50. */
#define ZKG_ROWS_BITS 24

/**
 * Small integers that stand for field elements, so that the first round of a
 * sumcheck needs no table of them: row i is
 *   base + sum_{c < count} coeff_c values_c[first + i step].
 * No column is ZKG_FR; their own step is not read.  values_c holds step times
 * as many integers as there are rows: with step 2, those of two zkg_rows that
 * take turns.
 */
typedef struct zkg_rows {
    zkg_fr base;
    const zkg_column *columns; /**< not owned */
    uint32_t count;            /**< <= ZKG_ROWS_COLUMNS */
    uint32_t first, step;      /**< step 1 or 2, first < step */
} zkg_rows;

typedef struct zkg_backend {
    const char *name;
    uint32_t quads_from[2]; /**< a sumcheck begins to take two rounds with one
                                 reading of a product's tables when they have
                                 this many variables, [1]: and weights: by
                                 quad_sums and quad_fold_sums */
#define SLOT(slot, arguments, names, meaning) zkg_status(*slot) arguments;
#include "backend/slots.def"
#undef SLOT
} zkg_backend;

/** Portable C; always there. */
const zkg_backend *zkg_backend_ref(void);

/** The fastest for these features (base/cpu.h, zkg_cpu_features()). */
const zkg_backend *zkg_backend_get(uint32_t cpu_flags);

/** The features that make zkg_backend_get() choose the backend of this name;
 *  false: this processor has no such backend. */
bool zkg_backend_named(uint32_t *cpu_flags, const char *name);

/** A table of 2^vars from n <= 2^vars elements, 0 beyond.
 *  @retval ZKG_ERR_NOMEM and t is all zero */
ZKG_MUST_CHECK zkg_status zkg_table_from_fr(const zkg_backend *b, zkg_table *t,
                                            uint32_t vars, const zkg_fr *v,
                                            size_t n);

/** A table of 2^vars zeros.  @retval ZKG_ERR_NOMEM and t is all zero */
ZKG_MUST_CHECK zkg_status zkg_table_new(const zkg_backend *b, zkg_table *t,
                                        uint32_t vars);

/** out = t[0]; for tables of no variables. */
ZKG_MUST_CHECK zkg_status zkg_table_scalar(const zkg_backend *b, zkg_fr *out,
                                           const zkg_table *t);

/** Free; a zeroed struct is allowed. */
void zkg_table_clear(const zkg_backend *b, zkg_table *t);

#endif
