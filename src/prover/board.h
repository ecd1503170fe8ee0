/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_PROVER_BOARD_H
#define ZKG_PROVER_BOARD_H

/**
 * @file
 * What each rank is at, for whoever shows it while it runs.
 *
 * Every rank has a cell.  The ranks of rank 0's host write theirs themselves,
 * into memory that they share; rank 0 writes those of the others when it hears
 * of them, which is when their segments arrive.  Cells are written with plain
 * stores and read at any time, by any thread of rank 0: what is read may be a
 * step old, and nothing but a display may depend on it.
 */

#include <stdatomic.h>

#include "base/shared.h"
#include "comm/comm.h"
#include "zkgkr/prove.h"

/** What a rank is at.  Times are zkg_seconds() in nanoseconds, which the
 *  processes of a host share. */
typedef struct zkg_board_cell {
    atomic_uint stage;             /**< zkg_stage */
    atomic_uint steps;             /**< of its list, behind it */
    atomic_uint_least64_t since;   /**< when it began; 0: it waits */
    atomic_uint slowest;           /**< child of its longest step */
    atomic_uint_least64_t longest; /**< that step, nanoseconds; 0: none yet */
} zkg_board_cell;

typedef struct zkg_board {
    uint32_t ranks, children;
    const zkg_plan *plan;
    zkg_shared mem;       /**< holds the cells, where a host shares them */
    zkg_board_cell *own;  /**< holds them where not; owned */
    zkg_board_cell *cell; /**< one a rank */
    bool *writes;         /**< rank 0: ranks that write their cells; owned */
    bool *resumed; /**< rank 0: children that the journal had, set when its
                        stage is a task or later; owned */
} zkg_board;

/**
 * Make a board.  Ranks that cannot map another's memory do without.
 * Collective over active.
 *
 * @param[out] out  zkg_board_clear
 * @param      plan of the run; outlives the board
 */
ZKG_MUST_CHECK zkg_status zkg_board_init(zkg_board *out, const zkg_comm *active,
                                         const zkg_plan *plan, zkg_error *err);
void zkg_board_clear(zkg_board *board);

/** A rank begins a stage, or its next step; board may be NULL here and below.
 */
void zkg_board_begin(zkg_board *board, uint32_t rank, zkg_stage stage);

/** A rank's step is behind it: child took `seconds`. */
void zkg_board_end(zkg_board *board, uint32_t rank, uint32_t steps,
                   uint32_t child, double seconds);

/** Rank 0, before its first step: what the journal had. */
void zkg_board_resume(zkg_board *board, const bool *have);

/** Rank 0 has a segment of another rank. */
void zkg_board_hear(zkg_board *board, uint32_t rank, uint32_t child);

/** All of it at one moment, as rank 0 knows it. */
typedef struct zkg_board_view {
    zkg_stage stage;  /**< of rank 0 */
    double stage_s;   /**< since it began */
    uint32_t done;    /**< children */
    double done_cost; /**< of those that were not resumed */
    double part_cost; /**< of those at work */
    double all_cost;  /**< of all that were not resumed */
    uint32_t slowest; /**< child of the longest step, done or at work */
    double slowest_s; /**< 0: there is none */
    uint32_t runs_on; /**< the rank that is at it, ZKG_NOT_RUNNING: done */
} zkg_board_view;

#define ZKG_NOT_RUNNING UINT32_MAX

/**
 * Look.  Rank 0 only; from any thread.
 *
 * @param cost    one a child: what it weighs
 * @param seconds one a child: how long it is forecast to take; a child at work
 *                counts by its time, and never as done
 */
void zkg_board_look(zkg_board_view *out, const zkg_board *board,
                    const double *cost, const double *seconds);

#endif
