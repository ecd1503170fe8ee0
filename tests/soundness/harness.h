/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SOUNDNESS_HARNESS_H
#define ZKG_SOUNDNESS_HARNESS_H

/**
 * @file
 * Mass verification in child processes: a crash is a failed test, not the end
 * of the run, and the cores share the work.
 */

#include <stdbool.h>
#include <stdint.h>

/** Tests shrink in slow builds. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOW_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW_BUILD 1
#endif
#endif
#ifndef SLOW_BUILD
#define SLOW_BUILD 0
#endif

/** One case; true when it went as it should. */
typedef bool (*harness_case)(void *user, uint64_t i);

/**
 * Run cases first, first + step, .. below end in a few processes at once.
 *
 * @return how many failed; a process that crashes counts as a failure
 */
uint64_t harness_run(harness_case run, void *user, uint64_t first, uint64_t end,
                     uint64_t step);

#endif
