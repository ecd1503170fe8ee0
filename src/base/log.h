/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_LOG_H
#define ZKGKR_BASE_LOG_H

/**
 * @file
 * The log: one line an event, `[zkgkr 3/8 host] message`, written whole.
 *
 * A log is a value that is passed along; there is no global one.  Warnings and
 * information come from rank 0 only, debugging from every rank.
 */

#include <stdint.h>
#include <stdio.h>

#include "zkgkr/status.h"

typedef enum zkg_log_level {
    ZKG_LOG_QUIET,
    ZKG_LOG_ERROR, /**< every rank; the program prints an error once */
    ZKG_LOG_WARN,
    ZKG_LOG_INFO,
    ZKG_LOG_DEBUG
} zkg_log_level;

typedef struct zkg_log {
    FILE *stream; /**< not owned; NULL: no log */
    zkg_log_level level;
    uint32_t rank;
    uint32_t size;
    char host[64];
} zkg_log;

/** A log on stream for one rank of size, on this host. */
void zkg_log_init(zkg_log *log, FILE *stream, zkg_log_level level,
                  uint32_t rank, uint32_t size);

/** log may be NULL: nothing is written. */
void zkg_log_error(const zkg_log *log, const char *fmt, ...) ZKG_PRINTF(2, 3);
void zkg_log_warn(const zkg_log *log, const char *fmt, ...) ZKG_PRINTF(2, 3);
/** A warning about what this rank alone sees: from every rank. */
void zkg_log_warn_here(const zkg_log *log, const char *fmt, ...)
    ZKG_PRINTF(2, 3);
void zkg_log_info(const zkg_log *log, const char *fmt, ...) ZKG_PRINTF(2, 3);
void zkg_log_debug(const zkg_log *log, const char *fmt, ...) ZKG_PRINTF(2, 3);

#endif
