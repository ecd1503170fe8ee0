/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_LEDGER_H
#define ZKG_RELATION_LEDGER_H

/**
 * @file
 * The claim ledger of one child: what is still to be shown.
 *
 * A claim says T~(point) = value.  It is discharged exactly once: by the batch
 * opening (fixed and private tensors), by direct evaluation (public ones; they
 * never enter the ledger), or by the relation that produces the tensor
 * (virtual).  A claim at the same tensor and point as an open one is that
 * claim.  docs/protocol.md, section 3.
 */

#include "field/fr.h"
#include "poly/eq.h"
#include "tensor/dtype.h"
#include "zkgkr/status.h"

#include <stddef.h>
#include <stdint.h>

/** T~(point) = value, point[0] the lowest variable of T's last axis. */
typedef struct zkg_claim {
    uint32_t tensor;    /**< id of the tensor in its graph */
    zkg_visibility vis; /**< who discharges it */
    uint32_t vars;
    zkg_fr point[ZKG_MAX_VARS];
    zkg_fr value;
} zkg_claim;

/** Open claims in the order in which they were made.  Start from zeros. */
typedef struct zkg_ledger {
    zkg_claim *claim; /**< owned */
    size_t claims;
    size_t room;
} zkg_ledger;

/** Forget every claim and free the memory; the ledger is then empty. */
void zkg_ledger_clear(zkg_ledger *ledger);

/** The open claim at this tensor and point, or NULL. */
const zkg_claim *zkg_ledger_find(const zkg_ledger *ledger, uint32_t tensor,
                                 uint32_t vars, const zkg_fr *point);

/**
 * Add a claim.  The caller has looked for an equal one.
 *
 * @retval ZKG_ERR_INVALID vars > ZKG_MAX_VARS
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_ledger_add(zkg_ledger *ledger, uint32_t tensor,
                                         zkg_visibility vis, uint32_t vars,
                                         const zkg_fr *point,
                                         const zkg_fr *value);

/** How many open claims there are on a tensor. */
size_t zkg_ledger_count(const zkg_ledger *ledger, uint32_t tensor);

/** Strike out every claim on a tensor: its producer has taken them over. */
void zkg_ledger_strike(zkg_ledger *ledger, uint32_t tensor);

/** The first claim on a virtual tensor, which must not stay open; or NULL. */
const zkg_claim *zkg_ledger_undischarged(const zkg_ledger *ledger);

#endif
