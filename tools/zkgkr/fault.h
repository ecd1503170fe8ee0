/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_FAULT_H
#define ZKG_TOOLS_FAULT_H

/**
 * @file
 * Faults on demand, in builds with -Dtest_hooks=true alone:
 *
 *     ZKGKR_FAULT=rank:stage:action[:n]
 *
 * When this rank comes to that stage (reading,
 * witness, commit, task, gather, opening, writing)
 * for the n-th time (default 1), it is killed (`kill`, `segv`), leaves without
 * a word (`exit`), works for ever (`hang`), finds each disk full (`enospc`) or
 * no memory (`nomem`) or no way to map what other ranks share (`apart`) from
 * there on, gets a SIGTERM (`term`), works for 2.5 seconds and goes on
 * (`slow`), or is killed in the middle of the next file that it writes
 * (`tear`).
 */

#include "zkgkr/prove.h"

#ifdef ZKG_TEST_HOOKS
/** Read the setting.  @retval ZKG_ERR_USAGE it is none */
ZKG_MUST_CHECK zkg_status zkg_fault_init(uint32_t rank, zkg_error *err);

/** Fail here, if it is the place. */
void zkg_fault_at(zkg_stage stage);
#endif

#endif
