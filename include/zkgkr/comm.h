/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_COMM_H
#define ZKGKR_COMM_H

/**
 * @file
 * The ranks of a job.
 *
 * A process is under a launcher when OMPI_COMM_WORLD_SIZE, PMIX_RANK, PMI_RANK
 * or PMI_SIZE is set in its environment; only then is MPI started.  Without
 * one there is one rank and no MPI call is made.
 */

#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zkg_comm zkg_comm;

/** Did an MPI launcher start this process? */
ZKG_API bool zkg_comm_is_launched(void);

/**
 * Start.  Collective over all processes of the job.  Call once.
 *
 * @param[out] world freed with zkg_comm_free, which also ends MPI
 * @param argc, argv handed to MPI_Init; both may be NULL
 *
 * @retval ZKG_ERR_COMM MPI did not start
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_comm_init(zkg_comm **world, int *argc,
                                                char ***argv, zkg_error *err);

/** One rank alone; a constant object, never freed.  Not collective. */
ZKG_API const zkg_comm *zkg_comm_self(void);

/** This process's rank, from 0.  Not collective. */
ZKG_API uint32_t zkg_comm_rank(const zkg_comm *c);
/** Number of ranks.  Not collective. */
ZKG_API uint32_t zkg_comm_size(const zkg_comm *c);

/** End all processes of the job with an exit code; does not return.  For one
 *  rank's failure that the others do not know of.  Not collective. */
ZKG_API void zkg_comm_abort(const zkg_comm *world, int code);

/** Free a world or a subgroup.  Collective over its ranks.  NULL is allowed. */
ZKG_API void zkg_comm_free(zkg_comm *c);

#ifdef __cplusplus
}
#endif

#endif
