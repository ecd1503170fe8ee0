/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_COST_H
#define ZKG_SCHEDULE_COST_H

/**
 * @file
 * What a statement costs to prove: counts of operations that follow from its
 * shapes, times constants of a machine.
 *
 * A count is of what the prover really touches, padding included where it is
 * touched (trees of lookups), left out where it is not (tensors).  Constants
 * are for one core; `zkgkr selftest --calibrate` measures them.
 */

#include "graph/statement.h"
#include "zkgkr/schedule.h"

/** The operations of one child. */
typedef struct zkg_work {
    double leaves;  /**< rows of lookup trees, padded: hashing into fractions,
                         the layers' sumchecks, the tree itself */
    double columns; /**< of them, beside one each */
    double numerators; /**< rows whose numerators are not 1: of a table, or
                            padded */
    double bytes;    /**< of integers folded line by line: many lines, each with
                          a weight, into one */
    double dots;     /**< integers folded along their own line, into one */
    double elements; /**< field elements folded at a point */
    double places;   /**< entries of windows, each put in its place */
    double entries;  /**< padded entries of sumchecks of two factors */
    double weighted; /**< of them, those of sums that have an eq */
    double lifted;   /**< those of sums that are not of small integers */
    double masked;   /**< those of sums with an indicator as third factor */
    double merged;   /**< those of sums that merge claims, times the claims */
    double lines;    /**< of tensors that are folded, each with a weight or a
                          place */
    double circuit_layers;
    double wires; /**< gates and terms of circuits: every rank of the group
                       makes their weights, once for all copies */
    double gates; /**< of them, times copies, those of layers of elements */
    double small_gates; /**< those of layers of integers */
    double sumchecks;   /**< one a layer, of all trees of a task; and sums */
    double trees;       /**< of lookups and tables */
    double passes;      /**< rounds of each layer, and each sum, by itself */
    double terms;       /**< of sums, those of one entry too; claims merged */
    double folds;       /**< tensors folded, beside their cells */
    double affine;      /**< axes read through a map, and their weights */
    double rounds; /**< messages of sumchecks: each is hashed by every rank of
                        the group */
    double sums;   /**< of them, those that two ranks make by a sum over them */
    double split_bytes; /**< memory, most at one time, shared by the group */
    double each_bytes;  /**< that every rank of the group holds */
    double spare_bytes; /**< of split_bytes, what a circuit can do without */
} zkg_work;

/** What all ranks do together, before and after the tasks. */
typedef struct zkg_root_work {
    double additions;    /**< of points, by commitments: zkg_msm_cost() */
    double values;       /**< read for them, zeros too */
    double chunks;       /**< commitments */
    double sums;         /**< of them, those that are of more than zeros */
    double hashed;       /**< bytes of public tensors, by one rank */
    double fixed_points; /**< commitments of the key, hashed by it */
    double padding;      /**< zero bytes hashed, by every rank */
    double ratchets;     /**< hashes in a row, by every rank */
    double written;      /**< bytes of the proof that are public tensors' */
    double opened_bytes; /**< of integers folded by the opening */
    double opened_elements;
    double opened_columns; /**< 2^k a claim: columns of chunks */
    double opened_points;  /**< 2^k a point of the opening's sumcheck */
    double opened_rounds;  /**< k a point */
    double root;           /**< 2^k: points of the SRS */
    double opened;         /**< entries of the longest claim's columns: what is
                                left to open, by sums of points */
    double claims;
    double fixed_bytes;  /**< fixed tensors of field elements, and circuits:
                              every rank's */
    double shared_bytes; /**< all other tensors, once a host: the witness, and
                              the fixed ones, which are mapped */
} zkg_root_work;

/** Seconds an operation takes on one core; see the members of zkg_work. */
typedef struct zkg_costs {
    double child, leaf, column, numerator, byte, dot, place, line, element,
        entry, weighted, lifted, masked, merged, circuit_layer, wire, gate,
        small_gate, sumcheck, tree, pass, term, fold, affine, round;
    double group;   /**< a communicator of two made and freed */
    double message; /**< one sum between two ranks */
    double fresh;   /**< a byte of tables' memory, had from the system */
    double freed;   /**< and given back */
    double addition, value, chunk, hash, point, ratchet, write;
    double open, open_byte, open_column, open_point, open_round, open_root,
        open_claim;
    double rank_bytes; /**< a process that proves nothing */
    double mpi_bytes;  /**< more under MPI */
} zkg_costs;

/** Measured once on one machine with AVX-512 IFMA; ratios carry further than
 *  seconds. */
extern const zkg_costs zkg_costs_builtin;

/**
 * Read constants: a line each, `name seconds`, numbers from 0 to 10^15, none
 * twice, '#' comments; what is not named stays built in.
 *
 * @retval ZKG_ERR_IO, ZKG_ERR_MALFORMED with file:line
 */
ZKG_MUST_CHECK zkg_status zkg_costs_read(zkg_costs *out, const char *path,
                                         zkg_error *err);

/** Write them so; text is owned by the caller: free(). */
ZKG_MUST_CHECK zkg_status zkg_costs_text(char **text, const zkg_costs *costs,
                                         zkg_error *err);

/** Arrays of a statement's tensors that have types and no values. */
typedef struct zkg_cost_shapes {
    zkg_array *array;
    const zkg_array **view;
} zkg_cost_shapes;

/** @param out zkg_cost_shapes_clear; nothing on failure
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_cost_shapes_init(zkg_cost_shapes *out,
                                               const zkg_statement *st);
void zkg_cost_shapes_clear(zkg_cost_shapes *s);

/**
 * Count a task (c < tasks) or the side of a table.
 *
 * @param arrays  of their types the scratch follows (zkg_task_scratch); values
 *                are not read.  NULL: as large as for any types
 * @param closely of circuits, as zkg_circuit_types_init has it, and by what
 * they assert of their inputs; else in a tenth of the time, but bits count as
 * elements
 */
void zkg_work_count(zkg_work *out, const zkg_statement *st, uint32_t c,
                    const zkg_array *const *arrays, bool closely);

/**
 * Count what the root does.
 *
 * @param k      as in the key
 * @param arrays a witness: of a chunk the values that are not 0 count, and the
 *               largest of them gives the width.  NULL: none is 0, and all are
 *               as wide as their tensors may be
 */
void zkg_root_work_count(zkg_root_work *out, const zkg_statement *st,
                         uint32_t k, const zkg_array *const *arrays);

/** Most ranks that get a slice of child c. */
uint32_t zkg_work_width(const zkg_statement *st, uint32_t c);

/** The model of a child. */
void zkg_child_cost_of(zkg_child_cost *out, const zkg_costs *costs,
                       const zkg_work *work, uint32_t width);

/** Seconds of the root's two parts on `ranks` ranks. */
void zkg_root_seconds(double *before_s, double *after_s, const zkg_costs *costs,
                      const zkg_root_work *work, uint32_t ranks);

#endif
