/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_TIME_H
#define ZKGKR_BASE_TIME_H

/**
 * @file
 * Time and memory of this process.
 */

#include <stdint.h>

/** Seconds since some fixed moment; never goes back. */
double zkg_seconds(void);

/** The most memory that this process held so far, in bytes; 0 if unknown. */
uint64_t zkg_peak_rss(void);

#endif
