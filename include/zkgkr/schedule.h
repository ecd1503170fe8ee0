/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_SCHEDULE_H
#define ZKGKR_SCHEDULE_H

/**
 * @file
 * Plans: which rank proves what, and in what order.  docs/schedules.md.
 *
 * A proof falls into *children*: tasks 0..T-1 in graph order, then the
 * multiplicity sides of the tables.  Children do not depend on each other (all
 * commitments come first), so any plan gives the same proof bytes; a plan only
 * decides how long that takes.  A plan comes from three text files or from the
 * default order.  It is not part of the statement.
 *
 * Nothing here is collective: it is plain data, computed alike on every rank.
 */

#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a child costs on g ranks together, as a model
 * (docs/schedules.md, "What a plan believes"):
 *
 *     seconds  serial_s + parallel_s / min(g, width)
 *              + (g > 1 ? group_s + ceil(log2 g) * sums_s : 0)
 *     bytes    each_bytes + split_bytes / min(g, width), on each of them;
 *              where a rank has less room, down to spare_bytes / min(g, width)
 *              fewer: circuits then make layers again
 */
typedef struct zkg_child_cost {
    double serial_s, parallel_s;
    double group_s; /**< making and freeing the communicator */
    double sums_s;  /**< its sums over ranks, between two of them */
    double each_bytes, split_bytes, spare_bytes;
    uint32_t width; /**< most ranks that get work */
} zkg_child_cost;

/** What is to be planned.  Borrowed arrays; all may be NULL where said. */
typedef struct zkg_job {
    uint32_t ranks;  /**< ranks that take part, >= 1 */
    uint32_t tasks;  /**< T */
    uint32_t tables; /**< multiplicity sides: children T .. T+tables-1 */
    const char *const *task_name;  /**< T names, or NULL: Task<i> */
    const char *const *table_name; /**< `tables` names */
    const uint64_t *cost;  /**< one a child, any unit; NULL: all equal */
    const uint32_t *width; /**< most ranks a child can use; NULL: no limit */
    const zkg_child_cost *model; /**< one a child; NULL: from cost and width */
    double before_s, after_s; /**< all ranks together: commitments; opening */
    double rank_bytes;        /**< that a rank holds whatever it runs */
    double after_bytes;  /**< beside that, of each of them, in the opening */
    double shared_bytes; /**< beside that, the ranks of a host together: the
                              tensors */
    double room_bytes;   /**< that a child may take on a rank; 0: no limit */
    uint32_t hosts;      /**< that the ranks are spread over; 0: 1 */
} zkg_job;

/** Seconds and bytes of child c on g >= 1 ranks. */
ZKG_API double zkg_job_seconds(const zkg_job *job, uint32_t c, uint32_t g);
ZKG_API double zkg_job_bytes(const zkg_job *job, uint32_t c, uint32_t g);

/** Most ranks that share child c usefully: with more, over half of their time
 *  would not be work on it. */
ZKG_API uint32_t zkg_job_useful(const zkg_job *job, uint32_t c);

/** A checked plan.  All arrays are owned by it. */
typedef struct zkg_plan {
    uint32_t ranks, tasks, tables;
    bool is_default;       /**< made without a schedule file */
    uint32_t *step_first;  /**< ranks+1: rank r runs step[step_first[r] ..) */
    uint32_t *step;        /**< children, in the order of each rank */
    uint32_t *group_first; /**< children+1 */
    uint32_t *group;       /**< ranks of each child, ascending */
    uint32_t *need_first;  /**< children+1 */
    uint32_t *need;        /**< children that must end before this one starts */
    uint32_t *told_first;  /**< children+1 */
    uint32_t *told;        /**< ranks outside a child's group that run a child
                                which needs it */
    char **name;           /**< one a child, as its schedule calls it */
} zkg_plan;

/** Everything that was found to say about schedule files, a line each. */
typedef struct zkg_notes {
    char *text; /**< NUL-terminated lines `file:line:column: error: ...` */
    size_t len, cap;
    uint32_t errors, warnings;
} zkg_notes;

/** Release what notes own; they are as new then. */
ZKG_API void zkg_notes_clear(zkg_notes *notes);

