/* SPDX-License-Identifier: Apache-2.0
 * The log. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

void zkg_log_init(zkg_log *log, FILE *stream, zkg_log_level level,
                  uint32_t rank, uint32_t size)
{
    *log =
        (zkg_log){.stream = stream, .level = level, .rank = rank, .size = size};
    if (gethostname(log->host, sizeof(log->host) - 1) != 0)
        strcpy(log->host, "unknown");
    log->host[strcspn(log->host, ".")] = '\0';
}

static void write_line(const zkg_log *log, zkg_log_level level, bool all_ranks,
                       const char *kind, const char *fmt, va_list args)
{
    char line[1400];
    size_t at;
    int n;

    if (log == NULL || log->stream == NULL || log->level < level ||
        (!all_ranks && log->rank != 0))
        return;
    n = snprintf(line, sizeof(line), "[zkgkr %u/%u %s] %s", log->rank,
                 log->size, log->host, kind);
    at = n < 0 ? 0 : (size_t)n;
    n = vsnprintf(line + at, sizeof(line) - at - 1, fmt, args);
    if (n > 0)
        at = at + (size_t)n < sizeof(line) - 2 ? at + (size_t)n
                                               : sizeof(line) - 2;
    line[at++] = '\n';
    /* One call a line, so that lines of several ranks do not mix. */
    (void)fwrite(line, 1, at, log->stream);
    (void)fflush(log->stream);
}

void zkg_log_error(const zkg_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(log, ZKG_LOG_ERROR, true, "error: ", fmt, args);
    va_end(args);
}

void zkg_log_warn(const zkg_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(log, ZKG_LOG_WARN, false, "warning: ", fmt, args);
    va_end(args);
}

void zkg_log_warn_here(const zkg_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(log, ZKG_LOG_WARN, true, "warning: ", fmt, args);
    va_end(args);
}

void zkg_log_info(const zkg_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(log, ZKG_LOG_INFO, false, "", fmt, args);
    va_end(args);
}

void zkg_log_debug(const zkg_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(log, ZKG_LOG_DEBUG, true, "debug: ", fmt, args);
    va_end(args);
}
