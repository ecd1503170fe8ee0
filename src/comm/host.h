/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_COMM_HOST_H
#define ZKG_COMM_HOST_H

/**
 * @file
 * The desk of a host's ranks, made by MPI; private to comm/.
 */

#include <mpi.h>

#include "base/shared.h"
#include "comm/desk.h"

/** Return where a call of MPI fails. */
#define MPI_TRY(call)                                                          \
    do {                                                                       \
        if ((call) != MPI_SUCCESS)                                             \
            return ZKG_ERR_COMM;                                               \
    } while (0)

typedef struct zkg_host_desk {
    zkg_desk *desk; /**< NULL: this host's ranks do without */
    zkg_shared mem;
    MPI_Group seated; /**< rank i of it has seat i */
    MPI_Comm all;     /**< not owned */
    int unused_tag;   /**< of all */
} zkg_host_desk;

/**
 * Make the desk of each host.  Where one of its ranks cannot map the memory, or
 * there are too many of them, all its ranks do without.  Collective over all.
 *
 * @param[out] out        zkg_host_desk_clear, also on failure; not to be moved
 * @param      all        outlives out
 * @param      unused_tag nobody sends with it on all
 * @param      waited     of zkg_desk_new
 * @retval ZKG_ERR_COMM
 */
ZKG_MUST_CHECK zkg_status zkg_host_desk_init(zkg_host_desk *out, MPI_Comm all,
                                             int unused_tag, double *waited);
void zkg_host_desk_clear(zkg_host_desk *h);

/** comm's ranks at the desk; desk NULL where not all of them sit there, which
 *  all of them find.  Not collective.  @retval ZKG_ERR_COMM */
ZKG_MUST_CHECK zkg_status zkg_host_desk_group(zkg_desk_group *out,
                                              const zkg_host_desk *h,
                                              MPI_Comm comm);

#endif
