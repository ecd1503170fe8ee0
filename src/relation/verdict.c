/* SPDX-License-Identifier: Apache-2.0 */
#include "zkgkr/verdict.h"

#include <stdarg.h>
#include <stdio.h>

const char *zkg_check_name(zkg_check check)
{
    static const char *const name[] = {
        [ZKG_CHECK_NONE] = "none",
        [ZKG_CHECK_MALFORMED] = "malformed",
        [ZKG_CHECK_SIZE] = "size",
        [ZKG_CHECK_KEY] = "key",
        [ZKG_CHECK_PUBLIC] = "public",
        [ZKG_CHECK_SUMCHECK_END] = "sumcheck_end",
        [ZKG_CHECK_LOOKUP_LEAF] = "lookup_leaf",
        [ZKG_CHECK_LOOKUP_ZERO] = "lookup_zero",
        [ZKG_CHECK_LOOKUP_SUM] = "lookup_sum",
        [ZKG_CHECK_EINSUM_END] = "einsum_end",
        [ZKG_CHECK_CIRCUIT_END] = "circuit_end",
        [ZKG_CHECK_LEDGER] = "ledger",
        [ZKG_CHECK_BATCH] = "batch",
        [ZKG_CHECK_PAIRING] = "pairing",
    };

    return (unsigned)check <= ZKG_CHECK_PAIRING ? name[check] : "unknown";
}

zkg_status zkg_verdict_fail(zkg_verdict *verdict, zkg_check check, int64_t task,
                            int64_t relation, const char *fmt, ...)
{
    va_list args;

    if (verdict != NULL && verdict->check == ZKG_CHECK_NONE) {
        verdict->check = check;
        verdict->task = task;
        verdict->relation = relation;
        va_start(args, fmt);
        (void)vsnprintf(verdict->text, sizeof(verdict->text), fmt, args);
        va_end(args);
    }
    return check == ZKG_CHECK_MALFORMED ? ZKG_ERR_MALFORMED : ZKG_ERR_REJECT;
}
