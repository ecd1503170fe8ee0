/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_H
#define ZKGKR_GRAPH_H

/**
 * @file
 * Building graphs: tensors, tables, kernels, tasks, and the rules that make a
 * witness (docs/protocol.md, 1).
 *
 * Everything is named by strings, as in graph.json, which are copied.  A graph
 * is built, then finished; zkg_graph_finish() makes all checks, so the calls
 * before it only refuse what cannot be stored.  After a failure the graph may
 * only be freed.  Nothing here is collective.  Every call that adds something
 * returns
 *
 *     ZKG_ERR_INVALID    the graph is finished
 *     ZKG_ERR_MALFORMED  a name that is missing or taken; no list of names, no
 *                        number, no factor
 *     ZKG_ERR_NOMEM
 *
 * A kernel y = (w x + b + 64) / 128, rounded, in whole:
 *
 *     zkg_graph_add_kernel(g, "dense", &err);
 *     zkg_graph_kernel_axis(g, "dense", "o", 10, &err);
 *     zkg_graph_kernel_axis(g, "dense", "k", 48, &err);
 *     zkg_graph_kernel_param(g, "dense", "w", "o,k", &err);
 *     ...
 *     zkg_graph_kernel_lookup(g, "dense", "rem7", "rem", &err);
 *     zkg_graph_kernel_einsum(g, "dense", "o", NULL, &err);
 *     zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", &err);
 *     zkg_graph_kernel_term(g, "dense", "64", NULL, NULL, &err);
 *     zkg_graph_kernel_term(g, "dense", "-128", "y[o]", NULL, &err);
 *     zkg_graph_kernel_term(g, "dense", "-1", "rem[o]", NULL, &err);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/dtype.h"
#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A graph under construction, or finished.  Opaque. */
typedef struct zkg_graph zkg_graph;

/** A tensor's description; min and max are inclusive. */
typedef struct zkg_tensor_spec {
    const char *name;
    zkg_dtype type;
    zkg_visibility visibility;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    int64_t min, max;
} zkg_tensor_spec;

/** A new, empty graph, to be freed with zkg_graph_free(). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_new(zkg_graph **out,
                                                zkg_error *err);

/** g may be NULL. */
ZKG_API void zkg_graph_free(zkg_graph *g);

/** Add a tensor. */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_graph_add_tensor(zkg_graph *g, const zkg_tensor_spec *spec, zkg_error *err);

/** Give a fixed tensor its values, row-major; they are copied.
 *  @param count the product of its lengths
 *  @retval ZKG_ERR_WITNESS a value is outside min..max */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_set_fixed(zkg_graph *g,
                                                      const char *tensor,
                                                      const int64_t *value,
                                                      size_t count,
                                                      zkg_error *err);

/**
 * Add a table in closed form.  Its multiplicities are a hint: a private tensor
 * `count.<table>`, added at the end together with the rule that fills it.
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_table(zkg_graph *g,
                                                      const char *table,
                                                      zkg_table_kind kind,
                                                      uint32_t bits,
                                                      zkg_error *err);

/** Add a table of columns of `rows` values, each copied. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_columns(
    zkg_graph *g, const char *table, uint32_t columns, uint64_t rows,
    const int64_t *const *column, zkg_error *err);

/** Name the tensor that holds a table's multiplicities.  hinted: it is made by
 * a `count` rule and used nowhere else. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_table_counts(zkg_graph *g,
                                                         const char *table,
                                                         const char *tensor,
                                                         bool hinted,
                                                         zkg_error *err);

/** Add a kernel; the calls that follow give it its parts. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_kernel(zkg_graph *g,
                                                       const char *kernel,
                                                       zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_kernel_axis(zkg_graph *g,
                                                        const char *kernel,
                                                        const char *axis,
                                                        uint64_t len,
                                                        zkg_error *err);

/** axes: names separated by commas, highest first; "" for a scalar. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_kernel_param(zkg_graph *g,
                                                         const char *kernel,
                                                         const char *param,
                                                         const char *axes,
                                                         zkg_error *err);

/** params: the parameters that are the columns, separated by commas. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_kernel_lookup(zkg_graph *g,
                                                          const char *kernel,
                                                          const char *table,
                                                          const char *params,
                                                          zkg_error *err);

/**
 * Begin an einsum: the sum of its terms is 0 for all indices of `out` (names
 * separated by commas), or equals parameter `equals` (a virtual tensor).
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_kernel_einsum(zkg_graph *g,
                                                          const char *kernel,
                                                          const char *out,
                                                          const char *equals,
                                                          zkg_error *err);

/**
 * Add c * f0 * f1 to the last einsum; a factor is "w[o,k]", or NULL.
 *
 * @param c a decimal integer
 */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_graph_kernel_term(zkg_graph *g, const char *kernel, const char *c,
                      const char *f0, const char *f1, zkg_error *err);

