/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_LIMITS_H
#define ZKGKR_BASE_LIMITS_H

/**
 * @file
 * How much memory the processes of this host may use.
 */

#include <stdint.h>

/**
 * The least of the machine's memory and of the limits of this process's
 * control group and of those above it (cgroup v2: memory.max; v1:
 * memory.limit_in_bytes).  All processes in the group share it.
 *
 * @param root goes before the paths below /proc and /sys; "" for this machine
 * @return bytes; UINT64_MAX when nothing says a limit
 */
uint64_t zkg_memory_limit(const char *root);

#endif
