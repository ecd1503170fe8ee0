/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_EXHAUSTIVE_WITNESSES_H
#define ZKG_TESTS_EXHAUSTIVE_WITNESSES_H

/**
 * @file
 * All witnesses of a statement, found by plain integers: from its data alone
 * (docs/protocol.md, 1, 5, 6), without the rules that make a witness, and
 * without what proves or checks one.
 *
 * A cell is an entry of a tensor.  Over them stand
 *
 *     equations   sum c a b = 0       one an index of `out` of each einsum
 *     sites       (a, b, ..) a row    one a position of each lookup
 *
 * and a cell may be
 *
 *     its value                       where it is given, as inputs are
 *     min..max                        of a public tensor: verifiers compare
 *     any integer                     else: a declared range narrows nothing,
 *                                     what a table holds does
 *
 * Bounds are propagated to a fixed point; what is left open falls into parts
 * that share no relation, and each is searched whole, by halves.  Counts of
 * tables are left out: the rows of a table that is read differ, so that
 * lookups fix the counts.
 */

#include <stdbool.h>
#include <stdint.h>

#include "graph/witness.h"

/** A statement as equations and sites. */
typedef struct wit wit;

/**
 * Never NULL; ends the program on what it cannot read (circuits, field
 * elements, tables whose first column does not rise).
 *
 * @param st    borrowed
 * @param fixed arrays of the fixed tensors, one a tensor
 */
wit *wit_new(const zkg_statement *st, const zkg_array *fixed);
void wit_free(wit *w);

/**
 * The cell that nothing bounds, or NULL: every cell of an equation lies in a
 * table, is public, or follows from such, and no sum reaches 2^110: so that
 * equations mod p are equations of integers.
 */
const char *wit_unbounded(const wit *w);

/** What was found. */
typedef struct wit_answer {
    uint64_t found; /**< witnesses, counted up to the limit */
    uint64_t cells; /**< that were not given */
    uint64_t open;  /**< of these, open after propagation alone */
    uint64_t nodes; /**< of the search */
    bool free;      /**< a cell may be anything: nothing more was sought */
    bool cut;       /**< by the limit of steps: there may be more */
    char text[400]; /**< with two witnesses: where they differ */
} wit_answer;

/**
 * Find witnesses, `limit` (>= 1) at most, in `steps` (relations looked at) or
 * so.
 *
 * @param array given tensors; data NULL of the others; those of fixed ones are
 *              not read
 */
wit_answer wit_find(wit *w, const zkg_array *array, uint64_t limit,
                    uint64_t steps);

/** Is there a witness in which entry i of tensor t is not v? */
bool wit_has_other(wit *w, const zkg_array *array, uint32_t t, uint64_t i,
                   int64_t v);

/** Of a graph's witness what is given: inputs, and values that the graph holds,
 *  such as private weights.  One a tensor, the caller's list, borrowed data. */
void wit_given(zkg_array *out, const zkg_graph *g, const zkg_array *array);

/**
 * Where the first witness found differs from these arrays: NULL, or a text
 * that lives until the next call.  Counts, and tensors without data, are not
 * compared.
 */
const char *wit_differs(wit *w, const zkg_array *array);

/** Equations and sites. */
uint64_t wit_relations(const wit *w);

#endif
