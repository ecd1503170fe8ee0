/* SPDX-License-Identifier: Apache-2.0
 * What a test on ranks holds to be so. */
#ifndef ZKG_TESTS_RANKS_CHECK_H
#define ZKG_TESTS_RANKS_CHECK_H

#include <stdio.h>

#include "comm/comm.h"

/** All ranks of the job, for CHECK: set once, when they are there. */
static const zkg_comm *the_world;

/** A failure ends the job, so that no rank waits for ever. */
#define CHECK(what)                                                            \
    do {                                                                       \
        if (!(what)) {                                                         \
            fprintf(stderr, "%s:%d: rank %u: %s\n", __FILE__, __LINE__,        \
                    zkg_comm_rank(the_world), #what);                          \
            zkg_comm_abort(the_world, 1);                                      \
        }                                                                      \
    } while (0)

#endif
