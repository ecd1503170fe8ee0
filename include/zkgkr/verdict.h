/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_VERDICT_H
#define ZKGKR_VERDICT_H

/**
 * @file
 * What a verifier found: which check failed, and where.
 */

#include "zkgkr/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The checks of a verifier, in docs/protocol.md's order of sections. */
typedef enum zkg_check {
    ZKG_CHECK_NONE = 0,     /**< nothing failed */
    ZKG_CHECK_MALFORMED,    /**< bytes that are no proof: header, encoding */
    ZKG_CHECK_SIZE,         /**< counts or lengths other than the statement's */
    ZKG_CHECK_KEY,          /**< another key's proof; a key or SRS that is none,
                                 or not the one asked for */
    ZKG_CHECK_PUBLIC,       /**< public values: out of bounds, or not those
                                 asked for */
    ZKG_CHECK_SUMCHECK_END, /**< end values do not give a sumcheck's claim */
    ZKG_CHECK_LOOKUP_LEAF,  /**< a tree's leaf is not the columns' leaf */
    ZKG_CHECK_LOOKUP_ZERO,  /**< a fraction with denominator 0 */
    ZKG_CHECK_LOOKUP_SUM,   /**< sites and multiplicities differ */
    ZKG_CHECK_EINSUM_END,   /**< an einsum's terms do not add up */
    ZKG_CHECK_CIRCUIT_END,  /**< a circuit layer does not add up */
    ZKG_CHECK_LEDGER,       /**< a claim that nothing discharges */
    ZKG_CHECK_BATCH,        /**< the opening: a degenerate challenge, HyperKZG's
                                 value equations */
    ZKG_CHECK_PAIRING       /**< the pairing equation */
} zkg_check;

/** The first check that failed.  Start with `zkg_verdict v = { 0 };`. */
typedef struct zkg_verdict {
    zkg_check check;
    int64_t task;     /**< index of the task, -1: none in particular */
    int64_t relation; /**< index of the kernel's relation, -1: none */
    char text[256];   /**< one line for people */
} zkg_verdict;

/** The name of a check, such as "lookup_leaf"; never NULL. */
ZKG_API const char *zkg_check_name(zkg_check check);

/**
 * Note a failed check.  The first one stays.
 *
 * @param[in,out] verdict may be NULL
 * @return ZKG_ERR_MALFORMED for that check, else ZKG_ERR_REJECT
 */
ZKG_API zkg_status zkg_verdict_fail(zkg_verdict *verdict, zkg_check check,
                                    int64_t task, int64_t relation,
                                    const char *fmt, ...) ZKG_PRINTF(5, 6);

#ifdef __cplusplus
}
#endif

#endif
