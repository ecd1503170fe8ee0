/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_EVAL_H
#define ZKGKR_GRAPH_EVAL_H

/**
 * @file
 * Plain integer evaluation of a task's relations: what they mean.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph/statement.h"
#include "tensor/array.h"
#include "zkgkr/status.h"

#define ZKG_TASK_AXES (ZKG_MAX_KERNEL_AXES + 1) /* axis 0: the copies */

/** A grid of indices, and where they lead in some tensors. */
typedef struct zkg_grid {
    uint32_t axes;
    uint32_t axis[ZKG_TASK_AXES]; /**< axes of the task, highest first */
    uint64_t len[ZKG_TASK_AXES];
    uint64_t count; /**< product of len */
} zkg_grid;

/** Cells of a tensor by index of the task: sum of index * stride. */
typedef struct zkg_cells {
    const zkg_array *array;
    uint64_t stride[ZKG_TASK_AXES]; /**< by axis of the task; 0: not there */
} zkg_cells;

/** Append an axis below those that are there; nothing if it is there. */
void zkg_grid_push(zkg_grid *g, uint32_t axis, uint64_t len);

/** The grid of an einsum's out, copies first. */
void zkg_grid_out(zkg_grid *out, const zkg_statement *st, const zkg_task *t,
                  const zkg_stmt_einsum *e);

/** The grid of a lookup site: all axes of its columns. */
void zkg_grid_site(zkg_grid *out, const zkg_statement *st, const zkg_task *t,
                   const zkg_stmt_lookup *l);

/** Position i of a grid as indices by axis of the task; others are 0. */
void zkg_grid_at(uint64_t index[ZKG_TASK_AXES], const zkg_grid *g, uint64_t i);

/** "[3,1]": position i for messages; out holds at least 400 bytes. */
void zkg_grid_text(char *out, const zkg_grid *g, uint64_t i);

/** Cells of parameter p, by its own axes. */
void zkg_cells_param(zkg_cells *out, const zkg_statement *st, const zkg_task *t,
                     uint32_t p, const zkg_array *array);

/** Cells of a factor, by its indices; false when one is affine. */
bool zkg_cells_factor(zkg_cells *out, const zkg_statement *st,
                      const zkg_task *t, const zkg_stmt_factor *f,
                      const zkg_array *array);

#define ZKG_RUN_MAX 256 /* positions of a run, at most */

/**
 * A walk over a grid in order, some positions at a time: those of one run lie
 * evenly apart in each of some cells.
 */
typedef struct zkg_runs {
    uint64_t at;                          /**< position of the run's first */
    size_t n;                             /**< how many: 1 .. ZKG_RUN_MAX */
    uint64_t cell[ZKG_MAX_TABLE_COLUMNS]; /**< of each cells: the first's */
    int64_t step[ZKG_MAX_TABLE_COLUMNS];  /**< from one to the next */

    uint32_t loops, cells; /* the rest is its own */
    uint64_t len[ZKG_TASK_AXES], index[ZKG_TASK_AXES];
    uint64_t stride[ZKG_TASK_AXES][ZKG_MAX_TABLE_COLUMNS];
    uint64_t line[ZKG_MAX_TABLE_COLUMNS]; /* where the lowest loop begins */
} zkg_runs;

/** @param[in] cells at most ZKG_MAX_TABLE_COLUMNS */
void zkg_runs_init(zkg_runs *r, const zkg_grid *g, const zkg_cells *cell,
                   uint32_t cells);

/** The next run; false behind the last.  The first comes with the first call.
 */
bool zkg_runs_next(zkg_runs *r);

/** The run's values in cells c; false when a field element is no integer of 64
 *  bits, with r->n cut down to what comes before it. */
bool zkg_runs_read(int64_t out[ZKG_RUN_MAX], zkg_runs *r, uint32_t c,
                   const zkg_array *array);

/**
 * Sum the terms of an einsum, but for those with a factor of one of the
 * tensors in skip.
 *
 * @param[out] sum    count of zkg_grid_out()
 * @param[in]  arrays one a tensor; data NULL where there are no values
 * @retval ZKG_ERR_WITNESS     a tensor is not there yet, or a sum leaves 64
 *                             bits
 * @retval ZKG_ERR_UNSUPPORTED a coefficient of more than 64 bits
 */
ZKG_MUST_CHECK zkg_status zkg_eval_einsum(int64_t *sum, const zkg_statement *st,
                                          uint32_t task, uint32_t einsum,
                                          const zkg_array *arrays,
                                          const uint32_t *skip, uint32_t skips,
                                          zkg_error *err);

/** Finds the rows of a table. */
typedef struct zkg_row_finder {
    const zkg_stmt_table *table;
    int64_t low, high; /**< entries of column 0 */
    uint64_t *order;   /**< kind columns: rows, sorted; owned */
    uint64_t *from;    /**< where those with low + i begin in order, for i up
                            to high - low + 1; NULL when they are far between;
                            owned */
} zkg_row_finder;

ZKG_MUST_CHECK zkg_status zkg_row_finder_init(zkg_row_finder *out,
                                              const zkg_stmt_table *t,
                                              zkg_error *err);
void zkg_row_finder_clear(zkg_row_finder *f);

/**
 * The first row that begins with these values.
 *
 * @param[in] columns how many columns to compare, at least 1
 * @return false when there is none
 */
bool zkg_row_find(uint64_t *row, const zkg_row_finder *f, const int64_t *value,
                  uint32_t columns);

/**
 * Count how often each row of a table is looked up over all sites.
 *
 * @param[out] counts rows of the table, zeros before
 * @retval ZKG_ERR_WITNESS a site's row is no row of the table: task, tensor,
 *                         index, value and range
 */
ZKG_MUST_CHECK zkg_status zkg_eval_counts(int64_t *counts,
                                          const zkg_statement *st,
                                          uint32_t table,
                                          const zkg_array *arrays,
                                          zkg_error *err);

#endif
