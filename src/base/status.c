/* SPDX-License-Identifier: Apache-2.0
 * Status codes and error messages. */
#include "zkgkr/status.h"

#include <stdarg.h>
#include <stdio.h>

/* What is quoted from a file may be anything: it stays in its line, and tells
 * a terminal nothing. */
static void keep_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

zkg_status zkg_fail(zkg_error *err, zkg_status s, const char *fmt, ...)
{
    va_list args;

    if (err == NULL || err->status != ZKG_OK)
        return s;
    err->status = s;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    keep_printable(err->text);
    return s;
}

const char *zkg_status_name(zkg_status s)
{
    switch (s) {
    case ZKG_OK:
        return "ok";
    case ZKG_ERR_INVALID:
        return "invalid";
    case ZKG_ERR_USAGE:
        return "usage";
    case ZKG_ERR_MALFORMED:
        return "malformed";
    case ZKG_ERR_UNSUPPORTED:
        return "unsupported";
    case ZKG_ERR_REJECT:
        return "reject";
    case ZKG_ERR_WITNESS:
        return "witness";
    case ZKG_ERR_INFEASIBLE:
        return "infeasible";
    case ZKG_ERR_NOMEM:
        return "nomem";
    case ZKG_ERR_IO:
        return "io";
    case ZKG_ERR_COMM:
        return "comm";
    case ZKG_ERR_DEVICE:
        return "device";
    case ZKG_ERR_INTERRUPTED:
        return "interrupted";
    case ZKG_ERR_ACCURACY:
        return "accuracy";
    case ZKG_ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}

const char *zkg_status_words(zkg_status s)
{
    switch (s) {
    case ZKG_ERR_NOMEM:
        return "not enough memory";
    case ZKG_ERR_COMM:
        return "MPI or another rank failed";
    case ZKG_ERR_INTERNAL:
    case ZKG_ERR_INVALID:
        return "a fault of this program";
    default:
        return zkg_status_name(s);
    }
}

int zkg_status_exit_code(zkg_status s)
{
    switch (s) {
    case ZKG_OK:
        return 0;
    case ZKG_ERR_REJECT:
        return 1;
    case ZKG_ERR_USAGE:
    case ZKG_ERR_INFEASIBLE:
        return 2;
    case ZKG_ERR_MALFORMED:
    case ZKG_ERR_IO:
        return 3;
    case ZKG_ERR_UNSUPPORTED:
        return 4;
    case ZKG_ERR_WITNESS:
        return 5;
    case ZKG_ERR_NOMEM:
        return 6;
    case ZKG_ERR_COMM:
    case ZKG_ERR_DEVICE:
        return 7;
    case ZKG_ERR_INTERRUPTED:
        return 8;
    case ZKG_ERR_ACCURACY:
        return 9;
    case ZKG_ERR_INVALID:
    case ZKG_ERR_INTERNAL:
        return 10;
    }
    return 10;
}