/**
 * Add a task: `copies` runs of a kernel.
 *
 * @param task its name; NULL: Task<i>
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_task(zkg_graph *g,
                                                     const char *task,
                                                     const char *kernel,
                                                     uint64_t copies,
                                                     zkg_error *err);

/**
 * Bind a tensor to a parameter of the task added last.  The tensor has the
 * parameter's shape, with the copies before it unless it is broadcast; of one
 * copy that axis may be left out.
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_bind(zkg_graph *g,
                                                 const char *param,
                                                 const char *tensor,
                                                 bool broadcast,
                                                 zkg_error *err);

/** Inputs and outputs, in the order of files and printing.  They, and the
 *  rules below, are about witnesses alone: proven of a tensor is what the
 *  relations of the tasks that bind it say, and no more.  One that is bound to
 *  none is refused; one that a lookup alone holds to a range may be anything
 *  in it. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_input(zkg_graph *g,
                                                      const char *tensor,
                                                      zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_add_output(zkg_graph *g,
                                                       const char *tensor,
                                                       zkg_error *err);

/**
 * Rules: each makes the tensors that it names, from ones that are there by
 * then.  An einsum is named by its place among the einsums of its task.
 *
 * divmod:   sum of the other terms = D quotient + remainder, 0 <= remainder <
 *           D; or = remainder - D quotient, the quotient negated.  D is a
 *           number, or a number times a tensor that is there, of positive
 *           values: the other factor of the quotient's term
 * digits:   the same, the remainder in digits of a mixed radix, lowest first:
 *           sum of R_i digit_i with R_0 = 1, R_i | R_{i+1} and R_n = D, the R_i
 *           being the digits' coefficients
 * rsqrt:    the greatest u with u^2 from <= 2^(2 bits)
 * solve:    the one tensor of the einsum that is still unknown
 * max:      of a term -D t[..] that lacks axes of out: the maximum, over these,
 *           of floor(A / D), A the sum of the terms that are known by then
 * map:      row of `table` found by column 0 in `from`; its last column, or
 *           one by number
 * copy:     the same elements in the same order, in another shape
 * count:    how often each row of `table` is looked up
 * constant: every element
 * values:   what the graph holds for a public or private tensor, such as
 *           weights: they are in no digest and in no key
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_divmod(
    zkg_graph *g, const char *task, uint32_t einsum, const char *quotient,
    const char *remainder, zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_digits(
    zkg_graph *g, const char *task, uint32_t einsum, const char *quotient,
    const char *const *digit, uint32_t digits, zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_rsqrt(zkg_graph *g,
                                                       const char *from,
                                                       const char *to,
                                                       uint32_t bits,
                                                       zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_solve(zkg_graph *g,
                                                       const char *task,
                                                       uint32_t einsum,
                                                       const char *to,
                                                       zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_max(zkg_graph *g,
                                                     const char *task,
                                                     uint32_t einsum,
                                                     const char *to,
                                                     zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_map(zkg_graph *g,
                                                     const char *table,
                                                     const char *from,
                                                     const char *to,
                                                     zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_graph_rule_map_column(zkg_graph *g, const char *table, uint32_t column,
                          const char *from, const char *to, zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_copy(zkg_graph *g,
                                                      const char *from,
                                                      const char *to,
                                                      zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_count(zkg_graph *g,
                                                       const char *table,
                                                       const char *to,
                                                       zkg_error *err);
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_constant(zkg_graph *g,
                                                          const char *to,
                                                          int64_t value,
                                                          zkg_error *err);

/**
 * The rule `values`.
 *
 * @param value row-major, copied; NULL: not known here.  Such a graph can be
 *              finished, saved and set up; a witness is made where they are
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_rule_values(zkg_graph *g,
                                                        const char *to,
                                                        const int64_t *value,
                                                        size_t count,
                                                        zkg_error *err);

/**
 * How to print a tensor: value / 2^scale, and names of its entries.
 *
 * @param label `labels` strings, one an entry, or 0 of them
 */
ZKG_API ZKG_MUST_CHECK zkg_status
zkg_graph_display(zkg_graph *g, const char *tensor, uint32_t scale,
                  const char *const *label, size_t labels, zkg_error *err);

/**
 * Add what is missing of hinted counts, and check everything.
 *
 * @retval ZKG_ERR_MALFORMED   a rule of the statement is broken: err says
 *                             which, such as a sum that could wrap mod p
 * @retval ZKG_ERR_UNSUPPORTED legal, but not there yet
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_finish(zkg_graph *g,
                                                   zkg_error *err);

/** BLAKE2b-256 of a finished graph's statement. */
ZKG_API void zkg_graph_digest(uint8_t out[32], const zkg_graph *g);

/** Write a finished graph to a folder NAME.zkg; what is there is replaced.
 *  @retval ZKG_ERR_INVALID it is not finished
 *  @retval ZKG_ERR_IO, ZKG_ERR_NOMEM */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_save(const zkg_graph *g,
                                                 const char *folder,
                                                 zkg_error *err);

/** Read and check a folder; *out is finished, to be freed with
 *  zkg_graph_free().
 *  @retval ZKG_ERR_IO          no such folder, or a file that cannot be read
 *  @retval ZKG_ERR_MALFORMED   err says file:line:column, or what is wrong
 *  @retval ZKG_ERR_UNSUPPORTED a rule or a relation that is not there yet
 *  @retval ZKG_ERR_WITNESS     a stored value is outside its tensor's range
 *  @retval ZKG_ERR_NOMEM */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_graph_load(zkg_graph **out,
                                                 const char *folder,
                                                 zkg_error *err);

#ifdef __cplusplus
}
#endif

#endif