/** One schedule file in memory. */
typedef struct zkg_schedule_text {
    const char *name; /**< for messages */
    const char *text; /**< NULL: there is none */
    size_t len;
} zkg_schedule_text;

/**
 * Make a plan from the text of schedule.txt and, where there are some,
 * task_mapping.txt and task_dependencies.txt.
 *
 * @param[out]    out   owned by the caller: zkg_plan_free; set on success only
 * @param[in,out] notes every error and warning of all files; start with {0},
 *                      end with zkg_notes_clear
 * @retval ZKG_ERR_USAGE the files are refused; notes say why
 * @retval ZKG_ERR_NOMEM
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_parse(
    zkg_plan **out, zkg_notes *notes, const zkg_schedule_text *schedule,
    const zkg_schedule_text *mapping, const zkg_schedule_text *dependencies,
    const zkg_job *job, zkg_error *err);

/**
 * The same from files.
 *
 * @param[in] schedule     a file, or a folder that holds schedule.txt and
 *                         perhaps task_mapping.txt, task_dependencies.txt
 * @param[in] mapping      a file, or NULL: the folder's, else none
 * @param[in] dependencies likewise
 * @retval ZKG_ERR_IO a file cannot be read
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_read(
    zkg_plan **out, zkg_notes *notes, const char *schedule, const char *mapping,
    const char *dependencies, const zkg_job *job, zkg_error *err);

/** The default order: tasks in graph order, each by all ranks that can use
 * it, then the tables, dealt by cost. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_default(zkg_plan **out,
                                                   const zkg_job *job,
                                                   zkg_error *err);

/**
 * Make a plan: list scheduling, dearest chains first, children that are too
 * long split over groups, dependencies and memory honoured.  Never forecast
 * to take longer than the default order, where that fits the memory.
 *
 * @param[in,out] notes        errors of the two files
 * @param[in]     mapping      or NULL; names for `dependencies`
 * @param[in]     dependencies or NULL
 * @param         memory       bytes a rank may hold, with its share of its
 *                             host's witness; 0: no limit
 * @retval ZKG_ERR_USAGE one of the files is refused
 * @retval ZKG_ERR_NOMEM a child does not fit into `memory` on any number of
 *                       these ranks, or no memory to plan
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_make(
    zkg_plan **out, zkg_notes *notes, const zkg_schedule_text *mapping,
    const zkg_schedule_text *dependencies, const zkg_job *job, uint64_t memory,
    zkg_error *err);

/** How a plan would run, by the job's model. */
typedef struct zkg_forecast {
    uint32_t ranks, children;
    double *start, *end; /**< [child] seconds from the first task; owned */
    double *busy;        /**< [rank] seconds in tasks; owned */
    double *bytes;       /**< [rank] most memory, the witness left out; owned
                          */
    double makespan;     /**< of the tasks and tables */
    double bound;        /**< no plan's makespan is below this: the work over
                              the ranks, the longest chain */
    double before_s, after_s; /**< commitments, opening */
    double shared_bytes;      /**< the tensors: once a host */
} zkg_forecast;

/**
 * @param[out] out zkg_forecast_clear
 * @retval ZKG_ERR_INVALID ranks wait for each other for ever (a plan that was
 *                         not checked)
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_forecast(zkg_forecast *out,
                                                    const zkg_plan *plan,
                                                    const zkg_job *job,
                                                    zkg_error *err);
ZKG_API void zkg_forecast_clear(zkg_forecast *forecast);

/** The plan as the text of a schedule.txt; owned by the caller: free(). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_text(char **out,
                                                const zkg_plan *plan,
                                                zkg_error *err);

/** A plan as the three files, commented: schedule.txt, task_mapping.txt,
 *  task_dependencies.txt; each owned by the caller: free(). */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_texts(char *text[3],
                                                 const zkg_plan *plan,
                                                 const zkg_job *job,
                                                 zkg_error *err);

/** The same into a folder, which is made where it is missing. */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_plan_write(const char *folder,
                                                 const zkg_plan *plan,
                                                 const zkg_job *job,
                                                 zkg_error *err);

/** Release a plan; NULL is allowed. */
ZKG_API void zkg_plan_free(zkg_plan *plan);

#ifdef __cplusplus
}
#endif

#endif
